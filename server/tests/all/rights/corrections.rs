//! Whose an account is, after renewals.

use axum::http::Method;
use serde_json::json;
use tacit_server::app::rights::{Desk, renew};
use tacit_server::domain::{Caller, Role, SubjectId};
use uuid::Uuid;

use super::WHY;
use crate::common::server::{START, Server};
use crate::common::windows::{session_id, whole};
use crate::http::Api;

#[tokio::test]
async fn nobody_gets_the_account_of_a_subject_of_another_generation() {
    let api = Api::of(Server::start().await);
    let (server, privacy) = (&api.server, api.key(Role::Privacy).await);
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let mut subjects: Vec<Uuid> = Vec::new();
    for account in ["user-1", "user-2"] {
        let session = session_id();
        for record in &whole(session, START, account, 1) {
            stream.send(record).await;
        }
        stream.acked(session, 3).await.unwrap();
        let subject = sqlx::query_scalar("select subject_id from session where id = $1").bind(session);
        subjects.push(subject.fetch_one(server.app.store.pool()).await.unwrap());
    }
    let desk = Desk::from(&*server.app);
    let renewed = renew(desk, &Caller::Console, SubjectId(subjects[0]), WHY).await.unwrap();
    let put = async |subject: Uuid, name: &str| {
        let body = json!({ "name": name, "reason": WHY });
        api.give(Method::PUT, &format!("/v1/subjects/{subject}/name"), &privacy, &body).await.status
    };
    assert_eq!(put(subjects[1], "user-1").await, 409);
    assert_eq!(put(renewed.0, "user-2").await, 409);
    assert_eq!(put(renewed.0, "user-3").await, 200);
}

//! Where one page of an event stream ends and the next begins.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tacit_server::domain::Role;

use super::conventions::events;
use super::{Api, SESSION};

#[tokio::test]
async fn alerts_of_one_transaction_that_are_read_in_two_goes_all_come() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    // 200 are read at once: the last two changed in one transaction, and a verdict follows.
    let written = "
        insert into alert (id, session_id, subject_id, device_id, verdict, severity, state, resolution, opened_at, last_verdict_at,
                           verdicts, first_sequence, last_sequence, reason, evidence, resolved_at, changed_at, changed_tx)
        select gen_random_uuid(), s.id, s.subject_id, s.device_id, 'automation', 3, 'resolved', 'test', s.opened_at, s.opened_at,
               1, 1, 1, 'a reason', '[]', s.opened_at, s.opened_at, (least(n, 200) + 2)::text::xid8
        from session s, generate_series(1, 201) n where s.id = '00000000-0000-0000-0000-0000000000e1';
        update verdict set tx = '300' where session_id = '00000000-0000-0000-0000-0000000000e1'";
    sqlx::raw_sql(written).execute(api.server.app.store.pool()).await.unwrap();
    let begin = URL_SAFE_NO_PAD.encode("verdicts 0 0");
    let path = format!("/v1/events?after={begin}&session={SESSION}");
    let all = events(&api, &path, &key, None, 202).await;
    let alerts: BTreeSet<String> = all
        .iter()
        .filter(|[name, ..]| name == "alert")
        .map(|[.., data]| serde_json::from_str::<Value>(data).unwrap()["id"].to_string())
        .collect();
    assert_eq!(alerts.len(), 201);
}

#[tokio::test]
async fn one_caller_does_not_take_every_stream() {
    let api = Api::start().await;
    let (greedy, other) = (api.key(Role::Service).await, api.key(Role::Viewer).await);
    let begin = async |key: &str| {
        let request = Request::builder().uri("/v1/events").header("authorization", format!("Bearer {key}"));
        api.raw(request.body(Body::empty()).unwrap()).await
    };
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(begin(&greedy).await);
    }
    assert!(open.iter().all(|stream| stream.status() == 200));
    let refused = api.get("/v1/events", &greedy).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (429, &json!("rate-limited")));
    assert_eq!(begin(&other).await.status(), 200);
    open.pop();
    assert_eq!(begin(&greedy).await.status(), 200);
}

//! The audit log: every act is in it, and no change to it goes unnoticed.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use tacit_server::app::audit::{self, export, verify};
use tacit_server::app::{keys, tokens};
use tacit_server::domain::audit::chain::Found;
use tacit_server::domain::audit::{Action, Object};
use tacit_server::domain::{Caller, Role};
use tacit_server::store::Store;
use time::Duration;

use crate::common::PATIENCE;
use crate::common::server::{START, Server};
use crate::http::{Api, DEVICE, SESSION, SUBJECT};

/// Groups are the simplest things to act on.
async fn acts(store: &Store, server: &Server, count: usize) {
    for at in 0..count {
        let mut unit = store.begin().await.unwrap();
        let (action, object) = (Action::PolicyPut, Object::Group(format!("group-{at}")));
        let details = json!({ "version": at });
        audit::record(&mut unit, &server.app.ambient, &Caller::Console, action, object, details)
            .await
            .unwrap();
        unit.commit().await.unwrap();
    }
}

async fn verified(server: &Server, noted: Option<(i64, Vec<u8>)>) -> Found {
    verify(&server.app.store, server.app.secrets.seal_of_audit(), noted).await.unwrap()
}

/// The entries that are named as flawed.
fn named(found: &Found) -> Vec<i64> {
    let mut named: Vec<_> = found.flaws.iter().map(|flaw| flaw.seq).collect();
    named.dedup();
    named
}

#[tokio::test]
async fn every_act_is_recorded_with_who_did_it_and_to_what() {
    let api = Api::start().await;
    let (admin, privacy) = (api.key(Role::Admin).await, api.key(Role::Privacy).await);
    let (post, put) = (Method::POST, Method::PUT);
    let policy = json!({ "follows": 0, "policy": { "mode": "notify" }, "reason": "a trial" });
    api.give(put.clone(), "/v1/policies/default", &admin, &policy).await;
    let group = json!({ "group": "default" });
    api.give(put, &format!("/v1/devices/{DEVICE}/group"), &admin, &group).await;
    let until = json!({ "subject_id": SUBJECT, "kind": "injury", "until": "2026-04-01T00:00:00Z" });
    let made = api.give(post.clone(), "/v1/exemptions", &privacy, &until).await.json();
    let end = format!("/v1/exemptions/{}/end", made["id"].as_str().unwrap());
    let revoke = format!("/v1/devices/{DEVICE}/revoke");
    // What changes nothing is no act.
    for _ in 0..2 {
        assert_eq!(api.call(post.clone(), &end, Some(&privacy)).await.status, 200);
        assert_eq!(api.call(post.clone(), &revoke, Some(&admin)).await.status, 200);
    }
    let said = json!({ "said": "confirmed" });
    api.give(post, &format!("/v1/sessions/{SESSION}/feedback"), &admin, &said).await;
    api.server.token().await;
    let (store, ambient) = (&api.server.app.store, &api.server.app.ambient);
    let id = |sql: &'static str| sqlx::query_scalar::<_, uuid::Uuid>(sql).fetch_one(store.pool());
    let key =
        tacit_server::domain::ApiKeyId(id("select id from api_key where role = 'privacy'").await.unwrap());
    let token = tacit_server::domain::EnrolmentTokenId(id("select id from enrolment_token").await.unwrap());
    for _ in 0..2 {
        tokens::revoke(store, ambient, &Caller::Console, token).await.unwrap();
        keys::revoke(store, ambient, &Caller::Console, key).await.unwrap();
    }

    let page = api.ok("/v1/audit", &admin).await;
    let entries = page["entries"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "api_key_made",
            "api_key_made",
            "policy_put",
            "device_moved",
            "exemption_made",
            "exemption_ended",
            "device_revoked",
            "feedback_given",
            "enrolment_token_made",
            "enrolment_token_revoked",
            "api_key_revoked",
        ]
    );
    let of = |action: &str| entries.iter().find(|e| e["action"] == action).unwrap();
    let put = of("policy_put");
    assert_eq!((&put["role"], &put["object"]), (&json!("admin"), &json!("group:default")));
    assert_eq!(put["details"], json!({ "version": 1, "reason": "a trial" }));
    assert!(put["actor"].as_str().unwrap().starts_with("key:"));
    assert_eq!(
        (&of("api_key_revoked")["actor"], &of("api_key_revoked")["role"]),
        (&json!("console"), &Value::Null)
    );
    assert_eq!(of("feedback_given")["subject_id"], SUBJECT);
    // Why someone is exempt is not kept for years.
    assert!(!of("exemption_made").to_string().contains("injury"));

    let narrow = async |query: &str| {
        let page = api.ok(&format!("/v1/audit?{query}"), &admin).await;
        page["entries"].as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(narrow("action=policy_put").await, [3]);
    assert_eq!(narrow(&format!("subject={SUBJECT}")).await, [5, 6, 8]);
    assert_eq!(narrow(&format!("object=device:{DEVICE}")).await, [4, 7]);
    assert_eq!(narrow("actor=console&after=2").await, [9, 10, 11]);
    assert_eq!(narrow("until=2026-03-02T09:00:00Z").await, [0; 0]);
    assert_eq!(narrow("after=latest").await, [0; 0]);
    assert_eq!(narrow("limit=2&after=3").await, [4, 5]);
    let wrong = api.call(Method::GET, "/v1/audit?since=yesterday", Some(&admin)).await;
    assert!(wrong.status == 400 && wrong.text.contains("2026-03-01T12:00:00Z"), "{}", wrong.text);
    assert_eq!(verified(&api.server, None).await.flaws, []);
}

#[tokio::test]
async fn an_act_that_is_not_committed_leaves_no_entry_and_one_at_a_time_is_appended() {
    let server = Server::start().await;
    let store = server.app.store.clone();
    let mut unit = store.begin().await.unwrap();
    let (action, object) = (Action::PolicyPut, Object::Group("given-up".to_owned()));
    audit::record(&mut unit, &server.app.ambient, &Caller::Console, action, object, json!({})).await.unwrap();
    drop(unit);
    tokio::join!(acts(&store, &server, 10), acts(&store, &server, 10), acts(&store, &server, 10));
    let found = verified(&server, None).await;
    assert_eq!((found.flaws, found.entries, found.last, found.unsealed), (vec![], 30, Some(30), 0));
}

#[tokio::test]
async fn whatever_is_done_to_the_log_is_told_by_entry() {
    for (done, flawed) in [
        ("update audit set details = '{\"version\":9}' where seq = 4", vec![4]),
        ("update audit set at = at - interval '1 hour' where seq = 4", vec![4]),
        ("update audit set actor = 'user:else' where seq = 1", vec![1]),
        ("delete from audit where seq = 4", vec![4]),
        ("delete from audit where seq in (3, 4, 5)", vec![3]),
        ("delete from audit where seq = 1", vec![1]),
        // The end of it.
        ("delete from audit where seq > 6", vec![7]),
        ("delete from audit", vec![1]),
        ("delete from audit_head", vec![8]),
        // Two entries change places.
        (
            "update audit set seq = case seq when 4 then -5 else -4 end where seq in (4, 5);
             update audit set seq = -seq where seq < 0",
            vec![4, 5, 6],
        ),
        // Cut at the end, and the head brought into line as far as one can without the key.
        (
            "delete from audit where seq > 6;
             update audit_head set seq = 6, hash = (select hash from audit where seq = 6)",
            vec![6],
        ),
        (
            "delete from audit where seq > 6;
             update audit_head set seq = 6, hash = (select hash from audit where seq = 6), seal = null",
            vec![6],
        ),
        // A forged entry, as a command without the master key would have written it, but in the name of a person.
        (
            "insert into audit select 9, at, 'user:else', 'admin', action, object, subject, details, hash, hash, null
             from audit where seq = 8",
            vec![9],
        ),
    ] {
        let server = Server::start().await;
        acts(&server.app.store, &server, 8).await;
        let pool = server.app.store.pool();
        for sql in ["update audit set actor = 'x'", "delete from audit", "truncate audit", "truncate audit_2026_03"] {
            let refused = sqlx::query(sql).execute(pool).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        let mut connection = pool.acquire().await.unwrap();
        connection.execute("set session_replication_role = replica").await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(done)).execute(&mut *connection).await.unwrap();
        assert_eq!(named(&verified(&server, None).await), flawed, "{done}");
    }
}

#[tokio::test]
async fn a_cut_that_no_server_has_sealed_is_told() {
    let server = Server::start().await;
    acts(&server.app.store, &server, 5).await;
    let pool = server.app.store.pool();
    let hash: Vec<u8> =
        sqlx::query_scalar("select hash from audit where seq = 3").fetch_one(pool).await.unwrap();
    // As a command without the master key would write it.
    let mut unit = Store::new(pool.clone()).begin().await.unwrap();
    let details = json!({ "through": 3, "hash": hex::encode(hash) });
    let (action, object) = (Action::AuditCut, Object::Log);
    audit::record(&mut unit, &server.app.ambient, &Caller::Console, action, object, details).await.unwrap();
    unit.commit().await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("set session_replication_role = replica").await.unwrap();
    connection.execute("delete from audit where seq <= 3").await.unwrap();
    assert_eq!(named(&verified(&server, None).await), [6]);
}

#[tokio::test]
async fn verifying_waits_for_nobody_and_nobody_for_it() {
    let server = Server::start().await;
    acts(&server.app.store, &server, 2).await;
    let mut unit = server.app.store.begin().await.unwrap();
    let (action, object) = (Action::PolicyPut, Object::Group("under-way".to_owned()));
    audit::record(&mut unit, &server.app.ambient, &Caller::Console, action, object, json!({})).await.unwrap();
    let found = tokio::time::timeout(PATIENCE, verified(&server, None)).await.expect("it waits");
    assert_eq!((found.flaws, found.last), (vec![], Some(2)));
    unit.commit().await.unwrap();
    assert_eq!(verified(&server, None).await.last, Some(3));
}

#[tokio::test]
async fn a_log_brought_back_to_an_earlier_state_is_told_by_the_noted_head() {
    let server = Server::start().await;
    let pool = server.app.store.pool();
    acts(&server.app.store, &server, 3).await;
    pool.execute("create table kept as select * from audit_head").await.unwrap();
    acts(&server.app.store, &server, 3).await;
    let noted = server.app.store.audit_head().await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("set session_replication_role = replica").await.unwrap();
    let back =
        "delete from audit where seq > 3; delete from audit_head; insert into audit_head select * from kept";
    sqlx::raw_sql(back).execute(&mut *connection).await.unwrap();
    // Nothing in the database shows it.
    assert_eq!(verified(&server, None).await.flaws, []);
    assert_eq!(named(&verified(&server, noted.clone()).await), [4]);
    // Acts that were done at the same time would be the same log.
    server.clock.set(START + Duration::hours(1));
    acts(&server.app.store, &server, 4).await;
    assert_eq!(named(&verified(&server, noted).await), [6]);
}

#[tokio::test]
async fn commands_without_the_master_key_are_counted_and_the_export_holds_every_entry() {
    let server = Server::start().await;
    acts(&server.app.store, &server, 2).await;
    acts(&Store::new(server.app.store.pool().clone()), &server, 1).await;
    let found = verified(&server, None).await;
    assert_eq!((found.flaws, found.unsealed), (vec![], 1));
    server.clock.set(START + Duration::days(40));
    acts(&server.app.store, &server, 1).await;
    assert_eq!(verified(&server, None).await.flaws, []);

    let mut lines: Vec<Value> = Vec::new();
    let line = |line: &str| {
        lines.push(serde_json::from_str(line).unwrap());
        Ok(())
    };
    export(&server.app.store, line).await.unwrap();
    assert_eq!(lines.iter().map(|l| l["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(lines.windows(2).all(|two| two[0]["hash"] == two[1]["previous"]));
}

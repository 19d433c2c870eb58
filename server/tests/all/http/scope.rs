//! Callers limited to groups: every route there is, called for what belongs to another group.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::domain::access::{Who, is_whole, rule};
use tacit_server::domain::{Role, Scope};

use super::access::routes;
use super::{Api, DEVICE, SESSION, SUBJECT};
use crate::common::eventually;

/// In the other group.
const THEIR_DEVICE: &str = "00000000-0000-0000-0000-0000000000d2";
const THEIR_SUBJECT: &str = "00000000-0000-0000-0000-0000000000a2";
const THEIR_SESSION: &str = "00000000-0000-0000-0000-0000000000e2";
const THEIR_ALERT: &str = "00000000-0000-0000-0000-0000000000b3";
const THEIR_KEY: &str = "00000000-0000-0000-0000-0000000000c2";
const THEIR_TOKEN: &str = "00000000-0000-0000-0000-0000000000c3";
const THEIR_EXEMPTION: &str = "00000000-0000-0000-0000-0000000000f2";

/// The second device and all that happened there belong to another group.
const APART: &str = "
    insert into policy_group values ('theirs'), ('empty');
    update device set group_name = 'theirs' where id = '00000000-0000-0000-0000-0000000000d2';
    insert into policy_version values ('theirs', 1, '{}', '2026-03-01', 'user:x', 'their reason');
    insert into exemption (id, subject_id, kind, made_at, made_by, until) values
        ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-0000000000a2', 'injury', '2026-03-01', 'user:x',
         '2026-12-01');
    insert into api_key (id, prefix, hash, name, role, created_at, groups) values
        ('00000000-0000-0000-0000-0000000000c2', 'tacit_theirs', 'x', 'their key', 'viewer', '2026-03-01', '{default,theirs}');
    insert into enrolment_token (id, hash, uses_left, created_at, expires_at, group_name) values
        ('00000000-0000-0000-0000-0000000000c3', 'x', 7, '2026-03-01', '2026-12-01', 'theirs');
    insert into alert (id, session_id, subject_id, device_id, verdict, severity, opened_at, last_verdict_at, verdicts,
                       first_sequence, last_sequence, reason, evidence, changed_at) values
        ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000e2',
         '00000000-0000-0000-0000-0000000000a2', '00000000-0000-0000-0000-0000000000d2', 'automation', 3, '2026-03-01',
         '2026-03-01', 1, 2, 2, 'their alert', '[]', '2026-03-01');
    insert into directive (id, session_id, device_id, sequence, verdict, group_name, policy_version, response, created_at,
                           expires_at) values
        ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000e2',
         '00000000-0000-0000-0000-0000000000d2', 2, 'learning', 'theirs', 1, 'notify', '2026-03-01', '2026-03-01 01:00Z');
";

async fn apart() -> Api {
    let api = Api::start().await;
    sqlx::raw_sql(APART).execute(api.server.app.store.pool()).await.unwrap();
    api
}

fn of(group: &str) -> Scope {
    Scope::of(vec![group.to_owned()])
}

/// The path of a route for what is theirs. A new noun has to be told here what is theirs.
fn theirs(path: &str) -> String {
    let noun = path.split('/').nth(2).unwrap_or_default();
    let id = match noun {
        "devices" => THEIR_DEVICE,
        "subjects" => THEIR_SUBJECT,
        "sessions" => THEIR_SESSION,
        "exemptions" => THEIR_EXEMPTION,
        "api-keys" => THEIR_KEY,
        "enrolment-tokens" => THEIR_TOKEN,
        "alerts" => THEIR_ALERT,
        "destinations" | "streams" => THEIR_DEVICE,
        _ if path.contains("{id}") => panic!("say which {noun} belongs to another group"),
        _ => "",
    };
    path.replace("{id}", id).replace("{group}", "theirs")
}

/// What a route is given that takes a body.
fn body(call: &str) -> Option<Value> {
    Some(match call {
        "PUT /v1/devices/{id}/group" => json!({ "group": "default" }),
        "PUT /v1/policies/{group}" => json!({ "follows": 1, "policy": {}, "reason": "ours now" }),
        "POST /v1/exemptions" => {
            json!({ "subject_id": THEIR_SUBJECT, "kind": "injury", "until": "2026-04-01T00:00:00Z" })
        }
        "POST /v1/api-keys" => json!({ "name": "ours", "role": "viewer", "groups": ["default", "theirs"] }),
        "POST /v1/enrolment-tokens" => json!({ "group": "theirs" }),
        "POST /v1/policies/{group}/preview" => json!({ "policy": {} }),
        "POST /v1/alerts/{id}/assign" => json!({ "assignee": "user:ours" }),
        "POST /v1/alerts/{id}/notes" => json!({ "text": "ours now" }),
        "POST /v1/alerts/{id}/resolve" => json!({ "resolution": "test" }),
        "POST /v1/sessions/{id}/respond" => json!({ "response": "lock", "reason": "ours now" }),
        "POST /v1/subjects/{id}/reveal" => json!({ "reason": "an alert in another group" }),
        "POST /v1/sessions/{id}/feedback" => json!({ "said": "confirmed" }),
        _ => return None,
    })
}

async fn ask(api: &Api, key: &str, call: &str) -> super::Answer {
    let (method, path) = call.split_once(' ').unwrap();
    let (method, path): (Method, String) = (method.parse().unwrap(), theirs(path));
    match body(call) {
        Some(body) => api.give(method, &path, key, &body).await,
        None => api.call(method, &path, Some(key)).await,
    }
}

/// Everything that is theirs, as who sees every group reads it.
async fn all_that_is_theirs(api: &Api, key: &str) -> Vec<String> {
    let mut all = Vec::new();
    for call in routes()
        .into_iter()
        .filter(|call| call.starts_with("GET /v1/") && call.contains('{') && !is_whole(call))
    {
        let answer = ask(api, key, &call).await;
        if answer.status != 200 {
            continue;
        }
        all.push(format!("{call} {} {}", answer.status, answer.text));
    }
    all
}

#[tokio::test]
async fn what_belongs_to_another_group_is_not_there() {
    let api = apart().await;
    let (everyone, ours) = (api.key(Role::Admin).await, api.key_of(Role::Admin, of("default")).await);
    let analyst = api.key_of(Role::Analyst, of("default")).await;
    eventually("verdicts come", async || {
        let page = api.ok("/v1/verdicts", &everyone).await;
        (page["verdicts"].as_array().unwrap().len() == 3).then_some(())
    })
    .await;
    let before = all_that_is_theirs(&api, &everyone).await;
    for call in routes() {
        if rule(&call).unwrap().who == Who::Anyone {
            continue;
        }
        // A wait for what is theirs never ends in an answer.
        // A stream without an end; what it gives is read as verdicts and alerts are.
        if call == "GET /v1/events" {
            continue;
        }
        let admin = matches!(rule(&call).unwrap().who, Who::Roles(roles) if roles.contains(&Role::Admin));
        let key = if admin { &ours } else { &analyst };
        let answer = tokio::time::timeout(Duration::from_secs(20), ask(&api, key, &call)).await.unwrap();
        let status = answer.status.as_u16();
        match call.as_str() {
            // These are of every group at once.
            call if is_whole(call) => assert_eq!(status, 403, "{call}"),
            // Only a browser has a session to end.
            "POST /auth/logout" => assert_eq!(status, 400),
            call if call.contains('{') || call.starts_with("POST /v1/") => {
                assert_eq!(status, 404, "{call}: {}", answer.text);
            }
            _ => assert_eq!(status, 200, "{call}: {}", answer.text),
        }
        for secret in [
            THEIR_DEVICE,
            THEIR_SUBJECT,
            THEIR_SESSION,
            THEIR_EXEMPTION,
            THEIR_KEY,
            THEIR_TOKEN,
            THEIR_ALERT,
            "their reason",
            "subject-two",
            "desk-2",
        ] {
            assert!(!answer.text.contains(secret), "{call}: {}", answer.text);
        }
    }
    assert_eq!(all_that_is_theirs(&api, &everyone).await, before);
}

#[tokio::test]
async fn what_belongs_to_ones_own_group_is_there_and_may_be_changed() {
    let api = apart().await;
    let ours = api.key_of(Role::Admin, of("default")).await;
    for (path, list, expected) in [
        ("/v1/devices", "devices", DEVICE),
        ("/v1/subjects", "subjects", SUBJECT),
        ("/v1/sessions?open=true", "sessions", SESSION),
    ] {
        let page = api.ok(path, &ours).await;
        let rows = page[list].as_array().unwrap();
        assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), [expected]);
        let one = format!("{}/{expected}", path.split('?').next().unwrap());
        assert_eq!(api.ok(&one, &ours).await["id"], expected);
    }
    let verdicts = eventually("verdicts come", async || {
        let page = api.ok("/v1/verdicts", &ours).await;
        (!page["verdicts"].as_array().unwrap().is_empty()).then_some(page)
    })
    .await;
    assert!(verdicts["verdicts"].as_array().unwrap().iter().all(|v| v["device_id"] == DEVICE));
    let timeline = api.ok(&format!("/v1/sessions/{SESSION}/timeline"), &ours).await;
    assert_eq!(timeline["entries"].as_array().unwrap().len(), 7);
    let groups = api.ok("/v1/policies", &ours).await;
    assert_eq!(groups["groups"].as_array().unwrap().len(), 1);

    let exempt = json!({ "subject_id": SUBJECT, "kind": "injury", "until": "2026-04-01T00:00:00Z" });
    let made = api.give(Method::POST, "/v1/exemptions", &ours, &exempt).await.json();
    let end = format!("/v1/exemptions/{}/end", made["id"].as_str().unwrap());
    assert_eq!(api.call(Method::POST, &end, Some(&ours)).await.status, 200);
    // Neither out of one's groups, nor into a group of one's own making.
    let device = format!("/v1/devices/{DEVICE}/group");
    for group in ["theirs", "empty", "new"] {
        let moved = api.give(Method::PUT, &device, &ours, &json!({ "group": group })).await;
        assert_eq!(moved.status, 404, "{group}");
    }
    let put = json!({ "follows": 0, "policy": {}, "reason": "a group of mine" });
    assert_eq!(api.give(Method::PUT, "/v1/policies/new", &ours, &put).await.status, 404);
    assert_eq!(api.give(Method::PUT, "/v1/policies/default", &ours, &put).await.status, 200);
}

#[tokio::test]
async fn a_subject_who_works_in_two_groups_shows_each_its_own_sessions() {
    let api = apart().await;
    let ours = api.key_of(Role::Analyst, of("default")).await;
    let theirs = api.key_of(Role::Analyst, of("theirs")).await;
    let shared = "update session set subject_id = '00000000-0000-0000-0000-0000000000a1'";
    sqlx::query(shared).execute(api.server.app.store.pool()).await.unwrap();
    for (key, sessions) in [(&ours, 2), (&theirs, 1)] {
        assert_eq!(api.get(&format!("/v1/subjects/{SUBJECT}"), key).await.status, 200);
        let page = api.ok(&format!("/v1/sessions?subject={SUBJECT}"), key).await;
        assert_eq!(page["sessions"].as_array().unwrap().len(), sessions);
    }
    // Nobody of the second subject's devices is left.
    assert_eq!(api.get(&format!("/v1/subjects/{THEIR_SUBJECT}"), &theirs).await.status, 404);
}

#[tokio::test]
async fn who_may_see_no_group_sees_nothing() {
    let api = apart().await;
    let nobody = api.key_of(Role::Admin, of("empty")).await;
    for list in ["devices", "subjects", "sessions", "verdicts", "alerts", "exemptions"] {
        let page = api.ok(&format!("/v1/{list}"), &nobody).await;
        assert_eq!(page[list], json!([]), "{list}");
    }
    assert_eq!(api.ok("/v1/fleet", &nobody).await["devices"]["enrolled"], 0);
    assert_eq!(api.ok("/v1/pulse", &nobody).await["sessions"]["open"], 0);
}

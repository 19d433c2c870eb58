//! What every read and every write has in common.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tacit_server::domain::Role;
use tokio::time::timeout;

use super::{Answer, Api, DEVICE, SESSION, SUBJECT};
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id, stranger, window};
use crate::common::{PATIENCE, eventually};
use crate::response::Desk;

/// A poll that is not answered within this time asks a table that is locked.
const ASKS: Duration = Duration::from_secs(5);

impl Api {
    async fn poll(&self, path: &str, key: &str, tag: &str) -> Answer {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
        self.send(request.header("if-none-match", tag).body(Body::empty()).unwrap()).await
    }

    /// The tag of an answer, once it has one that stands.
    pub(super) async fn tag(&self, path: &str, key: &str) -> String {
        eventually("the answer has a tag", async || {
            let answer = self.get(path, key).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            let tag = answer.headers.get("etag")?.to_str().unwrap().to_owned();
            (self.poll(path, key, &tag).await.status == 304).then_some(tag)
        })
        .await
    }

    pub(crate) async fn once(&self, path: &str, key: &str, once: &str, body: &Value) -> Answer {
        let request = Request::builder().method(Method::POST).uri(path).header("idempotency-key", once);
        let request = request.header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn a_poll_that_finds_nothing_new_asks_no_table() {
    let api = Api::start().await;
    let (key, other) = (api.key(Role::Viewer).await, api.key(Role::Viewer).await);
    let paths = [
        "/v1/verdicts".to_owned(),
        "/v1/alerts?state=open".to_owned(),
        "/v1/sessions".to_owned(),
        format!("/v1/sessions/{SESSION}"),
        "/v1/subjects".to_owned(),
        "/v1/policies".to_owned(),
        format!("/v1/devices/{DEVICE}"),
    ];
    // All is taken as changed now and then: a poll then asks, and waits as whoever asked a table would, for ever. Then once more.
    let tags = eventually("polls that find nothing new are answered", async || {
        api.tag("/v1/policies", &other).await;
        let mut tags = Vec::new();
        for path in &paths {
            tags.push(api.tag(path, &key).await);
        }
        let mut holding = api.server.app.store.pool().begin().await.unwrap();
        let tables = "lock table verdict, alert, session, subject, profile, device, policy_version, policy_group, api_key \
                      in access exclusive mode";
        sqlx::query(tables).execute(&mut *holding).await.unwrap();
        for (path, tag) in paths.iter().zip(&tags) {
            let answer = timeout(ASKS, api.poll(path, &key, &format!("\"other\", {tag}"))).await.ok()?;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{path}");
            assert_eq!(answer.headers["etag"], tag.as_str());
        }
        // Another console of the same role, that has nothing yet.
        let page = timeout(ASKS, api.get("/v1/verdicts", &other)).await.ok()?;
        assert_eq!((page.status.as_u16(), &page.headers["etag"]), (200, &tags[0].parse().unwrap()));
        holding.rollback().await.unwrap();
        assert_eq!(page.text, api.get("/v1/verdicts?limit=100", &other).await.text);
        Some(tags)
    })
    .await;
    // A tag is of its query.
    assert_eq!(api.poll("/v1/verdicts?limit=1", &key, &tags[0]).await.status, 200);
}

#[tokio::test]
async fn a_change_by_another_process_is_seen_at_the_next_poll() {
    let desk = Desk::new(&json!({ "mode": "observe" })).await;
    let other = Api::of(Server::beside(&desk.api.server).await);
    let key = desk.api.key(Role::Viewer).await;
    let admin = desk.api.key(Role::Admin).await;
    for (path, change) in [("/v1/verdicts", 0), ("/v1/sessions", 0), ("/v1/policies", 1)] {
        let tag = other.tag(path, &key).await;
        if change == 0 {
            let session = session_id();
            let mut stream = desk.device.stream(START).await.unwrap();
            stream.send(&opened(session, START, "user-1")).await;
            stream.send(&window(session, 2, START)).await;
            stream.acked(session, 2).await.unwrap();
        } else {
            let body = json!({ "follows": 1, "policy": { "mode": "notify" }, "reason": "a test" });
            desk.api.give(Method::PUT, "/v1/policies/default", &admin, &body).await;
        }
        let seen = eventually("the change is seen", async || {
            let answer = other.poll(path, &key, &tag).await;
            (answer.status == 200).then_some(answer)
        });
        seen.await;
    }
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_when_a_verdict_comes() {
    let mut desk = Desk::new(&json!({ "mode": "observe" })).await;
    let key = desk.api.key(Role::Service).await;
    let end = desk.api.ok("/v1/verdicts?after=latest", &key).await["next"].as_str().unwrap().to_owned();
    let session = desk.open().await;
    let path = format!("/v1/verdicts?after={end}&wait=30s&session={session}");
    let waiting = desk.api.ok(&path, &key);
    let coming = async {
        tokio::task::yield_now().await;
        desk.stream.send(&window(session, 2, START)).await;
    };
    let (page, ()) = timeout(PATIENCE, async { tokio::join!(waiting, coming) }).await.expect("late");
    assert_eq!(page["verdicts"][0]["session_id"], session.to_string());
    // Nothing comes: the page is empty, and goes on from where it is.
    let next = page["next"].as_str().unwrap();
    let empty = desk.api.ok(&format!("/v1/verdicts?after={next}&wait=1"), &key).await;
    assert_eq!(empty["verdicts"], json!([]));
    let refused = desk.api.get("/v1/verdicts?wait=31s", &key).await;
    assert_eq!(refused.json()["field"], "wait");
}

/// Events of a stream: name, id and data.
pub(super) async fn events(
    api: &Api,
    path: &str,
    key: &str,
    last: Option<&str>,
    count: usize,
) -> Vec<[String; 3]> {
    let mut request = Request::builder().uri(path).header("authorization", format!("Bearer {key}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = api.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    let mut data = response.into_body().into_data_stream();
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < count {
        let bytes = timeout(PATIENCE, data.next()).await.expect("no event").unwrap().unwrap();
        text.push_str(std::str::from_utf8(&bytes).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| {
                event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_owned()
            };
            if event.contains("data:") {
                events.push([field("event:"), field("id:"), field("data:")]);
            }
            text = rest.to_owned();
        }
    }
    events
}

#[tokio::test]
async fn events_come_once_and_a_stream_that_broke_goes_on_where_it_was() {
    let mut desk = Desk::mature("observe").await;
    let key = desk.api.key(Role::Service).await;
    let begin = desk.api.ok("/v1/verdicts?after=latest", &key).await["next"].as_str().unwrap().to_owned();
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let verdicts = 12;
    // What was committed before may follow that place, while any other transaction of the cluster is older.
    let path = format!("/v1/events?after={begin}&session={session}");
    // One alert at least, as it stands, behind the verdicts that changed it.
    let all = events(&desk.api, &path, &key, None, verdicts + 1).await;
    let mut seen: Vec<i64> = Vec::new();
    let mut alerts = 0;
    let mut last: Option<String> = None;
    for _ in 0..=verdicts {
        let [name, id, data] = events(&desk.api, &path, &key, last.as_deref(), 1).await.remove(0);
        let data: Value = serde_json::from_str(&data).unwrap();
        match name.as_str() {
            "verdict" => seen.push(data["sequence"].as_i64().unwrap()),
            "alert" => alerts += 1,
            other => panic!("{other}"),
        }
        last = Some(id);
    }
    assert_eq!(seen, (2..14).collect::<Vec<i64>>());
    assert_eq!(alerts, all.iter().filter(|[name, ..]| name == "alert").count());
    // An id of an event is a cursor of verdicts.
    let page = desk.api.ok(&format!("/v1/verdicts?session={session}&after={}", all[3][1]), &key).await;
    assert_eq!(page["verdicts"][0]["sequence"], json!(6));
}

#[tokio::test]
async fn pages_link_to_the_next_and_rows_hold_the_fields_that_are_asked_for() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    let first = api.get("/v1/sessions?limit=1&fields=id,trust&open=true&after=", &key).await;
    assert_eq!(first.json()["sessions"][0], json!({ "id": SESSION, "trust": 1.5 }));
    assert!(first.headers.get("link").is_none(), "{:?}", first.headers);
    let mut path = "/v1/sessions?limit=1&fields=id".to_owned();
    let mut ids = Vec::new();
    loop {
        let page = api.get(&path, &key).await;
        ids.push(page.json()["sessions"][0]["id"].clone());
        let Some(link) = page.headers.get("link") else { break };
        let link = link.to_str().unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        link.strip_prefix('<').unwrap().clone_into(&mut path);
    }
    assert_eq!(ids.len(), 3);
    let one = api.ok(&format!("/v1/subjects/{SUBJECT}?fields=pseudonym"), &key).await;
    assert_eq!(one, json!({ "pseudonym": "subject-one" }));
    let wrong = api.get("/v1/sessions?fields=id,mood", &key).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["field"]), (400, &json!("fields")));
    assert!(wrong.text.contains("there is no field `mood`"), "{}", wrong.text);
}

#[tokio::test]
async fn a_write_with_a_key_is_carried_out_once() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    desk.strangers(session, 2..14).await;
    let (api, key) = (&desk.api, desk.api.key(Role::Analyst).await);
    let alert = api.ok("/v1/alerts", &key).await["alerts"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/alerts/{alert}/notes");
    let note = json!({ "text": "seen" });
    let first = api.once(&path, &key, "a-1", &note).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = api.once(&path, &key, "a-1", &note).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(api.server.count("select count(*) from alert_note").await, 1);
    let reused = api.once(&path, &key, "a-1", &json!({ "text": "something else" })).await;
    assert_eq!((reused.status.as_u16(), &reused.json()["code"]), (422, &json!("idempotency-key-reused")));
    // A refusal takes no key, and another caller's is another key.
    assert_eq!(api.once(&path, &key, "a-2", &json!({ "text": "" })).await.status, 400);
    assert_eq!(api.once(&path, &key, "a-2", &note).await.status, 200);
    let other = api.key(Role::Analyst).await;
    assert_eq!(api.once(&path, &other, "a-1", &note).await.status, 200);
    assert_eq!(api.server.count("select count(*) from alert_note").await, 3);
    // A day later the key is free.
    api.server.clock.set(START + time::Duration::hours(25));
    assert_eq!(api.once(&path, &key, "a-1", &json!({ "text": "next day" })).await.status, 200);
}

#[tokio::test]
async fn the_fleet_and_the_hour_are_counted_and_a_policy_is_tried_on_what_was() {
    let mut desk = Desk::mature("observe").await;
    let session = desk.open().await;
    let now = desk.api.server.app.ambient.now();
    for sequence in 2..14 {
        desk.stream.send(&stranger(session, sequence, now)).await;
    }
    desk.stream.acked(session, 13).await.unwrap();
    let key = desk.api.key(Role::Analyst).await;
    let fleet = desk.api.ok("/v1/fleet", &key).await;
    assert_eq!(fleet["devices"]["enrolled"], 1);
    assert_eq!((&fleet["subjects"]["known"], &fleet["subjects"]["mature"]), (&json!(1), &json!(1)));
    assert_eq!(fleet["versions"][0]["devices"], 1);
    let pulse = desk.api.ok("/v1/pulse", &key).await;
    assert_eq!((&pulse["sessions"]["open"], &pulse["sessions"]["at_risk"]), (&json!(1), &json!(1)));
    assert_eq!(pulse["vitals"]["database"], true);
    assert!(pulse["minutes"][0]["verdicts"]["different_person"].as_i64().unwrap() > 0, "{pulse}");
    assert_eq!(pulse["alerts"]["open"].as_object().unwrap().values().next(), Some(&json!(1)));
    assert_eq!(desk.api.ok("/v1/pulse?group=elsewhere", &key).await["sessions"]["open"], 0);

    let trial = json!({ "policy": { "mode": "lock" } });
    let tried = desk.api.give(Method::POST, "/v1/policies/default/preview", &key, &trial).await.json();
    let times = json!({ "responses": 1, "people": 1, "honest_people": 1 });
    assert_eq!((&tried["tried"]["lock"], &tried["in_force"]["lock"]["responses"]), (&times, &json!(0)));
    // What it says is what happens: under that policy the same session is locked once.
    desk.policy(1, &json!({ "mode": "lock" })).await;
    assert_eq!(desk.strangers(session, 14..18).await.len(), 1);
    let alert = desk.api.ok("/v1/alerts", &key).await["alerts"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/alerts/{alert}/resolve");
    desk.api.give(Method::POST, &path, &key, &json!({ "resolution": "confirmed" })).await;
    let tried = desk.api.give(Method::POST, "/v1/policies/default/preview", &key, &trial).await.json();
    assert_eq!(
        (&tried["tried"]["lock"]["people"], &tried["tried"]["lock"]["honest_people"]),
        (&json!(1), &json!(0))
    );
    let wrong = json!({ "policy": {}, "days": 31 });
    let wrong = desk.api.give(Method::POST, "/v1/policies/default/preview", &key, &wrong).await;
    assert_eq!(wrong.json()["field"], "days");
}

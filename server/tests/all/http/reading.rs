//! Every answer over the seed, and the description, word for word.

use axum::http::Method;
use insta::assert_json_snapshot;
use serde_json::Value;
use tacit_server::domain::Role;

use super::{Api, DEVICE, SESSION, SUBJECT};
use crate::common::eventually;

#[test]
fn description() {
    assert_json_snapshot!(tacit_server::http::openapi());
}

#[tokio::test]
async fn answers() {
    let api = Api::start().await;
    let key = api.key(Role::Analyst).await;
    assert_json_snapshot!("subjects", api.ok("/v1/subjects", &key).await);
    assert_json_snapshot!("subject", api.ok(&format!("/v1/subjects/{SUBJECT}"), &key).await);
    assert_json_snapshot!("profile", api.ok(&format!("/v1/subjects/{SUBJECT}/profile"), &key).await);
    assert_json_snapshot!("devices", api.ok("/v1/devices", &key).await);
    assert_json_snapshot!("device", api.ok(&format!("/v1/devices/{DEVICE}"), &key).await);
    assert_json_snapshot!("sessions", api.ok("/v1/sessions", &key).await);
    assert_json_snapshot!("session", api.ok(&format!("/v1/sessions/{SESSION}"), &key).await);
    assert_json_snapshot!("timeline", api.ok(&format!("/v1/sessions/{SESSION}/timeline"), &key).await);
    let verdicts = eventually("verdicts come", async || {
        let page = api.ok("/v1/verdicts", &key).await;
        (page["verdicts"].as_array().unwrap().len() == 3).then_some(page)
    })
    .await;
    assert_json_snapshot!("verdicts", verdicts, { ".next" => "CURSOR" });
}

fn ids(page: &Value, list: &str) -> Vec<String> {
    let id = |row: &Value| row["id"].as_str().unwrap().rsplit('0').next().unwrap().to_owned();
    page[list].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn lists_come_in_pages_and_are_narrowed() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    for (list, expected) in
        [("subjects", vec!["a1", "a2"]), ("devices", vec!["d1", "d2"]), ("sessions", vec!["e1", "e2", "e3"])]
    {
        let (mut got, mut after) = (Vec::new(), String::new());
        loop {
            let page = api.ok(&format!("/v1/{list}?limit=1&after={after}"), &key).await;
            got.extend(ids(&page, list));
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        assert_eq!(got, expected);
    }
    for (filter, expected) in [
        ("open=true".to_owned(), vec!["e1"]),
        ("open=false".to_owned(), vec!["e2", "e3"]),
        ("held_back=true".to_owned(), vec!["e3"]),
        ("held_back=false".to_owned(), vec!["e1", "e2"]),
        (format!("subject={SUBJECT}"), vec!["e1", "e3"]),
        (format!("device={DEVICE}&open=false"), vec!["e3"]),
        ("verdict=learning".to_owned(), vec!["e2"]),
        ("group=default".to_owned(), vec!["e1", "e2", "e3"]),
        ("group=another".to_owned(), vec![]),
        ("device_name=DESK-1".to_owned(), vec!["e1", "e3"]),
        ("device_name=esk".to_owned(), vec![]),
        ("device_name=desk&group=another".to_owned(), vec![]),
        ("pseudonym=subject-t".to_owned(), vec!["e2"]),
        ("pseudonym=subject&device_name=desk-1&open=false".to_owned(), vec!["e3"]),
        ("pseudonym=%25".to_owned(), vec![]),
        ("sort=newest".to_owned(), vec!["e1", "e2", "e3"]),
        ("since=2026-03-01T12:00:00Z".to_owned(), vec!["e1"]),
        ("since=2026-03-01T10:00:00Z&until=2026-03-01T12:00:00Z".to_owned(), vec!["e2", "e3"]),
    ] {
        let page = api.ok(&format!("/v1/sessions?{filter}"), &key).await;
        assert_eq!(ids(&page, "sessions"), expected, "{filter}");
    }
    let pseudonym =
        api.ok("/v1/subjects", &key).await["subjects"][1]["pseudonym"].as_str().unwrap().to_owned();
    for (list, filter, expected) in [
        ("subjects", format!("pseudonym={pseudonym}"), vec!["a2"]),
        ("subjects", "pseudonym=%25".to_owned(), vec![]),
        ("devices", "name=DESK".to_owned(), vec!["d1", "d2"]),
        ("devices", "name=esk".to_owned(), vec![]),
        ("devices", "group=another".to_owned(), vec![]),
        ("devices", "group=default&name=desk".to_owned(), vec!["d1", "d2"]),
    ] {
        let page = api.ok(&format!("/v1/{list}?{filter}"), &key).await;
        assert_eq!(ids(&page, list), expected, "{filter}");
    }
}

#[tokio::test]
async fn sessions_in_any_order_come_once_each_page_after_page() {
    let api = Api::start().await;
    let key = api.key(Role::Viewer).await;
    // Many of one time or of one trust, and some of none.
    let more = "insert into session (id, device_id, subject_id, remote, opened_at, last_sequence, verdict, trust)
        select ('00000000-0000-0000-0001-' || lpad(to_hex(n), 12, '0'))::uuid, '00000000-0000-0000-0000-0000000000d1',
               '00000000-0000-0000-0000-0000000000a1', false, timestamptz '2026-03-01 11:00Z' + (n % 5) * interval '1 hour',
               1, 'genuine', case when n % 4 > 0 then 10.1 * (n % 4) end
        from generate_series(1, 40) n";
    sqlx::raw_sql(more).execute(api.server.app.store.pool()).await.unwrap();
    let opened = |row: &Value| row["opened_at"].as_str().unwrap().to_owned();
    let trust = |row: &Value| format!("{:06.2}", row["trust"].as_f64().unwrap_or(101.0));
    let walk = async |sort: &str| {
        let (mut got, mut after) = (Vec::new(), String::new());
        loop {
            let page = api.ok(&format!("/v1/sessions?sort={sort}&limit=7&after={after}"), &key).await;
            got.extend(page["sessions"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => return got,
            }
        }
    };
    let (newest, oldest, least) = (walk("newest").await, walk("oldest").await, walk("least_trust").await);
    for rows in [&newest, &oldest, &least] {
        let ids: std::collections::BTreeSet<&str> =
            rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!((rows.len(), ids.len()), (43, 43));
    }
    assert!(newest.iter().rev().map(opened).is_sorted() && oldest.iter().map(opened).is_sorted());
    assert!(newest.iter().rev().eq(&oldest));
    assert!(least.iter().map(trust).is_sorted());
    assert_eq!(least[0]["trust"], 1.5);

    // A cursor is of its order.
    let page = api.ok("/v1/sessions?sort=least_trust&limit=1", &key).await;
    let path = format!("/v1/sessions?sort=oldest&after={}", page["next"].as_str().unwrap());
    assert_eq!(api.get(&path, &key).await.json()["field"], "after");
    assert_eq!(api.get("/v1/sessions?sort=trust", &key).await.json()["field"], "sort");
}

#[tokio::test]
async fn a_timeline_in_pages_is_the_timeline() {
    let api = Api::start().await;
    let key = api.key(Role::Analyst).await;
    let path = format!("/v1/sessions/{SESSION}/timeline");
    let whole = api.ok(&path, &key).await["entries"].as_array().unwrap().clone();
    let (mut got, mut after) = (Vec::new(), String::new());
    loop {
        let page = api.ok(&format!("{path}?limit=2&after={after}"), &key).await;
        got.extend(page["entries"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!((got.len(), got), (7, whole));
}

#[tokio::test]
async fn an_admin_revokes_a_device() {
    let api = Api::start().await;
    let key = api.key(Role::Admin).await;
    let path = format!("/v1/devices/{DEVICE}/revoke");
    for _ in 0..2 {
        let device = api.call(Method::POST, &path, Some(&key)).await.json();
        assert_eq!(device["revoked_at"], "2026-03-02T09:00:00Z");
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let api = Api::start().await;
    let answer = api.get("/metrics", &api.key(Role::Service).await).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
}

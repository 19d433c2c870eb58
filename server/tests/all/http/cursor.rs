//! Polling verdicts: each once, in order, none missed.

use serde_json::Value;
use sqlx::Executor as _;
use tacit_server::domain::Role;

use super::Api;
use crate::common::eventually;

const INSERT: &str = "insert into verdict (session_id, sequence, subject_id, device_id, at, recorded_at, verdict, reason, evidence)
    select id, $1, subject_id, device_id, opened_at, opened_at, 'genuine', 'late', '[]' from session
    where id = '00000000-0000-0000-0000-0000000000e1'";

fn sequences(page: &Value) -> Vec<i64> {
    page["verdicts"].as_array().unwrap().iter().map(|v| v["sequence"].as_i64().unwrap()).collect()
}

fn next(page: &Value) -> String {
    page["next"].as_str().unwrap().to_owned()
}

/// Polls until `count` verdicts have come; their sequences and the last cursor.
async fn poll(api: &Api, key: &str, after: &str, limit: u32, count: usize) -> (Vec<i64>, String) {
    let (mut got, mut at) = (Vec::new(), after.to_owned());
    // The horizon is that of the whole cluster: what other tests write at the same time holds it back for a moment.
    while got.len() < count {
        let page = eventually("verdicts come", async || {
            let page = api.ok(&format!("/v1/verdicts?after={at}&limit={limit}"), key).await;
            (!sequences(&page).is_empty()).then_some(page)
        })
        .await;
        got.extend(sequences(&page));
        at = next(&page);
    }
    (got, at)
}

#[tokio::test]
async fn a_verdict_that_commits_late_is_not_missed() {
    let api = Api::start().await;
    let key = api.key(Role::Service).await;
    let pool = api.server.app.store.pool();
    let (_, end) = poll(&api, &key, "", 100, 3).await;

    let mut late = pool.begin().await.unwrap();
    late.execute(sqlx::query(INSERT).bind(100_i64)).await.unwrap();
    pool.execute(sqlx::query(INSERT).bind(101_i64)).await.unwrap();

    // The committed one waits for the running one that began before it.
    let page = api.ok(&format!("/v1/verdicts?after={end}"), &key).await;
    assert_eq!((sequences(&page), next(&page)), (vec![], end.clone()));
    let latest = next(&api.ok("/v1/verdicts?after=latest", &key).await);

    late.commit().await.unwrap();
    for from in [&end, &latest] {
        assert_eq!(poll(&api, &key, from, 100, 2).await.0, [100, 101]);
    }
}

#[tokio::test]
async fn pages_of_one_give_every_verdict_once() {
    let api = Api::start().await;
    let key = api.key(Role::Service).await;
    let (got, end) = poll(&api, &key, "", 1, 3).await;
    assert_eq!(got, [2, 5, 2]);
    let page = api.ok(&format!("/v1/verdicts?after={end}"), &key).await;
    assert_eq!((sequences(&page), next(&page)), (vec![], end));

    // A filter narrows and leaves the cursor usable.
    let path = "/v1/verdicts?verdict=different_person";
    assert_eq!(sequences(&api.ok(path, &key).await), [5]);
    let path = "/v1/verdicts?session=00000000-0000-0000-0000-0000000000e2";
    assert_eq!(sequences(&api.ok(path, &key).await), [2]);
    let path = "/v1/verdicts?subject=00000000-0000-0000-0000-0000000000a1";
    assert_eq!(sequences(&api.ok(path, &key).await), [2, 5]);
}

#[tokio::test]
async fn a_narrow_poll_goes_on_past_what_does_not_fit_and_misses_no_late_commit() {
    let api = Api::start().await;
    let key = api.key(Role::Service).await;
    let pool = api.server.app.store.pool();
    let (_, end) = poll(&api, &key, "", 100, 3).await;
    let narrow = async |after: &str| {
        api.ok(&format!("/v1/verdicts?verdict=genuine&after={after}&limit=100"), &key).await
    };

    // Nothing of the seed is left behind the cursor, whatever the filter let through.
    let page = narrow("").await;
    assert_eq!(sequences(&page), [2]);
    let behind = next(&page);
    assert_eq!(sequences(&api.ok(&format!("/v1/verdicts?after={behind}"), &key).await), Vec::<i64>::new());

    let mut late = pool.begin().await.unwrap();
    late.execute(sqlx::query(INSERT).bind(100_i64)).await.unwrap();
    pool.execute(sqlx::query(INSERT).bind(101_i64)).await.unwrap();
    let waiting = next(&narrow(&behind).await);
    late.commit().await.unwrap();
    for from in [&end, &behind, &waiting] {
        let page = eventually("both verdicts come", async || {
            let page = narrow(from).await;
            (sequences(&page).len() == 2).then_some(page)
        })
        .await;
        assert_eq!(sequences(&page), [100, 101]);
    }
}

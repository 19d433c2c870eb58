//! At least once, in order within a session, and nobody waits for anyone else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tacit_server::domain::Role;
use tacit_server::jobs;
use time::Duration;
use uuid::Uuid;

use super::receiver::{Does, Receiver, Request};
use super::{ONE, TWO, deliver_now, give, shown, webhook};
use crate::common::eventually;
use crate::common::server::START;
use crate::http::Api;

/// Sequences by session, as they were taken.
fn order(requests: &[Request]) -> BTreeMap<String, Vec<i64>> {
    let mut order = BTreeMap::<_, Vec<_>>::new();
    for request in requests {
        let data = request.json()["data"].clone();
        let session = data["session"]["id"].as_str().unwrap().to_owned();
        order.entry(session).or_default().push(data["sequence"].as_i64().unwrap());
    }
    order
}

fn distinct(requests: &[Request]) -> usize {
    requests.iter().map(Request::id).collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn a_receiver_that_is_down_for_a_day_loses_nothing_and_holds_nobody_up() {
    let api = Api::start().await;
    let app = &api.server.app;
    let [down, up] = [Receiver::start().await, Receiver::start().await];
    let (id, _) = webhook(&api, "down", &down, json!({})).await;
    webhook(&api, "up", &up, json!({})).await;
    down.does(Does::Answer(503));
    let mut given = 0;
    for hours in (0..=24).step_by(3) {
        let asked = down.requests().len();
        api.server.clock.set(START + Duration::hours(hours));
        for session in [ONE, TWO] {
            give(app, session, hours * 2 + 1, "different_person").await;
            give(app, session, hours * 2 + 2, "genuine").await;
            given += 2;
        }
        up.has_taken(given).await;
        let probed = async || (down.requests().len() > asked).then_some(());
        eventually("the receiver that is down is probed", probed).await;
    }
    let state = shown(&api, id).await;
    assert_eq!((&state["waiting"], &state["dead"]), (&json!(given), &json!(0)));
    assert!(
        state["failing"].as_i64().unwrap() > 5 && state["last_error"].as_str().unwrap().contains("503"),
        "{state}"
    );
    // One request at a time, not one an event.
    assert!(down.requests().len() < 3 * 9, "{}", down.requests().len());

    down.does(Does::Answer(200));
    api.server.clock.set(START + Duration::hours(25));
    let taken = down.has_taken(given).await;
    assert_eq!(distinct(&taken), given);
    for (session, sequences) in order(&taken) {
        assert!(sequences.is_sorted(), "{session}: {sequences:?}");
    }
    // An event has the same id for everyone and with every attempt.
    let ids = |requests: &[Request]| requests.iter().map(Request::id).collect::<BTreeSet<_>>();
    assert_eq!(ids(&down.requests()), ids(&up.requests()));
    let healed = async || {
        let state = shown(&api, id).await;
        (state["waiting"] == 0 && state["failing"] == 0).then_some(())
    };
    eventually("nothing waits", healed).await;
}

#[tokio::test]
async fn what_is_refused_holds_up_its_session_alone_and_is_given_up_and_replayed() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    receiver.does(Does::Refuse(ONE.to_string()));
    give(app, ONE, 2, "different_person").await;
    give(app, ONE, 3, "automation").await;
    give(app, TWO, 4, "silent").await;
    assert_eq!(order(&receiver.has_taken(1).await), BTreeMap::from([(TWO.to_string(), vec![4])]));
    let key = api.key(Role::Admin).await;
    let path = format!("/v1/destinations/{id}/dead-letters");
    let minutes = std::sync::atomic::AtomicI64::new(0);
    let letters = eventually("both are given up", async || {
        let before = minutes.fetch_add(6, std::sync::atomic::Ordering::Relaxed);
        api.server.clock.set(START + Duration::minutes(before + 6));
        deliver_now(app, id).await;
        let letters = api.ok(&path, &key).await;
        (letters["dead_letters"].as_array().unwrap().len() == 2).then_some(letters)
    })
    .await;
    let of_one: Vec<_> =
        receiver.requests().into_iter().filter(|r| r.text.contains(&ONE.to_string())).collect();
    // The second was tried only after the first was given up.
    let sequences = &order(&of_one)[&ONE.to_string()];
    assert!(sequences.is_sorted() && sequences.len() == 24, "{sequences:?}");
    let letter = &letters["dead_letters"][0];
    assert_eq!((&letter["attempts"], &letter["body"]["verdict"]), (&json!(12), &json!("different_person")));
    assert_eq!(letter["error"], "the receiver answered 422 Unprocessable Entity");
    assert_eq!(shown(&api, id).await["dead"], 2);

    receiver.does(Does::Answer(200));
    let replay = format!("{path}/replay");
    let one = json!({ "event_ids": [letter["event_id"]] });
    assert_eq!(api.give(Method::POST, &replay, &key, &one).await.json(), json!({ "count": 1 }));
    receiver.has_taken(2).await;
    assert_eq!(api.give(Method::POST, &replay, &key, &json!({})).await.json(), json!({ "count": 1 }));
    let taken = receiver.has_taken(3).await;
    assert_eq!(taken[1].id(), letter["event_id"].as_str().unwrap());
    assert_eq!(api.ok(&path, &key).await["dead_letters"], json!([]));
}

#[tokio::test]
async fn that_a_receiver_was_away_is_no_refusal() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    receiver.does(Does::Answer(503));
    give(app, ONE, 2, "different_person").await;
    let minutes = std::sync::atomic::AtomicI64::new(0);
    let next = async || {
        let at = minutes.fetch_add(6, std::sync::atomic::Ordering::Relaxed) + 6;
        api.server.clock.set(START + Duration::minutes(at));
        deliver_now(app, id).await;
    };
    eventually("it was away for long", async || {
        next().await;
        (receiver.requests().len() > 15).then_some(())
    })
    .await;
    receiver.does(Does::Answer(422));
    let tried = receiver.requests().len();
    eventually("it is tried again although it was refused", async || {
        next().await;
        (receiver.requests().len() > tried + 1).then_some(())
    })
    .await;
    assert_eq!(shown(&api, id).await["dead"], 0);
}

#[tokio::test]
async fn a_destination_that_cannot_be_opened_waits_and_says_why() {
    let api = Api::start().await;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    // As when the settings no longer open its network.
    let elsewhere = "update destination set target = jsonb_set(target, '{url}', '\"https://10.0.0.1/hook\"')";
    sqlx::query(elsewhere).execute(api.server.app.store.pool()).await.unwrap();
    give(&api.server.app, ONE, 2, "different_person").await;
    let state = eventually("it is left alone for a while", async || {
        let state = shown(&api, id).await;
        (state["failing"] == 1).then_some(state)
    })
    .await;
    assert!(state["last_error"].as_str().unwrap().contains("out.networks"), "{state}");
    assert_eq!((&state["waiting"], &state["dead"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_changed() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&api, "siem", &receiver, json!({})).await;
    receiver.does(Does::Answer(410));
    give(app, ONE, 2, "automation").await;
    let gone = async || {
        let state = shown(&api, id).await;
        (state["gone_at"] != Value::Null).then_some(())
    };
    eventually("the receiver is known to be gone", gone).await;
    api.server.clock.set(START + Duration::hours(2));
    deliver_now(app, id).await;
    assert_eq!(receiver.requests().len(), 1);
    receiver.does(Does::Answer(200));
    let body = json!({ "name": "siem", "target": { "kind": "webhook", "url": receiver.url } });
    let key = api.key(Role::Admin).await;
    api.give(Method::PUT, &format!("/v1/destinations/{id}"), &key, &body).await;
    receiver.has_taken(1).await;
}

#[tokio::test]
async fn one_that_never_answers_holds_nobody_up_and_one_that_asks_for_time_gets_it() {
    let api = Api::start().await;
    let app = &api.server.app;
    let [hangs, busy, up] = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let (hanging, _) = webhook(&api, "hangs", &hangs, json!({})).await;
    let (asking, _) = webhook(&api, "busy", &busy, json!({})).await;
    webhook(&api, "up", &up, json!({})).await;
    hangs.does(Does::Hang);
    busy.does(Does::RetryAfter(1_800));
    for sequence in 0..20 {
        give(app, ONE, sequence, ["automation", "genuine"][usize::try_from(sequence % 2).unwrap()]).await;
    }
    // All of it is there while the first request still hangs.
    up.has_taken(20).await;
    assert_eq!(shown(&api, hanging).await["failing"], 0);
    assert_eq!(hangs.requests().len(), 1);

    let asked = async || (shown(&api, asking).await["failing"] == 1).then_some(());
    eventually("the receiver has asked for time", asked).await;
    api.server.clock.set(START + Duration::minutes(29));
    deliver_now(app, asking).await;
    assert_eq!(busy.requests().len(), 1);
    busy.does(Does::Answer(200));
    api.server.clock.set(START + Duration::minutes(31));
    busy.has_taken(20).await;

    let timed_out = async || (shown(&api, hanging).await["failing"].as_i64() >= Some(1)).then_some(());
    eventually("the request that hangs is given up", timed_out).await;
    hangs.does(Does::Answer(200));
    api.server.clock.set(START + Duration::hours(1));
    let taken = hangs.has_taken(20).await;
    assert!(order(&taken)[&ONE.to_string()].is_sorted());
}

#[tokio::test]
async fn several_processes_share_the_work_and_a_killed_one_loses_nothing() {
    let api = Api::start().await;
    let app = &api.server.app;
    let receivers = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let mut ids = Vec::new();
    for (i, receiver) in receivers.iter().enumerate() {
        ids.push(webhook(&api, &format!("r{i}"), receiver, json!({})).await.0);
    }
    // A process that was killed while it delivered to the first.
    let pool = app.store.pool();
    let killed = "update destination set lease = gen_random_uuid(), leased_until = $2 where id = $1";
    sqlx::query(killed).bind(ids[0].0).bind(START + Duration::minutes(3)).execute(pool).await.unwrap();
    for _ in 0..2 {
        tokio::spawn(jobs::run(Arc::clone(app)));
    }
    let sessions: [Uuid; 2] = [ONE, TWO];
    for sequence in 0..60 {
        for session in sessions {
            give(
                app,
                session,
                sequence,
                ["automation", "silent", "genuine"][usize::try_from(sequence % 3).unwrap()],
            )
            .await;
        }
    }
    for receiver in &receivers[1..] {
        receiver.has_taken(120).await;
    }
    assert_eq!(receivers[0].requests().len(), 0);
    api.server.clock.set(START + Duration::minutes(4));
    receivers[0].has_taken(120).await;
    for receiver in &receivers {
        // Nothing was sent twice, since nobody failed.
        let requests = receiver.requests();
        assert_eq!((requests.len(), distinct(&requests)), (120, 120));
        for (_, sequences) in order(&requests) {
            assert!(sequences.is_sorted());
        }
    }
}

#[tokio::test]
async fn the_tables_are_bounded_by_age() {
    let api = Api::start().await;
    let app = &api.server.app;
    let [up, down] = [Receiver::start().await, Receiver::start().await];
    webhook(&api, "up", &up, json!({})).await;
    let (id, _) = webhook(&api, "down", &down, json!({})).await;
    down.does(Does::Answer(500));
    give(app, ONE, 2, "automation").await;
    up.has_taken(1).await;
    let delivered = "select count(*) from delivery where state = 'delivered'";
    eventually("it is written that it was delivered", async || {
        (api.server.count(delivered).await == 1).then_some(())
    })
    .await;
    let after = |hours| START + Duration::hours(hours);
    assert_eq!(app.store.give_up(START, after(72)).await.unwrap(), 0);
    assert_eq!(app.store.give_up(START + Duration::SECOND, after(72)).await.unwrap(), 1);
    assert_eq!(shown(&api, id).await["dead"], 1);
    assert_eq!(app.store.forget_events(after(24), START).await.unwrap(), 0);
    assert_eq!(api.server.count("select count(*) from delivery").await, 1);
    assert_eq!(app.store.forget_events(after(24), after(73)).await.unwrap(), 1);
    assert_eq!(api.server.count("select count(*) from outbox").await, 0);
}

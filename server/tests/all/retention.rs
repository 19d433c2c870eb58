//! What is kept for how long, and that it goes then.

use serde_json::json;
use sqlx::Executor as _;
use tacit_server::app::audit::{self, verify};
use tacit_server::app::retention::{LetGo, enforce};
use tacit_server::config::Settings;
use tacit_server::domain::audit::{Action, Object};
use tacit_server::domain::{Caller, Role};
use time::Duration;

use crate::common::eventually;
use crate::common::server::{START, Server};
use crate::common::windows::{session_id, whole};
use crate::http::Api;

async fn parts(server: &Server, of: &'static str) -> i64 {
    let sql = "select count(*) from pg_inherits where inhparent = to_regclass($1)";
    sqlx::query_scalar(sql).bind(of).fetch_one(server.app.store.pool()).await.unwrap()
}

#[tokio::test]
async fn each_kind_goes_when_its_time_has_come_and_not_before() {
    let server = Server::start().await;
    let app = &server.app;
    enforce(app).await.unwrap();
    // One for each of the days that come, and one for what has none.
    assert_eq!(parts(&server, "feature_window").await, 8);
    let device = server.device().await;
    let windows = async |days: i64| {
        server.clock.set(START + Duration::days(days));
        let mut stream = device.stream(START + Duration::days(days)).await.unwrap();
        let session = session_id();
        for record in &whole(session, START + Duration::days(days), "user-1", 4) {
            stream.send(record).await;
        }
        stream.acked(session, 6).await.unwrap();
    };
    for day in [0, 1, 2] {
        windows(day).await;
    }
    let held = "select count(*) from feature_window where tableoid = 'feature_window_default'::regclass";
    assert_eq!(server.count(held).await, 4);

    let after = async |days: i64| {
        server.clock.set(START + Duration::days(days));
        let mut gone = enforce(app).await.unwrap();
        // The job may have been faster with the tables.
        gone.audit_months = 0;
        (gone, server.count("select count(*) from feature_window").await)
    };
    // Days are dropped whole: a window of the second day is kept until all of that day is old.
    assert_eq!(after(7).await, (LetGo::default(), 12));
    assert_eq!(after(8).await, (LetGo { windows: 4, ..LetGo::default() }, 8));
    assert_eq!(after(9).await, (LetGo { window_days: 1, ..LetGo::default() }, 4));
    assert_eq!(after(10).await, (LetGo { window_days: 1, ..LetGo::default() }, 0));
    let of = async || {
        let verdicts = server.count("select count(*) from verdict").await;
        (
            verdicts,
            server.count("select count(*) from session").await,
            server.count("select count(*) from session_event").await,
        )
    };
    assert_eq!(of().await, (12, 3, 6));
    server.clock.set(START + Duration::days(91));
    enforce(app).await.unwrap();
    // Kept for ninety days: those of the first day are gone, those of the second are not older than that.
    assert_eq!(of().await, (8, 2, 4));
    server.clock.set(START + Duration::days(93));
    enforce(app).await.unwrap();
    assert_eq!(of().await, (0, 0, 0));
    assert_eq!(server.count("select count(*) from profile").await, 1);
    server.clock.set(START + Duration::days(2 + 366));
    assert_eq!(enforce(app).await.unwrap().subjects, 1);
    assert_eq!(server.count("select count(*) from subject").await, 0);
}

#[tokio::test]
async fn who_comes_back_while_the_gone_are_forgotten_stays() {
    let server = Server::start().await;
    let (app, pool) = (&server.app, server.app.store.pool());
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    for record in &whole(session, START, "user-1", 4) {
        stream.send(record).await;
    }
    stream.acked(session, 6).await.unwrap();
    server.clock.set(START + Duration::days(400));
    pool.execute("delete from feature_window; delete from verdict").await.unwrap();
    let back = "insert into session (id, device_id, subject_id, remote, opened_at, last_sequence)
                select gen_random_uuid(), device_id, subject_id, false, opened_at + interval '400 days', 1 from session";
    let mut opening = pool.begin().await.unwrap();
    opening.execute(back).await.unwrap();
    let waits = async || {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        (server.count(sql).await > 0).then_some(())
    };
    let enforcing = enforce(app);
    let committing = async {
        eventually("who is gone is about to be forgotten", waits).await;
        opening.commit().await.unwrap();
    };
    let (gone, ()) = tokio::join!(enforcing, committing);
    assert_eq!(gone.unwrap().subjects, 0);
    assert_eq!(server.count("select count(*) from subject").await, 1);
    assert_eq!(server.count("select count(*) from session where closed_at is null").await, 1);
}

#[tokio::test]
async fn the_audit_log_is_cut_by_months_and_stays_whole() {
    let server = Server::start().await;
    let app = &server.app;
    let act = async |days: i64| {
        server.clock.set(START + Duration::days(days));
        let mut unit = app.store.begin().await.unwrap();
        let (action, object) = (Action::PolicyPut, Object::Group("default".to_owned()));
        audit::record(&mut unit, &app.ambient, &Caller::Console, action, object, json!({})).await.unwrap();
        unit.commit().await.unwrap();
    };
    for day in [0, 1, 31, 62, 800] {
        act(day).await;
    }
    server.clock.set(START + Duration::days(800));
    assert_eq!(enforce(app).await.unwrap().audit_months, 2);
    let check = async || verify(&app.store, app.secrets.seal_of_audit(), None).await.unwrap();
    let found = check().await;
    assert_eq!((found.flaws, found.first, found.entries), (vec![], Some(4), 4));

    // A cut that nobody has recorded is told.
    let pool = app.store.pool();
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("set session_replication_role = replica").await.unwrap();
    connection.execute("delete from audit where seq = 5").await.unwrap();
    assert_eq!(check().await.flaws[0].seq, 5);
}

#[tokio::test]
async fn the_times_that_are_in_force_are_told_and_those_that_make_no_sense_refused() {
    let mut settings = Settings::default();
    settings.retention.windows_days = 3;
    let server = Server::with(|settings| settings.retention.windows_days = 3).await;
    let api = Api::of(server);
    let told = api.ok("/v1/retention", &api.key(Role::Privacy).await).await;
    assert_eq!(
        told,
        json!({ "windows_days": 3, "verdicts_days": 90, "sessions_days": 90, "audit_days": 730, "subjects_days": 365,
                "held_back_days": 30, "held_back_sessions": 12 })
    );
    settings.retention.verdicts_days = 120;
    assert!(settings.validate().unwrap_err().to_string().contains("retention.sessions_days"));
}

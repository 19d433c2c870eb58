//! Names, exports, erasures, restrictions, corrections and renewals.

mod corrections;
mod files;

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use tacit_proto::v1;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_server::app::audit::verify;
use tacit_server::app::rights::{Desk, Noted, erase, reapply, renew, reveal};
use tacit_server::domain::{Caller, Role, SubjectId};
use tacit_server::store::held::OF_SUBJECT;
use tonic::Code;
use uuid::Uuid;

use crate::common::device::Stream;
use crate::common::server::{START, Server};
use crate::common::windows::{opened, record, session_id, whole, window};
use crate::common::{cluster, eventually};
use crate::http::Api;

const WHY: &str = "asked for by the person themselves";

/// A server on which a subject has closed a session and is at work in another; and the subject's id.
pub(crate) async fn at_work(account: &str) -> (Api, Uuid) {
    let server = Server::start().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let (closed, open) = (session_id(), session_id());
    for record in &whole(closed, START, account, 4) {
        stream.send(record).await;
    }
    stream.send(&opened(open, START, account)).await;
    stream.send(&window(open, 2, START)).await;
    stream.acked(closed, 6).await.unwrap();
    stream.acked(open, 2).await.unwrap();
    let subject = sqlx::query_scalar("select id from subject order by created_at desc, id desc limit 1");
    let subject = subject.fetch_one(server.app.store.pool()).await.unwrap();
    (Api::of(server), subject)
}

#[tokio::test]
async fn a_name_is_revealed_to_an_analyst_who_says_why_and_privacy_reads_that() {
    let (api, subject) = at_work("user-1").await;
    let (analyst, privacy) = (api.key(Role::Analyst).await, api.key(Role::Privacy).await);
    let path = format!("/v1/subjects/{subject}/reveal");
    let reveal =
        async |reason: &str| api.give(Method::POST, &path, &analyst, &json!({ "reason": reason })).await;
    for wrong in ["", "too short", "x".repeat(501).as_str()] {
        let refused = reveal(wrong).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!("reason")), "{wrong}");
    }
    let nobody = format!("/v1/subjects/{}/reveal", Uuid::nil());
    let answer = api.give(Method::POST, &nobody, &analyst, &json!({ "reason": WHY })).await;
    assert_eq!(answer.status, 404);

    let revealed = reveal("an alarm on this desk, incident 17").await.json();
    assert_eq!((&revealed["name"], &revealed["subject_id"]), (&json!("user-1"), &json!(subject)));
    let log = api.ok("/v1/audit?action=name_revealed", &privacy).await;
    let [entry] = log["entries"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!(entry["details"]["reason"], "an alarm on this desk, incident 17");
    assert_eq!((&entry["role"], &entry["subject_id"]), (&json!("analyst"), &json!(subject)));
    for path in ["/v1/subjects", "/v1/sessions", "/v1/verdicts", "/v1/audit"] {
        let key = if path == "/v1/audit" { &privacy } else { &analyst };
        assert!(!api.ok(path, key).await.to_string().contains("user-1"), "{path}");
    }
}

#[tokio::test]
async fn an_export_holds_every_table_opened_and_can_be_read_by_people() {
    let (api, subject) = at_work("user-1").await;
    let privacy = api.key(Role::Privacy).await;
    let until = json!({ "subject_id": subject, "kind": "injury", "until": "2026-04-01T00:00:00Z" });
    api.give(Method::POST, "/v1/exemptions", &privacy, &until).await;
    let path = format!("/v1/subjects/{subject}/export");
    // Where the person never was.
    api.server.device().await;
    let export = api.ok(&path, &privacy).await;
    assert_eq!(export["name"], "user-1");
    let rows = |table: &str| export["held"][table].as_array().unwrap();
    let tables: BTreeSet<_> = export["held"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(tables, OF_SUBJECT.iter().map(|table| table.name).chain(["device"]).collect());
    assert_eq!((rows("session").len(), rows("feature_window").len(), rows("verdict").len()), (2, 5, 5));
    assert_eq!((rows("vouching").len(), rows("exemption")[0]["kind"].as_str()), (1, Some("injury")));
    let hold = &rows("feature_window")[0]["features"][0];
    let meaning =
        export["features"].as_array().unwrap().iter().find(|f| f["feature"] == hold["feature"]).unwrap();
    assert!(meaning["words"].as_str().unwrap().len() > 10 && hold["typical"].is_number(), "{meaning} {hold}");
    let learned = &rows("profile")[0]["summary"][0];
    assert_eq!((&learned["modality"], &learned["features"][0]["count"]), (&json!("keyboard"), &json!(80)));
    assert!(rows("session").iter().any(|session| session["state"].is_object()));
    let device = rows("device")[0].as_object().unwrap();
    assert_eq!((rows("device").len(), &device["id"]), (1, &rows("session")[0]["device_id"]));
    assert_eq!((&device["name"], device.get("public_key")), (&json!("desk-1"), None));
    // Nothing is given as it is stored.
    assert!(!export.to_string().contains("\\\\x"), "{export}");
    let actions: Vec<_> = export["audit"].as_array().unwrap().iter().map(|e| e["action"].clone()).collect();
    assert_eq!(actions, ["subject_met", "exemption_made", "subject_exported"]);

    let text = api.call(Method::GET, &format!("{path}?format=text"), Some(&privacy)).await;
    assert_eq!(text.headers["content-type"], "text/markdown; charset=utf-8");
    for said in [
        "# What is held of user-1",
        "name: desk-1",
        "## Windows",
        "## Verdicts",
        "injury",
        "subject_exported",
    ] {
        assert!(text.text.contains(said), "{said}: {}", text.text);
    }
}

#[tokio::test]
async fn an_export_of_more_rows_than_are_asked_for_at_once_has_each_of_them_once_and_in_order() {
    let (api, subject) = at_work("user-1").await;
    let many = "insert into exemption (id, subject_id, kind, made_at, made_by, until)
                select gen_random_uuid(), $1, 'injury', timestamptz '2026-03-02' + n * interval '1 s', 'console',
                       timestamptz '2026-04-01' from generate_series(1, 250) n";
    sqlx::query(many).bind(subject).execute(api.server.app.store.pool()).await.unwrap();
    let export = api.ok(&format!("/v1/subjects/{subject}/export"), &api.key(Role::Privacy).await).await;
    let rows = export["held"]["exemption"].as_array().unwrap();
    let times: Vec<_> = rows.iter().map(|row| row["made_at"].as_str().unwrap()).collect();
    assert!(times.len() == 250 && times.is_sorted_by(|a, b| a < b), "{times:?}");
}

#[tokio::test]
async fn every_table_that_speaks_of_subjects_is_exported_and_erased() {
    let pool = cluster::database().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select distinct c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
           and a.attname in ('subject_id', 'session_id', 'pseudonym', 'verdict_id', 'directive_id', 'alert_id') and c.relname <> 'subject'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let tables: BTreeSet<_> = tables.iter().map(String::as_str).collect();
    assert_eq!(tables, OF_SUBJECT.iter().map(|table| table.name).collect());
}

#[tokio::test]
async fn erasing_takes_every_row_of_one_subject_and_none_of_another() {
    let (api, subject) = at_work("user-1").await;
    let server = &api.server;
    let other = server.device().await;
    let mut stream = other.stream(START).await.unwrap();
    let session = session_id();
    for record in &whole(session, START, "user-2", 4) {
        stream.send(record).await;
    }
    stream.acked(session, 6).await.unwrap();
    let privacy = api.key(Role::Privacy).await;
    let until = json!({ "subject_id": subject, "kind": "injury", "until": "2026-04-01T00:00:00Z" });
    api.give(Method::POST, "/v1/exemptions", &privacy, &until).await;

    let path = format!("/v1/subjects/{subject}/erase");
    let erase = async || api.give(Method::POST, &path, &privacy, &json!({ "reason": WHY })).await;
    assert_eq!(erase().await.json(), json!({ "subject_id": subject, "erased": true }));
    assert_eq!(erase().await.json(), json!({ "subject_id": subject, "erased": false }));
    let nobody = format!("/v1/subjects/{}/erase", Uuid::nil());
    assert_eq!(api.give(Method::POST, &nobody, &privacy, &json!({ "reason": WHY })).await.status, 404);

    let left: Vec<i64> = {
        let mut left = Vec::new();
        for table in OF_SUBJECT {
            let sql = format!("select count(*) from {}", table.name);
            left.push(
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(server.app.store.pool()).await.unwrap(),
            );
        }
        left
    };
    let of = |name: &str| left[OF_SUBJECT.iter().position(|table| table.name == name).unwrap()];
    assert_eq!(
        (of("session"), of("feature_window"), of("profile"), of("exemption")),
        (1, 4, 1, 0),
        "{left:?}"
    );
    assert_eq!(server.count("select count(*) from subject").await, 1);

    // The log is whole, and speaks of nobody.
    let log = api.ok("/v1/audit?action=subject_erased", &privacy).await;
    let [entry] = log["entries"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!((&entry["subject_id"], &entry["details"]["reason"]), (&Value::Null, &json!(WHY)));
    assert!(!api.ok("/v1/audit", &privacy).await.to_string().contains(&subject.to_string()));
    let found = verify(&server.app.store, server.app.secrets.seal_of_audit(), None).await.unwrap();
    assert_eq!(found.flaws, []);

    // Whoever logs on again is somebody new.
    let mut stream = other.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();
    assert_eq!(server.count("select count(*) from subject").await, 2);
    assert_eq!(api.call(Method::GET, &format!("/v1/subjects/{subject}"), Some(&privacy)).await.status, 404);
}

#[tokio::test]
async fn the_workstation_of_an_erased_subject_is_told_that_its_session_is_gone() {
    let (api, subject) = at_work("user-1").await;
    let device = api.server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START, "user-1")).await;
    stream.acked(session, 1).await.unwrap();
    let privacy = api.key(Role::Privacy).await;
    api.give(Method::POST, &format!("/v1/subjects/{subject}/erase"), &privacy, &json!({ "reason": WHY }))
        .await;
    stream.send(&window(session, 2, START)).await;
    assert_eq!(stream.end().await.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_restored_backup_forgets_again() {
    let (api, subject) = at_work("user-1").await;
    let app = &api.server.app;
    let pool = app.store.pool();
    let (desk, noted) = (Desk::from(&**app), Noted::of(&app.settings.data_dir));
    pool.execute("create table kept as select * from subject").await.unwrap();
    let privacy = api.key(Role::Privacy).await;
    api.give(Method::POST, &format!("/v1/subjects/{subject}/erase"), &privacy, &json!({ "reason": WHY }))
        .await;

    let restore = "insert into subject select * from kept; delete from erasure";
    sqlx::raw_sql(restore).execute(pool).await.unwrap();
    assert_eq!(api.server.count("select count(*) from subject").await, 1);
    assert_eq!(reapply(desk, &noted).await.unwrap(), 1);
    assert_eq!(api.server.count("select count(*) from subject").await, 0);
    assert_eq!(reapply(desk, &noted).await.unwrap(), 0);
    assert_eq!(api.server.count("select count(*) from erasure").await, 1);
    // The file names nobody.
    let text = std::fs::read_to_string(&noted.0).unwrap();
    assert!(text.lines().count() == 1 && !text.contains(&subject.simple().to_string()), "{text}");
}

#[tokio::test]
async fn a_restored_backup_renews_again_and_still_leaves_alone_who_objected() {
    let (api, subject) = at_work("user-1").await;
    let app = &api.server.app;
    let pool = app.store.pool();
    let (desk, noted) = (Desk::from(&**app), Noted::of(&app.settings.data_dir));
    let privacy = api.key(Role::Privacy).await;
    let path = format!("/v1/subjects/{subject}/restrict");
    api.give(Method::POST, &path, &privacy, &json!({ "reason": WHY })).await;
    sqlx::query("update session set closed_at = now() where closed_at is null").execute(pool).await.unwrap();
    for table in ["subject", "subject_name", "session"] {
        let sql = format!("create table kept_{table} as select * from {table}");
        pool.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    renew(desk, &Caller::Server, SubjectId(subject), WHY).await.unwrap();

    // With a session open, as a backup of a working day has them.
    let restore =
        "delete from subject_name; delete from vouching; delete from exemption; delete from profile;
                   delete from subject; delete from erasure;
                   insert into subject select * from kept_subject;
                   insert into subject_name select * from kept_subject_name;
                   insert into session select * from kept_session; update session set closed_at = null;";
    sqlx::raw_sql(restore).execute(pool).await.unwrap();
    assert_eq!(reapply(desk, &noted).await.unwrap(), 1);
    let renewed: Vec<(Uuid, i32, bool)> =
        sqlx::query_as("select id, generation, restricted_at is not null from subject")
            .fetch_all(pool)
            .await
            .unwrap();
    let [(id, 1, true)] = renewed.as_slice() else { panic!("{renewed:?}") };
    assert_ne!(*id, subject);
    let revealed = reveal(desk, &Caller::Server, SubjectId(*id), WHY).await.unwrap();
    assert_eq!(revealed.name, "user-1");
    assert_eq!(reapply(desk, &noted).await.unwrap(), 0);

    // Whoever took the place and was renewed or erased in turn is so again.
    let second = renew(desk, &Caller::Server, SubjectId(*id), WHY).await.unwrap();
    assert_eq!(reapply(desk, &noted).await.unwrap(), 0);
    sqlx::raw_sql(restore).execute(pool).await.unwrap();
    assert_eq!(reapply(desk, &noted).await.unwrap(), 2);
    let there: Vec<(Uuid, i32)> =
        sqlx::query_as("select id, generation from subject").fetch_all(pool).await.unwrap();
    assert_eq!(there, [(second.0, 2)]);
    erase(desk, &Caller::Server, second, WHY).await.unwrap();
    assert_eq!(reapply(desk, &noted).await.unwrap(), 0);
    sqlx::raw_sql(restore).execute(pool).await.unwrap();
    assert_eq!(reapply(desk, &noted).await.unwrap(), 3);
    assert_eq!(api.server.count("select count(*) from subject").await, 0);
}

#[tokio::test]
async fn a_long_erasure_holds_up_nobody_elses_entry_in_the_audit_log() {
    let (api, subject) = at_work("user-1").await;
    let pool = api.server.app.store.pool();
    let (admin, privacy) = (api.key(Role::Admin).await, api.key(Role::Privacy).await);
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select from subject_name where subject_id = $1 for update")
        .bind(subject)
        .execute(&mut *held)
        .await
        .unwrap();
    let path = format!("/v1/subjects/{subject}/erase");
    let why = json!({ "reason": WHY });
    let erasing = api.give(Method::POST, &path, &privacy, &why);
    let acting = async {
        eventually("the erasure waits", async || {
            let waits = "select count(*) from pg_stat_activity
                         where datname = current_database() and wait_event_type = 'Lock'";
            (api.server.count(waits).await > 0).then_some(())
        })
        .await;
        let made = json!({ "name": "siem", "role": "viewer" });
        let key = api.give(Method::POST, "/v1/api-keys", &admin, &made).await;
        held.rollback().await.unwrap();
        key
    };
    let (erased, made) = tokio::join!(erasing, acting);
    assert_eq!((erased.status.as_u16(), made.status.as_u16()), (200, 201));
}

#[tokio::test]
async fn nothing_is_made_of_a_restricted_subjects_input() {
    let (api, subject) = at_work("user-1").await;
    let server = &api.server;
    let privacy = api.key(Role::Privacy).await;
    let act = async |what: &str| {
        let path = format!("/v1/subjects/{subject}/{what}");
        api.give(Method::POST, &path, &privacy, &json!({ "reason": WHY })).await.json()
    };
    assert_eq!(act("restrict").await["restricted"], true);
    assert_eq!(act("restrict").await["restricted"], true);
    let shown = api.ok(&format!("/v1/subjects/{subject}"), &privacy).await;
    assert_eq!(shown["restricted_at"], "2026-03-02T09:00:00Z");
    let others = api.ok(&format!("/v1/subjects/{subject}"), &api.key(Role::Admin).await).await;
    assert_eq!(others["restricted_at"], Value::Null);
    let counts = async || {
        let windows = server.count("select count(*) from feature_window").await;
        let verdicts = server.count("select count(*) from verdict").await;
        (windows, verdicts, server.count("select version from profile").await)
    };
    let before = counts().await;
    let device = server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let session = session_id();
    let records = whole(session, START, "user-1", 4);
    for record in &records[..5] {
        stream.send(record).await;
    }
    stream.acked(session, 5).await.unwrap();
    let shown = api.ok(&format!("/v1/sessions?subject={subject}"), &api.key(Role::Viewer).await).await;
    assert!(
        shown["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["id"] == json!(session) && s["verdict"] == "not_scorable")
    );
    stream.send(&records[5]).await;
    stream.acked(session, 6).await.unwrap();
    assert_eq!(counts().await, before);

    assert_eq!(act("unrestrict").await["restricted"], false);
    let session = session_id();
    for record in &whole(session, START, "user-1", 4) {
        stream.send(record).await;
    }
    stream.acked(session, 6).await.unwrap();
    assert_eq!(counts().await.0, before.0 + 4);
    let log = api.ok(&format!("/v1/audit?subject={subject}"), &privacy).await;
    let actions: Vec<_> = log["entries"].as_array().unwrap().iter().map(|e| e["action"].clone()).collect();
    assert_eq!(actions, ["subject_met", "subject_restricted", "subject_met", "subject_unrestricted"]);
}

#[tokio::test]
async fn an_agent_is_told_of_a_restriction_and_of_its_end() {
    let (api, subject) = at_work("user-1").await;
    let privacy = api.key(Role::Privacy).await;
    let act = async |what: &str| {
        let path = format!("/v1/subjects/{subject}/{what}");
        assert_eq!(api.give(Method::POST, &path, &privacy, &json!({ "reason": WHY })).await.status, 200);
    };
    act("restrict").await;
    let device = api.server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let (theirs, another) = (session_id(), session_id());
    stream.send(&opened(another, START, "user-2")).await;
    stream.send(&opened(theirs, START, "user-1")).await;
    let told = async |stream: &mut Stream| loop {
        if let Down::Restriction(told) = stream.next().await.unwrap() {
            return (Uuid::from_slice(&told.session_id).unwrap(), told.restricted);
        }
    };
    assert_eq!(told(&mut stream).await, (theirs, true));
    act("unrestrict").await;
    let beat = v1::agent_message::Message::Heartbeat(v1::Heartbeat::default());
    stream.up.send(v1::AgentMessage { message: Some(beat) }).await.unwrap();
    assert_eq!(told(&mut stream).await, (theirs, false));
}

#[tokio::test]
async fn a_corrected_name_is_who_logs_on_under_it() {
    let (api, subject) = at_work("user-1").await;
    let privacy = api.key(Role::Privacy).await;
    let path = format!("/v1/subjects/{subject}/name");
    let put = async |name: &str| {
        api.give(Method::PUT, &path, &privacy, &json!({ "name": name, "reason": WHY })).await
    };
    assert_eq!(put(" ").await.json()["field"], "name");
    let before = api.ok(&format!("/v1/subjects/{subject}"), &privacy).await;
    let after = put("user-1-married").await.json();
    assert_ne!(before["pseudonym"], after["pseudonym"]);

    let device = api.server.device().await;
    let mut stream = device.stream(START).await.unwrap();
    let sessions = [("user-1-married", 1), ("user-1", 2)];
    for (account, subjects) in sessions {
        let session = session_id();
        stream.send(&opened(session, START, account)).await;
        stream.acked(session, 1).await.unwrap();
        assert_eq!(api.server.count("select count(*) from subject").await, subjects, "{account}");
    }
    assert_eq!(put("user-1").await.status, 409);
    let export = api.ok(&format!("/v1/subjects/{subject}/export"), &privacy).await;
    assert_eq!(export["name"], "user-1-married");
}

/// Every value of a subject's rows that could be told again elsewhere: ids, bytes, texts, times.
async fn marks(server: &Server, subject: Uuid) -> BTreeSet<String> {
    let mut unit = server.app.store.begin().await.unwrap();
    let mut marks = BTreeSet::new();
    for table in OF_SUBJECT {
        unit.open_rows(table, SubjectId(subject)).await.unwrap();
        for row in unit.next_rows(1_000).await.unwrap() {
            let said = row.as_object().unwrap().iter().filter(|(column, value)| {
                // Devices are the same, and what is one of a few words says little.
                *column != "device_id" && value.as_str().is_some_and(|text| text.len() > 16)
            });
            marks.extend(said.map(|(_, value)| value.to_string()));
        }
        unit.close_rows().await.unwrap();
    }
    let row: Value = sqlx::query_scalar("select to_jsonb(s) from subject s where id = $1")
        .bind(subject)
        .fetch_one(server.app.store.pool())
        .await
        .unwrap();
    marks.extend(row.as_object().unwrap().values().filter(|v| v.is_string()).map(Value::to_string));
    marks
}

#[tokio::test]
async fn a_renewed_subject_cannot_be_told_to_be_the_old_one_and_goes_on_where_it_was() {
    let (api, subject) = at_work("user-1").await;
    let server = &api.server;
    let desk = Desk::from(&*server.app);
    let busy = renew(desk, &Caller::Console, SubjectId(subject), WHY).await.unwrap_err();
    assert!(busy.public().contains("logged on"), "{busy}");

    let open: Uuid = sqlx::query_scalar("select id from session where closed_at is null")
        .fetch_one(server.app.store.pool())
        .await
        .unwrap();
    let device: Uuid =
        sqlx::query_scalar("select device_id from session").fetch_one(server.app.store.pool()).await.unwrap();
    sqlx::query("update session set closed_at = $1, state = null where id = $2")
        .bind(START)
        .bind(open)
        .execute(server.app.store.pool())
        .await
        .unwrap();
    let before = marks(server, subject).await;
    server.clock.set(START + time::Duration::hours(1));
    let new = renew(desk, &Caller::Console, SubjectId(subject), WHY).await.unwrap();
    let after = marks(server, new.0).await;
    let common: Vec<_> = before.intersection(&after).collect();
    assert_eq!(common, Vec::<&String>::new());
    assert!(after.len() >= 5, "{after:?}");

    // It is the same person's profile still, and who logs on is the new subject.
    assert_eq!(server.count("select count(*) from profile").await, 1);
    assert_eq!(server.count("select count(*) from vouching").await, 1);
    let again = server.device().await;
    let mut stream = again.stream(START + time::Duration::hours(1)).await.unwrap();
    let session = session_id();
    stream.send(&opened(session, START + time::Duration::hours(1), "user-1")).await;
    let closed = record(session, 2, START + time::Duration::hours(1), Body::Closed(v1::SessionClosed {}));
    stream.send(&closed).await;
    stream.acked(session, 2).await.unwrap();
    let of: Uuid = sqlx::query_scalar("select subject_id from session where id = $1")
        .bind(session)
        .fetch_one(server.app.store.pool())
        .await
        .unwrap();
    assert_eq!((of, device == again.id), (new.0, false));
}

//! The server as a process, with its private Postgres and TLS: killed and started again in the middle.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgPool};
use tacit_proto::v1::Record;
use tacit_server::clock::Ambient;
use uuid::Uuid;

use crate::common::device::Device;
use crate::common::windows::{session_id, whole};
use crate::common::{cluster, eventually};

const BINARY: &str = env!("CARGO_BIN_EXE_tacit-server");

pub(crate) struct Process {
    child: Child,
    pub(crate) log: PathBuf,
    pub(crate) grpc: String,
    pub(crate) http: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

impl Process {
    pub(crate) async fn start(data: &Path) -> Self {
        let endpoints = data.join("endpoints.json");
        let _ = std::fs::remove_file(&endpoints);
        let path = data.join("server.log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        let child = Command::new(BINARY)
            .args(["serve", "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut process = Self { child, log: path, grpc: String::new(), http: String::new() };
        let text = eventually("server is ready", async || std::fs::read_to_string(&endpoints).ok()).await;
        let endpoints: serde_json::Value = serde_json::from_str(&text).unwrap();
        process.grpc = endpoints["grpc"].as_str().unwrap().to_owned();
        process.http = endpoints["http"].as_str().unwrap().to_owned();
        process
    }

    fn kill(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL).unwrap();
    }

    /// Bytes of memory that it holds.
    pub(crate) fn resident(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        assert!(
            !self.log.with_file_name("endpoints.json").exists(),
            "it says where a stopped server listens"
        );
    }
}

fn run(subcommand: &str, data: &Path) -> (bool, String) {
    crate::cli::run(&[subcommand, "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"], data)
}

fn token(data: &Path) -> String {
    let output = Command::new(BINARY)
        .args(["token", "create", "--uses", "2", "--expires", "1h", "--data-dir"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn postmaster(data: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(data.join("postgres/data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

async fn pool(data: &Path) -> PgPool {
    let options =
        PgConnectOptions::new().socket(data.join("postgres/socket")).username("postgres").database("tacit");
    PgPool::connect_with(options).await.unwrap()
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// As an agent does: sends what is not acknowledged, from the oldest, until `upto` records are, over as many streams as it takes.
async fn deliver(device: &Device, session: Uuid, records: &[Record], acked: &mut u64, upto: u64) {
    let now = Ambient::system().now();
    let from = *acked;
    let delivered = eventually("delivery", async || {
        let mut stream = device.stream(now).await.ok()?;
        for record in records.iter().filter(|r| r.sequence > from && r.sequence <= upto) {
            stream.send(record).await;
        }
        stream.acked(session, upto).await.ok()
    });
    delivered.await;
    *acked = upto;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_server_or_its_database_loses_no_acknowledged_window_and_counts_none_twice() {
    let data: PathBuf = cluster::directory().keep();
    cluster::clean_up_after(&data);
    let mut server = Process::start(&data).await;
    let ca = std::fs::read_to_string(data.join("tls/ca.pem")).unwrap();
    let mut device = Device::enrol(&server.grpc, Some(&ca), &token(&data)).await.unwrap();
    let now = Ambient::system().now();
    let session = session_id();
    let records = whole(session, now, "user-1", 60);
    let mut acked = 0;
    deliver(&device, session, &records, &mut acked, 10).await;

    // The server dies with records on their way; its Postgres lives on and is taken over.
    let stream = device.stream(now).await.unwrap();
    for record in &records[10..20] {
        stream.send(record).await;
    }
    let survivor = postmaster(&data).unwrap();
    server.kill();
    drop(server);
    server = Process::start(&data).await;
    assert_eq!(postmaster(&data), Some(survivor));
    device.moved(&server.grpc);
    deliver(&device, session, &records, &mut acked, 30).await;

    // The database dies under the running server, which starts it again.
    kill(Pid::from_raw(survivor), Signal::SIGKILL).unwrap();
    deliver(&device, session, &records, &mut acked, 45).await;
    assert_ne!(postmaster(&data), Some(survivor));

    // Asked to stop, it stops both, and the next start goes on.
    server.stop();
    assert_eq!(postmaster(&data), None);
    server = Process::start(&data).await;
    device.moved(&server.grpc);
    deliver(&device, session, &records, &mut acked, 62).await;

    let pool = pool(&data).await;
    assert_eq!(count(&pool, "select count(*) from feature_window").await, 60);
    assert_eq!(count(&pool, "select count(distinct sequence) from feature_window").await, 60);
    assert_eq!(count(&pool, "select count(*) from verdict").await, 60);
    assert_eq!(count(&pool, "select version from profile").await, 1, "the session taught once");
    let subject: Uuid = sqlx::query_scalar("select id from subject").fetch_one(&pool).await.unwrap();
    pool.close().await;

    // What was erased last is noted outside the database, too.
    let why = "asked for by the person themselves";
    let erase = ["subject", "erase", &subject.to_string(), "--reason", why];
    let (done, said) = crate::cli::run(&erase, &data);
    assert!(done, "{said}");
    let marks = std::fs::read_to_string(data.join("erasures")).unwrap();
    assert_eq!(marks.lines().count(), 1);
    server.stop();
    let log = std::fs::read_to_string(data.join("server.log")).unwrap();
    assert_eq!(log.matches("admin API key: tacit_").count(), 1);
    assert!(!log.contains("user-1"), "an account name was logged");
}

#[tokio::test]
async fn a_log_that_was_written_anew_leaves_the_noted_head_where_it_was() {
    let data: PathBuf = cluster::directory().keep();
    cluster::clean_up_after(&data);
    let mut server = Process::start(&data).await;
    token(&data);
    server.stop();
    let noted = std::fs::read_to_string(data.join("audit-head.json")).unwrap();

    server = Process::start(&data).await;
    let pool = pool(&data).await;
    let anew = "set session_replication_role = replica; \
                update audit set hash = sha256(hash), seal = null where seq = (select seq from audit_head)";
    sqlx::raw_sql(anew).execute(&mut *pool.acquire().await.unwrap()).await.unwrap();
    pool.close().await;
    token(&data);
    server.stop();
    assert_eq!(std::fs::read_to_string(data.join("audit-head.json")).unwrap(), noted);

    server = Process::start(&data).await;
    let (whole, said) = crate::cli::run(&["audit", "verify"], &data);
    assert!(!whole && said.contains("written anew"), "{said}");
    server.stop();
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let data: PathBuf = cluster::directory().keep();
    cluster::clean_up_after(&data);
    let server = Process::start(&data).await;
    let (served, said) = run("serve", &data);
    assert!(!served && said.contains("another tacit-server runs in"), "{said}");
    server.stop();
}

#[tokio::test]
async fn a_lost_master_key_is_asked_for_and_never_made_anew() {
    let data: PathBuf = cluster::directory().keep();
    cluster::clean_up_after(&data);
    let server = Process::start(&data).await;
    let (sound, said) = run("doctor", &data);
    assert!(sound, "{said}");
    let (key, kept) = (data.join("secrets/master.key"), data.join("kept.key"));
    std::fs::rename(&key, &kept).unwrap();
    let lost =
        |said: &str| said.contains("master.key is missing") && said.contains("restore it from your backup");
    // The server has read it and goes on; doctor asks the database.
    let (sound, said) = run("doctor", &data);
    assert!(!sound && lost(&said), "{said}");
    server.stop();
    let (sound, said) = run("doctor", &data);
    assert!(!sound && lost(&said), "{said}");
    let (served, said) = run("serve", &data);
    assert!(!served && lost(&said), "{said}");
    assert!(!key.exists());

    // Another key is not taken either.
    std::fs::write(&key, [7; 32]).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (served, said) = run("serve", &data);
    assert!(!served && said.contains("another master key"), "{said}");
    std::fs::rename(&kept, &key).unwrap();
    Process::start(&data).await.stop();
}

#[tokio::test]
async fn a_rotation_that_was_killed_between_database_and_files_is_ended_at_the_next_start() {
    let data: PathBuf = cluster::directory().keep();
    cluster::clean_up_after(&data);
    let server = Process::start(&data).await;
    let file = |name: &str| data.join("secrets").join(name);
    let (key, next, previous) = (file("master.key"), file("master.next"), file("master.previous"));
    let (done, said) = crate::cli::run(&["master-key", "rotate"], &data);
    assert!(done && previous.exists() && !next.exists(), "{said}");
    server.stop();

    // As it was before the first file was moved, and then between the two.
    std::fs::rename(&key, &next).unwrap();
    std::fs::rename(&previous, &key).unwrap();
    Process::start(&data).await.stop();
    assert!(key.exists() && !next.exists());
    std::fs::rename(&key, &next).unwrap();
    Process::start(&data).await.stop();
    assert!(key.exists() && !next.exists());
}

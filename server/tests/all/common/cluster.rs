//! One private Postgres a test run, without fsync; one database a test, copied from a migrated template.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tacit_server::postgres::{Private, Run};
use tacit_server::store::Store;

/// A directory that the account of Postgres can reach, also when the tests run as root.
pub(crate) fn directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("tacit-test-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// Ends the Postgres of `data_dir` and removes the directory when this process is gone, however it ends: the standard input of
/// the helper closes then.
pub(crate) fn clean_up_after(data_dir: &Path) {
    let script = "read _; kill -INT \"$(head -n 1 \"$0/postgres/data/postmaster.pid\")\" 2>/dev/null; \
                  while [ -e \"$0/postgres/data/postmaster.pid\" ]; do sleep 0.1; done; rm -rf \"$0\"";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(data_dir).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    // Kept open until the process ends.
    std::mem::forget(child);
}

static CLUSTER: LazyLock<PgConnectOptions> = LazyLock::new(|| {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let directory: PathBuf = directory().keep();
            clean_up_after(&directory);
            let private = Private::start(&directory, Run { connections: 300, durable: false }).await.unwrap();
            let pool = PgPool::connect_with(private.options()).await.unwrap();
            Store::new(pool.clone()).migrate().await.unwrap();
            pool.close().await;
            tell.send(private.options()).unwrap();
            // Watches over Postgres for as long as the tests run.
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
});

static NEXT: AtomicU32 = AtomicU32::new(0);
/// A template is copied by one at a time.
static COPYING: Mutex<()> = Mutex::new(());

/// A pool on a fresh, migrated database.
pub(crate) async fn database() -> PgPool {
    let options = tokio::task::spawn_blocking(|| LazyLock::force(&CLUSTER).clone()).await.unwrap();
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let maintenance = options.clone().database("postgres");
    let create = format!("create database {name} template tacit");
    tokio::task::spawn_blocking(move || {
        let _one = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
            connection.execute(AssertSqlSafe(create)).await.unwrap();
            connection.close().await.unwrap();
        });
    })
    .await
    .unwrap();
    PgPoolOptions::new().max_connections(8).connect_with(options.database(&name)).await.unwrap()
}

/// `--database-url` of a fresh database without any table.
pub(crate) async fn empty() -> String {
    let options = tokio::task::spawn_blocking(|| LazyLock::force(&CLUSTER).clone()).await.unwrap();
    let name = format!("e{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let maintenance = options.clone().database("postgres");
    let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
    connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    connection.close().await.unwrap();
    url(&options.database(&name))
}

/// `--database-url` of options.
pub(crate) fn url(options: &PgConnectOptions) -> String {
    let socket = options.get_socket().unwrap().display();
    format!("postgres://postgres:hush@localhost/{}?host={socket}", options.get_database().unwrap())
}

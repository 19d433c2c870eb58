//! A cluster a test run, a database and a server a test, and simulated devices.

pub(crate) mod cluster;
pub(crate) mod device;
pub(crate) mod others;
pub(crate) mod server;
pub(crate) mod windows;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Longest that anything in a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Writes a file that its owner alone can read.
pub(crate) fn secret(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(path);
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

/// Asks until the answer is there.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never happened: {what}"))
}

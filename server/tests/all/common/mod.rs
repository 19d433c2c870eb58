//! A cluster a test run, a database and a server a test, and simulated devices.

pub(crate) mod cluster;
pub(crate) mod device;
pub(crate) mod others;
pub(crate) mod server;
pub(crate) mod windows;

use std::time::Duration;

/// Longest that anything in a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

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

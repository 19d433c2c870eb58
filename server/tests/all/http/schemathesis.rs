//! The API against its own description: requests that schemathesis makes up, right and wrong ones.

use std::process::Stdio;
use std::time::Duration;

use tacit_server::domain::Role;
use tacit_server::{http, tls};
use tokio::process::Command;

use super::Api;

/// Long enough for every route, and an end if one hangs.
const LONGEST: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis: make test-api installs it"]
async fn made_up_requests_find_nothing_that_the_description_does_not_say() {
    let program = std::env::var("SCHEMATHESIS").expect("SCHEMATHESIS names the program");
    let api = Api::start().await;
    // What the seed holds in place of a profile cannot be opened.
    sqlx::query("delete from profile").execute(api.server.app.store.pool()).await.unwrap();
    let key = api.key(Role::Admin).await;
    let stopping = api.server.app.stopping.clone();
    let loopback = "127.0.0.1:0".parse().unwrap();
    let (incoming, at) = tls::listen(loopback, None, stopping.clone()).await.unwrap();
    tokio::spawn(http::serve(api.router.clone(), incoming, stopping));
    let mut command = Command::new(program);
    command.arg("run").arg(format!("http://{at}/v1/openapi.json"));
    command.arg("--header").arg(format!("Authorization: Bearer {key}"));
    // Whether an id or a cursor exists no description can say, so right requests may be answered with 400, 404 and 409.
    command.args(["--exclude-checks", "positive_data_acceptance"]);
    // Does not end.
    command.args(["--exclude-path", "/v1/events"]);
    command.args(["--max-examples", "20", "--generation-deterministic", "--no-color"]);
    command.args(["--request-timeout", "60"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST, command.output()).await.expect("it does not end").unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

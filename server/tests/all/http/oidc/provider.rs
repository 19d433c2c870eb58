//! A certified OpenID provider in a process of its own (tests/oidc).

use std::process::Stdio;

use reqwest::Client;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::common::PATIENCE;
use crate::common::others::installed;

/// As tests/oidc/provider.js has it.
pub(super) const SECRET: &str = "a secret of the tests, long enough for anyone";

/// It ends when dropped.
pub(super) struct Provider {
    pub(super) issuer: String,
    other: String,
    client: Client,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let home = installed("oidc").await;
        let mut node = Command::new("node");
        node.arg("provider.js").current_dir(home).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = node.stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let commands = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = answer(&mut answers).await;
        let named = |name: &str| said[name].as_str().unwrap().to_owned();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { issuer: named("issuer"), other: named("other"), client, commands, answers, _process: process }
    }

    /// An access token of a client for an audience.
    pub(super) async fn token(&self, client: &str, audience: &str) -> String {
        self.token_at(&self.issuer, client, audience).await
    }

    /// One that is signed with the same keys in another issuer's name.
    pub(super) async fn token_of_other(&self, client: &str, audience: &str) -> String {
        self.token_at(&self.other, client, audience).await
    }

    async fn token_at(&self, issuer: &str, client: &str, audience: &str) -> String {
        let resource = format!("https://tacit.example/{audience}");
        let form = [("grant_type", "client_credentials"), ("resource", resource.as_str()), ("scope", "use")];
        let secret: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let request =
            self.client.post(format!("{issuer}/token")).basic_auth(client, Some(secret)).form(&form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(super) async fn key_set(&self) -> Value {
        self.client.get(format!("{}/jwks", self.issuer)).send().await.unwrap().json().await.unwrap()
    }

    /// Signs with another key from now on.
    pub(super) async fn rotate(&mut self) {
        self.commands.write_all(b"rotate\n").await.unwrap();
        assert_eq!(answer(&mut self.answers).await["done"], "rotate");
    }
}

async fn answer(lines: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = tokio::time::timeout(2 * PATIENCE, lines.next_line()).await.expect("the provider is silent");
    serde_json::from_str(&line.unwrap().expect("the provider has ended")).unwrap()
}

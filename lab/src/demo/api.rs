//! What an integrator would do: poll verdicts over REST with a cursor.

use anyhow::{Context, Result};
use reqwest::{Certificate, Client};
use serde::Deserialize;
use uuid::Uuid;

use super::server::Server;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Verdict {
    pub(super) session_id: Uuid,
    pub(super) verdict: String,
    pub(super) trust: Option<f64>,
    pub(super) reason: String,
    pub(super) evidence: Vec<Evidence>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Evidence {
    pub(super) llr: f64,
    pub(super) words: String,
}

#[derive(Deserialize)]
struct Page {
    verdicts: Vec<Verdict>,
    next: String,
}

pub(super) struct Api {
    client: Client,
    verdicts: String,
    key: String,
    after: String,
}

impl Api {
    pub(super) fn connect(server: &Server) -> Result<Self> {
        let ca = Certificate::from_pem(server.ca_pem.as_bytes())?;
        let client = Client::builder().tls_certs_only([ca]).build()?;
        let verdicts = format!("{}/v1/verdicts", server.http);
        Ok(Self { client, verdicts, key: server.api_key.clone(), after: String::new() })
    }

    /// Every verdict since the last call, oldest first.
    pub(super) async fn new_verdicts(&mut self) -> Result<Vec<Verdict>> {
        let mut all = Vec::new();
        loop {
            let request = self.client.get(&self.verdicts).bearer_auth(&self.key);
            let request = request.query(&[("after", self.after.as_str()), ("limit", "200")]);
            let response =
                request.send().await?.error_for_status().context("the server refused to list verdicts")?;
            let page: Page = response.json().await?;
            self.after = page.next;
            if page.verdicts.is_empty() {
                return Ok(all);
            }
            all.extend(page.verdicts);
        }
    }
}

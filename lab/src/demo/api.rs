//! What an integrator would do: poll verdicts over REST with a cursor.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{Certificate, Client};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use super::server::Server;

const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Verdict {
    pub(super) session_id: Uuid,
    pub(super) subject_id: Uuid,
    /// By the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    pub(super) verdict: String,
    pub(super) trust: Option<f64>,
    /// Of `different_person`: `takeover` or `credential`.
    pub(super) cause: Option<String>,
    pub(super) reason: String,
    pub(super) evidence: Vec<Evidence>,
}

impl Verdict {
    pub(super) fn accuses(&self) -> bool {
        matches!(self.verdict.as_str(), "different_person" | "automation")
    }
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

#[derive(Deserialize)]
struct Subjects {
    subjects: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    id: Uuid,
    pseudonym: String,
}

pub(super) struct Api {
    client: Client,
    base: String,
    key: String,
    after: String,
}

impl Api {
    pub(super) fn connect(server: &Server) -> Result<Self> {
        let ca = Certificate::from_pem(server.ca_pem.as_bytes())?;
        let client = Client::builder().tls_certs_only([ca]).timeout(PATIENCE).build()?;
        let base = format!("{}/v1", server.http);
        Ok(Self { client, base, key: server.api_key.clone(), after: String::new() })
    }

    /// Every verdict since the last call, oldest first.
    pub(super) async fn new_verdicts(&mut self) -> Result<Vec<Verdict>> {
        let mut all = Vec::new();
        loop {
            let page: Page =
                self.get("verdicts", &[("after", self.after.as_str()), ("limit", "200")]).await?;
            self.after = page.next;
            if page.verdicts.is_empty() {
                return Ok(all);
            }
            all.extend(page.verdicts);
        }
    }

    /// Subjects with their pseudonyms.
    pub(super) async fn pseudonyms(&self) -> Result<HashMap<Uuid, String>> {
        let all: Subjects = self.get("subjects", &[("limit", "200")]).await?;
        Ok(all.subjects.into_iter().map(|s| (s.id, s.pseudonym)).collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let request = self.client.get(format!("{}/{path}", self.base)).bearer_auth(&self.key).query(query);
        let response = request.send().await.and_then(reqwest::Response::error_for_status);
        let answer = response.with_context(|| format!("the server did not list its {path}"))?;
        answer.json().await.with_context(|| format!("cannot read the list of {path}"))
    }
}

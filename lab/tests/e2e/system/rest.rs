//! What an integrator sees.

use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::eventually;

pub(crate) struct Rest {
    client: Client,
    runtime: Runtime,
    base: String,
    key: String,
}

/// One session's timeline.
pub(crate) struct Timeline(Vec<Value>);

impl Rest {
    pub(crate) fn new(base: &str, ca_pem: &[u8], key: &str) -> Self {
        let ca = Certificate::from_pem(ca_pem).unwrap();
        // Between calls nobody would see that the server closed an idle connection.
        let client = Client::builder().tls_certs_only([ca]).pool_max_idle_per_host(0).build().unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { client, runtime, base: base.to_owned(), key: key.to_owned() }
    }

    /// Status and body, with another key or none.
    pub(crate) fn answer(&self, path: &str, key: Option<&str>) -> Option<(u16, Value)> {
        let request = self.client.get(format!("{}{path}", self.base));
        let request = if let Some(key) = key { request.bearer_auth(key) } else { request };
        self.runtime.block_on(async {
            let response = request.send().await.ok()?;
            Some((response.status().as_u16(), response.json().await.ok()?))
        })
    }

    /// A good answer; `None` while the server is away.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.answer(path, Some(&self.key))?;
        assert_eq!(status, 200, "{path}: {body}");
        Some(body)
    }

    /// Puts a body that is taken.
    pub(crate) fn put(&self, path: &str, body: &Value) {
        let request = self.client.put(format!("{}{path}", self.base)).bearer_auth(&self.key).json(body);
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let status = response.status();
            assert!(status.is_success(), "{path}: {status} {}", response.text().await.unwrap());
        });
    }

    /// What was made of a session's verdicts, the newest first.
    pub(crate) fn directives(&self, session: &str) -> Option<Vec<Value>> {
        let page = self.get(&format!("/v1/sessions/{session}/directives"))?;
        Some(page["directives"].as_array().unwrap().clone())
    }

    /// From now on, verdicts lock the desk.
    pub(crate) fn lock_at_a_verdict(&self) {
        let body = json!({ "follows": 0, "reason": "locks at this desk", "policy": { "mode": "lock" } });
        self.put("/v1/policies/default", &body);
    }

    /// Waits until a directive of the session is answered: it was this response, and it was carried out.
    pub(crate) fn answered(&self, session: &str, response: &str) {
        let directive = eventually("the directive is answered", || {
            self.directives(session)?.into_iter().find(|d| !d["outcome"].is_null())
        });
        assert_eq!(
            (&directive["response"], &directive["outcome"]),
            (&json!(response), &json!("done")),
            "{directive}"
        );
    }

    /// Ids of all sessions, the newest first.
    pub(crate) fn sessions(&self) -> Option<Vec<String>> {
        let page = self.get("/v1/sessions?limit=1000")?;
        let ids = page["sessions"].as_array().unwrap().iter();
        Some(ids.map(|s| s["id"].as_str().unwrap().to_owned()).collect())
    }

    pub(crate) fn session(&self, id: &str) -> Option<Value> {
        self.get(&format!("/v1/sessions/{id}"))
    }

    pub(crate) fn timeline(&self, id: &str) -> Option<Timeline> {
        let page = self.get(&format!("/v1/sessions/{id}/timeline?limit=1000"))?;
        assert!(page["next"].is_null(), "the timeline is longer than a page");
        Some(Timeline(page["entries"].as_array().unwrap().clone()))
    }
}

impl Timeline {
    fn of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |e| e["kind"] == kind)
    }

    /// Keystrokes or strokes of each window of a modality, in order.
    pub(crate) fn inputs(&self, modality: &str) -> Vec<i64> {
        self.of("window")
            .filter(|w| w["modality"] == modality)
            .map(|w| w["inputs"].as_i64().unwrap())
            .collect()
    }

    /// Names of the events, in order.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.of("event").map(|e| e["event"].as_str().unwrap()).collect()
    }

    /// Sequences of the records, windows and events.
    pub(crate) fn sequences(&self) -> Vec<i64> {
        let records = self.0.iter().filter(|e| e["kind"] != "verdict");
        records.map(|e| e["sequence"].as_i64().unwrap()).collect()
    }

    /// Verdicts, in order, one a window.
    pub(crate) fn verdicts(&self) -> Vec<&str> {
        self.of("verdict").map(|v| v["verdict"].as_str().unwrap()).collect()
    }

    /// The first verdict of a name, with its reason and evidence.
    pub(crate) fn first_verdict(&self, name: &str) -> Option<&Value> {
        self.of("verdict").find(|v| v["verdict"] == name)
    }

    /// The latest verdict with its reason and evidence.
    pub(crate) fn last_verdict(&self) -> Option<&Value> {
        self.of("verdict").last()
    }
}

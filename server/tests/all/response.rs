//! From a verdict to what is done about it: policy, the rules that protect the person, directives and their outcomes.

mod agent;
mod delivery;
mod evidence;
mod rules;

use std::collections::BTreeSet;
use std::ops::Range;

use axum::http::Method;
use serde_json::{Value, json};
use tacit_proto::v1;
use tacit_proto::v1::server_message::Message as Down;
use tacit_server::domain::Role;
use uuid::Uuid;

use crate::common::device::{Device, Stream};
use crate::common::server::{START, Server};
use crate::common::windows::{opened, session_id, stranger, whole};
use crate::http::Api;

/// A workstation under a policy.
pub(crate) struct Desk {
    pub(crate) api: Api,
    pub(crate) device: Device,
    pub(crate) stream: Stream,
    /// Directives that have come, by id.
    seen: BTreeSet<Vec<u8>>,
}

impl Desk {
    /// In a mode, with a subject whose profile is mature.
    pub(crate) async fn mature(mode: &str) -> Self {
        let mut desk = Self::new(&json!({ "mode": mode })).await;
        for _ in 0..4 {
            let session = session_id();
            for record in whole(session, START, "user-1", 12) {
                desk.stream.send(&record).await;
            }
            desk.stream.acked(session, 14).await.unwrap();
        }
        desk
    }

    /// Under a policy, with subjects that nothing is known of.
    pub(crate) async fn new(policy: &Value) -> Self {
        let server = Server::start().await;
        let device = server.device().await;
        let stream = device.stream(START).await.unwrap();
        let desk = Self { api: Api::of(server), device, stream, seen: BTreeSet::new() };
        desk.policy(0, policy).await;
        desk
    }

    /// Puts the next version of the policy in force.
    pub(crate) async fn policy(&self, follows: i32, policy: &Value) {
        let key = self.api.key(Role::Admin).await;
        let body = json!({ "follows": follows, "policy": policy, "reason": "as the test wants it" });
        let answer = self.api.give(Method::PUT, "/v1/policies/default", &key, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Opens a session of the subject.
    pub(crate) async fn open(&mut self) -> Uuid {
        let session = session_id();
        self.stream.send(&opened(session, START, "user-1")).await;
        self.stream.acked(session, 1).await.unwrap();
        session
    }

    /// Lets someone else work, and waits until that is judged. Returns what was directed meanwhile.
    pub(crate) async fn strangers(&mut self, session: Uuid, sequences: Range<u64>) -> Vec<v1::Directive> {
        let through = sequences.end - 1;
        let now = self.api.server.app.ambient.now();
        for sequence in sequences {
            self.stream.send(&stranger(session, sequence, now)).await;
        }
        self.directed(session, through).await
    }

    /// What is newly directed until the session is acknowledged so far and all that was sent to it has come.
    pub(crate) async fn directed(&mut self, session: Uuid, through: u64) -> Vec<v1::Directive> {
        let mut directives = Vec::new();
        loop {
            let acked = self.stream.acked.get(&session).copied().unwrap_or(0) >= through;
            if acked && self.sent_to(session).await.iter().all(|id| self.seen.contains(id.as_slice())) {
                return directives;
            }
            if let Down::Directive(directive) = self.stream.next().await.unwrap() {
                assert_eq!(directive.session_id, session.as_bytes());
                if self.seen.insert(directive.directive_id.clone()) {
                    directives.push(directive);
                }
            }
        }
    }

    async fn sent_to(&self, session: Uuid) -> Vec<[u8; 16]> {
        let sent = sqlx::query_scalar(
            "select id from directive where session_id = $1 and withheld is null and acknowledged_at is null",
        );
        let ids: Vec<Uuid> = sent.bind(session).fetch_all(self.api.server.app.store.pool()).await.unwrap();
        ids.into_iter().map(Uuid::into_bytes).collect()
    }

    /// Answers a directive.
    pub(crate) async fn answer(&self, directive: &v1::Directive, outcome: v1::Outcome) {
        let told = v1::DirectiveOutcome {
            directive_id: directive.directive_id.clone(),
            outcome: outcome.into(),
            at_ms: 1_772_442_001_000,
            detail: String::new(),
        };
        let message = Some(v1::agent_message::Message::DirectiveOutcome(told));
        self.stream.up.send(v1::AgentMessage { message }).await.unwrap();
    }

    /// What policy made of a session's verdicts, newest first.
    pub(crate) async fn directives(&self, session: Uuid) -> Vec<Value> {
        let key = self.api.key(Role::Analyst).await;
        let answer = self.api.ok(&format!("/v1/sessions/{session}/directives"), &key).await;
        answer["directives"].as_array().unwrap().clone()
    }

    /// Responses and the rules that withheld them, newest first.
    pub(crate) async fn made(&self, session: Uuid) -> Vec<(String, Option<String>)> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let made = |d: &Value| (text(&d["response"]).unwrap(), text(&d["withheld"]));
        self.directives(session).await.iter().map(made).collect()
    }
}

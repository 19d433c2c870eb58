//! A running agent, a server that takes all it sends and says what a test wants, and a desktop of programs that write down
//! what they are called with.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tacit_agent::config::ResponseConfig;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::directive::Response;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_server::Telemetry;
use tacit_proto::v1::{
    Ack, AgentMessage, Configuration, Directive, DirectiveOutcome, Outcome, Record, ServerMessage,
};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};

use crate::agent::Agent;
use crate::server::{PATIENCE, message, serve};

/// Takes every record, hands on what comes up, and sends down what it is given.
#[derive(Clone)]
struct Director {
    up: mpsc::UnboundedSender<Up>,
    down: broadcast::Sender<Down>,
    /// What each stream begins with.
    first: watch::Receiver<Option<Down>>,
}

#[tonic::async_trait]
impl Telemetry for Director {
    type StreamStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<tonic::Response<Self::StreamStream>, Status> {
        let mut messages = request.into_inner();
        let (down, sent) = mpsc::channel(64);
        let (up, mut says) = (self.up.clone(), self.down.subscribe());
        let first = self.first.borrow().clone();
        tokio::spawn(async move {
            if let Some(first) = first {
                let _ = down.send(Ok(message(first))).await;
            }
            loop {
                tokio::select! {
                    taken = messages.message() => {
                        let Ok(Some(AgentMessage { message: Some(taken) })) = taken else { return };
                        if let Up::Record(Record { session_id, sequence, .. }) = &taken {
                            let ack = Ack { session_id: session_id.clone(), through: *sequence };
                            let _ = down.send(Ok(message(Down::Ack(ack)))).await;
                        }
                        let _ = up.send(taken);
                    }
                    Ok(said) = says.recv() => {
                        let _ = down.send(Ok(message(said))).await;
                    }
                }
            }
        });
        Ok(tonic::Response::new(ReceiverStream::new(sent)))
    }
}

/// The address of a server that takes every record and hands on what comes up.
pub(crate) async fn taking_all(up: mpsc::UnboundedSender<Up>) -> SocketAddr {
    let (down, _) = broadcast::channel(16);
    let (_, first) = watch::channel(Some(Down::Configuration(Configuration::default())));
    serve(Director { up, down, first }).await
}

/// A folder with a `notify-send` and a `loginctl` that write down what they are called with.
pub(crate) struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    pub(crate) fn new() -> Self {
        let programs = Self { folder: tempfile::tempdir().unwrap() };
        programs.put("notify-send", "");
        // Locked from the call on, and unlocked when the test says so.
        programs.put(
            "loginctl",
            "case $1 in lock-session) : >\"$here/locked\" ;; \
             show-session) if [ -e \"$here/locked\" ]; then echo yes; else echo no; fi ;; esac",
        );
        programs
    }

    /// Where they are found.
    pub(crate) fn response(&self) -> ResponseConfig {
        ResponseConfig { path: vec![self.folder.path().to_owned()], session: Some("c7".to_owned()) }
    }

    pub(crate) fn put(&self, name: &str, does: &str) {
        let path = self.path(name);
        let script = format!(
            "#!/bin/sh\nhere=$(dirname \"$0\")\n\
             [ \"$1\" = show-session ] || printf '%s|' {name} \"$@\" >>\"$here/calls\"\n{does}\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn calls(&self) -> String {
        std::fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// By the person, or by a timer.
    pub(crate) fn lock(&self) {
        std::fs::write(self.path("locked"), "").unwrap();
    }

    pub(crate) fn unlock(&self) {
        std::fs::remove_file(self.path("locked")).unwrap();
    }
}

pub(crate) struct Desk {
    pub(crate) programs: Programs,
    up: mpsc::UnboundedReceiver<Up>,
    came: Vec<Up>,
    down: broadcast::Sender<Down>,
    first: watch::Sender<Option<Down>>,
    pub(crate) session: Vec<u8>,
    pub(crate) state: tempfile::TempDir,
    pub(crate) agent: Agent,
}

impl Desk {
    /// With a session in progress.
    pub(crate) async fn new() -> Self {
        let mut desk = Self::noticing(tempfile::tempdir().unwrap(), "").await;
        desk.session = desk.record(|body| matches!(body, Body::Opened(_))).await.session_id;
        desk
    }

    /// With a notice for the first run.
    pub(crate) async fn noticing(state: tempfile::TempDir, notice: &str) -> Self {
        let programs = Programs::new();
        let (up, taken) = mpsc::unbounded_channel();
        let (down, _) = broadcast::channel(16);
        let (first, begins) = watch::channel(None);
        let address = serve(Director { up, down: down.clone(), first: begins }).await;
        let agent = Agent::noticing(state.path(), address, programs.response(), notice);
        Self { programs, up: taken, came: Vec::new(), down, first, session: Vec::new(), state, agent }
    }

    /// Each stream begins with this from now on.
    pub(crate) fn begins_with(&self, message: Down) {
        self.first.send_replace(Some(message));
    }

    pub(crate) fn says(&self, message: Down) {
        self.down.send(message).unwrap();
    }

    pub(crate) fn directive(&self, id: u8, response: Response) -> Directive {
        Directive {
            session_id: self.session.clone(),
            response: Some(response),
            directive_id: vec![id; 16],
            expires_at_ms: 0,
        }
    }

    /// The first of what came up, or will, that is wanted. The rest stays for later: records and outcomes overtake each other.
    pub(crate) async fn awaited<T>(&mut self, wanted: impl Fn(&Up) -> Option<T>) -> T {
        let find = async {
            loop {
                if let Some((at, found)) =
                    self.came.iter().enumerate().find_map(|(at, up)| Some((at, wanted(up)?)))
                {
                    self.came.remove(at);
                    return found;
                }
                self.came.push(self.up.recv().await.unwrap());
            }
        };
        timeout(PATIENCE, find).await.unwrap()
    }

    /// Whether something has come already.
    pub(crate) fn came_yet(&mut self, wanted: impl Fn(&Up) -> bool) -> bool {
        while let Ok(up) = self.up.try_recv() {
            self.came.push(up);
        }
        self.came.iter().any(wanted)
    }

    /// Forgets what has come.
    pub(crate) fn forget(&mut self) {
        self.came_yet(|_| false);
        self.came.clear();
    }

    pub(crate) async fn outcome(&mut self) -> (Outcome, DirectiveOutcome) {
        let told = self.awaited(|up| match up {
            Up::DirectiveOutcome(outcome) => Some(outcome.clone()),
            _ => None,
        });
        let outcome = told.await;
        (outcome.outcome.try_into().unwrap(), outcome)
    }

    pub(crate) async fn record(&mut self, wanted: fn(&Body) -> bool) -> Record {
        self.awaited(|up| match up {
            Up::Record(record) if record.body.as_ref().is_some_and(wanted) => Some(record.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn directs(&mut self, directive: &Directive) -> (Outcome, DirectiveOutcome) {
        self.says(Down::Directive(directive.clone()));
        self.outcome().await
    }
}

//! Directives to a running agent, carried out by programs in a folder that its settings name, and what it answers.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tacit_agent::config::ResponseConfig;
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::directive::Response;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::telemetry_server::Telemetry;
use tacit_proto::v1::{
    Ack, AgentMessage, Directive, DirectiveOutcome, Lock, Notify, Outcome, Record, ServerMessage, StepUp,
};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};

use crate::agent::Agent;
use crate::server::{PATIENCE, message, serve};

/// Takes every record, hands on what comes up, and sends down what it is given.
#[derive(Clone)]
struct Director {
    up: mpsc::UnboundedSender<Up>,
    down: broadcast::Sender<Directive>,
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
        let (up, mut directives) = (self.up.clone(), self.down.subscribe());
        tokio::spawn(async move {
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
                    Ok(directive) = directives.recv() => {
                        let _ = down.send(Ok(message(Down::Directive(directive)))).await;
                    }
                }
            }
        });
        Ok(tonic::Response::new(ReceiverStream::new(sent)))
    }
}

/// A folder with a `notify-send` and a `loginctl` that write down what they are called with.
struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    fn new() -> Self {
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

    fn put(&self, name: &str, does: &str) {
        let path = self.path(name);
        let script = format!(
            "#!/bin/sh\nhere=$(dirname \"$0\")\n\
             [ \"$1\" = show-session ] || printf '%s|' {name} \"$@\" >>\"$here/calls\"\n{does}\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn calls(&self) -> String {
        std::fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// By the person, or by a timer.
    fn lock(&self) {
        std::fs::write(self.path("locked"), "").unwrap();
    }

    fn unlock(&self) {
        std::fs::remove_file(self.path("locked")).unwrap();
    }
}

struct Desk {
    programs: Programs,
    up: mpsc::UnboundedReceiver<Up>,
    came: Vec<Up>,
    down: broadcast::Sender<Directive>,
    session: Vec<u8>,
    _state: tempfile::TempDir,
    _agent: Agent,
}

impl Desk {
    async fn new() -> Self {
        let programs = Programs::new();
        let (up, taken) = mpsc::unbounded_channel();
        let (down, _) = broadcast::channel(16);
        let address = serve(Director { up, down: down.clone() }).await;
        let state = tempfile::tempdir().unwrap();
        let path = vec![programs.folder.path().to_owned()];
        let response = ResponseConfig { path, session: Some("c7".to_owned()) };
        let agent = Agent::start(state.path(), address, response);
        let mut desk = Self {
            programs,
            up: taken,
            came: Vec::new(),
            down,
            session: Vec::new(),
            _state: state,
            _agent: agent,
        };
        desk.session = desk.record(|body| matches!(body, Body::Opened(_))).await.session_id;
        desk
    }

    fn directive(&self, id: u8, response: Response) -> Directive {
        Directive {
            session_id: self.session.clone(),
            response: Some(response),
            directive_id: vec![id; 16],
            expires_at_ms: 0,
        }
    }

    /// The first of what came up, or will, that is wanted. The rest stays for later: records and outcomes overtake each other.
    async fn awaited<T>(&mut self, wanted: impl Fn(&Up) -> Option<T>) -> T {
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

    async fn outcome(&mut self) -> (Outcome, DirectiveOutcome) {
        let told = self.awaited(|up| match up {
            Up::DirectiveOutcome(outcome) => Some(outcome.clone()),
            _ => None,
        });
        let outcome = told.await;
        (outcome.outcome.try_into().unwrap(), outcome)
    }

    async fn record(&mut self, wanted: fn(&Body) -> bool) -> Record {
        self.awaited(|up| match up {
            Up::Record(record) if record.body.as_ref().is_some_and(wanted) => Some(record.clone()),
            _ => None,
        })
        .await
    }

    async fn directs(&mut self, directive: &Directive) -> (Outcome, DirectiveOutcome) {
        self.down.send(directive.clone()).unwrap();
        self.outcome().await
    }
}

#[tokio::test]
async fn a_lock_is_announced_carried_out_answered_and_watched_until_the_unlock() {
    let mut desk = Desk::new().await;
    let lock = desk.directive(1, Response::Lock(Lock { text: "locked; $(touch x)".into() }));
    let (outcome, first) = desk.directs(&lock).await;
    assert_eq!((outcome, first.detail.as_str()), (Outcome::Done, ""));
    assert!(first.at_ms > 0);
    let calls = "notify-send|--app-name=Tacit|--|Tacit|locked; $(touch x)|loginctl|lock-session|c7|";
    assert_eq!(desk.programs.calls(), calls);
    desk.record(|body| matches!(body, Body::Locked(_))).await;
    desk.programs.unlock();
    let unlocked = desk.record(|body| matches!(body, Body::Unlocked(_))).await;
    assert_eq!(unlocked.session_id, desk.session);

    // Asked again, it answers again, and locks nobody again.
    let (_, again) = desk.directs(&lock).await;
    assert_eq!(again, first);
    assert_eq!(desk.programs.calls(), calls);
}

#[tokio::test]
async fn a_lock_that_the_person_makes_is_told_and_so_is_the_unlock() {
    let mut desk = Desk::new().await;
    for _ in 0..2 {
        desk.programs.lock();
        let locked = desk.record(|body| matches!(body, Body::Locked(_))).await;
        desk.programs.unlock();
        let unlocked = desk.record(|body| matches!(body, Body::Unlocked(_))).await;
        assert!(locked.sequence < unlocked.sequence && locked.at_ms <= unlocked.at_ms);
    }
    assert_eq!(desk.programs.calls(), "", "the desktop is asked, and told nothing");
}

#[tokio::test]
async fn a_step_up_asks_the_system_who_is_there_and_a_notice_locks_nobody() {
    let mut desk = Desk::new().await;
    let notice = desk.directive(1, Response::Notify(Notify { text: "--hint=x".into() }));
    assert_eq!(desk.directs(&notice).await.0, Outcome::Done);
    assert_eq!(desk.programs.calls(), "notify-send|--app-name=Tacit|--|Tacit|--hint=x|");
    let step_up = desk.directive(2, Response::StepUp(StepUp { text: String::new() }));
    assert_eq!(desk.directs(&step_up).await.0, Outcome::Done);
    assert!(desk.programs.calls().ends_with("confirm that it is you.|loginctl|lock-session|c7|"));
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let mut desk = Desk::new().await;
    let other = Directive { session_id: vec![9; 16], ..desk.directive(1, Response::Lock(Lock::default())) };
    assert_eq!(desk.directs(&other).await.0, Outcome::SessionOver);
    let later = Directive { response: None, ..desk.directive(2, Response::Lock(Lock::default())) };
    let (outcome, told) = desk.directs(&later).await;
    assert_eq!(outcome, Outcome::NotSupported);
    assert!(told.detail.contains("no such response"), "{told:?}");
    assert_eq!(desk.programs.calls(), "");

    desk.programs.put("loginctl", "exit 3");
    let lock = desk.directive(3, Response::Lock(Lock::default()));
    let (outcome, told) = desk.directs(&lock).await;
    assert_eq!((outcome, told.detail.as_str()), (Outcome::Failed, "loginctl ended with exit status: 3"));
    // Locked, for all that is known: some desktops do not say.
    desk.programs.put("loginctl", "[ \"$1\" = lock-session ]");
    let lock = desk.directive(4, Response::Lock(Lock::default()));
    let (outcome, told) = desk.directs(&lock).await;
    assert_eq!(outcome, Outcome::Done);
    assert!(told.detail.contains("does not say"), "{told:?}");
    std::fs::remove_file(desk.programs.path("loginctl")).unwrap();
    let (outcome, told) = desk.directs(&desk.directive(5, Response::Lock(Lock::default()))).await;
    assert_eq!((outcome, told.detail.as_str()), (Outcome::NotSupported, "loginctl is not installed"));
    // An older server asks without an id, and for no answer.
    let notice = Directive {
        directive_id: Vec::new(),
        ..desk.directive(0, Response::Notify(Notify { text: "old".into() }))
    };
    desk.down.send(notice).unwrap();
    let last = desk.directive(6, Response::Notify(Notify { text: "new".into() }));
    assert_eq!(desk.directs(&last).await.1.directive_id, [6; 16]);
}

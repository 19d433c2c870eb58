//! A log-on on a second workstation: by another person, who ends in `different_person` for stolen credentials, and by the
//! subject, who ends in no such verdict and whose sessions there are held back until someone vouches.

use serde_json::Value;

use crate::desk::XServer;
use crate::desk::hands::deeds;
use crate::desk::people::{People, Worker};
use crate::system::{Agent, Rest, Server};
use crate::{alone, eventually};

/// Keystrokes that fill a window, and begin the next.
const WINDOW: usize = 50;
const ACCOUNT: &str = "e2e-credentials";

/// The second workstation, enrolled, and what the subject's profile came to on the first.
struct Scene {
    people: People,
    // Dropped first to last: the desk outlives what watches it.
    agent: Agent,
    desk: XServer,
    rest: Rest,
    known: Vec<String>,
    subject: String,
    _server: Server,
}

impl Scene {
    fn begin() -> Self {
        let server = Server::start();
        let rest = server.rest();
        let people = People::draw();
        let first = Agent::enrolled(&server);
        first.replay_sessions(&people, 1..=5, ACCOUNT);
        rest.lock_at_a_verdict();
        let known = rest.sessions().unwrap();
        let subject = rest.session(&known[0]).unwrap()["subject_id"].as_str().unwrap().to_owned();
        let (agent, desk) = (Agent::enrolled(&server), XServer::start());
        Self { people, agent, desk, rest, known, subject, _server: server }
    }

    /// Someone logs on as the subject.
    fn log_on(&mut self) -> String {
        self.agent.start(&self.desk.display, ACCOUNT);
        let known = &self.known;
        let session = eventually("a new session", || {
            self.rest.sessions()?.into_iter().find(|session| !known.contains(session))
        });
        self.agent.wait_until_it_watches();
        assert_eq!(self.rest.session(&session).unwrap()["subject_id"], self.subject);
        session
    }

    /// Types a window, and waits until it is judged.
    fn types(&mut self, worker: &mut Worker, session: &str, window: usize) -> Value {
        self.desk.play(&deeds(&worker.types(WINDOW)));
        eventually("a window is judged", || {
            let timeline = self.rest.timeline(session)?;
            (timeline.inputs("keyboard").len() >= window).then(|| timeline.last_verdict().cloned())?
        })
    }

    fn version(&self) -> Value {
        self.rest.get(&format!("/v1/subjects/{}/profile", self.subject)).unwrap()["version"].clone()
    }

    /// Logs off, and waits until the session is closed.
    fn log_off(&mut self, session: &str) -> Value {
        self.agent.stop();
        eventually("the session is closed", || {
            self.rest.session(session).filter(|session| !session["closed_at"].is_null())
        })
    }
}

fn tells_of_the_device(verdict: &Value) -> bool {
    let evidence = verdict["evidence"].as_array().unwrap();
    evidence.iter().any(|e| e["words"] == "where: a device new to the subject")
}

#[test]
fn another_person_who_logs_on_elsewhere_has_stolen_credentials() {
    let _alone = alone();
    let mut scene = Scene::begin();
    let before = scene.version();
    let session = scene.log_on();
    let mut other = scene.people.other(200);
    let mut windows = 0;
    let verdict = loop {
        assert!(windows < 10, "never caught: {:?}", scene.rest.timeline(&session).unwrap().verdicts());
        windows += 1;
        let verdict = scene.types(&mut other, &session, windows);
        if verdict["verdict"] == "different_person" {
            break verdict;
        }
    };
    assert_eq!(verdict["cause"], "credential", "{verdict}");
    let reason = verdict["reason"].as_str().unwrap();
    assert!(reason.contains("someone else") && reason.contains("never was like the subject"), "{verdict}");
    assert!(tells_of_the_device(&verdict), "{verdict}");
    eprintln!("caught {windows} windows after the log-on: {verdict}");
    scene.rest.answered(&session, "lock");
    let asked = scene.agent.asked_of_the_desktop();
    assert_eq!(asked.matches("loginctl lock-session c7").count(), 1, "{asked}");
    assert_eq!(scene.log_off(&session)["held_back"], false);
    assert_eq!(scene.version(), before, "a stranger teaches nothing, not even later");
}

#[test]
fn the_subject_who_logs_on_elsewhere_is_no_stranger_and_is_held_back() {
    let _alone = alone();
    let mut scene = Scene::begin();
    let before = scene.version();
    let session = scene.log_on();
    let mut worker = scene.people.subject(100);
    for window in 1..=5 {
        let verdict = scene.types(&mut worker, &session, window);
        assert_ne!(verdict["verdict"], "different_person", "{verdict}");
        assert!(verdict["cause"].is_null(), "{verdict}");
    }
    assert!(scene.rest.directives(&session).unwrap().is_empty());
    assert_eq!(scene.log_off(&session)["held_back"], true);
    assert_eq!(scene.version(), before);
}

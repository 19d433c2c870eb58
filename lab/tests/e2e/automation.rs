//! Machines at a real desk, from the X server to the verdict; and a person in the same place, who ends in none.

use std::time::Duration;

use serde_json::Value;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::desk::XServer;
use crate::desk::hands::{Act, Deed, deeds};
use crate::desk::people::{People, one_after_another};
use crate::system::{Agent, Rest, Server};
use crate::{alone, eventually};

const ACCOUNT: &str = "e2e-automation";
/// Letters and spaces by their evdev codes.
const PAYLOAD: [u16; 12] = [30, 37, 18, 57, 24, 49, 33, 20, 57, 36, 31, 23];

struct Scene {
    // Dropped first to last: the desk outlives what watches it.
    agent: Agent,
    desk: XServer,
    rest: Rest,
    session: String,
    _server: Server,
}

impl Scene {
    /// At the desk of a subject with a mature profile, where policy locks.
    fn of_a_subject(people: &People) -> Self {
        let server = Server::start();
        let rest = server.rest();
        let mut agent = Agent::enrolled(&server);
        agent.replay_sessions(people, 1..=3, ACCOUNT);
        rest.lock_at_a_verdict();
        let known = rest.sessions().unwrap();
        let desk = XServer::start();
        agent.start(&desk.display, ACCOUNT);
        let session = eventually("a session", || rest.sessions()?.into_iter().find(|s| !known.contains(s)));
        agent.wait_until_it_watches();
        Self { agent, desk, rest, session, _server: server }
    }

    /// The first verdict `automation`, once there is one.
    fn automation(&self) -> Value {
        eventually("the verdict is automation", || {
            self.rest.timeline(&self.session)?.first_verdict("automation").cloned()
        })
    }

    fn is_locked_once(&self) {
        self.rest.answered(&self.session, "lock");
        let asked = self.agent.asked_of_the_desktop();
        assert_eq!(asked.matches("loginctl lock-session c7").count(), 1, "{asked}");
    }
}

/// Has a program type through XTEST.
fn inject(desk: &XServer, keys: usize, apart: Duration) {
    let (program, screen) = x11rb::connect(Some(&desk.display)).unwrap();
    let root = program.setup().roots[screen].root;
    for code in PAYLOAD.into_iter().cycle().take(keys) {
        // The X server counts key codes from 8.
        let code = u8::try_from(code + 8).unwrap();
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            program.xtest_fake_input(kind, code, 0, root, 0, 0, 0).unwrap();
        }
        program.flush().unwrap();
        std::thread::sleep(apart);
    }
    program.get_input_focus().unwrap().reply().unwrap();
}

fn says(verdict: &Value, words: &str) -> bool {
    verdict["evidence"].as_array().unwrap().iter().any(|e| e["words"].as_str().unwrap().contains(words))
}

#[test]
fn a_keyboard_that_types_a_payload_with_jitter_is_a_machine() {
    let _alone = alone();
    let mut scene = Scene::of_a_subject(&People::draw());
    let mut at_us = 0;
    // Long: on a busy machine the X server itself may be late, and then it is unevenly late.
    let mut payload = Vec::new();
    for (number, code) in (0u64..250).zip(PAYLOAD.into_iter().cycle()) {
        at_us += 45_000 + 1_000 * (number * number * 7 % 83);
        payload.push(Deed { at_us, act: Act::Key { code, press: true } });
        payload.push(Deed { at_us: at_us + 20_000, act: Act::Key { code, press: false } });
    }
    scene.desk.add_keyboard();
    scene.desk.play(&payload);
    let verdict = scene.automation();
    let reason = verdict["reason"].as_str().unwrap();
    assert!(
        reason.contains("newly plugged-in") && reason.contains("timed as nobody times them"),
        "{verdict}"
    );
    assert!(says(&verdict, "held equally long"), "{verdict}");
    assert!(says(&verdict, "plugged in moments before"), "{verdict}");
    let events = scene.rest.timeline(&scene.session).unwrap().events().join(" ");
    assert!(events.contains("keyboard_added"), "{events}");
    assert!(verdict["trust"].is_null(), "{verdict}");
    scene.is_locked_once();
    scene.agent.stop();
}

#[test]
fn a_program_that_types_through_xtest_is_a_machine() {
    let _alone = alone();
    let mut scene = Scene::of_a_subject(&People::draw());
    inject(&scene.desk, 40, Duration::ZERO);
    let verdict = scene.automation();
    assert!(verdict["reason"].as_str().unwrap().starts_with("a program typed"), "{verdict}");
    assert!(says(&verdict, "a program made the input"), "{verdict}");
    let timeline = scene.rest.timeline(&scene.session).unwrap();
    assert_eq!(timeline.inputs("keyboard"), [0i64; 0], "what a program types is no window");
    scene.is_locked_once();
    scene.agent.stop();
}

#[test]
fn a_person_at_the_same_desk_is_no_machine_nor_is_what_types_their_password() {
    let _alone = alone();
    let people = People::draw();
    let mut scene = Scene::of_a_subject(&people);
    let mut worker = people.subject(100);
    scene.desk.add_keyboard();
    // As many keys as may come in any rhythm: on a busy machine they are unevenly late.
    inject(&scene.desk, 12, Duration::from_millis(30));
    scene.desk.play(&deeds(&one_after_another([worker.types(120), worker.points(25)])));
    eventually("windows are judged", || {
        (scene.rest.timeline(&scene.session)?.verdicts().len() >= 3).then_some(())
    });
    scene.agent.stop();
    let timeline = eventually("the session is closed", || {
        scene.rest.timeline(&scene.session).filter(|t| t.events().last() == Some(&"closed"))
    });
    assert!(timeline.verdicts().iter().all(|v| *v == "genuine"), "{:?}", timeline.verdicts());
    assert!(scene.rest.directives(&scene.session).unwrap().is_empty());
    let mut events = timeline.events();
    // That a program typed is told besides, in as many records as it takes.
    events.retain(|event| *event != "injected");
    assert_eq!(events, ["opened", "pointer_added", "keyboard_added", "assisted", "closed"]);
}

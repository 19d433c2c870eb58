//! From a key press to a verdict: agent process, TLS, server process, Postgres, REST.

use crate::desk::XServer;
use crate::desk::hands::{deeds, hurried};
use crate::desk::people::{People, one_after_another};
use crate::system::{Agent, Rest, Server};
use crate::{alone, eventually};

/// Keystrokes that fill a window.
const WINDOW: usize = 30;
const ACCOUNT: &str = "e2e-account";

/// Waits for a session that is not among `known`.
fn new_session(rest: &Rest, known: &[String]) -> String {
    eventually("a new session", || rest.sessions()?.into_iter().find(|s| !known.contains(s)))
}

/// Waits until the session has so many keyboard windows.
fn keyboard_windows(rest: &Rest, session: &str, many: usize) -> Vec<i64> {
    eventually("windows are stored", || {
        let windows = rest.timeline(session)?.inputs("keyboard");
        (windows.len() >= many).then_some(windows)
    })
}

/// From 1 on, each once.
fn assert_contiguous(sequences: &[i64]) {
    assert!(sequences.iter().copied().eq(1..=i64::try_from(sequences.len()).unwrap()), "{sequences:?}");
}

#[test]
fn a_takeover_at_a_real_desk_ends_in_different_person_whatever_dies_in_between() {
    let _alone = alone();
    let mut server = Server::start();
    let rest = server.rest();
    let mut agent = Agent::enrolled(&server);

    // The subject's profile, from sessions typed before.
    let people = People::draw();
    for seed in 1..=5 {
        let mut worker = people.subject(seed);
        let work = one_after_another((0..4).flat_map(|_| [worker.types(100), worker.points(20)]));
        let known = rest.sessions().unwrap();
        let replayed = agent.replay(&work, ACCOUNT);
        assert!(replayed.success, "{}", replayed.stderr);
        let timeline = rest.timeline(&new_session(&rest, &known)).unwrap();
        assert_contiguous(&timeline.sequences());
        assert_eq!(timeline.inputs("keyboard"), [30; 13]);
        let told = format!("{} records acknowledged", timeline.sequences().len());
        assert!(replayed.stdout.ends_with(&told), "{} but {told}", replayed.stdout);
    }
    let known = rest.sessions().unwrap();
    let subject = rest.session(&known[0]).unwrap()["subject_id"].as_str().unwrap().to_owned();
    let profile = rest.get(&format!("/v1/subjects/{subject}/profile")).unwrap();
    let maturity = profile["maturity"].as_array().unwrap();
    assert!(maturity.len() == 2 && maturity.iter().all(|m| m["mature"] == true), "{profile}");

    rest.lock_at_a_verdict();

    // The subject at a real desk. The server dies with input on its way, and comes back.
    let mut desk = XServer::start();
    agent.start(&desk.display, ACCOUNT);
    let session = new_session(&rest, &known);
    let mut worker = people.subject(100);
    agent.wait_until_it_watches();
    desk.play(&deeds(&one_after_another([worker.types(WINDOW), worker.points(10)])));
    keyboard_windows(&rest, &session, 1);
    server.kill();
    desk.play(&deeds(&worker.types(WINDOW)));
    server.restart();
    let rest_of_it = [worker.types(WINDOW), worker.points(12), worker.types(WINDOW)];
    desk.play(&deeds(&one_after_another(rest_of_it)));
    assert_eq!(keyboard_windows(&rest, &session, 4), [30; 4]);
    let timeline = rest.timeline(&session).unwrap();
    assert_contiguous(&timeline.sequences());
    assert!(timeline.verdicts().iter().all(|v| *v == "genuine"), "{:?}", timeline.verdicts());
    assert!(rest.directives(&session).unwrap().is_empty());

    // Someone else sits down.
    let mut other = people.other(200);
    let mut windows = 4;
    while rest.session(&session).unwrap()["verdict"] != "different_person" {
        assert!(windows < 14, "never caught: {:?}", rest.timeline(&session).unwrap().verdicts());
        desk.play(&deeds(&other.types(WINDOW)));
        windows += 1;
        keyboard_windows(&rest, &session, windows);
    }
    let timeline = rest.timeline(&session).unwrap();
    assert_contiguous(&timeline.sequences());
    let verdict = timeline.last_verdict().unwrap();
    assert_eq!(verdict["cause"], "takeover", "{verdict}");
    assert!(verdict["reason"].as_str().unwrap().contains("someone else"), "{verdict}");
    let evidence = verdict["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|of| of["llr"].as_f64().unwrap() < 0.0), "{verdict}");
    assert!(verdict["trust"].as_f64().unwrap() < 50.0, "{verdict}");
    eprintln!("caught {} windows after the takeover: {verdict}", windows - 4);

    // The desk is locked, once, and the server is told so.
    rest.answered(&session, "lock");
    let asked = agent.asked_of_the_desktop();
    assert_eq!(asked.matches("loginctl lock-session c7").count(), 1, "{asked}");

    // The subject comes back, and unlocks it at once: the doubt is lifted.
    let told_of = |event: &str| {
        eventually(event, || rest.timeline(&session)?.events().contains(&event).then_some(()));
    };
    told_of("locked");
    agent.unlock_the_desktop();
    told_of("unlocked");
    desk.play(&deeds(&one_after_another([worker.types(WINDOW), worker.types(WINDOW)])));
    keyboard_windows(&rest, &session, windows + 2);
    let after = rest.session(&session).unwrap();
    assert_eq!(after["verdict"], "genuine", "{after}");
    assert!(after["trust"].as_f64().unwrap() > 50.0, "{after}");
    assert_eq!(rest.directives(&session).unwrap().len(), 1);

    // What the other did is not learned.
    agent.stop();
    eventually("the session is closed", || (!rest.session(&session)?["closed_at"].is_null()).then_some(()));
    let after = rest.get(&format!("/v1/subjects/{subject}/profile")).unwrap();
    assert_eq!(after["version"], profile["version"]);
}

#[test]
fn an_agent_that_dies_with_records_in_its_spool_sends_each_of_them_once() {
    let _alone = alone();
    let mut server = Server::start();
    let rest = server.rest();
    let mut agent = Agent::enrolled(&server);
    let mut desk = XServer::start();
    agent.start(&desk.display, ACCOUNT);
    let first = new_session(&rest, &[]);
    // Faster than anybody types: only what arrives matters here.
    let mut worker = People::draw().subject(1);
    let mut types = |desk: &mut XServer, keys| desk.play(&hurried(&deeds(&worker.types(keys)), 3));
    agent.wait_until_it_watches();
    types(&mut desk, WINDOW);
    keyboard_windows(&rest, &first, 1);

    server.kill();
    types(&mut desk, 2 * WINDOW);
    eventually("windows are spooled", || (agent.spooled() >= 2).then_some(()));
    agent.kill();
    server.restart();
    agent.start(&desk.display, ACCOUNT);
    let second = new_session(&rest, std::slice::from_ref(&first));
    eventually("the spool is sent", || (agent.spooled() == 0).then_some(()));
    assert_eq!(keyboard_windows(&rest, &first, 3), [30; 3]);
    let timeline = rest.timeline(&first).unwrap();
    assert_eq!(timeline.events(), ["opened", "closed"]);
    assert_eq!(timeline.verdicts(), ["learning"; 3]);
    let sequences = timeline.sequences();
    assert_contiguous(&sequences[..sequences.len() - 1]);

    agent.wait_until_it_watches();
    types(&mut desk, WINDOW);
    agent.stop();
    let timeline = eventually("the second session is closed", || {
        rest.timeline(&second).filter(|t| t.events().last() == Some(&"closed"))
    });
    assert_eq!(timeline.inputs("keyboard"), [30]);
    assert_contiguous(&timeline.sequences());
}

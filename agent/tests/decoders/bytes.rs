//! Any bytes as what the server says and what the agent's files hold, and what must hold of whatever is read from them. Shared by
//! the property tests and the fuzz target.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use prost::Message as _;
use tacit_agent::config::Config;
use tacit_agent::device_key::{Keeper as _, keeper};
use tacit_agent::identity::{Enrolled, Identity};
use tacit_agent::response::text;
use tacit_agent::session::Session;
use tacit_agent::spool::Spool;
use tacit_agent::status::Status;
use tacit_agent::switch::Choice;
use tacit_agent::told::Told;
use tacit_agent::trace::Trace;
use tacit_agent::uplink::{parse_refused, settings};
use tacit_agent::{files, inspect};
use tacit_measure::Settings;
use tacit_proto::v1::directive::Response;
use tacit_proto::v1::server_message::Message as Down;
use tacit_proto::v1::{Record, ServerMessage};

/// A small gzip file can hold any number of lines.
const MOST_EVENTS: usize = 10_000;
const NOW_MS: u64 = 1_772_442_000_000;

/// Feeds everything of the agent that decodes, and says whether something took it.
pub(crate) fn drive(data: &[u8]) -> bool {
    let state = tempfile::tempdir().expect("a folder");
    let state = state.path();
    files::private_folder(state).expect("a folder of the agent's own");
    let config = put(state, "agent.toml", data);
    let config = Config::read(Some(&config)).is_ok_and(|config| config.validate().is_ok());
    let taken = [
        from_server(data),
        refused(data),
        trace(data),
        choice(state, data),
        status(state, data),
        told(state, data),
        identity(state, data),
        spool(state, data),
        session(state, data),
        config,
    ];
    taken.contains(&true)
}

fn refused(data: &[u8]) -> bool {
    let found = std::str::from_utf8(data).ok().and_then(parse_refused);
    if let Some((session, sequence)) = found {
        assert_eq!(parse_refused(&format!("{session}/{sequence}")), found);
    }
    found.is_some()
}

fn trace(data: &[u8]) -> bool {
    let Ok(trace) = Trace::of(Path::new("trace"), std::io::Cursor::new(data.to_vec())) else { return false };
    let mut from_error = trace.take(MOST_EVENTS).skip_while(Result::is_ok);
    let sound = from_error.next().is_none();
    assert!(from_error.next().is_none(), "nothing follows an error");
    sound
}

/// The file's path.
fn put(state: &Path, name: &str, data: &[u8]) -> std::path::PathBuf {
    let path = state.join(name);
    fs::write(&path, data).expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("and be the owner's alone");
    path
}

fn from_server(data: &[u8]) -> bool {
    let Ok(message) = ServerMessage::decode(data) else { return false };
    assert!(message.encoded_len() <= data.len());
    let known = message.message.is_some();
    match message.message {
        Some(Down::Configuration(configuration)) => {
            let settings = settings(&configuration);
            assert!(settings.window_keystrokes > 0 && settings.window_strokes > 0);
            assert!(settings.window_active_ms > 0);
        }
        Some(Down::Directive(directive)) => {
            let said = match directive.response {
                Some(Response::Notify(notice)) => notice.text,
                Some(Response::StepUp(step_up)) => step_up.text,
                Some(Response::Lock(lock)) => lock.text,
                None => String::new(),
            };
            let shown = text(&said);
            assert!(shown.chars().count() <= 500 && !shown.contains(char::is_control));
            assert_eq!(text(&shown), shown);
        }
        Some(Down::Ack(_) | Down::Restriction(_)) | None => {}
    }
    known
}

fn choice(state: &Path, data: &[u8]) -> bool {
    put(state, "choice.json", data);
    let choice = Choice::read(state);
    assert!(choice != Choice::On || data.trim_ascii() == b"\"On\"", "what cannot be read is off");
    let _ = choice.shuts(NOW_MS, u32::MAX);
    choice.keep(state).expect("it can be kept");
    assert_eq!(Choice::read(state), choice);
    // A bare "Off" is told from what cannot be read by nothing but its text.
    choice != Choice::Off || data.trim_ascii() == b"\"Off\""
}

fn told(state: &Path, data: &[u8]) -> bool {
    put(state, "told.json", data);
    let Ok(told) = Told::read(state) else {
        assert!(Told::in_force(state).restricted, "where it cannot be read, nothing is measured");
        return false;
    };
    assert_eq!(told, Some(Told::in_force(state)));
    true
}

fn status(state: &Path, data: &[u8]) -> bool {
    put(state, "status.json", data);
    let Ok(status) = Status::read(state, NOW_MS) else { return false };
    assert!(!status.in_words().is_empty());
    put(state, "status.json", &serde_json::to_vec(&status).expect("a status is JSON"));
    assert_eq!(Status::read(state, NOW_MS).ok(), Some(status));
    true
}

fn identity(state: &Path, data: &[u8]) -> bool {
    put(state, "device.key", data);
    put(state, "identity.json", data);
    assert!(Identity::load(state).is_err(), "a file cannot be both");
    let enrolled = serde_json::from_slice::<Enrolled>(data);
    if let Ok(enrolled) = &enrolled {
        fs::remove_file(state.join("device.key")).expect("it was written");
        keeper(state).load_or_make().expect("a key");
        Identity::save(state, enrolled).expect("it can be kept");
        assert_eq!(Identity::load(state).expect("it was kept").enrolled, *enrolled);
    }
    enrolled.is_ok()
}

fn spool(state: &Path, data: &[u8]) -> bool {
    let state = state.join("spooling");
    files::private_folder(&state.join("spool")).expect("a folder");
    files::private_folder(&state).expect("a folder");
    let path = put(&state.join("spool"), &format!("{:020}.record", 7), data);
    let mut spool = Spool::open(&state).expect("a spool opens whatever is in it");
    let Some((number, record)) = spool.next_after(0).expect("and is read") else {
        assert!(!path.exists() && spool.lost() == 1, "what is no record is deleted and counted");
        return false;
    };
    assert_eq!((number, spool.lost()), (7, 0));
    assert_eq!(Some(&record), Record::decode(data).ok().as_ref());
    assert!(record.encoded_len() <= data.len());
    assert!(inspect::as_json(&record).is_object() && !inspect::as_words(&record).is_empty());
    spool.append(&record).expect("what was read can be kept again");
    assert_eq!(spool.next_after(7).expect("it was kept"), Some((8, record)));
    true
}

fn session(state: &Path, data: &[u8]) -> bool {
    put(state, "session.json", data);
    let (_, records) = Session::open(state, "account", false, NOW_MS, Settings::default()).expect("it opens");
    // One closes each session that was left, and one opens.
    assert!(!records.is_empty() && records.len() <= 1 + data.len() / 30);
    assert!(records.iter().all(|record| record.sequence > 0 && record.session_id.len() == 16));
    records.len() > 1
}

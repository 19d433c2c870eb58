//! Which key was struck within its place leaves the capture callback in no form: whatever else is done at the desk, two streams that
//! differ in that alone become the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use prost::Message as _;
use tacit_agent::replay::{Replay, replay};
use tacit_agent::session::Session;
use tacit_measure::{Button, Input, Locator, Origin, Privacy, Settings, TimedInput, place};
use tacit_proto::v1::agent_message::Message as Up;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{AgentMessage, Heartbeat, Record};
use tokio::sync::mpsc;

use crate::desk::taking_all;
use crate::server::identity;

/// When sessions begin, in milliseconds since the Unix epoch.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// Something done at the desk. A key is given twice: one and the other code of its place.
#[derive(Debug, Clone, Copy)]
enum Act {
    Down(u16, u16),
    Up(u16, u16),
    At(f64, f64),
    Press,
    Release,
    Wheel,
}

/// Numbers that look drawn, the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Keys of a place, by their codes.
type Places = Vec<Vec<u16>>;

fn places() -> Places {
    let mut places = BTreeMap::<_, Vec<u16>>::new();
    for code in 1..=255 {
        let (zone, column) = place(code);
        places.entry(format!("{zone:?} {column:?}")).or_default().push(code);
    }
    places.into_values().collect()
}

/// Presses and releases as they go on, in both streams.
struct Hands {
    at_us: u64,
    deeds: Vec<(u64, Act)>,
    /// Keys that are down and when they come up.
    down: Vec<(u64, u16, u16)>,
}

impl Hands {
    /// Strikes a key of a place; which, is drawn for each stream by itself.
    fn strike(&mut self, keys: &[u16], draw: &mut Draw, gap_us: u64, hold_us: u64) {
        self.at_us += gap_us;
        self.lift(self.at_us);
        let mut free = |of: fn(&(u64, u16, u16)) -> u16| {
            let held: Vec<u16> = self.down.iter().map(of).collect();
            let free: Vec<u16> = keys.iter().copied().filter(|key| !held.contains(key)).collect();
            (!free.is_empty()).then(|| free[usize::try_from(draw.below(free.len() as u64)).unwrap()])
        };
        let (Some(one), Some(other)) = (free(|down| down.1), free(|down| down.2)) else { return };
        self.deeds.push((self.at_us, Act::Down(one, other)));
        if hold_us > 400_000 {
            // A keyboard that repeats by itself.
            self.deeds.push((self.at_us + 300_000, Act::Down(one, other)));
        }
        self.down.push((self.at_us + hold_us, one, other));
    }

    /// Lets go of what comes up by then.
    fn lift(&mut self, until_us: u64) {
        self.down.sort_unstable();
        while self.down.first().is_some_and(|down| down.0 <= until_us) {
            let (at_us, one, other) = self.down.remove(0);
            self.deeds.push((at_us, Act::Up(one, other)));
        }
    }
}

/// Some minutes at a desk: sentences, secrets, shortcuts, pastes, single keys of any kind, strokes and clicks between them.
fn work(seed: u64) -> Vec<(u64, Act)> {
    let (places, mut draw) = (places(), Draw(seed));
    let of = |code: u16| places.iter().find(|keys| keys.contains(&code)).unwrap();
    // The middle row of either hand, digits, space.
    let letters = [30, 31, 32, 33, 34, 35, 36, 37, 38].map(of);
    let (digits, space, control) = (of(3), of(57), of(29));
    let mut hands = Hands { at_us: 1_000_000, deeds: Vec::new(), down: Vec::new() };
    for _ in 0..40 {
        let mut gap = draw.below(400_000) + 60_000;
        let kind = draw.below(10);
        let any = |draw: &mut Draw, among: u64| usize::try_from(draw.below(among)).unwrap();
        match kind {
            // A word and its space; one of five is a secret.
            0..=5 => {
                for _ in 0..draw.below(9) + 2 {
                    let keys =
                        if kind == 5 && draw.below(3) == 0 { digits } else { letters[any(&mut draw, 9)] };
                    let (next, hold) = (draw.below(150_000) + 40_000, draw.below(120_000) + 30_000);
                    hands.strike(keys, &mut draw, gap, hold);
                    gap = next;
                }
                hands.strike(space, &mut draw, gap, 80_000);
            }
            // A shortcut, or a paste where the key happens to be that.
            6 | 7 => {
                hands.strike(control, &mut draw, gap, 350_000);
                let keys = if kind == 6 { of(47) } else { letters[any(&mut draw, 9)] };
                hands.strike(keys, &mut draw, 90_000, 70_000);
            }
            // Any key, long.
            8 => {
                let keys = &places[any(&mut draw, places.len() as u64)];
                hands.strike(keys, &mut draw, gap, 600_000);
            }
            _ => {
                for step in 0..draw.below(30) + 5 {
                    let (x, y) = (100.0 + 7.0 * step as f64, 50.0 + draw.below(9) as f64);
                    hands.at_us += 8_000;
                    hands.deeds.push((hands.at_us, Act::At(x, y)));
                }
                let at_us = hands.at_us + 90_000;
                hands.deeds.extend([(at_us, Act::Press), (at_us + 80_000, Act::Release)]);
                hands.deeds.push((at_us + 200_000, Act::Wheel));
                hands.at_us = at_us + 300_000;
            }
        }
    }
    hands.lift(u64::MAX);
    // As they come: what was put down as coming later is sorted in.
    hands.deeds.sort_by_key(|deed| deed.0);
    hands.deeds
}

/// One of the two streams.
type Which = fn(u16, u16) -> u16;

/// As the capture callback hands it on.
fn captured(deeds: &[(u64, Act)], which: Which) -> Vec<TimedInput> {
    let mut locator = Locator::new();
    let input = |(at_us, act): &(u64, Act)| {
        let input = match *act {
            Act::Down(one, other) => locator.key_down(which(one, other)),
            Act::Up(one, other) => locator.key_up(which(one, other)),
            Act::At(x, y) => locator.position(x, y),
            Act::Press => Some(Input::ButtonDown(Button::Left)),
            Act::Release => Some(Input::ButtonUp(Button::Left)),
            Act::Wheel => Some(Input::Wheel { notches: 1.0 }),
        };
        input.map(|input| TimedInput { at_us: *at_us, origin: Origin::Device, input })
    };
    deeds.iter().filter_map(input).collect()
}

/// As it is written to disk and sent, but for the session's random id.
fn bytes(mut record: Record) -> Vec<u8> {
    record.session_id.fill(0);
    AgentMessage { message: Some(Up::Record(record)) }.encode_to_vec()
}

fn records(events: &[TimedInput], privacy: Privacy) -> Vec<Record> {
    let state = tempfile::tempdir().unwrap();
    let settings = Settings { privacy, ..Settings::default() };
    let (mut session, mut records) =
        Session::open(state.path(), "account", false, BEGIN_MS, settings).unwrap();
    for event in events {
        records.extend(session.input(*event, || BEGIN_MS).unwrap());
    }
    records.extend(session.close(BEGIN_MS).unwrap());
    records
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn which_key_of_its_place_was_struck_changes_no_byte_of_a_record(seed: u64) {
        let deeds = work(seed);
        let differ = |deed: &&(u64, Act)| matches!(deed.1, Act::Down(one, other) if one != other);
        prop_assert!(deeds.iter().filter(differ).count() > 50);
        for privacy in [Privacy::PLAIN, Privacy::STANDARD, Privacy::STRICT] {
            let made = |which: Which| -> Vec<Vec<u8>> {
                records(&captured(&deeds, which), privacy).into_iter().map(bytes).collect()
            };
            prop_assert_eq!(made(|one, _| one), made(|_, other| other));
        }
    }
}

/// The same as a trace, which has codes.
fn trace(path: &Path, deeds: &[(u64, Act)], which: Which) {
    let mut text = "t_us,event,code,x,y\n".to_owned();
    for (at_us, act) in deeds {
        let line = match *act {
            Act::Down(one, other) => format!("kd,{},,", which(one, other)),
            Act::Up(one, other) => format!("ku,{},,", which(one, other)),
            Act::At(x, y) => format!("mm,,{x},{y}"),
            Act::Press => "bd,1,,".to_owned(),
            Act::Release => "bu,1,,".to_owned(),
            Act::Wheel => "wh,,0,1".to_owned(),
        };
        writeln!(text, "{at_us},{line}").unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// What reaches a server of a trace that is replayed.
async fn wire(deeds: &[(u64, Act)], which: Which) -> Vec<Vec<u8>> {
    let state = tempfile::tempdir().unwrap();
    let (up, mut came) = mpsc::unbounded_channel();
    identity(state.path(), taking_all(up).await);
    let path = state.path().join("trace.csv");
    trace(&path, deeds, which);
    let settings = Replay {
        trace: &path,
        state: state.path(),
        account: "account",
        speed: None,
        start_ms: Some(BEGIN_MS),
        timeout: Duration::from_secs(30),
        means: true.into(),
    };
    replay(settings, || BEGIN_MS + 3_600_000).await.unwrap();
    came.close();
    let mut wire = Vec::new();
    while let Some(message) = came.recv().await {
        match message {
            Up::Record(record) => wire.push(bytes(record)),
            // Of the agent alone; what is new in it has to be looked at here.
            Up::Heartbeat(Heartbeat { at_ms, agent_version: _, spooled: _, lost, capture: _ }) => {
                assert_eq!((at_ms, lost), (BEGIN_MS + 3_600_000, 0));
            }
            Up::DirectiveOutcome(outcome) => panic!("{outcome:?}"),
        }
    }
    wire
}

#[tokio::test]
async fn which_key_of_its_place_was_struck_changes_no_byte_on_the_wire() {
    let deeds = work(7);
    let (one, other) = (wire(&deeds, |one, _| one).await, wire(&deeds, |_, other| other).await);
    assert_eq!(one, other);
    let is_window = |bytes: &Vec<u8>| {
        let message = AgentMessage::decode(bytes.as_slice()).unwrap().message;
        matches!(message, Some(Up::Record(Record { body: Some(Body::Window(_)), .. })))
    };
    assert!(one.iter().filter(|bytes| is_window(bytes)).count() >= 3, "{}", one.len());
}

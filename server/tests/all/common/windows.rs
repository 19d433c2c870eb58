//! Sessions of a simulated person, as records.

use prost::Message as _;
use tacit_engine::Population;
use tacit_engine::train::{TrainSettings, TrainingPerson, train};
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{self, Record};
use tacit_proto::{FeatureStats, Modality, Stat, catalogue};
use time::OffsetDateTime;
use uuid::Uuid;

/// Keystrokes of the windows made here.
pub(crate) const KEYSTROKES: u32 = 150;

/// Features in the windows made here.
const FEATURES: usize = 12;

/// A sound keyboard window. `lean` from -1 to 1 says whose: it moves the means, on a scale on which people differ by about 0.5 and
/// one person from session to session by about 0.05.
pub(crate) fn keyboard(lean: f64) -> v1::Window {
    v1::Window::pack(Modality::Keyboard, KEYSTROKES, 60_000, 0, &stats(lean, 0.0))
}

fn stats(lean: f64, mood: f64) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for (i, feature) in
        catalogue::ALL.iter().filter(|f| f.modality == Modality::Keyboard).take(FEATURES).enumerate()
    {
        let (low, high) = feature.value_range();
        // Half of the features move one way and half the other, so that people differ in more than tempo.
        let side = if i % 2 == 0 { 1.0 } else { -1.0 };
        let middle = low.midpoint(high) + (side * lean + mood) * (high - low) / 5.0;
        let spread = (high - low) / 20.0;
        stats.add(feature.id, &Stat::new(20, middle, spread * spread).unwrap());
    }
    stats
}

/// A population of people of every lean.
pub(crate) fn population() -> Population {
    let people = (-20..=20)
        .map(|person| TrainingPerson {
            sessions: (-2..=2).map(|mood| stats(f64::from(person) / 20.0, f64::from(mood) * 0.03)).collect(),
            ..TrainingPerson::default()
        })
        .collect();
    train(&[(Modality::Keyboard, people)], &TrainSettings::default(), &mut |_, _, _| {})
}

pub(crate) fn session_id() -> Uuid {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

pub(crate) fn record(session: Uuid, sequence: u64, at: OffsetDateTime, body: Body) -> Record {
    Record {
        session_id: session.as_bytes().to_vec(),
        sequence,
        at_ms: u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap(),
        body: Some(body),
    }
}

pub(crate) fn opened(session: Uuid, at: OffsetDateTime, account: &str) -> Record {
    let body = Body::Opened(v1::SessionOpened { account: account.to_owned(), remote: false });
    record(session, 1, at, body)
}

pub(crate) fn window(session: Uuid, sequence: u64, at: OffsetDateTime) -> Record {
    record(session, sequence, at, Body::Window(keyboard(0.0)))
}

/// A window of someone who leans so far from the subject of [`window`].
pub(crate) fn stranger(session: Uuid, sequence: u64, at: OffsetDateTime) -> Record {
    record(session, sequence, at, Body::Window(keyboard(0.9)))
}

/// A session from opening to closing with `windows` windows.
pub(crate) fn whole(session: Uuid, at: OffsetDateTime, account: &str, windows: u64) -> Vec<Record> {
    let mut records = vec![opened(session, at, account)];
    records.extend((0..windows).map(|i| window(session, i + 2, at)));
    records.push(record(session, windows + 2, at, Body::Closed(v1::SessionClosed {})));
    records
}

#[test]
fn the_simulated_window_is_sound() {
    for lean in [-1.0, 0.0, 1.0] {
        let window = keyboard(lean);
        window.check().unwrap();
        assert!(window.encoded_len() < 4_096);
    }
}

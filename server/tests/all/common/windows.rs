//! Sessions of a simulated person, as records.

use prost::Message as _;
use tacit_proto::v1::record::Body;
use tacit_proto::v1::{self, Record};
use tacit_proto::{FeatureStats, Modality, Stat, catalogue};
use time::OffsetDateTime;
use uuid::Uuid;

/// Keystrokes of the windows made here.
pub(crate) const KEYSTROKES: u32 = 150;

/// A sound keyboard window. `lean` from -1 to 1 places the means within the middle half of what is possible: two leans are two
/// people.
pub(crate) fn keyboard(lean: f64) -> v1::Window {
    let mut stats = FeatureStats::new();
    for feature in catalogue::ALL.iter().filter(|f| f.modality == Modality::Keyboard) {
        let (low, high) = feature.value_range();
        let middle = low.midpoint(high) + lean * (high - low) / 4.0;
        let spread = (high - low) / 40.0;
        stats.add(feature.id, &Stat::new(20, middle, spread * spread).unwrap());
    }
    v1::Window::pack(Modality::Keyboard, KEYSTROKES, 60_000, 0, &stats)
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

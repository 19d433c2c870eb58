//! Shows exactly what would leave the machine, and sends nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tacit_proto::v1::{Record, Signal, SignalKind, Window, record::Body};
use tacit_proto::{FeatureId, Mark, Unit, catalogue};
use uuid::Uuid;

/// A record as JSON: every field that would be sent, and nothing else.
#[must_use]
pub fn as_json(record: &Record) -> Value {
    let session = Uuid::from_slice(&record.session_id).unwrap_or_default();
    let (kind, body) = match &record.body {
        Some(Body::Opened(o)) => ("opened", json!({ "account": o.account, "remote": o.remote })),
        Some(Body::Closed(_)) => ("closed", json!({})),
        Some(Body::Locked(_)) => ("locked", json!({})),
        Some(Body::Unlocked(_)) => ("unlocked", json!({})),
        Some(Body::Signal(s)) => ("signal", signal_json(s)),
        Some(Body::Window(w)) => ("window", window_json(w)),
        None => ("empty", json!({})),
    };
    json!({ "session_id": session, "sequence": record.sequence, "at_ms": record.at_ms, kind: body })
}

/// A record in words; a window takes a line for each feature.
#[must_use]
pub fn as_words(record: &Record) -> String {
    let mut text = format!("record {} ", record.sequence);
    match &record.body {
        Some(Body::Opened(o)) => {
            let _ = write!(text, "session opened for account {}", o.account);
        }
        Some(Body::Closed(_)) => text.push_str("session closed"),
        Some(Body::Locked(_)) => text.push_str("session locked"),
        Some(Body::Unlocked(_)) => text.push_str("session unlocked"),
        Some(Body::Signal(s)) => {
            let _ = write!(text, "signal {} ×{}", signal_words(s.kind), s.count);
            for mark in s.marks.iter().filter_map(|number| Mark::numbered(*number)) {
                let _ = write!(text, "\n  {}", mark.words());
            }
        }
        Some(Body::Window(w)) => {
            let unit = match w.modality {
                1 => "keystrokes",
                3 => "touch strokes",
                _ => "strokes",
            };
            let seconds = f64::from(w.active_ms) / 1000.0;
            let _ = write!(text, "window of {} {unit} in {seconds:.1} s", w.inputs);
            for (id, count, mean, variance) in w.unpack() {
                text.push('\n');
                text.push_str(&feature_line(id, count, mean, variance));
            }
        }
        None => text.push_str("empty"),
    }
    text
}

fn window_json(window: &Window) -> Value {
    let all = || window.unpack();
    json!({
        "modality": modality_words(window.modality),
        "inputs": window.inputs,
        "active_ms": window.active_ms,
        "feature_id": all().map(|(id, ..)| id).collect::<Vec<_>>(),
        "count": window.count,
        "mean": all().map(|(_, _, mean, _)| mean).collect::<Vec<_>>(),
        "variance": all().map(|(.., variance)| variance).collect::<Vec<_>>(),
        "discarded": window.discarded,
    })
}

fn signal_json(signal: &Signal) -> Value {
    json!({
        "kind": signal_words(signal.kind),
        "count": signal.count,
        "marks": signal.marks,
        "strength": signal.strength,
    })
}

fn feature_line(id: u32, count: u32, mean: f64, variance: f64) -> String {
    let found = u16::try_from(id).ok().and_then(|id| catalogue::feature(FeatureId(id)));
    let Some(feature) = found else {
        return format!("  {id}: count {count}, mean {mean}, variance {variance}");
    };
    let spread = variance.sqrt();
    let (unit, scale) = match feature.unit {
        Unit::Milliseconds => ("ms", 1.0),
        Unit::Share => ("%", 100.0),
        Unit::Keys => ("keys", 1.0),
        Unit::Steps => ("steps", 1.0),
        Unit::Pixels => ("px", 1.0),
        Unit::SquarePixels => ("px²", 1.0),
        Unit::PixelsPerSecond => ("px/s", 1.0),
        Unit::PixelsPerSecondSquared => ("px/s²", 1.0),
        Unit::Radians => ("rad", 1.0),
    };
    let usual = feature.raw(mean) * scale;
    format!("  {:<58} {count:>4} ×  {usual:>9.1} {unit:<5}  spread {spread:.2}", feature.words)
}

fn modality_words(modality: i32) -> &'static str {
    match modality {
        1 => "keyboard",
        2 => "pointer",
        3 => "touch",
        _ => "unknown",
    }
}

fn signal_words(kind: i32) -> &'static str {
    match SignalKind::try_from(kind) {
        Ok(SignalKind::Injected) => "injected",
        Ok(SignalKind::KeyboardAdded) => "keyboard_added",
        Ok(SignalKind::PointerAdded) => "pointer_added",
        Ok(SignalKind::ImpossibleInterval) => "impossible_interval",
        Ok(SignalKind::MachineKeys) => "machine_keys",
        Ok(SignalKind::MachinePointer) => "machine_pointer",
        Ok(SignalKind::Replayed) => "replayed",
        Ok(SignalKind::Assisted) => "assisted",
        _ => "unknown",
    }
}

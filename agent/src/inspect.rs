//! Shows exactly what would leave the machine, and sends nothing.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use tacit_proto::v1::{Beginning, Capture, Record, Signal, SignalKind, Window, record::Body};
use tacit_proto::{FeatureId, Mark, Unit, catalogue};
use tokio::sync::watch;
use uuid::Uuid;

use crate::capture::{self, BackEnd};
use crate::clock::Now;
use crate::eyes::Eyes;
use crate::run::{measure, source};
use crate::session::Session;
use crate::told::Told;
use crate::trace;

/// An inspection: as the server last told an agent to measure, and in a folder of its own, so that the agent's stays as it is.
pub struct Inspection<'a> {
    /// Directory name that the session is opened for.
    pub account: &'a str,
    /// A folder to be deleted afterwards.
    pub scratch: &'a Path,
    /// What is in force.
    pub told: Told,
}

impl Inspection<'_> {
    /// Shows what would leave, live. Ends with `stop`.
    ///
    /// # Errors
    /// When there is no display, or no temporary state can be kept.
    pub async fn live(
        &self,
        back_end: BackEnd,
        now: Now,
        mut show: impl FnMut(&Record),
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        capture::check(back_end)?;
        let (mut session, opening) = self.open(now())?;
        opening.iter().for_each(&mut show);
        let (capture, _) = watch::channel(Capture::Failed);
        let mut eyes = Eyes::new(source(back_end), capture);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                seen = eyes.next() => measure(&mut session, seen, now)?.iter().for_each(&mut show),
            }
        }
        session.close(now())?.iter().for_each(&mut show);
        Ok(())
    }

    /// Shows what would leave of a trace, as if its session ended now.
    ///
    /// # Errors
    /// When the trace is not sound, or no temporary state can be kept.
    pub fn of_trace(&self, path: &Path, now: Now, mut show: impl FnMut(&Record)) -> Result<()> {
        let events = trace::read(path)?;
        let (first, last) = events.iter().fold((u64::MAX, 0), |(a, b), e| (a.min(e.at_us), b.max(e.at_us)));
        let end_ms = now();
        let start_ms = end_ms.saturating_sub(last.saturating_sub(first) / 1000);
        let (mut session, opening) = self.open(start_ms)?;
        opening.iter().for_each(&mut show);
        for event in events {
            session.input(event, || start_ms)?.iter().for_each(&mut show);
        }
        session.close(end_ms)?.iter().for_each(&mut show);
        Ok(())
    }

    fn open(&self, at_ms: u64) -> Result<(Session, Vec<Record>)> {
        Session::open(self.scratch, self.account, false, at_ms, self.told.measuring())
    }
}

/// As whose word records are shown, and how they are cut.
#[must_use]
pub fn preface(told: &Result<Option<Told>>, in_force: Told) -> String {
    let whose = match told {
        Ok(Some(_)) => "as the server last told the agent",
        Ok(None) => "as by default, since the server has told the agent nothing yet",
        Err(_) => "as at the strictest level, since what the server told cannot be read",
    };
    let Told { privacy, window_keystrokes, window_strokes, window_active_ms, restricted, .. } = in_force;
    let nothing = if restricted { "; none of it is sent: the agent measures nothing" } else { "" };
    format!(
        "shown {whose}: level of privacy {}, windows of {window_keystrokes} keystrokes or {window_strokes} strokes, or of {} s of activity{nothing}",
        privacy.name(),
        f64::from(window_active_ms) / 1000.0
    )
}

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
            if let Some(words) = beginning_words(w.beginning()) {
                let _ = write!(text, ", {words}");
            }
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
        "beginning": beginning_words(window.beginning()),
        "feature_id": all().map(|(id, ..)| id).collect::<Vec<_>>(),
        "count": window.count,
        "mean": all().map(|(_, _, mean, _)| mean).collect::<Vec<_>>(),
        "variance": all().map(|(.., variance)| variance).collect::<Vec<_>>(),
        "discarded": window.discarded,
    })
}

/// `None` where it is not told.
fn beginning_words(beginning: Beginning) -> Option<&'static str> {
    match beginning {
        Beginning::Unspecified => None,
        Beginning::AfterRest => Some("after a rest"),
        Beginning::GoesOn => Some("without a rest before"),
    }
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

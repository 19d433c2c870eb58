//! The people that attacks are measured beside: what they typed, and how.

use std::path::Path;

use anyhow::bail;
use indicatif::ProgressBar;
use tacit_measure::{Column, Input, TimedInput, Zone};

use crate::data::{self, folder};
use crate::drawn;

/// Sets of people who typed on keyboards of their own, order kept.
const SETS: [&str; 2] = ["aalto", LEARNED_SET];
/// The set that weights and limits of the detector are learned of.
pub(crate) const LEARNED_SET: &str = "klicke";
/// A longer gap is a pause, and no tool would make it.
const LONGEST_GAP_MS: f64 = 1_000.0;
const LONGEST_HOLD_MS: f64 = 400.0;

/// Where a key lies, and how it was struck.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) place: (Zone, Column),
    /// Since the press before it; `None` after a break.
    pub(crate) gap_ms: Option<f64>,
    pub(crate) held_ms: f64,
}

/// One person.
#[derive(Debug)]
pub(crate) struct Typist {
    /// The set that they are of.
    pub(crate) set: &'static str,
    /// The network that tells drawn times learned of them.
    pub(crate) learned_of: bool,
    pub(crate) events: Vec<TimedInput>,
    pub(crate) keys: Vec<Key>,
}

/// Keys of a text that was thought out beforehand: it corrects nothing, goes nowhere and leans on no key.
pub(crate) fn payload(keys: &[Key]) -> Vec<Key> {
    let zones = [Zone::Left, Zone::Right, Zone::Space, Zone::Enter, Zone::Digit];
    let mut payload: Vec<Key> = Vec::new();
    for key in keys.iter().filter(|key| zones.contains(&key.place.0)) {
        if !matches!(payload.as_slice(), [.., a, b] if a.place == key.place && b.place == key.place) {
            payload.push(*key);
        }
    }
    payload
}

/// Everyone who typed, of the sets that are there.
///
/// # Errors
/// When a file cannot be read, or no set is there.
pub(crate) fn read(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Typist>> {
    let mut typists = Vec::new();
    for set in SETS {
        let path = data.join(set);
        if !path.is_dir() {
            continue;
        }
        let users = folder::users(&path)?;
        bar.set_length(users.len() as u64);
        bar.set_position(0);
        bar.set_prefix(format!("read {set}"));
        for (place, user) in users.into_iter().enumerate() {
            let learned_of = set == LEARNED_SET && drawn::learned_of(place);
            for session in &user.sessions {
                let events = data::events(session)?;
                typists.push(Typist { set, learned_of, keys: keys(&events), events });
            }
            bar.inc(1);
        }
    }
    if typists.is_empty() {
        bail!("{}: none of the sets {} is there", data.display(), SETS.join(", "));
    }
    Ok(typists)
}

/// Presses in order, with their holds.
pub(crate) fn keys(events: &[TimedInput]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    let mut down = [None; 64];
    let mut last = None;
    for event in events {
        let at_ms = event.at_us as f64 / 1000.0;
        match event.input {
            Input::KeyDown { slot, zone, column } => {
                let gap_ms = last.replace(at_ms).map(|last| at_ms - last);
                down[usize::from(slot.0)] = Some((keys.len(), at_ms));
                keys.push(Key { place: (zone, column), gap_ms, held_ms: 0.0 });
            }
            Input::KeyUp { slot } => {
                if let Some((key, at)) = down[usize::from(slot.0)].take() {
                    keys[key].held_ms = at_ms - at;
                }
            }
            Input::Break => {
                last = None;
                down = [None; 64];
            }
            _ => {}
        }
    }
    keys
}

/// Times of keys to draw from: gaps and holds of all of these people.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) gaps_ms: Vec<f64>,
    pub(crate) holds_ms: Vec<f64>,
    /// The same by where the keys lie.
    pub(crate) by_relation: std::collections::HashMap<tacit_measure::Relation, Vec<f64>>,
    pub(crate) by_zone: std::collections::HashMap<Zone, Vec<f64>>,
}

impl Times {
    pub(crate) fn of(typists: &[&Typist]) -> Self {
        let mut times = Self {
            gaps_ms: Vec::new(),
            holds_ms: Vec::new(),
            by_relation: std::collections::HashMap::new(),
            by_zone: std::collections::HashMap::new(),
        };
        for typist in typists {
            for (at, key) in typist.keys.iter().enumerate() {
                if key.held_ms > 0.0 && key.held_ms <= LONGEST_HOLD_MS {
                    times.holds_ms.push(key.held_ms);
                    times.by_zone.entry(key.place.0).or_default().push(key.held_ms);
                }
                if let Some(gap) = key.gap_ms.filter(|gap| *gap <= LONGEST_GAP_MS) {
                    times.gaps_ms.push(gap);
                    let relation = tacit_measure::relation(typist.keys[at - 1].place, key.place);
                    times.by_relation.entry(relation).or_default().push(gap);
                }
            }
        }
        times
    }
}

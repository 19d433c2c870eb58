//! Plays attacks and people against the detector that ships, and against the baselines.

use indicatif::ProgressBar;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_engine::{AutomationPolicy, AutomationState};
use tacit_measure::{Automation, Input, Output, Settings, SignalKind, TimedInput};
use tacit_proto::{Mark, Modality};

use super::baselines::{duckhunt, ukip};
use super::row::{Knowledge, Row};
use super::typing::Attack;
use super::typists::{Key, Times, Typist, payload};
use crate::data;

/// Keys of an attack: a minute and a half at a quick hand's pace, and a payload of some length.
const KEYS: usize = 500;
/// Keys that a victim types before they are replayed, at most.
const BEFORE: usize = 600;
/// Between a victim's last key and the attack.
const REST_US: u64 = 5_000_000;

/// Every class of attack on keyboards. Attackers who know people know one half of those of whom the detector did not learn; the
/// texts are those of the other.
pub(super) fn keyboard(typists: &[Typist], trials: u32, seed: u64, bar: &ProgressBar) -> Vec<Row> {
    let (known, attacked): (Vec<_>, Vec<_>) =
        typists.iter().filter(|t| !t.learned_of).enumerate().partition(|(number, _)| number % 2 == 0);
    let known: Vec<&Typist> = known.into_iter().map(|(_, typist)| typist).collect();
    let attacked: Vec<Victim<'_>> = attacked
        .into_iter()
        .map(|(_, typist)| Victim { typist, payload: payload(&typist.keys) })
        .filter(|victim| victim.payload.len() > KEYS)
        .collect();
    let times = Times::of(&known);
    bar.set_length(Attack::ALL.len() as u64);
    bar.set_position(0);
    Attack::ALL
        .into_iter()
        .map(|attack| {
            bar.set_prefix(attack.name());
            let row = class(attack, &attacked, &times, trials, seed);
            bar.inc(1);
            row
        })
        .collect()
}

/// One who is attacked.
struct Victim<'a> {
    typist: &'a Typist,
    /// What they typed, without corrections.
    payload: Vec<Key>,
}

fn class(attack: Attack, victims: &[Victim<'_>], times: &Times, trials: u32, seed: u64) -> Row {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Vec::new();
    let (mut ukips, mut duckhunts) = (0, 0);
    for _ in 0..trials {
        let Some(victim) = victims.choose(&mut rng) else { break };
        let mut automation = Automation::new();
        if attack.needs_keyboard() {
            automation.keyboard_appeared();
        }
        let mut start_us = 0;
        let text: &[Key] = if attack.needs_victim() {
            let typed = &victim.typist.keys;
            let keys = typed.len().min(BEFORE);
            let from = rng.random_range(0..=keys - KEYS);
            start_us = type_before(&mut automation, victim.typist, keys);
            &typed[from..from + KEYS]
        } else {
            let from = rng.random_range(0..=victim.payload.len() - KEYS);
            &victim.payload[from..from + KEYS]
        };
        let events = attack.typed(text, times, start_us, &mut rng);
        found.extend(keys_until_found(&mut automation, &events));
        let (ukip, duckhunt) = baselines(&events);
        ukips += u32::from(ukip > 0);
        duckhunts += u32::from(duckhunt > 0);
    }
    found.sort_unstable();
    let within = |keys: u32| u32::try_from(found.partition_point(|n| *n <= keys)).ok();
    Row {
        trials: Some(trials),
        detected: u32::try_from(found.len()).ok(),
        within_6_keys: within(6),
        within_25_keys: within(25),
        within_70_keys: within(70),
        within_100_keys: within(100),
        within_300_keys: within(300),
        median_inputs: found.get(found.len() / 2).copied(),
        ukip_detected: Some(ukips),
        duckhunt_detected: Some(duckhunts),
        ..Row::of(&attack.name(), attack.knowledge())
    }
}

/// The victim works; returns when the attack begins.
fn type_before(automation: &mut Automation, victim: &Typist, keys: usize) -> u64 {
    let mut out = Vec::new();
    let (mut typed, mut last_us) = (0, 0);
    for event in &victim.events {
        typed += usize::from(matches!(event.input, Input::KeyDown { .. }));
        if typed > keys {
            break;
        }
        automation.push(*event, &mut out);
        last_us = last_us.max(event.at_us);
    }
    last_us + REST_US
}

/// Keys pressed until a machine is told of.
fn keys_until_found(automation: &mut Automation, events: &[TimedInput]) -> Option<u32> {
    let mut out = Vec::new();
    let mut keys = 0;
    for event in events {
        keys += u32::from(matches!(event.input, Input::KeyDown { .. }));
        automation.push(*event, &mut out);
        if out.drain(..).any(|output| is_machine(&output)) {
            return Some(keys);
        }
    }
    None
}

pub(super) fn is_machine(output: &Output) -> bool {
    let kinds = [SignalKind::MachineKeys, SignalKind::MachinePointer, SignalKind::Replayed];
    matches!(output, Output::Signal(signal) if kinds.contains(&signal.kind))
}

fn is_of_drawn_times(output: &Output) -> bool {
    matches!(output, Output::Signal(signal) if signal.marks.has(Mark::RandomTimes))
}

/// How often each baseline calls it an attack.
fn baselines(events: &[TimedInput]) -> (u32, u32) {
    let (mut ukip, mut duckhunt) = (ukip(), duckhunt());
    let (mut ukips, mut duckhunts) = (0, 0);
    let mut last_us: Option<u64> = None;
    for event in events {
        match event.input {
            Input::KeyDown { .. } => {
                if let Some(last_us) = last_us.replace(event.at_us) {
                    let gap_ms = event.at_us.saturating_sub(last_us) as f64 / 1000.0;
                    ukips += u32::from(ukip.press(gap_ms));
                    duckhunts += u32::from(duckhunt.press(gap_ms));
                }
            }
            Input::Break => last_us = None,
            _ => {}
        }
    }
    (ukips, duckhunts)
}

/// Everyone's own typing: whatever is told of there is false. Then the same of those of whom the network that tells drawn times did
/// not learn.
pub(super) fn everyone(typists: &[Typist], bar: &ProgressBar) -> [Row; 2] {
    let (learned_of, others): (Vec<_>, Vec<_>) = typists.iter().partition(|t| t.learned_of);
    bar.set_length(typists.len() as u64);
    bar.set_position(0);
    bar.set_prefix("people");
    let (learned_of, others) = (people(&learned_of, bar), people(&others, bar));
    [Row { attack: "none".to_owned(), ..others.clone().with(&learned_of) }, others]
}

fn people(typists: &[&Typist], bar: &ProgressBar) -> Row {
    let (mut keys, mut wrong, mut drawn, mut windows, mut assisted) = (0, 0, 0, 0, 0);
    let (mut ukips, mut duckhunts) = (0, 0);
    for (number, typist) in typists.iter().enumerate() {
        let mut automation = Automation::new();
        let mut out = Vec::new();
        for event in &typist.events {
            automation.push(*event, &mut out);
        }
        keys += typist.keys.len() as u64;
        windows += machine_windows(&typist.events);
        for output in out {
            if is_machine(&output) {
                wrong += 1;
                drawn += u64::from(is_of_drawn_times(&output));
                tracing::debug!(number, ?output, "a person is taken for a machine");
            } else {
                assisted += 1;
            }
        }
        let (ukip, duckhunt) = baselines(&typist.events);
        ukips += ukip;
        duckhunts += duckhunt;
        bar.inc(1);
    }
    Row {
        genuine_keys: Some(keys),
        false_automation: Some(wrong),
        false_random_times: Some(drawn),
        false_windows: Some(windows),
        assisted: Some(assisted),
        ukip_detected: Some(ukips),
        duckhunt_detected: Some(duckhunts),
        ..Row::of("none_unlearned", Knowledge::None)
    }
}

/// Windows that the server would take for a machine's by their stats alone.
fn machine_windows(events: &[TimedInput]) -> u64 {
    let (policy, mut state) = (AutomationPolicy::default(), AutomationState::default());
    data::windows(events, Modality::Keyboard, Settings::default())
        .iter()
        .filter_map(|window| state.window(&policy, Modality::Keyboard, &window.stats))
        .inspect(|found| tracing::debug!(?found, "a person's window is taken for a machine's"))
        .count() as u64
}

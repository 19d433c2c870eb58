//! Plays machines that point, and the hands of people, against the detector that ships.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_measure::{Automation, Input, TimedInput};

use super::pointing::Bot;
use super::row::{Knowledge, Row};
use super::trials::is_machine;
use crate::data::{self, folder};

/// Strokes of an attack.
const STROKES: usize = 40;
/// A longer rest ends a stroke, in microseconds.
const REST_US: u64 = 200_000;

/// Every class of attack on pointers.
pub(super) fn bots(trials: u32, seed: u64, bar: &ProgressBar) -> Vec<Row> {
    bar.set_length(Bot::ALL.len() as u64);
    bar.set_position(0);
    Bot::ALL
        .into_iter()
        .map(|bot| {
            bar.set_prefix(bot.name());
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let found = (0..trials).filter_map(|_| strokes_until_found(&bot.moved(STROKES, &mut rng)));
            let row = row(bot.name(), bot.knowledge(), trials, found.collect());
            bar.inc(1);
            row
        })
        .collect()
}

/// Programs that were recorded as they pointed, if there are any: so many strokes in a row, from anywhere in the recording.
///
/// # Errors
/// When the recording cannot be read.
pub(super) fn recorded(
    data: &Path,
    trials: u32,
    seed: u64,
    bar: &ProgressBar,
) -> anyhow::Result<Option<Row>> {
    let file = data.join("bots/mouse-bot.csv.gz");
    if !file.is_file() {
        return Ok(None);
    }
    bar.set_prefix("recorded programs");
    let strokes = strokes(data::events(&file)?);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let found = (0..trials).filter_map(|_| {
        let from = rng.random_range(0..=strokes.len().saturating_sub(STROKES));
        strokes_until_found(strokes.get(from..).unwrap_or_default().get(..STROKES)?)
    });
    Ok(Some(row("pointer_recorded", Knowledge::None, trials, found.collect())))
}

/// The strokes of a recording, without the breaks between its tracks: of one session.
fn strokes(events: Vec<TimedInput>) -> Vec<Vec<TimedInput>> {
    let mut strokes: Vec<Vec<TimedInput>> = Vec::new();
    let mut last_us: Option<u64> = None;
    for event in events {
        match event.input {
            Input::Break => last_us = None,
            Input::Move { .. } => {
                if last_us.is_none_or(|last| event.at_us.saturating_sub(last) >= REST_US) {
                    strokes.push(Vec::new());
                }
                last_us = Some(event.at_us);
                strokes.last_mut().into_iter().for_each(|stroke| stroke.push(event));
            }
            _ => strokes.last_mut().into_iter().for_each(|stroke| stroke.push(event)),
        }
    }
    strokes
}

fn row(name: &str, knowledge: Knowledge, trials: u32, mut found: Vec<u32>) -> Row {
    found.sort_unstable();
    Row {
        trials: Some(trials),
        detected: u32::try_from(found.len()).ok(),
        within_20_strokes: u32::try_from(found.partition_point(|strokes| *strokes <= 20)).ok(),
        median_inputs: found.get(found.len() / 2).copied(),
        ..Row::of(name, knowledge)
    }
}

fn strokes_until_found(strokes: &[Vec<TimedInput>]) -> Option<u32> {
    let (mut automation, mut out) = (Automation::new(), Vec::new());
    for (number, stroke) in (1..).zip(strokes) {
        for event in stroke {
            automation.push(*event, &mut out);
            if out.drain(..).any(|output| is_machine(&output)) {
                // What is told at the first report of a stroke is told of those before it.
                return Some(number);
            }
        }
    }
    None
}

/// Everyone's own pointing: whatever is told of there is false.
///
/// # Errors
/// When a recording cannot be read.
pub(super) fn people(data: &Path, bar: &ProgressBar) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (set, files) in sets(data)? {
        bar.set_length(files.len() as u64);
        bar.set_position(0);
        bar.set_prefix(format!("hands {set}"));
        let (mut strokes, mut wrong) = (0, 0);
        for file in files {
            let events = data::events(&file)?;
            let (mut automation, mut out) = (Automation::new(), Vec::new());
            for event in &events {
                automation.push(*event, &mut out);
            }
            let told = out.iter().filter(|output| is_machine(output)).count() as u64;
            if told > 0 {
                tracing::debug!(file = %file.display(), told, "a hand is taken for a machine");
            }
            wrong += told;
            strokes += strokes_of(&events);
            bar.inc(1);
        }
        rows.push(Row {
            genuine_strokes: Some(strokes),
            false_automation: Some(wrong),
            ..Row::of(&format!("none_pointer_{set}"), Knowledge::None)
        });
    }
    Ok(rows)
}

/// Recordings of hands, of the sets that are there.
fn sets(data: &Path) -> anyhow::Result<Vec<(&'static str, Vec<PathBuf>)>> {
    let mut sets = Vec::new();
    let sapimouse = data.join("sapimouse");
    if sapimouse.is_dir() {
        let users = folder::users(&sapimouse)?;
        sets.push(("sapimouse", users.into_iter().flat_map(|user| user.sessions).collect()));
    }
    // Labelled sessions of others are hands, too.
    let balabit = ["balabit/train", "balabit/test"].map(|part| data.join(part));
    if balabit.iter().all(|part| part.is_dir()) {
        let mut files = Vec::new();
        for part in balabit {
            files.extend(folder::users(&part)?.into_iter().flat_map(|user| user.sessions));
        }
        sets.push(("balabit", files));
    }
    let human = data.join("bots/mouse-human.csv.gz");
    if human.is_file() {
        sets.push(("bots", vec![human]));
    }
    Ok(sets)
}

fn strokes_of(events: &[TimedInput]) -> u64 {
    let mut strokes = 0;
    let mut last_us: Option<u64> = None;
    for event in events {
        match event.input {
            Input::Move { .. } => {
                let goes_on = last_us.is_some_and(|last| event.at_us.saturating_sub(last) < REST_US);
                strokes += u64::from(!goes_on);
                last_us = Some(event.at_us);
            }
            Input::ButtonDown(_) | Input::Break => last_us = None,
            _ => {}
        }
    }
    strokes
}

#[cfg(test)]
mod tests {
    use tacit_measure::Origin;

    use super::*;

    #[test]
    fn a_recording_is_cut_into_strokes_where_it_rests_and_where_a_track_begins() {
        let moved = Input::Move { dx: 3.0, dy: 1.0 };
        let events =
            [(0, Input::Break), (1, moved), (30, moved), (400, moved), (410, Input::Break), (420, moved)];
        let events =
            events.map(|(ms, input)| TimedInput { at_us: ms * 1_000, origin: Origin::Device, input });
        let strokes = strokes(events.to_vec());
        assert_eq!(strokes.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    }
}

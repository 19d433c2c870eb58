//! `tacit-lab attack --mimic`: people and programs that type as the victim types, as far as they know it, judged by the
//! engine and the policy that ship. How many get through a session, beside people who type as themselves?

pub(crate) mod hands;
mod judge;
pub(crate) mod manner;
mod people;
mod row;
mod trials;

use std::path::Path;

use anyhow::ensure;
use indicatif::ProgressBar;

use crate::accuracy::sets::{self, CALIBRATION_KEYSTROKES};
use judge::Outcome;
use trials::{KEYS, WAYS};

pub use row::{By, Level, MimicRow};

/// Place of the subject's own sessions, and of those of zero effort, in [`WAYS`].
const OWN: usize = 0;
const ZERO_EFFORT: usize = 1;

/// Plays `trials` attackers, each in every way.
///
/// # Errors
/// When the data cannot be read, or nobody can be attacked.
pub(super) fn rows(data: &Path, trials: u32, seed: u64, bar: &ProgressBar) -> anyhow::Result<Vec<MimicRow>> {
    let writers = people::read(data, bar)?;
    let others = sets::ikdd(&data.join("ikdd"), CALIBRATION_KEYSTROKES, bar)?;
    let outcomes = trials::outcomes(&writers, &others, trials, seed, bar);
    ensure!(!outcomes.is_empty(), "{}: nobody can be enrolled and attacked", data.display());
    Ok(table(&outcomes))
}

fn table(outcomes: &[[Outcome; WAYS.len()]]) -> Vec<MimicRow> {
    let scores = |way: usize| outcomes.iter().flat_map(move |trial| &trial[way].scores);
    let zero_effort: Vec<f64> = scores(ZERO_EFFORT).copied().flatten().collect();
    let own: Vec<f64> = scores(OWN).copied().flatten().collect();
    let (at_eer, at_1pct) = (equal_error(&own, &zero_effort), most_let_in(&zero_effort, 0.01));
    let count =
        |of: &mut dyn Iterator<Item = bool>| u32::try_from(of.filter(|is| *is).count()).unwrap_or(u32::MAX);
    let mut rows: Vec<MimicRow> = WAYS
        .iter()
        .enumerate()
        .map(|(way, (level, by))| {
            let all = || outcomes.iter().map(move |trial| &trial[way]);
            let above =
                |least: f64| count(&mut scores(way).map(|score| score.is_some_and(|score| score > least)));
            MimicRow {
                level: *level,
                by: *by,
                keys: u32::try_from(KEYS).unwrap_or(u32::MAX),
                trials: count(&mut all().map(|_| true)),
                accepted: count(&mut all().map(|o| !o.different && !o.machine)),
                different_person: count(&mut all().map(|o| o.different)),
                automation: count(&mut all().map(|o| o.machine)),
                ratio: None,
                parts: count(&mut scores(way).map(|_| true)),
                accepted_at_eer: above(at_eer),
                accepted_at_fmr_1pct: above(at_1pct),
                ratio_at_eer: None,
                ratio_at_fmr_1pct: None,
            }
        })
        .collect();
    let zero = rows[ZERO_EFFORT].clone();
    for row in &mut rows {
        row.ratio = ratio((row.accepted, row.trials), (zero.accepted, zero.trials));
        row.ratio_at_eer = ratio((row.accepted_at_eer, row.parts), (zero.accepted_at_eer, zero.parts));
        row.ratio_at_fmr_1pct =
            ratio((row.accepted_at_fmr_1pct, row.parts), (zero.accepted_at_fmr_1pct, zero.parts));
    }
    rows
}

fn ratio(of: (u32, u32), to: (u32, u32)) -> Option<f64> {
    let share = |(count, all): (u32, u32)| (all > 0).then(|| f64::from(count) / f64::from(all));
    Some(share(of)? / share(to).filter(|share| *share > 0.0)?)
}

/// The score that no more than a share of these are above.
fn most_let_in(impostor: &[f64], share: f64) -> f64 {
    let mut sorted = impostor.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let rank = (share * sorted.len() as f64) as usize;
    sorted.get(rank).copied().unwrap_or(f64::INFINITY)
}

/// The lowest score that no more impostors are above, as a share, than genuine are not.
fn equal_error(genuine: &[f64], impostor: &[f64]) -> f64 {
    let sorted = |scores: &[f64]| {
        let mut scores = scores.to_vec();
        scores.sort_by(f64::total_cmp);
        scores
    };
    let (genuine, impostor) = (sorted(genuine), sorted(impostor));
    let below =
        |scores: &[f64], at: f64| scores.partition_point(|s| *s <= at) as f64 / scores.len().max(1) as f64;
    let equal = impostor.iter().find(|at| 1.0 - below(&impostor, **at) <= below(&genuine, **at));
    equal.copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_let_in_what_they_say() {
        let impostor: Vec<f64> = (0..200).map(f64::from).collect();
        let at = most_let_in(&impostor, 0.01);
        assert_eq!(impostor.iter().filter(|s| **s > at).count(), 2);
        let genuine: Vec<f64> = (0..200).map(|s| f64::from(s) + 100.5).collect();
        let at = equal_error(&genuine, &impostor);
        assert_eq!(impostor.iter().filter(|s| **s > at).count(), 49);
        assert_eq!(genuine.iter().filter(|s| **s <= at).count(), 50);
    }

    #[test]
    fn accepted_is_neither_another_person_nor_a_machine() {
        let outcome =
            |different, machine, score: Option<f64>| Outcome { different, machine, scores: vec![score] };
        let mut trials: Vec<[Outcome; WAYS.len()]> = Vec::new();
        for trial in 0..4 {
            let mut ways = std::array::from_fn(|_| outcome(true, false, Some(-5.0)));
            ways[OWN] = outcome(false, false, Some(5.0));
            ways[ZERO_EFFORT] = outcome(trial > 0, false, Some(f64::from(trial) - 9.0));
            ways[3] = outcome(false, trial > 1, (trial <= 1).then_some(6.0));
            trials.push(ways);
        }
        let rows = table(&trials);
        assert_eq!((rows[OWN].accepted, rows[ZERO_EFFORT].accepted, rows[2].accepted), (4, 1, 0));
        assert_eq!((rows[3].accepted, rows[3].automation, rows[3].different_person), (2, 2, 0));
        assert_eq!((rows[3].parts, rows[3].accepted_at_eer, rows[3].ratio), (4, 2, Some(2.0)));
        assert_eq!((rows[2].ratio, rows[OWN].accepted_at_eer), (Some(0.0), 4));
    }
}

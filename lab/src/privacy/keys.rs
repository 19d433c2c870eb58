//! Which keys a window holds: how often was each pressed?

use super::decoder::{Eye, Linear};
use super::desk::Desk;
use super::row::Row;
use super::text::is_letter;

const SPACE: u16 = 57;
const ERASE: u16 = 14;
/// Parts that predictions are cut into, to learn which count is the most frequent in each.
const PARTS: usize = 12;

/// How often the attacker is right on how often a key was pressed, and how often who knows only people in general.
#[must_use]
pub fn row(level: &str, keys: u32, learned: &[Desk], victims: &[Desk], trials: usize) -> Option<Row> {
    let codes: Vec<u16> = (0..=SPACE).filter(|c| is_letter(*c) || [SPACE, ERASE].contains(c)).collect();
    let eye = Eye::new(learned);
    let (shown, counts) = windows(&eye, learned, keys, &codes);
    let linear = Linear::learn(&shown, &counts)?;
    let predicted = linear.predict(&shown);
    let (victims_shown, victims_counts) = windows(&eye, victims, keys, &codes);
    let guessed = linear.predict(&victims_shown);
    let (mut right, mut by_chance, mut of) = (0_usize, 0_usize, 0_usize);
    for key in 0..codes.len() {
        let mut edges: Vec<f64> = predicted.column(key).iter().copied().collect();
        edges.sort_by(f64::total_cmp);
        let edges: Vec<f64> = (1..PARTS).map(|part| edges[part * edges.len() / PARTS]).collect();
        let part_of = |value: f64| edges.partition_point(|edge| *edge <= value);
        let mut seen = vec![Vec::new(); PARTS];
        for (row, counts) in counts.iter().enumerate() {
            seen[part_of(predicted[(row, key)])].push(counts[key]);
        }
        let usual: Vec<f64> = seen.iter().map(|counts| most_frequent(counts)).collect();
        let blind = most_frequent(&seen.concat());
        for (row, counts) in victims_counts.iter().enumerate().take(trials.div_ceil(codes.len()).max(200)) {
            of += 1;
            right += usize::from(same(usual[part_of(guessed[(row, key)])], counts[key]));
            by_chance += usize::from(same(blind, counts[key]));
        }
    }
    let chance = by_chance as f64 / of.max(1) as f64;
    Some(Row::new("presses of each key", level, keys, "window", (right, of), chance))
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5
}

fn most_frequent(counts: &[f64]) -> f64 {
    let mut often = std::collections::BTreeMap::new();
    for count in counts {
        *often.entry(count.to_bits()).or_insert(0_usize) += 1;
    }
    often.into_iter().max_by_key(|(_, times)| *times).map_or(0.0, |(bits, _)| f64::from_bits(bits))
}

/// What each window shows, and how often each key was pressed while it was filled.
fn windows(eye: &Eye, desks: &[Desk], keys: u32, codes: &[u16]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let (mut shown, mut counts) = (Vec::new(), Vec::new());
    for desk in desks {
        for sent in &desk.sent {
            let Some(from) = sent.until.checked_sub(keys as usize) else { continue };
            let typed = desk.typist.codes(from, keys as usize);
            let times = |code: &u16| typed.iter().filter(|typed| *typed == code).count() as f64;
            let seen = eye.look(desk, &(from..sent.until), false);
            if seen.is_empty() {
                continue;
            }
            shown.push(seen);
            counts.push(codes.iter().map(times).collect());
        }
    }
    (shown, counts)
}

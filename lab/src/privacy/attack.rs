//! One of so many candidates: which of them was typed?

use rand::RngExt;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::decoder::{Decoder, Eye, distances};
use super::desk::Desk;
use super::row::Row;
use super::targets::Target;
use super::text::Tables;

/// Candidates of the hard task.
pub const MANY: usize = 1000;
/// Examples that an attacker learns of at most.
const EXAMPLES: usize = 8000;
/// Trials judged at once.
const AT_ONCE: usize = 500;
/// Texts that candidates are drawn from at most.
const POOL: usize = 3000;

/// Who is attacked, and what is to be found out of them.
#[derive(Debug)]
pub struct People<'a> {
    /// Their desks.
    pub desks: &'a [Desk],
    /// What is to be found out.
    pub targets: &'a [Target],
}

/// What is being attacked.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Level of privacy.
    pub level: &'a str,
    /// Keystrokes of a window.
    pub keys: u32,
    /// What is known of keys.
    pub tables: &'a Tables,
    /// Attempts at most.
    pub trials: usize,
}

/// Candidates: what others typed of the same kind, or a dictionary with the number in it of each target.
#[derive(Debug, Clone, Copy)]
pub enum Candidates<'a> {
    /// Texts of other targets, by other people.
    Others,
    /// Words.
    Words(&'a [Vec<u16>], &'a [usize]),
}

/// An attack with one window, and with all: one of two, and one of a thousand.
pub fn rows(
    task: &str,
    setting: Setting<'_>,
    learned: &People<'_>,
    victims: &People<'_>,
    candidates: Candidates<'_>,
    rng: &mut ChaCha8Rng,
) -> Vec<Row> {
    let eye = Eye::new(learned.desks);
    let mut rows = Vec::new();
    for (attacker, known) in [("window", false), ("person", true)] {
        let examples = some(learned.targets, EXAMPLES, rng);
        let (texts, shown) = seen(setting.tables, &eye, learned.desks, &examples, known);
        let sent = texts.into_iter().zip(shown).filter(|(_, shown)| !shown.is_empty());
        let (texts, shown): (Vec<_>, Vec<_>) = sent.unzip();
        let Some(decoder) = Decoder::learn(&texts, &shown) else { continue };
        let tried: Vec<usize> = match candidates {
            Candidates::Others => {
                index::sample(rng, victims.targets.len(), setting.trials.min(victims.targets.len()))
                    .into_vec()
            }
            Candidates::Words(..) => (0..victims.targets.len().min(setting.trials)).collect(),
        };
        let chosen: Vec<&Target> = tried.iter().map(|at| &victims.targets[*at]).collect();
        let (own, shown) = seen(setting.tables, &eye, victims.desks, &chosen, known);
        let usable: Vec<usize> = (0..chosen.len()).filter(|at| !shown[*at].is_empty()).collect();
        let pool: Vec<Vec<f64>> = match candidates {
            Candidates::Others => own.iter().take(POOL).cloned().collect(),
            Candidates::Words(words, _) => words.iter().map(|word| setting.tables.text(word)).collect(),
        };
        let others_of = |at: usize, other: usize| match candidates {
            Candidates::Others => chosen[other].desk != chosen[at].desk,
            Candidates::Words(_, numbers) => numbers[tried[at]] != other,
        };
        let many = MANY.min(pool.len());
        let (expected, mut right) = (decoder.expected(&pool), [0, 0]);
        for part in usable.chunks(AT_ONCE) {
            let shown: Vec<Vec<f64>> = part.iter().map(|at| shown[*at].clone()).collect();
            let texts: Vec<Vec<f64>> = part.iter().map(|at| own[*at].clone()).collect();
            let white = decoder.seen(&shown);
            let (to_pool, to_own) = (distances(&white, &expected), decoder.expected(&texts));
            for (row, at) in part.iter().enumerate() {
                let truth = (white.column(row) - to_own.column(row)).norm_squared();
                let others = index::sample(rng, pool.len(), pool.len()).into_iter();
                let mut best = f64::INFINITY;
                let mut taken = 0;
                for other in others.filter(|other| others_of(*at, *other)).take(many - 1) {
                    best = best.min(to_pool[(row, other)]);
                    taken += 1;
                    if taken == 1 {
                        right[0] += usize::from(wins(truth, best, rng));
                    }
                }
                right[1] += usize::from(wins(truth, best, rng));
            }
        }
        for (right, of) in right.into_iter().zip([2, many]) {
            let task = format!("{task}, 1 of {of}");
            rows.push(Row::new(
                &task,
                setting.level,
                setting.keys,
                attacker,
                (right, usable.len()),
                1.0 / of as f64,
            ));
        }
    }
    rows
}

/// Texts that look alike are told apart by a coin.
fn wins(truth: f64, best: f64, rng: &mut ChaCha8Rng) -> bool {
    if (truth - best).abs() < 1e-6 { rng.random_bool(0.5) } else { truth < best }
}

/// At most so many of the targets, drawn.
fn some<'a>(targets: &'a [Target], most: usize, rng: &mut ChaCha8Rng) -> Vec<&'a Target> {
    index::sample(rng, targets.len(), most.min(targets.len())).into_iter().map(|at| &targets[at]).collect()
}

/// The text of each target and what the attacker sees of it: in the one window that holds most of it, or in all windows that
/// hold any, by how much they hold. Of what was not sent, nothing.
fn seen(
    tables: &Tables,
    eye: &Eye,
    desks: &[Desk],
    targets: &[&Target],
    known: bool,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let look = |target: &&Target| {
        let presses = target.from..target.from + target.codes.len();
        eye.look(&desks[target.desk], &presses, known)
    };
    let shown: Vec<Vec<f64>> = targets.iter().map(look).collect();
    (targets.iter().map(|target| tables.text(&target.codes)).collect(), shown)
}

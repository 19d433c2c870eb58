//! Whether one person is found again in another dump: of another deployment, with keys of its own, or of the same one after
//! a renewal.

use aws_lc_rs::hmac;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Population, Profile, score_against};
use tacit_proto::{FeatureStats, Modality};

use super::desk::windows;
use super::level::Level;
use super::row::Row;
use super::typed::Typist;

/// Keystrokes of a window of either deployment.
const KEYS: u32 = 50;

/// What one deployment has of a person.
struct Dump {
    inputs: u32,
    stats: FeatureStats,
    profile: Profile,
    visible: Visible,
}

/// What is to be seen of a person without keys.
struct Visible {
    pseudonym: Vec<u8>,
    /// Bytes of the profile as it is sealed, which adds a constant.
    sealed: usize,
}

impl Visible {
    /// Whom of the others it is taken for: who is most like it.
    fn taken_for<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Option<usize> {
        let alike = |of: &Self| {
            let bits: u32 = of.pseudonym.iter().zip(&self.pseudonym).map(|(a, b)| (a ^ b).count_ones()).sum();
            (of.sealed.abs_diff(self.sealed), bits)
        };
        others.enumerate().min_by_key(|(_, of)| alike(of)).map(|(found, _)| found)
    }
}

/// Three rows: the attacker has neither server's keys, and both servers' keys; and one server's dumps from before and after everyone
/// was renewed, without its keys.
#[must_use]
pub fn rows(level: &Level, population: &Population, people: &[&Typist], rng: &mut ChaCha8Rng) -> Vec<Row> {
    let (mut dumps, mut renewed) = ([Vec::new(), Vec::new()], Vec::new());
    for (half, dumps) in dumps.iter_mut().enumerate() {
        let secret: [u8; 32] = std::array::from_fn(|_| rng.random());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        for (number, person) in people.iter().enumerate() {
            let middle = person.presses.len() / 2;
            let part = person.part(half * middle, middle);
            let (mut stats, mut inputs) = (FeatureStats::new(), 0);
            for window in windows(&part, KEYS, level.privacy) {
                stats.merge(&window.stats);
                inputs += window.inputs;
            }
            let mut profile = Profile::default();
            profile.learn(Modality::Keyboard, inputs, &stats);
            let pseudonym = hmac::sign(&key, format!("person {number}").as_bytes()).as_ref().to_vec();
            let sealed = profile.padded().map_or(0, |bytes| bytes.len());
            if half == 0 {
                let pseudonym =
                    hmac::sign(&key, format!("person {number}, generation 1").as_bytes()).as_ref().to_vec();
                renewed.push(Visible { pseudonym, sealed });
            }
            dumps.push(Dump { inputs, stats, profile, visible: Visible { pseudonym, sealed } });
        }
    }
    let [here, there] = &dumps;
    let usable: Vec<usize> =
        (0..people.len()).filter(|at| here[*at].inputs > 0 && there[*at].inputs > 0).collect();
    let references: Vec<_> = usable.iter().map(|at| here[*at].profile.prepare(population)).collect();
    let mut right = [0, 0, 0];
    for (own, at) in usable.iter().enumerate() {
        let other = &there[*at];
        let known = || usable.iter().map(|at| &here[*at].visible);
        right[0] += usize::from(other.visible.taken_for(known()) == Some(own));
        right[2] += usize::from(renewed[*at].taken_for(known()) == Some(own));
        let score = |reference| score_against(population, reference, Modality::Keyboard, &other.stats);
        let scores = references.iter().map(|reference| score(reference).map_or(f64::MIN, |s| s.llr));
        let best = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        right[1] += usize::from(best.is_some_and(|(found, _)| found == own));
    }
    let of = format!("same person, 1 of {}", usable.len());
    let chance = 1.0 / usable.len().max(1) as f64;
    let row =
        |attacker: &str, right| Row::new(&of, &level.name, KEYS, attacker, (right, usable.len()), chance);
    vec![row("dump", right[0]), row("and keys", right[1]), row("renewed", right[2])]
}

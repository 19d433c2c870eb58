//! What is to be found out: stretches of typing whose text the attacker has candidates for.

use std::collections::HashMap;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::desk::Desk;
use super::text::is_letter;
use super::typed::Typist;

/// Keystrokes of a sentence in a stream of other typing.
pub const SENTENCE: usize = 50;
/// Letters of a word.
const WORD: std::ops::RangeInclusive<usize> = 5..=12;
const SPACE: u16 = 57;

/// Something typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Number of the desk.
    pub desk: usize,
    /// First press.
    pub from: usize,
    /// Keys of it.
    pub codes: Vec<u16>,
}

/// What each window was filled by: the sentence is the window, and nothing else is in it where nothing waits.
#[must_use]
pub fn windows(desks: &[Desk], keys: u32) -> Vec<Target> {
    let each = desks
        .iter()
        .enumerate()
        .flat_map(|(number, desk)| desk.sent.windows(2).map(move |two| (number, desk, two[0].until)));
    each.map(|(desk, of, from)| Target { desk, from, codes: of.typist.codes(from, keys as usize) })
        .filter(|target| target.codes.len() == keys as usize)
        .collect()
}

/// Sentences anywhere in what was typed, wherever windows are cut.
#[must_use]
pub fn sentences(desks: &[Desk], rng: &mut ChaCha8Rng) -> Vec<Target> {
    let mut targets = Vec::new();
    for (desk, of) in desks.iter().enumerate() {
        let mut from = rng.random_range(0..SENTENCE);
        while from + SENTENCE <= of.typist.presses.len() {
            targets.push(Target { desk, from, codes: of.typist.codes(from, SENTENCE) });
            from += SENTENCE + rng.random_range(0..SENTENCE);
        }
    }
    targets
}

/// Words typed without a slip: letters between two spaces, with the space after them.
#[must_use]
pub fn words(typists: &[&Typist]) -> Vec<Target> {
    let mut targets = Vec::new();
    for (desk, of) in typists.iter().enumerate() {
        let mut from = None;
        for (at, press) in of.presses.iter().enumerate() {
            match (press.code, from) {
                (SPACE, Some(start)) => {
                    if WORD.contains(&(at - start)) {
                        targets.push(Target { desk, from: start, codes: of.codes(start, at - start) });
                    }
                    from = Some(at + 1);
                }
                (SPACE, None) => from = Some(at + 1),
                (code, _) if !is_letter(code) => from = None,
                _ => {}
            }
        }
    }
    targets
}

/// The words typed most often, each once, in no order, and where they were typed: each word about as often as any other,
/// so that none is likelier than others before a window is seen.
#[must_use]
pub fn dictionary(
    words: Vec<Target>,
    size: usize,
    trials: usize,
    rng: &mut ChaCha8Rng,
) -> (Vec<Vec<u16>>, Vec<(usize, Target)>) {
    let mut places: HashMap<Vec<u16>, Vec<Target>> = HashMap::new();
    for word in words {
        places.entry(word.codes.clone()).or_default().push(word);
    }
    let mut often: Vec<_> = places.into_iter().collect();
    often.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    often.truncate(size);
    let each = trials.div_ceil(often.len().max(1));
    let (mut dictionary, mut targets) = (Vec::new(), Vec::new());
    for (number, (word, mut at)) in often.into_iter().enumerate() {
        dictionary.push(word);
        at.shuffle(rng);
        targets.extend(at.into_iter().take(each).map(|target| (number, target)));
    }
    targets.shuffle(rng);
    (dictionary, targets)
}

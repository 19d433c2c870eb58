//! Programs that type what somebody typed, with times that they draw one by one.

use std::collections::HashMap;

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, LogNormal};
use tacit_measure::automation::drawn::{RULES, Rule};
use tacit_measure::automation::learned::{JUDGES, STROKES};
use tacit_measure::{Origin, Relation, TimedInput, Zone, relation};
use tacit_proto::Modality;

use crate::attack::mimic::hands::{PAUSES_MS, synthesised};
use crate::attack::mimic::manner::Manner;
use crate::attack::typing::{Attack, events};
use crate::attack::typists::{Key, Times, Typist, payload};
use crate::data::{self, Sample};

/// Values behind a law; with fewer, all people's is taken.
const LEAST_VALUES: usize = 8;
/// Where there is none: mean and spread of logarithms of milliseconds.
const GAP: (f64, f64) = (5.1, 0.5);
const HELD: (f64, f64) = (4.6, 0.3);

/// A kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// Gaps and holds drawn from all people's.
    Sampled,
    /// The same, of people's on keys that lie so.
    SampledByPair,
    /// Log-normal by relation and zone around the means of all people, rollover as often as it should be.
    SynthesisedPeople,
    /// The same around the means of one, with everybody's spreads.
    SynthesisedAverages,
    /// The same with the spreads of that one.
    SynthesisedWindows,
    /// Log-normal around one person's or all people's means; rollover as it comes.
    LogNormal,
    /// Gaps and holds that jitter, by no person's.
    Jittered,
    /// As gamma laws have it, around one person's means; rollover as it comes. Nothing learns of it.
    Gamma,
    /// Times of one person, drawn in another order. Nothing learns of it.
    SampledOfOne,
}

/// Programs that are alike in what tells them: a network each, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// They draw from many people's times.
    Sampling,
    /// They draw around means.
    Synthesising,
    /// They know nothing of people.
    Jittering,
}

impl Family {
    pub(super) const ALL: [Self; JUDGES] = [Self::Sampling, Self::Synthesising, Self::Jittering];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sampling => "sampling",
            Self::Synthesising => "synthesising",
            Self::Jittering => "jittering",
        }
    }

    /// Strokes that its network looks at together.
    pub(super) fn strokes(self) -> usize {
        STROKES[self as usize]
    }

    /// What is asked besides its limit.
    pub(super) fn rule(self) -> Rule {
        RULES[self as usize]
    }

    /// What its network learns of, each as often as the others.
    pub(super) fn programs(self) -> &'static [Program] {
        match self {
            Self::Sampling => &[Program::Sampled, Program::SampledByPair],
            Self::Synthesising => &[
                Program::SynthesisedPeople,
                Program::SynthesisedAverages,
                Program::SynthesisedWindows,
                Program::LogNormal,
            ],
            Self::Jittering => &[Program::Jittered],
        }
    }
}

impl Program {
    pub(super) const ALL: [Self; 9] = [
        Self::Sampled,
        Self::SampledByPair,
        Self::SynthesisedPeople,
        Self::SynthesisedAverages,
        Self::SynthesisedWindows,
        Self::LogNormal,
        Self::Jittered,
        Self::Gamma,
        Self::SampledOfOne,
    ];
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sampled => "smart_bot",
            Self::SampledByPair => "bigram_aware",
            Self::SynthesisedPeople => "synthesised_people",
            Self::SynthesisedAverages => "synthesised_averages",
            Self::SynthesisedWindows => "synthesised_windows",
            Self::LogNormal => "log_normal",
            Self::Jittered => "jittered_gaps_and_holds",
            Self::Gamma => "gamma",
            Self::SampledOfOne => "sampled_of_one",
        }
    }
}

/// What programs know of some people, and the texts that they type.
pub(super) struct Known {
    times: Times,
    pauses_ms: Vec<f64>,
    average: Manner,
    laws: Laws,
    each: Vec<One>,
    /// Keys as typed, and without corrections.
    texts: Vec<[Vec<Key>; 2]>,
}

/// What is known of one of them.
struct One {
    manner: Manner,
    times: Times,
    laws: Laws,
}

impl Known {
    /// Of people, to type what others typed: at least `keys` keys each.
    pub(super) fn of(people: &[&Typist], authors: &[&Typist], keys: usize) -> Self {
        let one = |typist: &&Typist| {
            let windows =
                data::windows(&typist.events, Modality::Keyboard, tacit_measure::Settings::default());
            let times = Times::of(&[typist]);
            One {
                manner: Manner::of(&Sample::pool(&windows).unwrap_or_default().stats),
                laws: Laws::of(&times),
                times,
            }
        };
        let each: Vec<One> = people.iter().map(one).collect();
        let manners: Vec<Manner> = each.iter().map(|one| one.manner.clone()).collect();
        let gaps = people.iter().flat_map(|typist| &typist.keys).filter_map(|key| key.gap_ms);
        let times = Times::of(people);
        let text = |typist: &&Typist| [typist.keys.clone(), payload(&typist.keys)];
        Self {
            pauses_ms: gaps.filter(|gap| PAUSES_MS.contains(gap)).collect(),
            average: Manner::average(&manners),
            laws: Laws::of(&times),
            times,
            each,
            texts: authors.iter().map(text).filter(|[_, payload]| payload.len() > keys).collect(),
        }
    }

    /// What a program types. Nothing if there is no text.
    pub(super) fn typed(&self, program: Program, keys: usize, rng: &mut ChaCha8Rng) -> Vec<TimedInput> {
        let long: Vec<_> = self.texts.iter().filter(|[_, payload]| payload.len() > keys).collect();
        let (Some([typed, payload]), Some(one)) = (long.choose(rng), self.each.choose(rng)) else {
            return Vec::new();
        };
        // Who copies a person types as they did, with their corrections; who does not has thought out the text.
        let copies = matches!(
            program,
            Program::SynthesisedPeople | Program::SynthesisedAverages | Program::SynthesisedWindows
        );
        let all = if copies { typed } else { payload };
        let from = rng.random_range(0..=all.len() - keys);
        let text = &all[from..from + keys];
        let mut synthesise = |manner: &Manner| synthesised(text, manner, &self.pauses_ms, rng);
        let strokes = match program {
            Program::Sampled => return Attack::SmartBot.typed(text, &self.times, 0, rng),
            Program::SampledByPair => return Attack::BigramAware.typed(text, &self.times, 0, rng),
            Program::Jittered => return Attack::JitteredHolds.typed(text, &self.times, 0, rng),
            Program::SampledOfOne => return Attack::BigramAware.typed(text, &one.times, 0, rng),
            Program::SynthesisedPeople => synthesise(&self.average),
            Program::SynthesisedAverages => synthesise(&one.manner.spread_as(&self.average)),
            Program::SynthesisedWindows => synthesise(&one.manner.completed_by(&self.average)),
            Program::LogNormal => {
                let laws = if rng.random_bool(0.5) { &one.laws } else { &self.laws };
                self.by(laws, text, |(mean, spread)| {
                    LogNormal::new(mean, spread).map_or(mean.exp(), |law| law.sample(rng))
                })
            }
            Program::Gamma => self.by(&one.laws, text, |(mean, spread)| {
                let shape = 1.0 / spread.powi(2).max(1e-3);
                Gamma::new(shape, mean.exp() / shape).map_or(mean.exp(), |law| law.sample(rng))
            }),
        };
        events(&strokes, 0, Origin::Device)
    }

    fn by(
        &self,
        laws: &Laws,
        text: &[Key],
        mut draw: impl FnMut((f64, f64)) -> f64,
    ) -> Vec<((Zone, tacit_measure::Column), f64, f64)> {
        let stroke = |(at, key): (usize, &Key)| {
            let relation = relation(text[at.saturating_sub(1)].place, key.place);
            let gap = laws.gaps.get(&relation).or_else(|| self.laws.gaps.get(&relation)).unwrap_or(&GAP);
            let held =
                laws.holds.get(&key.place.0).or_else(|| self.laws.holds.get(&key.place.0)).unwrap_or(&HELD);
            (key.place, draw(*gap).clamp(0.5, 1_400.0), draw(*held).clamp(1.0, 600.0))
        };
        text.iter().enumerate().map(stroke).collect()
    }
}

/// Means and spreads of logarithms of milliseconds.
struct Laws {
    gaps: HashMap<Relation, (f64, f64)>,
    holds: HashMap<Zone, (f64, f64)>,
}

impl Laws {
    fn of(times: &Times) -> Self {
        let gaps = times.by_relation.iter().filter_map(|(relation, times)| Some((*relation, law(times)?)));
        let holds = times.by_zone.iter().filter_map(|(zone, times)| Some((*zone, law(times)?)));
        Self { gaps: gaps.collect(), holds: holds.collect() }
    }
}

fn law(times: &[f64]) -> Option<(f64, f64)> {
    let logs: Vec<f64> = times.iter().filter(|ms| **ms > 0.0).map(|ms| ms.ln()).collect();
    let count = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let spread = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / count).sqrt();
    (logs.len() > LEAST_VALUES).then_some((mean, spread))
}

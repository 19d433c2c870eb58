//! Finds the laws to act by so that what is measured of a person is what was drawn.
//!
//! Holds, gaps and strokes bound each other: a key that is let go late overlaps the next, a stroke that peaks early spends
//! less time in its end. So what is measured is not quite what each law alone says, and by the same error for everyone, which
//! would make all simulated people alike where real ones differ. A few rounds of acting, measuring and mending take it out.

use tacit_measure::{Locator, Measurer, Output, Settings};
use tacit_proto::{Family, FeatureId, FeatureStats, catalogue};

use super::draw::{Law, Manner};
use super::{RawEvent, located};

const ROUNDS: usize = 5;
/// Share of the difference that a round takes out, and of one that arises from others, which move as well.
const GAIN: f64 = 0.8;
const GAIN_BENT: f64 = 0.4;
/// Values behind a mean that is mended, and behind a spread.
const LEAST: u32 = 8;
const LEAST_FOR_SPREAD: u32 = 25;
/// Farthest that a mended law lies from the drawn one, in its standard deviations.
const FARTHEST: f64 = 2.0;
const FARTHEST_LN_SD: f64 = 1.2;

/// The laws to act by. `act` gives enough events to measure a manner by, the same for the same laws.
pub(super) fn fitted(drawn: &Manner, act: impl Fn(&Manner) -> Vec<RawEvent>) -> Manner {
    let mut laws = drawn.clone();
    for (feature, law) in &mut laws.laws {
        if arises(*feature) {
            *law = Law { mean: 0.0, ln_sd: 0.0 };
        }
    }
    let start = laws.clone();
    for _ in 0..ROUNDS {
        let seen = measured(&act(&laws));
        for (feature, law) in &mut laws.laws {
            let (Some(stat), Some(drawn), Some(start)) =
                (seen.get(*feature), drawn.laws.get(feature), start.laws.get(feature))
            else {
                continue;
            };
            let gain = if arises(*feature) { GAIN_BENT } else { GAIN };
            if stat.count() >= LEAST {
                let reach = FARTHEST * drawn.ln_sd.exp().max(0.5);
                let missing = drawn.mean - stat.mean();
                // The law of a rollover is the share of overlaps to undo, or of the others to make.
                let of = match catalogue::feature(*feature).map(|f| f.family) {
                    Some(Family::Rollover) if missing < 0.0 => stat.mean(),
                    Some(Family::Rollover) => 1.0 - stat.mean(),
                    _ => 1.0,
                };
                let mended = law.mean + gain * missing / of.max(0.05);
                law.mean = mended.clamp(start.mean - reach, start.mean + reach);
            }
            if stat.count() >= LEAST_FOR_SPREAD {
                let mended = law.ln_sd + GAIN * (drawn.ln_sd - 0.5 * (stat.variance() + 1e-4).ln());
                law.ln_sd = mended.clamp(start.ln_sd - FARTHEST_LN_SD, start.ln_sd + FARTHEST_LN_SD);
            }
        }
    }
    laws
}

/// Whether values of the feature arise from others: its law then says how far to bend what arises, from nothing.
fn arises(feature: FeatureId) -> bool {
    catalogue::feature(feature).is_some_and(|f| {
        matches!(f.family, Family::UpDown | Family::Rollover)
            || ["stroke.speed_", "stroke.acceleration."].iter().any(|bent| f.name.starts_with(bent))
    })
}

/// Feature stats of events from first to last.
fn measured(events: &[RawEvent]) -> FeatureStats {
    let mut measurer = Measurer::new(Settings::default());
    let mut outputs = Vec::new();
    for event in located(&mut Locator::new(), events) {
        measurer.push(event, &mut outputs);
    }
    measurer.finish(&mut outputs);
    let mut stats = FeatureStats::new();
    for output in outputs {
        if let Output::Window(window) = output {
            stats.merge(&window.stats);
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use tacit_engine::{Aspect, Population};
    use tacit_proto::Modality;

    use super::*;
    use crate::simulate::{START, TRIAL_KEYS, TRIAL_STROKES, keyboard, pointer};

    const PEOPLE: u64 = 8;

    /// Mean over people of how far what is measured lies from what was drawn, and the same on average over features, in
    /// standard deviations between people.
    fn errors(
        modality: Modality,
        trial: impl Fn(&Manner, u64) -> Vec<RawEvent>,
        acted: impl Fn(&Manner, u64) -> Vec<RawEvent>,
    ) -> (f64, f64) {
        let population = Population::shipped();
        let model = population.model(modality).unwrap();
        let (mut common, mut apart) = (Vec::new(), Vec::new());
        let people: Vec<(Manner, FeatureStats)> = (0..PEOPLE)
            .map(|seed| {
                let drawn = Manner::draw(model, &mut ChaCha8Rng::seed_from_u64(seed));
                let laws = fitted(&drawn, |manner| trial(manner, seed));
                (drawn, measured(&acted(&laws, 1000 + seed)))
            })
            .collect();
        for (i, d) in model.dimensions.iter().enumerate().filter(|(_, d)| d.aspect == Aspect::Mean) {
            let (block, at) = model.place(i).unwrap();
            let between = d.scale * model.subject[block][(at, at)].sqrt();
            let off = |(drawn, seen): &(Manner, FeatureStats)| {
                let stat = seen.get(d.feature).filter(|stat| stat.count() >= 100)?;
                Some((stat.mean() - drawn.mean(d.feature, 0.0)) / between)
            };
            // How times are distributed follows from how they are drawn, and is not drawn by itself.
            if catalogue::feature(d.feature).is_none_or(|f| f.name.contains(".within_")) {
                continue;
            }
            let off: Vec<f64> = people.iter().filter_map(off).collect();
            if off.len() >= 4 {
                let n = off.len() as f64;
                common.push((off.iter().sum::<f64>() / n).abs());
                apart.push(off.iter().map(|o| o.abs()).sum::<f64>() / n);
            }
        }
        assert!(common.len() >= 15, "only {} features were measured", common.len());
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        (mean(&common), mean(&apart))
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn what_is_measured_of_typing_is_what_was_drawn() {
        let type_keys = |manner: &Manner, seed, keys| keyboard::type_keys(manner, &mut rng(seed), 0, keys);
        let (common, apart) =
            errors(Modality::Keyboard, |m, s| type_keys(m, s, TRIAL_KEYS), |m, s| type_keys(m, s, 4_000));
        assert!(common < 0.25, "all people share {common:.2} standard deviations that none has drawn");
        assert!(apart < 0.4, "people lie {apart:.2} standard deviations from their draw");
    }

    #[test]
    fn what_is_measured_of_pointing_is_what_was_drawn() {
        let strokes =
            |manner: &Manner, seed, n| pointer::strokes(manner, &mut rng(seed), 0, n, &mut START.clone());
        let (common, apart) =
            errors(Modality::Pointer, |m, s| strokes(m, s, TRIAL_STROKES), |m, s| strokes(m, s, 1_500));
        assert!(common < 0.35, "all people share {common:.2} standard deviations that none has drawn");
        assert!(apart < 0.6, "people lie {apart:.2} standard deviations from their draw");
    }
}

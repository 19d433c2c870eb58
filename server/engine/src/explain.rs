//! Scores in words: the families that weigh most, with direction and size.

use tacit_proto::{Family, FeatureStats, Modality, Unit, catalogue};

use crate::model::{Aspect, Model};
use crate::{Evidence, Population, Reference, Score};

/// Families told of at most.
const TOLD: usize = 5;

/// The strongest families of a score, strongest first.
#[must_use]
pub fn explain(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
    score: &Score,
) -> Vec<Evidence> {
    let mut families = score.families.clone();
    families.sort_by(|a, b| b.llr.abs().total_cmp(&a.llr.abs()));
    families
        .iter()
        .take(TOLD)
        .map(|c| Evidence {
            family: c.family,
            llr: c.llr,
            words: words(population, reference, modality, stats, c.family)
                .unwrap_or_else(|| plain(c.family).to_owned()),
        })
        .collect()
}

/// The feature of the family that is furthest from what the profile expects.
fn words(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
    family: Family,
) -> Option<String> {
    let model = population.model(modality)?;
    let posterior = reference.posterior(modality)?;
    let furthest = (0..model.dimensions.len())
        .filter(|&i| {
            model.dimensions[i].family() == Some(family) && model.dimensions[i].aspect == Aspect::Mean
        })
        .filter_map(|i| {
            Some((i, distance(model, posterior.mean[i], posterior.covariance[(i, i)], i, stats)?))
        })
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let dimension = &model.dimensions[furthest.0];
    let feature = catalogue::feature(dimension.feature)?;
    let now = feature.raw(stats.get(feature.id)?.mean());
    let usual = feature.raw(posterior.mean[furthest.0] * dimension.scale + dimension.centre);
    if furthest.1.abs() < 1.0 {
        return Some(format!("{}: as usual", feature.words));
    }
    Some(match feature.unit {
        Unit::Share if now.max(usual) <= 1.0 => {
            format!("{}: {:.0} %, usually {:.0} %", feature.words, now * 100.0, usual * 100.0)
        }
        Unit::Milliseconds if feature.clip.0 < 0.0 => {
            format!("{}: {now:.0} ms, usually {usual:.0} ms", feature.words)
        }
        unit => {
            let change = (now / usual - 1.0) * 100.0;
            let (more, less) =
                if unit == Unit::Milliseconds { ("longer", "shorter") } else { ("more", "less") };
            let direction = if change >= 0.0 { more } else { less };
            format!("{}: {:.0} % {direction} than usual", feature.words, change.abs())
        }
    })
}

/// Standard deviations between the stats and what the profile expects of them.
fn distance(model: &Model, expected: f64, uncertain: f64, i: usize, stats: &FeatureStats) -> Option<f64> {
    let d = &model.dimensions[i];
    let stat = stats.get(d.feature)?;
    let value = (stat.mean() - d.centre) / d.scale;
    let variance = uncertain + model.session[(i, i)] + d.noise / f64::from(stat.count());
    Some((value - expected) / variance.sqrt())
}

fn plain(family: Family) -> &'static str {
    match family {
        Family::Hold => "how long keys are held",
        Family::DownDown => "time from press to press",
        Family::UpDown => "time from release to press",
        Family::Rollover => "how often keys overlap",
        Family::Habit => "habits of use",
        Family::StrokeTime => "how long strokes take",
        Family::StrokeSpeed => "how fast strokes are",
        Family::StrokeShape => "the shape of strokes",
        Family::Rest => "rests between strokes",
        Family::Click => "clicks",
        Family::Drag => "drags",
        Family::Wheel => "use of the wheel",
        Family::TouchTime => "how long fingers stay on the screen",
        Family::TouchLength => "how far fingers go on the screen",
        Family::TouchSpeed => "how fast fingers go on the screen",
        Family::TouchDirection => "which way fingers go on the screen",
        Family::TouchCurve => "how fingers turn on the screen",
        Family::TouchPressure => "how hard fingers press",
        Family::TouchEnds => "how fingers land and lift off",
    }
}

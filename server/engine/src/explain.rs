//! Scores in words: the families that weigh most, with direction and size.

use tacit_proto::catalogue::{self, Feature};
use tacit_proto::{Family, FeatureStats, Modality, Unit};

use crate::factor::Lower;
use crate::model::{Aspect, Dimension, Model};
use crate::{Contribution, Evidence, Population, Reference, Score};

/// Families told of at most.
const TOLD: usize = 5;

/// Values of a feature below which it is not told of: one long burst is no habit.
const LEAST_VALUES: u32 = 3;

/// What is told of the evidence for a verdict: what speaks in its direction first, the strongest first.
pub(crate) fn told(evidence: Vec<Evidence>, verdict_llr: f64) -> Vec<Evidence> {
    told_with(evidence, Vec::new(), verdict_llr)
}

/// The same with facts beside the families, which are told however little they weigh.
pub(crate) fn told_with(
    mut evidence: Vec<Evidence>,
    facts: Vec<Evidence>,
    verdict_llr: f64,
) -> Vec<Evidence> {
    let along = |e: &Evidence| (e.llr < 0.0) == (verdict_llr < 0.0);
    let sort = |evidence: &mut [Evidence]| {
        evidence.sort_by(|a, b| along(b).cmp(&along(a)).then(b.llr.abs().total_cmp(&a.llr.abs())));
    };
    sort(&mut evidence);
    evidence.truncate(TOLD.saturating_sub(facts.len()));
    evidence.extend(facts);
    sort(&mut evidence);
    evidence
}

/// Says of evidence that the session's own start is what it is held against.
pub(crate) fn beside(evidence: Vec<Evidence>) -> impl Iterator<Item = Evidence> {
    evidence.into_iter().map(|e| Evidence { words: format!("{}, by the session's own start", e.words), ..e })
}

/// The families of a score, strongest first.
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
        .map(|c| Evidence {
            family: c.family,
            llr: c.llr,
            words: words(population, reference, modality, stats, c),
        })
        .collect()
}

/// Says what the family says, and never the contrary: the feature that speaks most in the direction of the family, if one
/// does by itself.
fn words(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
    family: &Contribution,
) -> String {
    let plain = plain(family.family);
    let telling = telling(population, reference, modality, stats, family);
    if family.llr >= 0.0 {
        return match telling {
            Some(t) if t.distance.abs() < 1.0 => format!("{}: as usual", t.feature.words),
            _ => format!("{plain}: closer to the subject than to others"),
        };
    }
    telling
        .filter(|t| t.distance.abs() >= 1.0)
        .and_then(|t| change(t.feature, t.now, t.usual))
        .unwrap_or_else(|| format!("{plain}: closer to others than to the subject"))
}

/// One feature of some stats beside what is expected of it; raw values.
struct Telling {
    feature: &'static Feature,
    now: f64,
    usual: f64,
    /// Standard deviations from what the profile expects.
    distance: f64,
}

fn telling(
    population: &Population,
    reference: &Reference,
    modality: Modality,
    stats: &FeatureStats,
    family: &Contribution,
) -> Option<Telling> {
    let model = population.model(modality)?;
    let posterior = reference.posterior(modality)?;
    let sign = if family.llr < 0.0 { -1.0 } else { 1.0 };
    let of_family = |d: &Dimension| d.family() == Some(family.family) && d.aspect == Aspect::Mean;
    let (_, at, distance) = (0..model.dimensions.len())
        .filter(|&i| of_family(&model.dimensions[i]))
        .filter_map(|i| {
            let (block, at) = model.place(i)?;
            let (mean, covariance) = &posterior.blocks[block];
            let (own, own_sd) =
                distance(model, f64::from(mean[at]), f64::from(covariance.column(at)[0]), i, stats)?;
            let (other, other_sd) = distance(model, 0.0, model.subject[block][(at, at)], i, stats)?;
            let ratio = 0.5 * (other * other - own * own) + (other_sd / own_sd).ln();
            Some((sign * ratio, i, own))
        })
        .filter(|(along, ..)| *along > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    let dimension = &model.dimensions[at];
    let feature = catalogue::feature(dimension.feature)?;
    let now = feature.raw(stats.get(feature.id)?.mean());
    let (block, within) = model.place(at)?;
    let expected = f64::from(posterior.blocks[block].0[within]);
    let usual = feature.raw(expected * dimension.scale + dimension.centre);
    Some(Telling { feature, now, usual, distance })
}

/// Direction and size of a change, `None` if its figures would show none.
fn change(feature: &Feature, now: f64, usual: f64) -> Option<String> {
    let both = |now: String, usual: String, unit: &str| {
        (now != usual).then(|| format!("{}: {now} {unit}, usually {usual} {unit}", feature.words))
    };
    match feature.unit {
        Unit::Share if now.max(usual) <= 1.0 => {
            both(format!("{:.0}", now * 100.0), format!("{:.0}", usual * 100.0), "%")
        }
        Unit::Milliseconds if feature.clip.0 < 0.0 => both(format!("{now:.0}"), format!("{usual:.0}"), "ms"),
        unit => {
            let percent = ((now / usual - 1.0) * 100.0).round();
            let (more, less) =
                if unit == Unit::Milliseconds { ("longer", "shorter") } else { ("more", "less") };
            let direction = if percent > 0.0 { more } else { less };
            let size = percent.abs();
            (usual > 0.0 && size >= 1.0 && size.is_finite())
                .then(|| format!("{}: {size:.0} % {direction} than usual", feature.words))
        }
    }
}

/// Standard deviations between the stats and what is expected of them, and how much one is.
fn distance(
    model: &Model,
    expected: f64,
    uncertain: f64,
    i: usize,
    stats: &FeatureStats,
) -> Option<(f64, f64)> {
    let d = &model.dimensions[i];
    let stat = stats.get(d.feature).filter(|stat| stat.count() >= LEAST_VALUES)?;
    let value = (stat.mean() - d.centre) / d.scale;
    let (block, at) = model.place(i)?;
    let noise = d.noise_of(model.modality, stat, stat.count());
    let variance = uncertain + model.session[block][(at, at)] + noise;
    Some(((value - expected) / variance.sqrt(), variance.sqrt()))
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

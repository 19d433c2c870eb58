//! Which plots there are: for each kind of input, DET curves, what an earlier verdict costs, and how many takeovers it finds;
//! and how a profile is poisoned.

use tacit_proto::Modality;

use super::chart::{Axis, Chart, Point, Series};
use super::tables::{inputs, weekly};
use super::{Report, adapting};
use crate::accuracy::{self, Trained};
use crate::takeover;

const MODALITIES: [(Modality, &str); 3] =
    [(Modality::Keyboard, "keyboard"), (Modality::Pointer, "pointer"), (Modality::Touch, "touch")];
/// Ticks of a DET curve; rates beyond are left out.
const RATES: [f64; 9] = [0.0001, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6];
/// Longest name that the legend has room for.
const LONGEST_NAME: usize = 36;

/// A plot as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plot {
    /// Name of the file.
    pub(super) file: String,
    /// What it shows.
    pub(super) title: String,
    /// The file's text.
    pub(super) svg: String,
}

/// Every plot that there is something to show on.
pub(super) fn all(report: &Report) -> Vec<Plot> {
    MODALITIES
        .iter()
        .flat_map(|(modality, name)| {
            [
                ("det", det(report, *modality, name)),
                ("operating", operating(report, *modality, name)),
                ("detected", detected(report, *modality, name)),
            ]
            .map(|(kind, chart)| (format!("{kind}-{name}.svg"), chart))
        })
        .chain([("poison.svg".to_owned(), adapting::curve(&report.poison))])
        .filter(|(_, chart)| chart.series.iter().any(|s| !s.points.is_empty()))
        .map(|(file, chart)| Plot { file, svg: chart.svg(), title: chart.title })
        .collect()
}

fn det(report: &Report, modality: Modality, name: &str) -> Chart {
    // A protocol under two populations of the set is shown under the larger.
    let larger = |r: &accuracy::Row| {
        let same = |o: &accuracy::Row| (&o.set, &o.protocol) == (&r.set, &r.protocol);
        report.accuracy.iter().any(|o| o.population == Trained::InSetAndOther && same(o))
    };
    let shown = |r: &&accuracy::Row| {
        r.modality == modality
            && r.times.as_recorded()
            && !r.figures.det.is_empty()
            && !(r.population == Trained::InSet && larger(r))
    };
    let rows = report.accuracy.iter().filter(shown);
    let series = rows.zip(0..).map(|(row, look)| {
        let point = |p: &[f64; 2]| Point { x: p[0], y: p[1], ships: false };
        Series {
            name: short(&format!("{}, {}", row.set, probed(&row.protocol))),
            points: row.figures.det.iter().map(point).collect(),
            look,
            dashed: matches!(row.population, Trained::OtherSet | Trained::Shipped),
            marked: false,
        }
    });
    Chart {
        title: format!("DET curves, {name} (dashed: population of another set)"),
        x: Axis::deviates("impostors let in (FMR), %", &RATES),
        y: Axis::deviates("own probes refused (FNMR), %", &RATES),
        series: series.collect(),
    }
}

/// False flags against input to detection.
fn operating(report: &Report, modality: Modality, name: &str) -> Chart {
    let mut series = Vec::new();
    for (rows, look) in sets(report, modality).into_iter().zip(0..) {
        let line = |what: &str, delay: fn(&takeover::Row) -> Option<f64>, dashed| Series {
            name: short(&format!("{}, {what}", rows[0].set)),
            points: points(&rows, weekly, delay),
            look,
            dashed,
            marked: true,
        };
        series.push(line("median", |r| r.figures.median_keys, false));
        series.push(line("p90", |r| r.figures.p90_keys, true));
    }
    let per = if modality == Modality::Keyboard { "50,000 keys" } else { "40 hours of pointing" };
    Chart {
        title: format!("False flags against delay, {name} (ringed: what ships)"),
        x: Axis::linear(&format!("false flags per {per}"), values(&series, |p| p.x)),
        y: Axis::linear(&format!("impostor's {} to detection", inputs(modality)), values(&series, |p| p.y)),
        series,
    }
}

/// Share of the takeovers that are detected, against input to detection.
fn detected(report: &Report, modality: Modality, name: &str) -> Chart {
    let sets = sets(report, modality).into_iter().zip(0..);
    let series: Vec<Series> = sets
        .map(|(rows, look)| Series {
            name: short(&rows[0].set),
            points: points(&rows, |r| r.figures.median_keys, |r| r.figures.detected.map(|d| 100.0 * d)),
            look,
            dashed: false,
            marked: true,
        })
        .collect();
    let x = format!("impostor's {} to detection, median", inputs(modality));
    Chart {
        title: format!("Takeovers detected at each threshold, {name} (ringed: what ships)"),
        x: Axis::linear(&x, values(&series, |p| p.x)),
        y: Axis::linear("takeovers detected, %", [100.0].into_iter()),
        series,
    }
}

/// Rows of enrolled people, a list a set in order of the rows, the strictest threshold last.
fn sets(report: &Report, modality: Modality) -> Vec<Vec<&takeover::Row>> {
    let mut sets: Vec<Vec<&takeover::Row>> = Vec::new();
    for row in report.takeover.iter().filter(|r| r.modality == modality && r.enrolled) {
        match sets.iter_mut().find(|rows| rows[0].set == row.set) {
            Some(rows) => rows.push(row),
            None => sets.push(vec![row]),
        }
    }
    for rows in &mut sets {
        rows.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
    }
    sets
}

fn points(
    rows: &[&takeover::Row],
    x: fn(&takeover::Row) -> Option<f64>,
    y: fn(&takeover::Row) -> Option<f64>,
) -> Vec<Point> {
    rows.iter().filter_map(|r| Some(Point { x: x(r)?, y: y(r)?, ships: r.shipped_threshold })).collect()
}

fn values(series: &[Series], value: fn(&Point) -> f64) -> impl Iterator<Item = f64> {
    series.iter().flat_map(|s| &s.points).map(value)
}

/// What tells the protocols of a set apart: what is enrolled is said first, and is the same.
fn probed(protocol: &str) -> &str {
    protocol.split_once(", ").map_or(protocol, |(_, probed)| probed)
}

fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}

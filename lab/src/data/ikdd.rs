//! The list format of IKDD logs, `kind,code_a,code_b,values_ms`: hold times a key and down-down latencies a pair of keys,
//! each list in time order, the order between lists lost.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use flate2::read::MultiGzDecoder;
use tacit_measure::{
    HESITATION_US, PAUSE_US, Within, Zone, down_down_within, hold_feature, hold_within, longest_hold_us,
    place, relation,
};
use tacit_proto::{FeatureId, FeatureStats, catalogue};

use super::Sample;

const HEADER: &str = "kind,code_a,code_b,values_ms";

/// One log: its lists, located.
#[derive(Debug, Clone)]
pub struct Log {
    lists: Vec<List>,
    keys: usize,
}

/// What a time of a log is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A key held.
    Hold,
    /// From one press to the next.
    DownDown,
}

#[derive(Debug, Clone)]
struct List {
    what: What,
    zone: Zone,
    feature: FeatureId,
    within: &'static [Within],
    /// Longer times are no strokes of a finger, as in `tacit-measure`, but count in a share of their own.
    most_ms: f64,
    longer: FeatureId,
    /// Still longer ones are not counted at all.
    pause_ms: f64,
    values_ms: Vec<f64>,
}

impl Log {
    /// Reads a gzip log.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not of the format; names file and line.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        let mut text = String::new();
        MultiGzDecoder::new(file).read_to_string(&mut text).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            bail!("line 1: the first line must be {HEADER}");
        }
        let mut log = Self { lists: Vec::new(), keys: 0 };
        for (at, line) in lines.enumerate() {
            let (list, keys) = list(line).with_context(|| format!("line {}", at + 2))?;
            log.lists.push(list);
            log.keys += keys;
        }
        ensure!(log.keys > 0, "no key is held: the log is empty or cut off");
        Ok(log)
    }

    /// Keystrokes of the log.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// The log with other times, in milliseconds, of each a function of what it is of and of where the key lies that is
    /// held or pressed next. A time of zero or less is not counted.
    #[must_use]
    pub fn retimed(&self, mut time: impl FnMut(What, Zone, f64) -> f64) -> Self {
        let mut log = self.clone();
        for list in &mut log.lists {
            for value in &mut list.values_ms {
                *value = time(list.what, list.zone, *value);
            }
        }
        log
    }

    /// The whole log.
    #[must_use]
    pub fn whole(&self) -> Sample {
        self.slice(0, 1)
    }

    /// The log cut into as many slices of at least `keys` keystrokes as it holds; of every list each slice takes its
    /// share in time order.
    #[must_use]
    pub fn slices(&self, keys: usize) -> Vec<Sample> {
        let count = self.keys / keys.max(1);
        (0..count).map(|k| self.slice(k, count)).collect()
    }

    fn slice(&self, k: usize, of: usize) -> Sample {
        let mut stats = FeatureStats::new();
        for list in &self.lists {
            let length = list.values_ms.len();
            let Some(feature) = catalogue::feature(list.feature) else { continue };
            let values = list.values_ms.get(k * length / of..(k + 1) * length / of).unwrap_or_default();
            for value in values.iter().filter(|v| **v > 0.0 && **v <= list.pause_ms) {
                let longer = *value > list.most_ms;
                stats.push(list.longer, if longer { 1.0 } else { 0.0 });
                if longer {
                    continue;
                }
                if let Some(value) = feature.value(*value) {
                    stats.push(list.feature, value);
                }
                for within in list.within {
                    stats.push(within.feature, within.share(*value));
                }
            }
        }
        Sample { inputs: u32::try_from(self.keys / of).unwrap_or(u32::MAX), stats }
    }
}

fn list(line: &str) -> anyhow::Result<(List, usize)> {
    let fields: Vec<&str> = line.split(',').collect();
    let [kind, code_a, code_b, values] = fields[..] else { bail!("a line has four fields") };
    let code = |text: &str| text.parse::<u16>().with_context(|| format!("no key code: {text:?}"));
    let number = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0);
        value.with_context(|| format!("no time in ms: {text:?}"))
    };
    let values_ms = values.split(' ').map(number).collect::<anyhow::Result<Vec<f64>>>()?;
    let milliseconds = |us: u64| us as f64 / 1000.0;
    let a = place(code(code_a)?);
    let keys = if kind == "hold" { values_ms.len() } else { 0 };
    let list = match kind {
        "hold" if !code_b.is_empty() => bail!("a hold is of one key, not of a second: {code_b:?}"),
        "hold" => List {
            what: What::Hold,
            zone: a.0,
            feature: hold_feature(a.0),
            within: hold_within(a.0),
            most_ms: milliseconds(longest_hold_us(a.0)),
            longer: catalogue::LEANING_SHARE,
            pause_ms: f64::INFINITY,
            values_ms,
        },
        "down_down" => {
            let b = place(code(code_b)?);
            let relation = relation(a, b);
            List {
                what: What::DownDown,
                zone: b.0,
                feature: relation.down_down(),
                within: down_down_within(relation),
                most_ms: milliseconds(HESITATION_US),
                longer: catalogue::HESITATION_SHARE,
                pause_ms: milliseconds(PAUSE_US),
                values_ms,
            }
        }
        _ => bail!("unknown kind: {kind:?}"),
    };
    Ok((list, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str =
        "kind,code_a,code_b,values_ms\nhold,30,,100 100 100 100\ndown_down,30,57,200 400 2999 200\n";

    #[test]
    fn slices_take_every_list_in_proportion() {
        let log = Log::parse(LOG).unwrap();
        let slices = log.slices(2);
        assert_eq!((log.keys(), slices.len()), (4, 2));
        let latency = slices[1].stats.get(catalogue::DOWN_DOWN_LEFT_SPACE).unwrap();
        assert_eq!(latency.count(), 1, "a pause is no latency");
        assert!((latency.mean() - 200f64.ln()).abs() < 1e-12);
        let mut merged = slices[0].stats.clone();
        merged.merge(&slices[1].stats);
        assert_eq!(merged.get(catalogue::HOLD_LEFT).unwrap().count(), 4);
        assert_eq!(log.whole().stats.get(catalogue::DOWN_DOWN_LEFT_SPACE).unwrap().count(), 3);
    }

    #[test]
    fn other_times_are_of_one_hand_or_one_kind() {
        let log = Log::parse(LOG).unwrap();
        let slow = log.retimed(|what, zone, ms| match (what, zone) {
            (What::Hold, Zone::Left) => 2.0 * ms,
            (What::DownDown, Zone::Space) => 1.5 * ms,
            _ => 0.0,
        });
        let mean = |log: &Log, feature| log.whole().stats.get(feature).unwrap().mean();
        assert!((mean(&slow, catalogue::HOLD_LEFT) - 200f64.ln()).abs() < 1e-12);
        let latency = catalogue::DOWN_DOWN_LEFT_SPACE;
        assert!((mean(&slow, latency) - mean(&log, latency) - 1.5f64.ln()).abs() < 1e-12);
        assert_eq!(slow.keys(), log.keys());
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in [
            "hold,x,,1",
            "hold,30,,1 x",
            "hold,30,1",
            "hold,30,,-4",
            "press,30,,1",
            "down_down,30,,1",
            "hold,31,30,1",
        ] {
            let error = Log::parse(&format!("{HEADER}\nhold,30,,1\n{bad}")).unwrap_err();
            assert!(format!("{error:#}").starts_with("line 3: "), "{error:#}");
        }
        assert!(Log::parse(HEADER).is_err(), "a log of nothing");
    }
}

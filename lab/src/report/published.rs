//! What others published on the same or like data, beside our figure, and why the two are not quite comparable.

use super::Report;
use super::tables::{number, percent, table};
use crate::accuracy::Trained;
use crate::{metrics, takeover};

/// Where our figure is.
enum Ours {
    /// In the row of a set, a protocol that begins so, and a population.
    Accuracy(&'static str, &'static str, Trained, fn(&metrics::Figures) -> String),
    /// In the row of a set under the threshold that ships, enrolled.
    Takeover(&'static str, fn(&takeover::figures::Figures) -> String),
}

struct Published {
    figure: &'static str,
    ours: Ours,
    theirs: &'static str,
    differs: &'static str,
}

const DEEP: &str = "deep networks on the letters typed, 30 to 68 thousand people in training, short sentences probed too; \
                    ours knows hands and relations of keys, no letters, and learned of 500 people";
const CLARKSON: &str = "another set (daily typing too), and digraphs, not keystrokes";
const DARPA: &str = "its own study of 99 office users at work, not public; ours are recordings, spliced. It reports no \
                     false rejection in a day";

const PUBLISHED: [Published; 10] = [
    Published {
        figure: "aalto, EER a user",
        ours: Ours::Accuracy("aalto", "enrol 10 sentences", Trained::InSet, eer_user),
        theirs: "TypeNet 2.2 %; Type2Branch 0.77 %",
        differs: DEEP,
    },
    Published {
        figure: "aalto, EER global",
        ours: Ours::Accuracy("aalto", "enrol 10 sentences", Trained::InSet, |f| percent(f.eer_global, 2)),
        theirs: "Type2Branch 3.25 %",
        differs: DEEP,
    },
    Published {
        figure: "aalto, FNMR at FMR 1 %",
        ours: Ours::Accuracy("aalto", "enrol 10 sentences", Trained::InSet, |f| {
            percent(f.fnmr_at_fmr_1pct, 1)
        }),
        theirs: "winner of the keystroke verification challenge (KVC) 12 %",
        differs: "the challenge has people and trials of its own",
    },
    Published {
        figure: "ikdd, 100 keys, EER a user",
        ours: Ours::Accuracy("ikdd", "enrol first log, probe 100 keys", Trained::InSetAndOther, eer_user),
        theirs: "ITAD on Clarkson II, 100 digraphs: 9.7 %",
        differs: CLARKSON,
    },
    Published {
        figure: "ikdd, 200 keys, EER a user",
        ours: Ours::Accuracy("ikdd", "enrol first log, probe 200 keys", Trained::InSetAndOther, eer_user),
        theirs: "ITAD on Clarkson II, 200 digraphs: 7.8 %",
        differs: CLARKSON,
    },
    Published {
        figure: "sapimouse, 15 s, AUC",
        ours: Ours::Accuracy("sapimouse", "enrol 3 min, probe 15 s", Trained::InSet, auc),
        theirs: "0.94",
        differs: "people of the set in training and in trials are split in another way",
    },
    Published {
        figure: "balabit, AUC, others of the set known",
        ours: Ours::Accuracy("balabit", "labelled sessions, subject", Trained::InSet, auc),
        theirs: "0.9465",
        differs: "our population knows other people of the set, of whom some may be the unnamed intruders",
    },
    Published {
        figure: "balabit, AUC",
        ours: Ours::Accuracy("balabit", "labelled sessions, SapiMouse", Trained::OtherSet, auc),
        theirs: "0.9465",
        differs: "our population knows nobody of the set and no remote desktop",
    },
    Published {
        figure: "klicke, median active time to detection, keyboard",
        ours: Ours::Takeover("klicke", |f| seconds(f.median_active_s)),
        theirs: "BehavioSec 18 s",
        differs: DARPA,
    },
    Published {
        figure: "balabit, median active time to detection, pointer",
        ours: Ours::Takeover("balabit", |f| seconds(f.median_active_s)),
        theirs: "BehavioSec 2.4 min",
        differs: DARPA,
    },
];

fn eer_user(figures: &metrics::Figures) -> String {
    percent(figures.eer_user, 2)
}

fn auc(figures: &metrics::Figures) -> String {
    number(Some(figures.auc), 4)
}

/// The time is of detected takeovers only; the document says so.
fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.0} s"))
}

/// The published figures that we have a row for.
pub(super) fn beside_ours(report: &Report) -> String {
    let ours = |ours: &Ours| match ours {
        Ours::Accuracy(set, protocol, population, figure) => {
            let rows = &mut report.accuracy.iter().filter(|r| r.times.as_recorded());
            rows.find(|r| r.set == *set && r.protocol.starts_with(protocol) && r.population == *population)
                .map(|r| figure(&r.figures))
        }
        Ours::Takeover(set, figure) => {
            let rows = &mut report.takeover.iter();
            rows.find(|r| r.set == *set && r.enrolled && r.shipped_threshold).map(|r| {
                format!(
                    "{}, {} detected",
                    figure(&r.figures),
                    r.figures.detected.map_or_else(|| "none".to_owned(), |d| percent(d, 1))
                )
            })
        }
    };
    let row = |p: &Published| {
        Some(vec![p.figure.to_owned(), ours(&p.ours)?, p.theirs.to_owned(), p.differs.to_owned()])
    };
    let rows: Vec<Vec<String>> = PUBLISHED.iter().filter_map(row).collect();
    table(&["figure", "ours", "published", "what is not comparable"], &rows)
}

//! `tacit-lab accuracy`: error rates on research sets and on any folder of traces.

pub(crate) mod align;
mod protocols;
mod row;
pub mod sets;
mod traces;
pub mod trials;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::rows;
pub use row::{Row, Trained};
use traces::ProbeSize;

/// What to measure accuracy on.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("input").required(true).args(["data", "traces"])))]
pub struct Args {
    /// Folder of the research sets (aalto, ikdd, sapimouse, balabit, swipe)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only this set
    #[arg(long, value_name = "NAME", requires = "data", value_parser = PossibleValuesParser::new(protocols::SETS))]
    set: Option<String>,
    /// Any folder of traces: USER.csv.gz or USER/SESSION.csv.gz
    #[arg(long, value_name = "DIR", requires = "enrol", requires = "probe")]
    traces: Option<PathBuf>,
    /// Share of each person's input that is enrolled, 0 to 1
    #[arg(long, value_name = "FRACTION", requires = "traces")]
    enrol: Option<f64>,
    /// Probe with this many keystrokes (strokes for pointer and touch)
    #[arg(long, value_name = "N", requires = "traces", group = "probe", value_parser = clap::value_parser!(u32).range(1..))]
    probe_keys: Option<u32>,
    /// Probe with this many seconds of use
    #[arg(long, value_name = "S", requires = "traces", group = "probe", value_parser = clap::value_parser!(u32).range(1..))]
    probe_seconds: Option<u32>,
    /// Also write the rows to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures, prints a table and writes the rows.
///
/// # Errors
/// When the data cannot be read, is too little, or the rows cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bar = bar();
    let mut rows = Vec::new();
    writeln!(out, "{}", Row::heading())?;
    let mut put = |new: Vec<Row>, out: &mut dyn Write| -> anyhow::Result<()> {
        bar.suspend(|| new.iter().try_for_each(|row| writeln!(out, "{}", row.line())))?;
        rows.extend(new);
        Ok(())
    };
    if let Some(data) = &args.data {
        let sets = args.set.as_deref().map_or_else(|| protocols::SETS.to_vec(), |set| vec![set]);
        for set in sets {
            bar.set_prefix(set.to_owned());
            put(protocols::rows(data, set, &bar)?, out)?;
        }
    }
    if let (Some(folder), Some(enrol)) = (&args.traces, args.enrol) {
        let probe = match (args.probe_keys, args.probe_seconds) {
            (Some(keys), _) => ProbeSize::Inputs(keys),
            (None, seconds) => ProbeSize::Seconds(seconds.context("say --probe-keys or --probe-seconds")?),
        };
        put(traces::rows(folder, enrol, probe, &bar)?, out)?;
    }
    bar.finish_and_clear();
    if let Some(path) = &args.json {
        rows::write(path, &rows::lines(&rows)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The rows of every research set of a folder.
///
/// # Errors
/// When a set cannot be read or is too small.
pub(crate) fn all_sets(data: &Path) -> anyhow::Result<Vec<Row>> {
    let bar = bar();
    let mut rows = Vec::new();
    for set in protocols::SETS {
        bar.set_prefix(format!("accuracy {set}"));
        rows.extend(protocols::rows(data, set, &bar)?);
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// Progress on standard error; silent where that is no terminal.
#[must_use]
pub fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix} {msg} {pos}/{len} {elapsed}");
    let bar = ProgressBar::new(0);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

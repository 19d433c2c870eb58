//! `tacit-lab report`: the document of all figures and its plots, made of rows that the other commands wrote. The same rows
//! give the same bytes.

mod adapting;
mod chart;
mod document;
mod plots;
mod published;
mod read;
mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use tacit_engine::Population;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::adapt::{self, drift, poison, shift};
use crate::{accuracy, takeover};

/// Rows to report, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Rows that `accuracy --json` wrote; without them, accuracy is measured on `--data`
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    accuracy: Option<PathBuf>,
    /// Rows that `takeover --json` wrote, a file a set; without them, takeovers are replayed on `--data`
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "data")]
    takeover: Vec<PathBuf>,
    /// Rows that `drift --json` wrote
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    drift: Option<PathBuf>,
    /// Rows that `shift --json` wrote
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    shift: Option<PathBuf>,
    /// Rows that `poison --json` wrote
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    poison: Option<PathBuf>,
    /// Folder of the research sets, to measure what no file is given for; takes long
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Seed that the takeovers are, or were, drawn with
    #[arg(long, default_value_t = takeover::SEED)]
    seed: u64,
    /// Date that the document bears; today in UTC if not given
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    /// Document to write; plots go to a folder beside it, of the same name without `.md`
    #[arg(long, value_name = "FILE.md")]
    out: PathBuf,
}

/// All that a report is made of.
#[derive(Debug, Clone)]
pub struct Report {
    /// Rows of `accuracy`.
    pub accuracy: Vec<accuracy::Row>,
    /// Rows of `takeover`.
    pub takeover: Vec<takeover::Row>,
    /// Rows of `drift`.
    pub drift: Vec<drift::Row>,
    /// Rows of `shift`.
    pub shift: Vec<shift::Row>,
    /// Rows of `poison`.
    pub poison: Vec<poison::Row>,
    /// Seed of the takeovers.
    pub seed: u64,
    /// Day it was made.
    pub date: Date,
    /// Version of the software.
    pub version: String,
    /// What the population that ships was learned from, a line each.
    pub provenance: Vec<String>,
    /// Folder of the plots, as the document links to it.
    pub plots: String,
}

/// A document and its plots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Markdown.
    pub document: String,
    /// SVG plots by file name.
    pub plots: Vec<(String, String)>,
}

impl Report {
    /// The document and its plots.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let plots = plots::all(self);
        let document = document::markdown(self, &plots);
        Rendered { document, plots: plots.into_iter().map(|p| (p.file, p.svg)).collect() }
    }
}

/// Reads or measures, then writes the document and its plots.
///
/// # Errors
/// When rows cannot be read, measured or reported, or a file cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    ensure!(
        args.out.extension().is_some_and(|e| e == "md"),
        "{}: --out must name a file that ends in .md",
        args.out.display()
    );
    // What is quick to read may be wrong, and is read before what takes long.
    let accuracy = args.accuracy.as_deref().map(read::accuracy).transpose()?;
    let takeover = (!args.takeover.is_empty()).then(|| read::takeover(&args.takeover)).transpose()?;
    let drift = args.drift.as_deref().map(read::adapt).transpose()?;
    let shift = args.shift.as_deref().map(read::adapt).transpose()?;
    let poison = args.poison.as_deref().map(read::adapt).transpose()?;
    let data = || args.data.as_deref().context("give --data, or a file of every kind of rows");
    let accuracy = accuracy.map_or_else(|| accuracy::all_sets(data()?), Ok)?;
    let takeover = takeover.map_or_else(|| takeover::all_sets(data()?, args.seed), Ok)?;
    let drift = drift.map_or_else(|| adapt::measured(data()?), Ok)?;
    let shift = shift.map_or_else(|| adapt::measured(data()?), Ok)?;
    let poison = poison.map_or_else(|| adapt::measured(data()?), Ok)?;
    let folder = args.out.with_extension("");
    let report = Report {
        accuracy,
        takeover,
        drift,
        shift,
        poison,
        seed: args.seed,
        date: args.date.unwrap_or_else(today),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        provenance: Population::shipped().provenance().to_vec(),
        plots: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let rendered = report.render();
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (file, svg) in &rendered.plots {
        write(&folder.join(file), svg, out)?;
    }
    write(&args.out, &rendered.document, out)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())?;
    writeln!(out, "{}", path.display())?;
    Ok(())
}

fn date(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "a date is written YYYY-MM-DD".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the day a document is made; --date injects another")]
fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

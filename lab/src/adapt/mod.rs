//! How profiles adapt: `tacit-lab drift`, `tacit-lab shift` and `tacit-lab poison`, on people who were recorded on several days.
//!
//! Profiles learn as on a server: a session's windows are judged in order, and a session that was never doubted teaches when it
//! closes. Nobody is in the population that they are judged under.

pub mod change;
pub mod drift;
pub mod people;
pub mod poison;
pub mod shift;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::ensure;
use indicatif::ProgressBar;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::accuracy::bar;
use crate::rows;
use people::Worker;

/// What to measure on, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets (ikdd)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Also write the rows to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A row of figures that people can read.
pub trait Row: Serialize + DeserializeOwned {
    /// What measures it, as a command and in messages.
    const NAME: &'static str;
    /// Heading of the lines.
    fn heading() -> String;
    /// The row as a line.
    fn line(&self) -> String;
    /// What it is the row of, one of a kind.
    fn of(&self) -> String;
    /// Every figure of it that is a share.
    fn shares(&self) -> Vec<f64>;
    /// The rows of workers.
    fn measure(workers: &[Worker], bar: &ProgressBar) -> Vec<Self>;
}

/// Measures, prints a table and writes the rows.
///
/// # Errors
/// When the data cannot be read, is too little, or the rows cannot be written.
pub fn run<R: Row>(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let rows = measured::<R>(&args.data)?;
    rows::put(&rows, &R::heading(), R::line, args.json.as_deref(), out)
}

/// The rows of a folder of research sets.
///
/// # Errors
/// When a log cannot be read, or nobody has enough of them.
pub(crate) fn measured<R: Row>(data: &Path) -> anyhow::Result<Vec<R>> {
    let bar = bar();
    bar.set_prefix(R::NAME);
    let workers = people::read(&data.join("ikdd"), &bar)?;
    let rows = R::measure(&workers, &bar);
    bar.finish_and_clear();
    ensure!(!rows.is_empty(), "ikdd: too few people with logs of enough days to measure {}", R::NAME);
    Ok(rows)
}

/// The mean; 0 of nothing.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Share of those that are so; 0 of nothing.
fn share(are: impl IntoIterator<Item = bool>) -> f64 {
    mean(are.into_iter().map(|is| if is { 1.0 } else { 0.0 }))
}

//! `tacit-lab takeover`: whole sessions in order, through the windows, the engine and the verdicts that ship. How often is a
//! person called someone else, and how soon is someone else noticed who goes on in a person's session?

pub mod figures;
pub mod replay;
mod row;
mod run;
pub mod session;
mod sets;
mod sweep;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::builder::PossibleValuesParser;

use crate::accuracy::bar;
use crate::privacy::level::{Level, PLAIN, SHIPPED};
use crate::rows;

pub use row::Row;
pub use run::everyone;
pub use sweep::Court;

/// Draws the parts of a set and the takeovers, unless another is given.
pub(crate) const SEED: u64 = 2;

/// What to replay.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets (klicke, ikdd, sapimouse, balabit)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which set
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(sets::SETS))]
    set: String,
    /// At which level of privacy desks are measured; others than `plain` need a set that holds events
    #[arg(long, value_name = "LEVEL", default_value = PLAIN, value_parser = PossibleValuesParser::new(SHIPPED.map(|(name, _)| name)))]
    privacy: String,
    /// Draws the parts of the set and the takeovers
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Also write the rows to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Replays, prints a table and writes the rows.
///
/// # Errors
/// When the data cannot be read, is too little, or the rows cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bar = bar();
    bar.set_prefix(args.set.clone());
    let set = sets::read(&args.data, &args.set, &bar)?;
    let level = Level::shipped().into_iter().find(|l| l.name == args.privacy).context("no such level")?;
    ensure!(
        level.name == PLAIN || set.traces(),
        "{}: holds windows and no events, which are as they are",
        args.set
    );
    let rows = run::rows(&args.set, &set, &level, args.seed, &bar);
    bar.finish_and_clear();
    ensure!(!rows.is_empty(), "{}: nobody has enough sessions to be enrolled and judged", args.set);
    rows::put(&rows, &Row::heading(), Row::line, args.json.as_deref(), out)
}

/// The rows of every research set of a folder.
///
/// # Errors
/// When a set cannot be read or is too little.
pub(crate) fn all_sets(data: &Path, seed: u64) -> anyhow::Result<Vec<Row>> {
    let bar = bar();
    let (mut rows, [plain, ..]) = (Vec::new(), Level::shipped());
    for name in sets::SETS {
        bar.set_prefix(format!("takeover {name}"));
        rows.extend(run::rows(name, &sets::read(data, name, &bar)?, &plain, seed, &bar));
    }
    bar.finish_and_clear();
    Ok(rows)
}

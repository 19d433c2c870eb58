//! `tacit-lab attack`: machines that type and point, against real people as the negatives. How many are found, how soon, how
//! many people are taken for machines; and the same of two tools that decide on gaps alone.

mod baselines;
mod hands;
pub(crate) mod mimic;
mod pointing;
mod row;
mod trials;
pub(crate) mod typing;
pub(crate) mod typists;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::accuracy::bar;
use crate::rows;

pub use mimic::{By, Level, MimicRow};
pub use row::{Knowledge, Row};

/// What to attack, and how often.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets (those of aalto, klicke, sapimouse and bots that it holds)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Also write the rows to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Attacks of each class
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    trials: u32,
    /// Draws the attacks
    #[arg(long, default_value_t = 5)]
    seed: u64,
    /// People and programs that type as the victim does, instead (klicke and ikdd)
    #[arg(long)]
    mimic: bool,
}

/// Plays every attack and every person, prints a table and writes the rows.
///
/// # Errors
/// When the data cannot be read, holds nobody, or the rows cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bar = bar();
    if args.mimic {
        let rows = mimic::rows(&args.data, args.trials, args.seed, &bar)?;
        bar.finish_and_clear();
        return rows::put(&rows, &MimicRow::heading(), MimicRow::line, args.json.as_deref(), out);
    }
    let typists = typists::read(&args.data, &bar)?;
    let mut rows = trials::keyboard(&typists, args.trials, args.seed, &bar);
    rows.extend(trials::everyone(&typists, &bar));
    rows.extend(hands::bots(args.trials, args.seed, &bar));
    rows.extend(hands::recorded(&args.data, args.trials, args.seed, &bar)?);
    rows.extend(hands::people(&args.data, &bar)?);
    bar.finish_and_clear();
    rows::put(&rows, &Row::heading(), Row::line, args.json.as_deref(), out)
}

//! `tacit-lab takeover`: whole sessions in order, through the windows, the engine and the verdicts that ship. How often is a
//! person called someone else, and how soon is someone else noticed who goes on in a person's session?

pub mod figures;
pub mod replay;
mod row;
mod run;
pub mod session;
mod sets;
mod sweep;
mod traces;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::builder::PossibleValuesParser;

use crate::accuracy::bar;
use crate::data::folder;
use crate::privacy::level::{Level, PLAIN, SHIPPED};
use crate::rows;

pub use row::Row;
pub use run::everyone;
pub use sweep::Court;

/// Draws the parts of a set and the takeovers, unless another is given.
pub(crate) const SEED: u64 = 2;

/// What to replay.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("input").required(true).args(["data", "traces"])))]
pub struct Args {
    /// Folder of the research sets (klicke, ikdd, sapimouse, balabit)
    #[arg(long, value_name = "DIR", requires = "set")]
    data: Option<PathBuf>,
    /// Which set
    #[arg(long, value_name = "NAME", requires = "data", value_parser = PossibleValuesParser::new(sets::SETS))]
    set: Option<String>,
    /// Any folder of traces, USER.csv.gz or USER/SESSION.csv.gz, under the population that ships
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
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
    let (name, sets) = match (&args.data, &args.set, &args.traces) {
        (Some(data), Some(set), _) => {
            bar.set_prefix(set.clone());
            (set.clone(), vec![sets::read(data, set, &bar)?])
        }
        (_, _, Some(folder)) => {
            let name = folder::name(folder);
            bar.set_prefix(name.clone());
            (name, traces::sets(folder, &bar)?)
        }
        _ => bail!("say --data and --set, or --traces"),
    };
    let level = Level::shipped().into_iter().find(|l| l.name == args.privacy).context("no such level")?;
    let (mut rows, events) = (Vec::new(), sets.iter().all(sets::Set::traces));
    ensure!(level.name == PLAIN || events, "{name}: holds windows and no events, which are as they are");
    for set in &sets {
        rows.extend(run::rows(&name, set, &level, args.seed, &bar));
    }
    bar.finish_and_clear();
    ensure!(!rows.is_empty(), "{name}: nobody has enough sessions to be enrolled and judged");
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

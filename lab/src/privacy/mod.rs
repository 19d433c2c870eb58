//! `tacit-lab privacy`: the leak, measured. An attacker who knows the agent, people in general and candidates for what was
//! typed holds what was sent: one window, or all windows of a person, or the dumps of two servers.

pub mod attack;
pub mod cost;
pub mod decoder;
pub mod desk;
pub mod keys;
pub mod level;
pub mod password;
pub mod relink;
pub mod row;
mod run;
pub mod targets;
pub mod text;
pub mod typed;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};

use crate::accuracy::bar;
use crate::data::folder;
use crate::rows;
use typed::Typist;

pub use run::{Found, everything};

/// What to attack.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets, of which klicke is read
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Only so many people, half of whom the attacker learns of
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..))]
    people: Option<u32>,
    /// Attempts a task at most
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Keystrokes of a window
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [30, 60, 120],
        value_parser = clap::value_parser!(u32).range(30..1000))]
    window_keys: Vec<u32>,
    /// Also levels that send coarse stats sooner than those that ship
    #[arg(long)]
    tried: bool,
    /// Draws who is attacked, and all else
    #[arg(long, default_value_t = 2)]
    seed: u64,
    /// Also write the rows to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Attacks, prints tables and writes the rows.
///
/// # Errors
/// When the data cannot be read, is too little, or the rows cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bar = bar();
    let folder = args.data.join("klicke");
    let users = folder::users(&folder)?;
    let people = args.people.map_or(users.len(), |most| users.len().min(most as usize));
    bar.set_length(people as u64);
    bar.set_message("reading");
    let mut typists = Vec::new();
    for user in users.iter().take(people) {
        typists.push(Typist::read(user.sessions.first().context("a person without a recording")?)?);
        bar.inc(1);
    }
    ensure!(typists.len() >= 8, "{}: {} people; 8 are the least", folder.display(), typists.len());
    let found = everything(&typists, args.trials as usize, &args.window_keys, args.tried, args.seed, &bar);
    bar.finish_and_clear();
    ensure!(!found.rows.is_empty(), "{}: nobody typed enough", folder.display());
    rows::print(&found.rows, &row::Row::heading(), row::Row::line, out)?;
    writeln!(out)?;
    rows::print(&found.costs, &row::Cost::heading(), row::Cost::line, out)?;
    if let Some(path) = &args.json {
        rows::write(path, &[rows::lines(&found.rows)?, rows::lines(&found.costs)?].concat())?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `tacit-lab demo`: a real server, a simulated fleet over the real gRPC, three attacks, and their verdicts.

mod api;
mod board;
mod fleet;
mod server;
mod story;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, timeout_at};

use server::{Folder, Process};

/// The demo as a whole.
const DEADLINE: Duration = Duration::from_secs(170);

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End once every attack is caught; the exit status is 0 only then
    #[arg(long)]
    exit: bool,
    /// Simulated people
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(2..=40))]
    people: u8,
    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Empty folder to keep everything in; a folder of its own in /tmp, removed at the end, unless given
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs the demo. The exit status is success only if every attack was caught and nobody honest was accused.
///
/// # Errors
/// When a part does not start or fails, or the demo is stopped or takes too long. The server has ended then.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let deadline = Instant::now() + DEADLINE;
    let mut stop = Stop::listen()?;
    let folder = Folder::make(args.data_dir.as_deref())?;
    say("starting tacit-server with a private Postgres ...");
    let (mut process, output) = Process::start(&folder)?;
    let played = tokio::select! {
        played = timeout_at(deadline, story::play(args, &folder, output)) => {
            played.unwrap_or_else(|_| Err(anyhow!("the demo was not done within {} s", DEADLINE.as_secs())))
        }
        () = stop.asked() => Err(anyhow!("stopped")),
        status = process.ended() => Err(process.failure(status)),
    };
    let played = match played {
        Ok(mut played) if !args.exit => {
            say("\nThe server stays up, and people go on working. Press Ctrl-C to end the demo.");
            tokio::select! {
                () = stop.asked() => Ok(played.proved),
                failed = played.go_on() => failed.map(|()| played.proved),
                status = process.ended() => Err(process.failure(status)),
            }
        }
        other => other.map(|played| played.proved),
    };
    process.stop().await;
    folder.remove().await;
    Ok(if played? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What asks the demo to end.
struct Stop([Signal; 3]);

impl Stop {
    fn listen() -> Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(interrupt), Ok(terminate), Ok(hangup)] = kinds.map(signal) else {
            bail!("cannot listen for signals");
        };
        Ok(Self([interrupt, terminate, hangup]))
    }

    async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Prints a line; a reader that has gone away is no error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

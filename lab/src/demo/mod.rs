//! `tacit-lab demo`: a real server, a simulated fleet over the real gRPC, a takeover, and its verdict.

mod api;
mod board;
mod fleet;
mod server;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tokio::time::Instant;

use crate::simulate::Person;
use api::Api;
use board::{Board, Phase};
use fleet::{Desk, Fleet};
use server::Server;

/// Sessions that every simulated person is enrolled with.
const ENROLMENT: usize = 4;
/// Windows of each person before the takeover.
const HONEST_WINDOWS: usize = 10;
/// Windows that the taker may make before the demo gives up.
const TAKER_WINDOWS: usize = 60;
/// The demo as a whole.
const DEADLINE: Duration = Duration::from_secs(170);

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End once the takeover is caught; the exit status is 0 only then
    #[arg(long)]
    exit: bool,
    /// Simulated people
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(2..=40))]
    people: u8,
    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the demo.
///
/// # Errors
/// When a part does not start, or the takeover is not caught in time.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let deadline = Instant::now() + DEADLINE;
    say("starting tacit-server with a private Postgres ...");
    let mut server = Server::start().await?;
    let outcome = tokio::select! {
        outcome = play(args, &server, deadline) => outcome,
        _ = tokio::signal::ctrl_c() => bail_stopped(),
    };
    let outcome = match outcome {
        Ok(caught) if !args.exit => {
            say("\nThe server stays up. Press Ctrl-C to end the demo.");
            let _ = tokio::signal::ctrl_c().await;
            Ok(caught)
        }
        other => other,
    };
    server.stop().await;
    Ok(if outcome? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bail_stopped() -> Result<bool> {
    bail!("stopped")
}

/// Plays the whole story. Returns whether the takeover was caught and no honest desk was accused.
async fn play(args: &Args, server: &Server, deadline: Instant) -> Result<bool> {
    let population = Arc::new(Population::shipped());
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut person =
        || Person::draw(&population, &mut rng).context("the shipped population lacks a modality");
    let people = (0..args.people).map(|_| person()).collect::<Result<Vec<_>>>()?;
    let taker = person()?;

    let token = server.token(u32::from(args.people)).await?;
    say(&format!("enrolling {} simulated workstations ...", args.people));
    let mut fleet = Fleet::enrol(server, &token, people, &population, args.seed).await?;
    let mut api = Api::connect(server)?;
    let mut board = Board::new();

    for round in 1..=ENROLMENT {
        board.phase(&format!("learning: session {round} of {ENROLMENT}"));
        for desk in &mut fleet.desks {
            desk.log_on()?;
            board.desk(desk, Phase::Learning);
        }
        for _ in 0..8 {
            for desk in &mut fleet.desks {
                desk.work()?;
            }
            refresh(&mut api, &mut board).await?;
        }
        for desk in &mut fleet.desks {
            desk.log_off()?;
        }
        fleet.settle(deadline).await?;
        refresh(&mut api, &mut board).await?;
    }

    board.phase("everybody at their own desk");
    for desk in &mut fleet.desks {
        desk.log_on()?;
        board.desk(desk, Phase::Own);
    }
    for _ in 0..HONEST_WINDOWS {
        for desk in &mut fleet.desks {
            desk.work()?;
        }
        fleet.settle(deadline).await?;
        refresh(&mut api, &mut board).await?;
    }

    let seat = usize::from(args.people) / 2;
    fleet.desks[seat].taken_over_by(&taker);
    let session = fleet.desks[seat].session_id().context("the desk has a session")?;
    board.desk(&fleet.desks[seat], Phase::TakenOver);
    board.phase(&format!("someone else sits down at {}", fleet.desks[seat].name));
    let mut keys = 0;
    for _ in 0..TAKER_WINDOWS {
        if Instant::now() >= deadline {
            break;
        }
        for (at, desk) in fleet.desks.iter_mut().enumerate() {
            let typed = desk.work()?;
            if at == seat {
                keys += typed;
            }
        }
        fleet.settle(deadline).await?;
        refresh(&mut api, &mut board).await?;
        if board.verdict_of(session).is_some_and(|v| v.verdict == "different_person") {
            break;
        }
    }
    conclude(server, &board, &fleet.desks, seat, keys)
}

async fn refresh(api: &mut Api, board: &mut Board) -> Result<()> {
    for verdict in api.new_verdicts().await? {
        board.take(verdict);
    }
    board.draw();
    Ok(())
}

fn conclude(server: &Server, board: &Board, desks: &[Desk], seat: usize, keys: usize) -> Result<bool> {
    let session = desks[seat].session_id().context("the desk has a session")?;
    let accused = board.accused_but(session);
    let verdict = board.verdict_of(session);
    let caught = verdict.is_some_and(|v| v.verdict == "different_person");
    if let (true, Some(verdict)) = (caught, verdict) {
        say(&format!("\nCaught after {keys} keys: {}.", verdict.reason));
        for evidence in &verdict.evidence {
            say(&format!("  {:+6.1}  {}", evidence.llr, evidence.words));
        }
    } else {
        say("\nThe takeover was not caught.");
    }
    say(&format!("Honest desks called different_person: {accused}."));
    say("\nAsk the server yourself:");
    say(&format!("  export KEY={}", server.api_key));
    for path in ["verdicts?after=", "sessions", "subjects", &format!("sessions/{session}/timeline")] {
        say(&format!(
            "  curl --cacert {} -H \"Authorization: Bearer $KEY\" '{}/v1/{path}'",
            server.ca_path().display(),
            server.http
        ));
    }
    Ok(caught && accused == 0)
}

/// Prints a line; a reader that has gone away is no error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

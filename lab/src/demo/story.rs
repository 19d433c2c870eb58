//! What happens in the demo: people are learned, work, and one of them is replaced.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::process::ChildStdout;
use uuid::Uuid;

use super::api::{Api, Verdict};
use super::board::{Board, Phase};
use super::fleet::{Desk, Fleet};
use super::server::{Folder, Server};
use super::{Args, say};
use crate::simulate::Person;

/// Sessions that people are enrolled with, at least and at most.
const LEAST_ENROLMENT: usize = 4;
const MOST_ENROLMENT: usize = 8;
/// Keyboard windows of a session of enrolment, and of each person before the takeover.
const ENROLMENT_WINDOWS: usize = 8;
const HONEST_WINDOWS: usize = 10;
/// Keyboard windows that the taker may make before the demo gives up.
const TAKER_WINDOWS: usize = 60;

/// Plays the whole story. Returns whether the takeover was caught and nobody honest was accused.
pub(super) async fn play(args: &Args, folder: &Folder, output: ChildStdout) -> Result<bool> {
    let server = Server::ready(folder, output).await?;
    let population = Arc::new(Population::shipped());
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut person =
        || Person::draw(&population, &mut rng).context("the shipped population lacks a modality");
    let people = (0..args.people).map(|_| person()).collect::<Result<Vec<_>>>()?;
    let taker = person()?;

    let token = server.token(u32::from(args.people)).await?;
    say(&format!("enrolling {} simulated workstations ...", args.people));
    let fleet = Fleet::enrol(&server, folder, &token, people, &population, args.seed).await?;
    let mut play = Play { api: Api::connect(&server)?, board: Board::new(fleet.desks.len()), fleet };
    play.learn().await?;

    play.board.part("everybody at their own desk");
    play.log_on(Phase::Own)?;
    for _ in 0..HONEST_WINDOWS {
        play.work().await?;
    }
    play.board.show();

    let seat = usize::from(args.people) / 2;
    let taken = play.take_over(seat, &taker)?;
    let mut caught = None;
    for _ in 0..TAKER_WINDOWS {
        play.work().await?;
        play.board.show();
        caught = taken.verdict(play.board.accusations()).cloned();
        if caught.is_some() {
            break;
        }
    }
    let proved = conclude(&play.board, &play.fleet.desks[seat], &taken, caught.as_ref());
    tell_how_to_ask(&server, taken.session, args.exit);
    Ok(proved)
}

struct Play {
    api: Api,
    board: Board,
    fleet: Fleet,
}

impl Play {
    /// Sessions of everybody until each is judged, which is when the profile is mature.
    async fn learn(&mut self) -> Result<()> {
        for round in 1..=MOST_ENROLMENT {
            self.board.part(&format!("learning: session {round}"));
            self.log_on(Phase::Learning)?;
            for _ in 0..ENROLMENT_WINDOWS {
                self.work().await?;
            }
            self.board.show();
            let judged = |desk: &Desk| {
                let verdict = desk.session_id().and_then(|s| self.board.latest(s));
                verdict.is_some_and(|v| v.trust.is_some())
            };
            let mature = self.fleet.desks.iter().all(judged);
            for desk in &mut self.fleet.desks {
                desk.log_off()?;
            }
            self.fleet.settle().await?;
            if mature && round >= LEAST_ENROLMENT {
                return Ok(());
            }
        }
        bail!("not every profile was mature after {MOST_ENROLMENT} sessions")
    }

    fn log_on(&mut self, phase: Phase) -> Result<()> {
        for desk in &mut self.fleet.desks {
            desk.log_on()?;
            self.board.desk(desk, phase);
        }
        Ok(())
    }

    /// A while of work at every desk, and what the server says of it.
    async fn work(&mut self) -> Result<()> {
        for desk in &mut self.fleet.desks {
            desk.work()?;
        }
        self.fleet.settle().await?;
        for verdict in self.api.new_verdicts().await? {
            self.board.take(verdict);
        }
        if self.board.meets_a_stranger() {
            self.board.name(self.api.pseudonyms().await?);
        }
        self.board.draw();
        Ok(())
    }

    fn take_over(&mut self, seat: usize, taker: &Person) -> Result<Takeover> {
        let desk = &mut self.fleet.desks[seat];
        desk.taken_over_by(taker);
        let session = desk.session_id().context("the desk has a session")?;
        self.board.desk(desk, Phase::TakenOver);
        self.board.part(&format!("someone else sits down at {}", desk.name));
        Ok(Takeover { session, at_ms: desk.now_ms() })
    }
}

struct Takeover {
    session: Uuid,
    at_ms: u64,
}

impl Takeover {
    /// Whether a verdict is about the session, and of input after it was taken over.
    fn concerns(&self, verdict: &Verdict) -> bool {
        verdict.session_id == self.session && milliseconds(verdict.at) > self.at_ms
    }

    /// The first verdict that found it out.
    fn verdict<'a>(&self, accusations: &'a [Verdict]) -> Option<&'a Verdict> {
        accusations.iter().find(|v| self.concerns(v))
    }
}

/// Says how it went. Returns whether it went well.
fn conclude(board: &Board, desk: &Desk, taken: &Takeover, caught: Option<&Verdict>) -> bool {
    match caught {
        Some(verdict) => {
            let at_ms = milliseconds(verdict.at);
            say(&format!(
                "\nCaught at {}, in the session of subject {}: someone else sat down at {}, and {} keys and {} s of \
                 work later the verdict was different_person at {}, trust {:.1}.",
                desk.name,
                board.pseudonym(verdict.subject_id),
                clock(taken.at_ms),
                desk.keys_between(taken.at_ms, at_ms),
                (at_ms - taken.at_ms) / 1000,
                clock(at_ms),
                verdict.trust.unwrap_or_default(),
            ));
            say(&format!("Reason: {}.", verdict.reason));
            for evidence in &verdict.evidence {
                let side = if evidence.llr < 0.0 { "against" } else { "for" };
                say(&format!("  {:+6.1} {side:<8} {}", evidence.llr, evidence.words));
            }
        }
        None => say("\nThe takeover was not caught."),
    }
    let mut accused: Vec<Uuid> =
        board.accusations().iter().filter(|v| !taken.concerns(v)).map(|v| v.session_id).collect();
    accused.sort_unstable();
    accused.dedup();
    say(&format!("Honest sessions called different_person: {} of {}.", accused.len(), board.judged()));
    caught.is_some() && accused.is_empty()
}

fn tell_how_to_ask(server: &Server, session: Uuid, exit: bool) {
    let when = if exit { " (without --exit it stays up)" } else { "" };
    say(&format!("\nHow to ask the server yourself{when}:"));
    say(&format!("  export CA={} KEY={}", server.ca.display(), server.api_key));
    let timeline = format!("sessions/{session}/timeline");
    for path in ["verdicts?after=", "subjects", "sessions", &timeline] {
        say(&format!("  curl --cacert $CA -H \"Authorization: Bearer $KEY\" '{}/v1/{path}'", server.http));
    }
}

fn milliseconds(at: OffsetDateTime) -> u64 {
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// A device's clock, in words.
fn clock(at_ms: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000);
    at.ok().and_then(|at| at.format(format).ok()).unwrap_or_default()
}

//! What happens in the demo: people are learned and work, and the three attacks come upon them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::api::{Api, Verdict};
use super::board::{Board, Phase};
use super::fleet::{Desk, Fleet};
use super::server::{Folder, Server};
use super::{Args, say};
use crate::simulate::Person;

/// Sessions that people are enrolled with, at least and at most. Three found a profile; after two more its drift can be told.
const LEAST_ENROLMENT: usize = 5;
const MOST_ENROLMENT: usize = 8;
/// Keyboard windows of a session of enrolment, and of each person before the takeover.
const ENROLMENT_WINDOWS: usize = 8;
const HONEST_WINDOWS: usize = 10;
/// Windows of an attack before the demo gives up.
const ATTACK_WINDOWS: usize = 60;

/// What was played: whether every attack was caught and nobody honest was accused, and the people, who are still there.
pub(super) struct Played {
    pub(super) proved: bool,
    play: Play,
}

/// Plays the whole story.
pub(super) async fn play(args: &Args, stays: bool, folder: &Folder) -> Result<Played> {
    let server = Server::ready(folder).await?;
    tell_of_the_dashboard(&server);
    let population = Arc::new(Population::shipped());
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut person =
        || Person::draw(&population, &mut rng).context("the shipped population lacks a modality");
    let people = (0..args.people).map(|_| person()).collect::<Result<Vec<_>>>()?;
    let (taker, thief) = (person()?, person()?);

    let token = server.token(u32::from(args.people) + 1).await?;
    say(&format!("enrolling {} simulated workstations ...", args.people + 1));
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
    let mut attacks = Vec::new();
    let at_ms = play.fleet.desks[seat].now_ms();
    play.fleet.desks[seat].taken_over_by(&taker);
    attacks.push(play.attack(seat, Kind::Takeover, at_ms).await?);
    let at_ms = play.fleet.desks[0].now_ms();
    play.fleet.desks[0].plug_in_a_machine()?;
    attacks.push(play.attack(0, Kind::Injection, at_ms).await?);
    let at_ms = play.fleet.desks[1].now_ms();
    let spare = play.fleet.log_on_as(1, &thief)?;
    attacks.push(play.attack(spare, Kind::StolenCredentials, at_ms).await?);

    let proved = conclude(&play.board, &attacks);
    tell_how_to_ask(&server, attacks[0].session, stays);
    Ok(Played { proved, play })
}

impl Played {
    /// People go on working, no faster than their clocks, so that there is something to watch.
    pub(super) async fn go_on(&mut self) -> Result<()> {
        let begun = Instant::now();
        let clock = |play: &Play| play.fleet.desks.iter().map(Desk::now_ms).max().unwrap_or_default();
        let from_ms = clock(&self.play);
        loop {
            self.play.send_work().await?;
            let until = begun + Duration::from_millis(clock(&self.play).saturating_sub(from_ms));
            sleep_until(until).await;
        }
    }
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
            let mature = self.fleet.staffed().iter().all(judged);
            for desk in self.fleet.staffed() {
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
        for desk in self.fleet.staffed() {
            desk.log_on()?;
            self.board.desk(desk, phase);
        }
        Ok(())
    }

    /// A while of work at every desk, and what the server says of it.
    async fn work(&mut self) -> Result<()> {
        self.send_work().await?;
        for verdict in self.api.new_verdicts().await? {
            self.board.take(verdict);
        }
        if self.board.meets_a_stranger() {
            self.board.name(self.api.pseudonyms().await?);
        }
        self.board.draw();
        Ok(())
    }

    /// A while of work at every desk.
    async fn send_work(&mut self) -> Result<()> {
        for desk in &mut self.fleet.desks {
            desk.work()?;
        }
        self.fleet.settle().await
    }

    /// Goes on until the server tells of the attack at a desk, or it has lasted too long. Whoever sits there then leaves.
    async fn attack(&mut self, seat: usize, kind: Kind, at_ms: u64) -> Result<Attack> {
        let desk = &self.fleet.desks[seat];
        let session = desk.session_id().context("the desk has a session")?;
        let mut attack = Attack { kind, session, desk: desk.name.clone(), at_ms, keys: 0, caught: None };
        self.board.desk(desk, kind.phase());
        self.board.part(&format!("{} at {}", kind.words(), desk.name));
        for _ in 0..ATTACK_WINDOWS {
            self.work().await?;
            self.board.show();
            attack.caught = self.board.accusations().iter().find(|v| attack.told_by(v)).cloned();
            if let Some(verdict) = &attack.caught {
                let desk = &self.fleet.desks[seat];
                attack.keys = desk.keys_between(attack.at_ms, milliseconds(verdict.at));
                break;
            }
        }
        self.fleet.desks[seat].log_off()?;
        self.fleet.settle().await?;
        Ok(attack)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Takeover,
    Injection,
    StolenCredentials,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Takeover => "someone else sits down",
            Self::Injection => "a keyboard is plugged in and types a payload",
            Self::StolenCredentials => "someone logs on with a bought password",
        }
    }

    fn phase(self) -> Phase {
        match self {
            Self::Takeover | Self::StolenCredentials => Phase::SomeoneElse,
            Self::Injection => Phase::Machine,
        }
    }

    /// Verdict and cause that tell it.
    fn verdict(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Takeover => ("different_person", Some("takeover")),
            Self::Injection => ("automation", None),
            Self::StolenCredentials => ("different_person", Some("credential")),
        }
    }
}

struct Attack {
    kind: Kind,
    session: Uuid,
    desk: String,
    at_ms: u64,
    /// Until it was told.
    keys: usize,
    /// The first verdict that told it.
    caught: Option<Verdict>,
}

impl Attack {
    /// Whether a verdict is about the session, and of input after the attack began.
    fn concerns(&self, verdict: &Verdict) -> bool {
        verdict.session_id == self.session && milliseconds(verdict.at) > self.at_ms
    }

    fn told_by(&self, verdict: &Verdict) -> bool {
        self.concerns(verdict) && (verdict.verdict.as_str(), verdict.cause.as_deref()) == self.kind.verdict()
    }

    fn tell(&self, board: &Board) {
        let (words, desk) = (self.kind.words(), &self.desk);
        let Some(verdict) = &self.caught else {
            return say(&format!("\nNot caught: {words} at {desk}."));
        };
        let at_ms = milliseconds(verdict.at);
        let cause = verdict.cause.as_ref().map_or(String::new(), |c| format!(" ({c})"));
        let trust = verdict.trust.map_or(String::new(), |t| format!(", trust {t:.1}"));
        say(&format!(
            "\nCaught at {desk}, in the session of subject {}: {words} at {}, and {} keys and {} s of work later the \
             verdict was {}{cause} at {}{trust}.",
            board.pseudonym(verdict.subject_id),
            clock(self.at_ms),
            self.keys,
            (at_ms - self.at_ms) / 1000,
            verdict.verdict,
            clock(at_ms),
        ));
        say(&format!("Reason: {}.", verdict.reason));
        for evidence in &verdict.evidence {
            let side = if evidence.llr < 0.0 { "against" } else { "for" };
            say(&format!("  {:+6.1} {side:<8} {}", evidence.llr, evidence.words));
        }
    }
}

/// Says how it went. Returns whether it went well.
fn conclude(board: &Board, attacks: &[Attack]) -> bool {
    attacks.iter().for_each(|attack| attack.tell(board));
    let honest = |v: &&Verdict| !attacks.iter().any(|attack| attack.concerns(v));
    let mut accused: Vec<Uuid> = board.accusations().iter().filter(honest).map(|v| v.session_id).collect();
    accused.sort_unstable();
    accused.dedup();
    say(&format!("\nHonest sessions that were accused: {} of {}.", accused.len(), board.judged()));
    attacks.iter().all(|attack| attack.caught.is_some()) && accused.is_empty()
}

fn tell_of_the_dashboard(server: &Server) {
    say(&format!("dashboard: {}/", server.http));
    say(&format!("  sign in with the API key {}", server.api_key));
    say("  the certificate is the server's own: let the browser go on, or trust its tls/ca.pem");
}

fn tell_how_to_ask(server: &Server, session: Uuid, stays: bool) {
    let when = if stays { "" } else { " (in a terminal, or with --stay, it stays up)" };
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

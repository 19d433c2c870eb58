//! The live table: redrawn in place on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use uuid::Uuid;

use super::api::Verdict;
use super::fleet::Desk;

/// A table of more rows may not fit on a terminal, and is not redrawn in place.
const MOST_REDRAWN: usize = 16;
const BAR: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Learning,
    Own,
    SomeoneElse,
    Machine,
}

struct Row {
    desk: String,
    session: Option<Uuid>,
    phase: Phase,
}

pub(super) struct Board {
    rows: Vec<Row>,
    pseudonyms: HashMap<Uuid, String>,
    latest: HashMap<Uuid, Verdict>,
    accusations: Vec<Verdict>,
    terminal: bool,
    drawn: usize,
}

impl Board {
    pub(super) fn new(desks: usize) -> Self {
        Self {
            rows: Vec::new(),
            pseudonyms: HashMap::new(),
            latest: HashMap::new(),
            accusations: Vec::new(),
            terminal: std::io::stdout().is_terminal() && desks <= MOST_REDRAWN,
            drawn: 0,
        }
    }

    /// Begins a new part of the story.
    pub(super) fn part(&mut self, words: &str) {
        super::say(&format!("\n{words}"));
        self.drawn = 0;
    }

    pub(super) fn desk(&mut self, desk: &Desk, phase: Phase) {
        let row = Row { desk: desk.name.clone(), session: desk.session_id(), phase };
        match self.rows.iter_mut().find(|r| r.desk == row.desk) {
            Some(old) => *old = row,
            None => self.rows.push(row),
        }
    }

    pub(super) fn take(&mut self, verdict: Verdict) {
        if verdict.accuses() {
            self.accusations.push(verdict.clone());
        }
        self.latest.insert(verdict.session_id, verdict);
    }

    /// Whether a verdict is about a subject whose pseudonym is not known.
    pub(super) fn meets_a_stranger(&self) -> bool {
        self.latest.values().any(|v| !self.pseudonyms.contains_key(&v.subject_id))
    }

    pub(super) fn name(&mut self, pseudonyms: HashMap<Uuid, String>) {
        self.pseudonyms = pseudonyms;
    }

    /// Enough of a subject's pseudonym to tell it from the others on the table.
    pub(super) fn pseudonym(&self, subject: Uuid) -> &str {
        self.pseudonyms.get(&subject).map_or("-", |p| p.get(..10).unwrap_or(p))
    }

    /// The latest verdict of a session.
    pub(super) fn latest(&self, session: Uuid) -> Option<&Verdict> {
        self.latest.get(&session)
    }

    /// Every verdict so far that said someone else or a machine is there, oldest first.
    pub(super) fn accusations(&self) -> &[Verdict] {
        &self.accusations
    }

    /// Sessions that a verdict has been given of.
    pub(super) fn judged(&self) -> usize {
        self.latest.len()
    }

    /// Redraws the table where it stands; elsewhere than on a terminal, nothing.
    pub(super) fn draw(&mut self) {
        if !self.terminal {
            return;
        }
        let mut out = std::io::stdout().lock();
        if self.drawn > 0 {
            let _ = write!(out, "\x1b[{}A", self.drawn);
        }
        for line in self.lines() {
            let _ = writeln!(out, "\x1b[2K{line}");
        }
        let _ = out.flush();
        self.drawn = self.rows.len() + 1;
    }

    /// Shows the table as it is now, on a terminal or not.
    pub(super) fn show(&mut self) {
        if self.terminal {
            self.draw();
        } else {
            self.lines().iter().for_each(|line| super::say(line));
        }
    }

    /// At most 79 columns each: a line that wraps cannot be redrawn.
    fn lines(&self) -> Vec<String> {
        let line = |desk: &str, subject: &str, session: &str, who: &str, trust: &str, verdict: &str| {
            format!("  {desk:<7} {subject:<10} {session:<8} {who:<12} {trust:<16} {verdict}")
        };
        let mut lines = vec![line("device", "subject", "session", "at the desk", "trust", "verdict")];
        for row in &self.rows {
            let verdict = row.session.and_then(|s| self.latest.get(&s));
            let who = match row.phase {
                Phase::Learning => "(learning)",
                Phase::Own => "the subject",
                Phase::SomeoneElse => "someone else",
                Phase::Machine => "a machine",
            };
            let said = verdict.map_or("-", |v| v.verdict.as_str());
            lines.push(line(
                &row.desk,
                verdict.map_or("-", |v| self.pseudonym(v.subject_id)),
                &short(row.session),
                who,
                &bar(verdict.and_then(|v| v.trust)),
                &self.coloured(said),
            ));
        }
        lines
    }

    fn coloured(&self, verdict: &str) -> String {
        let colour = match verdict {
            "genuine" => 32,
            "suspicious" => 33,
            "different_person" | "automation" => 31,
            _ => 2,
        };
        if self.terminal { format!("\x1b[{colour}m{verdict}\x1b[0m") } else { verdict.to_owned() }
    }
}

/// Enough of a session's id to tell it from the others on the table.
fn short(id: Option<Uuid>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string().chars().take(8).collect())
}

/// Trust as a bar and a number.
fn bar(trust: Option<f64>) -> String {
    let Some(trust) = trust else { return "-".to_owned() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "trust is 0 to 100")]
    let full = (trust / 100.0 * BAR as f64).round().clamp(0.0, BAR as f64) as usize;
    let mut text = "█".repeat(full) + &"·".repeat(BAR - full);
    let _ = write!(text, " {trust:>5.1}");
    text
}

//! The live table: redrawn in place on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use uuid::Uuid;

use super::api::Verdict;
use super::fleet::Desk;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Learning,
    Own,
    TakenOver,
}

struct Row {
    desk: String,
    account: String,
    session: Option<Uuid>,
    phase: Phase,
}

pub(super) struct Board {
    rows: Vec<Row>,
    verdicts: HashMap<Uuid, Verdict>,
    accused: Vec<Uuid>,
    terminal: bool,
    drawn: usize,
}

impl Board {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            verdicts: HashMap::new(),
            accused: Vec::new(),
            terminal: std::io::stdout().is_terminal(),
            drawn: 0,
        }
    }

    /// Begins a new part of the story.
    pub(super) fn phase(&mut self, words: &str) {
        if !self.terminal {
            self.print_rows();
        }
        super::say(&format!("\n{words}"));
        self.drawn = 0;
    }

    pub(super) fn desk(&mut self, desk: &Desk, phase: Phase) {
        let row = Row {
            desk: desk.name.clone(),
            account: desk.account().to_owned(),
            session: desk.session_id(),
            phase,
        };
        match self.rows.iter_mut().find(|r| r.desk == row.desk) {
            Some(old) => *old = row,
            None => self.rows.push(row),
        }
    }

    pub(super) fn take(&mut self, verdict: Verdict) {
        if verdict.verdict == "different_person" && !self.accused.contains(&verdict.session_id) {
            self.accused.push(verdict.session_id);
        }
        self.verdicts.insert(verdict.session_id, verdict);
    }

    pub(super) fn verdict_of(&self, session: Uuid) -> Option<&Verdict> {
        self.verdicts.get(&session)
    }

    /// Sessions ever called different_person, but for one.
    pub(super) fn accused_but(&self, session: Uuid) -> usize {
        self.accused.iter().filter(|s| **s != session).count()
    }

    pub(super) fn draw(&mut self) {
        if self.terminal {
            let mut out = std::io::stdout().lock();
            if self.drawn > 0 {
                let _ = write!(out, "\x1b[{}A", self.drawn);
            }
            for line in self.lines() {
                let _ = writeln!(out, "\x1b[2K{line}");
            }
            let _ = out.flush();
            self.drawn = self.rows.len() + 1;
        } else if self.rows.iter().any(|r| r.phase == Phase::TakenOver) {
            self.print_rows();
        }
    }

    fn print_rows(&self) {
        if !self.rows.is_empty() {
            self.lines().iter().for_each(|line| super::say(line));
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "  {:<8} {:<11} {:<9} {:<14} {:<27} {}",
            "device", "subject", "session", "at the desk", "trust", "verdict"
        )];
        for row in &self.rows {
            let verdict = row.session.and_then(|s| self.verdicts.get(&s));
            let session = row.session.map(|s| s.to_string()).unwrap_or_default();
            let who = match row.phase {
                Phase::TakenOver => "someone else",
                Phase::Learning | Phase::Own => "the subject",
            };
            let trust = verdict.and_then(|v| v.trust);
            let said = verdict.map_or("-", |v| v.verdict.as_str());
            lines.push(format!(
                "  {:<8} {:<11} {:<9} {:<14} {:<27} {}",
                row.desk,
                row.account,
                session.get(..8).unwrap_or_default(),
                who,
                bar(trust),
                self.coloured(said)
            ));
        }
        lines
    }

    fn coloured(&self, verdict: &str) -> String {
        let colour = match verdict {
            "genuine" => 32,
            "suspicious" => 33,
            "different_person" => 31,
            _ => 2,
        };
        if self.terminal { format!("\x1b[{colour}m{verdict}\x1b[0m") } else { verdict.to_owned() }
    }
}

/// Trust as a bar of 20 and a number.
fn bar(trust: Option<f64>) -> String {
    let Some(trust) = trust else { return "-".to_owned() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "trust is 0 to 100")]
    let full = (trust / 5.0).round().clamp(0.0, 20.0) as usize;
    let mut text = "█".repeat(full) + &"·".repeat(20 - full);
    let _ = write!(text, " {trust:>5.1}");
    text
}

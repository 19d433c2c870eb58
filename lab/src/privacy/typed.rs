//! What people typed, key by key: the truth that an attacker is to find out. Nothing of it is printed or written.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;

use crate::simulate::{Action, RawEvent};

/// A key pressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Press {
    /// evdev code.
    pub code: u16,
    /// When it went down, microseconds.
    pub down_us: u64,
    /// When it came up, if that was recorded.
    pub up_us: Option<u64>,
}

/// One person's typing.
#[derive(Debug, Clone, Default)]
pub struct Typist {
    /// Key events, in order.
    pub events: Vec<RawEvent>,
    /// The presses among them; auto-repeat is none.
    pub presses: Vec<Press>,
}

impl Typist {
    /// Of key events; all others are left out, and those whose time runs backwards.
    #[must_use]
    pub fn new(events: impl IntoIterator<Item = RawEvent>) -> Self {
        let mut typist = Self::default();
        let mut down: Vec<(u16, usize)> = Vec::new();
        let mut last = 0;
        for event in events {
            if event.at_us < last {
                continue;
            }
            match event.action {
                Action::Down(code) if down.iter().all(|(held, _)| *held != code) => {
                    down.push((code, typist.presses.len()));
                    typist.presses.push(Press { code, down_us: event.at_us, up_us: None });
                }
                Action::Up(code) => {
                    let Some(at) = down.iter().position(|(held, _)| *held == code) else { continue };
                    typist.presses[down.swap_remove(at).1].up_us = Some(event.at_us);
                }
                _ => continue,
            }
            last = event.at_us;
            typist.events.push(event);
        }
        typist
    }

    /// Of a trace, gzip.
    ///
    /// # Errors
    /// When the file cannot be read or a line is not of the format; names both, and never the key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        let mut text = String::new();
        MultiGzDecoder::new(file).read_to_string(&mut text).with_context(|| path.display().to_string())?;
        let mut events = Vec::new();
        for (at, line) in text.lines().enumerate().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let key = || fields[2].parse::<u16>().ok();
            let action = match fields.get(1).copied() {
                Some("kd") if fields.len() == 5 => key().map(Action::Down),
                Some("ku") if fields.len() == 5 => key().map(Action::Up),
                Some(_) if fields.len() == 5 => continue,
                _ => bail!("{}:{}: a line has five fields", path.display(), at + 1),
            };
            let event = fields[0].parse().ok().zip(action);
            let event = event.map(|(at_us, action)| RawEvent { at_us, action });
            events.push(event.with_context(|| format!("{}:{}: no time or key", path.display(), at + 1))?);
        }
        Ok(Self::new(events))
    }

    /// Keys pressed from one press on.
    #[must_use]
    pub fn codes(&self, from: usize, keys: usize) -> Vec<u16> {
        self.presses.iter().skip(from).take(keys).map(|press| press.code).collect()
    }

    /// Up to `presses` presses of it, from one on; later releases are left out.
    #[must_use]
    pub fn part(&self, from: usize, presses: usize) -> Self {
        let Some(first) = self.presses.get(from) else { return Self::default() };
        let end = self.presses.get(from + presses).map_or(u64::MAX, |press| press.down_us);
        let within = |event: &&RawEvent| event.at_us >= first.down_us && event.at_us < end;
        Self::new(self.events.iter().filter(within).copied())
    }

    /// This typing, and after a rest that of another.
    #[must_use]
    pub fn then(&self, other: &Self, rest_us: u64) -> Self {
        let end = self.events.last().map_or(0, |event| event.at_us).saturating_add(rest_us);
        let start = other.events.first().map_or(0, |event| event.at_us);
        let moved = other.events.iter().map(|e| RawEvent { at_us: e.at_us - start + end, ..*e });
        Self::new(self.events.iter().copied().chain(moved))
    }
}

//! Walks the audit log from its first entry to its head, and says of every flaw where it is.

use super::{Action, Entry, HASH, Seal};

/// An entry with what binds it.
#[derive(Debug, Clone)]
pub struct Bound {
    /// What it says.
    pub entry: Entry,
    /// Hash of the entry before it.
    pub previous: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
    /// Its seal.
    pub seal: Option<Vec<u8>>,
}

/// Where the log ends, as kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
    /// Seal over both.
    pub seal: Option<Vec<u8>>,
}

/// A flaw: the first entry it concerns, and what is wrong in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Number of the entry.
    pub seq: i64,
    /// What is wrong.
    pub what: String,
}

/// What a walk has found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Entries seen.
    pub entries: u64,
    /// Number of the first entry that is there.
    pub first: Option<i64>,
    /// Number of the last.
    pub last: Option<i64>,
    /// Entries that a command wrote without the master key.
    pub unsealed: u64,
    /// What is wrong, in order; empty for a log that is whole.
    pub flaws: Vec<Flaw>,
}

/// Walks entries in the order of their numbers.
#[derive(Debug)]
pub struct Walk {
    seal: Seal,
    found: Found,
    before: Option<(i64, Vec<u8>)>,
    /// Entries before the first that is there were let go of by retention, up to this one with this hash.
    cut: Option<(i64, Vec<u8>)>,
    /// A head that was noted outside the database before.
    noted: Option<(i64, Vec<u8>)>,
    last_sealed: bool,
}

impl Walk {
    /// Begins after what retention has let go of; `noted` is a head that was noted outside the database before.
    #[must_use]
    pub fn new(seal: Seal, cut: Option<(i64, Vec<u8>)>, noted: Option<(i64, Vec<u8>)>) -> Self {
        Self { seal, found: Found::default(), before: None, cut, noted, last_sealed: true }
    }

    fn flaw(&mut self, seq: i64, what: impl Into<String>) {
        self.found.flaws.push(Flaw { seq, what: what.into() });
    }

    /// Takes the next entry.
    pub fn take(&mut self, bound: Bound) {
        let Bound { entry, previous, hash, seal } = bound;
        let seq = entry.seq;
        self.found.entries += 1;
        self.found.first.get_or_insert(seq);
        self.found.last = Some(seq);
        let (before, expected) = match self.before.take().or_else(|| self.cut.clone()) {
            Some((before, hash)) => (before, hash),
            None => (0, vec![0; HASH]),
        };
        match seq - before {
            1 if previous != expected => {
                self.flaw(
                    seq,
                    "it does not follow the entry before it, which was altered, replaced or put in its place",
                );
            }
            1 => {}
            ..1 => self.flaw(seq, "its number stands more than once, or in the wrong place"),
            2 => self.flaw(before + 1, "it is missing"),
            _ => self.flaw(before + 1, format!("it and all up to entry {} are missing", seq - 1)),
        }
        // In a hash, no role and an empty one are the same.
        if entry.hash(&previous).as_slice() != hash || entry.role.as_deref() == Some("") {
            self.flaw(seq, "it was altered: its hash is another");
        }
        if self.noted.as_ref().is_some_and(|(noted, as_noted)| *noted == seq && *as_noted != hash) {
            self.flaw(seq, "it is not the entry that this server has noted: the log was written anew");
        }
        self.last_sealed = seal.is_some();
        match seal {
            Some(seal) if self.seal.holds_entry(&hash, &seal) => {}
            Some(_) => self.flaw(seq, "its seal was not made with this master key: it was forged or altered"),
            // It says where the log may begin: only a server cuts, and a server has the key.
            None if entry.action == Action::AuditCut.name() => {
                self.flaw(
                    seq,
                    "it has no seal: the cut was forged, and what it says was let go of was deleted",
                );
            }
            None if entry.actor == "console" => self.found.unsealed += 1,
            None => self.flaw(seq, "it has no seal: it was forged or altered"),
        }
        self.before = Some((seq, hash));
    }

    /// Compares where the entries end with the kept head, and with the noted one.
    #[must_use]
    pub fn finish(mut self, head: Option<&Head>) -> Found {
        let (last, hash) = self.before.clone().or_else(|| self.cut.clone()).unwrap_or((0, vec![0; HASH]));
        let Some(head) = head else {
            self.flaw(last, "the head of the log is gone");
            return self.found;
        };
        match head.seq - last {
            0 if head.hash == hash => {}
            0 => self.flaw(last, "it is not the entry that the head of the log names"),
            1 => self.flaw(last + 1, "it is missing at the end"),
            2.. => self.flaw(last + 1, format!("it and all up to entry {} are missing at the end", head.seq)),
            _ => self.flaw(head.seq + 1, "the head of the log does not know of it"),
        }
        let sealed = head.seal.as_deref().map(|seal| self.seal.holds_head(head.seq, &head.hash, seal));
        match sealed {
            Some(true) => {}
            Some(false) => self.flaw(head.seq, "the head of the log was not sealed with this master key"),
            None if head.seq == 0 || !self.last_sealed => {}
            None => self.flaw(head.seq, "the head of the log has lost its seal"),
        }
        if let Some(noted) = self.noted.as_ref().map(|(noted, _)| *noted).filter(|noted| *noted > head.seq) {
            self.flaw(
                head.seq + 1,
                format!("the log was cut short: this server has noted a head at entry {noted}"),
            );
        }
        self.found
    }
}

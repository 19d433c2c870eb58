//! What policy makes of a verdict, while the session is judged: a directive, or the rule that withholds it. No SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tacit_engine::VerdictKind;
use time::{Duration, OffsetDateTime};

use crate::app::App;
use crate::clock::Ambient;
use crate::domain::directive::{self, Directive};
use crate::domain::guard::{self, Facts, Rests, Rule, Shown};
use crate::domain::policy::{DEFAULT_GROUP, GroupPolicy, Response};
use crate::domain::{DirectiveId, SessionId, SubjectId};
use crate::store::directives::{DirectiveRow, Spoken};
use crate::store::sessions::SessionRow;

/// Verdicts on older records are kept, and nothing follows: whoever was there then may have gone.
const FRESH: Duration = directive::SERVES;
/// An unlock so soon after a lock is by whoever was there before it.
const SOON: Duration = Duration::MINUTE;

/// An agent that is connected is heard within this.
const LIVE: Duration = Duration::MINUTE;

/// A group's policy as it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Whose.
    pub group: String,
    /// 0 is what the server's settings say.
    pub version: i32,
    /// What it states.
    pub policy: Arc<GroupPolicy>,
}

/// What responding needs, read before the judging.
#[derive(Debug)]
pub(super) struct Responding {
    pub(super) standing: Standing,
    /// Subjects to whom nothing is done.
    pub(super) exempt: BTreeSet<SubjectId>,
    /// Sessions that were lately sent something.
    pub(super) spoken: BTreeMap<SessionId, Spoken>,
    pub(super) ambient: Ambient,
    pub(super) now: OffsetDateTime,
}

/// What a session keeps of responses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    /// The strongest response since the session was last in order: however long a verdict stands, it is answered once.
    response: Option<Response>,
    /// It is kept that the verdict came too late for a response.
    late: bool,
    #[serde(flatten)]
    shown: Shown,
    /// When the screen was locked, if it is; milliseconds of the device's clock.
    locked_ms: Option<i64>,
    /// When the person was last interrupted, by the device's clock, until they unlock the screen.
    interrupted_ms: Option<i64>,
    /// When people, or policy after a silence, asked for the last interruption that the screen was locked after; milliseconds of the
    /// server's clock.
    #[serde(rename = "by_hand_ms")]
    apart_ms: Option<i64>,
    /// The screen was unlocked at once after an interruption.
    stepped_up: bool,
    /// A step-up was asked for so that the device can be learned, or a rule kept it from being asked for.
    asked: bool,
}

/// What an unlock says of whoever did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlock {
    /// Asked to show who they are, they knew the secret at once: it speaks for the subject.
    Answer,
    /// They locked the screen themselves for a moment: who has stolen the secret can do so at will, and it says nothing.
    Unasked,
    /// The screen was locked for a while, and anyone may have come.
    Late,
}

impl Answered {
    /// The screen was locked; `asked` is when people, or policy after a silence, last asked for that. Each asking counts for one lock.
    pub(super) fn locked(&mut self, at: OffsetDateTime, asked: Option<OffsetDateTime>) {
        self.locked_ms = Some(milliseconds(at));
        let asked = asked.map(milliseconds);
        if asked > self.apart_ms {
            (self.apart_ms, self.interrupted_ms) = (asked, self.locked_ms);
        }
    }

    /// The screen was unlocked. What that says of who did it.
    pub(super) fn unlocked(&mut self, at: OffsetDateTime) -> Unlock {
        let within = |limit: Duration, from: i64, to: i64| {
            (0..=i64::try_from(limit.whole_milliseconds()).unwrap_or(i64::MAX)).contains(&(to - from))
        };
        let Some(locked) = self.locked_ms.take().filter(|locked| within(SOON, *locked, milliseconds(at)))
        else {
            return Unlock::Late;
        };
        if !self.interrupted_ms.take().is_some_and(|asked| within(FRESH, asked, locked)) {
            return Unlock::Unasked;
        }
        self.stepped_up = true;
        self.lifted();
        Unlock::Answer
    }

    /// Whether a step-up or lock was answered with an unlock.
    pub(super) fn stepped_up(&self) -> bool {
        self.stepped_up
    }

    /// The verdict no longer stands: the next one is answered anew.
    pub(super) fn lifted(&mut self) {
        (self.response, self.late) = (None, false);
        self.shown = Shown::default();
    }
}

/// A verdict that may be answered.
pub(super) struct Given<'a> {
    pub(super) row: &'a SessionRow,
    pub(super) kind: VerdictKind,
    pub(super) sequence: i64,
    /// When, by the device's clock.
    pub(super) at: OffsetDateTime,
    /// A window brought it.
    pub(super) on_window: bool,
    /// The subject has a mature profile.
    pub(super) mature: bool,
    /// A step-up would vouch for the account on the device.
    pub(super) unvouched: bool,
}

impl Responding {
    /// Where no verdict is given.
    pub(super) fn none(app: &App) -> Self {
        let policy = Arc::new(GroupPolicy::default());
        Self {
            standing: Standing { group: DEFAULT_GROUP.to_owned(), version: 0, policy },
            exempt: BTreeSet::new(),
            spoken: BTreeMap::new(),
            ambient: app.ambient.clone(),
            now: app.ambient.now(),
        }
    }

    /// Takes note of directives that are made without a verdict on the batch's input.
    pub(super) fn spoke(&mut self, directives: &[DirectiveRow]) {
        for row in directives.iter().filter(|row| row.withheld.is_none()) {
            let interrupted_at = row.directive.response.interrupts().then_some(self.now);
            self.spoken.insert(row.directive.session, Spoken { at: Some(self.now), interrupted_at });
        }
    }

    /// The directive that follows a verdict, sent or withheld for good.
    pub(super) fn answer(&mut self, answered: &mut Answered, given: &Given<'_>) -> Option<DirectiveRow> {
        let rests = answered.shown.rests(given.kind, given.on_window);
        if matches!(given.kind, VerdictKind::Genuine | VerdictKind::Learning) {
            (answered.response, answered.late) = (None, false);
            return self.ask(answered, given, rests);
        }
        let response = self.standing.policy.response(given.kind);
        if response == Response::Record || answered.response.is_some_and(|made| made >= response) {
            return None;
        }
        let directive = self.direct(answered, given, rests, response)?;
        if directive.withheld == Some(Rule::Late.name()) {
            return (!std::mem::replace(&mut answered.late, true)).then_some(directive);
        }
        answered.response = Some(response);
        Some(directive)
    }

    /// Whether a record is of this moment: what a device did while nobody heard of it, and nothing reached it, answers nothing.
    pub(super) fn live(&self, at: OffsetDateTime) -> bool {
        self.now - at <= LIVE
    }

    fn late(&self, given: &Given<'_>) -> bool {
        self.now - given.at > FRESH
    }

    /// Asks whoever works as an account that nobody has vouched for on the device to confirm who they are, once a session.
    fn ask(&mut self, answered: &mut Answered, given: &Given<'_>, rests: Rests) -> Option<DirectiveRow> {
        let due = given.unvouched && given.kind == VerdictKind::Genuine && !answered.asked;
        if !due || answered.stepped_up || self.late(given) {
            return None;
        }
        let directive = self.direct(answered, given, rests, Response::StepUp)?;
        answered.asked = true;
        Some(directive)
    }

    /// A response, sent or withheld for good; `None` if the next window may allow it.
    fn direct(
        &mut self,
        answered: &mut Answered,
        given: &Given<'_>,
        rests: Rests,
        response: Response,
    ) -> Option<DirectiveRow> {
        let spoken = self.spoken.get(&given.row.id).copied().unwrap_or_default();
        let facts = Facts {
            rests,
            mature: given.mature,
            quiet: self.standing.policy.quiet,
            exempt: self.exempt.contains(&given.row.subject_id),
            late: self.late(given),
            spoken_at: spoken.at,
            interrupted_at: spoken.interrupted_at,
        };
        let withheld = match guard::allow(response, given.kind, &facts, self.now) {
            Err(Rule::OneWindow) => return None,
            Err(rule) => Some(rule.name()),
            Ok(()) => None,
        };
        if withheld.is_none() {
            let interrupted_at = if response.interrupts() { Some(self.now) } else { spoken.interrupted_at };
            self.spoken.insert(given.row.id, Spoken { at: Some(self.now), interrupted_at });
            if response.interrupts() {
                answered.interrupted_ms = Some(milliseconds(given.at));
            }
        }
        let directive = Directive {
            id: DirectiveId(self.ambient.id()),
            session: given.row.id,
            verdict: given.kind,
            by_hand: false,
            response,
            expires_at: self.now + directive::serves(given.kind),
        };
        Some(DirectiveRow {
            directive,
            device: given.row.device_id,
            sequence: given.sequence,
            group: self.standing.group.clone(),
            version: self.standing.version,
            withheld,
            asked: None,
        })
    }
}

fn milliseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

//! Alerts out of verdicts, in their transaction: those of one kind on one session go together.

use time::OffsetDateTime;

use crate::Result;
use crate::app::App;
use crate::domain::policy::GroupPolicy;
use crate::domain::{AlertId, alert, verdict};
use crate::store::Unit;
use crate::store::alerts::AlertRow;
use crate::store::sessions::VerdictRow;

/// Alerts that a unit has made or extended.
#[must_use]
pub(in crate::app) struct Raised(Vec<&'static str>);

impl Raised {
    /// Counts the new ones, once they are committed.
    pub(in crate::app) fn count(self) {
        for verdict in self.0 {
            metrics::counter!("tacit_alerts_total", "verdict" => verdict).increment(1);
        }
    }
}

/// Raises alerts for verdicts that someone has to look at, given under a policy. The caller holds the sessions.
///
/// # Errors
/// As the database.
pub(in crate::app) async fn raise_for(
    app: &App,
    unit: &mut Unit,
    verdicts: &[VerdictRow],
    policy: &GroupPolicy,
    now: OffsetDateTime,
) -> Result<Raised> {
    let mut new = Vec::new();
    for row in gather(app, verdicts, policy) {
        if unit.raise(&row, now).await? {
            new.push(row.verdict);
        }
    }
    Ok(Raised(new))
}

fn gather(app: &App, verdicts: &[VerdictRow], policy: &GroupPolicy) -> Vec<AlertRow> {
    let mut alerts: Vec<AlertRow> = Vec::new();
    for given in verdicts {
        let kind = verdict::named(given.verdict);
        let Some(severity) = kind.and_then(|kind| alert::severity(kind, given.cause, policy)) else {
            continue;
        };
        let same = |of: &&mut AlertRow| of.session == given.session && of.verdict == given.verdict;
        if let Some(of) = alerts.iter_mut().find(same) {
            of.severity = of.severity.max(severity);
            of.cause = given.cause.or(of.cause);
            of.verdicts = of.verdicts.saturating_add(1);
            of.last_sequence = given.sequence;
            of.lowest_trust = match (of.lowest_trust, given.trust) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            of.reason.clone_from(&given.reason);
            of.evidence.clone_from(&given.evidence);
            continue;
        }
        alerts.push(AlertRow {
            id: AlertId(app.ambient.id()),
            session: given.session,
            subject: given.subject,
            device: given.device,
            verdict: given.verdict,
            cause: given.cause,
            severity,
            verdicts: 1,
            first_sequence: given.sequence,
            last_sequence: given.sequence,
            lowest_trust: given.trust,
            reason: given.reason.clone(),
            evidence: given.evidence.clone(),
        });
    }
    alerts
}

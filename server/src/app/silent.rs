//! The verdict `silent`: an agent is not heard of while its session lives.

use std::sync::Arc;

use tacit_engine::VerdictKind;
use time::{Duration, OffsetDateTime};

use crate::app::ingest::{self, Standing};
use crate::app::{App, directives, outbox, policies};
use crate::domain::directive::{self, Directive};
use crate::domain::guard::{self, Facts, Rests};
use crate::domain::policy::Response;
use crate::domain::{DirectiveId, SessionId, verdict};
use crate::store::Unit;
use crate::store::directives::DirectiveRow;
use crate::store::sessions::{SessionRow, VerdictRow};
use crate::{Error, ErrorKind, Result};

/// An agent that is not heard of for so long is silent; agents speak every 30 s unless they are told otherwise.
pub const SILENT: Duration = Duration::seconds(90);
/// A server that has only just begun to listen waits this long: its agents come back one by one.
pub const LISTEN_FIRST: Duration = Duration::minutes(3);
/// Heartbeats that may be lost on the way.
const BEATS: i64 = 3;
/// Sessions spoken of in one go at most; the rest follow with the next.
const MOST: i64 = 1_000;

/// How long an agent may be silent, as this server tells agents to speak.
#[must_use]
pub fn patience(app: &App) -> Duration {
    SILENT.max(Duration::milliseconds(i64::from(app.settings.agent.heartbeat_ms) * BEATS))
}

/// Gives the verdict `silent` on each session that lives, is not locked and is its device's latest, while the device is not
/// heard of; once a silence. Returns how many.
///
/// # Errors
/// Unavailable when the database is away.
pub async fn pronounce(app: &Arc<App>, listening_since: OffsetDateTime) -> Result<u64> {
    let now = app.ambient.now();
    if now - listening_since < LISTEN_FIRST {
        // Asked all the same: a database that is away now began no listening.
        app.store.ping().await?;
        return Ok(0);
    }
    let before = now - patience(app);
    let mut count = 0;
    for id in app.store.sessions_of_silent_agents(before, MOST).await? {
        if app.stopping.is_cancelled() {
            break;
        }
        match pronounce_on(app, id, before, now).await {
            Ok(done) => count += u64::from(done),
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            // The others can still be spoken of.
            Err(error) => {
                tracing::error!(session = %id, detail = %error.detail(), "cannot speak of a silent agent");
            }
        }
    }
    Ok(count)
}

/// `false` if the agent was heard of meanwhile, or its session is at work.
async fn pronounce_on(app: &App, id: SessionId, before: OffsetDateTime, now: OffsetDateTime) -> Result<bool> {
    let mut unit = app.store.begin().await?;
    let Some((mut row, seen_at)) = unit.lock_of_silent_agent(id, before).await? else { return Ok(false) };
    let reason = match seen_at {
        Some(at) => {
            format!(
                "the agent has not been heard of for {} s while the session lives",
                (now - at).whole_seconds()
            )
        }
        None => "the agent has not been heard of while the session lives".to_owned(),
    };
    let name = verdict::name(VerdictKind::Silent);
    row.verdict = Some(name.to_owned());
    row.trust = None;
    row.verdict_at = Some(now);
    let verdict = VerdictRow {
        session: id,
        sequence: row.last_sequence,
        subject: row.subject_id,
        device: row.device_id,
        at: now,
        verdict: name,
        cause: None,
        trust: None,
        llr: None,
        reason,
        evidence: serde_json::Value::Array(Vec::new()),
    };
    unit.add_verdicts(std::slice::from_ref(&verdict), now).await?;
    let device = unit.device_standing(row.device_id).await?;
    let device = device.ok_or_else(|| Error::internal("a session's device is gone"))?;
    let standing = policies::standing(app, &mut unit, device).await?;
    outbox::tell(app, &mut unit, &standing.group, std::slice::from_ref(&verdict)).await?;
    let raised = ingest::raise_for(app, &mut unit, &[verdict], &standing.policy, now).await?;
    let directive: Vec<_> = answer(app, &mut unit, &row, &standing, now).await?.into_iter().collect();
    unit.put_sessions(std::slice::from_ref(&row), None).await?;
    unit.add_directives(&directive, now).await?;
    unit.commit().await?;
    app.changes.ingested();
    directives::count(&directive);
    raised.count();
    metrics::counter!("tacit_verdicts_total", "verdict" => name).increment(1);
    Ok(true)
}

/// What waited for an agent that did not come back to its session, in those that it opens: who kills an agent and starts it anew is
/// asked all the same, once.
///
/// # Errors
/// As the database.
pub(super) async fn wait_on(
    app: &App,
    unit: &mut Unit,
    opened: &[&SessionRow],
    standing: &Standing,
    now: OffsetDateTime,
) -> Result<Vec<DirectiveRow>> {
    let mut directives = Vec::new();
    if standing.policy.response(VerdictKind::Silent) == Response::Record {
        return Ok(directives);
    }
    for row in opened {
        if unit.is_unanswered_after_silence(row.subject_id, row.device_id, now).await? {
            directives.extend(answer(app, unit, row, standing, now).await?);
        }
    }
    Ok(directives)
}

/// What waits for the agent when it speaks again.
async fn answer(
    app: &App,
    unit: &mut Unit,
    row: &SessionRow,
    standing: &Standing,
    now: OffsetDateTime,
) -> Result<Option<DirectiveRow>> {
    let response = standing.policy.response(VerdictKind::Silent);
    if response == Response::Record {
        return Ok(None);
    }
    let spoken = unit.spoken_since(&[row.id.0], now - guard::APART).await?;
    let spoken = spoken.into_iter().next().map(|(_, spoken)| spoken).unwrap_or_default();
    let facts = Facts {
        rests: Rests::OnFact,
        mature: unit.has_mature_profile(row.subject_id).await?,
        quiet: standing.policy.quiet,
        exempt: !unit.exempt(&[row.subject_id.0], now).await?.is_empty(),
        late: false,
        spoken_at: spoken.at,
        interrupted_at: spoken.interrupted_at,
    };
    let withheld = guard::allow(response, VerdictKind::Silent, &facts, now).err().map(guard::Rule::name);
    let id = DirectiveId(app.ambient.id());
    let expires_at = now + directive::serves(VerdictKind::Silent);
    Ok(Some(DirectiveRow {
        directive: Directive {
            id,
            session: row.id,
            verdict: VerdictKind::Silent,
            by_hand: false,
            response,
            expires_at,
        },
        device: row.device_id,
        // Of a session that opens, its first record.
        sequence: row.last_sequence.max(1),
        group: standing.group.clone(),
        version: standing.version,
        withheld,
        asked: None,
    }))
}

//! Sessions, their windows, events and verdicts: what ingest reads and writes in one unit of work.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Unit;
use crate::Result;
use crate::domain::{DeviceId, SessionId, SubjectId};

/// A session as ingest needs it.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Which session.
    pub id: SessionId,
    /// Whose workstation.
    pub device_id: DeviceId,
    /// Whose log-on.
    pub subject_id: SubjectId,
    /// Logged off, or last heard of.
    pub closed_at: Option<OffsetDateTime>,
    /// Closed because nothing more was heard of it.
    pub ended_by_silence: bool,
    /// The screen is locked.
    pub locked: bool,
    /// Highest sequence committed; 0 before the opening is.
    pub last_sequence: i64,
    /// Latest verdict.
    pub verdict: Option<String>,
    /// Latest trust.
    pub trust: Option<f32>,
    /// When the latest verdict was.
    pub verdict_at: Option<OffsetDateTime>,
    /// When the latest window was.
    pub input_at: Option<OffsetDateTime>,
    /// Since when it is held back, closed and not learned.
    pub held_at: Option<OffsetDateTime>,
    /// The engine's state, sealed.
    pub state: Option<Vec<u8>>,
}

/// An event to keep.
#[derive(Debug)]
pub struct EventRow {
    /// Which session.
    pub session: SessionId,
    /// Place in it.
    pub sequence: i64,
    /// Device clock.
    pub at: OffsetDateTime,
    /// As stored.
    pub kind: &'static str,
    /// Events it stands for.
    pub count: i32,
}

/// A window to keep.
#[derive(Debug)]
pub struct WindowRow {
    /// Which session.
    pub session: SessionId,
    /// Place in it.
    pub sequence: i64,
    /// Device clock.
    pub at: OffsetDateTime,
    /// As stored.
    pub modality: &'static str,
    /// Keystrokes or strokes.
    pub inputs: i32,
    /// Milliseconds in use.
    pub active_ms: i32,
    /// The message, sealed.
    pub body: Vec<u8>,
}

/// A verdict to keep.
#[derive(Debug)]
pub struct VerdictRow {
    /// Which session.
    pub session: SessionId,
    /// The window that brought it.
    pub sequence: i64,
    /// Of whom.
    pub subject: SubjectId,
    /// Where.
    pub device: DeviceId,
    /// Device clock.
    pub at: OffsetDateTime,
    /// As stored.
    pub verdict: &'static str,
    /// Why, as stored, if it is someone else.
    pub cause: Option<&'static str>,
    /// 0 to 100.
    pub trust: Option<f32>,
    /// Natural log.
    pub llr: Option<f32>,
    /// One sentence.
    pub reason: String,
    /// What moved it.
    pub evidence: Value,
}

impl Unit {
    /// How many sessions of a device are open.
    ///
    /// # Errors
    /// As the database.
    pub async fn open_sessions(&mut self, device: DeviceId) -> Result<u64> {
        let row = sqlx::query_scalar!(
            r#"select count(*) as "open!" from session where device_id = $1 and closed_at is null"#,
            device.0
        );
        Ok(u64::try_from(row.fetch_one(&mut *self.tx).await?).unwrap_or(0))
    }

    /// Locks the sessions that exist until the unit ends, so that no other process goes on with them meanwhile.
    ///
    /// # Errors
    /// As the database.
    pub async fn lock_sessions(&mut self, ids: &[Uuid]) -> Result<Vec<SessionRow>> {
        let rows = sqlx::query_as!(
            SessionRow,
            "select id, device_id, subject_id, closed_at, ended_by_silence, locked, last_sequence, verdict, trust,
                    verdict_at, input_at, held_at, state
             from session where id = any($1) order by id for no key update",
            ids
        );
        Ok(rows.fetch_all(&mut *self.tx).await?)
    }

    /// Opens a session; `false` if it exists.
    ///
    /// # Errors
    /// As the database.
    pub async fn open_session(
        &mut self,
        row: &SessionRow,
        remote: bool,
        at: OffsetDateTime,
        heard_at: OffsetDateTime,
    ) -> Result<bool> {
        let done = sqlx::query!(
            "insert into session (id, device_id, subject_id, remote, opened_at, last_sequence, heard_at)
             values ($1, $2, $3, $4, $5, 0, $6) on conflict do nothing",
            row.id.0,
            row.device_id.0,
            row.subject_id.0,
            remote,
            at,
            heard_at
        );
        Ok(done.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    /// Writes what may change of sessions, which were heard of just now if `heard_at` is given.
    ///
    /// # Errors
    /// As the database.
    pub async fn put_sessions(
        &mut self,
        rows: &[SessionRow],
        heard_at: Option<OffsetDateTime>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = rows.iter().map(|r| r.id.0).collect();
        let closed: Vec<Option<OffsetDateTime>> = rows.iter().map(|r| r.closed_at).collect();
        let silent: Vec<bool> = rows.iter().map(|r| r.ended_by_silence).collect();
        let locked: Vec<bool> = rows.iter().map(|r| r.locked).collect();
        let last: Vec<i64> = rows.iter().map(|r| r.last_sequence).collect();
        let verdict: Vec<Option<String>> = rows.iter().map(|r| r.verdict.clone()).collect();
        let trust: Vec<Option<f32>> = rows.iter().map(|r| r.trust).collect();
        let verdict_at: Vec<Option<OffsetDateTime>> = rows.iter().map(|r| r.verdict_at).collect();
        let input: Vec<Option<OffsetDateTime>> = rows.iter().map(|r| r.input_at).collect();
        let held: Vec<Option<OffsetDateTime>> = rows.iter().map(|r| r.held_at).collect();
        let state: Vec<Option<Vec<u8>>> = rows.iter().map(|r| r.state.clone()).collect();
        sqlx::query!(
            r#"update session s
               set closed_at = n.closed_at, locked = n.locked, last_sequence = n.last_sequence,
                   verdict = n.verdict, trust = n.trust, verdict_at = n.verdict_at, state = n.state,
                   ended_by_silence = n.ended_by_silence, input_at = n.input_at, held_at = n.held_at,
                   heard_at = coalesce($10, s.heard_at)
               from unnest($1::uuid[], $2::timestamptz[], $3::bool[], $4::bigint[], $5::text[], $6::real[],
                           $7::timestamptz[], $8::bytea[], $9::bool[], $11::timestamptz[], $12::timestamptz[])
                   as n (id, closed_at, locked, last_sequence, verdict, trust, verdict_at, state, ended_by_silence,
                         input_at, held_at)
               where s.id = n.id"#,
            &ids,
            &closed as &[Option<OffsetDateTime>],
            &locked,
            &last,
            &verdict as &[Option<String>],
            &trust as &[Option<f32>],
            &verdict_at as &[Option<OffsetDateTime>],
            &state as &[Option<Vec<u8>>],
            &silent,
            heard_at,
            &input as &[Option<OffsetDateTime>],
            &held as &[Option<OffsetDateTime>]
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps events.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_events(&mut self, rows: &[EventRow]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let session: Vec<Uuid> = rows.iter().map(|r| r.session.0).collect();
        let sequence: Vec<i64> = rows.iter().map(|r| r.sequence).collect();
        let at: Vec<OffsetDateTime> = rows.iter().map(|r| r.at).collect();
        let kind: Vec<String> = rows.iter().map(|r| r.kind.to_owned()).collect();
        let count: Vec<i32> = rows.iter().map(|r| r.count).collect();
        sqlx::query!(
            "insert into session_event (session_id, sequence, at, kind, count)
             select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::int[])",
            &session,
            &sequence,
            &at,
            &kind,
            &count
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps windows.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_windows(&mut self, rows: &[WindowRow], recorded_at: OffsetDateTime) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let session: Vec<Uuid> = rows.iter().map(|r| r.session.0).collect();
        let sequence: Vec<i64> = rows.iter().map(|r| r.sequence).collect();
        let at: Vec<OffsetDateTime> = rows.iter().map(|r| r.at).collect();
        let modality: Vec<String> = rows.iter().map(|r| r.modality.to_owned()).collect();
        let inputs: Vec<i32> = rows.iter().map(|r| r.inputs).collect();
        let active: Vec<i32> = rows.iter().map(|r| r.active_ms).collect();
        let body: Vec<Vec<u8>> = rows.iter().map(|r| r.body.clone()).collect();
        sqlx::query!(
            "insert into feature_window (session_id, sequence, at, modality, inputs, active_ms, body, recorded_at)
             select n.*, $8::timestamptz
             from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::int[], $6::int[],
                         $7::bytea[]) as n",
            &session,
            &sequence,
            &at,
            &modality,
            &inputs,
            &active,
            &body,
            recorded_at
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps verdicts.
    ///
    /// # Errors
    /// As the database.
    pub async fn add_verdicts(&mut self, rows: &[VerdictRow], recorded_at: OffsetDateTime) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let session: Vec<Uuid> = rows.iter().map(|r| r.session.0).collect();
        let sequence: Vec<i64> = rows.iter().map(|r| r.sequence).collect();
        let subject: Vec<Uuid> = rows.iter().map(|r| r.subject.0).collect();
        let device: Vec<Uuid> = rows.iter().map(|r| r.device.0).collect();
        let at: Vec<OffsetDateTime> = rows.iter().map(|r| r.at).collect();
        let verdict: Vec<String> = rows.iter().map(|r| r.verdict.to_owned()).collect();
        let cause: Vec<Option<String>> = rows.iter().map(|r| r.cause.map(str::to_owned)).collect();
        let trust: Vec<Option<f32>> = rows.iter().map(|r| r.trust).collect();
        let llr: Vec<Option<f32>> = rows.iter().map(|r| r.llr).collect();
        let reason: Vec<String> = rows.iter().map(|r| r.reason.clone()).collect();
        let evidence: Vec<Value> = rows.iter().map(|r| r.evidence.clone()).collect();
        sqlx::query!(
            "insert into verdict (session_id, sequence, subject_id, device_id, at, verdict, trust, llr, reason,
                                  evidence, cause, recorded_at)
             select n.*, $11::timestamptz
             from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[],
                         $7::real[], $8::real[], $9::text[], $10::jsonb[], $12::text[]) as n",
            &session,
            &sequence,
            &subject,
            &device,
            &at,
            &verdict,
            &trust as &[Option<f32>],
            &llr as &[Option<f32>],
            &reason,
            &evidence,
            recorded_at,
            &cause as &[Option<String>]
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

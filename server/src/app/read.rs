//! Use cases of the REST API that read: pages behind opaque cursors. Who may read is settled before
//! ([`crate::domain::access`]); what is outside the reader's [`Scope`] is not there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::app::changes::Topics;
use crate::domain::{Caller, DeviceId, Role, Scope, SessionId, SubjectId, drift};
use crate::store::Store;
use crate::store::read::Place;
use crate::store::read::alerts::{Alert, AlertFilter};
use crate::store::read::devices::{Device, DeviceFilter};
use crate::store::read::sessions::{BEYOND_TRUST, Session, SessionFilter, SessionOrder, TrustPlace};
use crate::store::read::subjects::{Maturity, ProfileState, Subject, SubjectFilter};
use crate::store::read::timeline::{TimelineEvent, TimelineVerdict, TimelineWindow};
use crate::store::read::verdicts::{Verdict, VerdictFilter, VerdictPlace};
use crate::{Error, Result};

/// Rows of a page, unless said otherwise.
pub const LIMIT: u32 = 100;
/// Rows of a page at most.
pub const LIMIT_MOST: u32 = 1_000;

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Cursor of the page before.
    pub after: Option<String>,
    /// Rows at most.
    pub limit: Option<u32>,
}

impl Page {
    pub(super) fn limit(&self) -> Result<i64> {
        let limit = self.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MOST).contains(&limit) {
            return Err(Error::of_field("limit", format!("limit must be a number from 1 to {LIMIT_MOST}")));
        }
        Ok(i64::from(limit))
    }

    /// The cursor's two parts; `None` without a cursor.
    pub(super) fn parts<A: std::str::FromStr, B: std::str::FromStr>(
        &self,
        list: &str,
    ) -> Result<Option<(A, B)>> {
        let Some(after) = self.after.as_deref().filter(|a| !a.is_empty()) else { return Ok(None) };
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(after).ok()?).ok()?;
            let (a, b) = text.strip_prefix(list)?.strip_prefix(' ')?.split_once(' ')?;
            Some((a.parse().ok()?, b.parse().ok()?))
        };
        read().map(Some).ok_or_else(not_a_cursor)
    }

    /// The place that its cursor names in a list; `None` without a cursor.
    ///
    /// # Errors
    /// Invalid argument for what is no cursor of that list.
    pub fn place(&self, list: &str) -> Result<Option<Place>> {
        let Some((micros, id)) = self.parts::<i64, Uuid>(list)? else { return Ok(None) };
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
            .map_err(|_| not_a_cursor())?;
        Ok(Some(Place { at, id }))
    }
}

fn not_a_cursor() -> Error {
    Error::of_field("after", "after must be `next` of an earlier page of this list")
}

/// The cursor of a list after its row with these two parts.
pub fn cursor(list: &str, a: impl std::fmt::Display, b: impl std::fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list} {a} {b}"))
}

/// One page; the place of its last row is its cursor, if there may be more.
pub(super) fn paged<T>(
    list: &str,
    rows: Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> Place,
) -> (Vec<T>, Option<String>) {
    paged_by(rows, limit, |last| {
        let place = place(last);
        cursor(list, place.at.unix_timestamp_nanos() / 1_000, place.id)
    })
}

/// One page; `cursor` of its last row is its cursor, if there may be more.
fn paged_by<T>(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    (rows, next)
}

/// A page of subjects and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; permission denied for who may not ask for drift; as the database.
pub async fn subjects(
    store: &Store,
    caller: &Caller,
    filter: &SubjectFilter,
    page: &Page,
) -> Result<(Vec<Subject>, Option<String>)> {
    if filter.drift.is_some() {
        drift::may_ask(caller)?;
    }
    let (limit, scope) = (page.limit()?, caller.scope());
    let mut rows = store.read_subjects(&scope, filter, page.place("subjects")?, limit + 1).await?;
    rows.iter_mut().for_each(|row| discreet(caller, row));
    Ok(paged("subjects", rows, limit, |s| Place { at: s.created_at, id: s.id }))
}

/// One subject.
///
/// # Errors
/// Not found; as the database.
pub async fn subject(store: &Store, caller: &Caller, id: SubjectId) -> Result<Subject> {
    let found = store.read_subject(&caller.scope(), id).await?;
    let mut found = found.ok_or_else(no_such_subject)?;
    discreet(caller, &mut found);
    Ok(found)
}

fn no_such_subject() -> Error {
    Error::not_found("no such subject")
}

/// That somebody has asked for a restriction is nothing for others than who carries it out.
fn discreet(caller: &Caller, of: &mut Subject) {
    if caller.role() != Some(Role::Privacy) {
        of.restricted_at = None;
    }
    without_drift(caller, &mut of.profile);
}

/// How far a profile has moved is nothing for others than who looks after alarms and rights.
fn without_drift(caller: &Caller, profile: &mut [Maturity]) {
    if !drift::told_to(caller) {
        profile.iter_mut().for_each(|of| of.drift = None);
    }
}

/// The state of a subject's profile.
///
/// # Errors
/// Not found; as the database.
pub async fn profile(store: &Store, caller: &Caller, id: SubjectId) -> Result<ProfileState> {
    let scope = caller.scope();
    if let Some(mut profile) = store.read_profile(&scope, id).await? {
        without_drift(caller, &mut profile.maturity);
        return Ok(profile);
    }
    store.read_subject(&scope, id).await?.ok_or_else(no_such_subject)?;
    Err(Error::not_found("the subject has no profile yet: it is learned when a session closes"))
}

/// A page of devices and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn devices(
    store: &Store,
    scope: &Scope,
    filter: &DeviceFilter,
    page: &Page,
) -> Result<(Vec<Device>, Option<String>)> {
    let limit = page.limit()?;
    let rows = store.read_devices(scope, filter, page.place("devices")?, limit + 1).await?;
    Ok(paged("devices", rows, limit, |d| Place { at: d.enrolled_at, id: d.id }))
}

/// One device.
///
/// # Errors
/// Not found; as the database.
pub async fn device(store: &Store, scope: &Scope, id: DeviceId) -> Result<Device> {
    store.read_device(scope, id).await?.ok_or_else(|| Error::not_found("no such device"))
}

/// A page of sessions in an order, and the cursor of the next, which is of that order.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn sessions(
    store: &Store,
    scope: &Scope,
    filter: &SessionFilter,
    order: SessionOrder,
    page: &Page,
) -> Result<(Vec<Session>, Option<String>)> {
    let limit = page.limit()?;
    let (list, newest) = match order {
        SessionOrder::Newest => ("sessions", true),
        SessionOrder::Oldest => ("sessions-oldest", false),
        SessionOrder::LeastTrust => return sessions_by_trust(store, scope, filter, page).await,
    };
    let rows = store.read_sessions(scope, filter, newest, page.place(list)?, limit + 1).await?;
    Ok(paged(list, rows, limit, |s| Place { at: s.opened_at, id: s.id }))
}

async fn sessions_by_trust(
    store: &Store,
    scope: &Scope,
    filter: &SessionFilter,
    page: &Page,
) -> Result<(Vec<Session>, Option<String>)> {
    let (list, limit) = ("sessions-trust", page.limit()?);
    let after = page.parts::<f32, Uuid>(list)?.map(|(trust, id)| TrustPlace { trust, id });
    let rows = store.read_sessions_by_trust(scope, filter, after, limit + 1).await?;
    Ok(paged_by(rows, limit, |s| cursor(list, s.trust.unwrap_or(BEYOND_TRUST), s.id)))
}

/// One session.
///
/// # Errors
/// Not found; as the database.
pub async fn session(store: &Store, scope: &Scope, id: SessionId) -> Result<Session> {
    store.read_session(scope, id).await?.ok_or_else(|| Error::not_found("no such session"))
}

/// One entry of a timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// How much was measured.
    Window(TimelineWindow),
    /// What the agent reported.
    Event(TimelineEvent),
    /// What was concluded of the window before.
    Verdict(TimelineVerdict),
}

impl Entry {
    /// Place in the session.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        match self {
            Self::Window(e) => e.sequence,
            Self::Event(e) => e.sequence,
            Self::Verdict(e) => e.sequence,
        }
    }
}

/// A page of a session's windows and events, at most `limit`, each followed by its verdict; and the cursor of the next.
///
/// # Errors
/// Not found; invalid argument for a cursor or limit; as the database.
pub async fn timeline(
    store: &Store,
    scope: &Scope,
    id: SessionId,
    page: &Page,
) -> Result<(Vec<Entry>, Option<String>)> {
    let limit = page.limit()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let after = match page.parts::<Uuid, i64>("timeline")? {
        None => 0,
        Some((of, sequence)) if of == id.0 => sequence,
        Some(_) => return Err(not_a_cursor()),
    };
    let of = session(store, scope, id).await?;
    let windows = store.read_windows(&of, after, limit + 1).await?.into_iter().map(Entry::Window);
    let events = store.read_events(&of, after, limit + 1).await?.into_iter().map(Entry::Event);
    let mut entries: Vec<Entry> = windows.chain(events).collect();
    entries.sort_by_key(Entry::sequence);
    let more = entries.len() > most;
    entries.truncate(most);
    let Some(last) = entries.last().map(Entry::sequence) else { return Ok((entries, None)) };
    entries.extend(store.read_session_verdicts(&of, after, last).await?.into_iter().map(Entry::Verdict));
    // Stable: a verdict stays behind its window.
    entries.sort_by_key(Entry::sequence);
    Ok((entries, more.then(|| cursor("timeline", id, last))))
}

/// A page of alerts and the cursor of the next.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn alerts(
    store: &Store,
    scope: &Scope,
    filter: &AlertFilter,
    page: &Page,
) -> Result<(Vec<Alert>, Option<String>)> {
    let limit = page.limit()?;
    let rows = store.read_alerts(scope, filter, page.place("alerts")?, limit + 1).await?;
    Ok(paged("alerts", rows, limit, |a| Place { at: a.opened_at, id: a.id }))
}

/// A page of verdicts, oldest first, and the cursor from which later ones follow.
///
/// # Errors
/// Invalid argument for a cursor or limit; as the database.
pub async fn verdicts(
    store: &Store,
    scope: &Scope,
    filter: &VerdictFilter,
    page: &Page,
) -> Result<(Vec<Verdict>, String)> {
    let limit = page.limit()?;
    if page.after.as_deref() == Some("latest") {
        let end = verdict_place(store, page).await?;
        return Ok((Vec::new(), cursor("verdicts", end.tx, end.id)));
    }
    let mut place = verdict_place(store, page).await?;
    if let Some(since) = filter.since {
        let before = match store.verdict_place_before(since).await? {
            Some(tx) => VerdictPlace { tx, id: i64::MAX },
            None => end(store).await?,
        };
        place = place.max(before);
    }
    let before = match filter.until {
        Some(until) => store.verdict_place_after(until).await?,
        None => None,
    };
    // Asked before the rows are: a narrow filter need not pass over what is older again.
    let passed = if filter.narrows() || scope.narrows() { end(store).await?.max(place) } else { place };
    let rows = store.read_verdicts(scope, filter, place, before, limit).await?;
    let last = rows.last().map(Verdict::place).transpose()?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    let next = match last {
        Some(last) if full => last,
        Some(last) => last.max(passed),
        None => passed,
    };
    Ok((rows, cursor("verdicts", next.tx, next.id)))
}

/// The oldest transaction that may still be running: all before it is there to read.
///
/// # Errors
/// As the database.
pub(super) async fn horizon(store: &Store) -> Result<u64> {
    store.verdict_horizon().await?.parse().map_err(Error::internal)
}

/// The last place whose verdicts have all been committed.
async fn end(store: &Store) -> Result<VerdictPlace> {
    Ok(VerdictPlace { tx: horizon(store).await?.saturating_sub(1), id: i64::MAX })
}

/// The place that a page of verdicts follows.
///
/// # Errors
/// Invalid argument for a cursor that is none; as the database.
pub(super) async fn verdict_place(store: &Store, page: &Page) -> Result<VerdictPlace> {
    if page.after.as_deref() == Some("latest") {
        return end(store).await;
    }
    let (tx, id) = page.parts::<u64, i64>("verdicts")?.unwrap_or((0, 0));
    Ok(VerdictPlace { tx, id })
}

/// As [`verdicts`]; waits for one until `until` if there is none.
///
/// # Errors
/// As [`verdicts`].
pub async fn verdicts_until(
    app: &App,
    scope: &Scope,
    filter: &VerdictFilter,
    page: &Page,
    until: Option<Instant>,
) -> Result<(Vec<Verdict>, String)> {
    let mut page = page.clone();
    loop {
        let stamp = app.changes.stamp(Topics::SETTLED);
        let (rows, next) = verdicts(&app.store, scope, filter, &page).await?;
        let Some(until) = until.filter(|until| rows.is_empty() && Instant::now() < *until) else {
            return Ok((rows, next));
        };
        tokio::select! {
            // The poll is answered with what there is, so that the server can stop.
            () = app.stopping.cancelled() => return Ok((rows, next)),
            changed = app.changes.changed(Topics::SETTLED, stamp, until) => if !changed {
                return Ok((rows, next));
            },
        }
        page.after = Some(next);
    }
}

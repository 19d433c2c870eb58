//! Which records of a batch are new, which are known, and which will never be taken. Pure.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::Refusal;
use crate::domain::record::{Body, Record};
use crate::domain::{DeviceId, SessionId};
use crate::store::sessions::SessionRow;
use crate::{Error, Result};

/// What to do with a batch.
pub(super) struct Plan {
    /// New records, in order.
    pub(super) accepted: Vec<Record>,
    /// What to acknowledge once they are committed.
    pub(super) acks: Vec<(SessionId, u64)>,
    /// The first record that will never be taken.
    pub(super) refused: Option<Refusal>,
}

struct Progress {
    owner: DeviceId,
    last: i64,
    closed: bool,
}

pub(super) fn plan(
    device: DeviceId,
    now: OffsetDateTime,
    sessions: &BTreeMap<SessionId, SessionRow>,
    records: Vec<Record>,
) -> Plan {
    let mut progress: BTreeMap<SessionId, Progress> = sessions
        .iter()
        .map(|(id, row)| {
            let closed = row.closed_at.is_some();
            (*id, Progress { owner: row.device_id, last: row.last_sequence, closed })
        })
        .collect();
    let mut plan = Plan { accepted: Vec::with_capacity(records.len()), acks: Vec::new(), refused: None };
    let mut touched: Vec<SessionId> = Vec::new();
    for record in records {
        let (session, sequence) = (record.session, record.sequence);
        match take(device, now, &mut progress, &record) {
            Ok(new) => {
                if new {
                    plan.accepted.push(record);
                }
                if !touched.contains(&session) {
                    touched.push(session);
                }
            }
            Err(error) => {
                plan.refused = Some(Refusal { session, sequence: sequence.unsigned_abs(), error });
                break;
            }
        }
    }
    plan.acks =
        touched.into_iter().filter_map(|id| progress.get(&id).map(|p| (id, p.last.unsigned_abs()))).collect();
    plan
}

/// Whether the record is new; an error if it will never be taken.
fn take(
    device: DeviceId,
    now: OffsetDateTime,
    progress: &mut BTreeMap<SessionId, Progress>,
    record: &Record,
) -> Result<bool> {
    let Some(session) = progress.get_mut(&record.session) else {
        record.check_time(now)?;
        if !matches!(record.body, Body::Opened { .. }) || record.sequence != 1 {
            return Err(Error::invalid("the first record of a session must be its opening, with sequence 1"));
        }
        progress.insert(record.session, Progress { owner: device, last: 1, closed: false });
        return Ok(true);
    };
    if session.owner != device {
        return Err(Error::denied("the session belongs to another device"));
    }
    if record.sequence <= session.last {
        return Ok(false);
    }
    record.check_time(now)?;
    if session.closed {
        return Err(Error::invalid("the session is closed"));
    }
    if matches!(record.body, Body::Opened { .. }) {
        return Err(Error::invalid("the session is already open"));
    }
    session.closed = matches!(record.body, Body::Closed);
    session.last = record.sequence;
    Ok(true)
}

//! Which records of a batch are new, which are known, and which will never be taken. Pure.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

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
    /// New records from the future, and how far ahead the farthest was.
    pub(super) redated: Option<(u64, Duration)>,
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
            // One that only fell silent goes on: what its device kept meanwhile is not lost.
            let closed = row.closed_at.is_some() && !row.ended_by_silence;
            (*id, Progress { owner: row.device_id, last: row.last_sequence, closed })
        })
        .collect();
    let mut plan =
        Plan { accepted: Vec::with_capacity(records.len()), acks: Vec::new(), refused: None, redated: None };
    let mut touched: Vec<SessionId> = Vec::new();
    for mut record in records {
        let (session, sequence) = (record.session, record.sequence);
        match take(device, now, &mut progress, &mut record) {
            Ok(taken) => {
                if let Taken::New { ahead } = taken {
                    if let Some(ahead) = ahead {
                        let (count, farthest) = plan.redated.unwrap_or_default();
                        plan.redated = Some((count + 1, farthest.max(ahead)));
                    }
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

enum Taken {
    Known,
    New {
        /// How far the record's time was ahead.
        ahead: Option<Duration>,
    },
}

/// An error if the record will never be taken.
fn take(
    device: DeviceId,
    now: OffsetDateTime,
    progress: &mut BTreeMap<SessionId, Progress>,
    record: &mut Record,
) -> Result<Taken> {
    let Some(session) = progress.get_mut(&record.session) else {
        let ahead = record.settle_time(now)?;
        if !matches!(record.body, Body::Opened { .. }) || record.sequence != 1 {
            return Err(Error::invalid("the first record of a session must be its opening, with sequence 1"));
        }
        progress.insert(record.session, Progress { owner: device, last: 1, closed: false });
        return Ok(Taken::New { ahead });
    };
    if session.owner != device {
        return Err(Error::denied("the session belongs to another device"));
    }
    if record.sequence <= session.last {
        return Ok(Taken::Known);
    }
    let ahead = record.settle_time(now)?;
    if session.closed {
        return Err(Error::invalid("the session is closed"));
    }
    if matches!(record.body, Body::Opened { .. }) {
        return Err(Error::invalid("the session is already open"));
    }
    session.closed = matches!(record.body, Body::Closed);
    session.last = record.sequence;
    Ok(Taken::New { ahead })
}

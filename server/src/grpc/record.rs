//! From the wire's records to the domain's, with every check that needs no state.

use prost::Message as _;
use tacit_proto::wire::MAX_COUNT;
use tacit_proto::{Mark, v1};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::SessionId;
use crate::domain::record::{Body, Record, SignalKind};
use crate::{Error, Result};

/// Bytes of an account name at most.
const MAX_ACCOUNT: usize = 512;

/// Strength of a signal at most.
const MAX_STRENGTH: u32 = 1_000;

/// Session and sequence, as far as the record names them.
pub(super) fn name(record: &v1::Record) -> Option<(SessionId, u64)> {
    Some((SessionId(Uuid::from_slice(&record.session_id).ok()?), record.sequence))
}

/// Checks and converts.
///
/// # Errors
/// Invalid argument that says what of the record cannot be.
pub fn convert(record: v1::Record) -> Result<Record> {
    let session = Uuid::from_slice(&record.session_id)
        .ok()
        .filter(|id| !id.is_nil())
        .ok_or_else(|| Error::invalid("session_id must be a UUID of 16 bytes"))?;
    let sequence = i64::try_from(record.sequence)
        .ok()
        .filter(|s| *s > 0)
        .ok_or_else(|| Error::invalid("sequence must lie from 1 to 2^63 - 1"))?;
    let at = i128::from(record.at_ms) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(at)
        .map_err(|_| Error::invalid("at_ms is not a time: the device's clock is off by millennia"))?;
    let body = record.body.ok_or_else(|| Error::invalid("the record has no body that this version knows"))?;
    Ok(Record { session: session.into(), sequence, at, body: convert_body(body)? })
}

fn convert_body(body: v1::record::Body) -> Result<Body> {
    use v1::record::Body as Wire;
    Ok(match body {
        Wire::Opened(opened) => {
            let account = opened.account.trim();
            if account.is_empty() || account.len() > MAX_ACCOUNT || account.contains(char::is_control) {
                return Err(Error::invalid(format!(
                    "account must be 1 to {MAX_ACCOUNT} bytes of plain text"
                )));
            }
            Body::Opened { account: account.to_owned(), remote: opened.remote }
        }
        Wire::Closed(_) => Body::Closed,
        Wire::Locked(_) => Body::Locked,
        Wire::Unlocked(_) => Body::Unlocked,
        Wire::Window(window) => {
            let checked = window.check().map_err(|error| Error::invalid(error.to_string()))?;
            Body::Window { window: checked, encoded: window.encode_to_vec() }
        }
        Wire::Signal(signal) => {
            let kind = match v1::SignalKind::try_from(signal.kind) {
                Ok(v1::SignalKind::Injected) => SignalKind::Injected,
                Ok(v1::SignalKind::KeyboardAdded) => SignalKind::KeyboardAdded,
                Ok(v1::SignalKind::PointerAdded) => SignalKind::PointerAdded,
                Ok(v1::SignalKind::ImpossibleInterval) => SignalKind::ImpossibleInterval,
                Ok(v1::SignalKind::MachineKeys) => SignalKind::MachineKeys,
                Ok(v1::SignalKind::MachinePointer) => SignalKind::MachinePointer,
                Ok(v1::SignalKind::Replayed) => SignalKind::Replayed,
                Ok(v1::SignalKind::Assisted) => SignalKind::Assisted,
                Ok(v1::SignalKind::Unspecified) | Err(_) => {
                    return Err(Error::invalid(format!("unknown signal kind {}", signal.kind)));
                }
            };
            let count = i32::try_from(signal.count)
                .ok()
                .filter(|_| (1..=MAX_COUNT).contains(&signal.count))
                .ok_or_else(|| Error::invalid(format!("count of a signal must lie from 1 to {MAX_COUNT}")))?;
            if signal.marks.len() > Mark::ALL.len() {
                return Err(Error::invalid(format!("a signal has at most {} marks", Mark::ALL.len())));
            }
            // A mark of a later version says more, not something else.
            let marks = signal.marks.iter().filter_map(|number| Mark::numbered(*number)).collect();
            Body::Signal { kind, count, marks, strength: signal.strength.min(MAX_STRENGTH) }
        }
    })
}

//! Types and rules without transport and without SQL.

pub mod access;
pub mod alert;
pub mod assertion;
pub mod audit;
pub mod backoff;
pub mod caller;
pub mod capture;
pub mod destination;
pub mod device_key;
pub mod directive;
pub mod drift;
pub mod enrolment;
pub mod exemption;
pub mod guard;
pub mod ids;
pub mod plain;
pub mod policy;
pub mod preview;
pub mod record;
pub mod rights;
pub mod scope;
pub mod signal_stream;
pub mod token;
pub mod told;
pub mod verdict;

pub use caller::{Caller, Role};
pub use ids::{
    AlertId, ApiKeyId, DestinationId, DeviceId, DirectiveId, EnrolmentTokenId, EventId, ExemptionId,
    SessionId, SubjectId,
};
pub use scope::Scope;

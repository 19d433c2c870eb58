//! Types and rules without transport and without SQL.

pub mod access;
pub mod alert;
pub mod audit;
pub mod caller;
pub mod directive;
pub mod enrolment;
pub mod exemption;
pub mod guard;
pub mod ids;
pub mod policy;
pub mod record;
pub mod token;
pub mod verdict;

pub use caller::{Caller, Role};
pub use ids::{
    AlertId, ApiKeyId, DeviceId, DirectiveId, EnrolmentTokenId, ExemptionId, SessionId, SubjectId,
};

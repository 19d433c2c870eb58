//! Types and rules without transport and without SQL.

pub mod access;
pub mod caller;
pub mod ids;
pub mod record;
pub mod token;
pub mod verdict;

pub use caller::{Caller, Role};
pub use ids::{ApiKeyId, DeviceId, EnrolmentTokenId, SessionId, SubjectId};

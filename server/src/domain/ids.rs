//! Ids as types, so that one is never taken for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// The person a profile belongs to.
    SubjectId;
    /// One enrolled workstation.
    DeviceId;
    /// One log-on of one subject on one device.
    SessionId;
    /// One enrolment token.
    EnrolmentTokenId;
    /// One API key.
    ApiKeyId;
    /// One directive.
    DirectiveId;
    /// One alert.
    AlertId;
    /// One exemption.
    ExemptionId;
    /// One system that is told of verdicts.
    DestinationId;
    /// One event for other systems.
    EventId;
}

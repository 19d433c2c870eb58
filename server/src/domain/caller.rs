//! Who calls, once it is known.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{ApiKeyId, DeviceId, Scope};

/// What a person or program on REST may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything but reading names.
    Admin,
    /// Investigates: subjects, devices, sessions, verdicts.
    Analyst,
    /// Watches: verdicts and lists.
    Viewer,
    /// Privacy officer: names, exports, erasures.
    Privacy,
    /// A program, such as a SIEM forwarder.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Analyst, Self::Viewer, Self::Privacy, Self::Service];

    /// As stored and as written in tokens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
            Self::Privacy => "privacy",
            Self::Service => "service",
        }
    }
}

/// Not the name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such role: one of admin, analyst, viewer, privacy, service")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or(UnknownRole)
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person with an access token of the company's identity provider.
    User {
        /// The token's subject.
        subject: String,
        /// The role its claims give.
        role: Role,
        /// The groups its claims name.
        scope: Scope,
    },
    /// A person or program with an API key.
    ApiKey {
        /// Which key.
        id: ApiKeyId,
        /// The role it was made for.
        role: Role,
        /// The groups it was made for.
        scope: Scope,
    },
    /// An enrolled workstation.
    Device(DeviceId),
    /// Whoever runs the command line on the server's machine.
    Console,
    /// The server itself, unasked.
    Server,
}

impl Caller {
    /// Who, as it is kept beside what they did.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::User { subject, .. } => format!("user:{subject}"),
            Self::ApiKey { id, .. } => format!("key:{id}"),
            Self::Device(id) => format!("device:{id}"),
            Self::Console => "console".to_owned(),
            Self::Server => "server".to_owned(),
        }
    }

    /// The role of a person or program on REST.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::User { role, .. } | Self::ApiKey { role, .. } => Some(*role),
            Self::Device(_) | Self::Console | Self::Server => None,
        }
    }

    /// Which groups the caller may see and act on; a device none.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::User { scope, .. } | Self::ApiKey { scope, .. } => scope.clone(),
            Self::Device(_) => Scope::of(Vec::new()),
            Self::Console | Self::Server => Scope::every(),
        }
    }
}

//! The audit log: what can be in it, and how each entry is bound to the one before it. Pure.
//!
//! To add an act: a variant of [`Action`], and a call of [`crate::app::audit::record`] where the act is done.

pub mod chain;

use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{
    AlertId, ApiKeyId, DestinationId, DeviceId, EnrolmentTokenId, ExemptionId, SessionId, SubjectId,
};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// What a parameter that names one must be.
            pub const EXPECTED: &str = concat!("an action of the audit log: " $(, $name, " ")*);

            /// As stored.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    /// A group's policy was changed.
    PolicyPut = "policy_put";
    /// A subject was exempted from responses.
    ExemptionMade = "exemption_made";
    /// An exemption was ended early.
    ExemptionEnded = "exemption_ended";
    /// A device was enrolled.
    DeviceEnrolled = "device_enrolled";
    /// A device was given another key, at its own asking.
    DeviceKeyRotated = "device_key_rotated";
    /// A device opened its first session of an account.
    SubjectMet = "subject_met";
    /// A device was revoked.
    DeviceRevoked = "device_revoked";
    /// A device was put into another group.
    DeviceMoved = "device_moved";
    /// A destination of events was made.
    DestinationMade = "destination_made";
    /// A destination was changed.
    DestinationChanged = "destination_changed";
    /// A destination was removed.
    DestinationRemoved = "destination_removed";
    /// The signing key of a destination was renewed.
    DestinationSecretRenewed = "destination_secret_renewed";
    /// Dead letters of a destination were replayed.
    DeadLettersReplayed = "dead_letters_replayed";
    /// Feedback was given on a session.
    FeedbackGiven = "feedback_given";
    /// An alert was taken on.
    AlertAcknowledged = "alert_acknowledged";
    /// An alert was given to someone, or to nobody.
    AlertAssigned = "alert_assigned";
    /// A note was written beside an alert.
    AlertNoted = "alert_noted";
    /// An alert was dealt with.
    AlertResolved = "alert_resolved";
    /// A response was asked for by hand.
    ResponseAsked = "response_asked";
    /// An API key was made.
    ApiKeyMade = "api_key_made";
    /// An API key was revoked.
    ApiKeyRevoked = "api_key_revoked";
    /// An enrolment token was made.
    EnrolmentTokenMade = "enrolment_token_made";
    /// An enrolment token was revoked.
    EnrolmentTokenRevoked = "enrolment_token_revoked";
    /// The name that a pseudonym stands for was read.
    NameRevealed = "name_revealed";
    /// The account that a subject stands for was corrected.
    NameRectified = "name_rectified";
    /// Everything that is held of a subject was read.
    SubjectExported = "subject_exported";
    /// A subject was forgotten.
    SubjectErased = "subject_erased";
    /// Nothing is made of a subject's input from then on.
    SubjectRestricted = "subject_restricted";
    /// A restriction was ended.
    SubjectUnrestricted = "subject_unrestricted";
    /// The root secret was wrapped by another master key.
    MasterKeyRotated = "master_key_rotated";
    /// The oldest months of this log were let go of.
    AuditCut = "audit_cut";
    /// Another subject was put in the place of one.
    SubjectRenewed = "subject_renewed";
}

/// Not the name of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        Self::ALL.iter().find(|action| action.name() == name).copied().ok_or(UnknownAction)
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A subject; kept as a reference that its erasure cuts.
    Subject(SubjectId),
    /// A subject's session.
    Session(SessionId, SubjectId),
    /// A subject's exemption.
    Exemption(ExemptionId, SubjectId),
    /// An alert about a subject's session.
    Alert(AlertId, SubjectId),
    /// A device.
    Device(DeviceId),
    /// A group of devices.
    Group(String),
    /// A system that is told of verdicts.
    Destination(DestinationId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// An enrolment token.
    EnrolmentToken(EnrolmentTokenId),
    /// What wraps the root secret.
    MasterKey,
    /// This log.
    Log,
}

impl Object {
    /// The subject it concerns.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectId> {
        match self {
            Self::Subject(subject)
            | Self::Session(_, subject)
            | Self::Exemption(_, subject)
            | Self::Alert(_, subject) => Some(*subject),
            _ => None,
        }
    }

    /// `KIND:ID`, as stored; `reference` stands for the subject.
    #[must_use]
    pub fn stored(&self, reference: Option<Uuid>) -> String {
        match self {
            Self::Subject(_) => format!("subject:{}", reference.unwrap_or_default()),
            Self::Session(id, _) => format!("session:{id}"),
            Self::Exemption(id, _) => format!("exemption:{id}"),
            Self::Alert(id, _) => format!("alert:{id}"),
            Self::Device(id) => format!("device:{id}"),
            Self::Group(name) => format!("group:{name}"),
            Self::Destination(id) => format!("destination:{id}"),
            Self::ApiKey(id) => format!("key:{id}"),
            Self::EnrolmentToken(id) => format!("token:{id}"),
            Self::MasterKey => "master_key:root".to_owned(),
            Self::Log => "log:audit".to_owned(),
        }
    }
}

/// Length of a hash and of a seal.
pub const HASH: usize = 32;

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: i64,
    /// When, to the microsecond.
    pub at: OffsetDateTime,
    /// Who, as [`crate::domain::Caller::name`] says.
    pub actor: String,
    /// The role that allowed it.
    pub role: Option<String>,
    /// What was done, as stored.
    pub action: String,
    /// To what, as stored.
    pub object: String,
    /// Stands for the subject it concerned.
    pub subject: Option<Uuid>,
    /// JSON.
    pub details: String,
}

impl Entry {
    /// SHA-256 over the hash of the entry before and this entry's fields, each with its length.
    #[must_use]
    pub fn hash(&self, previous: &[u8]) -> [u8; HASH] {
        let micros = self.at.unix_timestamp_nanos() / 1_000;
        let mut context = Context::new(&SHA256);
        let mut add = |field: &[u8]| {
            context.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(field);
        };
        add(b"tacit audit v1");
        add(previous);
        add(&self.seq.to_be_bytes());
        add(&micros.to_be_bytes());
        add(self.actor.as_bytes());
        add(self.role.as_deref().unwrap_or_default().as_bytes());
        add(self.action.as_bytes());
        add(self.object.as_bytes());
        add(self.subject.as_ref().map_or(&[], |subject| subject.as_bytes().as_slice()));
        add(self.details.as_bytes());
        let mut hash = [0; HASH];
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}

/// Seals entries and the head under a key that is not in the database: who can write the database alone can neither forge an
/// entry nor shorten the log.
#[derive(Debug, Clone)]
pub struct Seal(hmac::Key);

impl Seal {
    /// Under a key.
    #[must_use]
    pub fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// Of an entry.
    #[must_use]
    pub fn entry(&self, hash: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, &[b"entry".as_slice(), hash].concat()).as_ref().to_vec()
    }

    /// Of the head.
    #[must_use]
    pub fn head(&self, seq: i64, hash: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, &[b"head".as_slice(), &seq.to_be_bytes(), hash].concat()).as_ref().to_vec()
    }

    /// Whether an entry was sealed under this key.
    #[must_use]
    pub fn holds_entry(&self, hash: &[u8], seal: &[u8]) -> bool {
        hmac::verify(&self.0, &[b"entry".as_slice(), hash].concat(), seal).is_ok()
    }

    /// Whether a head was sealed under this key.
    #[must_use]
    pub fn holds_head(&self, seq: i64, hash: &[u8], seal: &[u8]) -> bool {
        hmac::verify(&self.0, &[b"head".as_slice(), &seq.to_be_bytes(), hash].concat(), seal).is_ok()
    }
}

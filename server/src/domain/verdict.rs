//! Verdict kinds as they are stored and read.

use tacit_engine::{Cause, VerdictKind};
use tacit_proto::Modality;

/// The verdict as stored.
#[must_use]
pub fn name(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Learning => "learning",
        VerdictKind::Genuine => "genuine",
        VerdictKind::Suspicious => "suspicious",
        VerdictKind::DifferentPerson => "different_person",
        VerdictKind::Automation => "automation",
        VerdictKind::NotScorable => "not_scorable",
        VerdictKind::Silent => "silent",
    }
}

/// The verdict of a stored name.
#[must_use]
pub fn named(text: &str) -> Option<VerdictKind> {
    use VerdictKind as V;
    [V::Learning, V::Genuine, V::Suspicious, V::DifferentPerson, V::Automation, V::NotScorable, V::Silent]
        .into_iter()
        .find(|kind| name(*kind) == text)
}

/// The cause as stored.
#[must_use]
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Takeover => "takeover",
        Cause::Credential => "credential",
    }
}

/// The modality as stored.
#[must_use]
pub fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Keyboard => "keyboard",
        Modality::Pointer => "pointer",
        Modality::Touch => "touch",
    }
}

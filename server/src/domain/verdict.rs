//! Verdict kinds as they are stored and read.

use tacit_engine::VerdictKind;
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

/// The modality as stored.
#[must_use]
pub fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Keyboard => "keyboard",
        Modality::Pointer => "pointer",
        Modality::Touch => "touch",
    }
}

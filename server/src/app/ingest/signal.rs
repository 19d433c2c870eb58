//! What signals tell the engine.

use tacit_engine::{Sign, SignKind};
use tacit_proto::{Marks, Modality};

use crate::domain::record::SignalKind;

/// What a signal tells of machines, if it tells of them by itself.
pub(super) fn sign(kind: SignalKind, count: i32, marks: Marks, strength: u32) -> Option<Sign> {
    Some(Sign { kind: sign_kind(kind)?, count: count.unsigned_abs(), marks, strength })
}

fn sign_kind(kind: SignalKind) -> Option<SignKind> {
    match kind {
        SignalKind::MachineKeys => Some(SignKind::MachineKeys),
        SignalKind::MachinePointer => Some(SignKind::MachinePointer),
        SignalKind::Replayed => Some(SignKind::Replayed),
        SignalKind::Assisted => Some(SignKind::Assisted),
        SignalKind::Injected
        | SignalKind::KeyboardAdded
        | SignalKind::PointerAdded
        | SignalKind::ImpossibleInterval => None,
    }
}

/// What is used through the input device that a signal says appeared.
pub(super) fn appeared(kind: SignalKind) -> Option<Modality> {
    match kind {
        SignalKind::KeyboardAdded => Some(Modality::Keyboard),
        SignalKind::PointerAdded => Some(Modality::Pointer),
        SignalKind::MachineKeys
        | SignalKind::MachinePointer
        | SignalKind::Replayed
        | SignalKind::Assisted
        | SignalKind::Injected
        | SignalKind::ImpossibleInterval => None,
    }
}

//! What measuring yields.

use tacit_proto::{Beginning, FeatureStats, Marks, Modality};

/// The feature stats of one slice of active use, of one modality.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Input it was measured on.
    pub modality: Modality,
    /// Keystrokes (keyboard) or strokes (pointer, touch).
    pub inputs: u32,
    /// Milliseconds in use: the span less every rest longer than 5 s.
    pub active_ms: u32,
    /// What came before it; not told where it fills over many rests.
    pub beginning: Beginning,
    /// Time of the last event in it, on the events' clock.
    pub closed_at_us: u64,
    /// Events left out because their times or numbers could not be.
    pub discarded: u32,
    /// What was measured.
    pub stats: FeatureStats,
}

/// A fact that needs no statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// The operating system marked input as made by a program.
    Injected,
    /// A run of keys faster than people type.
    ImpossibleInterval,
    /// Keys timed as people do not time them.
    MachineKeys,
    /// A pointer moved as hands do not move one.
    MachinePointer,
    /// Keys that repeat earlier ones, time for time.
    Replayed,
    /// Keys as password managers, text expanders, dictation and on-screen keyboards type them.
    Assisted,
}

/// A signal, standing for `count` events up to `at_us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Which fact.
    pub kind: SignalKind,
    /// Events it stands for, at least 1.
    pub count: u32,
    /// Time of the last of them, on the events' clock.
    pub at_us: u64,
    /// What it rests on, where the kind alone does not say it.
    pub marks: Marks,
    /// How much likelier a machine is than a person: natural logarithm, rounded. 0 where the kind alone says it.
    pub strength: u32,
}

/// One thing that a measurer puts out.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A closed window.
    Window(Window),
    /// A signal.
    Signal(Signal),
}

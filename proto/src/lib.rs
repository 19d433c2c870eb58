//! The contract of Tacit: what is measured (the feature catalogue), how it is summed up (feature stats) and how it
//! travels (the wire types, feature `wire`).
//!
//! Without the feature `wire` the crate is pure, so that `tacit-measure` and `tacit-engine` can share it.

pub mod beginning;
pub mod catalogue;
pub mod mark;
pub mod stat;

#[cfg(feature = "wire")]
pub mod wire;

pub use beginning::Beginning;
pub use catalogue::{Family, Feature, FeatureId, Modality, Transform, Unit};
pub use mark::{Mark, Marks};
pub use stat::{FeatureStat, FeatureStats, Stat};

/// Keystrokes below which a keyboard window is never formed or accepted.
pub const MIN_KEYSTROKES: u32 = 30;
/// Strokes below which a pointer or touch window is never formed or accepted.
pub const MIN_STROKES: u32 = 10;

/// Generated from `tacit/v1/*.proto`.
#[cfg(feature = "wire")]
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the documentation of the messages stands in the .proto files"
)]
pub mod v1 {
    tonic::include_proto!("tacit.v1");
}

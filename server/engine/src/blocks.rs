//! Which dimensions are modelled together. Covariances are learned within a block and taken as none across blocks: it costs
//! no accuracy on people apart, and the effort of a score grows with the cube of a block, not of the whole.

use std::ops::Range;

use tacit_proto::catalogue::Feature;
use tacit_proto::{Family, Modality};

use crate::Dimension;

/// Dimensions that lean on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Block {
    Holds,
    OneHand,
    OtherHand,
    Space,
    OtherKeys,
    Habits,
    Pointer,
    Touch,
}

/// The block of a feature.
pub(crate) fn block(feature: &Feature) -> Block {
    match (feature.modality, feature.family) {
        (Modality::Pointer, _) => Block::Pointer,
        (Modality::Touch, _) => Block::Touch,
        (Modality::Keyboard, Family::Hold) => Block::Holds,
        (Modality::Keyboard, Family::DownDown | Family::UpDown | Family::Rollover) => {
            // The relation is the second part of the name.
            match feature.name.split('.').nth(1).unwrap_or_default() {
                "left_right" | "right_left" => Block::OtherHand,
                "left_space" | "right_space" | "space_left" | "space_right" => Block::Space,
                "left_inward" | "left_outward" | "left_same" | "right_inward" | "right_outward"
                | "right_same" => Block::OneHand,
                _ => Block::OtherKeys,
            }
        }
        (Modality::Keyboard, _) => Block::Habits,
    }
}

/// The runs of dimensions of one block; dimensions come sorted by block.
pub(crate) fn runs(dimensions: &[Dimension]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for part in dimensions.chunk_by(|a, b| a.block() == b.block()) {
        let start = runs.last().map_or(0, |run| run.end);
        runs.push(start..start + part.len());
    }
    runs
}

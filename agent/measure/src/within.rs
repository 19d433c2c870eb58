//! Shares of times within an edge: how the times of a hand are distributed, which a mean and a spread do not tell.
//!
//! The edge is a ramp, not a step. Clocks tick every 8, 10 or 16 ms, and what a step counts would tell the clocks of
//! people apart.

use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use crate::input::Zone;
use crate::relation::Relation;

/// Half width of the ramp, as a share of the edge and at least.
const RAMP: f64 = 0.12;
const LEAST_RAMP_MS: f64 = 12.0;

/// A share feature and its edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Within {
    /// The feature.
    pub feature: FeatureId,
    edge_ms: f64,
}

impl Within {
    /// What a time adds to the share: 1 well within the edge, 0 well beyond it.
    #[must_use]
    pub fn share(&self, ms: f64) -> f64 {
        let ramp = (RAMP * self.edge_ms).max(LEAST_RAMP_MS);
        ((self.edge_ms + ramp - ms) / (2.0 * ramp)).clamp(0.0, 1.0)
    }
}

macro_rules! edges {
    ($($feature:ident $edge_ms:literal)*) => {
        &[$(Within { feature: c::$feature, edge_ms: $edge_ms }),*]
    };
}

/// Shares of the times from press to press in a relation; none where people differ too little.
#[must_use]
pub fn down_down_within(relation: Relation) -> &'static [Within] {
    match relation {
        Relation::LeftInward => edges! {
            DOWN_DOWN_LEFT_INWARD_WITHIN_110 110.0
            DOWN_DOWN_LEFT_INWARD_WITHIN_160 160.0
            DOWN_DOWN_LEFT_INWARD_WITHIN_230 230.0
            DOWN_DOWN_LEFT_INWARD_WITHIN_340 340.0
        },
        Relation::LeftOutward => edges! {
            DOWN_DOWN_LEFT_OUTWARD_WITHIN_110 110.0
            DOWN_DOWN_LEFT_OUTWARD_WITHIN_160 160.0
            DOWN_DOWN_LEFT_OUTWARD_WITHIN_230 230.0
            DOWN_DOWN_LEFT_OUTWARD_WITHIN_340 340.0
        },
        Relation::LeftSame => edges! {
            DOWN_DOWN_LEFT_SAME_WITHIN_110 110.0
            DOWN_DOWN_LEFT_SAME_WITHIN_160 160.0
            DOWN_DOWN_LEFT_SAME_WITHIN_230 230.0
            DOWN_DOWN_LEFT_SAME_WITHIN_340 340.0
        },
        Relation::RightInward => edges! {
            DOWN_DOWN_RIGHT_INWARD_WITHIN_110 110.0
            DOWN_DOWN_RIGHT_INWARD_WITHIN_160 160.0
            DOWN_DOWN_RIGHT_INWARD_WITHIN_230 230.0
            DOWN_DOWN_RIGHT_INWARD_WITHIN_340 340.0
        },
        Relation::RightOutward => edges! {
            DOWN_DOWN_RIGHT_OUTWARD_WITHIN_110 110.0
            DOWN_DOWN_RIGHT_OUTWARD_WITHIN_160 160.0
            DOWN_DOWN_RIGHT_OUTWARD_WITHIN_230 230.0
            DOWN_DOWN_RIGHT_OUTWARD_WITHIN_340 340.0
        },
        Relation::RightSame => edges! {
            DOWN_DOWN_RIGHT_SAME_WITHIN_110 110.0
            DOWN_DOWN_RIGHT_SAME_WITHIN_160 160.0
            DOWN_DOWN_RIGHT_SAME_WITHIN_230 230.0
            DOWN_DOWN_RIGHT_SAME_WITHIN_340 340.0
        },
        Relation::LeftRight => edges! {
            DOWN_DOWN_LEFT_RIGHT_WITHIN_110 110.0
            DOWN_DOWN_LEFT_RIGHT_WITHIN_160 160.0
            DOWN_DOWN_LEFT_RIGHT_WITHIN_230 230.0
            DOWN_DOWN_LEFT_RIGHT_WITHIN_340 340.0
        },
        Relation::RightLeft => edges! {
            DOWN_DOWN_RIGHT_LEFT_WITHIN_110 110.0
            DOWN_DOWN_RIGHT_LEFT_WITHIN_160 160.0
            DOWN_DOWN_RIGHT_LEFT_WITHIN_230 230.0
            DOWN_DOWN_RIGHT_LEFT_WITHIN_340 340.0
        },
        Relation::LeftSpace => edges! {
            DOWN_DOWN_LEFT_SPACE_WITHIN_110 110.0
            DOWN_DOWN_LEFT_SPACE_WITHIN_160 160.0
            DOWN_DOWN_LEFT_SPACE_WITHIN_230 230.0
            DOWN_DOWN_LEFT_SPACE_WITHIN_340 340.0
        },
        Relation::RightSpace => edges! {
            DOWN_DOWN_RIGHT_SPACE_WITHIN_110 110.0
            DOWN_DOWN_RIGHT_SPACE_WITHIN_160 160.0
            DOWN_DOWN_RIGHT_SPACE_WITHIN_230 230.0
            DOWN_DOWN_RIGHT_SPACE_WITHIN_340 340.0
        },
        Relation::SpaceLeft => edges! {
            DOWN_DOWN_SPACE_LEFT_WITHIN_110 110.0
            DOWN_DOWN_SPACE_LEFT_WITHIN_160 160.0
            DOWN_DOWN_SPACE_LEFT_WITHIN_230 230.0
            DOWN_DOWN_SPACE_LEFT_WITHIN_340 340.0
        },
        Relation::SpaceRight => edges! {
            DOWN_DOWN_SPACE_RIGHT_WITHIN_110 110.0
            DOWN_DOWN_SPACE_RIGHT_WITHIN_160 160.0
            DOWN_DOWN_SPACE_RIGHT_WITHIN_230 230.0
            DOWN_DOWN_SPACE_RIGHT_WITHIN_340 340.0
        },
        Relation::EraseErase => edges! {
            DOWN_DOWN_ERASE_ERASE_WITHIN_110 110.0
            DOWN_DOWN_ERASE_ERASE_WITHIN_160 160.0
            DOWN_DOWN_ERASE_ERASE_WITHIN_230 230.0
            DOWN_DOWN_ERASE_ERASE_WITHIN_340 340.0
        },
        _ => &[],
    }
}

/// Shares of the times that keys of a zone are held; none where keys are too few.
#[must_use]
pub fn hold_within(zone: Zone) -> &'static [Within] {
    match zone {
        Zone::Left => edges! {
            HOLD_LEFT_WITHIN_50 50.0
            HOLD_LEFT_WITHIN_65 65.0
            HOLD_LEFT_WITHIN_80 80.0
            HOLD_LEFT_WITHIN_95 95.0
            HOLD_LEFT_WITHIN_110 110.0
            HOLD_LEFT_WITHIN_130 130.0
            HOLD_LEFT_WITHIN_160 160.0
        },
        Zone::Right => edges! {
            HOLD_RIGHT_WITHIN_50 50.0
            HOLD_RIGHT_WITHIN_65 65.0
            HOLD_RIGHT_WITHIN_80 80.0
            HOLD_RIGHT_WITHIN_95 95.0
            HOLD_RIGHT_WITHIN_110 110.0
            HOLD_RIGHT_WITHIN_130 130.0
            HOLD_RIGHT_WITHIN_160 160.0
        },
        Zone::Space => edges! {
            HOLD_SPACE_WITHIN_50 50.0
            HOLD_SPACE_WITHIN_65 65.0
            HOLD_SPACE_WITHIN_80 80.0
            HOLD_SPACE_WITHIN_95 95.0
            HOLD_SPACE_WITHIN_110 110.0
            HOLD_SPACE_WITHIN_130 130.0
            HOLD_SPACE_WITHIN_160 160.0
        },
        Zone::Erase => edges! {
            HOLD_ERASE_WITHIN_50 50.0
            HOLD_ERASE_WITHIN_65 65.0
            HOLD_ERASE_WITHIN_80 80.0
            HOLD_ERASE_WITHIN_95 95.0
            HOLD_ERASE_WITHIN_110 110.0
            HOLD_ERASE_WITHIN_130 130.0
            HOLD_ERASE_WITHIN_160 160.0
        },
        _ => &[],
    }
}

/// Shares of the times that the left button is held in a click.
pub(crate) const CLICK_HOLD: &[Within] = edges! {
    CLICK_HOLD_LEFT_WITHIN_65 65.0
    CLICK_HOLD_LEFT_WITHIN_80 80.0
    CLICK_HOLD_LEFT_WITHIN_95 95.0
    CLICK_HOLD_LEFT_WITHIN_110 110.0
    CLICK_HOLD_LEFT_WITHIN_130 130.0
    CLICK_HOLD_LEFT_WITHIN_160 160.0
};

/// Shares of the times that strokes take.
pub(crate) const STROKE_DURATION: &[Within] = edges! {
    STROKE_DURATION_WITHIN_150 150.0
    STROKE_DURATION_WITHIN_250 250.0
    STROKE_DURATION_WITHIN_400 400.0
    STROKE_DURATION_WITHIN_700 700.0
    STROKE_DURATION_WITHIN_1200 1200.0
};

/// Shares of the rests between strokes.
pub(crate) const STROKE_REST: &[Within] = edges! {
    STROKE_REST_WITHIN_280 280.0
    STROKE_REST_WITHIN_400 400.0
    STROKE_REST_WITHIN_700 700.0
    STROKE_REST_WITHIN_1300 1300.0
};

/// Shares of the rests before a click.
pub(crate) const CLICK_REST: &[Within] = edges! {
    CLICK_REST_WITHIN_60 60.0
    CLICK_REST_WITHIN_120 120.0
    CLICK_REST_WITHIN_240 240.0
    CLICK_REST_WITHIN_480 480.0
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_falls_over_the_ramp_and_a_tick_averages_out() {
        let edge = hold_within(Zone::Left)[3];
        assert_eq!((edge.share(60.0), edge.share(95.0), edge.share(130.0)), (1.0, 0.5, 0.0));
        // Times spread evenly, as one clock tells them and as a coarse one does.
        let times = || (0..1600).map(|i| 40.0 + f64::from(i) / 10.0);
        let fine: f64 = times().map(|ms| edge.share(ms)).sum();
        let coarse: f64 = times().map(|ms| edge.share((ms / 16.0).round() * 16.0)).sum();
        assert!((fine - coarse).abs() < 0.01 * fine, "{fine} {coarse}");
    }

    #[test]
    fn features_carry_their_edge_in_their_name() {
        let relations = [Relation::LeftInward, Relation::SpaceRight, Relation::EraseErase];
        let zones = [Zone::Left, Zone::Right, Zone::Space, Zone::Erase];
        let pointer = [CLICK_HOLD, STROKE_DURATION, STROKE_REST, CLICK_REST];
        let all = relations.map(down_down_within).into_iter().chain(zones.map(hold_within)).chain(pointer);
        for within in all.flatten() {
            let name = c::feature(within.feature).map(|f| f.name).unwrap_or_default();
            assert!(name.ends_with(&format!("within_{}", within.edge_ms)), "{name}");
        }
    }
}

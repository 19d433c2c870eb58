//! How one press relates to the press before it: by hands and zones, never by keys.

use tacit_proto::FeatureId;
use tacit_proto::catalogue as c;

use crate::input::{Column, Zone};

/// Relation of two presses in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Left hand, the next key nearer the middle of the keyboard.
    LeftInward,
    /// Left hand, the next key further out.
    LeftOutward,
    /// Left hand, same finger column.
    LeftSame,
    /// Right hand, the next key nearer the middle of the keyboard.
    RightInward,
    /// Right hand, the next key further out.
    RightOutward,
    /// Right hand, same finger column.
    RightSame,
    /// Left hand to right hand.
    LeftRight,
    /// Right hand to left hand.
    RightLeft,
    /// Left hand to space.
    LeftSpace,
    /// Right hand to space.
    RightSpace,
    /// Space to left hand.
    SpaceLeft,
    /// Space to right hand.
    SpaceRight,
    /// A hand to erase.
    HandErase,
    /// Erase to erase.
    EraseErase,
    /// Erase to a hand.
    EraseHand,
    /// Into shift.
    ToShift,
    /// Shift to a hand.
    ShiftHand,
    /// Into enter.
    ToEnter,
    /// Out of enter.
    FromEnter,
    /// Digit row to digit row.
    DigitDigit,
    /// Number pad to number pad.
    PadPad,
    /// Between the digit row and a hand.
    DigitHand,
    /// Among navigation keys.
    Navigation,
    /// Between other zones.
    Other,
}

/// The relation of a press to the press before it.
#[must_use]
pub fn relation(from: (Zone, Column), to: (Zone, Column)) -> Relation {
    use Relation as R;
    use Zone as Z;
    let same_hand = |inward, outward, same| match to.1.0.cmp(&from.1.0) {
        std::cmp::Ordering::Less => inward,
        std::cmp::Ordering::Greater => outward,
        std::cmp::Ordering::Equal => same,
    };
    match (from.0, to.0) {
        (Z::Left, Z::Left) => same_hand(R::LeftInward, R::LeftOutward, R::LeftSame),
        (Z::Right, Z::Right) => same_hand(R::RightInward, R::RightOutward, R::RightSame),
        (Z::Left, Z::Right) => R::LeftRight,
        (Z::Right, Z::Left) => R::RightLeft,
        (Z::Left, Z::Space) => R::LeftSpace,
        (Z::Right, Z::Space) => R::RightSpace,
        (Z::Space, Z::Left) => R::SpaceLeft,
        (Z::Space, Z::Right) => R::SpaceRight,
        (Z::Left | Z::Right, Z::Erase) => R::HandErase,
        (Z::Erase, Z::Erase) => R::EraseErase,
        (Z::Erase, Z::Left | Z::Right) => R::EraseHand,
        // Some sources tell of a shift that is held as presses in a row.
        (Z::ShiftLeft | Z::ShiftRight, Z::ShiftLeft | Z::ShiftRight) => R::Other,
        (_, Z::ShiftLeft | Z::ShiftRight) => R::ToShift,
        (Z::ShiftLeft | Z::ShiftRight, Z::Left | Z::Right) => R::ShiftHand,
        (_, Z::Enter) => R::ToEnter,
        (Z::Enter, _) => R::FromEnter,
        (Z::Digit, Z::Digit) => R::DigitDigit,
        (Z::Pad, Z::Pad) => R::PadPad,
        (Z::Digit, Z::Left | Z::Right) | (Z::Left | Z::Right, Z::Digit) => R::DigitHand,
        (Z::Navigation, Z::Navigation) => R::Navigation,
        _ => R::Other,
    }
}

/// Feature of the time that a key of a zone is held.
#[must_use]
pub fn hold_feature(zone: Zone) -> FeatureId {
    match zone {
        Zone::Left => c::HOLD_LEFT,
        Zone::Right => c::HOLD_RIGHT,
        Zone::Space => c::HOLD_SPACE,
        Zone::Enter => c::HOLD_ENTER,
        Zone::Erase => c::HOLD_ERASE,
        Zone::ShiftLeft | Zone::ShiftRight => c::HOLD_SHIFT,
        Zone::Modifier => c::HOLD_MODIFIER,
        Zone::Navigation => c::HOLD_NAVIGATION,
        Zone::Digit => c::HOLD_DIGIT,
        Zone::Pad => c::HOLD_PAD,
        Zone::Function => c::HOLD_FUNCTION,
    }
}

macro_rules! features {
    ($($relation:ident $down_down:ident $up_down:ident $rollover:expr;)*) => {
        impl Relation {
            /// Feature of press to press.
            #[must_use]
            pub fn down_down(self) -> FeatureId {
                match self { $(Self::$relation => c::$down_down),* }
            }

            /// Feature of release to press.
            #[must_use]
            pub fn up_down(self) -> FeatureId {
                match self { $(Self::$relation => c::$up_down),* }
            }

            /// Feature of overlap, where the relation has one.
            #[must_use]
            pub fn rollover(self) -> Option<FeatureId> {
                match self { $(Self::$relation => $rollover),* }
            }
        }
    };
}

features! {
    LeftInward DOWN_DOWN_LEFT_INWARD UP_DOWN_LEFT_INWARD Some(c::ROLLOVER_LEFT_INWARD);
    LeftOutward DOWN_DOWN_LEFT_OUTWARD UP_DOWN_LEFT_OUTWARD Some(c::ROLLOVER_LEFT_OUTWARD);
    LeftSame DOWN_DOWN_LEFT_SAME UP_DOWN_LEFT_SAME Some(c::ROLLOVER_LEFT_SAME);
    RightInward DOWN_DOWN_RIGHT_INWARD UP_DOWN_RIGHT_INWARD Some(c::ROLLOVER_RIGHT_INWARD);
    RightOutward DOWN_DOWN_RIGHT_OUTWARD UP_DOWN_RIGHT_OUTWARD Some(c::ROLLOVER_RIGHT_OUTWARD);
    RightSame DOWN_DOWN_RIGHT_SAME UP_DOWN_RIGHT_SAME Some(c::ROLLOVER_RIGHT_SAME);
    LeftRight DOWN_DOWN_LEFT_RIGHT UP_DOWN_LEFT_RIGHT Some(c::ROLLOVER_LEFT_RIGHT);
    RightLeft DOWN_DOWN_RIGHT_LEFT UP_DOWN_RIGHT_LEFT Some(c::ROLLOVER_RIGHT_LEFT);
    LeftSpace DOWN_DOWN_LEFT_SPACE UP_DOWN_LEFT_SPACE Some(c::ROLLOVER_LEFT_SPACE);
    RightSpace DOWN_DOWN_RIGHT_SPACE UP_DOWN_RIGHT_SPACE Some(c::ROLLOVER_RIGHT_SPACE);
    SpaceLeft DOWN_DOWN_SPACE_LEFT UP_DOWN_SPACE_LEFT Some(c::ROLLOVER_SPACE_LEFT);
    SpaceRight DOWN_DOWN_SPACE_RIGHT UP_DOWN_SPACE_RIGHT Some(c::ROLLOVER_SPACE_RIGHT);
    HandErase DOWN_DOWN_HAND_ERASE UP_DOWN_HAND_ERASE Some(c::ROLLOVER_HAND_ERASE);
    EraseErase DOWN_DOWN_ERASE_ERASE UP_DOWN_ERASE_ERASE Some(c::ROLLOVER_ERASE_ERASE);
    EraseHand DOWN_DOWN_ERASE_HAND UP_DOWN_ERASE_HAND Some(c::ROLLOVER_ERASE_HAND);
    ToShift DOWN_DOWN_HAND_SHIFT UP_DOWN_HAND_SHIFT None;
    ShiftHand DOWN_DOWN_SHIFT_HAND UP_DOWN_SHIFT_HAND None;
    ToEnter DOWN_DOWN_TO_ENTER UP_DOWN_TO_ENTER None;
    FromEnter DOWN_DOWN_FROM_ENTER UP_DOWN_FROM_ENTER None;
    DigitDigit DOWN_DOWN_DIGIT_DIGIT UP_DOWN_DIGIT_DIGIT None;
    PadPad DOWN_DOWN_PAD_PAD UP_DOWN_PAD_PAD None;
    DigitHand DOWN_DOWN_DIGIT_HAND UP_DOWN_DIGIT_HAND None;
    Navigation DOWN_DOWN_NAVIGATION UP_DOWN_NAVIGATION None;
    Other DOWN_DOWN_OTHER UP_DOWN_OTHER None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::place;

    #[test]
    fn relations_follow_position_and_never_the_key() {
        let name = |from, to| c::feature(relation(place(from), place(to)).down_down()).map(|f| f.name);
        for (from, to, is) in [
            (30, 33, "left_inward"),
            (33, 31, "left_outward"),
            (33, 19, "left_same"),
            (37, 36, "right_inward"),
            (36, 37, "right_outward"),
            (30, 36, "left_right"),
            (36, 57, "right_space"),
            (57, 30, "space_left"),
            (30, 14, "hand_erase"),
            (57, 42, "hand_shift"),
            (42, 30, "shift_hand"),
            (42, 28, "to_enter"),
            (28, 30, "from_enter"),
            (2, 3, "digit_digit"),
            (36, 3, "digit_hand"),
            (42, 54, "other"),
            (57, 57, "other"),
        ] {
            assert_eq!(name(from, to), Some(format!("down_down.{is}").as_str()));
        }
    }

    #[test]
    fn the_three_features_of_a_relation_go_by_one_name() {
        let suffix = |id| c::feature(id).and_then(|f| f.name.split_once('.')).map(|(_, suffix)| suffix);
        for from in 0..=127 {
            for to in 0..=127 {
                let relation = relation(place(from), place(to));
                let down_down = suffix(relation.down_down());
                assert!(down_down.is_some() && down_down == suffix(relation.up_down()));
                assert!(relation.rollover().is_none_or(|id| suffix(id) == down_down));
            }
        }
    }
}

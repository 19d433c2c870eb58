//! The feature catalogue: every scalar that Tacit measures, with its stable id, unit, transform, clip range and words.
//!
//! Ids are for ever: a feature that is no longer measured keeps its id, and its id is never given to another.
//! To add a feature: add its line here with the next free id of its block, measure it in `tacit-measure`, and train the
//! population again (`tacit-lab train`); until then the engine ignores it.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Stable number of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureId(pub u16);

/// What kind of input a feature is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Keys.
    Keyboard,
    /// Mouse, touchpad, stick.
    Pointer,
    /// Fingers on a screen.
    Touch,
}

impl Modality {
    /// Every modality.
    pub const ALL: [Self; 3] = [Self::Keyboard, Self::Pointer, Self::Touch];
}

/// Features that are explained together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// How long keys are held.
    Hold,
    /// Press to next press.
    DownDown,
    /// Release to next press; negative where keys overlap.
    UpDown,
    /// How often keys overlap.
    Rollover,
    /// Habits of using the keyboard or pointer.
    Habit,
    /// How long strokes take.
    StrokeTime,
    /// How fast strokes are, and where along them.
    StrokeSpeed,
    /// How straight and how long strokes are.
    StrokeShape,
    /// Rests between and after strokes.
    Rest,
    /// Clicks.
    Click,
    /// Drags.
    Drag,
    /// The wheel.
    Wheel,
    /// How long fingers stay on the screen.
    TouchTime,
    /// How far fingers go.
    TouchLength,
    /// How fast fingers are, and where along their way.
    TouchSpeed,
    /// Which way fingers go.
    TouchDirection,
    /// How fingers turn on their way.
    TouchCurve,
    /// How hard and how broadly fingers rest on the screen.
    TouchPressure,
    /// How fingers land and lift off.
    TouchEnds,
}

/// Unit of a raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// ms
    Milliseconds,
    /// 0 to 1, or a ratio.
    Share,
    /// Count of keys.
    Keys,
    /// Count of wheel steps.
    Steps,
    /// px
    Pixels,
    /// px²
    SquarePixels,
    /// px/s
    PixelsPerSecond,
    /// px/s²
    PixelsPerSecondSquared,
    /// rad
    Radians,
}

/// How a raw value becomes the value that stats are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// As it is.
    None,
    /// Natural logarithm.
    Log,
    /// asinh(x / 50 ms or 5 px): like a logarithm at both ends, straight through zero.
    Asinh,
    /// ln(x / (1 − x)).
    Logit,
}

/// One line of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Stable number.
    pub id: FeatureId,
    /// Stable name, dotted.
    pub name: &'static str,
    /// Input it is measured on.
    pub modality: Modality,
    /// Features explained together with it.
    pub family: Family,
    /// Unit of the raw value.
    pub unit: Unit,
    /// Raw value to stat value.
    pub transform: Transform,
    /// Raw values are drawn into this range before the transform.
    pub clip: (f64, f64),
    /// What it is, in plain words.
    pub words: &'static str,
}

impl Feature {
    /// Clips and transforms a raw value; the result is finite for every finite input. `None` if `raw` is not finite.
    #[must_use]
    pub fn value(&self, raw: f64) -> Option<f64> {
        if !raw.is_finite() {
            return None;
        }
        let x = raw.clamp(self.clip.0, self.clip.1);
        Some(match self.transform {
            Transform::None => x,
            Transform::Log => x.ln(),
            Transform::Asinh => (x / self.asinh_scale()).asinh(),
            Transform::Logit => (x / (1.0 - x)).ln(),
        })
    }

    /// The raw value that `value` would turn into `value`: how a mean is told to people.
    #[must_use]
    pub fn raw(&self, value: f64) -> f64 {
        match self.transform {
            Transform::None => value,
            Transform::Log => value.exp(),
            Transform::Asinh => value.sinh() * self.asinh_scale(),
            Transform::Logit => 1.0 / (1.0 + (-value).exp()),
        }
    }

    /// Range that transformed values, and so means, lie in.
    #[must_use]
    pub fn value_range(&self) -> (f64, f64) {
        (self.value(self.clip.0).unwrap_or(f64::MIN), self.value(self.clip.1).unwrap_or(f64::MAX))
    }

    fn asinh_scale(&self) -> f64 {
        match self.unit {
            Unit::Pixels => 5.0,
            _ => 50.0,
        }
    }
}

/// The feature of an id, if the catalogue has it.
#[must_use]
pub fn feature(id: FeatureId) -> Option<&'static Feature> {
    BY_ID.get(usize::from(id.0)).copied().flatten()
}

/// Every feature at the place of its id: scores look features up by the hundred.
static BY_ID: LazyLock<Vec<Option<&'static Feature>>> = LazyLock::new(|| {
    let ids = ALL.last().map_or(0, |last| usize::from(last.id.0) + 1);
    let mut by_id = vec![None; ids];
    ALL.iter().for_each(|feature| by_id[usize::from(feature.id.0)] = Some(feature));
    by_id
});

macro_rules! catalogue {
    ($($id:literal $constant:ident = $name:literal, $modality:ident, $family:ident, $unit:ident, $transform:ident,
        $low:literal..$high:literal, $words:literal;)*) => {
        $(#[doc = $words] pub const $constant: FeatureId = FeatureId($id);)*

        /// Every feature, in order of id.
        pub static ALL: &[Feature] = &[$(Feature {
            id: $constant,
            name: $name,
            modality: Modality::$modality,
            family: Family::$family,
            unit: Unit::$unit,
            transform: Transform::$transform,
            clip: ($low, $high),
            words: $words,
        }),*];
    };
}

catalogue! {
    1 HOLD_LEFT = "hold.left", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, left hand";
    2 HOLD_RIGHT = "hold.right", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, right hand";
    3 HOLD_SPACE = "hold.space", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, space";
    4 HOLD_ENTER = "hold.enter", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, enter";
    5 HOLD_ERASE = "hold.erase", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, erase";
    6 HOLD_SHIFT = "hold.shift", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, shift";
    7 HOLD_MODIFIER = "hold.modifier", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, other modifiers";
    8 HOLD_NAVIGATION = "hold.navigation", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, navigation";
    9 HOLD_DIGIT = "hold.digit", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, digit row";
    10 HOLD_PAD = "hold.pad", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, number pad";
    11 HOLD_FUNCTION = "hold.function", Keyboard, Hold, Milliseconds, Log, 10.0..800.0, "time a key is held, function and tab";
    20 DOWN_DOWN_LEFT_INWARD = "down_down.left_inward", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, left hand, next key nearer the middle";
    21 DOWN_DOWN_LEFT_OUTWARD = "down_down.left_outward", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, left hand, next key further out";
    22 DOWN_DOWN_LEFT_SAME = "down_down.left_same", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, left hand, same finger column";
    23 DOWN_DOWN_RIGHT_INWARD = "down_down.right_inward", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, right hand, next key nearer the middle";
    24 DOWN_DOWN_RIGHT_OUTWARD = "down_down.right_outward", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, right hand, next key further out";
    25 DOWN_DOWN_RIGHT_SAME = "down_down.right_same", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, right hand, same finger column";
    26 DOWN_DOWN_LEFT_RIGHT = "down_down.left_right", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, left hand to right hand";
    27 DOWN_DOWN_RIGHT_LEFT = "down_down.right_left", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, right hand to left hand";
    28 DOWN_DOWN_LEFT_SPACE = "down_down.left_space", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, left hand to space";
    29 DOWN_DOWN_RIGHT_SPACE = "down_down.right_space", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, right hand to space";
    30 DOWN_DOWN_SPACE_LEFT = "down_down.space_left", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, space to left hand";
    31 DOWN_DOWN_SPACE_RIGHT = "down_down.space_right", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, space to right hand";
    32 DOWN_DOWN_HAND_ERASE = "down_down.hand_erase", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, a hand to erase";
    33 DOWN_DOWN_ERASE_ERASE = "down_down.erase_erase", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, erase to erase";
    34 DOWN_DOWN_ERASE_HAND = "down_down.erase_hand", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, erase to a hand";
    35 DOWN_DOWN_HAND_SHIFT = "down_down.hand_shift", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, into shift";
    36 DOWN_DOWN_SHIFT_HAND = "down_down.shift_hand", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, shift to a hand";
    37 DOWN_DOWN_TO_ENTER = "down_down.to_enter", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, into enter";
    38 DOWN_DOWN_FROM_ENTER = "down_down.from_enter", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, out of enter";
    39 DOWN_DOWN_DIGIT_DIGIT = "down_down.digit_digit", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, digit row to digit row";
    40 DOWN_DOWN_PAD_PAD = "down_down.pad_pad", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, number pad to number pad";
    41 DOWN_DOWN_DIGIT_HAND = "down_down.digit_hand", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, between digit row and a hand";
    42 DOWN_DOWN_NAVIGATION = "down_down.navigation", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, among navigation keys";
    43 DOWN_DOWN_OTHER = "down_down.other", Keyboard, DownDown, Milliseconds, Log, 10.0..1500.0, "press to press, between other zones";
    50 UP_DOWN_LEFT_INWARD = "up_down.left_inward", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, left hand, next key nearer the middle";
    51 UP_DOWN_LEFT_OUTWARD = "up_down.left_outward", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, left hand, next key further out";
    52 UP_DOWN_LEFT_SAME = "up_down.left_same", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, left hand, same finger column";
    53 UP_DOWN_RIGHT_INWARD = "up_down.right_inward", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, right hand, next key nearer the middle";
    54 UP_DOWN_RIGHT_OUTWARD = "up_down.right_outward", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, right hand, next key further out";
    55 UP_DOWN_RIGHT_SAME = "up_down.right_same", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, right hand, same finger column";
    56 UP_DOWN_LEFT_RIGHT = "up_down.left_right", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, left hand to right hand";
    57 UP_DOWN_RIGHT_LEFT = "up_down.right_left", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, right hand to left hand";
    58 UP_DOWN_LEFT_SPACE = "up_down.left_space", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, left hand to space";
    59 UP_DOWN_RIGHT_SPACE = "up_down.right_space", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, right hand to space";
    60 UP_DOWN_SPACE_LEFT = "up_down.space_left", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, space to left hand";
    61 UP_DOWN_SPACE_RIGHT = "up_down.space_right", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, space to right hand";
    62 UP_DOWN_HAND_ERASE = "up_down.hand_erase", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, a hand to erase";
    63 UP_DOWN_ERASE_ERASE = "up_down.erase_erase", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, erase to erase";
    64 UP_DOWN_ERASE_HAND = "up_down.erase_hand", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, erase to a hand";
    65 UP_DOWN_HAND_SHIFT = "up_down.hand_shift", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, into shift";
    66 UP_DOWN_SHIFT_HAND = "up_down.shift_hand", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, shift to a hand";
    67 UP_DOWN_TO_ENTER = "up_down.to_enter", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, into enter";
    68 UP_DOWN_FROM_ENTER = "up_down.from_enter", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, out of enter";
    69 UP_DOWN_DIGIT_DIGIT = "up_down.digit_digit", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, digit row to digit row";
    70 UP_DOWN_PAD_PAD = "up_down.pad_pad", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, number pad to number pad";
    71 UP_DOWN_DIGIT_HAND = "up_down.digit_hand", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, between digit row and a hand";
    72 UP_DOWN_NAVIGATION = "up_down.navigation", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, among navigation keys";
    73 UP_DOWN_OTHER = "up_down.other", Keyboard, UpDown, Milliseconds, Asinh, -400.0..1500.0, "release to press, between other zones";
    80 ROLLOVER_LEFT_INWARD = "rollover.left_inward", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, left hand, next key nearer the middle";
    81 ROLLOVER_LEFT_OUTWARD = "rollover.left_outward", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, left hand, next key further out";
    82 ROLLOVER_LEFT_SAME = "rollover.left_same", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, left hand, same finger column";
    83 ROLLOVER_RIGHT_INWARD = "rollover.right_inward", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, right hand, next key nearer the middle";
    84 ROLLOVER_RIGHT_OUTWARD = "rollover.right_outward", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, right hand, next key further out";
    85 ROLLOVER_RIGHT_SAME = "rollover.right_same", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, right hand, same finger column";
    86 ROLLOVER_LEFT_RIGHT = "rollover.left_right", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, left hand to right hand";
    87 ROLLOVER_RIGHT_LEFT = "rollover.right_left", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, right hand to left hand";
    88 ROLLOVER_LEFT_SPACE = "rollover.left_space", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, left hand to space";
    89 ROLLOVER_RIGHT_SPACE = "rollover.right_space", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, right hand to space";
    90 ROLLOVER_SPACE_LEFT = "rollover.space_left", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, space to left hand";
    91 ROLLOVER_SPACE_RIGHT = "rollover.space_right", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, space to right hand";
    92 ROLLOVER_HAND_ERASE = "rollover.hand_erase", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, a hand to erase";
    93 ROLLOVER_ERASE_ERASE = "rollover.erase_erase", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, erase to erase";
    94 ROLLOVER_ERASE_HAND = "rollover.erase_hand", Keyboard, Rollover, Share, None, 0.0..1.0, "next key pressed before the last is up, erase to a hand";
    110 CORRECTION_SHARE = "correction.share", Keyboard, Habit, Share, None, 0.0..1.0, "keys that erase";
    111 BURST_LENGTH = "burst.length", Keyboard, Habit, Keys, Log, 1.0..500.0, "keys between pauses";
    112 PAUSE = "pause", Keyboard, Habit, Milliseconds, Log, 1500.0..30000.0, "pause within typing";
    113 SHIFT_RIGHT_SHARE = "shift.right_share", Keyboard, Habit, Share, None, 0.0..1.0, "shifts made with the right key";
    114 DIGIT_PAD_SHARE = "digit.pad_share", Keyboard, Habit, Share, None, 0.0..1.0, "digits typed on the number pad";
    115 NAVIGATION_SHARE = "navigation.share", Keyboard, Habit, Share, None, 0.0..1.0, "keys that move the cursor";
    116 MODIFIER_SHARE = "modifier.share", Keyboard, Habit, Share, None, 0.0..1.0, "keys pressed with a modifier other than shift";
    117 HESITATION_SHARE = "hesitation.share", Keyboard, Habit, Share, None, 0.0..1.0, "presses that come after a hesitation";
    118 LEANING_SHARE = "leaning.share", Keyboard, Habit, Share, None, 0.0..1.0, "keys held for longer than a stroke takes";
    200 DURATION_SHORT = "stroke.duration.short", Pointer, StrokeTime, Milliseconds, Log, 20.0..8000.0, "stroke duration, short strokes";
    201 SPEED_MEAN_SHORT = "stroke.speed_mean.short", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..20000.0, "mean speed, short strokes";
    202 SPEED_PEAK_SHORT = "stroke.speed_peak.short", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..50000.0, "peak speed, short strokes";
    203 ACCELERATION_SHORT = "stroke.acceleration.short", Pointer, StrokeSpeed, PixelsPerSecondSquared, Log, 10.0..2000000.0, "mean acceleration, short strokes";
    204 STRAIGHTNESS_SHORT = "stroke.straightness.short", Pointer, StrokeShape, Share, Logit, 0.02..0.999, "straight distance over path, short strokes";
    205 DEVIATION_SHORT = "stroke.deviation.short", Pointer, StrokeShape, Share, Log, 0.001..3.0, "largest distance from the straight line, over its length, short strokes";
    206 TURNING_SHORT = "stroke.turning.short", Pointer, StrokeShape, Radians, Log, 0.01..100.0, "turning along the stroke, short strokes";
    207 TIME_TO_PEAK_SHORT = "stroke.time_to_peak.short", Pointer, StrokeSpeed, Share, Logit, 0.01..0.99, "time to peak speed, over duration, short strokes";
    208 FIRST_QUARTER_SHORT = "stroke.first_quarter.short", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the first quarter, over the mean, short strokes";
    209 LAST_QUARTER_SHORT = "stroke.last_quarter.short", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the last quarter, over the mean, short strokes";
    220 DURATION_MIDDLE = "stroke.duration.middle", Pointer, StrokeTime, Milliseconds, Log, 20.0..8000.0, "stroke duration, middle strokes";
    221 SPEED_MEAN_MIDDLE = "stroke.speed_mean.middle", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..20000.0, "mean speed, middle strokes";
    222 SPEED_PEAK_MIDDLE = "stroke.speed_peak.middle", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..50000.0, "peak speed, middle strokes";
    223 ACCELERATION_MIDDLE = "stroke.acceleration.middle", Pointer, StrokeSpeed, PixelsPerSecondSquared, Log, 10.0..2000000.0, "mean acceleration, middle strokes";
    224 STRAIGHTNESS_MIDDLE = "stroke.straightness.middle", Pointer, StrokeShape, Share, Logit, 0.02..0.999, "straight distance over path, middle strokes";
    225 DEVIATION_MIDDLE = "stroke.deviation.middle", Pointer, StrokeShape, Share, Log, 0.001..3.0, "largest distance from the straight line, over its length, middle strokes";
    226 TURNING_MIDDLE = "stroke.turning.middle", Pointer, StrokeShape, Radians, Log, 0.01..100.0, "turning along the stroke, middle strokes";
    227 TIME_TO_PEAK_MIDDLE = "stroke.time_to_peak.middle", Pointer, StrokeSpeed, Share, Logit, 0.01..0.99, "time to peak speed, over duration, middle strokes";
    228 FIRST_QUARTER_MIDDLE = "stroke.first_quarter.middle", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the first quarter, over the mean, middle strokes";
    229 LAST_QUARTER_MIDDLE = "stroke.last_quarter.middle", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the last quarter, over the mean, middle strokes";
    240 DURATION_LONG = "stroke.duration.long", Pointer, StrokeTime, Milliseconds, Log, 20.0..8000.0, "stroke duration, long strokes";
    241 SPEED_MEAN_LONG = "stroke.speed_mean.long", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..20000.0, "mean speed, long strokes";
    242 SPEED_PEAK_LONG = "stroke.speed_peak.long", Pointer, StrokeSpeed, PixelsPerSecond, Log, 5.0..50000.0, "peak speed, long strokes";
    243 ACCELERATION_LONG = "stroke.acceleration.long", Pointer, StrokeSpeed, PixelsPerSecondSquared, Log, 10.0..2000000.0, "mean acceleration, long strokes";
    244 STRAIGHTNESS_LONG = "stroke.straightness.long", Pointer, StrokeShape, Share, Logit, 0.02..0.999, "straight distance over path, long strokes";
    245 DEVIATION_LONG = "stroke.deviation.long", Pointer, StrokeShape, Share, Log, 0.001..3.0, "largest distance from the straight line, over its length, long strokes";
    246 TURNING_LONG = "stroke.turning.long", Pointer, StrokeShape, Radians, Log, 0.01..100.0, "turning along the stroke, long strokes";
    247 TIME_TO_PEAK_LONG = "stroke.time_to_peak.long", Pointer, StrokeSpeed, Share, Logit, 0.01..0.99, "time to peak speed, over duration, long strokes";
    248 FIRST_QUARTER_LONG = "stroke.first_quarter.long", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the first quarter, over the mean, long strokes";
    249 LAST_QUARTER_LONG = "stroke.last_quarter.long", Pointer, StrokeSpeed, Share, Log, 0.02..20.0, "speed in the last quarter, over the mean, long strokes";
    270 STROKE_LENGTH = "stroke.length", Pointer, StrokeShape, Pixels, Log, 2.0..10000.0, "path length of a stroke";
    271 STROKE_REST = "stroke.rest", Pointer, Rest, Milliseconds, Log, 100.0..5000.0, "rest between strokes";
    272 CLICK_REST = "click.rest", Pointer, Rest, Milliseconds, Log, 1.0..3000.0, "rest before a click";
    273 CLICK_HOLD_LEFT = "click.hold.left", Pointer, Click, Milliseconds, Log, 10.0..1000.0, "left click held";
    274 CLICK_HOLD_OTHER = "click.hold.other", Pointer, Click, Milliseconds, Log, 10.0..1000.0, "other click held";
    275 DOUBLE_CLICK = "click.double", Pointer, Click, Milliseconds, Log, 30.0..500.0, "between the clicks of a double click";
    276 CLICK_SLIP = "click.slip", Pointer, Click, Pixels, Asinh, 0.0..20.0, "movement while clicking";
    277 DRAG_DURATION = "drag.duration", Pointer, Drag, Milliseconds, Log, 50.0..10000.0, "drag duration";
    278 DRAG_SPEED = "drag.speed", Pointer, Drag, PixelsPerSecond, Log, 5.0..20000.0, "drag speed";
    279 WHEEL_INTERVAL = "wheel.interval", Pointer, Wheel, Milliseconds, Log, 2.0..1000.0, "between wheel steps";
    280 WHEEL_BURST = "wheel.burst", Pointer, Wheel, Steps, Log, 1.0..300.0, "wheel steps in one turn";
    281 STROKE_CLICK_SHARE = "stroke.click_share", Pointer, Habit, Share, None, 0.0..1.0, "strokes that end in a click";
    282 STROKE_HORIZONTAL = "stroke.horizontal", Pointer, StrokeShape, Share, None, 0.0..1.0, "share of movement that is sideways";
    290 STROKE_BEND_RIGHT = "stroke.bend.right", Pointer, StrokeShape, Share, None, -0.5..0.5, "bend of the stroke, clockwise above zero, to the right";
    291 STROKE_BEND_LEFT = "stroke.bend.left", Pointer, StrokeShape, Share, None, -0.5..0.5, "bend of the stroke, clockwise above zero, to the left";
    292 STROKE_BEND_UP = "stroke.bend.up", Pointer, StrokeShape, Share, None, -0.5..0.5, "bend of the stroke, clockwise above zero, upwards";
    293 STROKE_BEND_DOWN = "stroke.bend.down", Pointer, StrokeShape, Share, None, -0.5..0.5, "bend of the stroke, clockwise above zero, downwards";
    294 STROKE_HASTE_RIGHT = "stroke.haste.right", Pointer, StrokeSpeed, PixelsPerSecond, Log, 1.0..5000.0, "speed for the length of the stroke, to the right";
    295 STROKE_HASTE_LEFT = "stroke.haste.left", Pointer, StrokeSpeed, PixelsPerSecond, Log, 1.0..5000.0, "speed for the length of the stroke, to the left";
    296 STROKE_HASTE_UP = "stroke.haste.up", Pointer, StrokeSpeed, PixelsPerSecond, Log, 1.0..5000.0, "speed for the length of the stroke, upwards";
    297 STROKE_HASTE_DOWN = "stroke.haste.down", Pointer, StrokeSpeed, PixelsPerSecond, Log, 1.0..5000.0, "speed for the length of the stroke, downwards";
    298 STROKE_SLOWDOWNS = "stroke.slowdowns", Pointer, StrokeShape, Steps, Log, 1.0..12.0, "movements that a stroke is made of";
    299 STROKE_DWELL = "stroke.dwell", Pointer, StrokeSpeed, Share, None, 0.0..1.0, "share of a stroke spent nearly still";
    300 STROKE_ROUGHNESS = "stroke.roughness", Pointer, StrokeSpeed, Share, Log, 0.01..100.0, "change of speed along a stroke, over its peak";
    301 CLICK_HOLD_LEFT_WITHIN_65 = "click.hold.left.within_65", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 65 ms";
    302 CLICK_HOLD_LEFT_WITHIN_80 = "click.hold.left.within_80", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 80 ms";
    303 CLICK_HOLD_LEFT_WITHIN_95 = "click.hold.left.within_95", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 95 ms";
    304 CLICK_HOLD_LEFT_WITHIN_110 = "click.hold.left.within_110", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 110 ms";
    305 CLICK_HOLD_LEFT_WITHIN_130 = "click.hold.left.within_130", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 130 ms";
    306 CLICK_HOLD_LEFT_WITHIN_160 = "click.hold.left.within_160", Pointer, Click, Share, None, 0.0..1.0, "left clicks held for at most 160 ms";
    307 STROKE_DURATION_WITHIN_150 = "stroke.duration.within_150", Pointer, StrokeTime, Share, None, 0.0..1.0, "strokes of at most 150 ms";
    308 STROKE_DURATION_WITHIN_250 = "stroke.duration.within_250", Pointer, StrokeTime, Share, None, 0.0..1.0, "strokes of at most 250 ms";
    309 STROKE_DURATION_WITHIN_400 = "stroke.duration.within_400", Pointer, StrokeTime, Share, None, 0.0..1.0, "strokes of at most 400 ms";
    310 STROKE_DURATION_WITHIN_700 = "stroke.duration.within_700", Pointer, StrokeTime, Share, None, 0.0..1.0, "strokes of at most 700 ms";
    311 STROKE_DURATION_WITHIN_1200 = "stroke.duration.within_1200", Pointer, StrokeTime, Share, None, 0.0..1.0, "strokes of at most 1200 ms";
    312 STROKE_REST_WITHIN_280 = "stroke.rest.within_280", Pointer, Rest, Share, None, 0.0..1.0, "rests between strokes of at most 280 ms";
    313 STROKE_REST_WITHIN_400 = "stroke.rest.within_400", Pointer, Rest, Share, None, 0.0..1.0, "rests between strokes of at most 400 ms";
    314 STROKE_REST_WITHIN_700 = "stroke.rest.within_700", Pointer, Rest, Share, None, 0.0..1.0, "rests between strokes of at most 700 ms";
    315 STROKE_REST_WITHIN_1300 = "stroke.rest.within_1300", Pointer, Rest, Share, None, 0.0..1.0, "rests between strokes of at most 1300 ms";
    316 CLICK_REST_WITHIN_60 = "click.rest.within_60", Pointer, Rest, Share, None, 0.0..1.0, "rests before a click of at most 60 ms";
    317 CLICK_REST_WITHIN_120 = "click.rest.within_120", Pointer, Rest, Share, None, 0.0..1.0, "rests before a click of at most 120 ms";
    318 CLICK_REST_WITHIN_240 = "click.rest.within_240", Pointer, Rest, Share, None, 0.0..1.0, "rests before a click of at most 240 ms";
    319 CLICK_REST_WITHIN_480 = "click.rest.within_480", Pointer, Rest, Share, None, 0.0..1.0, "rests before a click of at most 480 ms";
    400 TOUCH_DURATION_SHORT = "touch.duration.short", Touch, TouchTime, Milliseconds, Log, 20.0..20000.0, "time from landing to the last movement, short touches";
    401 TOUCH_SPEED_MEAN_SHORT = "touch.speed_mean.short", Touch, TouchSpeed, PixelsPerSecond, Log, 5.0..20000.0, "mean speed of a finger, short touches";
    402 TOUCH_SPEED_PEAK_SHORT = "touch.speed_peak.short", Touch, TouchSpeed, PixelsPerSecond, Log, 5.0..50000.0, "peak speed of a finger, short touches";
    403 TOUCH_ACCELERATION_SHORT = "touch.acceleration.short", Touch, TouchSpeed, PixelsPerSecondSquared, Log, 10.0..2000000.0, "mean acceleration of a finger, short touches";
    404 TOUCH_STRAIGHTNESS_SHORT = "touch.straightness.short", Touch, TouchCurve, Share, Logit, 0.02..0.999, "straight distance over a finger's path, short touches";
    405 TOUCH_DEVIATION_SHORT = "touch.deviation.short", Touch, TouchCurve, Share, Log, 0.001..3.0, "a finger's largest distance from the straight line, over its length, short touches";
    406 TOUCH_TURNING_SHORT = "touch.turning.short", Touch, TouchCurve, Radians, Log, 0.01..100.0, "turning along a finger's path, short touches";
    407 TOUCH_TIME_TO_PEAK_SHORT = "touch.time_to_peak.short", Touch, TouchSpeed, Share, Logit, 0.01..0.99, "a finger's time to peak speed, over its duration, short touches";
    440 TOUCH_DURATION_LONG = "touch.duration.long", Touch, TouchTime, Milliseconds, Log, 20.0..20000.0, "time from landing to the last movement, long touches";
    441 TOUCH_SPEED_MEAN_LONG = "touch.speed_mean.long", Touch, TouchSpeed, PixelsPerSecond, Log, 5.0..20000.0, "mean speed of a finger, long touches";
    442 TOUCH_SPEED_PEAK_LONG = "touch.speed_peak.long", Touch, TouchSpeed, PixelsPerSecond, Log, 5.0..50000.0, "peak speed of a finger, long touches";
    443 TOUCH_ACCELERATION_LONG = "touch.acceleration.long", Touch, TouchSpeed, PixelsPerSecondSquared, Log, 10.0..2000000.0, "mean acceleration of a finger, long touches";
    444 TOUCH_STRAIGHTNESS_LONG = "touch.straightness.long", Touch, TouchCurve, Share, Logit, 0.02..0.999, "straight distance over a finger's path, long touches";
    445 TOUCH_DEVIATION_LONG = "touch.deviation.long", Touch, TouchCurve, Share, Log, 0.001..3.0, "a finger's largest distance from the straight line, over its length, long touches";
    446 TOUCH_TURNING_LONG = "touch.turning.long", Touch, TouchCurve, Radians, Log, 0.01..100.0, "turning along a finger's path, long touches";
    447 TOUCH_TIME_TO_PEAK_LONG = "touch.time_to_peak.long", Touch, TouchSpeed, Share, Logit, 0.01..0.99, "a finger's time to peak speed, over its duration, long touches";
    470 TOUCH_LENGTH = "touch.length", Touch, TouchLength, Pixels, Log, 2.0..20000.0, "length of a finger's path";
    471 TOUCH_HORIZONTAL = "touch.horizontal", Touch, TouchDirection, Share, None, 0.0..1.0, "share of a finger's movement that is sideways";
    472 TOUCH_RIGHTWARD = "touch.rightward", Touch, TouchDirection, Share, None, 0.0..1.0, "share of a finger's sideways movement that goes right";
    473 TOUCH_DOWNWARD = "touch.downward", Touch, TouchDirection, Share, None, 0.0..1.0, "share of a finger's upright movement that goes down";
    474 TOUCH_CLOCKWISE = "touch.clockwise", Touch, TouchDirection, Share, None, 0.0..1.0, "share of a finger's turning that is clockwise";
    475 TOUCH_LANDING = "touch.landing", Touch, TouchEnds, Milliseconds, Log, 1.0..2000.0, "a finger's rest between landing and moving";
    476 TOUCH_DWELL = "touch.dwell", Touch, TouchEnds, Milliseconds, Asinh, 0.0..2000.0, "a finger's rest before it lifts off";
    477 TOUCH_LANDING_SPEED = "touch.landing_speed", Touch, TouchEnds, PixelsPerSecond, Asinh, 0.0..20000.0, "speed of a finger just after it landed";
    478 TOUCH_LIFT_SPEED = "touch.lift_speed", Touch, TouchEnds, PixelsPerSecond, Asinh, 0.0..20000.0, "speed of a finger just before it lifts off";
    479 TOUCH_REST = "touch.rest", Touch, Rest, Milliseconds, Log, 20.0..5000.0, "rest between touches";
    480 TOUCH_SLOW = "touch.slow", Touch, TouchSpeed, Share, None, 0.0..1.0, "share of a touch in which the finger nearly rests";
    481 TOUCH_OVERLAP = "touch.overlap", Touch, Habit, Share, None, 0.0..1.0, "touches that begin while another finger is down";
    482 TAP_HOLD = "tap.hold", Touch, TouchTime, Milliseconds, Log, 10.0..2000.0, "time a tap is held";
    483 TAP_SLIP = "tap.slip", Touch, TouchLength, Pixels, Asinh, 0.0..20.0, "movement while tapping";
    484 TAP_SHARE = "tap.share", Touch, Habit, Share, None, 0.0..1.0, "touches that are taps";
    485 TOUCH_PRESSURE = "touch.pressure", Touch, TouchPressure, Share, Logit, 0.01..0.99, "pressure of a finger";
    486 TOUCH_AREA = "touch.area", Touch, TouchPressure, SquarePixels, Log, 1.0..100000.0, "area that a finger covers";
    487 TOUCH_SLOWDOWN = "touch.slowdown", Touch, TouchSpeed, Milliseconds, Log, 20.0..20000.0, "time between slowdowns of a finger";
    488 TOUCH_FAST = "touch.fast", Touch, TouchSpeed, Share, Log, 0.1..20.0, "speed of a finger in its fastest tenth, over its mean";
    489 TOUCH_CORNER = "touch.corner", Touch, TouchCurve, Share, Log, 0.01..20.0, "speed of a finger in turns, over its speed on the straight";
    500 DOWN_DOWN_LEFT_INWARD_WITHIN_110 = "down_down.left_inward.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, left hand, next key nearer the middle";
    501 DOWN_DOWN_LEFT_INWARD_WITHIN_160 = "down_down.left_inward.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, left hand, next key nearer the middle";
    502 DOWN_DOWN_LEFT_INWARD_WITHIN_230 = "down_down.left_inward.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, left hand, next key nearer the middle";
    503 DOWN_DOWN_LEFT_INWARD_WITHIN_340 = "down_down.left_inward.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, left hand, next key nearer the middle";
    504 DOWN_DOWN_LEFT_OUTWARD_WITHIN_110 = "down_down.left_outward.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, left hand, next key further out";
    505 DOWN_DOWN_LEFT_OUTWARD_WITHIN_160 = "down_down.left_outward.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, left hand, next key further out";
    506 DOWN_DOWN_LEFT_OUTWARD_WITHIN_230 = "down_down.left_outward.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, left hand, next key further out";
    507 DOWN_DOWN_LEFT_OUTWARD_WITHIN_340 = "down_down.left_outward.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, left hand, next key further out";
    508 DOWN_DOWN_LEFT_SAME_WITHIN_110 = "down_down.left_same.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, left hand, same finger column";
    509 DOWN_DOWN_LEFT_SAME_WITHIN_160 = "down_down.left_same.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, left hand, same finger column";
    510 DOWN_DOWN_LEFT_SAME_WITHIN_230 = "down_down.left_same.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, left hand, same finger column";
    511 DOWN_DOWN_LEFT_SAME_WITHIN_340 = "down_down.left_same.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, left hand, same finger column";
    512 DOWN_DOWN_RIGHT_INWARD_WITHIN_110 = "down_down.right_inward.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, right hand, next key nearer the middle";
    513 DOWN_DOWN_RIGHT_INWARD_WITHIN_160 = "down_down.right_inward.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, right hand, next key nearer the middle";
    514 DOWN_DOWN_RIGHT_INWARD_WITHIN_230 = "down_down.right_inward.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, right hand, next key nearer the middle";
    515 DOWN_DOWN_RIGHT_INWARD_WITHIN_340 = "down_down.right_inward.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, right hand, next key nearer the middle";
    516 DOWN_DOWN_RIGHT_OUTWARD_WITHIN_110 = "down_down.right_outward.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, right hand, next key further out";
    517 DOWN_DOWN_RIGHT_OUTWARD_WITHIN_160 = "down_down.right_outward.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, right hand, next key further out";
    518 DOWN_DOWN_RIGHT_OUTWARD_WITHIN_230 = "down_down.right_outward.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, right hand, next key further out";
    519 DOWN_DOWN_RIGHT_OUTWARD_WITHIN_340 = "down_down.right_outward.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, right hand, next key further out";
    520 DOWN_DOWN_RIGHT_SAME_WITHIN_110 = "down_down.right_same.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, right hand, same finger column";
    521 DOWN_DOWN_RIGHT_SAME_WITHIN_160 = "down_down.right_same.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, right hand, same finger column";
    522 DOWN_DOWN_RIGHT_SAME_WITHIN_230 = "down_down.right_same.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, right hand, same finger column";
    523 DOWN_DOWN_RIGHT_SAME_WITHIN_340 = "down_down.right_same.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, right hand, same finger column";
    524 DOWN_DOWN_LEFT_RIGHT_WITHIN_110 = "down_down.left_right.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, left hand to right hand";
    525 DOWN_DOWN_LEFT_RIGHT_WITHIN_160 = "down_down.left_right.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, left hand to right hand";
    526 DOWN_DOWN_LEFT_RIGHT_WITHIN_230 = "down_down.left_right.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, left hand to right hand";
    527 DOWN_DOWN_LEFT_RIGHT_WITHIN_340 = "down_down.left_right.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, left hand to right hand";
    528 DOWN_DOWN_RIGHT_LEFT_WITHIN_110 = "down_down.right_left.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, right hand to left hand";
    529 DOWN_DOWN_RIGHT_LEFT_WITHIN_160 = "down_down.right_left.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, right hand to left hand";
    530 DOWN_DOWN_RIGHT_LEFT_WITHIN_230 = "down_down.right_left.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, right hand to left hand";
    531 DOWN_DOWN_RIGHT_LEFT_WITHIN_340 = "down_down.right_left.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, right hand to left hand";
    532 DOWN_DOWN_LEFT_SPACE_WITHIN_110 = "down_down.left_space.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, left hand to space";
    533 DOWN_DOWN_LEFT_SPACE_WITHIN_160 = "down_down.left_space.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, left hand to space";
    534 DOWN_DOWN_LEFT_SPACE_WITHIN_230 = "down_down.left_space.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, left hand to space";
    535 DOWN_DOWN_LEFT_SPACE_WITHIN_340 = "down_down.left_space.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, left hand to space";
    536 DOWN_DOWN_RIGHT_SPACE_WITHIN_110 = "down_down.right_space.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, right hand to space";
    537 DOWN_DOWN_RIGHT_SPACE_WITHIN_160 = "down_down.right_space.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, right hand to space";
    538 DOWN_DOWN_RIGHT_SPACE_WITHIN_230 = "down_down.right_space.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, right hand to space";
    539 DOWN_DOWN_RIGHT_SPACE_WITHIN_340 = "down_down.right_space.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, right hand to space";
    540 DOWN_DOWN_SPACE_LEFT_WITHIN_110 = "down_down.space_left.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, space to left hand";
    541 DOWN_DOWN_SPACE_LEFT_WITHIN_160 = "down_down.space_left.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, space to left hand";
    542 DOWN_DOWN_SPACE_LEFT_WITHIN_230 = "down_down.space_left.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, space to left hand";
    543 DOWN_DOWN_SPACE_LEFT_WITHIN_340 = "down_down.space_left.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, space to left hand";
    544 DOWN_DOWN_SPACE_RIGHT_WITHIN_110 = "down_down.space_right.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, space to right hand";
    545 DOWN_DOWN_SPACE_RIGHT_WITHIN_160 = "down_down.space_right.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, space to right hand";
    546 DOWN_DOWN_SPACE_RIGHT_WITHIN_230 = "down_down.space_right.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, space to right hand";
    547 DOWN_DOWN_SPACE_RIGHT_WITHIN_340 = "down_down.space_right.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, space to right hand";
    548 DOWN_DOWN_ERASE_ERASE_WITHIN_110 = "down_down.erase_erase.within_110", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 110 ms of the one before, erase to erase";
    549 DOWN_DOWN_ERASE_ERASE_WITHIN_160 = "down_down.erase_erase.within_160", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 160 ms of the one before, erase to erase";
    550 DOWN_DOWN_ERASE_ERASE_WITHIN_230 = "down_down.erase_erase.within_230", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 230 ms of the one before, erase to erase";
    551 DOWN_DOWN_ERASE_ERASE_WITHIN_340 = "down_down.erase_erase.within_340", Keyboard, DownDown, Share, None, 0.0..1.0, "presses within 340 ms of the one before, erase to erase";
    560 HOLD_LEFT_WITHIN_50 = "hold.left.within_50", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 50 ms, left hand";
    561 HOLD_LEFT_WITHIN_65 = "hold.left.within_65", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 65 ms, left hand";
    562 HOLD_LEFT_WITHIN_80 = "hold.left.within_80", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 80 ms, left hand";
    563 HOLD_LEFT_WITHIN_95 = "hold.left.within_95", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 95 ms, left hand";
    564 HOLD_LEFT_WITHIN_110 = "hold.left.within_110", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 110 ms, left hand";
    565 HOLD_LEFT_WITHIN_130 = "hold.left.within_130", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 130 ms, left hand";
    566 HOLD_LEFT_WITHIN_160 = "hold.left.within_160", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 160 ms, left hand";
    567 HOLD_RIGHT_WITHIN_50 = "hold.right.within_50", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 50 ms, right hand";
    568 HOLD_RIGHT_WITHIN_65 = "hold.right.within_65", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 65 ms, right hand";
    569 HOLD_RIGHT_WITHIN_80 = "hold.right.within_80", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 80 ms, right hand";
    570 HOLD_RIGHT_WITHIN_95 = "hold.right.within_95", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 95 ms, right hand";
    571 HOLD_RIGHT_WITHIN_110 = "hold.right.within_110", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 110 ms, right hand";
    572 HOLD_RIGHT_WITHIN_130 = "hold.right.within_130", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 130 ms, right hand";
    573 HOLD_RIGHT_WITHIN_160 = "hold.right.within_160", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 160 ms, right hand";
    574 HOLD_SPACE_WITHIN_50 = "hold.space.within_50", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 50 ms, space";
    575 HOLD_SPACE_WITHIN_65 = "hold.space.within_65", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 65 ms, space";
    576 HOLD_SPACE_WITHIN_80 = "hold.space.within_80", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 80 ms, space";
    577 HOLD_SPACE_WITHIN_95 = "hold.space.within_95", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 95 ms, space";
    578 HOLD_SPACE_WITHIN_110 = "hold.space.within_110", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 110 ms, space";
    579 HOLD_SPACE_WITHIN_130 = "hold.space.within_130", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 130 ms, space";
    580 HOLD_SPACE_WITHIN_160 = "hold.space.within_160", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 160 ms, space";
    581 HOLD_ERASE_WITHIN_50 = "hold.erase.within_50", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 50 ms, erase";
    582 HOLD_ERASE_WITHIN_65 = "hold.erase.within_65", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 65 ms, erase";
    583 HOLD_ERASE_WITHIN_80 = "hold.erase.within_80", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 80 ms, erase";
    584 HOLD_ERASE_WITHIN_95 = "hold.erase.within_95", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 95 ms, erase";
    585 HOLD_ERASE_WITHIN_110 = "hold.erase.within_110", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 110 ms, erase";
    586 HOLD_ERASE_WITHIN_130 = "hold.erase.within_130", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 130 ms, erase";
    587 HOLD_ERASE_WITHIN_160 = "hold.erase.within_160", Keyboard, Hold, Share, None, 0.0..1.0, "keys held for at most 160 ms, erase";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_and_names_are_unique() {
        assert!(ALL.windows(2).all(|w| w[0].id < w[1].id));
        let names: std::collections::HashSet<_> = ALL.iter().map(|f| f.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn every_transform_is_finite_within_its_clip_and_undone_by_raw() {
        for f in ALL {
            let (low, high) = f.value_range();
            assert!(low.is_finite() && high.is_finite() && low < high, "{}", f.name);
            let middle = (low + high) / 2.0;
            let again = f.value(f.raw(middle)).unwrap();
            assert!((again - middle).abs() < 1e-9, "{}", f.name);
            assert_eq!(f.value(f64::NAN), None);
        }
    }
}

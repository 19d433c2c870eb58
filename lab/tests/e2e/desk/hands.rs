//! What hands do to a keyboard and a mouse: made-up people with a rhythm of their own.

use std::fmt::Write as _;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, LogNormal};

/// One thing done to the hardware.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    /// A key by its evdev code.
    Key { code: u16, press: bool },
    /// The mouse moved, in pixels.
    Move { dx: f64, dy: f64 },
    /// 1 left, 2 middle, 3 right.
    Button { button: i32, press: bool },
    /// The wheel turned, in notches.
    Wheel { steps: f64 },
}

/// Something done at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deed {
    /// Microseconds from the beginning.
    pub(crate) at_us: u64,
    pub(crate) act: Act,
}

/// Letters by how often English uses them, as evdev codes.
const LETTERS: [(u16, u16); 22] = [
    (18, 127),
    (20, 91),
    (30, 82),
    (24, 75),
    (23, 70),
    (49, 67),
    (31, 63),
    (35, 61),
    (19, 60),
    (32, 43),
    (38, 40),
    (46, 28),
    (22, 28),
    (50, 24),
    (17, 24),
    (33, 22),
    (34, 20),
    (21, 20),
    (25, 19),
    (48, 15),
    (47, 10),
    (37, 8),
];
const SPACE: u16 = 57;
const ERASE: u16 = 14;
/// A mouse tells its movement this often.
const POLL_MS: f64 = 8.0;

/// Somebody's way with keyboard and mouse. Times in milliseconds, medians.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) hold_left: f64,
    pub(crate) hold_right: f64,
    pub(crate) hold_space: f64,
    /// Press to press, on the same hand.
    pub(crate) same_hand: f64,
    /// Press to press, from one hand to the other.
    pub(crate) other_hand: f64,
    /// Press to press, to and from space.
    pub(crate) space: f64,
    /// A stroke's duration for each doubling of its length.
    pub(crate) stroke: f64,
    /// How far a stroke bows sidewards, as a share of its length.
    pub(crate) bow: f64,
    pub(crate) click: f64,
    pub(crate) rest: f64,
}

/// Quick, light, straight.
pub(crate) const QUICK: Rhythm = Rhythm {
    hold_left: 72.0,
    hold_right: 84.0,
    hold_space: 66.0,
    same_hand: 125.0,
    other_hand: 98.0,
    space: 105.0,
    stroke: 75.0,
    bow: 0.04,
    click: 70.0,
    rest: 90.0,
};

/// Slower, heavier, roundabout.
pub(crate) const HEAVY: Rhythm = Rhythm {
    hold_left: 122.0,
    hold_right: 110.0,
    hold_space: 118.0,
    same_hand: 165.0,
    other_hand: 172.0,
    space: 150.0,
    stroke: 140.0,
    bow: 0.16,
    click: 125.0,
    rest: 220.0,
};

/// A person at work: the same seed does the same.
pub(crate) struct Hands {
    rhythm: Rhythm,
    random: ChaCha8Rng,
    at: (f64, f64),
}

impl Hands {
    pub(crate) fn new(rhythm: Rhythm, seed: u64) -> Self {
        let mut hands = Self { rhythm, random: ChaCha8Rng::seed_from_u64(seed), at: (960.0, 540.0) };
        // Nobody is quite the same from one sitting to the next.
        for part in [
            &mut hands.rhythm.hold_left,
            &mut hands.rhythm.hold_right,
            &mut hands.rhythm.same_hand,
            &mut hands.rhythm.other_hand,
            &mut hands.rhythm.stroke,
        ] {
            *part = LogNormal::new(part.ln(), 0.03).unwrap().sample(&mut hands.random);
        }
        hands
    }

    fn about(&mut self, median: f64, spread: f64) -> f64 {
        LogNormal::new(median.ln(), spread).unwrap().sample(&mut self.random)
    }

    /// Presses exactly `keys` keys.
    pub(crate) fn types(&mut self, keys: usize) -> Vec<Deed> {
        let mut deeds = Vec::with_capacity(2 * keys);
        let (mut now, mut before, mut word) = (50.0, SPACE, 0);
        for _ in 0..keys {
            let code = self.next_key(&mut word);
            let space = code == SPACE || before == SPACE;
            let gap = match () {
                () if space => self.rhythm.space,
                () if left(code) == left(before) => self.rhythm.same_hand,
                () => self.rhythm.other_hand,
            };
            now += self.about(gap, 0.3);
            if before == SPACE && self.random.random_bool(0.06) {
                now += self.about(350.0, 0.4);
            }
            let hold = match code {
                SPACE => self.rhythm.hold_space,
                _ if left(code) => self.rhythm.hold_left,
                _ => self.rhythm.hold_right,
            };
            let hold = self.about(hold, 0.22).min(400.0);
            // A key comes up before it goes down again.
            if let Some(up) = deeds
                .iter_mut()
                .rev()
                .find(|d: &&mut Deed| matches!(d.act, Act::Key { code: c, press: false } if c == code))
            {
                up.at_us = up.at_us.min(micros(now - 12.0));
            }
            deeds.push(Deed { at_us: micros(now), act: Act::Key { code, press: true } });
            deeds.push(Deed { at_us: micros(now + hold), act: Act::Key { code, press: false } });
            before = code;
        }
        deeds.sort_by_key(|d| d.at_us);
        deeds
    }

    fn next_key(&mut self, word: &mut u32) -> u16 {
        if *word >= 2 && self.random.random_bool(0.025) {
            return ERASE;
        }
        if *word >= 2 && self.random.random_bool(0.24) {
            *word = 0;
            return SPACE;
        }
        *word += 1;
        let mut left = self.random.random_range(0..LETTERS.iter().map(|l| l.1).sum());
        for (code, share) in LETTERS {
            if left < share {
                return code;
            }
            left -= share;
        }
        SPACE
    }

    /// Moves to `strokes` places, and clicks at each.
    pub(crate) fn points(&mut self, strokes: usize) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let mut now = 50.0;
        for _ in 0..strokes {
            let to = (self.random.random_range(200.0..1_700.0), self.random.random_range(150.0..900.0));
            now = self.stroke(to, now, &mut deeds);
            now += self.about(self.rhythm.rest, 0.25);
            deeds.push(Deed { at_us: micros(now), act: Act::Button { button: 1, press: true } });
            now += self.about(self.rhythm.click, 0.15);
            deeds.push(Deed { at_us: micros(now), act: Act::Button { button: 1, press: false } });
            now += self.about(self.rhythm.rest * 2.5, 0.3);
        }
        deeds
    }

    /// A minimum-jerk movement that bows to one side. Returns when it has ended.
    fn stroke(&mut self, to: (f64, f64), begun: f64, deeds: &mut Vec<Deed>) -> f64 {
        let from = self.at;
        let (x, y) = (to.0 - from.0, to.1 - from.1);
        let length = x.hypot(y).max(1.0);
        let duration = 120.0 + self.about(self.rhythm.stroke, 0.12) * (length / 20.0 + 1.0).log2();
        let bow = self.about(self.rhythm.bow, 0.3);
        let mut elapsed = 0.0;
        while elapsed < duration {
            elapsed += POLL_MS;
            let t = (elapsed / duration).min(1.0);
            let s = t.powi(3) * (10.0 - 15.0 * t + 6.0 * t * t);
            let side = bow * (std::f64::consts::PI * s).sin();
            let place = ((from.0 + x * s - y * side).round(), (from.1 + y * s + x * side).round());
            let (dx, dy) = (place.0 - self.at.0, place.1 - self.at.1);
            if (dx, dy) != (0.0, 0.0) {
                deeds.push(Deed { at_us: micros(begun + elapsed), act: Act::Move { dx, dy } });
                self.at = place;
            }
        }
        begun + elapsed
    }
}

fn left(code: u16) -> bool {
    matches!(code, 16..=20 | 30..=34 | 44..=48)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a short time from the beginning"
)]
fn micros(ms: f64) -> u64 {
    (ms * 1_000.0) as u64
}

/// One after the other, with a rest between.
pub(crate) fn one_after_another(parts: impl IntoIterator<Item = Vec<Deed>>) -> Vec<Deed> {
    let mut all: Vec<Deed> = Vec::new();
    for part in parts {
        let begin = all.last().map_or(0, |d| d.at_us + 400_000);
        all.extend(part.into_iter().map(|d| Deed { at_us: d.at_us + begin, ..d }));
    }
    all
}

/// As a recorded trace: `t_us,event,code,x,y`.
pub(crate) fn trace(deeds: &[Deed]) -> String {
    let mut text = "t_us,event,code,x,y\n".to_owned();
    let (mut x, mut y) = (960.0, 540.0);
    for Deed { at_us, act } in deeds {
        match act {
            Act::Key { code, press } => {
                writeln!(text, "{at_us},{},{code},,", if *press { "kd" } else { "ku" }).unwrap();
            }
            Act::Move { dx, dy } => {
                (x, y) = (x + dx, y + dy);
                writeln!(text, "{at_us},mm,0,{x},{y}").unwrap();
            }
            Act::Button { button, press } => {
                writeln!(text, "{at_us},{},{button},,", if *press { "bd" } else { "bu" }).unwrap();
            }
            Act::Wheel { steps } => writeln!(text, "{at_us},wh,0,,{steps}").unwrap(),
        }
    }
    text
}

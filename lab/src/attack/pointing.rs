//! Machines that point: each class of attack moves a pointer, stroke by stroke, as a device or a program reports it.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_measure::{Button, Input, Origin, TimedInput};

use super::row::Knowledge;

/// A class of attack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bot {
    /// A device that keeps a session awake: small movements, back and forth.
    Jiggler,
    /// The same, each of another size, in another direction, and after another time.
    JigglerVaried,
    /// From place to place in one report, and a click.
    Jumps,
    /// Straight lines at an even speed.
    Straight,
    /// Cubic Bézier curves, evenly or easing in and out.
    Bezier,
    /// Straight lines with the speed of least jerk, as hands are said to move.
    MinimumJerk,
    /// The same with noise of half a pixel, a tremor's size.
    MinimumJerkTremor,
    /// Clicks in one place, by the clock.
    Clicker,
    /// The same, each held for another time, and after another time.
    ClickerVaried,
    /// xdotool: a program of this workstation.
    Xdotool,
}

impl Bot {
    pub(super) const ALL: [Self; 10] = [
        Self::Jiggler,
        Self::JigglerVaried,
        Self::Jumps,
        Self::Straight,
        Self::Bezier,
        Self::MinimumJerk,
        Self::MinimumJerkTremor,
        Self::Clicker,
        Self::ClickerVaried,
        Self::Xdotool,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jiggler => "jiggler",
            Self::JigglerVaried => "jiggler_varied",
            Self::Jumps => "pointer_jumps",
            Self::Straight => "pointer_straight",
            Self::Bezier => "pointer_bezier",
            Self::MinimumJerk => "pointer_minimum_jerk",
            Self::MinimumJerkTremor => "pointer_minimum_jerk_tremor",
            Self::Clicker => "pointer_clicker",
            Self::ClickerVaried => "pointer_clicker_varied",
            Self::Xdotool => "pointer_xdotool",
        }
    }

    pub(super) fn knowledge(self) -> Knowledge {
        match self {
            Self::JigglerVaried | Self::MinimumJerkTremor | Self::ClickerVaried => Knowledge::Detector,
            _ => Knowledge::None,
        }
    }

    /// So many strokes, each the events of one.
    pub(super) fn moved(self, strokes: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<TimedInput>> {
        let mut hand = Hand::draw(self, rng);
        (0..strokes).map(|_| hand.stroke(rng)).collect()
    }
}

/// One machine at work.
struct Hand {
    bot: Bot,
    at_ms: f64,
    /// Between reports, and how much later than due they may come.
    report_ms: f64,
    late_ms: f64,
    nudge: f64,
    period_ms: f64,
    forth: bool,
}

impl Hand {
    fn draw(bot: Bot, rng: &mut ChaCha8Rng) -> Self {
        Self {
            bot,
            at_ms: 1_000.0,
            report_ms: [7.0, 8.0, 10.0, 16.7].choose(rng).copied().unwrap_or(8.0),
            late_ms: rng.random_range(0.0..1.5),
            nudge: f64::from(rng.random_range(1..=5)),
            period_ms: rng.random_range(500.0..20_000.0),
            forth: true,
        }
    }

    fn stroke(&mut self, rng: &mut ChaCha8Rng) -> Vec<TimedInput> {
        let mut events = Vec::new();
        match self.bot {
            Bot::Jiggler => {
                self.at_ms += self.period_ms * rng.random_range(0.8..1.2);
                self.forth = !self.forth;
                let by = if self.forth { self.nudge } else { -self.nudge };
                events.push(self.event(Input::Move { dx: single(by), dy: 0.0 }));
            }
            Bot::JigglerVaried => {
                self.at_ms += rng.random_range(5_000.0..30_000.0);
                let by = single(
                    f64::from(rng.random_range(1..=4)) * if rng.random_bool(0.5) { 1.0 } else { -1.0 },
                );
                let (dx, dy) = if rng.random_bool(0.5) { (by, 0.0) } else { (0.0, by) };
                events.push(self.event(Input::Move { dx, dy }));
            }
            Bot::Jumps | Bot::Xdotool => {
                self.at_ms += rng.random_range(300.0..3_000.0);
                let (x, y) = place(rng);
                events.push(self.event(Input::Move { dx: single(x.round()), dy: single(y.round()) }));
                self.click(30.0, &mut events);
            }
            Bot::Clicker => {
                self.at_ms += 100.0;
                self.click(10.0, &mut events);
            }
            Bot::ClickerVaried => {
                self.at_ms += rng.random_range(100.0..2_000.0);
                self.click(rng.random_range(40.0..120.0), &mut events);
            }
            Bot::Straight | Bot::Bezier | Bot::MinimumJerk | Bot::MinimumJerkTremor => {
                self.at_ms += rng.random_range(300.0..2_000.0);
                self.walk(rng, &mut events);
                if rng.random_bool(0.5) {
                    self.click(60.0, &mut events);
                }
            }
        }
        events
    }

    /// Along a path that was computed, rounded to pixels.
    fn walk(&mut self, rng: &mut ChaCha8Rng, events: &mut Vec<TimedInput>) {
        let (x, y) = place(rng);
        let length = x.hypot(y);
        let off = Normal::new(0.0, 0.15).map_or([0.0, 0.0], |law| [law.sample(rng), law.sample(rng)]);
        let along = [rng.random_range(0.2..0.4), rng.random_range(0.6..0.8)];
        let controls: [(f64, f64); 2] =
            [0, 1].map(|k| (x * along[k] - y * off[k], y * along[k] + x * off[k]));
        let eases = rng.random_bool(0.5);
        let reports = (rng.random_range(200.0..1_200.0) / self.report_ms).max(f64::min(length / 40.0, 12.0));
        let tremor = if self.bot == Bot::MinimumJerkTremor { 0.5 } else { 0.0 };
        let mut last = (0.0, 0.0);
        let mut due_ms = self.at_ms;
        let mut report = 0.0;
        while report < reports {
            report = f64::min(report + 1.0, reports);
            let s = report / reports;
            let (mut px, mut py) = match self.bot {
                Bot::Bezier => bezier((x, y), controls, if eases { s * s * (3.0 - 2.0 * s) } else { s }),
                Bot::Straight => (x * s, y * s),
                _ => {
                    let done = s.powi(3) * (10.0 - 15.0 * s + 6.0 * s * s);
                    (x * done, y * done)
                }
            };
            if let Ok(law) = Normal::new(0.0, tremor) {
                px += law.sample(rng);
                py += law.sample(rng);
            }
            due_ms += self.report_ms;
            self.at_ms = due_ms + rng.random_range(0.0..=self.late_ms);
            let (dx, dy) = (px.round() - last.0, py.round() - last.1);
            if (dx, dy) != (0.0, 0.0) {
                events.push(self.event(Input::Move { dx: single(dx), dy: single(dy) }));
            }
            last = (px.round(), py.round());
        }
    }

    fn click(&mut self, held_ms: f64, events: &mut Vec<TimedInput>) {
        self.at_ms += 20.0;
        events.push(self.event(Input::ButtonDown(Button::Left)));
        self.at_ms += held_ms;
        events.push(self.event(Input::ButtonUp(Button::Left)));
    }

    /// As a display server stamps it: in whole milliseconds.
    fn event(&self, input: Input) -> TimedInput {
        let origin = if self.bot == Bot::Xdotool { Origin::Injected } else { Origin::Device };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above zero")]
        let at_us = (self.at_ms as u64) * 1_000;
        TimedInput { at_us, origin, input }
    }
}

/// Somewhere else on the screen, relative to here.
fn place(rng: &mut ChaCha8Rng) -> (f64, f64) {
    let (length, angle) = (rng.random_range(100.0..1_200.0), rng.random_range(0.0..std::f64::consts::TAU));
    (length * f64::cos(angle), length * f64::sin(angle))
}

fn bezier(end: (f64, f64), controls: [(f64, f64); 2], s: f64) -> (f64, f64) {
    let weights = [3.0 * (1.0 - s).powi(2) * s, 3.0 * (1.0 - s) * s * s, s.powi(3)];
    let of = |a: f64, b: f64, end: f64| weights[0] * a + weights[1] * b + weights[2] * end;
    (of(controls[0].0, controls[1].0, end.0), of(controls[0].1, controls[1].1, end.1))
}

#[expect(clippy::cast_possible_truncation, reason = "pixels of a screen")]
fn single(px: f64) -> f32 {
    px as f32
}

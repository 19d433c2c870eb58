//! Whether the path of one stroke was computed: smooth down to the pixel, or straight at an even speed.
//!
//! A hand trembles, and corrects itself. What is left of a few points in a row once the best cubic curve is taken away is,
//! of a computed path, no more than the rounding to pixels; of a hand it is a pixel or more.

/// Points closer in time are drawn together: at the rate of fast mice any movement is smooth.
const STEP_US: u64 = 7_000;
/// Points kept; what follows is another stroke.
const MOST: usize = 512;
/// Points that a curve is laid through, and its terms.
const SPAN: usize = 7;
const TERMS: usize = 4;
/// Movement, in pixels, of such a span below which rounding hides the hand.
const LEAST_PX: f64 = 21.0;
/// Spans of a stroke below which it says nothing.
const LEAST_SPANS: usize = 3;
/// Off the straight line by no more than this, in pixels: rounding.
const STRAIGHT_PX: f64 = 1.3;
/// Speeds within this of each other, as a share of their mean.
const EVEN: f64 = 0.15;

#[derive(Debug, Clone, Copy)]
struct Point {
    ms: f64,
    x: f64,
    y: f64,
}

/// The path of a stroke in progress, from where its first report left the pointer.
#[derive(Debug, Default)]
pub(super) struct Path {
    points: Vec<Point>,
    first_us: u64,
    before_us: u64,
    last_us: u64,
}

/// What a path is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Smoothness {
    /// What the curves leave, root mean square, in pixels.
    pub(super) left_px: f64,
    pub(super) straight: bool,
    pub(super) even_speed: bool,
    /// Reports come at intervals that are all alike.
    pub(super) even_sampling: bool,
}

impl Path {
    pub(super) fn extend(&mut self, at_us: u64, dx: f64, dy: f64) {
        let Some(last) = self.points.last().copied() else {
            self.points.push(Point { ms: 0.0, x: 0.0, y: 0.0 });
            (self.first_us, self.before_us, self.last_us) = (at_us, at_us, at_us);
            return;
        };
        // The last point is moved on until it is a step away from the one before it.
        if self.points.len() > 1 && self.last_us - self.before_us < STEP_US {
            self.points.pop();
        } else {
            self.before_us = self.last_us;
        }
        self.last_us = at_us;
        let ms = at_us.saturating_sub(self.first_us) as f64 / 1000.0;
        self.points.push(Point { ms, x: last.x + dx, y: last.y + dy });
    }

    pub(super) fn is_full(&self) -> bool {
        self.points.len() >= MOST
    }

    pub(super) fn clear(&mut self) {
        self.points.clear();
    }

    /// `None` where the path is too short, or too slow, to tell.
    pub(super) fn smoothness(&self) -> Option<Smoothness> {
        let (mut spans, mut by_time, mut by_number) = (0, 0.0, 0.0);
        for span in self.points.windows(SPAN) {
            let moved: f64 = span.windows(2).map(|p| (p[1].x - p[0].x).hypot(p[1].y - p[0].y)).sum();
            if moved > LEAST_PX {
                spans += 1;
                by_time += left(span, |_, point| point.ms);
                // A program that sleeps between reports is late, and its path is not.
                by_number += left(span, |number, _| number as f64);
            }
        }
        if spans < LEAST_SPANS {
            return None;
        }
        let steps: Vec<f64> =
            self.points.windows(2).map(|p| (p[1].x - p[0].x).hypot(p[1].y - p[0].y)).collect();
        let times: Vec<f64> = self.points.windows(2).map(|p| p[1].ms - p[0].ms).collect();
        let speeds: Vec<f64> = steps.iter().zip(&times).map(|(step, ms)| step / ms.max(1.0)).collect();
        let (low, high) = times.iter().fold((f64::MAX, 0.0), |(l, h): (f64, f64), t| (l.min(*t), h.max(*t)));
        Some(Smoothness {
            left_px: (f64::min(by_time, by_number) / f64::from(spans_of(spans))).sqrt(),
            straight: self.bulge() < STRAIGHT_PX,
            even_speed: variation(&steps).min(variation(&speeds)) < EVEN,
            even_sampling: high - low <= 2.0,
        })
    }

    /// Largest distance from the straight line between the ends.
    fn bulge(&self) -> f64 {
        let Some(end) = self.points.last() else { return 0.0 };
        let chord = end.x.hypot(end.y).max(1.0);
        self.points.iter().map(|p| ((end.x * p.y - end.y * p.x) / chord).abs()).fold(0.0, f64::max)
    }
}

fn spans_of(spans: usize) -> u32 {
    u32::try_from(spans).unwrap_or(u32::MAX)
}

/// Mean square that the best cubic over `along` leaves of both coordinates.
fn left(span: &[Point], along: impl Fn(usize, &Point) -> f64) -> f64 {
    let at: Vec<f64> = span.iter().enumerate().map(|(number, point)| along(number, point)).collect();
    let (Some(first), Some(last)) = (at.first(), at.last()) else { return 0.0 };
    let (middle, half) = (f64::midpoint(*first, *last), ((last - first) / 2.0).max(1e-9));
    let mut basis: [[f64; SPAN]; TERMS] = [[0.0; SPAN]; TERMS];
    for term in 0..TERMS {
        let mut column = [1.0; SPAN];
        for (value, at) in column.iter_mut().zip(&at) {
            *value = ((at - middle) / half).powi(i32::try_from(term).unwrap_or(0));
        }
        for earlier in &basis[..term] {
            take_away(&mut column, earlier);
        }
        let norm = dot(&column, &column).sqrt().max(1e-12);
        basis[term] = column.map(|value| value / norm);
    }
    let rest = |of: fn(&Point) -> f64| {
        let mut values = [0.0; SPAN];
        for (value, point) in values.iter_mut().zip(span) {
            *value = of(point) - of(&span[0]);
        }
        for term in &basis {
            take_away(&mut values, term);
        }
        dot(&values, &values)
    };
    (rest(|p| p.x) + rest(|p| p.y)) / (2 * (SPAN - TERMS)) as f64
}

fn take_away(values: &mut [f64; SPAN], of: &[f64; SPAN]) {
    let share = dot(values, of);
    for (value, of) in values.iter_mut().zip(of) {
        *value -= share * of;
    }
}

fn dot(a: &[f64; SPAN], b: &[f64; SPAN]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Standard deviation over the mean, ends left out.
fn variation(values: &[f64]) -> f64 {
    let Some(inner) = values.get(1..values.len().saturating_sub(1)).filter(|inner| !inner.is_empty()) else {
        return f64::INFINITY;
    };
    let count = inner.len() as f64;
    let mean = inner.iter().sum::<f64>() / count;
    (inner.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count).sqrt() / mean.max(1e-9)
}

//! Line charts as SVG: axes, ticks, a legend. No script; colours follow a light or dark page, and every series has a mark
//! of its own, so that colour is never needed.

use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 500.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 360.0;
const LEGEND: f64 = 520.0;
const LEGEND_STEP: f64 = 20.0;
/// As many colours and marks as there are classes below.
const LOOKS: usize = 6;
const STYLE: &str = "text{fill:#222}.bg{fill:#fff}.f{fill:none;stroke:#888}.g{stroke:#ddd}\
.l{fill:none;stroke-width:1.8}.d{stroke-dasharray:6 4}\
.c0{stroke:#0b62a4;fill:#0b62a4}.c1{stroke:#b8500a;fill:#b8500a}.c2{stroke:#1a7f37;fill:#1a7f37}\
.c3{stroke:#8a2c91;fill:#8a2c91}.c4{stroke:#7a6200;fill:#7a6200}.c5{stroke:#a3123f;fill:#a3123f}.l,.o{fill:none}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.bg{fill:#16191d}.f{stroke:#777}.g{stroke:#333}\
.c0{stroke:#6cb6ff;fill:#6cb6ff}.c1{stroke:#f69d50;fill:#f69d50}.c2{stroke:#6bc46d;fill:#6bc46d}\
.c3{stroke:#dcbdfb;fill:#dcbdfb}.c4{stroke:#daaa3f;fill:#daaa3f}.c5{stroke:#ff938a;fill:#ff938a}.l,.o{fill:none}}";

/// A line chart.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

/// An axis: the values at its ends, ticks and how values are spaced.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    label: String,
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
    spacing: fn(f64) -> f64,
}

impl Axis {
    /// Even spacing, from 0 to a round number not below any value.
    pub(super) fn linear(label: &str, values: impl Iterator<Item = f64>) -> Self {
        let most = values.filter(|v| v.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let decade = 10_f64.powf((most / 5.0).log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s * 5.0 >= most * (1.0 - 1e-9));
        let step = step.unwrap_or(most);
        let count = (1..=5).find(|n| f64::from(*n) * step >= most * (1.0 - 1e-9)).unwrap_or(5);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
        let digits = (-step.log10()).ceil().max(0.0) as usize;
        let tick = |n: i32| (f64::from(n) * step, format!("{:.digits$}", f64::from(n) * step));
        Self {
            label: label.to_owned(),
            from: 0.0,
            to: f64::from(count) * step,
            ticks: (0..=count).map(tick).collect(),
            spacing: |v| v,
        }
    }

    /// Rates spaced as normal deviates, as a DET curve has them; ticks are shares.
    pub(super) fn deviates(label: &str, ticks: &[f64]) -> Self {
        Self {
            label: label.to_owned(),
            from: ticks.first().copied().unwrap_or(0.01),
            to: ticks.last().copied().unwrap_or(0.5),
            ticks: ticks.iter().map(|t| (*t, format!("{}", (t * 1e6).round() / 1e4))).collect(),
            spacing: deviate,
        }
    }

    fn holds(&self, value: f64) -> bool {
        value >= self.from && value <= self.to
    }

    /// 0 at the beginning of the axis, 1 at its end.
    fn along(&self, value: f64) -> f64 {
        let spacing = self.spacing;
        (spacing(value) - spacing(self.from)) / (spacing(self.to) - spacing(self.from))
    }
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    /// In the order they are joined.
    pub(super) points: Vec<Point>,
    /// Which colour and mark.
    pub(super) look: usize,
    pub(super) dashed: bool,
    /// Whether points bear the mark.
    pub(super) marked: bool,
}

/// A point of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Ringed: the one that ships.
    pub(super) ships: bool,
}

impl Chart {
    /// The chart as an SVG file. Points outside the axes are left out.
    pub(super) fn svg(&self) -> String {
        let title = escape(&self.title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"system-ui,DejaVu Sans,sans-serif\" font-size=\"12\" role=\"img\" \
             aria-label=\"{title}\">\n<style>{STYLE}</style>\n<rect class=\"bg\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{title}</text>\n"
        );
        self.axes(&mut svg);
        for (series, at) in self.series.iter().zip(0_u32..) {
            self.line(&mut svg, series);
            legend(&mut svg, series, TOP + 8.0 + LEGEND_STEP * f64::from(at));
        }
        svg + "</svg>\n"
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (LEFT + self.x.along(x) * (RIGHT - LEFT), BOTTOM - self.y.along(y) * (BOTTOM - TOP))
    }

    fn axes(&self, svg: &mut String) {
        for (value, text) in &self.x.ticks {
            let (x, _) = self.place(*value, self.y.from);
            put(
                svg,
                format_args!("<line class=\"g\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{BOTTOM}\"/>"),
            );
            let y = BOTTOM + 17.0;
            put(svg, format_args!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>"));
        }
        for (value, text) in &self.y.ticks {
            let (_, y) = self.place(self.x.from, *value);
            put(
                svg,
                format_args!("<line class=\"g\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>"),
            );
            let (x, y) = (LEFT - 7.0, y + 4.0);
            put(svg, format_args!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{text}</text>"));
        }
        let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
        put(
            svg,
            format_args!(
                "<rect class=\"f\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\"/>"
            ),
        );
        let (middle, x, y) = (f64::midpoint(LEFT, RIGHT), escape(&self.x.label), escape(&self.y.label));
        put(svg, format_args!("<text x=\"{middle}\" y=\"400\" text-anchor=\"middle\">{x}</text>"));
        let middle = f64::midpoint(TOP, BOTTOM);
        put(
            svg,
            format_args!(
                "<text transform=\"translate(16 {middle}) rotate(-90)\" text-anchor=\"middle\">{y}</text>"
            ),
        );
    }

    fn line(&self, svg: &mut String, series: &Series) {
        let inside = |p: &&Point| self.x.holds(p.x) && self.y.holds(p.y);
        let points: Vec<&Point> = series.points.iter().filter(inside).collect();
        let mut path = String::new();
        for point in &points {
            let (x, y) = self.place(point.x, point.y);
            path += &format!("{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
        }
        stroke(svg, series, &path);
        for point in points {
            let (x, y) = self.place(point.x, point.y);
            if series.marked {
                mark(svg, series.look, x, y);
            }
            if point.ships {
                let look = series.look % LOOKS;
                put(
                    svg,
                    format_args!(
                        "<circle class=\"o c{look}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\" stroke-width=\"1.8\"/>"
                    ),
                );
            }
        }
    }
}

fn put(svg: &mut String, element: std::fmt::Arguments<'_>) {
    // A string takes whatever is written to it.
    let _ = writeln!(svg, "{element}");
}

fn legend(svg: &mut String, series: &Series, y: f64) {
    stroke(svg, series, &format!("M{LEGEND} {y}L{} {y}", LEGEND + 30.0));
    if series.marked {
        mark(svg, series.look, LEGEND + 15.0, y);
    }
    let (x, y, name) = (LEGEND + 38.0, y + 4.0, escape(&series.name));
    put(svg, format_args!("<text x=\"{x}\" y=\"{y}\">{name}</text>"));
}

fn stroke(svg: &mut String, series: &Series, path: &str) {
    if !path.is_empty() {
        let (look, dashed) = (series.look % LOOKS, if series.dashed { " d" } else { "" });
        put(svg, format_args!("<path class=\"c{look} l{dashed}\" d=\"{path}\"/>"));
    }
}

fn mark(svg: &mut String, look: usize, x: f64, y: f64) {
    let look = look % LOOKS;
    let path = match look {
        0 => format!("M{:.1} {y:.1}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", x - 3.5),
        1 => format!("M{:.1} {:.1}h6.4v6.4h-6.4z", x - 3.2, y - 3.2),
        2 => format!("M{x:.1} {:.1}l4 7h-8z", y - 4.5),
        3 => format!("M{x:.1} {:.1}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", y - 4.5),
        4 => format!("M{x:.1} {:.1}l4 -7h-8z", y + 4.5),
        _ => format!("M{:.1} {:.1}l7 7m0 -7l-7 7", x - 3.5, y - 3.5),
    };
    put(svg, format_args!("<path class=\"c{look}\" d=\"{path}\"/>"));
}

/// Text that is neither element nor end of an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The normal deviate below which a share of 0 to 1 lies (Acklam 2003), right to about 1e-9 of itself.
fn deviate(share: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let polynomial = |factors: &[f64], at: f64| factors.iter().fold(0.0, |sum, factor| sum * at + factor);
    if share > 0.5 {
        return -deviate(1.0 - share);
    }
    if share < 0.024_25 {
        let q = (-2.0 * share.max(f64::MIN_POSITIVE).ln()).sqrt();
        return polynomial(&C, q) / polynomial(&D, q);
    }
    let q = share - 0.5;
    q * polynomial(&A, q * q) / polynomial(&B, q * q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_of_known_shares() {
        for (share, expected) in
            [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874), (1e-4, -3.719_016_485)]
        {
            assert!((deviate(share) - expected).abs() < 1e-7, "{share}: {}", deviate(share));
        }
    }

    #[test]
    fn an_axis_ends_at_a_round_number_that_holds_all() {
        for (most, to, last) in [
            (0.85, 1.0, "1.0"),
            (3.27, 4.0, "4"),
            (282.0, 300.0, "300"),
            (0.0, 1.0, "1.0"),
            (2250.0, 2500.0, "2500"),
            (100.0, 100.0, "100"),
        ] {
            let axis = Axis::linear("", [most, f64::NAN].into_iter());
            assert!((axis.to - to).abs() < 1e-9 && axis.holds(most), "{most}: {}", axis.to);
            assert_eq!(axis.ticks.last().unwrap().1, last);
        }
    }

    #[test]
    fn names_are_text() {
        let series =
            Series { name: "<script>&\"".to_owned(), points: vec![], look: 7, dashed: true, marked: true };
        let axis = || Axis::linear("a < b", [1.0].into_iter());
        let svg = Chart { title: "t\"t".to_owned(), x: axis(), y: axis(), series: vec![series] }.svg();
        assert!(
            svg.contains("&lt;script&gt;&amp;&quot;") && svg.contains("a &lt; b") && svg.contains("t&quot;t")
        );
        assert!(!svg.contains("<script") && !svg.contains("NaN"));
    }
}

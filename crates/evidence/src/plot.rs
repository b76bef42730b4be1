//! Drawings as inline SVG: axes, lines, steps, bands, dots, bars, intervals. Text out, nothing else: no script, no address
//! of anything, no colour. The page gives colours to the classes (`live`, `backtest`, `band`, `good`, `bad`, `limit`, `grey`),
//! so that one drawing serves light and dark; no meaning hangs on colour alone.

mod axis;
/// What chance does.
pub mod of_chance;
/// How orders were carried out.
pub mod of_orders;
/// Trades beside their shadows.
pub mod of_pairs;
/// Trades and the account.
pub mod of_trades;
mod shape;

use std::fmt::Write as _;

pub use axis::{Axis, Scale};

/// How wide a drawing is, in its own units.
const WIDTH: f64 = 480.0;
/// How high.
const HEIGHT: f64 = 290.0;

/// What something stands for; a class of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// What happened: solid.
    Live,
    /// What the backtest leads one to expect: dashed.
    Backtest,
    /// Where most of it lies: a light area.
    Band,
    /// The better side.
    Good,
    /// The worse side.
    Bad,
    /// A bound: dotted, with its name at its end.
    Limit,
    /// What is not known, or of no side.
    Grey,
    /// What others decided.
    Dark,
}

impl Style {
    fn class(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Backtest => "backtest",
            Self::Band => "band",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Limit => "limit",
            Self::Grey => "grey",
            Self::Dark => "dark",
        }
    }
}

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Points, joined.
    Line(Style, Vec<(f64, f64)>),
    /// Points, each held until the next.
    Steps(Style, Vec<(f64, f64)>),
    /// From a low to a high value along the way.
    Area(Style, Vec<(f64, f64, f64)>),
    /// Points, each by itself.
    Dots(Style, Vec<(f64, f64)>),
    /// Boxes: from and to across, from and to upwards.
    Bars(Style, Vec<[f64; 4]>),
    /// From a low to a high value at one height, with a dot.
    Interval(Style, f64, [f64; 3]),
    /// A level, all the way across, and its name.
    Level(Style, f64, String),
    /// A place, all the way up, and its name.
    Place(Style, f64, String),
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What it says, in a sentence.
    pub title: String,
    /// The same for those who do not see it, with its figures.
    pub says: String,
    /// Across.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// What is drawn, the first at the back.
    pub marks: Vec<Mark>,
    /// What the styles stand for.
    pub legend: Vec<(Style, &'static str)>,
}

/// Where the axes lie, in units of the drawing.
#[derive(Clone, Copy, Debug)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Plot {
    /// As SVG. `id` is unlike any other on the page.
    pub fn svg(&self, id: &str) -> String {
        let (x, y) = self.ranges();
        let (x, y) = (self.x.fitted(x), self.y.fitted(y));
        let frame = Frame {
            // Values beside the axis have room, and so does what the axis is.
            left: if self.y.scale.is_named() { 212.0 } else { f64::max(62.0, 30.0 + 9.0 * y.widest()) },
            right: WIDTH - 16.0,
            top: 34.0,
            bottom: HEIGHT - 48.0,
        };
        let seat = axis::Seat { frame, x, y };
        let mut out = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escaped(&self.title),
            escaped(&self.says)
        );
        seat.draw(&mut out, &self.x.label, &self.y.label);
        for mark in &self.marks {
            shape::draw(&mut out, &seat, mark);
        }
        self.draw_legend(&mut out, frame);
        out.push_str("</svg>");
        out
    }

    /// From where to where everything lies.
    fn ranges(&self) -> ([f64; 2], [f64; 2]) {
        let mut ranges = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
        for mark in &self.marks {
            for (at, value) in shape::reach(mark) {
                ranges[at][0] = ranges[at][0].min(value);
                ranges[at][1] = ranges[at][1].max(value);
            }
        }
        (ranges[0], ranges[1])
    }

    fn draw_legend(&self, out: &mut String, frame: Frame) {
        let mut at = if self.y.scale.is_named() { 8.0 } else { frame.left };
        for (style, words) in &self.legend {
            let class = style.class();
            if matches!(style, Style::Live | Style::Backtest | Style::Limit) {
                let _ = write!(
                    out,
                    "<line class=\"line {class}\" x1=\"{at:.1}\" x2=\"{:.1}\" y1=\"14\" y2=\"14\"/>",
                    at + 20.0
                );
            } else {
                let _ = write!(
                    out,
                    "<rect class=\"fill {class}\" x=\"{at:.1}\" y=\"8\" width=\"20\" height=\"12\"/>"
                );
            }
            let _ = write!(out, "<text x=\"{:.1}\" y=\"19\">{}</text>", at + 26.0, escaped(words));
            // A letter is about eight units wide, as a phone shows it.
            at += 26.0 + 8.2 * crate::figure::count(words.chars().count()) + 14.0;
        }
    }
}

/// Text that is no markup, whatever stands in it, and holds nothing that is not to be seen.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            // What turns the way of writing hides what stands there.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('\u{fffd}');
            }
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(marks: Vec<Mark>) -> Plot {
        Plot {
            title: "<script>alert(1)</script>".into(),
            says: "\"both\" & 'one'".into(),
            x: Axis::new("trades", Scale::Linear),
            y: Axis::new("sum, R", Scale::Linear),
            marks,
            legend: vec![(Style::Live, "live"), (Style::Band, "90 % of the backtest")],
        }
    }

    #[test]
    fn whatever_is_drawn_is_finite_and_stays_inside() {
        let line = Mark::Line(Style::Live, vec![(1.0, -3.0), (2.0, 5.0), (50.0, 1e9)]);
        let flat = Mark::Steps(Style::Live, vec![(1.0, 2.0)]);
        for marks in [vec![], vec![flat], vec![line, Mark::Level(Style::Limit, 0.0, "none".into())]] {
            let svg = plot(marks).svg("p1");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            for part in svg.split(['"', ' ', ',']).filter_map(|part| part.parse::<f64>().ok()) {
                assert!((-1.0..=f64::max(WIDTH, HEIGHT)).contains(&part), "{part}: {svg}");
            }
        }
    }

    #[test]
    fn text_is_no_markup() {
        let svg = plot(vec![Mark::Level(Style::Limit, 1.0, "<b>".into())]).svg("p1");
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert!(
            svg.contains("&lt;script&gt;") && svg.contains("&quot;both&quot; &amp; &#39;one&#39;"),
            "{svg}"
        );
        assert_eq!(escaped("a\u{202e}b\u{1b}c"), "a\u{fffd}b\u{fffd}c");
    }
}

//! Axes: what is where, and which values are written beside it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{Frame, escaped};
use crate::figure::{count, grouped};
use crate::figures::moments::whole;

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// How many values are written at most.
const TICKS: f64 = 5.0;

/// How values lie along an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, from this value to that one, whatever is drawn.
    Fixed(f64, f64),
    /// Each power of ten as long as the one before; nothing at or below zero is drawn.
    Powers,
    /// Hours of a day, from 0 to 24.
    Hours,
    /// Seconds since 1970, in UTC, written as dates.
    Dates,
    /// Names, the first at 0, each one apart.
    Names(Vec<String>),
}

impl Scale {
    pub(super) fn is_named(&self) -> bool {
        matches!(self, Self::Names(_))
    }
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it is, with its unit.
    pub label: String,
    /// How values lie on it.
    pub scale: Scale,
}

/// An axis with its ends and what is written beside it.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    is_powers: bool,
    is_named: bool,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis.
    pub fn new(label: &str, scale: Scale) -> Self {
        Self { label: label.to_owned(), scale }
    }

    /// The axis, so that everything from here to there fits.
    pub(super) fn fitted(&self, [low, high]: [f64; 2]) -> Fitted {
        let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
        match &self.scale {
            Scale::Linear => linear(low, high),
            Scale::Fixed(from, to) => {
                let mut fitted = Fitted { low: *from, high: *to, ..linear(*from, *to) };
                fitted.ticks.retain(|(value, _)| (*from..=*to).contains(value));
                fitted
            }
            Scale::Hours => Fitted {
                is_powers: false,
                is_named: false,
                low: 0.0,
                high: 24.0,
                ticks: (0..=8).map(|at| (count(at * 3), format!("{:02}", at * 3))).collect(),
            },
            Scale::Powers => powers(low, high),
            Scale::Dates => dates(low, high),
            Scale::Names(names) => Fitted {
                is_powers: false,
                is_named: true,
                low: -0.6,
                high: count(names.len()) - 0.4,
                ticks: names.iter().enumerate().map(|(at, name)| (count(at), name.clone())).collect(),
            },
        }
    }
}

/// A step that people count in, for a span: 1, 2 or 5 times a power of ten.
fn step(span: f64) -> f64 {
    let rough = span / TICKS;
    let power = 10.0_f64.powf(rough.log10().floor());
    let part = rough / power;
    power
        * if part <= 1.0 {
            1.0
        } else if part <= 2.0 {
            2.0
        } else if part <= 5.0 {
            5.0
        } else {
            10.0
        }
}

fn linear(low: f64, high: f64) -> Fitted {
    let room = if high > low { high - low } else { low.abs().max(1.0) };
    let (low, high) = if high > low { (low, high) } else { (low - room / 2.0, high + room / 2.0) };
    let step = step(room);
    let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    let places = whole((-step.log10().floor()).max(0.0));
    let ticks = (0..=whole(((high - low) / step).round()))
        .map(|at| low + step * count(at))
        .map(|value| (value, written(value, places)))
        .collect();
    Fitted { is_powers: false, is_named: false, low, high, ticks }
}

/// A value in few letters; never `-0`.
fn written(value: f64, places: usize) -> String {
    let size = value.abs();
    if size >= 1e9 {
        format!("{value:e}")
    } else if size >= 1e6 {
        format!("{}M", grouped(value / 1e6, 1))
    } else {
        grouped(value, places)
    }
}

fn powers(low: f64, high: f64) -> Fitted {
    let (low, high) = (low.max(1e-6), high.max(low.max(1e-6)));
    let (from, to) = (low.log10().floor(), high.log10().ceil());
    let to = if to > from { to } else { from + 1.0 };
    let all = (0..=whole(to - from)).map(|at| from + count(at));
    // Every power has its line; where there are many, every other one its value.
    let every = if to - from > 6.0 { 2 } else { 1 };
    let ticks = all.enumerate().map(|(at, power)| {
        let value = 10.0_f64.powf(power);
        let places = whole((-power).max(0.0));
        (value, if at % every == 0 { written(value, places) } else { String::new() })
    });
    Fitted {
        is_powers: true,
        is_named: false,
        low: 10.0_f64.powf(from),
        high: 10.0_f64.powf(to),
        ticks: ticks.collect(),
    }
}

fn dates(low: f64, high: f64) -> Fitted {
    let days = ((high - low) / DAY).max(1.0);
    let (low, high) = if high - low < DAY { (low - DAY / 2.0, high + DAY / 2.0) } else { (low, high) };
    let steps = [1.0, 2.0, 7.0, 14.0, 30.0, 60.0, 91.0, 182.0, 365.0, 730.0, 1826.0];
    let step = steps.into_iter().find(|step| days / step <= TICKS).unwrap_or(3652.0) * DAY;
    let first = (low / DAY).ceil() * DAY;
    let format = if days > 300.0 { "%b %Y" } else { "%e %b" };
    let ticks = (0..=whole((high - first).max(0.0) / step)).filter_map(|at| {
        let value = first + step * count(at);
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a date")]
        let at = DateTime::<Utc>::from_timestamp(value as i64, 0)?;
        Some((value, at.format(format).to_string().trim().to_owned()))
    });
    Fitted { is_powers: false, is_named: false, low, high, ticks: ticks.collect() }
}

impl Fitted {
    /// Where a value lies, from 0 to 1; what lies outside at its end.
    fn share(&self, value: f64) -> f64 {
        let (low, high, value) = if self.is_powers {
            (self.low.log10(), self.high.log10(), value.max(self.low).log10())
        } else {
            (self.low, self.high, value)
        };
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// How many letters the longest of the values beside it has.
    pub(super) fn widest(&self) -> f64 {
        count(self.ticks.iter().map(|(_, text)| text.chars().count()).max().unwrap_or_default())
    }

    /// Whether zero lies inside and not at an end.
    fn crosses_zero(&self) -> bool {
        !self.is_powers && !self.is_named && self.low < 0.0 && self.high > 0.0
    }
}

/// Both axes, where they lie.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) frame: Frame,
    pub(super) x: Fitted,
    pub(super) y: Fitted,
}

impl Seat {
    /// Where a value lies across.
    pub(super) fn across(&self, value: f64) -> f64 {
        self.frame.left + (self.frame.right - self.frame.left) * self.x.share(value)
    }

    /// Where a value lies upwards.
    pub(super) fn up(&self, value: f64) -> f64 {
        self.frame.bottom - (self.frame.bottom - self.frame.top) * self.y.share(value)
    }

    /// Lines of the grid, values beside them, and what they are.
    pub(super) fn draw(&self, out: &mut String, x_label: &str, y_label: &str) {
        let Frame { left, right, top, bottom } = self.frame;
        for (value, text) in &self.y.ticks {
            let y = self.up(*value);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left - 6.0,
                y + 4.5,
                escaped(text)
            );
        }
        // Where the words before end: the last value stands to the left of its line, and shall not lie on them.
        let mut taken = f64::NEG_INFINITY;
        for (value, text) in &self.x.ticks {
            let x = self.across(*value);
            let is_last = right - x < 20.0;
            let wide = 8.0 * count(text.chars().count());
            let begins = if is_last { x - wide } else { x - wide / 2.0 };
            let text = if begins < taken { "" } else { text.as_str() };
            taken = f64::max(taken, begins + wide);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom:.1}\" y2=\"{:.1}\"/>\
                 <text class=\"{}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                bottom + 4.0,
                // The last value shall not hang over the edge.
                if is_last { "end" } else { "mid" },
                bottom + 18.0,
                escaped(text)
            );
        }
        if self.y.crosses_zero() {
            let y = self.up(0.0);
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
        }
        if self.x.crosses_zero() {
            let x = self.across(0.0);
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>"
            );
        }
        let _ = write!(
            out,
            "<text class=\"mid label\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            f64::midpoint(left, right),
            bottom + 40.0,
            escaped(x_label)
        );
        if !y_label.is_empty() {
            let middle = f64::midpoint(top, bottom);
            let _ = write!(
                out,
                "<text class=\"mid label\" x=\"14\" y=\"{middle:.1}\" transform=\"rotate(-90 14 {middle:.1})\">{}</text>",
                escaped(y_label)
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{dates, linear, powers, written};

    #[test]
    fn values_beside_an_axis_are_round() {
        let texts = |ticks: Vec<(f64, String)>| ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(linear(-0.3, 1.1).ticks), ["-0.5", "0.0", "0.5", "1.0", "1.5"]);
        assert_eq!(texts(linear(3.0, 3.0).ticks).first().map(String::as_str), Some("1"));
        assert_eq!(texts(powers(0.4, 900.0).ticks), ["0.1", "1", "10", "100", "1,000"]);
        assert_eq!((written(-0.0001, 1), written(12_500.0, 0)), ("0.0".into(), "12,500".into()));
        let month = dates(1_763_856_000.0, 1_766_448_000.0);
        assert_eq!(texts(month.ticks), ["23 Nov", "30 Nov", "7 Dec", "14 Dec", "21 Dec"]);
    }
}

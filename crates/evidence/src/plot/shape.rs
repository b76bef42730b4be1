//! What stands between the axes.

use std::fmt::Write as _;

use super::axis::Seat;
use super::{Mark, Style, escaped};

/// Every value of a mark with the axis that it belongs to: 0 across, 1 upwards.
pub(super) fn reach(mark: &Mark) -> Vec<(usize, f64)> {
    match mark {
        Mark::Line(_, points) | Mark::Steps(_, points) | Mark::Dots(_, points) => {
            points.iter().flat_map(|(x, y)| [(0, *x), (1, *y)]).collect()
        }
        Mark::Area(_, points) => {
            points.iter().flat_map(|(x, low, high)| [(0, *x), (1, *low), (1, *high)]).collect()
        }
        Mark::Bars(_, bars) => bars
            .iter()
            .flat_map(|[left, right, low, high]| [(0, *left), (0, *right), (1, *low), (1, *high)])
            .collect(),
        Mark::Interval(_, y, ends) => ends.iter().map(|x| (0, *x)).chain([(1, *y)]).collect(),
        Mark::Level(_, y, _) => vec![(1, *y)],
        Mark::Place(_, x, _) => vec![(0, *x)],
    }
}

/// Draws a mark.
pub(super) fn draw(out: &mut String, seat: &Seat, mark: &Mark) {
    match mark {
        Mark::Line(style, points) => {
            let points: Vec<_> = points.iter().map(|(x, y)| (seat.across(*x), seat.up(*y))).collect();
            polyline(out, *style, &points);
        }
        Mark::Steps(style, points) => {
            let mut all: Vec<(f64, f64)> = Vec::new();
            for (x, y) in points {
                let (x, y) = (seat.across(*x), seat.up(*y));
                if let Some((_, before)) = all.last().copied() {
                    all.push((x, before));
                }
                all.push((x, y));
            }
            polyline(out, *style, &all);
        }
        Mark::Area(style, points) => {
            let low = points.iter().map(|(x, low, _)| (seat.across(*x), seat.up(*low)));
            let high = points.iter().rev().map(|(x, _, high)| (seat.across(*x), seat.up(*high)));
            let all: Vec<_> = low.chain(high).collect();
            let _ = write!(out, "<polygon class=\"fill {}\" points=\"{}\"/>", style.class(), joined(&all));
        }
        Mark::Dots(style, points) => {
            for (x, y) in points {
                let (x, y) = (seat.across(*x), seat.up(*y));
                let _ = write!(
                    out,
                    "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>",
                    style.class()
                );
            }
        }
        Mark::Bars(style, bars) => {
            for [left, right, low, high] in bars {
                let (left, right) = (seat.across(*left), seat.across(*right));
                let (top, bottom) = (seat.up(*high), seat.up(*low));
                let _ = write!(
                    out,
                    "<rect class=\"fill {}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                    style.class(),
                    left + 0.5,
                    (right - left - 1.0).max(1.0),
                    (bottom - top).max(0.0)
                );
            }
        }
        Mark::Interval(style, y, [low, middle, high]) => {
            let (y, class) = (seat.up(*y), style.class());
            let (low, middle, high) = (seat.across(*low), seat.across(*middle), seat.across(*high));
            let _ = write!(
                out,
                "<line class=\"line {class}\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <circle class=\"dot {class}\" cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"5\"/>"
            );
        }
        Mark::Level(style, y, name) => {
            let (y, right) = (seat.up(*y), seat.frame.right);
            let _ = write!(
                out,
                "<line class=\"line {}\" x1=\"{:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"end halo\" x=\"{right:.1}\" y=\"{:.1}\">{}</text>",
                style.class(),
                seat.frame.left,
                y - 5.0,
                escaped(name)
            );
        }
        Mark::Place(style, x, name) => {
            let x = seat.across(*x);
            let is_right = x > seat.frame.left.midpoint(seat.frame.right);
            let _ = write!(
                out,
                "<line class=\"line {}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
                 <text class=\"{} halo\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                style.class(),
                seat.frame.top,
                seat.frame.bottom,
                if is_right { "end" } else { "start" },
                if is_right { x - 5.0 } else { x + 5.0 },
                // A bound has its name a line lower than what happened.
                seat.frame.top + if *style == Style::Limit { 30.0 } else { 12.0 },
                escaped(name)
            );
        }
    }
}

fn polyline(out: &mut String, style: Style, points: &[(f64, f64)]) {
    match points {
        [(x, y)] => {
            let _ =
                write!(out, "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>", style.class());
        }
        _ => {
            let _ = write!(out, "<polyline class=\"line {}\" points=\"{}\"/>", style.class(), joined(points));
        }
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (x, y) in points {
        let _ = write!(text, "{}{x:.1},{y:.1}", if text.is_empty() { "" } else { " " });
    }
    text
}

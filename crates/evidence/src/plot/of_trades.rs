//! Drawings of trades and of the account: each says in its title what it shows, and nothing of it where there is too little.

use super::{Axis, Mark, Plot, Scale, Style};
use crate::compare::depths::Depth;
use crate::compare::{RateFigures, Reference};
use crate::figure::{count, grouped, grouped_signed};
use crate::series::{Rolling, Sizes, Sum};
use crate::{Figure, Time, Undefined};

/// Fewer trades than this make a table and no drawing.
pub const ENOUGH: usize = 10;
/// At how many places a curve of power is drawn.
const PLACES: usize = 60;
/// How many samples see it: what is usually asked for.
const USUAL_POWER: f64 = 0.8;

/// The middle of the distribution.
const MIDDLE: f64 = 50.0;

/// A figure, and where it falls among what the backtest gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Which figure.
    pub name: &'static str,
    /// The share of samples below it.
    pub percentile: Figure,
}

/// What an account was worth, one point a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// When.
    pub at: Time,
    /// How much, as a statistic.
    pub equity: f64,
    /// How far below its highest point, as a share, never above zero.
    pub fall: f64,
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a date are far below 2^53")]
fn seconds(at: Time) -> f64 {
    at.timestamp() as f64
}

fn days_of(points: &[Worth]) -> String {
    let day = |worth: Option<&Worth>| worth.map_or_else(String::new, |w| w.at.format("%Y-%m-%d").to_string());
    format!("{} to {}", day(points.first()), day(points.last()))
}

/// Equity over time.
pub fn equity(points: &[Worth], currency: &str) -> Option<Plot> {
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let change = last.equity - first.equity;
    let line = points.iter().map(|worth| (seconds(worth.at), worth.equity)).collect();
    Some(Plot {
        title: format!(
            "Equity {} to {} {currency}, {}",
            grouped(first.equity, 2),
            grouped(last.equity, 2),
            grouped_signed(change, 2)
        ),
        says: format!("Equity at {} readings, {}.", points.len(), days_of(points)),
        x: Axis::new("date, UTC", Scale::Dates),
        y: Axis::new(&format!("equity, {currency}"), Scale::Linear),
        marks: vec![Mark::Steps(Style::Live, line)],
        legend: vec![(Style::Live, "live")],
    })
}

/// How far below its highest point equity was, where the guard acts, and how deep so many trades of the backtest fall.
pub fn underwater(points: &[Worth], limits: &[(f64, &str)], by_chance: &[Depth]) -> Option<Plot> {
    if points.len() < 2 {
        return None;
    }
    let deepest = points.iter().map(|worth| worth.fall).fold(0.0, f64::min) * 100.0;
    let now = points.last().map_or(0.0, |worth| worth.fall * 100.0);
    let area = points.iter().map(|worth| (seconds(worth.at), worth.fall * 100.0, 0.0)).collect();
    let line = points.iter().map(|worth| (seconds(worth.at), worth.fall * 100.0)).collect();
    let mut marks = vec![Mark::Area(Style::Bad, area), Mark::Line(Style::Live, line)];
    for (depth, samples) in by_chance.iter().filter_map(|row| Some((row.depth.value()?, row.samples))) {
        marks.push(Mark::Level(
            Style::Backtest,
            -depth * 100.0,
            format!("{:.0} % of samples", samples * 100.0),
        ));
    }
    for (limit, name) in limits {
        marks.push(Mark::Level(Style::Limit, -limit * 100.0, format!("{name} {:.0} %", limit * 100.0)));
    }
    Some(Plot {
        title: format!("{:.1} % below its highest point now, {:.1} % at worst", now.abs(), deepest.abs()),
        says: format!("The fall of equity below its highest point, {}.", days_of(points)),
        x: Axis::new("date, UTC", Scale::Dates),
        y: Axis::new("% of highest equity", Scale::Linear),
        marks,
        legend: if by_chance.is_empty() {
            vec![(Style::Live, "live"), (Style::Limit, "limit")]
        } else {
            vec![(Style::Live, "live"), (Style::Backtest, "no deeper by chance"), (Style::Limit, "limit")]
        },
    })
}

/// What is lost if every stop is hit, as a share of equity, reading by reading, and what the guard allows.
pub fn open_risk(points: &[(Time, f64)], limit: f64) -> Option<Plot> {
    let (from, to) = (points.first()?.0, points.last()?.0);
    if points.len() < 2 {
        return None;
    }
    let most = points.iter().map(|(_, share)| *share).fold(0.0, f64::max) * 100.0;
    let now = points.last().map_or(0.0, |(_, share)| share * 100.0);
    Some(Plot {
        title: format!(
            "{now:.1} % of equity at risk now, {most:.1} % at most, {:.1} % allowed",
            limit * 100.0
        ),
        says: format!(
            "What was at risk at the entry of all that was held, by equity, at {} readings, {} to {}.",
            grouped(count(points.len()), 0),
            from.format("%Y-%m-%d"),
            to.format("%Y-%m-%d")
        ),
        x: Axis::new("date, UTC", Scale::Dates),
        y: Axis::new("% of equity", Scale::Linear),
        marks: vec![
            Mark::Level(Style::Limit, limit * 100.0, format!("allowed {:.1} %", limit * 100.0)),
            Mark::Steps(
                Style::Live,
                points.iter().map(|(at, share)| (seconds(*at), share * 100.0)).collect(),
            ),
        ],
        legend: vec![(Style::Live, "live"), (Style::Limit, "limit")],
    })
}

/// The running sum of trades beside what the backtest leads one to expect.
pub fn running(sums: &[Sum], unit: &str) -> Option<Plot> {
    let last = sums.last().filter(|last| last.trades >= ENOUGH)?;
    let zero = (0.0, 0.0);
    let all = |pick: fn(&Sum) -> Figure| {
        sums.iter()
            .map(|sum| pick(sum).value().map(|value| (count(sum.trades), value)))
            .collect::<Option<Vec<_>>>()
    };
    let mut marks = Vec::new();
    let mut legend = vec![(Style::Live, "live")];
    let mut place = String::from("no backtest is given");
    if let (Some(low), Some(middle), Some(high)) = (all(|s| s.low), all(|s| s.middle), all(|s| s.high)) {
        let area = low.iter().zip(&high).map(|((x, low), (_, high))| (*x, *low, *high));
        marks.push(Mark::Area(Style::Band, std::iter::once((0.0, 0.0, 0.0)).chain(area).collect()));
        marks.push(Mark::Line(Style::Backtest, std::iter::once(zero).chain(middle).collect()));
        legend.extend([(Style::Backtest, "backtest, mean"), (Style::Band, "its 90 % band")]);
        let ends = low.last().map(|(_, y)| *y).zip(high.last().map(|(_, y)| *y));
        if let Some((low, high)) = ends {
            let word = if last.sum < low {
                "below"
            } else if last.sum > high {
                "above"
            } else {
                "inside"
            };
            place =
                format!("{word} the backtest's {} to {}", grouped_signed(low, 1), grouped_signed(high, 1));
        }
    }
    let live = sums.iter().map(|sum| (count(sum.trades), sum.sum));
    marks.push(Mark::Line(Style::Live, std::iter::once(zero).chain(live).collect()));
    Some(Plot {
        title: format!(
            "{} trades came to {} {unit}: {place}",
            grouped(count(last.trades), 0),
            grouped_signed(last.sum, 2)
        ),
        says: format!("The running sum of {} trades in {unit}.", grouped(count(last.trades), 0)),
        x: Axis::new("trades closed", Scale::Linear),
        y: Axis::new(&format!("sum, {unit}"), Scale::Linear),
        marks,
        legend,
    })
}

/// How trades came out, by size.
pub fn sizes(sizes: &Sizes, unit: &str) -> Option<Plot> {
    let all: usize = sizes.bins.iter().map(|bin| bin.trades).sum();
    if all < ENOUGH {
        return None;
    }
    let bars = |is_in: fn(f64) -> bool| -> Vec<[f64; 4]> {
        let bins = sizes.bins.iter().filter(|bin| is_in(f64::midpoint(bin.from, bin.to)));
        bins.map(|bin| [bin.from, bin.to, 0.0, count(bin.trades)]).collect()
    };
    let lost: usize = sizes.bins.iter().filter(|bin| bin.to <= 0.0).map(|bin| bin.trades).sum();
    let clipped = sizes.clipped_below + sizes.clipped_above;
    let ends =
        if clipped == 0 { String::new() } else { format!("; {clipped} beyond the ends, counted there") };
    Some(Plot {
        title: format!(
            "{} of {} trades came out below zero{ends}",
            grouped(count(lost), 0),
            grouped(count(all), 0)
        ),
        says: format!("{all} trades by what they came to, in {unit}."),
        x: Axis::new(unit, Scale::Linear),
        y: Axis::new("trades", Scale::Linear),
        marks: vec![Mark::Bars(Style::Bad, bars(|x| x < 0.0)), Mark::Bars(Style::Good, bars(|x| x >= 0.0))],
        legend: vec![(Style::Bad, "below zero"), (Style::Good, "zero and above")],
    })
}

/// Win rate of the last trades, as it went.
pub fn rolling_win_rate(all: &[Rolling], window: usize, backtest: Figure) -> Option<Plot> {
    rolling(
        all,
        window,
        backtest.map(|rate| rate * 100.0),
        |one| one.win_rate.map(|rate| rate * 100.0),
        "win rate",
        "%",
    )
}

/// Mean of the last trades, as it went.
pub fn rolling_expectancy(all: &[Rolling], window: usize, backtest: Figure, unit: &str) -> Option<Plot> {
    rolling(all, window, backtest, |one| one.expectancy, "expectancy", unit)
}

fn rolling(
    all: &[Rolling],
    window: usize,
    backtest: Figure,
    pick: fn(&Rolling) -> Figure,
    name: &str,
    unit: &str,
) -> Option<Plot> {
    let points: Vec<(f64, f64)> =
        all.iter().filter_map(|one| Some((count(one.trades), pick(one).value()?))).collect();
    let (_, last) = points.last().filter(|_| points.len() > 1)?;
    let mut marks = vec![Mark::Line(Style::Live, points.clone())];
    let mut legend = vec![(Style::Live, "live")];
    if let Figure::Is(value) = backtest {
        marks.insert(0, Mark::Level(Style::Backtest, value, String::new()));
        legend.push((Style::Backtest, "backtest"));
    }
    let places = if unit == "%" { 0 } else { 2 };
    Some(Plot {
        title: format!("The last {window} trades: {name} {} {unit}", grouped(*last, places)),
        says: format!("The {name} of {window} trades at a time, up to trade {}.", all.last()?.trades),
        x: Axis::new("trades closed", Scale::Linear),
        y: Axis::new(&format!("{name} of {window}, {unit}"), Scale::Linear),
        marks,
        legend,
    })
}

/// Where figures fall among what the backtest gives for as many trades.
pub fn places(rows: &[Placed], trades: usize, samples: usize) -> Option<Plot> {
    let placed: Vec<(f64, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(at, row)| Some((row.percentile.value()? * 100.0, count(rows.len() - 1 - at))))
        .collect();
    if placed.is_empty() || trades < ENOUGH {
        return None;
    }
    let (bottom, top) = (-0.6, count(rows.len()) - 0.4);
    let outside = placed.iter().filter(|(share, _)| !(2.5..=97.5).contains(share)).count();
    let area = |style, low: f64, high: f64| Mark::Bars(style, vec![[low, high, bottom, top]]);
    let place = |at: f64| Mark::Line(Style::Limit, vec![(at, bottom), (at, top)]);
    Some(Plot {
        title: match outside {
            0 => format!(
                "No figure of {} trades lies in the outermost 5 % of the backtest",
                grouped(count(trades), 0)
            ),
            1 => format!("1 of {} figures lies in the outermost 5 % of the backtest", placed.len()),
            _ => format!("{outside} of {} figures lie in the outermost 5 % of the backtest", placed.len()),
        },
        says: format!(
            "Where the live figures fall among {} samples of {trades} trades of the backtest.",
            grouped(count(samples), 0)
        ),
        x: Axis::new("percentile in the backtest's samples", Scale::Fixed(0.0, 100.0)),
        y: Axis::new("", Scale::Names(rows.iter().rev().map(|row| row.name.to_owned()).collect())),
        marks: vec![
            area(Style::Band, 10.0, 90.0),
            place(2.5),
            place(97.5),
            Mark::Line(Style::Backtest, vec![(MIDDLE, bottom), (MIDDLE, top)]),
            Mark::Dots(Style::Live, placed),
        ],
        legend: vec![
            (Style::Live, "live"),
            (Style::Backtest, "median"),
            (Style::Band, "10 to 90 %"),
            (Style::Limit, "2.5, 97.5 %"),
        ],
    })
}

/// How often so many trades show that there is an edge, if there is the backtest's.
pub fn power(reference: &Reference, trades: usize) -> Option<Plot> {
    let now = reference.expectancy_power(trades);
    let (value, enough) = (now.value.value()?, now.trades_for_80.value()?);
    let most = f64::max(enough * 1.4, count(trades) * 1.2);
    let points: Vec<(f64, f64)> = (1..=PLACES)
        .filter_map(|at| {
            let n = most * count(at) / count(PLACES);
            let power = reference.expectancy_power(crate::figures::moments::whole(n)).value.value()?;
            Some((n, power * 100.0))
        })
        .collect();
    Some(Plot {
        title: format!(
            "{} trades see the backtest's edge in {:.0} % of cases; {} in 80 %",
            grouped(count(trades), 0),
            value * 100.0,
            grouped(enough, 0)
        ),
        says: format!(
            "The chance that a sample shows {} to be above zero, by the number of trades.",
            now.to_see
        ),
        x: Axis::new("trades closed", Scale::Linear),
        y: Axis::new("% of samples that see it", Scale::Fixed(0.0, 100.0)),
        marks: vec![
            Mark::Level(Style::Limit, USUAL_POWER * 100.0, "80 %".into()),
            Mark::Line(Style::Backtest, points),
            Mark::Dots(Style::Live, vec![(count(trades), value * 100.0)]),
        ],
        legend: vec![(Style::Backtest, "power"), (Style::Live, "now")],
    })
}

/// Trades of each window of time until now, and what the backtest leads one to expect of one. The first may be cut short.
pub fn rate(windows: &[(Time, usize)], days: f64, until: Time, per_week: Figure) -> Option<Plot> {
    let all: usize = windows.iter().map(|(_, trades)| trades).sum();
    if all < ENOUGH || windows.len() < 2 {
        return None;
    }
    let width = days * 86_400.0;
    let bars = windows.iter().map(|(from, trades)| {
        let from = seconds(*from);
        [from + width * 0.1, from + width * 0.9, 0.0, count(*trades)]
    });
    let mut marks = vec![Mark::Bars(Style::Live, bars.collect())];
    let mut legend = vec![(Style::Live, "live")];
    let weeks = (seconds(until) - windows.first().map_or(0.0, |(from, _)| seconds(*from))) / 604_800.0;
    let mean = count(all) / weeks * days / 7.0;
    let mut title = format!("{mean:.1} trades in {days:.0} days on average");
    if let Figure::Is(weekly) = per_week {
        let expected = weekly * days / 7.0;
        let figures = RateFigures::of(all, weeks, weekly, 1.0);
        let chance = figures.chance_of_more.value().zip(figures.chance_of_less.value());
        let chance = chance.map_or(Figure::none(Undefined::NoTime), |(more, less)| more.min(less).into());
        marks.push(Mark::Level(Style::Backtest, expected, String::new()));
        legend.push((Style::Backtest, "backtest"));
        title = format!(
            "{mean:.1} trades in {days:.0} days where the backtest has {expected:.1}: so far off by chance {chance:.4}"
        );
    }
    Some(Plot {
        title,
        says: format!("{all} trades in {} windows of {days:.0} days.", windows.len()),
        x: Axis::new("date, UTC", Scale::Dates),
        y: Axis::new("trades closed", Scale::Linear),
        marks,
        legend,
    })
}

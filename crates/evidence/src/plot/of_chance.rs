//! Drawings of what chance does: tests for those who look every day, losing streaks, how figures are spread over samples of a
//! backtest, and trades beside those of the backtest.

use super::of_trades::ENOUGH;
use super::{Axis, Mark, Plot, Scale, Style};
use crate::bands::Metric;
use crate::compare::Chances;
use crate::compare::sequential::{ALARM, LOOK, Look, Sprt};
use crate::compare::spreads::Spread;
use crate::compare::streak::Chance;
use crate::figure::{count, grouped};
use crate::series::Beside;

fn trades(n: usize) -> String {
    format!("{} trades", grouped(count(n), 0))
}

/// Log evidence that the win rate fell, trade by trade; `most`: the largest of all looks, also of those that are not drawn.
pub fn e_process(looks: &[Look], most: f64) -> Option<Plot> {
    let last = looks.last().filter(|last| last.trades >= ENOUGH)?;
    let says = if most >= ALARM {
        "an alarm"
    } else if most >= LOOK {
        "to be looked at"
    } else {
        "no sign of a fall"
    };
    Some(Plot {
        title: format!("Evidence that the win rate fell: {} at most, {says}", grouped(most, 2)),
        says: format!(
            "Log evidence that the win rate is below the backtest's, over {}, now {:+.2}. At {ALARM} (log {:.2}) it is an \
             alarm of 5 % however often one looks, at {LOOK} (log {:.2}) it is to be looked at.",
            trades(last.trades),
            last.ln_e,
            ALARM.ln(),
            LOOK.ln()
        ),
        x: Axis::new("trades closed", Scale::Linear),
        y: Axis::new("log evidence (e-process)", Scale::Linear),
        marks: vec![
            Mark::Level(Style::Limit, ALARM.ln(), format!("alarm: {ALARM:.0} to 1")),
            Mark::Level(Style::Limit, LOOK.ln(), format!("look: {LOOK:.0} to 1")),
            Mark::Line(Style::Live, looks.iter().map(|look| (count(look.trades), look.ln_e)).collect()),
        ],
        legend: vec![(Style::Live, "live"), (Style::Limit, "boundary")],
    })
}

/// The sequential test between the backtest's win rate and the one that comes out even.
pub fn sprt(looks: &[Look], test: &Sprt) -> Option<Plot> {
    let last = looks.last().filter(|last| last.trades >= ENOUGH)?;
    let rates = format!("{:.0} or {:.0} %", test.p0 * 100.0, test.p1 * 100.0);
    let found = if last.sprt >= test.upper {
        "decided for the lower one"
    } else if last.sprt <= test.lower {
        "decided for the backtest's"
    } else {
        "not decided yet"
    };
    Some(Plot {
        title: format!("Does it win in {rates} of trades? {found}, after {}", trades(test.after)),
        says: format!(
            "The sequential probability ratio test of the win rate over {}, at {:+.2}; it is decided at {:+.2} or {:+.2}, \
             wrong in 5 % of cases on either side.",
            trades(last.trades),
            last.sprt,
            test.upper,
            test.lower
        ),
        x: Axis::new("trades closed", Scale::Linear),
        y: Axis::new("log likelihood ratio", Scale::Linear),
        marks: vec![
            Mark::Level(Style::Limit, test.upper, format!("{:.0} %: it comes out even", test.p1 * 100.0)),
            Mark::Level(Style::Limit, test.lower, format!("{:.0} %: as in the backtest", test.p0 * 100.0)),
            Mark::Line(Style::Live, looks.iter().map(|look| (count(look.trades), look.sprt)).collect()),
        ],
        legend: vec![(Style::Live, "live"), (Style::Limit, "boundary")],
    })
}

/// How long the longest losing streak of so many trades is by chance, the live one, and where the guard acts.
pub fn streaks(of: &Chances, limit: usize) -> Option<Plot> {
    let (n, longest, now) = (of.trades, of.longest, of.now);
    if n < ENOUGH {
        return None;
    }
    let chances = &of.streaks;
    let of = |pick: fn(&Chance) -> Option<f64>| -> Option<Vec<(f64, f64)>> {
        chances.iter().map(|row| Some((count(row.length), pick(row)? * 100.0))).collect()
    };
    let independent = of(|row| row.independent.value())?;
    let clustered = of(|row| row.clustered.value());
    let usual = clustered.as_ref().unwrap_or(&independent);
    let so_long: f64 = usual.iter().filter(|(length, _)| *length >= count(longest)).map(|(_, p)| p).sum();
    let mut marks = Vec::new();
    let mut legend = vec![(Style::Live, "live")];
    if let Some(clustered) = &clustered {
        let bars = clustered.iter().map(|(length, p)| [f64::max(length - 0.5, 0.0), length + 0.5, 0.0, *p]);
        marks.push(Mark::Bars(Style::Band, bars.collect()));
        legend.push((Style::Band, "losses follow losses"));
    }
    marks.push(Mark::Line(Style::Backtest, independent));
    legend.push((Style::Backtest, "independent"));
    if chances.last().is_some_and(|last| last.length >= limit) {
        marks.push(Mark::Place(Style::Limit, count(limit), format!("the guard stops: {limit}")));
    }
    marks.push(Mark::Place(Style::Live, count(longest), format!("longest: {longest}, now {now}")));
    Some(Plot {
        title: format!(
            "{longest} losses in a row at most: so many or more in {so_long:.0} % of samples of {}",
            trades(n)
        ),
        says: format!(
            "How long the longest losing streak of {} is by chance, exactly. The live one is {longest}, the one under way {now}; \
             the guard acts at {limit}.",
            trades(n)
        ),
        x: Axis::new("losses in a row", Scale::Linear),
        y: Axis::new("% of samples", Scale::Linear),
        marks,
        legend,
    })
}

/// How one figure is spread over samples of the backtest, and the live one.
pub fn spread(of: &Spread, n: usize) -> Option<Plot> {
    let (live, percentile) = (of.live.value()?, of.percentile.value()?);
    if n < ENOUGH {
        return None;
    }
    let name = of.metric.words();
    let is_whole = of.metric == Metric::LongestLosingStreak;
    let is_share = of.metric == Metric::WinRate;
    let scaled = |x: f64| if is_share { x * 100.0 } else { x };
    let told = if is_whole {
        grouped(live, 0)
    } else if is_share {
        format!("{} %", grouped(live * 100.0, 1))
    } else {
        grouped(live, 2)
    };
    let bars = |pick: fn(&crate::compare::spreads::Part) -> Option<f64>| -> Option<Vec<[f64; 4]>> {
        of.parts
            .iter()
            .map(|part| Some([scaled(part.from), scaled(part.to), 0.0, pick(part)? * 100.0]))
            .collect()
    };
    let independent = bars(|part| part.independent.value())?;
    let clustered = bars(|part| part.clustered.value());
    let mut marks = Vec::new();
    let mut legend = Vec::new();
    if let Some(clustered) = clustered {
        marks.push(Mark::Bars(Style::Band, clustered));
        legend.push((Style::Band, "clustered"));
    }
    // The outline of bars: up at the left end of each, and held to its right end.
    let mut outline: Vec<(f64, f64)> = independent.iter().map(|[from, _, _, high]| (*from, *high)).collect();
    outline.extend(independent.last().map(|[_, to, _, high]| (*to, *high)));
    marks.push(Mark::Steps(Style::Backtest, outline));
    marks.push(Mark::Place(Style::Live, scaled(live), format!("live: {told}")));
    legend.extend([(Style::Backtest, "independent"), (Style::Live, "live")]);
    let unit = if is_share { ", %" } else { "" };
    Some(Plot {
        title: format!("{} {told}: more than {:.1} % of samples", capital(name), percentile * 100.0),
        says: format!(
            "How the {name} is spread over samples of {} of the backtest, each by itself and clustered; the live one is {told}, \
             at the {:.1} % place. What lies beyond the ends is counted there.",
            trades(n),
            percentile * 100.0
        ),
        x: Axis::new(&format!("{name}{unit}"), Scale::Linear),
        y: Axis::new("% of samples", Scale::Linear),
        marks,
        legend,
    })
}

/// Words with a capital at their beginning.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Live trades over the backtest's, by size.
pub fn beside(sizes: &Beside, unit: &str) -> Option<Plot> {
    if sizes.trades < ENOUGH {
        return None;
    }
    let live = sizes.shares.iter().map(|bin| [bin.from, bin.to, 0.0, bin.live * 100.0]).collect();
    let mut outline: Vec<(f64, f64)> =
        sizes.shares.iter().map(|bin| (bin.from, bin.backtest * 100.0)).collect();
    outline.extend(sizes.shares.last().map(|bin| (bin.to, bin.backtest * 100.0)));
    let lost = |pick: fn(&crate::series::Shares) -> f64| {
        sizes.shares.iter().filter(|bin| bin.to <= 0.0).map(pick).sum::<f64>() * 100.0
    };
    let beyond = sizes.clipped + sizes.backtest_clipped;
    let clipped = if beyond == 0 {
        String::new()
    } else {
        format!(
            " Beyond the ends, and counted there: {} live, {} of the backtest.",
            grouped(count(sizes.clipped), 0),
            grouped(count(sizes.backtest_clipped), 0)
        )
    };
    Some(Plot {
        title: format!(
            "{:.0} % of live trades came out below zero, {:.0} % of the backtest's",
            lost(|bin| bin.live),
            lost(|bin| bin.backtest)
        ),
        says: format!(
            "The share of trades by what they came to, in {unit}: {} live over {} of the backtest.{clipped}",
            trades(sizes.trades),
            grouped(count(sizes.backtest_trades), 0)
        ),
        x: Axis::new(&format!("result of a trade, {unit}"), Scale::Linear),
        y: Axis::new("% of trades", Scale::Linear),
        marks: vec![Mark::Bars(Style::Live, live), Mark::Steps(Style::Backtest, outline)],
        legend: vec![(Style::Live, "live"), (Style::Backtest, "backtest")],
    })
}

/// Sizes below which the same share of trades lies, live against the backtest: on the line they are alike.
pub fn quantiles(sizes: &Beside, unit: &str) -> Option<Plot> {
    if sizes.trades < ENOUGH {
        return None;
    }
    let points: Vec<(f64, f64)> =
        sizes.quantiles.iter().filter_map(|row| Some((row.backtest.value()?, row.live.value()?))).collect();
    let ends = points.iter().flat_map(|(x, y)| [*x, *y]);
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    let apart = |is_in: fn(f64) -> bool| {
        let all: Vec<f64> = points.iter().filter(|(x, _)| is_in(*x)).map(|(x, y)| y - x).collect();
        crate::figures::moments::mean(&all).ok()
    };
    let told = |apart: Option<f64>| {
        apart.map_or_else(|| "unknown".to_owned(), |apart| crate::figure::grouped_signed(apart, 2))
    };
    Some(Plot {
        title: format!(
            "Losses differ by {} {unit} from the backtest's on average, wins by {}",
            told(apart(|x| x < 0.0)),
            told(apart(|x| x > 0.0))
        ),
        says: format!(
            "Sizes of trades at {} shares from 5 to 95 %, live upwards against the backtest across, in {unit}. Below the line \
             live is worse.",
            points.len()
        ),
        x: Axis::new(&format!("backtest, {unit}"), Scale::Linear),
        y: Axis::new(&format!("live, {unit}"), Scale::Linear),
        marks: vec![
            Mark::Line(Style::Backtest, vec![(low, low), (high, high)]),
            Mark::Dots(Style::Live, points),
        ],
        legend: vec![(Style::Live, "live"), (Style::Backtest, "alike")],
    })
}

//! Drawings of how orders were carried out, and of what became of signals.

use super::{Axis, Mark, Plot, Scale, Style};
use crate::Time;
use crate::execution::drift::is_enough;
use crate::execution::{CostVerdict, Drift, Hour, Quality, StepTimes};
use crate::figure::{count, grouped, grouped_signed};

/// The mean cost of each class, with the worse half that is still possible, beside the model.
pub fn costs(all: &[CostVerdict]) -> Option<Plot> {
    let judged: Vec<(&CostVerdict, f64)> =
        all.iter().filter_map(|verdict| Some((verdict, verdict.mean.value()?))).collect();
    let worst = judged.iter().map(|(v, mean)| (v.model.class, mean - v.model.expected));
    let (class, over) = worst.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut marks = Vec::new();
    for (at, (verdict, mean)) in judged.iter().enumerate() {
        let y = count(judged.len() - 1 - at);
        let (model, high) = (verdict.model.expected, verdict.upper_90.value().unwrap_or(*mean));
        let bound = 1.25 * model;
        marks.push(Mark::Bars(Style::Band, vec![[0.0, bound, y - 0.3, y + 0.3]]));
        marks.push(Mark::Line(Style::Backtest, vec![(model, y - 0.3), (model, y + 0.3)]));
        marks.push(Mark::Interval(Style::Live, y, [2.0 * mean - high, *mean, high]));
    }
    let name =
        |(verdict, _): &(&CostVerdict, f64)| format!("{} ({} orders)", verdict.model.class, verdict.orders);
    Some(Plot {
        title: format!("Dearest beside its model: {class}, {} basis points on average", grouped_signed(over, 1)),
        says: "The mean cost of filled orders against the decision price, by class, with its 80 % interval; the model, and one \
               and a quarter of it."
            .into(),
        x: Axis::new("basis points; more is worse", Scale::Linear),
        y: Axis::new("", Scale::Names(judged.iter().rev().map(name).collect())),
        marks,
        legend: vec![
            (Style::Live, "mean, 80 %"),
            (Style::Backtest, "model"),
            (Style::Band, "allowed, 1.25 times"),
        ],
    })
}

/// Half of the orders of each class, the worst twentieth, and the worst.
pub fn slippage(all: &[Quality]) -> Option<Plot> {
    let known: Vec<(String, f64, f64, f64)> = all
        .iter()
        .filter_map(|of| {
            let cost = &of.decision;
            let name = of.class.map_or_else(|| "all".to_owned(), |class| class.to_string());
            let name = format!("{name} ({} orders)", cost.orders);
            Some((name, cost.median.value()?, cost.p95.value()?, cost.worst.value()?))
        })
        .collect();
    let (_, median, _, worst) = known.first()?;
    let row = |at: usize| count(known.len() - 1 - at);
    let all = known.iter().enumerate();
    Some(Plot {
        title: format!(
            "Half of the orders cost no more than {} basis points, the worst {}",
            grouped_signed(*median, 1),
            grouped_signed(*worst, 1)
        ),
        says: "The fill against the decision price by class: median, 95 % quantile, worst.".into(),
        x: Axis::new("basis points; more is worse", Scale::Linear),
        y: Axis::new("", Scale::Names(known.iter().rev().map(|row| row.0.clone()).collect())),
        marks: all
            .flat_map(|(at, (_, median, p95, worst))| {
                let y = row(at);
                [
                    Mark::Line(Style::Grey, vec![(*median, y), (*worst, y)]),
                    Mark::Bars(Style::Band, vec![[*median, *p95, y - 0.22, y + 0.22]]),
                    Mark::Dots(Style::Live, vec![(*median, y)]),
                ]
            })
            .collect(),
        legend: vec![(Style::Live, "median"), (Style::Band, "to 95 %"), (Style::Grey, "to the worst")],
    })
}

/// How long each step took.
pub fn chain(all: &[StepTimes]) -> Option<Plot> {
    // On a scale of powers nothing is nothing: what took no time is drawn at a thousandth of a millisecond's neighbour.
    let known: Vec<(String, f64, f64, f64)> = all
        .iter()
        .filter_map(|step| {
            let at = |figure: crate::Figure| figure.value().map(|ms| f64::max(ms / 1000.0, 0.001));
            let name = step.step.words().to_owned();
            Some((name, at(step.p50)?, at(step.p95)?, at(step.longest)?))
        })
        .collect();
    let slowest = known.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let row = |at: usize| count(known.len() - 1 - at);
    Some(Plot {
        title: format!("Slowest step at 95 %: {}, {} s", slowest.0, grouped(slowest.2, 2)),
        says: "How long each step of an order took: median, 95 % quantile, longest, in seconds.".into(),
        x: Axis::new("seconds, each line ten times the last", Scale::Powers),
        y: Axis::new("", Scale::Names(known.iter().rev().map(|row| row.0.clone()).collect())),
        marks: known
            .iter()
            .enumerate()
            .flat_map(|(at, (_, median, p95, longest))| {
                let y = row(at);
                [
                    Mark::Line(Style::Grey, vec![(*median, y), (*longest, y)]),
                    Mark::Bars(Style::Band, vec![[*median, *p95, y - 0.22, y + 0.22]]),
                    Mark::Dots(Style::Live, vec![(*median, y)]),
                ]
            })
            .collect(),
        legend: vec![(Style::Live, "median"), (Style::Band, "to 95 %"), (Style::Grey, "to the longest")],
    })
}

/// Costs beyond the model, order by order: a rolling mean with its limits.
pub fn drift(of: &Drift) -> Option<Plot> {
    let limit = of.limit.value().filter(|_| is_enough(of.orders))?;
    let now = of.rolling.value()?;
    let place = if now > limit {
        "above its limit"
    } else if now < -limit {
        "below its limit"
    } else {
        "within its limits"
    };
    let points = of.rows.iter().map(|row| (count(row.number), row.rolling)).collect();
    Some(Plot {
        title: format!("Cost beyond the model is {} basis points of late, {place}", grouped_signed(now, 1)),
        says: format!(
            "The rolling mean of cost less model over the last {} of {} filled orders, in basis points; while nothing drifts it \
             lies between {} and {}.",
            grouped(count(of.rows.len()), 0),
            grouped(count(of.orders), 0),
            grouped_signed(-limit, 1),
            grouped_signed(limit, 1)
        ),
        x: Axis::new("filled orders", Scale::Linear),
        y: Axis::new("basis points beyond the model", Scale::Linear),
        marks: vec![
            Mark::Level(Style::Limit, limit, "drifts upwards".into()),
            Mark::Level(Style::Limit, -limit, "downwards".into()),
            Mark::Level(Style::Backtest, 0.0, String::new()),
            Mark::Line(Style::Live, points),
        ],
        legend: vec![(Style::Live, "rolling mean"), (Style::Backtest, "model"), (Style::Limit, "3 sd")],
    })
}

/// What orders cost at each hour of the day: one dot an order, and the middle of each hour.
pub fn hours(of: &Drift, hours: &[Hour]) -> Option<Plot> {
    let dearest = hours.iter().filter_map(|hour| Some((hour.hour, hour.median.value()?)));
    let (hour, median) = dearest.max_by(|one, other| one.1.total_cmp(&other.1))?;
    if !is_enough(of.orders) {
        return None;
    }
    let mut marks = vec![Mark::Dots(Style::Grey, of.rows.iter().map(|row| (row.hour(), row.cost)).collect())];
    marks.extend(hours.iter().filter_map(|hour| {
        let (from, median) = (f64::from(hour.hour), hour.median.value()?);
        Some(Mark::Line(Style::Live, vec![(from, median), (from + 1.0, median)]))
    }));
    Some(Plot {
        title: format!(
            "Dearest hour: {hour:02}:00 UTC, {} basis points in the middle",
            grouped_signed(median, 1)
        ),
        says: format!(
            "The cost of the last {} filled orders against the decision price by the hour of their first fill, and the median of \
             each hour over {}.",
            grouped(count(of.rows.len()), 0),
            grouped(count(hours.iter().map(|hour| hour.orders).sum()), 0)
        ),
        x: Axis::new("hour of the day, UTC", Scale::Hours),
        y: Axis::new("basis points; more is worse", Scale::Linear),
        marks,
        legend: vec![(Style::Grey, "an order"), (Style::Live, "median of the hour")],
    })
}

/// What can become of a signal, in the order in which [`signals`] counts it.
const ENDS: [(Style, &str, &str); 5] = [
    (Style::Good, "done", "carried out"),
    (Style::Bad, "denied", "denied by us"),
    (Style::Dark, "refused", "refused by the broker"),
    (Style::Grey, "expired", "expired or not sent"),
    (Style::Band, "open", "not over yet"),
];

/// What became of the signals of each window: carried out, denied by our guard, refused by the broker, expired or not sent, and
/// not over yet.
pub fn signals(windows: &[(Time, [usize; 5])], days: f64) -> Option<Plot> {
    let sum = |at: usize| windows.iter().map(|(_, counts)| counts[at]).sum::<usize>();
    let sums: Vec<usize> = (0..ENDS.len()).map(sum).collect();
    let all: usize = sums.iter().sum();
    if windows.len() < 2 || all == 0 {
        return None;
    }
    let width = days * 86_400.0;
    let bars = |of: usize| {
        let one = |(from, counts): &(Time, [usize; 5])| {
            #[expect(clippy::cast_precision_loss, reason = "seconds of a date are far below 2^53")]
            let from = from.timestamp() as f64;
            let low = count(counts[..of].iter().sum());
            (counts[of] > 0).then(|| [from + width * 0.1, from + width * 0.9, low, low + count(counts[of])])
        };
        Mark::Bars(ENDS[of].0, windows.iter().filter_map(one).collect())
    };
    let told = ENDS.iter().zip(&sums).filter(|(_, sum)| **sum > 0);
    let legend: Vec<(Style, &'static str)> =
        told.clone().map(|((style, word, _), _)| (*style, *word)).collect();
    let told: Vec<String> =
        told.map(|((.., words), sum)| format!("{} {words}", grouped(count(*sum), 0))).collect();
    Some(Plot {
        title: format!("{} signals: {}", grouped(count(all), 0), told.join(", ")),
        says: format!("What became of signals, in {} windows of {days:.0} days.", windows.len()),
        x: Axis::new("date, UTC", Scale::Dates),
        y: Axis::new("signals", Scale::Linear),
        marks: (0..ENDS.len()).map(bars).collect(),
        legend,
    })
}

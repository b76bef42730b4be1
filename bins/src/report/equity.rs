//! What the account was worth, at every reading that the journal has of the beginning of a day, and now.

use std::collections::BTreeMap;

use broker_api::{Amount, NonTradeKind, Record, Time};
use chrono::Datelike as _;
use evidence::compare::depths::{Depth, depths};
use evidence::figures::equity::underwater;
use evidence::ledger::number;
use evidence::plot::of_trades::{Worth, equity, open_risk, underwater as fallen};
use evidence::{Conventions, EquityFigures, EquityPoint, Figure};
use serde::Serialize;

use super::against::References;
use super::blocks::Form;
use super::{Block, Known, Look, Section, Seen};
use crate::failure::Failure;

/// At how many places a long series is told.
const PLACES: usize = 250;

/// One reading.
#[derive(Clone, Debug, Serialize)]
struct Point {
    at: Time,
    equity: Amount,
    /// What was paid in since the reading before, less what was paid out.
    flow: Amount,
    /// What was at risk at the entry of all that was held.
    at_risk: Amount,
}

/// What the account was worth.
#[derive(Debug, Serialize)]
pub struct Worths {
    currency: Known<String>,
    now: Known<Amount>,
    high_water: Known<Amount>,
    readings: usize,
    figures: Known<EquityFigures>,
    drawdown_reduce: Figure,
    drawdown_flatten: Figure,
    open_risk_allowed: Figure,
    drawdown_by_chance: Vec<Depth>,
    /// No more than some hundred of the readings, the first and the last among them.
    points: Vec<Point>,
    #[serde(skip)]
    every: Vec<Point>,
}

impl Worths {
    pub(super) fn of(seen: &Seen<'_>, references: &mut References) -> Result<Self, Failure> {
        let book = &seen.reading.book;
        let every = readings(seen);
        let rows: Vec<EquityPoint> = every
            .iter()
            .map(|point| EquityPoint { at: point.at, equity: point.equity.get(), flow: point.flow.get() })
            .collect();
        // Saturdays and Sundays have readings where something trades every day.
        let is_all_days = every.iter().any(|point| point.at.weekday().number_from_monday() > 5);
        let conventions = if is_all_days { Conventions::ALL_DAYS } else { Conventions::BUSINESS_DAYS };
        let figures = match EquityFigures::of(&rows, conventions) {
            Ok(figures) => Known::Is(figures),
            Err(why) => Known::not(why.words()),
        };
        let step = every.len().div_ceil(PLACES).max(1);
        let last = every.len().saturating_sub(1);
        let thinned = every.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
        let limits = &seen.place.loaded.config.limits;
        let share =
            |percent: broker_api::Ratio| number(percent.get() / rust_decimal::Decimal::ONE_HUNDRED).into();
        let highest = book.guard().high_water.map(Amount::get);
        let reference = references.of(seen, &seen.counted)?;
        let by_chance = reference.map_or_else(Vec::new, |of| depths(of, &seen.counted, highest));
        Ok(Self {
            currency: Known::of(
                book.venues().next().map(|venue| venue.of.currency.to_string()),
                "the book is bound to no account yet",
            ),
            now: Known::of(book.guard().equity, "equity was not read yet"),
            high_water: Known::of(book.guard().high_water, "equity was not read yet"),
            readings: every.len(),
            figures,
            drawdown_reduce: share(limits.drawdown_percent),
            drawdown_flatten: share(limits.drawdown_flatten_percent),
            open_risk_allowed: share(limits.open_risk_percent),
            drawdown_by_chance: by_chance,
            points: thinned.map(|(_, point)| point.clone()).collect(),
            every,
        })
    }

    /// What it was worth then and then, and what was paid in between: by the last readings at or before each, and the first
    /// reading of all where the first moment lies before it.
    pub(super) fn between(&self, from: Time, to: Time) -> Option<(Amount, Amount, Amount)> {
        let at = |moment: Time| self.every.partition_point(|point| point.at <= moment);
        let (begin, end) = (at(from).max(1) - 1, at(to).checked_sub(1)?);
        if begin >= end {
            return None;
        }
        let between = &self.every[begin + 1..=end];
        let flows = between.iter().try_fold(Amount::ZERO, |sum, point| sum.plus(point.flow)).ok()?;
        Some((self.every[begin].equity, self.every[end].equity, flows))
    }

    pub(super) const fn now(&self) -> Option<Amount> {
        match &self.now {
            Known::Is(now) => Some(*now),
            Known::Not { .. } => None,
        }
    }
}

/// Every reading in its order: of the account as it was bound, of each beginning of a day, of each end of a process, and the
/// last one. Two of one moment are one, the later.
fn readings(seen: &Seen<'_>) -> Vec<Point> {
    let mut found: BTreeMap<Time, Amount> = BTreeMap::new();
    let mut flows: BTreeMap<Time, Amount> = BTreeMap::new();
    let mut is_first = true;
    let mut last = None;
    for stamped in seen.records {
        let at = stamped.at;
        let flow = match &stamped.record {
            Record::VenueBound { equity, .. } if is_first => {
                found.insert(at, *equity);
                is_first = false;
                None
            }
            // A second account comes with what it is worth.
            Record::VenueBound { equity, .. } => Some(*equity),
            Record::DayStarted { equity, .. } => {
                found.insert(at, *equity);
                None
            }
            Record::Stopped { equity: Some(equity), .. } => {
                last = Some((at, *equity));
                None
            }
            Record::Imported { flow, .. } => Some(*flow),
            Record::NonTrade { entry, .. } if entry.kind == NonTradeKind::Transfer => {
                Some(entry.money.amount)
            }
            _ => None,
        };
        if let Some(flow) = flow {
            let sum = flows.entry(at).or_insert(Amount::ZERO);
            *sum = sum.plus(flow).unwrap_or(*sum);
        }
    }
    if let Some((at, equity)) =
        last.filter(|(at, _)| found.keys().next_back().is_none_or(|before| before < at))
    {
        found.insert(at, equity);
    }
    // A replay of all bars there are begins before any of them, and nothing was read then.
    found.retain(|at, _| *at > Time::UNIX_EPOCH);
    let mut risks = at_risk(seen).into_iter().peekable();
    let mut held = Amount::ZERO;
    let mut before: Option<Time> = None;
    let points = found.into_iter().map(|(at, equity)| {
        let within = before.map_or(Amount::ZERO, |before| {
            let between = (std::ops::Bound::Excluded(before), std::ops::Bound::Included(at));
            flows.range(between).fold(Amount::ZERO, |sum, (_, flow)| sum.plus(*flow).unwrap_or(sum))
        });
        before = Some(at);
        while let Some((_, change)) = risks.next_if(|(when, _)| *when <= at) {
            held = held.plus(change).unwrap_or(held);
        }
        Point { at, equity, flow: within, at_risk: held }
    });
    points.collect()
}

/// When what was at risk at entry came and went, in the order of time. What has no stop has none, and what was taken over from
/// another program neither.
fn at_risk(seen: &Seen<'_>) -> Vec<(Time, Amount)> {
    let closed = seen.history.trades.values();
    let closed = closed.filter(|trade| trade.position.imported.is_none());
    let closed = closed.map(|trade| (&trade.position, Some(trade.closed_at)));
    let held = seen.reading.book.positions().map(|position| (position, None));
    let mut changes = Vec::new();
    for (position, until) in closed.chain(held) {
        let Some(risk) = position.risk else { continue };
        changes.push((position.opened_at, risk));
        changes.extend(until.and_then(|until| Some((until, Amount::ZERO.minus(risk).ok()?))));
    }
    changes.sort_by_key(|(at, _)| *at);
    changes
}

impl Section for Worths {
    const KEY: &'static str = "equity";
    const TITLE: &'static str = "Equity and drawdown";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut facts = vec![
            look.fact("equity now", "now", Form::Number(2)),
            look.fact("currency", "currency", Form::Words),
            look.fact("highest", "high_water", Form::Number(2)),
            look.fact_of(
                "readings",
                "readings",
                Form::Count,
                "one at the beginning of each day that a pass saw, and the last",
            ),
        ];
        let mut blocks = Vec::new();
        if let Known::Is(figures) = &self.figures {
            facts.extend([
                look.fact_of(
                    "return",
                    "figures.total_return",
                    Form::PercentChange(2),
                    "time-weighted, without flows",
                ),
                look.fact_of("a year", "figures.cagr_calendar", Form::PercentChange(1), "by the calendar"),
                look.fact_of("volatility", "figures.volatility", Form::Percent(1), "a year"),
                look.fact_of(
                    "Sharpe ratio",
                    "figures.sharpe",
                    Form::Number(2),
                    "a year, no rate without risk",
                ),
                look.fact_of("its standard error", "figures.sharpe_error_shaped", Form::Number(2), "Mertens"),
                look.fact_of(
                    "chance that it is above zero",
                    "figures.sharpe_above_zero",
                    Form::Percent(1),
                    "PSR",
                ),
                look.fact_of(
                    "readings until that is sure",
                    "figures.minimum_record",
                    Form::Number(0),
                    "at 95 %",
                ),
            ]);
            if figures.drawdown.is_some() {
                facts.extend([
                    look.fact_of(
                        "deepest drawdown",
                        "figures.drawdown.max",
                        Form::Percent(2),
                        "of the highest equity before it",
                    ),
                    look.fact_of("drawdown now", "figures.drawdown.now", Form::Percent(2), "likewise"),
                ]);
            }
            if !self.drawdown_by_chance.is_empty() {
                facts.push(look.fact_of(
                    "drawdown by chance",
                    "drawdown_by_chance.2.depth",
                    Form::Percent(1),
                    "19 of 20 samples of the backtest are no deeper, at what a trade risks on average",
                ));
            }
            facts.push(look.fact_of(
                "periods a year",
                "figures.conventions.periods_per_year",
                Form::Number(0),
                "365 where a weekend has readings",
            ));
        } else {
            facts.push(look.fact("return", "figures", Form::Number(2)));
        }
        blocks.push(Block::Facts(facts));
        blocks.extend(self.plots());
        blocks.push(Block::Folded(
            "The readings".to_owned(),
            look.grid(
                "points",
                &[
                    ("at, UTC", "at", Form::Minute),
                    ("equity", "equity", Form::Number(2)),
                    ("flow", "flow", Form::Change(2)),
                    ("at risk", "at_risk", Form::Number(2)),
                ],
            ),
        ));
        blocks
    }
}

impl Worths {
    fn plots(&self) -> Vec<Block> {
        let rows: Vec<EquityPoint> = self
            .every
            .iter()
            .map(|point| EquityPoint { at: point.at, equity: point.equity.get(), flow: point.flow.get() })
            .collect();
        let Ok(falls) = underwater(&rows) else { return Vec::new() };
        let none = number(rust_decimal::Decimal::ZERO);
        let worths: Vec<Worth> = self
            .every
            .iter()
            .zip(std::iter::once(none).chain(falls))
            .map(|(point, fall)| Worth { at: point.at, equity: number(point.equity.get()), fall })
            .collect();
        let currency = self.currency.get().map_or("", String::as_str);
        let flows = self.every.iter().any(|point| !point.flow.get().is_zero());
        let note = if flows {
            "flows are in the curve; they are in no drawdown"
        } else {
            "nothing was paid in or out"
        };
        let limits = [
            (self.drawdown_reduce.value(), "entries stop"),
            (self.drawdown_flatten.value(), "all is closed"),
        ];
        let limits: Vec<_> = limits.into_iter().filter_map(|(limit, name)| Some((limit?, name))).collect();
        let share = |point: &Point| Some((point.at, number(point.at_risk.share_of(point.equity)?.get())));
        let risks: Option<Vec<_>> = self.every.iter().map(share).collect();
        let allowed = self.open_risk_allowed.value();
        let risks = risks.zip(allowed).and_then(|(risks, allowed)| open_risk(&risks, allowed));
        let drawn = [
            (equity(&worths, currency), note),
            (fallen(&worths, &limits, &self.drawdown_by_chance), "of the highest equity, flows left out"),
            (risks, "frozen at entry; a position without a stop has none in it"),
        ];
        let plots = drawn.into_iter().filter_map(|(plot, how)| {
            Some(Block::Plot(
                Box::new(plot?),
                format!("{} readings; {how}", crate::figures::count(self.readings as u64)),
            ))
        });
        plots.collect()
    }
}

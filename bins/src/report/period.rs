//! The time that was asked for beside the time before, and the windows before those.

use broker_api::{Amount, Ending, Ratio, Time};
use chrono::{Months, TimeDelta};
use evidence::figures::TradeFigures;
use evidence::plot::{of_orders, of_trades};
use evidence::{Figure, Ledger, Undefined};
use serde::Serialize;

use super::against::{Against, References};
use super::blocks::Form;
use super::equity::Worths;
use super::{Block, Known, Look, Section, Seen};
use crate::args::PeriodOf;
use crate::failure::Failure;

/// How many windows are told at most.
const WINDOWS: u32 = 12;

/// From after the first moment to the second.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    from: Time,
    to: Time,
}

impl Span {
    fn holds(self, at: Time) -> bool {
        at > self.from && at <= self.to
    }
}

/// What a window of time came to.
#[derive(Debug, Serialize)]
struct Window {
    from: Time,
    to: Time,
    trades: usize,
    wins: usize,
    losses: usize,
    win_rate: Figure,
    net: Amount,
    fees: Amount,
    profit_factor: Figure,
    expectancy: Figure,
    /// Mean of the trades in R.
    expectancy_r: Figure,
    longest_losing_streak: usize,
    signals: usize,
    carried_out: usize,
    denied: usize,
    rejected: usize,
    ended_otherwise: usize,
    /// Neither carried out nor ended yet.
    open: usize,
}

/// Where a window's change in equity comes from. The parts add up to the change.
#[derive(Debug, Serialize)]
struct Moved {
    begin: Amount,
    end: Amount,
    change: Amount,
    /// Without what was paid in or out, of what there was at the beginning.
    share: Known<Ratio>,
    /// Profit and loss of trades that were closed, after fees, also of those that count in no figure.
    closed_trades: Amount,
    /// What was paid in, less what was paid out.
    flows: Amount,
    /// What is open, and everything else.
    rest: Amount,
}

/// The second section.
#[derive(Debug, Serialize)]
pub struct Period {
    name: &'static str,
    this: Window,
    before: Known<Window>,
    equity: Known<Moved>,
    equity_before: Known<Moved>,
    against: Known<Against>,
    /// Windows of the same length, the latest first, this one among them.
    windows: Vec<Window>,
    /// Trades a week of the backtest.
    expected_per_week: Figure,
}

/// Windows back from a moment, the latest first, until one begins before `first`.
fn spans(asked: PeriodOf, first: Time, now: Time) -> Vec<Span> {
    let back = |n: u32| match asked {
        PeriodOf::Month => now.checked_sub_months(Months::new(n)),
        PeriodOf::Week | PeriodOf::All => now.checked_sub_signed(TimeDelta::weeks(i64::from(n))),
    };
    let all = (0..WINDOWS).filter_map(|n| Some(Span { from: back(n + 1)?, to: back(n)? }));
    let mut found = Vec::new();
    for span in all {
        found.push(span);
        if span.from < first {
            break;
        }
    }
    found
}

impl Period {
    pub(super) fn of(seen: &Seen<'_>, worths: &Worths, references: &mut References) -> Result<Self, Failure> {
        let now = seen.now();
        let first = seen.records.first().map_or(now, |stamped| stamped.at);
        let spans = spans(seen.asked, first, now);
        let windows: Vec<Window> = spans.iter().map(|span| Window::of(seen, *span)).collect();
        let (name, this, before) = match seen.asked {
            PeriodOf::Week => ("week", spans.first(), spans.get(1)),
            PeriodOf::Month => ("month", spans.first(), spans.get(1)),
            PeriodOf::All => ("all", None, None),
        };
        // Trades of another program may have been closed before the first record; the flow of their account is no change.
        let whole = Span { from: Time::MIN_UTC, to: now };
        let this = this.copied().unwrap_or(whole);
        let none =
            if seen.asked == PeriodOf::All { "all has none before it" } else { "there is no record of it" };
        let ledger = Self::ledger(seen, this);
        let against = Against::of(seen, &ledger, references)?;
        let expected = match references.of(seen, &ledger)? {
            Some(reference) => reference.per_week,
            None => Undefined::NotGiven.into(),
        };
        Ok(Self {
            name,
            this: Window::of(seen, this),
            before: Known::of(before.map(|span| Window::of(seen, *span)), none),
            equity: Moved::of(seen, worths, this),
            equity_before: before.map_or_else(|| Known::not(none), |span| Moved::of(seen, worths, *span)),
            against,
            windows,
            expected_per_week: expected,
        })
    }

    fn ledger(seen: &Seen<'_>, span: Span) -> Ledger {
        let trades = seen.counted.trades().iter().filter(|trade| span.holds(trade.closed)).cloned();
        // A part of a ledger has no fault that the whole does not have.
        Ledger::new(trades.collect()).unwrap_or_default()
    }
}

impl Window {
    fn of(seen: &Seen<'_>, span: Span) -> Self {
        let ledger = Period::ledger(seen, span);
        let figures = TradeFigures::of(&ledger.money());
        let r = ledger.multiples().map(|values| TradeFigures::of(&values));
        let counts_imported = seen.place.loaded.config.gate.count_imported;
        let own = seen.history.trades.values().filter(|trade| span.holds(trade.closed_at));
        let own = own.filter(|trade| {
            trade.position.outside.is_none() && (counts_imported || trade.position.imported.is_none())
        });
        let sum = |pick: fn(&state::book::Trade) -> Amount| {
            own.clone().map(pick).fold(Amount::ZERO, |sum, amount| sum.plus(amount).unwrap_or(sum))
        };
        let signals = seen.history.signals.values().filter(|state| span.holds(state.taken_at));
        let ended = |is_in: fn(Ending) -> bool| {
            signals.clone().filter(|state| state.ended.as_ref().is_some_and(|end| is_in(end.ending))).count()
        };
        let is_done = |end| matches!(end, Ending::Filled | Ending::PartFilled | Ending::Adjusted);
        Self {
            from: span.from.max(seen.records.first().map_or(span.from, |stamped| stamped.at)),
            to: span.to,
            trades: figures.trades,
            wins: figures.wins,
            losses: figures.losses,
            win_rate: figures.win_rate,
            net: sum(state::book::Trade::net),
            fees: sum(|trade| trade.position.fees),
            profit_factor: figures.profit_factor,
            expectancy: figures.expectancy,
            expectancy_r: r.map_or_else(Figure::none, |figures| figures.expectancy),
            longest_losing_streak: figures.longest_losing_streak,
            signals: signals.clone().count(),
            carried_out: ended(is_done),
            denied: ended(|end| end == Ending::Denied),
            rejected: ended(|end| end == Ending::Rejected),
            ended_otherwise: ended(|end| {
                matches!(end, Ending::Expired | Ending::Cancelled | Ending::NeverSent)
            }),
            open: signals.clone().filter(|state| state.ended.is_none()).count(),
        }
    }
}

impl Moved {
    fn of(seen: &Seen<'_>, worths: &Worths, span: Span) -> Known<Self> {
        let Some((begin, end, flows)) = worths.between(span.from, span.to) else {
            return Known::not("equity was not written down in this time");
        };
        let closed = seen.history.trades.values();
        let closed = closed.filter(|trade| span.holds(trade.closed_at) && trade.position.imported.is_none());
        let made = || {
            let sum = closed.map(state::book::Trade::net).try_fold(Amount::ZERO, Amount::plus).ok()?;
            let change = end.minus(begin).ok()?;
            let gained = change.minus(flows).ok()?;
            Some(Self {
                begin,
                end,
                change,
                share: Known::of(gained.share_of(begin), "there was nothing at the beginning"),
                closed_trades: sum,
                flows,
                rest: gained.minus(sum).ok()?,
            })
        };
        Known::of(made(), "the figures are too large")
    }
}

impl Section for Period {
    const KEY: &'static str = "period";
    const TITLE: &'static str = "This period";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![Block::Table(self.compared(look))];
        if self.this.trades < super::against::FEWEST {
            blocks.push(Block::Note(format!(
                "{} in this period: too few to hold against a backtest.",
                crate::figures::counted(self.this.trades, "trade")
            )));
        }
        blocks.push(Block::Head("Change in equity".to_owned()));
        blocks.push(Block::Facts(if self.equity.get().is_some() {
            vec![
                look.fact("at the beginning", "equity.begin", Form::Number(2)),
                look.fact("at the end", "equity.end", Form::Number(2)),
                look.fact("change", "equity.change", Form::Change(2)),
                look.fact_of(
                    "without flows",
                    "equity.share",
                    Form::PercentChange(2),
                    "of equity at the beginning",
                ),
                look.fact_of("closed trades", "equity.closed_trades", Form::Change(2), "after fees"),
                look.fact_of("flows", "equity.flows", Form::Change(2), "paid in, less paid out"),
                look.fact_of(
                    "rest",
                    "equity.rest",
                    Form::Change(2),
                    "what is open, and all else; the three add up to the change",
                ),
            ]
        } else {
            vec![look.fact("equity", "equity", Form::Number(2))]
        }));
        if let Known::Is(against) = &self.against {
            blocks.push(Block::Head("Against the backtest".to_owned()));
            let at = format!("{}.against", Self::KEY);
            blocks.extend(against.blocks(&look.below(&at)));
        } else {
            blocks.push(Block::Facts(vec![look.fact("against the backtest", "against", Form::Words)]));
        }
        blocks.push(Block::Head("Windows so far, the latest first".to_owned()));
        blocks.push(Block::Table(look.grid(
            "windows",
            &[
                ("from", "from", Form::Day),
                ("to", "to", Form::Day),
                ("trades", "trades", Form::Count),
                ("won", "wins", Form::Count),
                ("win rate", "win_rate", Form::Percent(1)),
                ("net", "net", Form::Change(2)),
                ("mean", "expectancy", Form::Change(2)),
                ("mean R", "expectancy_r", Form::Change(2)),
                ("signals", "signals", Form::Count),
                ("denied", "denied", Form::Count),
            ],
        )));
        blocks.extend(self.plots());
        blocks
    }
}

impl Period {
    /// This period and the one before, a row each.
    fn compared(&self, look: &Look<'_>) -> super::blocks::Grid {
        let columns = [
            ("from", "from", Form::Day),
            ("to", "to", Form::Day),
            ("trades", "trades", Form::Count),
            ("won", "wins", Form::Count),
            ("lost", "losses", Form::Count),
            ("win rate", "win_rate", Form::Percent(1)),
            ("net", "net", Form::Change(2)),
            ("fees", "fees", Form::Number(2)),
            ("profit factor", "profit_factor", Form::Number(2)),
            ("mean", "expectancy", Form::Change(2)),
            ("mean R", "expectancy_r", Form::Change(2)),
            ("losses in a row", "longest_losing_streak", Form::Count),
        ];
        let row = |of: &str| columns.map(|(_, path, form)| look.cell(&format!("{of}.{path}"), form)).to_vec();
        let mut rows = vec![row("this")];
        if self.before.get().is_some() {
            rows.push(row("before"));
        }
        super::blocks::Grid { heads: columns.map(|(head, ..)| head.to_owned()).to_vec(), rows }
    }

    fn plots(&self) -> Vec<Block> {
        let is_month = self.name == "month";
        let days = evidence::ledger::number(if is_month { 30 } else { 7 }.into());
        let oldest_first = || self.windows.iter().rev();
        let trades: Vec<_> = oldest_first().map(|window| (window.from, window.trades)).collect();
        let signals: Vec<_> = oldest_first()
            .map(|of| (of.from, [of.carried_out, of.denied, of.rejected, of.ended_otherwise, of.open]))
            .collect();
        let drawn = [
            (
                of_trades::rate(&trades, days, self.this.to, self.expected_per_week),
                "bars: trades closed; chance by Poisson",
            ),
            (of_orders::signals(&signals, days), "by the window in which a signal was taken in"),
        ];
        let plots =
            drawn.into_iter().filter_map(|(plot, how)| Some(Block::Plot(Box::new(plot?), how.to_owned())));
        plots.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_go_back_to_the_first_record_and_touch_each_other() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let (first, now) = (at("2026-10-20T00:00:00Z"), at("2026-11-23T14:00:00Z"));
        let weeks = spans(PeriodOf::Week, first, now);
        assert_eq!((weeks.len(), weeks[0].from), (5, at("2026-11-16T14:00:00Z")));
        assert!(weeks.windows(2).all(|pair| pair[0].from == pair[1].to));
        let months = spans(PeriodOf::Month, first, now);
        assert_eq!((months.len(), months[1].from), (2, at("2026-09-23T14:00:00Z")));
        assert!(weeks[0].holds(now) && !weeks[0].holds(weeks[0].from), "an end belongs to one of two");
    }
}

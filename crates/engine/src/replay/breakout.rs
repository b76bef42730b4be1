//! The channel breakout: in when a close leaves the channel of the bars before it, out at a stop, a target, or when a
//! close leaves the shorter channel on the other side.
//!
//! `docs/replay.md`, section 9, states it. It decides by prices alone and asks the book only whether a symbol is held.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use broker_api::{
    Bar, Catalog, Direction, Overflow, Price, Protection, Ratio, Signal, SignalId, SizeWanted, StrategyId,
    Time, Wanted,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use state::encode::time_text;

use super::source::{AtClose, Decided, SignalSource, decided};

/// How long a decision is good for.
const GOOD_FOR: TimeDelta = TimeDelta::days(1);

/// What the strategy can be tuned by; lengths are in bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The channel that a close must leave to enter.
    pub entry: usize,
    /// The channel that a close must leave, on the other side, to exit.
    pub exit: usize,
    /// The bars whose true ranges are averaged, the one at hand among them.
    pub atr: usize,
    /// How many average ranges the stop stands from the close.
    pub stop: Ratio,
    /// How many average ranges the target stands from the close.
    pub target: Ratio,
    /// Whether it also sells short what may be sold short.
    pub both: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        let whole = |n: i64| Ratio::new(Decimal::from(n)).unwrap_or(Ratio::ONE);
        Self { entry: 50, exit: 20, atr: 14, stop: whole(2), target: whole(4), both: false }
    }
}

/// Parameters that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakoutFault {
    /// Which one.
    pub parameter: &'static str,
    /// What it must be.
    pub must: &'static str,
}

impl fmt::Display for BreakoutFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.parameter, self.must)
    }
}

impl std::error::Error for BreakoutFault {}

/// The longest channel, so that a slip of the finger does not take all memory.
const LENGTH_MAX: usize = 100_000;

impl Parameters {
    /// The first parameter that cannot be meant.
    pub fn fault(&self) -> Option<BreakoutFault> {
        let length = |n: usize| (1..=LENGTH_MAX).contains(&n);
        let multiple = |ratio: Ratio| ratio.get() > Decimal::ZERO;
        [
            ("entry", length(self.entry), "from 1 to 100000 bars"),
            ("exit", length(self.exit), "from 1 to 100000 bars"),
            ("atr", length(self.atr), "from 1 to 100000 bars"),
            ("stop", multiple(self.stop), "above zero"),
            ("target", multiple(self.target), "above zero"),
        ]
        .into_iter()
        .find(|(_, holds, _)| !holds)
        .map(|(parameter, _, must)| BreakoutFault { parameter, must })
    }
}

/// The least or the greatest price of the last bars, kept so that neither asking nor going on walks over them.
#[derive(Clone, Debug)]
struct Extreme {
    length: u64,
    is_greatest: bool,
    /// Bar numbers and prices that are, or may become, the extreme: from `first` on each worse than the one before it, and
    /// what is before that is done with. There is room for twice as many as can count, so that what is done with is seldom
    /// taken out.
    candidates: Vec<(u64, Price)>,
    first: usize,
}

impl Extreme {
    fn new(length: usize, is_greatest: bool) -> Self {
        let candidates = Vec::with_capacity(2 * (length + 1));
        Self { length: length as u64, is_greatest, candidates, first: 0 }
    }

    fn get(&self) -> Option<Price> {
        self.candidates.get(self.first).map(|(_, price)| *price)
    }

    /// Takes in the price of bar `n`; what is then told is of the bars up to it.
    fn push(&mut self, n: u64, price: Price) {
        while let Some((_, known)) = self.candidates.last()
            && self.candidates.len() > self.first
            && if self.is_greatest { *known <= price } else { *known >= price }
        {
            self.candidates.pop();
        }
        if self.candidates.len() == self.candidates.capacity() {
            self.candidates.drain(..std::mem::take(&mut self.first));
        }
        self.candidates.push((n, price));
        while self.candidates.get(self.first).is_some_and(|(first, _)| first + self.length <= n) {
            self.first += 1;
        }
    }
}

/// What is remembered of one instrument.
#[derive(Clone, Debug)]
struct Row {
    /// The number of the bar that comes next.
    n: u64,
    entry_high: Extreme,
    exit_low: Extreme,
    /// For short positions: the entry channel's low and the exit channel's high.
    short: Option<(Extreme, Extreme)>,
    /// High, low and close of the last bars, one more than are averaged.
    last: VecDeque<(Price, Price, Price)>,
}

/// The strategy with what it remembers of each instrument.
#[derive(Clone, Debug)]
pub struct Breakout {
    parameters: Parameters,
    strategy: StrategyId,
    warm: u64,
    rows: Vec<Row>,
}

/// What the close of a bar says, before anybody looks at what is held.
#[derive(Clone, Copy, Debug)]
struct Said {
    enter: Option<Direction>,
    leave_long: bool,
    leave_short: bool,
}

impl Breakout {
    /// The strategy at its beginning. Short positions are only for instruments that may be sold short.
    ///
    /// # Errors
    /// [`BreakoutFault`].
    pub fn new(
        catalog: &Arc<Catalog>,
        parameters: Parameters,
        strategy: StrategyId,
    ) -> Result<Self, BreakoutFault> {
        if let Some(fault) = parameters.fault() {
            return Err(fault);
        }
        let Parameters { entry, exit, atr, both, .. } = parameters;
        let row = |shortable: bool| Row {
            n: 0,
            entry_high: Extreme::new(entry, true),
            exit_low: Extreme::new(exit, false),
            short: (both && shortable).then(|| (Extreme::new(entry, false), Extreme::new(exit, true))),
            last: VecDeque::with_capacity(atr + 2),
        };
        let rows = catalog.iter().map(|(_, instrument)| row(instrument.shortable)).collect();
        Ok(Self { parameters, strategy, warm: entry.max(exit).max(atr) as u64, rows })
    }

    fn signal(&self, seen: &AtClose<'_>, action: &str, wanted: Wanted) -> Option<Decided> {
        let closes: Time = seen.bar.closes;
        let symbol = seen.instrument.key.symbol;
        let id = format!("{}/{symbol}/{action}", time_text(closes));
        let signal = Signal {
            id: SignalId::new(&id).ok()?,
            strategy: self.strategy,
            symbol,
            decision_price: Some(seen.bar.close),
            bar_close: Some(closes),
            decided_at: closes,
            expires_at: closes.checked_add_signed(GOOD_FOR)?,
            wanted,
        };
        Some(decided(signal))
    }
}

impl Row {
    /// What the close says of the channels of the bars before it.
    fn said(&self, bar: &Bar) -> Said {
        let above = |extreme: &Extreme| extreme.get().is_some_and(|highest| bar.close > highest);
        let below = |extreme: &Extreme| extreme.get().is_some_and(|lowest| bar.close < lowest);
        let enter = if above(&self.entry_high) {
            Some(Direction::Long)
        } else if self.short.as_ref().is_some_and(|(low, _)| below(low)) {
            Some(Direction::Short)
        } else {
            None
        };
        Said {
            enter,
            leave_long: below(&self.exit_low),
            leave_short: self.short.as_ref().is_some_and(|(_, high)| above(high)),
        }
    }

    fn push(&mut self, bar: &Bar, atr: usize) {
        self.entry_high.push(self.n, bar.high);
        self.exit_low.push(self.n, bar.low);
        if let Some((low, high)) = &mut self.short {
            low.push(self.n, bar.low);
            high.push(self.n, bar.high);
        }
        if self.last.len() > atr {
            self.last.pop_front();
        }
        self.last.push_back((bar.high, bar.low, bar.close));
        self.n += 1;
    }

    /// The true ranges of the last bars, summed. Each reaches from the bar's extremes to the close before it.
    fn ranges(&self) -> Result<Decimal, Overflow> {
        let mut sum = Decimal::ZERO;
        for ((.., before), (high, low, _)) in self.last.iter().zip(self.last.iter().skip(1)) {
            let range = (*low).min(*before).to((*high).max(*before))?;
            sum = sum.checked_add(range.get()).ok_or(Overflow)?;
        }
        Ok(sum)
    }
}

/// Stop and target around `close`; nothing when one of them cannot be a price, or is the close itself.
fn plan(
    close: Price,
    side: Direction,
    ranges: Decimal,
    tick: Price,
    parameters: &Parameters,
) -> Option<Protection> {
    let bars = Decimal::from(parameters.atr);
    // Multiplied before it is divided, so that what is whole ticks stays so.
    let off = |multiple: Ratio| ranges.checked_mul(multiple.get())?.checked_div(bars);
    let below = |multiple| close.get().checked_sub(off(multiple)?);
    let above = |multiple| close.get().checked_add(off(multiple)?);
    let (stop, target) = match side {
        Direction::Long => (below(parameters.stop)?, above(parameters.target)?),
        Direction::Short => (above(parameters.stop)?, below(parameters.target)?),
    };
    let whole = |price: Decimal| Price::new(price).ok()?.round_nearest_to(tick).ok();
    let (stop, target) = (whole(stop)?, whole(target)?);
    (stop != close && target != close).then_some(Protection {
        stop: Some(stop),
        target: Some(target),
        trail: None,
    })
}

impl SignalSource for Breakout {
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>) {
        let (warm, atr) = (self.warm, self.parameters.atr);
        let Some(row) = self.rows.get_mut(seen.ix.index()) else { return };
        let said = (row.n >= warm).then(|| row.said(seen.bar));
        row.push(seen.bar, atr);
        let Some(said) = said.filter(|said| said.enter.is_some() || said.leave_long || said.leave_short)
        else {
            return;
        };
        let held = seen.held();
        let leaves = if held.is_long() { said.leave_long } else { said.leave_short };
        if !held.is_flat() {
            if leaves && !seen.is_closing() {
                out.extend(self.signal(seen, "exit", Wanted::Exit));
            }
            return;
        }
        let Some(side) = said.enter.filter(|_| !seen.is_opening() && !seen.is_closing()) else { return };
        let Some(row) = self.rows.get(seen.ix.index()) else { return };
        let ranges = row.ranges().ok();
        let plan = ranges
            .and_then(|ranges| plan(seen.bar.close, side, ranges, seen.instrument.tick, &self.parameters));
        if let Some(plan) = plan {
            out.extend(self.signal(
                seen,
                "enter",
                Wanted::Enter { side, size: SizeWanted::Configured, plan },
            ));
        }
    }
}

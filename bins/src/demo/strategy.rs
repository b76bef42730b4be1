//! The example strategy: a channel breakout on daily bars, in the place of a trader's own decision script.
//!
//! At each close, for each instrument by itself:
//!
//! 1. Out: a close above the highest high of the bars before it buys; for currencies, a close below their lowest
//!    low sells short. Stop and target stand off by multiples of the average true range.
//! 2. In: a bar that touches the stop or the target ends it without a word, since the orders that rest there do
//!    the work; else a close beyond the shorter channel on the other side is an exit.
//!
//! Like any such script it believes that its entries are filled. Whether they were is the desk's affair.

use std::collections::VecDeque;
use std::sync::Arc;

use broker_api::{AssetClass, Bar, Catalog, Direction, Instrument, InstrumentIx, Overflow, Price, Time};
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What the strategy can be tuned by; lengths are in bars, each at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The channel that a close must leave to enter.
    pub entry: usize,
    /// The channel that a close must leave, on the other side, to exit.
    pub exit: usize,
    /// The bars whose true ranges are averaged.
    pub range: usize,
    /// How many average ranges the stop stands from the close.
    pub stop: u32,
    /// How many average ranges the target stands from the close.
    pub target: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { entry: 20, exit: 10, range: 14, stop: 2, target: 4 }
    }
}

/// The strategy with what it remembers of each instrument.
#[derive(Debug)]
pub struct Breakout {
    catalog: Arc<Catalog>,
    parameters: Parameters,
    rows: Vec<Row>,
}

/// What is remembered of one instrument.
#[derive(Clone, Debug, Default)]
struct Row {
    /// The bars before the one at hand, the oldest first.
    bars: VecDeque<Bar>,
    belief: Option<Belief>,
}

/// A position the strategy believes in.
#[derive(Clone, Copy, Debug)]
struct Belief {
    side: Direction,
    stop: Price,
    target: Price,
}

impl Belief {
    /// Whether the bar reached the stop or the target, where orders rest.
    fn is_ended_by(&self, bar: &Bar) -> bool {
        match self.side {
            Direction::Long => bar.low <= self.stop || bar.high >= self.target,
            Direction::Short => bar.high >= self.stop || bar.low <= self.target,
        }
    }
}

impl Breakout {
    /// The strategy with its usual parameters, out of everything.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self::with(catalog, Parameters::default())
    }

    /// The strategy with parameters of your own, out of everything.
    pub fn with(catalog: Arc<Catalog>, parameters: Parameters) -> Self {
        let rows = vec![Row::default(); catalog.len()];
        Self { catalog, parameters, rows }
    }

    /// Takes in a daily bar at its close and says what is decided, as one signal in the form that `run` reads;
    /// mostly nothing. Bars of one instrument come in the order of time. The signal is good until
    /// `session_next_close`, the end of the session in which it can first be acted upon.
    pub fn close(&mut self, ix: InstrumentIx, bar: &Bar, session_next_close: Time) -> Option<Value> {
        let instrument = self.catalog.get(ix)?;
        let row = self.rows.get_mut(ix.index())?;
        // A price that no longer fits into a decimal decides nothing.
        let decision = decide(instrument, row, bar, &self.parameters).unwrap_or(None);
        let kept = self.parameters.entry.max(self.parameters.exit).max(self.parameters.range);
        row.bars.push_back(*bar);
        while row.bars.len() > kept {
            row.bars.pop_front();
        }
        let strategy = || format!("breakout-{}", self.parameters.entry);
        decision.map(|decision| wire(instrument, &decision, bar, session_next_close, &strategy()))
    }
}

/// What a close leads to.
enum Decision {
    Enter { price: Price, belief: Belief },
    Exit { price: Price },
}

/// Decides at the close of `bar`, and keeps what is then believed in `row`.
fn decide(
    instrument: &Instrument,
    row: &mut Row,
    bar: &Bar,
    parameters: &Parameters,
) -> Result<Option<Decision>, Overflow> {
    let price = bar.close.round_nearest_to(instrument.tick)?;
    if row.belief.is_some_and(|belief| belief.is_ended_by(bar)) {
        row.belief = None;
    }
    if let Some(belief) = row.belief {
        let left = channel(&row.bars, parameters.exit).is_some_and(|(lowest, highest)| match belief.side {
            Direction::Long => bar.close < lowest,
            Direction::Short => bar.close > highest,
        });
        if left {
            row.belief = None;
        }
        return Ok(left.then_some(Decision::Exit { price }));
    }
    let Some((lowest, highest)) = channel(&row.bars, parameters.entry) else { return Ok(None) };
    let side = if bar.close > highest {
        Direction::Long
    } else if bar.close < lowest && instrument.asset_class == AssetClass::Forex && instrument.shortable {
        Direction::Short
    } else {
        return Ok(None);
    };
    let Some(ranges) = true_ranges(&row.bars, bar, parameters.range)? else { return Ok(None) };
    let belief = plan(price, side, ranges, instrument.tick, parameters)?;
    if belief.stop == price || belief.target == price {
        return Ok(None); // The market did not move at all: there is nothing to measure by.
    }
    row.belief = Some(belief);
    Ok(Some(Decision::Enter { price, belief }))
}

/// The lowest low and the highest high of the last `length` bars; nothing while there are fewer.
fn channel(bars: &VecDeque<Bar>, length: usize) -> Option<(Price, Price)> {
    let seen = bars.range(bars.len().checked_sub(length)?..);
    Some((seen.clone().map(|b| b.low).min()?, seen.map(|b| b.high).max()?))
}

/// The true ranges of the last `length` bars, the one at hand among them, summed; nothing while there are fewer.
/// A true range reaches from the bar's extremes to the close before it.
fn true_ranges(before: &VecDeque<Bar>, bar: &Bar, length: usize) -> Result<Option<Decimal>, Overflow> {
    let Some(first) = before.len().checked_sub(length) else { return Ok(None) };
    let earlier = before.range(first..);
    let mut sum = Decimal::ZERO;
    for (last, this) in earlier.clone().zip(earlier.skip(1).chain([bar])) {
        let range = this.low.min(last.close).to(this.high.max(last.close))?;
        sum = sum.checked_add(range.get()).ok_or(Overflow)?;
    }
    Ok(Some(sum))
}

/// Stop and target at their multiples of the average range from `price`, on whole ticks: the stop is rounded away
/// from the market, the target towards it.
fn plan(
    price: Price,
    side: Direction,
    ranges: Decimal,
    tick: Price,
    parameters: &Parameters,
) -> Result<Belief, Overflow> {
    let bars = Decimal::from(parameters.range);
    // Multiplied before it is divided, so that what is whole ticks stays so.
    let off = |multiple: u32| {
        let ranges = ranges.checked_mul(multiple.into()).ok_or(Overflow)?;
        ranges.checked_div(bars).ok_or(Overflow)
    };
    let at = |moved: Option<Decimal>| Price::new(moved.ok_or(Overflow)?).map_err(|_| Overflow);
    let price = price.get();
    let lower = |multiple| at(price.checked_sub(off(multiple)?));
    let upper = |multiple| at(price.checked_add(off(multiple)?));
    Ok(match side {
        Direction::Long => Belief {
            side,
            stop: lower(parameters.stop)?.round_down_to(tick)?,
            target: upper(parameters.target)?.round_down_to(tick)?,
        },
        Direction::Short => Belief {
            side,
            stop: upper(parameters.stop)?.round_up_to(tick)?,
            target: lower(parameters.target)?.round_up_to(tick)?,
        },
    })
}

/// The decision in the form that signal files have.
fn wire(
    instrument: &Instrument,
    decision: &Decision,
    bar: &Bar,
    session_next_close: Time,
    strategy: &str,
) -> Value {
    let time = |t: Time| t.to_rfc3339_opts(SecondsFormat::Secs, true);
    let text = |price: Price| {
        // As many decimals as the tick has: 219.00, not 219.
        let mut figure = price.get();
        figure.rescale(instrument.tick.get().scale());
        figure.to_string()
    };
    let (action, price, entry) = match decision {
        Decision::Enter { price, belief } => ("enter", price, Some(belief)),
        Decision::Exit { price } => ("exit", price, None),
    };
    // The day that the bar is of: one that ends at midnight is of the day before.
    let day = (bar.closes - TimeDelta::seconds(1)).date_naive();
    let symbol = instrument.key.symbol.as_str();
    let mut signal = json!({
        "id": format!("{day}/{}/{action}", symbol.replace('/', "-")),
        "symbol": symbol,
        "asset_class": instrument.asset_class.to_string(),
        "action": action,
    });
    if let Some(belief) = entry {
        signal["side"] = json!(belief.side.as_str());
    }
    signal["decision_price"] = json!(text(*price));
    if let Some(belief) = entry {
        signal["stop"] = json!(text(belief.stop));
        signal["target"] = json!(text(belief.target));
    }
    signal["bar_close"] = json!(time(bar.closes));
    signal["decided_at"] = json!(time(bar.closes));
    signal["expires_at"] = json!(time(session_next_close));
    signal["strategy"] = json!(strategy);
    signal
}

#[cfg(test)]
mod tests;

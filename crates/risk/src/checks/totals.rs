//! Everything that is held and under way, summed up in one pass for all checks that bound it.

use broker_api::{
    Amount, AssetClass, Code, Currency, Exposure, Instrument, Overflow, Price, Qty, Ratio, Side, planted,
};

use super::case::{Case, Lack};
use crate::view::Stage;

/// All rows together, in base currency; the order itself is not in it.
#[derive(Default)]
pub(crate) struct Totals {
    /// Places that other instruments take.
    pub others: u32,
    /// Those of them in the class of the order's instrument.
    pub in_class: u32,
    /// Those of them of the order's strategy. What has no strategy counts for each.
    pub of_strategy: u32,
    /// The value of everything.
    pub gross: Amount,
    /// The value of everything of the order's class.
    pub class: Amount,
    /// Long less short, in the order's direction.
    pub net: Net,
    /// The same of the currencies of the order's pair, where they are not the book's own: of its base, of its quote.
    pub currencies: [Option<Net>; 2],
    /// What is lost if every stop is hit.
    pub risk: Amount,
    /// The same within the bucket of the order's instrument.
    pub bucket: Amount,
    /// The value of entries under way at the order's venue.
    pub entering: Amount,
    /// Why these cannot be summed up.
    pub unpriced: Option<Lack>,
    /// Why the values cannot be summed up.
    pub unvalued: Option<Lack>,
    /// Why what is counted by class cannot be.
    pub unruled: Option<Lack>,
}

/// One thing long less short, in the direction in which the order moves it. What is under way in the other direction may
/// never be executed, and takes nothing away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Net {
    /// Of which currency; over everything when there is none.
    pub of: Option<Currency>,
    /// Whether the order moves it up.
    pub long: bool,
    sum: Amount,
}

impl Net {
    const fn of(of: Option<Currency>, long: bool) -> Self {
        Self { of, long, sum: Amount::ZERO }
    }

    /// With the order.
    pub(crate) fn after(self, value: Amount) -> Result<Amount, Lack> {
        Ok(self.sum.plus(value)?)
    }

    /// Adds a row. `up`: a long position of it is long of this.
    fn add(&mut self, row: &Row, up: bool) -> Result<(), Overflow> {
        let same = up == self.long;
        if !row.held.get().is_zero() {
            let held = if row.is_long == same { row.held } else { row.held.negated() };
            self.sum = self.sum.plus(held)?;
        }
        // Of an unknown side, the worse.
        if !row.entering.get().is_zero() && row.buys.is_none_or(|buys| buys == same) {
            self.sum = self.sum.plus(row.entering)?;
        }
        Ok(())
    }
}

/// The order as the rows are held against it.
struct Order {
    class: AssetClass,
    bucket: Option<Code>,
}

/// One row in base currency.
#[derive(Clone, Copy)]
struct Row {
    held: Amount,
    is_long: bool,
    entering: Amount,
    /// Whether what is under way buys.
    buys: Option<bool>,
    /// What is lost at the stops.
    risk: Amount,
}

/// The two currencies of a pair, its base first; nothing for what is none, and in history for one whose name does not tell
/// them: data of the past call their symbols as they like.
fn pair(instrument: &Instrument, stage: Stage, lack: Lack) -> Result<Option<[Currency; 2]>, Lack> {
    if instrument.asset_class != AssetClass::Forex {
        return Ok(None);
    }
    match instrument.base() {
        Some(base) => Ok(Some([base, instrument.quote])),
        None if stage == Stage::Replay => Ok(None),
        None => Err(lack),
    }
}

impl Totals {
    pub(super) fn of(case: &Case<'_, '_>) -> Self {
        let view = case.view;
        let buys = case.intent.side == Side::Buy;
        let mut totals = Self { net: Net::of(None, buys), ..Self::default() };
        match pair(view.instrument, view.stage, Lack::Pair) {
            // Whoever buys a pair is long of its base and short of its quote.
            Ok(Some([base, quote])) => {
                let foreign = |of, long| (of != view.base).then_some(Net::of(Some(of), long));
                totals.currencies = [foreign(base, buys), foreign(quote, !buys)];
            }
            Ok(None) => {}
            Err(lack) => totals.unruled = Some(lack),
        }
        let order = Order { class: view.instrument.asset_class, bucket: (view.buckets)(view.instrument.key) };
        for (at, row) in view.exposures.iter().enumerate() {
            let takes = row.takes_a_slot() && (!planted!(SlotsIgnoreEntries) || !row.held.is_flat());
            let binds = !row.held.is_flat() || !row.entering.is_zero();
            if !takes && !binds {
                continue;
            }
            let is_own = row.key == view.instrument.key;
            let rules = if is_own { Some(view.instrument) } else { (view.instruments)(row.key) };
            if rules.is_none() {
                totals.unruled.get_or_insert(Lack::Rules(at));
            }
            if takes && !is_own {
                totals.count(case, row, rules, &order);
            }
            if binds && let Err(lack) = totals.value(case, at, row, rules, &order) {
                totals.unvalued.get_or_insert(lack);
            }
        }
        totals
    }

    fn count(&mut self, case: &Case<'_, '_>, row: &Exposure, rules: Option<&Instrument>, order: &Order) {
        self.others += 1;
        if rules.is_some_and(|rules| rules.asset_class == order.class) {
            self.in_class += 1;
        }
        let strategy = case.view.signal.map(|signal| signal.strategy);
        if row.strategy.is_none() || row.strategy == strategy {
            self.of_strategy += 1;
        }
    }

    fn value(
        &mut self,
        case: &Case<'_, '_>,
        at: usize,
        exposure: &Exposure,
        rules: Option<&Instrument>,
        order: &Order,
    ) -> Result<(), Lack> {
        let enters = !exposure.entering.is_zero() && exposure.key.venue == case.view.instrument.key.venue;
        let row = Row::of(case, exposure, Lack::Value(at));
        if enters {
            match row.and_then(|row| Ok(self.entering.plus(row.entering)?)) {
                Ok(sum) => self.entering = sum,
                Err(lack) => self.unpriced = Some(lack),
            }
        }
        let row = row?;
        let value = row.held.plus(row.entering)?;
        self.gross = self.gross.plus(value)?;
        self.risk = self.risk.plus(row.risk)?;
        if order.bucket.is_some() && (case.view.buckets)(exposure.key) == order.bucket {
            self.bucket = self.bucket.plus(row.risk)?;
        }
        self.net.add(&row, true)?;
        let Some(rules) = rules else { return Ok(()) };
        if rules.asset_class == order.class {
            self.class = self.class.plus(value)?;
        }
        if self.currencies.iter().all(Option::is_none) {
            return Ok(());
        }
        let Some([base, quote]) = pair(rules, case.view.stage, Lack::Rules(at))? else { return Ok(()) };
        for net in self.currencies.iter_mut().flatten() {
            if net.of == Some(base) {
                net.add(&row, true)?;
            } else if net.of == Some(quote) {
                net.add(&row, false)?;
            }
        }
        Ok(())
    }
}

impl Row {
    fn of(case: &Case<'_, '_>, row: &Exposure, unknown: Lack) -> Result<Self, Lack> {
        let rate = (case.view.values)(row.key).ok_or(unknown)?;
        let is_long = row.held.is_long();
        let mut of = Self {
            held: Amount::ZERO,
            is_long,
            entering: Amount::ZERO,
            buys: row.entering_side.map(|side| side == Side::Buy),
            risk: Amount::ZERO,
        };
        if !row.held.is_flat() {
            let average = row.average.ok_or(unknown)?;
            of.held = average.times(row.held.size())?;
            of.risk = match row.plan.stop {
                Some(stop) => lost(row.held.size(), average, stop, is_long)?,
                None => of.held,
            };
        }
        if !row.entering.is_zero() {
            let at = row.entering_at.ok_or(unknown)?;
            of.entering = at.times(row.entering)?;
            // A stop on the wrong side is none.
            let stop =
                row.entering_stop.zip(of.buys).filter(|(stop, buys)| (*stop < at) == *buys && *stop != at);
            let risk = match stop {
                Some((stop, buys)) => lost(row.entering, at, stop, buys)?,
                None => of.entering,
            };
            of.risk = of.risk.plus(risk)?;
        }
        if rate != Ratio::ONE {
            of.held = of.held.times(rate)?;
            of.entering = of.entering.times(rate)?;
            of.risk = of.risk.times(rate)?;
        }
        Ok(of)
    }
}

/// What so much loses from `from` to `stop`, in quote currency. A stop that has moved beyond it loses nothing.
fn lost(size: Qty, from: Price, stop: Price, is_long: bool) -> Result<Amount, Lack> {
    let gap = if is_long { stop.to(from)? } else { from.to(stop)? };
    if gap <= Amount::ZERO {
        return Ok(Amount::ZERO);
    }
    let lost = gap.get().checked_mul(size.get());
    lost.and_then(|lost| Amount::new(lost).ok()).ok_or(Lack::TooLarge)
}

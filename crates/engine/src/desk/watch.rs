//! What is guarded by somebody who looks, because it cannot rest at its venue: targets beside a stop that binds the whole
//! position, stops that the venue does not take, and stops that follow the price.

use broker_api::{Capabilities, Code, InstrumentIx, Key, KindName, Price, Purpose, Quote, Record, Wanted};
use rust_decimal::Decimal;
use state::Illegal;
use state::book::Position;

use super::Step;
use crate::input::Input;

const TARGET: Code = Code::fixed("target");
const STOP: Code = Code::fixed("stop");
/// A stop follows once the price has gone this part of its distance further: each step is a cancel and a new order.
const STEP: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

/// Whether a stop that follows the price is asked for.
pub(super) fn follows(input: &Input) -> bool {
    let Input::Signal { signal, .. } = input else { return false };
    match signal.wanted {
        Wanted::Enter { plan, .. } | Wanted::Adjust { plan } => plan.trail.is_some(),
        Wanted::Exit => false,
    }
}

impl Step<'_> {
    /// Looks at a price for the position that somebody must look after.
    pub(super) fn watch(&mut self, ix: InstrumentIx, quote: &Quote) -> Result<(), Illegal> {
        let Some(key) = self.setup.catalog.get(ix).map(|instrument| instrument.key) else { return Ok(()) };
        let Some(position) = self.book.position(key).filter(|_| self.book.exit_wanted(key).is_none()) else {
            return Ok(());
        };
        if quote.is_crossed() {
            return Ok(());
        }
        let is_long = position.held.is_long();
        let price = if is_long { quote.bid } else { quote.ask };
        let beyond = |level: Price, up: bool| if up { price >= level } else { price <= level };
        let is_hit = |level: Option<Price>, up: bool| level.is_some_and(|level| beyond(level, up));
        if is_hit(position.plan.target, is_long) && self.is_watched_target(position) {
            return self.put(Record::ExitWanted { key, signal: None, code: TARGET });
        }
        if is_hit(position.plan.stop, !is_long) && self.is_watched_stop(key) {
            return self.put(Record::ExitWanted { key, signal: None, code: STOP });
        }
        match followed(position, price) {
            Some(stop) => self.put(Record::StopTrailed { key, stop }),
            None => Ok(()),
        }
    }

    /// Whether a target does not rest and cannot: its stop binds all there is.
    pub(super) fn is_watched_target(&self, position: &Position) -> bool {
        let key = position.key;
        let binds = self.setup.venues.get(&key.venue).is_some_and(|venue| venue.closing_binds);
        binds && position.plan.stop.is_some() && !self.rests(key, Purpose::Target)
    }

    /// Whether a stop does not rest because its venue takes none.
    pub(super) fn is_watched_stop(&self, key: Key) -> bool {
        let takes = |venue: &Capabilities| venue.takes(KindName::Stop);
        !self.setup.venues.get(&key.venue).is_some_and(takes)
    }

    pub(super) fn rests(&self, key: Key, purpose: Purpose) -> bool {
        self.book.open_orders_of(key).any(|row| row.intent.purpose == purpose)
    }
}

/// Where a stop goes that follows; nothing while the price has not gone far enough.
fn followed(position: &Position, price: Price) -> Option<Price> {
    let trail = position.plan.trail?.get();
    let is_long = position.held.is_long();
    let at = if is_long { price.get().checked_sub(trail)? } else { price.get().checked_add(trail)? };
    let Some(stop) = position.plan.stop else { return Price::new(at).ok() };
    let gained = if is_long { at.checked_sub(stop.get())? } else { stop.get().checked_sub(at)? };
    (gained >= trail.checked_mul(STEP)?).then(|| Price::new(at).ok())?
}

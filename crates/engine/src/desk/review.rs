//! What sizing and guard get to see, made from book and market; and the one way an order becomes a command.

use broker_api::{
    AssetClass, ClientOrderId, Cursor, Exposure, Instrument, Intent, Key, Marks, Purpose, Qty, Record, Time,
};
use risk::{Approved, Blackout, Executed, Verdict};
use state::Illegal;

use super::Step;
use crate::command::Command;

impl Step<'_> {
    /// Asks `orders` something about one instrument; nothing when it, or its venue, is not known here.
    pub(super) fn with_order_view<T>(
        &mut self,
        key: Key,
        ask: impl FnOnce(&orders::View<'_>) -> T,
    ) -> Option<T> {
        let setup = self.setup;
        let instrument = setup.catalog.instrument(key)?;
        let market_open = self.opening(key).is_trading();
        let held = self.book.exposure(key);
        let view = orders::View {
            instrument,
            capabilities: setup.venues.get(&key.venue)?,
            quote: self.market.quote_of(key),
            equity: self.sizing_equity(),
            rate: self.rate(instrument.quote),
            held: &held,
            account: self.book.venue(key.venue)?.of.account,
            market_open,
            now: self.now,
        };
        Some(ask(&view))
    }

    /// Puts an order before the guard. `own` is the order itself when it is already in the book, so that it does
    /// not stand in its own way. Nothing when its instrument or venue is not known here.
    pub(super) fn review(&mut self, intent: &Intent, own: Option<ClientOrderId>) -> Option<Verdict> {
        let (key, purpose) = (intent.key, intent.purpose);
        let instrument = self.setup.catalog.instrument(key)?;
        let capabilities = self.setup.venues.get(&key.venue)?;
        let opening = self.opening(key);
        let market_open = if purpose.is_reducing() { opening.takes_exits() } else { opening.is_trading() };
        let last_close = self.hours.last_close(instrument.asset_class, self.now);
        let day = self.hours.account_day(self.now);
        *self.reviews += 1;
        let lately = self.lately(intent, own);
        let is_entry = !purpose.is_reducing();
        if is_entry {
            self.book.fill_exposures(key, own, self.exposures);
        } else {
            // What only reduces is judged by its own instrument.
            self.exposures.clear();
            self.exposures.push(self.book.exposure_without(key, own));
        }
        let loosened = if is_entry { self.loosened() } else { None };
        let others = || self.book.open_orders_of(key).filter(|row| Some(row.intent.id) != own);
        let live_reducing = others()
            .filter(|row| row.intent.purpose.is_reducing() && row.intent.purpose != purpose)
            .map(state::book::Order::remaining)
            .max()
            .unwrap_or(Qty::ZERO);
        let signal = intent.signal.and_then(|id| self.book.signal(id)).map(|state| &state.signal);
        let decisions = signal.filter(|_| is_entry).map(|signal| self.decisions(signal)).unwrap_or_default();
        let executed =
            if is_entry { self.executions(key, instrument.asset_class, day) } else { Executed::default() };
        let is_stock = instrument.asset_class == AssetClass::Equity;
        let day_trades = if is_entry && is_stock { self.day_trades() } else { 0 };
        let duplicate = others().any(|row| row.intent.purpose == purpose);
        let rows: &[Exposure] = self.exposures;
        let values = |key: Key| self.rate(self.setup.catalog.instrument(key)?.quote);
        let instruments = |key: Key| self.setup.catalog.instrument(key);
        let buckets = |key: Key| self.setup.buckets.get(&key.symbol).copied();
        let account = self.market.account(key.venue);
        let view = risk::View {
            instrument,
            quote: self.market.quote_of(key),
            account,
            equity: self.counted_equity(),
            equity_at: account.map(|account| account.at),
            away: if is_entry { self.away_but(key.venue) } else { None },
            base: self.setup.base,
            rate: self.rate(instrument.quote),
            guard: self.book.guard(),
            exposures: rows,
            values: &values,
            instruments: &instruments,
            buckets: &buckets,
            lately,
            same_decision: decisions.same,
            last_bar: decisions.last_bar,
            day_trades,
            // Checks of entries alone ask for these.
            bare: if is_entry { self.bare() } else { None },
            oldest: if is_entry { self.oldest() } else { None },
            blackout: if is_entry { self.without_entries(instrument) } else { None },
            drilled: self.setup.drilled,
            alerts: self.setup.alerts,
            stage: self.setup.stage,
            executed,
            contact: self.market.contact(key.venue),
            clock: self.market.clock(key.venue),
            signal,
            unconfirmed: self.first.is_some(),
            duplicate,
            market_open,
            venue_holds: capabilities.keeps(intent.purpose, intent.order.name()),
            last_close,
            halted: self.halted,
            compared: self.market.is_compared(key.venue) && !self.suspects.contains_key(&key),
            live_reducing,
            quote_age_max: self.setup.bars.get(&instrument.asset_class).copied(),
            loosened,
            now: self.now,
        };
        Some(risk::review(*intent, &view, &self.setup.limits))
    }

    /// The time without entries that an instrument is in now.
    fn without_entries(&self, instrument: &Instrument) -> Option<&Blackout> {
        Blackout::of(&self.setup.blackouts, instrument.key.symbol, instrument.asset_class, self.now)
    }

    /// Where the venue's log stands, and until when an order that is decided now may be sent: an entry not once its
    /// signal has expired.
    pub(super) fn sending(&self, intent: &Intent) -> Option<(Cursor, Time)> {
        let venue = intent.key.venue;
        let policy = &self.setup.venues.get(&venue)?.resolve;
        let expires_at = intent
            .signal
            .filter(|_| intent.purpose == Purpose::Entry)
            .and_then(|id| self.book.signal(id))
            .map(|state| state.signal.expires_at);
        Some((self.book.venue(venue)?.cursor, orders::send_by(policy, expires_at, self.now)))
    }

    /// Puts an approved order on its way.
    pub(super) fn send(&mut self, order: Approved, marks: Marks) -> Result<(), Illegal> {
        let intent = *order.get();
        let Some((mark, send_by)) = self.sending(&intent) else { return Ok(()) };
        let record = Record::Intended { intent, mark, send_by, marks };
        self.pace.sent(&intent, self.now, self.book);
        self.put_with(record, Command::Submit { order, mark, attempt: 1, send_by })
    }
}

//! Orders of ours that a venue knows and the book does not, as after a journal was lost: what the venue's log, its list
//! of live orders, and the orders' own names tell of them. Pure.
//!
//! 1. A live order tells instrument, side, quantity and the prices that it rests at; an execution of one that is over
//!    tells instrument, side, quantity and price; and the name tells its purpose.
//! 2. A name follows from account, signal or position, purpose and number: whose it is, is found by making it again.
//! 3. Of an order that is over nobody tells at which price it rested: it is taken in as a market order.
//! 4. What rests and cannot be told (a kind that is not ours) is taken in as a market order too: the desk sees that it is
//!    not what is planned, cancels it, and places what is. Where nothing is planned, what rests stays.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    AccountId, ClientOrderId, Fill, Intent, Key, OpenOrder, OrderKind, Price, Protection, Purpose, Qty,
    Record, Side, SignalId, TimeInForce, VenueEvent, VenueId, Wanted,
};
use orders::{Origin, client_order_id};
use state::Book;

/// One order that is not in the book.
struct Unknown<'a> {
    id: ClientOrderId,
    fills: Vec<&'a Fill>,
    at_venue: Option<&'a OpenOrder>,
}

/// The records that take in what can be told of these orders.
pub(crate) fn orders(book: &Book, venue: VenueId, events: &[VenueEvent], open: &[OpenOrder]) -> Vec<Record> {
    let Some(account) = book.venue(venue).map(|state| state.of.account) else { return Vec::new() };
    let told = events.iter().filter_map(|event| match event {
        VenueEvent::Filled(fill) => Some(fill.order),
        VenueEvent::Closed { order, .. } => Some(*order),
        VenueEvent::Busted { .. } | VenueEvent::Corrected { .. } | VenueEvent::NonTrade(_) => None,
    });
    let mut seen = BTreeSet::new();
    let ids = told.chain(open.iter().filter_map(|order| order.id));
    let unknown: Vec<ClientOrderId> =
        ids.filter(|id| id.is_ours() && book.order(*id).is_none() && seen.insert(*id)).collect();
    let fills: Vec<&Fill> = events
        .iter()
        .filter_map(|event| match event {
            VenueEvent::Filled(fill) => Some(fill),
            _ => None,
        })
        .collect();
    let names = Names::new(book, account, &fills, unknown.len());
    let intents = unknown.into_iter().filter_map(|id| {
        let order = Unknown {
            id,
            fills: fills.iter().filter(|fill| fill.order == id).copied().collect(),
            at_venue: open.iter().find(|order| order.id == Some(id)),
        };
        let venue_order = order.at_venue.and_then(|open| open.order.venue_order);
        Some(Record::OrderAdopted { intent: intent(book, &names, &order)?, venue_order })
    });
    intents.collect()
}

/// An order as far as it can be told; nothing when not even its instrument, side and quantity can.
fn intent(book: &Book, names: &Names<'_>, order: &Unknown<'_>) -> Option<Intent> {
    let purpose = purpose(order.id)?;
    let signal = names.signal(order.id, purpose);
    let filled = order.fills.iter().try_fold(Qty::ZERO, |sum, fill| sum.plus(fill.qty)).ok()?;
    let leg = names.position(order.id, purpose);
    let (key, side) = match (order.at_venue, order.fills.first(), leg) {
        (Some(open), ..) => (open.key, open.side),
        (None, Some(fill), _) => (fill.key, fill.side),
        (None, None, Some(key)) => (key, names.positions.get(&key)?.side.opposite()),
        (None, None, None) => return None,
    };
    // A leg is made for all that is held.
    let row = names.positions.get(&key);
    let whole = row.filter(|_| purpose.is_protective()).map_or(Qty::ZERO, |row| row.qty);
    let qty = order.at_venue.map_or_else(|| filled.max(whole), |open| open.qty.max(filled));
    let position = book.position(key);
    let kind = order.at_venue.and_then(|open| open.kind).unwrap_or(OrderKind::MARKET);
    let rests_at = kind.prices().into_iter().flatten().next();
    let reference = order.fills.first().map(|fill| fill.price).or_else(|| row?.price).or(rests_at)?;
    let plan = match signal.and_then(|id| book.signal(id)).map(|state| state.signal.wanted) {
        Some(Wanted::Enter { plan, .. }) => plan,
        _ => Protection::default(),
    };
    (!qty.is_zero()).then_some(Intent {
        id: order.id,
        key,
        signal: signal.or_else(|| position?.signal.filter(|_| purpose.is_reducing())),
        purpose,
        side,
        qty,
        order: kind,
        tif: TimeInForce::Gtc,
        reduce_only: purpose.is_reducing(),
        bracket: false,
        plan,
        reference,
        risk: None,
    })
}

/// The end of an order's name: its purpose and its number.
fn ending(id: &ClientOrderId) -> Option<(char, u32)> {
    let (_, end) = id.as_str().rsplit_once('-')?;
    let letter = end.chars().next()?;
    Some((letter, end.get(letter.len_utf8()..)?.parse().ok()?))
}

fn purpose(id: ClientOrderId) -> Option<Purpose> {
    let (letter, _) = ending(&id)?;
    let all = [Purpose::Entry, Purpose::Exit, Purpose::Stop, Purpose::Target];
    all.into_iter().find(|purpose| purpose.letter() == letter)
}

/// What names can have been made from.
struct Names<'a> {
    book: &'a Book,
    account: AccountId,
    positions: BTreeMap<Key, Row>,
}

/// A position that is held, or was opened since.
struct Row {
    side: Side,
    qty: Qty,
    price: Option<Price>,
    /// The first and the last number that it can have.
    numbers: (u64, u64),
}

impl<'a> Names<'a> {
    fn new(book: &'a Book, account: AccountId, fills: &[&Fill], unknown: usize) -> Self {
        let (before, more) = (book.totals().positions, u64::try_from(unknown).unwrap_or(u64::MAX));
        let last = before.saturating_add(more);
        let mut positions: BTreeMap<Key, Row> = BTreeMap::new();
        for position in book.positions() {
            let side = if position.held.is_long() { Side::Buy } else { Side::Sell };
            let (qty, price) = (position.held.size(), position.average());
            positions.insert(position.key, Row { side, qty, price, numbers: (position.number, last) });
        }
        for fill in fills.iter().filter(|fill| purpose(fill.order) == Some(Purpose::Entry)) {
            let row = positions.entry(fill.key).or_insert(Row {
                side: fill.side,
                qty: Qty::ZERO,
                price: Some(fill.price),
                numbers: (before + 1, last),
            });
            row.qty = fill.moved().and_then(|qty| row.qty.plus(qty)).unwrap_or(row.qty);
        }
        Self { book, account, positions }
    }

    /// The signal that an order serves, when the book remembers it.
    fn signal(&self, id: ClientOrderId, purpose: Purpose) -> Option<SignalId> {
        let (_, generation) = ending(&id)?;
        let named = |signal: &broker_api::Signal| {
            let origin = Origin::Signal { strategy: signal.strategy, signal: signal.id };
            client_order_id(self.account, origin, purpose, generation) == id
        };
        self.book.signals().map(|state| &state.signal).find(|signal| named(signal)).map(|signal| signal.id)
    }

    /// The instrument of the position that an order belongs to.
    fn position(&self, id: ClientOrderId, purpose: Purpose) -> Option<Key> {
        let (_, generation) = ending(&id)?;
        let named = |key: Key, number: u64| {
            client_order_id(self.account, Origin::Position { key, number }, purpose, generation) == id
        };
        let fits = |(key, row): &(&Key, &Row)| (row.numbers.0..=row.numbers.1).any(|n| named(**key, n));
        self.positions.iter().find(fits).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests;

//! Everything that ever was, gathered while the journal is folded once more: what the book itself forgets.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, ExecutionId, Record, SignalId, Stamped, VenueId};
use state::book::{Execution, Order, SignalState, Trade};
use state::{Book, Illegal};

/// Orders, signals, trades and executions, as the last record about each left them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// All orders, by id.
    pub orders: BTreeMap<ClientOrderId, Order>,
    /// All signals, by id.
    pub signals: BTreeMap<SignalId, SignalState>,
    /// All closed trades, by number.
    pub trades: BTreeMap<u64, Trade>,
    /// All executions that were not taken back, in the order they were told.
    pub fills: Vec<Execution>,
}

/// The same, with all records it was gathered from.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// What they came to.
    pub history: History,
    /// All records, in their order.
    pub records: Vec<Stamped>,
}

impl History {
    /// What a book still remembers.
    pub fn of(book: &Book) -> Self {
        let orders = book.open_orders().chain(book.closed_orders());
        Self {
            orders: orders.map(|order| (order.intent.id, order.clone())).collect(),
            signals: book.signals().map(|state| (state.signal.id, state.clone())).collect(),
            trades: book.trades().map(|trade| (trade.position.number, trade.clone())).collect(),
            fills: book.executions().filter(|known| !known.busted).cloned().collect(),
        }
    }

    /// Folds one more record into `book` and keeps what it made.
    ///
    /// # Errors
    /// [`Illegal`] when the record does not follow.
    pub fn take(&mut self, book: &mut Book, stamped: &Stamped) -> Result<(), Illegal> {
        let trades = book.totals().trades;
        book.apply(&stamped.record, stamped.at)?;
        if let Some(order) = stamped.record.order().and_then(|id| book.order(id)) {
            self.orders.insert(order.intent.id, order.clone());
        }
        if let Some(state) = stamped.record.signal().and_then(|id| book.signal(id)) {
            self.signals.insert(state.signal.id, state.clone());
        }
        match &stamped.record {
            Record::Started { .. } => {
                let open = book.open_orders().map(|order| (order.intent.id, order.clone()));
                self.orders.extend(open);
            }
            // Also one that no order of ours made.
            Record::Filled { fill } | Record::Outside { fill, .. } => {
                self.fills.extend(book.execution(fill.key.venue, fill.execution).cloned());
            }
            Record::Corrected { fill } => {
                if let Some(known) = self.find(fill.key.venue, fill.execution) {
                    known.fill = *fill;
                }
            }
            Record::Edited { changes, .. } => {
                let number =
                    |path: &str| path.strip_prefix("/trades/")?.split('/').next()?.parse::<u64>().ok();
                self.trades.retain(|known, _| !changes.iter().any(|c| number(&c.path) == Some(*known)));
                self.trades.extend(book.trades().map(|trade| (trade.position.number, trade.clone())));
            }
            Record::Adopted(_) => *self = Self::of(book),
            Record::Busted { venue, execution } => {
                self.fills
                    .retain(|known| (known.fill.key.venue, known.fill.execution) != (*venue, *execution));
            }
            _ => {}
        }
        let many = matches!(
            stamped.record,
            Record::Corrected { .. } | Record::Busted { .. } | Record::Imported { .. }
        );
        if many {
            self.trades.extend(book.trades().map(|trade| (trade.position.number, trade.clone())));
        } else if book.totals().trades != trades {
            self.trades.extend(book.trades().next_back().map(|trade| (trade.position.number, trade.clone())));
        }
        Ok(())
    }

    fn find(&mut self, venue: VenueId, execution: ExecutionId) -> Option<&mut Execution> {
        self.fills.iter_mut().find(|known| known.fill.key.venue == venue && known.fill.execution == execution)
    }
}

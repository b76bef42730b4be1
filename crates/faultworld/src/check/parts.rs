//! Parts of trading that are stopped: no entry is announced in one, and none goes on but by its time or a person.

use std::collections::BTreeMap;

use broker_api::{
    AssetClass, By, ClientOrderId, Intent, Purpose, Record, Scope, SignalId, Stamped, StrategyId, Time,
};
use state::Book;

/// What the records say is stopped.
#[derive(Debug)]
pub(super) struct Parts {
    stopped: BTreeMap<Scope, Option<Time>>,
    strategies: BTreeMap<SignalId, StrategyId>,
    entries: BTreeMap<ClientOrderId, Intent>,
}

/// The class of a symbol, by how it is written.
fn class(symbol: &str) -> AssetClass {
    match symbol.split_once('/') {
        None => AssetClass::Equity,
        Some((base, _)) if ["BTC", "ETH", "SOL", "LTC", "XRP", "DOGE"].contains(&base) => AssetClass::Crypto,
        Some(_) => AssetClass::Forex,
    }
}

impl Parts {
    pub(super) const fn new() -> Self {
        Self { stopped: BTreeMap::new(), strategies: BTreeMap::new(), entries: BTreeMap::new() }
    }

    /// Takes a record in.
    pub(super) fn follow(&mut self, stamped: &Stamped) -> Result<(), String> {
        let (seq, at) = (stamped.seq, stamped.at);
        match &stamped.record {
            Record::SignalTaken { signal, .. } => drop(self.strategies.insert(signal.id, signal.strategy)),
            Record::EntriesStopped { scope, until, .. } => {
                let is_shorter = match (self.stopped.get(scope), until) {
                    (None, _) | (Some(Some(_)), None) => false,
                    (Some(None), _) => true,
                    (Some(Some(known)), Some(until)) => until <= known,
                };
                if is_shorter {
                    return Err(format!("record {seq} stops {scope} for less than before"));
                }
                self.stopped.insert(*scope, *until);
            }
            Record::EntriesAllowed { scope, by, .. } => {
                let until = self.stopped.remove(scope);
                let is_over = until.flatten().is_some_and(|until| until <= at);
                if *by == By::Guard && !is_over {
                    return Err(format!(
                        "record {seq} lets {scope} go on by itself, stopped until {until:?}"
                    ));
                }
            }
            Record::Intended { intent, .. } if intent.purpose == Purpose::Entry => {
                self.entries.insert(intent.id, *intent);
                return self.goes(intent, seq);
            }
            Record::Resent { order, .. } => {
                if let Some(intent) = self.entries.get(order) {
                    return self.goes(intent, seq);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn goes(&self, intent: &Intent, seq: u64) -> Result<(), String> {
        let strategy = intent.signal.and_then(|id| self.strategies.get(&id));
        let covers = |scope: &&Scope| match scope {
            Scope::Class(of) => class(intent.key.symbol.as_str()) == *of,
            Scope::Strategy(of) => strategy == Some(of),
            Scope::Instrument(key) => intent.key == *key,
        };
        match self.stopped.keys().find(covers) {
            Some(scope) => Err(format!("record {seq} sends the entry {}, and {scope} is stopped", intent.id)),
            None => Ok(()),
        }
    }

    /// Whether a book has the same stopped.
    pub(super) fn are_those_of(&self, book: &Book) -> Result<(), String> {
        let book = book.guard().stopped.iter().map(|stop| (stop.scope, stop.until)).collect();
        if self.stopped == book {
            return Ok(());
        }
        Err(format!("the book has stopped {book:?}, its records {:?}", self.stopped))
    }
}

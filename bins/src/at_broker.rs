//! What is done at a broker without the process that trades: entries of ours are cancelled, and stops are looked for. Nothing
//! is read from a lock or written to a journal for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use broker_api::{
    CancelOutcome, ClientOrderId, Held, Key, KindName, OpenOrder, OrderKind, Purpose, Qty, QueryFailed, Side,
    VenuePosition,
};
use state::Book;
use tokio::runtime::Runtime;

use crate::config::BrokerName;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::place::Place;
use crate::venues::{self, Absent, Account, Connected, each};

/// How long a broker may take over one of these in all.
const WITHIN: Duration = Duration::from_mins(1);

/// A connection of our own to each broker.
pub struct Line {
    runtime: Runtime,
    accounts: Vec<Account>,
    absent: Vec<Absent>,
}

/// What became of the entries that were live.
#[derive(Debug, Default)]
pub struct Cancelled {
    /// How many there were.
    pub live: usize,
    /// Those that the broker cancels, or that had ended.
    pub done: Vec<String>,
    /// The others, and why not.
    pub failed: Vec<String>,
}

/// What is held of one instrument, and what of it a stop guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Of what.
    pub key: Key,
    /// How much the broker says is held.
    pub held: Held,
    /// How much of it stops of ours would close.
    pub stops: Qty,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// As [`venues::connect_present`]; brokers that take too long.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
            })?;
        let connected = runtime.block_on(async {
            let nothing_held = BTreeSet::new();
            tokio::time::timeout(WITHIN, venues::connect_present(place, &nothing_held)).await
        });
        let Connected { accounts, absent, .. } = connected.map_err(|_| too_late(place.broker()))??;
        Ok(Self { runtime, accounts, absent })
    }

    /// What a question to one of them is answered with.
    fn asked<T>(
        &self,
        account: &Account,
        question: impl Future<Output = Result<T, QueryFailed>>,
    ) -> Result<T, Failure> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(WITHIN, question).await });
        let answer = answer.map_err(|_| too_late(account.name))?;
        answer.map_err(|failed| venues::unavailable(account.name, &failed))
    }

    /// How many entries of ours are live there.
    ///
    /// # Errors
    /// A broker that does not answer.
    pub fn entries(&self) -> Result<usize, Failure> {
        self.all_answer()?;
        self.accounts.iter().map(|account| Ok(self.entries_at(account)?.len())).sum()
    }

    /// What is asked of all brokers has no answer while one of them did not answer.
    fn all_answer(&self) -> Result<(), Failure> {
        let gone = self.absent.first();
        gone.map_or(Ok(()), |gone| Err(venues::unavailable(gone.name, &gone.failed)))
    }

    fn entries_at(&self, account: &Account) -> Result<Vec<ClientOrderId>, Failure> {
        let orders = self.asked(account, account.broker.open_orders())?;
        Ok(orders.iter().filter(|order| is_entry(order)).filter_map(|order| order.id).collect())
    }

    /// Cancels every entry of ours that is live there, and nothing else. What can be done at one broker is done, whatever
    /// another one says.
    ///
    /// # Errors
    /// Brokers none of which says what is live.
    pub fn cancel_entries(&self) -> Result<Cancelled, Failure> {
        let mut told = Cancelled::default();
        let mut silent = Vec::new();
        for account in &self.accounts {
            match self.cancel_at(account, &mut told) {
                Ok(()) => {}
                Err(failure) => silent.push(failure),
            }
        }
        let absent = self.absent.iter().map(|gone| venues::unavailable(gone.name, &gone.failed).what);
        if silent.len() < self.accounts.len() {
            told.failed.extend(absent);
            told.failed.extend(silent.iter().map(|failure| failure.what.clone()));
            return Ok(told);
        }
        silent.into_iter().next().map_or(Ok(told), Err)
    }

    fn cancel_at(&self, account: &Account, told: &mut Cancelled) -> Result<(), Failure> {
        let entries = self.entries_at(account)?;
        let answers = self.asked(account, async {
            let cancels = each(entries.iter().copied(), |id| {
                let broker = Arc::clone(&account.broker);
                async move { Ok(broker.cancel(id).await) }
            });
            Ok(cancels.await)
        })?;
        told.live += entries.len();
        for (id, answer) in entries.iter().zip(answers) {
            match answer {
                Ok(CancelOutcome::Accepted | CancelOutcome::TooLate) => told.done.push(id.to_string()),
                other => told.failed.push(format!("{id}: {other:?}")),
            }
        }
        Ok(())
    }

    /// What is held there, and what of it stops of ours guard. With a book only what the book holds or has orders for: the rest
    /// is not ours.
    ///
    /// # Errors
    /// A broker that does not answer.
    pub fn guarded(&self, book: Option<&Book>) -> Result<Vec<Guarded>, Failure> {
        self.all_answer()?;
        let mut all = Vec::new();
        for account in &self.accounts {
            let held = self.asked(account, account.broker.positions())?;
            let orders = self.asked(account, account.broker.open_orders())?;
            all.extend(guarded(&held, &orders, book));
        }
        Ok(all)
    }
}

/// What of this is ours, and what of it stops guard.
fn guarded(held: &[VenuePosition], orders: &[OpenOrder], book: Option<&Book>) -> Vec<Guarded> {
    let is_ours = |key: Key| {
        book.is_none_or(|book| {
            book.position(key).is_some() || book.open_orders().any(|order| order.intent.key == key)
        })
    };
    let rows = held.iter().filter(|row| is_ours(row.key) && !row.held.is_flat());
    rows.map(|row| {
        let side = Side::reducing(row.held);
        let stops =
            orders.iter().filter(|order| order.key == row.key && Some(order.side) == side && is_stop(order));
        let sum = stops.fold(Qty::nothing(), |sum, order| {
            sum.plus(order.qty.minus_or_zero(order.order.filled)).unwrap_or(sum)
        });
        Guarded { key: row.key, held: row.held, stops: sum }
    })
    .collect()
}

impl Guarded {
    /// Whether stops would close all of it.
    pub fn is_whole(&self) -> bool {
        self.stops >= self.held.size()
    }

    /// In words: `AAPL 44: a stop over all of it rests`.
    pub fn told(&self) -> String {
        let (symbol, held) = (self.key.symbol, figures::held(self.held));
        if self.is_whole() {
            format!("{symbol} {held}: a stop over all of it rests")
        } else if self.stops.is_nothing() {
            format!("{symbol} {held}: NO STOP RESTS")
        } else {
            format!("{symbol} {held}: STOPS REST OVER {} OF IT ONLY", figures::qty(self.stops))
        }
    }
}

fn too_late(name: BrokerName) -> Failure {
    let why = format!("no answer within {} seconds", WITHIN.as_secs());
    venues::unavailable(name, &QueryFailed { why: why.into(), transient: true })
}

/// Whether an order of ours could open something, by its name.
fn is_entry(order: &OpenOrder) -> bool {
    order.id.as_ref().is_some_and(|id| id.is_ours() && is_for(id.as_str(), Purpose::Entry))
}

/// Whether an order of ours, or one that the broker made of ours, closes at a loss that was planned.
fn is_stop(order: &OpenOrder) -> bool {
    let is_ours = order.parent.is_some()
        || order.id.as_ref().is_some_and(|id| id.is_ours() && is_for(id.as_str(), Purpose::Stop));
    let kind = order.kind.as_ref().map(OrderKind::name);
    is_ours && matches!(kind, Some(KindName::Stop | KindName::StopLimit | KindName::TrailingStop))
}

fn is_for(id: &str, purpose: Purpose) -> bool {
    id.rsplit_once('-').is_some_and(|(_, end)| end.starts_with(purpose.letter()))
}

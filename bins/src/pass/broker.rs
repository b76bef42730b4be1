//! A pass at a broker: its fills come by themselves, and so do the prices that are read of it. What is asked of it while
//! the pass waits is little, for a broker counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use broker_api::{Currency, InstrumentIx, Key, KindName, Phase, Purpose, QueryFailed, Quote, Quotes, Symbol};
use engine::Input;
use engine::calendar::Calendar;
use engine::market::{Way, leads};
use state::Book;
use state::book::{Order, Position, VenueState};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use super::{At, LOOKS_BACK, Pass};
use crate::config::Source;
use crate::failure::Failure;
use crate::out::Out;
use crate::place::Place;
use crate::prices::Prices;
use crate::tell;
use crate::venues::{self, Connected, each};

/// How often a pass that waits looks again at the embedded broker.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// The same at another one, when nothing hints that there is something to see.
const POLL: Duration = Duration::from_secs(2);
/// How many prices are asked for at once.
const AT_ONCE: usize = 8;
/// How often one that did not come is asked for.
const ATTEMPTS: usize = 2;

/// Connects to the broker of a place, whose instruments are those of the place from now on.
pub(super) fn connect(
    place: &mut Place,
    book: &Book,
    runtime: &Runtime,
    out: Out,
) -> Result<Connected, Failure> {
    out.step("connect");
    let connected = runtime.block_on(venues::connect_present(place, &keys(book)))?;
    for gone in &connected.absent {
        // Nobody knows which account it would be.
        if book.venue(gone.venue()).is_none() {
            return Err(venues::unavailable(gone.name, &gone.failed));
        }
        let shown = gone.name.shown();
        let what = format!("{shown} did not answer: {}; it is left alone, and the others go on", gone.failed);
        out.warn("broker_away", &what);
    }
    if !connected.unlisted.is_empty() {
        let names: Vec<&str> = connected.unlisted.iter().map(Symbol::as_str).collect();
        out.step(&format!("not traded there: {}", names.join(", ")));
    }
    place.catalog = Arc::clone(&connected.catalog);
    Ok(connected)
}

/// A book belongs to the venues that it began to trade at.
///
/// # Errors
/// When it trades at another one than the configuration names, or in another kind of account.
pub(super) fn bound_here(place: &Place, book: &Book) -> Result<(), Failure> {
    let (ours, wanted) = (place.brokers(), place.mode());
    for VenueState { of, .. } in book.venues() {
        if !ours.iter().any(|name| name.venue() == of.venue) {
            let what = format!(
                "this book trades {} at {}, and the configuration says {}",
                of.account,
                of.venue,
                place.brokers_shown()
            );
            return Err(Failure::usage("other_venue", what).fix(
                "name another state file with --state, or set venue.broker and route.* back; nothing was sent",
            ));
        }
        if of.mode != wanted {
            let what = format!("this book trades the {} account {} at {}", of.mode, of.account, of.venue);
            return Err(venues::other_mode(&format!("{what}, and the configuration says {wanted}")));
        }
    }
    Ok(())
}

/// What a book holds or has orders for.
fn keys(book: &Book) -> BTreeSet<Key> {
    let held = book.positions().map(|position| position.key);
    held.chain(book.open_orders().map(|order| order.intent.key)).collect()
}

impl Pass {
    /// What files hold of prices: the newest of each instrument.
    pub(super) fn file_prices(self) -> Result<Self, Failure> {
        let now = self.now();
        let mut prices = Prices::open(&self.place, now - LOOKS_BACK, now)?;
        prices.tell_absent(self.out);
        let mut newest: BTreeMap<InstrumentIx, Quote> = BTreeMap::new();
        while let Some(moment) = prices.next()? {
            let instrument = self.place.catalog.get(moment.ix());
            let quote = instrument.and_then(|row| moment.quote_in_ticks(row, &self.costs));
            newest.extend(quote.map(|quote| (moment.ix(), quote)));
        }
        let inputs: Vec<Input> = newest.into_iter().map(|(ix, quote)| Input::Quote { ix, quote }).collect();
        if inputs.is_empty() { Ok(self) } else { self.take(inputs) }
    }

    /// Reads the broker's own prices: of these symbols, and of all that the book holds, has orders for, or waits for.
    /// The embedded broker has none.
    ///
    /// # Errors
    /// A journal that fails. A price that does not come is told, and the guard will miss it.
    pub fn price(mut self, symbols: &[Symbol]) -> Result<Self, Failure> {
        let Some(wanted) = self.wanted_prices(symbols) else { return Ok(self) };
        let (inputs, failed) = self.runtime.block_on(wanted.ask());
        self.unpriced(failed);
        if inputs.is_empty() { Ok(self) } else { self.take(inputs) }
    }

    /// The instruments whose prices are needed, and are the broker's.
    pub(super) fn wanted(&self, symbols: &[Symbol]) -> Vec<(InstrumentIx, Key)> {
        let (book, catalog) = (self.book(), &self.place.catalog);
        let waiting = book.open_signals().filter_map(|id| book.signal(id)).map(|state| state.signal.symbol);
        let named = symbols.iter().copied().chain(waiting).filter_map(|symbol| catalog.find_symbol(symbol));
        let held = keys(book).into_iter().filter_map(|key| catalog.find(key));
        let mut all: BTreeSet<InstrumentIx> = named.chain(held).collect();
        // And what tells what their money is worth in the book's.
        let base = self.at.currency(&self.place, book);
        let quotes = all.iter().filter_map(|ix| catalog.get(*ix)).map(|row| row.quote);
        let money: BTreeSet<Currency> = quotes.chain(book.venues().map(|venue| venue.of.currency)).collect();
        all.extend(money.into_iter().filter_map(|from| leads(catalog, from, base)).flat_map(Way::pairs));
        // Nothing is entered where nobody answers, and others must not wait for its prices.
        let (now, market) = (self.now(), self.runner.market());
        let is_one_of_several = book.venues().count() > 1;
        let answers = |ix: &InstrumentIx| {
            let venue = catalog.get(*ix).map(|row| row.key.venue);
            !is_one_of_several || venue.is_some_and(|venue| !market.is_silent(venue, now))
        };
        let is_theirs = |ix: &InstrumentIx| {
            let class = catalog.get(*ix).map(|row| row.asset_class);
            class.is_some_and(|class| matches!(self.place.loaded.source(class), Ok(Source::Venue)))
        };
        let with_key = |ix: InstrumentIx| Some((ix, catalog.get(ix)?.key));
        all.into_iter().filter(answers).filter(is_theirs).filter_map(with_key).collect()
    }

    /// The same at the time that it is at the venue now.
    pub(super) fn followed(self) -> Self {
        if let At::Broker(connected) = &self.at {
            self.runtime.block_on(connected.follow());
        }
        self
    }

    /// Whether everything that should end at once has ended: answers came, and at a broker orders at market have filled in
    /// an open market, and the stops of what is kept rest.
    pub(super) fn is_settled(&self) -> bool {
        let is_on_its_way = |order: &Order| {
            matches!(order.phase, Phase::Sending | Phase::Unknown | Phase::Cancelling)
                || (self.is_traded() && self.ends_at_once(order))
        };
        let book = self.book();
        let is_unguarded = |position: &Position| {
            position.plan.stop.is_some()
                && book.exit_wanted(position.key).is_none()
                && tell::resting(book, position, Purpose::Stop) != Some(position.held.size())
        };
        // What differs is looked at once more before the pass ends.
        let is_suspect = self.runner.desk().suspects().next().is_some();
        !(is_suspect
            || book.open_orders().any(is_on_its_way)
            || self.is_traded() && book.positions().any(is_unguarded))
    }

    /// Whether a broker is traded, and not only looked at.
    fn is_traded(&self) -> bool {
        matches!(self.at, At::Broker(_)) && !self.place.is_rehearsal
    }

    fn ends_at_once(&self, order: &Order) -> bool {
        match order.phase {
            Phase::Waiting => true,
            Phase::Working => order.intent.order.name() == KindName::Market && self.is_open(order.intent.key),
            _ => false,
        }
    }

    fn is_open(&self, key: Key) -> bool {
        let Some(class) = self.place.catalog.instrument(key).map(|row| row.asset_class) else {
            return false;
        };
        let now = self.now();
        let says = self.runner.market().says(key.venue, class, now);
        says.unwrap_or_else(|| Calendar::new().open(class, now, None).is_trading())
    }

    /// Waits until there may be something new, at most so long.
    pub(super) fn wait(&self, at_most: Duration) {
        match &self.at {
            // Made inside: a timer belongs to the runtime that it is made in.
            At::Paper(_) => self.runtime.block_on(async { sleep(LOOK_AGAIN.min(at_most)).await }),
            At::Broker(connected) => self.runtime.block_on(async {
                sleep(LOOK_AGAIN.min(at_most)).await;
                // A hint only makes it look sooner.
                let _ = timeout(POLL.min(at_most), connected.hint()).await;
            }),
        }
    }
}

/// Asks for prices, some at once, and once more for one that may come then. Gives what came, and what did not.
pub(super) async fn ask_prices(
    quotes: &Arc<dyn Quotes>,
    mut wanted: Vec<(InstrumentIx, Key)>,
) -> (Vec<Input>, Vec<(Key, QueryFailed)>) {
    let mut inputs = Vec::new();
    let mut failed = Vec::new();
    for _ in 0..ATTEMPTS {
        failed.clear();
        for some in wanted.chunks(AT_ONCE) {
            let answers = each(some.iter().copied(), |(_, key)| {
                let quotes = Arc::clone(quotes);
                async move { quotes.quote(key).await }
            });
            for ((ix, key), answer) in some.iter().zip(answers.await) {
                match answer {
                    Ok(quote) => inputs.extend(quote.map(|quote| Input::Quote { ix: *ix, quote })),
                    Err(why) => failed.push((*key, why)),
                }
            }
        }
        let again = |(_, key): &(InstrumentIx, Key)| {
            failed.iter().any(|(failed, why)| failed == key && why.transient)
        };
        wanted.retain(again);
        if wanted.is_empty() {
            break;
        }
    }
    (inputs, failed)
}

//! Where decisions come from: at the close of a bar, or at moments of their own.

use broker_api::{
    Bar, Digest, Held, Instrument, InstrumentIx, Price, Protection, Signal, SizeWanted, Time, Wanted,
};
use rust_decimal::Decimal;
use state::Book;
use state::encode::digest;

/// A decision with the hash of its payload.
pub type Decided = (Signal, Digest);

/// Room for what a signal says.
const SAID_BYTES: usize = 256;

/// What a source gets to see at the close of a bar: that bar, and what is held then.
#[derive(Clone, Copy, Debug)]
pub struct AtClose<'a> {
    /// The instrument's place in the catalog.
    pub ix: InstrumentIx,
    /// Its rules.
    pub instrument: &'a Instrument,
    /// The bar that closed.
    pub bar: &'a Bar,
    pub(super) book: &'a Book,
}

impl<'a> AtClose<'a> {
    /// What is seen of a bar when the book stands so.
    pub const fn new(ix: InstrumentIx, instrument: &'a Instrument, bar: &'a Bar, book: &'a Book) -> Self {
        Self { ix, instrument, bar, book }
    }

    /// What is held of the instrument.
    pub fn held(&self) -> Held {
        self.book.held(self.instrument.key)
    }

    /// Whether the instrument is being closed already.
    pub fn is_closing(&self) -> bool {
        self.book.exit_wanted(self.instrument.key).is_some()
    }

    /// Whether an entry of the instrument is not over.
    pub fn is_opening(&self) -> bool {
        self.book.has_open_entry(self.instrument.key)
    }

    /// The book, for a source that wants to see more.
    pub const fn book(&self) -> &'a Book {
        self.book
    }
}

/// A strategy, or anything else that decides.
pub trait SignalSource {
    /// A bar closed: what is decided on it is put into `out`, and is taken in before anything else happens. Bars
    /// come in the order of time; each instrument's are all told, from the first on.
    fn at_close(&mut self, seen: &AtClose<'_>, out: &mut Vec<Decided>);

    /// The moment of the next decision that does not come from a close; nothing when there is none.
    fn next_at(&self) -> Option<Time> {
        None
    }

    /// The decisions of the moment that [`SignalSource::next_at`] named.
    fn at(&mut self, _now: Time, _out: &mut Vec<Decided>) {}
}

/// A signal with the hash of what it says, for a source that makes its signals itself.
pub fn decided(signal: Signal) -> Decided {
    let mut said = Vec::with_capacity(SAID_BYTES);
    for part in [signal.id.as_str(), signal.strategy.as_str(), signal.symbol.as_str(), signal.wanted.as_str()]
    {
        said.extend_from_slice(part.as_bytes());
        said.push(0);
    }
    for at in [signal.bar_close, Some(signal.decided_at), Some(signal.expires_at)] {
        let at = at.map(|at| (at.timestamp(), at.timestamp_subsec_nanos()));
        said.extend_from_slice(&at.map_or(0, |(seconds, _)| seconds).to_le_bytes());
        said.extend_from_slice(&at.map_or(u32::MAX, |(_, nanos)| nanos).to_le_bytes());
    }
    let mut figure = |figure: Option<Decimal>| {
        said.extend_from_slice(&figure.map_or([0xff; 16], |figure| figure.normalize().serialize()));
    };
    figure(signal.decision_price.map(Price::get));
    let (direction, size, plan) = match signal.wanted {
        Wanted::Enter { side, size, plan } => (side.as_str(), Some(size), plan),
        Wanted::Adjust { plan } => ("", None, plan),
        Wanted::Exit => ("", None, Protection::default()),
    };
    figure(plan.stop.map(Price::get));
    figure(plan.target.map(Price::get));
    let (way, size) = match size {
        None => ("", None),
        Some(SizeWanted::Configured) => ("configured", None),
        Some(SizeWanted::Quantity(qty)) => ("quantity", Some(qty.get())),
        Some(SizeWanted::Notional(value)) => ("notional", Some(value.get())),
        Some(SizeWanted::RiskPct(percent)) => ("risk", Some(percent.get())),
    };
    figure(size);
    said.extend_from_slice(direction.as_bytes());
    said.push(0);
    said.extend_from_slice(way.as_bytes());
    (signal, digest(&said))
}

/// Decisions that were made before, such as those of a signals file: each is told at its `decided_at`, those of one
/// moment together and in their order.
#[derive(Clone, Debug)]
pub struct Told {
    /// The latest first.
    left: Vec<Decided>,
}

impl Told {
    /// Decisions in any order.
    pub fn new(mut decisions: Vec<Decided>) -> Self {
        // The sort keeps the order of those of one moment, and the list is then taken from its end.
        decisions.sort_by_key(|(signal, _)| signal.decided_at);
        decisions.reverse();
        Self { left: decisions }
    }

    /// How many were not told.
    pub fn left(&self) -> usize {
        self.left.len()
    }
}

impl SignalSource for Told {
    fn at_close(&mut self, _: &AtClose<'_>, _: &mut Vec<Decided>) {}

    fn next_at(&self) -> Option<Time> {
        self.left.last().map(|(signal, _)| signal.decided_at)
    }

    fn at(&mut self, now: Time, out: &mut Vec<Decided>) {
        while self.left.last().is_some_and(|(signal, _)| signal.decided_at <= now) {
            out.extend(self.left.pop());
        }
    }
}

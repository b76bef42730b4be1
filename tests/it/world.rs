//! A small world to test in: three instruments at one paper account, a clock that is stepped by hand, and the words
//! in which tests say what they want. What needs a real venue behind it is in `paper`.

/// A real paper venue, a runner on it, and bars that are played through both.
pub(crate) mod paper;

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use broker_api::{
    Account, AccountId, AccountRef, AssetClass, Capabilities, Catalog, Digest, Direction, Instrument,
    InstrumentIx, Key, Mode, Protection, Quote, Signal, SizeWanted, Time, VenueId, Wanted,
};
use chrono::{TimeDelta, TimeZone, Utc};
use engine::calendar::Calendar;
use engine::{Clock, Input, Limits, Policy, Setup};

/// A text as the thing it stands for.
#[track_caller]
pub(crate) fn of<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

/// What an account begins with.
pub(crate) const CASH: &str = "100000";

/// The venue of this world.
pub(crate) fn venue() -> VenueId {
    of("paper")
}

/// One instrument at it.
pub(crate) fn key(symbol: &str) -> Key {
    Key { venue: venue(), symbol: of(symbol) }
}

/// The account of this world.
pub(crate) fn account_ref() -> AccountRef {
    AccountRef { venue: venue(), account: of::<AccountId>("paper-1"), mode: Mode::Paper, currency: of("USD") }
}

/// A reading of an account in which nothing was lost or won.
pub(crate) fn account(at: Time) -> Account {
    Account {
        of: account_ref(),
        equity: of(CASH),
        balance: of(CASH),
        margin_used: of("0"),
        buying_power: of(CASH),
        coin_power: None,
        previous_close: None,
        blocked: false,
        at,
    }
}

/// A stock, a currency pair, a coin.
pub(crate) fn catalog() -> Arc<Catalog> {
    let row = |symbol: &str, asset_class, tick: &str, lot: &str, margin: &str, shortable| Instrument {
        key: key(symbol),
        asset_class,
        quote: of("USD"),
        tick: of(tick),
        lot: of(lot),
        qty_min: of(lot),
        qty_max: of("1000000"),
        notional_min: of("0"),
        margin: of(margin),
        shortable,
    };
    let rows = vec![
        row("AAPL", AssetClass::Equity, "0.01", "1", "1", true),
        row("EUR/USD", AssetClass::Forex, "0.00001", "1", "0.0333", true),
        row("BTC/USD", AssetClass::Crypto, "0.01", "0.00001", "1", false),
    ];
    Arc::new(Catalog::new(rows).expect("three different symbols"))
}

/// The place of an instrument in the catalog.
pub(crate) fn ix(symbol: &str) -> InstrumentIx {
    catalog().find_symbol(of(symbol)).expect("one of the three")
}

/// What the paper venue can do, for a venue that is made up.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities { brackets: broker_api::Brackets::None, ..broker_paper::venue::capabilities() }
}

/// What a desk decides by: the paper limits and sizes, and prices that come as bars.
pub(crate) fn setup(capabilities: Capabilities) -> Setup {
    let classes = AssetClass::ALL;
    Setup {
        catalog: catalog(),
        policy: Policy::paper(),
        limits: Limits::paper(),
        calendar: Calendar::new(),
        base: of("USD"),
        venues: [(venue(), capabilities)].into(),
        bars: classes.map(|class| (class, TimeDelta::hours(1))).into(),
        stage: engine::Stage::Paper,
        buckets: [].into(),
        blackouts: [].into(),
        drilled: None,
        alerts: None,
    }
}

/// A clock that stands until it is stepped.
#[derive(Clone)]
pub(crate) struct Stepped(Arc<Mutex<Time>>);

impl Stepped {
    /// A Tuesday, half an hour after the stock market opened.
    pub(crate) fn new() -> Self {
        let at = Utc.with_ymd_and_hms(2026, 3, 3, 15, 0, 0).single().expect("a moment");
        Self(Arc::new(Mutex::new(at)))
    }

    pub(crate) fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    pub(crate) fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// Where a position shall be taken out; an empty text is nowhere.
pub(crate) fn plan(stop: &str, target: &str) -> Protection {
    let price = |text: &str| (!text.is_empty()).then(|| of(text));
    Protection { stop: price(stop), target: price(target), trail: None }
}

/// An entry of the configured size.
pub(crate) fn enter(side: Direction, plan: Protection) -> Wanted {
    Wanted::Enter { side, size: SizeWanted::Configured, plan }
}

/// A signal that was decided just now and holds for half an hour.
pub(crate) fn signal(id: &str, symbol: &str, wanted: Wanted, now: Time) -> Signal {
    Signal {
        id: of(id),
        strategy: of("trend-a"),
        symbol: of(symbol),
        decision_price: None,
        bar_close: None,
        decided_at: now,
        expires_at: now + TimeDelta::minutes(30),
        wanted,
    }
}

/// The signal as it reaches the desk. Its digest is made from its id: the same id is the same payload here.
pub(crate) fn arrives(signal: Signal) -> Input {
    let digest: Digest = state::encode::digest(signal.id.as_str().as_bytes());
    Input::Signal { signal, digest }
}

/// A price of an instrument, as it reaches the desk.
pub(crate) fn quote(symbol: &str, bid: &str, ask: &str, at: Time) -> Input {
    Input::Quote { ix: ix(symbol), quote: Quote { bid: of(bid), ask: of(ask), at } }
}

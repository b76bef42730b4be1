//! The venue on real files.

mod copy;
mod crash;
mod failure;
mod file;
mod port;
mod transfer;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use broker_api::intent::{Limit, Stop, TrailingStop};
use broker_api::{
    Amount, AssetClass, Bar, Broker, Catalog, ClientOrderId, Cursor, Instrument, InstrumentIx, Intent, Key,
    OrderKind, Protection, Purpose, Ratio, SentWindow, Side, SubmitOutcome, Time, TimeInForce, VenueEvent,
};
use chrono::TimeDelta;
use tempfile::TempDir;

use super::log::Line;
use super::{PaperVenue, VenueError};
use crate::matching::{Costs, Moment, Settings};

/// Every call of the venue is done at once: polled a single time.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the venue made its caller wait"),
    }
}

pub(super) fn n<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(super) fn instrument(symbol: &str) -> Instrument {
    Instrument {
        key: Key { venue: n("paper"), symbol: n(symbol) },
        asset_class: AssetClass::Equity,
        quote: n("USD"),
        tick: n("0.01"),
        lot: n("1"),
        qty_min: n("1"),
        qty_max: n("100000"),
        notional_min: n("0"),
        margin: Ratio::ONE,
        shortable: true,
    }
}

pub(super) fn catalog(symbols: &[&str]) -> Arc<Catalog> {
    Arc::new(Catalog::new(symbols.iter().map(|s| instrument(s)).collect()).unwrap())
}

pub(super) fn settings() -> Settings {
    Settings {
        currency: n("USD"),
        cash: n::<Amount>("100000"),
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: n("paper-1"),
        venue: n("paper"),
    }
}

/// A folder with one venue's file in it.
pub(super) struct Place {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paper-venue.sqlite");
        Self { _folder: folder, path }
    }

    pub(super) fn try_open(&self) -> Result<PaperVenue, VenueError> {
        open(&self.path)
    }

    pub(super) fn open(&self) -> PaperVenue {
        self.try_open().unwrap()
    }
}

pub(super) fn open(path: &Path) -> Result<PaperVenue, VenueError> {
    PaperVenue::open(path, catalog(&["AAPL", "MSFT"]), settings())
}

pub(super) fn lines(venue: &PaperVenue) -> Vec<Line> {
    venue.state.lock().unwrap().log.lines()
}

pub(super) fn ix(symbol: &str) -> InstrumentIx {
    catalog(&["AAPL", "MSFT"]).find_symbol(n(symbol)).unwrap()
}

/// The opening of day `d`, from 0.
pub(super) fn day(d: u32) -> Time {
    n::<Time>("2026-11-02T14:30:00Z") + TimeDelta::days(i64::from(d))
}

/// Day `d` of an instrument: open, high, low, close.
pub(super) fn moments(symbol: &str, d: u32, prices: [&str; 4]) -> [Moment; 3] {
    let [open, high, low, close] = prices.map(n);
    let (opens, closes) = (day(d), day(d) + TimeDelta::minutes(390));
    let bar = Bar { opens, closes, open, high, low, close, volume: None, spread: None };
    let ix = ix(symbol);
    [Moment::Open { ix, bar }, Moment::Range { ix, bar }, Moment::Close { ix, bar }]
}

/// A market entry of 10 AAPL.
pub(super) fn buy(id: &str) -> Intent {
    Intent {
        id: n(id),
        key: Key { venue: n("paper"), symbol: n("AAPL") },
        signal: None,
        purpose: Purpose::Entry,
        side: Side::Buy,
        qty: n("10"),
        order: OrderKind::MARKET,
        tif: TimeInForce::Gtc,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: n("100"),
        risk: None,
    }
}

pub(super) fn limit(id: &str, price: &str) -> Intent {
    Intent { order: OrderKind::Limit(Limit { limit: n(price) }), ..buy(id) }
}

pub(super) fn stop(id: &str, price: &str) -> Intent {
    let order = OrderKind::Stop(Stop { trigger: n(price) });
    Intent { order, side: Side::Sell, purpose: Purpose::Stop, reduce_only: true, ..buy(id) }
}

pub(super) fn trailing(id: &str, distance: &str) -> Intent {
    let order = OrderKind::TrailingStop(TrailingStop { distance: n(distance) });
    Intent { order, ..stop(id, "1") }
}

pub(super) fn mark() -> Cursor {
    n("0")
}

pub(super) fn sent() -> SentWindow {
    SentWindow { from: day(0), to: day(0) }
}

pub(super) fn accepted(outcome: &SubmitOutcome) -> bool {
    matches!(outcome, SubmitOutcome::Accepted { .. })
}

/// Plays moments to their end.
pub(super) fn play(venue: &PaperVenue, moments: &[Moment]) {
    for moment in moments {
        venue.play(moment).unwrap();
        while venue.next_event().unwrap() {}
    }
}

/// All events of the log, page by page.
pub(super) fn events(venue: &PaperVenue) -> Vec<VenueEvent> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = now(venue.activity_since(cursor)).unwrap();
        all.extend(page.events);
        cursor = Some(page.cursor);
        if page.complete {
            return all;
        }
    }
}

pub(super) fn id(text: &str) -> ClientOrderId {
    n(text)
}

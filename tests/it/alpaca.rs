//! The adapter to Alpaca over its simulator: what happens there, and what is told of it here.

mod closes;
mod hours;
mod legs;
mod non_trades;
mod words;

use std::sync::Arc;

use broker_alpaca::{Alpaca, Config, Credentials};
use broker_api::{
    Activity, Broker as _, ClientOrderId, Cursor, Intent, Key, Mode, OrderKind, Price, Protection, Purpose,
    Qty, SentWindow, Side, SubmitOutcome, TimeInForce, VenueEvent,
};
use broker_sim::alpaca::{Alpaca as Simulator, Control, Quirks, Running, Settings};
use chrono::TimeDelta;
use rust_decimal::Decimal;

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("what a test says")
}

/// The name of the one entry that most tests send.
const ENTRY: &str = "tw1aaaaaaaaaaaaaaaaaaaa-e1";

/// A simulated account, and the adapter before it.
struct Scene {
    running: Running,
    control: Control,
    alpaca: Alpaca,
    began: Cursor,
}

impl Scene {
    async fn new(change: impl FnOnce(&mut Quirks)) -> Self {
        Self::with(|settings| change(&mut settings.quirks)).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::stepped(of("2026-11-20T15:00:00Z"));
        let prices = [("AAPL", "200"), ("MSFT", "400"), ("BTC/USD", "95000")];
        settings.prices = prices.map(|(symbol, price)| (symbol.to_owned(), of::<Decimal>(price))).to_vec();
        change(&mut settings);
        let running = Simulator::start(settings).await.expect("a simulator");
        let alpaca = connect(&running);
        let began = alpaca.activity_since(None).await.expect("a log").cursor;
        Self { control: running.control(), running, alpaca, began }
    }

    /// Another process.
    fn restart(&mut self) {
        self.alpaca = connect(&self.running);
    }

    fn price(&self, symbol: &str, price: &str) {
        self.control.set_price(symbol, of(price)).expect("a price");
    }

    fn pass(&self, seconds: i64) {
        self.control.step(TimeDelta::seconds(seconds)).expect("a step");
    }

    async fn take(&self, intent: &Intent) {
        let answer = self.alpaca.submit(intent, self.began).await;
        assert!(matches!(answer, SubmitOutcome::Accepted { .. }), "{answer:?}");
    }

    async fn activity(&self, since: Cursor) -> Activity {
        self.alpaca.activity_since(Some(since)).await.expect("a log")
    }

    /// Everything since the beginning, each in a line.
    async fn lines(&self) -> Vec<String> {
        self.activity(self.began).await.events.iter().map(line).collect()
    }

    /// What is held, each in a line.
    async fn held(&self) -> Vec<String> {
        let all = self.alpaca.positions().await.expect("positions");
        all.iter().map(|row| format!("{} {} at {}", row.key.symbol, row.held, row.average)).collect()
    }

    fn sent(&self) -> SentWindow {
        let now = self.control.now();
        SentWindow { from: now - TimeDelta::minutes(1), to: now }
    }
}

fn connect(running: &Running) -> Alpaca {
    let credentials = Credentials::key("simulated".to_owned(), "simulated".to_owned()).expect("a key");
    let config = Config::new(of("alpaca"), Mode::Practice, credentials).expect("a config");
    let config = config.with_base_url(&running.url()).and_then(|config| config.with_data_url(&running.url()));
    let control = running.control();
    Alpaca::new(config.expect("a config"), Arc::new(move || control.now())).expect("an adapter")
}

fn line(event: &VenueEvent) -> String {
    match event {
        VenueEvent::Filled(fill) => format!("{} {} {} of {}", fill.side, fill.qty, fill.price, fill.order),
        VenueEvent::Closed { order, code, .. } => format!("{order} {code}"),
        VenueEvent::NonTrade(entry) => {
            let of = entry.key.map_or_else(|| "-".to_owned(), |key| key.symbol.to_string());
            let into = entry.becomes.map(|key| format!(" into {}", key.symbol)).unwrap_or_default();
            format!("{} {of}{into} {} {}", entry.kind.as_str(), entry.units, entry.money)
        }
        other => format!("{other:?}"),
    }
}

fn key(symbol: &str) -> Key {
    Key { venue: of("alpaca"), symbol: of(symbol) }
}

fn name(text: &str) -> ClientOrderId {
    of(text)
}

/// A purchase at the market, without anything that guards it.
fn buy(id: &str, symbol: &str, qty: &str) -> Intent {
    let is_coin = symbol.contains('/');
    Intent {
        id: name(id),
        key: key(symbol),
        signal: None,
        purpose: Purpose::Entry,
        side: Side::Buy,
        qty: of::<Qty>(qty),
        order: OrderKind::MARKET,
        tif: if is_coin { TimeInForce::Gtc } else { TimeInForce::Day },
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: of::<Price>("200"),
        risk: None,
    }
}

//! The account at the simulated broker: its state, its time, and its figures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use broker_api::{AccountId, Amount, Bar, Catalog, ClientOrderId, Currency, Qty, Time};
use broker_paper::matching::{Costs, Matching, Settings as Engine};
use chrono::{TimeDelta, Timelike as _};
use rust_decimal::Decimal;

use super::assets::{self, Listed, Prices};
use super::errors::Refusal;
use super::order::Order;
use super::settings::{Quirks, Settings};
use super::stream::Streams;
use super::time::{CLOSE, OPEN, RANGE};
use crate::core::{Chance, Clock, Hours, Prepared, Session, TimeAct, date_of, read_bars};

/// One execution.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub id: String,
    /// The activity's id.
    pub activity: String,
    pub order: usize,
    pub qty: Decimal,
    pub price: Decimal,
    pub at: Time,
    pub cumulative: Decimal,
    pub leaves: Decimal,
    pub is_last: bool,
    pub side: &'static str,
    pub busted: bool,
    /// The coins that were kept as a fee.
    pub fee_in_kind: Option<Decimal>,
    /// The dollars that were kept as a fee.
    pub fee: Option<Decimal>,
}

/// What falls due at a moment.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// An order reaches the market.
    Route(usize),
    /// A cancel comes to its end.
    Cancel(usize),
    /// An order takes the place of another.
    Replace { old: usize, new: usize },
    /// A fault of a script.
    Act(TimeAct),
}

/// The account's settings that the client may change.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub suspend_trade: bool,
    pub no_shorting: bool,
    pub fractional_trading: bool,
    pub max_margin_multiplier: Decimal,
    pub trade_confirm_email: String,
}

/// Part of a bar, as it is played.
pub(super) type Coming = (Time, u8, usize, Bar);

/// The account and everything about it.
pub(super) struct Venue {
    pub settings: Settings,
    pub clock: Clock,
    pub hours: Hours,
    pub chance: Chance,
    /// Everything up to here has been played.
    pub at: Time,
    /// Every change of the session up to here has been made.
    pub changed: Time,
    stamped: Time,
    pub assets: Vec<Listed>,
    pub engine: Matching,
    pub orders: Vec<Order>,
    pub by_id: BTreeMap<String, usize>,
    pub by_client: BTreeMap<String, usize>,
    pub by_engine: BTreeMap<ClientOrderId, usize>,
    pub executions: Vec<Execution>,
    /// The activities that no trade made, but for the fees of coins.
    pub non_trades: Vec<super::activities::Row>,
    pub refused: Vec<serde_json::Value>,
    pub agenda: BTreeMap<(Time, u64), Due>,
    pub due: u64,
    pub coming: VecDeque<Coming>,
    pub at_close: Vec<TimeAct>,
    pub prepared: Option<Prepared>,
    pub streams: Streams,
    pub requests: u64,
    /// Requests of the minute that began then.
    pub minute: (Time, u32),
    pub account_id: String,
    pub account_number: String,
    pub created: Time,
    pub last_equity: Decimal,
    pub configuration: Configuration,
}

impl Venue {
    /// An account at its beginning.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub(super) fn new(settings: Settings) -> Result<Self, String> {
        let mut chance = Chance::new(settings.seed);
        let clock = settings.clock.clone();
        let at = clock.now();
        let hours = Hours::new(settings.market);
        let multiplier = if settings.cash >= Decimal::from(2000) { Decimal::from(4) } else { Decimal::ONE };
        let (catalog, mut assets) =
            assets::list(&settings.prices, &settings.assets, multiplier, at, &mut chance)?;
        let mut coming = Vec::new();
        if let Some(folder) = &settings.bars {
            let symbols: Vec<String> = assets.iter().map(|listed| listed.symbol().to_owned()).collect();
            let day = |symbol: &str, date| assets::day_of(symbol, date, &hours);
            let bars = read_bars(folder, &symbols, &day).map_err(|error| error.to_string())?;
            for (place, listed) in assets.iter_mut().enumerate() {
                let bars = bars.get(listed.symbol()).cloned().unwrap_or_default();
                let (over, to_come) = bars.into_iter().partition(|bar| bar.closes <= at);
                listed.history = over;
                if let Some(bar) = listed.history.last() {
                    let (close, at) = (bar.close, bar.closes);
                    listed.prices = Some(Prices { bid: close, ask: close, last: close, at });
                    listed.before = Some(close);
                }
                let parts = |bar: Bar| {
                    [
                        (bar.opens, OPEN, place, bar),
                        (bar.opens, RANGE, place, bar),
                        (bar.closes, CLOSE, place, bar),
                    ]
                };
                coming.extend(Vec::into_iter(to_come).flat_map(parts).filter(|(when, ..)| *when > at));
            }
        }
        coming.sort_by_key(|(when, part, place, _)| (*when, *part, *place));
        let engine = engine(&settings, &catalog)?;
        let (account_id, number) = (chance.uuid(), chance.draw() % 10_000);
        let account_number = format!("{}3SIM{number:04}", if settings.quirks.live { "AK" } else { "PA" });
        let configuration = Configuration {
            suspend_trade: false,
            no_shorting: false,
            fractional_trading: true,
            max_margin_multiplier: multiplier,
            trade_confirm_email: "all".to_owned(),
        };
        let mut venue = Self {
            streams: Streams::new(settings.quirks.text_frames, settings.quirks.one_stream),
            last_equity: settings.cash,
            created: at,
            minute: (at, 0),
            stamped: at,
            changed: at,
            coming: coming.into(),
            due: 0,
            orders: Vec::new(),
            by_id: BTreeMap::new(),
            by_client: BTreeMap::new(),
            by_engine: BTreeMap::new(),
            executions: Vec::new(),
            non_trades: Vec::new(),
            refused: Vec::new(),
            agenda: BTreeMap::new(),
            at_close: Vec::new(),
            prepared: None,
            requests: 0,
            settings,
            clock,
            hours,
            chance,
            at,
            assets,
            engine,
            account_id,
            account_number,
            configuration,
        };
        for place in 0..venue.assets.len() {
            if let Some(prices) = venue.assets[place].prices {
                venue.play_quote(place, prices.bid, prices.ask);
            }
        }
        Ok(venue)
    }

    pub(super) const fn quirks(&self) -> &Quirks {
        &self.settings.quirks
    }

    /// A moment that no other has: now, or just after the last one.
    pub(super) fn stamp(&mut self) -> Time {
        let next = self.stamped + TimeDelta::microseconds(1);
        // A clock may tell fewer digits than the wire writes.
        let odd = i64::try_from(self.chance.draw() % 1_000).unwrap_or_default();
        let now = self.at.with_nanosecond(self.at.nanosecond() / 1_000 * 1_000).unwrap_or(self.at);
        self.stamped = if now > next { now } else { next };
        let base =
            self.stamped.with_nanosecond(self.stamped.nanosecond() / 1_000 * 1_000).unwrap_or(self.stamped);
        self.stamped = base;
        base + TimeDelta::nanoseconds(odd)
    }

    pub(super) fn find_asset(&self, name: &str) -> Option<usize> {
        self.assets.iter().position(|listed| listed.is_named(name))
    }

    /// What is held of an asset; negative is short.
    pub(super) fn held(&self, asset: usize) -> Decimal {
        self.engine.held(self.assets[asset].ix).get()
    }

    /// Whether the core session of an asset is open.
    pub(super) fn is_open_for(&self, asset: usize) -> bool {
        self.assets[asset].is_crypto() || self.hours.is_open(self.at)
    }

    /// The session that an order of now would belong to.
    pub(super) fn session(&self) -> Option<Session> {
        self.hours.coming(self.at)
    }

    /// Counts a request of this minute; refuses one too many.
    ///
    /// # Errors
    /// Too many.
    pub(super) fn count_request(&mut self) -> Result<(), Refusal> {
        if self.at - self.minute.0 >= TimeDelta::minutes(1) {
            self.minute = (self.at, 0);
        }
        self.minute.1 += 1;
        self.requests += 1;
        if self.minute.1 > self.settings.rate_limit {
            return Err(Refusal::too_many(self.quirks().bare_429));
        }
        Ok(())
    }

    /// The date in New York.
    pub(super) fn today(&self) -> chrono::NaiveDate {
        date_of(self.at)
    }
}

fn engine(settings: &Settings, catalog: &Arc<Catalog>) -> Result<Matching, String> {
    let said = |why: &dyn std::fmt::Display| why.to_string();
    let engine = Engine {
        currency: Currency::new("USD").map_err(|why| said(&why))?,
        cash: Amount::new(settings.cash).map_err(|why| format!("the cash {why}"))?,
        // Fees are kept in kind or in dollars by the venue.
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: AccountId::new("simulated").map_err(|why| said(&why))?,
        venue: assets::venue()?,
    };
    Ok(Matching::new(Arc::clone(catalog), engine))
}

/// A quantity for the engine, in whole steps of the ninth place.
pub(super) fn engine_qty(value: Decimal) -> Qty {
    let value = value.round_dp_with_strategy(9, rust_decimal::RoundingStrategy::ToZero);
    Qty::new(value.max(Decimal::ZERO)).unwrap_or(Qty::ZERO)
}

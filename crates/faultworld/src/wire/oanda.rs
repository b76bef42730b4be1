//! OANDA over its wire.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use broker_api::{Broker, ClientOrderId, Mode, Time, VenueId};
use broker_oanda::{Config, Credentials, Oanda as Adapter};
use broker_sim::core::Request;
use broker_sim::oanda::{Oanda, Quirks, Settings};
use chrono::{Datelike, TimeDelta, Timelike, Weekday};
use engine::Clock;
use rust_decimal::Decimal;
use serde_json::Value;

use super::bad;
use super::house::{Asks, Refusals, Simulator, refusal};
use super::truth::{OfOanda, Tells};
use crate::dice::Dice;
use crate::plan::BadStage;
use crate::world::CASH;

/// Three pairs that are quoted in the account's currency; prices in hundred thousandths.
const LISTED: [(&str, i64); 3] = [("EUR/USD", 110_000), ("GBP/USD", 126_400), ("AUD/USD", 65_120)];
/// Not one in the United States.
const ACCOUNT: &str = "101-004-7654321-001";
/// From here to there, in minutes of a day in UTC, New York's break is over on neither or both sides of the change of its
/// clocks.
const BREAK: (u32, u32) = (20 * 60 + 50, 22 * 60 + 10);

/// See the module.
pub(super) struct House {
    /// The account is named; otherwise it is the one that the token sees.
    is_named: bool,
}

impl House {
    /// As it is at a seed.
    pub(super) fn of(seed: u64) -> Self {
        Self { is_named: Dice::of(seed, 7).happens(500) }
    }
}

/// What nobody has verified of the wire: each schedule has its own of it.
fn quirks(dice: &mut Dice) -> Quirks {
    Quirks {
        past_gtd_refused: dice.happens(500),
        finished_orders_served: dice.happens(500),
        reissue: dice.happens(500),
        ioc_rest_cancelled: dice.happens(500),
        beyond_last_status: if dice.happens(500) { 416 } else { 400 },
        retry_after: dice.happens(500),
        coded_429: dice.happens(500),
        flat_side_forgiven: dice.happens(500),
        client_request_id: dice.happens(500),
        pending_ids_unique: dice.happens(500),
        since_id_most: if dice.happens(500) { 0 } else { 25 },
        ..Quirks::default()
    }
}

#[async_trait(?Send)]
impl super::house::House for House {
    fn venue(&self) -> &'static str {
        "oanda"
    }

    fn listed(&self) -> [(&'static str, Decimal); 3] {
        LISTED.map(|(symbol, price)| (symbol, Decimal::new(price, 5)))
    }

    async fn starts(&self, seed: u64, begins: Time, dice: &mut Dice) -> Result<Simulator, BadStage> {
        let lag = if dice.happens(500) { dice.between(1, 4_000) } else { 0 };
        let settings = Settings {
            account: ACCOUNT.to_owned(),
            prices: self.listed().map(|(symbol, price)| (symbol.replace('/', "_"), price)).into(),
            cash: Decimal::from(CASH),
            seed,
            rate_limit: if dice.happens(500) { 120 } else { 10_000 },
            views_after: TimeDelta::milliseconds(lag),
            quirks: quirks(dice),
            ..Settings::stepped(begins)
        };
        let running = Oanda::start(settings).await.map_err(bad)?;
        Ok(Simulator { address: running.address(), control: running.control(), _runs: Box::new(running) })
    }

    fn adapter(&self, at: SocketAddr, clock: &Clock) -> Result<Arc<dyn Broker>, BadStage> {
        let credentials = Credentials::token("world".into()).map_err(bad)?;
        let mut config =
            Config::new(VenueId::new(self.venue())?, Mode::Practice, credentials).map_err(bad)?;
        if self.is_named {
            config = config.with_account(ACCOUNT).map_err(bad)?;
        }
        let config = config.with_base_url(&format!("http://{at}")).map_err(bad)?;
        Ok(Arc::new(Adapter::new(config, Arc::clone(clock)).map_err(bad)?))
    }

    fn tells(&self) -> Box<dyn Tells> {
        Box::new(OfOanda::default())
    }

    fn asks(&self, request: &Request, names: &BTreeMap<String, ClientOrderId>) -> Asks {
        let path: Vec<&str> = request.path.split('/').skip(4).collect();
        let named = |spec: &str| match spec.strip_prefix('@') {
            Some(name) => ClientOrderId::new(name).ok(),
            None => names.get(spec).copied(),
        };
        match (request.method.as_str(), path.as_slice()) {
            ("POST", ["orders"]) => {
                let body: Option<Value> = serde_json::from_slice(&request.body).ok();
                Asks::Order(body.and_then(|body| {
                    ClientOrderId::new(body["order"]["clientExtensions"]["id"].as_str()?).ok()
                }))
            }
            ("PUT", ["orders", spec, "cancel"]) => Asks::Cancel(named(spec)),
            ("GET", ["orders", spec]) => Asks::Find(named(spec)),
            ("GET", ["summary"]) => Asks::Account,
            ("GET", ["transactions", rest]) if *rest != "stream" => Asks::Log,
            _ => Asks::Other,
        }
    }

    /// In an answer that refuses, or as what became of the order at once.
    fn refuses(&self, status: u16, body: &Value) -> bool {
        let is_name =
            |reason: &Value| reason.as_str().is_some_and(|reason| reason.ends_with("_ID_ALREADY_EXISTS"));
        let killed = &body["orderCancelTransaction"];
        match status {
            201 => {
                killed.is_object() && body["orderFillTransaction"].is_null() && !is_name(&killed["reason"])
            }
            400 | 404 => !is_name(&body["errorCode"]),
            _ => false,
        }
    }

    fn equity(&self, body: &Value) -> Option<Decimal> {
        body["account"]["NAV"].as_str()?.parse().ok()
    }

    fn refusals(&self) -> Refusals {
        Refusals {
            listed: refusal(400, "INSUFFICIENT_MARGIN", "insufficient margin"),
            unlisted: refusal(400, "OF_NO_TABLE", "a refusal that stands in no table"),
            all: refusal(401, "", "Insufficient authorization to perform request."),
        }
    }

    fn searched(&self) -> Option<String> {
        Some(format!("/v3/accounts/{ACCOUNT}/transactions/sinceid"))
    }

    fn asks_for_log(&self) -> u32 {
        1
    }

    /// From Sunday to Friday 17:00 New York, but for a break a day.
    fn opens_in(&self, now: Time) -> TimeDelta {
        let is_open = |at: &Time| {
            let minute = at.hour() * 60 + at.minute();
            let is_break = (BREAK.0..BREAK.1).contains(&minute);
            match at.weekday() {
                Weekday::Sat => false,
                Weekday::Fri => minute < BREAK.0,
                Weekday::Sun => minute >= BREAK.1,
                _ => !is_break,
            }
        };
        let minutes = (0..3 * 24 * 60).map(TimeDelta::minutes);
        minutes.map(|wait| now + wait).find(is_open).map_or(TimeDelta::zero(), |opens| opens - now)
    }
}

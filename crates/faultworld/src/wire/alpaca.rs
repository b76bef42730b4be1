//! Alpaca over its wire.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use broker_alpaca::{Alpaca as Adapter, Config, Credentials};
use broker_api::{Broker, ClientOrderId, Mode, Time, VenueId};
use broker_sim::alpaca::{Alpaca, Quirks, Settings};
use broker_sim::core::Request;
use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};
use engine::Clock;
use rust_decimal::Decimal;
use serde_json::Value;

use super::bad;
use super::house::{Asks, Refusals, Simulator, refusal};
use super::truth::{OfAlpaca, Tells};
use crate::dice::Dice;
use crate::plan::BadStage;
use crate::world::CASH;

/// Two stocks and a coin.
const LISTED: [(&str, i64); 3] = [("AAPL", 200), ("MSFT", 430), ("BTC/USD", 50_000)];

/// See the module.
pub(super) struct House;

/// What nobody has verified of the wire: each schedule has its own of it.
fn quirks(dice: &mut Dice) -> Quirks {
    let seconds = |dice: &mut Dice, most: i64| {
        if dice.happens(500) {
            TimeDelta::milliseconds(dice.between(1, most * 1_000))
        } else {
            TimeDelta::zero()
        }
    };
    Quirks {
        partial_percent: if dice.happens(300) { 20 } else { 0 },
        text_frames: dice.happens(500),
        cancel_after: seconds(dice, 3),
        visible_after: seconds(dice, 2),
        fills_after: seconds(dice, 5),
        fill_id_is_execution_id: dice.happens(500),
        sell_short_side: dice.happens(500),
        shuffled_activities: dice.happens(500),
        immediate_rest_expires: dice.happens(500),
        retry_after: dice.happens(500),
        one_stream: dice.happens(700),
        ..Quirks::default()
    }
}

#[async_trait(?Send)]
impl super::house::House for House {
    fn venue(&self) -> &'static str {
        "alpaca"
    }

    fn listed(&self) -> [(&'static str, Decimal); 3] {
        LISTED.map(|(symbol, price)| (symbol, Decimal::from(price)))
    }

    async fn starts(&self, seed: u64, begins: Time, dice: &mut Dice) -> Result<Simulator, BadStage> {
        let settings = Settings {
            prices: self.listed().map(|(symbol, price)| (symbol.to_owned(), price)).into(),
            cash: Decimal::from(CASH),
            seed,
            rate_limit: if dice.happens(500) { 200 } else { 10_000 },
            quirks: quirks(dice),
            ..Settings::stepped(begins)
        };
        let running = Alpaca::start(settings).await.map_err(bad)?;
        Ok(Simulator { address: running.address(), control: running.control(), _runs: Box::new(running) })
    }

    fn adapter(&self, at: SocketAddr, clock: &Clock) -> Result<Arc<dyn Broker>, BadStage> {
        let url = format!("http://{at}");
        let credentials = Credentials::key("PKWORLD".into(), "world".into()).map_err(bad)?;
        let config = Config::new(VenueId::new(self.venue())?, Mode::Practice, credentials).map_err(bad)?;
        let config = config.with_base_url(&url).and_then(|config| config.with_data_url(&url)).map_err(bad)?;
        Ok(Arc::new(Adapter::new(config, Arc::clone(clock)).map_err(bad)?))
    }

    fn tells(&self) -> Box<dyn Tells> {
        Box::new(OfAlpaca::default())
    }

    fn asks(&self, request: &Request, names: &BTreeMap<String, ClientOrderId>) -> Asks {
        let path = request.path.as_str();
        match (request.method.as_str(), path) {
            ("POST", "/v2/orders") => {
                let body: Option<Value> = serde_json::from_slice(&request.body).ok();
                let name = body.and_then(|body| ClientOrderId::new(body["client_order_id"].as_str()?).ok());
                Asks::Order(name)
            }
            ("DELETE", _) => {
                Asks::Cancel(path.strip_prefix("/v2/orders/").and_then(|id| names.get(id)).copied())
            }
            ("GET", "/v2/orders:by_client_order_id") => {
                Asks::Find(request.query("client_order_id").and_then(|id| ClientOrderId::new(id).ok()))
            }
            ("GET", "/v2/account") => Asks::Account,
            ("GET", _) if path.starts_with("/v2/orders") || path.starts_with("/v2/account/activities") => {
                Asks::Log
            }
            _ => Asks::Other,
        }
    }

    fn refuses(&self, status: u16, body: &Value) -> bool {
        let is_name =
            body["message"].as_str().is_some_and(|text| text.starts_with("client_order_id must be unique"));
        (400..500).contains(&status) && !matches!(status, 401 | 429) && !is_name
    }

    fn equity(&self, body: &Value) -> Option<Decimal> {
        body["equity"].as_str()?.parse().ok()
    }

    fn refusals(&self) -> Refusals {
        Refusals {
            listed: refusal(403, 40_310_000, "insufficient buying power"),
            unlisted: refusal(422, 42_219_999, "a refusal that stands in no table"),
            all: refusal(401, 40_110_000, "request is not authorized"),
        }
    }

    fn searched(&self) -> Option<String> {
        None
    }

    /// The list of orders first, and then rows.
    fn asks_for_log(&self) -> u32 {
        2
    }

    /// New York trades from 14:30 to 20:00 UTC on both sides of the change of its clocks.
    fn opens_in(&self, now: Time) -> TimeDelta {
        let opening = |days| {
            let day = now.date_naive() + TimeDelta::days(days);
            let is_weekday = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            is_weekday.then(|| day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(14 * 60 + 31))
        };
        let closes = TimeDelta::minutes(5 * 60 + 29);
        let next = (0..7).filter_map(opening).find(|opens| *opens + closes > now);
        next.map_or(TimeDelta::zero(), |opens| (opens - now).max(TimeDelta::zero()))
    }
}

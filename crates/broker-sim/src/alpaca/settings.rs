//! What a simulated Alpaca is told at its start, and every fact of the wire that nobody has verified, as a switch.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use broker_api::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assets::Asset;
use crate::core::{Clock, Market, Rule};

/// What a simulated Alpaca is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens: a loopback address; port 0 for any.
    pub listen: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// Who decides whether the market is open.
    pub market: Market,
    /// The cash it begins with, in US dollars. From 2,000 on it is a margin account.
    pub cash: Decimal,
    /// Symbols and their first prices. Each is an asset; with a `/` it is a pair of coins.
    pub prices: Vec<(String, Decimal)>,
    /// Assets that are not as most are; they need not have a price.
    pub assets: Vec<Asset>,
    /// A folder of bars: what closed before now is history, what comes is played as time goes on.
    pub bars: Option<PathBuf>,
    /// What chance follows from.
    pub seed: u64,
    /// Faults from the start.
    pub faults: Vec<Rule>,
    /// A file that everything on the wire is written to, behind what it holds.
    pub wire_log: Option<PathBuf>,
    /// Requests in a minute of the simulation's clock, before 429.
    pub rate_limit: u32,
    /// What nobody has verified.
    pub quirks: Quirks,
}

impl Settings {
    /// For tests: time stands until it is stepped, the market is open, nothing is left to chance, and no number of
    /// requests is too many.
    pub fn stepped(at: Time) -> Self {
        let quirks = Quirks { partial_percent: 0, ..Quirks::default() };
        Self { clock: Clock::Stepped(at), rate_limit: 100_000, quirks, ..Self::real(Arc::new(move || at)) }
    }

    /// As a person would use it: a clock that runs, a market that is open, partial fills now and then.
    pub fn real(now: Arc<dyn Fn() -> Time + Send + Sync>) -> Self {
        let prices = [("AAPL", 22_710), ("MSFT", 43_125), ("SPY", 60_000), ("BTC/USD", 9_500_000)];
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::Real(now),
            market: Market::Open,
            cash: Decimal::from(100_000),
            prices: prices
                .iter()
                .map(|(symbol, cents)| ((*symbol).to_owned(), Decimal::new(*cents, 2)))
                .collect(),
            assets: Vec::new(),
            bars: None,
            seed: 1,
            faults: Vec::new(),
            wire_log: None,
            rate_limit: 200,
            quirks: Quirks::default(),
        }
    }
}

/// What differs between reports, or was never measured: each can be had both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact of the wire, and they do not depend on each other"
)]
pub struct Quirks {
    /// The account is a live one by its number; it is simulated all the same.
    pub live: bool,
    /// Stream frames are text, not binary.
    pub text_frames: bool,
    /// Of a hundred orders that could fill, how many fill in part first.
    pub partial_percent: u8,
    /// How long an order is `pending_new`.
    #[serde(with = "broker_api::millis")]
    pub route_after: TimeDelta,
    /// How long an order is `pending_cancel`; what fills meanwhile is filled.
    #[serde(with = "broker_api::millis")]
    pub cancel_after: TimeDelta,
    /// Cancels never come to their end.
    pub cancels_stick: bool,
    /// Cancels that are sent while the market is closed wait for its opening.
    pub closed_cancels_wait: bool,
    /// How long a new order is not found by its id, its client id or in lists.
    #[serde(with = "broker_api::millis")]
    pub visible_after: TimeDelta,
    /// The account's stream tells that an order was accepted.
    pub accepted_event: bool,
    /// A leg that waited tells on the stream that it was cancelled.
    pub leg_events: bool,
    /// The stop of a bracket gets another id before it fills.
    pub stop_leg_new_id: bool,
    /// A leg that waits can be replaced.
    pub held_can_be_replaced: bool,
    /// A replacement takes the whole quantity, whatever filled before.
    pub replace_ignores_fills: bool,
    /// Limit and stop orders may have a notional.
    pub notional_beyond_market: bool,
    /// Decimal places of a notional that are taken.
    pub notional_places: u32,
    /// The status of a client order id that was used before.
    pub duplicate_status: u16,
    /// A client order id is free again once its order is over.
    pub ids_come_back: bool,
    /// The status of an order that would trade with the account itself.
    pub wash_trade_status: u16,
    /// A 429 says when to come back.
    pub retry_after: bool,
    /// The second half of a fill's activity id is its execution id.
    pub fill_id_is_execution_id: bool,
    /// Fills of short sales have the side `sell_short`.
    pub sell_short_side: bool,
    /// Activities of one millisecond come in any order.
    pub shuffled_activities: bool,
    /// How long an execution has no row among the activities.
    pub fills_after: TimeDelta,
    /// The last activity of a full page is left out, on this page and the next.
    pub page_edge_misses: bool,
    /// Activities that no trade made tell when they were created, beside their date.
    pub activities_tell_creation: bool,
    /// A split is told as all of the old units that go and all of the new ones that come; otherwise as the change.
    pub split_as_pair: bool,
    /// A split that makes more units ends the orders of its symbol; otherwise they are adjusted.
    pub forward_split_cancels: bool,
    /// The fraction of a share that a split leaves of whole ones is paid out.
    pub cash_in_lieu: bool,
    /// Sales of coins have the least value that purchases have.
    pub coin_sales_have_least: bool,
    /// What is left of an immediate order ends as `expired`, not `canceled`.
    pub immediate_rest_expires: bool,
    /// A second connection to `/stream` is refused with 429.
    pub one_stream: bool,
    /// The fields of before July 2026: pattern day trading.
    pub legacy: bool,
    /// Assets still have `easy_to_borrow`, which official clients need.
    pub easy_to_borrow: bool,
    /// Quotes are as old as the last change of the price, not always fresh.
    pub quotes_age: bool,
    /// Orders for parts of a share may live until cancelled.
    pub fraction_gtc: bool,
    /// Shares that are hard to borrow can be sold short.
    pub htb_short: bool,
    /// What the answer to an order for an open market says of its status.
    pub initial_status: InitialStatus,
    /// Orders that belong together carry `group_id` and `group_role`.
    pub group_ids: bool,
    /// With less than 25,000 dollars of equity, a fourth round trip in a day is refused.
    pub pdt_refusal: bool,
    /// The status of an order for an asset that nobody knows: 422, or 404 with the words of the asset's own path.
    pub unknown_asset_status: u16,
    /// A 429 has no code.
    pub bare_429: bool,
    /// Of several reasons to refuse an order the last is told, not the first.
    pub checks_backwards: bool,
    /// Parts of a share may be ordered for before and after the session.
    pub fraction_extended: bool,
    /// Immediate orders, and those for an auction, are refused to an account without the router for them.
    pub elite_only: bool,
    /// A client order id may have letters, digits and hyphens only.
    pub plain_ids: bool,
    /// How far, in hundredths of the price, a limit may lie from it; nought is any way.
    pub price_away_percent: u32,
    /// Where an order is not found, the words do not name it.
    pub brief_not_found: bool,
    /// A 404 has no code.
    pub bare_404: bool,
    /// A 401 has no code, and other words.
    pub bare_401: bool,
    /// Events carry `event_id`.
    pub event_ids: bool,
}

/// What the answer to an order for an open market says of its status, whatever follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitialStatus {
    /// As is usual since 2023.
    PendingNew,
    /// As was recorded in 2021.
    Accepted,
    /// As was recorded of trailing stops in 2021.
    New,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            live: false,
            text_frames: false,
            partial_percent: 10,
            route_after: TimeDelta::zero(),
            cancel_after: TimeDelta::zero(),
            cancels_stick: false,
            closed_cancels_wait: false,
            visible_after: TimeDelta::zero(),
            accepted_event: true,
            leg_events: false,
            stop_leg_new_id: false,
            held_can_be_replaced: true,
            replace_ignores_fills: false,
            notional_beyond_market: false,
            notional_places: 2,
            duplicate_status: 422,
            ids_come_back: false,
            wash_trade_status: 403,
            retry_after: false,
            fill_id_is_execution_id: false,
            sell_short_side: false,
            shuffled_activities: false,
            fills_after: TimeDelta::zero(),
            page_edge_misses: false,
            activities_tell_creation: true,
            split_as_pair: false,
            forward_split_cancels: false,
            cash_in_lieu: true,
            coin_sales_have_least: true,
            immediate_rest_expires: false,
            one_stream: true,
            legacy: false,
            easy_to_borrow: true,
            quotes_age: false,
            fraction_gtc: false,
            htb_short: false,
            initial_status: InitialStatus::PendingNew,
            group_ids: true,
            pdt_refusal: false,
            unknown_asset_status: 422,
            bare_429: false,
            checks_backwards: false,
            fraction_extended: true,
            elite_only: false,
            plain_ids: false,
            price_away_percent: 0,
            brief_not_found: false,
            bare_404: false,
            bare_401: false,
            event_ids: true,
        }
    }
}

/// What a profile is called, and in which version.
pub const PROFILE: &str = "tradewind.alpaca-profile/1";

impl Quirks {
    /// The facts that a profile states, as `tradewind conformance` writes them down; for the others what is usual.
    ///
    /// # Errors
    /// Text that is no profile, and a fact that there is no switch for.
    pub fn of_profile(text: &str) -> Result<Self, String> {
        let profile: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
        if profile["schema"] != PROFILE {
            return Err(format!("its `schema` is {}, and not {PROFILE:?}", profile["schema"]));
        }
        serde_json::from_value(profile["quirks"].clone()).map_err(|why| format!("its `quirks`: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_sets_what_it_states_and_nothing_else() {
        let text =
            format!(r#"{{"schema":"{PROFILE}","quirks":{{"duplicate_status":409,"cancel_after":1500}}}}"#);
        let wanted = Quirks {
            duplicate_status: 409,
            cancel_after: TimeDelta::milliseconds(1_500),
            ..Quirks::default()
        };
        assert_eq!(Quirks::of_profile(&text), Ok(wanted.clone()));
        let whole = serde_json::json!({"schema": PROFILE, "quirks": wanted});
        assert_eq!(Quirks::of_profile(&whole.to_string()), Ok(wanted));
        for (text, why) in [
            ("", "EOF"),
            ("{}", "its `schema` is null"),
            (
                r#"{"schema":"tradewind.alpaca-profile/1","quirks":{"duplicate":409}}"#,
                "unknown field `duplicate`",
            ),
            (r#"{"schema":"tradewind.alpaca-profile/1","quirks":7}"#, "its `quirks`"),
        ] {
            assert!(Quirks::of_profile(text).unwrap_err().contains(why), "{text}");
        }
    }
}

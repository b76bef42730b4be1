//! What a simulated OANDA is told at its start, and every fact of the wire that nobody has verified, as a switch.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use broker_api::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::instruments::Pair;
use crate::core::{Clock, Market, Rule};

/// The rules that differ between OANDA's companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Division {
    /// United States: trades close in the order they were opened, and those with orders of their own must differ in size.
    Us,
    /// Europe and most others: closeout at half of the margin.
    Europe,
    /// Japan: closeout at all of the margin.
    Japan,
}

/// What a simulated OANDA is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens: a loopback address; port 0 for any.
    pub listen: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// Who decides whether the market is open; its calendar is Sunday to Friday 17:00 New York, with a break each day.
    pub market: Market,
    /// The money it begins with, in the account's currency.
    pub cash: Decimal,
    /// The account's currency.
    pub currency: String,
    /// The account's id: site, division, user and number.
    pub account: String,
    /// Whether it is an account of real money by its id; it is simulated all the same.
    pub live: bool,
    /// The only token that is let in; any when there is none.
    pub token: Option<String>,
    /// Whether long and short trades of an instrument can be open together.
    pub hedging: bool,
    /// Whose rules apply.
    pub division: Division,
    /// Pairs such as `EUR_USD` and their first prices, halfway between bid and ask.
    pub prices: Vec<(String, Decimal)>,
    /// Pairs that are not as most are; they need not have a price.
    pub pairs: Vec<Pair>,
    /// How far bid and ask of first prices lie apart, in pips.
    pub spread_pips: Decimal,
    /// How many units can be had at once at the price; an order for all or nothing beyond that is killed.
    pub liquidity: Decimal,
    /// What a conversion of money costs on each side, as a share of the rate.
    pub conversion_charge: Decimal,
    /// A folder of bars: what closed before now is history, what comes is played as time goes on.
    pub bars: Option<PathBuf>,
    /// What chance follows from.
    pub seed: u64,
    /// Faults from the start.
    pub faults: Vec<Rule>,
    /// A file that everything on the wire is written to, behind what it holds.
    pub wire_log: Option<PathBuf>,
    /// Requests in a second of the simulation's clock, before 429.
    pub rate_limit: u32,
    /// New connections that are taken in a second of real time; all when it is not said.
    pub connections: Option<u32>,
    /// How far lists of orders, trades and positions, and the changes, lie behind the log.
    pub views_after: TimeDelta,
    /// What nobody has verified.
    pub quirks: Quirks,
}

impl Settings {
    /// For tests: time stands until it is stepped, the market is open, bid and ask are the same, and no number of requests
    /// or connections is too many.
    pub fn stepped(at: Time) -> Self {
        Self {
            clock: Clock::Stepped(at),
            spread_pips: Decimal::ZERO,
            conversion_charge: Decimal::ZERO,
            rate_limit: 100_000,
            connections: None,
            ..Self::real(Arc::new(move || at))
        }
    }

    /// As a person would use it: a clock that runs, a market that is open, prices with a spread.
    pub fn real(now: Arc<dyn Fn() -> Time + Send + Sync>) -> Self {
        let prices = [
            ("EUR_USD", 108_500, 5),
            ("GBP_USD", 126_400, 5),
            ("USD_JPY", 156_250, 3),
            ("AUD_USD", 65_120, 5),
        ];
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::Real(now),
            market: Market::Open,
            cash: Decimal::from(100_000),
            currency: "USD".to_owned(),
            account: "101-001-7654321-001".to_owned(),
            live: false,
            token: None,
            hedging: false,
            division: Division::Europe,
            prices: prices
                .iter()
                .map(|(pair, price, places)| ((*pair).to_owned(), Decimal::new(*price, *places)))
                .collect(),
            pairs: Vec::new(),
            spread_pips: Decimal::new(12, 1),
            liquidity: Decimal::from(10_000_000),
            conversion_charge: Decimal::new(5, 3),
            bars: None,
            seed: 1,
            faults: Vec::new(),
            wire_log: None,
            rate_limit: 120,
            connections: Some(2),
            views_after: TimeDelta::zero(),
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
    /// An order whose `gtdTime` has passed is refused; otherwise it is taken, and expires at once.
    pub past_gtd_refused: bool,
    /// Orders that are over are found by their number, and in lists that ask for them.
    pub finished_orders_served: bool,
    /// What a partial fill leaves of a resting order goes on as an order of its own; otherwise under its id.
    pub reissue: bool,
    /// What an immediate order did not fill is told as cancelled; otherwise only the fill tells.
    pub ioc_rest_cancelled: bool,
    /// The status where an account is not known.
    pub unknown_account_status: u16,
    /// The status of a range of transactions beyond the last one: 416 or 400.
    pub beyond_last_status: u16,
    /// A 429 says when to come back.
    pub retry_after: bool,
    /// A 429 has an `errorCode`.
    pub coded_429: bool,
    /// A take profit on the losing side of a fill kills the order as `LOSING_TAKE_PROFIT`; otherwise as `TAKE_PROFIT_ON_FILL_LOSS`.
    pub losing_take_profit: bool,
    /// To close a side of a position that is not named and is flat asks for nothing; otherwise it is refused.
    pub flat_side_forgiven: bool,
    /// The changes tell balance and profit of the account.
    pub state_tells_balance: bool,
    /// `ClientRequestID` of a request is written into its transactions.
    pub client_request_id: bool,
    /// A new client order id that is that of a pending order is refused; otherwise it is taken.
    pub pending_ids_unique: bool,
    /// A list of transactions begins a week ago when it is not said; otherwise at the account's beginning.
    pub transactions_of_a_week: bool,
    /// The transactions that `sinceid` gives at most; nought is all.
    pub since_id_most: u32,
    /// `resettablePLTime` of an account that was never reset is `"0"`.
    pub never_reset_is_nought: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            past_gtd_refused: true,
            finished_orders_served: true,
            reissue: true,
            ioc_rest_cancelled: false,
            unknown_account_status: 404,
            beyond_last_status: 416,
            retry_after: false,
            coded_429: false,
            losing_take_profit: true,
            flat_side_forgiven: true,
            state_tells_balance: true,
            client_request_id: false,
            pending_ids_unique: true,
            transactions_of_a_week: false,
            since_id_most: 0,
            never_reset_is_nought: true,
        }
    }
}

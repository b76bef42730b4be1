//! What the guard allows. Every limit states its basis in one sentence; none of them can be switched off.

use broker_api::{AssetClass, Ratio};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $paper:expr, $unit:literal, $basis:literal;)*) => {
        /// The limits. Percent are of equity unless a name says otherwise; all in base currency.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl Limits {
            /// What applies without a configuration: half of the size that the backtest traded.
            pub fn paper() -> Self {
                Self { $($name: $paper,)* }
            }

            /// Every limit with its value and its basis, for people.
            pub fn lines(&self) -> Vec<Line> {
                vec![$(Line { key: stringify!($name), value: format!("{}{}", self.$name, $unit), basis: $basis },)*]
            }
        }
    };
}

/// One limit, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its key in the configuration.
    pub key: &'static str,
    /// Its value, with its unit.
    pub value: String,
    /// Why it is there and why it is so large.
    pub basis: &'static str,
}

fn r(mantissa: i64, scale: u32) -> Ratio {
    Ratio::new(Decimal::new(mantissa, scale)).unwrap_or(Ratio::ZERO)
}

limits! {
    /// Loss since the day began at which only reductions go on.
    daily_loss_percent: Ratio = r(3, 0), " %",
        "Open losses count; two to three ordinary days' deviation at half the backtest's size, so that a common bad day does not stop trading.";
    /// Loss since the day began at which everything is closed.
    daily_loss_flatten_percent: Ratio = r(6, 0), " %",
        "Twice the first step: beyond any ordinary day, something is wrong.";
    /// Fall from the highest equity at which only reductions go on.
    drawdown_percent: Ratio = r(15, 0), " %",
        "Reached in a third of ordinary quarters at the backtest's size, seldom at half of it: a reason to look.";
    /// Fall from the highest equity at which everything is closed.
    drawdown_flatten_percent: Ratio = r(25, 0), " %",
        "Deeper than what the backtest shows at half its size: the strategy is no longer what was tested.";
    /// Losing trades in a row after which entries rest.
    cooldown_losses: u32 = 10, "",
        "Runs of ten are seldom by chance at a win rate of four in ten; a day's rest costs little.";
    /// How long they rest.
    cooldown_hours: u32 = 24, " h",
        "One account day, so that a person sees the next daily summary first.";
    /// Losing trades in a row after which only a person lets entries through again.
    latch_losses: u32 = 40, "",
        "The longest run in the backtest is below it: reaching it contradicts the backtest.";
    /// Positions, entries under way included.
    positions_max: u32 = 10, "",
        "The backtest traded ten slots.";
    /// The value of one order.
    order_notional_percent: Ratio = r(20, 0), " %",
        "Twice a slot of a tenth: larger is a wrong number, not a decision.";
    /// The value held of one instrument, orders under way included.
    position_notional_percent: Ratio = r(20, 0), " %",
        "As for one order: a position is not added to.";
    /// The value of everything held and under way.
    gross_exposure_percent: Ratio = r(100, 0), " %",
        "Ten slots of a tenth; nothing is borrowed.";
    /// What is lost if the stop of one order is hit.
    risk_per_trade_percent: Ratio = r(2, 0), " %",
        "Ten such losses at once stay within the drawdown that flattens.";
    /// The least distance from price to stop, of the price.
    stop_distance_min_percent: Ratio = r(1, 1), " % of price",
        "Closer than that the spread alone can hit it.";
    /// The greatest distance from price to stop, of the price.
    stop_distance_max_percent: Ratio = r(30, 0), " % of price",
        "Further away it is no stop but a wrong number.";
    /// How long ago the venue may have answered last.
    contact_seconds: u32 = 30, " s",
        "An order to a venue that does not answer may or may not arrive.";
    /// How old the last reading of the account may be.
    equity_age_seconds: u32 = 60, " s",
        "Every share of equity is wrong when equity is.";
    /// How long ago the bar may have closed that a signal rests on.
    signal_age_hours: u32 = 96, " h",
        "The longest holiday weekend: an older decision was made for another market.";
    /// How old a live price of a stock may be.
    quote_age_equity_seconds: u32 = 5, " s", "Prices of large stocks change several times a second.";
    /// How old a live price of a currency pair may be.
    quote_age_forex_seconds: u32 = 10, " s", "Prices of the major pairs change every second.";
    /// How old a live price of a coin may be.
    quote_age_crypto_seconds: u32 = 15, " s", "Prices of the large coins change every few seconds.";
    /// How far a limit price may lie from the price, for stocks.
    collar_equity_percent: Ratio = r(2, 0), " % of price", "Beyond it an order is a typing error.";
    /// How far a limit price may lie from the price, for currency pairs.
    collar_forex_percent: Ratio = r(5, 1), " % of price", "Half a percent is a very large move of a pair.";
    /// How far a limit price may lie from the price, for coins.
    collar_crypto_percent: Ratio = r(3, 0), " % of price", "Coins move three percent within an hour.";
    /// How far the price may have moved from the one the decision rests on.
    decision_drift_percent: Ratio = r(5, 0), " % of price", "After a larger gap it is no longer the trade that was tested.";
}

impl Limits {
    /// So wide that none of them binds but the number of positions: for replays that ask what a strategy does by
    /// itself. Never for trading.
    pub fn wide(positions_max: u32) -> Self {
        let (percent, count) = (r(1_000_000, 0), 1_000_000_000);
        Self {
            daily_loss_percent: percent,
            daily_loss_flatten_percent: percent,
            drawdown_percent: percent,
            drawdown_flatten_percent: percent,
            cooldown_losses: count,
            cooldown_hours: 1,
            latch_losses: count,
            positions_max,
            order_notional_percent: percent,
            position_notional_percent: percent,
            gross_exposure_percent: percent,
            risk_per_trade_percent: percent,
            stop_distance_min_percent: r(1, 12),
            stop_distance_max_percent: percent,
            contact_seconds: count,
            equity_age_seconds: count,
            signal_age_hours: 1_000_000,
            quote_age_equity_seconds: count,
            quote_age_forex_seconds: count,
            quote_age_crypto_seconds: count,
            collar_equity_percent: percent,
            collar_forex_percent: percent,
            collar_crypto_percent: percent,
            decision_drift_percent: percent,
        }
    }

    /// Whether every limit is one: above zero, and the second step not before the first.
    pub fn is_sane(&self) -> bool {
        self.fault().is_none()
    }

    /// The first key whose value cannot be one: zero, negative, or a second step before the first.
    pub fn fault(&self) -> Option<&'static str> {
        let share = |key, share: Ratio| (share.get() <= Decimal::ZERO).then_some(key);
        let count = |key, count: u32| (count == 0).then_some(key);
        let holds = |key, holds: bool| (!holds).then_some(key);
        [
            share("daily_loss_percent", self.daily_loss_percent),
            share("drawdown_percent", self.drawdown_percent),
            holds("daily_loss_flatten_percent", self.daily_loss_percent <= self.daily_loss_flatten_percent),
            holds("drawdown_flatten_percent", self.drawdown_percent <= self.drawdown_flatten_percent),
            count("cooldown_losses", self.cooldown_losses),
            count("cooldown_hours", self.cooldown_hours),
            holds("latch_losses", self.cooldown_losses <= self.latch_losses),
            count("positions_max", self.positions_max),
            share("order_notional_percent", self.order_notional_percent),
            share("position_notional_percent", self.position_notional_percent),
            share("gross_exposure_percent", self.gross_exposure_percent),
            share("risk_per_trade_percent", self.risk_per_trade_percent),
            holds("stop_distance_min_percent", self.stop_distance_min_percent.get() >= Decimal::ZERO),
            holds(
                "stop_distance_max_percent",
                self.stop_distance_min_percent < self.stop_distance_max_percent,
            ),
            count("contact_seconds", self.contact_seconds),
            count("equity_age_seconds", self.equity_age_seconds),
            count("signal_age_hours", self.signal_age_hours),
            count("quote_age_equity_seconds", self.quote_age_equity_seconds),
            count("quote_age_forex_seconds", self.quote_age_forex_seconds),
            count("quote_age_crypto_seconds", self.quote_age_crypto_seconds),
            share("collar_equity_percent", self.collar_equity_percent),
            share("collar_forex_percent", self.collar_forex_percent),
            share("collar_crypto_percent", self.collar_crypto_percent),
            share("decision_drift_percent", self.decision_drift_percent),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    pub(crate) const fn quote_age(&self, class: AssetClass) -> (u32, &'static str) {
        match class {
            AssetClass::Equity => (self.quote_age_equity_seconds, "quote_age_equity_seconds"),
            AssetClass::Forex => (self.quote_age_forex_seconds, "quote_age_forex_seconds"),
            AssetClass::Crypto => (self.quote_age_crypto_seconds, "quote_age_crypto_seconds"),
        }
    }

    pub(crate) const fn collar(&self, class: AssetClass) -> (Ratio, &'static str) {
        match class {
            AssetClass::Equity => (self.collar_equity_percent, "collar_equity_percent"),
            AssetClass::Forex => (self.collar_forex_percent, "collar_forex_percent"),
            AssetClass::Crypto => (self.collar_crypto_percent, "collar_crypto_percent"),
        }
    }
}

//! What the guard allows. Every limit states its basis in one sentence; none of them can be switched off.

mod classes;

use broker_api::{Figures, Ratio};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $paper:expr, $unit:literal, ($least:literal, $most:literal), $($looser:ident,)? $basis:literal;)*) => {
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

            /// So wide that hardly one of them binds.
            fn widest() -> Self {
                Self { $($name: <$kind as Figure>::widest(),)* }
            }

            /// Each limit as it is here where `keeps` says so of its key, and as in `other` elsewhere.
            fn mixed(&self, other: &Self, keeps: impl Fn(&str) -> bool) -> Self {
                Self { $($name: if keeps(stringify!($name)) { self.$name } else { other.$name },)* }
            }

            /// Every limit with its value and its basis, for people.
            pub fn lines(&self) -> Vec<Line> {
                vec![$(Line {
                    key: stringify!($name),
                    value: format!("{}{}", self.$name, $unit),
                    unit: $unit.trim_start(),
                    counts: <$kind as Figure>::COUNTS,
                    least: $least,
                    most: $most,
                    looser: if concat!("" $(, stringify!($looser))?).is_empty() { Looser::Larger } else { Looser::Smaller },
                    basis: $basis,
                },)*]
            }

            /// Every limit by its key, as a plain number: equal limits have equal texts.
            pub fn figures(&self) -> Figures {
                [$((stringify!($name).into(), self.$name.plain().to_string().into()),)*].into()
            }

            /// Sets the limit of a key; says whether there is such a key, and the text is a value of its kind.
            pub(crate) fn put(&mut self, key: &str, text: &str) -> bool {
                match key {
                    $(stringify!($name) => text.parse().map(|value| self.$name = value).is_ok(),)*
                    _ => false,
                }
            }

            /// The first key whose value is zero or less.
            fn naught(&self) -> Option<&'static str> {
                $(if !self.$name.is_more_than_naught() {
                    return Some(stringify!($name));
                })*
                None
            }
        }
    };
}

/// What a limit is counted in.
trait Figure {
    /// Whether it is a whole number.
    const COUNTS: bool;
    fn widest() -> Self;
    fn is_more_than_naught(&self) -> bool;
    /// The number, without zeros that say nothing.
    fn plain(&self) -> Decimal;
}

impl Figure for u32 {
    const COUNTS: bool = true;
    fn widest() -> Self {
        1_000_000_000
    }
    fn is_more_than_naught(&self) -> bool {
        *self > 0
    }
    fn plain(&self) -> Decimal {
        Decimal::from(*self)
    }
}

impl Figure for Ratio {
    const COUNTS: bool = false;
    fn widest() -> Self {
        r(1_000_000, 0)
    }
    fn is_more_than_naught(&self) -> bool {
        self.get() > Decimal::ZERO
    }
    fn plain(&self) -> Decimal {
        self.get().normalize()
    }
}

/// Which way a limit is loosened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looser {
    /// A larger value allows more; so it is with most.
    Larger,
    /// A smaller value allows more, as of a rest or of a distance that must be kept.
    Smaller,
}

/// One limit, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its key in the configuration.
    pub key: &'static str,
    /// Its value, with its unit.
    pub value: String,
    /// Its unit; empty for what is only counted.
    pub unit: &'static str,
    /// Whether it is a whole number.
    pub counts: bool,
    /// The least it may be in a configuration. A value beyond these would be no limit any more.
    pub least: &'static str,
    /// The most it may be in a configuration.
    pub most: &'static str,
    /// Which way it is loosened.
    pub looser: Looser,
    /// Why it is there and why it is so large.
    pub basis: &'static str,
}

fn r(mantissa: i64, scale: u32) -> Ratio {
    Ratio::new(Decimal::new(mantissa, scale)).unwrap_or(Ratio::ZERO)
}

limits! {
    /// Loss since the day began at which only reductions go on.
    daily_loss_percent: Ratio = r(3, 0), " %", ("0.1", "20"),
        "Open losses count; two to three ordinary days' deviation at half the backtest's size, so that a common bad day does not stop trading.";
    /// Loss since the day began at which everything is closed.
    daily_loss_flatten_percent: Ratio = r(6, 0), " %", ("0.1", "30"),
        "Twice the first step: beyond any ordinary day, something is wrong.";
    /// Loss since the week began at which only reductions go on.
    weekly_loss_percent: Ratio = r(8, 0), " %", ("0.1", "40"),
        "Open losses count; about two ordinary weeks' deviation at half the backtest's size.";
    /// Fall from the highest equity at which only reductions go on.
    drawdown_percent: Ratio = r(15, 0), " %", ("0.5", "50"),
        "Reached in a third of ordinary quarters at the backtest's size, seldom at half of it: a reason to look.";
    /// Fall from the highest equity at which everything is closed.
    drawdown_flatten_percent: Ratio = r(25, 0), " %", ("0.5", "60"),
        "Deeper than what the backtest shows at half its size: the strategy is no longer what was tested.";
    /// How far two readings of the account must lie apart that close everything.
    confirm_seconds: u32 = 5, " s", ("1", "60"),
        "One reading can be wrong; closing everything cannot be taken back.";
    /// How long nobody lets entries through again after everything was closed.
    flatten_rest_hours: u32 = 24, " h", ("1", "720"), smaller,
        "What was worth closing everything is worth a day's thought.";
    /// Losing trades in a row after which entries rest.
    cooldown_losses: u32 = 10, "", ("1", "100"),
        "Runs of ten are seldom by chance at a win rate of four in ten; a day's rest costs little.";
    /// How long they rest.
    cooldown_hours: u32 = 24, " h", ("1", "720"), smaller,
        "One account day, so that a person sees the next daily summary first.";
    /// Losing trades in a row after which only a person lets entries through again.
    latch_losses: u32 = 40, "", ("1", "200"),
        "The longest run in the backtest is below it: reaching it contradicts the backtest.";
    /// How long an order may be without a known outcome before entries stop everywhere.
    unknown_minutes: u32 = 10, " min", ("1", "600"),
        "What cannot be found out in ten minutes will not be found out by waiting.";
    /// Positions, entries under way included.
    positions_max: u32 = 10, "", ("1", "500"),
        "The backtest traded ten slots.";
    /// Positions in stocks, entries under way included.
    positions_equity_max: u32 = 10, "", ("1", "500"),
        "All ten slots may be stocks, as in the backtest.";
    /// Positions in currency pairs, entries under way included.
    positions_forex_max: u32 = 7, "", ("1", "500"),
        "There are seven pairs.";
    /// Positions in coins, entries under way included.
    positions_crypto_max: u32 = 6, "", ("1", "500"),
        "There are six coins.";
    /// Positions of one strategy, entries under way included.
    positions_strategy_max: u32 = 10, "", ("1", "500"),
        "One strategy traded all ten slots in the backtest.";
    /// The value of one order.
    order_notional_percent: Ratio = r(20, 0), " %", ("0.01", "300"),
        "Twice a slot of a tenth: larger is a wrong number, not a decision.";
    /// The value of one order, whatever the account is worth.
    order_value_max: Ratio = r(100_000, 0), " of the book's currency", ("1", "100000000"),
        "A wrong reading of the account makes every percentage wrong; this bound does not depend on it.";
    /// The value held of one instrument, orders under way included.
    position_notional_percent: Ratio = r(20, 0), " %", ("0.01", "300"),
        "As for one order: a position is not added to.";
    /// The value of everything held and under way.
    gross_exposure_percent: Ratio = r(100, 0), " %", ("0.01", "1000"),
        "Ten slots of a tenth; nothing is borrowed.";
    /// What is held long less what is held short, under way included.
    net_exposure_percent: Ratio = r(100, 0), " %", ("0.01", "1000"),
        "As for everything together: nothing is borrowed.";
    /// The value of all stocks held and under way.
    exposure_equity_percent: Ratio = r(100, 0), " %", ("0.01", "1000"),
        "All ten slots may be stocks.";
    /// The value of all currency pairs held and under way.
    exposure_forex_percent: Ratio = r(100, 0), " %", ("0.01", "1000"),
        "Seven slots of a tenth are less.";
    /// The value of all coins held and under way.
    exposure_crypto_percent: Ratio = r(60, 0), " %", ("0.01", "1000"),
        "Six slots of a tenth; coins fall together.";
    /// What is held or owed of one foreign currency through pairs, under way included.
    exposure_currency_percent: Ratio = r(60, 0), " %", ("0.01", "1000"),
        "Most pairs share the dollar's other side: six slots of a tenth are one bet.";
    /// What is lost if the stop of one order is hit.
    risk_per_trade_percent: Ratio = r(2, 0), " %", ("0.001", "20"),
        "Ten such losses at once stay within the drawdown that flattens.";
    /// What is lost if every stop is hit, of everything held and under way.
    open_risk_percent: Ratio = r(6, 0), " %", ("0.01", "50"),
        "All stops in one day are then the daily loss that flattens, and no more.";
    /// The same within one bucket of instruments that move together.
    bucket_risk_percent: Ratio = r(4, 0), " %", ("0.01", "50"),
        "Two thirds of the whole: one bucket must not be all there is.";
    /// The least distance from price to stop, of the price.
    stop_distance_min_percent: Ratio = r(1, 1), " % of price", ("0.001", "20"), smaller,
        "Closer than that the spread alone can hit it.";
    /// The greatest distance from price to stop, of the price.
    stop_distance_max_percent: Ratio = r(30, 0), " % of price", ("0.01", "90"),
        "Further away it is no stop but a wrong number.";
    /// The share of its buying power that an account which lends keeps free.
    buying_power_buffer_percent: Ratio = r(20, 0), " %", ("0.01", "90"), smaller,
        "A margin call closes positions at the broker's choice, not at ours.";
    /// Stocks bought and sold on one day, in the last five trading days, after which no stock is entered.
    day_trades_max: u32 = 3, "", ("1", "1000"),
        "A fourth within five days once barred small margin accounts from trading; accounts that it does not concern raise it.";
    /// Entries decided within one minute.
    entries_minute_max: u32 = 20, "", ("1", "10000"),
        "Twice what ten slots can need; more is a loop.";
    /// Entries decided in one account day.
    entries_day_max: u32 = 100, "", ("1", "100000"),
        "Ten slots turned over ten times; the backtest needs about one a day.";
    /// Orders within one minute that only reduce; more of them wait.
    exits_minute_max: u32 = 60, "", ("1", "10000"),
        "Stops and exits of ten slots, repeated several times; they are never denied.";
    /// Entries of one strategy into one instrument in one account day.
    entries_again_max: u32 = 3, "", ("1", "1000"),
        "The strategy enters an instrument once a day; more is a loop that pays the spread each time.";
    /// How long an entry of the same side and size in the same instrument is taken for the same one.
    duplicate_seconds: u32 = 60, " s", ("1", "3600"), smaller,
        "Two decisions that equal each other to the share within a minute are one.";
    /// Refusals by a venue in a row after which entries stop.
    refusals_max: u32 = 3, "", ("1", "100"),
        "What is refused three times will be refused again, and each try may be the one that is not.";
    /// The share of refusals among ten or more answers of ten minutes at which entries stop.
    refusals_percent: Ratio = r(20, 0), " % of answers", ("1", "100"),
        "One in five is no accident.";
    /// How long ago the venue may have answered last.
    contact_seconds: u32 = 30, " s", ("1", "600"),
        "An order to a venue that does not answer may or may not arrive.";
    /// How old the last reading of the account may be.
    equity_age_seconds: u32 = 60, " s", ("1", "3600"),
        "Every share of equity is wrong when equity is.";
    /// How far the venue's clock and ours may be apart, by two readings.
    clock_milliseconds: u32 = 2_000, " ms", ("100", "60000"),
        "Ages of prices and expiries of decisions are counted in seconds: two of them make the difference.";
    /// How long a position may lie without its stop before entries stop.
    stop_missing_seconds: u32 = 30, " s", ("1", "3600"),
        "What is held must be safe before more is held.";
    /// How long a position may be held before entries stop.
    holding_days_max: u32 = 365, " days", ("1", "3650"),
        "The longest trade of the backtest is shorter: nobody looks after such a position.";
    /// How long ago the bar may have closed that a signal rests on.
    signal_age_hours: u32 = 96, " h", ("1", "720"),
        "The longest holiday weekend: an older decision was made for another market.";
    /// How old a live price of a stock may be.
    quote_age_equity_seconds: u32 = 5, " s", ("1", "3600"),
        "Prices of large stocks change several times a second.";
    /// How old a live price of a currency pair may be.
    quote_age_forex_seconds: u32 = 10, " s", ("1", "3600"),
        "Prices of the major pairs change every second.";
    /// How old a live price of a coin may be.
    quote_age_crypto_seconds: u32 = 15, " s", ("1", "3600"),
        "Prices of the large coins change every few seconds.";
    /// How far a limit price may lie from the price, for stocks.
    collar_equity_percent: Ratio = r(2, 0), " % of price", ("0.01", "30"),
        "Beyond it an order is a typing error.";
    /// How far a limit price may lie from the price, for currency pairs.
    collar_forex_percent: Ratio = r(5, 1), " % of price", ("0.01", "10"),
        "Half a percent is a very large move of a pair.";
    /// How far a limit price may lie from the price, for coins.
    collar_crypto_percent: Ratio = r(3, 0), " % of price", ("0.01", "30"),
        "Coins move three percent within an hour.";
    /// How far the price may have moved from the one the decision rests on.
    decision_drift_percent: Ratio = r(5, 0), " % of price", ("0.01", "50"),
        "After a larger gap it is no longer the trade that was tested.";
    /// How long ago the kill switch may have been tried last, for an account of real money.
    drill_age_days: u32 = 35, " days", ("1", "366"),
        "A month and some days: what nobody has tried for longer may not work when it is needed.";
    /// Loss of stocks since the day began at which no stock is entered before the next day.
    daily_loss_equity_percent: Ratio = r(2, 0), " % of the day's equity", ("0.1", "20"),
        "Two thirds of the loss that stops everything: a class that loses so much by itself rests before it stops the others.";
    /// The same of currency pairs.
    daily_loss_forex_percent: Ratio = r(2, 0), " % of the day's equity", ("0.1", "20"),
        "As for stocks: pairs share the dollar, and lose together.";
    /// The same of coins.
    daily_loss_crypto_percent: Ratio = r(2, 0), " % of the day's equity", ("0.1", "20"),
        "As for stocks: coins fall together, and at night.";
    /// How much worse than decided an entry into a stock may be executed before that stock rests until the next day.
    slippage_equity_bps: Ratio = r(100, 0), " bps of price", ("1", "2000"),
        "A percent lost at the entry is a fifth of an ordinary loss: the price that was decided at was not there.";
    /// The same of a currency pair.
    slippage_forex_bps: Ratio = r(20, 0), " bps of price", ("1", "1000"),
        "Many times the spread of a major pair: the quote was old, or the market was not there.";
    /// The same of a coin.
    slippage_crypto_bps: Ratio = r(150, 0), " bps of price", ("1", "2000"),
        "Coins move more between a decision and its execution, and cost more to trade.";
    /// How long answers to orders may take, at the median of ten or more within ten minutes.
    answer_seconds_max: u32 = 5, " s", ("1", "600"),
        "A venue answers within a second; at five, prices and outcomes are no longer those that were decided by.";
    /// Instruments in which book and broker may disagree at once before everything stands still.
    diverged_max: u32 = 2, " instruments", ("1", "100"),
        "One difference is an accident, and two may be; more of them mean that the book is wrong.";
}

impl Limits {
    /// So wide that none of them binds but the number of positions: for replays that ask what a strategy does by
    /// itself. Never for trading.
    pub fn wide(positions_max: u32) -> Self {
        Self {
            positions_max,
            cooldown_hours: 1,
            flatten_rest_hours: 1,
            confirm_seconds: 1,
            unknown_minutes: 1_000_000,
            signal_age_hours: 1_000_000,
            stop_distance_min_percent: r(1, 12),
            buying_power_buffer_percent: r(1, 12),
            duplicate_seconds: 1,
            order_value_max: r(1_000_000_000_000_000, 0),
            ..Self::widest()
        }
    }

    /// The limits of these keys as they are, all others so wide that none binds but the number of positions.
    #[must_use]
    pub fn only(&self, keys: &[&str]) -> Self {
        self.mixed(&Self::wide(self.positions_max), |key| keys.contains(&key))
    }

    /// The limits of these keys so wide that none binds but the number of positions, all others as they are.
    #[must_use]
    pub fn widened(&self, keys: &[&str]) -> Self {
        self.mixed(&Self::wide(self.positions_max), |key| !keys.contains(&key))
    }

    /// Whether every limit is one: above zero, and the second step not before the first.
    pub fn is_sane(&self) -> bool {
        self.fault().is_none()
    }

    /// The first key whose value cannot be one: zero, negative, or a second step before the first.
    pub fn fault(&self) -> Option<&'static str> {
        let steps = [
            ("daily_loss_flatten_percent", self.daily_loss_percent <= self.daily_loss_flatten_percent),
            ("drawdown_flatten_percent", self.drawdown_percent <= self.drawdown_flatten_percent),
            ("latch_losses", self.cooldown_losses <= self.latch_losses),
            ("stop_distance_max_percent", self.stop_distance_min_percent < self.stop_distance_max_percent),
            ("open_risk_percent", self.bucket_risk_percent <= self.open_risk_percent),
        ];
        let step = || steps.iter().find(|(_, holds)| !holds).map(|(key, _)| *key);
        self.naught().or_else(step)
    }
}

//! The checks, in their order. Each looks at one case and says one thing; none knows of another.

mod account;
mod exposure;
mod market;
mod signal;
mod state;

use broker_api::{Amount, Code, Intent, OrderKind, Price, Purpose, Qty, Ratio, Reason, Side};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::limits::Limits;
use crate::view::View;

/// What is judged.
pub(crate) struct Case<'a> {
    pub intent: &'a Intent,
    pub view: &'a View<'a>,
    pub limits: &'a Limits,
}

/// What a check says.
pub(crate) enum Said {
    NotApplicable,
    Passed,
    /// Passed within a tenth of its bound.
    Near,
    /// At most so much.
    Clip(Qty, Reason),
    /// Something passing stands against it.
    Wait(Reason),
    Denied(Reason),
    /// What it needs is not known, which stops an entry.
    Missing(Reason),
}

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its number in the list that is the specification; numbers of the list that are not here come later.
    pub number: u8,
    /// Its name, which programs branch on.
    pub name: &'static str,
    /// What it makes sure of.
    pub what: &'static str,
    /// Whether it applies to orders that only reduce what is held.
    pub reducing: bool,
    judge: fn(&Case<'_>) -> Said,
}

impl Check {
    pub(crate) fn ask(&self, case: &Case<'_>) -> Said {
        if case.intent.purpose.is_reducing() && !self.reducing {
            Said::NotApplicable
        } else {
            (self.judge)(case)
        }
    }
}

const fn check(
    number: u8,
    name: &'static str,
    what: &'static str,
    reducing: bool,
    judge: fn(&Case<'_>) -> Said,
) -> Check {
    Check { number, name, what, reducing, judge }
}

/// All checks, in the order in which the first that says no decides.
pub const CHECKS: &[Check] = &[
    check(1, "limits", "the limits are limits", false, state::limits),
    check(2, "level", "the level, and no halt file, let entries through", true, state::level),
    check(
        4,
        "reconciled",
        "book and broker agree about the instrument, and no order of it is unknown",
        false,
        state::reconciled,
    ),
    check(5, "connectivity", "the venue answered a moment ago", true, state::connectivity),
    check(8, "duplicate_order", "no order of the same kind is open", true, state::duplicate),
    check(9, "stale_signal", "the decision is young and has not expired", false, signal::stale),
    check(10, "future_signal", "the decision is not from the future", false, signal::future),
    check(
        11,
        "tradable",
        "the order is for the instrument, and the account is not blocked",
        true,
        account::tradable,
    ),
    check(12, "market_open", "the market is open, or the venue keeps the order", true, market::open),
    check(13, "price", "the price is known, young and sane", false, market::fresh),
    check(14, "collar", "the order's price is near the market's", true, market::collar),
    check(
        15,
        "decision_drift",
        "the price is still near the one the decision rests on",
        false,
        market::drift,
    ),
    check(16, "order_notional", "one order is not too large", false, exposure::order_notional),
    check(17, "lot_and_tick", "whole lots, whole ticks, at least the least", true, account::lot_and_tick),
    check(18, "stop", "there is a stop, on the right side, at a sane distance", false, signal::stop),
    check(19, "risk_per_trade", "what is lost at the stop is bounded", false, exposure::risk),
    check(20, "max_positions", "there is a place for one more position", false, exposure::positions),
    check(
        21,
        "position",
        "the position after it is not too large; a reducing order only reduces",
        true,
        exposure::position,
    ),
    check(22, "gross_exposure", "everything together is not too large", false, exposure::gross),
    check(24, "buying_power", "the account can pay for it", false, account::buying_power),
    check(26, "short_sale", "what is sold short may be sold short", false, account::short),
    check(27, "opposing_order", "no order of the other direction is open", false, exposure::opposing),
    check(31, "loss_streak", "losses in a row are below their bound", false, state::streak),
    check(32, "daily_loss", "the day's loss is below its bound", false, state::daily_loss),
    check(33, "drawdown", "the fall from the highest equity is below its bound", false, state::drawdown),
];

/// A reason without a bound.
pub(crate) fn no(code: &'static str, text: impl Into<Box<str>>) -> Reason {
    Reason::plain(Code::fixed(code), text)
}

/// A reason with its bound.
pub(crate) fn over(code: &'static str, key: &'static str, text: String, is: String, limit: String) -> Reason {
    Reason {
        code: Code::fixed(code),
        text: text.into(),
        limit: Some(limit.into()),
        would_be: Some(is.into()),
        key: Some(key.into()),
    }
}

/// A reason with a bound that the instrument or the book sets, not the configuration.
pub(crate) fn beyond(code: &'static str, text: String, is: String, limit: String) -> Reason {
    Reason { key: None, ..over(code, "", text, is, limit) }
}

/// How far ahead of ours another clock may be.
pub(crate) const AHEAD: TimeDelta = TimeDelta::seconds(60);

/// What cannot be computed with.
pub(crate) fn too_large() -> Said {
    Said::Missing(no("number_too_large", "a figure of this order is too large to compute with"))
}

/// Passed, or nearly not.
pub(crate) fn within(is: Decimal, limit: Decimal) -> Said {
    let near = limit * Decimal::new(9, 1);
    if is >= near && limit > Decimal::ZERO { Said::Near } else { Said::Passed }
}

impl Case<'_> {
    pub(crate) fn is_entry(&self) -> bool {
        self.intent.purpose == Purpose::Entry
    }

    /// The highest price that the order may come to cost by what is known: its reference, its limit, or what it meets now.
    pub(crate) fn dearest(&self) -> Price {
        let limit = match self.intent.order {
            OrderKind::Limit(order) => Some(order.limit),
            OrderKind::StopLimit(order) => Some(order.limit),
            OrderKind::Market(_) | OrderKind::Stop(_) | OrderKind::TrailingStop(_) => None,
        };
        let there_is = self.view.quote.map(|quote| quote.against(self.intent.side));
        [limit, there_is].into_iter().flatten().fold(self.intent.reference, Price::max)
    }

    /// The order's value in base currency, at the highest price it may come to cost.
    pub(crate) fn value(&self) -> Option<Amount> {
        self.dearest().times(self.intent.qty).ok()?.times(self.view.rate?).ok()
    }

    /// What is lost if the stop is hit, in base currency: from the worst entry there may be, as far as is known.
    pub(crate) fn loss_at_stop(&self) -> Option<Amount> {
        let stop = self.intent.plan.stop?;
        let entry = match (self.intent.side, self.view.quote) {
            (Side::Buy, _) => self.dearest(),
            (Side::Sell, Some(quote)) => self.intent.reference.min(quote.bid),
            (Side::Sell, None) => self.intent.reference,
        };
        let gap = Amount::new(entry.to(stop).ok()?.get().abs()).ok()?;
        gap.times(Ratio::new(self.intent.qty.get()).ok()?).ok()?.times(self.view.rate?).ok()
    }

    /// `value` in percent of equity, for people.
    pub(crate) fn percent_of_equity(&self, value: Amount) -> String {
        let share = self.view.equity.and_then(|equity| value.share_of(equity));
        let percent = share.and_then(|share| share.get().checked_mul(Decimal::ONE_HUNDRED));
        percent.map_or_else(
            || "not known".to_owned(),
            |percent| format!("{} %", percent.round_dp(2).normalize()),
        )
    }

    /// So many percent of equity, in base currency.
    pub(crate) fn part_of_equity(&self, percent: Ratio) -> Option<Amount> {
        let equity = self.view.equity.filter(|equity| equity.get() > Decimal::ZERO)?;
        let part = equity.get().checked_mul(percent.get())?.checked_div(Decimal::ONE_HUNDRED)?;
        Amount::new(part).ok()
    }

    /// The quantity of this order that is worth `value` in base currency.
    pub(crate) fn qty_worth(&self, value: Amount) -> Option<Qty> {
        let unit = self.dearest().get().checked_mul(self.view.rate?.get())?;
        Qty::new(value.get().max(Decimal::ZERO).checked_div(unit)?).ok()
    }

    pub(crate) fn no_equity() -> Said {
        Said::Missing(no("no_equity", "equity is not known; the venue's account must be readable"))
    }

    pub(crate) fn no_rate(&self) -> Said {
        let text = format!(
            "no price turns {} into the book's currency; add its pair to the data",
            self.view.instrument.quote
        );
        Said::Missing(no("no_conversion", text))
    }
}

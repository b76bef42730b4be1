//! Sessions and prices.

use broker_api::{AssetClass, OrderKind, Quote, Ratio, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::blackouts::Blackout;

use super::{AHEAD, Applies, Case, Check, Control, DENIES, Lack, Orders, Said, Share, no, over};

/// How much wider the collar of an exit is than that of an entry: to get out matters more than the price.
const EXIT_COLLAR: Decimal = Decimal::from_parts(3, 0, 0, false, 0);

pub(super) const OPEN: Check = Check {
    number: 12,
    name: "market_open",
    what: "the market is open, or the venue keeps the order",
    keys: &[],
    inputs: "the calendar, the venue's own hours, what the venue keeps",
    applies: Applies::ALL,
    missing: "nothing can be: the calendar always answers",
    control: Control::REGULATORY,
    judge: open,
};

fn open(case: &Case<'_, '_>) -> Result<Said, Lack> {
    if case.view.market_open || case.view.venue_holds {
        return Ok(Said::Passed);
    }
    let key = case.view.instrument.key;
    Ok(Said::wait(no(
        "market_closed",
        format!("the market of {key} is closed, and {} does not keep such an order", key.venue),
    )))
}

pub(super) const PRICE: Check = Check {
    number: 13,
    name: "price",
    what: "the price is known, young and sane",
    keys: &[
        "quote_age_equity_seconds",
        "quote_age_forex_seconds",
        "quote_age_crypto_seconds",
        "collar_equity_percent",
        "collar_forex_percent",
        "collar_crypto_percent",
    ],
    inputs: "the quote, the moment, when the market last closed",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: fresh,
};

fn fresh(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let view = case.view;
    let symbol = view.instrument.key.symbol;
    let quote = case.quote()?;
    if quote.is_crossed() {
        return Ok(Said::denied(no(
            "crossed_price",
            format!(
                "bid {} above ask {}: no price to trade at; look at the source of prices",
                quote.bid, quote.ask
            ),
        )));
    }
    if quote.at > view.now + AHEAD {
        let text =
            format!("the price of {symbol} is of {}, ahead of {}; set the clocks right", quote.at, view.now);
        return Ok(Said::denied(no("future_price", text)));
    }
    let (widest, collar_key) = case.limits.collar(view.instrument.asset_class);
    // Crossed prices are out already. Of the mid: twice the gap, of twice the mid.
    let gap = quote.bid.to(quote.ask)?;
    let spread = Share::of(gap.plus(gap)?.get(), twice_mid(quote)?)?;
    if spread.against(widest)?.0.is_gt() {
        let is = spread.percent();
        let text = format!(
            "bid {} and ask {} lie {is} % apart, limit {widest} %; wait for a closer price",
            quote.bid, quote.ask
        );
        return Ok(Said::denied(over(
            "wide_spread",
            collar_key,
            text,
            format!("{is} %"),
            format!("{widest} %"),
        )));
    }
    let (seconds, key) = case.limits.quote_age(view.instrument.asset_class);
    let allowed = TimeDelta::seconds(i64::from(seconds));
    let oldest = match view.quote_age_max {
        Some(slack) => last_bar(case) - slack,
        // What is queued for the next session is judged by the last price of the one before.
        None if !view.market_open && view.venue_holds => view.last_close.unwrap_or(view.now) - allowed,
        None => view.now - allowed,
    };
    if quote.at < oldest {
        let age = (view.now - quote.at).num_seconds();
        let text = format!(
            "the price of {symbol} is of {}, the oldest that counts is {oldest}; bring its source under [data] up to date",
            quote.at
        );
        // The key sets the bound only where prices are live.
        return Ok(Said::missing(match view.quote_age_max {
            Some(_) => no("stale_price", text),
            None => over("stale_price", key, text, format!("{age} s"), format!("{seconds} s")),
        }));
    }
    Ok(Said::Passed)
}

/// When the last daily bar of the market must have closed.
fn last_bar(case: &Case<'_, '_>) -> Time {
    let view = case.view;
    let a_day_ago = view.now - TimeDelta::hours(24);
    match (view.instrument.asset_class, view.last_close) {
        (AssetClass::Crypto, _) | (_, None) => a_day_ago,
        // The week of currencies is one session; its days end at the same hour. Right after the weekend the bar of
        // Friday is the last one there is.
        (AssetClass::Forex, Some(closed)) if view.now - closed > TimeDelta::hours(73) => a_day_ago,
        (_, Some(closed)) => closed,
    }
}

pub(super) const COLLAR: Check = Check {
    number: 14,
    name: "collar",
    what: "the order's price is near the market's",
    keys: &["collar_equity_percent", "collar_forex_percent", "collar_crypto_percent"],
    inputs: "the order's price, the quote; for an exit without a quote the price it was decided at",
    applies: Applies { orders: Orders::Priced, ..Applies::ALL },
    missing: "the entry is denied; an exit needs no quote",
    control: Control::ERRONEOUS,
    judge: collar,
};

fn collar(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let asked = match case.intent.order {
        OrderKind::Limit(order) => Some(order.limit),
        OrderKind::StopLimit(order) => Some(order.limit),
        OrderKind::Market(_) | OrderKind::Stop(_) | OrderKind::TrailingStop(_) => None,
    };
    let asked = asked.unwrap_or(case.intent.reference);
    let (limit, key) = case.limits.collar(case.view.instrument.asset_class);
    let (market, limit) = if case.is_entry() {
        (case.quote()?.against(case.intent.side), limit)
    } else {
        // An exit's own limit must be meant; without a quote it is held against the price it was decided at.
        let market = case.view.quote.map(|quote| quote.against(case.intent.side));
        let wide = limit.get().checked_mul(EXIT_COLLAR).and_then(|wide| Ratio::new(wide).ok());
        (market.unwrap_or(case.intent.reference), wide.unwrap_or(limit))
    };
    let share = Share::of(market.to(asked)?.get().abs(), market.get())?;
    let (is, said) = share.against(limit)?;
    if !is.is_gt() {
        return Ok(said);
    }
    let is = share.percent();
    let text = format!(
        "its price {asked} lies {is} % from the market's {market}, limit {limit} %; decide anew at the price there is"
    );
    Ok(Said::denied(over("collar", key, text, format!("{is} %"), format!("{limit} %"))))
}

pub(super) const DRIFT: Check = Check {
    number: 15,
    name: "decision_drift",
    what: "the price is still near the one the decision rests on",
    keys: &["decision_drift_percent"],
    inputs: "the price the signal states, the quote. A signal need not state one, and then there is nothing to drift from",
    applies: Applies { orders: Orders::Decided, ..Applies::ALL },
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: drift,
};

fn drift(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(decided) = case.signal()?.decision_price else { return Ok(Said::Passed) };
    let quote = case.quote()?;
    let limit = case.limits.decision_drift_percent;
    let twice = decided.get().checked_add(decided.get()).ok_or(Lack::TooLarge)?;
    let gap = twice_mid(quote)?.checked_sub(twice).ok_or(Lack::TooLarge)?;
    let share = Share::of(gap.abs(), twice)?;
    let (is, said) = share.against(limit)?;
    if !is.is_gt() {
        return Ok(said);
    }
    let (is, mid) = (share.percent(), quote.mid()?);
    let text = format!(
        "decided at {decided}, and the price is {mid} now: {is} % away, limit {limit} %; decide anew"
    );
    Ok(Said::denied(over(
        "decision_drift",
        "decision_drift_percent",
        text,
        format!("{is} %"),
        format!("{limit} %"),
    )))
}

/// Bid and ask together: what divides nothing is quicker.
fn twice_mid(quote: &Quote) -> Result<Decimal, Lack> {
    quote.bid.get().checked_add(quote.ask.get()).ok_or(Lack::TooLarge)
}

pub(super) const BLACKOUTS: Check = Check {
    number: 37,
    name: "blackouts",
    what: "nothing is entered in the times that a person has set: around earnings, numbers, a listing, a roll",
    keys: &[],
    inputs: "the times under `[[blackouts]]` of the configuration, the order's symbol and class, the moment",
    applies: Applies::ENTRIES,
    missing: "nothing can be: the configuration is read before anything is traded",
    control: Control::NONE,
    judge: blackouts,
};

fn blackouts(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (view, rules) = (case.view, case.view.instrument);
    let is_on = |row: &&Blackout| row.is_on(view.now) && row.is_about(rules.key.symbol, rules.asset_class);
    let Some(row) = view.blackout.filter(is_on) else { return Ok(Said::Passed) };
    let until = row.until.format("%Y-%m-%d %H:%M:%S UTC");
    let symbol = rules.key.symbol;
    let text = format!("nothing is entered in {symbol} until {until}: {}; send it again after that", row.why);
    Ok(Said::denied(no("blackout", text)))
}

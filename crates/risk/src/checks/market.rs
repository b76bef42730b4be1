//! Sessions and prices.

use broker_api::{AssetClass, OrderKind, Purpose, Ratio, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{AHEAD, Case, Said, no, over, too_large, within};

/// How much wider the collar of an exit is than that of an entry: to get out matters more than the price.
const EXIT_COLLAR: Decimal = Decimal::from_parts(3, 0, 0, false, 0);

pub(super) fn open(case: &Case<'_>) -> Said {
    if case.view.market_open || case.view.venue_holds {
        return Said::Passed;
    }
    let key = case.view.instrument.key;
    Said::Wait(no(
        "market_closed",
        format!("the market of {key} is closed, and {} does not keep such an order", key.venue),
    ))
}

pub(super) fn fresh(case: &Case<'_>) -> Said {
    let view = case.view;
    let symbol = view.instrument.key.symbol;
    let Some(quote) = view.quote else {
        return Said::Missing(no(
            "no_price",
            format!("no price of {symbol}; its source is named under [data]"),
        ));
    };
    if quote.is_crossed() {
        return Said::Denied(no(
            "crossed_price",
            format!(
                "bid {} above ask {}: no price to trade at; look at the source of prices",
                quote.bid, quote.ask
            ),
        ));
    }
    if quote.at > view.now + AHEAD {
        let text =
            format!("the price of {symbol} is of {}, ahead of {}; set the clocks right", quote.at, view.now);
        return Said::Denied(no("future_price", text));
    }
    let (widest, collar_key) = case.limits.collar(view.instrument.asset_class);
    let Some(spread) = quote.spread().ok().and_then(|spread| spread.get().checked_mul(Decimal::ONE_HUNDRED))
    else {
        return too_large();
    };
    if spread > widest.get() {
        let is = spread.round_dp(2).normalize();
        let text = format!(
            "bid {} and ask {} lie {is} % apart, limit {widest} %; wait for a closer price",
            quote.bid, quote.ask
        );
        return Said::Denied(over("wide_spread", collar_key, text, format!("{is} %"), format!("{widest} %")));
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
        return Said::Missing(match view.quote_age_max {
            Some(_) => no("stale_price", text),
            None => over("stale_price", key, text, format!("{age} s"), format!("{seconds} s")),
        });
    }
    Said::Passed
}

/// When the last daily bar of the market must have closed.
fn last_bar(case: &Case<'_>) -> Time {
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

pub(super) fn collar(case: &Case<'_>) -> Said {
    let asked = match case.intent.order {
        OrderKind::Limit(order) => Some(order.limit),
        OrderKind::StopLimit(order) => Some(order.limit),
        OrderKind::Market(_) | OrderKind::Stop(_) | OrderKind::TrailingStop(_) => None,
    };
    let (limit, key) = case.limits.collar(case.view.instrument.asset_class);
    let market = case.view.quote.map(|quote| quote.against(case.intent.side));
    let (market, asked, limit) = match (case.intent.purpose, market, asked) {
        (Purpose::Entry, None, _) => {
            return Said::Missing(no("no_price", "no price to hold the order's own against; see [data]"));
        }
        (Purpose::Entry, Some(market), asked) => (market, asked.unwrap_or(case.intent.reference), limit),
        // An exit's own limit must be meant; without a quote it is held against the price it was decided at.
        (Purpose::Exit, market, Some(asked)) => {
            let wide = limit.get().checked_mul(EXIT_COLLAR).and_then(|wide| Ratio::new(wide).ok());
            (market.unwrap_or(case.intent.reference), asked, wide.unwrap_or(limit))
        }
        // Legs rest where the plan says, and a market exit takes what there is.
        (Purpose::Exit, _, None) | (Purpose::Stop | Purpose::Target, _, _) => return Said::NotApplicable,
    };
    near(market.distance(asked).ok().map(Ratio::get), limit.get(), |is| {
        let text = format!(
            "its price {asked} lies {is} % from the market's {market}, limit {limit} %; decide anew at the price there is"
        );
        over("collar", key, text, format!("{is} %"), format!("{limit} %"))
    })
}

pub(super) fn drift(case: &Case<'_>) -> Said {
    let Some(signal) = case.view.signal else {
        return Said::Missing(no("no_signal", "an entry without a decision behind it; send it as a signal"));
    };
    // It is for decisions that state their price; a signal need not.
    let Some(decided) = signal.decision_price else { return Said::NotApplicable };
    let Some(quote) = case.view.quote else {
        return Said::Missing(no("no_price", "no price to hold the decision against; see [data]"));
    };
    let Ok(mid) = quote.mid() else { return too_large() };
    let limit = case.limits.decision_drift_percent;
    near(decided.distance(mid).ok().map(Ratio::get), limit.get(), |is| {
        let text = format!(
            "decided at {decided}, and the price is {mid} now: {is} % away, limit {limit} %; decide anew"
        );
        over("decision_drift", "decision_drift_percent", text, format!("{is} %"), format!("{limit} %"))
    })
}

fn near(share: Option<Decimal>, limit: Decimal, reason: impl FnOnce(Decimal) -> broker_api::Reason) -> Said {
    let Some(percent) = share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED)) else {
        return too_large();
    };
    if percent > limit {
        Said::Denied(reason(percent.round_dp(2).normalize()))
    } else {
        within(percent, limit)
    }
}

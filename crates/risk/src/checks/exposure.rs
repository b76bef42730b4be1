//! How much is bound: by one order, in one instrument, over all.

use broker_api::{Amount, Exposure, Qty, Side, planted};
use rust_decimal::Decimal;

use super::{Case, Said, beyond, no, over, too_large, within};

fn cents(amount: Amount) -> String {
    amount.round_half_even(2).to_string()
}

pub(super) fn order_notional(case: &Case<'_>) -> Said {
    let limit = case.limits.order_notional_percent;
    let Some(most) = case.part_of_equity(limit) else { return Case::no_equity() };
    let Some(value) = case.value() else { return case.no_rate() };
    if value > most {
        let text = format!(
            "one order of {}, limit {} ({limit} % of equity); size it down",
            cents(value),
            cents(most)
        );
        return Said::Denied(over(
            "order_notional",
            "order_notional_percent",
            text,
            case.percent_of_equity(value),
            format!("{limit} %"),
        ));
    }
    within(value.get(), most.get())
}

pub(super) fn risk(case: &Case<'_>) -> Said {
    let limit = case.limits.risk_per_trade_percent;
    let Some(most) = case.part_of_equity(limit) else { return Case::no_equity() };
    let Some(declared) = case.intent.risk else {
        return Said::Missing(no("no_risk", "what is lost at the stop is not known; the entry needs a stop"));
    };
    if case.view.rate.is_none() {
        return case.no_rate();
    }
    // Reckoned here once more: what the order says of itself is believed only when it says more.
    let Some(reckoned) = case.loss_at_stop() else {
        return Said::Missing(no(
            "no_risk",
            "what is lost at the stop cannot be reckoned; the entry needs a stop",
        ));
    };
    let risk = declared.max(reckoned);
    if risk <= most {
        return within(risk.get(), most.get());
    }
    let text = format!(
        "{} would be lost at the stop, limit {} ({limit} % of equity); size it down",
        cents(risk),
        cents(most)
    );
    let reason = over(
        "risk_per_trade",
        "risk_per_trade_percent",
        text,
        case.percent_of_equity(risk),
        format!("{limit} %"),
    );
    let fits = most.get().checked_mul(case.intent.qty.get()).and_then(|m| m.checked_div(risk.get()));
    fits.and_then(|qty| Qty::new(qty).ok()).map_or_else(too_large, |qty| Said::Clip(qty, reason))
}

pub(super) fn positions(case: &Case<'_>) -> Said {
    let own = case.view.instrument.key;
    let others = case.view.exposures.iter().filter(|row| row.key != own && row.takes_a_slot());
    let others = others.filter(|row| !planted!(SlotsIgnoreEntries) || !row.held.is_flat()).count();
    let limit = case.limits.positions_max as usize;
    if others + 1 > limit {
        let text = format!(
            "{others} now, limit {limit}, would be {}; a place opens when a position closes",
            others + 1
        );
        return Said::Denied(over(
            "max_positions",
            "positions_max",
            text,
            (others + 1).to_string(),
            limit.to_string(),
        ));
    }
    if others + 1 == limit { Said::Near } else { Said::Passed }
}

/// What a row can come to at most, in base currency: what is held and what may still be entered.
fn worst(case: &Case<'_>, row: &Exposure) -> Option<Amount> {
    if row.held.is_flat() && row.entering.is_zero() {
        return Some(Amount::ZERO);
    }
    let rate = (case.view.values)(row.key)?;
    let quote = |qty: Qty, price: Option<broker_api::Price>| {
        if qty.is_zero() { Some(Amount::ZERO) } else { price?.times(qty).ok() }
    };
    let sum = quote(row.held.size(), row.average)?.plus(quote(row.entering, row.entering_at)?).ok()?;
    sum.times(rate).ok()
}

pub(super) fn position(case: &Case<'_>) -> Said {
    let own = case.view.own();
    if !case.is_entry() {
        return reduces(case, &own);
    }
    let limit = case.limits.position_notional_percent;
    let Some(most) = case.part_of_equity(limit) else { return Case::no_equity() };
    if Side::reducing(own.held) == Some(case.intent.side) {
        let text = format!(
            "an entry to {} stands against the {} held of {}; close that first",
            case.intent.side, own.held, own.key.symbol
        );
        return Said::Denied(no("against_position", text));
    }
    // What is held of this instrument counts at the dearer of its average and the price there is.
    let dearest = own.average.map(|average| average.max(case.dearest()));
    let (Some(before), Some(value)) = (worst(case, &Exposure { average: dearest, ..own }), case.value())
    else {
        return case.no_rate();
    };
    let Ok(after) = before.plus(value) else { return too_large() };
    if after > most {
        let text = format!(
            "{} of {} after it, limit {} ({limit} % of equity); size it down",
            cents(after),
            own.key.symbol,
            cents(most)
        );
        return Said::Denied(over(
            "position_notional",
            "position_notional_percent",
            text,
            case.percent_of_equity(after),
            format!("{limit} %"),
        ));
    }
    within(after.get(), most.get())
}

/// A reducing order closes, and never opens or turns. Stop and target rest over the same units, of which the
/// venue lets only one fill; an exit must leave them none.
fn reduces(case: &Case<'_>, own: &Exposure) -> Said {
    let intent = case.intent;
    if Side::reducing(own.held) != Some(intent.side) {
        let text =
            format!("a {} would not reduce what is held of {}, {}", intent.side, own.key.symbol, own.held);
        return Said::Denied(no("not_reducing", text));
    }
    let others = if intent.purpose.is_protective() { Qty::ZERO } else { case.view.live_reducing };
    let most = own.confirmed.size().minus_or_zero(others);
    if intent.qty <= most || planted!(StopFromOrdered) && intent.purpose.is_protective() {
        return Said::Passed;
    }
    let text = format!("{} of {} held, {others} of it being closed already", own.held.size(), own.key.symbol);
    let reason = beyond("not_reducing", text, intent.qty.to_string(), most.to_string());
    if others.is_zero() { Said::Denied(reason) } else { Said::Wait(reason) }
}

pub(super) fn gross(case: &Case<'_>) -> Said {
    let limit = case.limits.gross_exposure_percent;
    let Some(most) = case.part_of_equity(limit) else { return Case::no_equity() };
    let mut sum = Amount::ZERO;
    for row in case.view.exposures {
        let Some(worst) = worst(case, row) else { return case.no_rate() };
        let Ok(next) = sum.plus(worst) else { return too_large() };
        sum = next;
    }
    let Some(value) = case.value() else { return case.no_rate() };
    let Ok(after) = sum.plus(value) else { return too_large() };
    if after <= most {
        return within(after.get(), most.get());
    }
    let text = format!(
        "{} in all after it, limit {} ({limit} % of equity); close something first",
        cents(after),
        cents(most)
    );
    let reason = over(
        "gross_exposure",
        "gross_exposure_percent",
        text,
        case.percent_of_equity(after),
        format!("{limit} %"),
    );
    let room = most.get().checked_sub(sum.get()).and_then(|room| Amount::new(room.max(Decimal::ZERO)).ok());
    room.and_then(|room| case.qty_worth(room)).map_or_else(too_large, |qty| Said::Clip(qty, reason))
}

pub(super) fn opposing(case: &Case<'_>) -> Said {
    let own = case.view.own();
    let against = own.entering_side.is_some_and(|side| side != case.intent.side) || !own.exiting.is_zero();
    if against {
        return Said::Wait(no(
            "opposing_order",
            format!("an order of the other direction in {} is open", own.key.symbol),
        ));
    }
    Said::Passed
}

//! The instrument's rules and the account's money.

use broker_api::{Amount, AssetClass, Side};

use super::{Case, Said, beyond, no, too_large, within};

pub(super) fn tradable(case: &Case<'_>) -> Said {
    let (intent, view) = (case.intent, case.view);
    if intent.key != view.instrument.key {
        let text = format!("the order is for {}, and the rules are of {}", intent.key, view.instrument.key);
        return Said::Denied(no("unknown_instrument", text));
    }
    if case.is_entry() && view.account.is_some_and(|account| account.blocked) {
        return Said::Denied(no("account_blocked", "the broker has stopped trading in this account"));
    }
    Said::Passed
}

pub(super) fn lot_and_tick(case: &Case<'_>) -> Said {
    let (intent, rules) = (case.intent, case.view.instrument);
    // All that is held may be closed, even when it is not whole lots any more.
    let all_held = !case.is_entry() && intent.qty == case.view.own().confirmed.size();
    if intent.qty.is_zero() || !(all_held || intent.qty.is_multiple_of(rules.lot)) {
        return Said::Denied(no(
            "bad_quantity",
            format!(
                "{} is not a whole number of lots of {}, or nothing; round it down",
                intent.qty, rules.lot
            ),
        ));
    }
    if intent.qty > rules.qty_max {
        let text = format!("{} is more than one order may have, {}", intent.qty, rules.qty_max);
        return Said::Denied(beyond("bad_quantity", text, intent.qty.to_string(), rules.qty_max.to_string()));
    }
    if let Some(price) =
        intent.order.prices().into_iter().flatten().find(|price| !price.is_multiple_of(rules.tick))
    {
        return Said::Denied(no(
            "bad_price",
            format!("{price} is not a whole number of ticks of {}", rules.tick),
        ));
    }
    // What is held must be sellable, however little it is.
    if case.is_entry() {
        if intent.qty < rules.qty_min {
            let text = format!("{} is less than the least, {}", intent.qty, rules.qty_min);
            return Said::Denied(beyond(
                "below_minimum",
                text,
                intent.qty.to_string(),
                rules.qty_min.to_string(),
            ));
        }
        let Ok(value) = intent.reference.times(intent.qty) else { return too_large() };
        if value < rules.notional_min {
            let text = format!("it is worth {value} {}, the least is {}", rules.quote, rules.notional_min);
            return Said::Denied(beyond(
                "below_minimum",
                text,
                value.to_string(),
                rules.notional_min.to_string(),
            ));
        }
    }
    Said::Passed
}

pub(super) fn buying_power(case: &Case<'_>) -> Said {
    let view = case.view;
    let Some(account) = view.account else { return Case::no_equity() };
    let Some(value) = case.value() else { return case.no_rate() };
    let Ok(mut need) = value.times(view.instrument.margin) else { return too_large() };
    // Entries under way bind what the reading of the account does not know yet; as if fully paid.
    for row in view.exposures.iter().filter(|row| row.key.venue == view.instrument.key.venue) {
        if row.entering.is_zero() {
            continue;
        }
        let Some(rate) = (view.values)(row.key) else { return case.no_rate() };
        let bound = row
            .entering_at
            .and_then(|at| at.times(row.entering).ok())
            .and_then(|value| value.times(rate).ok());
        let Some(sum) = bound.and_then(|bound| need.plus(bound).ok()) else { return too_large() };
        need = sum;
    }
    let for_coins = account.coin_power.filter(|_| view.instrument.asset_class == AssetClass::Crypto);
    let power = for_coins.unwrap_or(account.buying_power);
    // The account's figures are in the book's currency, or in the one the instrument is quoted in.
    let power = if account.of.currency == view.instrument.quote {
        let Some(rate) = view.rate else { return case.no_rate() };
        let Ok(power) = power.times(rate) else { return too_large() };
        power
    } else {
        power
    };
    if need > power {
        let text = format!(
            "it and the entries under way bind {}, and {} is free{}; size it down or close something",
            cents(need),
            cents(power),
            if for_coins.is_some() { " for coins" } else { "" }
        );
        return Said::Denied(beyond("buying_power", text, cents(need).to_string(), cents(power).to_string()));
    }
    within(need.get(), power.get())
}

fn cents(amount: Amount) -> Amount {
    amount.round_half_even(2)
}

pub(super) fn short(case: &Case<'_>) -> Said {
    if case.intent.side == Side::Buy {
        return Said::NotApplicable;
    }
    if case.view.instrument.shortable {
        Said::Passed
    } else {
        Said::Denied(no(
            "not_shortable",
            format!(
                "{} cannot be sold short at its venue; send no short signal for it",
                case.view.instrument.key.symbol
            ),
        ))
    }
}

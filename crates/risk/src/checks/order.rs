//! One order by itself: its size, its lots and ticks.

use super::{Applies, Case, Check, Control, DENIES, Lack, Said, beyond, cents, compared, no, over, within};

pub(super) const NOTIONAL: Check = Check {
    number: 16,
    name: "order_notional",
    what: "one order is not too large",
    keys: &["order_value_max", "order_notional_percent"],
    inputs: "the order, the quote, the rate of its currency, equity",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::SIZE,
    judge: notional,
};

fn notional(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let value = case.value()?;
    let ever = case.limits.order_value_max;
    if compared(value.get(), ever.get()).is_gt() {
        let text = format!(
            "one order of {}, limit {ever} whatever the account is worth; size it down",
            cents(value)
        );
        return Ok(Said::denied(over(
            "order_value",
            "order_value_max",
            text,
            cents(value),
            ever.to_string(),
        )));
    }
    let limit = case.limits.order_notional_percent;
    let most = case.part_of_equity(limit)?;
    if value > most {
        let text = format!(
            "one order of {}, limit {} ({limit} % of equity); size it down",
            cents(value),
            cents(most)
        );
        return Ok(Said::denied(over(
            "order_notional",
            "order_notional_percent",
            text,
            case.percent_of_equity(value),
            format!("{limit} %"),
        )));
    }
    Ok(within(value.get(), most.get()).or_near(&within(value.get(), ever.get())))
}

pub(super) const LOT_AND_TICK: Check = Check {
    number: 17,
    name: "lot_and_tick",
    what: "whole lots, whole ticks, at least the least",
    keys: &[],
    inputs: "the order, the instrument's rules",
    applies: Applies::ALL,
    missing: "nothing can be: without the rules there is no review",
    control: Control::ERRONEOUS,
    judge: lot_and_tick,
};

fn lot_and_tick(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (intent, rules) = (case.intent, case.view.instrument);
    // All that is held may be closed, even when it is not whole lots any more.
    let all_held = !case.is_entry() && intent.qty == case.own.confirmed.size();
    if intent.qty.is_zero() || !(all_held || intent.qty.is_multiple_of(rules.lot)) {
        return Ok(Said::denied(no(
            "bad_quantity",
            format!(
                "{} is not a whole number of lots of {}, or nothing; round it down",
                intent.qty, rules.lot
            ),
        )));
    }
    let size = |code, text, is: String, limit: String| Ok(Said::denied(beyond(code, text, is, limit)));
    if intent.qty > rules.qty_max {
        let text = format!("{} is more than one order may have, {}", intent.qty, rules.qty_max);
        return size("bad_quantity", text, intent.qty.to_string(), rules.qty_max.to_string());
    }
    if let Some(price) =
        intent.order.prices().into_iter().flatten().find(|price| !price.is_multiple_of(rules.tick))
    {
        return Ok(Said::denied(no(
            "bad_price",
            format!("{price} is not a whole number of ticks of {}", rules.tick),
        )));
    }
    // What is held must be sellable, however little it is.
    if case.is_entry() {
        if intent.qty < rules.qty_min {
            let text = format!("{} is less than the least, {}", intent.qty, rules.qty_min);
            return size("below_minimum", text, intent.qty.to_string(), rules.qty_min.to_string());
        }
        let value = intent.reference.times(intent.qty)?;
        if value < rules.notional_min {
            let text = format!("it is worth {value} {}, the least is {}", rules.quote, rules.notional_min);
            return size("below_minimum", text, value.to_string(), rules.notional_min.to_string());
        }
    }
    Ok(Said::Passed)
}

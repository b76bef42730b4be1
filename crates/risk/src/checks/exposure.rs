//! How much is bound: in one instrument, in one class, in one currency, over all.

use broker_api::{Amount, AssetClass, Price, Qty, Ratio, Side, planted};

use super::{Applies, Case, Check, Control, DENIES, Lack, Said, beyond, cents, counted, no, over, within};

/// Instruments of a class, for people.
const fn named(class: AssetClass) -> &'static str {
    match class {
        AssetClass::Equity => "stocks",
        AssetClass::Forex => "currency pairs",
        AssetClass::Crypto => "coins",
    }
}

pub(super) const POSITIONS: Check = Check {
    number: 20,
    name: "max_positions",
    what: "there is a place for one more position: in all, in its class, of its strategy",
    keys: &[
        "positions_max",
        "positions_equity_max",
        "positions_forex_max",
        "positions_crypto_max",
        "positions_strategy_max",
    ],
    inputs: "everything held and under way, the rules of each, the signal's strategy. What belongs to no strategy counts for each",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: positions,
};

fn positions(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (totals, limits) = (case.totals(), case.limits);
    let full = |code, key, others: u32, what: &str, limit: u32| {
        let would_be = others.saturating_add(1);
        let text = format!(
            "{others} now{what}, limit {limit}, would be {would_be}; a place opens when a position closes"
        );
        Ok(Said::denied(over(code, key, text, would_be.to_string(), limit.to_string())))
    };
    if totals.others >= limits.positions_max {
        return full("max_positions", "positions_max", totals.others, "", limits.positions_max);
    }
    if let Some(lack) = totals.unruled {
        return Err(lack);
    }
    let class = case.view.instrument.asset_class;
    let (limit, key) = limits.positions_of(class);
    if totals.in_class >= limit {
        return full("class_positions", key, totals.in_class, &format!(" in {}", named(class)), limit);
    }
    let strategy = case.signal()?.strategy;
    let (of_strategy, most) = (totals.of_strategy, limits.positions_strategy_max);
    if of_strategy >= most {
        let what = format!(" of {strategy}");
        return full("strategy_positions", "positions_strategy_max", of_strategy, &what, most);
    }
    let is_last = totals.others.saturating_add(1) == limits.positions_max;
    let of_class = counted(totals.in_class.saturating_add(1), limit);
    let all = if is_last { Said::Near } else { Said::Passed };
    Ok(all.or_near(&of_class).or_near(&counted(of_strategy.saturating_add(1), most)))
}

pub(super) const POSITION: Check = Check {
    number: 21,
    name: "position",
    what: "the position after it is not too large; a reducing order only reduces",
    keys: &["position_notional_percent"],
    inputs: "what is held and under way of the instrument, the quote, the rate of its currency, equity; for a reducing order only what is held",
    applies: Applies::ALL,
    missing: "the entry is denied; a reducing order needs none but the book",
    control: Control::CAPITAL,
    judge: position,
};

fn position(case: &Case<'_, '_>) -> Result<Said, Lack> {
    if !case.is_entry() {
        return Ok(reduces(case));
    }
    let own = &case.own;
    let limit = case.limits.position_notional_percent;
    let most = case.part_of_equity(limit)?;
    if Side::reducing(own.held) == Some(case.intent.side) {
        let text = format!(
            "an entry to {} stands against the {} held of {}; close that first",
            case.intent.side, own.held, own.key.symbol
        );
        return Ok(Said::denied(no("against_position", text)));
    }
    let worth = |qty: Qty, price: Option<Price>| -> Result<Amount, Lack> {
        if qty.is_zero() { Ok(Amount::ZERO) } else { Ok(price.ok_or(Lack::Own)?.times(qty)?) }
    };
    let dearest = case.dearest()?;
    // What is held of this instrument counts at the dearer of its average and the price there is.
    let held = worth(own.held.size(), own.average.map(|average| average.max(dearest)))?;
    let entering = worth(own.entering, own.entering_at)?;
    let after = held.plus(entering)?.times(case.rate()?)?.plus(case.value()?)?;
    if after > most {
        let text = format!(
            "{} of {} after it, limit {} ({limit} % of equity); size it down",
            cents(after),
            own.key.symbol,
            cents(most)
        );
        return Ok(Said::denied(over(
            "position_notional",
            "position_notional_percent",
            text,
            case.percent_of_equity(after),
            format!("{limit} %"),
        )));
    }
    Ok(within(after.get(), most.get()))
}

/// A reducing order closes, and never opens or turns. Stop and target rest over the same units, of which the
/// venue lets only one fill; an exit must leave them none.
fn reduces(case: &Case<'_, '_>) -> Said {
    let (intent, own) = (case.intent, &case.own);
    if Side::reducing(own.held) != Some(intent.side) {
        let text =
            format!("a {} would not reduce what is held of {}, {}", intent.side, own.key.symbol, own.held);
        return Said::denied(no("not_reducing", text));
    }
    let others = if intent.purpose.is_protective() { Qty::ZERO } else { case.view.live_reducing };
    let most = own.confirmed.size().minus_or_zero(others);
    if intent.qty <= most || planted!(StopFromOrdered) && intent.purpose.is_protective() {
        return Said::Passed;
    }
    let text = format!("{} of {} held, {others} of it being closed already", own.held.size(), own.key.symbol);
    let reason = beyond("not_reducing", text, intent.qty.to_string(), most.to_string());
    if others.is_zero() { Said::denied(reason) } else { Said::wait(reason) }
}

pub(super) const TOGETHER: Check = Check {
    number: 22,
    name: "gross_exposure",
    what: "everything together is not too large: in all, long less short, in its class, in each foreign currency",
    keys: &[
        "gross_exposure_percent",
        "net_exposure_percent",
        "exposure_equity_percent",
        "exposure_forex_percent",
        "exposure_crypto_percent",
        "exposure_currency_percent",
    ],
    inputs: "everything held and under way, the rules of each, the rates of their currencies, the order, the quote, equity. Only pairs bind currencies, and in history only those whose names tell both; the book's own is not bounded",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: together,
};

/// What is bounded: its code, its key, what there is of it before the order, and how much there may be.
const fn bound<T: Copy>(code: &'static str, key: &'static str, before: T, limit: Ratio) -> Bound<T> {
    (before, limit, code, key)
}

type Bound<T> = (T, Ratio, &'static str, &'static str);

fn together(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (limits, totals, value) = (case.limits, case.totals(), case.value()?);
    if let Some(lack) = totals.unvalued.or(totals.unruled) {
        return Err(lack);
    }
    let class = case.view.instrument.asset_class;
    let (class_limit, class_key) = limits.exposure_of(class);
    let gross_limit = limits.gross_exposure_percent;
    let everything = bound("gross_exposure", "gross_exposure_percent", totals.gross, gross_limit);
    let of_class = bound("class_exposure", class_key, totals.class, class_limit);
    let mut said = Said::Passed;
    for (before, limit, code, key) in [everything, of_class] {
        let (after, most) = (before.plus(value)?, case.part_of_equity(limit)?);
        if after <= most {
            said = said.or_near(&within(after.get(), most.get()));
            continue;
        }
        let qty = case.qty_worth(most.minus(before)?)?;
        if matches!(&said, Said::Clip(least, _) if *least <= qty) {
            continue;
        }
        let what = if code == "gross_exposure" { "all" } else { named(class) };
        let text = format!(
            "{} in {what} after it, limit {} ({limit} % of equity); close something first",
            cents(after),
            cents(most)
        );
        let reason = over(code, key, text, case.percent_of_equity(after), format!("{limit} %"));
        said = Said::clip(qty, reason);
    }
    // What is cut down is asked once more, and then for its net too.
    if matches!(said, Said::Clip(..)) {
        return Ok(said);
    }
    let net = bound("net_exposure", "net_exposure_percent", totals.net, limits.net_exposure_percent);
    let limit = limits.exposure_currency_percent;
    let currency = |net| bound("currency_exposure", "exposure_currency_percent", net, limit);
    let [base, quote] = totals.currencies;
    for (net, limit, code, key) in [Some(net), base.map(currency), quote.map(currency)].into_iter().flatten()
    {
        let (after, most) = (net.after(value)?, case.part_of_equity(limit)?);
        if after <= most {
            said = said.or_near(&within(after.get(), most.get()));
            continue;
        }
        let way = if net.long { "long" } else { "short" };
        let what = match net.of {
            Some(currency) => format!("{way} of {currency} over all pairs"),
            None => format!("{way} over everything"),
        };
        let text = format!(
            "{} net {what} after it, limit {} ({limit} % of equity); close something that is {way} first",
            cents(after),
            cents(most)
        );
        return Ok(Said::denied(over(code, key, text, case.percent_of_equity(after), format!("{limit} %"))));
    }
    Ok(said)
}

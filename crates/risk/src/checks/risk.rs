//! What is lost at the stops: of one order, of everything together, of what moves together.

use broker_api::{Amount, Qty, Ratio};

use super::{Applies, Case, Check, Control, DENIES, Lack, Said, cents, over, within};

pub(super) const PER_TRADE: Check = Check {
    number: 19,
    name: "risk_per_trade",
    what: "what is lost at the stop is bounded",
    keys: &["risk_per_trade_percent"],
    inputs: "the order, its stop, the quote, the rate of its currency, equity",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: per_trade,
};

fn per_trade(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let limit = case.limits.risk_per_trade_percent;
    let most = case.part_of_equity(limit)?;
    let risk = case.loss()?;
    if risk <= most {
        return Ok(within(risk.get(), most.get()));
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
    let fits = fits.and_then(|qty| Qty::new(qty).ok()).ok_or(Lack::TooLarge)?;
    Ok(Said::clip(fits, reason))
}

pub(super) const OPEN: Check = Check {
    number: 23,
    name: "open_risk",
    what: "what is lost if every stop is hit is bounded, over everything and over what moves together",
    keys: &["open_risk_percent", "bucket_risk_percent"],
    inputs: "everything held and under way with its stops, the order with its own, the rates of their currencies, equity. What has no stop counts whole. An instrument in no bucket moves with nothing",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: open,
};

fn open(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let limits = case.limits;
    let risk = case.loss()?;
    let totals = case.totals();
    if let Some(lack) = totals.unvalued {
        return Err(lack);
    }
    let limit = limits.open_risk_percent;
    let (after, most) = (totals.risk.plus(risk)?, case.part_of_equity(limit)?);
    let lost = |what: &str, after: Amount, most: Amount, limit: Ratio| {
        format!(
            "{} would be lost if every stop{what} were hit, limit {} ({limit} % of equity); close something or size it down",
            cents(after),
            cents(most)
        )
    };
    if after > most {
        return Ok(Said::denied(over(
            "open_risk",
            "open_risk_percent",
            lost("", after, most, limit),
            case.percent_of_equity(after),
            format!("{limit} %"),
        )));
    }
    let all = within(after.get(), most.get());
    let Some(bucket) = (case.view.buckets)(case.view.instrument.key) else { return Ok(all) };
    let limit = limits.bucket_risk_percent;
    let (after, most) = (totals.bucket.plus(risk)?, case.part_of_equity(limit)?);
    if after > most {
        return Ok(Said::denied(over(
            "bucket_risk",
            "bucket_risk_percent",
            lost(&format!(" in the bucket {bucket}"), after, most, limit),
            case.percent_of_equity(after),
            format!("{limit} %"),
        )));
    }
    Ok(within(after.get(), most.get()).or_near(&all))
}

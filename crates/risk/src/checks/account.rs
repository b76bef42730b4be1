//! The account: what may be traded in it, what it can pay for, what kind it is.

use broker_api::{AssetClass, Mode, Ratio, Side, planted};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{
    AHEAD, Applies, COUNTED, Case, Check, Control, DENIES, Lack, Said, cents, compared, counted, no, over,
    within,
};
use crate::view::Stage;

pub(super) const TRADABLE: Check = Check {
    number: 11,
    name: "tradable",
    what: "the order is for the instrument, and the account is not blocked",
    keys: &[],
    inputs: "the instrument's rules; for an entry the account",
    applies: Applies::ALL,
    missing: DENIES,
    control: Control::REGULATORY,
    judge: tradable,
};

fn tradable(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (intent, view) = (case.intent, case.view);
    if intent.key != view.instrument.key {
        let text = format!("the order is for {}, and the rules are of {}", intent.key, view.instrument.key);
        return Ok(Said::denied(no("unknown_instrument", text)));
    }
    if case.is_entry() && case.account()?.blocked {
        return Ok(Said::denied(no("account_blocked", "the broker has stopped trading in this account")));
    }
    Ok(Said::Passed)
}

pub(super) const BUYING_POWER: Check = Check {
    number: 24,
    name: "buying_power",
    what: "the account can pay for it, and one that lends keeps some of its power free",
    keys: &["buying_power_buffer_percent"],
    inputs: "the account, entries under way at its venue, the order, the quote, the rates of their currencies. It lends when its power exceeds its equity, or the instrument is bought on margin",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::CAPITAL,
    judge: buying_power,
};

fn buying_power(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let view = case.view;
    let account = case.account()?;
    // Entries under way bind what the reading of the account does not know yet; as if fully paid.
    let totals = case.totals();
    if let Some(lack) = totals.unpriced {
        return Err(lack);
    }
    let need = case.value()?.times(view.instrument.margin)?.plus(totals.entering)?;
    let for_coins = account.coin_power.filter(|_| view.instrument.asset_class == AssetClass::Crypto);
    let mut power = for_coins.unwrap_or(account.buying_power);
    // The account's figures are in the book's currency, or in the one the instrument is quoted in.
    if account.of.currency == view.instrument.quote {
        power = power.times(case.rate()?)?;
    }
    let lends = account.buying_power > account.equity || view.instrument.margin < Ratio::ONE;
    let buffer = case.limits.buying_power_buffer_percent;
    let free = if lends {
        let kept = power.get().checked_mul(buffer.get()).ok_or(Lack::TooLarge)? / Decimal::ONE_HUNDRED;
        power.get() - kept
    } else {
        power.get()
    };
    if compared(need.get(), free).is_le() {
        return Ok(within(need.get(), free));
    }
    let of = if for_coins.is_some() { " for coins" } else { "" };
    let kept = if lends { format!(", {buffer} % of which are kept") } else { String::new() };
    let text = format!(
        "it and the entries under way bind {}, and {} is free{of}{kept}; size it down or close something",
        cents(need),
        cents(power),
    );
    let is = cents(need);
    let limit = free.round_dp(2).normalize().to_string();
    Ok(Said::denied(if lends {
        over("buying_power", "buying_power_buffer_percent", text, is, limit)
    } else {
        super::beyond("buying_power", text, is, limit)
    }))
}

pub(super) const DAY_TRADES: Check = Check {
    number: 25,
    name: "day_trades",
    what: "no stock is entered once too many were bought and sold on one day",
    keys: &["day_trades_max"],
    inputs: "stocks bought and sold on one day within the last five trading days",
    applies: Applies { classes: &[AssetClass::Equity], ..Applies::ENTRIES },
    missing: COUNTED,
    control: Control::REGULATORY,
    judge: day_trades,
};

fn day_trades(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (is, limit) = (case.view.day_trades, case.limits.day_trades_max);
    if is < limit {
        return Ok(counted(is.saturating_add(1), limit));
    }
    let text = format!(
        "{is} stocks were bought and sold on one day within five trading days, limit {limit}; stocks are entered again when the oldest of these is past, and an account that the rule does not concern raises the limit"
    );
    Ok(Said::denied(over("day_trades", "day_trades_max", text, is.to_string(), limit.to_string())))
}

pub(super) const SHORT_SALE: Check = Check {
    number: 26,
    name: "short_sale",
    what: "what is sold short may be sold short",
    keys: &[],
    inputs: "the instrument's rules",
    applies: Applies { side: Some(Side::Sell), ..Applies::ENTRIES },
    missing: "nothing can be: without the rules there is no review",
    control: Control::REGULATORY,
    judge: short_sale,
};

fn short_sale(case: &Case<'_, '_>) -> Result<Said, Lack> {
    if case.view.instrument.shortable {
        return Ok(Said::Passed);
    }
    let symbol = case.view.instrument.key.symbol;
    let text = format!("{symbol} cannot be sold short at its venue; send no short signal for it");
    Ok(Said::denied(no("not_shortable", text)))
}

pub(super) const LOOSENED: Check = Check {
    number: 38,
    name: "loosened_limit",
    what: "no limit is more than twice as loose as the one in force, unless a person confirmed it and its day has come",
    keys: &[],
    inputs: "the limits of the process, those in force in the book, what was confirmed",
    applies: Applies { stages: &[Stage::Paper, Stage::Broker], ..Applies::ENTRIES },
    missing: COUNTED,
    control: Control::CHANGE,
    judge: loosened,
};

fn loosened(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let Some(key) = case.view.loosened else { return Ok(Said::Passed) };
    let text = format!(
        "this process has {key} more than twice as loose as it is in force, and nobody confirmed that; `tradewind limits confirm {key} --reason TEXT`, or set it back"
    );
    Ok(Said::denied(no("loosened_limit", text)))
}

pub(super) const ENVIRONMENT: Check = Check {
    number: 39,
    name: "environment",
    what: "no entry reaches an account of real money that is not armed, with the limits in force, and for now",
    keys: &[],
    inputs: "what kind of account it is, as the broker says; what was armed, until when, with which limits",
    applies: Applies { stages: &[Stage::Paper, Stage::Broker], ..Applies::ENTRIES },
    missing: DENIES,
    control: Control::ACCESS,
    judge: environment,
};

fn environment(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let of = case.account()?.of;
    match case.view.guard.may_enter(&of, case.view.now) {
        Ok(()) => Ok(Said::Passed),
        Err(_) if planted!(ArmingIgnored) => Ok(Said::Passed),
        Err(why) => {
            let text = format!(
                "account {} at {} is one of real money and not armed: {why}; `tradewind arm` says what it needs",
                of.account, of.venue
            );
            Ok(Said::denied(no("not_armed", text)))
        }
    }
}

pub(super) const ALERTS: Check = Check {
    number: 40,
    name: "alert_channel",
    what: "with real money, alerts arrive, and the kill switch was tried lately",
    keys: &["drill_age_days"],
    inputs: "the newest drill that is kept or that whoever armed it showed, whether the last message to the command that tells people went through, the account",
    applies: Applies { stages: &[Stage::Paper, Stage::Broker], modes: &[Mode::Live], ..Applies::ENTRIES },
    missing: DENIES,
    control: Control::MONITORING,
    judge: alerts,
};

fn alerts(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let (view, limit) = (case.view, case.limits.drill_age_days);
    let of = case.account()?.of;
    // Whoever armed it has shown a drill, and a message went through.
    let armed = view.guard.armed.as_ref().filter(|armed| armed.of == of);
    let Some(at) = view.drilled.max(armed.and_then(|armed| armed.drilled)) else {
        let text = "no drill that passed is kept; hold one on a practice account: tradewind drill";
        return Ok(Said::missing(no("no_drill", text)));
    };
    let age = view.now - at;
    if at > view.now + AHEAD || age > TimeDelta::days(i64::from(limit)) {
        let days = age.num_days();
        let text = format!("the last drill was {days} days ago, limit {limit}; hold one: tradewind drill");
        return Ok(Said::denied(over(
            "old_drill",
            "drill_age_days",
            text,
            days.to_string(),
            limit.to_string(),
        )));
    }
    match view.alerts.or_else(|| armed.and_then(|armed| armed.drilled).map(|_| true)) {
        None => Ok(Said::missing(no(
            "no_alerts",
            "no command tells people what happens, or it was not tried yet: tradewind watchdog --notify COMMAND --try",
        ))),
        Some(false) => Ok(Said::denied(no(
            "alerts_failed",
            "the last message to the command that tells people did not go through; correct it, and try it: tradewind watchdog --notify COMMAND --try",
        ))),
        Some(true) => Ok(counted(u32::try_from(age.num_days()).unwrap_or(0), limit)),
    }
}

//! The decision behind an entry: its age, its time, its stop.

use broker_api::{Direction, Side, planted};
use chrono::TimeDelta;

use super::{AHEAD, Applies, Case, Check, Control, DENIES, Lack, Said, Share, no, over};

pub(super) const STALE: Check = Check {
    number: 9,
    name: "stale_signal",
    what: "the decision is young and has not expired",
    keys: &["signal_age_hours"],
    inputs: "the signal's bar, or when it was decided, and when it expires",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: stale,
};

fn stale(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let signal = case.signal()?;
    let now = case.view.now;
    if signal.expires_at <= now && !planted!(ExpiredResent) {
        return Ok(Said::denied(no(
            "expired",
            format!("the signal expired at {}; send a new one if it still holds", signal.expires_at),
        )));
    }
    let since = signal.bar_close.unwrap_or(signal.decided_at);
    let limit = case.limits.signal_age_hours;
    let age = now - since;
    if age > TimeDelta::hours(i64::from(limit)) {
        let text =
            format!("it rests on a bar that closed {} h ago, limit {limit} h; decide anew", age.num_hours());
        return Ok(Said::denied(over(
            "stale_signal",
            "signal_age_hours",
            text,
            format!("{} h", age.num_hours()),
            format!("{limit} h"),
        )));
    }
    Ok(Said::Passed)
}

pub(super) const ORDERED: Check = Check {
    number: 10,
    name: "future_signal",
    what: "the decision is not from the future, and rests on no older bar than one before it",
    keys: &[],
    inputs: "the signal's bar and when it was decided, the newest bar the strategy decided on here. A signal that states no bar cannot be out of order",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: ordered,
};

fn ordered(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let signal = case.signal()?;
    let latest = case.view.now + AHEAD;
    let at = signal.bar_close.map_or(signal.decided_at, |bar| bar.max(signal.decided_at));
    if at > latest {
        return Ok(Said::denied(no(
            "future_signal",
            format!("it was decided at {at}, which lies ahead of {}; set the clocks right", case.view.now),
        )));
    }
    if let Some((bar, last)) = signal.bar_close.zip(case.view.last_bar)
        && bar < last
    {
        let text = format!(
            "it rests on the bar of {bar}, and the strategy has decided about {} on the bar of {last}; send decisions in their order",
            case.view.instrument.key
        );
        return Ok(Said::denied(no("out_of_order", text)));
    }
    Ok(Said::Passed)
}

pub(super) const STOP: Check = Check {
    number: 18,
    name: "stop",
    what: "there is a stop, on the right side, at a sane distance",
    keys: &["stop_distance_min_percent", "stop_distance_max_percent"],
    inputs: "the order's stop, the quote",
    applies: Applies::ENTRIES,
    missing: DENIES,
    control: Control::ERRONEOUS,
    judge: stop,
};

fn stop(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let intent = case.intent;
    let side = if intent.side == Side::Buy { Direction::Long } else { Direction::Short };
    let Some(stop) = intent.plan.stop else {
        return Ok(Said::denied(no(
            "no_stop",
            "the signal has no stop; an entry without one risks everything",
        )));
    };
    // Also of the price there is now: an order that is sent again may find the market past its stop.
    let quote = case.quote()?;
    let (nearest, right) = match side {
        Direction::Long => {
            let bid = quote.bid.min(intent.reference);
            (bid, stop < bid)
        }
        Direction::Short => {
            let ask = quote.ask.max(intent.reference);
            (ask, stop > ask)
        }
    };
    if !right {
        let text = format!(
            "the stop {stop} of a {} position lies on the wrong side of {nearest}; decide anew",
            side.as_str()
        );
        return Ok(Said::denied(no("stop_side", text)));
    }
    let distance = Share::of(intent.reference.to(stop)?.get().abs(), intent.reference.get())?;
    let (min, max) = (case.limits.stop_distance_min_percent, case.limits.stop_distance_max_percent);
    let (from_max, said) = distance.against(max)?;
    let (key, limit) = if distance.against(min)?.0.is_lt() {
        ("stop_distance_min_percent", min)
    } else if from_max.is_gt() {
        ("stop_distance_max_percent", max)
    } else {
        return Ok(said);
    };
    let is = distance.percent();
    let text =
        format!("the stop {stop} lies {is} % from {}, limit {limit} %; move the stop", intent.reference);
    Ok(Said::denied(over("stop_distance", key, text, format!("{is} %"), format!("{limit} %"))))
}

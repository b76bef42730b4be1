//! The decision behind an entry: its age, its time, its stop.

use broker_api::{Direction, Side, planted};
use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{AHEAD, Case, Said, no, over, too_large, within};

pub(super) fn stale(case: &Case<'_>) -> Said {
    let Some(signal) = case.view.signal else {
        return Said::Missing(no("no_signal", "an entry without a decision behind it; send it as a signal"));
    };
    let now = case.view.now;
    if signal.expires_at <= now && !planted!(ExpiredResent) {
        return Said::Denied(no(
            "expired",
            format!("the signal expired at {}; send a new one if it still holds", signal.expires_at),
        ));
    }
    let since = signal.bar_close.unwrap_or(signal.decided_at);
    let limit = case.limits.signal_age_hours;
    let age = now - since;
    if age > TimeDelta::hours(i64::from(limit)) {
        let text =
            format!("it rests on a bar that closed {} h ago, limit {limit} h; decide anew", age.num_hours());
        return Said::Denied(over(
            "stale_signal",
            "signal_age_hours",
            text,
            format!("{} h", age.num_hours()),
            format!("{limit} h"),
        ));
    }
    Said::Passed
}

pub(super) fn future(case: &Case<'_>) -> Said {
    let Some(signal) = case.view.signal else {
        return Said::Missing(no("no_signal", "an entry without a decision behind it; send it as a signal"));
    };
    let latest = case.view.now + AHEAD;
    let at = signal.bar_close.map_or(signal.decided_at, |bar| bar.max(signal.decided_at));
    if at > latest {
        return Said::Denied(no(
            "future_signal",
            format!("it was decided at {at}, which lies ahead of {}; set the clocks right", case.view.now),
        ));
    }
    Said::Passed
}

pub(super) fn stop(case: &Case<'_>) -> Said {
    let intent = case.intent;
    let side = if intent.side == Side::Buy { Direction::Long } else { Direction::Short };
    let Some(stop) = intent.plan.stop else {
        return Said::Denied(no("no_stop", "the signal has no stop; an entry without one risks everything"));
    };
    // Also of the price there is now: an order that is sent again may find the market past its stop.
    let (nearest, right) = match side {
        Direction::Long => {
            let bid = case.view.quote.map_or(intent.reference, |quote| quote.bid.min(intent.reference));
            (bid, stop < bid)
        }
        Direction::Short => {
            let ask = case.view.quote.map_or(intent.reference, |quote| quote.ask.max(intent.reference));
            (ask, stop > ask)
        }
    };
    if !right {
        let text = format!(
            "the stop {stop} of a {} position lies on the wrong side of {nearest}; decide anew",
            side.as_str()
        );
        return Said::Denied(no("stop_side", text));
    }
    let Ok(distance) = intent.reference.distance(stop) else { return too_large() };
    let Some(percent) = distance.get().checked_mul(Decimal::ONE_HUNDRED) else { return too_large() };
    let (min, max) = (case.limits.stop_distance_min_percent, case.limits.stop_distance_max_percent);
    let (key, limit) = if percent < min.get() {
        ("stop_distance_min_percent", min)
    } else if percent > max.get() {
        ("stop_distance_max_percent", max)
    } else {
        return within(percent, max.get());
    };
    let is = percent.round_dp(2).normalize();
    let text =
        format!("the stop {stop} lies {is} % from {}, limit {limit} %; move the stop", intent.reference);
    Said::Denied(over("stop_distance", key, text, format!("{is} %"), format!("{limit} %")))
}

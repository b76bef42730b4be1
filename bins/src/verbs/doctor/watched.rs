//! Whether somebody watches the process that serves, whether messages arrive, and when a halt was tried for the last time.

use broker_api::Time;
use chrono::TimeDelta;

use super::Report;
use crate::alerts;
use crate::control::{Trader, Watcher};
use crate::drills;
use crate::place::Place;

/// Looks at all of it.
pub fn look(report: &mut Report, place: &Place, now: Time) {
    let is_served = Trader::of(place).is_some_and(|trader| trader.alive.is_some());
    match Watcher::of(place) {
        Some(watcher) if watcher.watches(now) => report.ok("watchdog", watcher.told(now)),
        Some(watcher) => report.warn("watchdog", watcher.told(now), "start it: tradewind watchdog"),
        None if is_served => {
            report.warn("watchdog", "nobody watches the process that serves", "tradewind watchdog");
        }
        None => report.skip("watchdog", "no process serves that could be watched"),
    }
    match alerts::last(place) {
        Some(last) if last.went_through => report.ok("alerts", last.told(now)),
        Some(last) => report.warn("alerts", last.told(now), "tradewind watchdog --notify COMMAND --try"),
        None => report
            .skip("alerts", "no message was sent; `tradewind watchdog --notify COMMAND --try` sends one"),
    }
    let old = TimeDelta::days(i64::from(place.loaded.config.limits.drill_age_days));
    match drills::last(place) {
        Some(drill) if !drill.has_passed => report.warn("drill", drill.told(now), "tradewind drill"),
        Some(drill) if now - drill.at > old => report.warn("drill", drill.told(now), "tradewind drill"),
        Some(drill) => report.ok("drill", drill.told(now)),
        None => report.skip("drill", "never; `tradewind drill` tries how fast a halt acts"),
    }
}

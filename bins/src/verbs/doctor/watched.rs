//! Whether somebody watches the process that serves, and when a halt was tried for the last time.

use broker_api::Time;
use chrono::TimeDelta;

use super::Report;
use crate::control::{Trader, Watcher};
use crate::drills;
use crate::place::Place;

/// After so long a drill should be held again.
const OLD: TimeDelta = TimeDelta::days(35);

/// Looks at both.
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
    match drills::last(place) {
        Some(drill) if !drill.has_passed => report.warn("drill", drill.told(now), "tradewind drill"),
        Some(drill) if now - drill.at > OLD => report.warn("drill", drill.told(now), "tradewind drill"),
        Some(drill) => report.ok("drill", drill.told(now)),
        None => report.skip("drill", "never; `tradewind drill` tries how fast a halt acts"),
    }
}

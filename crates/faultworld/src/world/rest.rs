//! The end of a schedule: everything is healed, and all must come to rest within a bounded time.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;

use super::process::Turn;
use super::{Violation, World};
use crate::check::{self, Seen};

/// How many looks without a new record are rest.
const QUIET: u32 = 12;
/// How many looks are enough where it cannot rest before a person repairs it.
const DISTURBED_LOOKS: u32 = 40;
/// How many looks it may take to come to rest.
const LOOKS_MAX: u32 = 400;

impl World {
    pub(super) fn heal(&mut self) {
        self.fates().heal();
        self.ground.heals();
        self.skew.store(0, Ordering::Relaxed);
        self.tell(|| "-- healed --".to_owned());
    }

    /// Everything answers again: nothing more must be left to do within a bounded time.
    pub(super) async fn comes_to_rest(&mut self) -> Result<(), Violation> {
        let mut quiet = 0;
        for look in 0..LOOKS_MAX {
            let before = self.records.len();
            self.passes(TimeDelta::seconds(31)).await?;
            self.ground.meets();
            let quotes = self.quotes();
            self.turn(Turn::Take(quotes)).await?;
            self.turn(Turn::Refresh).await?;
            quiet = if self.records.len() == before { quiet + 1 } else { 0 };
            let is_disturbed = !self.ground.market().truth.disturbed.is_empty();
            // What somebody else traded, or the venue took back, waits for a person.
            if quiet >= QUIET || is_disturbed && look >= DISTURBED_LOOKS {
                self.rests()?;
                self.ends().await?;
                return self.look();
            }
        }
        if self.blind == Some("rest") {
            return self.rests();
        }
        let open: Vec<_> = self.folded.open_orders().map(|order| (order.intent.id, order.phase)).collect();
        self.fails(check::REST, || format!("it does not come to rest: {open:?}"))
    }

    fn rests(&mut self) -> Result<(), Violation> {
        if let Some(order) = self.folded.open_orders().find(|order| order.asking)
            && self.blind != Some("rest")
        {
            let what = format!("{} is being asked about, and no answer can come", order.intent.id);
            return Err(Violation { checker: "rest", what });
        }
        let market = self.ground.market();
        let seen = Seen {
            now: (self.venue_clock)(),
            fresh: &[],
            truth: &market.truth,
            book: &self.folded,
            is_alive: self.runner.is_some(),
        };
        for checker in &mut self.checkers {
            let checked = checker.at_rest(&seen);
            checked.map_err(|what| Violation { checker: checker.name(), what })?;
        }
        Ok(())
    }
}

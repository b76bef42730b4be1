//! The end of a schedule: everything is healed, and all must come to rest within a bounded time.

use broker_api::VenueEvent;
use chrono::TimeDelta;

use super::process::Turn;
use super::{Violation, World};
use crate::check::{self, Seen};

/// How many looks without a new record are rest.
const QUIET: u32 = 12;
/// How many looks are enough where an execution was taken back.
const TAKEN_BACK_LOOKS: u32 = 40;
/// After so many looks a person repairs what differs.
const REPAIRED_EVERY: u32 = 4;
/// How many looks it may take to come to rest.
const LOOKS_MAX: u32 = 400;

impl World {
    pub(super) fn heal(&mut self) {
        self.fates().heal();
        self.ground.heals();
        self.clock_jumps(0);
        self.tell(|| "-- healed --".to_owned());
    }

    /// Everything answers again: nothing more must be left to do within a bounded time.
    pub(super) async fn comes_to_rest(&mut self) -> Result<(), Violation> {
        let mut quiet = 0;
        // What waits for the opening of its market must not wait for ever.
        let opens_in = self.ground.opens_in((self.venue_clock)());
        self.passes(opens_in).await?;
        for look in 0..LOOKS_MAX {
            let before = self.records.len();
            self.passes(TimeDelta::seconds(31)).await?;
            self.ground.meets();
            let quotes = self.quotes();
            self.turn(Turn::Take(quotes)).await?;
            self.turn(Turn::Refresh).await?;
            if look % REPAIRED_EVERY == REPAIRED_EVERY - 1 {
                self.repairs(self.seed.wrapping_mul(31).wrapping_add(u64::from(look))).await?;
            }
            quiet = if self.records.len() == before { quiet + 1 } else { 0 };
            // An order that was filled, and of which an execution was taken back, is none that anybody can end.
            let is_taken_back = || {
                let market = self.ground.market();
                market.truth.log.iter().any(|(_, event)| matches!(event, VenueEvent::Busted { .. }))
            };
            if quiet >= QUIET || look >= TAKEN_BACK_LOOKS && is_taken_back() {
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
            repairs: &self.repairs,
        };
        for checker in &mut self.checkers {
            let checked = checker.at_rest(&seen);
            checked.map_err(|what| Violation { checker: checker.name(), what })?;
        }
        Ok(())
    }
}

//! When the clock of a venue is held against ours, and how.

use broker_api::{QueryFailed, VenueId};
use chrono::TimeDelta;
use risk::Stage;
use state::Store;

use super::Runner;
use crate::input::Input;
use crate::venue::Venue;

/// How often a clock that is right is looked at.
const EACH: TimeDelta = TimeDelta::seconds(60);

impl<S: Store> Runner<S> {
    /// How far the clock of a venue may be from ours, when it is time to read it. The embedded broker and history have none of
    /// their own.
    pub(super) fn wants_clock(&self, id: VenueId) -> Option<TimeDelta> {
        let setup = self.desk.setup();
        let limit = TimeDelta::milliseconds(i64::from(setup.limits.clock_milliseconds));
        let is_due = |(ahead, at): (TimeDelta, _)| ahead.abs() > limit || (self.clock)() - at >= EACH;
        let is_wanted = setup.stage == Stage::Broker && self.market.clock(id).is_none_or(is_due);
        is_wanted.then_some(limit)
    }
}

/// Reads it; one that is too far from ours once more, for one reading may be wrong.
pub(super) async fn read(venue: &Venue, limit: TimeDelta) -> (Vec<Input>, Option<QueryFailed>) {
    let mut inputs = Vec::new();
    for _ in 0..2 {
        match venue.ahead().await {
            Ok(ahead) => {
                inputs.push(Input::Clock { venue: venue.id(), ahead });
                if ahead.abs() <= limit {
                    break;
                }
            }
            Err(failed) => return (inputs, Some(failed)),
        }
    }
    (inputs, None)
}

//! A venue that does not answer beside others that do. What it is worth was last read, and counts for a while as if every stop
//! there were hit; after that nobody knows what everything is worth, and no entry goes anywhere.

use broker_api::{Code, Reason, Time, VenueId};
use chrono::TimeDelta;

const VENUE_AWAY: Code = Code::fixed("venue_away");
/// How long the last reading of an account counts while its venue does not answer: as long as a person needs to see it.
pub const COUNTS: TimeDelta = TimeDelta::hours(1);
/// The same where all that is held there rests on stops at the venue that outlive us: a weekend with a holiday. No more is lost
/// then than was taken off already, but for a gap.
pub const COUNTS_GUARDED: TimeDelta = TimeDelta::hours(72);

/// A venue whose account was read longer ago than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// Which.
    pub venue: VenueId,
    /// When its account was last read; nothing when no process knows what it was worth.
    pub read: Option<Time>,
    /// Whether a stop that outlives us rests there over each position.
    pub guarded: bool,
}

impl Away {
    /// Until when the last reading counts; nothing when there is none.
    pub fn until(&self) -> Option<Time> {
        self.read?.checked_add_signed(if self.guarded { COUNTS_GUARDED } else { COUNTS })
    }

    /// Why no entry goes anywhere because of it; nothing while its last reading counts.
    pub fn stops(&self, now: Time) -> Option<Reason> {
        let venue = self.venue;
        let Some((read, until)) = self.read.zip(self.until()) else {
            let text = format!(
                "{venue} does not answer, and what it was worth last is not known; no entry goes anywhere until it answers"
            );
            return Some(Reason::plain(VENUE_AWAY, text));
        };
        if now <= until {
            return None;
        }
        let (age, limit) = ((now - read).num_minutes(), (until - read).num_minutes());
        let why = if self.guarded { "" } else { " where not all that is held there rests on a stop" };
        let text = format!(
            "{venue} does not answer: it was read {age} min ago, and counts no longer than {limit} min{why}; no entry goes anywhere until it answers"
        );
        Some(Reason {
            limit: Some(format!("{limit} min").into()),
            would_be: Some(format!("{age} min").into()),
            ..Reason::plain(VENUE_AWAY, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_counts_for_an_hour_and_for_three_days_where_stops_rest() {
        let read: Time = "2026-10-02T14:00:00Z".parse().unwrap();
        let away = |read, guarded| Away { venue: VenueId::new("oanda").unwrap(), read, guarded };
        for (guarded, most) in [(false, COUNTS), (true, COUNTS_GUARDED)] {
            let away = away(Some(read), guarded);
            assert_eq!(away.stops(read + most), None);
            let reason = away.stops(read + most + TimeDelta::seconds(1)).unwrap();
            assert_eq!(reason.code, VENUE_AWAY);
            assert_eq!(reason.text.contains("rests on a stop"), !guarded, "{}", reason.text);
        }
        assert!(away(None, true).stops(read).is_some());
    }
}

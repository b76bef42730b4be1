//! How many requests may leave, and who goes first. Pure: time is an argument.
//!
//! A broker counts requests in a window of time, and some say in the headers of every answer how many are left. Both are
//! kept to: our own count of the last window, and the last word of the headers. Reads may use three fifths of the budget,
//! new entries and questions about orders three quarters, cancels and exits all of it, so that the first two can never
//! keep the last from leaving.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use broker_api::Time;
use chrono::TimeDelta;

/// What an answer says of later than this is no word on a window.
const SAID_MAX: TimeDelta = TimeDelta::seconds(60);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Cancels, exits and protection.
    Urgent,
    /// Entries, and questions about orders without an answer.
    Order,
    /// Everything else.
    Read,
}

impl Priority {
    /// How much of `limit` it leaves to those before it.
    const fn reserve(self, limit: u32) -> u32 {
        match self {
            Self::Urgent => 0,
            Self::Order => limit / 4,
            Self::Read => limit / 5 * 2,
        }
    }
}

/// What the headers of an answer say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many requests there may be in a window.
    pub limit: Option<u32>,
    /// How many of them are left.
    pub remaining: Option<u32>,
    /// When the count begins anew.
    pub reset: Option<Time>,
    /// Not before this moment, when the answer was a refusal for too many requests.
    pub retry_at: Option<Time>,
}

/// The requests of one key, or one machine, to one host.
#[derive(Debug)]
pub struct Limits {
    limit: u32,
    window: TimeDelta,
    pause: TimeDelta,
    sent: VecDeque<Time>,
    remaining: Option<(u32, Time)>,
    closed_until: Option<Time>,
}

impl Limits {
    /// So many in any window of this length; `pause` is kept after a refusal that does not say how long.
    pub const fn new(limit: NonZeroU32, window: TimeDelta, pause: TimeDelta) -> Self {
        Self { limit: limit.get(), window, pause, sent: VecDeque::new(), remaining: None, closed_until: None }
    }

    /// How many requests there may be in a window, by the last word on it.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Takes one request.
    ///
    /// # Errors
    /// None is left: when to come back.
    pub fn take(&mut self, now: Time, priority: Priority) -> Result<(), Time> {
        while self.sent.front().is_some_and(|at| *at + self.window <= now) {
            self.sent.pop_front();
        }
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return Err(until);
        }
        let reserve = priority.reserve(self.limit);
        if let Some((left, reset)) = self.remaining {
            if now >= reset {
                self.remaining = None;
            } else if left <= reserve {
                return Err(reset);
            } else {
                self.remaining = Some((left - 1, reset));
            }
        }
        let most = usize::try_from(self.limit - reserve).unwrap_or(usize::MAX).max(1);
        if self.sent.len() >= most {
            let oldest_in_the_way = self.sent.get(self.sent.len() - most).copied().unwrap_or(now);
            return Err(oldest_in_the_way + self.window);
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// Takes in what an answer said. A limit below our own replaces it; so does one above, for it is the broker's word.
    pub fn observe(&mut self, now: Time, told: Told) {
        if let Some(limit) = told.limit.filter(|limit| *limit > 0) {
            self.limit = limit;
        }
        // A reset that lies further ahead than a window is no reset of a window.
        let reset = told.reset.filter(|reset| *reset > now && *reset <= now + SAID_MAX);
        if let (Some(left), Some(reset)) = (told.remaining, reset) {
            // Answers overtake each other: within one window the smaller count is the later one.
            let known = self.remaining.filter(|(_, known)| *known == reset).map_or(left, |(known, _)| known);
            self.remaining = Some((left.min(known), reset));
        }
    }

    /// Takes in a refusal for too many requests, and says until when nothing leaves.
    pub fn too_many(&mut self, now: Time, told: Told) -> Time {
        let said = told.retry_at.or(told.reset).filter(|at| *at > now && *at <= now + SAID_MAX);
        // Neither header is promised: then a pause, and another refusal if that was too short.
        let until = said.unwrap_or(now + self.pause);
        if told.retry_at == Some(until) {
            // It says itself when to come back, which goes before what the count of the window says.
            self.remaining = None;
        }
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
    }

    fn limits(per_minute: u32) -> Limits {
        Limits::new(NonZeroU32::new(per_minute).unwrap(), TimeDelta::minutes(1), TimeDelta::seconds(5))
    }

    fn taken(limits: &mut Limits, now: Time, priority: Priority) -> usize {
        (0..1000).take_while(|_| limits.take(now, priority).is_ok()).count()
    }

    #[test]
    fn reads_leave_room_for_orders_and_orders_for_exits() {
        let mut limits = limits(200);
        assert_eq!(taken(&mut limits, at(0), Priority::Read), 120);
        assert_eq!(taken(&mut limits, at(1), Priority::Order), 30);
        assert_eq!(taken(&mut limits, at(2), Priority::Urgent), 50);
        assert_eq!(limits.take(at(3), Priority::Urgent), Err(at(60)));
        assert_eq!(
            taken(&mut limits, at(60), Priority::Read),
            40,
            "the first 120 are a minute old, 80 are not"
        );
        assert_eq!(limits.take(at(60), Priority::Urgent), Ok(()));
    }

    #[test]
    fn the_headers_are_believed() {
        let mut limits = limits(200);
        let told =
            |remaining, reset| Told { remaining: Some(remaining), reset: Some(at(reset)), ..Told::default() };
        limits.observe(at(0), told(81, 30));
        assert_eq!(limits.take(at(0), Priority::Read), Ok(()));
        assert_eq!(limits.take(at(0), Priority::Read), Err(at(30)), "another program uses the same key");
        assert_eq!(limits.take(at(0), Priority::Urgent), Ok(()));
        limits.observe(at(1), told(90, 30));
        assert_eq!(limits.take(at(1), Priority::Read), Err(at(30)), "an older answer that came later");
        assert_eq!(limits.take(at(31), Priority::Read), Ok(()));
        limits.observe(at(32), told(0, 1_000_000));
        assert_eq!(limits.take(at(32), Priority::Read), Ok(()), "that is no reset");
    }

    #[test]
    fn a_refusal_closes_for_everybody() {
        let mut limits = limits(200);
        let told = Told { retry_at: Some(at(7)), ..Told::default() };
        assert_eq!(limits.too_many(at(0), told), at(7));
        assert_eq!(limits.take(at(6), Priority::Urgent), Err(at(7)));
        assert_eq!(limits.take(at(7), Priority::Urgent), Ok(()));
        assert_eq!(limits.too_many(at(8), Told::default()), at(13));
        let told =
            Told { remaining: Some(0), reset: Some(at(60)), retry_at: Some(at(15)), ..Told::default() };
        limits.observe(at(14), told);
        assert_eq!(limits.too_many(at(14), told), at(15));
        assert_eq!(limits.take(at(15), Priority::Order), Ok(()), "at the moment that was said it may leave");
    }
}

//! What the guard leaves behind: the level, the counters it judges by, the trace of a review.
//!
//! The state is folded from records; what follows from it (a cooldown, a trip) is decided by the guard and
//! becomes a record again.

mod scope;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Key;
use crate::Time;
use crate::arming::{Armed, Gate, LimitsConfirmed, LimitsInForce};
use crate::ids::{Code, StrategyId};
use crate::intent::{Protection, Side};
use crate::number::{Amount, Held, Price, Qty};

pub use scope::{Allowed, ByClass, Scope, Stopped};

/// How much trading is allowed. Ordered: a machine only ever moves to a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// L0: everything.
    Trading,
    /// L1: no entries; entry orders that work are kept.
    Paused,
    /// L2: no entries, entry orders are cancelled, positions and their stops are kept.
    ReduceOnly,
    /// L3: everything is being closed.
    Flattening,
    /// L4: nothing moves by itself; a person repairs.
    Frozen,
}

impl Level {
    /// As people and files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trading => "trading",
            Self::Paused => "paused",
            Self::ReduceOnly => "reduce-only",
            Self::Flattening => "flattening",
            Self::Frozen => "frozen",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who did something that a machine or a person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum By {
    /// The guard, by its rules.
    Guard,
    /// A person.
    Operator {
        /// As they named themselves, or as the system knows them.
        name: Box<str>,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guard => f.write_str("the guard"),
            Self::Operator { name } => f.write_str(name),
        }
    }
}

/// A code with the numbers behind it: what a denial, a rejection or a trip says for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What programs branch on.
    pub code: Code,
    /// The sentence for a person, with its figures.
    pub text: Box<str>,
    /// The bound, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Box<str>>,
    /// What would have been, when it can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Box<str>>,
    /// The configuration key that sets the bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
}

impl Reason {
    /// A reason without a bound.
    pub fn plain(code: Code, text: impl Into<Box<str>>) -> Self {
        Self { code, text: text.into(), limit: None, would_be: None, key: None }
    }
}

/// What one check said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It is not part of this program.
    Absent,
    /// It does not apply to this order, by its table.
    NotApplicable,
    /// It holds.
    Passed,
    /// It holds, within a tenth of its bound.
    Near,
    /// It made the order smaller.
    Clipped,
    /// It stops the order.
    Denied,
    /// It stops the order because what it needs is missing.
    Missing,
}

/// The trace of one review: three bits for each of up to 40 checks. Text in files: forty digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marks(u128);

impl Marks {
    /// How many checks there is room for; they are numbered from 1.
    pub const CHECKS: u8 = 40;

    const ALL: [Mark; 7] = [
        Mark::Absent,
        Mark::NotApplicable,
        Mark::Passed,
        Mark::Near,
        Mark::Clipped,
        Mark::Denied,
        Mark::Missing,
    ];

    fn shift(check: u8) -> u32 {
        u32::from(check.clamp(1, Self::CHECKS) - 1) * 3
    }

    /// Notes what a check said.
    pub fn set(&mut self, check: u8, mark: Mark) {
        let shift = Self::shift(check);
        self.0 = self.0 & !(0b111 << shift) | ((mark as u128) << shift);
    }

    /// What a check said.
    pub fn get(self, check: u8) -> Mark {
        Self::ALL[((self.0 >> Self::shift(check)) & 0b111) as usize % Self::ALL.len()]
    }

    /// How many checks said this.
    pub fn count(self, mark: Mark) -> usize {
        (1..=Self::CHECKS).filter(|check| self.get(*check) == mark).count()
    }
}

impl From<Marks> for String {
    fn from(marks: Marks) -> Self {
        (1..=Marks::CHECKS).map(|check| char::from(b'0' + marks.get(check) as u8)).collect()
    }
}

impl TryFrom<String> for Marks {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let digits: Vec<u8> = text.bytes().map(|b| b.wrapping_sub(b'0')).collect();
        if digits.len() != usize::from(Self::CHECKS)
            || digits.iter().any(|d| usize::from(*d) >= Self::ALL.len())
        {
            return Err(format!("check marks are {} digits from 0 to 6", Self::CHECKS));
        }
        let mut marks = Self::default();
        for (check, digit) in (1u8..).zip(digits) {
            marks.set(check, Self::ALL[usize::from(digit)]);
        }
        Ok(marks)
    }
}

/// The account day under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Its boundary (17:00 New York, in UTC).
    pub starts: Time,
    /// Equity the day's loss is measured from, over all venues, in base currency.
    pub equity: Amount,
    /// Whether it was first read later than 15 minutes after the boundary; then it is the larger of the last
    /// reading before and the first after.
    pub late: bool,
    /// Profit and loss of trades closed since, fees included.
    pub realised: Amount,
    /// What its positions carried as it began, by class and in base currency; nothing where none was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<ByClass>,
}

/// What the guard judges by, folded from the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardState {
    /// How much trading is allowed.
    pub level: Level,
    /// Since when.
    pub since: Option<Time>,
    /// By whom.
    pub by: Option<By>,
    /// Why.
    pub reason: Option<Reason>,
    /// For a pause that ends by itself: when. At any other level: the moment before which nobody lets entries through again.
    pub until: Option<Time>,
    /// Losing trades since the last winning one.
    pub losses_in_row: u32,
    /// The streak at which entries were last stopped for it, by a cooldown or for good, so that one streak stops them once.
    pub cooled_at: u32,
    /// The account day under way.
    pub day: Option<Day>,
    /// Equity the week's loss is measured from, over all venues, in base currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Amount>,
    /// Parts of trading whose entries are stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// Parts of trading that a person lately let go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowed>,
    /// The highest equity known.
    pub high_water: Option<Amount>,
    /// The last equity that was written down.
    pub equity: Option<Amount>,
    /// The limits in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsInForce>,
    /// Limits that a person confirmed and that no start has taken yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<LimitsConfirmed>,
    /// The account of real money that is armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armed: Option<Armed>,
    /// The gates that somebody went through.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<Code, Gate>,
}

impl Default for GuardState {
    /// A book that nothing has happened to.
    fn default() -> Self {
        Self {
            level: Level::Trading,
            since: None,
            by: None,
            reason: None,
            until: None,
            losses_in_row: 0,
            cooled_at: 0,
            day: None,
            week: None,
            stopped: Vec::new(),
            allowed: Vec::new(),
            high_water: None,
            equity: None,
            limits: None,
            confirmed: None,
            armed: None,
            gates: BTreeMap::new(),
        }
    }
}

impl GuardState {
    /// Since when what is counted against a part of trading counts; nothing while no person let it go on.
    pub fn allowed_at(&self, scope: Scope) -> Option<Time> {
        self.allowed.iter().find(|allowed| allowed.scope == scope).map(|allowed| allowed.at)
    }

    /// How a part of trading is stopped; nothing while it is not.
    pub fn stopped_at(&self, scope: Scope) -> Option<&Stopped> {
        self.stopped.iter().find(|stopped| stopped.scope == scope)
    }
}

/// Everything that binds or could bind risk in one instrument: one row, made from the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Of what.
    pub key: Key,
    /// What is held.
    pub held: Held,
    /// How much of it the venue is known to hold too: no more is closed or guarded.
    pub confirmed: Held,
    /// Its average price.
    pub average: Option<Price>,
    /// What may still be bought or sold to open, with unknown orders at their full size.
    pub entering: Qty,
    /// On which side.
    pub entering_side: Option<Side>,
    /// The price the waiting entry was decided at, for what it will bind.
    pub entering_at: Option<Price>,
    /// Where the waiting entry shall be taken out.
    pub entering_stop: Option<Price>,
    /// The strategy that holds it, or would.
    pub strategy: Option<StrategyId>,
    /// What live orders would still close.
    pub exiting: Qty,
    /// How many orders have an unknown outcome.
    pub unknown: u32,
    /// Where the position shall be taken out.
    pub plan: Protection,
    /// Somebody decided to close it.
    pub exit_wanted: bool,
    /// Book and broker disagree about it; entries are stopped.
    pub diverged: bool,
}

impl Exposure {
    /// A row for an instrument of which nothing is held or wanted.
    pub const fn none(key: Key) -> Self {
        Self {
            key,
            held: Held::FLAT,
            confirmed: Held::FLAT,
            average: None,
            entering: Qty::ZERO,
            entering_side: None,
            entering_at: None,
            entering_stop: None,
            strategy: None,
            exiting: Qty::ZERO,
            unknown: 0,
            plan: Protection { stop: None, target: None, trail: None },
            exit_wanted: false,
            diverged: false,
        }
    }

    /// Whether it takes one of the places that the limit on positions counts.
    pub fn takes_a_slot(&self) -> bool {
        !self.held.is_flat() || !self.entering.is_zero() || self.unknown > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_keep_what_was_set_and_read_back() {
        let mut marks = Marks::default();
        marks.set(1, Mark::Missing);
        marks.set(20, Mark::Denied);
        marks.set(40, Mark::Near);
        marks.set(20, Mark::Passed);
        assert_eq!((marks.get(1), marks.get(20), marks.get(40)), (Mark::Missing, Mark::Passed, Mark::Near));
        assert_eq!(marks.count(Mark::Absent), 37);
        let text = String::from(marks);
        assert_eq!(Marks::try_from(text).unwrap(), marks);
        assert!(Marks::try_from("7".repeat(40)).is_err() && Marks::try_from("0".repeat(39)).is_err());
    }

    #[test]
    fn a_greater_level_allows_less() {
        assert!(Level::Trading < Level::Paused && Level::Flattening < Level::Frozen);
    }
}

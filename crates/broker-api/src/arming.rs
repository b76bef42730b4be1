//! What people allow: the limits by their versions, what was confirmed of them, the arming of an account of real money, and
//! gates. As records hold it, and as the guard keeps it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Time;
use crate::account::{AccountRef, Mode};
use crate::guard::{By, GuardState, Reason};
use crate::ids::{Code, Digest};

/// For how long an account of real money may be armed at most: a month. Who is not asked for longer has stopped looking.
pub const ARMED_AT_MOST: TimeDelta = TimeDelta::days(30);
/// The gate in front of the first trade with real money: trading at the broker's paper account.
pub const BROKER_PAPER: Code = Code::fixed("broker_paper");
/// The gate before that: trading with the embedded paper broker.
pub const PAPER: Code = Code::fixed("paper");

/// Limits by their keys, as text.
pub type Figures = BTreeMap<Box<str>, Box<str>>;

/// The limits in force from here on, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsSet {
    /// Counts from 1, without a gap.
    pub version: u32,
    /// Each limit.
    pub figures: Figures,
}

/// A person confirmed limits that are loosened a great deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsConfirmed {
    /// Those limits alone, as they may be.
    pub figures: Figures,
    /// In force from the first process that starts then or later: the beginning of the next account day.
    pub from: Time,
    /// Who, as they named themselves.
    pub name: Box<str>,
    /// Why, in their words.
    pub reason: Box<str>,
}

/// A person armed an account of real money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// Which account.
    pub of: AccountRef,
    /// Until when; not then any more.
    pub until: Time,
    /// The version of the limits it was armed with.
    pub limits: u32,
    /// When the halt was last tried, as whoever armed it showed. A message to people went through as it was armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<Time>,
    /// Who, as they named themselves.
    pub name: Box<str>,
    /// Why, in their words.
    pub reason: Box<str>,
}

/// The account is not armed any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disarmed {
    /// By whom.
    pub by: By,
    /// Why.
    pub reason: Reason,
}

/// A person goes through a gate that was not passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateOverridden {
    /// Which.
    pub gate: Code,
    /// Who, as they named themselves.
    pub name: Box<str>,
    /// Why, in their words.
    pub reason: Box<str>,
}

/// The evidence for a gate was found to be enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatePassed {
    /// Which.
    pub gate: Code,
    /// The hash of the document that says so.
    pub certificate: Digest,
    /// Who wrote it down, as they named themselves.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub name: Box<str>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub reason: Box<str>,
}

/// The limits that are in force in a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsInForce {
    /// Counts from 1.
    pub version: u32,
    /// Since when.
    pub since: Time,
    /// Each limit.
    pub figures: Figures,
}

/// A gate that somebody went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
pub enum Gate {
    /// With enough evidence.
    Passed {
        /// When that was found.
        at: Time,
        /// The hash of the document that says so.
        certificate: Digest,
    },
    /// Without it, by a person's word.
    Overridden {
        /// When.
        at: Time,
        /// Who, as they named themselves.
        name: Box<str>,
        /// Why, in their words.
        reason: Box<str>,
    },
}

/// Why an account of real money takes no entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotArmed<'a> {
    /// Nobody armed anything, or it was ended.
    Never,
    /// Another account is armed.
    Other(&'a AccountRef),
    /// Its time is up.
    Over(Time),
    /// The limits are others than those it was armed with.
    Limits {
        /// The version it was armed with.
        with: u32,
        /// The version in force.
        now: u32,
    },
}

impl GuardState {
    /// The version of the limits in force; 0 where none was ever written down.
    pub fn limits_version(&self) -> u32 {
        self.limits.as_ref().map_or(0, |limits| limits.version)
    }

    /// Whether entries may go to an account: to one of real money only while it is armed.
    ///
    /// # Errors
    /// What stands against it.
    pub fn may_enter(&self, of: &AccountRef, now: Time) -> Result<(), NotArmed<'_>> {
        if of.mode != Mode::Live {
            return Ok(());
        }
        let armed = self.armed.as_ref().ok_or(NotArmed::Never)?;
        let (with, version) = (armed.limits, self.limits_version());
        if armed.of != *of {
            Err(NotArmed::Other(&armed.of))
        } else if armed.until <= now {
            Err(NotArmed::Over(armed.until))
        } else if with != version {
            Err(NotArmed::Limits { with, now: version })
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Display for NotArmed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("nobody armed it"),
            Self::Other(of) => write!(f, "what is armed is account {} at {}", of.account, of.venue),
            Self::Over(until) => write!(f, "it was armed until {until}"),
            Self::Limits { with, now } => {
                write!(f, "it was armed with version {with} of the limits, and version {now} is in force")
            }
        }
    }
}

//! How venues behave, as data: one row for each kind of broker that the resolver's table knows.

use broker_api::{Blackout, Brackets, Capabilities, KindName, Ratio, Resend, ResolvePolicy};
use chrono::{NaiveTime, TimeDelta, Weekday};
use rust_decimal::Decimal;

use crate::fates::Never;
use crate::fault::Fault;
use crate::place::Kind;

/// For how long a venue refuses an order under a name that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// For ever: a second one of the name is refused.
    ForEver,
    /// Until the order is over: then the name is free, and a second one is a second order.
    WhileLive,
}

/// How a venue tells whether it has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Its log is complete and told at once.
    Log,
    /// By our name; what it does not know may still appear.
    ByName,
    /// Its transactions are complete, a while after they happened.
    Transactions,
    /// A list that may be cold or partial: what is not in it proves nothing.
    List,
}

/// How a venue behaves.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What it is called.
    pub name: &'static str,
    /// What it says that it can do, and how its orders are settled.
    pub capabilities: Capabilities,
    /// For how long a name is taken.
    pub ids: Ids,
    /// How orders are found.
    pub search: Search,
    /// How long after it happened something can be read.
    pub lag: TimeDelta,
    /// How late a request that was given up by us may still arrive.
    pub late_max: TimeDelta,
    /// The same of stops and targets.
    pub leg_late_max: TimeDelta,
    /// What a split does to orders that rest: they are restated, or cancelled.
    pub adjusts: bool,
    /// What never goes wrong there, and why.
    pub never: Vec<Never>,
}

const NO_LIST: &str = "what fails of a list is played by the scenarios of the adapter";
const NO_ENTRY: &str = "entries that no trade makes are played by the scenarios of the adapter";
const ASKS_BACK: Never =
    (Kind::Submit, Fault::Question, "it takes an order or refuses it, and asks nothing back");
const OLD: Never = (Kind::Find, Fault::Stale, "what it tells of one order is of now");
const PART: Never = (Kind::Find, Fault::Partial, "it tells of one order, not of a list");

/// What goes wrong over no wire.
const NEVER_OVER_A_WIRE: &[Never] = &[
    ASKS_BACK,
    OLD,
    PART,
    (Kind::Account, Fault::Stale, "an account is of now"),
    (Kind::List, Fault::DiesBefore, NO_LIST),
    (Kind::List, Fault::Unreadable, NO_LIST),
    (Kind::List, Fault::Partial, NO_LIST),
    (Kind::World, Fault::Dividend, NO_ENTRY),
    (Kind::World, Fault::LateFee, NO_ENTRY),
    (Kind::World, Fault::Deposit, NO_ENTRY),
    (Kind::World, Fault::Split, NO_ENTRY),
    (Kind::World, Fault::UnitsMoved, NO_ENTRY),
    (Kind::World, Fault::Unlogged, NO_ENTRY),
];

/// What does not go wrong over Alpaca's either.
const NEVER_AT_ALPACA: &[Never] = &[
    (Kind::Activity, Fault::Stale, "rows come late through a whole schedule, or not at all"),
    (Kind::Activity, Fault::Partial, "a part is two thousand rows"),
    (Kind::Activity, Fault::Duplicated, "each reading tells the last quarter of an hour again"),
    (Kind::Activity, Fault::Reordered, "rows change places through a whole schedule, or not at all"),
    (Kind::List, Fault::Stale, NO_LIST),
];

/// What does not go wrong over OANDA's either.
const NEVER_AT_OANDA: &[Never] = &[
    (Kind::Activity, Fault::Stale, "its log is of now"),
    (
        Kind::Activity,
        Fault::Partial,
        "a part is a thousand transactions, or what an answer holds through a whole schedule",
    ),
    (Kind::Activity, Fault::Duplicated, "what was read is not read again"),
    (Kind::Activity, Fault::Reordered, "transactions follow each other by their numbers"),
    (Kind::List, Fault::Stale, "lists lie behind the log through a whole schedule, or not at all"),
    (Kind::World, Fault::Bust, "it takes nothing back"),
];

impl Manner {
    /// All of them.
    pub fn all() -> Vec<Self> {
        vec![Self::paper(), Self::alpaca(), Self::oanda(), Self::ibkr()]
    }

    /// Alpaca over its wire.
    pub const ALPACA_WIRE: &'static str = "alpaca-wire";
    /// OANDA over its wire.
    pub const OANDA_WIRE: &'static str = "oanda-wire";

    /// Those over a wire: the adapters that trade, against the simulators.
    pub fn wires() -> Vec<Self> {
        if cfg!(feature = "wire") { vec![Self::alpaca_wire(), Self::oanda_wire()] } else { Vec::new() }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().chain(Self::wires()).find(|manner| manner.name == name)
    }

    /// Alpaca again, but over its wire: the adapter that trades, against the simulator. What it can do, the adapter says.
    pub fn alpaca_wire() -> Self {
        Self {
            name: Self::ALPACA_WIRE,
            never: [NEVER_OVER_A_WIRE, NEVER_AT_ALPACA].concat(),
            ..Self::alpaca()
        }
    }

    /// The same of OANDA.
    pub fn oanda_wire() -> Self {
        Self { name: Self::OANDA_WIRE, never: [NEVER_OVER_A_WIRE, NEVER_AT_OANDA].concat(), ..Self::oanda() }
    }

    /// Whether it is played over a wire.
    pub fn is_wire(&self) -> bool {
        [Self::ALPACA_WIRE, Self::OANDA_WIRE].contains(&self.name)
    }

    /// A complete log, at once; a name is taken for ever.
    pub fn paper() -> Self {
        Self {
            name: "paper",
            capabilities: capabilities(
                true,
                ResolvePolicy {
                    first_ask: TimeDelta::zero(),
                    every: TimeDelta::seconds(2),
                    asks_max: 30,
                    settle: TimeDelta::seconds(35),
                    send_within: TimeDelta::seconds(30),
                    resend: Resend::AfterProof,
                    attempts_max: 5,
                    not_sent_max: 150,
                    throttled_max: 150,
                    gone_after: TimeDelta::zero(),
                    fence: None,
                },
            ),
            ids: Ids::ForEver,
            search: Search::Log,
            lag: TimeDelta::zero(),
            late_max: TimeDelta::seconds(30),
            leg_late_max: TimeDelta::seconds(30),
            adjusts: false,
            never: vec![ASKS_BACK, OLD, PART],
        }
    }

    /// Found by our name; a second order of the name is refused for ever; what is not known is silence.
    pub fn alpaca() -> Self {
        Self {
            name: "alpaca",
            capabilities: Capabilities {
                brackets: Brackets::WholeShares,
                closing_binds: true,
                parts_end_with_session: true,
                closes_positions: true,
                ..capabilities(
                    false,
                    ResolvePolicy {
                        first_ask: TimeDelta::seconds(1),
                        every: TimeDelta::seconds(5),
                        asks_max: 30,
                        settle: TimeDelta::seconds(10),
                        send_within: TimeDelta::seconds(30),
                        resend: Resend::AfterSilence(TimeDelta::seconds(10)),
                        attempts_max: 5,
                        not_sent_max: 60,
                        throttled_max: 60,
                        gone_after: TimeDelta::seconds(150),
                        fence: None,
                    },
                )
            },
            ids: Ids::ForEver,
            search: Search::ByName,
            lag: TimeDelta::seconds(2),
            late_max: TimeDelta::seconds(120),
            leg_late_max: TimeDelta::seconds(120),
            adjusts: false,
            never: vec![ASKS_BACK, OLD, PART],
        }
    }

    /// A name is free once its order is over, so nothing is sent again before its last moment has passed and the
    /// transactions up to then do not hold it.
    pub fn oanda() -> Self {
        Self {
            name: "oanda",
            capabilities: looked_after(
                true,
                ResolvePolicy {
                    first_ask: TimeDelta::seconds(1),
                    every: TimeDelta::seconds(5),
                    asks_max: 30,
                    settle: TimeDelta::seconds(10),
                    send_within: TimeDelta::seconds(20),
                    resend: Resend::AfterProof,
                    attempts_max: 5,
                    not_sent_max: 60,
                    throttled_max: 60,
                    gone_after: TimeDelta::zero(),
                    fence: Ratio::new(Decimal::new(5, 3)).ok(),
                },
            ),
            ids: Ids::WhileLive,
            search: Search::Transactions,
            lag: TimeDelta::seconds(5),
            late_max: TimeDelta::seconds(120),
            // A stop or target that arrives after its successor was cancelled rests there until somebody compares.
            leg_late_max: TimeDelta::seconds(25),
            adjusts: true,
            never: vec![ASKS_BACK, OLD, PART],
        }
    }

    /// Lists that prove nothing: what is not found stays unknown, or is probed under its own name.
    pub fn ibkr() -> Self {
        Self {
            name: "ibkr",
            capabilities: Capabilities {
                parts_end_with_session: true,
                ..looked_after(
                    false,
                    ResolvePolicy {
                        first_ask: TimeDelta::seconds(2),
                        every: TimeDelta::seconds(30),
                        asks_max: 4,
                        settle: TimeDelta::seconds(30),
                        send_within: TimeDelta::seconds(30),
                        resend: Resend::ProbeSameId(TimeDelta::hours(24)),
                        attempts_max: 2,
                        not_sent_max: 60,
                        throttled_max: 60,
                        gone_after: TimeDelta::zero(),
                        fence: None,
                    },
                )
            },
            ids: Ids::ForEver,
            search: Search::List,
            lag: TimeDelta::seconds(8),
            late_max: TimeDelta::seconds(120),
            leg_late_max: TimeDelta::seconds(120),
            adjusts: true,
            never: Vec::new(),
        }
    }
}

fn capabilities(reduce_only: bool, resolve: ResolvePolicy) -> Capabilities {
    Capabilities {
        kinds: KindName::ALL.to_vec(),
        holds_when_closed: KindName::ALL.to_vec(),
        reduce_only,
        brackets: Brackets::None,
        closing_binds: false,
        parts_end_with_session: false,
        closes_positions: false,
        paid_when_executed: false,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve,
    }
}

/// A venue that is looked after for some minutes, soon after the world begins.
fn looked_after(reduce_only: bool, resolve: ResolvePolicy) -> Capabilities {
    let minute = |minute| NaiveTime::from_hms_opt(10, minute, 0).unwrap_or(NaiveTime::MIN);
    let blackout = Blackout { days: vec![Weekday::Tue], from: minute(4), to: minute(9) };
    Capabilities { blackouts: vec![blackout], ..capabilities(reduce_only, resolve) }
}

//! What a row of the table of checks says, and what of the list is not asked here.

use broker_api::{AssetClass, Mode, OrderKind, Purpose, Side};

use super::{Case, Lack, Said};
use crate::view::Stage;

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its number in the list that is the specification.
    pub number: u8,
    /// Its name, which programs branch on.
    pub name: &'static str,
    /// What it makes sure of.
    pub what: &'static str,
    /// The limits that bound it.
    pub keys: &'static [&'static str],
    /// What it looks at.
    pub inputs: &'static str,
    /// To what it applies. Nothing else makes it not applicable.
    pub applies: Applies,
    /// What it means when something of its inputs is missing.
    pub missing: &'static str,
    /// What the rules for professional traders call it.
    pub control: Control,
    pub(super) judge: fn(&Case<'_, '_>) -> Result<Said, Lack>,
}

/// To what a check applies: all five must hold.
#[derive(Clone, Copy, Debug)]
pub struct Applies {
    /// Where something is traded.
    pub stages: &'static [Stage],
    /// Orders of which kind.
    pub orders: Orders,
    /// Instruments of which classes.
    pub classes: &'static [AssetClass],
    /// Orders of which side; both when there is none.
    pub side: Option<Side>,
    /// Accounts of which kind; one that nobody knows may be of any.
    pub modes: &'static [Mode],
}

/// Orders that a check applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// All of them.
    All,
    /// Those that open or add to a position.
    Entries,
    /// Entries, and exits that state the price they want. Legs rest where the plan says, and other exits take what there is.
    Priced,
    /// Entries, but not those whose signal states no price it was decided at.
    Decided,
}

impl Applies {
    /// All orders, everywhere.
    pub const ALL: Self = Self {
        stages: &[Stage::Replay, Stage::Paper, Stage::Broker],
        orders: Orders::All,
        classes: &AssetClass::ALL,
        side: None,
        modes: &[Mode::Paper, Mode::Practice, Mode::Live],
    };

    /// All entries but those of history, whose executions are reckoned.
    pub const EXECUTED: Self = Self { stages: &[Stage::Paper, Stage::Broker], ..Self::ENTRIES };

    /// All entries, everywhere.
    pub const ENTRIES: Self = Self { orders: Orders::Entries, ..Self::ALL };

    fn covers(&self, case: &Case<'_, '_>) -> bool {
        let intent = case.intent;
        let of_kind = match self.orders {
            Orders::All => true,
            Orders::Entries => case.is_entry(),
            Orders::Priced => match intent.purpose {
                Purpose::Entry => true,
                Purpose::Exit => matches!(intent.order, OrderKind::Limit(_) | OrderKind::StopLimit(_)),
                Purpose::Stop | Purpose::Target => false,
            },
            // Without the signal itself nobody knows what it states.
            Orders::Decided => {
                case.is_entry() && case.view.signal.is_none_or(|signal| signal.decision_price.is_some())
            }
        };
        of_kind
            && self.side.is_none_or(|side| side == intent.side)
            && self.classes.contains(&case.view.instrument.asset_class)
            && self.stages.contains(&case.view.stage)
            && case.view.account.is_none_or(|account| self.modes.contains(&account.of.mode))
    }
}

/// Where the rules for professional traders ask for a check. They bind no private trader, and are a good list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Paragraphs of SEC rule 15c3-5.
    pub sec: &'static str,
    /// Articles of Commission Delegated Regulation (EU) 2017/589, called RTS 6.
    pub rts6: &'static str,
    /// What the guides of the Futures Industry Association call it.
    pub fia: &'static str,
}

impl Control {
    /// None of them asks for it.
    pub const NONE: Self = Self { sec: "-", rts6: "-", fia: "-" };
    /// Bounds on capital and credit.
    pub const CAPITAL: Self = Self {
        sec: "(c)(1)(i)",
        rts6: "15(1)(b)(c), 15(4), 15(5)",
        fia: "order size, position and credit limits",
    };
    /// Wrong prices and sizes.
    pub const ERRONEOUS: Self =
        Self { sec: "(c)(1)(ii)", rts6: "15(1)(a)", fia: "price tolerance, fat finger" };
    /// The size of one order, which is of both kinds.
    pub const SIZE: Self =
        Self { sec: "(c)(1)(i)(ii)", rts6: "15(1)(a)(b)(c)", fia: "order size limits, fat finger" };
    /// Orders that repeat others, and too many of them.
    pub const DUPLICATES: Self = Self { sec: "(c)(1)(ii)", rts6: "15(1)(d)", fia: "message throttles" };
    /// The same trade over and over.
    pub const REPEATED: Self = Self { sec: "-", rts6: "15(3)", fia: "repeated automated execution throttle" };
    /// What rules or the venue forbid.
    pub const REGULATORY: Self = Self { sec: "(c)(2)(i)(ii)", rts6: "15(5)", fia: "-" };
    /// Who may trade, and where.
    pub const ACCESS: Self = Self { sec: "(c)(2)(iii)", rts6: "18", fia: "-" };
    /// Looking at what was traded.
    pub const POST_TRADE: Self = Self { sec: "(c)(2)(iv)", rts6: "17", fia: "drop-copy reconciliation" };
    /// Ending everything.
    pub const KILL: Self = Self { sec: "-", rts6: "12", fia: "kill switch" };
    /// Watching while it runs.
    pub const MONITORING: Self = Self { sec: "-", rts6: "16", fia: "real-time monitoring" };
    /// What a program is configured with, and how that changes.
    pub const CHANGE: Self = Self { sec: "-", rts6: "8, 11", fia: "-" };
}

impl Check {
    /// What it says; nothing when it does not apply to the order, by its table.
    pub(crate) fn ask(&self, case: &Case<'_, '_>) -> Option<Said> {
        #[cfg(planted)]
        if crate::blind::is(self.number) {
            return Some(Said::Passed);
        }
        if !self.applies.covers(case) {
            return None;
        }
        Some((self.judge)(case).unwrap_or_else(|lack| Said::missing(lack.reason(case.view))))
    }
}

/// One number of the list that no review asks.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// Its number in the list.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// What it makes sure of.
    pub what: &'static str,
    /// Where that is done instead, or that it is not.
    pub place: &'static str,
    /// What the rules for professional traders call it.
    pub control: Control,
}

/// What is in the list and not among [`CHECKS`](super::CHECKS).
pub const ELSEWHERE: &[Elsewhere] = &[Elsewhere {
    number: 3,
    name: "process_lease",
    what: "one process writes the book, and no other",
    place: "the lock file beside the book: a second process ends at once",
    control: Control::ACCESS,
}];

//! Everything that can go wrong, and where it can.

mod cannot;

use crate::place::Kind;

pub use cannot::CANNOT;

/// What happens by itself, and only by itself.
const OF_THE_WORLD: &[Fault] = &[
    Fault::Outage,
    Fault::ManualTrade,
    Fault::Liquidation,
    Fault::Bust,
    Fault::Dividend,
    Fault::LateFee,
    Fault::Deposit,
    Fault::Split,
    Fault::UnitsMoved,
    Fault::Unlogged,
    Fault::PriceGap,
    Fault::ClockJump,
];

/// One way in which something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The disk keeps nothing and says so; what needs the records ends with it.
    DiskFull,
    /// The disk keeps the records and says that it did not; the process ends.
    DiskDoubtful,
    /// The process dies before anything left it.
    DiesBefore,
    /// The process dies when it has left it, and before it arrived.
    DiesInFlight,
    /// The process dies when the venue has it, before the answer.
    DiesAfter,
    /// The process dies with the answer in hand.
    DiesAnswered,
    /// The request never arrives, and no answer comes.
    RequestLost,
    /// The request arrives later than the answer was waited for.
    RequestLate,
    /// It is done, and no answer comes.
    ReplyLost,
    /// It is done, and the answer comes late.
    ReplyLate,
    /// The venue says that it looks at nothing for a while.
    Throttled,
    /// The venue says no, and means this order.
    Refused,
    /// An answer that is in no table, of an order that was not taken.
    RefusedUnlisted,
    /// An answer that says nothing, of an order that was taken or not.
    Ambiguous,
    /// No connection: nothing left us.
    NotSent,
    /// The venue takes nothing from us any more, for a while.
    Broken,
    /// The order is taken, and ended by the venue at once.
    KilledOnArrival,
    /// Only a part of it is executed at once.
    PartFilled,
    /// The venue asks something back and does nothing; nobody answers.
    Question,
    /// The order fills before the cancel arrives.
    Overtaken,
    /// The question gets no usable answer.
    Unreadable,
    /// The answer is of a while ago.
    Stale,
    /// The answer holds only a part.
    Partial,
    /// What was told before is told again.
    Duplicated,
    /// Two things are told in the wrong order.
    Reordered,
    /// Nothing of the venue can be reached for a while.
    Outage,
    /// A person trades in the account by hand.
    ManualTrade,
    /// The venue closes what is held.
    Liquidation,
    /// An execution is taken back.
    Bust,
    /// Money for what is held.
    Dividend,
    /// A fee that was not told with its execution.
    LateFee,
    /// Money is brought in, or taken out.
    Deposit,
    /// The units of what is held, and may rest, change, and their price the other way.
    Split,
    /// Units are brought in without a trade.
    UnitsMoved,
    /// What is held changes, and no log ever says so.
    Unlogged,
    /// The price jumps.
    PriceGap,
    /// The clock of the machine jumps.
    ClockJump,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::DiskFull,
        Self::DiskDoubtful,
        Self::DiesBefore,
        Self::DiesInFlight,
        Self::DiesAfter,
        Self::DiesAnswered,
        Self::RequestLost,
        Self::RequestLate,
        Self::ReplyLost,
        Self::ReplyLate,
        Self::Throttled,
        Self::Refused,
        Self::RefusedUnlisted,
        Self::Ambiguous,
        Self::NotSent,
        Self::Broken,
        Self::KilledOnArrival,
        Self::PartFilled,
        Self::Question,
        Self::Overtaken,
        Self::Unreadable,
        Self::Stale,
        Self::Partial,
        Self::Duplicated,
        Self::Reordered,
        Self::Outage,
        Self::ManualTrade,
        Self::Liquidation,
        Self::Bust,
        Self::Dividend,
        Self::LateFee,
        Self::Deposit,
        Self::Split,
        Self::UnitsMoved,
        Self::Unlogged,
        Self::PriceGap,
        Self::ClockJump,
    ];

    /// What can go wrong at a place.
    pub const fn at(kind: Kind) -> &'static [Self] {
        use Fault as F;
        match kind {
            Kind::Commit => &[F::DiskFull, F::DiskDoubtful],
            Kind::Submit => &[
                F::DiesBefore,
                F::DiesInFlight,
                F::DiesAfter,
                F::DiesAnswered,
                F::RequestLost,
                F::RequestLate,
                F::ReplyLost,
                F::ReplyLate,
                F::Throttled,
                F::Refused,
                F::RefusedUnlisted,
                F::Ambiguous,
                F::NotSent,
                F::Broken,
                F::KilledOnArrival,
                F::PartFilled,
                F::Question,
            ],
            Kind::Cancel => &[
                F::DiesBefore,
                F::DiesAfter,
                F::DiesAnswered,
                F::RequestLost,
                F::ReplyLost,
                F::ReplyLate,
                F::NotSent,
                F::Overtaken,
            ],
            Kind::Find => {
                &[F::DiesBefore, F::DiesAnswered, F::ReplyLost, F::Unreadable, F::Stale, F::Partial]
            }
            Kind::Activity => &[
                F::DiesBefore,
                F::DiesAnswered,
                F::Unreadable,
                F::Stale,
                F::Partial,
                F::Duplicated,
                F::Reordered,
            ],
            Kind::Account => &[F::DiesBefore, F::Unreadable, F::Stale],
            Kind::List => &[F::DiesBefore, F::Unreadable, F::Stale, F::Partial],
            Kind::StateFile => &[F::DiskFull, F::DiesBefore, F::DiesAfter],
            Kind::World => OF_THE_WORLD,
        }
    }

    /// Whether the process dies of it.
    pub const fn kills(self, kind: Kind) -> bool {
        match self {
            Self::DiskFull | Self::DiskDoubtful => matches!(kind, Kind::Commit),
            Self::DiesBefore | Self::DiesInFlight | Self::DiesAfter | Self::DiesAnswered => true,
            _ => false,
        }
    }

    /// What happens, in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "the disk is full",
            Self::DiskDoubtful => "the disk keeps it and says that it did not",
            Self::DiesBefore => "the process dies before",
            Self::DiesInFlight => "the process dies, and the request arrives later",
            Self::DiesAfter => "the process dies after, without the answer",
            Self::DiesAnswered => "the process dies with the answer in hand",
            Self::RequestLost => "the request is lost",
            Self::RequestLate => "the request arrives late",
            Self::ReplyLost => "the answer is lost",
            Self::ReplyLate => "the answer is late",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::RefusedUnlisted => "refused in words of no table",
            Self::Ambiguous => "an answer that says nothing",
            Self::NotSent => "no connection",
            Self::Broken => "the venue takes nothing from us",
            Self::KilledOnArrival => "ended on arrival",
            Self::PartFilled => "filled in parts",
            Self::Question => "the venue asks back",
            Self::Overtaken => "filled before the cancel arrives",
            Self::Unreadable => "no usable answer",
            Self::Stale => "the answer is old",
            Self::Partial => "the answer is a part",
            Self::Duplicated => "told twice",
            Self::Reordered => "told in another order",
            Self::Outage => "nothing is reached",
            Self::ManualTrade => "somebody trades by hand",
            Self::Liquidation => "the venue closes what is held",
            Self::Bust => "an execution is taken back",
            Self::Dividend => "a dividend is paid",
            Self::LateFee => "a fee comes late",
            Self::Deposit => "money is brought in or taken out",
            Self::Split => "a split",
            Self::UnitsMoved => "units are brought in without a trade",
            Self::Unlogged => "what is held changes, and no log says so",
            Self::PriceGap => "the price jumps",
            Self::ClockJump => "the clock jumps",
        }
    }
}

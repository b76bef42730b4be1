//! Everything that can go wrong, and where it can.

use crate::place::Kind;

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
    /// What is held becomes twice as many units at half the price.
    Split,
    /// The price jumps.
    PriceGap,
    /// The clock of the machine jumps.
    ClockJump,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 32] = [
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
        Self::Split,
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
            Kind::Holdings => &[F::DiesBefore, F::Unreadable],
            Kind::StateFile => &[F::DiskFull, F::DiesBefore, F::DiesAfter],
            Kind::World => {
                &[F::Outage, F::ManualTrade, F::Liquidation, F::Bust, F::Split, F::PriceGap, F::ClockJump]
            }
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
            Self::Split => "units are split",
            Self::PriceGap => "the price jumps",
            Self::ClockJump => "the clock jumps",
        }
    }
}

use Fault as F;

const ASKING: &[Kind] =
    &[Kind::Submit, Kind::Cancel, Kind::Find, Kind::Activity, Kind::Account, Kind::Holdings];
const OURS: &[Kind] = &[
    Kind::Commit,
    Kind::Submit,
    Kind::Cancel,
    Kind::Find,
    Kind::Activity,
    Kind::Account,
    Kind::Holdings,
    Kind::StateFile,
];
const DISK: &[Kind] = &[Kind::Commit, Kind::StateFile];
const READING: &[Kind] = &[Kind::Find, Kind::Activity, Kind::Account, Kind::Holdings];

/// What cannot go wrong where, and why: with [`Fault::at`] it is every fault at every kind of place.
pub const CANNOT: &[(&[Kind], &[Fault], &str)] = &[
    (ASKING, &[F::DiskFull, F::DiskDoubtful], "nothing is written there"),
    (
        &[Kind::StateFile],
        &[F::DiskDoubtful],
        "the file takes its name when it is whole: it is the old or the new one",
    ),
    (&[Kind::Commit], &[F::DiesBefore], "nothing is written, which is what a full disk leaves"),
    (
        &[Kind::Commit],
        &[F::DiesAfter, F::DiesAnswered],
        "all is written, which is what a doubtful disk leaves",
    ),
    (&[Kind::StateFile], &[F::DiesAnswered], "nobody answers: the new file is there, which is dying after"),
    (
        DISK,
        &[F::RequestLost, F::RequestLate, F::ReplyLost, F::ReplyLate, F::NotSent, F::Ambiguous, F::Throttled],
        "nothing travels: a disk has it or has not",
    ),
    (
        DISK,
        &[
            F::Refused,
            F::RefusedUnlisted,
            F::Broken,
            F::Unreadable,
            F::Stale,
            F::Partial,
            F::Duplicated,
            F::Reordered,
        ],
        "a write is no question, and has no answer but that it failed",
    ),
    (
        &[
            Kind::Commit,
            Kind::Cancel,
            Kind::Find,
            Kind::Activity,
            Kind::Account,
            Kind::Holdings,
            Kind::StateFile,
        ],
        &[F::KilledOnArrival, F::PartFilled, F::Question],
        "only an order that is sent is taken, filled, or asked about",
    ),
    (
        &[
            Kind::Commit,
            Kind::Submit,
            Kind::Find,
            Kind::Activity,
            Kind::Account,
            Kind::Holdings,
            Kind::StateFile,
        ],
        &[F::Overtaken],
        "only a cancel can be overtaken",
    ),
    (
        &[Kind::Submit, Kind::Cancel],
        &[F::Unreadable],
        "an answer that cannot be read is one that says nothing: nobody knows what came of it",
    ),
    (
        &[Kind::Submit, Kind::Cancel],
        &[F::Stale, F::Partial, F::Duplicated, F::Reordered],
        "only what is read has an age and an order",
    ),
    (
        &[Kind::Cancel],
        &[F::RequestLate],
        "until it arrives it is a lost one, and then it is one that is sent again",
    ),
    (
        &[Kind::Cancel],
        &[F::Throttled, F::Refused, F::RefusedUnlisted, F::Broken, F::Ambiguous],
        "what no answer settles is asked about, as after an answer that was lost",
    ),
    (
        &[
            Kind::Commit,
            Kind::Cancel,
            Kind::Find,
            Kind::Activity,
            Kind::Account,
            Kind::Holdings,
            Kind::StateFile,
            Kind::World,
        ],
        &[F::DiesInFlight],
        "only an order that comes after its process died is anything new",
    ),
    (READING, &[F::DiesAfter], "a question changes nothing: dying of it is dying before"),
    (&[Kind::Account, Kind::Holdings], &[F::DiesAnswered], "nothing is written of it: it is dying before"),
    (
        READING,
        &[
            F::RequestLost,
            F::RequestLate,
            F::ReplyLate,
            F::NotSent,
            F::Throttled,
            F::Refused,
            F::RefusedUnlisted,
            F::Ambiguous,
            F::Broken,
        ],
        "nothing came back that can be used: it is unreadable",
    ),
    (
        &[Kind::Activity, Kind::Account, Kind::Holdings],
        &[F::ReplyLost],
        "nothing came back that can be used: it is unreadable",
    ),
    (
        &[Kind::Find, Kind::Account, Kind::Holdings],
        &[F::Duplicated, F::Reordered],
        "it is one thing, not a row of things",
    ),
    (&[Kind::Account, Kind::Holdings], &[F::Partial], "it is read whole or not at all"),
    (
        &[Kind::Holdings],
        &[F::Stale],
        "what explains a difference is told later than the difference, so it is ahead, not behind",
    ),
    (
        OURS,
        &[F::Outage, F::ManualTrade, F::Liquidation, F::Bust, F::Split, F::PriceGap, F::ClockJump],
        "nothing of ours brings it about",
    ),
    (
        &[Kind::World],
        &[
            F::DiskFull,
            F::DiskDoubtful,
            F::DiesBefore,
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
            F::Overtaken,
            F::Unreadable,
            F::Stale,
            F::Partial,
            F::Duplicated,
            F::Reordered,
        ],
        "nothing is asked for there",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_at_every_kind_of_place_can_happen_or_has_a_reason_why_not() {
        for kind in Kind::ALL {
            for fault in Fault::ALL {
                let can = Fault::at(kind).contains(&fault);
                let reasons = CANNOT
                    .iter()
                    .filter(|(kinds, faults, _)| kinds.contains(&kind) && faults.contains(&fault));
                assert_eq!(reasons.count(), usize::from(!can), "{kind:?} {fault:?}");
            }
        }
    }

    #[test]
    fn every_fault_has_a_place() {
        let reached: std::collections::BTreeSet<_> =
            Kind::ALL.into_iter().flat_map(Fault::at).copied().collect();
        assert_eq!(reached, Fault::ALL.into_iter().collect());
    }
}

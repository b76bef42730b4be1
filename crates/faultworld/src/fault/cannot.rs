//! What cannot go wrong where, and why.

use super::{Fault as F, OF_THE_WORLD};
use crate::place::Kind;

const ASKING: &[Kind] = &[Kind::Submit, Kind::Cancel, Kind::Find, Kind::Activity, Kind::Account, Kind::List];
const OURS: &[Kind] = &[
    Kind::Commit,
    Kind::Submit,
    Kind::Cancel,
    Kind::Find,
    Kind::Activity,
    Kind::Account,
    Kind::List,
    Kind::StateFile,
];
const DISK: &[Kind] = &[Kind::Commit, Kind::StateFile];
const READING: &[Kind] = &[Kind::Find, Kind::Activity, Kind::Account, Kind::List];

/// What cannot go wrong where, and why: with [`super::Fault::at`] it is every fault at every kind of place.
pub const CANNOT: &[(&[Kind], &[F], &str)] = &[
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
        &[Kind::Commit, Kind::Cancel, Kind::Find, Kind::Activity, Kind::Account, Kind::List, Kind::StateFile],
        &[F::KilledOnArrival, F::PartFilled, F::Question],
        "only an order that is sent is taken, filled, or asked about",
    ),
    (
        &[Kind::Commit, Kind::Submit, Kind::Find, Kind::Activity, Kind::Account, Kind::List, Kind::StateFile],
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
            Kind::List,
            Kind::StateFile,
            Kind::World,
        ],
        &[F::DiesInFlight],
        "only an order that comes after its process died is anything new",
    ),
    (READING, &[F::DiesAfter], "a question changes nothing: dying of it is dying before"),
    (&[Kind::Account, Kind::List], &[F::DiesAnswered], "nothing is written of it: it is dying before"),
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
        &[Kind::Activity, Kind::Account, Kind::List],
        &[F::ReplyLost],
        "nothing came back that can be used: it is unreadable",
    ),
    (&[Kind::Find, Kind::Account], &[F::Duplicated, F::Reordered], "it is one thing, not a row of things"),
    (&[Kind::List], &[F::Duplicated, F::Reordered], "what is, has no order and is there once"),
    (&[Kind::Account], &[F::Partial], "an account is read whole or not at all"),
    (OURS, OF_THE_WORLD, "nothing of ours brings it about"),
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
    use crate::fault::Fault;

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

//! Everything that can go wrong, where it can, and the dice that decide when.
//!
//! Each place where something can go wrong asks [`Fates`], which counts the questions: the number of a question is
//! the name of what was answered, so a failing schedule can be played again with some of its faults left out.

use std::collections::BTreeSet;
use std::fmt;

use broker_api::Purpose;

use crate::dice::Dice;

/// Where something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Records are made durable.
    Commit,
    /// An order is sent.
    Submit(Purpose),
    /// A cancel is sent.
    Cancel,
    /// A question about an order is sent.
    Find,
    /// A venue's log is read.
    Activity,
    /// An account is read.
    Account,
    /// Nothing of ours: the venue, the market, or the clock acts by itself.
    World,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit => f.pad("commit"),
            Self::Submit(purpose) => f.pad(&format!("submit {}", purpose.as_str())),
            Self::Cancel => f.pad("cancel"),
            Self::Find => f.pad("find"),
            Self::Activity => f.pad("read log"),
            Self::Account => f.pad("read account"),
            Self::World => f.pad("world"),
        }
    }
}

/// One way in which something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The disk keeps nothing and says so; the process ends.
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
    /// The price jumps.
    PriceGap,
    /// The clock of the machine jumps.
    ClockJump,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 31] = [
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
        Self::PriceGap,
        Self::ClockJump,
    ];

    /// What can go wrong at a place.
    pub fn at(place: Place) -> &'static [Self] {
        use Fault as F;
        match place {
            Place::Commit => &[F::DiskFull, F::DiskDoubtful],
            Place::Submit(_) => &[
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
            Place::Cancel => &[
                F::DiesBefore,
                F::DiesAfter,
                F::DiesAnswered,
                F::RequestLost,
                F::ReplyLost,
                F::ReplyLate,
                F::NotSent,
                F::Overtaken,
            ],
            Place::Find => {
                &[F::DiesBefore, F::DiesAnswered, F::ReplyLost, F::Unreadable, F::Stale, F::Partial]
            }
            Place::Activity => &[
                F::DiesBefore,
                F::DiesAnswered,
                F::Unreadable,
                F::Stale,
                F::Partial,
                F::Duplicated,
                F::Reordered,
            ],
            Place::Account => &[F::DiesBefore, F::Unreadable, F::Stale],
            Place::World => &[F::Outage, F::ManualTrade, F::Liquidation, F::Bust, F::PriceGap, F::ClockJump],
        }
    }
}

/// Something that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its name: the number of the question.
    pub n: u64,
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

/// Decides what goes wrong, and remembers it.
#[derive(Clone, Debug)]
pub struct Fates {
    seed: u64,
    per_mille: u64,
    enabled: BTreeSet<Fault>,
    /// Which of the hits may happen; all without a list.
    only: Option<BTreeSet<u64>>,
    asked: u64,
    healed: bool,
    hits: Vec<Hit>,
}

impl Fates {
    /// The fates of a seed: about half of all faults, at a rate of its own.
    pub fn of(seed: u64, only: Option<BTreeSet<u64>>) -> Self {
        let mut dice = Dice::of(seed, u64::MAX);
        let enabled = Fault::ALL.into_iter().filter(|_| dice.happens(500)).collect();
        let per_mille = [15, 40, 80, 150, 300][usize::try_from(dice.below(5)).unwrap_or(0)];
        Self { seed, per_mille, enabled, only, asked: 0, healed: false, hits: Vec::new() }
    }

    /// What goes wrong here, if anything does.
    pub fn ask(&mut self, place: Place) -> Option<Fault> {
        let n = self.asked;
        self.asked += 1;
        let mut dice = Dice::of(self.seed, n);
        // The rest of the world is asked far more often than anything of ours.
        let per_mille = if place == Place::World { self.per_mille / 8 } else { self.per_mille };
        if self.healed || !dice.happens(per_mille) {
            return None;
        }
        let can: Vec<Fault> =
            Fault::at(place).iter().copied().filter(|fault| self.enabled.contains(fault)).collect();
        let fault = *dice.pick(&can)?;
        if self.only.as_ref().is_some_and(|only| !only.contains(&n)) {
            return None;
        }
        self.hits.push(Hit { n, place, fault });
        Some(fault)
    }

    /// A number of the question that was asked last, for how long, how much, how far.
    pub fn measure(&self) -> Dice {
        Dice::of(self.seed ^ 0xa5a5, self.asked)
    }

    /// From here on nothing goes wrong.
    pub const fn heal(&mut self) {
        self.healed = true;
    }

    /// What went wrong so far.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_place() {
        let purposes = [Purpose::Entry, Purpose::Exit, Purpose::Stop, Purpose::Target];
        let mut places: Vec<Place> = purposes.map(Place::Submit).to_vec();
        places.extend([
            Place::Commit,
            Place::Cancel,
            Place::Find,
            Place::Activity,
            Place::Account,
            Place::World,
        ]);
        let reached: BTreeSet<Fault> = places.into_iter().flat_map(Fault::at).copied().collect();
        assert_eq!(reached, Fault::ALL.into_iter().collect());
    }

    #[test]
    fn a_fault_left_out_changes_no_other() {
        let play = |only: Option<BTreeSet<u64>>| {
            let mut fates = Fates::of(3, only);
            for _ in 0..400 {
                fates.ask(Place::Submit(Purpose::Entry));
            }
            fates.hits().to_vec()
        };
        let all = play(None);
        assert!(all.len() > 3, "{all:?}");
        let fewer = play(Some(all.iter().skip(1).map(|hit| hit.n).collect()));
        assert_eq!(fewer, all[1..]);
    }

    #[test]
    fn what_is_healed_stays_so() {
        let mut fates = Fates::of(3, None);
        fates.heal();
        assert!((0..1_000).all(|_| fates.ask(Place::Find).is_none()) && fates.hits().is_empty());
    }
}

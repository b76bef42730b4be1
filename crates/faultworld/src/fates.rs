//! The dice that decide when something goes wrong.
//!
//! Each place where something can go wrong asks [`Fates`], which counts the questions: the number of a question is
//! the name of what was answered, so a failing schedule can be played again with some of its faults left out.

use std::collections::BTreeSet;

use broker_api::Purpose;

use crate::dice::Dice;
use crate::fault::Fault;
use crate::place::{Doubt, Kind, Place, Round};

/// So many faults a schedule must have.
pub const FAULTS_MIN: usize = 5;
/// So many deaths of its process.
pub const DEATHS_MIN: u32 = 2;
/// So often what a schedule is about shall happen in it.
const FOCUS_MIN: u32 = 4;
/// After so many questions it does not wait for that any longer.
const FOCUS_UNTIL: u64 = 350;
/// From this question on, a schedule that has too few of them gets more.
const LATE: u64 = 250;

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
    /// What never goes wrong at this venue.
    never: Vec<Never>,
    /// What this schedule is about: it happens far more often than anything else.
    focus: Option<(Place, Fault)>,
    /// Which of the hits may happen; all without a list.
    only: Option<BTreeSet<u64>>,
    asked: u64,
    healed: bool,
    /// Nothing goes wrong for a while.
    calm: bool,
    hits: Vec<Hit>,
    /// How many were drawn, those left out too, and how many of them kill.
    drawn: (usize, u32),
    /// How often what it is about was drawn.
    focused: u32,
}

/// What never goes wrong at a venue, and why.
pub type Never = (Kind, Fault, &'static str);

/// Every combination of place and fault that can occur at a venue.
pub fn combinations(never: &[Never]) -> Vec<(Place, Fault)> {
    let can = |place: Place, fault: Fault| !never.iter().any(|(k, f, _)| (*k, *f) == (place.kind(), fault));
    let of = |place: Place| Fault::at(place.kind()).iter().map(move |fault| (place, *fault));
    Place::all().into_iter().flat_map(of).filter(|(place, fault)| can(*place, *fault)).collect()
}

impl Fates {
    /// The fates of a seed: about half of all faults at a rate of its own, and one of them in one place above all.
    pub fn of(seed: u64, never: Vec<Never>, only: Option<BTreeSet<u64>>) -> Self {
        let mut dice = Dice::of(seed, u64::MAX);
        let mut enabled: BTreeSet<_> = Fault::ALL.into_iter().filter(|_| dice.happens(500)).collect();
        let per_mille = [15, 40, 80, 150, 300][usize::try_from(dice.below(5)).unwrap_or(0)];
        // No schedule without a death.
        enabled.extend(dice.pick(&[Fault::DiskFull, Fault::DiskDoubtful, Fault::DiesBefore]).copied());
        let all: Vec<_> = combinations(&never)
            .into_iter()
            .flat_map(|at| std::iter::repeat_n(at, weight(at.0, at.1)))
            .collect();
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX).max(1);
        let focus = usize::try_from(seed % count).ok().and_then(|place| all.get(place)).copied();
        let (asked, healed, calm, hits, drawn, focused) = (0, false, false, Vec::new(), (0, 0), 0);
        Self { seed, per_mille, enabled, never, focus, only, asked, healed, calm, hits, drawn, focused }
    }

    /// What goes wrong here, if anything does.
    pub fn ask(&mut self, place: Place) -> Option<Fault> {
        let n = self.asked;
        self.asked += 1;
        if self.healed || self.calm {
            return None;
        }
        let fault = self.drawn(place, n)?;
        self.drawn.0 += 1;
        self.drawn.1 += u32::from(fault.kills(place.kind()));
        self.focused += u32::from(self.focus == Some((place, fault)));
        if self.only.as_ref().is_some_and(|only| !only.contains(&n)) {
            return None;
        }
        self.hits.push(Hit { n, place, fault });
        Some(fault)
    }

    /// What the dice say of a question.
    fn drawn(&self, place: Place, n: u64) -> Option<Fault> {
        let mut dice = Dice::of(self.seed, n);
        let mut special = Dice::of(self.seed ^ 0x0f0c_0500, n);
        if let Some((at, fault)) = self.focus {
            if at == place && special.happens(600) {
                return Some(fault);
            }
            if let Some(fault) = leading(at, place).filter(|_| special.happens(700)) {
                return Some(fault);
            }
        }
        let is_short = n >= LATE && !self.is_bad_enough();
        // The rest of the world is asked far more often than anything of ours.
        let per_mille = match place {
            Place::World => self.per_mille / 8,
            _ if is_short => self.per_mille.max(100),
            _ => self.per_mille,
        };
        if !dice.happens(per_mille) {
            return None;
        }
        let never = |fault: Fault| self.never.iter().any(|(k, f, _)| (*k, *f) == (place.kind(), fault));
        let all = || Fault::at(place.kind()).iter().copied();
        let mut can: Vec<_> = all().filter(|f| self.enabled.contains(f) && !never(*f)).collect();
        if is_short && self.drawn.1 < DEATHS_MIN && all().any(|fault| fault.kills(place.kind())) {
            can = all().filter(|fault| fault.kills(place.kind()) && !never(*fault)).collect();
        }
        dice.pick(&can).copied()
    }

    /// Whether it had as much as a schedule must have, with what was left out of it.
    pub const fn is_bad_enough(&self) -> bool {
        self.drawn.0 >= FAULTS_MIN && self.drawn.1 >= DEATHS_MIN
    }

    /// Whether what it is about happened often enough, or is not to be waited for.
    pub const fn is_to_the_point(&self) -> bool {
        self.focused >= FOCUS_MIN || self.asked >= FOCUS_UNTIL
    }

    /// A number of the question that was asked last, for how long, how much, how far.
    pub fn measure(&self) -> Dice {
        Dice::of(self.seed ^ 0xa5a5, self.asked)
    }

    /// Whether nothing goes wrong for a while.
    pub const fn calms(&mut self, is_calm: bool) {
        self.calm = is_calm;
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

/// How many seeds are about a combination, beside those about another: more for what comes seldom by itself.
const fn weight(place: Place, fault: Fault) -> usize {
    let seldom = match place {
        Place::Submit(Purpose::Exit | Purpose::Target, Round::Again) => 4,
        Place::Submit(Purpose::Exit, _) | Place::Submit(_, Round::Again) => 2,
        _ => 1,
    };
    // Only one venue asks back, and tells of orders in a list; it is seldom asked about a cancel there.
    let of_one = match (place, fault) {
        (Place::Find(Doubt::Cancelling), Fault::Stale | Fault::Partial) => 16,
        (_, Fault::Question) => 8,
        (Place::Find(_), Fault::Stale | Fault::Partial) => 4,
        _ => 1,
    };
    seldom * of_one
}

/// What must go wrong in one place so that another is reached at all.
const fn leading(to: Place, here: Place) -> Option<Fault> {
    match (to, here) {
        (Place::Submit(Purpose::Entry, Round::Again), Place::Submit(Purpose::Entry, Round::First))
        | (Place::Submit(Purpose::Exit, Round::Again), Place::Submit(Purpose::Exit, Round::First))
        | (Place::Submit(Purpose::Stop, Round::Again), Place::Submit(Purpose::Stop, Round::First))
        | (Place::Submit(Purpose::Target, Round::Again), Place::Submit(Purpose::Target, Round::First))
        | (Place::Cancel(Round::Again), Place::Cancel(Round::First)) => Some(Fault::NotSent),
        (Place::Find(Doubt::Unknown), Place::Submit(_, Round::First))
        | (Place::Find(Doubt::Cancelling), Place::Cancel(_)) => Some(Fault::ReplyLost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Place = Place::Submit(Purpose::Entry, Round::First);

    #[test]
    fn a_fault_left_out_changes_no_other() {
        let play = |only: Option<BTreeSet<u64>>| {
            let mut fates = Fates::of(3, Vec::new(), only);
            for _ in 0..400 {
                fates.ask(ENTRY);
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
        let mut fates = Fates::of(3, Vec::new(), None);
        fates.heal();
        assert!((0..1_000).all(|_| fates.ask(Place::Activity).is_none()) && fates.hits().is_empty());
    }

    #[test]
    fn a_quiet_seed_has_its_faults_and_deaths_in_the_end() {
        for seed in 0..200 {
            let mut fates = Fates::of(seed, Vec::new(), None);
            for _ in 0..600 {
                fates.ask(ENTRY);
                fates.ask(Place::Activity);
            }
            assert!(fates.is_bad_enough(), "seed {seed}");
        }
    }

    #[test]
    fn what_a_venue_never_does_does_not_happen() {
        const NEVER: &[Never] = &[(Kind::Submit, Fault::Question, "nobody asks back")];
        for seed in 0..300 {
            let mut fates = Fates::of(seed, NEVER.to_vec(), None);
            assert!((0..200).all(|_| fates.ask(ENTRY) != Some(Fault::Question)), "seed {seed}");
        }
    }
}

//! The trial of the checkers: each planted bug is played until one of them stops on it, and each checker is left out once,
//! to see that something is missed without it.
//!
//! Only in a build with `--cfg planted`. Schedules are played in their order (each seed at every venue), so what is told
//! is the same on every machine.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use broker_api::planted::{Bug, choose};

use crate::venue::manner::Manner;
use crate::world::Options;
use crate::{abreast, check, play};

/// The first schedule in which something did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Counts from 1.
    pub schedule: u64,
    /// At which venue.
    pub venue: &'static str,
    /// Its seed.
    pub seed: u64,
    /// Who found it.
    pub checker: &'static str,
    /// What.
    pub what: String,
}

/// A bug, and who caught it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which.
    pub bug: Bug,
    /// Nothing when no checker stopped on it.
    pub caught: Option<Caught>,
}

/// A checker, and the bug that is missed, or found latest, without it.
#[derive(Clone, Debug)]
pub struct Blinded {
    /// Who does not look.
    pub checker: &'static str,
    /// The bug, as it is caught with it; nothing when it catches none first.
    pub seen: Option<(Bug, Caught)>,
    /// Who catches it without.
    pub without: Option<Caught>,
}

/// Plays up to so many schedules with a bug, or with none, and one checker that does not look, until something does not
/// hold.
pub fn hunt(bug: Option<Bug>, blind: Option<&'static str>, most: u64) -> Option<Caught> {
    choose(bug);
    match bug.and_then(Bug::adapter) {
        Some(broker) => hunted(wire(broker), blind, of_wire(most)),
        None => hunted(Manner::all(), blind, most),
    }
}

/// The same over all wires, with no bug.
pub fn hunt_on_the_wire(most: u64) -> Option<Caught> {
    choose(None);
    hunted(Manner::wires(), None, of_wire(most))
}

/// So many schedules are played over the wire where so many are played in all: one takes as long as forty others.
pub const fn of_wire(most: u64) -> u64 {
    most.div_ceil(40)
}

fn wire(broker: &str) -> Vec<Manner> {
    Manner::named(&format!("{broker}-wire")).into_iter().collect()
}

fn hunted(manners: Vec<Manner>, blind: Option<&'static str>, most: u64) -> Option<Caught> {
    let count = manners.len() as u64;
    let first = AtomicU64::new(most);
    let caught: Mutex<Vec<Caught>> = Mutex::default();
    let options = Options { blind, ..Options::default() };
    abreast(most, |n| {
        if n >= first.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        let (seed, place) = (n / count, usize::try_from(n % count).unwrap_or(0));
        let Some(manner) = manners.get(place) else { return ControlFlow::Break(()) };
        let (checker, what) = match catch_unwind(AssertUnwindSafe(|| play(seed, manner, &options))) {
            Ok(Ok(played)) => match played.violation {
                None => return ControlFlow::Continue(()),
                Some(violation) => (violation.checker, violation.what),
            },
            Ok(Err(why)) => ("panic", why.0),
            Err(_) => ("panic", "the code panicked".to_owned()),
        };
        first.fetch_min(n, Ordering::Relaxed);
        if let Ok(mut caught) = caught.lock() {
            caught.push(Caught { schedule: n + 1, venue: manner.name, seed, checker, what });
        }
        ControlFlow::Continue(())
    });
    choose(None);
    caught.into_inner().ok()?.into_iter().min_by_key(|caught| caught.schedule)
}

/// Tries a bug.
pub fn trial(bug: Bug, most: u64) -> Trial {
    Trial { bug, caught: hunt(Some(bug), None, most) }
}

/// Leaves out each checker in turn, and gives the bug that is missed without it, or else is found latest.
pub fn blinded(trials: &[Trial], most: u64) -> Vec<Blinded> {
    check::names().into_iter().map(|checker| without(checker, trials, most)).collect()
}

fn without(checker: &'static str, trials: &[Trial], most: u64) -> Blinded {
    let mut best: Option<Blinded> = None;
    for trial in trials {
        let Some(caught) = trial.caught.as_ref().filter(|caught| caught.checker == checker) else { continue };
        let without = hunt(Some(trial.bug), Some(checker), most);
        let later = |found: &Option<Caught>| found.as_ref().map_or(u64::MAX, |found| found.schedule);
        if best.as_ref().is_none_or(|best| later(&without) > later(&best.without)) {
            best = Some(Blinded { checker, seen: Some((trial.bug, caught.clone())), without });
        }
        if best.as_ref().is_some_and(|best| best.without.is_none()) {
            break;
        }
    }
    best.unwrap_or(Blinded { checker, seen: None, without: None })
}

/// The head of the table of bugs.
pub const HEAD: &str = "| bug | what is broken | what was promised | caught by | after schedules | at | seed |\n\
                        |---|---|---|---|---|---|---|\n";

impl Trial {
    /// Its row in the table of bugs, with the end of the line.
    pub fn row(&self, most: u64) -> String {
        let (name, broken, law) = (self.bug.name(), self.bug.broken(), self.bug.law());
        let found = match &self.caught {
            Some(Caught { schedule, venue, seed, checker, .. }) => {
                format!("`{checker}` | {schedule} | {venue} | {seed}")
            }
            None => format!("**nobody** | {most} | |"),
        };
        format!("| {name} | {broken} | {law} | {found} |\n")
    }
}

/// The table of checkers.
pub fn blind_table(rows: &[Blinded], most: u64) -> String {
    let mut text =
        String::from("| left out | bug | with it, after schedules | without it |\n|---|---|---|---|\n");
    for Blinded { checker, seen, without } in rows {
        let (bug, with) =
            seen.as_ref().map_or(("none is caught by it first", String::new()), |(bug, caught)| {
                (bug.name(), caught.schedule.to_string())
            });
        let then = match without {
            _ if seen.is_none() => String::new(),
            Some(Caught { schedule, checker, .. }) => format!("`{checker}` after {schedule}"),
            None => format!("missed in {most}"),
        };
        let _ = writeln!(text, "| `{checker}` | {bug} | {with} | {then} |");
    }
    text
}

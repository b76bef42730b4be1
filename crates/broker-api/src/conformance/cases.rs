//! The cases. Numbers stay; a case that is given up leaves a gap.

mod account;
mod cancels;
mod lives;
mod names;
mod reading;
mod refusals;
mod rules;
mod trouble;

use super::{Bench, Case, Done, Stop};

/// A row of a table of cases.
macro_rules! case {
    ($number:literal, $play:ident, [$($power:ident),*], $demands:literal) => {
        crate::conformance::Case {
            number: $number,
            name: stringify!($play),
            demands: $demands,
            needs: &[$(crate::conformance::Power::$power),*],
            play: |bench| Box::pin($play(bench)),
        }
    };
}
pub(super) use case;

/// All of them, by number.
pub fn all() -> Vec<Case> {
    [
        lives::CASES,
        cancels::CASES,
        names::CASES,
        reading::CASES,
        account::CASES,
        rules::CASES,
        refusals::CASES,
        trouble::CASES,
    ]
    .concat()
}

/// Not asked of this venue, because of what it says of itself.
fn not_here<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::Skipped(why.to_owned()))
}

/// Demands that the venue says it takes such orders; a case about others is not asked of it.
fn takes(bench: &Bench, kind: crate::KindName) -> Done {
    if bench.broker().capabilities().takes(kind) { Ok(()) } else { not_here("it takes no such orders") }
}

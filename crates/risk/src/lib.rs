//! The guard: one pure function before every order, whoever asks, and the breakers around all of them.
//!
//! 1. All checks are asked, in the order of [`CHECKS`]; the first that says no decides, and what each said is kept.
//! 2. What cannot be computed stops an entry. It never stops an order that only reduces what is held: such an order
//!    is let through, or waits for what is missing.
//! 3. [`review()`] is the only place that makes an [`Approved`].

/// What a review leaves behind.
pub mod approved;
/// A venue that does not answer beside others that do.
pub mod away;
/// Times in which nothing is entered.
pub mod blackouts;
/// Checks that look away, for tests of the tests.
#[cfg(planted)]
pub mod blind;
/// Trips that change the level.
pub mod breakers;
mod checks;
/// How a person loosens a level.
pub mod levels;
/// What is allowed.
pub mod limits;
/// What of the guard can be looked at by itself.
pub mod parts;
/// The review.
pub mod review;
/// What stops a part of trading.
pub mod stops;
/// What could be lost until somebody looks again.
pub mod tonight;
/// How limits change.
pub mod versions;
/// What a review looks at.
pub mod view;

pub use approved::Approved;
pub use away::Away;
pub use blackouts::Blackout;
pub use breakers::{Floor, Trip, breakers, is_deep, storm};
pub use checks::{Applies, CHECKS, Check, Control, ELSEWHERE, Elsewhere, Orders};
pub use levels::{NotLoosened, Unclear, loosened};
pub use limits::{Limits, Line, Looser};
pub use parts::{BREAKERS, Part, parts};
pub use review::{Verdict, review};
pub use stops::{Executed, Poor, poor};
pub use versions::{Pending, Until};
pub use view::{Lately, Stage, View};

#[cfg(test)]
mod tests;

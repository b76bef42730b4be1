//! The seeded world: the real desk, runner and journal, under venues, a disk, a clock and processes that fail in every
//! way we know of. First nothing wrong may happen, whatever fails; then everything is healed, and all must come to rest.
//!
//! 1. A seed is a schedule: what is decided, where prices go, what fails and when. The same seed is the same story.
//! 2. A process that dies leaves nothing but what is on the disk and what is at the venue.
//! 3. The checkers ([`check`]) read the venue's own truth and the journal's records. They do not know how a desk decides.

pub mod abreast;
pub mod check;
pub mod crash;
pub mod dice;
pub mod disk;
pub mod fates;
pub mod fault;
pub mod ground;
pub mod histogram;
pub mod place;
pub mod plan;
#[cfg(planted)]
pub mod planted;
pub mod shrink;
pub mod story;
pub mod truth;
pub mod venue;
#[cfg(feature = "wire")]
pub mod wire;
pub mod world;

pub use abreast::abreast;
pub use fates::{Fates, Hit};
pub use fault::Fault;
pub use histogram::Histogram;
pub use place::Place;
pub use world::{Played, Violation, play};

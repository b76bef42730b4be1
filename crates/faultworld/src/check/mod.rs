//! What must hold, whatever fails. Each checker reads what the venue really did and what the journal holds, and knows
//! nothing of how a desk decides.

mod armed;
mod bounds;
mod compared;
mod endings;
mod exposure;
mod fills;
mod guarded;
mod holding;
mod level;
mod once;
mod over;
mod parts;
mod plans;
mod reported;
mod sends;
mod streak;

pub use bounds::Bounds;
use broker_api::{Key, Repair, Stamped, Time};
pub use reported::{Report, reported};
use state::Book;

use crate::truth::Truth;

/// What a checker gets to see after each turn.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The venue's time.
    pub now: Time,
    /// The records that became durable since the last look.
    pub fresh: &'a [Stamped],
    /// What really happened.
    pub truth: &'a Truth,
    /// The book of the process, as it would report from it.
    pub book: &'a Book,
    /// Whether the process came to the end of its turn.
    pub is_alive: bool,
    /// What a person was to repair, and how.
    pub repairs: &'a [(Key, Repair)],
}

/// Something that must hold.
pub trait Checker {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Looks after a turn.
    ///
    /// # Errors
    /// What does not hold.
    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String>;

    /// Looks once everything was healed and has come to rest.
    ///
    /// # Errors
    /// What does not hold.
    fn at_rest(&mut self, _: &Seen<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// What the world itself looks at: the book in memory against the journal.
pub const FOLD: &str = "fold";
/// What the world itself looks at: what is told against the journal.
pub const REPORTED: &str = reported::NAME;
/// What the world itself looks at: whether the code stops itself.
pub const STOPPED: &str = "stopped";
/// What the world itself looks at: whether all comes to rest.
pub const REST: &str = "rest";

/// The names of all that is looked at.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = all(Bounds::default()).iter().map(|checker| checker.name()).collect();
    names.extend([FOLD, REPORTED, STOPPED, REST]);
    names
}

/// All that look at what happened after each turn.
pub fn all(bounds: Bounds) -> Vec<Box<dyn Checker>> {
    vec![
        Box::<once::Once>::default(),
        Box::<sends::Sends>::default(),
        Box::<over::Over>::default(),
        Box::<fills::Fills>::default(),
        Box::<compared::Compared>::default(),
        Box::new(level::Levels::new(&bounds)),
        Box::<armed::Armings>::default(),
        Box::<endings::Endings>::default(),
        Box::<guarded::Guarded>::default(),
        Box::new(exposure::Exposures::new(bounds)),
    ]
}

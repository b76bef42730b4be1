//! What must hold, whatever fails. Each checker reads what the venue really did and what the journal holds, and knows
//! nothing of how a desk decides.

mod endings;
mod fills;
mod guarded;
mod level;
mod once;
mod over;
mod sends;
mod slots;

use broker_api::{Stamped, Time};
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
    /// The most positions that its guard allows.
    pub positions_max: usize,
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

/// What the world holds by itself: the fold, a runner that never stops by itself, and the rest at the end.
pub const OF_THE_WORLD: [&str; 3] = ["fold", "stopped", "rest"];

/// The names of all that is looked at.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|checker| checker.name()).chain(OF_THE_WORLD).collect()
}

/// All of them.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::<once::Once>::default(),
        Box::<sends::Sends>::default(),
        Box::<over::Over>::default(),
        Box::<slots::Slots>::default(),
        Box::<fills::Fills>::default(),
        Box::<level::Levels>::default(),
        Box::<endings::Endings>::default(),
        Box::<guarded::Guarded>::default(),
    ]
}

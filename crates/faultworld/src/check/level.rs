//! Machines only tighten: no level is loosened but by a person, save a pause whose own time has come.

use broker_api::{By, Level, Record, Time};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug)]
pub(super) struct Levels {
    level: Level,
    until: Option<Time>,
}

impl Default for Levels {
    fn default() -> Self {
        Self { level: Level::Trading, until: None }
    }
}

impl Checker for Levels {
    fn name(&self) -> &'static str {
        "level"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            let Record::LevelSet { level, by, until, .. } = &stamped.record else { continue };
            let is_over = self.level == Level::Paused && self.until.is_some_and(|until| until <= stamped.at);
            if *level < self.level && *by == By::Guard && !is_over {
                return Err(format!("record {} loosens {} to {level} by itself", stamped.seq, self.level));
            }
            (self.level, self.until) = (*level, *until);
        }
        if seen.book.guard().level != self.level {
            return Err(format!(
                "the book is at {}, its records say {}",
                seen.book.guard().level,
                self.level
            ));
        }
        Ok(())
    }
}

//! The simulation's time: a clock that runs, or one that is stepped.

use std::fmt;
use std::sync::Arc;

use broker_api::Time;

/// Where time comes from.
#[derive(Clone)]
pub enum Clock {
    /// A clock that runs by itself.
    Real(Arc<dyn Fn() -> Time + Send + Sync>),
    /// One that stands at a moment until it is moved.
    Stepped(Time),
}

impl Clock {
    /// The moment it shows.
    pub fn now(&self) -> Time {
        match self {
            Self::Real(now) => now(),
            Self::Stepped(at) => *at,
        }
    }

    /// Moves one that is stepped on to a moment.
    ///
    /// # Errors
    /// One that runs by itself, or a moment before the one it shows.
    pub fn move_to(&mut self, to: Time) -> Result<(), String> {
        let Self::Stepped(at) = self else {
            return Err("the clock runs by itself; start with a stepped one to move it".to_owned());
        };
        if to < *at {
            return Err(format!("it is {at}, and time does not go back to {to}"));
        }
        *at = to;
        Ok(())
    }

    /// Whether it runs by itself.
    pub const fn runs(&self) -> bool {
        matches!(self, Self::Real(_))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(_) => f.write_str("Real"),
            Self::Stepped(at) => write!(f, "Stepped({at})"),
        }
    }
}

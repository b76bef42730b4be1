//! The only place that looks at a clock. Everything that decides is told the time.

use std::time::{Duration, Instant};

use broker_api::Time;

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn now() -> Time {
    chrono::Utc::now()
}

/// Lets time pass, in a thread that has nothing else to do.
#[expect(clippy::disallowed_methods, reason = "the one place that waits so")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Measures how long something takes, whatever happens to the time of day.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

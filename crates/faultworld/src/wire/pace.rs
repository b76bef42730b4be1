//! How time passes while things go over a wire: not at all while anything moves, and then in steps.
//!
//! Client and server live in one thread, and what is written to a loopback connection can be read at once. So when
//! nothing was heard on the wire for many turns of the scheduler, whoever waits waits for time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::advance;

/// So many turns of the scheduler without a sign of life are silence: an exchange takes a dozen between two signs.
const SILENCE: u32 = 48;
/// The kernel may deliver late under load: so long is waited, in real time, before silence is believed.
const GRACE: Duration = Duration::from_micros(50);
/// So long is one step of time while somebody waits.
pub(super) const STEP: Duration = Duration::from_millis(500);

/// Counts signs of life.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<AtomicU64>);

impl Pace {
    /// Something moved.
    pub(super) fn moved(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something moved.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until nothing moves any more.
    pub(super) async fn idle(&self) {
        loop {
            let before = self.count();
            for _ in 0..SILENCE {
                yield_now().await;
            }
            if self.count() == before {
                return;
            }
        }
    }

    /// Lets a step of time pass whenever nothing moves; `stepped` is told. Never ends.
    pub(super) async fn keeps_time(&self, stepped: impl Fn()) {
        loop {
            self.idle().await;
            let before = self.count();
            grace();
            yield_now().await;
            if self.count() != before {
                continue;
            }
            advance(STEP).await;
            stepped();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the kernel that is waited for, not the time of the schedule"
)]
fn grace() {
    std::thread::sleep(GRACE);
}

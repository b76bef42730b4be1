//! The death of a process: whoever dies never goes on, and the world takes away everything but the disk and the venue.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::Notify;

/// Tells the world that the process is to die.
#[derive(Clone, Debug, Default)]
pub struct Crash(Arc<Notify>);

impl Crash {
    /// The process dies here.
    pub async fn die(&self) -> ! {
        self.0.notify_one();
        pending::<()>().await;
        unreachable!("what is pending for ever does not end")
    }

    /// The process dies, wherever it is.
    pub fn strike(&self) {
        self.0.notify_one();
    }

    /// Waits for the process to die.
    pub async fn awaited(&self) {
        self.0.notified().await;
    }
}

//! Whether a broker that did not answer when this life of the process began does by now.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use crate::pass::Pass;

/// See the module.
#[derive(Default)]
pub struct Returns {
    is_there: Arc<AtomicBool>,
    asking: Option<JoinHandle<()>>,
}

impl Returns {
    /// Asks, unless there is nobody to ask, or the last question has no answer yet.
    pub fn look(&mut self, pass: &Pass) {
        if self.asking.as_ref().is_some_and(|asking| !asking.is_finished()) {
            return;
        }
        let Some(answers) = pass.absent() else { return };
        let is_there = Arc::clone(&self.is_there);
        self.asking = Some(pass.handle().spawn(async move {
            if answers.await {
                is_there.store(true, Ordering::Relaxed);
            }
        }));
    }

    /// Whether one of them answered.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }
}

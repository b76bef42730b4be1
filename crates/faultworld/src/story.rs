//! The story of a schedule, for whoever wants to read it: one line for each thing that happens.

use std::sync::{Arc, Mutex, PoisonError};

/// Where it is told; nowhere, when nobody wants it.
#[derive(Clone, Debug, Default)]
pub struct Story(Option<Arc<Mutex<Vec<String>>>>);

impl Story {
    /// A story that is kept when somebody wants it.
    pub fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Arc::default))
    }

    /// Tells one thing; nobody makes the line when nobody reads it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line());
        }
    }

    /// All that was told.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.as_ref();
        lines.map(|lines| lines.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }
}

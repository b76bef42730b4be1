//! One place of the state file that a person changed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One place of the state file that a person changed. Values are JSON as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where: a JSON pointer into the state file, in which a trade stands under its number.
    pub path: Box<str>,
    /// What the book held there; nothing when it had no such key.
    pub from: Option<Box<str>>,
    /// What it shall hold; nothing to remove the key.
    pub to: Option<Box<str>>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absent = "absent";
        let (from, to) = (self.from.as_deref().unwrap_or(absent), self.to.as_deref().unwrap_or(absent));
        write!(f, "{}: {from} -> {to}", self.path)
    }
}

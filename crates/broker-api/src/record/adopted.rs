//! A journal that begins with the state file of one that is gone.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::Digest;

/// The state file that a journal begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The hash of the file's bytes.
    pub file: Digest,
    /// The id of the journal that is gone.
    pub journal: Box<str>,
    /// The last record of that journal that is in the file.
    pub seq: u64,
    /// The hash of that record's row.
    pub hash: Digest,
    /// When the file was written; what happened later is not in it.
    pub written_at: Time,
    /// Why, in the person's words.
    pub reason: Box<str>,
    /// Our keys of the file, as JSON with sorted keys and without white space.
    pub book: Box<str>,
}

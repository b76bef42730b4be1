//! What came of the last message to the command that tells people (`watchdog --notify`): a small file in the control folder,
//! so that a pass, `status` and `doctor` know whether alerts arrive.

use std::io;
use std::path::{Path, PathBuf};

use broker_api::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::control;
use crate::figures;
use crate::place::Place;

/// How large the file may be.
const SMALL: u64 = 1 << 16;

/// The last message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// When the command was run over it.
    pub at: Time,
    /// Whether it ended as it should.
    pub went_through: bool,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("notified")
}

/// Keeps what came of a message in the control folder. What cannot be written is taken for a message that did not go
/// through by whoever asks: an older word of success does not stay.
pub fn keep(folder: &Path, last: &Last) {
    let written = std::fs::create_dir_all(folder).and_then(|()| control::write(folder, &file(folder), last));
    if written.is_err() {
        forget(folder);
    }
}

/// Nobody is told any more.
pub fn forget(folder: &Path) {
    // It is not there, or stays as it is: an old success, which its time tells.
    let _ = std::fs::remove_file(file(folder));
}

/// The last message of a place; nothing when none was sent. What cannot be read tells of no success.
pub fn last(place: &Place) -> Option<Last> {
    match control::read::<Last>(&file(&place.files.control), SMALL) {
        Ok(last) => Some(last),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let why = Some(format!("what came of it cannot be read: {error}"));
            Some(Last { at: Time::UNIX_EPOCH, went_through: false, why })
        }
    }
}

impl Last {
    /// In words: `last message went through 3 days ago`.
    pub fn told(&self, now: Time) -> String {
        let ago = figures::span(now - self.at);
        match &self.why {
            Some(why) => format!("last message {ago} ago DID NOT GO THROUGH: {why}"),
            None if self.went_through => format!("last message went through {ago} ago"),
            None => format!("last message {ago} ago DID NOT GO THROUGH"),
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({ "at": self.at, "went_through": self.went_through, "why": self.why })
    }
}

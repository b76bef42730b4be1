//! Recordings of a process that serves: a file for each of its beginnings, the newest of which are kept.

use std::path::{Path, PathBuf};

use broker_api::Time;
use engine::session::Recorder;

use crate::failure::Failure;
use crate::out::Out;
use crate::recording::Recording;

/// How large one may grow before the next begins.
const BYTES_MAX: u64 = 256 << 20;
/// How many are kept.
const KEPT: usize = 30;

/// The recording under way, when there is one.
pub struct Sessions(Option<(PathBuf, Recording)>);

impl Sessions {
    /// Begins a new one in a folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(folder: Option<&Path>, now: Time) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(Self(None)) };
        // What cannot be made is said of the file.
        let _ = std::fs::create_dir_all(folder);
        let path = folder.join(format!("session-{}.jsonl", now.format("%Y%m%dT%H%M%S%6f")));
        let recording = Recording::create(&path)?;
        let mut kept: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
            .collect();
        kept.sort_unstable();
        let more = kept.len().saturating_sub(KEPT);
        for old in kept.into_iter().take(more) {
            // It is in nobody's way.
            let _ = std::fs::remove_file(old);
        }
        Ok(Self(Some((path, recording))))
    }

    /// Who writes its lines.
    pub fn recorder(&self, out: Out) -> Option<Recorder> {
        self.0.as_ref().map(|(_, recording)| recording.recorder(out))
    }

    /// Whether it is large enough for the next to begin.
    pub fn is_full(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|(path, _)| std::fs::metadata(path).is_ok_and(|file| file.len() >= BYTES_MAX))
    }

    /// Ends it, and says what it holds.
    pub fn end(&self, out: Out) {
        if let Some((_, recording)) = &self.0 {
            out.say(recording.finish(out).text().trim_end());
        }
    }
}

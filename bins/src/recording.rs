//! The file that a session is written to, beside a pass that does not depend on it.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::session::{Line, Recorded, Recorder, Writer};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::figures;
use crate::out::Out;

type Shared = Arc<Mutex<Writer<BufWriter<File>>>>;

/// A file that a session is being written to.
pub struct Recording {
    path: PathBuf,
    writer: Shared,
}

/// What a recording left.
pub struct Kept {
    path: PathBuf,
    recorded: Recorded,
    is_whole: bool,
}

impl Recording {
    /// Makes the file.
    ///
    /// # Errors
    /// When it is there already, or cannot be made: then nothing was begun yet.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create_new(path).map_err(|error| {
            Failure::usage("no_recording", format!("the session cannot be recorded to {}", path.display()))
                .because(&error)
                .fix(
                    "name a file that is not there yet, in a folder that can be written to; nothing was done",
                )
        })?;
        let writer = Arc::new(Mutex::new(Writer::new(BufWriter::new(file))));
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Who writes the lines. What cannot be written ends the recording, with a warning, and nothing else.
    pub fn recorder(&self, out: Out) -> Recorder {
        let (writer, path) = (Arc::clone(&self.writer), self.path.clone());
        Box::new(move |line: &Line<'_>| {
            if let Err(fault) = locked(&writer).write(line) {
                out.warn(
                    "recording_ended",
                    &format!("{}: {fault}; the recording ends here, and the pass goes on", path.display()),
                );
            }
        })
    }

    /// Ends the recording.
    pub fn finish(&self, out: Out) -> Kept {
        let mut writer = locked(&self.writer);
        let mut is_whole = !writer.is_over();
        if let Err(fault) = writer.finish() {
            is_whole = false;
            out.warn("recording_ended", &format!("{}: {fault}", self.path.display()));
        }
        Kept { path: self.path.clone(), recorded: writer.recorded(), is_whole }
    }
}

impl Drop for Recording {
    /// A pass that did not begin leaves nothing to tell, and nothing in the way of the next recording.
    fn drop(&mut self) {
        let recorded = locked(&self.writer).recorded();
        if recorded.lines == 0 {
            // What stays is an empty file.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn locked(writer: &Shared) -> MutexGuard<'_, Writer<BufWriter<File>>> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kept {
    /// What was recorded, and where it is.
    pub fn text(&self) -> String {
        let file = self.path.display();
        let Recorded { lines, inputs, commits } = self.recorded;
        if lines == 0 {
            return format!("Not recorded: {file} holds nothing.\n");
        }
        let up_to =
            if self.is_whole { String::new() } else { format!(", not all of it: up to line {lines}") };
        format!(
            "Recorded: {} and {} in {file}{up_to}   Again: tradewind reproduce {file}\n",
            figures::many(inputs, "input"),
            figures::many(commits, "commit"),
        )
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({
            "file": self.path,
            "inputs": self.recorded.inputs,
            "commits": self.recorded.commits,
            "whole": self.is_whole,
        })
    }
}

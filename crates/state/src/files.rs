//! Which files belong together: everything Tradewind keeps for one book lies beside its state file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A file's name with something behind it: `paper-state.json` and `.part` are `paper-state.json.part`.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

/// The files of one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The readable state file.
    pub state: PathBuf,
    /// The state file as it was before the last write.
    pub previous: PathBuf,
    /// The journal.
    pub journal: PathBuf,
    /// Held by the one process that writes.
    pub lock: PathBuf,
    /// While it lies there, no entry leaves.
    pub halt: PathBuf,
    /// While it lies there, a restore did not come to its end.
    pub restoring: PathBuf,
    /// The folder in which commands for the running process are put.
    pub control: PathBuf,
}

impl Files {
    /// The files beside a state file: of `paper-state.json` the journal `paper-state.journal.sqlite`, and
    /// `paper-state.json.previous`, `.lock`, `.halt`, `.restoring` and `.control`.
    pub fn beside(state: &Path) -> Self {
        let with = |ending| with_ending(state, ending);
        Self {
            state: state.to_owned(),
            previous: with(".previous"),
            journal: state.with_extension("journal.sqlite"),
            lock: with(".lock"),
            halt: with(".halt"),
            restoring: with(".restoring"),
            control: with(".control"),
        }
    }

    /// The folder they lie in.
    pub fn folder(&self) -> &Path {
        folder(&self.state)
    }
}

/// The folder a file lies in; the current one for a bare name.
pub(crate) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_lie_beside_the_state_file() {
        let files = Files::beside(Path::new("/data/paper-state.json"));
        assert_eq!(files.journal, Path::new("/data/paper-state.journal.sqlite"));
        assert_eq!(files.lock, Path::new("/data/paper-state.json.lock"));
        assert_eq!(files.previous, Path::new("/data/paper-state.json.previous"));
        assert_eq!(files.folder(), Path::new("/data"));
        assert_eq!(Files::beside(Path::new("state.json")).folder(), Path::new("."));
    }
}

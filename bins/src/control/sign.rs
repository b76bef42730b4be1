//! Signs of life: who goes on says so each second in a file of the folder, and removes it at its end.

use std::io;
use std::path::Path;

use broker_api::Time;
use serde_json::{Value, json};

use super::{Alive, SILENT, SMALL, read};
use crate::figures;
use crate::place::Place;

/// Whose sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// That of the process that serves.
    Trader,
    /// That of the one that watches it.
    Watchdog,
}

impl Sign {
    /// The name of its file.
    const fn name(self) -> &'static str {
        match self {
            Self::Trader => "alive",
            Self::Watchdog => "watchdog",
        }
    }

    /// Gives it. Not durable: after a crash nobody is alive.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn write(self, folder: &Path, alive: &Alive) -> io::Result<()> {
        let text = serde_json::to_string(alive)?;
        let part = folder.join(format!(".{}.part", self.name()));
        std::fs::write(&part, text)?;
        std::fs::rename(part, folder.join(self.name()))
    }

    /// The last one, if there is one.
    pub fn read(self, folder: &Path) -> Option<Alive> {
        read(&folder.join(self.name()), SMALL).ok()
    }

    /// Takes it away.
    pub fn remove(self, folder: &Path) {
        // It is gone already, or its age tells the rest.
        let _ = std::fs::remove_file(folder.join(self.name()));
    }
}

/// The process that watches the one that serves, by its sign.
#[derive(Clone, Debug)]
pub struct Watcher(Alive);

impl From<Alive> for Watcher {
    fn from(alive: Alive) -> Self {
        Self(alive)
    }
}

impl Watcher {
    /// That of a place; nothing when there is none, or when it ended as it should.
    pub fn of(place: &Place) -> Option<Self> {
        Sign::Watchdog.read(&place.files.control).map(Self)
    }

    /// Whether its sign is young enough.
    pub fn watches(&self, now: Time) -> bool {
        now - self.0.at < SILENT
    }

    /// What it does, in words.
    pub fn told(&self, now: Time) -> String {
        let (pid, age) = (self.0.pid, figures::span(now - self.0.at));
        if self.watches(now) {
            format!("process {pid} watches since {}, seen {age} ago", figures::minute(self.0.since))
        } else {
            format!("process {pid} watched it and was NOT SEEN for {age}")
        }
    }

    /// The same for programs.
    pub fn json(&self, now: Time) -> Value {
        json!({
            "pid": self.0.pid,
            "since": self.0.since,
            "watches": self.watches(now),
            "silent_for_ms": (now - self.0.at).num_milliseconds(),
        })
    }
}

/// Whether a process of this number runs; it may be another one than was meant. Where the system does not tell, it counts as
/// running.
#[cfg(unix)]
pub fn process_runs(pid: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// Whether a process of this number runs; where the system does not tell, it counts as running.
#[cfg(not(unix))]
pub fn process_runs(_: u32) -> bool {
    true
}

//! One process writes: whoever does holds the lock of its book, and the file says who that is.
//!
//! The lock is the operating system's and ends with the process, however it ends. The file stays, empty.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use broker_api::Time;
use serde::{Deserialize, Serialize};

use crate::encode::time_text;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Since when it holds the lock, by its own clock.
    pub since: Time,
    /// When the system started the process, in the system's own count, where it tells; with the pid it names one
    /// process for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<u64>,
    /// The program.
    pub program: Box<str>,
    /// The machine.
    pub host: Box<str>,
}

impl Holder {
    /// This process.
    pub fn this(program: &str, now: Time) -> Self {
        let pid = std::process::id();
        Self { pid, since: now, born: born(pid), program: program.into(), host: host() }
    }

    /// Whether that process still runs on this machine; nothing when it cannot be told.
    pub fn runs(&self) -> Option<bool> {
        if self.host != host() || !cfg!(target_os = "linux") {
            return None;
        }
        self.born.map(|known| born(self.pid) == Some(known))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, since, program, host, .. } = self;
        write!(f, "{program}, process {pid} on {host}, since {}", time_text(*since))
    }
}

/// When the system started a process, where it tells: the 22nd field of `/proc/PID/stat`. One that has ended, and that nobody
/// has asked how, is none.
fn born(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn host() -> Box<str> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name =
        name.ok().or_else(|| std::env::var("COMPUTERNAME").ok()).or_else(|| std::env::var("HOSTNAME").ok());
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .map_or_else(|| "this machine".into(), Into::into)
}

/// Why the lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Somebody holds it.
    Held {
        /// The lock's file.
        path: PathBuf,
        /// Who; nothing when the file does not say, as in the moment in which it is taken.
        holder: Option<Holder>,
    },
    /// The file cannot be used.
    Failed {
        /// The lock's file.
        path: PathBuf,
        /// What stands against it.
        why: std::io::Error,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { path, holder } => {
                write!(f, "another process works on this book (")?;
                match holder {
                    Some(holder) => holder.fmt(f)?,
                    None => write!(f, "it has not said which")?,
                }
                write!(f, "; it holds {}): wait for it or stop it, and start again", path.display())
            }
            Self::Failed { path, why } => write!(
                f,
                "the lock {} cannot be taken: {why}; this user needs write permission for it and its folder, and \
                 the disk must allow locks",
                path.display()
            ),
        }
    }
}

impl std::error::Error for LockError {}

/// The right to write. Given back when it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock, without waiting, and writes who we are into its file.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(path: &Path, program: &str, now: Time) -> Result<Self, LockError> {
        let fail = |why| LockError::Failed { path: path.to_owned(), why };
        let open = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = open().map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { path: path.to_owned(), holder: read(path) });
            }
            Err(TryLockError::Error(why)) => return Err(fail(why)),
        }
        let mut lock = Self { file, path: path.to_owned() };
        let holder = serde_json::to_string(&Holder::this(program, now)).map_err(|why| fail(why.into()))?;
        lock.file.set_len(0).map_err(fail)?;
        lock.file.write_all(format!("{holder}\n").as_bytes()).map_err(fail)?;
        Ok(lock)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.file.rewind());
        drop(self.file.set_len(0));
        // Not left to the closing: a process that is being started at the moment has a copy of the open file.
        drop(self.file.unlock());
    }
}

/// Who holds the lock of this file, as the file says. It says nothing about whether they still do.
pub fn read(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path).ok()?.take(4_096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests;

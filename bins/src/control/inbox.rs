//! The folder as the process sees it that is asked.

use std::io;
use std::path::{Path, PathBuf};

use broker_api::Time;
use chrono::TimeDelta;
use serde::Serialize;

use super::{Alive, Answer, Ask, Handed, SMALL, Sign, What, read, write};

/// How many asks are done in one look.
const AT_ONCE: usize = 100;
/// How old an ask may be that does not only tighten: its asker has gone.
const OLD: TimeDelta = TimeDelta::seconds(30);
/// How long answers and leftovers that nobody fetched are kept.
const KEPT: TimeDelta = TimeDelta::minutes(5);
/// How large signals that are handed over may be.
const SIGNALS: u64 = 256 << 20;

/// The folder.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
}

/// An ask that was found.
#[derive(Debug)]
pub struct Asked {
    name: String,
    /// What is asked.
    pub what: What,
    /// The signals that came with it.
    pub handed: Handed,
}

impl Inbox {
    /// The folder, made when it is not there.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn at(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    /// What is asked, oldest first. What does not only tighten is taken out of the folder by this; what cannot be read, or is too old, is
    /// refused.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn look(&self, now: Time, seq: u64) -> io::Result<Vec<Asked>> {
        let mut names: Vec<String> = std::fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".ask")?.to_owned()))
            .collect();
        names.sort_unstable();
        let mut asked = Vec::new();
        for name in names.into_iter().take(AT_ONCE) {
            match self.found(&name, now) {
                Ok(Some(found)) => asked.push(found),
                // Withdrawn in this moment.
                Ok(None) => {}
                Err(why) => {
                    self.remove(&name, "ask");
                    self.remove(&name, "signals");
                    let refused = Some(why.to_string().into());
                    self.say(&name, &Answer { at: now, seq, refused, data: serde_json::Value::Null })?;
                }
            }
        }
        Ok(asked)
    }

    fn found(&self, name: &str, now: Time) -> io::Result<Option<Asked>> {
        let path = self.at(name, "ask");
        let Ask { at, what } = match read(&path, SMALL) {
            Ok(ask) => ask,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_old = (now - at).abs() > OLD;
        if is_old && !what.tightens() {
            return Err(io::Error::other(format!("it was asked at {at}, and whoever asked has gone")));
        }
        let handed =
            if what == What::Signals { read(&self.at(name, "signals"), SIGNALS)? } else { Vec::new() };
        // What is done at most once leaves the folder before it is done.
        if !what.tightens() && std::fs::remove_file(&path).is_err() {
            return Ok(None);
        }
        Ok(Some(Asked { name: name.to_owned(), what, handed }))
    }

    /// Says what came of one, which is over then.
    ///
    /// # Errors
    /// A folder that cannot be written to: what was asked is done all the same.
    pub fn answer(&self, asked: &Asked, answer: &Answer) -> io::Result<()> {
        let said = self.say(&asked.name, answer);
        self.remove(&asked.name, "ask");
        self.remove(&asked.name, "signals");
        said
    }

    fn say(&self, name: &str, answer: &impl Serialize) -> io::Result<()> {
        write(&self.folder, &self.at(name, "answer"), answer)
    }

    fn remove(&self, name: &str, ending: &str) {
        // It is gone already, or is read again, which changes nothing.
        let _ = std::fs::remove_file(self.at(name, ending));
    }

    /// Says that the process is alive. Not durable: after a crash nobody is.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn alive(&self, alive: &Alive) -> io::Result<()> {
        Sign::Trader.write(&self.folder, alive)
    }

    /// Removes what nobody fetched, and at the end the sign of life.
    pub fn tidy(&self, now: std::time::SystemTime, is_over: bool) {
        if is_over {
            Sign::Trader.remove(&self.folder);
        }
        let kept = KEPT.to_std().unwrap_or_default();
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_leftover =
                name.ends_with(".answer") || name.ends_with(".part") || name.ends_with(".signals");
            let age = entry
                .metadata()
                .and_then(|file| file.modified())
                .ok()
                .and_then(|at| now.duration_since(at).ok());
            if is_leftover && age.is_some_and(|age| age > kept) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

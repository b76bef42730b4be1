//! The watched folder: a file that is put there is taken in once, whole.
//!
//! A file is taken by renaming it into `.taking`, when it has not changed between two looks; what lies there after a
//! crash is taken in again, which changes nothing that was done. What was taken in goes to `done`, what cannot be read to
//! `refused`, with the reason beside it. Of each the newest thousand are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use broker_api::Time;
use engine::intake::{self, Defaults, Fault};

use super::{Batch, From};
use crate::failure::Failure;
use crate::out::Out;
use crate::reading;

const TAKING: &str = ".taking";
const DONE: &str = "done";
const REFUSED: &str = "refused";
/// How many files are kept of those that were taken in, and of those that were refused.
const KEPT: usize = 1_000;
/// How many files are taken at one look.
const AT_ONCE: usize = 16;
/// How many looks apart a file must be the same: a second.
const LOOKS: u8 = 5;

/// The folder.
#[derive(Debug)]
pub struct Watched {
    folder: PathBuf,
    /// How each file looked, and how often it did.
    seen: BTreeMap<PathBuf, (Looks, u8)>,
    is_unread: bool,
    /// What an earlier process took and did not end.
    left: Vec<PathBuf>,
}

type Looks = (u64, Option<SystemTime>);

/// A file that was taken.
#[derive(Debug)]
pub struct Taken {
    path: PathBuf,
    folder: PathBuf,
}

impl Watched {
    /// The folder, and those in it that are needed.
    ///
    /// # Errors
    /// When they cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let opened =
            [TAKING, DONE, REFUSED].iter().try_for_each(|name| std::fs::create_dir_all(folder.join(name)));
        let left = opened.and_then(|()| files(&folder.join(TAKING)));
        let left = left.map_err(|error| {
            Failure::usage("no_folder", format!("{} cannot be watched", folder.display()))
                .because(&error)
                .fix("name a folder with --signals that this user can write to; nothing was taken in")
        })?;
        Ok(Self { folder: folder.to_owned(), seen: BTreeMap::new(), is_unread: false, left })
    }

    /// Takes what is there.
    pub fn look(&mut self, out: Out, now: Time, defaults: &Defaults) -> Vec<Batch> {
        let mut taken: Vec<PathBuf> = std::mem::take(&mut self.left);
        match files(&self.folder) {
            Ok(found) => {
                self.is_unread = false;
                taken.extend(self.ready(out, found));
            }
            Err(error) if !self.is_unread => {
                self.is_unread = true;
                out.warn("folder_unread", &format!("{}: {error}; it is tried again", self.folder.display()));
            }
            Err(_) => {}
        }
        taken.into_iter().filter_map(|path| self.read(out, path, now, defaults)).collect()
    }

    /// Those that stand still, renamed.
    fn ready(&mut self, out: Out, found: Vec<PathBuf>) -> Vec<PathBuf> {
        let mut seen = BTreeMap::new();
        let mut taken = Vec::new();
        for path in found {
            let Ok(file) = std::fs::metadata(&path) else { continue };
            let looks = (file.len(), file.modified().ok());
            let count = match self.seen.get(&path) {
                Some((known, count)) if *known == looks => count.saturating_add(1),
                _ => 0,
            };
            if count < LOOKS || taken.len() == AT_ONCE {
                seen.insert(path, (looks, count));
                continue;
            }
            let Some(name) = path.file_name() else { continue };
            let to = self.folder.join(TAKING).join(name);
            out.step(&format!("take {}", path.display()));
            match std::fs::rename(&path, &to) {
                Ok(()) => taken.push(to),
                Err(error) => {
                    if count == LOOKS {
                        out.warn("folder_unread", &format!("{} cannot be taken: {error}", path.display()));
                    }
                    seen.insert(path, (looks, count));
                }
            }
        }
        self.seen = seen;
        taken
    }

    fn read(&self, out: Out, path: PathBuf, now: Time, defaults: &Defaults) -> Option<Batch> {
        let taken = Taken { folder: self.folder.clone(), path };
        let limit = u64::try_from(intake::TEXT_BYTES_MAX).unwrap_or(u64::MAX);
        let text = match reading::read_text(&taken.path, limit) {
            Ok(text) => text,
            Err(failure) => {
                taken.refused(out, &failure.to_string());
                return None;
            }
        };
        let intake = intake::read(&text, &taken.path.display().to_string(), now, defaults);
        if intake.signals.is_empty() && !intake.faults.is_empty() {
            taken.refused(out, &listed(&intake.faults));
            return None;
        }
        Some(Batch { intake, from: From::File(taken) })
    }
}

impl Taken {
    /// It was taken in.
    pub fn done(self, out: Out, faults: &[Fault]) {
        if !faults.is_empty() {
            out.warn("bad_signal", &listed(faults));
            self.beside(DONE, &listed(faults));
        }
        self.moved(out, DONE);
    }

    fn refused(self, out: Out, why: &str) {
        out.warn("bad_signal", why);
        self.beside(REFUSED, why);
        self.moved(out, REFUSED);
    }

    /// Writes why beside where the file goes to.
    fn beside(&self, into: &str, why: &str) {
        if let Some(name) = self.path.file_name() {
            let mut name = name.to_os_string();
            name.push(".why");
            // It was told already.
            let _ = std::fs::write(self.folder.join(into).join(name), format!("{why}\n"));
        }
    }

    fn moved(&self, out: Out, into: &str) {
        let Some(name) = self.path.file_name() else { return };
        let folder = self.folder.join(into);
        out.step(&format!("put away {}", self.path.display()));
        if let Err(error) = std::fs::rename(&self.path, folder.join(name)) {
            let path = self.path.display();
            out.warn("folder_unread", &format!("{path} cannot be put away: {error}; the next start takes it in again, which changes nothing"));
        }
        let Ok(mut kept) = files(&folder) else { return };
        if kept.len() > KEPT {
            let age = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
            kept.sort_by_cached_key(age);
            let more = kept.len() - KEPT;
            for old in kept.into_iter().take(more) {
                let _ = std::fs::remove_file(old);
            }
        }
    }
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().take(100).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The files of a folder that are not hidden, and not of a kind that somebody is writing.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_part =
            name.starts_with('.') || name.ends_with('~') || name.ends_with(".tmp") || name.ends_with(".part");
        if !is_part && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

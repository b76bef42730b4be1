//! What a disk keeps when the power goes: what was flushed, and of the rest some, all or nothing.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::kill::Random;

/// A file that was written to and not flushed since.
struct Unflushed {
    /// Leads to the file, whatever its name.
    file: File,
    /// What it was when it was last flushed.
    durable: Vec<u8>,
    changes: Vec<Change>,
}

enum Change {
    Bytes { at: u64, bytes: Vec<u8> },
    Length(u64),
}

/// A name that was given or taken away, and no flush of its folder followed.
struct Renamed {
    /// The folders that are not flushed yet.
    folders: Vec<PathBuf>,
    undo: Undo,
}

enum Undo {
    /// It was not there.
    Remove(PathBuf),
    /// It was, and is kept aside.
    Restore {
        path: PathBuf,
        aside: PathBuf,
    },
    /// This file had another name, and what had the new one is kept aside.
    Rename {
        file: u64,
        from: PathBuf,
        to: PathBuf,
        aside: Option<PathBuf>,
    },
    RemoveFolder(PathBuf),
}

/// The disk under a process: what of its writes would not survive.
pub struct Disk {
    files: BTreeMap<(u64, u64), Unflushed>,
    names: Vec<Renamed>,
    /// On the same disk as the folder, so that a second name can be given.
    aside: TempDir,
    kept: usize,
}

/// Which of what was not flushed is gone.
#[derive(Clone, Copy, Debug)]
pub enum Power {
    /// All of it.
    Gone,
    /// What follows from a number: of each write all, a part or nothing is there, and of the names the first so many.
    Torn(u64),
}

impl Disk {
    pub fn beside(folder: &Path) -> Self {
        let aside = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
        Self { files: BTreeMap::new(), names: Vec::new(), aside, kept: 0 }
    }

    fn keep(&mut self, path: &Path) -> Option<PathBuf> {
        self.kept += 1;
        let aside = self.aside.path().join(self.kept.to_string());
        std::fs::hard_link(path, &aside).ok().map(|()| aside)
    }

    fn name(&mut self, paths: &[&Path], undo: Undo) {
        let folders = paths.iter().map(|path| path.parent().unwrap().to_owned()).collect();
        self.names.push(Renamed { folders, undo });
    }

    pub fn creates(&mut self, path: &Path) {
        self.name(&[path], Undo::Remove(path.to_owned()));
    }

    pub fn makes_folder(&mut self, path: &Path) {
        self.name(&[path], Undo::RemoveFolder(path.to_owned()));
    }

    pub fn removes(&mut self, path: &Path) {
        if let Some(aside) = self.keep(path) {
            self.name(&[path], Undo::Restore { path: path.to_owned(), aside });
        }
    }

    pub fn renames(&mut self, from: &Path, to: &Path) {
        if let Ok(file) = std::fs::symlink_metadata(from).map(|file| file.ino()) {
            let aside = self.keep(to);
            let undo = Undo::Rename { file, from: from.to_owned(), to: to.to_owned(), aside };
            self.name(&[from, to], undo);
        }
    }

    /// A file is about to be changed that this path leads to.
    pub fn changes(&mut self, path: &Path) -> (u64, u64) {
        let there = std::fs::metadata(path).unwrap();
        let id = (there.dev(), there.ino());
        self.files.entry(id).or_insert_with(|| {
            let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
            Unflushed { file, durable: std::fs::read(path).unwrap(), changes: Vec::new() }
        });
        id
    }

    /// It was: so many bytes there.
    pub fn wrote(&mut self, id: (u64, u64), at: u64, count: usize) {
        let Some(known) = self.files.get_mut(&id) else { return };
        let mut bytes = vec![0; count];
        known.file.read_exact_at(&mut bytes, at).unwrap();
        known.changes.push(Change::Bytes { at, bytes });
    }

    /// It was: it has another length.
    pub fn cut(&mut self, id: (u64, u64)) {
        let Some(known) = self.files.get_mut(&id) else { return };
        known.changes.push(Change::Length(known.file.metadata().unwrap().len()));
    }

    /// A file or a folder was flushed.
    pub fn flushed(&mut self, path: &Path) {
        let Ok(there) = std::fs::metadata(path) else { return };
        if there.is_dir() {
            let folder = std::fs::canonicalize(path).unwrap();
            self.names.retain_mut(|name| {
                name.folders.retain(|of| std::fs::canonicalize(of).unwrap_or_else(|_| of.clone()) != folder);
                !name.folders.is_empty()
            });
        } else {
            self.files.remove(&(there.dev(), there.ino()));
        }
    }

    /// The power goes.
    pub fn loses(self, power: Power, folder: &Path) {
        let mut random = Random(match power {
            Power::Gone => 0,
            Power::Torn(seed) => seed,
        });
        let mut below = |limit: usize| usize::try_from(random.below(u64::try_from(limit).unwrap())).unwrap();
        let is_torn = matches!(power, Power::Torn(_));
        for known in self.files.into_values() {
            let mut bytes = known.durable;
            for change in known.changes {
                match (change, if is_torn { below(3) } else { 0 }) {
                    (_, 0) => {}
                    (Change::Length(length), _) => bytes.resize(usize::try_from(length).unwrap(), 0),
                    (Change::Bytes { at, bytes: new }, how) => {
                        // A sector is whole or not there.
                        let sectors = new.len().div_ceil(SECTOR);
                        let there = if how == 1 { below(sectors.max(1)) * SECTOR } else { new.len() };
                        let from = usize::try_from(at).unwrap();
                        let end = from + there.min(new.len());
                        if bytes.len() < end {
                            bytes.resize(end, 0);
                        }
                        bytes[from..end].copy_from_slice(&new[..end - from]);
                    }
                }
            }
            known.file.set_len(0).unwrap();
            known.file.write_all_at(&bytes, 0).unwrap();
        }
        let there = if is_torn { below(self.names.len() + 1) } else { 0 };
        for renamed in self.names.into_iter().skip(there).rev() {
            match renamed.undo {
                Undo::Remove(path) => gone(std::fs::remove_file(path)),
                Undo::RemoveFolder(path) => gone(std::fs::remove_dir(path)),
                Undo::Restore { path, aside } => std::fs::rename(aside, path).unwrap(),
                Undo::Rename { file, from, to, aside } => {
                    // A call that did not come to its end left the names as they were.
                    if std::fs::symlink_metadata(&to).is_ok_and(|there| there.ino() != file) {
                        continue;
                    }
                    gone(std::fs::rename(&to, from));
                    if let Some(aside) = aside {
                        std::fs::rename(aside, to).unwrap();
                    }
                }
            }
        }
        // Memory is memory.
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

/// A call that did not come to its end made nothing that could be taken away.
fn gone(done: std::io::Result<()>) {
    if let Err(error) = done {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
    }
}

const SECTOR: usize = 512;

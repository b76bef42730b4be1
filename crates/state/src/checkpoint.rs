//! The state file: the book as one readable file, for a person, an agent, and the Python side.
//!
//! 1. It is written whole to a new file beside it, which takes its name only when it is on the disk; a crash at
//!    any moment leaves the old file or the new one.
//! 2. Keys that are not ours, at any level, are read from the disk at each write and kept.
//! 3. A checksum over our keys tells a file that somebody edited; how the file is laid out does not matter.

mod edits;
mod error;
mod merge;
mod safe;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use broker_api::{Digest, Price, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use edits::{Edit, NotTaken, changes, edit};
pub use error::CheckpointError;
use error::unreadable;
pub use merge::Difference;
use safe::keep;

use crate::book::{AdoptedFrom, Book, keyed};
use crate::encode::{digest, time_text};
use crate::files::{Files, folder, with_ending};
use crate::journal::Journal;
use crate::store::Store;

/// The JSON Schema of the state file; what it names is ours.
pub const SCHEMA: &str = include_str!("../schema/state.schema.json");
/// What the file says it is.
const NAME: &str = "tradewind.state/1";
/// What any version of it begins with.
const FAMILY: &str = "tradewind.state/";
/// Keys of ours that no record determines.
const OF_THE_WRITE: [&str; 4] = ["generation", "written_at", "program", "checksum"];

/// A book at one place of its journal, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The book.
    pub book: Book,
    /// The id of its journal.
    pub journal_id: Box<str>,
    /// The hash of the last row that is in the book.
    pub journal_hash: Digest,
    /// When it was cut.
    pub written_at: Time,
    /// The program that writes it.
    pub program: Box<str>,
}

impl Checkpoint {
    /// The book as it stands; nothing while it runs ahead of the journal.
    pub fn cut<S: Store>(book: &Book, journal: &Journal<S>, now: Time, program: &str) -> Option<Self> {
        let head = journal.head();
        (book.seq() == head.seq).then(|| Self {
            book: book.clone(),
            journal_id: journal.id().into(),
            journal_hash: head.hash,
            written_at: now,
            program: program.into(),
        })
    }

    /// The text of the file, with no keys but ours in it.
    ///
    /// # Errors
    /// When the book cannot be told as JSON: a fault of this program.
    pub fn text(&self, generation: u64) -> Result<Vec<u8>, serde_json::Error> {
        lines(&self.own(generation)?)
    }

    /// Our keys, the checksum among them.
    fn own(&self, generation: u64) -> Result<Value, serde_json::Error> {
        let mut all = Map::new();
        all.insert("schema".to_owned(), NAME.into());
        all.insert("generation".to_owned(), generation.into());
        all.insert("written_at".to_owned(), time_text(self.written_at).into());
        all.insert("program".to_owned(), self.program.as_ref().into());
        all.insert("journal_id".to_owned(), self.journal_id.as_ref().into());
        all.insert("journal_seq".to_owned(), self.book.seq().into());
        all.insert("journal_hash".to_owned(), self.journal_hash.as_str().into());
        all.insert("checksum".to_owned(), Value::Null);
        all.extend(readable(&self.book)?);
        let mut all = Value::Object(all);
        let sum = checksum(&all);
        all["checksum"] = sum.as_str().into();
        Ok(all)
    }
}

/// The book's own keys, with the figures that a reader would otherwise have to compute.
fn readable(book: &Book) -> Result<Map<String, Value>, serde_json::Error> {
    let Value::Object(mut all) = serde_json::to_value(book)? else { return Ok(Map::new()) };
    let price = |price: Option<Price>| price.map(|price| json!(price));
    for position in book.positions() {
        if let Some(entry) =
            all.get_mut("positions").and_then(|table| table.get_mut(position.key.to_string()))
        {
            put(entry, [("average_price", price(position.average()))]);
        }
    }
    let trades = all.get_mut("trades").and_then(Value::as_array_mut);
    for (trade, entry) in book.trades().zip(trades.into_iter().flatten()) {
        let figures = [
            ("entry_price", price(trade.entry())),
            ("exit_price", price(trade.exit_price())),
            ("net", Some(json!(trade.net()))),
            ("r", trade.r().map(|r| json!(r))),
        ];
        put(entry, figures);
    }
    Ok(all)
}

fn lines(file: &Value) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn put<const N: usize>(entry: &mut Value, keys: [(&str, Option<Value>); N]) {
    let Value::Object(entry) = entry else { return };
    entry.extend(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
}

/// The checksum of our keys.
fn checksum(own: &Value) -> Digest {
    let mut own = own.clone();
    if let Value::Object(keys) = &mut own {
        keys.shift_remove("checksum");
    }
    digest(merge::canonical(&own).as_bytes())
}

/// A state file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The id of its journal.
    pub journal_id: Box<str>,
    /// The last record that is in it.
    pub journal_seq: u64,
    /// The hash of that record's row.
    pub journal_hash: Digest,
    /// Counts the writes.
    pub generation: u64,
    /// When it was written.
    pub written_at: Time,
    /// The hash of the file's bytes.
    pub file: Digest,
    /// Whether our keys are as they were written.
    pub intact: bool,
    /// Our keys.
    own: Value,
}

impl Loaded {
    /// The book in it.
    ///
    /// # Errors
    /// [`CheckpointError::Unreadable`] when it is not one this program knows.
    pub fn book(&self, path: &Path) -> Result<Book, CheckpointError> {
        Book::deserialize(&self.own).map_err(|why| unreadable(path, why.to_string()))
    }

    /// Whether it is the file that a book was taken from.
    pub fn is(&self, from: &AdoptedFrom) -> bool {
        let place = (&*self.journal_id, self.journal_seq, self.journal_hash);
        self.intact && place == (&*from.journal, from.seq, from.hash)
    }

    /// Our keys, as JSON with sorted keys and without white space.
    pub fn keys(&self) -> String {
        merge::canonical(&self.own)
    }

    /// Where our keys are not what a book at this place of the journal would have them, at most `most` places. A trade
    /// stands under its number.
    pub fn differences(&self, book: &Book, most: usize) -> Vec<Difference> {
        let mut file = self.own.clone();
        if let Value::Object(keys) = &mut file {
            keys.retain(|key, _| !OF_THE_WRITE.contains(&key.as_str()));
        }
        let told = readable(book).map(|mut keys| {
            keys.insert("schema".to_owned(), NAME.into());
            keys.insert("journal_id".to_owned(), self.journal_id.as_ref().into());
            keys.insert("journal_hash".to_owned(), self.journal_hash.as_str().into());
            Value::Object(keys)
        });
        merge::differences(&keyed(file), &keyed(told.unwrap_or_default()), most)
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file's generation.
    pub generation: u64,
    /// The file that was there, when it had been edited in our keys, and the name it was kept under.
    pub edited: Option<(PathBuf, Loaded)>,
}

/// Reads the state file; nothing when there is none.
///
/// # Errors
/// [`CheckpointError`]. A file that was edited is no error: see [`Loaded::intact`].
pub fn read(files: &Files) -> Result<Option<Loaded>, CheckpointError> {
    read_at(&files.state)
}

/// Reads a state file that lies anywhere; nothing when there is none.
///
/// # Errors
/// As [`read`].
pub fn read_at(path: &Path) -> Result<Option<Loaded>, CheckpointError> {
    text(path)?.map(|(file, hash)| loaded(path, &file, hash)).transpose()
}

/// Reads the text of a state file; the path is only told.
///
/// # Errors
/// As [`read`].
pub fn parsed(path: &Path, bytes: &[u8]) -> Result<Loaded, CheckpointError> {
    let (file, hash) = json(path, bytes)?;
    loaded(path, &file, hash)
}

/// The file's JSON, ours or not, and the hash of its bytes.
fn text(path: &Path) -> Result<Option<(Value, Digest)>, CheckpointError> {
    // Looked at before it is opened: a pipe that nobody writes into would be waited for without an end.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(unreadable(path, "it is not a file but a folder, a pipe or a device"));
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            return match fs::read_link(path) {
                Ok(to) => {
                    Err(unreadable(path, format!("it is a link to {}, which is not there", to.display())))
                }
                Err(_) => Ok(None),
            };
        }
        Err(why) => return Err(CheckpointError::Io { path: path.to_owned(), doing: "read", why }),
    };
    json(path, &bytes).map(Some)
}

fn json(path: &Path, bytes: &[u8]) -> Result<(Value, Digest), CheckpointError> {
    if bytes.is_empty() {
        return Err(unreadable(path, "it is empty"));
    }
    let hash = digest(bytes);
    serde_json::from_slice(bytes).map(|file| (file, hash)).map_err(|why| {
        let cut = if why.is_eof() { "it ends in the middle" } else { "it is not JSON" };
        unreadable(path, format!("{cut} (line {}, column {})", why.line(), why.column()))
    })
}

fn loaded(path: &Path, file: &Value, hash: Digest) -> Result<Loaded, CheckpointError> {
    let name = file.get("schema").and_then(Value::as_str).unwrap_or_default();
    if name != NAME {
        let version = name.strip_prefix(FAMILY).map(str::parse::<u32>);
        return Err(if matches!(version, Some(Ok(0))) {
            unreadable(path, format!("it is {name}, older than any that Tradewind ever kept"))
        } else if version.is_some() {
            CheckpointError::Newer { path: path.to_owned(), found: name.into() }
        } else {
            CheckpointError::NotOurs { path: path.to_owned() }
        });
    }
    let own = merge::own(file);
    let word = |key: &str| {
        let word = own.get(key).and_then(Value::as_str);
        word.ok_or_else(|| unreadable(path, format!("its key `{key}` is missing or is no text")))
    };
    let count = |key: &str| {
        let count = own.get(key).and_then(Value::as_u64);
        count.ok_or_else(|| unreadable(path, format!("its key `{key}` is missing or is no whole number")))
    };
    Ok(Loaded {
        journal_id: word("journal_id")?.into(),
        journal_seq: count("journal_seq")?,
        journal_hash: Digest::new(word("journal_hash")?).map_err(|why| unreadable(path, why.to_string()))?,
        generation: count("generation")?,
        written_at: time(word("written_at")?)
            .ok_or_else(|| unreadable(path, "its key `written_at` is no time"))?,
        file: hash,
        intact: own.get("checksum").and_then(Value::as_str) == Some(checksum(&own).as_str()),
        own,
    })
}

fn time(text: &str) -> Option<Time> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// Writes the state file. The one before stays as [`Files::previous`].
///
/// # Errors
/// [`CheckpointError`]; the file that was there is still there.
pub fn write(files: &Files, checkpoint: &Checkpoint) -> Result<Written, CheckpointError> {
    prepare(files, checkpoint)?.publish()
}

/// A new state file that has not taken its name yet.
struct Prepared<'a> {
    files: &'a Files,
    /// Where the name leads, when it is a link.
    target: PathBuf,
    part: PathBuf,
    replaces: bool,
    edited: Option<Loaded>,
    generation: u64,
}

fn prepare<'a>(files: &'a Files, checkpoint: &Checkpoint) -> Result<Prepared<'a>, CheckpointError> {
    let path = &files.state;
    let there = text(path)?;
    let known = there.as_ref().map(|(file, hash)| loaded(path, file, *hash)).transpose()?;
    let is_adopted = |known: &Loaded| checkpoint.book.adopted_from().is_some_and(|from| known.is(from));
    if let Some(known) = known.as_ref().filter(|known| !is_adopted(known)) {
        if known.journal_id != checkpoint.journal_id {
            let (found, ours) = (known.journal_id.clone(), checkpoint.journal_id.clone());
            return Err(CheckpointError::OtherJournal { path: path.clone(), found, ours });
        }
        if known.intact && known.journal_seq > checkpoint.book.seq() {
            let (found, ours) = (known.journal_seq, checkpoint.book.seq());
            return Err(CheckpointError::Ahead { path: path.clone(), found, ours });
        }
    }
    let generation = known.as_ref().map_or(0, |known| known.generation).saturating_add(1);
    let own = checkpoint.own(generation).map_err(|why| unreadable(path, why.to_string()))?;
    let replaces = there.is_some();
    let file = there.map_or_else(|| own.clone(), |(there, _)| merge::merged(own.clone(), there));
    let bytes = lines(&file).map_err(|why| unreadable(path, why.to_string()))?;
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let part = with_ending(&target, ".part");
    let save = || -> io::Result<()> {
        let mut new = File::create(&part)?;
        if let Ok(old) = fs::metadata(&target) {
            new.set_permissions(old.permissions())?;
        }
        new.write_all(&bytes)?;
        new.sync_all()
    };
    save().map_err(|why| CheckpointError::Io { path: part.clone(), doing: "written", why })?;
    let edited = known.filter(|known| !known.intact);
    Ok(Prepared { files, target, part, replaces, edited, generation })
}

impl Prepared<'_> {
    fn publish(self) -> Result<Written, CheckpointError> {
        let mut edited = None;
        let fail = |path: &Path, why| CheckpointError::Io { path: path.to_owned(), doing: "written", why };
        if self.replaces {
            if let Some(loaded) = self.edited {
                let name = safe::edited_name(&self.files.state, loaded.file)
                    .map_err(|why| fail(&self.files.state, why))?;
                keep(&self.target, &name).map_err(|why| fail(&name, why))?;
                edited = Some((name, loaded));
            }
            keep(&self.target, &self.files.previous).map_err(|why| fail(&self.files.previous, why))?;
        }
        let rename = || -> io::Result<()> {
            fs::rename(&self.part, &self.target)?;
            File::open(folder(&self.target))?.sync_all()
        };
        rename().map_err(|why| fail(&self.target, why))?;
        Ok(Written { generation: self.generation, edited })
    }
}

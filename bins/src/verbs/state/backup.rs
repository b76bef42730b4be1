//! `state backup`: the files of a place in a new folder, read back, with a page that says what they are.
//!
//! The folder takes its name only when everything in it is whole and on the disk. The page is `backup.json`.

use std::fs;
use std::path::{Path, PathBuf};

use broker_api::{Digest, Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use state::encode::digest;
use state::{Book, Files, Journal, SqliteStore, Started};

use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::Out;
use crate::place::{Place, heading, headline};

/// The page of a backup.
pub const PAGE: &str = "backup.json";
/// What the page says it is.
pub const NAME: &str = "tradewind.backup/1";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What it is.
    pub schema: Box<str>,
    /// When it was made.
    pub made_at: Time,
    /// The state file.
    pub state: Copied,
    /// The journal.
    pub journal: Copied,
    /// The paper broker's log, when there was one.
    pub venue: Option<Copied>,
    /// The journal's id.
    pub journal_id: Box<str>,
    /// How many records it has.
    pub records: u64,
    /// The hash of the last one's row.
    pub head: Digest,
    /// Whether nobody wrote between the copying of one file and the next.
    pub is_still: bool,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its name.
    pub file: Box<str>,
    /// The hash of its bytes.
    pub sha256: Digest,
}

impl Page {
    /// The files of the backup.
    pub fn files(&self) -> impl Iterator<Item = &Copied> {
        [&self.state, &self.journal].into_iter().chain(&self.venue)
    }
}

fn failed(folder: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "not_backed_up", format!("no backup was made in {}", folder.display()))
        .because(error)
        .fix("correct what the cause names; nothing was left half-made")
}

/// Copies the files of a place into a new folder.
///
/// # Errors
/// A folder that is there, files that are not whole, a disk that is full; then there is no folder.
pub fn backup(out: Out, place: &Place, folder: Option<&Path>) -> Result<(), Failure> {
    let folder = folder.unwrap_or_else(|| Path::new("backup"));
    if folder.try_exists().unwrap_or(true) {
        return Err(Failure::usage("backup_there", format!("{} is there already", folder.display()))
            .fix("name a new folder with --out; a backup never overwrites anything"));
    }
    place.read(None)?; // says in its own words what is wrong when there is no book
    let (lock, is_still) = match files::lock(place) {
        Ok(lock) => (Some(lock), true),
        Err(failure) if failure.code == "state_locked" => {
            out.warn(
                "writer_active",
                "another process writes: the copy of the broker's log may be newer than that of the journal, and \
                 after a restore the broker's history is read before any entry",
            );
            (None, false)
        }
        Err(failure) => return Err(failure),
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| failed(folder, &error))?;
    let part = tempfile::Builder::new()
        .prefix(".backup-")
        .tempdir_in(parent)
        .map_err(|error| failed(folder, &error))?;
    let (page, book) = copies(place, part.path(), is_still)?;
    drop(lock);
    files::write(&part.path().join(PAGE), &serde_json::to_vec_pretty(&page).unwrap_or_default())
        .map_err(|error| failed(folder, &error))?;
    files::sync(part.path()).map_err(|error| failed(folder, &error))?;
    readable(part.path()).map_err(|error| failed(folder, &error))?;
    fs::rename(part.path(), folder).map_err(|error| failed(folder, &error))?;
    files::sync(parent).map_err(|error| failed(folder, &error))?;
    let venue = page.venue.as_ref().map_or_else(String::new, |venue| format!(", {}", venue.file));
    out.text(&format!(
        "{}\nWritten to {}, read back, and whole: {}, {}{venue}: {} records (head {}), {} held\nBring it back with: \
         tradewind state restore {}\n",
        headline(&book, page.made_at),
        folder.display(),
        page.state.file,
        page.journal.file,
        figures::count(page.records),
        &page.head.as_str()[..12],
        figures::counted(book.positions().len(), "position"),
        folder.display(),
    ))?;
    let heading = heading(&book, &page.journal_id, page.records, page.head.as_str());
    let data = json!({ "folder": folder, "page": page, "positions": book.positions().len() });
    out.document("state-backup", &heading, page.made_at, &data)
}

/// Makes the copies: the journal, a state file level with it, and the broker's log last, so that it can only be newer.
fn copies(place: &Place, folder: &Path, is_still: bool) -> Result<(Page, Book), Failure> {
    let wrong = |error: &dyn std::error::Error| failed(folder, error);
    let name = place.files.state.file_name().unwrap_or_default();
    let copy = Place::at(&folder.join(name), place.loaded.clone())?;
    let source = SqliteStore::open_read_only(&place.files.journal).map_err(|error| wrong(&error))?;
    source.backup_to(&copy.files.journal).map_err(|error| wrong(&error))?;
    let state = match fs::read(&place.files.state) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(wrong(&error)),
    };
    let venue = if place.venue.try_exists().unwrap_or(true) {
        broker_paper::venue::backup(&place.venue, &copy.venue).map_err(|error| wrong(&error))?;
        Some(copied(&copy.venue).map_err(|error| wrong(&error))?)
    } else {
        None
    };
    let now = crate::clock::now();
    let journal = SqliteStore::open_read_only(&copy.files.journal).map_err(|error| wrong(&error))?;
    let journal = Journal::open(journal).map_err(|error| wrong(&error))?;
    let book = journal.book_to(u64::MAX).map_err(|error| wrong(&error))?;
    // What others put into the file goes along. One that cannot be read, or is of a later record, is made anew.
    if let Some(bytes) = state {
        files::write(&copy.files.state, &bytes).map_err(|error| wrong(&error))?;
    }
    if files::write_state(&copy.files, &book, &journal, now).is_err() {
        fs::remove_file(&copy.files.state).map_err(|error| wrong(&error))?;
        files::write_state(&copy.files, &book, &journal, now).map_err(|error| wrong(&error))?;
    }
    let _ = fs::remove_file(&copy.files.previous);
    let head = journal.head();
    let page = Page {
        schema: NAME.into(),
        made_at: now,
        state: copied(&copy.files.state).map_err(|error| wrong(&error))?,
        journal: copied(&copy.files.journal).map_err(|error| wrong(&error))?,
        venue,
        journal_id: journal.id().into(),
        records: head.seq,
        head: head.hash,
        is_still,
    };
    whole(folder, &page).map_err(|error| wrong(&error))?;
    Ok((page, book))
}

/// Why a backup is not whole.
#[derive(Debug)]
pub struct NotWhole(pub String);

impl std::fmt::Display for NotWhole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotWhole {}

/// Whether the files in a folder are what its page says: every byte, every record, and the state file what the records
/// fold to. Gives the book. Nothing is written.
pub fn whole(folder: &Path, page: &Page) -> Result<Book, NotWhole> {
    for known in page.files() {
        let path = inside(folder, &known.file)?;
        let bytes = fs::read(&path).map_err(|why| NotWhole(format!("{}: {why}", path.display())))?;
        if digest(&bytes) != known.sha256 {
            return Err(NotWhole(format!("{} is not as it was copied: its hash differs", path.display())));
        }
    }
    let say = |path: &Path, why: &dyn std::fmt::Display| NotWhole(format!("{}: {why}", path.display()));
    let mut files = Files::beside(&inside(folder, &page.state.file)?);
    files.journal = inside(folder, &page.journal.file)?;
    let Started { book, journal, edited } =
        state::start::open_read_only(&files).map_err(|why| NotWhole(why.to_string()))?;
    journal.verify().map_err(|why| say(&files.journal, &why))?;
    let head = journal.head();
    let folded = journal.book_to(u64::MAX).map_err(|why| say(&files.journal, &why))?;
    if edited.is_some() || folded != book {
        return Err(say(&files.state, &"it is not what the journal folds to"));
    }
    if (journal.id(), head.seq, head.hash) != (&page.journal_id, page.records, page.head) {
        return Err(say(&files.journal, &"it is not the one that the page names"));
    }
    if let Some(venue) = &page.venue {
        let path = inside(folder, &venue.file)?;
        broker_paper::venue::verify(&path).map_err(|why| say(&path, &why))?;
    }
    Ok(book)
}

/// A file of a backup by its name, which is nothing but a name.
pub fn inside(folder: &Path, name: &str) -> Result<PathBuf, NotWhole> {
    let is_name = Path::new(name).file_name().is_some_and(|file| file == name);
    if is_name { Ok(folder.join(name)) } else { Err(NotWhole(format!("{name:?} is no name of a file"))) }
}

fn copied(path: &Path) -> std::io::Result<Copied> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Copied { file: name.into(), sha256: digest(&fs::read(path)?) })
}

/// Gives a folder that was made for this user alone the mode that folders usually have.
fn readable(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

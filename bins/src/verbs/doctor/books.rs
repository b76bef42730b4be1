//! The book's files: lock, journal, state file, the venue's log, and a pass on a copy of them all.
//!
//! Nothing beside the book is written, not even what SQLite puts beside a file that it only reads: the journal is read
//! from a copy, and beside a process that works with it only where that has put it there already.

use std::time::Duration;

use broker_api::Time;
use broker_paper::venue::PaperVenue;
use state::files::with_ending;
use state::{Book, Journal, LockError, SqliteStore, start};

use super::Report;
use super::broker::{self, Broker};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::{Heading, Out};
use crate::pass::{self, Pass};
use crate::place::{Place, heading};
use crate::summary;
use crate::verbs::{run, state as verify};

/// What was seen of the book.
#[derive(Default)]
pub struct Seen {
    /// The book.
    pub book: Option<Book>,
    /// What stands above the output.
    pub heading: Option<Heading>,
    /// When the journal's last record was made.
    pub last_record: Option<Time>,
    /// The broker that is traded, when it is not the embedded one and answered.
    pub broker: Option<Broker>,
}

/// A copy of a book's files.
struct Copy {
    place: Place,
    folder: tempfile::TempDir,
}

/// Looks at all of it.
pub fn look(report: &mut Report, place: &Place, is_usable: bool, out: Out) -> Seen {
    let holder = lock(report, place);
    if !place.files.folder().exists() {
        report.skip("state", "its folder is not there");
        return Seen::default();
    }
    let copy = match copied(place) {
        Ok(copy) => copy,
        Err(error) => {
            let seen = format!("the files could not be copied to look at them: {error}");
            report.put(
                "pass",
                super::Verdict::Fail,
                seen,
                Some("make room in the folder for temporary files, or correct the permissions".to_owned()),
                Exit::Unexpected,
            );
            return Seen::default();
        }
    };
    let failed = report.checks.len();
    let mut seen = records(report, place, &copy, holder);
    if is_usable && place.is_paper() {
        venue(report, place, &copy, seen.book.as_ref());
    } else if is_usable {
        seen.broker = broker::look(report, &copy.place, seen.book.as_ref());
    } else {
        report.skip("venue", "the configuration says whose account it is");
    }
    let is_whole = report.checks.iter().skip(failed).all(|check| check.verdict != super::Verdict::Fail);
    if holder {
        report.skip("pass", "another process works with this state");
    } else if !is_usable {
        report.skip("pass", "there is no pass without a configuration");
    } else if !is_whole {
        report.skip("pass", "there is no pass with what failed above");
    } else {
        rehearse(report, place, &copy, seen.book.as_ref(), out);
    }
    seen
}

/// Whether somebody holds the lock.
fn lock(report: &mut Report, place: &Place) -> bool {
    let path = &place.files.lock;
    let Some(holder) = state::lock::read(path) else {
        report.ok("lock", "free");
        return false;
    };
    // Asked of the system only where the file cannot tell: whoever asks holds it for a moment.
    let is_held = holder.runs().unwrap_or_else(|| {
        let free = std::fs::File::open(path).is_ok_and(|file| file.try_lock_shared().is_ok());
        !free
    });
    if is_held {
        report.fail("lock", files::locked(&LockError::Held { path: path.clone(), holder: Some(holder) }));
    } else {
        report.ok("lock", format!("free; left behind by {holder}, which has ended"));
    }
    is_held
}

fn copied(place: &Place) -> std::io::Result<Copy> {
    let folder = tempfile::tempdir()?;
    let name = place
        .files
        .state
        .file_name()
        .map_or_else(|| "paper-state.json".into(), std::ffi::OsStr::to_os_string);
    let copy = Place::at(&folder.path().join(name), place.loaded.clone())
        .map_err(|failure| std::io::Error::other(failure.what))?
        .rehearsing();
    run::copy_files(place, &copy)?;
    Ok(Copy { place: copy, folder })
}

/// Journal and state file.
fn records(report: &mut Report, place: &Place, copy: &Copy, is_held: bool) -> Seen {
    let there = &place.files;
    if !there.journal.exists() {
        if there.state.exists() {
            match start::open_read_only(there) {
                Ok(_) => {}
                Err(error) => report.fail("state", files::bad_start(&error)),
            }
        } else {
            report.ok(
                "journal",
                format!("{} is not there yet; the first pass begins it", there.journal.display()),
            );
            report.ok("state", format!("{} is not there yet", there.state.display()));
        }
        return Seen::default();
    }
    let beside = is_held && with_ending(&there.journal, "-shm").exists();
    let path = if beside { &there.journal } else { &copy.place.files.journal };
    let open = || SqliteStore::open_read_only(path);
    let unreadable = |error: &dyn std::error::Error| {
        copy.ours(
            Failure::usage("journal_unreadable", format!("{} cannot be read", there.journal.display()))
                .because(error)
                .fix("restore the file from a backup, or name another state with --state"),
            place,
        )
    };
    let journal = match open()
        .map_err(|error| unreadable(&error))
        .and_then(|store| Journal::open(store).map_err(|error| unreadable(&error)))
    {
        Ok(journal) => journal,
        Err(failure) => {
            report.fail("journal", failure);
            return Seen::default();
        }
    };
    let head = journal.head();
    let last =
        journal.read(head.seq.saturating_sub(1), 1).ok().and_then(|page| page.last().map(|last| last.at));
    match journal.verify() {
        Ok(verified) => {
            let since = last.map_or_else(String::new, |at| format!(", the last of {}", figures::time(at)));
            report.ok(
                "journal",
                format!(
                    "{}: {}, every hash follows{since}",
                    there.journal.display(),
                    figures::many(verified.records, "record")
                ),
            );
        }
        Err(broken) => report.fail("journal", verify::not_whole(place, &broken)),
    }
    let started = open()
        .map_err(|error| unreadable(&error))
        .and_then(|store| start(there, store).map_err(|error| copy.ours(files::bad_start(&error), place)));
    match started {
        Ok(started) => {
            match &started.edited {
                Some(edit) => report.fail("state", verify::edited(place, edit)),
                None => state_file(report, place, started.book.seq()),
            }
            let (id, head) = (started.journal.id().to_owned(), started.journal.head());
            let heading = heading(&started.book, &id, head.seq, head.hash.as_str());
            Seen { book: Some(started.book), heading: Some(heading), last_record: last, broker: None }
        }
        Err(failure) => {
            report.fail("state", failure);
            Seen { last_record: last, ..Seen::default() }
        }
    }
}

fn state_file(report: &mut Report, place: &Place, seq: u64) {
    let file = place.files.state.display();
    match state::checkpoint::read(&place.files) {
        Ok(Some(loaded)) if loaded.journal_seq == seq => {
            report.ok("state", format!("{file}: whole, of this journal, up to date"));
        }
        Ok(Some(loaded)) => {
            let behind = figures::many(seq.saturating_sub(loaded.journal_seq), "record");
            report.ok(
                "state",
                format!("{file}: whole, of this journal, {behind} behind; the next pass writes it"),
            );
        }
        Ok(None) => report.warn(
            "state",
            format!("{file} is not there, and the journal is"),
            "nothing is lost: the next pass writes it",
        ),
        Err(error) => report.fail(
            "state",
            Failure::usage("state_unreadable", format!("{file} cannot be used"))
                .because(&error)
                .fix("move it away: the journal has everything, and the next pass writes the file anew"),
        ),
    }
}

/// The venue's own log, opened as a pass opens it.
fn venue(report: &mut Report, place: &Place, copy: &Copy, book: Option<&Book>) {
    if let Some(Err(failure)) = book.map(|book| pass::venue_is_there(place, book)) {
        report.fail("venue", failure);
        return;
    }
    let file = place.venue.display();
    if !place.venue.exists() {
        report.ok("venue", format!("{file} is not there yet; the first pass begins it"));
        return;
    }
    let settings = place.loaded.config.settings(crate::place::paper_venue());
    match PaperVenue::open(&copy.place.venue, std::sync::Arc::clone(&place.catalog), settings) {
        Ok(venue) => {
            let played = venue.last_played().map_or_else(
                || "no price yet".to_owned(),
                |at| format!("prices up to {}", figures::time(at)),
            );
            let account = place.loaded.config.paper.account;
            report.ok("venue", format!("{file}: account {account}, {played}"));
        }
        Err(error) => report.fail("venue", copy.ours(pass::at_the_venue(&error), place)),
    }
}

/// A pass without signals on the copy: what it ends with is what `run` would end with.
fn rehearse(report: &mut Report, place: &Place, copy: &Copy, before: Option<&Book>, out: Out) {
    let quiet = out.unwatched();
    let done = Pass::begin(&copy.place, quiet)
        .and_then(|pass| pass.settle(Duration::ZERO))
        .and_then(Pass::refresh)
        .and_then(|pass| {
            let exit = run::standing(&pass);
            let needs = summary::needs_you(pass.book(), copy.place.files.halt.exists(), pass.now());
            pass.end(exit).map(|ended| (exit, needs, ended.book().seq()))
        });
    match done {
        Err(failure) => report.fail("pass", copy.ours(failure, place)),
        Ok((Exit::Done, _, seq)) => {
            let records = seq.saturating_sub(before.map_or(0, Book::seq));
            report.ok(
                "pass",
                format!(
                    "one on a copy of everything ended with 0; it would write {}",
                    figures::many(records, "record")
                ),
            );
        }
        Ok((exit, needs, _)) => {
            let code = match exit {
                Exit::Halted => "halted",
                Exit::Divergence => "diverged",
                _ => "unknown_outcome",
            };
            let mut failure =
                Failure::new(exit, code, format!("one on a copy of everything ended with {}", exit.code()));
            failure.causes = needs.iter().map(|need| need.text.clone()).collect();
            let verb = needs.first().map_or("status", |need| need.verb.as_str());
            report.fail("pass", failure.fix(format!("tradewind {verb}")));
        }
    }
}

impl Copy {
    /// The same failure, told of the files that were copied.
    fn ours(&self, mut failure: Failure, place: &Place) -> Failure {
        let folder = place.files.state.parent().filter(|folder| !folder.as_os_str().is_empty());
        let ours = folder.map_or_else(String::new, |folder| format!("{}/", folder.display()));
        let theirs = format!("{}/", self.folder.path().display());
        let told = |text: &str| text.replace(&theirs, &ours);
        failure.what = told(&failure.what);
        failure.causes = failure.causes.iter().map(|cause| told(cause)).collect();
        failure.fix = failure.fix.as_deref().map(told);
        failure
    }
}

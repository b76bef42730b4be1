//! `state import`: positions, closed trades and cash of another program's state file, taken over.
//!
//! In this order, under the lock: the venue takes the positions, the journal records them, the state file is written.
//! Each step is done once for a file, by its digest, so the same command again goes on wherever an earlier one died.

use std::path::Path;
use std::time::Duration;

use broker_api::{Amount, Currency, Direction, Held, Ratio, Record, Side, VenuePosition};
use broker_paper::matching::{TransferIn, Transferred};
use broker_paper::venue::{PaperVenue, VenueError};
use engine::foreign::{self, Foreign, Line};
use serde_json::{Value, json};
use state::{Batch, Book, Started};

use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::{Heading, Out};
use crate::pass::{Pass, at_the_venue, paper_only};
use crate::place::{Place, heading, headline, paper_venue};
use crate::reading;
use crate::summary;

/// No state file that is taken over is longer.
const BYTES_MAX: u64 = 64 << 20;
/// How long answers about stops are waited for.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The other program's file.
    pub file: &'a Path,
    /// Why, in a person's words.
    pub reason: &'a str,
    /// Whether to say only what would be taken.
    pub dry_run: bool,
    /// Whether to take what could be read when a position, or the cash, could not.
    pub partial: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
enum Done {
    Rehearsed,
    Repeated,
    Taken(Transferred),
}

/// Takes a file in.
pub fn import(out: Out, place: &Place, asked: Asked<'_>) -> Result<Exit, Failure> {
    let name = asked.file.display().to_string();
    let text = reading::read_text(asked.file, BYTES_MAX).map_err(|failure| {
        let fix =
            failure.fix.or_else(|| Some("name a file that this user may read; nothing was taken".into()));
        Failure { code: "import_unreadable", fix, ..failure }
    })?;
    if foreign::is_own(&text) {
        return own(out, place, asked);
    }
    if !place.is_paper() {
        return Err(paper_only(place));
    }
    let currency = place.loaded.config.paper.currency;
    let read = foreign::read(&text, &name, &crate::prices::defaults(place), currency).map_err(|fault| {
        Failure::usage("import_unreadable", fault.to_string()).fix("correct the file; nothing was taken")
    })?;
    let is_held_back = read.held_back > 0 && !asked.partial;
    if asked.dry_run {
        let what = "REHEARSAL: nothing was written.";
        let exit = if is_held_back { Exit::Usage } else { Exit::Done };
        let told = format!("{}{what} {}\n", lists(&read), would(&read, is_held_back));
        out.text(&told)?;
        let data = document(asked, &read, Done::Rehearsed, None);
        out.document("state-import", &Heading::default(), crate::clock::now(), &data)?;
        return Ok(exit);
    }
    if is_held_back {
        out.text(&lists(&read))?;
        let what = format!("{name}: {}", would(&read, true));
        let mut failure = Failure::usage("import_in_part", what);
        failure.causes =
            read.report.unreadable.iter().map(|line| format!("{}: {}", line.path, line.text)).collect();
        return Err(failure.fix("correct them in a copy of the file, or leave them out with --partial"));
    }
    if read.positions.is_empty() && read.trades.is_empty() && read.cash.is_none() {
        out.text(&lists(&read))?;
        return Err(Failure::usage("nothing_to_import", format!("{name} holds nothing that could be taken"))
            .fix("docs/import.md lists the names that are known; nothing was written"));
    }
    if files::same(asked.file, &place.files.state) {
        return Err(Failure::usage(
            "state_in_the_way",
            format!("{name} lies where Tradewind writes its own state"),
        )
        .fix(format!("give it another name, and import that: mv {name} old-state.json")));
    }
    finish(place, asked, &read, currency)?;
    take(out, place, asked, &read, currency)
}

/// A file of Tradewind's own, whose keys were edited: taken in by its own rules.
fn own(out: Out, place: &Place, asked: Asked<'_>) -> Result<Exit, Failure> {
    if asked.dry_run || asked.partial {
        return Err(Failure::usage(
            "own_state_file",
            format!(
                "{} is a state file of Tradewind's own: it is taken as a whole or not",
                asked.file.display()
            ),
        )
        .fix("leave --dry-run and --partial away; `tradewind state verify` shows what was edited"));
    }
    super::state::import_own(out, place, asked.file, asked.reason)?;
    Ok(Exit::Done)
}

/// Does what an earlier import of this file left undone: the venue took it, and the journal does not say so yet. It
/// comes before a pass begins, for a pass would take what the account changed by for profit or loss.
fn finish(place: &Place, asked: Asked<'_>, read: &Foreign, currency: Currency) -> Result<(), Failure> {
    if !place.venue.exists() || !place.files.journal.exists() {
        return Ok(());
    }
    let now = crate::clock::now();
    let _lock = files::lock(place)?;
    let Started { mut book, mut journal, .. } = files::start(place)?;
    let Some(bound) = book.venue(paper_venue()) else { return Ok(()) };
    let settings = place.loaded.config.settings(paper_venue());
    let venue = PaperVenue::open(&place.venue, std::sync::Arc::clone(&place.catalog), settings)
        .map_err(|error| at_the_venue(&error))?;
    let since = venue.transfers_since(bound.cursor).map_err(|error| at_the_venue(&error))?;
    let undone = since.into_iter().find(|done| done.file == read.file && book.import(done.file).is_none());
    let Some(done) = undone else { return Ok(()) };
    let record = record(asked, read, &venue, currency, done.flow)?;
    let mut batch: Batch<()> = Batch::new(book.seq() + 1);
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Unexpected, "not_journaled", "the import could not be written to the journal")
            .because(error)
            .fix("correct the cause and run the same command again")
    };
    batch.put(&mut book, record, now).map_err(|error| failed(&error))?;
    journal.commit(batch).map(drop).map_err(|error| failed(&error))
}

fn take(
    out: Out,
    place: &Place,
    asked: Asked<'_>,
    read: &Foreign,
    currency: Currency,
) -> Result<Exit, Failure> {
    let mut pass = Pass::begin(place, out)?;
    let known = pass.paper()?.transfers().map_err(|error| at_the_venue(&error))?;
    let known = known.into_iter().find(|done| done.file == read.file);
    let done = if pass.book().import(read.file).is_some() {
        Done::Repeated
    } else if known.is_some() {
        pass.end(Exit::Usage)?;
        return Err(Failure::usage(
            "transferred_before",
            "the paper account took this file before this journal began, and comes to no second time",
        )
        .fix("begin with a new paper account, or change the file to hold only what is new"));
    } else {
        let wanted = record(asked, read, pass.paper()?, currency, Amount::ZERO)?;
        if let Err(error) = pass.book().clone().apply(&wanted, pass.now()) {
            pass.end(Exit::Usage)?;
            return Err(Failure::usage("not_imported", "the book cannot take these positions")
                .because(&error)
                .fix("close what is held, or leave it out of a copy of the file; nothing was taken"));
        }
        let done = match pass.paper()?.transfer_in(&transfer(read)) {
            Ok(done) => done,
            Err(error @ VenueError::NotTransferred { .. }) => {
                pass.end(Exit::Usage)?;
                return Err(Failure::usage("not_transferred", "the paper account cannot take these positions")
                    .because(&error)
                    .fix(
                        "see that [data] has prices of all of them (a quote counts while its market is open), and \
                         run the same command again; nothing was taken",
                    ));
            }
            Err(error) => return Err(at_the_venue(&error)),
        };
        out.step("transferred");
        let record = record(asked, read, pass.paper()?, currency, done.flow)?;
        pass = pass.record(record)?;
        out.step("recorded");
        Done::Taken(done)
    };
    pass = pass.refresh()?.settle(ANSWERS_WITHIN)?;
    let now = pass.now();
    let ended = pass.end(Exit::Done)?;
    let book = ended.book();
    out.text(&format!("{}\n{}{}", headline(book, now), lists(read), told(read, done, book)))?;
    let (id, head) = ended.journal_head();
    let data = document(asked, read, done, Some(book));
    out.document("state-import", &heading(book, &id, head.seq, head.hash.as_str()), now, &data)?;
    Ok(Exit::Done)
}

/// What the venue shall hold.
fn transfer(read: &Foreign) -> TransferIn {
    let position = |position: &broker_api::ImportedPosition| {
        let side = if position.direction == Direction::Long { Side::Buy } else { Side::Sell };
        let held: Held = side.signed(position.qty);
        VenuePosition { key: position.key, held, average: position.price }
    };
    TransferIn { file: read.file, cash: read.cash, positions: read.positions.iter().map(position).collect() }
}

/// What the journal shall hold: planned losses in account currency, at the venue's rates.
fn record(
    asked: Asked<'_>,
    read: &Foreign,
    venue: &PaperVenue,
    currency: Currency,
    flow: Amount,
) -> Result<Record, Failure> {
    let mut positions = read.positions.clone();
    for position in &mut positions {
        let quote = venue.instrument_quote(position.key);
        let rate = match quote {
            Some(quote) if quote != currency => venue.rate(quote).map_err(|error| at_the_venue(&error))?,
            _ => Some(Ratio::ONE),
        };
        let loss = position.risk.zip(rate).and_then(|(risk, rate)| risk.times(rate).ok());
        position.risk = loss.map(|loss| loss.round_half_even(10));
    }
    Ok(Record::Imported {
        file: read.file,
        reason: asked.reason.into(),
        flow,
        positions,
        trades: read.trades.clone(),
    })
}

/// The three lists, for people.
fn lists(read: &Foreign) -> String {
    let report = &read.report;
    let mut text = String::new();
    for (head, lines) in [
        ("understood", &report.understood),
        ("kept as unknown: it changes nothing", &report.unknown),
        ("could not be read", &report.unreadable),
    ] {
        if lines.is_empty() {
            continue;
        }
        let width = lines.iter().map(|line| line.path.chars().count()).max().unwrap_or(0);
        text.push_str(&format!("{head}\n"));
        for Line { path, text: said } in lines {
            text.push_str(&format!("  {path:<width$}  {said}\n"));
        }
    }
    text
}

/// What would be taken.
fn would(read: &Foreign, is_held_back: bool) -> String {
    if is_held_back {
        return format!(
            "{} (positions or cash) could not be read, so nothing is taken",
            figures::counted(read.held_back, "part")
        );
    }
    format!("{} would be taken.", counts(read))
}

fn counts(read: &Foreign) -> String {
    format!(
        "{} and {}",
        figures::counted(read.positions.len(), "position"),
        figures::counted(read.trades.len(), "closed trade")
    )
}

/// What was done.
fn told(read: &Foreign, done: Done, book: &Book) -> String {
    let Done::Taken(done) = done else {
        let at = book.import(read.file).map_or_else(String::new, |import| figures::minute(import.at));
        return format!("This file was imported before ({at}); nothing repeated.\n");
    };
    let cash = match (read.cash, done.cash_taken) {
        (Some(cash), true) => format!("The account begins with cash {}.", figures::money(cash)),
        (Some(_), false) => "The account keeps its own cash: it is not new.".to_owned(),
        (None, _) => "The account keeps its own cash: the file names none.".to_owned(),
    };
    let (rests, wanted) = summary::guarded(book);
    format!(
        "Taken: {}; closed trades stand in the list and count nowhere.\n{cash} Equity changed by {}, which is no \
         profit: day and highest equity moved with it.\n{rests} of {wanted} wanted stops rest.\n",
        counts(read),
        figures::change(done.flow)
    )
}

fn document(asked: Asked<'_>, read: &Foreign, done: Done, book: Option<&Book>) -> Value {
    let rows = |lines: &[Line]| -> Vec<Value> {
        lines.iter().map(|line| json!({ "path": line.path, "text": line.text })).collect()
    };
    let taken = match done {
        Done::Taken(done) => Some(done),
        Done::Rehearsed | Done::Repeated => None,
    };
    let guarded = book.map(summary::guarded);
    json!({
        "file": asked.file,
        "sha256": read.file,
        "dry_run": matches!(done, Done::Rehearsed),
        "repeated": matches!(done, Done::Repeated),
        "understood": rows(&read.report.understood),
        "unknown": rows(&read.report.unknown),
        "unreadable": rows(&read.report.unreadable),
        "held_back": read.held_back,
        "positions": read.positions,
        "trades": read.trades,
        "cash": read.cash,
        "cash_taken": taken.map(|done| done.cash_taken),
        "flow": taken.map(|done| done.flow),
        "stops_resting": guarded.map(|(rests, _)| rests),
        "stops_wanted": guarded.map(|(_, wanted)| wanted),
    })
}

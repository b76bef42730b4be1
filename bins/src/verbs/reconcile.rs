//! `reconcile`: what the broker holds beside what the book holds. It looks at a copy, so that it needs no lock, writes nothing
//! and sends nothing; on the copy it does what the next pass would do first.

use std::path::Path;
use std::time::Duration;

use broker_api::{ClientOrderId, OpenOrder};
use serde_json::{Value, json};
use state::book::{Execution, VenueState};
use state::reconcile::{Says, Verdict};
use state::{Book, SqliteStore};

use crate::compared;
use crate::failure::{Exit, Failure};
use crate::figures::{self, Table};
use crate::out::Out;
use crate::pass::Pass;
use crate::place::{Place, Reading, headline};

/// How long what differs is looked at again.
pub const LOOKS_FOR: Duration = Duration::from_secs(20);

/// Holds the book against what the broker says it holds.
pub fn reconcile(out: Out, place: &Place) -> Result<Exit, Failure> {
    // Says in its own words what is wrong when there is no book.
    let before = place.read(None)?;
    let folder = tempfile::tempdir().map_err(|error| no_copy(&error))?;
    look(out, &copied(place, folder.path())?, &before)
}

/// A copy that is made beside whoever writes: the journal first, so that the broker's log can only be newer.
fn copied(place: &Place, folder: &Path) -> Result<Place, Failure> {
    let name = place.files.state.file_name().unwrap_or_default();
    let copy = Place::at(&folder.join(name), place.loaded.clone())?.rehearsing();
    let journal = SqliteStore::open_read_only(&place.files.journal).map_err(|error| no_copy(&error))?;
    journal.backup_to(&copy.files.journal).map_err(|error| no_copy(&error))?;
    if place.is_paper() && place.venue.exists() {
        broker_paper::venue::backup(&place.venue, &copy.venue).map_err(|error| no_copy(&error))?;
    }
    Ok(copy)
}

fn no_copy(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "no_copy", "the files could not be copied to look at them")
        .because(error)
        .fix("make room in the folder for temporary files; nothing was changed")
}

/// How many entries of the broker's log the book did not have yet.
fn news(before: &Book, after: &Book) -> u64 {
    let is_new = |known: &&Execution| !before.has_execution(known.fill.key.venue, known.fill.execution);
    let others = |book: &Book| book.totals().non_trades.values().map(|sum| sum.count).sum::<u64>();
    after.executions().filter(is_new).count() as u64 + others(after).saturating_sub(others(before))
}

fn look(out: Out, copy: &Place, before: &Reading) -> Result<Exit, Failure> {
    let pass = Pass::begin(copy, out)?.settle(LOOKS_FOR)?;
    answered(&pass)?;
    history_is_read(&pass)?;
    let at = pass.now();
    let book = pass.book();
    let found = pass.compared();
    let mut table = Table::new(&["symbol", ">book", ">beside it", ">broker", "verdict"]);
    for verdict in found.iter().flat_map(|found| &found.verdicts) {
        table.row(row(book, verdict));
    }
    let missing: Vec<_> = found.iter().flat_map(|found| &found.missing).copied().collect();
    let others = others(&pass);
    let disagreements = compared::disagreements(book, at);
    let is_unexplained = |verdict: &Verdict| matches!(verdict.says, Says::Unexplained(_));
    let agrees =
        disagreements.is_empty() && !found.iter().flat_map(|found| &found.verdicts).any(is_unexplained);
    let mut text = format!("{}\n", headline(book, at));
    text.push_str(&if table.is_empty() {
        "Nothing is held, here or there.\n".to_owned()
    } else {
        table.lines()
    });
    let news = news(&before.book, book);
    if news > 0 {
        text.push_str(&format!(
            "  {} of the broker's log not in the book yet: counted in here, and taken in by the next pass\n",
            if news == 1 { "1 entry".to_owned() } else { format!("{} entries", figures::count(news)) }
        ));
    }
    for order in &others {
        text.push_str(&format!("  live there and not ours: {}\n", shown(order)));
    }
    for order in &missing {
        text.push_str(&format!("  live here and not listed there: {order}; the next pass asks about it\n"));
    }
    text.push_str(&compared::line(&pass));
    for differs in &disagreements {
        text.push_str(&differs.text);
    }
    text.push_str(if agrees {
        "Nothing needs you.\n"
    } else {
        "Entries are stopped where the two disagree; nothing is sold or bought to make them fit.\n"
    });
    let verdicts = found.iter().flat_map(|found| &found.verdicts);
    let data = json!({
        "agrees": agrees,
        "not_in_the_book_yet": news,
        "instruments": verdicts.map(|verdict| json_of(book, verdict)).collect::<Vec<_>>(),
        "not_ours": others.iter().map(order_json).collect::<Vec<_>>(),
        "not_listed": missing,
        "diverged": compared::json(book, at),
    });
    out.text(&text)?;
    pass.end(Exit::Done)?;
    out.document("reconcile", &before.heading(), at, &data)?;
    Ok(if agrees { Exit::Done } else { Exit::Divergence })
}

/// A broker that did not answer holds nothing against anybody.
///
/// # Errors
/// One that did not say what it holds.
pub fn answered(pass: &Pass) -> Result<(), Failure> {
    let is_compared = |venue: &VenueState| pass.runner().market().compared(venue.of.venue).is_some();
    let Some(venue) = pass.book().venues().find(|venue| !is_compared(venue)) else { return Ok(()) };
    let why: Vec<String> = pass.runner().silent().iter().map(|(_, why)| why.to_string()).collect();
    let what = format!("{} did not say what it holds: {}", venue.of.venue, why.join("; "));
    Err(Failure::new(Exit::Unavailable, "not_compared", what).fix(
        "a failed query is not an empty account: nothing was compared and nothing was changed; try again when it answers",
    ))
}

/// What a broker's unread history would change is held against nothing.
fn history_is_read(pass: &Pass) -> Result<(), Failure> {
    let Some((venue, wanted)) = pass.book().history_wanted().next() else { return Ok(()) };
    let since = figures::time(wanted.since);
    let what = format!("what happened at {venue} since {since} is not in the book yet; nothing was compared");
    Err(Failure::new(Exit::Halted, "history_not_read", what).fix("the next pass reads it: tradewind run"))
}

/// The live orders there that are neither in the book nor a leg that the broker made of one of ours.
fn others(pass: &Pass) -> Vec<OpenOrder> {
    let (book, market) = (pass.book(), pass.runner().market());
    let is_known = |id: ClientOrderId| book.order(id).is_some();
    let is_other =
        |order: &&OpenOrder| !order.id.is_some_and(is_known) && !order.parent.is_some_and(is_known);
    let holdings = book.venues().filter_map(|venue| market.holdings(venue.of.venue));
    holdings.flat_map(|holdings| &holdings.orders).filter(is_other).copied().collect()
}

fn shown(order: &OpenOrder) -> String {
    let name = order.id.map_or_else(|| "without a name".to_owned(), |id| id.to_string());
    let kind = order.kind.map_or_else(String::new, |kind| format!(", {}", kind.name().as_str()));
    format!("{} {} {}{kind} (order {name})", order.side, figures::qty(order.qty), order.key.symbol)
}

fn order_json(order: &OpenOrder) -> Value {
    json!({ "order": order.id, "symbol": order.key.symbol, "side": order.side, "quantity": order.qty })
}

fn word(book: &Book, verdict: &Verdict) -> String {
    match (&verdict.says, book.diverged().find(|(key, _)| *key == verdict.key)) {
        (Says::Unexplained(reason), _) => format!("UNEXPLAINED: {}", reason.text),
        (_, Some((_, divergence))) => format!("DIVERGED before: {}", divergence.reason.text),
        (Says::Match, None) => "match".to_owned(),
        (Says::Explained(explained), None) => format!("explained: {}", explained.as_str()),
    }
}

fn row(book: &Book, verdict: &Verdict) -> Vec<String> {
    let beside = if verdict.outside.is_flat() { String::new() } else { figures::held(verdict.outside) };
    vec![
        verdict.key.symbol.to_string(),
        figures::held(verdict.ours),
        beside,
        figures::held(verdict.there),
        word(book, verdict),
    ]
}

fn json_of(book: &Book, verdict: &Verdict) -> Value {
    let (says, why) = match &verdict.says {
        Says::Match => ("match", None),
        Says::Explained(explained) => ("explained", Some(explained.as_str().to_owned())),
        Says::Unexplained(reason) => ("unexplained", Some(reason.text.to_string())),
    };
    json!({
        "venue": verdict.key.venue,
        "symbol": verdict.key.symbol,
        "book": verdict.ours,
        "beside": verdict.outside,
        "broker": verdict.there,
        "verdict": says,
        "why": why,
        "diverged": book.diverged().any(|(key, _)| key == verdict.key),
    })
}

//! `halt`, `resume`, `flatten`: what a person does to a desk. Where a process holds the state, it is asked.

mod held;
mod part;

pub use held::{ask, is_asked};

use std::time::Duration;

use broker_api::{Level, Purpose, Time};
use engine::{Input, Operator, unclear};
use risk::{NotLoosened, loosened};
use serde_json::json;

use crate::args::Flatten;
use crate::closing;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::out::Out;
use crate::pass::{Ended, Pass};
use crate::place::{Place, heading, headline};

pub use part::{halt as halt_part, resume as resume_part};

/// How long answers are waited for that an act needs.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The person at the terminal, as the system knows them.
pub fn operator() -> Box<str> {
    let named = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    named.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".to_owned()).into()
}

/// Stops entries: first by the halt file, which needs no lock and is looked at before each entry leaves, then in
/// the journal. Entry orders that work are cancelled; what is held keeps its stops.
pub fn halt(out: Out, place: &Place, why: &str) -> Result<(), Failure> {
    let file = &place.files.halt;
    if let Err(error) = write_file(place, &operator(), why) {
        return held::without_a_file(out, place, &error);
    }
    out.say(&format!("{} lies there: no entry leaves from now on.", file.display()));
    if !place.files.journal.exists() {
        let done = "Halted. There is no book here yet; the file holds the next one back too.\n";
        out.text(done)?;
        return out.document(
            "halt",
            &crate::out::Heading::default(),
            crate::clock::now(),
            &json!({ "halted": true, "journaled": false }),
        );
    }
    let act = Operator::Level { level: Level::ReduceOnly, name: operator(), why: why.into(), until: None };
    match acted(out, place, act, |level| level < Level::ReduceOnly) {
        Ok((pass, at)) => {
            let book = pass.book();
            let stops = book.open_orders().filter(|order| order.intent.purpose == Purpose::Stop).count();
            out.text(&format!(
                "{}\nHalted. Held: {}; stops resting: {stops}; both stay. Let entries through again: tradewind resume --why TEXT\n",
                headline(book, at),
                figures::counted(book.positions().len(), "position")
            ))?;
            let (id, head) = pass.journal_head();
            out.document(
                "halt",
                &heading(book, &id, head.seq, head.hash.as_str()),
                at,
                &json!({ "halted": true, "journaled": true, "positions": book.positions().len() }),
            )
        }
        Err(failure) if failure.code == "state_locked" => held::halt(out, place, why),
        Err(failure) => Err(failure),
    }
}

/// Lets entries through again.
pub fn resume(out: Out, place: &Place, why: &str) -> Result<(), Failure> {
    history_is_read(place)?;
    let act = Operator::Level { level: Level::Trading, name: operator(), why: why.into(), until: None };
    let pass = match Pass::begin(place, out) {
        Err(failure) if is_asked(place, &failure) => return held::resume(out, place, act),
        begun => begun?,
    };
    if pass.has_new_edit() {
        // Who resumes for another reason has not seen it.
        pass.end(Exit::Divergence)?;
        return Err(Failure::new(
            Exit::Divergence,
            "state_edited",
            "the state file was edited, and no pass has told so before: see above what was changed; entries stay off",
        )
        .fix("to go on without the edit, give the reason once more"));
    }
    let before = pass.book().guard().clone();
    if let Err(refused) = loosened(&before, unclear(pass.book()), pass.now()) {
        pass.end(Exit::Halted)?;
        return Err(not_loosened(before.level, &refused));
    }
    let (pass, at) = act_in(pass, act, |level| level != Level::Trading)?;
    let book = pass.book();
    let guard = book.guard();
    if before.level > Level::ReduceOnly && guard.level == Level::ReduceOnly {
        return Err(one_step(guard.until));
    }
    remove_file(place)?;
    if guard.level != Level::Trading {
        let why = guard.reason.as_ref().map_or_else(String::new, |reason| reason.text.to_string());
        return Err(tripped_again(guard.level.as_str(), &why));
    }
    out.text(&format!("{}\nEntries go through again.\n", headline(book, at)))?;
    let (id, head) = pass.journal_head();
    out.document(
        "resume",
        &heading(book, &id, head.seq, head.hash.as_str()),
        at,
        &json!({ "level": book.guard().level }),
    )
}

/// Writes the halt file: who wants it, and why.
///
/// # Errors
/// A file that cannot be written.
pub fn write_file(place: &Place, who: &str, why: &str) -> std::io::Result<()> {
    // Its name must be on the disk too, or a power cut could take it.
    files::write(&place.files.halt, format!("{who}\n{why}\n").as_bytes())?;
    files::sync(place.files.folder())
}

/// Lets the halt file lie no more.
fn remove_file(place: &Place) -> Result<(), Failure> {
    let file = &place.files.halt;
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let what = format!("{} cannot be removed", file.display());
            Err(Failure::new(Exit::Halted, "halt_not_removed", what)
                .because(&error)
                .fix("remove the file by hand; until then no entry leaves"))
        }
        _ => Ok(()),
    }
}

/// A person may not loosen the level now.
fn not_loosened(level: Level, refused: &NotLoosened) -> Failure {
    match refused {
        NotLoosened::TooEarly { until } => {
            let text = format!("level {level} stays until {}", figures::time(*until));
            Failure::new(Exit::Halted, "too_early", text)
                .fix("wait until then, and give the reason again; what is held keeps its stops meanwhile")
        }
        NotLoosened::Unclear(_) => Failure::new(
            Exit::Halted,
            "still_unclear",
            format!("level {level} stays: {refused}"),
        )
        .fix("`tradewind reconcile` shows it and `tradewind repair` settles it; then give the reason again"),
    }
}

/// The first of the two steps out of closing everything was taken.
fn one_step(until: Option<Time>) -> Failure {
    let then = until.map_or_else(String::new, |until| format!(", not before {}", figures::time(until)));
    let text = format!("nothing more is closed, and entries are still off: level {}", Level::ReduceOnly);
    Failure::new(Exit::Halted, "one_step_more", text)
        .fix(format!("to let entries through, give the reason once more{then}"))
}

/// The breaker that tripped looks again at once, and what it saw is still so.
fn tripped_again(level: &str, why: &str) -> Failure {
    Failure::new(Exit::Halted, "tripped_again", format!("level {level}: {why}"))
        .fix("what tripped is still so: change the limit it names in [limits], and give the reason again")
}

/// Cancels and closes everything.
pub fn flatten(out: Out, place: &Place, asked: &Flatten) -> Result<(), Failure> {
    let account = account(place)?;
    if asked.confirm.as_deref() != Some(account.as_str()) {
        let held = place.read(None).map_or(0, |reading| reading.book.positions().len());
        return Err(Failure::usage(
            "not_confirmed",
            format!(
                "this closes {} at market and stops trading until resumed",
                figures::counted(held, "position")
            ),
        )
        .fix(format!("add --confirm {account} to say that this account is meant")));
    }
    nothing_is_frozen(place)?;
    let act = Operator::Flatten { name: operator(), why: asked.why.as_str().into() };
    let (pass, at) = match acted(out, place, act.clone(), |level| level < Level::Flattening) {
        Err(failure) if is_asked(place, &failure) => {
            if held::flatten(out, place, act.clone(), asked.take_over)? {
                return Ok(());
            }
            acted(out, place, act, |level| level < Level::Flattening)?
        }
        done => done?,
    };
    let book = pass.book();
    let (held, open) = (book.positions().len(), book.open_orders().len());
    let word = if held == 0 && open == 0 {
        "Flat: nothing is held and no order is open.".to_owned()
    } else {
        format!(
            "Closing: still held {}; still open {}; the next passes go on until it is flat: tradewind run",
            figures::counted(held, "position"),
            figures::counted(open, "order"),
        )
    };
    let closing = closing::all(pass.place(), book, at);
    out.text(&format!(
        "{}\n{word}\n{}Trading goes on with: tradewind resume --why TEXT\n",
        headline(book, at),
        closing::lines(&closing)
    ))?;
    let (id, head) = pass.journal_head();
    out.document(
        "flatten",
        &heading(book, &id, head.seq, head.hash.as_str()),
        at,
        &json!({ "flat": held == 0 && open == 0, "positions": held, "open_orders": open, "closing": closing::json(&closing) }),
    )
}

/// Nothing is closed by a desk that stands still: what is held there is not known well enough.
fn nothing_is_frozen(place: &Place) -> Result<(), Failure> {
    if !place.files.journal.exists() {
        return Ok(());
    }
    let guard = place.read(None)?.book.guard().clone();
    if guard.level != Level::Frozen {
        return Ok(());
    }
    let why = guard.reason.map_or_else(String::new, |reason| format!(": {}", reason.text));
    Err(Failure::new(Exit::Halted, "is_frozen", format!("the level is frozen{why}; nothing is closed by itself"))
        .fix("repair what it names, then `tradewind resume --why TEXT` (reduce-only), and flatten again; or close by hand at the broker"))
}

/// The account whose name is asked for: the book's, where there is one.
///
/// # Errors
/// A book that cannot be read; none at all where only a book says which account it is.
pub fn account(place: &Place) -> Result<String, Failure> {
    let bound = if place.files.journal.exists() {
        place.read(None)?.book.venues().next().map(|venue| venue.of.account)
    } else {
        None
    };
    let named = bound.or_else(|| place.account()).map(|account| account.to_string());
    named.ok_or_else(|| {
        Failure::usage("no_book", format!("there is no book of an account at {} here", place.brokers_shown()))
            .fix("name its state file with --state")
    })
}

/// Nobody lets entries through while a broker may know of orders that the book does not.
fn history_is_read(place: &Place) -> Result<(), Failure> {
    if !place.files.journal.exists() {
        return Ok(());
    }
    let reading = place.read(None)?;
    let Some((venue, wanted)) = reading.book.history_wanted().next() else { return Ok(()) };
    Err(Failure::new(
        Exit::Halted,
        "history_not_read",
        format!(
            "what happened at {venue} since {} is not in the book yet; entries stay off",
            figures::time(wanted.since)
        ),
    )
    .fix("the next pass reads it: tradewind run; then resume"))
}

/// One pass with nothing but a person's act in it, when the level asks for it.
fn acted(
    out: Out,
    place: &Place,
    act: Operator,
    needed: impl Fn(Level) -> bool,
) -> Result<(Ended, Time), Failure> {
    act_in(Pass::begin(place, out)?, act, needed)
}

fn act_in(mut pass: Pass, act: Operator, needed: impl Fn(Level) -> bool) -> Result<(Ended, Time), Failure> {
    let at = pass.now();
    if needed(pass.book().guard().level) {
        pass = pass.take(vec![Input::Operator(act)])?.settle(ANSWERS_WITHIN)?.refresh()?;
    }
    Ok((pass.end(Exit::Done)?, at))
}

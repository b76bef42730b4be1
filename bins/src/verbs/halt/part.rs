//! `halt` and `resume` of a part of trading: a class, a strategy or a symbol. Everything else goes on.

use broker_api::{Scope, Time};
use engine::{Input, Operator};
use serde_json::json;
use state::Book;

use super::{ANSWERS_WITHIN, held, operator, tripped_again};
use crate::args::option;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::pass::{Ended, Pass};
use crate::place::{Place, heading, headline};
use crate::stops;

/// Stops entries of a part of trading, until a person lets them go on.
pub fn halt(out: Out, place: &Place, scope: Scope, why: &str) -> Result<(), Failure> {
    let act = Operator::Stop { scope, name: operator(), why: why.into(), until: None };
    let Some((ended, at)) = done(out, place, &act)? else { return told(out, scope, true) };
    let book = ended.book();
    let text = format!(
        "Entries of {scope} are stopped; everything else goes on. What is held keeps its stops.\n\
         Let them go on: tradewind resume {} --why TEXT\n",
        option(&scope)
    );
    document(out, "halt", &ended, at, &format!("{}\n{text}", headline(book, at)))
}

/// Lets entries of a part of trading go on.
pub fn resume(out: Out, place: &Place, scope: Scope, why: &str) -> Result<(), Failure> {
    let act = Operator::Allow { scope, name: operator(), why: why.into() };
    let Some((ended, at)) = done(out, place, &act)? else { return told(out, scope, false) };
    let book = ended.book();
    still(book, scope)?;
    let text = format!("Entries of {scope} go on, as the level allows: {}.\n", book.guard().level);
    document(out, "resume", &ended, at, &format!("{}\n{text}", headline(book, at)))
}

/// What stopped it looked again at once, and is still so.
fn still(book: &Book, scope: Scope) -> Result<(), Failure> {
    match book.guard().stopped_at(scope) {
        Some(stop) => Err(tripped_again(&format!("{scope} stopped"), &stop.reason.text)),
        None => Ok(()),
    }
}

/// The act in a pass of its own; nothing when the process that trades did it.
fn done(out: Out, place: &Place, act: &Operator) -> Result<Option<(Ended, Time)>, Failure> {
    if !place.files.journal.exists() {
        let what = format!("there is no book of an account at {} here", place.brokers_shown());
        return Err(Failure::usage("no_book", what).fix("name its state file with --state"));
    }
    let pass = match Pass::begin(place, out) {
        Err(failure) if held::is_asked(place, &failure) => {
            held::part(place, act.clone())?;
            return Ok(None);
        }
        begun => begun?,
    };
    let at = pass.now();
    let pass = pass.take(vec![Input::Operator(act.clone())])?.settle(ANSWERS_WITHIN)?.refresh()?;
    Ok(Some((pass.end(Exit::Done)?, at)))
}

fn told(out: Out, scope: Scope, is_stopped: bool) -> Result<(), Failure> {
    let (verb, word) = if is_stopped { ("halt", "are stopped") } else { ("resume", "go on") };
    out.text(&format!("Entries of {scope} {word}, says the process that trades.\n"))?;
    let data = json!({ "scope": scope, "stopped": is_stopped });
    out.document(verb, &crate::out::Heading::default(), crate::clock::now(), &data)
}

fn document(out: Out, verb: &'static str, ended: &Ended, at: Time, text: &str) -> Result<(), Failure> {
    out.text(text)?;
    let (book, (id, head)) = (ended.book(), ended.journal_head());
    let data = json!({ "level": book.guard().level, "stopped": stops::json(book) });
    out.document(verb, &heading(book, &id, head.seq, head.hash.as_str()), at, &data)
}

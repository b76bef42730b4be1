//! `reconcile` and `repair`: what the broker holds beside what the book holds, and what a person makes of it.

use std::time::Duration;

use broker_api::{Held, Key, Protection, Repair, Symbol, Time, VenueId};
use engine::{Input, Operator};
use serde_json::{Value, json};
use state::Book;
use state::reconcile::{Says, Verdict};

use crate::args::RepairArgs;
use crate::failure::{Exit, Failure};
use crate::figures::{self, Table};
use crate::out::Out;
use crate::pass::Pass;
use crate::place::{Place, heading, headline, parse_time};
use crate::summary;
use crate::verbs::halt::operator;
use crate::verbs::run;

/// How long what differs is looked at again.
const LOOKS_FOR: Duration = Duration::from_secs(20);

/// Holds the book against what the broker says it holds. On a copy: nothing is written and nothing is sent.
pub fn reconcile(out: Out, place: &Place) -> Result<Exit, Failure> {
    run::on_a_copy(place, |copy| look(out, copy))
}

fn look(out: Out, copy: &Place) -> Result<Exit, Failure> {
    let pass = Pass::begin(copy, out)?.settle(LOOKS_FOR)?;
    let at = pass.now();
    answered(&pass)?;
    let verdicts = pass.verdicts();
    let book = pass.book();
    let mut table = Table::new(&["symbol", ">book", ">beside it", ">broker", "verdict"]);
    for verdict in &verdicts {
        table.row(row(book, verdict));
    }
    let disagrees = book.diverged().len() > 0
        || book.venues_diverged().len() > 0
        || verdicts.iter().any(|verdict| matches!(verdict.says, Says::Unexplained(_)));
    let mut text = format!("{}\n", headline(book, at));
    text.push_str(&if table.is_empty() {
        "Nothing is held, here or there.\n".to_owned()
    } else {
        table.lines()
    });
    text.push_str(&summary::reconciled(&pass, at));
    for line in disagreements(book, at) {
        text.push_str(&line);
    }
    text.push_str(if disagrees {
        "Entries are stopped where the two disagree; nothing is sold or bought to make them fit.\n"
    } else {
        "Nothing needs you.\n"
    });
    out.text(&text)?;
    let rows: Vec<Value> = verdicts.iter().map(|verdict| json_of(book, verdict)).collect();
    let ended = pass.end(Exit::Done)?;
    let (id, head) = ended.journal_head();
    out.document(
        "reconcile",
        &heading(ended.book(), &id, head.seq, head.hash.as_str()),
        at,
        &json!({ "agrees": !disagrees, "instruments": rows }),
    )?;
    Ok(if disagrees { Exit::Divergence } else { Exit::Done })
}

/// A broker that did not answer holds nothing against anybody.
fn answered(pass: &Pass) -> Result<(), Failure> {
    let is_compared =
        |venue: &state::book::VenueState| pass.runner().market().compared(venue.of.venue).is_some();
    if let Some(venue) = pass.book().venues().find(|venue| !is_compared(venue)) {
        let silent =
            pass.runner().silent().iter().map(|(_, why)| why.to_string()).collect::<Vec<_>>().join("; ");
        let what = format!("{} did not say what it holds: {silent}", venue.of.venue);
        return Err(Failure::new(Exit::Unavailable, "not_compared", what)
            .fix("nothing was compared and nothing was changed; try again when it answers"));
    }
    Ok(())
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

/// What book and broker disagree about, each with what a person can do.
pub fn disagreements(book: &Book, now: Time) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, divergence) in book.diverged() {
        let there = divergence.there.map_or_else(String::new, |there| {
            format!("   book {}   broker {}", figures::held(book.held(key)), figures::held(there))
        });
        lines.push(format!(
            "DIVERGENCE {}{there}   since {} ({} ago)\n  {}\n  done: entries in {} are stopped, nothing was sold or bought; all else goes on\n  choose, with a reason: tradewind repair trust-broker|adopt|close|ignore {} --reason TEXT\n",
            key.symbol,
            figures::minute(divergence.at),
            figures::span(now - divergence.at),
            divergence.reason.text,
            key.symbol,
            key.symbol,
        ));
    }
    for (venue, divergence) in book.venues_diverged() {
        lines.push(format!(
            "DIVERGENCE at {venue}   since {}\n  {}\n  choose, with a reason: tradewind repair ignore {venue} --reason TEXT\n",
            figures::minute(divergence.at),
            divergence.reason.text,
        ));
    }
    lines
}

/// What is repaired: one instrument, or what concerns a venue as a whole.
fn subject(pass: &Pass, name: &str) -> Result<(VenueId, Option<Key>), Failure> {
    let book = pass.book();
    let venue = book.venues().next().map(|venue| venue.of.venue);
    let named = VenueId::new(name).ok().filter(|named| book.venue(*named).is_some());
    if let Some(venue) = named {
        return Ok((venue, None));
    }
    let upper = name.to_ascii_uppercase();
    let symbol = Symbol::new(&upper);
    match (venue, symbol) {
        (Some(venue), Ok(symbol)) => Ok((venue, Some(Key { venue, symbol }))),
        _ => {
            Err(Failure::usage("not_found", format!("{name} is neither a symbol nor the venue of this book"))
                .fix("`tradewind reconcile` lists what book and broker know of"))
        }
    }
}

/// A person's decision about what book and broker disagree about.
pub fn repair(out: Out, place: &Place, asked: &RepairArgs) -> Result<Exit, Failure> {
    let plan = Protection { stop: asked.stop, target: asked.target, trail: None };
    let until = asked.until.as_deref().map(|text| parse_time("--until", text)).transpose()?;
    if asked.how != Repair::Adopt && plan != Protection::default() {
        return Err(Failure::usage(
            "bad_repair",
            "a stop or a target is given to what is adopted, and to nothing else",
        )
        .fix("leave --stop and --target away, or adopt"));
    }
    if asked.how != Repair::Ignore && until.is_some() {
        return Err(Failure::usage(
            "bad_repair",
            "--until says how long something is ignored, and nothing else",
        )
        .fix("leave --until away, or ignore"));
    }
    let pass = Pass::begin(place, out)?.settle(LOOKS_FOR)?;
    let at = pass.now();
    if let Err(failure) = answered(&pass) {
        pass.end(Exit::Unavailable)?;
        return Err(failure);
    }
    let (venue, key) = subject(&pass, &asked.what)?;
    let before = key.map(|key| (pass.book().held(key), beside(pass.book(), key)));
    if let Some(nothing) = nothing_to_repair(&pass, venue, key) {
        let exit = run::standing(&pass);
        pass.end(exit)?;
        return Err(nothing);
    }
    let act = Operator::Repair {
        venue,
        key,
        repair: asked.how,
        plan,
        until,
        name: operator(),
        why: asked.reason.as_str().into(),
    };
    let pass = pass.take(vec![Input::Operator(act)])?.settle(LOOKS_FOR)?.refresh()?;
    let exit = run::standing(&pass);
    let ended = pass.end(exit)?;
    let book = ended.book();
    let after = key.map(|key| (book.held(key), beside(book, key)));
    let mut text = format!("{}\n", headline(book, at));
    let what = key.map_or_else(|| venue.to_string(), |key| key.symbol.to_string());
    text.push_str(&format!("Repaired: {} {what} ({})\n", asked.how.as_str(), asked.reason));
    if let (Some(key), Some(before), Some(after)) = (key, before, after) {
        let shown = |(held, beside): (Held, Held)| {
            format!("{} in the book, {} beside it", figures::held(held), figures::held(beside))
        };
        text.push_str(&format!("  before  {}\n  now     {}\n", shown(before), shown(after)));
        if let Some(position) = book.position(key) {
            text.push_str(&format!("  {}\n", crate::tell::held(position)));
        }
    }
    for line in disagreements(book, at) {
        text.push_str(&line);
    }
    if book.diverged().len() + book.venues_diverged().len() == 0 {
        text.push_str("Book and broker agree; entries go on as the level allows. What was repaired is kept out of the strategy's figures.\n");
    }
    out.text(&text)?;
    let (id, head) = ended.journal_head();
    out.document(
        "repair",
        &heading(book, &id, head.seq, head.hash.as_str()),
        at,
        &json!({
            "repair": asked.how,
            "what": what,
            "held_before": before.map(|(held, _)| held),
            "held": after.map(|(held, _)| held),
            "beside": after.map(|(_, beside)| beside),
            "diverged": book.diverged().map(|(key, _)| key.symbol).collect::<Vec<_>>(),
            "exit": exit.code(),
        }),
    )?;
    Ok(exit)
}

fn beside(book: &Book, key: Key) -> Held {
    book.outside(key).map_or(Held::FLAT, |outside| outside.held)
}

fn nothing_to_repair(pass: &Pass, venue: VenueId, key: Option<Key>) -> Option<Failure> {
    let book = pass.book();
    let is_there = match key {
        None => book.venues_diverged().any(|(known, _)| known == venue),
        Some(key) => {
            book.diverged().any(|(known, _)| known == key)
                || book.outside(key).is_some()
                || pass.verdicts().iter().any(|verdict| verdict.key == key && verdict.says != Says::Match)
        }
    };
    if is_there {
        return None;
    }
    let what = key.map_or_else(|| venue.to_string(), |key| key.symbol.to_string());
    Some(
        Failure::usage("nothing_to_repair", format!("book and broker do not disagree about {what}"))
            .fix("`tradewind reconcile` shows what they disagree about; nothing was changed"),
    )
}

//! `repair`: what a person makes of something that book and broker disagree about.

use broker_api::{Held, Key, Protection, Repair, Symbol, Time, VenueId};
use engine::{Input, Operator};
use serde_json::{Value, json};
use state::Book;
use state::reconcile::Says;

use super::reconcile::{LOOKS_FOR, answered};
use crate::args::RepairArgs;
use crate::compared::{disagreements, held_beside};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::out::Out;
use crate::pass::Pass;
use crate::place::{Place, heading, headline, parse_time};
use crate::verbs::halt::operator;
use crate::verbs::run;

/// How much of an instrument is held in the book, and beside it.
#[derive(Clone, Copy)]
struct Stands {
    ours: Held,
    beside: Held,
}

impl Stands {
    fn of(book: &Book, key: Key) -> Self {
        Self { ours: book.held(key), beside: held_beside(book, key) }
    }

    fn shown(self) -> String {
        format!("{} in the book, {} beside it", figures::held(self.ours), figures::held(self.beside))
    }
}

/// A pass with nothing but a person's decision in it.
pub fn repair(out: Out, place: &Place, asked: &RepairArgs) -> Result<Exit, Failure> {
    let plan = Protection { stop: asked.stop, target: asked.target, trail: None };
    let until = flags(asked, plan)?;
    let pass = Pass::begin(place, out)?.settle(LOOKS_FOR)?;
    let at = pass.now();
    let checked = answered(&pass).and_then(|()| subject(&pass, &asked.what)).and_then(|subject| {
        if until.is_some_and(|until| until <= at) {
            return Err(Failure::usage("bad_repair", "--until lies in the past")
                .fix("name a moment to come, or leave it away for good"));
        }
        something_to_repair(&pass, subject).map(|()| subject)
    });
    let (venue, key) = match checked {
        Ok(subject) => subject,
        Err(failure) => {
            let exit = failure.exit.min(run::standing(&pass));
            pass.end(exit)?;
            return Err(failure);
        }
    };
    let before = key.map(|key| Stands::of(pass.book(), key));
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
    // What a repair of that kind does not settle, such as a live order that nobody knows, is no agreement.
    let still = key.and_then(|key| unexplained(&pass, key));
    let exit = run::standing(&pass).min(if still.is_some() { Exit::Divergence } else { Exit::Done });
    let ended = pass.end(exit)?;
    let book = ended.book();
    let after = key.map(|key| Stands::of(book, key));
    let what = key.map_or_else(|| venue.to_string(), |key| key.symbol.to_string());
    let mut text =
        format!("{}\nRepaired: {} {what} ({})\n", headline(book, at), asked.how.as_str(), asked.reason);
    if let (Some(key), Some(before), Some(after)) = (key, before, after) {
        text.push_str(&format!("  before  {}\n  now     {}\n", before.shown(), after.shown()));
        text.push_str(&follows(book, key));
    }
    let differs = disagreements(book, at);
    for differs in &differs {
        text.push_str(&differs.text);
    }
    if let Some(still) = &still {
        text.push_str(&format!(
            "Still unexplained: {still}\nEntries in {what} stay stopped until it is settled.\n"
        ));
    } else if differs.is_empty() {
        text.push_str("Book and broker agree; entries go on as the level allows.\n");
    }
    out.text(&text)?;
    let (id, head) = ended.journal_head();
    let decimal = |pick: fn(Stands) -> Held, of: Option<Stands>| of.map(pick);
    out.document(
        "repair",
        &heading(book, &id, head.seq, head.hash.as_str()),
        at,
        &json!({
            "repair": asked.how,
            "what": what,
            "until": until,
            "held_before": decimal(|stands| stands.ours, before),
            "beside_before": decimal(|stands| stands.beside, before),
            "held": decimal(|stands| stands.ours, after),
            "beside": decimal(|stands| stands.beside, after),
            "still_unexplained": still,
            "stop_rests": key.map(|key| book.position(key).is_some() && book.has_resting_stop(key)),
            "diverged": differs.iter().map(|differs| differs.json.clone()).collect::<Vec<Value>>(),
            "exit": exit.code(),
        }),
    )?;
    Ok(exit)
}

/// Whether the flags go with the repair; until when something is ignored.
fn flags(asked: &RepairArgs, plan: Protection) -> Result<Option<Time>, Failure> {
    let wrong = |what, fix| Err(Failure::usage("bad_repair", what).fix(fix));
    if asked.how != Repair::Adopt && plan != Protection::default() {
        return wrong(
            "a stop or a target is given to what is adopted, and to nothing else",
            "leave --stop and --target away, or adopt",
        );
    }
    if asked.how != Repair::Ignore && asked.until.is_some() {
        return wrong(
            "--until says how long something is ignored, and nothing else",
            "leave --until away, or ignore",
        );
    }
    if asked.reason.trim().is_empty() {
        return wrong("--reason is empty, and stands in the journal for ever", "say why, in your words");
    }
    asked.until.as_deref().map(|text| parse_time("--until", text)).transpose()
}

/// What is repaired: one instrument, or what concerns a venue as a whole.
fn subject(pass: &Pass, name: &str) -> Result<(VenueId, Option<Key>), Failure> {
    let book = pass.book();
    if let Some(venue) = VenueId::new(name).ok().filter(|named| book.venue(*named).is_some()) {
        return Ok((venue, None));
    }
    let venue = book.venues().next().map(|venue| venue.of.venue);
    match (venue, Symbol::new(&name.to_ascii_uppercase())) {
        (Some(venue), Ok(symbol)) => Ok((venue, Some(Key { venue, symbol }))),
        _ => {
            Err(Failure::usage("not_found", format!("{name} is neither a symbol nor the venue of this book"))
                .fix("`tradewind reconcile` lists what book and broker know of"))
        }
    }
}

fn something_to_repair(pass: &Pass, (venue, key): (VenueId, Option<Key>)) -> Result<(), Failure> {
    let book = pass.book();
    let Some(key) = key else {
        if book.venues_diverged().any(|(known, _)| known == venue) {
            return Ok(());
        }
        let what = format!("book and broker do not disagree about {venue} as a whole");
        return Err(nothing(&what));
    };
    let verdict = pass.verdicts().into_iter().find(|verdict| verdict.key == key);
    let is_told = book.diverged().any(|(known, _)| known == key) || book.outside(key).is_some();
    if is_told || verdict.as_ref().is_some_and(|verdict| verdict.says != Says::Match) {
        return Ok(());
    }
    let there = verdict.map_or(Held::FLAT, |verdict| verdict.there);
    Err(nothing(&format!(
        "book and broker do not disagree about {}: the book holds {}, the broker {}",
        key.symbol,
        figures::held(book.held(key)),
        figures::held(there)
    )))
}

fn nothing(what: &str) -> Failure {
    Failure::usage("nothing_to_repair", what)
        .fix("`tradewind reconcile` shows what they disagree about; nothing was repaired")
}

/// What still differs in an instrument by what the broker last said, and nothing explains.
fn unexplained(pass: &Pass, key: Key) -> Option<String> {
    pass.verdicts().into_iter().filter(|verdict| verdict.key == key).find_map(|verdict| match verdict.says {
        Says::Unexplained(reason) => Some(reason.text.to_string()),
        Says::Match | Says::Explained(_) => None,
    })
}

/// What guards what is held now, or that it is on its way out.
fn follows(book: &Book, key: Key) -> String {
    let Some(position) = book.position(key) else { return String::new() };
    let held = crate::tell::held(position);
    if let Some(exit) = book.exit_wanted(key) {
        return format!(
            "  {held}: being closed ({}); the next passes go on until it is: tradewind run\n",
            exit.code
        );
    }
    let stop = match position.plan.stop.map(figures::bare_price) {
        None => "without a stop: give it one by an adjust signal".to_owned(),
        Some(stop) if book.has_resting_stop(key) => format!("stop {stop} rests over all of it"),
        Some(stop) => format!("stop {stop} does not rest yet; the next pass places it: tradewind run"),
    };
    let kept_out =
        if position.outside.is_some() { "; its trade is kept out of the strategy's figures" } else { "" };
    format!("  {held}: {stop}{kept_out}\n")
}

//! Book and broker held against each other, for every output that tells of it: what matches, what the two disagree about,
//! and what a person can do about that.

use broker_api::{Held, Key, Symbol, Time};
use serde_json::{Value, json};
use state::Book;
use state::book::Divergence;
use state::reconcile::{Says, Verdict};

use crate::pass::Pass;
use crate::{figures, summary, unknown};

/// How the book stood against what the broker was last seen to hold.
pub fn line(pass: &Pass) -> String {
    let book = pass.book();
    let seen = book.venues().filter_map(|venue| pass.runner().market().compared(venue.of.venue)).max();
    let Some(seen) = seen else {
        return "reconciled not yet: the broker did not say what it holds\n".to_owned();
    };
    let verdicts = pass.verdicts();
    let is_held = |verdict: &&Verdict| !verdict.ours.is_flat() || !verdict.there.is_flat();
    let held = || verdicts.iter().filter(is_held);
    let differs = |key| book.diverged().any(|(known, _)| known == key);
    let matches = held()
        .filter(|verdict| !matches!(verdict.says, Says::Unexplained(_)) && !differs(verdict.key))
        .count();
    let (rests, wanted) = summary::guarded(book);
    format!(
        "reconciled {}: {matches} of {} positions match, {rests} stops cover {wanted} positions, {} unknown\n",
        seen.format("%H:%M:%S"),
        held().count(),
        unknown::all(book, seen).count()
    )
}

/// Something that book and broker disagree about.
#[derive(Clone, Debug)]
pub struct Differs {
    /// In which instrument; nothing for what concerns the venue as a whole.
    pub symbol: Option<Symbol>,
    /// All of it, with what a person can do.
    pub text: String,
    /// The same for programs.
    pub json: Value,
}

/// All that book and broker disagree about.
pub fn disagreements(book: &Book, now: Time) -> Vec<Differs> {
    let of_instruments = book.diverged().map(|(key, divergence)| of_instrument(book, key, divergence, now));
    let of_venues = book.venues_diverged().map(|(venue, divergence)| {
        let repair = format!("tradewind repair ignore {venue} --reason TEXT");
        let text = format!(
            "DIVERGENCE at {venue}   since {} ({} ago)\n  seen        {}\n  done        nothing is bought or sold because of it\n  choose      {repair}\n",
            figures::minute(divergence.at),
            figures::span(now - divergence.at),
            divergence.reason.text,
        );
        let mut json = shared(divergence, now);
        json["venue"] = json!(venue);
        json["repairs"] = json!([repair]);
        Differs { symbol: None, text, json }
    });
    of_instruments.chain(of_venues).collect()
}

/// The same for programs.
pub fn json(book: &Book, now: Time) -> Vec<Value> {
    disagreements(book, now).into_iter().map(|differs| differs.json).collect()
}

fn shared(divergence: &Divergence, now: Time) -> Value {
    json!({
        "venue": null,
        "symbol": null,
        "code": divergence.reason.code,
        "why": divergence.reason.text,
        "book": null,
        "beside": null,
        "broker": divergence.there,
        "since": divergence.at,
        "age_seconds": (now - divergence.at).num_seconds().max(0),
        "repairs": [],
    })
}

fn of_instrument(book: &Book, key: Key, divergence: &Divergence, now: Time) -> Differs {
    let symbol = key.symbol;
    let (ours, beside) = (book.held(key), held_beside(book, key));
    let there = divergence.there.map_or_else(|| "not read then".to_owned(), figures::held);
    let gap = divergence.there.and_then(|there| gap(there, ours, beside)).filter(|gap| !gap.is_flat());
    let gap = gap.map_or_else(String::new, |gap| format!("   difference {}", figures::held(gap)));
    let also =
        if beside.is_flat() { String::new() } else { format!("   beside it {}", figures::held(beside)) };
    let stop = match (book.position(key), book.has_resting_stop(key)) {
        (None, _) => "",
        (Some(_), true) => "; our stop rests",
        (Some(_), false) => "; no stop of ours rests over all of it",
    };
    let mut text = format!(
        "DIVERGENCE {symbol}   since {} ({} ago)\n  our book    {}{also}   broker {there}{gap}\n  seen        {}\n",
        figures::minute(divergence.at),
        figures::span(now - divergence.at),
        figures::held(ours),
        divergence.reason.text,
    );
    if let Some(looked) = looked_for(divergence.reason.code.as_str()) {
        text.push_str(&format!("  looked for  {looked}\n"));
    }
    text.push_str(&format!(
        "  done        entries in {symbol} are stopped, nothing was sold or bought{stop}; all else goes on\n"
    ));
    let repairs = repairs(book, key, divergence);
    let width = repairs.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (n, (command, what)) in repairs.iter().enumerate() {
        let head = if n == 0 { "choose" } else { "" };
        text.push_str(&format!("  {head:<10}  {command:<width$}   {what}\n"));
    }
    let mut json = shared(divergence, now);
    json["venue"] = json!(key.venue);
    json["symbol"] = json!(symbol);
    json["book"] = json!(ours);
    json["beside"] = json!(beside);
    json["repairs"] = repairs.iter().map(|(command, _)| command.as_str()).collect();
    Differs { symbol: Some(symbol), text, json }
}

/// What an account holds of an instrument beside the book.
pub fn held_beside(book: &Book, key: Key) -> Held {
    book.outside(key).map_or(Held::FLAT, |outside| outside.held)
}

fn gap(there: Held, ours: Held, beside: Held) -> Option<Held> {
    let expected = ours.moved(beside).ok()?;
    Held::new(there.get().checked_sub(expected.get())?).ok()
}

/// What could have explained it and did not.
fn looked_for(code: &str) -> Option<&'static str> {
    Some(match code {
        "position_differs" => {
            "orders of ours on their way, executions of a moment ago, fees in kind, and what the broker's log tells (trades \
             of others, splits, transfers): unexplained"
        }
        "outside_trade" | "unknown_order" => "an order of ours with this execution: there is none",
        "units_moved" => "a trade that moved them: there is none",
        "order_of_others" | "order_unknown" => "the order in the book: it is not there",
        "order_lives" => "the order among those that are live here: it is over",
        "order_gone" => "the order among those that are live there, and by its name: it is not there",
        _ => return None,
    })
}

/// What a person can do, each as it is typed, and what comes of it.
fn repairs(book: &Book, key: Key, divergence: &Divergence) -> Vec<(String, String)> {
    let (ours, beside) = (book.held(key), held_beside(book, key));
    let there = divergence.there.or_else(|| ours.moved(beside).ok()).unwrap_or(ours);
    let command =
        |how: &str, more: &str| format!("tradewind repair {how} {}{more} --reason TEXT", key.symbol);
    let all = figures::held(there);
    let mut choices = vec![(command("trust-broker", ""), format!("the book becomes {all}"))];
    // An order with a name of ours is never left alone.
    if !matches!(divergence.reason.code.as_str(), "order_unknown" | "order_lives") {
        let rest = gap(there, ours, Held::FLAT).filter(|rest| !rest.is_flat());
        let rest = rest.map_or_else(|| "nothing".to_owned(), figures::held);
        let what = format!("the book stays {}; {rest} beside it is left alone", figures::held(ours));
        choices.push((command("ignore", " [--until TIME]"), what));
    }
    if !there.is_flat() {
        choices.push((command("adopt", " --stop PRICE"), format!("{all} are ours, with that stop")));
        choices.push((command("close", ""), format!("{all} are ours, and are closed at market")));
    }
    choices
}

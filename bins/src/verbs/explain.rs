//! `explain`: everything the journal holds about one signal, order or symbol.

use std::collections::BTreeSet;

use broker_api::{ClientOrderId, ExecutionId, Mark, Marks, NonTrade, Record, SignalId, Stamped, VenueId};
use evidence::twin::{Regret, Twin as Pair};
use serde_json::json;

use crate::args::Explain;
use crate::failure::Failure;
use crate::figures;
use crate::help::{self, Kind};
use crate::history::{History, Story};
use crate::out::Out;
use crate::place::{Place, Reading};
use crate::twin::{self, Twin};
use crate::verbs::lists;
use crate::{compared, tell, words};

/// What is asked about.
enum Subject {
    Signal(SignalId),
    Order(ClientOrderId),
    Symbol(String),
}

/// Tells the whole story of one thing.
pub fn explain(out: Out, place: &Place, asked: &Explain) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let told = reading.story()?;
    let Story { history, records } = &told;
    let subject = find(history, &reading, &asked.id)?;
    let orders: BTreeSet<ClientOrderId> = history
        .orders
        .values()
        .filter(|order| match &subject {
            Subject::Signal(id) => order.intent.signal == Some(*id),
            Subject::Order(id) => order.intent.id == *id,
            Subject::Symbol(symbol) => order.intent.key.symbol.as_str() == symbol,
        })
        .map(|order| order.intent.id)
        .collect();
    // An execution that is taken back is named by itself alone.
    let executions: BTreeSet<(VenueId, ExecutionId)> = records
        .iter()
        .filter_map(|stamped| match &stamped.record {
            Record::Filled { fill } if orders.contains(&fill.order) => Some((fill.key.venue, fill.execution)),
            _ => None,
        })
        .collect();
    let is_about = |record: &Record| {
        let of_order = record.order().is_some_and(|id| orders.contains(&id))
            || matches!(record, Record::Busted { venue, execution } if executions.contains(&(*venue, *execution)));
        of_order
            || match &subject {
                Subject::Signal(id) => record.signal() == Some(*id),
                Subject::Order(_) => false,
                Subject::Symbol(symbol) => {
                    record.key().is_some_and(|key| key.symbol.as_str() == symbol)
                        || matches!(record, Record::NonTrade { entry, .. } if concerns(entry, symbol))
                        || matches!(record, Record::SignalTaken { signal, .. } if signal.symbol.as_str() == symbol)
                        || matches!(record, Record::Imported { positions, trades, .. }
                            if positions.iter().map(|held| held.key).chain(trades.iter().map(|trade| trade.key))
                                .any(|key| key.symbol.as_str() == symbol))
                }
            }
    };
    let story: Vec<&Stamped> = records.iter().filter(|stamped| is_about(&stamped.record)).collect();
    let mut text = format!("{}\n{}\n", reading.headline(), head(&reading, history, &subject));
    for stamped in &story {
        text.push_str(&format!(
            "  {:>7}  {}  {}\n",
            stamped.seq,
            figures::time(stamped.at),
            words::sentence(&stamped.record)
        ));
        if let Some(marks) = marks_of(&stamped.record) {
            text.push_str(&format!("           {}\n", checks(marks)));
        }
    }
    let pairs = pairs(out, place, &reading, asked, &subject, &told)?;
    for (pair, regret) in &pairs {
        text.push_str(&twin::pair(pair, regret.as_ref()));
    }
    out.text(&text)?;
    let rows: Vec<_> = story
        .iter()
        .map(|stamped| json!({ "seq": stamped.seq, "at": stamped.at, "record": stamped.record, "text": words::sentence(&stamped.record) }))
        .collect();
    let pairs: Vec<_> =
        pairs.iter().map(|(pair, regret)| json!({ "pair": pair, "regret": regret })).collect();
    let data = json!({ "id": asked.id, "records": rows, "twin": pairs });
    out.document("explain", &reading.heading(), reading.as_of, &data)
}

/// What is asked about beside what a replay makes of it, where there are bars.
fn pairs(
    out: Out,
    place: &Place,
    reading: &Reading,
    asked: &Explain,
    subject: &Subject,
    told: &Story,
) -> Result<Vec<(Pair, Option<Regret>)>, Failure> {
    let Some(bars) = twin::bars(place, asked.bars.as_ref()) else { return Ok(Vec::new()) };
    let is_asked = |pair: &Pair| match subject {
        Subject::Signal(id) => pair.id == id.as_str(),
        Subject::Order(_) => false,
        Subject::Symbol(symbol) => pair.symbol == *symbol,
    };
    let Twin { pairs, regrets, .. } = match twin::compute(place, reading, told, &bars) {
        // Who did not ask for pairs is told the story without them.
        Err(failure) if asked.bars.is_none() => {
            out.warn("twin_left_out", &format!("no pair is shown: {failure}"));
            return Ok(Vec::new());
        }
        computed => computed?,
    };
    let beside = |pair: Pair| {
        let regret = regrets.iter().find(|regret| regret.id == pair.id).cloned();
        (pair, regret)
    };
    Ok(pairs.into_iter().filter(is_asked).map(beside).collect())
}

/// Whether an entry that no trade made is about a symbol: what it was before, or what it is now.
fn concerns(entry: &NonTrade, symbol: &str) -> bool {
    [entry.key, entry.becomes].into_iter().flatten().any(|key| key.symbol.as_str() == symbol)
}

fn find(history: &History, reading: &Reading, id: &str) -> Result<Subject, Failure> {
    if let Some(signal) = SignalId::new(id).ok().filter(|id| history.signals.contains_key(id)) {
        return Ok(Subject::Signal(signal));
    }
    if let Some(order) = ClientOrderId::new(id).ok().filter(|id| history.orders.contains_key(id)) {
        return Ok(Subject::Order(order));
    }
    let upper = id.to_ascii_uppercase();
    let listed = reading.catalog.iter().map(|(_, instrument)| instrument.key);
    // What came of a change of symbol may be listed nowhere here.
    let held = reading.book.positions().map(|position| position.key);
    let beside = reading.book.outsides().map(|(key, _)| key);
    let known = listed.chain(held).chain(beside).any(|key| key.symbol.as_str() == upper);
    if known || history.signals.values().any(|state| state.signal.symbol.as_str() == upper) {
        return Ok(Subject::Symbol(upper));
    }
    let symbols = reading.catalog.iter().map(|(_, instrument)| instrument.key.symbol.as_str());
    let orders = history.orders.keys().map(ClientOrderId::as_str);
    let names = history.signals.keys().map(SignalId::as_str).chain(orders).chain(symbols);
    let near = names
        .map(|name| (strsim::osa_distance(name, id), name))
        .filter(|(distance, name)| *distance * 3 <= name.len())
        .min();
    let mut failure = Failure::usage("not_found", format!("no signal, order or symbol is called {id}"));
    failure.fix = Some(near.map_or_else(
        || "`tradewind signals --all` lists every signal".to_owned(),
        |(_, name)| format!("did you mean {name}?"),
    ));
    Err(failure)
}

fn head(reading: &Reading, history: &History, subject: &Subject) -> String {
    match subject {
        Subject::Signal(id) => history.signals.get(id).map_or_else(String::new, |state| {
            let told =
                tell::signal(history, &reading.book, &reading.catalog, state, reading.book.guard().equity);
            let decided = state
                .signal
                .decision_price
                .map_or_else(String::new, |price| format!(" at {}", figures::bare_price(price)));
            let mut text = format!(
                "{id}   {}   {}\n  decided {}{decided}, by {}, valid until {}\n",
                told.word,
                told.text,
                figures::time(state.signal.decided_at),
                state.signal.strategy,
                figures::time(state.signal.expires_at)
            );
            if let Some(reason) = state.ended.as_ref().and_then(|ended| ended.reason.as_ref()) {
                if let Some(key) = &reason.key {
                    text.push_str(&format!(
                        "  set at  [limits] {key}{}\n",
                        reason.limit.as_ref().map_or_else(String::new, |limit| format!(" = {limit}"))
                    ));
                }
                text.push_str("  then    final for this signal. A new signal (new id) is judged afresh\n");
                if let Some(number) = help::number(Kind::Reason, reason.code.as_str()) {
                    text.push_str(&format!("  more    tradewind help {number}\n"));
                }
            }
            text
        }),
        Subject::Order(id) => history.orders.get(id).map_or_else(String::new, |order| {
            format!("{}   {}\n", words::order(&order.intent), order.phase.as_str().to_uppercase())
        }),
        Subject::Symbol(symbol) => {
            let held = reading.book.positions().find(|position| position.key.symbol.as_str() == symbol);
            let shown = held.map_or_else(|| "nothing held".to_owned(), tell::held);
            let mut text = format!("{symbol}   {shown}\n");
            if let Some(position) = held {
                let guarded = lists::guard(&reading.book, &reading.catalog, position);
                text.push_str(&format!("  protected  {guarded}"));
                if let Some(bare) = lists::bare(position, reading.as_of) {
                    text.push_str(&format!("   without its stop: {bare}"));
                }
                text.push('\n');
                if let Some(code) = position.outside {
                    text.push_str(&format!("  outside    something else than our orders changed it ({code}): its trade is kept out of the figures\n"));
                }
            }
            let keys = reading.book.outsides().filter(|(key, _)| key.symbol.as_str() == symbol);
            for (_, outside) in keys.filter(|(_, outside)| !outside.held.is_flat()) {
                text.push_str(&format!(
                    "  beside     {} in the account, and none of ours ({})\n",
                    figures::held(outside.held),
                    outside.code
                ));
            }
            for differs in compared::disagreements(&reading.book, reading.as_of) {
                if differs.symbol.is_some_and(|of| of.as_str() == symbol) {
                    text.push_str(&differs.text);
                }
            }
            text
        }
    }
}

fn marks_of(record: &Record) -> Option<Marks> {
    match record {
        Record::Intended { marks, .. } | Record::Resent { marks, .. } => Some(*marks),
        Record::SignalEnded { marks, .. } => *marks,
        _ => None,
    }
}

/// What the checks said, in one line.
fn checks(marks: Marks) -> String {
    let named = |mark: Mark| {
        let numbers: Vec<String> = (1..=Marks::CHECKS)
            .filter(|check| marks.get(*check) == mark)
            .map(|check| name(check).to_owned())
            .collect();
        numbers.join(", ")
    };
    let mut parts = vec![format!("{} checks passed", marks.count(Mark::Passed) + marks.count(Mark::Near))];
    let told = [
        (Mark::Denied, "denied by"),
        (Mark::Missing, "missing what it needs"),
        (Mark::Clipped, "made smaller by"),
        (Mark::Near, "near its bound"),
    ];
    for (mark, text) in told {
        if marks.count(mark) > 0 {
            parts.push(format!("{text}: {}", named(mark)));
        }
    }
    parts.join("; ")
}

fn name(check: u8) -> &'static str {
    risk::CHECKS.iter().find(|known| known.number == check).map_or("not known here", |known| known.name)
}

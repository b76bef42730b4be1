//! `status`: where things stand, or stood.

use broker_api::{Level, Phase, Purpose};
use serde_json::json;
use state::checkpoint;

use crate::alerts;
use crate::args::At;
use crate::arming;
use crate::away;
use crate::beside;
use crate::blackouts;
use crate::closing;
use crate::control::{Trader, Watcher};
use crate::drills;
use crate::failure::Failure;
use crate::figures;
use crate::limits::{self, Force};
use crate::out::Out;
use crate::place::{Place, Reading};
use crate::stops;
use crate::summary::{self, Account, Need};
use crate::tonight::Tonight;
use crate::verbs::lists;
use crate::{compared, unknown};

/// Where things stand, from the journal alone: it answers whatever the trading process does.
pub fn status(out: Out, place: &Place, at: &At) -> Result<(), Failure> {
    let reading = place.read(at.at.as_deref())?;
    let book = &reading.book;
    let guard = book.guard();
    let account = Account::of_book(book);
    let force = Force::of(&place.loaded.config.limits, book, reading.as_of);
    let in_force = &force.limits;
    let halted = at.at.is_none() && place.files.halt.exists();
    let since = guard.since.map_or_else(String::new, |since| {
        let by = guard.by.as_ref().map_or_else(String::new, |by| format!(", by {by}"));
        let why = guard.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.text));
        let end = match guard.until {
            Some(until) if guard.level == Level::Paused => format!(", ends {}", figures::minute(until)),
            _ => summary::not_before(guard, reading.as_of),
        };
        format!(" since {}{by}{why}{end}", figures::minute(since))
    });
    let nobody = if book.seq() == 0 {
        "that is before the first record"
    } else {
        "a process is writing, or was killed"
    };
    let last = book.last_stop().map_or_else(
        || nobody.to_owned(),
        |stop| format!("last pass {} ago, exit {}", figures::span(reading.as_of - stop.at), stop.exit),
    );
    let trader = at.at.is_none().then(|| Trader::of(place)).flatten();
    let last = trader.as_ref().map_or(last, |trader| trader.told(reading.as_of));
    let mut text = format!("{}{since}   {last}\n", reading.headline());
    let gone = match trader.as_ref().and_then(|trader| trader.alive.as_ref()) {
        Some(alive) => alive.away.clone(),
        None => away::of_book(book),
    };
    text.push_str(&away::lines(&gone, reading.as_of));
    text.push_str(&stops::lines(book));
    text.push_str(&account.line(book));
    text.push_str(&arming::lines(place, book, reading.as_of));
    let (rests, wanted) = summary::guarded(book);
    let slots = positions(book);
    text.push_str(&format!(
        "limits     positions {slots} of {}   losses in a row {} of {} (cooldown), {} (latch)   highest equity {}\n",
        in_force.positions_max,
        guard.losses_in_row,
        in_force.cooldown_losses,
        in_force.latch_losses,
        guard.high_water.map_or_else(|| "not known".to_owned(), figures::money)
    ));
    let near = blackouts::near(&place.loaded.config.blackouts, reading.as_of);
    for (n, row) in near.iter().enumerate() {
        let head = if n == 0 { "no entries " } else { "           " };
        text.push_str(&format!("{head}{}\n", blackouts::told(row, reading.as_of)));
    }
    let count = |wanted: fn(Phase) -> bool| book.open_orders().filter(|order| wanted(order.phase)).count();
    let uncertain = count(|phase| phase == Phase::Unknown);
    let flying = count(|phase| matches!(phase, Phase::Sending | Phase::Waiting));
    let entries = book.open_orders().filter(|order| order.intent.purpose == Purpose::Entry).count();
    text.push_str(&format!(
        "orders     {flying} in flight   {uncertain} unknown   {entries} entries open   {rests} of {wanted} wanted stops rest\n"
    ));
    let (guards, protection) = lists::guards(book, reading.as_of);
    text.push_str(&guards);
    let closing = closing::all(place, book, reading.as_of);
    text.push_str(&closing::lines(&closing));
    let tonight = Tonight::of_reading(place, &reading, account.equity);
    text.push_str(&tonight.block());
    for line in beside::lines(book) {
        text.push_str(&line);
    }
    for differs in compared::disagreements(book, reading.as_of) {
        text.push_str(&differs.text);
    }
    let (watcher, drill, alert) = match at.at {
        None => (Watcher::of(place), drills::last(place), alerts::last(place)),
        Some(_) => (None, None, None),
    };
    if at.at.is_none() {
        let watches = watcher.as_ref().map(|watcher| watcher.told(reading.as_of));
        let drilled = drill.as_ref().map(|drill| drill.told(reading.as_of));
        text.push_str(&format!(
            "watchdog   {}   {}{}\n",
            watches.as_deref().unwrap_or("none"),
            drilled.as_deref().unwrap_or("last drill: never"),
            alert.as_ref().map_or_else(String::new, |last| format!("   {}", last.told(reading.as_of)))
        ));
    }
    let totals = book.totals();
    text.push_str(&format!(
        "so far     {} signals   {} trades closed: {} won, {} lost   net {}   fees {}   {} executions\n",
        figures::count(totals.signals),
        figures::count(totals.trades),
        figures::count(totals.wins),
        figures::count(totals.losses),
        totals.gross.minus(totals.fees).map_or_else(|_| String::new(), figures::change),
        figures::money(totals.fees),
        figures::count(totals.fills)
    ));
    let head = reading.head();
    text.push_str(&format!(
        "journal    {} records, {}\n",
        figures::count(book.seq()),
        &head.hash.as_str()[..12]
    ));
    if out.is_verbose() {
        text.push_str(&format!("limits in force, {}\n", force.version()));
        for line in in_force.lines() {
            text.push_str(&format!("  {} = {}   {}\n", line.key, line.value, line.basis));
        }
    }
    let needs = needs(place, &reading);
    for (n, need) in needs.iter().enumerate() {
        text.push_str(&format!("{}{}\n", if n == 0 { "needs you  " } else { "           " }, need.text));
    }
    if needs.is_empty() {
        text.push_str("Nothing needs you.\n");
    }
    out.text(&text)?;
    out.document(
        "status",
        &reading.heading(),
        reading.as_of,
        &json!({
            "account": account.json(book),
            "level": guard.level,
            "level_since": guard.since,
            "level_until": guard.until,
            "level_by": guard.by,
            "level_reason": guard.reason,
            "stopped": stops::json(book),
            "away": away::json(&gone),
            "halt_file": halted,
            "entries_go_through": guard.level == Level::Trading && !halted,
            "last_pass": book.last_stop(),
            "trader": trader.map(|trader| trader.json(reading.as_of)),
            "watchdog": watcher.map(|watcher| watcher.json(reading.as_of)),
            "last_message": alert.map(|last| last.json()),
            "last_drill": drill.map(|drill| drill.json()),
            "blackouts": near.iter().map(|row| blackouts::json(row, reading.as_of)).collect::<Vec<_>>(),
            "positions": slots,
            "orders": { "in_flight": flying, "unknown": uncertain, "entries": entries },
            "no_known_outcome": unknown::all(book, reading.as_of).map(|unknown| unknown.json()).collect::<Vec<_>>(),
            "stops": { "wanted": wanted, "resting": rests },
            "protection": protection,
            "closing": closing::json(&closing),
            "tonight": tonight.json(),
            "arming": arming::json(book, reading.as_of),
            "limits_version": force.known.as_ref().map(|known| known.version),
            "limits_pending": force.pending.iter().map(limits::json).collect::<Vec<_>>(),
            "diverged": compared::json(book, reading.as_of),
            "outside": beside::json(book),
            "losses_in_a_row": guard.losses_in_row,
            "totals": totals,
            "needs_you": needs.iter().map(Need::json).collect::<Vec<_>>(),
        }),
    )
}

/// What needs a person: of a moment of the past, what the journal alone says of it.
pub fn needs(place: &Place, reading: &Reading) -> Vec<Need> {
    let (book, now) = (&reading.book, reading.as_of);
    let halted = !reading.is_past() && place.files.halt.exists();
    let mut needs = summary::needs_you(book, halted, now);
    needs.extend(closing::needs(&closing::all(place, book, now)));
    if !reading.is_past() {
        needs.extend(unseen_edit(reading, place));
        needs.extend(Force::of(&place.loaded.config.limits, book, now).needs());
    }
    needs
}

/// An edit of the state file that no pass has met yet.
fn unseen_edit(reading: &Reading, place: &Place) -> Option<Need> {
    let file = checkpoint::read(&place.files).ok().flatten().filter(|file| !file.intact)?;
    let is_known = reading.book.edit_found().is_some_and(|found| found.file == file.file);
    let text = format!(
        "{} was edited in Tradewind's own keys; the next pass goes on from the journal and lets no entry through",
        place.files.state.display()
    );
    (!is_known)
        .then(|| Need { text: format!("{text} -> tradewind state verify"), verb: "state verify".to_owned() })
}

fn positions(book: &state::Book) -> usize {
    book.positions().len()
}

//! `positions`, `orders`, `fills`, `trades`, `signals`: what the book holds, as tables and as JSON.

use std::collections::BTreeMap;

use broker_api::{Catalog, Key, KindName, Purpose, Qty, Ratio, Time};
use serde_json::{Value, json};
use state::Book;
use state::book::{Execution, Order, Position, Trade};

use crate::args::{At, List};
use crate::failure::Failure;
use crate::figures::{self, Table};
use crate::out::Out;
use crate::place::{Place, Reading};
use crate::{tell, venues};

/// What is held, and what guards it.
pub fn positions(out: Out, place: &Place, at: &At) -> Result<(), Failure> {
    let reading = place.read(at.at.as_deref())?;
    let mut table = Table::new(&[
        "symbol",
        "side",
        ">qty",
        ">entry",
        ">stop",
        ">target",
        "protected",
        ">planned loss",
        "since",
        "strategy",
        "notes",
    ]);
    let rows: Vec<Value> = reading
        .book
        .positions()
        .map(|position| {
            table.row(position_row(&reading, position));
            position_json(&reading.book, position)
        })
        .collect();
    show(out, "positions", &reading, &table, "Nothing is held.", &rows)
}

fn position_row(reading: &Reading, position: &Position) -> Vec<String> {
    let (book, catalog) = (&reading.book, &reading.catalog);
    let at_tick = |price| tell::at_tick(catalog, position.key, price);
    let side = position.direction.as_str().to_owned();
    vec![
        position.key.symbol.to_string(),
        side,
        figures::qty(position.held.size()),
        position.average().map_or_else(String::new, at_tick),
        position.plan.stop.map_or_else(|| "none".to_owned(), at_tick),
        target(book, catalog, position),
        guarded(book, position).to_owned(),
        position.risk.map_or_else(|| "unbounded".to_owned(), figures::money),
        figures::minute(position.opened_at),
        position.strategy.map_or_else(String::new, |strategy| strategy.to_string()),
        notes(position, bare(position, reading.as_of), catalog),
    ]
}

fn target(book: &Book, catalog: &Catalog, position: &Position) -> String {
    let watched = if target_protection(book, position) == Some("watched") { " watched" } else { "" };
    let at_tick = |price| tell::at_tick(catalog, position.key, price);
    position.plan.target.map_or_else(|| "none".to_owned(), |price| format!("{}{watched}", at_tick(price)))
}

/// What else there is to know: a stop that follows, the time without a stop, and what changed it that was no order of ours.
fn notes(position: &Position, bare: Option<String>, catalog: &Catalog) -> String {
    let trail = position
        .plan
        .trail
        .map(|by| format!("stop follows {} behind", tell::at_tick(catalog, position.key, by)));
    let bare = bare.map(|bare| format!("without its stop {bare}"));
    let outside = position.outside.map(|code| format!("outside: {code}"));
    trail.into_iter().chain(bare).chain(outside).collect::<Vec<_>>().join("; ")
}

/// Whether the stop that a position shall have rests at the venue, over all of it.
pub fn protected(book: &Book, position: &Position) -> &'static str {
    let shall = position.plan.stop.is_some() || position.plan.trail.is_some();
    match (shall, tell::resting(book, position, Purpose::Stop)) {
        (false, _) => "no stop",
        (true, Some(rest)) if rest >= position.held.size() => "yes",
        (true, Some(_)) => "in part",
        (true, None) if is_watched(position) => "watched",
        (true, None) => "NOT YET",
    }
}

/// Whether the venue takes no stops, so that somebody must look at the price.
fn is_watched(position: &Position) -> bool {
    venues::capabilities(position.key.venue).is_some_and(|venue| !venue.takes(KindName::Stop))
}

/// How the stop of a position outlives us: `venue`, until it is cancelled; `renewed`, until the end of the session, and a
/// pass sends it again; `watched`, while a process looks at the price. Nothing while none of these holds.
pub fn protection(book: &Book, position: &Position) -> Option<&'static str> {
    match tell::resting(book, position, Purpose::Stop) {
        Some(rest) if rest >= position.held.size() => Some(outlives(position.key, rest)),
        None if position.plan.stop.is_some() && is_watched(position) => Some("watched"),
        _ => None,
    }
}

/// The same of its target: watched where the stop binds all that is held.
pub fn target_protection(book: &Book, position: &Position) -> Option<&'static str> {
    position.plan.target?;
    match tell::resting(book, position, Purpose::Target) {
        Some(rest) => Some(outlives(position.key, rest)),
        None => venues::capabilities(position.key.venue)
            .filter(|venue| venue.closing_binds && position.plan.stop.is_some())
            .map(|_| "watched"),
    }
}

/// How an order that rests outlives us: where parts of a share end with the session, one of a part is sent again.
fn outlives(key: Key, rest: Qty) -> &'static str {
    let is_part = !key.symbol.as_str().contains('/') && !rest.get().is_integer();
    let ends = venues::capabilities(key.venue).is_some_and(|venue| venue.parts_end_with_session);
    if is_part && ends { "renewed" } else { "venue" }
}

/// The same for people, or why there is none.
fn guarded(book: &Book, position: &Position) -> &'static str {
    protection(book, position).unwrap_or_else(|| protected(book, position))
}

/// How one position is guarded, and at which prices.
pub fn guard(book: &Book, catalog: &Catalog, position: &Position) -> String {
    let mut text = guarded(book, position).to_owned();
    if let Some(stop) = position.plan.stop {
        text.push_str(&format!(", stop {}", tell::at_tick(catalog, position.key, stop)));
    }
    if position.plan.target.is_some() {
        text.push_str(&format!(", target {}", target(book, catalog, position)));
    }
    text
}

/// How everything that is held is guarded, as lines and for programs.
pub fn guards(book: &Book, now: Time) -> (String, Vec<Value>) {
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for position in book.positions() {
        named.entry(guarded(book, position)).or_default().push(position.key.symbol.to_string());
    }
    let named: Vec<String> =
        named.into_iter().map(|(how, symbols)| format!("{how}: {}", symbols.join(", "))).collect();
    let mut lines =
        if named.is_empty() { String::new() } else { format!("protected  {}\n", named.join("   ")) };
    let watched: Vec<&str> = book
        .positions()
        .filter(|position| target_protection(book, position) == Some("watched"))
        .map(|position| position.key.symbol.as_str())
        .collect();
    if !watched.is_empty() {
        lines.push_str(&format!("targets    watched, while a pass runs: {}\n", watched.join(", ")));
    }
    let told = |position: &Position| Some(format!("{} {}", position.key.symbol, bare(position, now)?));
    let without: Vec<String> = book.positions().filter_map(told).collect();
    if !without.is_empty() {
        lines.push_str(&format!("no stop    {}\n", without.join("   ")));
    }
    let row = |position: &Position| {
        json!({
            "symbol": position.key.symbol,
            "protected": protected(book, position),
            "protection": protection(book, position),
            "target_protection": target_protection(book, position),
            "unprotected": bare_json(position),
        })
    };
    (lines, book.positions().map(row).collect())
}

/// How long a position lay without its stop, in milliseconds.
fn bare_json(position: &Position) -> Value {
    let bare = position.bare;
    json!({ "since": bare.since, "total_ms": bare.total_ms, "longest_ms": bare.longest_ms })
}

/// The same for people: `for 3 s now, 0.8 s longest before`; nothing when it never did.
pub fn bare(position: &Position, now: Time) -> Option<String> {
    let bare = position.bare;
    let longest = figures::span_ms(bare.longest_ms);
    // What takes a stop to be placed is no news.
    match (bare.since, bare.longest_ms / 100) {
        (Some(since), 0) => Some(format!("for {} now", figures::span(now - since))),
        (Some(since), _) => Some(format!("for {} now, {longest} longest before", figures::span(now - since))),
        (None, 0) => None,
        (None, _) => Some(format!("{longest} longest")),
    }
}

fn position_json(book: &Book, position: &Position) -> Value {
    json!({
        "venue": position.key.venue,
        "symbol": position.key.symbol,
        "side": position.direction,
        "quantity": position.held.size(),
        "average_price": position.average(),
        "stop": position.plan.stop,
        "target": position.plan.target,
        "protected": protected(book, position),
        "protection": protection(book, position),
        "target_protection": target_protection(book, position),
        "trail": position.plan.trail,
        "unprotected": bare_json(position),
        "outside": position.outside,
        "planned_loss": position.risk,
        "opened_at": position.opened_at,
        "signal": position.signal,
        "strategy": position.strategy,
        "imported": position.imported,
        "exit_wanted": book.exit_wanted(position.key).map(|exit| exit.code),
    })
}

/// Orders that are not over; with `--all` also those that are.
pub fn orders(out: Out, place: &Place, list: &List) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let history = list.all.then(|| reading.history()).transpose()?;
    let mut rows: Vec<&Order> = match &history {
        Some(history) => history.orders.values().collect(),
        None => reading.book.open_orders().collect(),
    };
    rows.sort_by_key(|order| std::cmp::Reverse(order.decided_at));
    let mut table = Table::new(&[
        "order", "symbol", "purpose", "side", ">qty", ">filled", "kind", ">price", "state", "since", "reason",
    ]);
    for order in &rows {
        let intent = &order.intent;
        let price = intent.order.prices().into_iter().flatten().next();
        table.row(vec![
            intent.id.to_string(),
            intent.key.symbol.to_string(),
            intent.purpose.as_str().to_owned(),
            intent.side.to_string(),
            figures::qty(intent.qty),
            figures::qty(order.filled),
            intent.order.name().as_str().to_owned(),
            price.map_or_else(String::new, |price| tell::at_tick(&reading.catalog, intent.key, price)),
            order.phase.as_str().to_owned(),
            figures::minute(order.since),
            order.reason.as_ref().map_or_else(String::new, |reason| reason.code.to_string()),
        ]);
    }
    let rows: Vec<Value> = rows.iter().map(|order| json!(order)).collect();
    show(
        out,
        "orders",
        &reading,
        &table,
        "No order is open; `tradewind orders --all` shows those that are over.",
        &rows,
    )
}

/// Executions, newest first.
pub fn fills(out: Out, place: &Place, list: &List) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let history = reading.history()?;
    let take = if list.all { usize::MAX } else { list.last };
    let mut table = Table::new(&[
        "at",
        "symbol",
        "purpose",
        "side",
        ">qty",
        ">price",
        ">cost bps",
        ">fee",
        "model",
        "order",
    ]);
    let rows: Vec<&Execution> = history.fills.iter().rev().take(take).collect();
    let mut json_rows = Vec::new();
    for execution in rows {
        let fill = &execution.fill;
        let order = history.orders.get(&fill.order);
        let cost: Option<Ratio> =
            order.and_then(|order| tell::slippage(fill.side, order.intent.reference, fill.price));
        table.row(vec![
            figures::time(fill.at),
            fill.key.symbol.to_string(),
            execution.purpose.map_or("not ours", Purpose::as_str).to_owned(),
            fill.side.to_string(),
            figures::qty(fill.qty),
            tell::at_tick(&reading.catalog, fill.key, fill.price),
            cost.map_or_else(String::new, figures::bps),
            tell::fee(fill),
            fill.model.map_or_else(String::new, |model| model.to_string()),
            fill.order.to_string(),
        ]);
        json_rows.push(json!({ "fill": fill, "purpose": execution.purpose, "slippage": cost }));
    }
    show(out, "fills", &reading, &table, "Nothing was executed yet.", &json_rows)
}

/// Closed trades, newest first.
pub fn trades(out: Out, place: &Place, list: &List) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let history = reading.history()?;
    let take = if list.all { usize::MAX } else { list.last };
    let mut table = Table::new(&[
        ">no", "symbol", "side", ">qty", "opened", "closed", ">entry", ">exit", "by", ">net", ">R", "notes",
    ]);
    let rows: Vec<&Trade> = history.trades.values().rev().take(take).collect();
    for trade in &rows {
        let position = &trade.position;
        let at_tick = |price| tell::at_tick(&reading.catalog, position.key, price);
        table.row(vec![
            position.number.to_string(),
            position.key.symbol.to_string(),
            position.direction.as_str().to_owned(),
            figures::qty(position.entered),
            figures::minute(position.opened_at),
            figures::minute(trade.closed_at),
            trade.entry().map_or_else(String::new, at_tick),
            trade.exit_price().map_or_else(String::new, at_tick),
            trade.exit_code.map_or_else(|| trade.exit.as_str().to_owned(), |code| code.to_string()),
            figures::change(trade.net()),
            trade.r().map_or_else(String::new, figures::r),
            notes(position, bare(position, trade.closed_at), &reading.catalog),
        ]);
    }
    let rows: Vec<Value> = rows.iter().map(|trade| trade_json(trade)).collect();
    show(out, "trades", &reading, &table, "No trade is closed yet.", &rows)
}

/// A trade for programs, with what follows from its figures.
pub fn trade_json(trade: &Trade) -> Value {
    let position = &trade.position;
    json!({
        "number": position.number,
        "venue": position.key.venue,
        "symbol": position.key.symbol,
        "side": position.direction,
        "quantity": position.entered,
        "entry_price": trade.entry(),
        "exit_price": trade.exit_price(),
        "opened_at": position.opened_at,
        "closed_at": trade.closed_at,
        "exit": trade.exit,
        "exit_code": trade.exit_code,
        "gross": position.gross,
        "fees": position.fees,
        "net": trade.net(),
        "planned_loss": position.risk,
        "r": trade.r(),
        "signal": position.signal,
        "exit_signal": trade.exit_signal,
        "strategy": position.strategy,
        "unprotected": bare_json(position),
        "outside": position.outside,
        "imported": position.imported,
    })
}

/// Signals and how they ended, newest first.
pub fn signals(out: Out, place: &Place, list: &List) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let history = reading.history()?;
    let take = if list.all { usize::MAX } else { list.last };
    let mut rows: Vec<_> = history.signals.values().collect();
    rows.sort_by_key(|state| (std::cmp::Reverse(state.taken_at), state.signal.id));
    rows.truncate(take);
    let mut table = Table::new(&["signal", "outcome", "what came of it"]);
    let mut json_rows = Vec::new();
    for state in rows {
        let told =
            tell::signal(&history, &reading.book, &reading.catalog, state, reading.book.guard().equity);
        table.row(vec![state.signal.id.to_string(), told.word.to_owned(), told.text]);
        json_rows.push(told.json);
    }
    show(out, "signals", &reading, &table, "No signal was taken in yet.", &json_rows)
}

fn show(
    out: Out,
    verb: &str,
    reading: &Reading,
    table: &Table,
    empty: &str,
    rows: &[Value],
) -> Result<(), Failure> {
    let body = if table.is_empty() { format!("{empty}\n") } else { table.lines() };
    out.text(&format!("{}\n{body}", reading.headline()))?;
    out.document(verb, &reading.heading(), reading.as_of, &json!(rows))
}

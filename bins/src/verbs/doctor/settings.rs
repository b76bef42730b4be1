//! What is set, where, and why it is so large: `doctor --config`, and the checks of configuration and limits.

use broker_api::Time;
use engine::Sizing;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use state::Book;

use super::Report;
use crate::blackouts;
use crate::config::faults::Origin;
use crate::config::keys::{self, Key};
use crate::failure::Failure;
use crate::figures;
use crate::limits::{self, Force};
use crate::out::Out;
use crate::place::Place;

/// A key with what applies.
struct Row {
    key: &'static Key,
    value: Option<String>,
    origin: Origin,
}

fn rows(place: &Place) -> Vec<Row> {
    let table = toml::Table::try_from(&place.loaded.config).unwrap_or_default();
    let row = |key: &'static Key| {
        let mut at = Some(&table);
        let mut value = None;
        for name in key.path.split('.') {
            value = at.and_then(|table| table.get(name));
            at = value.and_then(toml::Value::as_table);
        }
        Row { key, value: value.map(ToString::to_string), origin: place.loaded.origin(&key.path) }
    };
    keys::all().iter().map(row).collect()
}

/// Every key with its value, its origin and its basis.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(out: Out, place: &Place) -> Result<(), Failure> {
    let now = crate::clock::now();
    let rows = rows(place);
    let file = place.loaded.file.as_ref().map_or_else(
        || "no configuration file: defaults".to_owned(),
        |file| format!("configuration {}", file.display()),
    );
    let mut text = format!("{}   {file}   {}\n", place.unbound(), figures::time(now));
    let mut table = "";
    for Row { key, value, origin } in &rows {
        if key.table() != table {
            table = key.table();
            text.push_str(&format!("[{table}]\n"));
        }
        let value = value.as_deref().unwrap_or("not set");
        let unit = if key.unit.is_empty() { String::new() } else { format!(" {}", key.unit) };
        text.push_str(&format!("  {} = {value}{unit}   ({origin})   {}\n", key.name(), key.basis));
    }
    let aliases = &place.loaded.config.aliases;
    text.push_str(&format!(
        "[aliases]   {} beside {} that are built in\n",
        aliases.len(),
        crate::catalog::ALIASES.len()
    ));
    for (alias, symbol) in aliases {
        let origin = place.loaded.origin(&format!("aliases.{alias}"));
        text.push_str(&format!("  \"{alias}\" = \"{symbol}\"   ({origin})\n"));
    }
    text.push_str("Later goes before earlier: default, file, environment, --set.   docs/config.md lists what each may be.\n");
    out.text(&text)?;
    let keys: Vec<Value> = rows
        .iter()
        .map(|Row { key, value, origin }| {
            json!({
                "key": key.path, "value": value, "origin": origin.to_string(), "default": key.default,
                "unit": key.unit, "may_be": key.kind.range(), "variable": key.variable(), "basis": key.basis,
            })
        })
        .collect();
    let aliases: Vec<Value> = aliases
        .iter()
        .map(|(alias, symbol)| {
            let origin = place.loaded.origin(&format!("aliases.{alias}")).to_string();
            json!({ "alias": alias, "symbol": symbol, "origin": origin })
        })
        .collect();
    let heading = place.unbound_heading();
    let data = json!({ "file": place.loaded.file, "keys": keys, "aliases": aliases });
    out.document("doctor-config", &heading, now, &data)
}

/// The configuration that was read.
pub fn told(report: &mut Report, place: &Place) {
    let origins = place.loaded.origins.values();
    let count = |wanted: fn(&Origin) -> bool| origins.clone().filter(|origin| wanted(origin)).count();
    let file = count(|origin| matches!(origin, Origin::File { .. }));
    let environment = count(|origin| matches!(origin, Origin::Environment(_)));
    let flags = count(|origin| matches!(origin, Origin::Flag(_)));
    let from = match &place.loaded.file {
        Some(path) => format!("{}: {}, all known", path.display(), figures::counted(file, "key")),
        None => "no file: the paper defaults apply".to_owned(),
    };
    report.ok("config", format!("{from}; {environment} from the environment, {flags} from --set"));
}

/// The limits in force, and whether the usual size of an entry passes them.
pub fn limits(report: &mut Report, place: &Place, book: Option<&Book>, now: Time) {
    let rows: Vec<Row> = rows(place).into_iter().filter(|row| row.key.table() == "limits").collect();
    let changed: Vec<String> = rows
        .iter()
        .filter(|row| row.value != row.key.default)
        .map(|row| format!("{} {} ({})", row.key.name(), row.value.as_deref().unwrap_or("-"), row.origin))
        .collect();
    let others = if changed.is_empty() {
        "all at the paper defaults".to_owned()
    } else {
        format!("{} not at the paper default: {}", changed.len(), changed.join(", "))
    };
    report
        .ok("limits", format!("{} in force, {others}; each with its basis: tradewind doctor -v", rows.len()));
    let none = Book::default();
    let force = Force::of(&place.loaded.config.limits, book.unwrap_or(&none), now);
    for (row, need) in force.pending.iter().zip(force.needs()) {
        report.warn("limits", limits::told(row), format!("tradewind {}", need.verb));
    }
    let limits = &force.limits;
    let (size, key, limit) = match place.loaded.config.sizing.sizing {
        Sizing::RiskPct(percent) => (percent.get(), "risk_per_trade_percent", limits.risk_per_trade_percent),
        Sizing::EquityPct(percent) => {
            (percent.get(), "order_notional_percent", limits.order_notional_percent)
        }
        Sizing::EqualSlots { slots } => (
            Decimal::ONE_HUNDRED / Decimal::from(slots.max(1)),
            "order_notional_percent",
            limits.order_notional_percent,
        ),
        Sizing::Quantity(_) | Sizing::Notional(_) => return,
    };
    let (size, limit) = (size.round_dp(2).normalize(), limit.get());
    if size > limit {
        let seen =
            format!("an entry asks for {size} % of equity, and limits.{key} is {limit} %: each is cut down");
        report.warn("sizing", seen, format!("ask for less under [sizing], or raise limits.{key}"));
    } else {
        report
            .ok("sizing", format!("an entry asks for {size} % of equity, within limits.{key} of {limit} %"));
    }
}

/// Times without entries that are on or come soon.
pub fn blackouts(report: &mut Report, place: &Place, now: Time) {
    let all = &place.loaded.config.blackouts;
    let near: Vec<String> =
        blackouts::near(all, now).into_iter().map(|row| blackouts::told(row, now)).collect();
    let configured = format!("{} configured", all.len());
    match near.as_slice() {
        [] if all.is_empty() => report.skip("blackouts", "no times without entries are configured"),
        [] => report.ok("blackouts", format!("{configured}, none within 24 h")),
        near => report.ok("blackouts", format!("{configured}; nothing is entered: {}", near.join("; "))),
    }
}

/// Each limit with its basis.
pub fn limits_text(place: &Place) -> String {
    let lines = place.loaded.config.limits.lines();
    let rows = lines.iter().map(|line| format!("  {} = {}   {}\n", line.key, line.value, line.basis));
    format!("limits in force\n{}", rows.collect::<String>())
}

/// The same for programs.
pub fn limits_json(place: &Place) -> Value {
    let lines = place.loaded.config.limits.lines();
    let row = |line: &risk::Line| {
        let origin = place.loaded.origin(&format!("limits.{}", line.key)).to_string();
        json!({ "key": line.key, "value": line.value, "origin": origin, "basis": line.basis })
    };
    lines.iter().map(row).collect()
}

//! Pairs as CSV, one line each.

use std::fs;
use std::path::Path;

use broker_api::Time;
use evidence::{Figure, Side};
use state::encode::time_text;

use super::Twin;
use super::told::came;
use crate::failure::{Exit, Failure};
use crate::ledger::{Line, heads};

/// The columns that each side has.
const OF_SIDE: [&str; 10] =
    ["came", "code", "quantity", "opened", "entry", "closed", "exit", "exit_by", "pnl", "r"];

/// Writes every pair to a file.
///
/// # Errors
/// A file that cannot be written.
pub fn write(twin: &Twin, file: &Path) -> Result<(), Failure> {
    let sides = ["live", "shadow"].into_iter().flat_map(|side| OF_SIDE.map(|name| format!("{side}_{name}")));
    let first = ["signal", "symbol", "side", "decided", "layer", "cause"].map(str::to_owned);
    let last = ["entry_difference", "exit_difference", "r_difference"].map(str::to_owned);
    let names: Vec<String> = first.into_iter().chain(sides).chain(last).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut bytes = heads(&names).into_bytes();
    let at = |at: Option<Time>| at.map_or_else(String::new, time_text);
    let r = |r: Option<_>| r.map_or_else(String::new, |r| format!("{:.6}", Figure::from(r)));
    let mut line = Line::default();
    for pair in &twin.pairs {
        line.begin().words(Some(&pair.id)).words(Some(&pair.symbol));
        line.text(if pair.side == Side::Long { "long" } else { "short" }).text(&time_text(pair.decided));
        line.text(pair.layer.as_str()).text(pair.cause.map_or("", |cause| cause.words()));
        for side in [&pair.live, &pair.shadow] {
            line.text(came(side.came)).words(side.code.as_deref()).figure(side.quantity);
            line.text(&at(side.opened)).figure(side.entry).text(&at(side.closed)).figure(side.exit);
            line.words(side.exit_by.as_deref()).figure(side.pnl).text(&r(side.r));
        }
        let differs = &pair.differences;
        let whole = line.figure(differs.entry).figure(differs.exit).text(&r(differs.r)).done();
        bytes.extend_from_slice(whole);
    }
    fs::write(file, bytes).map_err(|error| {
        Failure::new(Exit::Unexpected, "not_written", format!("{} cannot be written", file.display()))
            .because(&error)
            .fix("make room, or name another file with --out; the book is untouched")
    })
}

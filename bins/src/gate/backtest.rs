//! The backtest that trades are held against: read from its file, or from headline figures.

use std::path::Path;

use chrono::TimeDelta;
use evidence::compare::{Backtest, Pair, Reference};
use evidence::ledger::{Fault, Read, Unit, trades_csv, trades_json};
use evidence::{Ledger, Plan, Trade};
use rust_decimal::Decimal;

use crate::failure::Failure;
use crate::place::Place;
use crate::reading;
use crate::twin::Twin;

/// No ledger is longer.
const BYTES_MAX: u64 = 64 << 20;

/// Two ends of one trade that lie further apart are two.
const SAME_EXIT: TimeDelta = TimeDelta::minutes(1);

/// What trades are held against, and what was not used of it.
pub struct Held {
    /// What the backtest leads one to expect of so many trades; nothing without one, or without a trade.
    pub reference: Option<Reference>,
    /// What is to be known of it, a sentence each.
    pub notes: Vec<String>,
}

/// Draws what the configured backtest leads one to expect of as many trades as are judged.
///
/// # Errors
/// A file that is no ledger, figures that make no backtest.
pub fn backtest(place: &Place, judged: &Ledger) -> Result<Held, Failure> {
    let config = &place.loaded.config;
    let told = config.backtest.headline.headline();
    let mut notes = Vec::new();
    let (backtest, key) = match (config.backtest.ledger.as_str(), told) {
        ("", None) => {
            notes.push("no backtest is given: write [backtest] ledger = \"FILE\" or its headline".to_owned());
            return Ok(Held { reference: None, notes });
        }
        ("", Some(headline)) => (Backtest::Headline(headline), "backtest.headline"),
        (name, _) => {
            let file = place.loaded.base.join(name);
            let read = ledger(&file, "backtest.ledger")?;
            notes.extend(unused(&file, &read));
            (Backtest::Ledger(read.read), "backtest.ledger")
        }
    };
    if judged.is_empty() {
        return Ok(Held { reference: None, notes });
    }
    let unit = match &backtest {
        Backtest::Ledger(ledger) if ledger.multiples().is_err() || judged.multiples().is_err() => {
            Unit::Currency
        }
        _ => Unit::R,
    };
    let plan = Plan::of(judged.len(), u64::from(config.gate.seed));
    let drawn = Reference::new(&backtest, unit, plan, &|_| {});
    let mut reference = drawn.map_err(|why| {
        Failure::usage("bad_backtest", format!("{key}: nothing can be drawn from this backtest: {why}"))
            .fix("it needs trades that were won and trades that were lost; nothing was recorded")
    })?;
    let per_week = config.backtest.per_week.get();
    if reference.per_week.value().is_none() && per_week > Decimal::ZERO {
        reference.per_week = evidence::ledger::number(per_week).into();
    }
    notes.extend(reference.contradictions.iter().map(|found| format!("of the backtest: {}", found.says)));
    Ok(Held { reference: Some(reference), notes })
}

/// Trades beside what the backtest's engine made of the same signals, by their ids: computed from bars, or else read from the
/// file that is configured.
///
/// # Errors
/// A file that is no ledger, or has no risk.
pub fn pairs(place: &Place, twin: Option<&Twin>, judged: &Ledger) -> Result<Vec<Pair>, Failure> {
    let settings = &place.loaded.config.gate;
    if let Some(twin) = twin {
        let of_it = |trade: &Trade| twin.pairs.iter().find(|pair| pair.id == trade.id)?.pair();
        return Ok(judged.trades().iter().filter_map(of_it).collect());
    }
    let name = &settings.pairs;
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let file = place.loaded.base.join(name);
    let shadows = ledger(&file, "gate.pairs")?.read;
    let mut pairs = Vec::new();
    for trade in judged.trades() {
        let Some(shadow) = shadows.trades().iter().find(|shadow| shadow.id == trade.id) else { continue };
        let Some(made) = shadow.multiple() else {
            let what = format!("gate.pairs: {}: trade {} has no risk and no r", file.display(), shadow.id);
            return Err(Failure::usage("bad_backtest", what).fix("give each row a risk or an r"));
        };
        // A trade without a stop has no multiple, and no pair.
        let Some(live) = trade.multiple() else { continue };
        pairs.push(Pair {
            id: trade.id.clone(),
            live,
            shadow: made,
            is_same_size: shadow.side == trade.side && shadow.quantity == trade.quantity,
            // Why the shadow ended is in no ledger; that it ended otherwise is seen by its time.
            is_same_exit: (shadow.closed - trade.closed).abs() <= SAME_EXIT,
        });
    }
    Ok(pairs)
}

fn ledger(file: &Path, key: &str) -> Result<Read<Ledger>, Failure> {
    let shown = file.display();
    let text = reading::read_text(file, BYTES_MAX).map_err(|failure| Failure {
        code: "bad_backtest",
        what: format!("{key}: {}", failure.what),
        ..failure
    })?;
    let is_json = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let read = if is_json { trades_json(&text) } else { trades_csv(&text) };
    read.map_err(|faults: Vec<Fault>| {
        let mut failure = Failure::usage("bad_backtest", format!("{key}: {shown} is no ledger of trades"))
            .fix("correct each of them; docs/evidence.md has the columns; nothing was recorded");
        failure.causes = faults.iter().map(ToString::to_string).collect();
        failure
    })
}

fn unused<T>(file: &Path, read: &Read<T>) -> Option<String> {
    (!read.unused.is_empty())
        .then(|| format!("{}: columns that nothing uses: {}", file.display(), read.unused.join(", ")))
}

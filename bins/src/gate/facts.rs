//! Rows for `evidence`, from everything the journal holds.

use std::collections::BTreeMap;

use broker_api::{AssetClass, ClientOrderId, Direction, Record, SignalId, Stamped, Time};
use evidence::gates::PaperFacts;
use evidence::{Class, Ledger, Side, Trade};
use rust_decimal::Decimal;
use state::book::{DUST, Trade as Closed};

use super::{Flag, flags, marks};
use crate::failure::{Exit, Failure};
use crate::history::{History, Story};
use crate::place::{Place, Reading};

/// What there is, cut at the number of trades that is judged.
#[derive(Debug)]
pub struct Gathered {
    /// What the gate looks at; pairs and red flags are not in it yet.
    pub facts: PaperFacts,
    /// What a person must have looked at.
    pub flags: Vec<Flag>,
    /// The trades that count, of those judged.
    pub judged: Ledger,
    /// Trades that count, in all.
    pub counted: usize,
    /// The number that is judged; nothing while there are too few.
    pub mark: Option<usize>,
    /// The next number.
    pub next: usize,
    /// What else is to be known of them, a sentence each.
    pub notes: Vec<String>,
}

/// Gathers what the gate `paper` looks at.
///
/// # Errors
/// Trades that make no ledger.
pub fn gather(place: &Place, reading: &Reading, story: &Story) -> Result<Gathered, Failure> {
    let settings = &place.loaded.config.gate;
    let Story { history, records } = story;
    let mut notes = Vec::new();
    let (all, changed) = closed(place, history)?;
    if !changed.is_empty() {
        notes.push(format!("{} changed by no order of ours, and not counted", changed.len()));
    }
    let counts = if settings.count_imported { all.clone() } else { all.own() };
    let (mark, next) = marks(counts.len());
    let judged: Vec<Trade> = counts.trades().iter().take(mark.unwrap_or(usize::MAX)).cloned().collect();
    let until = mark.and(judged.last().map(|trade| trade.closed));
    // What does not count is shown all the same.
    let aside = all.trades().iter().filter(|trade| trade.imported && !settings.count_imported).cloned();
    let judged_ledger = ledger(judged.clone())?;
    let facts_ledger = ledger(judged.into_iter().chain(aside).collect())?;
    let times = times(history, until);
    if times.backwards > 0 {
        notes.push(format!(
            "{} orders were filled before their signal was decided: clocks that disagree; their time is not known",
            times.backwards
        ));
    }
    let flags = flags::all(place, reading, history, records, &changed);
    let facts = PaperFacts {
        ledger: facts_ledger,
        count_imported: settings.count_imported,
        signal_to_fill_ms: times.known,
        pairs: Vec::new(),
        red_flags: Vec::new(),
        duplicate_orders: twice(history),
        orphan_orders: records.iter().filter(|stamped| is_orphan(stamped)).count(),
        orders: history.orders.values().filter(|order| order.attempt > order.unsent).count(),
        weeks: judged_ledger.span_weeks(),
        rate_answer: Some(settings.rate_answer.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        ..PaperFacts::default()
    };
    Ok(Gathered { facts, flags, judged: judged_ledger, counted: counts.len(), mark, next, notes })
}

/// All closed trades, those of another program among them, and those that something else than our orders changed, which are in
/// no ledger.
///
/// # Errors
/// Trades that make no ledger.
pub fn closed<'a>(place: &Place, history: &'a History) -> Result<(Ledger, Vec<&'a Closed>), Failure> {
    let (rows, changed) = rows(place, history);
    Ok((ledger(rows)?, changed))
}

fn ledger(rows: Vec<Trade>) -> Result<Ledger, Failure> {
    Ledger::new(rows).map_err(|faults| {
        let mut failure =
            Failure::new(Exit::Unexpected, "unexpected", "closed trades of the journal make no ledger");
        failure.causes = faults.iter().map(ToString::to_string).collect();
        failure
    })
}

/// Every closed trade as a row; and those that something else than our orders changed, which are none.
fn rows<'a>(place: &Place, history: &'a History) -> (Vec<Trade>, Vec<&'a Closed>) {
    let (mut rows, mut changed): (BTreeMap<String, Trade>, Vec<&Closed>) = Default::default();
    for closed in history.trades.values() {
        let position = &closed.position;
        if position.outside.is_some() {
            changed.push(closed);
            continue;
        }
        let own = format!("trade-{}", position.number);
        let named = position.signal.as_ref().map(ToString::to_string);
        let id = named.filter(|id| !rows.contains_key(id)).unwrap_or(own);
        let class = place.catalog.instrument(position.key).map(|row| match row.asset_class {
            AssetClass::Equity => Class::Equity,
            AssetClass::Forex => Class::Forex,
            AssetClass::Crypto => Class::Crypto,
        });
        let trade = Trade {
            id: id.clone(),
            strategy: position.strategy.as_ref().map(ToString::to_string).unwrap_or_default(),
            symbol: position.key.symbol.to_string(),
            class,
            side: match position.direction {
                Direction::Long => Side::Long,
                Direction::Short => Side::Short,
            },
            opened: position.opened_at,
            closed: closed.closed_at,
            quantity: position.entered.get(),
            entry: closed.entry().map_or(Decimal::ZERO, broker_api::Price::get),
            exit: closed.exit_price().map_or(Decimal::ZERO, broker_api::Price::get),
            pnl: closed.net().get(),
            risk: position.risk.map(broker_api::Amount::get).filter(|risk| *risk > Decimal::ZERO),
            r: None,
            notional: None,
            stop: None,
            target: None,
            imported: position.imported.is_some(),
        };
        rows.insert(id, trade);
    }
    (rows.into_values().collect(), changed)
}

/// From decision to first fill.
#[derive(Debug, Default)]
pub(super) struct Took {
    pub(super) known: Vec<u64>,
    backwards: usize,
}

/// Of every order that a signal made and that was filled until then.
pub(super) fn times(history: &History, until: Option<Time>) -> Took {
    let mut first: BTreeMap<ClientOrderId, Time> = BTreeMap::new();
    for known in &history.fills {
        let at = first.entry(known.fill.order).or_insert(known.fill.at);
        *at = (*at).min(known.fill.at);
    }
    let mut took = Took::default();
    for order in history.orders.values().filter(|order| !order.intent.purpose.is_protective()) {
        let signal = order.intent.signal.as_ref().and_then(|id| history.signals.get(id));
        let Some((state, at)) = signal.zip(first.get(&order.intent.id)) else { continue };
        if until.is_some_and(|until| *at > until) {
            continue;
        }
        match u64::try_from((*at - state.signal.decided_at).num_milliseconds()) {
            Ok(ms) => took.known.push(ms),
            Err(_) => took.backwards += 1,
        }
    }
    took
}

/// Entries of one signal beyond its first that left us, and orders that were filled beyond what was asked for.
fn twice(history: &History) -> usize {
    let mut entries: BTreeMap<SignalId, usize> = BTreeMap::new();
    let mut beyond = 0;
    for order in history.orders.values().filter(|order| order.attempt > order.unsent) {
        beyond += usize::from(order.filled.get() > order.intent.qty.get());
        if !order.intent.purpose.is_reducing()
            && let Some(signal) = order.intent.signal
        {
            *entries.entry(signal).or_default() += 1;
        }
    }
    beyond + entries.values().map(|count| count - 1).sum::<usize>()
}

/// An execution that belongs to no order of ours, other than the close of a rest that was asked for.
pub(super) fn is_orphan(stamped: &Stamped) -> bool {
    matches!(&stamped.record, Record::Outside { code, .. } if *code != DUST)
}

//! Reconciliation: the book against what a venue says it holds and has live, one verdict for each instrument. Pure, and
//! linear in what there is to compare.
//!
//! A venue's lists are read beside its log, not in one moment with it, so a difference alone is no finding. What an order
//! on its way, or an execution of just now, can explain is said to be so and looked at again; what nothing explains
//! is for a person, and nothing here or elsewhere makes it fit.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    ClientOrderId, Code, ExecutionId, Held, Holdings, Key, OpenOrder, Phase, Price, Qty, Reason, Side, Time,
    VenueId, planted,
};
use chrono::TimeDelta;

use crate::book::{Book, Execution, Order};

/// Executions and changes of orders younger than this may be in one list and not in the other.
pub const RECENT: TimeDelta = TimeDelta::seconds(10);
const POSITION_DIFFERS: Code = Code::fixed("position_differs");
const ORDER_OF_OTHERS: Code = Code::fixed("order_of_others");
const ORDER_UNKNOWN: Code = Code::fixed("order_unknown");
const ORDER_LIVES: Code = Code::fixed("order_lives");

/// What a comparison says of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Of which.
    pub key: Key,
    /// What the book holds.
    pub ours: Held,
    /// What the account holds beside it, as far as the book knows.
    pub outside: Held,
    /// What the venue says it holds.
    pub there: Held,
    /// At what average price, when it holds something.
    pub average: Option<Price>,
    /// How the three fit.
    pub says: Says,
}

/// How book and venue fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// They are the same.
    Match,
    /// They are not, and that is as it should be.
    Explained(Explained),
    /// They are not, and nothing explains it.
    Unexplained(Reason),
}

/// What explains a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// The account holds something beside the book, and the book knows of it.
    Outside,
    /// An order of ours may have executed what the log does not tell yet.
    OnItsWay,
    /// Something was executed a moment ago.
    Recent,
    /// The venue kept less as its fee than executions were booked with.
    FeeInKind {
        /// How much less.
        back: Qty,
    },
}

impl Explained {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "held beside the book",
            Self::OnItsWay => "an order is on its way",
            Self::Recent => "executed a moment ago",
            Self::FeeInKind { .. } => "a fee that was less than booked",
        }
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// One for each instrument that either side knows something of, by key.
    pub verdicts: Vec<Verdict>,
    /// Orders that the book has as working, and the venue does not list: it is to be asked about them.
    pub missing: Vec<ClientOrderId>,
}

/// What is open in one instrument.
#[derive(Default)]
struct Row<'a> {
    ours: Vec<&'a Order>,
    theirs: Vec<&'a OpenOrder>,
    there: Option<(Held, Price)>,
}

/// Which instruments something was executed in a moment ago: looked for once, and not where all fits.
type Recently<'a> = LazyCell<BTreeSet<Key>, Box<dyn FnOnce() -> BTreeSet<Key> + 'a>>;

/// Compares. Nothing while the venue's history is still to be read: then the book is known to be behind.
pub fn reconcile(book: &Book, venue: VenueId, holdings: &Holdings, now: Time) -> Reconciliation {
    if book.history_wanted().any(|(wanted, _)| wanted == venue) {
        return Reconciliation::default();
    }
    let mut rows: BTreeMap<Key, Row<'_>> = BTreeMap::new();
    let is_here = |key: Key| key.venue == venue;
    for position in book.positions().filter(|position| is_here(position.key)) {
        rows.entry(position.key).or_default();
    }
    for (key, _) in book.outsides().filter(|(key, _)| is_here(*key)) {
        rows.entry(key).or_default();
    }
    for order in book.open_orders().filter(|order| is_here(order.intent.key)) {
        rows.entry(order.intent.key).or_default().ours.push(order);
    }
    for order in &holdings.orders {
        rows.entry(order.key).or_default().theirs.push(order);
    }
    for position in &holdings.positions {
        rows.entry(position.key).or_default().there = Some((position.held, position.average));
    }
    let recent = |execution: &&Execution| execution.fill.at > now - RECENT;
    let recently: Recently<'_> = LazyCell::new(Box::new(move || {
        book.executions().filter(recent).map(|execution| execution.fill.key).collect()
    }));
    let listed: BTreeSet<ClientOrderId> = holdings.orders.iter().filter_map(|order| order.id).collect();
    let is_missing = |order: &&Order| {
        order.phase == Phase::Working && order.since <= now - RECENT && !listed.contains(&order.intent.id)
    };
    let missing = rows.values().flat_map(|row| row.ours.iter().copied()).filter(is_missing);
    Reconciliation {
        missing: missing.map(|order| order.intent.id).collect(),
        verdicts: rows.into_iter().map(|(key, row)| verdict(book, key, &row, &recently, now)).collect(),
    }
}

fn verdict(book: &Book, key: Key, row: &Row<'_>, recently: &Recently<'_>, now: Time) -> Verdict {
    let ours = book.held(key);
    let known = book.outside(key);
    let is_over = known.and_then(|outside| outside.until).is_some_and(|until| until <= now);
    let outside = known.filter(|_| !is_over).map_or(Held::FLAT, |outside| outside.held);
    let (there, average) = row.there.map_or((Held::FLAT, None), |(held, average)| (held, Some(average)));
    // What a person wants left alone there are orders, too.
    let is_ignored = known.is_some() && !is_over;
    let says = match strange(book, row, is_ignored, now) {
        Some(reason) => Says::Unexplained(reason),
        None => held(book, key, row, recently, [ours, outside, there]),
    };
    Verdict { key, ours, outside, there, average, says }
}

fn held(
    book: &Book,
    key: Key,
    row: &Row<'_>,
    recently: &Recently<'_>,
    [ours, outside, there]: [Held; 3],
) -> Says {
    let expected = ours.moved(outside);
    let Some(gap) = expected.ok().and_then(|expected| there.moved(against(expected)).ok()) else {
        return Says::Unexplained(Reason::plain(
            POSITION_DIFFERS,
            "the difference is too large to be a number",
        ));
    };
    if gap.is_flat() {
        return if outside.is_flat() { Says::Match } else { Says::Explained(Explained::Outside) };
    }
    let side = if gap.is_long() { Side::Buy } else { Side::Sell };
    if row.ours.iter().any(|order| order.intent.side == side && may_have_filled(order, row)) {
        return Says::Explained(Explained::OnItsWay);
    }
    if recently.contains(&key) {
        return Says::Explained(Explained::Recent);
    }
    if let Some(back) = kept_back(book, key, gap) {
        return Says::Explained(Explained::FeeInKind { back });
    }
    if planted!(UnexplainedIsMatch) {
        return Says::Match;
    }
    let beside = if outside.is_flat() { String::new() } else { format!(" and {outside} beside it") };
    let text = format!(
        "the book holds {ours}{beside}, {} holds {there}: {gap} that nothing in its log explains",
        key.venue
    );
    Says::Unexplained(Reason {
        limit: Some(ours.to_string().into()),
        would_be: Some(there.to_string().into()),
        ..Reason::plain(POSITION_DIFFERS, text)
    })
}

/// Whether an order may have executed more than the book has: the venue does not say that it is live and no further.
fn may_have_filled(order: &Order, row: &Row<'_>) -> bool {
    let shown = row.theirs.iter().find(|shown| shown.id == Some(order.intent.id));
    order.may_be_live()
        && shown.is_none_or(|shown| shown.order.filled > order.filled || order.phase != Phase::Working)
}

fn against(held: Held) -> Held {
    let side = if held.is_long() { Side::Sell } else { Side::Buy };
    side.signed(held.size())
}

/// A fee in kind that was booked higher than it was: not more than what all executions of the position say was kept.
fn kept_back(book: &Book, key: Key, gap: Held) -> Option<Qty> {
    let position = book.position(key).filter(|position| position.held.is_long() && gap.is_long())?;
    let kept = |id: &ExecutionId| book.execution(key.venue, *id).map(|known| known.fill.kept);
    let all = position.executions.iter().filter_map(kept).try_fold(Qty::ZERO, Qty::plus).ok()?;
    (gap.size() <= all).then(|| gap.size())
}

/// An order at the venue that the book does not have as live.
fn strange(book: &Book, row: &Row<'_>, is_ignored: bool, now: Time) -> Option<Reason> {
    row.theirs.iter().find_map(|order| {
        let name = order.id.map_or_else(|| "without a name of ours".to_owned(), |id| id.to_string());
        let what = format!("{} {} of {}", order.side, order.qty, order.key.symbol);
        let of_ours = |id: ClientOrderId| book.order(id).is_some();
        if order.parent.is_some_and(of_ours) {
            return None;
        }
        match order.id.and_then(|id| book.order(id)) {
            Some(row) if !row.phase.is_done() || row.since > now - RECENT * 6 => None,
            Some(_) => {
                let text = format!("the order {name} ({what}) is live, and the book has it as over");
                Some(Reason::plain(ORDER_LIVES, text))
            }
            None if order.id.is_some_and(|id| id.is_ours()) => {
                let text = format!("the order {name} ({what}) has a name of ours and is not in the book");
                Some(Reason::plain(ORDER_UNKNOWN, text))
            }
            None if is_ignored => None,
            None => {
                let text = format!("somebody else's order {name} ({what}) is live there");
                Some(Reason::plain(ORDER_OF_OTHERS, text))
            }
        }
    })
}

#[cfg(test)]
mod tests;

//! What shall be closed and is still held: how far that is, and what comes next.

use broker_api::{Key, Purpose, Time};
use engine::calendar::Calendar;
use engine::tried_again;
use serde_json::{Value, json};
use state::Book;
use state::book::{Order, Position};

use crate::figures;
use crate::place::Place;
use crate::summary::{Need, until};
use crate::tell::resting;

/// A position that shall be closed.
#[derive(Debug)]
pub struct Closing<'a> {
    position: &'a Position,
    how: How,
    has_stop: bool,
    now: Time,
}

/// How far its closing is.
#[derive(Debug)]
enum How {
    /// The order that closes it is at the broker, or what stands in its way is being cancelled.
    UnderWay,
    /// It waits for its market.
    Pending { opens: Time },
    /// The broker refused the order.
    Refused { why: String, again: Time },
}

/// All of them, at a moment.
pub fn all<'a>(place: &Place, book: &'a Book, now: Time) -> Vec<Closing<'a>> {
    let wanted = book.positions().filter(|position| book.exit_wanted(position.key).is_some());
    let closing = |position: &'a Position| Closing {
        position,
        how: how(place, book, position.key, now),
        has_stop: resting(book, position, Purpose::Stop).is_some(),
        now,
    };
    wanted.map(closing).collect()
}

fn how(place: &Place, book: &Book, key: Key, now: Time) -> How {
    let of_key = |order: &&Order| order.intent.key == key && order.intent.purpose == Purpose::Exit;
    if book.open_orders().any(|order| of_key(&order)) {
        return How::UnderWay;
    }
    if let Some(again) = book.exit_wanted(key).and_then(tried_again) {
        let last = book.closed_orders().filter(of_key).max_by_key(|order| order.since);
        let why = last.and_then(|order| order.reason.as_ref()).map(|reason| format!(" ({})", reason.text));
        return How::Refused { why: why.unwrap_or_default(), again };
    }
    let class = place.catalog.instrument(key).map(|instrument| instrument.asset_class);
    let opens = class.and_then(|class| {
        let is_closed = !Calendar::new().open(class, now, None).is_trading();
        if is_closed { Calendar::new().next_open(class, now) } else { None }
    });
    opens.map_or(How::UnderWay, |opens| How::Pending { opens })
}

impl Closing<'_> {
    /// `KO 108: pending until Mon  5 Oct 13:30 UTC, when its market opens; its stop rests`.
    pub fn text(&self) -> String {
        let stop = if self.has_stop { "its stop rests" } else { "NO STOP RESTS" };
        let (symbol, held) = (self.position.key.symbol, figures::qty(self.position.held.size()));
        match &self.how {
            How::UnderWay => format!("{symbol} {held}: under way"),
            How::Pending { opens } => {
                format!(
                    "{symbol} {held}: pending until {}, when its market opens; {stop}",
                    until(self.now, *opens)
                )
            }
            How::Refused { why, again } => format!(
                "{symbol} {held}: still held, the broker refused to close it{why}; tried again from {}; {stop}",
                figures::time(*again)
            ),
        }
    }

    /// The same for programs.
    fn json(&self) -> Value {
        let (how, opens, again) = match self.how {
            How::UnderWay => ("under_way", None, None),
            How::Pending { opens } => ("pending", Some(opens), None),
            How::Refused { again, .. } => ("refused", None, Some(again)),
        };
        json!({
            "symbol": self.position.key.symbol, "quantity": self.position.held.size(), "closing": how,
            "opens_at": opens, "again_at": again, "stop_rests": self.has_stop,
        })
    }
}

/// All of them as a block.
pub fn lines(closing: &[Closing<'_>]) -> String {
    let line = |(n, closing): (usize, &Closing<'_>)| {
        format!("{}{}\n", if n == 0 { "closing    " } else { "           " }, closing.text())
    };
    closing.iter().enumerate().map(line).collect()
}

/// All of them for programs.
pub fn json(closing: &[Closing<'_>]) -> Vec<Value> {
    closing.iter().map(Closing::json).collect()
}

/// Those that a person should look at.
pub fn needs(closing: &[Closing<'_>]) -> Vec<Need> {
    let refused = closing.iter().filter(|closing| matches!(closing.how, How::Refused { .. }));
    let need = |closing: &Closing<'_>| {
        let verb = format!("explain {}", closing.position.key.symbol);
        Need { text: format!("{} -> tradewind {verb}", closing.text()), verb }
    };
    refused.map(need).collect()
}

//! What a person does to the book by way of its file: edits that were taken in, and a file that became a book again.
//!
//! A change names its place, what stood there and what shall stand there. It is applied to the book as JSON, in which
//! a trade stands under its number; what comes out must be a book, and a sound one.

use broker_api::{
    Change, ClientOrderId, Code, Intent, Key, Level, Phase, Purpose, Reason, SentWindow, Time, VenueId,
    VenueOrderId,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Book;
use super::fold::{No, no};
use super::rows::{AdoptedFrom, HistoryWanted};

/// Why an order is in the book that it did not decide.
pub(crate) const ADOPTED: Code = Code::fixed("adopted");

/// The trades of a book in JSON under their numbers instead of in a list, so that each keeps its place.
pub(crate) fn keyed(mut book: Value) -> Value {
    if let Some(Value::Array(trades)) = book.get_mut("trades").map(Value::take) {
        let number = |trade: &Value| trade.get("number").map_or_else(String::new, Value::to_string);
        let table: Map<String, Value> = trades.into_iter().map(|trade| (number(&trade), trade)).collect();
        book["trades"] = Value::Object(table);
    }
    book
}

/// The same the other way round.
fn listed(mut book: Value) -> Value {
    if let Some(Value::Object(trades)) = book.get_mut("trades").map(Value::take) {
        book["trades"] = Value::Array(trades.into_iter().map(|(_, trade)| trade).collect());
    }
    book
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), Value::to_string)
}

fn parsed(path: &str, text: Option<&str>) -> Result<Option<Value>, No> {
    let value = text.map(serde_json::from_str).transpose();
    value.or_else(|why| no(format!("{path} is given as what is not JSON: {why}")))
}

/// Makes one change in the book's JSON.
fn patch(book: &mut Value, change: &Change) -> Result<(), No> {
    let Change { path, from, to } = change;
    let (from, to) = (parsed(path, from.as_deref())?, parsed(path, to.as_deref())?);
    let Some((parent, name)) = path.rsplit_once('/') else { return no(format!("{path} is no place in it")) };
    let name = name.replace("~1", "/").replace("~0", "~");
    let Some(Value::Object(parent)) = book.pointer_mut(parent) else {
        return no(format!("{path} is changed, and there is no {parent} now"));
    };
    let now = parent.get(&name);
    if now != from.as_ref() {
        let (now, from) = (shown(now), shown(from.as_ref()));
        return no(format!("{path} is {now} now, and was {from} when it was edited"));
    }
    match to {
        Some(value) => drop(parent.insert(name, value)),
        None => drop(parent.shift_remove(&name)),
    }
    Ok(())
}

impl Book {
    /// Takes a person's edit in.
    pub(super) fn edited(&mut self, changes: &[Change]) -> Result<(), No> {
        let written = |why: serde_json::Error| No(format!("it would be no book: {why}").into());
        let mut all = keyed(serde_json::to_value(&*self).map_err(written)?);
        for change in changes {
            patch(&mut all, change)?;
        }
        let mut book = Self::deserialize(listed(all)).map_err(written)?;
        if book.seq != self.seq {
            return no("how many records are in the book is not to be edited");
        }
        book.check().map_err(No)?;
        let closing: Vec<_> = book.exits.keys().copied().collect();
        for key in closing {
            book.settle_exit(key);
        }
        book.edit_found = None;
        *self = book;
        Ok(())
    }

    /// Becomes the book of a file whose journal is gone.
    pub(super) fn adopted(&mut self, from: AdoptedFrom, book: &str) -> Result<(), No> {
        if *self != Self::default() {
            return no("only a journal without records goes on from a state file");
        }
        let mut book: Self = serde_json::from_str(book)
            .map_err(|why| No(format!("it is not the book of a file: {why}").into()))?;
        if book.seq != from.seq {
            return no(format!("the book holds {} records, and the file {}", book.seq, from.seq));
        }
        book.check().map_err(No)?;
        let wanted = HistoryWanted { since: from.written_at };
        let venues: Vec<VenueId> = book.venues.keys().copied().collect();
        for venue in venues {
            book.history_wanted.entry(venue).or_insert(wanted);
        }
        book.seq = 0;
        book.adopted = Some(from);
        *self = book;
        Ok(())
    }

    /// Notes that a venue's log is to be read before entries go through.
    pub(super) fn want_history(&mut self, venue: VenueId, since: Time) -> Result<(), No> {
        if !self.venues.contains_key(&venue) {
            return no(format!("the book is not bound to {venue}"));
        }
        let known = self.history_wanted.entry(venue).or_insert(HistoryWanted { since });
        known.since = known.since.min(since);
        Ok(())
    }

    /// No entry goes through while a venue may know of orders that the book does not.
    pub(super) fn may_trade(&self, level: Level) -> Result<(), No> {
        match self.history_wanted.first_key_value() {
            Some((venue, wanted)) if level == Level::Trading => {
                let since = crate::encode::time_text(wanted.since);
                no(format!("what happened at {venue} since {since} is not in the book yet"))
            }
            _ => Ok(()),
        }
    }

    /// Takes an order in that its venue knew and the book did not. Its fills and its end come by the venue's log.
    pub(super) fn order_adopted(
        &mut self,
        intent: &Intent,
        venue_order: Option<VenueOrderId>,
        at: Time,
    ) -> Result<(), No> {
        let Some(venue) = self.venues.get(&intent.key.venue) else {
            return no(format!("the book is not bound to {}", intent.key.venue));
        };
        let (mark, wanted) = (venue.cursor, self.history_wanted.get(&intent.key.venue));
        let Some(since) = wanted.map(|wanted| wanted.since) else {
            return no(format!("nothing is to be read of {}", intent.key.venue));
        };
        self.intended(intent, mark, SentWindow { from: since.min(at), to: at }, at)?;
        let generation = generation(intent.id);
        if let Some(order) = self.orders.get_mut(intent.id) {
            (order.phase, order.venue_order) = (Phase::Working, venue_order);
            let text =
                "the broker had it and the book did not; it is known as far as the broker and its name tell";
            order.reason = Some(Reason::plain(ADOPTED, text));
        }
        // Names that are used up at the venue are not given again.
        if intent.purpose.is_protective()
            && let Some(position) = self.positions.get_mut(&intent.key)
        {
            position.legs_made = position.legs_made.max(generation);
        }
        if intent.purpose == Purpose::Exit
            && let Some(exit) = self.exits.get_mut(&intent.key)
        {
            exit.orders = exit.orders.max(generation);
        }
        Ok(())
    }

    /// How many legs a position that is opened now had before: those of its orders that were adopted before its entry
    /// was booked.
    pub(super) fn adopted_legs(&self, key: Key) -> u32 {
        if self.history_wanted.is_empty() {
            return 0;
        }
        let closed = self.closed_orders.values().map(AsRef::as_ref).filter(|order| order.intent.key == key);
        let orders = self.open_orders_of(key).chain(closed);
        let legs = orders.filter(|order| order.intent.purpose.is_protective() && order.is_adopted());
        legs.map(|order| generation(order.intent.id)).max().unwrap_or(0)
    }

    /// Every order of ours in a venue's log is in the book.
    pub(super) fn history_read(&mut self, venue: VenueId) -> Result<(), No> {
        match self.history_wanted.remove(&venue) {
            Some(_) => Ok(()),
            None => no(format!("nothing was to be read of {venue}")),
        }
    }
}

/// The number at the end of an order's name.
fn generation(id: ClientOrderId) -> u32 {
    let text = id.as_str();
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    text.get(name.len()..).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

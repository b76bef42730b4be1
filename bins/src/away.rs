//! Brokers that do not answer while others are traded, for every output that tells of it.

use broker_api::{Time, VenueId};
use chrono::TimeDelta;
use risk::Away;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::Book;

use crate::figures;
use crate::pass::Pass;

/// How long before the end of a process an account may have been read last by one that reached it.
const READ_BEFORE_THE_END: TimeDelta = TimeDelta::minutes(5);

/// A broker that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// Which.
    pub venue: VenueId,
    /// When it was last heard; nothing when that was before the process began and nobody wrote it down.
    pub since: Option<Time>,
    /// What it said instead.
    pub why: Box<str>,
    /// Until when entries go on elsewhere; nothing when none does.
    pub elsewhere_until: Option<Time>,
}

/// Those that a pass does not reach. One that is traded alone needs no such line: nothing else goes on.
pub fn of(pass: &Pass) -> Vec<Gone> {
    let (runner, now) = (pass.runner(), pass.now());
    let (book, market) = (runner.book(), runner.market());
    if book.venues().count() < 2 {
        return Vec::new();
    }
    let away = runner.desk().away(book, market, now);
    let venues = book.venues().map(|bound| bound.of.venue).filter(|venue| market.is_silent(*venue, now));
    let told = |venue: VenueId| {
        let silent = runner.silent().iter().find(|(silent, _)| *silent == venue);
        let read = || market.account(venue).map(|account| account.at);
        Gone {
            venue,
            since: market.contact(venue).or_else(read),
            why: silent.map_or_else(|| "no answer".into(), |(_, why)| why.clone()),
            elsewhere_until: away.iter().find(|away| away.venue == venue).and_then(Away::until),
        }
    };
    venues.map(told).collect()
}

/// Those that the last process did not reach as it ended, as the journal has it.
pub fn of_book(book: &Book) -> Vec<Gone> {
    let Some(stop) = book.last_stop() else { return Vec::new() };
    let left = book.venues().filter_map(|bound| book.left(bound.of.venue));
    let gone = left.filter(|left| stop.at - left.account.at > READ_BEFORE_THE_END);
    let told = |left: &broker_api::Left| Gone {
        venue: left.account.of.venue,
        since: Some(left.account.at),
        why: "it did not answer the last process".into(),
        elsewhere_until: None,
    };
    gone.map(told).collect()
}

impl Gone {
    fn line(&self, now: Time) -> String {
        let since = self.since.map_or_else(
            || "not heard yet".to_owned(),
            |since| format!("not heard since {} ({})", figures::minute(since), figures::span(now - since)),
        );
        let elsewhere = match self.elsewhere_until {
            Some(until) if until >= now => format!(
                "; elsewhere they go on until {}, sized as if every stop there were hit",
                figures::minute(until)
            ),
            Some(_) => "; nor anywhere else: what it is worth is not known any more".to_owned(),
            None => String::new(),
        };
        format!(
            "away       {} {since}: {}\n           no entry goes there before it answers and was compared{elsewhere}\n",
            self.venue, self.why
        )
    }
}

/// As lines, for people.
pub fn lines(gone: &[Gone], now: Time) -> String {
    gone.iter().map(|gone| gone.line(now)).collect()
}

/// The same for programs.
pub fn json(gone: &[Gone]) -> Value {
    json!(gone)
}

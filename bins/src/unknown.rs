//! Orders of which nobody can prove whether they are live: since when, and what is awaited next.

use broker_api::{Phase, Time};
use engine::Next;
use serde_json::{Value, json};
use state::Book;
use state::book::Order;

use crate::{figures, venues};

/// An order of unknown outcome.
#[derive(Clone, Debug)]
pub struct Unknown<'a> {
    /// The order.
    pub order: &'a Order,
    /// What comes next for it; nothing where its venue is not known here.
    next: Option<Next>,
    now: Time,
}

/// All of them, at a moment.
pub fn all(book: &Book, now: Time) -> impl Iterator<Item = Unknown<'_>> {
    book.open_orders().filter(|order| order.phase == Phase::Unknown).map(move |order| {
        let next =
            venues::capabilities(order.intent.key.venue).map(|venue| engine::awaited(order, &venue, now));
        Unknown { order, next, now }
    })
}

impl Unknown<'_> {
    /// `AAPL entry of 4 has no known outcome for 6 min; the broker was asked twice; it is asked again after 14:05:00`.
    pub fn text(&self) -> String {
        let Self { order, now, .. } = self;
        let (symbol, purpose) = (order.intent.key.symbol, order.intent.purpose.as_str());
        let asked = match order.asks {
            0 => "the broker was not asked yet".to_owned(),
            1 => "the broker was asked once".to_owned(),
            asks => format!("the broker was asked {asks} times"),
        };
        let age = figures::span(*now - order.since);
        format!(
            "{symbol} {purpose} of {} has no known outcome for {age}; {asked}; {}",
            order.remaining(),
            self.next_text()
        )
    }

    fn next_text(&self) -> String {
        match self.next {
            _ if self.order.asking => "its answer is waited for".to_owned(),
            Some(Next::Wait(at)) => format!("it is asked again from {}", figures::time(at)),
            Some(Next::Ask) => "the next pass asks it".to_owned(),
            Some(Next::Resend) => "it is not there, and the next pass sends it again".to_owned(),
            Some(Next::Refused) => {
                "it is not there, and ends as refused once it is certain that it does not arrive".to_owned()
            }
            Some(Next::TellPerson) => "nothing more is tried: look at the broker yourself".to_owned(),
            None => "what comes next depends on its broker".to_owned(),
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let Self { order, now, .. } = self;
        let (awaits, awaits_at) = match self.next {
            _ if order.asking => ("answer", None),
            Some(Next::Wait(at)) => ("question", Some(at)),
            Some(Next::Ask) => ("question", None),
            Some(Next::Resend) => ("resend", None),
            Some(Next::Refused) => ("refusal", None),
            Some(Next::TellPerson) => ("person", None),
            None => ("broker", None),
        };
        json!({
            "order": order.intent.id,
            "symbol": order.intent.key.symbol,
            "purpose": order.intent.purpose,
            "quantity": order.remaining(),
            "since": order.since,
            "age_seconds": (*now - order.since).num_seconds().max(0),
            "asked": order.asks,
            "awaits": awaits,
            "awaits_at": awaits_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::paper_venue;
    use broker_api::{
        AccountId, AccountRef, Amount, ClientOrderId, Currency, Cursor, Key, Mode, OrderKind, Protection,
        Purpose, Qty, Record, Side, SubmitOutcome, TimeInForce,
    };
    use chrono::TimeDelta;

    fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    /// An entry that was sent at ten and lost five seconds later.
    fn book(sent: Time) -> Book {
        let key = Key { venue: paper_venue(), symbol: of("AAPL") };
        let account: AccountId = of("paper-1");
        let currency: Currency = of("USD");
        let order: ClientOrderId = of("tw1aaaa-e1");
        let cursor: Cursor = of("0");
        let of_account = AccountRef { venue: key.venue, account, mode: Mode::Paper, currency };
        let intent = broker_api::Intent {
            id: order,
            key,
            signal: None,
            purpose: Purpose::Entry,
            side: Side::Buy,
            qty: of::<Qty>("4"),
            order: OrderKind::MARKET,
            tif: TimeInForce::Day,
            reduce_only: false,
            bracket: false,
            plan: Protection::default(),
            reference: of("200"),
            risk: None,
        };
        let answer = SubmitOutcome::Unknown { why: "no answer".into() };
        let send_by = sent + TimeDelta::seconds(30);
        let records = [
            (0, Record::VenueBound { of: of_account, equity: Amount::ZERO, cursor }),
            (0, Record::Intended { intent, mark: cursor, send_by, marks: broker_api::Marks::default() }),
            (5, Record::Answered { order, attempt: 1, answer }),
        ];
        let mut book = Book::default();
        for (after, record) in records {
            book.apply(&record, sent + TimeDelta::seconds(after)).unwrap();
        }
        book
    }

    fn fits(document: &Value) -> bool {
        let mut schema: Value = serde_json::from_str(include_str!("../schema/output.schema.json")).unwrap();
        schema = json!({ "$ref": "#/$defs/no_known_outcome", "$defs": schema["$defs"] });
        jsonschema::validator_for(&schema).unwrap().is_valid(&json!([document]))
    }

    #[test]
    fn its_age_and_what_is_awaited_are_told() {
        let sent: Time = of("2026-03-03T15:00:00Z");
        let at = |seconds| sent + TimeDelta::seconds(seconds);
        let mut book = book(sent);
        let told = |book: &Book, seconds| {
            let unknown = all(book, at(seconds)).next().unwrap();
            (unknown.text(), unknown.json())
        };
        let (text, json) = told(&book, 65);
        assert_eq!(
            text,
            "AAPL entry of 4 has no known outcome for 1 min; the broker was not asked yet; the next pass asks it"
        );
        assert_eq!(
            (&json["age_seconds"], &json["asked"], &json["awaits"]),
            (&60.into(), &0.into(), &"question".into())
        );
        let order = all(&book, at(65)).next().unwrap().order.intent.id;
        assert!(fits(&json), "{json:#}");
        let mut wrong = json.clone();
        wrong["awaits"] = "luck".into();
        assert!(!fits(&wrong));
        for asks in 1..=5 {
            book.apply(&Record::AskStarted { order }, at(70 + asks)).unwrap();
            if asks == 1 {
                assert_eq!(told(&book, 71).1["awaits"], "answer");
            }
            book.apply(&Record::AskAnswered { order, finding: None }, at(70 + asks)).unwrap();
        }
        let (text, json) = told(&book, 500);
        assert!(
            text.ends_with(
                "8 min; the broker was asked 5 times; nothing more is tried: look at the broker yourself"
            ),
            "{text}"
        );
        assert_eq!((&json["awaits"], &json["awaits_at"]), (&"person".into(), &Value::Null));
    }
}

//! The market's clock and calendar, in both of their forms.

use broker_api::Time;
use chrono::{NaiveDate, SecondsFormat};
use chrono_tz::America::New_York;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::routes::{Answer, ok};
use super::venue::Venue;
use crate::core::{Market, Request, Session};

/// A moment as the clock writes it: with the offset of New York.
fn offset(at: Time, form: SecondsFormat) -> String {
    at.with_timezone(&New_York).to_rfc3339_opts(form, false)
}

fn seconds(at: Option<Time>) -> Value {
    at.map_or(Value::Null, |at| json!(offset(at, SecondsFormat::Secs)))
}

/// The days that are told when none are asked for.
const FIRST: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 1, 1);
const LAST: Option<NaiveDate> = NaiveDate::from_ymd_opt(2029, 12, 31);

impl Venue {
    fn next_close(&self) -> Option<Time> {
        self.session().map(|session| session.closes)
    }

    pub(super) fn clock_json(&self) -> Value {
        json!({
            "timestamp": offset(self.at, SecondsFormat::Nanos), "is_open": self.hours.is_open(self.at),
            "next_open": seconds(self.hours.next_open(self.at)), "next_close": seconds(self.next_close()),
        })
    }

    fn days(&self, request: &Request) -> Result<Vec<Session>, Refusal> {
        let date = |name: &str| match request.query(name) {
            None => Ok(None),
            // A moment's date will do.
            Some(text) => match text.get(..10).and_then(|text| text.parse::<NaiveDate>().ok()) {
                Some(date) => Ok(Some(date)),
                None => Err(Refusal::malformed(format!("invalid {name}: {text}"))),
            },
        };
        let (start, end) = (date("start")?.or(FIRST), date("end")?.or(LAST));
        let Some((start, end)) = start.zip(end) else { return Ok(Vec::new()) };
        Ok(start
            .iter_days()
            .take_while(|date| *date <= end)
            .take(3_000)
            .filter_map(|date| self.hours.session(date))
            .collect())
    }

    /// The next trading day is when a trade settles.
    fn settles(&self, session: &Session) -> String {
        let next = self.hours.sessions(session.date).nth(1);
        next.map_or_else(String::new, |next| next.date.to_string())
    }

    pub(super) fn calendar(&self, request: &Request) -> Answer {
        let text = |at: Time, form: &str| at.with_timezone(&New_York).format(form).to_string();
        let row = |session: Session| {
            json!({
                "date": session.date.to_string(), "open": text(session.opens, "%H:%M"),
                "close": text(session.closes, "%H:%M"), "session_open": text(session.begins, "%H%M"),
                "session_close": text(session.ends, "%H%M"), "settlement_date": self.settles(&session),
            })
        };
        ok(&self.days(request)?.into_iter().map(row).collect())
    }

    pub(super) fn calendar_of(&self, market: &str, request: &Request) -> Answer {
        let at = |at: Time| offset(at, SecondsFormat::Secs);
        let row = |session: Session| {
            json!({
                "date": session.date.to_string(), "settlement_date": self.settles(&session),
                "pre_start": at(session.begins), "pre_end": at(session.opens), "core_start": at(session.opens),
                "core_end": at(session.closes), "post_start": at(session.closes), "post_end": at(session.ends),
            })
        };
        let calendar: Value = self.days(request)?.into_iter().map(row).collect();
        ok(&json!({ "market": name(market)?, "calendar": calendar }))
    }

    pub(super) fn clock_of_markets(&self, request: &Request) -> Value {
        let markets = request.query("markets").unwrap_or("NYSE");
        let clock = |market: &str| {
            let session = self.session().filter(|session| session.date == self.today());
            let (phase, until) = match (self.hours.market, session) {
                (Market::Open, _) => ("core", self.next_close()),
                (Market::Closed, _) => ("closed", None),
                (Market::Calendar, _) if self.hours.is_open(self.at) => ("core", self.next_close()),
                (Market::Calendar, _) if self.hours.is_extended(self.at) => {
                    let is_before = session.is_some_and(|session| self.at < session.opens);
                    let until = self.hours.next_change(self.at).map(|(at, _)| at);
                    (if is_before { "pre" } else { "post" }, until)
                }
                (Market::Calendar, _) => ("closed", self.hours.next_change(self.at).map(|(at, _)| at)),
            };
            json!({
                "market": name(market).unwrap_or(Value::Null), "timestamp": offset(self.at, SecondsFormat::Nanos),
                "is_market_day": self.hours.session(self.today()).is_some(), "phase": phase,
                "phase_until": seconds(until.or_else(|| self.hours.next_open(self.at))),
                "next_market_open": seconds(self.hours.next_open(self.at)),
                "next_market_close": seconds(self.next_close()),
            })
        };
        json!({ "clocks": markets.split(',').map(|market| clock(market.trim())).collect::<Vec<_>>() })
    }
}

fn name(market: &str) -> Result<Value, Refusal> {
    let (acronym, mic, name) = match market {
        "NYSE" | "XNYS" => ("NYSE", "XNYS", "New York Stock Exchange"),
        "NASDAQ" | "XNAS" => ("NASDAQ", "XNAS", "Nasdaq"),
        other => return Err(Refusal::malformed(format!("market {other} is not simulated"))),
    };
    Ok(json!({ "acronym": acronym, "mic": mic, "name": name, "timezone": "America/New_York" }))
}

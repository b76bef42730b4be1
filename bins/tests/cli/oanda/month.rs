//! A month of days over the seven pairs, once with an account in dollars and once in euros: entries with stops and targets, exits,
//! weekends that open somewhere else, the change of both clocks, a pair that is halted, orders that fill in parts. In the end every
//! profit, every night's financing and the balance are what an independent program reckons, at the broker and in the book.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::Time;
use broker_sim::oanda::{Division, Settings};
use chrono::{Datelike as _, NaiveDate, TimeDelta, Weekday};
use serde_json::{Value, json};

use super::market::{self, PAIRS, Prices, chance};
use super::{Desk, decimal, reference};
use crate::place::{code, stderr, stdout};

const AUD_USD: usize = 4;
const GBP_USD: usize = 1;
/// What the month follows from when nobody asks for another one.
const SEED: u64 = 7;

/// What this month follows from; another one is asked for by a variable.
fn seed() -> u64 {
    std::env::var("TRADEWIND_MONTH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

fn date(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

/// A time of New York, which sets its clocks back on 1 November.
fn new_york(date: NaiveDate, hour: u32, minute: u32) -> Time {
    let behind = if date < self::date(11, 1) { 4 } else { 5 };
    date.and_hms_opt(hour, minute, 0).unwrap().and_utc() + TimeDelta::hours(behind)
}

/// Monday to Friday, from 19 October to 20 November.
fn days() -> impl Iterator<Item = NaiveDate> {
    let is_weekday = |date: &NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    date(10, 19).iter_days().take_while(|day| *day <= date(11, 20)).filter(is_weekday)
}

/// A trader, his market, and since when he wants which pair.
struct Month {
    desk: Desk,
    prices: Prices,
    seed: u64,
    since: BTreeMap<usize, usize>,
}

impl Month {
    fn new(currency: &str, account: &str, division: Division, cash: &str) -> Self {
        let seed = seed();
        reference::tells(&format!("seed {seed}: run again with TRADEWIND_MONTH_SEED={seed}"));
        let desk = Desk::at(Settings {
            account: account.to_owned(),
            currency: currency.to_owned(),
            division,
            cash: decimal(cash),
            prices: market::first(),
            pairs: market::listed(division),
            ..Settings::stepped(new_york(date(10, 19), 9, 0))
        });
        Self { desk, prices: Prices::new(seed), seed, since: BTreeMap::new() }
    }

    /// It is so late, and prices have moved by so many thousandths at most.
    fn comes(&mut self, at: Time, thousandths: u64) {
        self.desk.control.set_time(at).unwrap();
        self.prices.drift(&self.desk.control, thousandths);
    }

    /// Passes until one ends with nothing unknown; a minute goes by between two.
    fn passes(&self, signals: &[Value]) {
        let file = self.desk.folder.path().join("signals.json");
        std::fs::write(file, serde_json::to_string(signals).unwrap()).unwrap();
        let words = ["run", "--signals", "signals.json", "--settle", "1", "--json"];
        for _ in 0..8 {
            let ran =
                self.desk.tradewind(&[&words[..], &["--set", "orders.entry_remainder_seconds=600"]].concat());
            match code(&ran) {
                0 => return,
                5 => drop(self.desk.control.step(TimeDelta::minutes(1)).unwrap()),
                _ => panic!("{}{}", stdout(&ran), stderr(&ran)),
            }
        }
        panic!("still not known: {}", stdout(&self.desk.tradewind(&["orders"])));
    }

    fn id(&self, pair: usize, action: &str) -> String {
        format!("{}/{}/{action}", self.desk.control.now().date_naive(), PAIRS[pair].0)
    }

    /// An entry whose stop and target lie so many thousandths away.
    fn enter(&mut self, day: usize, pair: usize, side: &str, stop: i64, target: i64) -> Value {
        self.since.insert(pair, day);
        let away = |by: i64| self.prices.away(pair, if side == "long" { by } else { -by }).to_string();
        let symbol = PAIRS[pair].0.replace('_', "/");
        let (stop, target) = (away(-stop), away(target));
        self.desk.enter(&self.id(pair, "enter"), &symbol, side, &stop, &target)
    }

    fn exit(&mut self, pair: usize) -> Value {
        self.since.remove(&pair);
        self.desk.exit(&self.id(pair, "exit"), &PAIRS[pair].0.replace('_', "/"))
    }

    /// What the strategy wants on a day: out of what it wanted some days ago, into what is next in turn; and what this month is to
    /// show besides.
    fn wanted(&mut self, day: usize, at: NaiveDate, most: usize) -> Vec<Value> {
        let aside = |pair: usize| {
            pair == AUD_USD && (date(10, 29)..=date(11, 6)).contains(&at)
                || pair == GBP_USD && (date(11, 5)..=date(11, 10)).contains(&at)
        };
        let old = self.since.iter().filter(|(pair, since)| !aside(**pair) && day - **since > 2 + **pair % 3);
        let mut signals: Vec<Value> = Vec::new();
        let old: Vec<usize> = old.map(|(pair, _)| *pair).collect();
        for pair in &old {
            signals.push(self.exit(*pair));
        }
        match (at.month(), at.day()) {
            (10, 29) | (11, 5) => signals.push(self.exit(AUD_USD)),
            (11, 3) => signals.push(self.enter(day, AUD_USD, "long", 30, 40)),
            (11, 9) => signals.push(self.enter(day, GBP_USD, "long", 10, 40)),
            _ => {}
        }
        if (at.month(), at.day()) == (11, 5) {
            signals.push(self.exit(GBP_USD));
        }
        for n in 0..most {
            let pair = (day * 2 + n) % PAIRS.len();
            if aside(pair) || old.contains(&pair) || self.since.contains_key(&pair) {
                continue;
            }
            let side =
                if chance(self.seed, 90_000 + (day * 7 + pair) as u64, 2) == 0 { "long" } else { "short" };
            signals.push(self.enter(day, pair, side, 5, 7));
        }
        signals
    }

    /// An entry of which a part is filled; and so is the stop or the target that closes it, and the rest of that afterwards.
    fn in_parts(&mut self, day: usize, at: NaiveDate) {
        let signals = self.wanted(day, at, 1);
        let (entries, exits): (Vec<Value>, Vec<Value>) =
            signals.into_iter().partition(|signal| signal["action"] == "enter");
        self.passes(&exits);
        // The entry is the first that is posted, its stop and its target come after it.
        let parts = |qty: u32, nth: u32, times: u32| {
            json!({"request": {
                "method": "POST", "path": "/v3/accounts/*", "nth": nth, "times": times,
                "do": {"partial_fill": {"qty": qty.to_string()}},
            }})
        };
        self.desk.control.fault_lines(&format!("{}\n{}", parts(3777, 1, 1), parts(500, 2, 2))).unwrap();
        self.passes(&entries);
        self.desk.control.clear_faults();
    }

    /// From the morning to the evening behind the roll; on Fridays to the opening on Sunday.
    fn day(&mut self, day: usize, at: NaiveDate) {
        self.comes(new_york(at, 9, 30), 3);
        if day % 6 == 2 {
            self.in_parts(day, at);
        } else {
            let signals = self.wanted(day, at, 2);
            self.passes(&signals);
        }
        let halts = |name: &str, is_halted| self.desk.control.halt(name, is_halted).unwrap();
        match (at.month(), at.day()) {
            (11, 4) => halts("AUD_USD", true),
            (11, 6) => halts("AUD_USD", false),
            (11, 10) => {
                halts("GBP_USD", true);
                // Its stop is passed while it cannot be traded.
                let middle = self.prices.away(GBP_USD, -30);
                self.prices.set(&self.desk.control, GBP_USD, middle);
            }
            _ => {}
        }
        for (hour, minute) in [(11, 40), (13, 10), (15, 30)] {
            self.comes(new_york(at, hour, minute), 3);
        }
        if (at.month(), at.day()) == (11, 10) {
            self.desk.control.halt("GBP_USD", false).unwrap();
            self.desk.control.step(TimeDelta::seconds(1)).unwrap();
        }
        if at.weekday() != Weekday::Fri {
            self.comes(new_york(at, 18, 10), 1);
            return self.passes(&[]);
        }
        self.desk.control.set_time(new_york(at, 17, 20)).unwrap();
        self.passes(&[]);
        if day + 1 < days().count() {
            let sunday = at + TimeDelta::days(2);
            // It opens somewhere else than it closed.
            self.comes(new_york(sunday, 16, 30), 6);
            self.comes(new_york(sunday, 17, 10), 1);
            self.passes(&[]);
        }
    }
}

impl Month {
    /// The month had in it what it is for, whatever its seed.
    fn shows_what_it_should(&self, figures: &Value) {
        let rows = |name: &str| figures[name].as_array().unwrap();
        let orders = self.desk.control.truth()["orders"].as_array().unwrap().clone();
        let count = |is_it: &dyn Fn(&Value) -> bool| orders.iter().filter(|order| is_it(order)).count();
        let filled = |kind: &'static str| {
            count(&|order| {
                order["type"] == kind && order["state"] == "FILLED" && order["positionFill"] == "REDUCE_ONLY"
            })
        };
        let halted = count(&|order| order["type"] == "MARKET" && order["state"] == "CANCELLED");
        let at = |row: &Value, field: &str, what: &str| row[field].as_str().unwrap().contains(what);
        let summer = rows("rolls").iter().filter(|roll| at(roll, "at", "T21:00:00")).count();
        let winter = rows("rolls").iter().filter(|roll| at(roll, "at", "T22:00:00")).count();
        let in_parts = rows("fills")
            .iter()
            .filter(|fill| {
                fill["closed"][0]["units"]
                    .as_str()
                    .is_some_and(|units| units.trim_start_matches('-') == "500")
            })
            .count();
        let openings = ["2026-10-25T21:00", "2026-11-01T22:00", "2026-11-08T22:00", "2026-11-15T22:00"];
        let gaps =
            rows("fills").iter().filter(|fill| openings.iter().any(|from| at(fill, "time", from))).count();
        let traded: BTreeSet<&str> =
            rows("fills").iter().filter_map(|fill| fill["instrument"].as_str()).collect();
        reference::tells(&format!(
            "{} fills, {} stops, {} targets, {halted} exits while halted, {in_parts} closed in parts, {gaps} at a weekend's \
             opening, {summer} nights in summer, {winter} in winter",
            rows("fills").len(),
            filled("STOP"),
            filled("LIMIT"),
        ));
        assert_eq!(traded.len(), PAIRS.len(), "{traded:?}");
        assert!(halted >= 1 && summer >= 8 && winter >= 12);
        // Which of these a month has follows from its prices.
        assert!(self.seed != SEED || in_parts >= 1 && gaps >= 1);
        assert!(filled("STOP") >= 3 && rows("trades").len() >= 15);
        // Its stop was passed while it was halted, and it went for what there was when it was no more.
        let fell = rows("fills")
            .iter()
            .find(|fill| fill["instrument"] == "GBP_USD" && at(fill, "time", "2026-11-10"));
        assert!(fell.is_some_and(|fill| at(fill, "time", "T20:30")), "{fell:#?}");
    }
}

fn plays(currency: &str, account: &str, division: Division, cash: &str) -> Option<Desk> {
    if !reference::is_there() {
        return None;
    }
    let mut month = Month::new(currency, account, division, cash);
    for (day, at) in days().enumerate() {
        month.day(day, at);
    }
    let figures = reference::figures(&month.desk, month.prices.notes());
    reference::book_agrees(&month.desk, &figures, decimal(cash));
    month.shows_what_it_should(&figures);
    Some(month.desk)
}

#[test]
fn a_month_in_dollars_comes_out_as_an_independent_program_reckons_it() {
    let Some(desk) = plays("USD", "101-001-7654321-001", Division::Us, "100000") else { return };
    reference::notices_what_is_wrong(&desk);
}

#[test]
fn a_month_in_euros_comes_out_as_an_independent_program_reckons_it() {
    let Some(desk) = plays("EUR", "101-004-7654321-001", Division::Europe, "80000") else { return };
    reference::notices_what_is_wrong(&desk);
}

/// Nobody but a person trades here: trades of one pair side by side, closed in parts, several by one fill, and turned.
#[test]
fn trades_that_are_closed_in_parts_and_together_come_out_in_euros() {
    use broker_api::Side::{Buy, Sell};
    if !reference::is_there() {
        return;
    }
    let mut month = Month::new("EUR", "101-004-7654321-001", Division::Europe, "80000");
    for pair in [2, 0, 4] {
        for (side, units) in [
            (Buy, "3000"),
            (Buy, "2001"),
            (Sell, "1500"),
            (Buy, "700"),
            (Sell, "4000"),
            (Sell, "1201"),
            (Buy, "1000"),
        ] {
            month.prices.drift(&month.desk.control, 4);
            month.desk.control.trade(PAIRS[pair].0, side, decimal(units)).unwrap();
        }
    }
    month.comes(new_york(date(10, 20), 17, 10), 1);
    let figures = reference::figures(&month.desk, month.prices.notes());
    let fills = figures["fills"].as_array().unwrap();
    let most = fills.iter().map(|fill| fill["closed"].as_array().unwrap().len()).max();
    assert_eq!(
        (fills.len(), figures["trades"].as_array().unwrap().len(), most),
        (21, 6, Some(3)),
        "{figures:#}"
    );
    reference::notices(&month.desk, "newest_first");
    reference::notices(&month.desk, "sides");
}

//! A month of days at $1,000 in ten slots, with fractions of shares, orders that fill in parts and a wire that fails
//! every day. In the end the book is what the broker has, nothing was sent twice, and every position says how it is
//! guarded. Which month it is follows from a seed.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::Time;
use broker_sim::alpaca::Quirks;
use chrono::{Datelike as _, NaiveDate, TimeDelta, Weekday};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::desk::{Desk, decimal, text};
use super::truth;
use crate::place::{code, stderr, stdout};

/// What is traded, and around which price.
const STOCKS: [(&str, &str); 12] = [
    ("AAPL", "227.10"),
    ("MSFT", "431.25"),
    ("NVDA", "178.20"),
    ("AMZN", "201.40"),
    ("GOOGL", "165.75"),
    ("META", "590.10"),
    ("JPM", "241.30"),
    ("V", "308.90"),
    ("XOM", "118.55"),
    ("JNJ", "155.60"),
    ("PG", "171.20"),
    ("KO", "62.40"),
];

/// What the wire does on a day, one after the other. Each is one request, or one frame of the account's stream.
const FAULTS: [&str; 14] = [
    r#"{"request":{"method":"POST","path":"/v2/orders","do":"lost_reply"}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":"lost_request"}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":{"late_reply":{"millis":400}}}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":"rate_limited"}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":{"html_502":{"processed":true}}}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":{"html_502":{"processed":false}}}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":"cut_body"}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":"malformed_body"}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":{"status":{"code":503,"processed":true}}}}"#,
    r#"{"request":{"method":"POST","path":"/v2/orders","do":{"status":{"code":503,"processed":false}}}}"#,
    r#"{"request":{"method":"GET","path":"/v2/account/activities*","nth":2,"do":"cut_body"}}"#,
    r#"{"request":{"method":"DELETE","path":"/v2/orders/*","do":"lost_reply"}}"#,
    r#"{"stream":{"event":"fill","do":"drop"}}"#,
    r#"{"stream":{"event":"fill","do":"duplicate"}}"#,
];

/// What this month follows from; another one is asked for by a variable.
fn seed() -> u64 {
    std::env::var("TRADEWIND_MONTH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7)
}

/// A number below `below` that follows from the seed and from what it is for.
fn chance(seed: u64, what: u64, below: u64) -> u64 {
    let mut x =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(what.wrapping_mul(0xBF58_476D_1CE4_E5B9));
    x = (x ^ (x >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 29)) % below
}

/// The price of a stock on a day: within six percent of where it began.
fn price(seed: u64, stock: usize, day: usize) -> Decimal {
    let first = decimal(STOCKS[stock].1);
    let per_mille = Decimal::from(chance(seed, (day * 100 + stock) as u64, 121)) - Decimal::from(60);
    (first + first * per_mille / Decimal::from(1000)).round_dp(2)
}

fn at(date: NaiveDate, hour: u32, minute: u32) -> Time {
    date.and_hms_opt(hour, minute, 0).unwrap().and_utc()
}

/// Passes until one ends with nothing unknown; a minute goes by between two.
fn until_known(desk: &Desk, signals: &[Value]) {
    for _ in 0..8 {
        let ran = desk.run(signals, &["--settle", "1", "--set", "alpaca.quantities=fractions"]);
        match code(&ran) {
            0 => return,
            5 => drop(desk.control.step(TimeDelta::minutes(1)).unwrap()),
            _ => panic!("{}{}", stdout(&ran), stderr(&ran)),
        }
    }
    panic!("still not known: {}", stdout(&desk.tradewind(&["orders"])));
}

/// Passes until everything that is held is guarded: one that had no time left for a stop leaves it to the next.
fn until_guarded(desk: &Desk) {
    let is_guarded = |row: &Value| matches!(row["protection"].as_str(), Some("venue" | "renewed"));
    for _ in 0..4 {
        until_known(desk, &[]);
        let status = desk.json(&["status"]);
        if status["protection"].as_array().unwrap().iter().all(is_guarded) {
            return;
        }
        desk.control.step(TimeDelta::minutes(1)).unwrap();
    }
    panic!("not guarded: {}", stdout(&desk.tradewind(&["positions"])));
}

/// What the strategy wants on a day: out of what it wanted some days ago, into what is next in turn.
fn wanted(desk: &Desk, seed: u64, day: usize, since: &mut BTreeMap<usize, usize>) -> Vec<Value> {
    let now = desk.control.now();
    let id = |stock: usize, action: &str| format!("{}/{}/{action}", now.date_naive(), STOCKS[stock].0);
    let mut signals = Vec::new();
    let old: Vec<usize> = since
        .iter()
        .filter(|(stock, since)| day - **since > 3 + **stock % 5)
        .map(|(stock, _)| *stock)
        .collect();
    for stock in old {
        since.remove(&stock);
        signals.push(json!({
            "id": id(stock, "exit"), "symbol": STOCKS[stock].0, "asset_class": "equity", "action": "exit",
            "decided_at": text(now), "expires_at": text(now + TimeDelta::hours(6)), "strategy": "month",
        }));
    }
    for n in 0..3 {
        let stock = (day * 3 + n) % STOCKS.len();
        if since.contains_key(&stock) {
            continue;
        }
        since.insert(stock, day);
        let stop = (price(seed, stock, day) * decimal("0.96")).round_dp(2);
        let mut signal = desk.enter(&id(stock, "enter"), STOCKS[stock].0, &stop.to_string());
        signal["strategy"] = json!("month");
        signals.push(signal);
    }
    signals
}

/// The days of October 2026 from the second week on, and some of November, on which the exchange is open.
fn days() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2026, 10, 5).unwrap();
    first.iter_days().take(30).filter(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun))
}

#[test]
fn a_month_at_a_thousand_dollars_over_a_wire_that_fails() {
    let seed = seed();
    println!("seed {seed}: run again with TRADEWIND_MONTH_SEED={seed}");
    let quirks = Quirks { partial_percent: 25, ..Quirks::default() };
    let desk = Desk::with("1000", &STOCKS, seed, quirks);
    let first_fault = usize::try_from(seed % FAULTS.len() as u64).unwrap();
    let mut since = BTreeMap::new();
    for (day, date) in days().enumerate() {
        // The clocks change on 1 November; both hours lie in the session before and after it.
        desk.control.set_time(at(date, 14, 35)).unwrap();
        until_known(&desk, &[]);
        for (stock, (symbol, _)) in STOCKS.iter().enumerate() {
            desk.control.set_price(symbol, price(seed, stock, day)).unwrap();
        }
        desk.control.step(TimeDelta::minutes(5)).unwrap();
        desk.control.fault_lines(FAULTS[(day + first_fault) % FAULTS.len()]).unwrap();
        let signals = wanted(&desk, seed, day, &mut since);
        until_known(&desk, &signals);
        desk.control.clear_faults();
        desk.control.set_time(at(date, 21, 10)).unwrap();
        until_known(&desk, &[]);
    }
    // Once more in a session: stops of fractions rest again.
    let last = days().last().unwrap() + chrono::Days::new(3);
    desk.control.set_time(at(last, 15, 0)).unwrap();
    until_guarded(&desk);

    let wire = desk.wire();
    let faults: BTreeSet<String> =
        wire.iter().filter(|line| !line["fault"].is_null()).map(|line| line["fault"].to_string()).collect();
    assert!(faults.len() >= 10, "the wire failed in {} ways: {faults:#?}", faults.len());
    truth::nothing_was_sent_twice(&wire);
    truth::book_is_what_the_broker_has(&desk, decimal("1000"));
    let status = desk.json(&["status"]);
    assert_eq!(status["orders"]["unknown"], 0, "{status:#}");
    assert_eq!(status["needs_you"], json!([]), "{status:#}");
    let trades = status["totals"]["trades"].as_u64().unwrap();
    assert!(trades >= 20, "{trades} trades were closed");
    let guards = status["protection"].as_array().unwrap();
    assert_eq!(guards.len(), desk.control.truth()["positions"].as_array().unwrap().len());
    assert!(!guards.is_empty(), "something is held at the end, and each is guarded in one of the two ways");
    for verb in [["journal", "verify"], ["state", "verify"]] {
        assert_eq!(code(&desk.tradewind(&verb)), 0, "{verb:?}");
    }
}

//! Days under a process that serves: restarted each night, over the end of daylight-saving time, with an outage each week. A
//! year of them is asked for by a variable, `TRADEWIND_DAYS=250`.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, Weekday};
use serde_json::{Value, json};

use super::{Desk, Server, lies, pause, put};
use crate::place::code;

/// What is traded, and where the stop of an entry lies: below where prices stand here.
const STOCKS: [(&str, &str); 3] = [("AAPL", "219"), ("MSFT", "415"), ("KO", "60")];

/// The days of that year on which the exchange is closed.
const CLOSED: [(u32, u32); 10] =
    [(11, 26), (12, 25), (1, 1), (1, 18), (2, 15), (3, 26), (5, 31), (6, 18), (7, 5), (9, 6)];

/// The days on which the exchange is open, from the week in which New York sets its clocks back.
fn days(count: usize) -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2026, 10, 29).unwrap();
    let is_open = |date: &NaiveDate| {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
            && !CLOSED.contains(&(date.month(), date.day()))
    };
    first.iter_days().filter(is_open).take(count)
}

/// The most memory that a process has had, in KiB, where the system tells.
fn memory(server: &Server<'_>) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn days_with_nightly_restarts_and_outages_leave_the_book_as_the_broker_has_it() {
    let count: usize = std::env::var("TRADEWIND_DAYS").map_or(5, |text| text.parse().unwrap());
    let desk = Desk::new("1000000");
    let mut held: BTreeSet<&str> = BTreeSet::new();
    let (mut decided, mut most) = (0, Vec::new());
    for (n, date) in days(count).enumerate() {
        // Open in New York on both sides of the change.
        desk.control.set_time(date.and_hms_opt(14, 40, 0).unwrap().and_utc()).unwrap();
        let server = Server::start(&desk);
        let (symbol, stop) = STOCKS[n % STOCKS.len()];
        let id = format!("{date}/{symbol}");
        let is_out = held.remove(symbol);
        let signal = if is_out { desk.exit(&id, symbol) } else { desk.enter(&id, symbol, stop) };
        if !is_out {
            held.insert(symbol);
        }
        if n % 5 == 3 {
            let out =
                json!({"request": {"method": "*", "path": "*", "times": 0, "do": {"status": {"code": 503}}}});
            desk.control.fault_lines(&out.to_string()).unwrap();
        }
        put(&desk, &format!("{date}.json"), &json!([signal]).to_string());
        decided += 1;
        if n % 5 == 3 {
            pause(std::time::Duration::from_secs(3));
            desk.control.clear_faults();
        }
        server.until("the file is taken in", || lies(&desk, &format!("in/done/{date}.json")));
        server.until("the signal has its end, and what is held its stop", || {
            desk.seconds(2);
            let signals = desk.json(&["signals", "--all"]);
            let ended = signals.as_array().unwrap().iter().filter(|row| row["ended_at"].is_string()).count();
            let positions = desk.json(&["positions"]);
            ended == decided && positions.as_array().unwrap().iter().all(|row| row["protected"] == "yes")
        });
        // The evening comes, and with it the next account day.
        desk.control.set_time(date.and_hms_opt(22, 30, 0).unwrap().and_utc()).unwrap();
        server.until("the day begins", || {
            let rows = desk.json(&["journal", "tail", "--last", "50"]);
            let begins = |row: &Value| {
                row["record"]["record"] == "day_started"
                    && row["at"].as_str().is_some_and(|at| {
                        at.starts_with(&date.to_string())
                            && at > date.and_hms_opt(21, 0, 0).unwrap().to_string().replace(' ', "T").as_str()
                    })
            };
            rows.as_array().unwrap().iter().any(begins)
        });
        most.extend(memory(&server));
        assert!(matches!(server.ends(), Some(0 | 5)), "{date}");
    }
    let truth = desk.control.truth();
    let held_there: BTreeSet<&str> =
        truth["positions"].as_array().unwrap().iter().filter_map(|row| row["symbol"].as_str()).collect();
    let positions = desk.json(&["positions"]);
    let held_here: BTreeSet<&str> =
        positions.as_array().unwrap().iter().filter_map(|row| row["symbol"].as_str()).collect();
    assert_eq!(held_here, held_there);
    let quantity = |rows: &Value, symbol: &str, field: &str| {
        rows.as_array().unwrap().iter().find(|row| row["symbol"] == symbol).map(|row| row[field].clone())
    };
    for symbol in held_there {
        assert_eq!(
            quantity(&positions, symbol, "quantity"),
            quantity(&truth["positions"], symbol, "qty"),
            "{symbol}"
        );
    }
    let names: BTreeSet<String> =
        desk.orders().iter().map(|order| order["client_order_id"].to_string()).collect();
    assert_eq!(names.len(), desk.orders().len(), "one name is one order");
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
    assert!(names.len() >= decided, "{} orders of {decided} signals", names.len());
    if let (Some(first), Some(last)) = (most.first(), most.iter().max()) {
        println!(
            "{count} days, {decided} signals, {} orders; memory {first} KiB on the first day, {last} at most",
            names.len()
        );
        assert!(*last <= first * 3 / 2 + 16_384, "{most:?}");
    }
}

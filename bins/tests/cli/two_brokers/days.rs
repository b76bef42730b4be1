//! A week in which each of both brokers refuses all connections for a day, while one process serves at both.

use serde_json::{Value, json};

use super::served::{Bounds, Served};
use super::{Desk, decimal};
use crate::place::{code, stderr, stdout};

const ALPACA: usize = 0;
const OANDA: usize = 1;

const PAIRS: [(&str, &str); 4] =
    [("EUR_USD", "1.08500"), ("USD_JPY", "156.250"), ("GBP_USD", "1.27000"), ("AUD_USD", "0.66000")];

fn enter(desk: &Desk, id: &str, symbol: &str, stop: &str) -> Value {
    let class = if symbol.contains('/') { "forex" } else { "equity" };
    desk.signal(id, symbol, class, &json!({ "action": "enter", "side": "long", "stop": stop }))
}

fn exit(desk: &Desk, id: &str, symbol: &str) -> Value {
    let class = if symbol.contains('/') { "forex" } else { "equity" };
    desk.signal(id, symbol, class, &json!({ "action": "exit" }))
}

#[test]
fn each_of_two_brokers_is_down_for_a_day_and_the_other_goes_on() {
    let desk = Desk::with(
        &[("AAPL", "227.10"), ("MSFT", "431.25"), ("KO", "62.00"), ("NVDA", "180.00"), ("AMZN", "220.00")],
        &PAIRS,
    );
    let bounds = Bounds { positions: 5, gross: decimal("100"), one: decimal("20"), risk: decimal("6") };
    let mut week = Served::new(&desk, bounds, &PAIRS);
    week.at_once("2026-10-05T14:00:00Z");
    week.starts();

    // Monday: both are there.
    week.takes(&[
        (enter(&desk, "mon/AAPL", "AAPL", "215.00"), "filled"),
        (enter(&desk, "mon/MSFT", "MSFT", "415.00"), "filled"),
        (enter(&desk, "mon/EUR", "EUR/USD", "1.07500"), "filled"),
        (enter(&desk, "mon/JPY", "USD/JPY", "154.000"), "filled"),
    ]);
    week.is_guarded();
    assert!(week.agrees() && week.away().is_empty(), "{:?}", week.away());
    week.at("2026-10-06T12:00:00Z");

    // Tuesday: OANDA refuses every connection.
    week.is_down(OANDA, true);
    week.at("2026-10-06T14:00:00Z");
    week.until("status tells of it", |week| week.away().len() == 1);
    let (venue, why, until) = week.away().remove(0);
    assert_eq!(venue, "oanda");
    assert!(why.contains("refused") || why.contains("connect"), "{why}");
    // Its positions rest on stops there: three days.
    assert_eq!(until.map(|until| until.to_rfc3339()[..10].to_owned()).as_deref(), Some("2026-10-09"));
    let shown = stdout(&desk.tradewind(&["status"]));
    assert!(shown.contains("away       oanda not heard since 2026-10-06 12:0"), "{shown}");
    // The stop of the euro is hit there, and nobody here hears of it. What is held counts as held.
    week.price("EUR_USD", "1.07300");
    week.takes(&[
        (enter(&desk, "tue/KO", "KO", "59.00"), "filled"),
        (enter(&desk, "tue/GBP", "GBP/USD", "1.25500"), "denied no_contact"),
        (enter(&desk, "tue/NVDA", "NVDA", "170.00"), "denied max_positions"),
        (exit(&desk, "tue/MSFT", "MSFT"), "filled"),
    ]);
    assert!(desk.pair("EUR_USD").is_zero() && !week.agrees(), "the book cannot know");
    // A stop is moved where somebody answers; what shall be closed at the other one waits.
    let moved = desk.signal("tue/stop", "AAPL", "equity", &json!({ "action": "adjust", "stop": "219.00" }));
    week.takes(&[(moved, "adjusted")]);
    week.until("the stop moves", |week| week.stop_of("AAPL") == Some(decimal("219.00")));
    week.sends(&[(exit(&desk, "tue/JPY", "USD/JPY"), "filled")]);
    week.until("it is taken in", |week| week.outcome("tue/JPY") != "none");
    // An account day begins without it, and a process begins without it.
    week.at("2026-10-06T22:00:00Z");
    assert_eq!(week.ends(), Some(5), "one of them does not answer");
    let after = stdout(&desk.tradewind(&["status"]));
    assert!(after.contains("away       oanda"), "{after}");
    week.at_once("2026-10-07T13:40:00Z");
    week.starts();
    assert_eq!(week.away().len(), 1, "{:?}", week.away());
    week.takes(&[
        (enter(&desk, "wed/MSFT", "MSFT", "415.00"), "filled"),
        (enter(&desk, "wed/GBP", "GBP/USD", "1.25500"), "denied no_contact"),
    ]);
    assert!(!desk.pair("USD_JPY").is_zero(), "the exit waits still");

    // Wednesday: it answers again, and is asked what it holds before anything goes there.
    let since = desk.pairs.wire().len();
    week.at_once("2026-10-07T13:50:00Z");
    week.is_down(OANDA, false);
    week.until("it is met again", |week| week.away().is_empty());
    week.becomes("tue/JPY", "filled");
    week.until("the book is both", Served::agrees);
    week.takes(&[(enter(&desk, "wed/GBP2", "GBP/USD", "1.25500"), "filled")]);
    week.is_guarded();
    is_compared_first(&week.requests(OANDA, since), "/openPositions", "-001");

    // Thursday: Alpaca, whose account says in what everything is reckoned, refuses every connection.
    week.is_down(ALPACA, true);
    week.at("2026-10-08T14:00:00Z");
    week.until("status tells of it", |week| week.away().first().is_some_and(|row| row.0 == "alpaca"));
    desk.stocks.set_price("KO", decimal("58.00")).unwrap();
    week.takes(&[
        (exit(&desk, "thu/GBP", "GBP/USD"), "filled"),
        (enter(&desk, "thu/AUD", "AUD/USD", "0.65000"), "filled"),
        (enter(&desk, "thu/AMZN", "AMZN", "209.00"), "denied no_contact"),
    ]);
    week.is_guarded();
    assert!(desk.stock("KO").is_zero() && !week.agrees(), "the book cannot know");
    // A process that is killed says nothing of what Alpaca was worth: nothing is entered anywhere, and what is held is looked after.
    week.is_killed();
    week.at_once("2026-10-08T15:00:00Z");
    week.starts();
    week.takes(&[
        (enter(&desk, "thu/JPY", "USD/JPY", "154.000"), "denied venue_away"),
        (exit(&desk, "thu/AUD2", "AUD/USD"), "filled"),
    ]);
    week.at_once("2026-10-09T12:00:00Z");

    // Friday: it answers again.
    let since = desk.stocks.wire().len();
    week.is_down(ALPACA, false);
    week.at("2026-10-09T14:00:00Z");
    week.until("it is met again", |week| week.away().is_empty());
    week.takes(&[
        (enter(&desk, "fri/AMZN", "AMZN", "209.00"), "filled"),
        (enter(&desk, "fri/JPY", "USD/JPY", "154.000"), "filled"),
    ]);
    week.is_guarded();
    week.until("the book is both", Served::agrees);
    is_compared_first(&week.requests(ALPACA, since), "/v2/positions", "/v2/orders");
    assert_eq!(week.ends(), Some(0));

    // One outcome for each, and each name once.
    let rows = week.rows(&["signals", "--all"]);
    assert_eq!(rows.len(), week.asked.len());
    for (id, wanted) in &week.asked {
        assert_eq!(week.outcome(id), *wanted, "{id}");
    }
    let names = |orders: &Value| -> Vec<String> {
        let name = |order: &Value| {
            let ours = order["client_order_id"].as_str().or_else(|| order["clientExtensions"]["id"].as_str());
            ours.filter(|name| name.starts_with("tw1")).map(str::to_owned)
        };
        orders.as_array().unwrap().iter().filter_map(name).collect()
    };
    for truth in [desk.stocks.truth(), desk.pairs.truth()] {
        let mut all = names(&truth["orders"]);
        let count = all.len();
        all.sort();
        all.dedup();
        assert!(count > 3 && all.len() == count, "one name is one order");
    }
    let compared = desk.tradewind(&["reconcile"]);
    assert_eq!(code(&compared), 0, "{}{}", stdout(&compared), stderr(&compared));
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
    println!("{} signals, bounds looked at {} times", week.asked.len(), week.looks);
}

/// What is held and what rests was read before the first order went there.
#[track_caller]
fn is_compared_first(requests: &[String], positions: &str, orders: &str) {
    let first = |is: &dyn Fn(&String) -> bool| requests.iter().position(is);
    let sent = first(&|line| line.starts_with("POST") && line.ends_with("/orders")).unwrap();
    for list in [positions, orders] {
        let read = first(&|line| line.starts_with("GET") && line.ends_with(list));
        assert!(read.is_some_and(|read| read < sent), "{list}: {requests:#?}");
    }
}

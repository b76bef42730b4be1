//! A halt while ten entries are on their way: seven were taken and filled in part, three arrive after it.

use broker_sim::alpaca::Quirks;
use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use serde_json::{Value, json};

use super::{Desk, held_here, held_there, level, levels, nothing_twice, records, says};
use crate::alpaca::serve::{Server, put};

const STOCKS: [&str; 10] = ["AAPL", "MSFT", "KO", "PG", "JPM", "V", "UNH", "JNJ", "WMT", "COST"];
const LATE: [&str; 3] = ["UNH", "JNJ", "WMT"];

/// Entries are answered late, and some only arrive late.
struct Slow;

impl Bystander for Slow {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        let order: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let is_late = LATE.iter().any(|symbol| order["symbol"] == *symbol);
        let act = if is_late {
            OnRequest::LateRequest { millis: 20_000 }
        } else {
            OnRequest::LateReply { millis: 3_000 }
        };
        (request.method == "POST" && order["side"] == "buy").then_some(act)
    }

    fn answered(&mut self, _: &Request, _: Option<&Reply>) {}
}

/// The entries at the broker that are not over.
fn live_entries(desk: &Desk) -> Vec<String> {
    let is_live = |order: &&Value| {
        order["side"] == "buy" && !["filled", "canceled"].iter().any(|over| order["status"] == *over)
    };
    desk.orders().iter().filter(is_live).map(ToString::to_string).collect()
}

#[test]
fn a_halt_while_ten_entries_are_on_their_way_leaves_none_that_is_not_known() {
    let prices: Vec<(&str, &str)> = STOCKS.iter().map(|symbol| (*symbol, "100")).collect();
    let desk = Desk::with("100000", &prices, 1, Quirks { partial_percent: 100, ..Quirks::default() });
    let server = Server::start(&desk);
    desk.control.stand_by(Slow);
    let signals: Vec<Value> = STOCKS.iter().map(|symbol| desk.enter(symbol, symbol, "98")).collect();
    put(&desk, "day.json", &json!(signals).to_string());
    server.until("ten are on their way", || desk.requests("POST", "/v2/orders") == 10);
    assert_eq!(live_entries(&desk).len(), 7, "seven were filled in part");
    says(&desk, &["halt", "--why", "odd"], 0, &["Halted by the process that trades: level reduce-only"]);
    assert_eq!(levels(&desk), ["reduce-only operator"]);
    // While the time stands still: as each answer comes, what is left of that entry is cancelled, by the level.
    server.until("those that live are cancelled", || live_entries(&desk).is_empty());
    let by_level = || {
        let is_by_level = |row: &&Value| row["record"]["code"] == "level";
        records(&desk, "cancel_started").iter().filter(is_by_level).count()
    };
    server.until("that is written down", || by_level() == 7);
    assert_eq!(
        (held_there(&desk).len(), desk.sent().iter().filter(|sent| *sent == "DELETE").count()),
        (7, 7)
    );

    // The three others arrive.
    desk.seconds(21);
    let orders = || desk.json(&["orders"]).as_array().unwrap().clone();
    server.until("all have arrived, and those that live are known and cancelled", || {
        let is_entry = |order: &Value| order["purpose"] == "entry";
        held_there(&desk).len() == 10 && live_entries(&desk).is_empty() && !orders().iter().any(is_entry)
    });
    server.until("what is held is booked, behind its stop", || {
        desk.seconds(1);
        let stops = desk.json(&["status"])["stops"].clone();
        held_here(&desk) == held_there(&desk) && stops == json!({ "wanted": 10, "resting": 10 })
    });
    for (symbol, held) in held_there(&desk).iter().map(|held| held.split_once(' ').unwrap()) {
        assert_eq!(desk.live(symbol), [format!("stop sell {held} 98 new")]);
    }
    let entries = desk.orders().iter().filter(|order| order["side"] == "buy").count();
    assert_eq!((entries, desk.sent().iter().filter(|sent| *sent == "POST buy").count()), (10, 10));
    let signals = desk.json(&["signals", "--all"]);
    let filled = ["filled", "partly_filled"];
    let is_booked = |row: &&Value| filled.iter().any(|outcome| row["outcome"] == *outcome);
    assert_eq!(signals.as_array().unwrap().iter().filter(is_booked).count(), 10, "{signals:#}");
    assert_eq!(level(&desk), "reduce-only");
    assert_eq!(server.ends(), Some(3));
    nothing_twice(&desk);
}

//! The book of a desk against what the simulator knows, whatever it told: orders, executions, positions, cash.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;

use super::desk::{Desk, decimal};

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row:#}"))
}

/// An execution: its name, its order, which way, how much, at what price.
type Executed = BTreeSet<(String, String, String, Decimal, Decimal)>;

/// Every order was posted once, or again after the wire had failed; and those that were taken have names of their own.
pub fn nothing_was_sent_twice(wire: &[Value]) {
    // What came of each request, by its number.
    let answers: BTreeMap<u64, &Value> = wire
        .iter()
        .filter(|line| line["kind"] == "answer")
        .filter_map(|line| Some((line["seq"].as_u64()?, line)))
        .collect();
    let mut sent: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in wire.iter().filter(|line| line["kind"] == "request" && line["method"] == "POST") {
        if line["path"] == "/v2/orders" {
            let answer = answers[&line["seq"].as_u64().unwrap()];
            sent.entry(word(&line["body"], "client_order_id")).or_default().push(answer);
        }
    }
    assert!(sent.len() > 60, "{} orders were sent", sent.len());
    for (id, answers) in sent {
        assert!(id.starts_with("tw1"), "{id}");
        let (_, before) = answers.split_last().unwrap();
        for answer in before {
            assert!(!answer["fault"].is_null(), "{id} was sent again after {answer:#}");
        }
    }
}

/// The name that an order has here: its own; or for a leg that the broker made that of its entry and what it is.
fn names_here(orders: &[Value]) -> BTreeMap<String, String> {
    let entry = |order: &Value| {
        orders.iter().find(|other| {
            !order["group_id"].is_null()
                && other["group_id"] == order["group_id"]
                && other["group_role"] == "entry"
        })
    };
    let name = |order: &Value| {
        let of_leg = match order["group_role"].as_str() {
            Some("stop_loss") => "-s",
            Some("take_profit") => "-t",
            _ => {
                let name = word(order, "client_order_id");
                // The names of others are too long here.
                return if name.starts_with("tw1") { name.to_owned() } else { name.replace('-', "") };
            }
        };
        entry(order).map_or_else(String::new, |entry| format!("{}{of_leg}", word(entry, "client_order_id")))
    };
    orders.iter().map(|order| (word(order, "id").to_owned(), name(order))).collect()
}

/// Positions, cash and every execution are what the simulator has.
pub fn book_is_what_the_broker_has(desk: &Desk, began_with: Decimal) {
    let truth = desk.control.truth();
    let names: Vec<&str> =
        rows(&truth["orders"]).iter().map(|order| word(order, "client_order_id")).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a name was taken twice");

    let held = |rows: &[Value], quantity: &str| -> BTreeMap<String, Decimal> {
        rows.iter().map(|row| (word(row, "symbol").replace('/', ""), decimal(word(row, quantity)))).collect()
    };
    let ours = held(rows(&desk.json(&["positions"])), "quantity");
    assert_eq!(ours, held(rows(&truth["positions"]), "qty"), "positions: book and broker");

    let names = names_here(rows(&truth["orders"]));
    let theirs: Executed = rows(&truth["executions"])
        .iter()
        .map(|row| {
            let side = word(row, "side").to_owned();
            let numbers = (decimal(word(row, "qty")), decimal(word(row, "price")));
            let order = names[word(row, "order_id")].clone();
            (word(row, "activity_id").to_owned(), order, side, numbers.0, numbers.1)
        })
        .collect();
    let fills = desk.json(&["fills", "--all"]);
    let fills: Vec<&Value> = rows(&fills).iter().map(|row| &row["fill"]).collect();
    let ours: Executed = fills
        .iter()
        .map(|fill| {
            let side = word(fill, "side").to_owned();
            let numbers = (decimal(word(fill, "qty")), decimal(word(fill, "price")));
            let order = word(fill, "order").to_owned();
            (word(fill, "execution").to_owned(), order, side, numbers.0, numbers.1)
        })
        .collect();
    assert_eq!(fills.len(), rows(&truth["executions"]).len(), "every execution counts once");
    assert_eq!(ours, theirs, "executions: book and broker");

    let paid: Decimal = fills
        .iter()
        .map(|fill| {
            let value = decimal(word(fill, "qty")) * decimal(word(fill, "price"));
            let fee = decimal(word(&fill["fee"], "amount"));
            if fill["side"] == "buy" { value + fee } else { fee - value }
        })
        .sum();
    // A broker tells cents.
    let theirs = decimal(word(&truth, "cash"));
    assert_eq!((began_with - paid).round_dp(2), theirs, "cash: book and broker");
    let status = desk.json(&["status"]);
    assert_eq!(
        decimal(word(&status["account"], "equity")).round_dp(2),
        decimal(word(&truth, "equity")).round_dp(2),
        "equity: book and broker"
    );
    let totals = &status["totals"];
    let state = desk.state();
    let positions = state["positions"].as_object().unwrap();
    let cost: Decimal = positions.values().map(|row| decimal(word(row, "cost"))).sum();
    let cash = began_with + decimal(word(totals, "gross")) - decimal(word(totals, "fees")) - cost;
    // Shares of a cost are rounded far behind that; to round both sides here could part what is equal.
    let apart = (cash - (began_with - paid)).abs();
    assert!(apart < decimal("0.00000001"), "profit, fees and costs make the cash: {apart} apart");
}

//! What no trade makes: it changes the account, and stands among the activities.

use broker_sim::core::NonTrade;
use serde_json::{Value, json};

use crate::wire::{Sim, at, decimal, order};

const WIRE: &str = "/v2/account/activities?category=non_trade_activity&direction=asc";

/// Something happens, as told over the wire of the control.
async fn happens(sim: &Sim, what: Value) {
    let told = sim.send("POST", "/_sim/non_trade", &what.to_string()).await.unwrap();
    assert_eq!(told.status, 200, "{}", told.text);
}

async fn rows(sim: &Sim) -> Vec<Value> {
    sim.get(WIRE).await.ok().as_array().unwrap().clone()
}

async fn account(sim: &Sim, figure: &str) -> String {
    sim.get("/v2/account").await.ok()[figure].as_str().unwrap().to_owned()
}

/// What is held of AAPL: units, average, and the cash beside it.
async fn figures(sim: &Sim) -> [String; 3] {
    let held = sim.get("/v2/positions/AAPL").await.ok();
    let text = |name: &str| held[name].as_str().unwrap().to_owned();
    [text("qty"), text("avg_entry_price"), account(sim, "cash").await]
}

#[tokio::test]
async fn dividends_interest_fees_and_cash_move_money_and_have_their_rows() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    happens(&sim, json!({"dividend": {"symbol": "AAPL", "per_share": "0.26"}})).await;
    happens(&sim, json!({"interest": {"amount": "-1.5"}})).await;
    happens(&sim, json!({"fee": {"amount": "0.02", "kind": "TAF"}})).await;
    happens(&sim, json!({"cash": {"amount": "1000"}})).await;
    happens(&sim, json!({"cash": {"amount": "-200"}})).await;
    assert_eq!(account(&sim, "cash").await, "98801.08");
    assert_eq!(account(&sim, "equity").await, "100801.08");
    let told: Vec<String> = rows(&sim)
        .await
        .iter()
        .map(|row| {
            let sub_type = row["activity_sub_type"].as_str().unwrap_or("-");
            format!(
                "{} {sub_type} {}",
                row["activity_type"].as_str().unwrap(),
                row["net_amount"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(told, ["DIV CDIV 2.6", "INT MGN -1.5", "FEE TAF -0.02", "CSD - 1000", "CSW - -200"]);
    let dividend = &rows(&sim).await[0];
    assert_eq!((&dividend["qty"], &dividend["per_share_amount"]), (&json!("10"), &json!("0.26")));
    assert_eq!(sim.control.truth()["non_trades"].as_array().unwrap().len(), 5);
    let nothing = json!({"dividend": {"symbol": "MSFT", "per_share": "1"}});
    let refused = sim.send("POST", "/_sim/non_trade", &nothing.to_string()).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("nothing of MSFT is held")));
}

#[tokio::test]
async fn a_short_pays_the_dividend() {
    let sim = Sim::start().await;
    sim.post(&order("AAPL", "sell", "10", "market", "day", &json!({}))).await.ok();
    happens(&sim, json!({"dividend": {"symbol": "AAPL", "per_share": "0.26"}})).await;
    assert_eq!(rows(&sim).await[0]["net_amount"], "-2.6");
    assert_eq!(account(&sim, "equity").await, "99997.4");
}

#[tokio::test]
async fn a_split_moves_units_average_and_price_and_leaves_the_worth() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let sale = json!({"limit_price": "240"});
    let target = sim.post(&order("AAPL", "sell", "4", "limit", "gtc", &sale)).await.ok();
    happens(&sim, json!({"split": {"symbol": "AAPL", "old": "1", "new": "4"}})).await;
    assert_eq!(figures(&sim).await, ["40", "50", "98000"]);
    assert_eq!(account(&sim, "equity").await, "100000");
    let row = &rows(&sim).await[0];
    assert_eq!((&row["activity_sub_type"], &row["qty"]), (&json!("FSPLIT"), &json!("30")));
    let target = sim.order(&target).await;
    assert_eq!((&target["qty"], &target["limit_price"]), (&json!("16"), &json!("60")), "it is adjusted");
    sim.price("AAPL", "61");
    assert_eq!(sim.order(&target).await["status"], "filled");
    assert_eq!(figures(&sim).await[0], "24");
}

#[tokio::test]
async fn a_reverse_split_ends_orders_and_pays_the_fraction_out() {
    let sim = Sim::with(|settings| settings.quirks.split_as_pair = true).await;
    sim.buy("AAPL", "10").await;
    let stop =
        sim.post(&order("AAPL", "sell", "10", "stop", "gtc", &json!({"stop_price": "150"}))).await.ok();
    happens(&sim, json!({"split": {"symbol": "AAPL", "old": "4", "new": "1"}})).await;
    // Half a share at 800 is paid out.
    assert_eq!(figures(&sim).await, ["2", "800", "98400"]);
    assert_eq!(sim.order(&stop).await["status"], "canceled");
    let rows = rows(&sim).await;
    let pair: Vec<&Value> = rows.iter().map(|row| &row["qty"]).collect();
    assert_eq!(pair, [&json!("-10"), &json!("2")]);
    assert_eq!((&rows[1]["net_amount"], &rows[1]["group_id"]), (&json!("400"), &rows[0]["group_id"]));
}

#[tokio::test]
async fn a_forward_split_ends_orders_where_the_switch_says_so() {
    let sim = Sim::with(|settings| settings.quirks.forward_split_cancels = true).await;
    sim.buy("AAPL", "10").await;
    let stop =
        sim.post(&order("AAPL", "sell", "10", "stop", "gtc", &json!({"stop_price": "150"}))).await.ok();
    happens(&sim, json!({"split": {"symbol": "AAPL", "old": "1", "new": "2"}})).await;
    assert_eq!(sim.order(&stop).await["status"], "canceled");
}

#[tokio::test]
async fn fractions_stay_where_nothing_is_paid_out() {
    let sim = Sim::with(|settings| settings.quirks.cash_in_lieu = false).await;
    sim.buy("AAPL", "10").await;
    happens(&sim, json!({"split": {"symbol": "AAPL", "old": "4", "new": "1"}})).await;
    assert_eq!(figures(&sim).await, ["2.5", "800", "98000"]);
}

#[tokio::test]
async fn units_come_and_go_without_money() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    happens(&sim, json!({"units": {"symbol": "AAPL", "qty": "5", "price": "80"}})).await;
    assert_eq!(figures(&sim).await, ["15", "160", "98000"]);
    assert_eq!(account(&sim, "equity").await, "101000");
    happens(&sim, json!({"units": {"symbol": "AAPL", "qty": "-9"}})).await;
    assert_eq!(figures(&sim).await, ["6", "160", "98000"]);
    happens(&sim, json!({"stock_dividend": {"symbol": "AAPL", "qty": "2"}})).await;
    assert_eq!(figures(&sim).await, ["8", "120", "98000"]);
    let told: Vec<Value> = rows(&sim).await.iter().map(|row| row["qty"].clone()).collect();
    assert_eq!(told, ["5", "-9", "2"]);
}

#[tokio::test]
async fn a_symbol_becomes_another_and_its_orders_end() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let stop =
        sim.post(&order("AAPL", "sell", "10", "stop", "gtc", &json!({"stop_price": "150"}))).await.ok();
    happens(&sim, json!({"rename": {"symbol": "AAPL", "becomes": "MSFT"}})).await;
    sim.get("/v2/positions/AAPL").await.refused(404, 40_410_000, "position does not exist");
    let held = sim.get("/v2/positions/MSFT").await.ok();
    assert_eq!(
        (&held["qty"], &held["avg_entry_price"], &held["current_price"]),
        (&json!("10"), &json!("200"), &json!("200"))
    );
    assert_eq!(account(&sim, "cash").await, "98000");
    assert_eq!(sim.order(&stop).await["status"], "canceled");
    assert_eq!(sim.get("/v2/assets/AAPL").await.ok()["status"], "inactive");
    let rows = rows(&sim).await;
    assert_eq!((&rows[0]["symbol"], &rows[0]["qty"]), (&json!("AAPL"), &json!("-10")));
    assert_eq!((&rows[1]["symbol"], &rows[1]["group_id"]), (&json!("MSFT"), &rows[0]["group_id"]));
}

#[tokio::test]
async fn a_script_lets_it_happen_at_its_moment() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let line = r#"{"time":{"at":"2026-11-20T15:30:00Z","do":{"non_trade":{"split":{"symbol":"AAPL","old":"1","new":"2"}}}}}"#;
    sim.control.fault_lines(line).unwrap();
    assert_eq!(figures(&sim).await[0], "10");
    sim.control.set_time(at("2026-11-20T15:31:00Z")).unwrap();
    assert_eq!(figures(&sim).await[0], "20");
    let row = &rows(&sim).await[0];
    assert!(row["created_at"].as_str().unwrap().starts_with("2026-11-20T15:30:00"), "{row}");
    assert_eq!(row["date"], "2026-11-20");
}

#[tokio::test]
async fn coins_below_the_least_are_closed_by_the_broker_alone() {
    let sim = Sim::start().await;
    sim.buy("BTC/USD", "0.001").await;
    let most = sim.post(&order("BTC/USD", "sell", "0.0009", "market", "gtc", &json!({}))).await;
    assert_eq!(most.status, 200, "{}", most.text);
    let rest = sim.get("/v2/positions/BTCUSD").await.ok()["qty"].as_str().unwrap().to_owned();
    let dust = sim.post(&order("BTC/USD", "sell", &rest, "market", "gtc", &json!({}))).await;
    dust.refused(403, 40_310_000, "cost basis must be >= minimal amount of order 10");
    assert_eq!(sim.delete("/v2/positions/BTCUSD").await.status, 200);
    assert_eq!(sim.get("/v2/positions").await.ok(), json!([]));
}

#[tokio::test]
async fn what_cannot_happen_changes_nothing() {
    let sim = Sim::start().await;
    let split = |symbol: &str, old, new| NonTrade::Split {
        symbol: symbol.to_owned(),
        old: broker_api::Qty::new(decimal(old)).unwrap(),
        new: broker_api::Qty::new(decimal(new)).unwrap(),
    };
    for what in [
        split("AAPL", "1", "1"),
        split("AAPL", "0", "1"),
        split("BTC/USD", "1", "2"),
        split("NONE", "1", "2"),
    ] {
        sim.control.non_trade(&what).unwrap_err();
    }
    assert_eq!(rows(&sim).await, Vec::<Value>::new());
    assert_eq!(account(&sim, "equity").await, "100000");
}

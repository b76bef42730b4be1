//! Brackets and their kin: legs wait for the whole entry, then one ends the other.

use serde_json::{Value, json};

use crate::wire::{Sim, decimal, order};

fn bracket() -> Value {
    let legs = json!({"order_class": "bracket", "limit_price": "200.5", "take_profit": {"limit_price": "220"},
        "stop_loss": {"stop_price": "190"}});
    order("AAPL", "buy", "10", "limit", "gtc", &legs)
}

fn statuses(order: &Value) -> Vec<&str> {
    let legs = order["legs"].as_array().unwrap();
    std::iter::once(order).chain(legs).map(|order| order["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn legs_are_held_until_the_entry_is_completely_filled() {
    let sim = Sim::start().await;
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"4"}}}}"#;
    sim.control.fault_lines(rule).unwrap();
    let made = sim.post(&bracket()).await.ok();
    assert_eq!(statuses(&made), ["pending_new", "held", "held"]);
    let roles: Vec<&Value> = made["legs"].as_array().unwrap().iter().map(|leg| &leg["group_role"]).collect();
    assert_eq!(
        (roles, &made["group_role"]),
        (vec![&json!("take_profit"), &json!("stop_loss")], &json!("entry"))
    );
    assert_eq!(made["legs"][0]["group_id"], made["group_id"]);
    assert_eq!(statuses(&sim.order(&made).await), ["partially_filled", "held", "held"]);
    // What is held has no target and no stop yet.
    sim.price("AAPL", "221");
    assert_eq!(statuses(&sim.order(&made).await), ["partially_filled", "held", "held"]);
    sim.price("AAPL", "200");
    assert_eq!(statuses(&sim.order(&made).await), ["filled", "new", "held"]);
    sim.price("AAPL", "185");
    assert_eq!(statuses(&sim.order(&made).await), ["filled", "canceled", "filled"]);
    sim.get("/v2/positions/AAPL").await.refused(404, 40_410_000, "position does not exist");
}

#[tokio::test]
async fn the_target_keeps_the_shares_and_ends_the_stop() {
    let sim = Sim::start().await;
    let made = sim.post(&bracket()).await.ok();
    assert_eq!(statuses(&sim.order(&made).await), ["filled", "new", "held"]);
    // The target keeps the shares; a plain sale finds none.
    let sale = sim.post(&order("AAPL", "sell", "10", "market", "day", &json!({}))).await;
    let body = sale.json();
    assert_eq!(
        (&body["held_for_orders"], &body["related_orders"][0]),
        (&json!("10"), &made["legs"][0]["id"])
    );
    let open = sim.get("/v2/orders?status=open").await.ok();
    assert_eq!(open.as_array().unwrap().len(), 1, "legs that are held are not open: {open}");
    sim.price("AAPL", "221");
    let now = sim.order(&made).await;
    assert_eq!(statuses(&now), ["filled", "filled", "canceled"]);
    assert_eq!(now["legs"][0]["filled_avg_price"], "221");
}

#[tokio::test]
async fn a_part_of_the_target_shrinks_the_stop() {
    let sim = Sim::with(|settings| settings.quirks.partial_percent = 100).await;
    let made = sim.post(&bracket()).await.ok();
    let mut now = sim.order(&made).await;
    for _ in 0..20 {
        sim.price("AAPL", "200");
        now = sim.order(&made).await;
    }
    assert_eq!(statuses(&now), ["filled", "new", "held"]);
    sim.price("AAPL", "221");
    now = sim.order(&made).await;
    assert_eq!(statuses(&now), ["filled", "partially_filled", "held"]);
    let number = |leg: usize, field: &str| decimal(now["legs"][leg][field].as_str().unwrap());
    assert_eq!(number(1, "qty"), decimal("10") - number(0, "filled_qty"));
    assert_eq!(number(1, "filled_qty"), decimal("0"));
}

#[tokio::test]
async fn cancelling_a_member_cancels_the_group() {
    let sim = Sim::start().await;
    sim.price("AAPL", "205");
    let made = sim.post(&bracket()).await.ok();
    assert_eq!(statuses(&sim.order(&made).await), ["new", "held", "held"]);
    sim.delete(&format!("/v2/orders/{}", made["legs"][1]["id"].as_str().unwrap())).await;
    assert_eq!(statuses(&sim.order(&made).await), ["canceled", "canceled", "canceled"]);
}

#[tokio::test]
async fn a_leg_can_be_moved_and_stays_in_its_group() {
    let sim = Sim::start().await;
    let made = sim.post(&bracket()).await.ok();
    let stop = made["legs"][1].clone();
    let moved = sim.patch(&stop, &json!({"stop_price": "195"})).await.ok();
    assert_eq!((&moved["replaces"], &moved["group_id"]), (&stop["id"], &made["group_id"]));
    let now = sim.order(&made).await;
    assert_eq!(now["legs"][1]["id"], moved["id"]);
    sim.price("AAPL", "194");
    assert_eq!(statuses(&sim.order(&made).await), ["filled", "canceled", "filled"]);
}

#[tokio::test]
async fn the_stop_may_have_another_id_when_it_fills() {
    let sim = Sim::with(|settings| settings.quirks.stop_leg_new_id = true).await;
    let made = sim.post(&bracket()).await.ok();
    sim.price("AAPL", "189");
    let old = sim.order(&made["legs"][1]).await;
    assert_eq!(old["status"], "replaced");
    let new = sim.get(&format!("/v2/orders/{}", old["replaced_by"].as_str().unwrap())).await.ok();
    assert_eq!((&new["status"], &new["group_role"]), (&json!("filled"), &json!("stop_loss")));
    assert_eq!(sim.get("/v2/positions").await.ok(), json!([]));
}

#[tokio::test]
async fn one_cancels_other_and_one_triggers_other() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    let oco = json!({"order_class": "oco", "take_profit": {"limit_price": "220"}, "stop_loss": {"stop_price": "190"}});
    let made = sim.post(&order("AAPL", "sell", "10", "limit", "gtc", &oco)).await.ok();
    assert_eq!((&made["limit_price"], &made["group_role"]), (&json!("220"), &json!("take_profit")));
    assert_eq!(statuses(&sim.order(&made).await), ["new", "held"]);
    sim.price("AAPL", "189");
    assert_eq!(statuses(&sim.order(&made).await), ["canceled", "filled"]);

    let oto = json!({"order_class": "oto", "stop_loss": {"stop_price": "180", "limit_price": "179"}});
    let made = sim.post(&order("AAPL", "buy", "5", "market", "day", &oto)).await.ok();
    let now = sim.order(&made).await;
    assert_eq!(statuses(&now), ["filled", "new"]);
    assert_eq!(now["legs"][0]["type"], "stop_limit");
}

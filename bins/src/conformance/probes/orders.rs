//! Questions that are asked by orders: of one unit, far from the price, or for a moment where the market is open.

use broker_sim::alpaca::InitialStatus;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::questions::Answers;
use crate::conformance::wire::{LOOK, Wire};

fn in_words(took: Option<TimeDelta>) -> String {
    took.map_or_else(|| "never, within 20 s".to_owned(), |took| format!("{} ms", took.num_milliseconds()))
}

/// One order from its beginning to its end, and its name after that.
pub(super) async fn life(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    let is_open = wire.account.is_open();
    let order = wire.order(&json!({}));
    let client = order["client_order_id"].clone();
    let said = wire.send(&order).await?;
    if !said.is_good() {
        return Err(format!("the order was refused: {}", said.words()));
    }
    let first = said.body["status"].clone();
    if is_open && serde_json::from_value::<InitialStatus>(first.clone()).is_ok() {
        answers.tell("initial_status", first.as_str().unwrap_or_default().to_owned(), first);
    }
    let began = wire.account.now();
    let visible = wire.until(&client, |found| found.is_some()).await?;
    if let Some(took) = visible {
        // The last look at which it was not there.
        let took = (took - LOOK).max(TimeDelta::zero());
        answers.tell("visible_after", in_words(Some(took)), json!(took.num_milliseconds()));
    }
    if is_open && let Some(took) = wire.becomes(&client, &["new", "filled"]).await? {
        // Counted from the answer on. One that was not found at first may have been `new` all that time.
        let is_new_at_once = took.is_zero();
        let took = if is_new_at_once { took } else { wire.account.now() - began };
        if is_new_at_once && visible.is_none_or(|took| !took.is_zero()) {
            answers.find("route_after", format!("not longer than it was not found: {}", in_words(visible)));
        } else {
            answers.tell("route_after", in_words(Some(took)), json!(took.num_milliseconds()));
        }
    }
    wire.hear().await;
    if !is_open && wire.stream.is_some() {
        let is_told = wire.events_of(&said.body["id"]).any(|data| data["event"] == "accepted");
        let words = if is_told { "it does" } else { "it does not" };
        answers.tell("accepted_event", words.to_owned(), json!(is_told));
    }
    let again = wire.send(&order).await?;
    if again.is_good() {
        answers.find("duplicate_status", "it was taken a second time".to_owned());
    } else {
        answers.tell("duplicate_status", again.words(), json!(again.status));
    }
    let (cancel, took) = wire.cancel(&client).await?;
    if !cancel.is_good() {
        return Err(format!("the cancel was refused: {}", cancel.words()));
    }
    if is_open {
        answers.tell("cancels_stick", in_words(took), json!(took.is_none()));
        if let Some(took) = took {
            answers.tell("cancel_after", in_words(Some(took)), json!(took.num_milliseconds()));
        }
    } else {
        answers.tell("closed_cancels_wait", in_words(took), json!(took.is_none()));
    }
    if took.is_some() {
        let again = wire.send(&order).await?;
        let words = if again.is_good() { "it is taken again".to_owned() } else { again.words() };
        answers.tell("ids_come_back", words, json!(again.is_good()));
        if again.is_good() {
            wire.cancel(&client).await?;
        }
    }
    Ok(())
}

/// Amounts of money and parts of a share.
pub(super) async fn money(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    let limited = |amount: &str| json!({ "qty": null, "notional": amount });
    let order = wire.order(&limited("2.50"));
    let plain = wire.send(&order).await?;
    let words = if plain.is_good() { "they are taken".to_owned() } else { plain.words() };
    answers.tell("notional_beyond_market", words, json!(plain.is_good()));
    if plain.is_good() {
        wire.cancel(&order["client_order_id"]).await?;
    }
    // As many places as are taken, or refused in no other words than two are.
    let mut places = 2;
    for count in 3..=9 {
        let order = wire.order(&limited(&format!("2.5{}1", "0".repeat(count - 2))));
        let said = wire.send(&order).await?;
        if said.is_good() {
            wire.cancel(&order["client_order_id"]).await?;
        }
        let is_taken = if plain.is_good() { said.is_good() } else { said.words() == plain.words() };
        if !is_taken {
            break;
        }
        places = count;
    }
    answers.tell("notional_places", places.to_string(), json!(places));
    let order = wire.order(&json!({ "qty": "0.5", "time_in_force": "gtc" }));
    let said = wire.send(&order).await?;
    let words = if said.is_good() { "they are taken".to_owned() } else { said.words() };
    answers.tell("fraction_gtc", words, json!(said.is_good()));
    if said.is_good() {
        wire.cancel(&order["client_order_id"]).await?;
    }
    let order = wire.order(&json!({ "symbol": "TWNOSUCH" }));
    let said = wire.send(&order).await?;
    answers.tell("unknown_asset_status", said.words(), json!(said.status));
    Ok(())
}

/// An order that must be executed at once, and is not.
pub(super) async fn immediate(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    if !wire.account.is_open() {
        return Err("its market is closed now".to_owned());
    }
    let order = wire.order(&json!({ "time_in_force": "ioc" }));
    let said = wire.send(&order).await?;
    if !said.is_good() {
        answers.find("immediate_rest_expires", format!("immediate orders are refused: {}", said.words()));
        return Ok(());
    }
    let client = &order["client_order_id"];
    wire.becomes(client, &["canceled", "expired"]).await?;
    let status = wire.find(client).await?.map_or(Value::Null, |found| found["status"].clone());
    match status.as_str() {
        Some(word @ ("canceled" | "expired")) => {
            answers.tell("immediate_rest_expires", word.to_owned(), json!(word == "expired"));
        }
        other => answers.find("immediate_rest_expires", format!("it does not end: {other:?}")),
    }
    Ok(())
}

/// A bracket whose entry rests.
pub(super) async fn group(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    let (stop, other, target) = (wire.price(70), wire.price(71), wire.price(130));
    let order = wire.order(&json!({
        "order_class": "bracket", "take_profit": { "limit_price": target }, "stop_loss": { "stop_price": stop },
    }));
    let client = order["client_order_id"].clone();
    let said = wire.send(&order).await?;
    if !said.is_good() {
        return Err(format!("the bracket was refused: {}", said.words()));
    }
    let has_group = !said.body["group_id"].is_null();
    answers.tell("group_ids", if has_group { "they do" } else { "they do not" }.to_owned(), json!(has_group));
    wire.until(&client, |found| found.is_some()).await?;
    let legs = said.body["legs"].as_array().cloned().unwrap_or_default();
    if let Some(leg) = legs.iter().find(|leg| leg["type"] == "stop") {
        let path = format!("/v2/orders/{}", leg["id"].as_str().unwrap_or_default());
        let patched = wire.ask("PATCH", &path, &[], Some(&json!({ "stop_price": other }))).await?;
        let words = if patched.is_good() { "it can".to_owned() } else { patched.words() };
        answers.tell("held_can_be_replaced", words, json!(patched.is_good()));
    }
    wire.cancel(&client).await?;
    wire.hear().await;
    if wire.stream.is_some() {
        let is_leg = |data: &&Value| {
            let group = &said.body["group_id"];
            let is_of_group = !group.is_null() && data["order"]["group_id"] == *group;
            let is_known = legs.iter().any(|leg| leg["id"] == data["order"]["id"]);
            data["event"] == "canceled" && data["order"]["id"] != said.body["id"] && (is_of_group || is_known)
        };
        let is_told = wire.told.iter().any(|data| is_leg(&data));
        let words = if is_told { "it does" } else { "it does not" };
        answers.tell("leg_events", words.to_owned(), json!(is_told));
    }
    Ok(())
}

/// One unit bought and sold, one sold short and bought back.
pub(super) async fn executions(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    if !wire.account.is_open() {
        return Err("its market is closed now".to_owned());
    }
    let row = traded(wire, "buy").await?;
    wire.hear().await;
    let half = row["id"].as_str().and_then(|id| id.split_once("::")).map(|(_, half)| half.to_owned());
    let execution = wire.events_of(&row["order_id"]).find_map(|data| data["execution_id"].as_str());
    if let (Some(half), Some(execution)) = (half, execution) {
        let is_same = half == execution;
        let words = if is_same { "they are the same" } else { "they differ" };
        answers.tell("fill_id_is_execution_id", words.to_owned(), json!(is_same));
    }
    let rests = wire.order(&json!({}));
    let said = wire.send(&rests).await?;
    if said.is_good() {
        wire.until(&rests["client_order_id"], |found| found.is_some()).await?;
        let order = wire.order(&json!({ "side": "sell", "type": "market", "limit_price": null }));
        let wash = wire.send(&order).await?;
        if wash.is_good() {
            answers.find("wash_trade_status", "it was taken".to_owned());
        } else {
            answers.tell("wash_trade_status", wash.words(), json!(wash.status));
        }
        wire.cancel(&rests["client_order_id"]).await?;
    }
    wire.account.clear().await.map_err(|left| left.0)?;
    let row = traded(wire, "sell").await?;
    let side = row["side"].as_str().unwrap_or_default();
    answers.tell("sell_short_side", side.to_owned(), json!(side == "sell_short"));
    wire.account.clear().await.map_err(|left| left.0)
}

/// One unit at the market; its row among the activities.
async fn traded(wire: &mut Wire<'_>, side: &str) -> Result<Value, String> {
    let order = wire.order(&json!({ "side": side, "type": "market", "limit_price": null }));
    let said = wire.send(&order).await?;
    if !said.is_good() {
        return Err(format!("to {side} one at the market was refused: {}", said.words()));
    }
    let id = said.body["id"].as_str().unwrap_or_default().to_owned();
    if wire.becomes(&order["client_order_id"], &["filled"]).await?.is_none() {
        return Err(format!("to {side} one at the market was not executed within 20 s"));
    }
    for _ in 0..40 {
        let rows = wire.ask("GET", "/v2/account/activities/FILL", &[("order_id", &id)], None).await?;
        let is_it = |row: &&Value| row["order_id"] == id.as_str();
        if let Some(row) = rows.body.as_array().and_then(|rows| rows.iter().find(is_it)) {
            return Ok(row.clone());
        }
        wire.account.pause(TimeDelta::milliseconds(500)).await;
    }
    Err(format!("the execution of {id} is not among the activities"))
}

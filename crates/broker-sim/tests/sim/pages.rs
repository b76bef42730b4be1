//! Lists, pages, closing at once, and the other things that are only read.

use serde_json::{Value, json};

use crate::wire::{Sim, order};

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_of_orders_are_filtered_and_paged() {
    let sim = Sim::start().await;
    let mut made = Vec::new();
    for n in 0..5 {
        let symbol = if n == 2 { "MSFT" } else { "AAPL" };
        let body = order(symbol, "buy", "1", "limit", "day", &json!({"limit_price": "150"}));
        made.push(sim.post(&body).await.ok()["id"].as_str().unwrap().to_owned());
    }
    sim.delete(&format!("/v2/orders/{}", made[4])).await;
    let open = sim.get("/v2/orders").await.ok();
    assert_eq!(ids(&open), [&made[3], &made[2], &made[1], &made[0]].map(Clone::clone));
    assert_eq!(ids(&sim.get("/v2/orders?status=closed").await.ok()), [made[4].clone()]);
    assert_eq!(ids(&sim.get("/v2/orders?symbols=MSFT,NONE").await.ok()), [made[2].clone()]);
    assert_eq!(ids(&sim.get("/v2/orders?status=all&side=sell").await.ok()), Vec::<String>::new());
    let mut seen = Vec::new();
    loop {
        let after = seen.last().map_or_else(String::new, |id| format!("&after_order_id={id}"));
        let page = ids(&sim.get(&format!("/v2/orders?status=all&direction=asc&limit=2{after}")).await.ok());
        let is_last = page.len() < 2;
        seen.extend(page);
        if is_last {
            break;
        }
    }
    assert_eq!(seen, made);
    let second = open[2]["submitted_at"].as_str().unwrap();
    let after = sim.get(&format!("/v2/orders?after={second}&direction=asc")).await.ok();
    assert_eq!(ids(&after), [made[2].clone(), made[3].clone()]);
    let until = sim.get(&format!("/v2/orders?until={second}")).await.ok();
    assert_eq!(ids(&until), [made[0].clone()]);
    assert_eq!(sim.get("/v2/orders?limit=501").await.status, 422);
    assert_eq!(sim.get("/v2/orders/xyz").await.status, 422);
}

#[tokio::test]
async fn fills_are_read_by_page_and_add_up() {
    let sim = Sim::start().await;
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"3"}}}}"#;
    sim.control.fault_lines(rule).unwrap();
    let made = sim.buy("AAPL", "10").await;
    sim.price("AAPL", "201");
    for _ in 0..3 {
        sim.buy("MSFT", "1").await;
    }
    let all = sim.get("/v2/account/activities/FILL?direction=asc").await.ok();
    let figures =
        |row: &Value| ["qty", "cum_qty", "leaves_qty", "price", "type"].map(|name| row[name].clone());
    assert_eq!(figures(&all[0]), [json!("3"), json!("3"), json!("7"), json!("200"), json!("partial_fill")]);
    assert_eq!(figures(&all[1]), [json!("7"), json!("10"), json!("0"), json!("201"), json!("fill")]);
    let id = all[0]["id"].as_str().unwrap();
    assert!(id.starts_with("20261120100207000::") && id.len() == 19 + 36, "New York: {id}");
    let of_order =
        format!("/v2/account/activities?activity_types=FILL&order_id={}", made["id"].as_str().unwrap());
    assert_eq!(sim.get(&of_order).await.ok().as_array().unwrap().len(), 2);
    let mut seen: Vec<String> = Vec::new();
    loop {
        let token = seen.last().map_or_else(String::new, |id| format!("&page_token={id}"));
        let page = ids(&sim.get(&format!("/v2/account/activities/FILL?page_size=2{token}")).await.ok());
        let is_last = page.len() < 2;
        seen.extend(page);
        if is_last {
            break;
        }
    }
    let mut newest_first = ids(&all);
    newest_first.reverse();
    assert_eq!(seen, newest_first);
    let after = all[1]["transaction_time"].as_str().unwrap();
    let later = sim.get(&format!("/v2/account/activities/FILL?after={after}")).await.ok();
    assert!(later.as_array().unwrap().len() <= 4, "{later}");
    assert_eq!(sim.get("/v2/account/activities?date=2026-11-19").await.ok(), json!([]));
    assert_eq!(
        sim.get("/v2/account/activities?category=trade_activity").await.ok().as_array().unwrap().len(),
        5
    );
}

#[tokio::test]
async fn pages_may_miss_a_row_and_rows_may_be_out_of_order() {
    let sim = Sim::with(|settings| {
        settings.quirks.page_edge_misses = true;
        settings.quirks.shuffled_activities = true;
    })
    .await;
    for _ in 0..4 {
        sim.buy("AAPL", "1").await;
    }
    let page = sim.get("/v2/account/activities/FILL?page_size=3&direction=asc").await.ok();
    assert_eq!(page.as_array().unwrap().len(), 2);
    let all = sim.get("/v2/account/activities/FILL?direction=asc").await.ok();
    let orders = sim.get("/v2/orders?status=all&direction=asc").await.ok();
    assert_ne!(all[0]["order_id"], orders[0]["id"], "within a millisecond the last comes first");
}

#[tokio::test]
async fn all_at_once_is_one_answer_for_each() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "10").await;
    sim.buy("MSFT", "2").await;
    let stop =
        sim.post(&order("AAPL", "sell", "10", "stop", "gtc", &json!({"stop_price": "190"}))).await.ok();
    let blocked = sim.delete("/v2/positions/AAPL").await;
    blocked.refused(403, 40_310_000, "insufficient qty available for order (requested: 10, available: 0)");
    // The cancel frees the shares only afterwards.
    let closed = sim.delete("/v2/positions?cancel_orders=true").await;
    assert_eq!(closed.status, 207);
    let rows = closed.json();
    let seen: Vec<(&Value, &Value)> =
        rows.as_array().unwrap().iter().map(|row| (&row["symbol"], &row["status"])).collect();
    assert_eq!(
        seen,
        [(&stop["id"], &json!(200)), (&json!("AAPL"), &json!(403)), (&json!("MSFT"), &json!(200))]
    );
    assert_eq!(sim.delete("/v2/positions/AAPL?percentage=50").await.ok()["qty"], "5");
    assert_eq!(sim.delete("/v2/positions/AAPL?qty=2").await.ok()["qty"], "2");
    assert_eq!(sim.delete("/v2/positions/AAPL?qty=1&percentage=1").await.status, 422);
    sim.post(&order("AAPL", "buy", "1", "limit", "day", &json!({"limit_price": "150"}))).await.ok();
    let cancelled = sim.delete("/v2/orders").await;
    assert_eq!((cancelled.status, &cancelled.json()[0]["status"]), (207, &json!(200)));
    assert_eq!(sim.get("/v2/orders").await.ok(), json!([]));
}

#[tokio::test]
async fn prices_are_read_as_numbers() {
    let sim = Sim::start().await;
    sim.control.set_quote("MSFT", crate::wire::decimal("431.19"), crate::wire::decimal("431.24")).unwrap();
    let quotes = sim.get("/v2/stocks/quotes/latest?symbols=MSFT,AAPL&feed=iex").await;
    assert!(
        quotes.text.contains("\"bp\":431.19") && quotes.text.contains("\"ap\":431.24"),
        "{}",
        quotes.text
    );
    assert_eq!(quotes.ok()["quotes"]["AAPL"]["t"], "2026-11-20T15:02:07Z");
    assert_eq!(sim.get("/v2/stocks/MSFT/trades/latest").await.ok()["trade"]["p"], 431.215);
    assert_eq!(sim.get("/v2/stocks/MSFT/bars/latest").await.ok()["bar"]["t"], "2026-11-20T15:02:00Z");
    assert_eq!(sim.get("/v2/stocks/snapshots?symbols=MSFT").await.ok()["MSFT"]["latestQuote"]["bp"], 431.19);
    assert_eq!(sim.get("/v2/stocks/quotes/latest?symbols=NONE").await.status, 400);
}

#[tokio::test]
async fn bars_are_history_and_then_they_are_played() {
    let folder = tempfile::tempdir().unwrap();
    let text = "date,open,high,low,close,volume\n2026-11-18,10,11,9,10.5,1000\n2026-11-19,10.5,12,10,11,1000\n\
                2026-11-20,11,11.5,10,10.2,1000\n2026-11-23,10,10.4,8,8.5,1000\n";
    for name in ["XYZ.csv", "OTHER.csv"] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let sim = Sim::with(|settings| {
        settings.prices.clear();
        settings.assets = ["XYZ", "OTHER"].map(broker_sim::alpaca::Asset::usual).to_vec();
        settings.bars = Some(folder.path().to_owned());
        settings.market = broker_sim::core::Market::Calendar;
    })
    .await;
    let path = "/v2/stocks/bars?symbols=XYZ&timeframe=1Day&start=2026-11-01&limit=1";
    let page = sim.get(path).await.ok();
    assert_eq!((&page["bars"]["XYZ"][0]["c"], &page["next_page_token"]), (&json!(10.5), &json!("1")));
    assert_eq!(page["bars"]["XYZ"][0]["t"], "2026-11-18T05:00:00Z");
    let rest = sim.get(&format!("{path}&page_token=1")).await.ok();
    assert_eq!((&rest["bars"]["XYZ"][0]["c"], &rest["next_page_token"]), (&json!(11), &json!(null)));
    let bought = sim.buy("XYZ", "10").await;
    assert_eq!(sim.order(&bought).await["filled_avg_price"], "11");
    let stop = sim.post(&order("XYZ", "sell", "10", "stop", "gtc", &json!({"stop_price": "9"}))).await.ok();
    sim.control.set_time(crate::wire::at("2026-11-20T22:00:00Z")).unwrap();
    let night = sim.post(&order("OTHER", "buy", "3", "market", "day", &json!({}))).await.ok();
    sim.control.set_time(crate::wire::at("2026-11-23T14:00:00Z")).unwrap();
    assert_eq!(sim.order(&night).await["status"], "accepted");
    let low = json!({"limit_price": "5"});
    let resting = sim.post(&order("OTHER", "buy", "1", "limit", "day", &low)).await.ok();
    assert_eq!(sim.order(&stop).await["status"], "new");
    sim.control.set_time(crate::wire::at("2026-11-23T21:30:00Z")).unwrap();
    // What waited for the opening got its price; what was for the day is over with it.
    assert_eq!(sim.order(&night).await["filled_avg_price"], "10");
    assert_eq!(sim.order(&resting).await["status"], "expired");
    // The range of the day went through it.
    assert_eq!(sim.order(&stop).await["filled_avg_price"], "9");
    assert_eq!(sim.get("/v2/stocks/XYZ/trades/latest").await.ok()["trade"]["p"], 8.5);
}

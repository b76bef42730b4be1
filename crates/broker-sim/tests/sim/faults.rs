//! Everything that goes wrong, each once, with what the broker knows afterwards.

use broker_api::Side;
use serde_json::{Value, json};

use crate::wire::{Got, Sim, Stream, at, decimal, order};

async fn with(rule: &str) -> Sim {
    let sim = Sim::start().await;
    sim.control.fault_lines(rule).unwrap();
    sim
}

async fn on_order(act: &str) -> (Sim, Option<Got>) {
    let sim = with(&format!(r#"{{"request":{{"method":"POST","path":"/v2/orders","do":{act}}}}}"#)).await;
    let body = order("AAPL", "buy", "1", "market", "day", &json!({"client_order_id": "mine"}));
    let got = sim.send("POST", "/v2/orders", &body.to_string()).await;
    (sim, got)
}

fn orders(sim: &Sim) -> usize {
    sim.control.truth()["orders"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_lost_is_lost_before_or_after() {
    let (sim, got) = on_order(r#""lost_request""#).await;
    assert!(got.is_none());
    assert_eq!(orders(&sim), 0);
    let (sim, got) = on_order(r#""lost_reply""#).await;
    assert!(got.is_none());
    assert_eq!(orders(&sim), 1);
    let found = sim.get("/v2/orders:by_client_order_id?client_order_id=mine").await.ok();
    assert_eq!(found["status"], "filled");
    // The broker saw one request of it, and the log says what was done to it.
    let wire = sim.control.wire();
    let posts = wire.iter().filter(|entry| entry["kind"] == "request" && entry["method"] == "POST").count();
    assert_eq!((posts, &wire[1]["fault"], &wire[1]["status"]), (1, &json!("lost_reply"), &json!(null)));
    assert!(!Value::from(wire).to_string().contains("hush"));
}

#[tokio::test]
async fn answers_come_late_cut_or_broken() {
    let clock = tokio::time::Instant::now();
    let (sim, got) = on_order(r#"{"late_reply":{"millis":150}}"#).await;
    got.unwrap().ok();
    assert!(clock.elapsed() >= std::time::Duration::from_millis(150));
    assert_eq!(orders(&sim), 1);
    let (sim, got) = on_order(r#""cut_body""#).await;
    assert!(got.is_none(), "half of an answer: {got:?}");
    assert_eq!(orders(&sim), 1);
    let (sim, got) = on_order(r#""malformed_body""#).await;
    let got = got.unwrap();
    assert_eq!(got.status, 200);
    assert!(serde_json::from_str::<Value>(&got.text).is_err());
    assert_eq!(orders(&sim), 1);
}

#[tokio::test]
async fn one_answer_has_a_wrong_figure_and_the_next_is_right() {
    let act = r#"{"wrong_figure":{"name":"equity","by":"0.1"}}"#;
    let sim = with(&format!(r#"{{"request":{{"path":"/v2/account","nth":2,"do":{act}}}}}"#)).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(sim.get("/v2/account").await.ok());
    }
    let (right, wrong) = (&told[0], &told[1]);
    let figure = |account: &Value| decimal(account["equity"].as_str().unwrap());
    assert_eq!(figure(wrong), figure(right) * decimal("0.1"));
    assert_eq!((&wrong["cash"], &told[2]["equity"]), (&right["cash"], &right["equity"]));
}

#[tokio::test]
async fn statuses_with_and_without_an_order_behind_them() {
    let cases = [
        (r#""rate_limited""#, 429, 0),
        (r#"{"status":{"code":503}}"#, 503, 0),
        (r#"{"status":{"code":504,"processed":true}}"#, 504, 1),
        (r#"{"html_502":{}}"#, 502, 0),
        (r#"{"html_502":{"processed":true}}"#, 502, 1),
    ];
    for (act, status, made) in cases {
        let (sim, got) = on_order(act).await;
        assert_eq!((got.unwrap().status, orders(&sim)), (status, made), "{act}");
    }
    let (_, got) = on_order(r#"{"html_502":{}}"#).await;
    assert!(got.unwrap().text.starts_with("<html>"));
    let (sim, got) = on_order(r#"{"reject":{"status":403,"code":40310000,"message":"no"}}"#).await;
    got.unwrap().refused(403, 40_310_000, "no");
    assert_eq!(orders(&sim), 0);
}

#[tokio::test]
async fn an_order_may_be_rejected_after_it_was_taken() {
    let (sim, got) = on_order(r#""rejected_later""#).await;
    let made = got.unwrap().ok();
    assert_eq!(made["status"], "pending_new");
    let now = sim.order(&made).await;
    assert_eq!(now["status"], "rejected");
    assert!(now["failed_at"].is_string());
}

#[tokio::test]
async fn maintenance_lasts_until_it_is_over() {
    let sim = with(r#"{"request":{"path":"/v2/*","nth":2,"do":{"maintenance":{"millis":60000}}}}"#).await;
    sim.get("/v2/account").await.ok();
    for _ in 0..3 {
        sim.get("/v2/account").await.refused(503, 50_010_000, "service unavailable");
    }
    sim.control.step(chrono::TimeDelta::minutes(1)).unwrap();
    sim.get("/v2/account").await.ok();
}

#[tokio::test]
async fn events_are_dropped_doubled_and_swapped() {
    for (act, expected) in [
        ("drop", vec!["pending_new", "fill"]),
        ("duplicate", vec!["pending_new", "new", "new", "fill"]),
        ("swap_with_next", vec!["pending_new", "fill", "new"]),
        ("mute", vec!["pending_new"]),
        ("disconnect", vec!["pending_new"]),
    ] {
        let sim = with(&format!(r#"{{"stream":{{"event":"new","do":"{act}"}}}}"#)).await;
        let mut stream = sim.listen().await;
        sim.buy("AAPL", "1").await;
        assert_eq!(stream.events().await, expected, "{act}");
        let another = Stream::open(&sim, "/stream").await;
        assert_eq!(another.is_ok(), act == "disconnect", "{act}");
    }
}

#[tokio::test]
async fn the_broker_closes_a_position_or_takes_an_execution_back() {
    let script = "{\"time\":{\"at\":\"2026-11-20T16:00:00Z\",\"do\":{\"liquidate\":{\"symbol\":\"AAPL\"}}}}\n\
                  {\"time\":{\"at\":\"close\",\"do\":{\"bust\":{\"nth\":3}}}}";
    let sim = with(script).await;
    sim.control.set_market(broker_sim::core::Market::Calendar);
    sim.buy("AAPL", "10").await;
    let stop =
        sim.post(&order("AAPL", "sell", "10", "stop", "gtc", &json!({"stop_price": "190"}))).await.ok();
    sim.control.set_time(at("2026-11-20T16:00:00Z")).unwrap();
    assert_eq!(sim.order(&stop).await["status"], "canceled");
    assert_eq!(sim.get("/v2/positions").await.ok(), json!([]));
    let cash = sim.get("/v2/account").await.ok()["cash"].clone();
    sim.buy("MSFT", "4").await;
    sim.price("MSFT", "440");
    let mut stream = sim.listen().await;
    sim.control.set_time(at("2026-11-20T21:00:00Z")).unwrap();
    assert_eq!(stream.events().await, ["trade_bust"]);
    assert_eq!(sim.get("/v2/positions").await.ok(), json!([]));
    assert_eq!(sim.get("/v2/account").await.ok()["cash"], cash);
    let truth = sim.control.truth();
    assert_eq!(truth["executions"][2]["busted"], true);
    let id = truth["executions"][2]["execution_id"].as_str().unwrap();
    assert!(sim.control.bust(id).unwrap_err().to_string().contains("before"));
    assert_eq!(sim.get("/v2/account/activities/FILL").await.ok().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_person_may_trade_beside_the_client() {
    let sim = Sim::start().await;
    let id = sim.control.trade("AAPL", Side::Buy, decimal("3")).unwrap();
    assert_eq!(sim.get(&format!("/v2/orders/{id}")).await.ok()["status"], "filled");
    assert_eq!(sim.get("/v2/positions/AAPL").await.ok()["qty"], "3");
    assert!(
        sim.control
            .trade("AAPL", Side::Sell, decimal("5"))
            .unwrap_err()
            .to_string()
            .contains("insufficient qty")
    );
}

#[tokio::test]
async fn it_comes_back_with_or_without_its_memory() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "3").await;
    let account = sim.get("/v2/account").await.ok();
    let mut stream = sim.listen().await;
    sim.control.restart(true);
    assert!(stream.next().await.is_none(), "connections do not survive");
    assert_eq!(sim.get("/v2/account").await.ok()["id"], account["id"]);
    assert_eq!(sim.get("/v2/positions/AAPL").await.ok()["qty"], "3");
    let by_wire = sim.raw("POST", "/_sim/restart", "", r#"{"memory":false}"#).await.unwrap();
    assert_eq!(by_wire.status, 200);
    let after = sim.get("/v2/account").await.ok();
    assert_ne!(after["id"], account["id"]);
    assert_eq!(after["cash"], "100000");
    assert_eq!(sim.get("/v2/orders?status=all").await.ok(), json!([]));
}

#[tokio::test]
async fn the_control_has_a_path_of_its_own() {
    let sim = Sim::start().await;
    let post = |path: &'static str, body: &'static str| sim.raw("POST", path, "", body);
    post("/_sim/price", r#"{"symbol":"AAPL","price":"123.45"}"#).await.unwrap().ok();
    assert_eq!(sim.get("/v2/stocks/AAPL/trades/latest").await.ok()["trade"]["p"], 123.45);
    let wrong = post("/_sim/price", r#"{"symbol":"NONE","price":"1"}"#).await.unwrap();
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (400, Some("NONE is not listed")));
    post("/_sim/faults", r#"{"request":{"do":"rate_limited","times":0}}"#).await.unwrap().ok();
    assert_eq!(sim.get("/v2/account").await.status, 429);
    sim.raw("DELETE", "/_sim/faults", "", "").await.unwrap().ok();
    sim.get("/v2/account").await.ok();
    let traded = post("/_sim/trade", r#"{"symbol":"AAPL","side":"buy","qty":"2"}"#).await.unwrap().ok();
    let truth = sim.raw("GET", "/_sim/truth", "", "").await.unwrap().ok();
    assert_eq!((&truth["orders"][0]["id"], &truth["orders"][0]["foreign"]), (&traded["order"], &json!(true)));
    assert_eq!(post("/_sim/nothing", "").await.unwrap().status, 400);
}

#[tokio::test]
async fn a_new_order_may_not_be_found_for_a_while() {
    let sim = Sim::with(|settings| settings.quirks.visible_after = chrono::TimeDelta::seconds(3)).await;
    let body = order("AAPL", "buy", "1", "market", "day", &json!({"client_order_id": "mine"}));
    sim.post(&body).await.ok();
    let path = "/v2/orders:by_client_order_id?client_order_id=mine";
    assert_eq!(sim.get(path).await.status, 404);
    sim.post(&body).await.refused(422, 40_010_001, "client_order_id must be unique");
    sim.control.step(chrono::TimeDelta::seconds(4)).unwrap();
    assert_eq!(sim.get(path).await.ok()["status"], "filled");
}

#[tokio::test]
async fn parts_by_chance_follow_from_the_seed() {
    let parts = async |seed: u64| {
        let sim = Sim::with(|settings| {
            settings.quirks.partial_percent = 50;
            settings.seed = seed;
        })
        .await;
        for _ in 0..8 {
            sim.buy("AAPL", "10").await;
        }
        sim.price("AAPL", "200");
        let truth = sim.control.truth();
        let all = truth["executions"].as_array().unwrap().clone();
        all.iter().map(|execution| execution["qty"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, again, other) = (parts(1).await, parts(1).await, parts(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.len() > 8, "{first:?}");
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let mut settings = broker_sim::alpaca::Settings::stepped(at(crate::wire::NOON));
    settings.listen = "0.0.0.0:0".parse().unwrap();
    let refused = broker_sim::alpaca::Alpaca::start(settings).await.unwrap_err().to_string();
    assert!(refused.contains("not a loopback address"), "{refused}");
}

//! `trade_updates`, and the streams of prices.

use serde_json::json;

use crate::wire::{Sim, Stream, order};

#[tokio::test]
async fn every_step_of_an_order_is_told_in_binary_frames() {
    let sim = Sim::start().await;
    let mut stream = sim.listen().await;
    assert!(stream.binary);
    let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"4"}}}}"#;
    sim.control.fault_lines(rule).unwrap();
    let made = sim.buy("AAPL", "10").await;
    sim.price("AAPL", "201");
    let mut frames = Vec::new();
    while let Some(frame) = stream.next().await {
        frames.push(frame["data"].clone());
    }
    let names: Vec<&str> = frames.iter().map(|data| data["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["pending_new", "new", "partial_fill", "fill"]);
    let (part, last) = (&frames[2], &frames[3]);
    // Of the execution, and of the order.
    assert_eq!(
        (&part["qty"], &part["price"], &part["position_qty"]),
        (&json!("4"), &json!("200"), &json!("4"))
    );
    assert_eq!((&last["qty"], &last["position_qty"]), (&json!("6"), &json!("10")));
    assert_eq!(
        (&last["order"]["filled_qty"], &last["order"]["filled_avg_price"]),
        (&json!("10"), &json!("200.6"))
    );
    assert_eq!((&last["order"]["id"], &last["order"]["legs"]), (&made["id"], &json!(null)));
    assert_ne!(part["execution_id"], last["execution_id"]);
}

#[tokio::test]
async fn the_protocol_refuses_and_acknowledges() {
    let sim = Sim::with(|settings| settings.quirks.text_frames = true).await;
    let mut stream = Stream::open(&sim, "/stream").await.unwrap();
    stream.say(&json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    let refused = json!({"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}});
    assert_eq!(stream.next().await.unwrap(), refused);
    stream.say(&json!({"action": "authenticate", "data": {"key_id": "", "secret_key": "x"}})).await;
    assert_eq!(stream.next().await.unwrap()["data"]["status"], "unauthorized");
    stream.say(&json!({"action": "authenticate", "data": {"oauth_token": "x"}})).await;
    let authorized =
        json!({"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}});
    assert_eq!(stream.next().await.unwrap(), authorized);
    assert!(!stream.binary);
    stream.say(&json!({"action": "listen", "data": {"streams": ["other"]}})).await;
    assert_eq!(stream.next().await.unwrap()["data"]["streams"], json!([]));
    sim.buy("AAPL", "1").await;
    assert_eq!(stream.events().await, Vec::<String>::new());
    // One connection is all there may be; when it is gone another may come.
    assert_eq!(Stream::open(&sim, "/stream").await.err(), Some(429));
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(Stream::open(&sim, "/stream").await.is_ok());
}

#[tokio::test]
async fn cancels_legs_and_replacements_are_told() {
    let sim = Sim::with(|settings| settings.quirks.leg_events = true).await;
    let mut stream = sim.listen().await;
    let limit = order("AAPL", "buy", "10", "limit", "day", &json!({"limit_price": "190"}));
    let first = sim.post(&limit).await.ok();
    let second = sim.patch(&first, &json!({"qty": "5"})).await.ok();
    sim.delete(&format!("/v2/orders/{}", second["id"].as_str().unwrap())).await;
    let names = ["pending_new", "new", "pending_replace", "replaced", "new", "pending_cancel", "canceled"];
    assert_eq!(stream.events().await, names);
    let legs = json!({"order_class": "bracket", "take_profit": {"limit_price": "220"}, "stop_loss": {"stop_price": "190"}});
    sim.post(&order("AAPL", "buy", "10", "market", "gtc", &legs)).await.ok();
    assert_eq!(stream.events().await, ["pending_new", "new", "fill", "new"]);
    sim.price("AAPL", "221");
    assert_eq!(stream.events().await, ["fill", "canceled"]);
    sim.control.set_market(broker_sim::core::Market::Closed);
    sim.buy("AAPL", "1").await;
    assert_eq!(stream.events().await, ["accepted"]);
}

#[tokio::test]
async fn prices_are_streamed_to_those_who_want_them() {
    let sim = Sim::start().await;
    let mut stream = Stream::open(&sim, "/v2/iex").await.unwrap();
    assert_eq!(stream.next().await.unwrap(), json!([{"T": "success", "msg": "connected"}]));
    stream.say(&json!({"action": "subscribe", "quotes": ["AAPL"]})).await;
    assert_eq!(stream.next().await.unwrap()[0]["code"], 401);
    stream.say(&json!({"action": "auth", "key": "k", "secret": "s"})).await;
    assert_eq!(stream.next().await.unwrap()[0]["msg"], "authenticated");
    stream.say(&json!({"action": "subscribe", "quotes": ["AAPL"], "trades": ["MSFT"]})).await;
    assert_eq!(stream.next().await.unwrap()[0]["quotes"], json!(["AAPL"]));
    sim.price("MSFT", "430");
    sim.price("AAPL", "201.5");
    let trade = stream.next().await.unwrap();
    assert_eq!((&trade[0]["T"], &trade[0]["S"], &trade[0]["p"]), (&json!("t"), &json!("MSFT"), &json!(430)));
    let quote = stream.next().await.unwrap();
    assert_eq!((&quote[0]["T"], &quote[0]["bp"]), (&json!("q"), &json!(201.5)));
}

#[tokio::test]
async fn a_muted_socket_says_nothing_at_all_and_stays_open() {
    let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}});
    let auth = json!({"action": "auth", "key": "PKTEST", "secret": "hush"});
    let sim = Sim::with(|settings| settings.quirks.one_stream = false).await;
    let mut muted = sim.listen().await;
    sim.control.fault_lines(r#"{"stream":{"event":"new","do":"mute"}}"#).unwrap();
    sim.buy("AAPL", "1").await;
    assert_eq!(muted.events().await, ["pending_new"]);
    // Neither what happens nor what is asked of it is answered.
    for message in [&listen, &auth, &json!({"action": "what"})] {
        muted.say(message).await;
        assert_eq!(muted.next().await, None, "{message}");
    }
    assert!(muted.pongs().await, "it stays open");
    let mut other = sim.listen().await;
    sim.buy("AAPL", "1").await;
    assert_eq!(other.events().await, ["pending_new", "new", "fill"]);
    assert_eq!(muted.next().await, None);

    // One that lets in, and never acknowledges that one listens.
    sim.control.fault_lines(r#"{"stream":{"event":"listening","do":"mute"}}"#).unwrap();
    let mut deaf = Stream::open(&sim, "/stream").await.unwrap();
    deaf.say(&auth).await;
    assert_eq!(deaf.next().await.unwrap()["data"]["status"], "authorized");
    deaf.say(&listen).await;
    assert_eq!(deaf.next().await, None);
    sim.buy("AAPL", "1").await;
    assert_eq!(deaf.next().await, None);
    assert!(deaf.pongs().await, "it stays open");
    assert_eq!(other.events().await, ["pending_new", "new", "fill"]);
    // The rule had its turn.
    sim.listen().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let sim = Sim::start().await;
    let deaf = sim.listen().await;
    let limit = order("AAPL", "buy", "1", "limit", "day", &json!({"limit_price": "150"}));
    // More than lies in the buffers between the two.
    let mut made = sim.post(&limit).await.ok();
    for number in 0..3_000 {
        made = sim.patch(&made, &json!({"qty": format!("{}", 2 + number % 2)})).await.ok();
    }
    assert_eq!(Stream::open(&sim, "/stream").await.err(), Some(429), "there is one already");
    sim.control.disconnect();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(Stream::open(&sim, "/stream").await.is_ok(), "it stands in nobody's way");
    drop(deaf);
}

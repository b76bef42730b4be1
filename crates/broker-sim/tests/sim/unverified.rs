//! Facts that nobody has verified on the real wire: each as it is with its switch, and as it is without.

use broker_sim::alpaca::{Asset, InitialStatus, Quirks};
use serde_json::{Value, json};

use crate::wire::{Got, Sim, order};

async fn with(change: impl FnOnce(&mut Quirks)) -> Sim {
    Sim::with(|settings| change(&mut settings.quirks)).await
}

fn market(symbol: &str, side: &str, qty: &str) -> Value {
    order(symbol, side, qty, "market", "day", &json!({}))
}

#[track_caller]
fn taken_or(got: &Got, is_taken: bool, status: u16, code: u32, message: &str) {
    if is_taken {
        got.ok();
    } else {
        got.refused(status, code, message);
    }
}

#[tokio::test]
async fn parts_of_a_share_until_cancelled() {
    for fraction_gtc in [false, true] {
        let sim = with(|quirks| quirks.fraction_gtc = fraction_gtc).await;
        let wanted = |tif: &str| order("AAPL", "buy", "1.5", "limit", tif, &json!({"limit_price": "150"}));
        let got = sim.post(&wanted("gtc")).await;
        taken_or(&got, fraction_gtc, 422, 42_210_000, "fractional orders must be DAY orders");
        sim.post(&wanted("ioc")).await.refused(422, 42_210_000, "fractional orders must be DAY orders");
        let day = sim.post(&wanted("day")).await.ok();
        sim.control.set_market(broker_sim::core::Market::Closed);
        assert_eq!(sim.order(&day).await["status"], "expired");
        if fraction_gtc {
            assert_eq!(sim.order(&got.json()).await["status"], "new", "it outlives the session");
        }
    }
}

#[tokio::test]
async fn what_is_hard_to_borrow() {
    for htb_short in [false, true] {
        let sim = Sim::with(|settings| {
            settings.quirks.htb_short = htb_short;
            settings.assets = vec![Asset { hard_to_borrow: true, ..Asset::usual("AAPL") }];
        })
        .await;
        let asset = sim.get("/v2/assets/AAPL").await.ok();
        let told = (&asset["shortable"], &asset["borrow_status"], &asset["easy_to_borrow"]);
        assert_eq!(told, (&json!(true), &json!("hard_to_borrow"), &json!(false)));
        let got = sim.post(&market("AAPL", "sell", "1")).await;
        taken_or(&got, htb_short, 422, 42_210_000, "asset \"AAPL\" is hard to borrow");
        // What is held is sold all the same.
        if htb_short {
            sim.buy("AAPL", "1").await;
        }
        sim.buy("AAPL", "3").await;
        sim.post(&market("AAPL", "sell", "1")).await.ok();
        sim.post(&market("MSFT", "sell", "1")).await.ok();
    }
}

#[tokio::test]
async fn what_the_answer_says_of_an_order() {
    let words = [
        (InitialStatus::PendingNew, "pending_new"),
        (InitialStatus::Accepted, "accepted"),
        (InitialStatus::New, "new"),
    ];
    for (initial_status, word) in words {
        let sim = with(|quirks| quirks.initial_status = initial_status).await;
        let made = sim.buy("AAPL", "1").await;
        assert_eq!(made["status"], word);
        assert_eq!(sim.order(&made).await["status"], "filled");
        sim.control.set_market(broker_sim::core::Market::Closed);
        assert_eq!(sim.buy("AAPL", "1").await["status"], "accepted", "a closed market is no matter of it");
    }
}

#[tokio::test]
async fn groups_with_and_without_their_ids() {
    let legs = json!({"order_class": "bracket", "take_profit": {"limit_price": "220"}, "stop_loss": {"stop_price": "190"}});
    for group_ids in [true, false] {
        let sim = with(|quirks| quirks.group_ids = group_ids).await;
        let mut stream = sim.listen().await;
        let made = sim.post(&order("AAPL", "buy", "2", "market", "gtc", &legs)).await.ok();
        let told = stream.next().await.unwrap()["data"]["order"].clone();
        for order in [&made, &made["legs"][0], &made["legs"][1], &sim.order(&made).await, &told] {
            let has = ["group_id", "group_role"].map(|name| order.get(name).is_some());
            assert_eq!(has, [group_ids; 2], "{order:#}");
        }
    }
}

#[tokio::test]
async fn a_fourth_round_trip_in_a_day() {
    for (pdt_refusal, cash, is_refused) in
        [(false, 10_000, false), (true, 10_000, true), (true, 30_000, false)]
    {
        let sim = Sim::with(|settings| {
            settings.quirks.pdt_refusal = pdt_refusal;
            settings.cash = cash.into();
        })
        .await;
        for _ in 0..3 {
            sim.buy("AAPL", "1").await;
            sim.post(&market("AAPL", "sell", "1")).await.ok();
        }
        sim.buy("AAPL", "1").await;
        let got = sim.post(&market("AAPL", "sell", "1")).await;
        let words = "trade denied due to pattern day trading protection";
        taken_or(&got, !is_refused, 403, 40_310_100, words);
        sim.control.step(chrono::TimeDelta::days(1)).unwrap();
        if is_refused {
            sim.post(&market("AAPL", "sell", "1")).await.ok();
        }
    }
}

#[tokio::test]
async fn an_asset_that_nobody_knows() {
    let sim = with(|quirks| quirks.unknown_asset_status = 404).await;
    sim.post(&market("NONE", "buy", "1")).await.refused(404, 40_410_000, "asset not found for NONE");
    let usual = Sim::start().await;
    usual.post(&market("NONE", "buy", "1")).await.refused(422, 42_210_000, "asset \"NONE\" not found");
}

#[tokio::test]
async fn the_body_of_too_many() {
    let bodies = [
        (false, json!({"code": 42_910_000, "message": "too many requests."})),
        (true, json!({"message": "too many requests."})),
    ];
    for (bare_429, body) in bodies {
        let sim = Sim::with(|settings| {
            settings.quirks.bare_429 = bare_429;
            settings.rate_limit = 1;
        })
        .await;
        sim.get("/v2/account").await.ok();
        let over = sim.get("/v2/account").await;
        assert_eq!((over.status, over.json()), (429, body.clone()));
        sim.control.step(chrono::TimeDelta::minutes(1)).unwrap();
        sim.control.fault_lines(r#"{"request":{"do":"rate_limited"}}"#).unwrap();
        let made = sim.get("/v2/account").await;
        assert_eq!((made.status, made.json()), (429, body));
    }
}

#[tokio::test]
async fn which_of_two_reasons_is_told() {
    for (checks_backwards, message) in
        [(false, "invalid limit_price 290.123"), (true, "insufficient buying power")]
    {
        let sim = with(|quirks| quirks.checks_backwards = checks_backwards).await;
        let both = json!({"limit_price": "290.123"});
        let got = sim.post(&order("AAPL", "buy", "10000", "limit", "day", &both)).await;
        let said = got.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with(message), "{said}");
    }
}

#[tokio::test]
async fn how_much_a_replacement_asks_for() {
    for (replace_ignores_fills, qty) in [(false, "6"), (true, "10")] {
        let sim = with(|quirks| quirks.replace_ignores_fills = replace_ignores_fills).await;
        let rule = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"partial_fill":{"qty":"4"}}}}"#;
        sim.control.fault_lines(rule).unwrap();
        let part = json!({"limit_price": "200"});
        let part = sim.post(&order("AAPL", "buy", "10", "limit", "day", &part)).await.ok();
        assert_eq!(sim.order(&part).await["filled_qty"], "4");
        let next = sim.patch(&part, &json!({"limit_price": "190"})).await.ok();
        assert_eq!((&next["qty"], &next["filled_qty"]), (&json!(qty), &json!("0")));
        // It is executed for as much as it says.
        sim.price("AAPL", "189");
        assert_eq!(sim.order(&next).await["filled_qty"], qty);
        let held: rust_decimal::Decimal = qty.parse().unwrap();
        let held = (held + rust_decimal::Decimal::from(4)).to_string();
        assert_eq!(sim.get("/v2/positions/AAPL").await.ok()["qty"], held);
    }
}

#[tokio::test]
async fn whether_sales_of_coins_have_a_least_value() {
    for coin_sales_have_least in [true, false] {
        let sim = with(|quirks| quirks.coin_sales_have_least = coin_sales_have_least).await;
        sim.buy("BTC/USD", "0.001").await;
        let little = |side: &str| order("BTC/USD", side, "0.0001", "market", "gtc", &json!({}));
        let least = "cost basis must be >= minimal amount of order 10";
        sim.post(&little("buy")).await.refused(403, 40_310_000, least);
        taken_or(&sim.post(&little("sell")).await, !coin_sales_have_least, 403, 40_310_000, least);
        // A share may be sold for less than a dollar either way.
        sim.buy("PENNY", "10").await;
        sim.post(&market("PENNY", "sell", "1")).await.ok();
    }
}

#[tokio::test]
async fn how_old_a_quote_is() {
    for (quotes_age, at) in [(false, "2026-11-20T15:03:07Z"), (true, "2026-11-20T15:02:07Z")] {
        let sim = with(|quirks| quirks.quotes_age = quotes_age).await;
        sim.control.step(chrono::TimeDelta::minutes(1)).unwrap();
        let quote = sim.get("/v2/stocks/quotes/latest?symbols=AAPL").await.ok();
        assert_eq!(quote["quotes"]["AAPL"]["t"], at);
        sim.price("AAPL", "201");
        let quote = sim.get("/v2/stocks/quotes/latest?symbols=AAPL").await.ok();
        assert_eq!(quote["quotes"]["AAPL"]["t"], "2026-11-20T15:03:07Z");
    }
}

/// A change, an order, whether it is taken then, and the words in which it is refused; without the change it is taken.
type Rule = (fn(&mut Quirks), Value, u32, &'static str);

#[tokio::test]
async fn rules_that_nobody_has_met() {
    let limit = |price: &str, tif: &str, more: &Value| {
        let mut order = order("AAPL", "buy", "1.5", "limit", tif, more);
        order["limit_price"] = json!(price);
        order
    };
    let odd = json!({"client_order_id": "mine.1:A_b", "qty": "1"});
    let whole = json!({"qty": "1"});
    let rules: [Rule; 4] = [
        (
            |quirks| quirks.plain_ids = true,
            limit("150", "day", &odd),
            40_010_001,
            "client_order_id has characters that are not allowed",
        ),
        (
            |quirks| quirks.elite_only = true,
            limit("150", "ioc", &whole),
            42_210_000,
            "time_in_force ioc is not enabled for this account",
        ),
        (
            |quirks| quirks.fraction_extended = false,
            limit("150", "day", &json!({"extended_hours": true})),
            42_210_000,
            "fractional orders are for regular hours",
        ),
        (
            |quirks| quirks.price_away_percent = 20,
            limit("150", "day", &whole),
            42_210_000,
            "limit price is too far away from the market",
        ),
    ];
    for (change, wanted, code, message) in rules {
        Sim::start().await.post(&wanted).await.ok();
        let sim = with(change).await;
        sim.post(&wanted).await.refused(422, code, message);
        // An order that the rule is not about is taken.
        let plain = json!({"client_order_id": "mine-1", "limit_price": "190"});
        sim.post(&order("AAPL", "buy", "1", "limit", "day", &plain)).await.ok();
    }
}

#[tokio::test]
async fn what_is_said_of_what_is_not_there() {
    let id = "00000000-0000-4000-8000-000000000000";
    let path = format!("/v2/orders/{id}");
    let long = json!(format!("order not found for {id}"));
    for (brief_not_found, bare_404) in [(false, false), (true, false), (false, true), (true, true)] {
        let sim =
            with(|quirks| (quirks.brief_not_found, quirks.bare_404) = (brief_not_found, bare_404)).await;
        let none = sim.get(&path).await;
        assert_eq!(none.status, 404);
        let message = if brief_not_found { json!("order not found") } else { long.clone() };
        let code = if bare_404 { Value::Null } else { json!(40_410_000) };
        assert_eq!((&none.json()["message"], &none.json()["code"]), (&message, &code));
        let none = sim.get("/v2/positions/AAPL").await.json();
        assert_eq!((&none["message"], &none["code"]), (&json!("position does not exist"), &code));
    }
    for (bare_401, body) in [
        (false, json!({"code": 40_110_000, "message": "request is not authorized"})),
        (true, json!({"message": "unauthorized"})),
    ] {
        let sim = with(|quirks| quirks.bare_401 = bare_401).await;
        let got = sim.raw("GET", "/v2/account", "", "").await.unwrap();
        assert_eq!((got.status, got.json()), (401, body));
    }
}

#[tokio::test]
async fn events_with_and_without_their_ids() {
    for event_ids in [true, false] {
        let sim = with(|quirks| quirks.event_ids = event_ids).await;
        let mut stream = sim.listen().await;
        sim.buy("AAPL", "1").await;
        for event in ["pending_new", "new", "fill"] {
            let frame = stream.next().await.unwrap();
            assert_eq!(frame["data"]["event"], event);
            assert_eq!(frame["data"].get("event_id").is_some(), event_ids, "{frame}");
        }
    }
}

#[tokio::test]
async fn message_pack_is_refused_aloud() {
    let sim = Sim::start().await;
    for path in ["/stream", "/v2/iex", "/v1beta3/crypto/us"] {
        let headers = "content-type: application/msgpack\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let got = sim.raw("GET", path, headers, "").await.unwrap();
        got.refused(415, 40_010_000, "MessagePack is not simulated: ask for JSON");
    }
    sim.listen().await;
}

//! What is asked without changing anything.

use broker_api::{AssetClass, Broker, End, Finding, Mode, OrderKind, Proof, Quotes, Symbol};
use chrono::NaiveDate;
use serde_json::{Value, json};
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{MockServer, ResponseTemplate};

use crate::world::*;

fn account() -> Value {
    json!({
        "id": "3f0c9a52-7d61-4b7e-9c15-2a84c6f0d911", "account_number": "PA3SIM0001QX", "status": "ACTIVE",
        "currency": "USD", "buying_power": "187412.36", "cash": "46853.09", "equity": "50310.44",
        "non_marginable_buying_power": "46480.02", "last_equity": "50122.9", "initial_margin": "1728.67",
        "trading_blocked": false, "account_blocked": false, "trade_suspended_by_user": false, "crypto_tier": 1
    })
}

async fn get(server: &MockServer, path: &str, query: &[(&str, &str)], body: Value) {
    let mut mock = ours("GET", path);
    for (name, value) in query {
        mock = mock.and(query_param(*name, *value));
    }
    mock.respond_with(ok(body)).expect(1..).mount(server).await;
}

#[tokio::test]
async fn the_account_says_who_it_is_and_what_it_has() {
    let (server, alpaca) = world().await;
    get(&server, "/v2/account", &[], account()).await;
    let of = alpaca.identity().await.unwrap();
    assert_eq!((of.mode, of.account.as_str()), (Mode::Practice, "3f0c9a52-7d61-4b7e-9c15-2a84c6f0d911"));
    let account = alpaca.account().await.unwrap();
    assert_eq!((account.of, account.at, account.blocked), (of, now(), false));
    assert_eq!(account.equity.to_string(), "50310.44");
    assert_eq!(account.buying_power.to_string(), "187412.36");
    assert_eq!(account.coin_power.map(|power| power.to_string()).as_deref(), Some("46480.02"));
}

#[tokio::test]
async fn what_the_account_may_not_do_is_in_the_rules_of_its_instruments() {
    let stock = json!({"class": "us_equity", "symbol": "MSFT", "status": "active", "tradable": true,
        "shortable": true, "borrow_status": "easy_to_borrow"});
    let coin = json!({"class": "crypto", "symbol": "BTC/USD", "status": "active", "tradable": true,
        "min_trade_increment": "0.000000001", "price_increment": "0.01"});
    for (shorting_enabled, crypto_status) in [(true, "ACTIVE"), (false, "ACTIVE"), (true, "INACTIVE")] {
        let (server, alpaca) = world().await;
        let mut row = account();
        (row["shorting_enabled"], row["crypto_status"]) = (shorting_enabled.into(), crypto_status.into());
        ours("GET", "/v2/account").respond_with(ok(row)).expect(1).mount(&server).await;
        get(&server, "/v2/assets/MSFT", &[], stock.clone()).await;
        get(&server, "/v2/assets", &[("asset_class", "crypto")], json!([coin])).await;
        let rules = async |symbol: &str| alpaca.instrument(Symbol::new(symbol).unwrap()).await.unwrap();
        assert_eq!(rules("MSFT").await.unwrap().shortable, shorting_enabled);
        assert_eq!(rules("BTC/USD").await.is_some(), crypto_status == "ACTIVE");
    }
}

#[tokio::test]
async fn what_the_account_may_do_is_what_it_said_last() {
    let (server, alpaca) = world().await;
    let mut row = account();
    let one = |row: &Value| ours("GET", "/v2/account").respond_with(ok(row.clone())).up_to_n_times(1);
    row["shorting_enabled"] = true.into();
    one(&row).expect(1).mount(&server).await;
    row["shorting_enabled"] = false.into();
    one(&row).expect(1).mount(&server).await;
    let stock = json!({"class": "us_equity", "symbol": "MSFT", "status": "active", "tradable": true,
        "shortable": true, "borrow_status": "easy_to_borrow"});
    get(&server, "/v2/assets/MSFT", &[], stock).await;
    let msft = Symbol::new("MSFT").unwrap();
    alpaca.identity().await.unwrap();
    assert!(alpaca.instrument(msft).await.unwrap().unwrap().shortable);
    alpaca.account().await.unwrap();
    assert!(!alpaca.instrument(msft).await.unwrap().unwrap().shortable);
}

#[tokio::test]
async fn a_question_that_fails_is_no_empty_answer() {
    for (answer, transient) in [
        (ResponseTemplate::new(503), true),
        (refusal(429, 42_910_000, "too many requests"), true),
        (refusal(401, 40_110_000, "request is not authorized"), false),
        (ResponseTemplate::new(200).set_body_string("<html>"), true),
        (ResponseTemplate::new(302).insert_header("location", "/login"), false),
        (refusal(404, 40_410_000, "not found"), false),
        (ResponseTemplate::new(404).set_body_string("no such route"), false),
    ] {
        let (server, alpaca) = world().await;
        ours("GET", "/v2/positions").respond_with(answer).expect(1).mount(&server).await;
        let failed = alpaca.positions().await.unwrap_err();
        assert_eq!(failed.transient, transient, "{failed}");
        assert!(failed.why.contains("/v2/positions") && !failed.why.contains("hush"), "{failed}");
    }
}

#[tokio::test]
async fn positions_of_coins_get_their_slash_from_the_list() {
    let (server, alpaca) = world().await;
    let rows = json!([
        {"symbol": "MSFT", "asset_class": "us_equity", "qty": "12", "qty_available": "7", "side": "long",
         "avg_entry_price": "430.8833333333333333"},
        {"symbol": "BTCUSD", "asset_class": "crypto", "qty": "0.014961", "side": "long", "avg_entry_price": "61000.1"}
    ]);
    get(&server, "/v2/positions", &[], rows).await;
    let coins = json!([{"class": "crypto", "symbol": "BTC/USD", "status": "active", "tradable": true}]);
    get(&server, "/v2/assets", &[("asset_class", "crypto"), ("status", "active")], coins).await;
    let held: Vec<String> = alpaca
        .positions()
        .await
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row.key.symbol, row.held))
        .collect();
    assert_eq!(held, ["MSFT 12", "BTC/USD 0.014961"]);
}

#[tokio::test]
async fn instruments_are_assets() {
    let (server, alpaca) = world().await;
    let stock = json!({"class": "us_equity", "symbol": "BRK.B", "status": "active", "tradable": true,
        "marginable": true, "shortable": true, "borrow_status": "easy_to_borrow", "fractionable": true,
        "margin_requirement_long": "30"});
    get(&server, "/v2/assets/BRK.B", &[], stock).await;
    ours("GET", "/v2/assets/NONE")
        .respond_with(refusal(404, 40_410_000, "asset not found for NONE"))
        .mount(&server)
        .await;
    get(&server, "/v2/assets", &[("asset_class", "crypto")], json!([])).await;
    get(&server, "/v2/account", &[], account()).await;
    let rules = alpaca.instrument(Symbol::new("BRK.B").unwrap()).await.unwrap().unwrap();
    assert_eq!((rules.lot.to_string(), rules.margin.to_string()), ("1".into(), "0.3".into()));
    for none in ["NONE", "ABC/USD"] {
        assert_eq!(alpaca.instrument(Symbol::new(none).unwrap()).await, Ok(None));
    }
}

#[tokio::test]
async fn the_calendar_is_asked_for_its_dates() {
    let (server, alpaca) = world().await;
    let rows = json!([{"date": "2026-12-24", "open": "09:30", "close": "13:00", "session_open": "0400"}]);
    get(&server, "/v2/calendar", &[("start", "2026-12-24"), ("end", "2026-12-25")], rows).await;
    let from = NaiveDate::from_ymd_opt(2026, 12, 24).unwrap();
    let days = alpaca.days(AssetClass::Equity, from, 2).await.unwrap().unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].hours.unwrap().closes, at("2026-12-24T18:00:00Z"));
    assert_eq!(days[1].hours, None);
    assert_eq!(alpaca.days(AssetClass::Crypto, from, 2).await, Ok(None));
}

#[tokio::test]
async fn an_order_is_found_by_its_id_then_in_the_list_and_silence_has_a_beginning() {
    let (server, alpaca) = world().await;
    let lookup = || ours("GET", "/v2/orders:by_client_order_id").and(query_param("client_order_id", NAME));
    let list = || ours("GET", "/v2/orders").and(query_param("status", "all"));
    lookup().respond_with(ok(order(ID, NAME, "partially_filled", "5"))).up_to_n_times(1).mount(&server).await;
    lookup().respond_with(refusal(404, 40_410_000, "order not found")).mount(&server).await;
    list()
        .and(query_param("after", "2026-11-20T14:59:00.000Z"))
        .and(query_param("direction", "asc"))
        .and(query_param("limit", "500"))
        .respond_with(ok(json!([order(ID, NAME, "canceled", "0")])))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    list().respond_with(ok(json!([]))).mount(&server).await;

    let found = |finding| match finding {
        Finding::Found { order } => (order.end, order.filled.to_string()),
        other => panic!("{other:?}"),
    };
    let find = || alpaca.find(name(NAME), mark(), sent());
    assert_eq!(found(find().await.unwrap()), (None, "5".into()));
    assert_eq!(found(find().await.unwrap()), (Some(End::Cancelled), "0".into()));
    for _ in 0..2 {
        assert_eq!(find().await, Ok(Finding::Absent { proof: Proof::Silence { since: now() } }));
    }
}

#[tokio::test]
async fn only_alpacas_own_words_say_that_an_order_is_not_there() {
    let (server, alpaca) = world().await;
    let lookup = || ours("GET", "/v2/orders:by_client_order_id");
    for body in ["", "<html>404 Not Found</html>", r#"{"message":"no route"}"#] {
        let gateway = ResponseTemplate::new(404).set_body_string(body);
        lookup().respond_with(gateway).up_to_n_times(1).expect(1).mount(&server).await;
        let failed = alpaca.find(name(NAME), mark(), sent()).await.unwrap_err();
        assert!(failed.why.contains("404"), "{failed}");
    }
    let words = ResponseTemplate::new(404).set_body_json(json!({"message": "order not found"}));
    lookup().respond_with(words).mount(&server).await;
    get(&server, "/v2/orders", &[("status", "all")], json!([])).await;
    let found = alpaca.find(name(NAME), mark(), sent()).await;
    assert!(matches!(found, Ok(Finding::Absent { .. })), "{found:?}");
}

#[tokio::test]
async fn legs_belong_to_their_entry_also_after_it_is_filled() {
    let (server, alpaca) = world().await;
    let leg = |id: &str, client: &str, status: &str, kind: &str, price: &str| {
        let mut leg = order(id, client, status, "0");
        leg["order_class"] = "bracket".into();
        leg["side"] = "sell".into();
        leg["type"] = kind.into();
        leg["limit_price"] = if kind == "limit" { price.into() } else { Value::Null };
        leg["stop_price"] = if kind == "stop" { price.into() } else { Value::Null };
        leg
    };
    let target = leg("id-t", "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41", "new", "limit", "500");
    let stop = leg("id-s", "f7b2c3d4-5e6f-4071-9b8c-0d1e2f3a4b52", "held", "stop", "400");
    let mut entry = order("id-e", NAME, "filled", "12");
    entry["order_class"] = "bracket".into();
    entry["legs"] = json!([target.clone(), stop]);
    let manual = order("00000000-0000-4000-8000-000000000009", "by hand", "new", "0");
    let open = || ours("GET", "/v2/orders").and(query_param("status", "open"));
    let flat = ok(json!([target, manual.clone()]));
    open().and(query_param("nested", "false")).respond_with(flat).mount(&server).await;
    open().and(query_param("nested", "true")).respond_with(ok(json!([manual]))).mount(&server).await;
    ours("GET", "/v2/orders")
        .and(query_param("status", "all"))
        .and(query_param("nested", "true"))
        .respond_with(ok(json!([entry])))
        .expect(1)
        .mount(&server)
        .await;
    let open = alpaca.open_orders().await.unwrap();
    let told = |id: &str| open.iter().find(|order| order.id.unwrap().as_str() == id).unwrap();
    assert_eq!(open.len(), 3, "the entry is over");
    let stop = told(&format!("{NAME}-s"));
    assert_eq!(stop.parent.unwrap().as_str(), NAME);
    assert!(matches!(stop.kind, Some(OrderKind::Stop(_))));
    assert_eq!(told(&format!("{NAME}-t")).parent, stop.parent);
    assert_eq!(told("00000000000040008000000000000009").parent, None);
}

#[tokio::test]
async fn long_lists_are_read_page_by_page() {
    let (server, alpaca) = world().await;
    let many = |from: usize, count: usize| {
        let row = |n: usize| order(&format!("{n:032x}"), &format!("tw1{n:020}-e1"), "new", "0");
        ok(Value::Array((from..from + count).map(row).collect()))
    };
    let behind = query_param("after_order_id", format!("{:032x}", 499));
    ours("GET", "/v2/orders").and(behind).respond_with(many(500, 3)).expect(1).mount(&server).await;
    ours("GET", "/v2/orders").respond_with(many(0, 500)).expect(1).mount(&server).await;
    assert_eq!(alpaca.open_orders().await.unwrap().len(), 503);
}

#[tokio::test]
async fn prices_are_read_to_the_last_digit() {
    let (server, alpaca) = world().await;
    let latest = r#"{"quotes":{"MSFT":{"t":"2026-11-20T15:02:07.311902144Z","bp":431.19,"bs":200,"ap":431.2400000000001,"as":100,"c":["R"]}}}"#;
    let raw = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json");
    ours("GET", "/v2/stocks/quotes/latest")
        .and(query_param("symbols", "MSFT"))
        .and(query_param("feed", "iex"))
        .respond_with(raw(latest))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let one_sided = raw(&latest.replace("431.19", "0"));
    ours("GET", "/v2/stocks/quotes/latest").respond_with(one_sided).mount(&server).await;
    ours("GET", "/v1beta3/crypto/us/latest/quotes")
        .and(query_param("symbols", "BTC/USD"))
        .respond_with(raw(r#"{"quotes":{}}"#))
        .mount(&server)
        .await;
    let quote = alpaca.quote(key("MSFT")).await.unwrap().unwrap();
    assert_eq!((quote.bid.to_string(), quote.ask.to_string()), ("431.19".into(), "431.2400000000001".into()));
    assert_eq!(quote.at.timestamp_subsec_nanos(), 311_902_144, "the time of the data");
    assert_eq!(alpaca.quote(key("MSFT")).await, Ok(None), "one side is no quote");
    assert_eq!(alpaca.quote(key("BTC/USD")).await, Ok(None));
}

#[tokio::test]
async fn daily_bars_open_and_close_with_their_session() {
    let (server, alpaca) = world().await;
    let bar = |t: &str, c: &str| {
        format!(r#"{{"t":"{t}","o":430.5,"h":432,"l":429.87,"c":{c},"v":1234567,"n":9,"vw":431.1}}"#)
    };
    let page = |bars: &[String], token: &str| {
        let text = format!(r#"{{"bars":{{"MSFT":[{}]}},"next_page_token":{token}}}"#, bars.join(","));
        ResponseTemplate::new(200).set_body_raw(text, "application/json")
    };
    let bars = || {
        ours("GET", "/v2/stocks/bars")
            .and(query_param("symbols", "MSFT"))
            .and(query_param("timeframe", "1Day"))
            .and(query_param("adjustment", "raw"))
            .and(query_param("feed", "iex"))
    };
    let second = page(&[bar("2026-11-19T05:00:00Z", "431"), bar("2026-11-20T05:00:00Z", "431")], "null");
    bars().and(query_param("page_token", "next")).respond_with(second).expect(1).mount(&server).await;
    bars()
        .respond_with(page(&[bar("2026-11-18T05:00:00Z", "430.1")], "\"next\""))
        .expect(1)
        .mount(&server)
        .await;
    let session = |date: &str| json!({"date": date, "open": "09:30", "close": "16:00"});
    let sessions = json!([session("2026-11-18"), session("2026-11-19"), session("2026-11-20")]);
    get(&server, "/v2/calendar", &[("start", "2026-11-18"), ("end", "2026-11-20")], sessions).await;
    let told =
        alpaca.bars(key("MSFT"), at("2026-11-18T00:00:00Z"), at("2026-12-01T00:00:00Z")).await.unwrap();
    let closes: Vec<String> = told.iter().map(|bar| bar.closes.to_rfc3339()).collect();
    assert_eq!(closes, ["2026-11-18T21:00:00+00:00", "2026-11-19T21:00:00+00:00"], "today's is not over");
    assert_eq!((told[0].low.to_string(), told[0].close.to_string()), ("429.87".into(), "430.1".into()));
    assert_eq!(told[0].opens, at("2026-11-18T14:30:00Z"));
}

#[tokio::test]
async fn daily_bars_of_coins_have_an_address_of_their_own_and_last_a_day() {
    let (server, alpaca) = world().await;
    let bar = |t: &str, c: &str| {
        format!(
            r#"{{"t":"{t}","o":95000.5,"h":96000,"l":94000.25,"c":{c},"v":0.123456789,"n":9,"vw":95100.1}}"#
        )
    };
    let page = |bars: &[String], token: &str| {
        let text = format!(r#"{{"bars":{{"BTC/USD":[{}]}},"next_page_token":{token}}}"#, bars.join(","));
        ResponseTemplate::new(200).set_body_raw(text, "application/json")
    };
    // A feed and adjustments are words of stocks.
    let bars = || {
        ours("GET", "/v1beta3/crypto/us/bars")
            .and(query_param("symbols", "BTC/USD"))
            .and(query_param("timeframe", "1Day"))
            .and(query_param("sort", "asc"))
            .and(query_param("limit", "10000"))
            .and(query_param("start", "2026-11-16T00:00:00.000Z"))
            .and(query_param("end", "2026-11-20T15:10:00.000Z"))
            .and(query_param_is_missing("feed"))
            .and(query_param_is_missing("adjustment"))
    };
    let second = page(&[bar("2026-11-19T06:00:00Z", "95100"), bar("2026-11-20T06:00:00Z", "95200")], "null");
    bars().and(query_param("page_token", "next")).respond_with(second).expect(1).mount(&server).await;
    let first = page(&[bar("2026-11-18T06:00:00Z", "95000.75")], "\"next\"");
    bars().and(query_param_is_missing("page_token")).respond_with(first).expect(1).mount(&server).await;
    let told =
        alpaca.bars(key("BTC/USD"), at("2026-11-18T00:00:00Z"), at("2026-12-01T00:00:00Z")).await.unwrap();
    let closes: Vec<String> = told.iter().map(|bar| bar.closes.to_rfc3339()).collect();
    assert_eq!(closes, ["2026-11-19T06:00:00+00:00", "2026-11-20T06:00:00+00:00"], "today's is not over");
    assert_eq!((told[0].low.to_string(), told[0].close.to_string()), ("94000.25".into(), "95000.75".into()));
    assert_eq!(told[0].volume.unwrap().to_string(), "0.123456789");
}

#[tokio::test]
async fn the_pairs_of_coins_are_listed_once_for_all_who_ask() {
    let (server, alpaca) = world().await;
    get(&server, "/v2/account", &[], account()).await;
    let pair = |symbol: &str| {
        json!({
            "class": "crypto", "symbol": symbol, "status": "active", "tradable": true, "marginable": false,
            "shortable": false, "easy_to_borrow": false, "fractionable": true, "min_order_size": "0.0001",
            "min_trade_increment": "0.000000001", "price_increment": "0.01"
        })
    };
    ours("GET", "/v2/assets")
        .and(query_param("asset_class", "crypto"))
        .respond_with(ok(json!([pair("BTC/USD"), pair("ETH/USD")])))
        .expect(1)
        .mount(&server)
        .await;
    let symbols = ["BTC/USD", "ETH/USD", "DOGE/USD"].map(|symbol| Symbol::new(symbol).unwrap());
    let [btc, eth, doge] = symbols;
    let (btc, eth) = tokio::join!(alpaca.instrument(btc), alpaca.instrument(eth));
    assert!(btc.unwrap().is_some() && eth.unwrap().is_some());
    assert_eq!(alpaca.instrument(doge).await.unwrap(), None);
}

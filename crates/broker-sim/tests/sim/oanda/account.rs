//! The account's money: conversions, margin, closeout, financing, what no order makes, the log and the changes.

use broker_api::{Amount, Side};
use broker_sim::core::NonTrade;
use broker_sim::oanda::Division;
use serde_json::{Value, json};

use super::wire::{ACCOUNT, Sim, at_price, market, with};
use crate::wire::{decimal, raw};

fn amount(text: &str) -> Amount {
    Amount::new(decimal(text)).unwrap()
}

#[tokio::test]
async fn a_fresh_account_tells_its_figures_and_its_first_transactions() {
    let sim = Sim::with(|settings| settings.currency = "EUR".to_owned()).await;
    let account = sim.get("").await.ok()["account"].clone();
    for (name, value) in [
        ("currency", json!("EUR")),
        ("balance", json!("100000.0000")),
        ("NAV", json!("100000.0000")),
        ("marginUsed", json!("0.0000")),
        ("marginCloseoutPercent", json!("0.00000")),
        ("hedgingEnabled", json!(false)),
        ("resettablePLTime", json!("0")),
        ("openTradeCount", json!(0)),
        ("trades", json!([])),
        ("createdByUserID", json!(7_654_321)),
    ] {
        assert_eq!(account[name], value, "{name}");
    }
    assert_eq!(sim.kinds_since(0).await, ["CREATE", "CLIENT_CONFIGURE", "TRANSFER_FUNDS"]);
    let range = sim.get("/transactions/idrange?from=2&to=3").await.ok();
    assert_eq!(range["transactions"].as_array().unwrap().len(), 2);
    let funds = sim.get("/transactions/idrange?from=1&to=3&type=FUNDING").await.ok();
    assert_eq!(funds["transactions"][0]["amount"], "100000.0000");
    assert_eq!(sim.get("/transactions/1").await.ok()["transaction"]["homeCurrency"], "EUR");
    let pages = sim.get("/transactions?pageSize=2").await.ok();
    assert_eq!((pages["count"].as_u64(), pages["pages"].as_array().unwrap().len()), (Some(3), 2));
    let last = pages["pages"][1].as_str().unwrap();
    assert!(last.ends_with("/v3/accounts/101-001-7654321-001/transactions/idrange?from=3&to=3"), "{last}");
    let listed = sim.get("/instruments?instruments=EUR_USD%2CUSD_JPY").await.ok();
    assert_eq!(listed["instruments"][1]["displayPrecision"], 3);
    assert_eq!(listed["instruments"][0]["financing"]["financingDaysOfWeek"][2]["daysCharged"], 3);
    assert_eq!(sim.get("/instruments").await.ok()["instruments"].as_array().unwrap().len(), 28);
}

#[tokio::test]
async fn yen_become_dollars_dearer_when_they_are_lost() {
    let sim = Sim::with(|settings| settings.conversion_charge = decimal("0.005")).await;
    let told = sim.market("USD_JPY", "1000").await;
    let fill = &told["orderFillTransaction"];
    // 1/150 and half a percent less or more.
    assert_eq!(fill["homeConversionFactors"]["gainQuoteHome"]["factor"], "0.00663333");
    assert_eq!(fill["homeConversionFactors"]["lossQuoteHome"]["factor"], "0.0067");
    assert_eq!(fill["homeConversionFactors"]["gainBaseHome"]["factor"], "1");
    assert_eq!(fill["tradeOpened"]["initialMarginRequired"], "33.3000");
    sim.price("USD_JPY", "149.000");
    let account = sim.summary().await;
    // 1000 yen lost at (1/149) x 1.005
    assert_eq!(account["unrealizedPL"], "-6.7450");
    assert_eq!(account["NAV"], "99993.2550");
    let told = sim.put("/positions/USD_JPY/close", &json!({"longUnits": "ALL"})).await.ok();
    let fill = &told["longOrderFillTransaction"];
    assert_eq!(
        (fill["quotePL"].as_str(), fill["pl"].as_str(), fill["accountBalance"].as_str()),
        (Some("-1000"), Some("-6.7450"), Some("99993.2550"))
    );
    let prices = sim.get("/pricing?instruments=USD_JPY&includeHomeConversions=true").await.ok();
    let yen = &prices["homeConversions"][0];
    assert_eq!((yen["currency"].as_str(), yen["accountGain"].as_str()), (Some("JPY"), Some("0.00667785")));
}

#[tokio::test]
async fn margin_is_bound_called_and_closed_out() {
    for (division, closes_at) in [(Division::Europe, "1.0505"), (Division::Japan, "1.0660")] {
        let sim = Sim::with(|settings| {
            settings.division = division;
            settings.cash = 4_000.into();
            let mut pair = broker_sim::oanda::Pair::usual("EUR_USD", division);
            pair.margin_rate = decimal("0.02");
            settings.pairs = vec![pair];
        })
        .await;
        sim.market("EUR_USD", "100000").await;
        let account = sim.summary().await;
        assert_eq!(
            (account["marginUsed"].as_str(), account["marginAvailable"].as_str()),
            (Some("2170.0000"), Some("1830.0000"))
        );
        assert_eq!(account["marginCallPercent"].is_null(), division == Division::Japan);
        let share = if division == Division::Japan { "0.54250" } else { "0.27125" };
        assert_eq!(account["marginCloseoutPercent"], share);
        sim.price("EUR_USD", "1.0695");
        let before = sim.last().await;
        sim.price("EUR_USD", closes_at);
        let kinds = sim.kinds_since(before).await;
        let wanted = ["MARKET_ORDER MARGIN_CLOSEOUT", "ORDER_FILL MARKET_ORDER_MARGIN_CLOSEOUT"];
        assert!(kinds.windows(2).any(|pair| pair == wanted), "{division:?} {kinds:?}");
        assert_eq!(kinds.contains(&"MARGIN_CALL_ENTER".to_owned()), division != Division::Japan);
        assert_eq!(sim.summary().await["marginUsed"], "0.0000");
    }
}

#[tokio::test]
async fn financing_is_charged_at_five_in_new_york_and_thrice_on_wednesdays() {
    let sim = Sim::start().await;
    sim.market("EUR_USD", "100000").await;
    sim.market("GBP_USD", "-1000").await;
    let before = sim.last().await;
    // Tuesday, in summer time.
    sim.go_to("2026-03-10T20:59:59.999Z");
    assert_eq!(sim.last().await, before);
    sim.go_to("2026-03-10T21:00:05Z");
    let told = sim.since(before).await;
    assert_eq!(
        (told.len(), told[0]["type"].as_str(), told[0]["time"].as_str()),
        (1, Some("DAILY_FINANCING"), Some("2026-03-10T21:00:00.000000000Z"))
    );
    let euro = told[0]["positionFinancings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["instrument"] == "EUR_USD")
        .unwrap();
    // 100000 x -0.0231 / 365, at 1.085
    assert_eq!(euro["openTradeFinancings"][0]["baseFinancing"], "-6.32876712328767");
    assert_eq!(euro["financing"], "-6.8667");
    assert!(told[0]["requestID"].is_null());
    assert_eq!(told[0]["financing"], "-6.8605");
    assert_eq!(told[0]["accountBalance"], "99993.1395");
    let days = |told: &[Value]| told.iter().filter(|row| row["type"] == "DAILY_FINANCING").count();
    let before = sim.last().await;
    sim.go_to("2026-03-11T21:00:00Z");
    let told = sim.since(before).await;
    assert_eq!(
        told[0]["positionFinancings"][0]["openTradeFinancings"][0]["baseFinancing"],
        "-18.98630136986301"
    );
    // Thursday and Friday, and then not until Monday.
    let before = sim.last().await;
    sim.go_to("2026-03-16T20:00:00Z");
    assert_eq!(days(&sim.since(before).await), 2);
    sim.go_to("2026-03-16T21:00:00Z");
    assert_eq!(days(&sim.since(before).await), 3);
    assert_eq!(sim.summary().await["financing"], sim.get("").await.ok()["account"]["financing"]);
    // In winter 17:00 is an hour later by UTC.
    let before = sim.last().await;
    sim.go_to("2026-11-03T21:30:00Z");
    let all = sim.since(before).await;
    assert_eq!(all.last().unwrap()["time"], "2026-11-02T22:00:00.000000000Z");
}

#[tokio::test]
async fn what_no_order_makes_is_in_the_log() {
    let sim = Sim::start().await;
    sim.market("EUR_USD", "1000").await;
    let before = sim.last().await;
    let control = &sim.control;
    let ids = control.non_trade(&NonTrade::Cash { amount: amount("-500") }).unwrap();
    assert_eq!(ids, [(before + 1).to_string()]);
    control.non_trade(&NonTrade::Interest { amount: amount("-1.5") }).unwrap();
    let symbol = "EUR_USD".to_owned();
    control.non_trade(&NonTrade::Dividend { symbol, per_share: amount("0.001") }).unwrap();
    assert!(control.non_trade(&NonTrade::Cash { amount: amount("-1000000") }).is_err());
    let told = sim.since(before).await;
    let kinds: Vec<&str> = told.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["TRANSFER_FUNDS", "DAILY_FINANCING", "DIVIDEND_ADJUSTMENT", "TRANSFER_FUNDS_REJECT"]);
    assert_eq!(told[2]["accountBalance"], "99499.5000");
    assert_eq!(sim.summary().await["balance"], "99499.5000");
    // A person beside the client shares the log.
    let order = control.trade("EUR_USD", Side::Sell, 400.into()).unwrap();
    assert_eq!(sim.get(&format!("/orders/{order}")).await.ok()["order"]["state"], "FILLED");
    let truth = control.truth();
    assert_eq!(
        (truth["orders"][0]["foreign"].as_bool(), truth["orders"][1]["foreign"].as_bool()),
        (Some(false), Some(true))
    );
    let before = sim.last().await;
    control.liquidate("EUR_USD").unwrap();
    assert_eq!(
        sim.kinds_since(before).await,
        ["MARKET_ORDER MARGIN_CLOSEOUT", "ORDER_FILL MARKET_ORDER_MARGIN_CLOSEOUT"]
    );
    assert!(control.liquidate("EUR_USD").is_err() && control.bust("5").is_err());
}

#[tokio::test]
async fn the_account_is_configured() {
    let sim = Sim::start().await;
    let patch = |body: &str| {
        let body = body.to_owned();
        let sim = &sim;
        async move { sim.send("PATCH", "/configuration", &body).await.unwrap() }
    };
    let told = patch(r#"{"alias":"mine","marginRate":"0.05"}"#).await.ok();
    assert_eq!(told["clientConfigureTransaction"]["type"], "CLIENT_CONFIGURE");
    let account = sim.summary().await;
    assert_eq!((account["alias"].as_str(), account["marginRate"].as_str()), (Some("mine"), Some("0.05")));
    // The greater of the two rates counts.
    sim.market("EUR_USD", "1000").await;
    assert_eq!(sim.summary().await["marginUsed"], "54.2500");
    let body = patch(r#"{"marginRate":"2"}"#).await.no(400, "MARGIN_RATE_INVALID");
    assert_eq!(body["clientConfigureRejectTransaction"]["type"], "CLIENT_CONFIGURE_REJECT");
    patch("{}").await.no(400, "CLIENT_CONFIGURE_DATA_MISSING");
}

#[tokio::test]
async fn changes_tell_what_came_and_how_all_stands() {
    let sim = Sim::start().await;
    let before = sim.last().await;
    let order = with(market("EUR_USD", "1000"), &json!({"trailingStopLossOnFill": {"distance": "0.00500"}}));
    let told = Sim::made(&sim.post(&order).await);
    let trade = told["orderFillTransaction"]["id"].clone();
    Sim::made(&sim.post(&at_price("LIMIT", "EUR_USD", "10", "1.0")).await);
    sim.price("EUR_USD", "1.08600");
    let told = sim.get(&format!("/changes?sinceTransactionID={before}")).await.ok();
    let changes = &told["changes"];
    let count = |name: &str| changes[name].as_array().unwrap().len();
    let counts = [
        "ordersCreated",
        "ordersFilled",
        "ordersCancelled",
        "tradesOpened",
        "tradesClosed",
        "positions",
        "transactions",
    ]
    .map(count);
    assert_eq!(counts, [3, 1, 0, 1, 0, 1, 4]);
    let state = &told["state"];
    assert_eq!(
        (state["unrealizedPL"].as_str(), state["balance"].as_str()),
        (Some("1.0000"), Some("100000.0000"))
    );
    assert_eq!(state["trades"], json!([{"id": trade, "unrealizedPL": "1.0000", "marginUsed": "36.1638"}]));
    assert_eq!(state["orders"][0]["trailingStopValue"], "1.08100");
    let last = told["lastTransactionID"].as_str().unwrap();
    let told = sim.get(&format!("/changes?sinceTransactionID={last}")).await.ok();
    assert_eq!(
        (&told["changes"]["transactions"], told["lastTransactionID"].as_str()),
        (&json!([]), Some(last))
    );
}

#[tokio::test]
async fn moments_are_told_in_seconds_to_who_asks_for_them() {
    let sim = Sim::start().await;
    let headers = "authorization: Bearer any\r\naccept-datetime-format: UNIX\r\n";
    let path = format!("{ACCOUNT}/transactions/1");
    let told = raw(sim.running.address(), "GET", &path, headers, "").await.unwrap().ok();
    assert_eq!(told["transaction"]["time"], "1773151507.000000000");
    let order = with(
        at_price("LIMIT", "EUR_USD", "1", "1.0"),
        &json!({"timeInForce": "GTD", "gtdTime": "1773151508.5"}),
    );
    let body = json!({ "order": order }).to_string();
    let path = format!("{ACCOUNT}/orders");
    let told = raw(sim.running.address(), "POST", &path, headers, &body).await.unwrap().json();
    assert_eq!(told["orderCreateTransaction"]["gtdTime"], "1773151508.500000000");
}

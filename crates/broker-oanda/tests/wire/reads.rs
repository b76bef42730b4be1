//! The account, what it holds, its rules and its prices.

use std::sync::Arc;

use broker_api::{AssetClass, Broker, Mode, Quotes};
use broker_oanda::Oanda;
use serde_json::json;
use wiremock::MockServer;
use wiremock::matchers::query_param;

use crate::world::*;

#[tokio::test]
async fn the_account_is_discovered_where_none_is_named() {
    let server = MockServer::start().await;
    let seen = json!({"accounts": [{"id": ACCOUNT, "tags": []}, {"id": "101-004-7654321-002", "mt4AccountID": 5, "tags": ["MT4"]}]});
    ours("GET", "/v3/accounts").respond_with(ok(&seen)).mount(&server).await;
    of_account("GET", "/summary").respond_with(ok(&summary("4100"))).mount(&server).await;
    let oanda = Oanda::new(config(&server.uri()), Arc::new(now)).unwrap();
    let of = oanda.identity().await.unwrap();
    assert_eq!((of.account.as_str(), of.mode, of.currency.as_str()), (ACCOUNT, Mode::Practice, "EUR"));
    let account = oanda.account().await.unwrap();
    assert_eq!(
        (account.equity.to_string(), account.buying_power.to_string()),
        ("43500.1000".into(), "42551.2000".into())
    );
}

#[tokio::test]
async fn an_account_of_metatrader_is_refused() {
    let (server, oanda) = world().await;
    of_account("GET", "/summary").respond_with(ok(&summary("4100"))).mount(&server).await;
    let seen = json!({"accounts": [{"id": ACCOUNT, "tags": ["MT4"]}]});
    ours("GET", "/v3/accounts").respond_with(ok(&seen)).mount(&server).await;
    assert!(!oanda.identity().await.unwrap_err().transient);
}

#[tokio::test]
async fn a_failed_question_is_no_empty_answer() {
    for (status, transient) in
        [(401, false), (403, false), (404, false), (429, true), (500, true), (504, true)]
    {
        let (server, oanda) = world().await;
        let told = json!({"errorMessage": "no"});
        of_account("GET", "/openPositions").respond_with(answer(status, &told)).mount(&server).await;
        let failed = oanda.positions().await.unwrap_err();
        assert_eq!(failed.transient, transient, "{status}: {failed}");
    }
}

#[tokio::test]
async fn live_orders_and_their_trades_come_in_one_answer() {
    let (server, oanda) = world().await;
    let mut whole = summary("4123");
    whole["account"]["trades"] = json!([{"id": "4102", "instrument": "EUR_USD", "currentUnits": "1000",
        "clientExtensions": {"id": NAME}}]);
    whole["account"]["orders"] = json!([
        {"id": "4104", "type": "STOP_LOSS", "price": "1.08000", "tradeID": "4102", "state": "PENDING",
            "clientExtensions": {"id": format!("{NAME}-s")}},
        {"id": "4123", "type": "LIMIT", "instrument": "EUR_USD", "units": "-500", "price": "1.09000",
            "partialFill": "DEFAULT_FILL", "state": "PENDING"}]);
    of_account("GET", "").respond_with(ok(&whole)).mount(&server).await;
    let open = oanda.open_orders().await.unwrap();
    assert_eq!(open.len(), 2);
    assert_eq!((open[0].parent, open[0].qty.to_string()), (Some(name(NAME)), "1000".to_owned()));
    assert_eq!((open[1].id, open[1].parent), (Some(name("o4123")), None));
}

#[tokio::test]
async fn a_quote_is_the_best_of_both_sides_with_the_time_of_its_data() {
    let (server, oanda) = world().await;
    let quote = async |bids: serde_json::Value| {
        server.reset().await;
        let price = json!({"type": "PRICE", "instrument": "EUR_USD", "time": "2026-03-10T14:09:59.9Z", "bids": bids,
            "asks": [{"price": "1.08514", "liquidity": 2_000_000.5}, {"price": "1.08512", "liquidity": 1_000_000}],
            "closeoutBid": "1.0", "tradeable": true});
        let body = json!({"prices": [price], "time": "2026-03-10T14:10:00.000000001Z"});
        of_account("GET", "/pricing").respond_with(ok(&body)).mount(&server).await;
        oanda.quote(key("EUR/USD")).await.unwrap()
    };
    let bids = json!([{"price": "1.08498", "liquidity": "1"}, {"price": "1.08500", "liquidity": "1"}]);
    let best = quote(bids).await.unwrap();
    assert_eq!((best.bid.to_string(), best.ask.to_string()), ("1.085".into(), "1.08512".into()));
    assert_eq!(best.at, at("2026-03-10T14:09:59.9Z"));
    assert!(quote(json!([])).await.is_none());
    assert_eq!(oanda.clock().await.unwrap(), at("2026-03-10T14:10:00.000000001Z"));
    assert!(oanda.days(AssetClass::Forex, now().date_naive(), 10).await.unwrap().is_none());
}

#[tokio::test]
async fn days_are_complete_ones_from_five_to_five() {
    let (server, oanda) = world().await;
    let four = |c: &str| json!({"o": "1.08", "h": "1.09", "l": "1.07", "c": c});
    let candle = |time: &str, complete: bool| json!({"time": time, "complete": complete, "volume": 71_432, "mid": four("1.085"), "bid": four("1.0849"), "ask": four("1.0851")});
    let rows = json!({"instrument": "EUR_USD", "granularity": "D", "candles":
        [candle("2026-03-05T22:00:00Z", true), candle("2026-03-08T21:00:00Z", true), candle("2026-03-09T21:00:00Z", false)]});
    of_account("GET", "/instruments/EUR_USD/candles")
        .and(query_param("granularity", "D"))
        .and(query_param("price", "MBA"))
        .and(query_param("alignmentTimezone", "America/New_York"))
        .respond_with(ok(&rows))
        .expect(1)
        .mount(&server)
        .await;
    let bars = oanda.bars(key("EUR/USD"), at("2026-03-06T00:00:00Z"), now()).await.unwrap();
    let closes: Vec<_> = bars.iter().map(|bar| bar.closes).collect();
    assert_eq!(closes, [at("2026-03-06T22:00:00Z"), at("2026-03-09T21:00:00Z")]);
    assert_eq!(
        (bars[0].close.to_string(), bars[0].spread.unwrap().to_string()),
        ("1.085".into(), "0.0002".into())
    );
}

//! Candles, put together from bars.

use serde_json::json;

use super::wire::Sim;

#[tokio::test]
async fn candles_come_from_the_bars_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "time,open,high,low,close,volume\n".to_owned();
    for hour in 0..14 {
        rows += &format!(
            "2026-03-10T{hour:02}:00:00Z,1.08{hour:02},1.09{hour:02},1.07{hour:02},1.08{hour:02},10\n"
        );
    }
    std::fs::write(folder.path().join("EURUSD.csv"), rows).unwrap();
    let sim = Sim::with(|settings| {
        settings.prices.truncate(1);
        settings.bars = Some(folder.path().to_owned());
    })
    .await;
    let told = sim.get("/v3/instruments/EUR_USD/candles?granularity=H1&count=3&price=MBA").await.ok();
    assert_eq!((told["instrument"].as_str(), told["granularity"].as_str()), (Some("EUR_USD"), Some("H1")));
    let candles = told["candles"].as_array().unwrap();
    assert_eq!(candles.len(), 3);
    let last = &candles[2];
    assert_eq!(
        (last["time"].as_str(), last["complete"].as_bool()),
        (Some("2026-03-10T13:00:00.000000000Z"), Some(true))
    );
    let mid = json!({"o": "1.08130", "h": "1.09130", "l": "1.07130", "c": "1.08130"});
    assert_eq!((&last["mid"], &last["bid"], last["volume"].as_u64()), (&mid, &mid, Some(10)));
    // A day begins at 17:00 in New York.
    let told = sim.get("/instruments/EUR_USD/candles?granularity=D").await.ok();
    let day = &told["candles"][0];
    assert_eq!(
        (day["time"].as_str(), day["volume"].as_u64(), day["complete"].as_bool()),
        (Some("2026-03-09T21:00:00.000000000Z"), Some(140), Some(false))
    );
    assert_eq!((day["mid"]["o"].as_str(), day["mid"]["l"].as_str()), (Some("1.08000"), Some("1.07000")));
    let told = sim
        .get("/instruments/EUR_USD/candles?granularity=H4&from=2026-03-10T01:00:00Z&to=2026-03-10T09:00:00Z")
        .await
        .ok();
    let times: Vec<&str> =
        told["candles"].as_array().unwrap().iter().map(|c| c["time"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-03-10T01:00:00.000000000Z", "2026-03-10T05:00:00.000000000Z"]);
    let path = "/v3/instruments/EUR_USD/candles?granularity=H1&from=2026-03-10T11:00:00Z&includeFirst=false";
    assert_eq!(sim.get(path).await.ok()["candles"].as_array().unwrap().len(), 2);
    let told = sim.get("/candles/latest?candleSpecifications=EUR_USD:D:BM").await.ok();
    assert!(told["latestCandles"][0]["candles"][0]["bid"].is_object());
    for bad in [
        "granularity=M3",
        "count=5001",
        "price=X",
        "from=soon",
        "alignmentTimezone=Nowhere",
        "weeklyAlignment=Someday",
    ] {
        assert_eq!(sim.get(&format!("/v3/instruments/EUR_USD/candles?{bad}")).await.status, 400, "{bad}");
    }
    // What is shorter than the bars is not there, but for the price of now.
    let told = sim.get("/v3/instruments/EUR_USD/candles?granularity=M1").await.ok();
    assert!(told["candles"].as_array().unwrap().len() <= 1, "{told}");
}

//! A week at the simulated Alpaca, over the wire, of which each trade but one is spoiled in another way.

use broker_api::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{decimal, pair, parts};
use crate::alpaca::desk::{Desk, text, with};
use crate::place::{code, stderr, stdout};

const STOCKS: [&str; 3] = ["AAPL", "MSFT", "KO"];
/// Moments, and the prices of the stocks from five minutes before on.
const PRICES: [(&str, [&str; 3]); 5] = [
    ("2026-10-05T14:40:00Z", ["227.10", "431.25", "62.40"]),
    ("2026-10-07T14:40:00Z", ["231.40", "437.00", "63.10"]),
    ("2026-10-08T14:40:00Z", ["230.00", "436.00", "63.00"]),
    ("2026-10-08T15:10:00Z", ["231.20", "439.00", "62.00"]),
    ("2026-10-09T14:40:00Z", ["236.00", "445.00", "61.00"]),
];

fn at(moment: usize) -> Time {
    PRICES[moment].0.parse().unwrap()
}

/// Bars of five minutes around each moment, at its prices.
fn bars(desk: &Desk) {
    std::fs::create_dir(desk.folder.path().join("bars")).unwrap();
    for (n, symbol) in STOCKS.iter().enumerate() {
        let mut rows = "timestamp,open,high,low,close\n".to_owned();
        for (moment, (_, prices)) in PRICES.iter().enumerate() {
            for minutes in [-5, 0, 5] {
                let opens = text(at(moment) + TimeDelta::minutes(minutes));
                let price = prices[n];
                rows.push_str(&format!("{opens},{price},{price},{price},{price}\n"));
            }
        }
        std::fs::write(desk.folder.path().join(format!("bars/{symbol}.csv")), rows).unwrap();
    }
}

/// Time goes on to a moment, with its prices.
fn goes_on(desk: &Desk, moment: usize) {
    desk.control.set_time(at(moment) - TimeDelta::minutes(5)).unwrap();
    for (symbol, price) in STOCKS.iter().zip(PRICES[moment].1) {
        desk.price(symbol, price);
    }
    desk.control.set_time(at(moment)).unwrap();
}

/// Passes until nothing is unknown.
#[track_caller]
fn passes(desk: &Desk, signals: &[Value], words: &[&str]) {
    for _ in 0..5 {
        let ran = desk.run(signals, &[&["--settle", "1"], words].concat());
        match code(&ran) {
            0 => return,
            5 => desk.seconds(2),
            _ => panic!("{}{}", stdout(&ran), stderr(&ran)),
        }
    }
    panic!("not settled: {}", stdout(&desk.tradewind(&["orders"])));
}

#[test]
fn each_trade_of_a_week_is_named_by_what_was_done_to_it() {
    let desk = Desk::new("100000");
    bars(&desk);
    goes_on(&desk, 0);
    passes(&desk, &[desk.enter("plain", "AAPL", "215")], &[]);
    // Who is asked for more pays it.
    desk.control.set_quote("MSFT", Decimal::new(43_125, 2), Decimal::new(43_211, 2)).unwrap();
    passes(&desk, &[desk.enter("slipped", "MSFT", "410")], &[]);
    let no = r#"{"request":{"method":"POST","path":"/v2/orders","do":{"reject":{"status":403,"code":40310000,"message":"insufficient buying power"}}}}"#;
    desk.control.fault_lines(no).unwrap();
    passes(&desk, &[desk.enter("missed", "KO", "58")], &[]);
    desk.control.clear_faults();
    goes_on(&desk, 1);
    passes(
        &desk,
        &[desk.exit("plain-out", "AAPL"), desk.exit("slipped-out", "MSFT"), desk.exit("missed-out", "KO")],
        &[],
    );
    goes_on(&desk, 2);
    let late = desk.enter("late", "AAPL", "215");
    let over =
        with(desk.enter("over", "KO", "58"), &json!({ "expires_at": text(at(2) + TimeDelta::minutes(5)) }));
    goes_on(&desk, 3);
    passes(&desk, &[late, over], &[]);
    passes(&desk, &[desk.enter("denied", "MSFT", "410")], &["--set", "limits.positions_max=1"]);
    goes_on(&desk, 4);
    passes(
        &desk,
        &[desk.exit("late-out", "AAPL"), desk.exit("denied-out", "MSFT"), desk.exit("over-out", "KO")],
        &[],
    );

    let free = ["--set", "costs.equity.spread_bps=0", "--set", "costs.equity.slippage_bps=0"];
    let told = desk.tradewind(&[&["twin", "--bars", "bars", "--json"][..], &free].concat());
    assert_eq!(code(&told), 0, "{}", stderr(&told));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let expected = [
        ("plain", "same"),
        ("slipped", "fill entry-price"),
        ("missed", "fill missed-here"),
        ("late", "fill entry-time"),
        ("over", "signal expired-here"),
        ("denied", "decision denied-here"),
    ];
    for (id, layer) in expected {
        assert_eq!(parts(&told, id), layer, "{:#}", pair(&told, id));
    }
    let (live, shadow) = (&pair(&told, "plain")["live"], &pair(&told, "plain")["shadow"]);
    for figure in ["quantity", "entry", "exit", "exit_by", "pnl", "r"] {
        assert_eq!(live[figure], shadow[figure], "{figure}");
    }
    let differs = |id: &str| pair(&told, id)["differences"].clone();
    assert_eq!(decimal(&differs("slipped")["entry"]), Decimal::new(-86, 2));
    assert_eq!(
        (&differs("late")["entry_seconds"], decimal(&differs("late")["entry"])),
        (&json!(1800), Decimal::new(-120, 2))
    );
    let made = |id: &str| differs(id)["r"].as_f64().unwrap();
    assert!(
        made("slipped") < 0.0 && made("missed") < 0.0 && made("denied") < 0.0 && made("over") > 0.0,
        "{told:#}"
    );
    let regret = told["data"]["regret"].as_array().unwrap();
    let codes: Vec<_> = regret.iter().map(|sum| sum["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 2, "{regret:#?}");
    assert_eq!(codes[1], "expired", "what expired would have lost, what was denied would have won");
}

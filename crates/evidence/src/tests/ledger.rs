//! What is read from text, and what is said about what cannot be.

use rust_decimal::Decimal;

use super::{near, value};
use crate::figures::Exposure;
use crate::ledger::{EquityPoint, Unit, equity, equity_csv, trades_csv, trades_json};
use crate::{Class, Figure, Ledger, Side, Undefined};

const CSV: &str = "\
Trade ID,Ticker,Direction,Entry Time,exit_time,Qty,entryPrice,Exit-Price,Net P&L,Risk,Asset Class,Stop Loss,TP,Notional,comment
b,AAPL,long,2026-01-05T15:00:00Z,2026-01-07 15:00:00,10,100.5,103,24.10,20,stock,98.5,104.5,1005,good
a,BTC/USD,SHORT,2026-01-05,2026-01-06T00:00:00+01:00,0.01,90000,91000,-10.55,10,crypto,91000,88000,900,
";

#[test]
fn columns_go_by_name() {
    let read = trades_csv(CSV).expect("a ledger");
    assert_eq!(read.unused, ["comment"]);
    let trades = read.read.trades();
    // Ordered by the end of each.
    assert_eq!((trades[0].id.as_str(), trades[1].id.as_str()), ("a", "b"));
    assert_eq!((trades[0].side, trades[0].class), (Side::Short, Some(Class::Crypto)));
    assert_eq!(trades[0].closed.to_rfc3339(), "2026-01-05T23:00:00+00:00");
    assert_eq!(trades[1].pnl, Decimal::new(2410, 2));
    assert_eq!(read.read.multiples(), Ok(vec![-1.055, 1.205]));
    near(trades[1].planned_ratio().expect("a plan"), 2.0, 1e-12);
    assert_eq!(read.read.weeks(), [read.read.weeks()[0]; 2]);
}

#[test]
fn json_gives_the_same_ledger_as_csv() {
    let json = r#"{"trades": [
        {"id": "b", "symbol": "AAPL", "side": "buy", "opened": "2026-01-05T15:00:00Z", "closed": "2026-01-07T15:00:00Z",
         "quantity": 10, "entry": 100.5, "exit": "103", "pnl": "24.10", "risk": 20, "class": "equity", "stop": 98.5,
         "target": 104.5, "notional": 1005, "r": null, "note": [1, 2]},
        {"id": "a", "symbol": "BTC/USD", "side": -1, "opened": "2026-01-05", "closed": "2026-01-05T23:00:00Z",
         "quantity": 0.01, "entry": 90000, "exit": 91000, "pnl": -10.55, "risk": 10, "class": "crypto", "stop": 91000,
         "target": 88000, "notional": 900, "imported": false}]}"#;
    let read = trades_json(json).expect("a ledger");
    assert_eq!(read.unused, ["note"]);
    assert_eq!(read.read, trades_csv(CSV).expect("a ledger").read);
    let text = serde_json::to_string(&read.read).expect("text");
    assert_eq!(serde_json::from_str::<Ledger>(&text).expect("a ledger"), read.read);
    assert_eq!(trades_json(&text).expect("what we write, we read").read, read.read);
}

#[test]
fn every_fault_is_told_with_its_place() {
    let csv = "id,symbol,side,opened,closed,qty,entry,exit,pnl,risk\n\
               x,AAPL,up,2026-01-05,2026-01-06,10,1,2,ten,5\n\
               x,,long,yesterday,2026-01-06,10,1,2,\"1,000\",5\n\
               y,A,long,2026-01-05,2026-01-06,10,1,2\n";
    let faults: Vec<String> = trades_csv(csv).expect_err("faults").iter().map(ToString::to_string).collect();
    let expected = ["row 3: 8 cells: expected 10"];
    assert!(expected.iter().all(|e| faults.iter().any(|f| f.contains(e))), "{faults:#?}");
    let csv = csv.lines().take(3).collect::<Vec<_>>().join("\n");
    let faults: Vec<String> = trades_csv(&csv).expect_err("faults").iter().map(ToString::to_string).collect();
    let expected = [
        "row 1, side: found 'up', expected long or short",
        "row 1, pnl: found 'ten', expected a decimal number",
        "row 2, symbol: found '', expected a symbol",
        "row 2, opened: found 'yesterday', expected a moment",
        "row 2, pnl: found '1,000', expected a decimal number",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (found, expected) in faults.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn the_ledger_of_a_replay_is_one() {
    let head = "number,venue,symbol,side,quantity,opened_at,entry_price,closed_at,exit_price,exit,gross,fees,net,planned_loss,r";
    let row = "1,paper,KO,long,3,2024-01-05T14:30:00Z,58.57,2024-01-25T14:30:00Z,54.13,stop,-13.32,0,-13.32,14.16,-0.9407";
    let read = trades_csv(&format!("{head}\n{row}\n")).expect("a ledger");
    let trade = &read.read.trades()[0];
    assert_eq!((trade.exit.to_string(), trade.pnl.to_string()), ("54.13".to_owned(), "-13.32".to_owned()));
    assert!(read.unused.iter().any(|name| name == "exit"), "{:?}", read.unused);
    // Alone it is the price.
    let alone = "symbol,side,opened,closed,qty,entry,exit,pnl\nX,long,2026-01-05,2026-01-06,1,10,11,1\n";
    assert_eq!(trades_csv(alone).expect("a ledger").read.trades()[0].exit.to_string(), "11");
}

#[test]
fn what_no_trade_can_be_is_refused() {
    let head = "id,symbol,side,opened,closed,qty,entry,exit,pnl,risk\n";
    let rows = "a,X,long,2026-01-07,2026-01-06,0,1,2,3,0\na,X,long,2026-01-05,2026-01-06,1,1,2,3,5\n";
    let faults: Vec<String> =
        trades_csv(&format!("{head}{rows}")).expect_err("faults").iter().map(ToString::to_string).collect();
    let expected =
        ["row 1, closed:", "row 1, quantity: found '0'", "row 1, risk: found '0'", "row 2, id: found 'a'"];
    assert_eq!(faults.len(), 4, "{faults:#?}");
    assert!(faults.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{faults:#?}");
    let faults = trades_csv("symbol,side,closed,type\n").expect_err("faults");
    let told = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(
        told.contains("expected a column pnl (or pnl, net_pnl")
            && told.contains("2 columns that mean the same")
    );
    for text in ["", "7", r#"{"rows": []}"#, "[1]", r#"[{"symbol": {}}]"#] {
        assert!(trades_json(text).is_err(), "{text}");
    }
    let same = r#"[{"id": "a", "qty": 1, "quantity": 2}]"#;
    let told =
        trades_json(same).expect_err("faults").iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("row 1, quantity: found '1', expected one name for it, found two"), "{told}");
}

#[test]
fn an_equity_series_knows_what_was_paid_in() {
    let csv = "Date,Balance,Deposit\n2026-01-03,1650,550\n2026-01-02,1000,\n2026-01-04,1815,\n";
    let points = equity_csv(csv).expect("a series").read;
    let returns = equity::returns(&points).expect("returns");
    near(returns[0], 0.10, 1e-12);
    near(returns[1], 0.10, 1e-12);
    let twice = equity_csv("date,equity\n2026-01-02,1\n2026-01-02,2\n").expect_err("a fault");
    assert!(twice[0].to_string().starts_with("row 2, at:"), "{}", twice[0]);
    assert_eq!(equity::returns(&points[..1]), Err(Undefined::TooFew));
    let mut lost = points;
    lost[1].equity = Decimal::ZERO;
    assert_eq!(equity::returns(&lost), Err(Undefined::NoEquity));
}

#[test]
fn how_much_was_held() {
    let ledger = trades_csv(CSV).expect("a ledger").read;
    let at = |text: &str, equity| EquityPoint {
        at: text.parse().expect("a moment"),
        equity: Decimal::from(equity),
        flow: Decimal::ZERO,
    };
    let equity = [at("2026-01-04T00:00:00Z", 1000), at("2026-01-06T15:00:00Z", 2010)];
    let found = Exposure::of(&ledger, 2, &equity);
    let span = 2.625;
    near(value(found.days), span, 1e-9);
    near(value(found.slot_utilisation), (2.0 + 23.0 / 24.0) / (2.0 * span), 1e-9);
    near(value(found.time_in_market), 1.0, 1e-9);
    // 900 for 23 hours, 1005 for a day on 1000, then for a day on 2010.
    near(value(found.exposure), (0.9 * 23.0 / 24.0 + 1.005 + 0.5) / span, 1e-9);
    near(value(found.planned_ratio), 2.0, 1e-9);
    near(value(found.worse_than_risked), 1.0, 0.0);
    assert_eq!(Exposure::of(&ledger, 2, &[]).exposure, Figure::none(Undefined::NoEquity));
    let none = Exposure::of(&Ledger::default(), 2, &[]);
    assert_eq!(
        (none.days, none.mean_days_held),
        (Figure::none(Undefined::NoTrades), Figure::none(Undefined::NoTrades))
    );
}

#[test]
fn without_risk_there_are_no_multiples() {
    let csv = "symbol,side,opened,closed,qty,entry,exit,pnl\nA,l,2026-01-05,2026-01-06,1,1,2,30\nA,l,2026-01-05,2026-01-07,1,1,2,-10\n";
    let ledger = trades_csv(csv).expect("a ledger").read;
    assert_eq!(ledger.multiples(), Err(Undefined::NoRisk));
    assert_eq!(ledger.values(Unit::MeanLoss), Ok(vec![3.0, -1.0]));
    assert_eq!(ledger.trades()[0].id, "row-1");
}

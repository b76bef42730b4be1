//! Files of other programs, well-made and odd: what is taken, and that every key of a file is in one of the lists.

use std::sync::Arc;

use broker_api::{AssetClass, Catalog, Instrument, Key, Ratio};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn instrument(symbol: &str, class: AssetClass, quote: &str, shortable: bool) -> Instrument {
    Instrument {
        key: Key { venue: "paper".parse().unwrap(), symbol: symbol.parse().unwrap() },
        asset_class: class,
        quote: quote.parse().unwrap(),
        tick: "0.01".parse().unwrap(),
        lot: "0.0001".parse().unwrap(),
        qty_min: "0.0001".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: "1".parse().unwrap(),
        margin: Ratio::ONE,
        shortable,
    }
}

fn defaults() -> Defaults {
    let catalog = Catalog::new(vec![
        instrument("AAPL", AssetClass::Equity, "USD", true),
        instrument("MSFT", AssetClass::Equity, "USD", true),
        instrument("BTC/USD", AssetClass::Crypto, "USD", false),
        instrument("USD/JPY", AssetClass::Forex, "JPY", true),
    ]);
    Defaults::new("unnamed".parse().unwrap(), Arc::new(catalog.unwrap()))
}

#[track_caller]
fn take(text: &str) -> Foreign {
    read(text, "old.json", &defaults(), "USD".parse().unwrap()).unwrap()
}

/// Everything that was read, shortly.
fn told(foreign: &Foreign) -> Vec<String> {
    let held = foreign
        .positions
        .iter()
        .map(|p| format!("{} {} {} @{}", p.direction.as_str(), p.qty, p.key.symbol, p.price));
    let closed = foreign.trades.iter().map(|t| {
        let net = t.net.map_or_else(|| "?".to_owned(), |net| net.to_string());
        format!("closed {} {} {} {}>{} {net}", t.direction.as_str(), t.qty, t.key.symbol, t.entry, t.exit)
    });
    held.chain(closed).collect()
}

fn why(foreign: &Foreign) -> String {
    foreign
        .report
        .unreadable
        .iter()
        .map(|line| format!("{}: {}", line.path, line.text))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn lists_maps_and_nested_objects_are_read() {
    let list = take(
        r#"{"positions": [{"ticker": "AAPL", "side": "LONG", "qty": 10, "avg_price": 200.5, "sl": "190"}]}"#,
    );
    assert_eq!(told(&list), ["long 10 AAPL @200.5"]);
    assert_eq!(list.positions[0].plan.stop, Some("190".parse().unwrap()));
    let map = take(
        r#"{"holdings": {"BTC-USD": {"amount": 1e-4, "entryPrice": 84000}, "AAPL": {"shares": -3, "entry": 200}}}"#,
    );
    assert_eq!(told(&map), ["long 0.0001 BTC/USD @84000", "short 3 AAPL @200"]);
    let nested = take(
        r#"{"account": {"portfolio": {"positions": {"open": [{"symbol": "MSFT", "type": "sell", "units": 2, "price": 400}], "closed": []}}}}"#,
    );
    assert_eq!(told(&nested), ["short 2 MSFT @400"]);
    let trades = take(
        r#"[{"pair": "AAPL", "amount": 2, "open_rate": 100, "is_short": true, "close_rate": 90, "profit_abs": 19.5, "is_open": false},
            {"pair": "MSFT", "amount": 1, "open_rate": 400, "is_short": false, "close_rate": null, "is_open": true}]"#,
    );
    assert_eq!(told(&trades), ["long 1 MSFT @400", "closed short 2 AAPL 100>90 19.5"]);
}

#[test]
fn numbers_keep_every_digit() {
    let foreign = take(
        r#"{"positions": [{"symbol": "BTC/USD", "qty": 0.30000000000000004, "entry": "84000.123456789012345", "stop": 8.0e4}]}"#,
    );
    assert_eq!(told(&foreign), ["long 0.30000000000000004 BTC/USD @84000.123456789012345"]);
    assert_eq!(foreign.positions[0].plan.stop.unwrap().to_string(), "80000");
    for bad in ["1e40", "\"1,5\"", "\"ten\"", "true", "1e-40", "0.00000000000000000000000000001"] {
        let foreign = take(&format!(r#"{{"positions": [{{"symbol": "AAPL", "qty": {bad}, "entry": 5}}]}}"#));
        assert_eq!((foreign.positions.len(), foreign.held_back), (0, 1), "{bad}: {}", why(&foreign));
    }
}

#[test]
fn what_contradicts_itself_is_not_read_and_says_why() {
    for (entry, said) in [
        (r#""symbol": "AAPL", "side": "long", "qty": -5, "entry": 10"#, "it is long, and its quantity is -5"),
        (r#""symbol": "AAPL", "qty": 5, "size": 6, "entry": 10"#, "do not say the same"),
        (r#""symbol": "AAPL", "qty": 5, "qty": 5, "entry": 10"#, "is there twice"),
        (r#""symbol": "AAPL", "side": "long", "qty": 5, "entry": 10, "stop": 11"#, "wrong side"),
        (r#""symbol": "AAPL", "side": "short", "qty": 5, "entry": 10, "tp": 12"#, "wrong side"),
        (r#""symbol": "AAPL", "qty": 5, "entry": 10, "stop_loss": 0.05"#, "share or a distance"),
        (r#""symbol": "AAPL", "qty": 5, "entry": 10, "stop_loss": -0.05"#, "is no price"),
        (
            r#""symbol": "AAPL", "side": "long", "is_short": true, "qty": 5, "entry": 10"#,
            "do not say the same",
        ),
        (r#""symbol": "AAPL", "side": "sideways", "qty": 5, "entry": 10"#, "is no side"),
        (r#""symbol": "AAPL", "qty": 5, "cost_basis": 50"#, "one unit or of all"),
        (r#""symbol": "AAPL", "qty": 5, "entry": 10, "cost_basis": 70"#, "neither the price"),
        (r#""symbol": "AAPL", "qty": 5"#, "entry price"),
        (r#""symbol": "AAPL", "entry": 10"#, "how much"),
        (r#""symbol": "ABNB", "qty": 5, "entry": 10"#, "no symbol of this account"),
        (r#""qty": 5, "entry": 10"#, "no key says the symbol"),
        (r#""symbol": "BTC/USD", "side": "short", "qty": 5, "entry": 10"#, "cannot be held short"),
    ] {
        let foreign = take(&format!(r#"{{"positions": [{{{entry}}}]}}"#));
        assert!(foreign.positions.is_empty() && why(&foreign).contains(said), "{entry}: {}", why(&foreign));
    }
    let twice = take(
        r#"{"positions": [{"symbol": "AAPL", "qty": 1, "entry": 2}, {"symbol": "aapl", "qty": 1, "entry": 3}, {"symbol": "MSFT", "qty": 1, "entry": 3}]}"#,
    );
    assert_eq!((told(&twice), twice.held_back), (vec!["long 1 MSFT @3".to_owned()], 2));
    let moved = take(r#"{"positions": {"AAPL": {"symbol": "MSFT", "qty": 1, "entry": 2}, "MSFT": 4}}"#);
    assert_eq!((moved.positions.len(), moved.held_back), (0, 2), "{}", why(&moved));
}

#[test]
fn a_time_without_a_zone_is_no_time_unless_the_file_names_one() {
    let at = |time: &str, more: &str| {
        let text = format!(
            r#"{{{more} "positions": [{{"symbol": "AAPL", "qty": 1, "entry": 2, "opened_at": {time}}}]}}"#
        );
        let foreign = take(&text);
        assert_eq!(foreign.held_back, 0, "{}", why(&foreign));
        let noted = foreign.report.unknown.iter().any(|line| line.path == "positions[0].opened_at");
        let opened = foreign.positions[0].opened_at.map(state::encode::time_text);
        assert_eq!(opened.is_none(), noted, "what is not taken is told");
        opened
    };
    let same = Some("2026-03-02T14:30:00Z".to_owned());
    assert_eq!(at("\"2026-03-02T09:30:00-05:00\"", ""), same);
    assert_eq!(at("\"2026-03-02 14:30:00+00:00\"", ""), same);
    assert_eq!(at("1772461800", ""), same);
    assert_eq!(at("1772461800000", ""), same);
    assert_eq!(at("1772461800.25", ""), Some("2026-03-02T14:30:00.250Z".to_owned()));
    assert_eq!(at("\"2026-03-02T14:30:00\"", ""), None);
    assert_eq!(at("\"2026-03-02\"", ""), None);
    assert_eq!(at("\"yesterday\"", r#""tz": "UTC","#), None);
    assert_eq!(at("\"2026-03-02 14:30:00\"", r#""timezone": "UTC","#), same);
    assert_eq!(at("\"2026-03-02 09:30\"", r#""timezone": "America/New_York","#), same);
    assert_eq!(
        at("\"2026-03-08 02:30\"", r#""timezone": "America/New_York","#),
        None,
        "an hour that never was"
    );
    assert_eq!(at("\"2026-03-02\"", r#""timezone": "UTC","#), Some("2026-03-02T00:00:00Z".to_owned()));
    assert_eq!(
        at("\"2026-03-02\"", r#""timezone": "UTC", "meta": {"tz": "Asia/Tokyo"},"#),
        None,
        "two zones"
    );
}

#[test]
fn closed_trades_tell_their_profit_or_have_it_reckoned() {
    let trade = |more: &str| {
        take(&format!(
            r#"{{"positions": [], "trades": [{{"symbol": "AAPL", "side": "buy", "qty": 10, "entry": 10, "exit_price": 12 {more}}}]}}"#
        ))
    };
    assert_eq!(told(&trade(r#", "pnl": 18.5, "fees": 1.5"#)), ["closed long 10 AAPL 10>12 18.5"]);
    assert_eq!(
        told(&trade(r#", "pnl": 20, "fees": 1.5"#)),
        ["closed long 10 AAPL 10>12 18.5"],
        "before fees"
    );
    assert_eq!(told(&trade("")), ["closed long 10 AAPL 10>12 ?"]);
    let yen = take(
        r#"{"closed_trades": [{"symbol": "USDJPY", "qty": 10, "entry": 150, "exit": 151}, {"symbol": "USDJPY", "qty": 10, "entry": 150, "exit": 151, "pnl": 0.07}]}"#,
    );
    assert_eq!(told(&yen), ["closed long 10 USD/JPY 150>151 0.07"]);
    assert!(why(&yen).contains("in JPY, not in USD") && yen.held_back == 0, "{}", why(&yen));
    let fill =
        take(r#"{"positions": [], "trades": [{"symbol": "AAPL", "side": "buy", "qty": 10, "price": 10}]}"#);
    assert!(why(&fill).contains("has no exit") && fill.held_back == 0);
}

#[test]
fn cash_has_the_positions_at_their_cost_in_it() {
    let held = r#""positions": [{"symbol": "AAPL", "qty": 10, "entry": 100}]"#;
    let cash = |more: &str| take(&format!("{{{more}, {held}}}"));
    assert_eq!(cash(r#""cash": 4000.50"#).cash, Some("5000.50".parse().unwrap()));
    assert_eq!(cash(r#""balance": 5000"#).cash, Some("5000".parse().unwrap()));
    assert_eq!(cash(r#""cash": 4000, "account": {"balance": 5000}"#).cash, Some("5000".parse().unwrap()));
    let odd = cash(r#""cash": 4000, "balance": 7000, "peak_equity": 9000"#);
    assert_eq!((odd.cash, odd.held_back), (None, 1), "{}", why(&odd));
    let forex = take(r#"{"cash": 4000, "positions": [{"symbol": "USDJPY", "qty": 10, "entry": 150}]}"#);
    assert_eq!(forex.cash, Some("4000".parse().unwrap()), "held on margin");
    let places = take(r#"{"first": {"cash": "much"}, "second": {"cash": 0}}"#);
    let told: Vec<&str> = places.report.unreadable.iter().map(|line| line.path.as_str()).collect();
    assert_eq!(told, ["first.cash", "second.cash"], "each figure is told where it stands");
}

#[test]
fn a_text_that_is_not_whole_is_one_fault() {
    for (text, said) in [
        ("", "is empty"),
        ("{\"positions\": [{", "ends in the middle"),
        ("{\"positions\": [{\"stop\": NaN}]}", "write null"),
        ("7", "neither an object nor a list"),
        ("{\"schema\": \"tradewind.state/1\"}", "of Tradewind's own"),
    ] {
        let fault = read(text, "old.json", &defaults(), "USD".parse().unwrap()).unwrap_err();
        assert!(fault.to_string().contains(said), "{fault}");
    }
}

/// The places of all keys that hold no further keys.
fn leaves(path: &str, value: &Value, to: &mut Vec<String>) {
    match value {
        Value::Object(pairs) => pairs.iter().for_each(|(key, value)| {
            let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            leaves(&place, value, to);
        }),
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(n, row)| leaves(&format!("{path}[{n}]"), row, to));
        }
        _ => to.push(path.to_owned()),
    }
}

fn word() -> impl Strategy<Value = String> {
    let known = [
        "symbol",
        "side",
        "qty",
        "size",
        "entry",
        "price",
        "stop",
        "tp",
        "opened_at",
        "exit",
        "pnl",
        "cash",
        "balance",
        "positions",
        "trades",
        "closed_trades",
        "tz",
        "colour",
        "strategy",
        "type",
        "fees",
        "open",
        "closed",
        "note",
        "is_open",
        "AAPL",
        "cost_basis",
    ];
    prop::sample::select(known.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        (-5_i32..500).prop_map(|n| json!(n)),
        prop::sample::select(vec!["AAPL", "long", "short", "12.5", "UTC", "2026-03-02", ""])
            .prop_map(|t| json!(t)),
        any::<bool>().prop_map(|b| json!(b)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(word(), inner.clone(), 0..6).prop_map(|map| json!(map)),
            // One that can be a position or a trade, with whatever stands beside it.
            (prop::collection::btree_map(word(), inner, 0..5), any::<bool>()).prop_map(
                |(mut map, closed)| {
                    let closed = closed.then_some(("exit", json!(12)));
                    let entry = [("symbol", json!("AAPL")), ("qty", json!(5)), ("entry", json!("10.5"))];
                    map.extend(entry.into_iter().chain(closed).map(|(key, value)| (key.to_owned(), value)));
                    json!(map)
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_of_a_file_is_dropped_without_a_word(top in prop::collection::btree_map(word(), value(), 0..6)) {
        let file = json!(top);
        let foreign = take(&file.to_string());
        let report = &foreign.report;
        let lines: Vec<&Line> =
            report.understood.iter().chain(&report.unknown).chain(&report.unreadable).collect();
        let mut all = Vec::new();
        leaves("", &file, &mut all);
        for place in all {
            // A map's entries are written as positions["AAPL"], and stand for all that is in them.
            let place = place.replace("[\"", ".").replace("\"]", "");
            let is_told = lines.iter().any(|line| {
                let path = line.path.replace("[\"", ".").replace("\"]", "");
                let covers = place
                    .strip_prefix(&path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
                // An entry that was understood has its unknown keys in the list of those.
                let is_odd = [".colour", ".note"].iter().any(|odd| place.ends_with(*odd));
                covers && !(is_odd && report.understood.contains(line))
            });
            prop_assert!(is_told, "{place} of {file}: {lines:#?}");
        }
    }
}

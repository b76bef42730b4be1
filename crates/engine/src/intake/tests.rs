//! Signals from text: the four forms, what is derived, and every refusal.

mod limits;
mod page;
mod refusals;
mod schema;

use broker_api::{
    Amount, AssetClass, Currency, Direction, Instrument, Key, Price, Protection, Ratio, SizeWanted, VenueId,
    Wanted,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-20T21:06:00Z";

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn defaults() -> Defaults {
    let row = |(symbol, asset_class): (&str, AssetClass)| Instrument {
        key: Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() },
        asset_class,
        quote: Currency::new("USD").unwrap(),
        tick: "0.01".parse().unwrap(),
        lot: "1".parse().unwrap(),
        qty_min: "1".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: Amount::ZERO,
        margin: Ratio::ONE,
        shortable: true,
    };
    let symbols = [
        ("AAPL", AssetClass::Equity),
        ("BRK.B", AssetClass::Equity),
        ("EUR/USD", AssetClass::Forex),
        ("BTC/USD", AssetClass::Crypto),
    ];
    let catalog = Catalog::new(symbols.into_iter().map(row).collect()).unwrap();
    let mut defaults = Defaults::new(StrategyId::new("house").unwrap(), Arc::new(catalog));
    defaults.aliases.insert("XBT".to_owned(), Symbol::new("BTC/USD").unwrap());
    defaults
}

fn take(text: &str) -> Intake {
    read(text, "signals", at(NOW), &defaults())
}

/// The signal of a text that holds one.
fn one(text: &str) -> (Signal, Digest) {
    let intake = take(text);
    assert_eq!(intake.faults, [], "{text}");
    assert_eq!(intake.signals.len(), 1, "{text}");
    intake.signals[0]
}

/// The faults of a text that holds nothing good.
fn faults(text: &str) -> Vec<String> {
    let intake = take(text);
    assert_eq!(intake.signals, [], "{text}");
    intake.faults.iter().map(ToString::to_string).collect()
}

/// The example of the documentation, with some keys set otherwise; null takes one away.
fn example(changes: &Value) -> String {
    let mut entry = json!({
        "id": "2026-11-22/AAPL/enter", "symbol": "AAPL", "asset_class": "equity", "action": "enter", "side": "long",
        "decision_price": "227.10", "stop": "219.00", "target": "243.30", "bar_close": "2026-11-20T21:00:00Z",
        "decided_at": "2026-11-20T21:05:00Z", "expires_at": "2026-11-23T15:00:00Z", "risk_pct": "1.0",
        "strategy": "trend-a"
    });
    for (key, value) in changes.as_object().unwrap() {
        entry[key] = value.clone();
    }
    entry.to_string()
}

#[test]
fn the_example() {
    let (signal, digest) = one(&example(&json!({})));
    let expected = Signal {
        id: "2026-11-22/AAPL/enter".parse().unwrap(),
        strategy: "trend-a".parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        decision_price: Some(price("227.10")),
        bar_close: Some(at("2026-11-20T21:00:00Z")),
        decided_at: at("2026-11-20T21:05:00Z"),
        expires_at: at("2026-11-23T15:00:00Z"),
        wanted: Wanted::Enter {
            side: Direction::Long,
            size: SizeWanted::RiskPct("1.0".parse().unwrap()),
            plan: Protection { stop: Some(price("219.00")), target: Some(price("243.30")), trail: None },
        },
    };
    assert_eq!(signal, expected);
    // The SHA-256 of the canonical form, as any other program computes it.
    let canonical = concat!(
        r#"{"action":"enter","bar_close":"2026-11-20T21:00:00Z","decided_at":"2026-11-20T21:05:00Z","#,
        r#""decision_price":"227.1","expires_at":"2026-11-23T15:00:00Z","id":"2026-11-22/AAPL/enter","risk_pct":"1","#,
        r#""side":"long","stop":"219","strategy":"trend-a","symbol":"AAPL","target":"243.3"}"#
    );
    let hash = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(canonical));
    assert_eq!(digest.as_str(), hash);
}

#[test]
fn four_forms_give_the_same() {
    let (first, second) = (example(&json!({})), example(&json!({"id": "2", "symbol": "BRK-B"})));
    let csv = "\u{feff}id,symbol,asset_class,action,side,decision_price,stop,target,bar_close,decided_at,expires_at,risk_pct,strategy\r\n\
        2026-11-22/AAPL/enter,AAPL,equity,enter,long,227.10,219.00,243.30,2026-11-20T21:00:00Z,2026-11-20T21:05:00Z,2026-11-23T15:00:00Z,1.0,trend-a\r\n\
        \r\n\
        \"2\",\"BRK-B\",equity,enter,long,227.10,219.00,243.30,2026-11-20T21:00:00Z,2026-11-20T21:05:00Z,2026-11-23T15:00:00Z,1.0,trend-a\r\n";
    let array = take(&format!(" [{first},\n{second}]"));
    assert_eq!((array.signals.len(), array.faults.len()), (2, 0));
    assert_eq!(take(&format!("{first}\n\n{second}")), array);
    assert_eq!(
        take(&format!("{{\"schema\": \"tradewind.signals/1\",\n \"signals\": [{first}, {second}]}}")),
        array
    );
    assert_eq!(take(csv), array);
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&first).unwrap()).unwrap();
    assert_eq!(take(&pretty).signals, array.signals[..1]);
    assert_eq!(take("[]"), Intake::default());
    assert_eq!(take("symbol,action\n"), Intake::default());
}

#[test]
fn numbers_are_read_digit_by_digit() {
    let text = example(&json!({})).replace("\"227.10\"", "227.1000000000000000000001");
    assert_eq!(one(&text).0.decision_price, Some(price("227.1000000000000000000001")));
    let exact = one(&example(&json!({"decision_price": "0.1"}))).1;
    assert_eq!(one(&example(&json!({})).replace("\"227.10\"", "0.1000")).1, exact);
}

#[test]
fn the_digest_knows_what_is_the_same() {
    let digest = |changes: Value| one(&example(&changes)).1;
    let same = digest(json!({}));
    assert_eq!(digest(json!({"stop": "219"})), same);
    assert_eq!(digest(json!({"symbol": "aapl", "asset_class": null})), same);
    assert_eq!(digest(json!({"decided_at": "2026-11-20T16:05:00-05:00"})), same);
    for other in [
        json!({"id": "x"}),
        json!({"symbol": "BRK.B"}),
        json!({"side": "short"}),
        json!({"stop": "219.01"}),
        json!({"target": null}),
        json!({"decision_price": null}),
        json!({"expires_at": null}),
        json!({"expires_at": "2026-11-23T15:00:01Z"}),
        json!({"decided_at": null}),
        json!({"bar_close": null}),
        json!({"risk_pct": null}),
        json!({"risk_pct": null, "quantity": "1"}),
        json!({"risk_pct": null, "notional": "1"}),
        json!({"strategy": null}),
    ] {
        assert_ne!(digest(other.clone()), same, "{other}");
    }
    let later =
        read(&example(&json!({"expires_at": null})), "again", at("2027-01-04T12:00:00Z"), &defaults());
    assert_eq!(later.signals, take(&example(&json!({"expires_at": null}))).signals);
}

#[test]
fn an_id_is_derived() {
    let id = |changes: Value| one(&example(&changes)).0.id.to_string();
    assert_eq!(id(json!({"id": null})), "20261120T210000Z/AAPL/enter/trend-a");
    assert_eq!(
        id(json!({"id": null, "strategy": null, "symbol": "EURUSD=X", "asset_class": null})),
        "20261120T210000Z/EUR/USD/enter/house"
    );
    assert_eq!(
        faults(&example(&json!({"id": null, "bar_close": null}))),
        ["signals, line 1: id: is missing, and cannot be derived without a bar_close in whole seconds"]
    );
    assert_eq!(faults(&example(&json!({"id": null, "bar_close": "2026-11-20T21:00:00.5Z"}))).len(), 1);
}

#[test]
fn symbols_in_other_words() {
    for (written, meant) in [
        ("EUR/USD", "EUR/USD"),
        ("EURUSD", "EUR/USD"),
        ("eur_usd", "EUR/USD"),
        ("EUR-USD", "EUR/USD"),
        ("EUR.USD", "EUR/USD"),
        ("EURUSD=X", "EUR/USD"),
        ("BTC-USD", "BTC/USD"),
        ("XBT", "BTC/USD"),
        ("aapl", "AAPL"),
        ("BRK-B", "BRK.B"),
        ("BRK/B", "BRK.B"),
    ] {
        assert_eq!(one(&example(&json!({"symbol": written, "asset_class": null}))).0.symbol.as_str(), meant);
    }
    for strange in ["BRKB", "EU-RUSD", "EUR--USD", "AAPL=X", "", "EURUSD\u{e9}"] {
        assert_eq!(faults(&example(&json!({"symbol": strange, "asset_class": null}))).len(), 1, "{strange}");
    }
}

#[test]
fn the_expiry_counts_from_the_first_chance() {
    let expiry = |changes: Value| {
        let mut all = json!({"expires_at": null, "asset_class": null});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        one(&example(&all)).0.expires_at
    };
    let exit = |symbol: &str| {
        let text =
            json!({"symbol": symbol, "action": "exit", "bar_close": "2026-11-20T21:00:00Z"}).to_string();
        one(&text).0.expires_at
    };
    assert_eq!(expiry(json!({})), at("2026-11-23T15:00:00Z"));
    assert_eq!(
        expiry(json!({"decided_at": "2026-11-20T20:50:00Z", "bar_close": null})),
        at("2026-11-20T21:20:00Z")
    );
    assert_eq!(expiry(json!({"symbol": "BTC/USD"})), at("2026-11-20T21:35:00Z"));
    assert_eq!(expiry(json!({"symbol": "EUR/USD"})), at("2026-11-20T21:35:00Z"));
    assert_eq!(exit("AAPL"), at("2026-11-24T14:30:00Z"));
    assert_eq!(exit("BTC/USD"), at("2026-11-21T21:00:00Z"));
    let far = json!({"expires_at": null, "decided_at": "2006-06-01T21:05:00Z", "bar_close": null});
    assert!(faults(&example(&far))[0].contains("no equity session after 2006-06-01T21:05:00Z is known"));
}

#[test]
fn exits_and_adjustments() {
    let bare = |changes: Value| {
        let mut entry = json!({"id": "1", "symbol": "AAPL", "decided_at": "2026-11-20T21:05:00Z"});
        entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        entry.to_string()
    };
    assert_eq!(one(&bare(json!({"action": "exit", "decision_price": 1}))).0.wanted, Wanted::Exit);
    let plan = Protection { stop: None, target: Some(price("5")), trail: None };
    assert_eq!(one(&bare(json!({"action": "adjust", "target": "5"}))).0.wanted, Wanted::Adjust { plan });
    let plan = Protection { trail: Some(price("2.5")), ..Protection::default() };
    assert_eq!(one(&bare(json!({"action": "adjust", "trail": "2.50"}))).0.wanted, Wanted::Adjust { plan });
    let table = "id,symbol,action,side,stop,trail,decided_at\n1,AAPL,enter,long,,2.5,2026-11-20T21:05:00Z\n";
    assert!(matches!(one(table).0.wanted, Wanted::Enter { plan: entered, .. } if entered == plan));
    for key in ["stop", "target", "trail", "quantity", "notional", "risk_pct"] {
        let said = faults(&bare(json!({"action": "exit", key: "1"})));
        assert_eq!(
            said,
            [format!(
                "signals, line 1: {key}: does not go with \"exit\", which closes whatever is held; leave it out"
            )]
        );
    }
    assert_eq!(faults(&bare(json!({"action": "exit", "side": "long"}))).len(), 1);
    assert_eq!(faults(&bare(json!({"action": "adjust", "stop": "1", "side": "long"}))).len(), 1);
    assert_eq!(faults(&bare(json!({"action": "adjust", "stop": "1", "quantity": "1"}))).len(), 1);
    assert!(faults(&bare(json!({"action": "adjust"})))[0].contains("needs one of them"));
    // An exit is taken even when it ends before the next session, an entry is not.
    one(&bare(json!({"action": "exit", "expires_at": "2026-11-21T12:00:00Z"})));
}

#[test]
fn the_schema_names_the_same_keys() {
    let schema: Value = serde_json::from_str(SIGNALS_SCHEMA).unwrap();
    let signal = &schema["$defs"]["signal"];
    let keys: Vec<&str> = signal["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>(), entry::KEYS.iter().collect());
    assert_eq!(signal["additionalProperties"], json!(false));
    assert_eq!(schema["oneOf"][1]["properties"]["schema"]["const"], json!(SCHEMA_NAME));
    assert_eq!(schema["$id"], json!(SCHEMA_NAME));
}

proptest! {
    /// However a text of signals is cut off, nothing is taken that was not complete: no form gives more, or other,
    /// signals than the whole, and an array or an object gives none.
    #[test]
    fn a_cut_text_gives_nothing_new(cut in 0_usize..2_000, form in 0_usize..4) {
        let (first, second) = (example(&json!({})), example(&json!({"id": "2"})));
        let text = match form {
            0 => format!("[{first}, {second}]"),
            1 => format!("{{\"schema\": \"tradewind.signals/1\", \"signals\": [\n{first},\n{second}\n]}}"),
            2 => format!("{first}\n{second}\n"),
            _ => "symbol,action,decided_at,id\nAAPL,exit,2026-11-20T21:05:00Z,1\nAAPL,exit,2026-11-20T21:05:00Z,25\n".to_owned(),
        };
        let whole = take(&text);
        prop_assert_eq!((whole.signals.len(), whole.faults.len()), (2, 0));
        let part = take(&text[..cut.min(text.len() - 1)]);
        prop_assert!(part.signals.iter().all(|signal| whole.signals.contains(signal)));
        if form < 2 {
            prop_assert!(part.signals.is_empty() && part.faults.len() == 1);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "[\\[\\]{}:,\"a-z0-9\\\\ \n.é-]{0,80}") {
        take(&text);
        take(&format!("[{text}]"));
        take(&format!("symbol,action\n{text}\n"));
    }
}

//! Words to words.

use serde_json::json;

use super::*;

fn venue() -> VenueId {
    VenueId::new("oanda").unwrap()
}

fn account_row(id: &str) -> wire::Account {
    serde_json::from_value(json!({"id": id, "currency": "EUR", "balance": "43650.7887", "NAV": "43500.1",
        "marginUsed": "948.9", "marginAvailable": "42551.2", "resettablePLTime": "0"}))
    .unwrap()
}

#[test]
fn one_account_is_found_and_several_are_not_chosen_from() {
    let seen = |rows: serde_json::Value| {
        only_account(&serde_json::from_value(json!({"accounts": rows})).unwrap()).map_err(|why| why.why)
    };
    let ours = json!({"id": "101-004-7654321-001", "tags": []});
    let bridge = json!({"id": "101-004-7654321-002", "mt4AccountID": 5_550_123, "tags": ["MT4"]});
    assert_eq!(seen(json!([ours, bridge])).unwrap(), "101-004-7654321-001");
    assert!(seen(json!([bridge])).is_err());
    let two = seen(json!([ours, {"id": "101-004-7654321-003"}])).unwrap_err();
    assert!(two.contains("101-004-7654321-003") && two.contains("OANDA_ACCOUNT_ID"), "{two}");
    assert!(seen(json!([{"id": "1234567"}])).is_err(), "an account of the first version");
}

#[test]
fn host_and_id_say_which_account_it_is() {
    let said =
        |wanted, host, id| identity(venue(), wanted, host, &account_row(id)).map(|of| (of.mode, of.currency));
    let eur = Currency::new("EUR").unwrap();
    assert_eq!(said(Mode::Practice, PRACTICE_HOST, "101-004-1-001").unwrap(), (Mode::Practice, eur));
    assert_eq!(said(Mode::Live, LIVE_HOST, "001-004-1-001").unwrap(), (Mode::Live, eur));
    assert_eq!(said(Mode::Practice, "127.0.0.1", "101-004-1-001").unwrap(), (Mode::Practice, eur));
    for (wanted, host, id) in [
        (Mode::Practice, PRACTICE_HOST, "001-004-1-001"),
        (Mode::Live, LIVE_HOST, "101-004-1-001"),
        (Mode::Practice, "127.0.0.1", "001-004-1-001"),
        (Mode::Live, LIVE_HOST, "777-004-1-001"),
        (Mode::Live, "127.0.0.1", "777-004-1-001"),
    ] {
        assert!(!said(wanted, host, id).unwrap_err().transient, "{host} {id}");
    }
}

#[test]
fn rules_come_from_the_precisions() {
    let row = json!({"name": "EUR_USD", "type": "CURRENCY", "displayPrecision": 5, "tradeUnitsPrecision": 0,
        "minimumTradeSize": "1", "maximumOrderUnits": "100000000", "marginRate": "0.0333", "tags": []});
    let read = |row: serde_json::Value, own: Option<&str>| {
        let own = own.map(|text| text.parse().unwrap());
        instrument(venue(), &serde_json::from_value(row).unwrap(), own).unwrap()
    };
    let rules = read(row.clone(), None).unwrap();
    assert_eq!(rules.key.symbol.as_str(), "EUR/USD");
    assert_eq!((rules.tick.get().to_string(), rules.lot.get()), ("0.00001".to_owned(), Decimal::ONE));
    assert_eq!(rules.margin.get().to_string(), "0.0333");
    assert_eq!(read(row.clone(), Some("0.05")).unwrap().margin.get().to_string(), "0.05");
    assert_eq!(read(row.clone(), Some("0.02")).unwrap().margin.get().to_string(), "0.0333");
    let mut metal = row.clone();
    metal["type"] = json!("METAL");
    assert!(read(metal, None).is_none());
    let mut mute = row;
    mute["displayPrecision"] = json!(null);
    assert!(instrument(venue(), &serde_json::from_value(mute).unwrap(), None).is_err());
}

#[test]
fn both_sides_of_a_pair_are_one_position() {
    let read = |long: serde_json::Value, short: serde_json::Value| {
        let row = json!({"instrument": "USD_JPY", "long": long, "short": short});
        position(venue(), &serde_json::from_value(row).unwrap())
    };
    let (flat, long, short) = (
        json!({"units": "0"}),
        json!({"units": "1000", "averagePrice": "150.001"}),
        json!({"units": "-1500", "averagePrice": "151.5"}),
    );
    let held = |long: &serde_json::Value, short: &serde_json::Value| {
        let position = read(long.clone(), short.clone()).unwrap()?;
        Some((position.held.get().to_string(), position.average.get().to_string()))
    };
    assert_eq!(held(&flat, &flat), None);
    assert_eq!(held(&long, &flat), Some(("1000".into(), "150.001".into())));
    assert_eq!(held(&long, &short), Some(("-500".into(), "151.5".into())));
    assert!(read(short, flat).is_err(), "a long side below nought");
}

#[test]
fn orders_of_a_trade_are_told_by_it() {
    let trades: Vec<wire::Trade> = serde_json::from_value(json!([{"id": "4102", "instrument": "EUR_USD",
        "currentUnits": "1000", "clientExtensions": {"id": "tw1aaaaaaaaaaaaaaaaaaaa-e1"}}]))
    .unwrap();
    let read =
        |order: serde_json::Value| open_order(venue(), &serde_json::from_value(order).unwrap(), &trades);
    let stop = read(json!({"id": "4104", "type": "STOP_LOSS", "price": "1.08", "tradeID": "4102",
        "clientExtensions": {"id": "tw1aaaaaaaaaaaaaaaaaaaa-e1-s"}, "triggerMode": "TOP_OF_BOOK"}))
    .unwrap();
    assert_eq!((stop.side, stop.qty.get()), (Side::Sell, Decimal::from(1000)));
    assert_eq!(stop.id.unwrap().as_str(), "tw1aaaaaaaaaaaaaaaaaaaa-e1-s");
    assert_eq!(stop.parent.unwrap().as_str(), "tw1aaaaaaaaaaaaaaaaaaaa-e1");
    let other =
        read(json!({"id": "4110", "type": "MARKET_IF_TOUCHED", "instrument": "EUR_USD", "units": "-5",
        "price": "1.2", "clientExtensions": {"id": "Somebody's Own"}}))
        .unwrap();
    assert_eq!((other.id.unwrap().as_str(), other.kind, other.side), ("o4110", None, Side::Sell));
    assert!(read(json!({"id": "4111", "type": "TAKE_PROFIT", "price": "1.2", "tradeID": "1"})).is_err());
    assert_eq!(spec(other.id.unwrap()), "4110");
    assert_eq!(spec(stop.id.unwrap()), "@tw1aaaaaaaaaaaaaaaaaaaa-e1-s");
}

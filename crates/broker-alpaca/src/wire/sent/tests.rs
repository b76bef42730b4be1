//! Every kind of order as it is sent, and every rule.

use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{Key, Protection, Purpose, Time, VenueId};

use super::*;

fn intent(symbol: &str, qty: &str, order: OrderKind, tif: TimeInForce) -> Intent {
    Intent {
        id: ClientOrderId::new("tw1abc-e1").unwrap(),
        key: Key { venue: VenueId::new("alpaca").unwrap(), symbol: Symbol::new(symbol).unwrap() },
        signal: None,
        purpose: Purpose::Entry,
        side: Side::Buy,
        qty: qty.parse().unwrap(),
        order,
        tif,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: price("1"),
        risk: None,
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn json(intent: &Intent) -> String {
    serde_json::to_string(&NewOrder::from_intent(intent).unwrap()).unwrap()
}

const LIMIT: OrderKind = OrderKind::MARKET;

fn kinds() -> [OrderKind; 5] {
    let (limit, trigger, distance) = (price("431.25"), price("420"), price("2.5"));
    [
        LIMIT,
        OrderKind::Limit(Limit { limit }),
        OrderKind::Stop(Stop { trigger }),
        OrderKind::StopLimit(StopLimit { trigger, limit }),
        OrderKind::TrailingStop(TrailingStop { distance }),
    ]
}

#[test]
fn every_kind_has_its_prices_and_no_other() {
    let told: Vec<String> = kinds().map(|kind| json(&intent("MSFT", "12", kind, TimeInForce::Gtc))).to_vec();
    let expected = [
        r#""type":"market""#,
        r#""type":"limit","limit_price":"431.25""#,
        r#""type":"stop","stop_price":"420""#,
        r#""type":"stop_limit","stop_price":"420","limit_price":"431.25""#,
        r#""type":"trailing_stop","trail_price":"2.5""#,
    ];
    for (told, kind) in told.iter().zip(expected) {
        assert_eq!(
            *told,
            format!(
                r#"{{"client_order_id":"tw1abc-e1","symbol":"MSFT","qty":"12","side":"buy",{kind},"time_in_force":"gtc"}}"#
            )
        );
    }
}

#[test]
fn a_bracket_brings_its_legs() {
    let plan = Protection { stop: Some(price("400")), target: Some(price("500")), trail: None };
    let with = |plan, qty| Intent {
        bracket: true,
        plan,
        ..intent("MSFT", qty, OrderKind::MARKET, TimeInForce::Gtc)
    };
    assert!(json(&with(plan, "12")).ends_with(
        r#""order_class":"bracket","take_profit":{"limit_price":"500"},"stop_loss":{"stop_price":"400"}}"#
    ));
    let stop_only = Protection { target: None, ..plan };
    assert!(
        json(&with(stop_only, "12")).ends_with(r#""order_class":"oto","stop_loss":{"stop_price":"400"}}"#)
    );
    let turned = Protection { stop: plan.target, target: plan.stop, trail: None };
    for (plan, qty, why) in [
        (Protection::default(), "12", "needs a stop"),
        (turned, "12", "the side of profit"),
        (plan, "0.5", "whole shares"),
    ] {
        let refused = NewOrder::from_intent(&with(plan, qty)).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let order = NewOrder::from_intent(&with(plan, "12")).unwrap();
    let limit_price = Some(price("398.5"));
    let stop_loss = order.stop_loss.map(|stop| StopLoss { limit_price, ..stop });
    let limited = NewOrder { stop_loss, ..order };
    assert!(limited.check().is_ok());
    assert!(
        serde_json::to_string(&limited)
            .unwrap()
            .ends_with(r#""stop_loss":{"stop_price":"400","limit_price":"398.5"}}"#)
    );
    let on_a_stop = Intent { bracket: true, plan, ..intent("MSFT", "12", kinds()[2], TimeInForce::Gtc) };
    assert!(NewOrder::from_intent(&on_a_stop).is_err());
}

#[test]
fn a_fraction_is_a_day_order() {
    for kind in &kinds()[..4] {
        let told = json(&intent("MSFT", "0.346981263", *kind, TimeInForce::Gtc));
        assert!(
            told.contains(r#""qty":"0.346981263""#) && told.contains(r#""time_in_force":"day""#),
            "{told}"
        );
    }
    let refused = |qty, kind, tif| NewOrder::from_intent(&intent("MSFT", qty, kind, tif)).unwrap_err();
    assert!(refused("0.5", kinds()[4], TimeInForce::Day).contains("whole shares"));
    assert!(refused("0.5", kinds()[1], TimeInForce::Ioc).contains("day order"));
    assert!(refused("0.0000000001", kinds()[0], TimeInForce::Day).contains("nine decimal places"));
    assert!(refused("0", kinds()[0], TimeInForce::Day).contains("above nought"));
    assert!(refused("1", kinds()[0], TimeInForce::Gtd(Time::UNIX_EPOCH)).contains("until a moment"));
    assert!(refused("1", kinds()[2], TimeInForce::Fok).contains("a stop lives"));
}

#[test]
fn coins_have_their_own_rules() {
    let coin = |kind, tif| {
        NewOrder::from_intent(&Intent { side: Side::Sell, ..intent("BTC/USD", "0.015", kind, tif) })
    };
    let told = serde_json::to_string(&coin(kinds()[2], TimeInForce::Gtc).unwrap()).unwrap();
    assert!(told.contains(r#""symbol":"BTC/USD","qty":"0.015""#), "{told}");
    assert!(told.contains(r#""type":"stop_limit","stop_price":"420","limit_price":"399""#), "{told}");
    assert!(coin(kinds()[0], TimeInForce::Ioc).is_ok());
    assert!(coin(kinds()[0], TimeInForce::Day).unwrap_err().contains("gtc or ioc"));
    assert!(coin(kinds()[4], TimeInForce::Gtc).unwrap_err().contains("stop-limit"));
}

#[test]
fn money_and_hours_outside_are_for_those_who_ask() {
    let order = NewOrder::from_intent(&intent("KO", "1", kinds()[0], TimeInForce::Day)).unwrap();
    let money = NewOrder { size: OrderSize::Money("25.50".parse().unwrap()), ..order.clone() };
    assert!(money.check().is_ok());
    assert!(serde_json::to_string(&money).unwrap().contains(r#""notional":"25.5""#));
    for (wrong, why) in [
        (NewOrder { size: OrderSize::Money("25.505".parse().unwrap()), ..order.clone() }, "whole cents"),
        (NewOrder { kind: OrderType::Limit { limit_price: price("70") }, ..money.clone() }, "market order"),
        (NewOrder { time_in_force: WireTimeInForce::Gtc, ..money }, "day order"),
        (NewOrder { extended_hours: true, ..order.clone() }, "only limit orders"),
    ] {
        let refused = wrong.check().unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let outside =
        NewOrder { extended_hours: true, kind: OrderType::Limit { limit_price: price("70") }, ..order };
    assert!(outside.check().is_ok());
    assert!(serde_json::to_string(&outside).unwrap().contains(r#""extended_hours":true"#));
}

#[test]
fn a_pair_that_closes_is_a_limit_order_with_a_stop_on_the_other_side() {
    let exit = |side, order, qty| {
        let intent = Intent { purpose: Purpose::Exit, side, ..intent("MSFT", qty, order, TimeInForce::Gtc) };
        NewOrder::from_intent(&intent).unwrap()
    };
    let stop = |text| StopLoss { stop_price: price(text), limit_price: None };
    let at = |text| OrderKind::Limit(Limit { limit: price(text) });
    // What was bought is sold higher or lower; what was sold short is bought back the other way round.
    let pair = exit(Side::Sell, at("500"), "12").or_stop(stop("400")).unwrap();
    let told = serde_json::to_string(&pair).unwrap();
    assert!(
        told.contains(r#""side":"sell","type":"limit","limit_price":"500","time_in_force":"gtc""#),
        "{told}"
    );
    assert!(
        told.ends_with(
            r#""order_class":"oco","take_profit":{"limit_price":"500"},"stop_loss":{"stop_price":"400"}}"#
        ),
        "{told}"
    );
    assert!(exit(Side::Buy, at("400"), "12").or_stop(stop("500")).is_ok());
    for (side, order, qty, trigger, why) in [
        (Side::Sell, at("500"), "12", "500", "the side of profit"),
        (Side::Sell, at("400"), "12", "500", "the side of profit"),
        (Side::Buy, at("500"), "12", "400", "the side of profit"),
        (Side::Sell, OrderKind::MARKET, "12", "400", "a stop and a target"),
        (Side::Sell, kinds()[3], "12", "400", "a stop and a target"),
        (Side::Sell, at("500"), "0.5", "400", "whole shares"),
    ] {
        let refused = exit(side, order, qty).or_stop(stop(trigger)).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let target = |text| Some(TakeProfit { limit_price: price(text) });
    for (wrong, why) in [
        (NewOrder { take_profit: target("501"), ..pair.clone() }, "its limit is its target"),
        (NewOrder { kind: OrderType::Market, ..pair.clone() }, "a limit order"),
        (NewOrder { take_profit: None, ..pair.clone() }, "a stop and a target"),
        (NewOrder { stop_loss: None, ..pair.clone() }, "a stop and a target"),
        (NewOrder { order_class: None, ..pair.clone() }, "a stop and a target"),
        (NewOrder { time_in_force: WireTimeInForce::Ioc, ..pair.clone() }, "day or gtc"),
        (NewOrder { time_in_force: WireTimeInForce::Fok, ..pair.clone() }, "day or gtc"),
        (NewOrder { extended_hours: true, ..pair.clone() }, "of the session"),
        (NewOrder { symbol: Symbol::new("BTC/USD").unwrap(), ..pair.clone() }, "coins have no brackets"),
        (NewOrder { size: OrderSize::Money("100".parse().unwrap()), ..pair.clone() }, "day order"),
    ] {
        let refused = wrong.check().unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    assert!(NewOrder { time_in_force: WireTimeInForce::Day, ..pair }.check().is_ok());
}

#[test]
fn a_stop_trails_by_a_distance_or_by_a_share() {
    let order = NewOrder::from_intent(&intent("MSFT", "12", kinds()[4], TimeInForce::Gtc)).unwrap();
    let by = |text: &str| OrderType::TrailingShare { trail_percent: text.parse().unwrap() };
    let told = serde_json::to_string(&NewOrder { kind: by("1.5"), ..order.clone() }).unwrap();
    assert!(told.contains(r#""type":"trailing_stop","trail_percent":"1.5","time_in_force":"gtc""#), "{told}");
    let half = OrderSize::Units("0.5".parse().unwrap());
    let refused = |order: NewOrder| order.check().unwrap_err();
    for share in ["0", "-1", "100"] {
        assert!(refused(NewOrder { kind: by(share), ..order.clone() }).contains("less than all"));
    }
    let day = WireTimeInForce::Day;
    assert!(
        refused(NewOrder { kind: by("1"), size: half, time_in_force: day, ..order.clone() })
            .contains("whole shares")
    );
    let tif = WireTimeInForce::Ioc;
    assert!(
        refused(NewOrder { kind: by("1"), time_in_force: tif, ..order.clone() }).contains("a stop lives")
    );
    assert!(
        refused(NewOrder { kind: by("1"), symbol: Symbol::new("BTC/USD").unwrap(), ..order })
            .contains("coins have market")
    );
}

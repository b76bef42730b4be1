//! Every refusal has its code, and uses up its id.

use super::*;

#[test]
fn every_refusal_has_its_code() {
    let mut engine = holding();
    let mut refused = |intent: Intent, code: &str| {
        let refusal = engine.accept(&intent, day(1)).unwrap_err();
        assert_eq!(refusal.code.as_str(), code, "{refusal}");
        assert!(refusal.text.contains(' '), "{refusal}");
        let again = engine.accept(&intent, day(1)).unwrap_err();
        assert_eq!(again.code.as_str(), "duplicate_id", "used up");
        if intent.id != n("e") {
            let order = engine.order(intent.id).unwrap();
            assert_eq!((order.end, order.venue_order), (Some(broker_api::End::Refused), None));
        }
    };
    let entry_stop =
        |id, trigger| order(id, "AAPL", Side::Buy, "1", OrderKind::Stop(Stop { trigger: n(trigger) }));
    refused(buy("e", "1"), "duplicate_id");
    refused(order("a1", "MSFT", Side::Buy, "1", OrderKind::MARKET), "unknown_instrument");
    let elsewhere = Key { venue: n("other"), symbol: n("AAPL") };
    refused(Intent { key: elsewhere, ..buy("a2", "1") }, "unknown_instrument");
    for (id, qty) in [("b1", "1.5"), ("b2", "2000000"), ("b3", "0")] {
        refused(buy(id, qty), "bad_quantity");
    }
    refused(limit("c1", "98.005"), "bad_price");
    refused(entry_stop("c2", "99"), "bad_price");
    refused(entry_stop("c3", "100"), "bad_price");
    refused(stop_limit("c4", "90", "91"), "bad_price");
    refused(Intent { tif: TimeInForce::Fok, ..stop("d1", "90") }, "bad_time_in_force");
    refused(Intent { tif: TimeInForce::Ioc, ..trailing("d2", "3") }, "bad_time_in_force");
    refused(Intent { tif: TimeInForce::Gtd(day(1)), ..buy("d3", "1") }, "bad_time_in_force");
    refused(Intent { side: Side::Buy, ..stop("f1", "110") }, "nothing_to_reduce");
    let exit = Intent { purpose: Purpose::Exit, ..order("f2", "KO", Side::Sell, "1", OrderKind::MARKET) };
    refused(exit, "nothing_to_reduce");
    refused(order("g", "KO", Side::Sell, "1", OrderKind::MARKET), "not_shortable");
    refused(order("h", "EUR/GBP", Side::Buy, "1", OrderKind::MARKET), "no_conversion");
    let cheap = OrderKind::Limit(Limit { limit: n("4") });
    refused(order("i", "KO", Side::Buy, "1", cheap), "min_notional");
    refused(buy("j", "91"), "insufficient_margin");
    refused(bracket("k1", "1", "100", "110"), "bad_bracket");
    refused(bracket("k2", "1", "95", "100"), "bad_bracket");
    refused(bracket("k3", "1", "95.001", "110"), "bad_bracket");
    refused(Intent { plan: Protection::default(), ..bracket("k4", "1", "95", "110") }, "bad_bracket");
    refused(Intent { reduce_only: true, ..bracket("k5", "1", "95", "110") }, "bad_bracket");
    refused(bracket("k6-and-an-id-of-31-bytes-in-all", "1", "95", "110"), "bad_bracket");
    let far = TrailingStop { distance: n("1000000000000") };
    refused(order("l", "AAPL", Side::Buy, "1", OrderKind::TrailingStop(far)), "bad_number");
}

#[test]
fn what_another_venue_trades_is_not_traded_here() {
    let key = Key { venue: n("other"), symbol: n("NVDA") };
    let catalog = Catalog::new(vec![Instrument { key, ..instrument("NVDA", AssetClass::Equity, "USD") }]);
    let mut engine = Matching::new(Arc::new(catalog.unwrap()), settings());
    let refused = engine.accept(&Intent { key, ..buy("a", "1") }, day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "unknown_instrument");
}

#[test]
fn the_same_orders_on_the_right_side_are_taken() {
    let mut engine = holding();
    let wake = |id, side, trigger, limit| {
        order(id, "AAPL", side, "1", OrderKind::StopLimit(StopLimit { trigger: n(trigger), limit: n(limit) }))
    };
    let short = Intent { side: Side::Sell, ..bracket("b", "1", "105", "95") };
    let buy_stop = order("c", "AAPL", Side::Buy, "1", OrderKind::Stop(Stop { trigger: n("100.01") }));
    let sell_stop = order("d", "AAPL", Side::Sell, "1", OrderKind::Stop(Stop { trigger: n("99.99") }));
    let wakes = [wake("e1", Side::Buy, "101", "101"), wake("e2", Side::Sell, "99", "98")];
    accept(&mut engine, &[short, buy_stop, sell_stop, wakes[0], wakes[1]], 1);
    // A protective stop that is passed already is taken, and fills at the next price.
    accept(&mut engine, &[stop("s", "105")], 1);
    assert_eq!(play(&mut engine, 1, ["99.995"; 4])[0], "s 10@99.99 gap");
}

#[test]
fn all_that_is_held_can_be_given_out_however_little_it_is() {
    let mut engine = holding();
    let ix = engine.catalog().find_symbol(n("AAPL")).unwrap();
    let held = engine.held(ix).size();
    // An instrument whose least order is larger than what is held, and whose lots are.
    let rules = engine.catalog().get(ix).unwrap();
    let larger = Instrument { qty_min: n("1000"), lot: n("1000"), ..rules.clone() };
    let catalog = Arc::new(Catalog::new(vec![larger]).unwrap());
    let saved = engine.save();
    engine = Matching::restore(catalog, settings(), saved).unwrap();
    let sale = |id, qty: broker_api::Qty| Intent {
        reduce_only: true,
        ..order(id, "AAPL", Side::Sell, &qty.to_string(), OrderKind::MARKET)
    };
    let less = held.minus(n("0.5")).unwrap();
    assert_eq!(engine.accept(&sale("less", less), day(1)).unwrap_err().code.as_str(), "bad_quantity");
    assert_eq!(engine.accept(&sale("all", held), day(1)), Ok(()));
}

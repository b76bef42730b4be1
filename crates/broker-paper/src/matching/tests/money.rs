//! Fees, conversion, and the account's figures.

use broker_api::Ratio;

use super::*;

#[test]
fn costs_are_against_us_and_the_least_fee_is_paid_once_per_order() {
    let mut engine = costly("0.002", "0.001", "0.0005", "1", Some("0.1"));
    accept(&mut engine, &[buy("e", "10")], 0);
    // 100 and half the spread: 100.10; slipped by 0.05005, rounded up: 100.16. A tenth of 60.
    let first = fills(&play_bar(&mut engine, bar(0, QUIET, Some("60"))));
    let second = fills(&play_bar(&mut engine, bar(1, QUIET, Some("600"))));
    let [one, two] = [first[0], second[0]];
    assert_eq!(
        (one.price, one.qty, one.fee),
        (n("100.16"), n("6"), n::<broker_api::Amount>("1").of(n("USD")))
    );
    // 1.0016 in all is 1.00, and 1 was paid.
    assert_eq!((two.qty, two.fee.amount), (n("4"), n("0")));
    assert_eq!(engine.account(day(1)).unwrap().balance, n("9999"));
}

#[test]
fn a_profit_in_pounds_becomes_dollars_at_the_rate_of_its_day() {
    let mut engine = free();
    let eurgbp = |id, side| order(id, "EUR/GBP", side, "1000", OrderKind::MARKET);
    let refused = engine.accept(&eurgbp("x", Side::Buy), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "no_conversion");
    quote(&mut engine, "GBP/USD", day(0), "1.25", "1.25");
    quote(&mut engine, "EUR/GBP", day(0), "0.84", "0.84");
    accept(&mut engine, &[eurgbp("a", Side::Buy)], 0);
    assert_eq!(told(&drain(&mut engine)), ["a 1000@0.84 quote"]);
    quote(&mut engine, "GBP/USD", day(1), "1.30", "1.30");
    quote(&mut engine, "EUR/GBP", day(1), "0.85", "0.85");
    // 1,000 times 0.01 pounds at 1.30; 1,000 times 0.85 pounds at a twentieth.
    let account = engine.account(day(1)).unwrap();
    let figures = (account.balance, account.equity, account.margin_used, account.buying_power);
    assert_eq!(figures, (n("10000"), n("10013"), n("55.25"), n("9957.75")));
    accept(&mut engine, &[eurgbp("b", Side::Sell)], 1);
    assert_eq!(fills(&drain(&mut engine))[0].rate, n("1.3"));
    assert_eq!(engine.account(day(1)).unwrap().balance, n("10013"));
}

#[test]
fn a_rate_is_found_directly_inversely_or_over_another_currency() {
    let mut engine = free();
    assert_eq!(engine.rate(n("USD")), Some(Ratio::ONE));
    assert_eq!(engine.rate(n("JPY")), None);
    quote(&mut engine, "EUR/GBP", day(0), "0.8", "0.8");
    assert_eq!(engine.rate(n("EUR")), None);
    quote(&mut engine, "GBP/USD", day(0), "1.2", "1.3");
    quote(&mut engine, "USD/JPY", day(0), "150", "150");
    assert_eq!(engine.rate(n("GBP")), Some(n("1.25")));
    assert_eq!(engine.rate(n("EUR")), Some(n("1")));
    assert_eq!(engine.rate(n("JPY")), Some(n("0.006666666666666667")));
    assert_eq!(engine.rate(n("CHF")), None);
}

#[test]
fn the_direct_pair_goes_before_the_inverse_and_that_before_a_third_currency() {
    let pair = |symbol: &str| instrument(symbol, AssetClass::Forex, symbol.split_once('/').unwrap().1);
    let pairs = ["EUR/GBP", "GBP/USD", "USD/EUR", "EUR/USD"].map(pair);
    let catalog = Arc::new(Catalog::new(pairs.to_vec()).unwrap());
    let mut engine = Matching::new(Arc::clone(&catalog), settings());
    let mut rate = |symbol, price| {
        let ix = catalog.find_symbol(n(symbol)).unwrap();
        engine.begin(&Moment::Quote { ix, quote: Quote { bid: n(price), ask: n(price), at: day(0) } });
        engine.rate(n("EUR"))
    };
    assert_eq!(rate("EUR/GBP", "0.5"), None);
    assert_eq!(rate("GBP/USD", "3"), Some(n("1.5")));
    assert_eq!(rate("USD/EUR", "0.8"), Some(n("1.25")));
    assert_eq!(rate("EUR/USD", "1.1"), Some(n("1.1")));
}

#[test]
fn a_part_releases_its_share_at_ten_places_and_the_last_all_that_is_left() {
    let mut engine = free();
    accept(&mut engine, &[buy("a", "2")], 0);
    play(&mut engine, 0, QUIET);
    accept(&mut engine, &[buy("b", "1")], 1);
    play(&mut engine, 1, ["101"; 4]);
    assert_eq!(engine.positions()[0].average, n("100.3333333333"));
    let sell = |id, qty| Intent { qty: n(qty), ..exit(id, Purpose::Exit, OrderKind::MARKET) };
    accept(&mut engine, &[sell("x", "1")], 2);
    play(&mut engine, 2, QUIET);
    assert_eq!(engine.account(day(2)).unwrap().balance, n("9999.6666666667"));
    accept(&mut engine, &[sell("y", "2")], 3);
    play(&mut engine, 3, QUIET);
    assert_eq!(engine.account(day(3)).unwrap().balance, n("9999"));
}

#[test]
fn who_owes_more_than_he_has_may_still_close() {
    let mut engine = free();
    let sale =
        |id, qty, limit| order(id, "AAPL", Side::Sell, qty, OrderKind::Limit(Limit { limit: n(limit) }));
    play(&mut engine, 0, QUIET);
    // A sale at 50 fills at 100 or above.
    let refused = engine.accept(&sale("a", "101", "50"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "insufficient_margin");
    accept(&mut engine, &[sale("b", "100", "50")], 0);
    assert_eq!(play(&mut engine, 1, QUIET), ["b 100@100 gap"]);
    play(&mut engine, 2, ["150"; 4]);
    let account = engine.account(day(2)).unwrap();
    assert_eq!((account.equity, account.margin_used, account.buying_power), (n("5000"), n("15000"), n("0")));
    accept(&mut engine, &[buy("c", "50")], 2);
    assert_eq!(play(&mut engine, 3, ["150"; 4]), ["c 50@150 open"]);
}

#[test]
fn the_fee_must_be_paid_too() {
    let mut engine = costly("0", "0.01", "0", "0", None);
    let refused = engine.accept(&buy("a", "100"), day(0)).unwrap_err();
    assert!(refused.text.contains("binds 10100 USD"), "{refused}");
    accept(&mut engine, &[buy("b", "99")], 0);
}

#[test]
fn what_only_closes_binds_nothing() {
    let mut engine = holding();
    accept(&mut engine, &[stop("a", "90"), stop("b", "91")], 1);
    accept(&mut engine, &[Intent { qty: n("90"), ..limit("l", "100") }], 1);
    engine.cancel(n("l"), day(1)).unwrap();
    // Of two sales of six, two open a short position: 200 of 9,000.
    let dear = OrderKind::Limit(Limit { limit: n("100") });
    let sell = |id| order(id, "AAPL", Side::Sell, "6", dear);
    accept(&mut engine, &[sell("c"), sell("d")], 1);
    let refused = engine.accept(&Intent { qty: n("89"), ..limit("m", "100") }, day(1)).unwrap_err();
    assert!(refused.text.contains("8800 is free"), "{refused}");
    accept(&mut engine, &[Intent { qty: n("88"), ..limit("o", "100") }], 1);
}

#[test]
fn what_works_binds_money_but_is_not_taken_off_the_buying_power() {
    let mut engine = free();
    let sized = |id, qty| Intent { qty: n(qty), ..limit(id, "100") };
    accept(&mut engine, &[sized("a", "60")], 0);
    let refused = engine.accept(&sized("b", "41"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "insufficient_margin");
    assert!(refused.text.contains("binds 4100 USD, and 4000 is free"), "{refused}");
    assert_eq!(engine.account(day(0)).unwrap().buying_power, n("10000"));
    engine.cancel(n("a"), day(0)).unwrap();
    accept(&mut engine, &[sized("c", "41")], 0);
}

#[test]
fn closing_needs_no_money() {
    let mut engine = free();
    accept(&mut engine, &[buy("e", "100")], 0);
    play(&mut engine, 0, QUIET);
    assert_eq!(engine.account(day(0)).unwrap().buying_power, n("0"));
    // All of it is given for what is held; a share more would open.
    let sell = |id, qty| order(id, "AAPL", Side::Sell, qty, OrderKind::MARKET);
    let refused = engine.accept(&sell("a", "101"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "insufficient_margin");
    accept(&mut engine, &[sell("b", "60"), sell("c", "40")], 0);
    let refused = engine.accept(&sell("d", "1"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "insufficient_margin");
}

#[test]
fn what_does_not_fit_is_said_and_does_not_panic() {
    let pair = |symbol, quote| {
        let (tick, most) = (n("0.000001"), n("1000000000000000"));
        let notional_min = n("0");
        Instrument { tick, qty_max: most, notional_min, ..instrument(symbol, AssetClass::Crypto, quote) }
    };
    let (coin, gold) = (pair("COIN/GOLD", "GOLD"), pair("GOLD/USD", "USD"));
    let catalog = Arc::new(Catalog::new(vec![coin.clone(), gold.clone()]).unwrap());
    let mut engine = Matching::new(Arc::clone(&catalog), settings());
    let quote = |engine: &mut Matching, symbol, price| {
        let ix = catalog.find_symbol(n(symbol)).unwrap();
        engine.begin(&Moment::Quote { ix, quote: Quote { bid: n(price), ask: n(price), at: day(0) } });
        engine.next_event()
    };
    quote(&mut engine, "GOLD/USD", "0.000001").unwrap();
    quote(&mut engine, "COIN/GOLD", "0.000001").unwrap();
    let coins = |id, side, qty| order(id, "COIN/GOLD", side, qty, OrderKind::MARKET);
    accept(&mut engine, &[coins("a", Side::Buy, "1000000000000000")], 0);
    assert_eq!(drain(&mut engine).len(), 1);
    assert_eq!(engine.account(day(0)).unwrap().equity, n("10000"));
    quote(&mut engine, "GOLD/USD", "1000000000000").unwrap();
    quote(&mut engine, "COIN/GOLD", "1000000000000").unwrap();
    assert_eq!(engine.account(day(0)), Err(broker_api::Overflow));
    let refused = engine.accept(&coins("b", Side::Buy, "1000000000000000"), day(0)).unwrap_err();
    assert_eq!(refused.code.as_str(), "bad_number");
    let all = Intent { reduce_only: true, ..coins("c", Side::Sell, "1000000000000000") };
    accept(&mut engine, &[all], 0);
    let before = engine.account(day(0));
    assert_eq!(engine.next_event(), Err(broker_api::Overflow));
    assert_eq!((engine.account(day(0)), engine.positions().len()), (before, 1));
}

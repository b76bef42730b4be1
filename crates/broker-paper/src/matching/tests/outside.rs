//! What a simulated broker does beside the orders: caps of a turn, executions taken back, fees in kind and in cash.

use super::*;

#[test]
fn a_capped_turn_fills_in_part_and_the_rest_follows() {
    let mut engine = free();
    quote(&mut engine, "AAPL", day(0), "100", "100");
    accept(&mut engine, &[buy("b", "10")], 0);
    engine.fill_at_most(n("b"), n("4"));
    assert_eq!(told(&drain(&mut engine)), ["b 4@100 quote"]);
    let saved = engine.save();
    let restored = Matching::restore(catalog(), settings(), saved).unwrap();
    for mut engine in [engine, restored] {
        assert_eq!(quote(&mut engine, "AAPL", day(1), "101", "101"), ["b 6@101 quote"]);
    }
}

#[test]
fn an_execution_that_is_taken_back_leaves_the_account_as_it_was() {
    let mut engine = holding();
    quote(&mut engine, "AAPL", day(1), "110", "110");
    accept(&mut engine, &[stop("s", "90")], 1);
    engine.book(ix("AAPL"), Side::Sell, n("10"), n("100"), day(1)).unwrap();
    assert_eq!(told(&drain(&mut engine)), ["s Cancelled nothing_to_reduce"]);
    assert!(engine.held(ix("AAPL")).is_flat());
    assert_eq!(engine.account(day(1)).unwrap().equity, n("10000"));
}

#[test]
fn what_is_kept_costs_its_worth_and_a_charge_its_amount() {
    let mut engine = holding();
    engine.keep_back(ix("AAPL"), n("4"), day(1)).unwrap();
    assert_eq!(engine.positions()[0].average, n("100"));
    engine.charge(n("50")).unwrap();
    let account = engine.account(day(1)).unwrap();
    assert_eq!((account.equity, account.balance), (n("9550"), n("9550")), "four at 100, and 50");
    engine.keep_back(ix("AAPL"), n("100"), day(1)).unwrap();
    assert!(engine.positions().is_empty());
    assert_eq!(engine.account(day(1)).unwrap().equity, n("8950"));
}

#[test]
fn what_is_split_came_to_what_it_did() {
    let mut engine = holding();
    engine.restate(ix("AAPL"), n("40"), day(1)).unwrap();
    assert_eq!((engine.held(ix("AAPL")), engine.positions()[0].average), (n("40"), n("25")));
    assert!(engine.restate(ix("AAPL"), n("-40"), day(1)).is_err(), "it does not turn");
    assert!(engine.restate(ix("AAPL"), n("0"), day(1)).is_err(), "nor end");
    let saved = engine.save();
    let restored = Matching::restore(catalog(), settings(), saved).unwrap();
    assert_eq!(restored.positions(), engine.positions());
}

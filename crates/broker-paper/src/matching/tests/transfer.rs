//! What comes from outside: at its own price, once, whole or not at all.

use broker_api::{Amount, VenuePosition};

use super::*;
use crate::matching::TransferIn;

fn position(symbol: &str, held: &str, average: &str) -> VenuePosition {
    let key = Key { venue: n("paper"), symbol: n(symbol) };
    VenuePosition { key, held: n(held), average: n(average) }
}

fn transfer(file: char, cash: Option<&str>, positions: Vec<VenuePosition>) -> TransferIn {
    TransferIn { file: n(&file.to_string().repeat(64)), cash: cash.map(n), positions }
}

fn priced(symbol: &str, bid: &str, ask: &str) -> Matching {
    let mut engine = free();
    let ix = engine.catalog().find_symbol(n(symbol)).unwrap();
    let quote = Quote { bid: n(bid), ask: n(ask), at: day(0) };
    engine.begin(&Moment::Quote { ix, quote });
    while engine.next_event().unwrap().is_some() {}
    engine
}

#[test]
fn a_position_comes_at_its_price_and_its_profit_is_the_flow() {
    let mut engine = priced("AAPL", "110", "111");
    let come = transfer('a', Some("5000"), vec![position("AAPL", "20", "100")]);
    let done = engine.transfer(&come).unwrap();
    // cash 5000 in the place of 10000, and 20 x 10 of open profit at the bid
    assert_eq!((done.flow, done.cash_taken), (n::<Amount>("-4800"), true));
    let account = engine.account(day(0)).unwrap();
    assert_eq!((account.balance, account.equity), (n("5000"), n("5200")));
    assert_eq!(engine.positions(), come.positions);
    // the same file again, and another that brings cash to an account that is not new
    assert_eq!(engine.transfer(&come).unwrap(), done);
    let later = engine.transfer(&transfer('b', Some("1"), Vec::new())).unwrap();
    assert_eq!((later.flow, later.cash_taken), (n("0"), false));
    assert_eq!(engine.account(day(0)).unwrap().equity, n("5200"));
    let again = Matching::restore(catalog(), settings(), engine.save()).unwrap();
    assert_eq!((again.save(), again.transfers()), (engine.save(), &[done, later][..]));
}

#[test]
fn what_cannot_come_changes_nothing() {
    let mut engine = priced("AAPL", "110", "111");
    engine.transfer(&transfer('a', None, vec![position("AAPL", "-3", "120")])).unwrap();
    let before = engine.save();
    for (file, rows, why) in [
        ('b', vec![position("AAPL", "1", "100")], "held already"),
        ('c', vec![position("KO", "1", "100")], "no price of paper:KO"),
        ('d', vec![position("KO", "-1", "100")], "cannot be sold short"),
        ('e', vec![position("MSFT", "1", "100")], "not traded here"),
        ('f', vec![position("AAPL", "0", "100")], "nothing of"),
    ] {
        let refusal = engine.transfer(&transfer(file, Some("7"), rows)).unwrap_err();
        assert!(refusal.text.contains(why), "{refusal}");
        assert_eq!(engine.save(), before);
    }
}

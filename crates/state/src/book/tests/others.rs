//! What others do to an account: booked as what it is, and kept out of the strategy's figures.

use broker_api::{Day, NonTrade, NonTradeKind, Reason, Repair, Repaired};

use super::*;
use crate::book::DUST;

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// A book that holds ten at 100.00, with a stop and a target, on a day that began with 1,000.
fn holding() -> Book {
    let mut book = bound();
    let day = Record::DayStarted {
        starts: at(1),
        equity: of("1000"),
        read: None,
        high_water: of("1200"),
        late: false,
        week: None,
        carried: None,
    };
    book.apply(&day, at(1)).unwrap();
    let Record::Intended { mut intent, mark, send_by, marks } = intended(0, Side::Buy, 10) else {
        unreachable!()
    };
    intent.plan = Protection { stop: Some(of("90.05")), target: Some(of("120.10")), trail: Some(of("5")) };
    intent.risk = Some(of("99.5"));
    book.apply(&Record::Intended { intent, mark, send_by, marks }, at(2)).unwrap();
    book.apply(&Record::Filled { fill: fill(0, "a", Side::Buy, 10, 10_000, 0) }, at(3)).unwrap();
    book
}

fn outside(name: &str, side: Side, qty: u32, price: i64) -> Record {
    let order = of("by-hand");
    Record::Outside { fill: Fill { order, ..fill(0, name, side, qty, price, 0) }, code: of("outside_trade") }
}

fn entry(id: &str, kind: NonTradeKind, units: &str, money: &str) -> NonTrade {
    let money = of::<Amount>(money).of(usd());
    NonTrade { id: of(id), kind, key: Some(key()), units: of(units), money, becomes: None, at: at(5) }
}

fn told(entry: NonTrade) -> Record {
    Record::NonTrade { venue: key().venue, entry, before: None }
}

// A position that was closed by hand stayed open in memory all session: nautechsystems/nautilus_trader#3655.
#[test]
fn what_a_person_sells_of_ours_closes_it_and_counts_as_neither_won_nor_lost() {
    let mut book = holding();
    book.apply(&outside("h1", Side::Sell, 4, 11_000), at(4)).unwrap();
    assert_eq!((book.held(key()), book.outside(key())), (of("6"), None));
    book.apply(&outside("h2", Side::Sell, 9, 11_000), at(5)).unwrap();
    assert_eq!((book.held(key()), book.outside(key()).unwrap().held), (Held::FLAT, of("-3")));
    let trade = book.trades().next().unwrap();
    assert_eq!(
        (trade.net(), trade.exit_code, trade.position.outside),
        (of("100"), Some(of("outside_trade")), Some(of("outside_trade")))
    );
    let totals = book.totals();
    assert_eq!((totals.trades, totals.outside, totals.wins, totals.losses), (1, 1, 0, 0));
    assert_eq!(book.guard().losses_in_row, 0);
    assert_eq!(book.guard().day.map(|day: Day| day.realised), Some(of("100")), "it is money all the same");
    let again = book.apply(&outside("h2", Side::Sell, 9, 11_000), at(6)).unwrap_err();
    assert!(again.why.contains("told before"), "{again}");
}

#[test]
fn a_persons_own_units_are_theirs_as_long_as_there_are_some() {
    let mut book = holding();
    book.apply(&outside("h1", Side::Buy, 5, 10_000), at(4)).unwrap();
    book.apply(&outside("h2", Side::Sell, 5, 10_000), at(5)).unwrap();
    assert_eq!(
        (book.held(key()), book.outside(key())),
        (of("10"), None),
        "bought and sold by hand, ours untouched"
    );
    book.apply(&outside("h3", Side::Sell, 1, 10_000), at(6)).unwrap();
    assert_eq!(book.held(key()), of("9"));
    assert_eq!(book.position(key()).unwrap().outside, Some(of("outside_trade")));
}

#[test]
fn a_split_changes_units_and_prices_and_leaves_what_it_came_to() {
    for (by, held, entered, stop, target, trail) in
        [("30", "40", "40", "22.5125", "30.025", "1.25"), ("-8", "2", "2", "450.25", "600.5", "25")]
    {
        let mut book = holding();
        book.apply(&told(entry("s1", NonTradeKind::Split, by, "0")), at(6)).unwrap();
        let position = book.position(key()).unwrap();
        assert_eq!((position.held, position.entered, position.cost), (of(held), of(entered), of("1000")));
        let plan = Protection { stop: Some(of(stop)), target: Some(of(target)), trail: Some(of(trail)) };
        assert_eq!((position.plan, position.risk), (plan, Some(of("99.5"))));
        assert_eq!(book.check(), Ok(()));
        assert!(book.apply(&told(entry("s1", NonTradeKind::Split, by, "0")), at(7)).is_err(), "counted once");
    }
    // Rounded away from the market: a third of 90.05 is no finite number.
    let mut book = holding();
    book.apply(&told(entry("s1", NonTradeKind::Split, "20", "0")), at(6)).unwrap();
    let plan = book.position(key()).unwrap().plan;
    assert_eq!((plan.stop, plan.target), (Some(of("30.0166666666")), Some(of("40.0333333334"))));
    assert!(
        book.apply(&told(entry("s2", NonTradeKind::Split, "-30", "0")), at(7)).is_err(),
        "nothing would be left"
    );
}

#[test]
fn what_a_split_makes_of_a_unit_is_not_guessed_from_a_book_that_differs() {
    let mut book = holding();
    let differs = |there: &str| Record::Diverged {
        venue: key().venue,
        key: Some(key()),
        reason: Reason::plain(of("position_differs"), "it differs"),
        fill: None,
        there: Some(of(there)),
    };
    book.apply(&differs("20"), at(4)).unwrap();
    // Twenty became forty there, and by the book ten would have become thirty.
    let split = told(entry("s1", NonTradeKind::Split, "20", "0"));
    let no = book.apply(&split, at(5)).unwrap_err();
    assert!(no.why.contains("20 were seen to be held instead of 10"), "{no}");
    assert_eq!(book.held(key()), of("10"));
    for there in ["10", "30"] {
        let mut book = book.clone();
        book.apply(&differs(there), at(6)).unwrap();
        book.apply(&split, at(7)).unwrap();
        assert_eq!(book.held(key()), of("30"), "{there} were held before it, or after");
    }
}

#[test]
fn money_that_comes_in_is_no_profit_and_a_dividend_is_summed_apart() {
    let mut book = holding();
    for (id, kind, money) in [
        ("t1", NonTradeKind::Transfer, "500"),
        ("t2", NonTradeKind::Transfer, "-200"),
        ("d1", NonTradeKind::Dividend, "1.20"),
        ("f1", NonTradeKind::Fee, "-0.03"),
        ("i1", NonTradeKind::Financing, "-0.40"),
    ] {
        book.apply(&told(NonTrade { key: None, ..entry(id, kind, "0", money) }), at(6)).unwrap();
    }
    let guard = book.guard();
    assert_eq!((guard.day.unwrap().equity, guard.high_water), (of("1300"), Some(of("1500"))));
    let sums = &book.totals().non_trades;
    let sum = |kind| sums.get(&kind).map(|sum| (sum.count, sum.money));
    assert_eq!(sum(NonTradeKind::Transfer), Some((2, of("300"))));
    assert_eq!(sum(NonTradeKind::Dividend), Some((1, of("1.2"))));
    assert_eq!(
        (sum(NonTradeKind::Fee), sum(NonTradeKind::Financing)),
        (Some((1, of("-0.03"))), Some((1, of("-0.4"))))
    );
    assert_eq!((book.totals().gross, book.totals().fees), (Amount::ZERO, Amount::ZERO));
}

#[test]
fn under_a_new_symbol_the_position_goes_on() {
    let mut book = holding();
    let new = Key { symbol: of("META"), ..key() };
    let change = NonTrade { becomes: Some(new), ..entry("c1", NonTradeKind::SymbolChange, "0", "0") };
    book.apply(&told(change), at(6)).unwrap();
    assert!(book.position(key()).is_none());
    let position = book.position(new).unwrap();
    assert_eq!((position.key, position.held, position.number), (new, of("10"), 1));
    assert_eq!(book.check(), Ok(()));
}

#[test]
fn units_that_go_without_a_trade_go_for_what_they_came_to() {
    let mut book = holding();
    book.apply(&told(entry("u1", NonTradeKind::UnitTransfer, "-10", "0")), at(6)).unwrap();
    let trade = book.trades().next().unwrap();
    assert_eq!((trade.net(), trade.exit_code), (Amount::ZERO, Some(of("units_moved"))));
    assert_eq!((book.totals().outside, book.totals().losses), (1, 0));
}

#[test]
fn each_repair_makes_of_the_book_what_it_says() {
    let repaired = |repair, there: &str| {
        let mut book = holding();
        let reason = Reason::plain(of("position_differs"), "3 more");
        let there = of(there);
        let said =
            Record::Diverged { venue: key().venue, key: Some(key()), reason, fill: None, there: Some(there) };
        book.apply(&said, at(5)).unwrap();
        let plan = Protection { stop: Some(of("80")), ..Protection::default() };
        let with = Repaired { repair, there, average: Some(of("110")), plan, until: None };
        let by = Record::Repaired {
            venue: key().venue,
            key: Some(key()),
            with,
            name: "ann".into(),
            reason: "seen".into(),
        };
        book.apply(&by, at(6)).unwrap();
        assert_eq!((book.diverged().len(), book.check()), (0, Ok(())));
        book
    };
    let book = repaired(Repair::TrustBroker, "0");
    let trade = book.trades().next().unwrap();
    assert_eq!((book.positions().len(), trade.net(), trade.exit_code), (0, Amount::ZERO, Some(of("repair"))));
    let book = repaired(Repair::Adopt, "13");
    let position = book.position(key()).unwrap();
    assert_eq!((position.held, position.cost, position.plan.stop), (of("13"), of("1330"), Some(of("80"))));
    let book = repaired(Repair::Ignore, "13");
    assert_eq!((book.held(key()), book.outside(key()).unwrap().held), (of("10"), of("3")));
    let book = repaired(Repair::Close, "13");
    assert_eq!(
        (book.held(key()), book.exit_wanted(key()).map(|exit| exit.code)),
        (of("13"), Some(of("repair")))
    );
    let book = repaired(Repair::TrustBroker, "-2");
    assert_eq!((book.held(key()), book.trades().len()), (of("-2"), 1));
}

#[test]
fn no_more_than_both_hold_is_confirmed() {
    let mut book = holding();
    assert_eq!(book.confirmed(key()), of("10"));
    for (there, confirmed) in [("3", "3"), ("0", "0"), ("-4", "0"), ("12", "10")] {
        let reason = Reason::plain(of("position_differs"), "differs");
        let there = Some(of(there));
        book.apply(
            &Record::Diverged { venue: key().venue, key: Some(key()), reason, fill: None, there },
            at(5),
        )
        .unwrap();
        assert_eq!(book.confirmed(key()), of(confirmed), "{there:?}");
    }
    // Two more are sold: ten are left of the twelve, and the same ones are not confirmed once more.
    book.apply(&outside("h1", Side::Sell, 2, 10_000), at(6)).unwrap();
    let there = book.diverged().next().and_then(|(_, divergence)| divergence.there);
    assert_eq!((there, book.confirmed(key())), (Some(of("10")), of("8")));
}

#[test]
fn what_was_too_little_for_an_order_is_a_part_of_our_trade() {
    let mut book = holding();
    book.apply(&Record::CloseStarted { key: key() }, at(4)).unwrap();
    assert!(book.closing(key()).unwrap().asking);
    let Record::Outside { fill, .. } = outside("d1", Side::Sell, 10, 9_000) else { unreachable!() };
    book.apply(&Record::Outside { fill, code: DUST }, at(5)).unwrap();
    let totals = book.totals();
    assert_eq!((totals.trades, totals.losses, totals.outside, book.closing(key())), (1, 1, 0, None));
}

// The end of a log is read again at each start, however long nothing happened.
#[test]
fn the_last_execution_is_known_when_it_is_told_again_after_weeks() {
    let mut book = holding();
    book.apply(&intended(1, Side::Sell, 10), at(4)).unwrap();
    book.apply(&Record::Filled { fill: fill(1, "b", Side::Sell, 10, 11_000, 0) }, at(5)).unwrap();
    for week in 1..6 {
        let now = at(5) + TimeDelta::weeks(week);
        let day = Record::DayStarted {
            starts: now,
            equity: of("1100"),
            read: None,
            high_water: of("1200"),
            late: false,
            week: None,
            carried: None,
        };
        book.apply(&day, now).unwrap();
        assert!(
            book.has_execution(key().venue, of("1-b")) || book.has_execution(key().venue, of("b")),
            "week {week}"
        );
        assert!(book.order(fill(1, "b", Side::Sell, 10, 1, 0).order).is_some(), "week {week}");
    }
}

#[test]
fn the_time_without_a_stop_is_measured_from_the_execution_until_it_rests() {
    let mut book = holding();
    let bare = |book: &Book| book.position(key()).unwrap().bare;
    assert_eq!((bare(&book).since.is_some(), bare(&book).longest_ms), (true, 0));
    let Record::Intended { mut intent, mark, send_by, marks } = intended(1, Side::Sell, 10) else {
        unreachable!()
    };
    intent.purpose = Purpose::Stop;
    let stop = intent.id;
    book.apply(&Record::Intended { intent, mark, send_by, marks }, at(4)).unwrap();
    assert!(bare(&book).since.is_some(), "sent is not there yet");
    let accepted = SubmitOutcome::Accepted { venue_order: None };
    let from = bare(&book).since.unwrap();
    book.apply(
        &Record::Answered { order: stop, attempt: 1, answer: accepted },
        from + TimeDelta::milliseconds(750),
    )
    .unwrap();
    assert_eq!((bare(&book).since, bare(&book).total_ms, bare(&book).longest_ms), (None, 750, 750));
    let closed = Record::Closed { order: stop, end: broker_api::End::Expired, code: of("expired") };
    book.apply(&closed, from + TimeDelta::seconds(100)).unwrap();
    assert!(bare(&book).since.is_some());
    book.apply(&outside("h1", Side::Sell, 10, 11_000), from + TimeDelta::seconds(102)).unwrap();
    let trade = book.trades().next().unwrap();
    assert_eq!(trade.position.bare.since, None, "nothing is held any more");
}

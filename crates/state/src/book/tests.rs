//! What no sequence of records may do to the book: let quantity or cash drift, leave a trace of what was refused,
//! count an execution twice. The sums beside it are kept in integers (cents, whole units) and share no code with it.

use broker_api::{
    Account, AccountId, AccountRef, Amount, Code, Currency, Cursor, ExecutionId, Fill, Held, Intent, Key,
    Mode, OrderKind, Price, Protection, Purpose, Qty, Ratio, Record, Side, SubmitOutcome, Symbol, Time,
    TimeInForce, VenueId,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::Book;

/// What people allow.
mod allowed;
/// Fees in kind.
mod coins;
mod joined;
/// What others do.
mod others;
/// Parts of trading that are stopped.
mod stops;

fn at(second: i64) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn key() -> Key {
    Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new("AAPL").unwrap() }
}

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

fn cents(value: i64) -> String {
    format!("{}{}.{:02}", if value < 0 { "-" } else { "" }, value.abs() / 100, value.abs() % 100)
}

fn cursor() -> Cursor {
    Cursor::new("0").unwrap()
}

fn bound() -> Book {
    let mut book = Book::default();
    let of = AccountRef {
        venue: key().venue,
        account: AccountId::new("P1").unwrap(),
        mode: Mode::Paper,
        currency: usd(),
    };
    let account = Account {
        of,
        equity: "1000".parse().unwrap(),
        balance: "1000".parse().unwrap(),
        margin_used: Amount::ZERO,
        buying_power: "1000".parse().unwrap(),
        coin_power: None,
        previous_close: None,
        blocked: false,
        at: at(0),
    };
    book.apply(&Record::VenueBound { of, equity: account.equity, cursor: cursor() }, at(0)).unwrap();
    book
}

/// The `n`th order: `qty` units on one side.
fn intended(n: usize, side: Side, qty: u32) -> Record {
    let intent = Intent {
        id: format!("tw1test-e{n}").parse().unwrap(),
        key: key(),
        signal: None,
        purpose: Purpose::Entry,
        side,
        qty: qty.to_string().parse().unwrap(),
        order: OrderKind::MARKET,
        tif: TimeInForce::Gtc,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: "100".parse().unwrap(),
        risk: None,
    };
    Record::Intended { intent, mark: cursor(), send_by: at(60), marks: broker_api::Marks::default() }
}

/// An execution of the `n`th order.
fn fill(n: usize, name: &str, side: Side, qty: u32, price: i64, fee: i64) -> Fill {
    Fill {
        execution: ExecutionId::new(name).unwrap(),
        order: format!("tw1test-e{n}").parse().unwrap(),
        key: key(),
        side,
        qty: qty.to_string().parse().unwrap(),
        price: cents(price).parse().unwrap(),
        fee: cents(fee).parse::<Amount>().unwrap().of(usd()),
        kept: Qty::ZERO,
        rate: Ratio::ONE,
        at: at(1),
        model: None,
    }
}

/// One order of the generated sequence, filled in two parts.
#[derive(Clone, Debug)]
struct Traded {
    buys: bool,
    parts: [u32; 2],
    prices: [i64; 2],
    fee: i64,
}

fn traded() -> impl Strategy<Value = Traded> {
    (any::<bool>(), [1u32..50, 1u32..50], [1i64..100_000, 1i64..100_000], 0i64..500)
        .prop_map(|(buys, parts, prices, fee)| Traded { buys, parts, prices, fee })
}

/// Plays the orders and gives the book, the units held and the cents received, fees apart.
fn play(orders: &[Traded]) -> (Book, i64, i64, i64) {
    let mut book = bound();
    let (mut held, mut cash, mut fees) = (0, 0, 0);
    for (n, order) in orders.iter().enumerate() {
        let side = if order.buys { Side::Buy } else { Side::Sell };
        book.apply(&intended(n, side, order.parts.iter().sum()), at(1)).unwrap();
        for (part, (qty, price)) in order.parts.iter().zip(order.prices).enumerate() {
            let name = format!("x{n}-{part}");
            book.apply(&Record::Filled { fill: fill(n, &name, side, *qty, price, order.fee) }, at(1))
                .unwrap();
            let sign = if order.buys { 1 } else { -1 };
            held += sign * i64::from(*qty);
            cash -= sign * i64::from(*qty) * price;
            fees += order.fee;
        }
    }
    (book, held, cash, fees)
}

/// Profit booked, less what the open position cost, signed by its direction: what was received for all fills.
fn cash_of(book: &Book) -> Amount {
    let open = book.position(key()).map_or(Amount::ZERO, |position| {
        if position.held.is_long() { position.cost } else { position.cost.negated() }
    });
    book.totals().gross.minus(open).unwrap()
}

fn is_cents(amount: Amount, value: i64) -> bool {
    amount == cents(value).parse().unwrap()
}

proptest! {
    #[test]
    fn no_fills_let_quantity_or_cash_drift(orders in prop::collection::vec(traded(), 1..40)) {
        let (book, held, cash, fees) = play(&orders);
        prop_assert_eq!(book.held(key()), held.to_string().parse::<Held>().unwrap());
        prop_assert!(is_cents(cash_of(&book), cash), "{} and {}", cash_of(&book), cents(cash));
        prop_assert!(is_cents(book.totals().fees, fees));
        prop_assert_eq!(book.open_orders().len(), 0);
        let (mut gross, mut paid) = (Amount::ZERO, Amount::ZERO);
        for position in book.trades().map(|trade| &trade.position).chain(book.positions()) {
            gross = gross.plus(position.gross).unwrap();
            paid = paid.plus(position.fees).unwrap();
        }
        prop_assert_eq!((gross, paid), (book.totals().gross, book.totals().fees));
    }

    #[test]
    fn the_book_reads_back_as_it_was_written(orders in prop::collection::vec(traded(), 0..20)) {
        let (book, ..) = play(&orders);
        let text = serde_json::to_string(&book).unwrap();
        prop_assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), book);
    }

    #[test]
    fn what_is_taken_back_was_never_there(
        orders in prop::collection::vec(traded(), 0..20),
        qty in 1u32..50,
        price in 1i64..100_000,
    ) {
        let (mut book, held, cash, fees) = play(&orders);
        let side = if held < 0 { Side::Sell } else { Side::Buy }; // adds to what is held
        let n = orders.len();
        book.apply(&intended(n, side, qty), at(1)).unwrap();
        book.apply(&Record::Filled { fill: fill(n, "late", side, qty, price, 7) }, at(1)).unwrap();
        let busted = Record::Busted { venue: key().venue, execution: ExecutionId::new("late").unwrap() };
        // A position that turned keeps its first fill split over two trades, which is refused, not guessed.
        if let Err(refused) = book.apply(&busted, at(2)) {
            prop_assert!(book.trades().len() > 0, "{refused}");
            return Ok(());
        }
        prop_assert_eq!(book.held(key()), held.to_string().parse::<Held>().unwrap());
        prop_assert!(is_cents(cash_of(&book), cash) && is_cents(book.totals().fees, fees));
        // Read again, as where two readings of a log overlap, it counts no more than before.
        let told_again = Record::Filled { fill: fill(n, "late", side, qty, price, 7) };
        prop_assert!(book.apply(&told_again, at(3)).is_err() && book.apply(&busted, at(3)).is_err());
    }
}

#[test]
fn an_order_of_which_a_part_was_taken_back_is_whole_with_the_rest_and_waits_for_nothing() {
    let mut book = bound();
    book.apply(&intended(0, Side::Buy, 83), at(1)).unwrap();
    book.apply(&Record::Filled { fill: fill(0, "a", Side::Buy, 33, 10_000, 0) }, at(1)).unwrap();
    let busted = Record::Busted { venue: key().venue, execution: ExecutionId::new("a").unwrap() };
    book.apply(&busted, at(2)).unwrap();
    let order = book.open_orders().next().unwrap();
    assert_eq!((order.filled, order.remaining()), (Qty::ZERO, "50".parse().unwrap()));
    book.apply(&Record::Filled { fill: fill(0, "b", Side::Buy, 50, 10_000, 0) }, at(3)).unwrap();
    assert_eq!(book.open_orders().count(), 0, "the venue executes nothing of it again");
    assert_eq!(book.held(key()), "50".parse().unwrap());
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let (book, ..) = play(&[Traded { buys: true, parts: [3, 4], prices: [10_000, 10_100], fee: 1 }]);
    let known = fill(0, "x0-0", Side::Buy, 3, 10_000, 1);
    let refused = [
        Record::Filled { fill: known },
        Record::Filled { fill: fill(9, "new", Side::Buy, 1, 10_000, 0) },
        Record::Filled { fill: fill(0, "new", Side::Sell, 1, 10_000, 0) },
        intended(0, Side::Buy, 1),
        Record::Started { life: 7, version: "0".into(), limits: "a".repeat(64).parse().unwrap() },
        Record::Busted { venue: key().venue, execution: ExecutionId::new("never").unwrap() },
        Record::CancelStarted { order: known.order, code: Code::fixed("test") },
    ];
    for record in refused {
        let mut after = book.clone();
        assert!(after.apply(&record, at(3)).is_err(), "{record:?}");
        assert_eq!(after, book, "{record:?}");
    }
}

#[test]
fn a_start_makes_what_was_on_its_way_unknown() {
    let mut book = bound();
    book.apply(&intended(0, Side::Buy, 5), at(1)).unwrap();
    let started = Record::Started { life: 1, version: "0".into(), limits: "a".repeat(64).parse().unwrap() };
    book.apply(&started, at(2)).unwrap();
    let order = book.open_orders().next().unwrap();
    assert_eq!(order.phase, broker_api::Phase::Unknown);
    let exposure = book.exposure(key());
    assert_eq!((exposure.unknown, exposure.entering), (1, "5".parse::<Qty>().unwrap()));
}

#[test]
fn a_round_trip_is_one_trade_with_its_prices() {
    let (book, ..) = play(&[
        Traded { buys: true, parts: [3, 1], prices: [10_000, 10_400], fee: 10 },
        Traded { buys: false, parts: [2, 2], prices: [11_000, 11_200], fee: 10 },
    ]);
    let trade = book.trades().next().unwrap();
    assert_eq!(trade.entry(), Some("101".parse::<Price>().unwrap()));
    assert_eq!(trade.exit_price(), Some("111".parse::<Price>().unwrap()));
    assert_eq!(trade.net(), "39.60".parse().unwrap());
    assert_eq!((book.totals().trades, book.totals().wins, book.positions().len()), (1, 1, 0));
}

#[test]
fn an_exit_that_was_refused_is_free_again_once_its_entry_brings_more() {
    let mut book = bound();
    book.apply(&intended(0, Side::Buy, 10), at(1)).unwrap();
    book.apply(&Record::Filled { fill: fill(0, "a", Side::Buy, 4, 10_000, 0) }, at(1)).unwrap();
    book.apply(&Record::ExitWanted { key: key(), signal: None, code: Code::fixed("test") }, at(2)).unwrap();
    let Record::Intended { intent, mark, send_by, marks } = intended(1, Side::Sell, 4) else {
        unreachable!()
    };
    let intent = Intent { purpose: Purpose::Exit, reduce_only: true, ..intent };
    let order = intent.id;
    book.apply(&Record::Intended { intent, mark, send_by, marks }, at(2)).unwrap();
    let answer =
        SubmitOutcome::Refused { code: Code::fixed("insufficient_quantity"), text: "a stop has it".into() };
    book.apply(&Record::Answered { order, attempt: 1, answer }, at(3)).unwrap();
    let failed = |book: &Book| book.exit_wanted(key()).unwrap().failed_at;
    assert_eq!(failed(&book), Some(at(3)));
    book.apply(&Record::Filled { fill: fill(0, "b", Side::Buy, 6, 10_000, 0) }, at(4)).unwrap();
    assert_eq!(failed(&book), None);
}

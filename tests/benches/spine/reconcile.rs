//! The book held against what a venue holds: how long it takes beside a quarter of it. Linear is a ratio of four.

use std::hint::black_box;

use broker_api::{
    AccountRef, Amount, Fill, Held, Holdings, Intent, Key, Marks, Mode, OpenOrder, OrderKind, Protection,
    Purpose, Qty, Ratio, Record, Side, Symbol, Time, TimeInForce, VenueOrder, VenuePosition,
};
use chrono::{DateTime, TimeDelta};
use state::Book;
use state::reconcile::{Says, reconcile};

use crate::ratio::{Row, pair, timed_many};

/// Symbols, positions among them, and orders that were executed before.
const WHOLE: [usize; 3] = [500, 100, 10_000];
/// How often it is compared in one measurement.
const EACH: u32 = 20;

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(second: usize) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(second).unwrap())
}

fn key(n: usize) -> Key {
    Key { venue: of("paper"), symbol: Symbol::new(&format!("S{n}")).unwrap() }
}

/// A book of so many symbols, positions with their stops, and orders behind it; and what its venue says it holds.
fn world([symbols, held, orders]: [usize; 3]) -> (Book, Holdings) {
    let mut book = Book::default();
    let account = AccountRef { venue: of("paper"), account: of("p"), mode: Mode::Paper, currency: of("USD") };
    let mut put = |record: Record, second| {
        book.apply(&record, at(second)).unwrap();
    };
    put(Record::VenueBound { of: account, equity: of("100000"), cursor: of("0") }, 0);
    let intent = |n: usize, key: Key, side: Side, purpose: Purpose| Intent {
        id: of(&format!("tw1bench-{}{n}", purpose.letter())),
        key,
        signal: None,
        purpose,
        side,
        qty: of("10"),
        order: OrderKind::MARKET,
        tif: TimeInForce::Day,
        reduce_only: false,
        bracket: false,
        plan: Protection::default(),
        reference: of("100"),
        risk: None,
    };
    let sent = |intent| Record::Intended { intent, mark: of("0"), send_by: at(60), marks: Marks::default() };
    let mut trade = |n: usize, key: Key, side: Side| {
        let order = intent(n, key, side, Purpose::Entry);
        put(sent(order), n);
        let fee = of::<Amount>("0").of(of("USD"));
        let execution = of(&format!("x{n}"));
        let (qty, price, kept, rate) = (order.qty, order.reference, Qty::ZERO, Ratio::ONE);
        let fill = Fill {
            execution,
            order: order.id,
            key,
            side,
            qty,
            price,
            fee,
            kept,
            rate,
            at: at(n),
            model: None,
        };
        put(Record::Filled { fill }, n);
    };
    for n in 0..(orders - held) / 2 {
        trade(2 * n, key(n % symbols), Side::Buy);
        trade(2 * n + 1, key(n % symbols), Side::Sell);
    }
    for n in 0..held {
        trade(orders + n, key(n), Side::Buy);
    }
    let mut holdings = Holdings::default();
    for n in 0..held {
        let stop = intent(n, key(n), Side::Sell, Purpose::Stop);
        put(sent(stop), orders);
        let held = Held::new(stop.qty.get()).unwrap();
        holdings.positions.push(VenuePosition { key: stop.key, held, average: stop.reference });
        holdings.orders.push(OpenOrder {
            id: Some(stop.id),
            parent: None,
            key: stop.key,
            side: stop.side,
            qty: stop.qty,
            kind: Some(stop.order),
            order: VenueOrder { venue_order: None, end: None, filled: Qty::ZERO },
        });
    }
    (book, holdings)
}

/// How long it takes where all is the same, which is what a pass usually finds; and where one position is not, so that
/// all executions are looked at for one of just now.
pub(crate) fn rows() -> [Row; 2] {
    let now = at(100_000);
    let (whole, quarter) = (world(WHOLE), world(WHOLE.map(|n| n / 4)));
    let mut others = [whole.clone(), quarter.clone()];
    for (_, holdings) in &mut others {
        holdings.positions[0].held = of("11");
    }
    let [other_whole, other_quarter] = others;
    let differing = |(book, holdings): &(Book, Holdings)| {
        let found = reconcile(book, of("paper"), holdings, now);
        assert_eq!(found.verdicts.len(), holdings.positions.len());
        found.verdicts.iter().filter(|verdict| verdict.says != Says::Match).count()
    };
    assert_eq!([&whole, &quarter, &other_whole, &other_quarter].map(differing), [0, 0, 1, 1]);
    let compare = |(book, holdings): &(Book, Holdings)| {
        timed_many(EACH, || black_box(reconcile(book, of("paper"), holdings, now)))
    };
    let measured = |name, [whole, quarter]: [&(Book, Holdings); 2]| {
        let names = (name, "a quarter of it (linear: 4)");
        pair(names, 100, || compare(whole), || compare(quarter)).of_each(EACH)
    };
    [
        measured("reconcile: 500 symbols, 100 positions, 10,000 orders", [&whole, &quarter]),
        measured("the same, one position differs", [&other_whole, &other_quarter]),
    ]
}

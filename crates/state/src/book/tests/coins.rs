//! Fees in kind, as venues of coins take them: what is held, what it cost and what was paid for it, against sums in whole
//! numbers (thousandths of a coin, cents, and the product of the two).

use super::*;

fn coin() -> Key {
    Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new("BTC/USD").unwrap() }
}

/// So many thousandths.
fn milli(value: i64) -> String {
    format!("{}{}.{:03}", if value < 0 { "-" } else { "" }, value.abs() / 1000, value.abs() % 1000)
}

/// Thousandths of cents.
fn money(value: i64) -> Amount {
    let text =
        format!("{}{}.{:05}", if value < 0 { "-" } else { "" }, value.abs() / 100_000, value.abs() % 100_000);
    text.parse().unwrap()
}

/// An execution whose venue keeps something of the coin, or takes money.
#[derive(Clone, Debug)]
struct Done {
    buys: bool,
    qty: i64,
    price: i64,
    /// Of the coin, less than was executed.
    kept: i64,
    fee: i64,
}

fn done() -> impl Strategy<Value = Done> {
    let fees = (0i64..1000, 0i64..300, any::<bool>());
    (any::<bool>(), 2i64..50_000, 1i64..10_000_000, fees).prop_map(
        |(buys, qty, price, (kept, fee, in_kind))| {
            // At most a quarter is kept, and it is one or the other.
            let kept = if in_kind { qty * kept / 4000 } else { 0 };
            Done { buys, qty, price, kept, fee: if in_kind { 0 } else { fee } }
        },
    )
}

fn execution(n: usize, name: &str, done: &Done) -> Fill {
    let side = if done.buys { Side::Buy } else { Side::Sell };
    Fill {
        key: coin(),
        qty: milli(done.qty).parse().unwrap(),
        kept: milli(done.kept).parse().unwrap(),
        ..fill(n, name, side, 1, done.price, done.fee)
    }
}

fn order(n: usize, done: &Done) -> Record {
    let side = if done.buys { Side::Buy } else { Side::Sell };
    let Record::Intended { mut intent, mark, send_by, marks } = intended(n, side, 1) else { unreachable!() };
    (intent.key, intent.qty) = (coin(), milli(done.qty).parse().unwrap());
    Record::Intended { intent, mark, send_by, marks }
}

/// Plays them, and gives the book, the thousandths held and the thousandths of cents that came and went.
fn play_coins(all: &[Done]) -> (Book, i64, i64) {
    let mut book = bound();
    let (mut held, mut cash) = (0, 0);
    for (n, done) in all.iter().enumerate() {
        book.apply(&order(n, done), at(1)).unwrap();
        book.apply(&Record::Filled { fill: execution(n, &format!("x{n}"), done) }, at(1)).unwrap();
        // What is kept leaves the account as coins, and never as money.
        held += if done.buys { done.qty - done.kept } else { -done.qty - done.kept };
        cash += if done.buys { -1 } else { 1 } * done.qty * done.price - done.fee * 1000;
    }
    (book, held, cash)
}

/// What was received for all fills: profit after fees, less what the open position cost.
fn cash_of(book: &Book) -> Amount {
    let open = book.position(coin()).map_or(Amount::ZERO, |position| {
        if position.held.is_long() { position.cost } else { position.cost.negated() }
    });
    book.totals().gross.minus(book.totals().fees).unwrap().minus(open).unwrap()
}

proptest! {
    #[test]
    fn what_is_kept_lets_neither_quantity_nor_cash_drift(all in prop::collection::vec(done(), 1..40)) {
        let (book, held, cash) = play_coins(&all);
        prop_assert_eq!(book.held(coin()), milli(held).parse::<Held>().unwrap());
        prop_assert_eq!(cash_of(&book), money(cash));
        prop_assert_eq!(book.open_orders().len(), 0, "an order is complete by what was executed");
        prop_assert!(book.check().is_ok(), "{:?}", book.check());
    }

    #[test]
    fn what_is_held_can_be_sold_whole(all in prop::collection::vec(done(), 1..20)) {
        let bought: Vec<Done> = all.into_iter().map(|done| Done { buys: true, ..done }).collect();
        let (.., held, _) = play_coins(&bought);
        let exit = Done { buys: false, qty: held, price: 77_700, kept: 0, fee: 12 };
        let (book, held, cash) = play_coins(&[bought, vec![exit]].concat());
        prop_assert_eq!((held, book.positions().len(), book.trades().len()), (0, 0, 1));
        prop_assert_eq!(book.trades().next().unwrap().net(), money(cash));
    }

    #[test]
    fn what_is_taken_back_gives_back_what_was_kept(
        all in prop::collection::vec(done().prop_map(|done| Done { buys: true, ..done }), 1..20),
        late in done(),
    ) {
        let (mut book, held, cash) = play_coins(&all);
        let late = Done { buys: true, ..late };
        book.apply(&order(all.len(), &late), at(1)).unwrap();
        book.apply(&Record::Filled { fill: execution(all.len(), "late", &late) }, at(1)).unwrap();
        let busted = Record::Busted { venue: coin().venue, execution: ExecutionId::new("late").unwrap() };
        book.apply(&busted, at(2)).unwrap();
        prop_assert_eq!(book.held(coin()), milli(held).parse::<Held>().unwrap());
        prop_assert_eq!(cash_of(&book), money(cash));
    }
}

#[test]
fn a_fee_is_worth_what_its_currency_is_or_is_refused() {
    let one = Done { buys: true, qty: 2000, price: 10_000, kept: 0, fee: 100 };
    let told = |currency: &str, rate: &str| {
        let mut fill = execution(0, "x", &one);
        fill.fee.currency = Currency::new(currency).unwrap();
        fill.rate = rate.parse().unwrap();
        fill
    };
    let fees = |fill: Fill| {
        let mut book = bound();
        book.apply(&order(0, &one), at(1)).unwrap();
        let before = book.clone();
        match book.apply(&Record::Filled { fill }, at(1)) {
            Ok(_) => Some(book.totals().fees.to_string()),
            Err(refused) => {
                assert!(
                    refused.to_string().contains("fee") || refused.to_string().contains("kept"),
                    "{refused}"
                );
                assert_eq!(book, before, "no trace");
                None
            }
        }
    };
    assert_eq!(fees(told("USD", "0.9")).as_deref(), Some("1.00"), "the account's own");
    assert_eq!(fees(told("EUR", "0.9")), None, "of neither");
    let pair = |fill: Fill, quote: &str| {
        let symbol = Symbol::new(&format!("BTC/{quote}")).unwrap();
        Fill { key: Key { symbol, ..fill.key }, ..fill }
    };
    let in_euros = pair(told("EUR", "1.1"), "EUR");
    let mut book = bound();
    let Record::Intended { mut intent, mark, send_by, marks } = order(0, &one) else { unreachable!() };
    intent.key = in_euros.key;
    book.apply(&Record::Intended { intent, mark, send_by, marks }, at(1)).unwrap();
    book.apply(&Record::Filled { fill: in_euros }, at(1)).unwrap();
    assert_eq!(book.totals().fees, "1.10".parse().unwrap(), "at the rate of the fill");
    assert_eq!(fees(execution(0, "x", &Done { kept: 2000, fee: 0, ..one.clone() })), None, "all of it");
}

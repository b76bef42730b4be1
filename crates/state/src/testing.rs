//! What the tests of this crate share: short records, a journal's worth of random ones, and a row of each kind.

use broker_api::arming::{BROKER_PAPER, Disarmed, GateOverridden, GatePassed, PAPER};
use broker_api::{
    AccountId, AccountRef, Amount, Armed, AssetClass, By, CancelOutcome, Code, Currency, Cursor, Direction,
    End, Ending, ExecutionId, Figures, Fill, Finding, Intent, Key, Level, LimitsConfirmed, LimitsSet, Marks,
    Mode, NonTrade, NonTradeKind, OrderKind, Proof, Protection, Purpose, Ratio, Reason, Record, Repair,
    Repaired, Scope, Side, Signal, SignalId, SizeWanted, StrategyId, SubmitOutcome, Symbol, Time,
    TimeInForce, VenueId, Wanted,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use crate::encode::digest;
use crate::{Batch, Book, Journal, Store};

pub(crate) fn at(second: i64) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

pub(crate) fn key(n: u8) -> Key {
    let symbol = ["AAPL", "EUR/USD", "BTC/USD"][usize::from(n) % 3];
    Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() }
}

pub(crate) fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

pub(crate) fn cursor(n: u8) -> Cursor {
    Cursor::new(&n.to_string()).unwrap()
}

pub(crate) fn reason(n: u8) -> Reason {
    Reason::plain(Code::fixed("test"), format!("because of {n}"))
}

pub(crate) fn account() -> AccountRef {
    AccountRef {
        venue: key(0).venue,
        account: AccountId::new("P1").unwrap(),
        mode: Mode::Paper,
        currency: usd(),
    }
}

/// The same account with real money in it.
pub(crate) fn live() -> AccountRef {
    AccountRef { mode: Mode::Live, ..account() }
}

/// What a book of random records is bound to: practice or real money.
pub(crate) fn bindings() -> impl Strategy<Value = Record> {
    let of = prop_oneof![Just(account()), Just(live())];
    of.prop_map(|of| Record::VenueBound { of, equity: "1000".parse().unwrap(), cursor: cursor(0) })
}

pub(crate) fn bound() -> Record {
    Record::VenueBound { of: account(), equity: "1000".parse().unwrap(), cursor: cursor(0) }
}

pub(crate) fn started(life: u32) -> Record {
    Record::Started { life, version: "0".into(), limits: digest(b"limits") }
}

fn plan(n: u8) -> Protection {
    let stop = n.is_multiple_of(2).then(|| "90".parse().unwrap());
    Protection { stop, target: n.is_multiple_of(3).then(|| "120.5".parse().unwrap()), trail: None }
}

fn signal_id(n: u8) -> SignalId {
    SignalId::new(&format!("s{n}")).unwrap()
}

pub(crate) fn signal(n: u8) -> Record {
    let size = match n % 4 {
        0 => SizeWanted::Quantity("5".parse().unwrap()),
        1 => SizeWanted::Notional("500.50".parse().unwrap()),
        2 => SizeWanted::RiskPct("0.5".parse().unwrap()),
        _ => SizeWanted::Configured,
    };
    let wanted = match n % 5 {
        3 => Wanted::Exit,
        4 => Wanted::Adjust { plan: plan(n) },
        _ => Wanted::Enter { side: Direction::Long, size, plan: plan(n) },
    };
    let signal = Signal {
        id: signal_id(n),
        strategy: StrategyId::new("trend-a").unwrap(),
        symbol: key(n).symbol,
        decision_price: n.is_multiple_of(2).then(|| "100".parse().unwrap()),
        bar_close: (n % 2 == 1).then(|| at(0)),
        decided_at: at(1),
        expires_at: at(1_000),
        wanted,
    };
    Record::SignalTaken { signal, digest: digest(&[n]) }
}

fn order_id(n: u8) -> broker_api::ClientOrderId {
    format!("tw1test-e{n}").parse().unwrap()
}

fn side(n: u8) -> Side {
    if n.is_multiple_of(2) { Side::Buy } else { Side::Sell }
}

pub(crate) fn intent(n: u8, kind: u8) -> Intent {
    let (limit, trigger) = ("101".parse().unwrap(), "99".parse().unwrap());
    let order = match kind % 5 {
        0 => OrderKind::MARKET,
        1 => OrderKind::Limit(broker_api::intent::Limit { limit }),
        2 => OrderKind::Stop(broker_api::intent::Stop { trigger }),
        3 => OrderKind::StopLimit(broker_api::intent::StopLimit { trigger, limit }),
        _ => OrderKind::TrailingStop(broker_api::intent::TrailingStop { distance: trigger }),
    };
    Intent {
        id: order_id(n),
        key: key(n / 2),
        signal: (kind % 2 == 1).then(|| signal_id(n % 4)),
        purpose: [Purpose::Entry, Purpose::Entry, Purpose::Stop, Purpose::Exit][usize::from(kind) % 4],
        side: side(n),
        qty: "10".parse().unwrap(),
        order,
        tif: if kind.is_multiple_of(2) { TimeInForce::Gtc } else { TimeInForce::Gtd(at(500)) },
        reduce_only: false,
        bracket: false,
        plan: plan(kind),
        reference: "100".parse().unwrap(),
        risk: kind.is_multiple_of(3).then(|| "12.5".parse().unwrap()),
    }
}

pub(crate) fn intended(n: u8, kind: u8) -> Record {
    let (mark, marks) = (cursor(0), Marks::default());
    Record::Intended { intent: intent(n, kind), mark, send_by: at(60), marks }
}

/// An execution of the `n`th order: `qty` units for `price` cents.
pub(crate) fn fill(n: u8, name: u8, qty: u8, price: u16) -> Fill {
    Fill {
        execution: ExecutionId::new(&format!("x{n}-{name}")).unwrap(),
        order: order_id(n),
        key: key(n / 2),
        side: side(n),
        qty: qty.to_string().parse().unwrap(),
        price: format!("{}.{:02}", price / 100, price % 100).parse().unwrap(),
        fee: "0.25".parse::<Amount>().unwrap().of(usd()),
        kept: broker_api::Qty::ZERO,
        rate: Ratio::ONE,
        at: at(i64::from(price)),
        model: n.is_multiple_of(2).then_some(Code::fixed("bar")),
    }
}

/// Any record of a small world: most of them can follow, in some order.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let small = || (0u8..8, 0u8..12, 1u8..11, 1u16..30_000);
    let orders = small().prop_flat_map(|(n, m, qty, price)| {
        let order = order_id(n);
        prop_oneof![
            4 => Just(intended(n, m)),
            4 => Just(Record::Filled { fill: fill(n, m, qty, price) }),
            2 => Just(Record::Answered { order, attempt: 1, answer: answer(m) }),
            1 => Just(Record::AskStarted { order }),
            1 => Just(Record::AskAnswered { order, finding: finding(m) }),
            1 => Just(Record::Resent { order, attempt: 2, mark: cursor(m), send_by: at(90), marks: Marks::default() }),
            1 => Just(Record::GaveUp { order, reason: reason(m) }),
            1 => Just(Record::CancelStarted { order, code: Code::fixed("exit") }),
            1 => Just(Record::CancelAnswered { order, answer: CancelOutcome::Accepted }),
            1 => Just(Record::Closed { order, end: End::Cancelled, code: Code::fixed("cancelled") }),
            1 => Just(Record::Busted { venue: key(n).venue, execution: fill(n, m, 1, 1).execution }),
            1 => Just(Record::Corrected { fill: fill(n, m, qty, price) }),
        ]
    });
    let others = small().prop_flat_map(|(n, m, _, price)| {
        let (signal_id, key) = (signal_id(n % 4), key(n));
        prop_oneof![
            3 => Just(signal(n % 4)),
            1 => Just(Record::SignalConflicted { signal: signal_id, digest: digest(&[m]) }),
            1 => Just(Record::SignalEnded { signal: signal_id, ending: Ending::ALL[usize::from(n)], reason: Some(reason(m)), marks: None }),
            1 => Just(Record::CursorMoved { venue: key.venue, cursor: cursor(m) }),
            1 => Just(Record::PlanSet { key, plan: plan(m), signal: signal_id }),
            1 => Just(Record::ExitWanted { key, signal: None, code: Code::fixed("exit") }),
            1 => Just(Record::ProtectionBlocked { key, purpose: Purpose::Stop, reason: reason(m), retry_at: at(5), bound: at(30) }),
            1 => Just(Record::DayStarted { starts: at(i64::from(price) * 30), equity: "900".parse().unwrap(), read: (m % 3 == 0).then(|| "890".parse().unwrap()), high_water: "1000".parse().unwrap(), late: false, week: (m % 2 == 0).then(|| "950".parse().unwrap()), carried: None }),
            1 => Just(Record::LevelSet { level: Level::Paused, by: By::Operator { name: "ann".into() }, reason: reason(m), until: Some(at(9)) }),
            1 => Just(Record::EntriesStopped { scope: scope(n), reason: reason(m), until: (m % 3 > 0).then(|| at(i64::from(m))) }),
            1 => Just(Record::EntriesAllowed { scope: scope(n), by: if m % 2 == 0 { By::Guard } else { By::Operator { name: "ann".into() } }, reason: reason(m) }),
            1 => Just(Record::Diverged { venue: key.venue, key: n.is_multiple_of(2).then_some(key), reason: reason(m), fill: Some(fill(n, m, 1, 1)), there: None }),
            1 => Just(Record::Outside { fill: fill(n, m, 1, price), code: Code::fixed("outside_trade") }),
            1 => Just(Record::NonTrade { venue: key.venue, entry: non_trade(n, m), before: (m % 2 == 0).then(|| "800".parse().unwrap()) }),
            1 => Just(Record::Repaired { venue: key.venue, key: Some(key), with: repaired(n, m), name: "ann".into(), reason: "so it is".into() }),
            1 => Just(Record::StopTrailed { key, stop: format!("{price}.5").parse().unwrap() }),
            1 => Just(Record::CloseStarted { key }),
            1 => Just(Record::CloseAnswered { key, answer: CancelOutcome::Accepted }),
            1 => (1u32..4).prop_map(started),
            1 => Just(Record::Stopped { life: 1, exit: 0, equity: None, left: Vec::new() }),
        ]
    });
    prop_oneof![30 => orders, 20 => others, 5 => small().prop_map(|(n, m, ..)| permitted(n, m))]
}

/// What people allow: limits in their versions, real money that is armed for a while, gates.
fn permitted(n: u8, m: u8) -> Record {
    let version = u32::from(m % 3) + 1;
    let (name, reason): (Box<str>, Box<str>) = ("ann".into(), format!("because of {m}").into());
    let figures = || -> Figures { [("positions_max".into(), m.to_string().into())].into() };
    match n % 7 {
        0 | 1 => Record::LimitsSet(LimitsSet { version, figures: figures() }),
        2 => {
            let from = at(i64::from(m));
            Record::LimitsConfirmed(LimitsConfirmed { figures: figures(), from, name, reason })
        }
        3 => {
            let (until, drilled) = (at(10 + i64::from(m)), m.is_multiple_of(2).then(|| at(0)));
            Record::Armed(Armed { of: live(), until, limits: version, drilled, name, reason })
        }
        4 => {
            let by = if m.is_multiple_of(2) { By::Guard } else { By::Operator { name } };
            Record::Disarmed(Disarmed { by, reason: self::reason(m) })
        }
        5 => Record::GateOverridden(GateOverridden { gate: BROKER_PAPER, name, reason }),
        _ => {
            let gate = if m.is_multiple_of(2) { PAPER } else { BROKER_PAPER };
            Record::GatePassed(GatePassed { gate, certificate: digest(&[m]), name, reason })
        }
    }
}

fn scope(n: u8) -> Scope {
    match n % 3 {
        0 => Scope::Class(AssetClass::ALL[usize::from(n) % 3]),
        1 => Scope::Strategy("trend-a".parse().unwrap()),
        _ => Scope::Instrument(key(n)),
    }
}

fn non_trade(n: u8, m: u8) -> NonTrade {
    let units: i64 = i64::from(m) - 4;
    NonTrade {
        id: ExecutionId::new(&format!("n{m}")).unwrap(),
        kind: NonTradeKind::ALL[usize::from(n + m) % NonTradeKind::ALL.len()],
        key: Some(key(n)),
        units: units.to_string().parse().unwrap(),
        money: "1.5".parse::<Amount>().unwrap().of(usd()),
        becomes: Some(key(n + 1)),
        at: at(i64::from(m)),
    }
}

fn repaired(n: u8, m: u8) -> Repaired {
    Repaired {
        repair: Repair::ALL[usize::from(n) % Repair::ALL.len()],
        there: (i64::from(m) - 5).to_string().parse().unwrap(),
        average: Some("101".parse().unwrap()),
        plan: plan(n),
        until: None,
    }
}

fn answer(m: u8) -> SubmitOutcome {
    match m % 4 {
        0 => SubmitOutcome::Accepted { venue_order: Some("v1".parse().unwrap()) },
        1 => SubmitOutcome::Unknown { why: "no answer".into() },
        2 => SubmitOutcome::NotSent { why: "no line".into() },
        _ => SubmitOutcome::Throttled { until: at(7) },
    }
}

fn finding(m: u8) -> Option<Finding> {
    match m % 3 {
        0 => None,
        1 => Some(Finding::NotYet { again_at: at(8) }),
        _ => Some(Finding::Absent { proof: Proof::CompleteLog { from: cursor(0), to: cursor(m) } }),
    }
}

/// Puts what can follow into batches of up to `size` records, commits each, and gives the book.
pub(crate) fn commit<S: Store>(journal: &mut Journal<S>, records: &[Record], size: usize) -> Book {
    let mut book = Book::default();
    journal.fold(&mut book, |_| true).unwrap();
    for (n, part) in records.chunks(size.max(1)).enumerate() {
        let mut batch = Batch::<()>::new(book.seq() + 1);
        for record in part {
            let _ = batch.put(&mut book, record.clone(), at(i64::try_from(n).unwrap()));
        }
        journal.commit(batch).unwrap().open();
    }
    book
}

/// A round trip, an open position with a stop, and a signal: enough of everything to look at.
pub(crate) fn story() -> Vec<Record> {
    vec![
        bound(),
        started(1),
        signal(0),
        intended(0, 3 * 4),
        Record::Filled { fill: fill(0, 0, 4, 10_000) },
        Record::Filled { fill: fill(0, 1, 6, 10_100) },
        intended(1, 0),
        Record::Filled { fill: fill(1, 0, 10, 11_000) },
        intended(2, 1),
        Record::Filled { fill: fill(2, 0, 7, 200) },
    ]
}

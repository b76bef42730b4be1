//! Random orders and prices; the engine against sums of its own events, in integers.

use std::collections::BTreeMap;

use broker_api::{Price, Qty};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Order { kind: u8, sell: bool, qty: i64, cents: i64, reduce: bool, tif: u8, bracket: bool, ko: bool },
    Cancel(usize),
    Day { ko: bool, prices: [i64; 4], volume: Option<i64> },
    Quote { ko: bool, bid: i64, gap: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    let order = (0_u8..5, 1_i64..40, 9_000_i64..11_000, 0_u8..5, flags).prop_map(
        |(kind, qty, cents, tif, (sell, reduce, bracket, ko))| Act::Order {
            kind,
            sell,
            qty,
            cents,
            reduce,
            tif,
            bracket,
            ko,
        },
    );
    let volume = proptest::option::of(1_i64..200);
    let prices = (9_000_i64..11_000, 0_i64..900, 0_i64..900, 0_i64..=100, volume);
    let ko = || prop::bool::weighted(0.2);
    let day = (prices, ko()).prop_map(|((open, up, down, at, volume), ko)| {
        let (high, low) = (open + up, open - down);
        Act::Day { ko, prices: [open, high, low, low + (high - low) * at / 100], volume }
    });
    let quote = (9_000_i64..11_000, 0_i64..40, ko()).prop_map(|(bid, gap, ko)| Act::Quote { ko, bid, gap });
    let act = prop_oneof![5 => order, 1 => (0_usize..40).prop_map(Act::Cancel), 4 => day, 2 => quote];
    proptest::collection::vec(act, 1..60)
}

fn cents(value: i64) -> Price {
    Price::new(Decimal::new(value, 2)).unwrap()
}

fn name(ko: bool) -> &'static str {
    if ko { "KO" } else { "AAPL" }
}

/// An engine that is saved as text and restored at its call of a number.
struct World {
    engine: Matching,
    calls: usize,
    swap_at: Option<usize>,
    /// Bars are passed where that goes, and how many were.
    passes: Option<usize>,
    events: Vec<VenueEvent>,
    intents: BTreeMap<String, Intent>,
}

impl World {
    fn new(swap_at: Option<usize>) -> Self {
        let engine = costly("0.001", "0.0004", "0.0002", "0.35", Some("0.5"));
        Self { engine, calls: 0, swap_at, passes: None, events: Vec::new(), intents: BTreeMap::new() }
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Matching) -> T) -> T {
        self.calls += 1;
        if self.swap_at == Some(self.calls) {
            let text = serde_json::to_string(&self.engine.save()).unwrap();
            let saved = serde_json::from_str(&text).unwrap();
            let settings = self.engine.settings().clone();
            self.engine = Matching::restore(catalog(), settings, saved).unwrap();
            assert_eq!(serde_json::to_string(&self.engine.save()).unwrap(), text);
        }
        call(&mut self.engine)
    }

    fn drain(&mut self) {
        while let Some(event) = self.call(Matching::next_event).unwrap() {
            self.events.push(event);
        }
    }

    fn play(&mut self, moments: &[Moment]) {
        for moment in moments {
            self.call(|engine| engine.begin(moment));
            self.drain();
        }
    }

    fn carry_out(&mut self, acts: &[Act]) {
        for (act, d) in acts.iter().zip(0..) {
            let at = day(d);
            match act {
                Act::Order { kind, sell, qty, cents: price, reduce, tif, bracket, ko } => {
                    let side = if *sell { Side::Sell } else { Side::Buy };
                    let price = cents(*price);
                    let kind = match kind {
                        0 => OrderKind::MARKET,
                        1 => OrderKind::Limit(Limit { limit: price }),
                        2 => OrderKind::Stop(Stop { trigger: price }),
                        3 => OrderKind::StopLimit(StopLimit { trigger: price, limit: price }),
                        _ => OrderKind::TrailingStop(TrailingStop { distance: cents(500) }),
                    };
                    let mut intent = order(&format!("o{d}"), name(*ko), side, &qty.to_string(), kind);
                    intent.reduce_only = *reduce;
                    intent.bracket = *bracket && !*reduce;
                    let (low, high) = (Some(cents(8_700)), Some(cents(11_300)));
                    let (stop, target) = if *sell { (high, low) } else { (low, high) };
                    intent.plan = Protection { stop, target, trail: None };
                    let soon = TimeInForce::Gtd(at + TimeDelta::days(5));
                    let all = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok, soon];
                    intent.tif = all[usize::from(*tif)];
                    if self.call(|engine| engine.accept(&intent, at)).is_ok() {
                        self.intents.insert(intent.id.to_string(), intent);
                    }
                }
                Act::Cancel(which) => {
                    let done = self.call(|engine| engine.cancel(n(&format!("o{which}")), at));
                    self.events.extend(done);
                }
                Act::Day { ko, prices, volume } => {
                    let [open, high, low, close] = prices.map(cents);
                    let volume = volume.map(|v| Qty::new(Decimal::from(v)).unwrap());
                    let closes = at + TimeDelta::minutes(390);
                    let bar = Bar { opens: at, closes, open, high, low, close, volume, spread: None };
                    match &mut self.passes {
                        Some(passed) if self.engine.pass(ix(name(*ko)), &bar) => *passed += 1,
                        _ => self.play(&moments(name(*ko), bar)),
                    }
                }
                Act::Quote { ko, bid, gap } => {
                    let quote = Quote { bid: cents(*bid), ask: cents(bid + gap), at };
                    self.play(&[Moment::Quote { ix: ix(name(*ko)), quote }]);
                }
            }
            self.drain();
        }
    }
}

/// In cents, which all prices, values and fees here are whole numbers of.
fn in_cents(value: Decimal) -> i128 {
    let scaled = value * Decimal::from(100);
    assert!(scaled.fract().is_zero(), "{value}");
    i128::try_from(scaled).unwrap()
}

/// Four ten-thousandths of so many cents, half a cent to the even neighbour; at least 35.
fn fee(value: i128) -> i128 {
    let (whole, rest) = (value * 4 / 10_000, value * 4 % 10_000);
    let up = rest > 5_000 || rest == 5_000 && whole % 2 == 1;
    (whole + i128::from(up)).max(35)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What is held and owned is what the fills come to.
    #[test]
    fn nothing_drifts(acts in acts()) {
        let mut world = World::new(None);
        world.carry_out(&acts);
        let (mut held, mut orders) = (BTreeMap::new(), BTreeMap::new());
        let (mut cash, mut marked) = (1_000_000_i128, 0);
        for fill in fills(&world.events) {
            let qty = i128::try_from(fill.qty.get()).unwrap();
            let value = in_cents(fill.price.get()) * qty;
            let sign = if fill.side == Side::Buy { 1 } else { -1 };
            *held.entry(fill.key).or_insert(0) += sign * qty;
            cash -= sign * value + in_cents(fill.fee.amount.get());
            let (traded, paid) = orders.entry(fill.order).or_insert((0, 0));
            *traded += value;
            *paid += in_cents(fill.fee.amount.get());
            prop_assert_eq!(*paid, fee(*traded));
        }
        for (key, held) in held {
            let ix = catalog().find(key).unwrap();
            prop_assert_eq!(in_cents(world.engine.held(ix).get()), held * 100);
            let mark = world.engine.rows[ix.index()].mark.unwrap();
            let price = if held > 0 { mark.bid } else { mark.ask };
            // In ten-thousandths of a cent: marks are not rounded to ticks.
            marked += i128::try_from((price.get() * Decimal::from(1_000_000)).trunc()).unwrap() * held;
        }
        let equity = world.engine.account(day(99)).unwrap().equity.get();
        let equity = (equity * Decimal::from(1_000_000)).round();
        prop_assert_eq!(i128::try_from(equity).unwrap(), cash * 10_000 + marked);
    }

    /// No order does more than it may.
    #[test]
    fn orders_keep_to_what_they_are(acts in acts()) {
        let mut world = World::new(None);
        world.carry_out(&acts);
        let (mut held, mut filled) = (BTreeMap::new(), BTreeMap::new());
        let mut bars = BTreeMap::new();
        for (number, fill) in fills(&world.events).iter().enumerate() {
            prop_assert_eq!(fill.execution.to_string(), format!("x{}", number + 1));
            let held = held.entry(fill.key).or_insert(Decimal::ZERO);
            let signed = fill.side.signed(fill.qty).get();
            let id = fill.order.to_string();
            let leg = id.ends_with("-s") || id.ends_with("-t");
            let entry = world.intents[id.trim_end_matches("-s").trim_end_matches("-t")];
            prop_assert_eq!(fill.side == entry.side, !leg);
            if leg || entry.reduce_only {
                prop_assert!(*held * signed < Decimal::ZERO && signed.abs() <= held.abs());
            }
            *held += signed;
            prop_assert!(fill.key.symbol != n("KO") || !held.is_sign_negative() || held.is_zero());
            if let (OrderKind::Limit(Limit { limit }), false) = (entry.order, leg) {
                let worse = if fill.side == Side::Buy { fill.price > limit } else { fill.price < limit };
                prop_assert!(!worse, "filled at {} beyond {}", fill.price, limit);
            }
            let sum = filled.entry(fill.order).or_insert(Decimal::ZERO);
            *sum += fill.qty.get();
            prop_assert!(*sum <= entry.qty.get());
            if entry.tif == TimeInForce::Fok && !leg && !entry.reduce_only && entry.key.symbol != n("KO") {
                prop_assert_eq!(*sum, entry.qty.get());
            }
            if fill.model != Some(broker_api::Code::fixed("quote")) {
                *bars.entry((fill.key, fill.at.date_naive())).or_insert(Decimal::ZERO) += fill.qty.get();
            }
        }
        for ((key, date), qty) in bars {
            let d = usize::try_from((date - day(0).date_naive()).num_days()).unwrap();
            let Act::Day { ko, volume, .. } = &acts[d] else { panic!("no bar") };
            prop_assert_eq!(key.symbol, n(name(*ko)));
            prop_assert!(volume.is_none_or(|volume| qty * Decimal::TWO <= Decimal::from(volume)));
        }
    }

    /// A bar that is played in one go leaves what its three moments leave, and those tell nothing.
    #[test]
    fn a_bar_in_one_go_is_its_three_moments(acts in acts()) {
        let mut one = World::new(None);
        one.carry_out(&acts);
        let mut two = World { passes: Some(0), ..World::new(None) };
        two.carry_out(&acts);
        prop_assert_eq!(&two.events, &one.events);
        let text = |world: &World| serde_json::to_string(&world.engine.save()).unwrap();
        prop_assert_eq!(text(&two), text(&one));
        prop_assert_eq!(two.engine.account(day(99)), one.engine.account(day(99)));
        // Where nothing is wanted, all of them go so.
        let days = acts.iter().filter(|act| matches!(act, Act::Day { .. })).count();
        prop_assert!(!two.intents.is_empty() || two.passes == Some(days));
    }

    /// Saved as text and restored anywhere, in the middle of a moment too, it goes on as if nothing had been.
    #[test]
    fn a_restored_engine_goes_on_the_same(acts in acts(), at in any::<prop::sample::Index>()) {
        let mut one = World::new(None);
        one.carry_out(&acts);
        let mut two = World::new(Some(at.index(one.calls) + 1));
        two.carry_out(&acts);
        prop_assert_eq!(&two.events, &one.events);
        let text = |world: &World| serde_json::to_string(&world.engine.save()).unwrap();
        prop_assert_eq!(text(&two), text(&one));
        prop_assert_eq!(two.engine.account(day(99)), one.engine.account(day(99)));
    }
}

//! What is kept of the account between two readings, against all of it reckoned anew: to the last digit, in several
//! currencies, with prices that do not fit and others that fit again.

use broker_api::{Amount, Overflow};
use proptest::prelude::*;

use super::*;
use crate::matching::ledger::PLACES;
use crate::matching::worth::{Worth, margin};

/// Shares, and ways that lead directly, inversely and over a second pair. The last two can come to figures that do
/// not fit.
const ALL: [(&str, AssetClass, &str); 9] = [
    ("AAPL", AssetClass::Equity, "USD"),
    ("SAP", AssetClass::Equity, "EUR"),
    ("SONY", AssetClass::Equity, "JPY"),
    ("EUR/GBP", AssetClass::Forex, "GBP"),
    ("GBP/JPY", AssetClass::Forex, "JPY"),
    ("GBP/USD", AssetClass::Forex, "USD"),
    ("USD/JPY", AssetClass::Forex, "JPY"),
    ("COIN/GOLD", AssetClass::Crypto, "GOLD"),
    ("GOLD/USD", AssetClass::Crypto, "USD"),
];
const COIN: usize = 7;

fn everything() -> Arc<Catalog> {
    let one = |(symbol, class, quote): (&str, AssetClass, &str)| {
        let most = if class == AssetClass::Crypto { "1000000000000000" } else { "1000000" };
        let (tick, notional_min) = (n("0.000001"), n("0"));
        Instrument { qty_max: n(most), tick, notional_min, ..instrument(symbol, class, quote) }
    };
    Arc::new(Catalog::new(ALL.map(one).to_vec()).unwrap())
}

#[derive(Clone, Debug)]
enum Act {
    Quote { which: usize, price: &'static str, gap: bool },
    Bar { which: usize, prices: [&'static str; 2], parts: usize },
    Order { which: usize, sell: bool, qty: &'static str, exit: bool },
}

fn acts() -> impl Strategy<Value = Vec<(Act, bool, bool)>> {
    let which = || 0..ALL.len();
    let price = || {
        let usual = prop::sample::select(vec!["0.5", "0.83", "1.25", "1.2571", "3", "99.95", "150.010", "7"]);
        let absurd = prop::sample::select(vec!["1000000000000", "0.000001"]);
        prop_oneof![12 => usual, 1 => absurd]
    };
    let quote = (which(), price(), any::<bool>());
    let bar = (which(), [price(), price()], 1_usize..=3);
    let qty =
        prop_oneof![8 => prop::sample::select(vec!["1", "3", "7", "10"]), 1 => Just("1000000000000000")];
    let order = (which(), any::<bool>(), qty, any::<bool>());
    let act = prop_oneof![
        3 => quote.prop_map(|(which, price, gap)| Act::Quote { which, price, gap }),
        3 => bar.prop_map(|(which, prices, parts)| Act::Bar { which, prices, parts }),
        4 => order.prop_map(|(which, sell, qty, exit)| Act::Order { which, sell, qty, exit }),
    ];
    prop::collection::vec((act, any::<bool>(), prop::bool::weighted(0.05)), 1..120)
}

/// The account by its definition.
fn from_scratch(engine: &Matching) -> Result<Worth, Overflow> {
    let (mut equity, mut bound) = (engine.balance, Amount::ZERO);
    for ((_, instrument), row) in engine.catalog.iter().zip(&engine.rows) {
        let Some(side) = Side::reducing(row.position.held) else { continue };
        let price = row.mark.ok_or(Overflow)?.against(side);
        let rate = engine.rate(instrument.quote).ok_or(Overflow)?;
        let profit =
            row.position.profit(price.times(row.position.held.size())?)?.times(rate)?.round_half_even(PLACES);
        equity = equity.plus(profit)?;
        bound = bound.plus(margin(instrument, row.position.held.size(), price, rate)?)?;
    }
    Worth::of(equity, bound)
}

/// As text, to 24 digits: figures with more are rounded as they are added up, in whichever order that is done.
fn digits(reading: Result<Worth, Overflow>) -> String {
    let plain = |amount: Amount| amount.get().round_sf(24).map(|figure| figure.normalize());
    format!("{:?}", reading.map(|worth| (plain(worth.equity), plain(worth.margin))))
}

/// False when a figure did not fit and the engine is in the middle of something.
fn carry_out(engine: &mut Matching, act: &Act, d: i64) -> bool {
    let catalog = everything();
    let ix = |which: usize| catalog.find_symbol(n(ALL[which].0)).unwrap();
    let at = day(d);
    let moments = match *act {
        Act::Quote { which, price, gap } => {
            let bid: broker_api::Price = n(price);
            let ask = if gap { bid.moved(n("0.01")).unwrap_or(bid) } else { bid };
            vec![Moment::Quote { ix: ix(which), quote: Quote { bid, ask, at } }]
        }
        Act::Bar { which, prices: [open, close], parts } => {
            let (ix, low, high) = (ix(which), "0.000001", "1000000000000");
            let bar = bar(d, [open, high, low, close], None);
            let all = [Moment::Open { ix, bar }, Moment::Range { ix, bar }, Moment::Close { ix, bar }];
            all[..parts].to_vec()
        }
        Act::Order { which, sell, qty, exit } => {
            let side = if sell { Side::Sell } else { Side::Buy };
            let mut intent = order(&format!("o{d}"), ALL[which].0, side, qty, OrderKind::MARKET);
            if exit && let Some(side) = Side::reducing(engine.held(ix(which))) {
                (intent.side, intent.reduce_only) = (side, true);
            }
            let _refused = engine.accept(&intent, at);
            Vec::new()
        }
    };
    for moment in &moments {
        engine.begin(moment);
        loop {
            match engine.next_event() {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(Overflow) => return false,
            }
        }
    }
    loop {
        match engine.next_event() {
            Ok(None) => return true,
            Ok(Some(_)) => {}
            Err(Overflow) => return false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever was read before, a reading is what reckoning anew gives, also of an engine that was restored.
    #[test]
    fn what_is_kept_is_what_reckoning_anew_gives(acts in acts()) {
        let costs = Costs { forex: ClassCosts { spread: n("0.0002"), ..ClassCosts::FREE }, ..Costs::FREE };
        let settings = Settings { cash: n("5000000.00"), costs, ..settings() };
        let mut engine = Matching::new(everything(), settings.clone());
        for ((act, reads, saved), d) in acts.iter().zip(0..) {
            let goes_on = carry_out(&mut engine, act, d);
            let anew = digits(from_scratch(&engine));
            // Of a copy, so that this reading is not what settles the next one.
            prop_assert_eq!(digits(engine.clone().worth()), anew.as_str(), "{:?}", act);
            if *reads {
                prop_assert_eq!(digits(engine.worth()), anew.as_str());
                prop_assert_eq!(digits(engine.worth()), anew.as_str());
            }
            if !goes_on {
                break;
            }
            if *saved {
                engine = Matching::restore(everything(), settings.clone(), engine.save()).unwrap();
                prop_assert_eq!(digits(engine.worth()), anew);
            }
        }
    }
}

#[test]
fn a_reading_that_does_not_fit_comes_back_when_it_fits() {
    let mut engine = Matching::new(everything(), settings());
    let quoted = |engine: &mut Matching, which, price| {
        assert!(carry_out(engine, &Act::Quote { which, price, gap: false }, 0));
        engine.worth()
    };
    quoted(&mut engine, COIN + 1, "0.000001").unwrap();
    quoted(&mut engine, COIN, "0.000001").unwrap();
    assert!(carry_out(
        &mut engine,
        &Act::Order { which: COIN, sell: false, qty: "1000000000000000", exit: false },
        1
    ));
    let before = engine.worth().unwrap();
    quoted(&mut engine, COIN + 1, "1000000000000").unwrap();
    assert_eq!(quoted(&mut engine, COIN, "1000000000000"), Err(Overflow));
    assert_eq!(engine.worth(), Err(Overflow));
    // The other's price is what changes: all that hangs on it is valued again.
    quoted(&mut engine, COIN + 1, "0.000001").unwrap();
    assert_eq!(quoted(&mut engine, COIN, "0.000001").unwrap(), before);
}

#[test]
fn a_better_way_that_gets_its_prices_is_taken() {
    let mut engine = Matching::new(everything(), settings());
    let quoted = |engine: &mut Matching, which, price| {
        assert!(carry_out(engine, &Act::Quote { which, price, gap: false }, 0));
        assert_eq!(digits(engine.worth()), digits(from_scratch(engine)));
        engine.worth().unwrap().margin
    };
    for (which, price) in [(5, "1.25"), (4, "150"), (2, "150")] {
        quoted(&mut engine, which, price);
    }
    assert!(carry_out(&mut engine, &Act::Order { which: 2, sell: false, qty: "10", exit: false }, 1));
    // 1,500 yen are 10 pounds; 15 dollars, once the pair of the two says so.
    assert_eq!(engine.worth().unwrap().margin, n("12.5"));
    assert_eq!(quoted(&mut engine, 6, "100"), n("15"));
    assert_eq!(quoted(&mut engine, 5, "2"), n("15"));
    assert_eq!(quoted(&mut engine, 6, "50"), n("30"));
}

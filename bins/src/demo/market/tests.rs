//! The generated market: the same bytes from a seed, believable bars, true crosses.

use std::path::PathBuf;

use broker_api::{Symbol, VenueId};

use super::*;
use crate::catalog::instruments;

/// A folder of its own for each test, removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("tradewind-market-{}-{name}", std::process::id())))
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn catalog() -> Catalog {
    Catalog::new(instruments(VenueId::new("paper").unwrap())).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weekdays(class: AssetClass, day: NaiveDate) -> bool {
    class == AssetClass::Crypto || day.weekday().num_days_from_monday() < 5
}

fn generate(name: &str, seed: u64, to: &str) -> (Folder, u64) {
    let folder = Folder::new(name);
    let bars = write_bars(&folder.0, &catalog(), day("2023-01-02"), day(to), seed, &weekdays).unwrap();
    (folder, bars)
}

/// 64-bit FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[test]
fn a_seed_gives_the_same_bytes_everywhere() {
    let (one, bars) = generate("one", 7, "2024-12-31");
    let (other, _) = generate("other", 8, "2023-03-31");
    assert_eq!(bars, 27 * 522 + 6 * 730);
    assert_eq!(hash(&one.read("AAPL.csv")), 0x6E36_1916_50BE_8A47);
    assert_eq!(hash(&one.read("EUR-GBP.csv")), 0xE050_A8CA_58F6_BB1E);
    assert_eq!(hash(&one.read("BTC-USD.csv")), 0xA6D4_BA6A_479B_F9DF);
    assert_ne!(one.read("AAPL.csv")[..200], other.read("AAPL.csv")[..200]);
    // A shorter stretch from the same day begins in the same way.
    let (shorter, _) = generate("shorter", 7, "2023-06-30");
    assert!(one.read("ETH-USD.csv").starts_with(&shorter.read("ETH-USD.csv")));
}

#[test]
fn bars_are_sane_whatever_the_seed() {
    for seed in [0, 1, 42, 2026, u64::MAX] {
        let (folder, _) = generate(&format!("sane-{seed}"), seed, "2026-12-31");
        for (_, instrument) in catalog().iter() {
            let symbol = instrument.key.symbol.as_str();
            let text = folder.read(&format!("{}.csv", symbol.replace('/', "-")));
            let mut moved = Vec::new();
            let (mut first, mut last) = (None::<Decimal>, None::<Decimal>);
            for line in text.lines().skip(1) {
                let cells: Vec<_> = line.split(',').collect();
                assert!(weekdays(instrument.asset_class, day(cells[0])), "{symbol} {line}");
                let [open, high, low, close]: [Price; 4] = [1, 2, 3, 4].map(|i| cells[i].parse().unwrap());
                assert!(low <= open.min(close) && open.max(close) <= high, "{symbol} {line}");
                for price in [open, high, low, close] {
                    assert!(price.is_multiple_of(instrument.tick), "{symbol} {line}");
                }
                match cells.get(5) {
                    Some(volume) => assert!(volume.parse::<u64>().unwrap() > 0, "{symbol} {line}"),
                    None => assert_eq!(instrument.asset_class, AssetClass::Forex),
                }
                let close = close.get();
                moved.extend(last.map(|last| ((close - last) / last).abs()));
                (first, last) = (first.or(Some(close)), Some(close));
            }
            // Four years neither ruin nor multiply anything beyond belief, and no day is wilder than its class.
            let grown = last.unwrap() / first.unwrap();
            let (least, most, wildest) = match instrument.asset_class {
                AssetClass::Forex => ("0.7", "1.4", "0.05"),
                AssetClass::Equity => ("0.25", "4", "0.35"),
                AssetClass::Crypto => ("0.1", "10", "0.5"),
            };
            let number = |text: &str| text.parse::<Decimal>().unwrap();
            assert!(grown > number(least) && grown < number(most), "{symbol}, seed {seed}: times {grown}");
            let widest = moved.iter().max().unwrap();
            assert!(*widest < number(wildest), "{symbol}, seed {seed}: {widest} in a day");
        }
    }
}

#[test]
fn a_cross_is_what_its_pairs_make_it() {
    let (folder, _) = generate("cross", 11, "2023-12-29");
    let closes = |file: &str| -> Vec<Decimal> {
        let text = folder.read(file);
        text.lines().skip(1).map(|l| l.split(',').nth(4).unwrap().parse().unwrap()).collect()
    };
    let (eur, gbp, cross) = (closes("EUR-USD.csv"), closes("GBP-USD.csv"), closes("EUR-GBP.csv"));
    for ((eur, gbp), cross) in eur.iter().zip(&gbp).zip(&cross) {
        assert!((eur / gbp - cross).abs() < Decimal::new(3, 5), "{eur} / {gbp} is not {cross}");
    }
}

#[test]
fn an_instrument_it_does_not_know_gets_a_market_too() {
    let mut row = instruments(VenueId::new("paper").unwrap()).swap_remove(8);
    row.key.symbol = Symbol::new("NEW").unwrap();
    row.tick = "0.25".parse().unwrap();
    let (folder, date) = (Folder::new("stranger"), day("2023-01-02"));
    let catalog = Catalog::new(vec![row]).unwrap();
    assert_eq!(write_bars(&folder.0, &catalog, date, date, 1, &weekdays).unwrap(), 1);
    assert!(folder.read("NEW.csv").starts_with("date,open,high,low,close,volume\n2023-01-02,100.00,"));
}

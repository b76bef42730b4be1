//! What is read on a thread of its own is what is read by whoever asks.

use super::*;

/// So many that a few times as many as go at once are on their way.
const ROWS: u32 = 5_000;

fn tape(wrong: Option<u32>) -> String {
    let mut text = "symbol,ts,open,high,low,close\n".to_owned();
    for n in 0..ROWS {
        let high = if wrong == Some(n) { 1 } else { 300 };
        let symbol = if n % 7 == 3 { "OTHER" } else { "AAPL" };
        writeln!(text, "{symbol},{},200.{n:04},{high}.0000,200.0000,200.0001", 1_700_000_000 + 60 * n)
            .unwrap();
    }
    text
}

/// All that is told, and how it ended.
fn heard(mut bars: Bars) -> (Vec<Moment>, Option<FeedError>, u64, Vec<Symbol>, u64, Option<String>) {
    let mut moments = Vec::new();
    let fault = loop {
        match bars.next() {
            Ok(Some(moment)) => moments.push(moment),
            Ok(None) => break None,
            Err(fault) => break Some(fault),
        }
    };
    // Asked again, it says the same.
    assert_eq!(bars.next().err(), fault);
    let other = bars.first_other().map(str::to_owned);
    (moments, fault, bars.bars(), bars.missing().to_vec(), bars.others(), other)
}

#[test]
fn a_tape_tells_the_same_and_ends_the_same() {
    for wrong in [None, Some(0), Some(1_023), Some(1_024), Some(ROWS - 1)] {
        let dir = folder(&[("tape.csv", &tape(wrong))]);
        let path = dir.path().join("tape.csv");
        let catalog = catalog(&[("AAPL", AssetClass::Equity), ("MSFT", AssetClass::Equity)]);
        let open = || Bars::open(&path, &catalog).unwrap();
        let here = heard(open());
        assert_eq!(here.1.is_some(), wrong.is_some());
        assert_eq!(heard(open().ahead()), here, "{wrong:?}");
        let (from, to) = (at("2023-11-15T00:00:00Z"), at("2023-11-16T00:00:00Z"));
        let inside = heard(open().after(from).until(to));
        assert!(!inside.0.is_empty() && inside.0.len() < here.0.len() || wrong == Some(0));
        assert_eq!(heard(open().ahead().after(from).until(to)), inside, "{wrong:?}");
    }
}

#[test]
fn a_folder_tells_the_same_in_the_same_order() {
    let mut days = "date,open,high,low,close\n".to_owned();
    let mut date = NaiveDate::from_ymd_opt(2001, 1, 1).unwrap();
    while days.lines().count() < 3_000 {
        if chrono::Datelike::weekday(&date).num_days_from_monday() < 5 {
            writeln!(days, "{date},200,300,100,250").unwrap();
        }
        date = date.succ_opt().unwrap();
    }
    let dir = folder(&[("AAPL.csv", &days), ("EUR_USD.csv", &days)]);
    let catalog = catalog(&[
        ("EUR/USD", AssetClass::Forex),
        ("AAPL", AssetClass::Equity),
        ("MSFT", AssetClass::Equity),
    ]);
    let open = || Bars::open(dir.path(), &catalog).unwrap();
    let here = heard(open());
    assert_eq!((here.0.len(), here.2, here.3.len()), (6 * 2_999, 2 * 2_999, 1));
    assert_eq!(heard(open().ahead()), here);
}

#[test]
fn a_reader_that_nobody_listens_to_stops() {
    let dir = folder(&[("tape.csv", &tape(None))]);
    let mut bars = Bars::open(&dir.path().join("tape.csv"), &stock()).unwrap().ahead();
    assert!(bars.next().unwrap().is_some());
    drop(bars); // waits for its reader
    drop(Bars::open(&dir.path().join("tape.csv"), &stock()).unwrap().ahead());
}

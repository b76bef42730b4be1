//! Bars that are known by their close only: in files of one symbol, and in one file of all.

use proptest::prelude::*;

use super::*;

const TAPE: &str = "symbol,ts,open,high,low,close\n";

fn three() -> Catalog {
    let class = AssetClass::Equity;
    catalog(&[("AAPL", class), ("MSFT", class), ("EUR/USD", AssetClass::Forex)])
}

/// A tape of rows after the usual first line.
fn tape(rows: &str) -> (TempDir, Bars) {
    let dir = folder(&[("tape.csv", &format!("{TAPE}{rows}"))]);
    let bars = Bars::open(&dir.path().join("tape.csv"), &three()).unwrap();
    (dir, bars)
}

fn refused_tape(text: &str) -> String {
    let dir = folder(&[("tape.csv", text)]);
    let error = Bars::open(&dir.path().join("tape.csv"), &three()).and_then(all).unwrap_err();
    error.to_string().replace(&format!("{}/", dir.path().display()), "")
}

#[test]
fn at_one_instant_bars_told_whole_come_between_closes_and_opens() {
    let catalog = catalog(&[
        ("AAPL", AssetClass::Equity),
        ("MSFT", AssetClass::Equity),
        ("BTC/USD", AssetClass::Crypto),
        ("ETH/USD", AssetClass::Crypto),
    ]);
    let second = at("2026-11-21T00:00:00Z").timestamp();
    let whole = format!("timestamp,open,high,low,close\n{second},1,1,1,1\n{},2,2,2,2\n", second + 1);
    let dates = format!("{HEAD}2026-11-20,1,1,1,1\n2026-11-21,1,1,1,1\n");
    let moments = "ts,open,high,low,close\n2026-11-20T23:00:00Z,1,1,1,1\n2026-11-21T00:00:00Z,1,1,1,1\n";
    let files =
        [("AAPL.csv", &*whole), ("MSFT.csv", moments), ("BTCUSD.csv", &*dates), ("ETHUSD.csv", &*whole)];
    let dir = folder(&files);
    let mut bars = Bars::open(dir.path(), &catalog).unwrap();
    let mut moments = Vec::new();
    while let Some(moment) = bars.next().unwrap() {
        moments.push(moment);
    }
    assert_eq!((bars.bars(), bars.others(), bars.first_other()), (8, 0, None));
    let told = told(&moments, &catalog);
    let midnight: Vec<&str> =
        told.iter().filter(|line| line.starts_with("21T00:00")).map(|line| &line[9..]).collect();
    let expected = [
        "close MSFT",
        "close BTC/USD",
        "open AAPL",
        "range AAPL",
        "close AAPL",
        "open ETH/USD",
        "range ETH/USD",
        "close ETH/USD",
        "open MSFT",
        "open BTC/USD",
        "range MSFT",
        "range BTC/USD",
        // One second later.
        "open AAPL",
        "range AAPL",
        "close AAPL",
        "open ETH/USD",
        "range ETH/USD",
        "close ETH/USD",
    ];
    assert_eq!(midnight, expected);
}

#[test]
fn a_tape_is_told_in_its_own_order() {
    let (_dir, mut bars) = tape(concat!(
        "MSFT,1420070460,1,2,1,2\n",
        "AAPL,1420070460,3,4,3,4\n",
        "TSLA,1420070460,x,,,\n",
        "AAPL,1420070520,5,6,5,6\n",
        "NVDA,1420070520,1,1,1,1\n",
        "AAPL\0,1420070520,1,1,1,1\n",
        "AAPLAAPLAAPLAAPLAAPL,1420070520,1,1,1,1\n",
        "\"eur_usd\",1420070520,1.1,1.1,1.1,1.1\n",
    ));
    assert_eq!(bars.missing().len(), 3);
    let mut moments = Vec::new();
    while let Some(moment) = bars.next().unwrap() {
        moments.push(moment);
        assert_eq!(bars.bars(), moments.len() as u64 / 3);
    }
    let expected = [
        "01T00:01 open MSFT",
        "01T00:01 range MSFT",
        "01T00:01 close MSFT",
        "01T00:01 open AAPL",
        "01T00:01 range AAPL",
        "01T00:01 close AAPL",
        "01T00:02 open AAPL",
        "01T00:02 range AAPL",
        "01T00:02 close AAPL",
        "01T00:02 open EUR/USD",
        "01T00:02 range EUR/USD",
        "01T00:02 close EUR/USD",
    ];
    assert_eq!(told(&moments, &three()), expected);
    assert!(bars.missing().is_empty());
    assert_eq!((bars.bars(), bars.others(), bars.first_other()), (4, 4, Some("TSLA")));
    assert_eq!(bars.next(), Ok(None));
}

proptest! {
    /// A row that is read in one go is the row that is read cell by cell, as it is where something stands in quotes.
    #[test]
    fn rows_in_one_go_are_rows_cell_by_cell(
        rows in proptest::collection::vec((1_i64..200_000, "[0-9]{1,12}", "[.]?[0-9]{0,9}", -3_i64..9, "[0-9]{0,11}[.]?[0-9]{0,3}"), 1..30),
    ) {
        let (mut plain, mut quoted, mut at) = (String::new(), String::new(), 1_420_070_400);
        for (step, whole, fraction, more, volume) in rows {
            at += step;
            let (low, high) = (format!("{whole}{fraction}"), format!("{}{fraction}", whole.parse::<i64>().unwrap() + more));
            for (text, symbol) in [(&mut plain, "AAPL"), (&mut quoted, "\"AAPL\"")] {
                text.push_str(&format!("{symbol},{at},{low},{high},{low},{high},{volume}\n"));
            }
        }
        let read = |rows: &str| {
            let dir = folder(&[("tape.csv", &format!("symbol,ts,open,high,low,close,volume\n{rows}"))]);
            let bars = Bars::open(&dir.path().join("tape.csv"), &three()).unwrap();
            let told = all(bars).map_err(|error| error.to_string().replace(&dir.path().display().to_string(), ""));
            // To the digit: 1.0 is not 1.00 here.
            format!("{told:?}")
        };
        prop_assert_eq!(read(&plain), read(&quoted));
    }
}

#[test]
fn only_a_window_of_a_tape_is_played() {
    let rows = "AAPL,60,1,1,1,1\nAAPL,120,2,2,2,2\nMSFT,120,2,2,2,2\nAAPL,180,3,3,3,3\nAAPL,x,,,,\n";
    let (_dir, bars) = tape(rows);
    let mut bars = bars.after(at("1970-01-01T00:01:00Z")).until(at("1970-01-01T00:02:59Z"));
    let mut moments = Vec::new();
    while let Some(moment) = bars.next().unwrap() {
        moments.push(moment);
    }
    assert_eq!(moments.len(), 6);
    assert!(moments.iter().all(|moment| moment.at() == at("1970-01-01T00:02:00Z")));
    // What comes later is not looked at, however often one asks.
    assert_eq!((bars.next(), bars.next()), (Ok(None), Ok(None)));
    assert_eq!(bars.missing(), [Symbol::new("EUR/USD").unwrap()]);
}

#[test]
fn what_is_wrong_with_a_tape_is_told() {
    let rows = |rows: &str| refused_tape(&format!("{TAPE}{rows}"));
    for (error, expected) in [
        (rows("AAPL,120,1,1,1,1\nMSFT,60,1,1,1,1\n"), "line 3, time: \"60\" comes after a later row; sort"),
        (rows("AAPL,120,1,1,1,1\nTSLA,60,1,1,1,1\n"), "line 3, time: \"60\" comes after a later row; sort"),
        (
            rows("AAPL,60,1,1,1,1\nMSFT,60,1,1,1,1\nAAPL,60,1,1,1,1\n"),
            "line 4, time: \"60\" is there twice for AAPL; remove one of the two rows",
        ),
        (rows("AAPL,60,10,9,8,9\n"), "line 2, high: 9 is below the open 10 or the close 9"),
        (rows("AAPL,60,1,2,1.5,2\n"), "line 2, low: 1.5 is above the open 1 or the close 2"),
        (rows("AAPL,60,0,1,1,1\n"), "line 2, open: \"0\" must be above zero"),
        (rows("AAPL,60,1,1,1,1\nAAPL,120,1,1\n"), "line 3: has 4 cells, the first line has 6"),
        (rows(",60,1,1,1,1\n"), "line 2, symbol: is empty; write the symbol of the row"),
        (
            rows("AAPL,2026-11-20,1,1,1,1\n"),
            "line 2, time: \"2026-11-20\" does not say in whole seconds since 1970 when the bar closes, as a file of \
             all symbols must; split the file into one per symbol",
        ),
        (rows("AAPL,2026-11-20T14:30:00Z,1,1,1,1\n"), "line 2, time: \"2026-11-20T14:30:00Z\" does not say"),
        (rows("AAPL,20261120,1,1,1,1\n"), "line 2, time: \"20261120\" looks like a date without its dashes"),
        (rows("AAPL,soon,1,1,1,1\n"), "line 2, time: \"soon\" is neither a date nor"),
        (refused_tape(HEAD), "line 1: the column \"symbol\" is missing; the first line must be symbol,ts,"),
        (refused_tape("symbol,open,high,low,close\n"), "line 1: the column \"ts\" is missing"),
        (refused_tape(""), "line 1: the column \"ts\" is missing"),
    ] {
        assert!(error.starts_with(&format!("tape.csv, {expected}")), "{error}\ninstead of\n{expected}");
    }
    let (_dir, mut bars) = tape("AAPL,60,1,1,1,1\nAAPL,60,1,1,1,1\n");
    assert!((0..3).all(|_| bars.next().unwrap().is_some()));
    let error = bars.next().unwrap_err();
    assert_eq!(bars.next().unwrap_err(), error);
}

#[test]
fn seconds_in_the_file_of_one_symbol() {
    let rows = |rows: &str| refused(&format!("{HEAD}{rows}"));
    for (error, expected) in [
        (rows("120,1,1,1,1\n60,1,1,1,1\n"), "line 3, time: \"60\" comes after a later row"),
        (rows("60,1,1,1,1\n60,1,1,1,1\n"), "line 3, time: \"60\" is there twice"),
        (
            rows("60,1,1,1,1\n2026-11-20,1,1,1,1\n"),
            "line 3, time: \"2026-11-20\" is not of the same form as the rows before; use one form",
        ),
        (
            rows("2026-11-20,1,1,1,1\n1795190400,1,1,1,1\n"),
            "line 3, time: \"1795190400\" is not of the same form",
        ),
        (rows("60,1,1,2,1\n"), "line 2, low: 2 is above the open 1 or the close 1"),
    ] {
        assert!(error.starts_with(&format!("AAPL.csv, {expected}")), "{error}\ninstead of\n{expected}");
    }
}

#[test]
fn a_tape_and_a_folder_tell_the_same() {
    let symbols: Vec<String> = (0..20).map(|at| format!("MIN{at}")).collect();
    let rows: Vec<_> = symbols.iter().map(|symbol| (symbol.as_str(), AssetClass::Equity)).collect();
    let catalog = catalog(&rows);
    let dir = folder(&[]);
    let mut tape = "close,open,low,high,timestamp,volume,symbol\n".to_owned();
    let mut files = vec!["ts,open,high,low,close,volume\n".to_owned(); symbols.len()];
    for minute in 1..=1_000_u32 {
        for (at, file) in (0_u32..).zip(&mut files) {
            let (open, volume, closes) = (100 + at, minute * 10 + at, 1_420_070_400 + 60 * minute);
            let (high, low, close) = (format!("{open}.{minute:03}5"), open, format!("{open}.{minute:03}"));
            writeln!(tape, "{close},{open},{low},{high},{closes},{volume},{}", symbols[at as usize]).unwrap();
            writeln!(file, "{closes},{open},{high},{low},{close},{volume}").unwrap();
        }
    }
    fs::write(dir.path().join("tape"), tape).unwrap();
    for (symbol, text) in symbols.iter().zip(files) {
        fs::write(dir.path().join(format!("{symbol}.csv")), text).unwrap();
    }
    let mut tape = Bars::open(&dir.path().join("tape"), &catalog).unwrap();
    let mut folder = Bars::open(dir.path(), &catalog).unwrap();
    let (mut count, mut last) = (0_usize, Time::MIN_UTC);
    while let Some(moment) = tape.next().unwrap() {
        assert_eq!(folder.next(), Ok(Some(moment)));
        let part = match moment {
            Moment::Open { .. } => 0,
            Moment::Range { .. } => 1,
            Moment::Close { .. } | Moment::Quote { .. } => 2,
        };
        assert_eq!((part, moment.ix().index()), (count % 3, count / 3 % 20));
        assert!(moment.at() >= last);
        (count, last) = (count + 1, moment.at());
    }
    assert_eq!((folder.next(), count), (Ok(None), 60_000));
    assert_eq!((tape.bars(), folder.bars()), (20_000, 20_000));
    assert!(tape.missing().is_empty() && folder.missing().is_empty());
}

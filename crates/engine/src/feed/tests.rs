//! Bars and quotes from files: what is read, in which order, and what is refused.

use std::fmt::Write;
use std::fs;

use broker_api::{Amount, Bar, Currency, Instrument, Key, Price, Qty, Ratio, VenueId};
use tempfile::TempDir;

use super::*;

mod ahead;
mod cells;
mod quotes;
mod rows;
mod tape;

fn catalog(symbols: &[(&str, AssetClass)]) -> Catalog {
    let row = |(symbol, asset_class): &(&str, AssetClass)| Instrument {
        key: Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() },
        asset_class: *asset_class,
        quote: Currency::new("USD").unwrap(),
        tick: "0.00001".parse().unwrap(),
        lot: "1".parse().unwrap(),
        qty_min: "1".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: Amount::ZERO,
        margin: Ratio::ONE,
        shortable: true,
    };
    Catalog::new(symbols.iter().map(row).collect()).unwrap()
}

fn stock() -> Catalog {
    catalog(&[("AAPL", AssetClass::Equity)])
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn all(mut bars: Bars) -> Result<Vec<Moment>, FeedError> {
    let mut moments = Vec::new();
    while let Some(moment) = bars.next()? {
        moments.push(moment);
    }
    Ok(moments)
}

/// The moments as text: part, symbol, time.
fn told(moments: &[Moment], catalog: &Catalog) -> Vec<String> {
    let line = |moment: &Moment| {
        let part = match moment {
            Moment::Open { .. } => "open",
            Moment::Range { .. } => "range",
            Moment::Close { .. } => "close",
            Moment::Quote { .. } => "quote",
        };
        let symbol = catalog.get(moment.ix()).unwrap().key.symbol;
        format!("{} {part} {symbol}", moment.at().format("%dT%H:%M"))
    };
    moments.iter().map(line).collect()
}

/// What is said of a file with one stock's rows.
fn refused(text: &str) -> String {
    let dir = folder(&[("AAPL.csv", text)]);
    let error = Bars::open(dir.path(), &stock()).and_then(all).unwrap_err();
    error.to_string().replace(&format!("{}/", dir.path().display()), "")
}

const HEAD: &str = "date,open,high,low,close\n";

#[test]
fn three_markets_are_merged_by_time() {
    let catalog = catalog(&[
        ("AAPL", AssetClass::Equity),
        ("EUR/USD", AssetClass::Forex),
        ("BTC/USD", AssetClass::Crypto),
    ]);
    let dir = folder(&[
        ("AAPL.csv", "date,open,high,low,close,volume,spread\n2026-11-20,10,12,9,11,500,\n"),
        ("EUR_USD.csv", "date,open,high,low,close,volume,spread\n2026-11-20,1.1,1.2,1.0,1.15,0,0.0002\n"),
        ("btcusd.CSV", "timestamp,close,open,low,high\n2026-11-20,95,90,80,99\n2026-11-21,95,95,95,95\n"),
        ("notes.txt", "not for us"),
        ("symbols.csv", "not for us either"),
    ]);
    let moments = all(Bars::open(dir.path(), &catalog).unwrap()).unwrap();
    assert_eq!(
        told(&moments, &catalog),
        [
            "19T22:00 open EUR/USD",
            "19T22:00 range EUR/USD",
            "20T00:00 open BTC/USD",
            "20T00:00 range BTC/USD",
            "20T14:30 open AAPL",
            "20T14:30 range AAPL",
            "20T21:00 close AAPL",
            "20T22:00 close EUR/USD",
            "21T00:00 close BTC/USD",
            "21T00:00 open BTC/USD",
            "21T00:00 range BTC/USD",
            "22T00:00 close BTC/USD",
        ]
    );
    let Moment::Open { bar, .. } = moments[4] else { panic!("{:?}", moments[4]) };
    assert_eq!((bar.volume, bar.spread), (Some("500".parse::<Qty>().unwrap()), None));
    let Moment::Open { bar, .. } = moments[0] else { panic!("{:?}", moments[0]) };
    assert_eq!((bar.volume, bar.spread), (None, Some(price("0.0002"))));
    let Moment::Open { bar, .. } = moments[2] else { panic!("{:?}", moments[2]) };
    assert_eq!(
        [bar.open, bar.high, bar.low, bar.close].map(Price::get).map(|p| p.to_string()),
        ["90", "99", "80", "95"]
    );
}

#[test]
fn at_one_instant_all_open_before_any_range() {
    let catalog = catalog(&[("AAPL", AssetClass::Equity), ("MSFT", AssetClass::Equity)]);
    let text = format!("{HEAD}2026-11-27,10,12,9,11\n");
    let dir = folder(&[("AAPL.csv", &text), ("MSFT.csv", &text)]);
    let moments = all(Bars::open(dir.path(), &catalog).unwrap()).unwrap();
    let told = told(&moments, &catalog);
    let parts: Vec<&str> = told.iter().map(|line| &line[3..]).collect();
    let half_day = [
        "14:30 open AAPL",
        "14:30 open MSFT",
        "14:30 range AAPL",
        "14:30 range MSFT",
        "18:00 close AAPL",
        "18:00 close MSFT",
    ];
    assert_eq!(parts, half_day);
}

#[test]
fn finer_bars_are_as_long_as_their_shortest_step() {
    let dir = folder(&[(
        "AAPL.csv",
        "ts,open,high,low,close\n2026-11-20T20:30:00Z,1,1,1,1\n2026-11-23T09:30:00-05:00,2,2,2,2\n2026-11-23T15:00:00Z,3,3,3,3\n",
    )]);
    let moments = all(Bars::open(dir.path(), &stock()).unwrap()).unwrap();
    let told = told(&moments, &stock());
    assert_eq!(told[2], "20T21:00 close AAPL");
    assert_eq!(told[3], "23T14:30 open AAPL");
    assert_eq!(told[5..7], ["23T15:00 close AAPL", "23T15:00 open AAPL"]);
    assert_eq!(told[8], "23T15:30 close AAPL");
}

#[test]
fn only_a_window_is_played() {
    let text = format!("{HEAD}2026-11-18,1,1,1,1\n2026-11-19,2,2,2,2\n2026-11-20,3,3,3,3\n");
    let dir = folder(&[("AAPL.csv", &text)]);
    let play = |after: &str, until: &str| {
        let bars = Bars::open(dir.path(), &stock()).unwrap().after(at(after)).until(at(until));
        told(&all(bars).unwrap(), &stock())
    };
    let nineteenth = ["19T14:30 open AAPL", "19T14:30 range AAPL", "19T21:00 close AAPL"];
    assert_eq!(play("2026-11-18T21:00:00Z", "2026-11-20T20:59:59Z"), nineteenth);
    // A bar that began before is played whole.
    assert_eq!(play("2026-11-19T20:59:59Z", "2026-11-19T21:00:00Z"), nineteenth);
    assert!(play("2026-11-20T21:00:00Z", "2026-12-01T00:00:00Z").is_empty());
}

#[test]
fn dates_without_a_session_get_the_usual_hours() {
    let text = format!("{HEAD}1999-12-31,1,1,1,1\n2025-01-09,1,1,1,1\n");
    let dir = folder(&[("AAPL.csv", &text)]);
    let moments = all(Bars::open(dir.path(), &stock()).unwrap()).unwrap();
    assert_eq!(moments[2].at(), at("1999-12-31T21:00:00Z"));
    assert_eq!(moments[5].at(), at("2025-01-09T21:00:00Z"));
    let no_session = |date: &str| day(&Calendar::new(), AssetClass::Equity, date.parse().unwrap()).is_none();
    assert!(no_session("1999-12-31") && no_session("2025-01-09") && !no_session("2025-01-10"));
}

#[test]
fn what_is_wrong_with_a_row_is_told() {
    let rows = |rows: &str| refused(&format!("{HEAD}{rows}"));
    for (error, expected) in [
        (
            rows("2026-11-20,10,9,8,9\n"),
            "AAPL.csv, line 2, high: 9 is below the open 10 or the close 9; correct the row or remove it",
        ),
        (rows("2026-11-20,10,12,11,12\n"), "AAPL.csv, line 2, low: 11 is above the open 10 or the close 12"),
        (rows("2026-11-20,10,12,9,x\n"), "AAPL.csv, line 2, close: \"x\" is not a plain decimal"),
        (rows("2026-11-20,10,12,9,\n"), "AAPL.csv, line 2, close: \"\" is not a plain decimal"),
        (rows("2026-11-20,0,12,9,10\n"), "AAPL.csv, line 2, open: \"0\" must be above zero"),
        (rows("2026-11-20,1e1,12,9,10\n"), "AAPL.csv, line 2, open: \"1e1\" is not a plain decimal"),
        (rows("2026-11-20,10,NaN,9,10\n"), "AAPL.csv, line 2, high: \"NaN\" is not a plain decimal"),
        (
            rows("2026-11-19,1,1,1,1\n2026-11-20,1,1,1\n"),
            "AAPL.csv, line 3: has 4 cells, the first line has 5",
        ),
        (
            rows("2026-11-20,1,1,1,1\n\n2026-11-20,1,1,1,1\n"),
            "AAPL.csv, line 4, time: \"2026-11-20\" is there twice",
        ),
        (
            rows("2026-11-20,1,1,1,1\n2026-11-19,1,1,1,1\n"),
            "AAPL.csv, line 3, time: \"2026-11-19\" comes after a later row; sort the file by time",
        ),
        (
            rows("2026-11-21,1,1,1,1\n"),
            "AAPL.csv, line 2, time: 2026-11-21 is a Saturday, on which no stock is traded",
        ),
        (
            rows("20.11.2026,1,1,1,1\n"),
            "AAPL.csv, line 2, time: \"20.11.2026\" is neither a date nor a moment with its zone nor whole seconds since 1970; write a date like",
        ),
        (rows("2026-11-20T14:30:00,1,1,1,1\n"), "AAPL.csv, line 2, time: \"2026-11-20T14:30:00\" is neither"),
        (
            rows("2026-11-20,1,1,1,1\n2026-11-23T14:30:00Z,1,1,1,1\n"),
            "AAPL.csv, line 3, time: \"2026-11-23T14:30:00Z\" is not of the same form",
        ),
        (
            rows("2026-11-20T14:30:00Z,1,1,1,1\n"),
            "AAPL.csv, line 2: holds one bar, which does not tell how long it is",
        ),
        (
            rows("2026-11-19T05:00:00Z,1,1,1,1\n2026-11-20T05:00:00Z,1,1,1,1\n"),
            "AAPL.csv, line 2: holds daily bars whose dates",
        ),
        (
            refused("date,open,high,low,close,volume\n2026-11-20,1,1,1,1,-5\n"),
            "AAPL.csv, line 2, volume: \"-5\" must be above zero",
        ),
        (
            refused("date,open,high,low,close,spread\n2026-11-20,1,1,1,1,-1\n"),
            "AAPL.csv, line 2, spread: \"-1\" must be above zero",
        ),
        (
            refused("date,open,high,low\n"),
            "AAPL.csv, line 1: the column \"close\" is missing; the first line must be",
        ),
        (
            refused("date,open,high,low,close,adj close\n"),
            "AAPL.csv, line 1: the column \"adj close\" is not known",
        ),
        (refused("date,ts,open,high,low,close\n"), "AAPL.csv, line 1: the column \"time\" is there twice"),
        (refused(""), "AAPL.csv, line 1: the column \"date\" is missing"),
    ] {
        assert!(error.starts_with(expected), "{error}\ninstead of\n{expected}");
    }
}

#[test]
fn a_later_step_that_is_shorter_is_refused() {
    let mut text = "ts,open,high,low,close\n".to_owned();
    for hour in 0..1_001 {
        let opens = at("2026-01-01T00:00:00Z") + chrono::TimeDelta::hours(hour);
        writeln!(text, "{},1,1,1,1", opens.to_rfc3339()).unwrap();
    }
    text += "2026-02-11T16:30:00Z,1,1,1,1\n";
    let error = refused(&text);
    assert!(
        error.starts_with("AAPL.csv, line 1003, time:") && error.contains("is within the bar before"),
        "{error}"
    );
}

#[test]
fn an_error_stays() {
    let dir = folder(&[("AAPL.csv", &format!("{HEAD}2026-11-19,1,1,1,1\n2026-11-20,x,1,1,1\n"))]);
    let mut bars = Bars::open(dir.path(), &stock()).unwrap();
    for _ in 0..3 {
        assert!(bars.next().unwrap().is_some());
    }
    let error = bars.next().unwrap_err();
    assert_eq!(bars.next().unwrap_err(), error);
}

#[test]
fn folders_that_cannot_be_used() {
    let error = |dir: &Path| Bars::open(dir, &stock()).unwrap_err().to_string();
    let empty = folder(&[("MSFT.csv", HEAD)]);
    assert!(error(empty.path()).ends_with(
        "holds no file of any of the 1 instruments; put one CSV file per symbol there, such as AAPL.csv"
    ));
    assert!(error(&empty.path().join("none")).contains("cannot be read"));
    let euro = catalog(&[("EUR/USD", AssetClass::Forex), ("GBP/USD", AssetClass::Forex)]);
    let twice = folder(&[("EURUSD.csv", HEAD), ("EUR-USD.csv", HEAD)]);
    let error = Bars::open(twice.path(), &euro).unwrap_err().to_string();
    assert!(error.contains("are both files of EUR/USD"), "{error}");
    let one = folder(&[("EURUSD.csv", HEAD)]);
    let bars = Bars::open(one.path(), &euro).unwrap();
    assert_eq!(bars.missing(), [Symbol::new("GBP/USD").unwrap()]);
    assert!(all(bars).unwrap().is_empty());
}

/// Real bars, where they lie beside the sources: all of them are read, in order.
#[test]
fn real_bars() {
    let Some(shared) = std::env::var_os("TRADEWIND_SHARED") else {
        println!("skipped: TRADEWIND_SHARED names no folder of real data");
        return;
    };
    let data = Path::new(&shared).join("data");
    let Ok(list) = fs::read_to_string(data.join("symbols.csv")) else {
        println!("skipped: {} holds no real data", data.display());
        return;
    };
    let rows: Vec<Vec<&str>> = list.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let class = |name: &str| match name {
        "equity" => AssetClass::Equity,
        "forex" => AssetClass::Forex,
        _ => AssetClass::Crypto,
    };
    let symbols: Vec<_> = rows.iter().map(|row| (row[0], class(row[1]))).collect();
    let catalog = catalog(&symbols);
    let mut bars = Bars::open(&data.join("bars"), &catalog).unwrap();
    assert!(bars.missing().is_empty());
    let (mut closes, mut last) = (vec![0_usize; catalog.len()], Time::MIN_UTC);
    while let Some(moment) = bars.next().unwrap() {
        assert!(moment.at() >= last);
        last = moment.at();
        if let Moment::Close { ix, bar } = moment {
            assert!(bar.is_sane());
            closes[ix.index()] += 1;
        }
    }
    let expected: Vec<usize> = rows.iter().map(|row| row[5].parse().unwrap()).collect();
    assert_eq!(closes, expected);
}

//! Bars that cannot be trusted, as a pass meets them.

use std::fs;

use chrono::{SecondsFormat, TimeDelta};

use super::{DRY, Row, bytes, check, folder, link, pipe, text};
use crate::place::{Place, now};

const FILE: &str = "bars/BTC-USD.csv";
const HEAD: &str = "date,open,high,low,close,volume";

/// Lets coins come from a folder of bars: three days, until yesterday.
fn prepare(place: &Place) {
    let config = fs::read_to_string(place.file("tradewind.toml")).unwrap();
    let config = config.replace("crypto = \"quotes:example-quotes.jsonl\"", "crypto = \"bars:bars\"");
    assert!(config.contains("bars:bars"));
    place.write("tradewind.toml", &config);
    fs::create_dir(place.file("bars")).unwrap();
    place.write(FILE, &format!("{HEAD}\n{}", rows_of(3).join("\n")));
}

/// Rows of the last days, the oldest first.
fn rows_of(days: i64) -> Vec<String> {
    let day = |n: i64| (now() - TimeDelta::days(n)).format("%Y-%m-%d").to_string();
    (1..=days).rev().map(|n| format!("{},84000,84500,83000,84200,100", day(n))).collect()
}

/// Bars that are refused, and what is said of them: always the file.
fn bad(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        prepare(place);
        make(place);
    };
    Row::refused(name, DRY, make, &[&["BTC-USD.csv", "the prices cannot be used"], says].concat())
}

/// A second row with these cells after its date.
fn cells(name: &str, cells: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let mut rows = rows_of(3);
        rows[1] = format!("{},{cells}", &rows[1][..10]);
        place.write(FILE, &format!("{HEAD}\n{}\n", rows.join("\n")));
    };
    bad(name, make, &[&["line 3"], says].concat())
}

/// A second row of this date.
fn date(name: &str, date: impl Fn() -> String + Sync + 'static, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let mut rows = rows_of(3);
        rows[1] = format!("{},84000,84500,83000,84200,100", date());
        place.write(FILE, &format!("{HEAD}\n{}\n", rows.join("\n")));
    };
    bad(name, make, &[&["line 3"], says].concat())
}

fn head(name: &str, head: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| place.write(FILE, &format!("{head}\n{}\n", rows_of(3).join("\n")));
    bad(name, make, says)
}

pub(super) fn rows() -> Vec<Row> {
    let day = |n: i64| move || rows_of(9)[usize::try_from(9 - n).unwrap()][..10].to_owned();
    let stamp = || (now() - TimeDelta::days(2)).to_rfc3339_opts(SecondsFormat::Secs, true);
    vec![
        cells("a high below the low", "84000,83000,84500,83500,100", &["high"]),
        cells("a high below the close", "84000,84100,83000,84200,100", &["high"]),
        cells("a low above the open", "84000,84500,84100,84200,100", &["low"]),
        cells("a price of zero", "84000,84500,0,84200,100", &["low", "above zero"]),
        cells("a negative price", "84000,84500,-1,84200,100", &["low", "above zero"]),
        cells("a price that is no number", "84000,84500,NaN,84200,100", &["low", "plain decimal"]),
        cells("a price without an end", "84000,inf,83000,84200,100", &["high"]),
        cells("a price with a thousands separator", "\"84,000\",84500,83000,84200,100", &["cells"]),
        cells("a price with a decimal comma", "84000,50,84500,83000,84200,100", &["cells"]),
        cells("a price with an apostrophe", "84'000,84500,83000,84200,100", &["open", "plain decimal"]),
        cells("a price with an exponent", "8.4e4,84500,83000,84200,100", &["open", "plain decimal"]),
        cells("a price with a currency", "$84000,84500,83000,84200,100", &["open"]),
        cells(
            "a price of forty digits",
            "84000,1234567890123456789012345678901234567890,83000,84200,100",
            &["high", "digits"],
        ),
        cells("a price beyond all numbers", "84000,1e400,83000,84200,100", &["high"]),
        cells("a price that is missing", "84000,,83000,84200,100", &["high"]),
        cells("a negative volume", "84000,84500,83000,84200,-100", &["volume"]),
        cells("a volume that is no number", "84000,84500,83000,84200,many", &["volume"]),
        cells("a cell too many", "84000,84500,83000,84200,100,7", &["7 cells"]),
        cells("a cell too few", "84000,84500", &["3 cells"]),
        cells("a row that is longer than a file may be", "1,2,3,4,", &[]).long(),
        date("a row out of order", day(5), &["comes after a later row"]),
        date("a day twice", day(3), &["is there twice"]),
        date("a day that is none", || "2026-02-29".to_owned(), &["2026-02-29"]),
        date("a day written as elsewhere", || "20.11.2026".to_owned(), &["20.11.2026"]),
        date("a day without dashes", || "20261120".to_owned(), &["20261120"]),
        date("a moment without a zone", || "2026-11-20T00:00:00".to_owned(), &["zone"]),
        date("a moment among days", stamp, &["date"]),
        date("seconds among days", || "1420070460".to_owned(), &[]),
        date("a day that is missing", String::new, &[]),
        head("no head", "2020-01-01,1,2,1,2,3", &["line 1"]),
        head("a head without a close", "date,open,high,low,volume,spread", &["line 1", "close"]),
        head("an unknown column of bars", "date,open,high,low,close,turnover", &["line 1", "turnover"]),
        head("a column of bars twice", "date,open,high,low,close,close", &["line 1", "close"]),
        bad("an empty file of bars", text(FILE, ""), &[]),
        bad(
            "bars that are no text",
            bytes(FILE, b"date,open,high,low,close\n\xff\xfe,1,1,1,1\n"),
            &["line 2"],
        ),
        bad("bars that are no table", text(FILE, "{\"bars\": []}\n"), &["line 1"]),
        bad("bars that are a folder", folder(FILE), &["not a file but a folder"]),
        bad("bars that link to nothing", link(FILE, "nowhere"), &["No such file"]),
        bad("bars that link to themselves", link(FILE, "BTC-USD.csv"), &["symbolic links"]),
        bad(
            "two files of one coin",
            |place| place.write("bars/BTCUSD.csv", HEAD),
            &["BTCUSD.csv", "keep one"],
        ),
        bad("bars from a pipe", pipe(FILE), &["not a file"]),
    ]
}

impl Row {
    /// The same with a row that goes on and on.
    fn long(mut self) -> Self {
        let make = self.make;
        self.make = Box::new(move |place| {
            make(place);
            let text = fs::read_to_string(place.file(FILE)).unwrap();
            place.write(FILE, &text.replace("1,2,3,4,", &"1".repeat(100_000)));
        });
        self
    }
}

#[test]
fn bars_that_cannot_be_trusted_are_named_and_nothing_is_decided() {
    check(&rows());
}

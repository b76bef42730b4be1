//! Rows: what is accepted however it is written, and what is refused wherever it stands.

use super::*;

/// The bars of a file of one stock.
fn accepted(bytes: impl AsRef<[u8]>) -> Vec<Bar> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("AAPL.csv"), bytes).unwrap();
    closes(Bars::open(dir.path(), &stock()).unwrap())
}

/// What is said of a file of one stock, which need not be text.
fn refused_bytes(bytes: impl AsRef<[u8]>) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("AAPL.csv"), bytes).unwrap();
    let error = Bars::open(dir.path(), &stock()).and_then(all).unwrap_err();
    error.to_string().replace(&format!("{}/", dir.path().display()), "")
}

fn closes(bars: Bars) -> Vec<Bar> {
    let only_closes = |moment: Moment| match moment {
        Moment::Close { bar, .. } => Some(bar),
        _ => None,
    };
    all(bars).unwrap().into_iter().filter_map(only_closes).collect()
}

#[test]
fn the_same_rows_however_they_are_written() {
    let plain = accepted(format!("{HEAD}2026-11-19,1.50,2,1,2\n2026-11-20,2,3,2,2.10\n"));
    assert_eq!(plain.len(), 2);
    assert_eq!(plain[0].open.to_string(), "1.50");
    for text in [
        "date,open,high,low,close\r\n2026-11-19,1.50,2,1,2\r\n2026-11-20,2,3,2,2.10\r\n",
        "\u{feff}date,open,high,low,close\n2026-11-19,1.50,2,1,2\n2026-11-20,2,3,2,2.10\n",
        "\n\"Date\", Open ,high,low,close\n\n \t\r\n\"2026-11-19\",1.50, 2 ,\"1\",2\n2026-11-20,2,3,2,2.10 \n\n",
        // A last line without a line end is complete as far as anybody can know.
        "date,open,high,low,close\n2026-11-19,1.50,2,1,2\n2026-11-20,2,3,2,2.10",
        "date,open,high,low,close\r\n2026-11-19,1.50,2,1,2\r\n2026-11-20,2,3,2,2.10\r",
        "close,volume,low,high,open,spread,date\n2,,1,2,1.50,,2026-11-19\r\n2.10,,2,3,2,0,2026-11-20\n",
    ] {
        assert_eq!(accepted(text), plain, "{text:?}");
    }
    assert!(accepted(HEAD).is_empty());
    assert!(accepted("date,open,high,low,close").is_empty());
}

#[test]
fn numbers_that_are_none() {
    let row = |close: &str| refused(&format!("{HEAD}2026-11-19,1,1,1,1\n2026-11-20,1,2,1,{close}\n"));
    for (close, expected) in [
        ("-1", "\"-1\" must be above zero"),
        ("0.00", "\"0.00\" must be above zero"),
        ("1.2.3", "\"1.2.3\" is not a plain decimal"),
        ("1.", "\"1.\" is not a plain decimal"),
        (".5", "\".5\" is not a plain decimal"),
        ("+1", "\"+1\" is not a plain decimal"),
        ("1000000000000.1", "\"1000000000000.1\" is absurdly large"),
        ("0.12345678901234567890123456789", "\"0.12345678901234567890123456789\" has more than 28 digits"),
        ("12345678901234567890123456789.0", "\"12345678901234567890123456789.0\" has more than 28 digits"),
    ] {
        let error = row(close);
        assert!(error.starts_with(&format!("AAPL.csv, line 3, close: {expected}")), "{error}");
    }
}

#[test]
fn rows_that_are_broken() {
    let line_too_long = format!("{HEAD}2026-11-20,1,1,1,{}", "1".repeat(70_000));
    let cell_too_long = format!("{HEAD}2026-11-20,1,1,1,{}\n", "1".repeat(60_000));
    for (bytes, expected) in [
        (b"date,open,high,low,close\n2026-11-20,1,1,1,1\n2026-11-23,1,1".to_vec(), "line 3: has 3 cells"),
        (
            b"date,open,high,low,close\n2026-11-20,1,1,1,1,234\n".to_vec(),
            "line 2: has 6 cells, the first line has 5; take out what is too much",
        ),
        (
            b"date,open,high,low,close\n2026-11-20,1,\xff\xfe,1,1\n".to_vec(),
            "line 2, high: holds bytes that are no text; save the file as UTF-8",
        ),
        (b"date,open,high,low,close\n\xff,1,1,1,1\n".to_vec(), "line 2, time: holds bytes that are no text"),
        (b"date,open,high,low,close\n\xff\n".to_vec(), "line 2: has 1 cells"),
        (b"\xff\xfed\0a\0t\0e\0,\0\n".to_vec(), "line 1: the column"),
        (b"\n\n".to_vec(), "line 3: the column \"date\" is missing"),
        (b"date,open,high,low,close,symbol\n".to_vec(), "line 1: the column \"symbol\" is not known"),
        (line_too_long.into_bytes(), "line 2: is longer than 65536 bytes; give the file line ends"),
    ] {
        let error = refused_bytes(&bytes);
        assert!(error.starts_with(&format!("AAPL.csv, {expected}")), "{error}\ninstead of\n{expected}");
    }
    // What is said of a long cell is short.
    let error = refused_bytes(cell_too_long);
    assert!(error.contains("line 2, close: \"1111") && error.len() < 300, "{error}");
}

#[test]
fn rows_across_the_parts_that_are_held() {
    // Lines of many lengths, so that the parts end at every place of a row.
    let mut text = "ts,open,high,low,close,volume\n".to_owned();
    for second in 0..20_000_u32 {
        let zeros = "0".repeat(second as usize % 13);
        writeln!(text, "{},1.{zeros}1,2,1,1.{zeros}5,1{second}", 1_420_070_400 + second).unwrap();
    }
    let read = accepted(&text);
    assert_eq!(read.len(), 20_000);
    for (bar, line) in read.iter().zip(text.lines().skip(1)) {
        let written = format!(
            "{},{},{},{},{},{}",
            bar.closes.timestamp(),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume.unwrap()
        );
        assert_eq!(written, line);
    }
}

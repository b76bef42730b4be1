//! Bars: whatever comes of a file comes in order and is possible; quotes around its cells change nothing; what a tape
//! tells can be written down and read again.

use std::fmt::Write as _;
use std::path::Path;

use broker_api::{Bar, InstrumentIx};
use broker_paper::matching::Moment;
use engine::feed::{Bars, FeedError};

use super::world::{CATALOG, assert_said, file};

/// A file of bars: read as the file of one stock and one coin, and as a tape.
pub fn bars(data: &[u8]) {
    let folder = file("bars");
    std::fs::create_dir_all(&folder).unwrap();
    let of_folder = |data: &[u8]| {
        std::fs::write(folder.join("AAPL.csv"), data).unwrap();
        std::fs::write(folder.join("btc-usd.CSV"), data).unwrap();
        played(&folder)
    };
    let tape = file("tape.csv");
    let of_tape = |data: &[u8]| {
        std::fs::write(&tape, data).unwrap();
        played(&tape)
    };
    let quoted = quoted(data);
    for play in [&of_folder as &dyn Fn(&[u8]) -> Played, &of_tape] {
        let told = play(data);
        check(&told);
        if let Some(quoted) = &quoted {
            let again = play(quoted);
            assert_eq!(again.moments, told.moments);
            let line = |end: &Option<FeedError>| end.as_ref().map(|fault| (fault.line, fault.field));
            assert_eq!(line(&again.end), line(&told.end), "{:?} and {:?}", again.end, told.end);
        }
    }
    let told = of_tape(data);
    assert_eq!(
        of_tape(written(&told.moments).as_bytes()).moments,
        told.moments,
        "written down and read again"
    );
}

/// What a file tells, and how it ends.
struct Played {
    moments: Vec<Moment>,
    end: Option<FeedError>,
}

fn played(path: &Path) -> Played {
    let mut moments = Vec::new();
    let mut bars = match Bars::open(path, &CATALOG) {
        Ok(bars) => bars,
        Err(fault) => return Played { moments, end: Some(fault) },
    };
    let end = loop {
        match bars.next() {
            Ok(Some(moment)) => moments.push(moment),
            Ok(None) => break None,
            Err(fault) => {
                assert_eq!(bars.next().as_ref(), Err(&fault), "another answer the second time");
                break Some(fault);
            }
        }
    };
    let closes = moments.iter().filter(|moment| matches!(moment, Moment::Close { .. })).count();
    assert_eq!(bars.bars(), closes as u64);
    Played { moments, end }
}

fn check(told: &Played) {
    if let Some(fault) = &told.end {
        assert!(!fault.why.is_empty() && !fault.fix.is_empty(), "{fault:?}");
        assert_said(&fault.to_string());
    }
    for (before, after) in told.moments.iter().zip(told.moments.iter().skip(1)) {
        assert!(before.at() <= after.at(), "{before:?} comes before {after:?}");
    }
    for (_, bar) in told.moments.iter().filter_map(bar) {
        let Bar { opens, closes, open, high, low, close, .. } = bar;
        assert!(low.get().is_sign_positive() && !low.get().is_zero() && opens <= closes, "{bar:?}");
        assert!(low <= open && low <= close && open <= high && close <= high, "{bar:?}");
    }
}

fn bar(moment: &Moment) -> Option<(InstrumentIx, &Bar)> {
    match moment {
        Moment::Open { ix, bar } | Moment::Range { ix, bar } | Moment::Close { ix, bar } => Some((*ix, bar)),
        Moment::Quote { .. } => None,
    }
}

/// The same file with quotes around every cell; nothing when that would change what a cell says.
fn quoted(data: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(data).ok()?;
    let is_plain = |c: char| c.is_ascii_graphic() && c != '"' || c == '\n';
    if !text.chars().all(is_plain) || text.lines().any(|line| line.len() > 1_000) {
        return None;
    }
    let line = |line: &str| {
        if line.is_empty() { String::new() } else { format!("\"{}\"", line.replace(',', "\",\"")) }
    };
    Some(text.split('\n').map(line).collect::<Vec<_>>().join("\n").into_bytes())
}

/// The bars of a tape as a tape.
fn written(moments: &[Moment]) -> String {
    let mut text = "spread,volume,symbol,close,low,high,open,timestamp\n".to_owned();
    for moment in moments.iter().filter(|moment| matches!(moment, Moment::Open { .. })) {
        let Some((ix, bar)) = bar(moment) else { continue };
        let symbol = CATALOG.get(ix).unwrap().key.symbol;
        let spread = bar.spread.map(|spread| spread.to_string()).unwrap_or_default();
        let volume = bar.volume.map(|volume| volume.to_string()).unwrap_or_default();
        let Bar { closes, open, high, low, close, .. } = bar;
        // Ten digits, for eight might be a date.
        let seconds = closes.timestamp();
        writeln!(text, "{spread},{volume},{symbol},{close},{low},{high},{open},{seconds:010}").unwrap();
    }
    text
}

//! Quotes: what is read can be written down and read again, and a last line without its end takes nothing away.

use std::fmt::Write as _;

use broker_api::Symbol;
use engine::feed::{FeedError, Quotes};

use super::world::{CATALOG, assert_said, file};

/// A file of quotes.
pub fn quotes(data: &[u8]) {
    let read = match read(data) {
        Ok(read) => read,
        Err(fault) => {
            assert!(fault.file.ends_with("quotes.jsonl"), "{fault:?}");
            assert_said(&fault.to_string());
            return;
        }
    };
    let mut text = String::new();
    for (ix, quote) in read.iter() {
        let symbol: Symbol = CATALOG.get(ix).unwrap().key.symbol;
        let (bid, ask, at) = (quote.bid, quote.ask, state::encode::time_text(quote.at));
        writeln!(text, r#"{{"at":"{at}","ask":"{ask}","bid":"{bid}","symbol":"{symbol}"}}"#).unwrap();
        assert_eq!(read.get(ix), Some(&quote));
    }
    let again = self::read(text.as_bytes()).unwrap();
    assert!(again.iter().eq(read.iter()), "{text}");
    // Whoever reads in the middle of a write sees the lines before.
    for half in ["{", "{\"symbol\": \"AAPL\", \"bid\": 1"] {
        assert_eq!(self::read(format!("{text}{half}").as_bytes()).as_ref(), Ok(&again));
    }
}

fn read(data: &[u8]) -> Result<Quotes, FeedError> {
    let path = file("quotes.jsonl");
    std::fs::write(&path, data).unwrap();
    Quotes::read(&path, &CATALOG)
}

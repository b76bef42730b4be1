//! Records: one that is read from its row gives the same row again; the chain tells every change; one that cannot follow
//! leaves the book as it was; and a book that was written down is read as the same.

use broker_api::{Record, Stamped};
use chrono::{DateTime, TimeDelta};
use state::encode::{chained, genesis, time_text};
use state::{Book, Encoded, decode, encode};

use super::world::assert_said;

/// How many rows are folded.
const ROWS: usize = 40;

/// Payloads of a journal's rows, one a line.
pub fn records(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (mut book, mut before) = (Book::default(), genesis("fuzz"));
    for (n, payload) in (0_i32..).zip(text.lines().take(ROWS)) {
        let kind = match serde_json::from_str::<Record>(payload) {
            Ok(record) => record.name(),
            Err(_) => "started",
        };
        let mut row = Encoded {
            seq: book.seq() + 1,
            at: time_text(DateTime::UNIX_EPOCH + TimeDelta::seconds(n.into())),
            kind: kind.to_owned(),
            version: 1,
            payload: payload.to_owned(),
            hash: before,
        };
        row.hash = chained(before, &row);
        let Some(stamped) = read(&row) else { continue };
        let again = encode(before, &stamped).unwrap();
        assert_eq!(decode(&again).as_ref(), Ok(&stamped), "{again:?}");
        assert_eq!(encode(before, &decode(&again).unwrap()).as_ref(), Ok(&again));
        assert_eq!(chained(before, &again), again.hash);
        assert_eq!(again.hash == row.hash, again.payload == row.payload);
        let was = book.clone();
        match book.apply(&stamped.record, stamped.at) {
            Ok(_) => {
                assert_eq!(book.seq(), was.seq() + 1);
                before = again.hash;
            }
            Err(illegal) => {
                assert!(!illegal.to_string().is_empty());
                assert!(book == was, "{illegal} left a trace");
            }
        }
    }
    let written = serde_json::to_string(&book).unwrap();
    let read: Book = serde_json::from_str(&written).unwrap();
    assert!(read == book, "{written}");
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
}

fn read(row: &Encoded) -> Option<Stamped> {
    match decode(row) {
        Ok(stamped) => Some(stamped),
        Err(why) => {
            assert_eq!(why.seq, row.seq);
            assert_said(&why.to_string());
            None
        }
    }
}

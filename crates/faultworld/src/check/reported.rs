//! Nothing is reported that was not committed: a state file, a status or a start stands at a row of the journal, under
//! that row's hash, and is the fold of the records up to it.

use broker_api::Digest;
use state::{Book, Encoded};

/// What this is called.
pub(super) const NAME: &str = "reported";

/// What somebody was told, or began from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What it is.
    pub what: &'static str,
    /// Up to which record it goes.
    pub seq: u64,
    /// The hash of that record's row.
    pub hash: Digest,
    /// The book in it; nothing where it is compared already.
    pub book: Option<&'a Book>,
}

/// Looks at a report, with the last durable row and the fold of everything up to it.
///
/// # Errors
/// What does not hold.
pub fn reported(report: &Report<'_>, last: Option<&Encoded>, folded: &Book) -> Result<(), String> {
    let Report { what, seq, .. } = *report;
    let durable = last.map_or(0, |row| row.seq);
    let in_book = report.book.map_or(seq, Book::seq);
    if seq != durable || in_book != seq {
        return Err(format!(
            "the {what} goes up to record {seq}, its book to {in_book}, and {durable} are durable"
        ));
    }
    if last.is_some_and(|row| row.hash != report.hash) {
        return Err(format!("the {what} names another hash of record {seq} than its row has"));
    }
    if report.book.is_some_and(|book| book != folded) {
        return Err(format!("the {what} is not the fold of its {seq} records"));
    }
    Ok(())
}

//! What the orders that were touched ask for, found in one walk over them: most steps touch orders that ask for nothing.

use broker_api::{Phase, Purpose, planted};
use state::Book;
use state::book::Order;

use super::touched::Touched;

/// Sorts of open orders that something may have to be done about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    /// Of unknown outcome, of any instrument.
    Unknown,
    /// Executed in part, and on its way to the rest.
    Rest,
    /// With nothing left to do.
    Useless,
    /// Without an answer, or not sent yet.
    Unsettled,
    /// Being cancelled.
    Cancelling,
}

/// Which sorts there are, as long as no more records were put than there were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    records: usize,
    sorts: u8,
}

impl Found {
    pub(super) fn of(book: &Book, touched: &Touched, records: usize) -> Self {
        let mut sorts = 0;
        // Where nothing was touched nothing is asked for.
        let orders = (!touched.is_nothing()).then(|| book.open_orders());
        for row in orders.into_iter().flatten() {
            let mut sees = |sort: Sort, is: bool| sorts |= u8::from(is) << sort as u8;
            sees(Sort::Unknown, row.phase == Phase::Unknown);
            if touched.has(row.intent.key) {
                sees(Sort::Rest, is_rest(row));
                sees(Sort::Useless, is_useless(book, row));
                sees(Sort::Unsettled, matches!(row.phase, Phase::Unknown | Phase::Waiting));
                sees(Sort::Cancelling, row.phase == Phase::Cancelling);
            }
        }
        Self { records, sorts }
    }

    /// Whether there may be orders of a sort, now that there are so many records.
    pub(super) const fn may_be(self, sort: Sort, records: usize) -> bool {
        self.records != records || self.sorts & (1 << sort as u8) != 0
    }
}

/// What is left of an entry that was executed in part.
pub(super) fn is_rest(row: &Order) -> bool {
    row.intent.purpose == Purpose::Entry && row.phase == Phase::Working && !row.filled.is_zero()
}

/// A reducing order that has nothing left to reduce, or what is left of an entry once the position that it opened is being taken out.
pub(super) fn is_useless(book: &Book, row: &Order) -> bool {
    if row.intent.purpose.is_reducing() {
        book.position(row.intent.key).is_none() && !planted!(SiblingStays)
    } else {
        let leaves = |position: &state::book::Position| !position.exited.is_zero();
        !row.filled.is_zero() && book.position(row.intent.key).is_none_or(leaves)
    }
}

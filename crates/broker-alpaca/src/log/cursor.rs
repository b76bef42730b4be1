//! A place in the log, and the text it travels as.

use broker_api::{Cursor, QueryFailed, Time};

use crate::convert::unreadable;
use crate::transport::query_failed;

const VERSION: &str = "a2";
/// Without a place among what no trade made: it is where fills were read to.
const OLD: &str = "a1";
const INSIDE: &str = "more";

/// A place in the log of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The latest fill or closing that was told.
    pub(crate) seen: Time,
    /// A moment before every order that was live then.
    pub(crate) orders: Time,
    /// The latest entry that no trade made.
    pub(crate) non_trades: Time,
    /// Whether the log goes on behind it.
    pub(crate) is_inside: bool,
}

impl Place {
    pub(crate) fn cursor(self) -> Result<Cursor, QueryFailed> {
        let more = if self.is_inside { format!(".{INSIDE}") } else { String::new() };
        let [seen, orders, non_trades] =
            [self.seen, self.orders, self.non_trades].map(|at| at.timestamp_millis());
        let text = format!("{VERSION}.{seen}.{orders}.{non_trades}{more}");
        Cursor::new(&text).map_err(|why| unreadable("a place in the log", &why))
    }

    pub(crate) fn read(cursor: Cursor) -> Result<Self, QueryFailed> {
        let parts: Vec<&str> = cursor.as_str().split('.').collect();
        let moment = |part: &str| Time::from_timestamp_millis(part.parse().ok()?);
        let place = |seen: &str, orders: &str, non_trades: &str, more: &[&str]| {
            let is_inside = match more {
                [] => false,
                [INSIDE] => true,
                _ => return None,
            };
            let (seen, orders, non_trades) = (moment(seen)?, moment(orders)?, moment(non_trades)?);
            Some(Self { seen, orders, non_trades, is_inside })
        };
        let read = match parts.as_slice() {
            [VERSION, seen, orders, non_trades, more @ ..] => place(seen, orders, non_trades, more),
            [OLD, seen, orders, more @ ..] => place(seen, orders, seen, more),
            _ => None,
        };
        read.ok_or_else(|| {
            query_failed(
                format!("{:?} is no place in the log of an account at Alpaca", cursor.as_str()),
                false,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_was() {
        let at = |millis| Time::from_timestamp_millis(millis).unwrap();
        let (seen, orders, non_trades) =
            (at(1_763_650_929_331), at(1_763_640_000_000), at(1_763_600_000_000));
        for is_inside in [false, true] {
            let place = Place { seen, orders, non_trades, is_inside };
            assert_eq!(Place::read(place.cursor().unwrap()), Ok(place));
        }
        for text in
            ["", "17", "a2.1", "a2.1.2", "a2.1.2.3.4", "a2.1.2.3.more.more", "a3.1.2.3", "a2.x.2.3", "a1.1"]
        {
            if let Ok(cursor) = Cursor::new(text) {
                assert!(!Place::read(cursor).unwrap_err().transient, "{text}");
            }
        }
    }

    #[test]
    fn a_place_of_before_is_read() {
        let at = |millis| Time::from_timestamp_millis(millis).unwrap();
        for (text, is_inside) in [("a1.20.10", false), ("a1.20.10.more", true)] {
            let place = Place { seen: at(20), orders: at(10), non_trades: at(20), is_inside };
            assert_eq!(Place::read(Cursor::new(text).unwrap()), Ok(place));
        }
    }
}

//! A place in the log, and the text it travels as.

use broker_api::{Cursor, QueryFailed, Time};

use crate::convert::unreadable;
use crate::transport::query_failed;

const VERSION: &str = "a1";
const INSIDE: &str = "more";

/// A place in the log of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The latest event that was told.
    pub(crate) seen: Time,
    /// A moment before every order that was live then.
    pub(crate) orders: Time,
    /// Whether the log goes on behind it.
    pub(crate) is_inside: bool,
}

impl Place {
    pub(crate) fn cursor(self) -> Result<Cursor, QueryFailed> {
        let more = if self.is_inside { format!(".{INSIDE}") } else { String::new() };
        let text =
            format!("{VERSION}.{}.{}{more}", self.seen.timestamp_millis(), self.orders.timestamp_millis());
        Cursor::new(&text).map_err(|why| unreadable("a place in the log", &why))
    }

    pub(crate) fn read(cursor: Cursor) -> Result<Self, QueryFailed> {
        let mut parts = cursor.as_str().split('.');
        let moment = |part: Option<&str>| Time::from_timestamp_millis(part?.parse().ok()?);
        let read =
            match (parts.next(), moment(parts.next()), moment(parts.next()), parts.next(), parts.next()) {
                (Some(VERSION), Some(seen), Some(orders), more @ (None | Some(INSIDE)), None) => {
                    Some(Self { seen, orders, is_inside: more.is_some() })
                }
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
        for is_inside in [false, true] {
            let place = Place { seen: at(1_763_650_929_331), orders: at(1_763_640_000_000), is_inside };
            assert_eq!(Place::read(place.cursor().unwrap()), Ok(place));
        }
        for text in ["", "17", "a1.1", "a1.1.2.3", "a1.1.2.more.more", "a2.1.2", "a1.x.2"] {
            if let Ok(cursor) = Cursor::new(text) {
                assert!(!Place::read(cursor).unwrap_err().transient, "{text}");
            }
        }
    }
}

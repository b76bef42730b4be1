//! Ids: text of digits on the wire, and numbers by their order.

use serde::de::{Deserialize, Deserializer, Error as _};

/// The id of a transaction, and so of an order or a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        let read = match &value {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        read.map(Self).ok_or_else(|| D::Error::custom("an id that is no number"))
    }
}

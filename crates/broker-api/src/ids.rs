//! The names of things: venues, accounts, instruments, signals, orders, executions.
//!
//! Each is a type of its own, so that a venue's order id cannot be handed where ours is asked for. All are
//! inline, `Copy`, and read back through the same constructor that made them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::intent::Purpose;
use crate::text::{BadText, Text};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $what:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Text<$max>);

        impl $name {
            /// The most bytes this identifier can have.
            pub const MAX: usize = $max;

            /// Reads the identifier from text.
            ///
            /// # Errors
            /// Empty, too long, or a character that is not allowed in it.
            pub fn new(text: &str) -> Result<Self, BadId> {
                Text::checked(text, $allowed).map(Self).map_err(|why| BadId { what: $what, why })
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

/// A text that is not the identifier it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadId {
    what: &'static str,
    why: BadText,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", self.what, self.why)
    }
}

impl std::error::Error for BadId {}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

fn graphic(_: u8) -> bool {
    true
}

id!(
    /// One account at one broker, by the name the configuration gives it: `paper`, `alpaca-paper`.
    VenueId, 16, "venue", lower
);
id!(
    /// The account's own name at its broker.
    AccountId, 40, "account", graphic
);
id!(
    /// The canonical symbol: a ticker (`AAPL`, `BRK.B`) or `BASE/QUOTE` for currencies and coins.
    Symbol, 16, "symbol", |b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'.' | b'/' | b'-')
);
id!(
    /// A currency or coin by its code: `USD`, `JPY`, `BTC`.
    Currency, 8, "currency", |b| b.is_ascii_uppercase() || b.is_ascii_digit()
);
id!(
    /// The strategy that decided, as it names itself.
    StrategyId, 20, "strategy", |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
);
id!(
    /// The idempotency key of one decision, unique for ever: `2026-11-22/AAPL/enter`.
    SignalId, 64, "signal id", graphic
);
id!(
    /// Our name of an order at its broker, derived from the signal: `tw1`, 20 base32 characters, `-`, leg, generation.
    ClientOrderId, 32, "client order id", lower
);
id!(
    /// The broker's name of an order.
    VenueOrderId, 40, "venue order id", graphic
);
id!(
    /// The broker's name of one execution.
    ExecutionId, 64, "execution id", graphic
);
id!(
    /// A short reason that programs branch on: `max_positions`, `no_price`, `insufficient_margin`.
    Code, 32, "code", |b| lower(b) || b == b'_' || b == b'.'
);
id!(
    /// A place in a venue's own log, in the venue's own words. Only that venue can compare two of them.
    Cursor, 64, "cursor", graphic
);
id!(
    /// The SHA-256 of something, as 64 characters of lower-case hex.
    Digest, 64, "digest", |b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)
);

impl ClientOrderId {
    /// What every name of an order of ours begins with.
    pub const OURS: &str = "tw1";

    /// Whether it is of the form that our names have.
    pub fn is_ours(&self) -> bool {
        self.as_str().starts_with(Self::OURS)
    }

    /// The name of the leg that a venue makes itself of a bracket with this entry; nothing when there is no room for it.
    pub fn leg(&self, purpose: Purpose) -> Option<Self> {
        Self::new(&format!("{self}-{}", purpose.letter())).ok()
    }

    /// The entry that this is a leg of, and which leg, when it has the form of such a name.
    pub fn leg_of(&self) -> Option<(Self, Purpose)> {
        let (entry, letter) = self.as_str().rsplit_once('-')?;
        let purpose =
            [Purpose::Stop, Purpose::Target].into_iter().find(|p| letter.chars().eq([p.letter()]))?;
        Some((Self::new(entry).ok()?, purpose))
    }
}

impl Code {
    /// A code written in the program itself: lower-case letters, digits and `_`. Use it in constants, where a
    /// wrong one is an error of the compiler.
    ///
    /// # Panics
    /// On any other text.
    pub const fn fixed(text: &'static str) -> Self {
        Self(Text::fixed(text))
    }
}

/// One instrument at one venue: what orders, positions and prices are keyed by. As text: `paper:AAPL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key {
    /// Where.
    pub venue: VenueId,
    /// What.
    pub symbol: Symbol,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.venue, self.symbol)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for Key {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        let (venue, symbol) = text.split_once(':').unwrap_or(("", &text));
        Ok(Self { venue: VenueId::new(venue)?, symbol: Symbol::new(symbol)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_text() {
        let key = Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new("EUR/USD").unwrap() };
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(json, "\"paper:EUR/USD\"");
        assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
        assert!(serde_json::from_str::<Key>("\"EUR/USD\"").is_err());
    }

    #[test]
    fn json_goes_through_the_constructor() {
        assert_eq!(serde_json::to_string(&Symbol::new("EUR/USD").unwrap()).unwrap(), "\"EUR/USD\"");
        assert!(serde_json::from_str::<Symbol>("\"EUR/USD\"").is_ok());
        let refused = serde_json::from_str::<Symbol>("\"eur usd\"").unwrap_err().to_string();
        assert!(refused.starts_with("the symbol holds the character 'e'"), "{refused}");
    }
}

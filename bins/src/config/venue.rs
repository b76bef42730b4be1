//! Which venue is traded, and how a broker is reached: `[venue]`, and a table per broker.

use std::path::PathBuf;

use broker_api::{Mode, VenueId};
use serde::{Deserialize, Serialize};

/// Which venue is traded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Venue {
    /// Whose account it is.
    pub broker: BrokerName,
    /// Which kind of account it is at a broker; the embedded one has no kinds.
    pub mode: Mode,
}

/// Whose account is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BrokerName {
    /// The embedded paper broker.
    Paper,
    /// Alpaca.
    Alpaca,
}

/// How an account at Alpaca is reached and traded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alpaca {
    /// Where its keys are: `environment`, or `file:FILE`.
    pub credentials: String,
    /// Whether stocks are traded in whole shares or in fractions.
    pub quantities: Quantities,
    /// Whose quotes of stocks are read.
    pub feed: Feed,
}

/// How small a part of a stock is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantities {
    /// Whole shares.
    Whole,
    /// Parts of a share.
    Fractions,
}

/// Whose quotes of stocks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// One exchange, which every account may read.
    Iex,
    /// All exchanges.
    Sip,
    /// All exchanges, a quarter of an hour late.
    DelayedSip,
}

/// Where keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// In the environment.
    Environment,
    /// In a file that its owner alone may read, relative to the configuration.
    File(PathBuf),
}

impl Default for Venue {
    fn default() -> Self {
        Self { broker: BrokerName::Paper, mode: Mode::Practice }
    }
}

impl Default for Alpaca {
    fn default() -> Self {
        Self { credentials: ENVIRONMENT.to_owned(), quantities: Quantities::Whole, feed: Feed::Iex }
    }
}

/// Keys that stand in the environment.
pub const ENVIRONMENT: &str = "environment";

impl Keys {
    /// Where a value of the configuration says they are; nothing when it says nothing that is known.
    pub fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == ENVIRONMENT => Some(Self::Environment),
            Some(("file", path)) if !path.trim().is_empty() => Some(Self::File(PathBuf::from(path))),
            _ => None,
        }
    }
}

impl BrokerName {
    /// Its name in every book.
    #[expect(clippy::expect_used, reason = "literals, and a test makes them")]
    pub fn venue(self) -> VenueId {
        VenueId::new(self.as_str()).expect("a venue")
    }

    /// As it stands in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Alpaca => "alpaca",
        }
    }

    /// As people write it.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Paper => "the paper broker",
            Self::Alpaca => "Alpaca",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broker_has_a_name_in_the_book() {
        for name in [BrokerName::Paper, BrokerName::Alpaca] {
            assert_eq!(name.venue().as_str(), name.as_str());
            assert_eq!(toml::Value::try_from(name).unwrap().as_str(), Some(name.as_str()));
        }
    }

    #[test]
    fn keys_are_in_the_environment_or_in_a_file_and_nowhere_else() {
        assert_eq!(Keys::read("environment"), Some(Keys::Environment));
        assert_eq!(Keys::read("file:alpaca.env"), Some(Keys::File("alpaca.env".into())));
        for none in ["", "Environment", "file:", "file: ", "alpaca.env", "PK123:secret"] {
            assert_eq!(Keys::read(none), None, "{none}");
        }
    }
}

//! Which venue is traded, and how a broker is reached: `[venue]`, and a table per broker.

use std::path::PathBuf;

use broker_api::{AssetClass, Mode, VenueId};
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
    /// OANDA.
    Oanda,
}

/// Which broker each class of instruments is traded at.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Stocks and funds.
    pub equity: To,
    /// Currency pairs.
    pub forex: To,
    /// Coins.
    pub crypto: To,
}

/// Where a class is traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum To {
    /// At `venue.broker`.
    #[default]
    Venue,
    /// At Alpaca.
    Alpaca,
    /// At OANDA.
    Oanda,
}

impl Route {
    /// Whose account trades a class, where `broker` is that of `[venue]`.
    pub const fn of(self, class: AssetClass, broker: BrokerName) -> BrokerName {
        let to = match class {
            AssetClass::Equity => self.equity,
            AssetClass::Forex => self.forex,
            AssetClass::Crypto => self.crypto,
        };
        match to {
            To::Venue => broker,
            To::Alpaca => BrokerName::Alpaca,
            To::Oanda => BrokerName::Oanda,
        }
    }
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

/// How an account at OANDA is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oanda {
    /// Where its token is: `environment`, or `file:FILE`.
    pub credentials: String,
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

impl Default for Oanda {
    fn default() -> Self {
        Self { credentials: ENVIRONMENT.to_owned() }
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
            Self::Oanda => "oanda",
        }
    }

    /// Whether instruments of a class are traded there.
    pub const fn trades(self, class: AssetClass) -> bool {
        match self {
            Self::Paper => true,
            Self::Alpaca => matches!(class, AssetClass::Equity | AssetClass::Crypto),
            Self::Oanda => matches!(class, AssetClass::Forex),
        }
    }

    /// As people write it.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Paper => "the paper broker",
            Self::Alpaca => "Alpaca",
            Self::Oanda => "OANDA",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broker_has_a_name_in_the_book() {
        for name in [BrokerName::Paper, BrokerName::Alpaca, BrokerName::Oanda] {
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

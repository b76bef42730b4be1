//! The account behind a venue, as the venue states it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{AccountId, Currency, VenueId};
use crate::number::{Amount, Held, Price, Ratio};

/// What kind of account it is; the broker is asked, the configuration is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The embedded paper venue: no broker at all.
    Paper,
    /// A broker's practice account.
    Practice,
    /// Real money.
    Live,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Paper => "PAPER",
            Self::Practice => "PRACTICE",
            Self::Live => "LIVE",
        })
    }
}

/// Which account a venue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    /// Our name of the venue.
    pub venue: VenueId,
    /// The broker's name of the account.
    pub account: AccountId,
    /// What kind it is.
    pub mode: Mode,
    /// What its figures are in.
    pub currency: Currency,
}

/// One reading of an account. All amounts are in its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub of: AccountRef,
    /// What it would be worth if all were closed at the current prices.
    pub equity: Amount,
    /// Cash: deposits, realised profit, fees and financing; open profit is not in it.
    pub balance: Amount,
    /// What open positions bind.
    pub margin_used: Amount,
    /// What new positions may bind, before orders that are still working.
    pub buying_power: Amount,
    /// What may be spent on coins, when the broker tells it apart: they are not bought on credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coin_power: Option<Amount>,
    /// Equity at the end of the previous account day, when the broker publishes it.
    pub previous_close: Option<Amount>,
    /// Whether the broker itself has stopped trading in it.
    pub blocked: bool,
    /// The moment it is true for.
    pub at: Time,
}

/// An account as a process left it: its last reading, and what it would be worth with every stop hit that rests there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// The last reading.
    pub account: Account,
    /// Its worth with every stop hit and every entry under way stopped, in the account's currency; nothing when that could not
    /// be reckoned.
    pub at_stops: Option<Amount>,
    /// What the currencies were worth that the account, and what is held or under way there, are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<Rate>,
}

/// What one unit of a currency is worth in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Of which.
    pub from: Currency,
    /// In which.
    pub to: Currency,
    /// So much.
    pub rate: Ratio,
}

/// What a venue says is held and live in the account, read at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdings {
    /// Everything that is held.
    pub positions: Vec<VenuePosition>,
    /// Every order that is live, whoever placed it.
    pub orders: Vec<crate::outcome::OpenOrder>,
}

/// What the venue says is held of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenuePosition {
    /// Of what.
    pub key: crate::ids::Key,
    /// How much; short is negative.
    pub held: Held,
    /// At what average price.
    pub average: Price,
}

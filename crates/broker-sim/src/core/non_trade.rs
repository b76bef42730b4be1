//! What happens in an account that no trade makes, as a test or a script asks for it.

use broker_api::{Amount, Held, Price, Qty};
use serde::{Deserialize, Serialize};

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NonTrade {
    /// What is held pays so much for each unit; what is held short pays it.
    Dividend {
        /// Of what.
        symbol: String,
        /// How much for each unit.
        per_share: Amount,
    },
    /// What is held brings so many more units.
    StockDividend {
        /// Of what.
        symbol: String,
        /// How many in all.
        qty: Qty,
    },
    /// Interest: negative is paid.
    Interest {
        /// How much.
        amount: Amount,
    },
    /// A fee of trades of before.
    Fee {
        /// How much is taken.
        amount: Amount,
        /// What for, in the broker's word.
        kind: String,
    },
    /// Money that is brought in; negative is taken out.
    Cash {
        /// How much.
        amount: Amount,
    },
    /// So many units become so many.
    Split {
        /// Of what.
        symbol: String,
        /// So many of before
        old: Qty,
        /// are so many from now on.
        new: Qty,
    },
    /// An instrument has another symbol, which must be among those that can be traded.
    Rename {
        /// The symbol of before.
        symbol: String,
        /// The new one.
        becomes: String,
    },
    /// Units are brought in, without a trade; negative ones are taken out.
    Units {
        /// Of what.
        symbol: String,
        /// How many.
        qty: Held,
        /// What they came to, each; the last price when it is not said.
        #[serde(default)]
        price: Option<Price>,
    },
}

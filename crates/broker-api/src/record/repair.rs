//! A person's repair of what book and venue disagree about, as its record holds it.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::intent::Protection;
use crate::number::{Held, Price};

/// What a person decided about a disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// What the venue holds is ours from now on, and is guarded by the plan that comes with it.
    Adopt,
    /// What the venue holds beside the book is none of ours, and stays there.
    Ignore,
    /// What the venue holds is ours, and is closed.
    Close,
    /// What the venue holds is what the book holds, more or less as it may be.
    TrustBroker,
}

impl Repair {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Adopt, Self::Ignore, Self::Close, Self::TrustBroker];

    /// As people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Ignore => "ignore",
            Self::Close => "close",
            Self::TrustBroker => "trust-broker",
        }
    }
}

/// What the venue held when it was decided, and what else the repair needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repaired {
    /// What was decided.
    pub repair: Repair,
    /// What the venue held of it.
    pub there: Held,
    /// At what average price, in quote currency; nothing when it held nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<Price>,
    /// For what is adopted: where it shall be taken out.
    #[serde(default)]
    pub plan: Protection,
    /// For what is ignored: until when. Nothing: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

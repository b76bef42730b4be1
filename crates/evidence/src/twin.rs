//! One signal twice: as it was lived, and as the backtest's engine played it on bars. Where the two part first, by how much,
//! and what signals that were not followed would have made.
//!
//! 1. The layers are looked at in the order in which a trade comes about: signal, decision, size, fill. The first that differs
//!    is where a pair parts; what comes after may follow from it.
//! 2. Differences are ours less the shadow's, signed so that below zero is worse for us.
//! 3. A difference in R does not depend on the size, and one of a side that did not trade is taken with nothing for it. Only
//!    pairs that traded on both sides are in the confidence sequence, which is that of [`PairFigures`](crate::compare::PairFigures).

mod parting;
/// What signals would have made that were denied, or whose time passed.
pub mod regret;
mod summary;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::compare::Pair;
use crate::ledger::number;
use crate::{Side, Time};

pub use parting::{Cause, Layer};
pub use regret::{Regret, RegretSum};
pub use summary::{LayerSum, Summary};

/// What became of a signal on one side, as far as an order of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// This side never took it in.
    Unseen,
    /// Its time passed before it could be acted upon.
    Expired,
    /// A check said no, or no order could be made of it.
    Denied,
    /// It was taken in, and nothing was decided yet.
    Waiting,
    /// An order was made.
    Ordered,
}

/// How far its position has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// There is none, and none will be.
    Nothing,
    /// An order may still fill, or something is held.
    Open,
    /// It was closed.
    Closed,
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// What became of the signal.
    pub came: Came,
    /// How far its position has come.
    pub standing: Standing,
    /// Why it was denied, or was not filled whole.
    pub code: Option<String>,
    /// How much was ordered.
    pub ordered: Option<Decimal>,
    /// What one unit was sized by: the price, or its distance to the stop; nothing where the signal named the quantity.
    pub sized_by: Option<Decimal>,
    /// Whether a check made it smaller.
    pub clipped: bool,
    /// How much was taken in.
    pub quantity: Decimal,
    /// The first fill.
    pub opened: Option<Time>,
    /// The mean price of entry.
    pub entry: Option<Decimal>,
    /// The last fill.
    pub closed: Option<Time>,
    /// The mean price of exit.
    pub exit: Option<Decimal>,
    /// What closed it.
    pub exit_by: Option<String>,
    /// What it made after all fees, in base currency.
    pub pnl: Option<Decimal>,
    /// The same as a multiple of what was risked; nothing without a stop.
    pub r: Option<f64>,
    /// Until when this side is known.
    pub until: Time,
}

impl Played {
    /// A side on which nothing came of a signal so far.
    pub fn nothing(came: Came, until: Time) -> Self {
        let standing = if came == Came::Waiting { Standing::Open } else { Standing::Nothing };
        Self {
            came,
            standing,
            code: None,
            ordered: None,
            sized_by: None,
            clipped: false,
            quantity: Decimal::ZERO,
            opened: None,
            entry: None,
            closed: None,
            exit: None,
            exit_by: None,
            pnl: None,
            r: None,
            until,
        }
    }

    /// What it made in R, once that is known: nothing at all is 0.
    fn made(&self) -> Option<f64> {
        match self.standing {
            Standing::Nothing => Some(0.0),
            Standing::Open => None,
            Standing::Closed => self.r,
        }
    }
}

/// By how much the sides differ; below zero is worse for us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// The price of entry, in quote currency.
    pub entry: Option<Decimal>,
    /// The price of exit, in quote currency.
    pub exit: Option<Decimal>,
    /// How much was taken in, ours less the shadow's.
    pub quantity: Option<Decimal>,
    /// How much later we entered, in seconds.
    pub entry_seconds: Option<i64>,
    /// How much later we were out, in seconds.
    pub exit_seconds: Option<i64>,
    /// The result, in R; a side that did not trade made nothing.
    pub r: Option<f64>,
    /// The result, in base currency, likewise.
    pub pnl: Option<Decimal>,
}

/// One signal, twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Twin {
    /// The signal.
    pub id: String,
    /// What it is about.
    pub symbol: String,
    /// Which way.
    pub side: Side,
    /// When it was decided.
    pub decided: Time,
    /// As it was lived.
    pub live: Played,
    /// As the backtest's engine played it.
    pub shadow: Played,
    /// Where they part first.
    pub layer: Layer,
    /// Why, where they part.
    pub cause: Option<Cause>,
    /// By how much they differ.
    pub differences: Differences,
}

impl Twin {
    /// Compares two sides of a signal. `lot` is the least step of its size.
    pub fn of(
        id: String,
        symbol: String,
        side: Side,
        decided: Time,
        sides: [Played; 2],
        lot: Decimal,
    ) -> Self {
        let [live, shadow] = sides;
        let (layer, cause) = match parting::parting(&live, &shadow, lot) {
            Some((layer, cause)) => (layer, Some(cause)),
            None => (Layer::Same, None),
        };
        let differences = Differences::of(&live, &shadow, side);
        Self { id, symbol, side, decided, live, shadow, layer, cause, differences }
    }

    /// For the test of pairs: both sides traded, and what they made is known in R.
    pub fn pair(&self) -> Option<Pair> {
        if [&self.live, &self.shadow].iter().any(|side| side.standing != Standing::Closed) {
            return None;
        }
        Some(Pair {
            id: self.id.clone(),
            live: self.live.r?,
            shadow: self.shadow.r?,
            is_same_size: self.live.quantity == self.shadow.quantity,
            is_same_exit: parting::exit(&self.live, &self.shadow)
                .is_none_or(|cause| cause == Cause::ExitPrice),
        })
    }
}

impl Differences {
    fn of(live: &Played, shadow: &Played, side: Side) -> Self {
        let worse = |ours: Option<Decimal>, theirs: Option<Decimal>| {
            let more = ours?.checked_sub(theirs?)?;
            Some(if side == Side::Long { more } else { -more })
        };
        let seconds = |ours: Option<Time>, theirs: Option<Time>| Some((ours? - theirs?).num_seconds());
        let money = |played: &Played| match played.standing {
            Standing::Nothing => Some(Decimal::ZERO),
            Standing::Open => None,
            Standing::Closed => played.pnl,
        };
        let has_order = live.ordered.is_some() || shadow.ordered.is_some();
        Self {
            // Who buys for less is better off.
            entry: worse(shadow.entry, live.entry),
            exit: worse(live.exit, shadow.exit),
            quantity: live.quantity.checked_sub(shadow.quantity).filter(|_| has_order),
            entry_seconds: seconds(live.opened, shadow.opened),
            exit_seconds: seconds(live.closed, shadow.closed),
            r: live.made().zip(shadow.made()).map(|(ours, theirs)| ours - theirs),
            pnl: money(live).zip(money(shadow)).and_then(|(ours, theirs)| ours.checked_sub(theirs)),
        }
    }
}

/// The multiple of a risk; nothing without one.
pub fn multiple(pnl: Decimal, risk: Option<Decimal>) -> Option<f64> {
    let risk = risk.filter(|risk| *risk > Decimal::ZERO)?;
    pnl.checked_div(risk).map(number)
}

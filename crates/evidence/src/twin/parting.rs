//! Where a pair parts: the layers one by one, and what differs in the first that does.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Came, Played, Standing};

/// Two moments of one fill that lie further apart are two.
const SAME_TIME: TimeDelta = TimeDelta::minutes(1);
/// Sizes that differ by no more than this share are one: what a trade won moves the next one's size a little, and R not at all.
const SAME_SIZE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Where a pair parts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// One side got no such signal, or too late to act upon.
    Signal,
    /// One side made an order and the other none.
    Decision,
    /// Orders of different sizes.
    Size,
    /// The same order, filled otherwise.
    Fill,
    /// They do not part.
    Same,
}

impl Layer {
    /// All of them, in the order in which they are looked at.
    pub const ALL: [Self; 5] = [Self::Signal, Self::Decision, Self::Size, Self::Fill, Self::Same];

    /// As people and files read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Decision => "decision",
            Self::Size => "size",
            Self::Fill => "fill",
            Self::Same => "same",
        }
    }
}

/// Why it parts there, as far as records tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Its time passed here.
    ExpiredHere,
    /// Its time passed there.
    ExpiredThere,
    /// It was not taken in here.
    UnseenHere,
    /// It was not taken in there.
    UnseenThere,
    /// A check denied it here.
    DeniedHere,
    /// A check denied it there.
    DeniedThere,
    /// A check made one of them smaller.
    Clipped,
    /// One lot.
    Rounded,
    /// The price it was sized at was another.
    SizedAt,
    /// What it was sized by was another: mostly the equity.
    Equity,
    /// Nothing was filled here.
    MissedHere,
    /// Nothing was filled there.
    MissedThere,
    /// Less, or more, of the order was filled.
    Part,
    /// The entry was filled at another time.
    EntryTime,
    /// The entry was filled at another price.
    EntryPrice,
    /// What closed it was another.
    ExitBy,
    /// The exit was filled at another time.
    ExitTime,
    /// The exit was filled at another price.
    ExitPrice,
}

impl Cause {
    /// In a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ExpiredHere => "expired here",
            Self::ExpiredThere => "expired in the shadow",
            Self::UnseenHere => "not taken in here",
            Self::UnseenThere => "not taken in by the shadow",
            Self::DeniedHere => "denied here",
            Self::DeniedThere => "denied in the shadow",
            Self::Clipped => "made smaller by a check",
            Self::Rounded => "one lot",
            Self::SizedAt => "sized at another price",
            Self::Equity => "sized by another equity",
            Self::MissedHere => "not filled here",
            Self::MissedThere => "not filled in the shadow",
            Self::Part => "filled in part",
            Self::EntryTime => "entered at another time",
            Self::EntryPrice => "entered at another price",
            Self::ExitBy => "closed by something else",
            Self::ExitTime => "closed at another time",
            Self::ExitPrice => "closed at another price",
        }
    }
}

/// The first layer in which two sides differ, and why; nothing when they do not.
pub(super) fn parting(live: &Played, shadow: &Played, lot: Decimal) -> Option<(Layer, Cause)> {
    let (here, there) = (live.came, shadow.came);
    match (here, there) {
        // An order is one decision; that none was made is one too, whatever kept it back.
        (Came::Ordered, Came::Ordered) => {}
        (_, Came::Ordered) => {
            return match here {
                Came::Expired => Some((Layer::Signal, Cause::ExpiredHere)),
                Came::Unseen => Some((Layer::Signal, Cause::UnseenHere)),
                Came::Denied => Some((Layer::Decision, Cause::DeniedHere)),
                Came::Waiting | Came::Ordered => None,
            };
        }
        (Came::Ordered, _) => {
            return match there {
                Came::Expired => Some((Layer::Signal, Cause::ExpiredThere)),
                Came::Unseen => Some((Layer::Signal, Cause::UnseenThere)),
                Came::Denied => Some((Layer::Decision, Cause::DeniedThere)),
                Came::Waiting | Came::Ordered => None,
            };
        }
        _ => return None,
    }
    size(live, shadow, lot)
        .map(|cause| (Layer::Size, cause))
        .or_else(|| fill(live, shadow).map(|cause| (Layer::Fill, cause)))
}

/// Why orders are of different sizes; nothing when they are not.
fn size(live: &Played, shadow: &Played, lot: Decimal) -> Option<Cause> {
    let (ours, theirs) = (live.ordered?, shadow.ordered?);
    let apart = ours.checked_sub(theirs)?.abs();
    if theirs.is_zero() || theirs.checked_mul(SAME_SIZE).is_none_or(|same| apart <= same) {
        return None;
    }
    if live.clipped != shadow.clipped {
        return Some(Cause::Clipped);
    }
    if apart <= lot {
        return Some(Cause::Rounded);
    }
    // Size = budget / what one unit costs: which of the two moved it more?
    let unit = live.sized_by.zip(shadow.sized_by).and_then(|(ours, theirs)| ours.checked_div(theirs));
    let budget = unit.and_then(|unit| ours.checked_mul(unit)?.checked_div(theirs));
    let off = |ratio: Option<Decimal>| ratio.map_or(Decimal::ZERO, |ratio| (ratio - Decimal::ONE).abs());
    Some(if off(unit) > off(budget) { Cause::SizedAt } else { Cause::Equity })
}

/// How the same order was filled otherwise; nothing when it was not.
fn fill(live: &Played, shadow: &Played) -> Option<Cause> {
    let is_filled = |side: &Played| !side.quantity.is_zero();
    match (is_filled(live), is_filled(shadow)) {
        (false, true) if live.standing == Standing::Nothing => return Some(Cause::MissedHere),
        (true, false) if shadow.standing == Standing::Nothing => return Some(Cause::MissedThere),
        (true, true) => {}
        // What may still be filled has not parted.
        _ => return None,
    }
    let (ours, theirs) = (live.opened?, shadow.opened?);
    if (ours - theirs).abs() > SAME_TIME {
        return Some(Cause::EntryTime);
    }
    if live.entry != shadow.entry {
        return Some(Cause::EntryPrice);
    }
    let share = |side: &Played| side.ordered.and_then(|ordered| side.quantity.checked_div(ordered));
    if share(live).zip(share(shadow)).is_some_and(|(ours, theirs)| (ours - theirs).abs() > SAME_SIZE) {
        return Some(Cause::Part);
    }
    exit(live, shadow)
}

/// How they ended otherwise, as far as both are known.
pub(super) fn exit(live: &Played, shadow: &Played) -> Option<Cause> {
    match (live.closed, shadow.closed) {
        (Some(ours), Some(theirs)) => {
            if live.exit_by != shadow.exit_by {
                Some(Cause::ExitBy)
            } else if (ours - theirs).abs() > SAME_TIME {
                Some(Cause::ExitTime)
            } else {
                (live.exit != shadow.exit).then_some(Cause::ExitPrice)
            }
        }
        (Some(at), None) => (shadow.until - at > SAME_TIME).then_some(Cause::ExitTime),
        (None, Some(at)) => (live.until - at > SAME_TIME).then_some(Cause::ExitTime),
        (None, None) => None,
    }
}

//! What pairs come to: the test, each layer, and what only one side traded.

use serde::{Deserialize, Serialize};

use super::{Layer, Played, Standing, Twin};
use crate::compare::{Pair, PairFigures};
use crate::{Figure, Undefined};

/// What parted in one layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSum {
    /// Which.
    pub layer: Layer,
    /// How many pairs.
    pub pairs: usize,
    /// The sum of their differences in R, as far as they are known.
    pub r: f64,
    /// Of all differences, by their size, the share that parted here.
    pub share: Figure,
}

/// What pairs come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Pairs that traded on both sides: the test.
    pub figures: PairFigures,
    /// Each layer, in the order in which they are looked at.
    pub layers: Vec<LayerSum>,
    /// Pairs of which only we traded.
    pub only_here: usize,
    /// What they made, in R.
    pub only_here_r: f64,
    /// Pairs of which only the shadow traded.
    pub only_there: usize,
    /// What they made, in R.
    pub only_there_r: f64,
    /// Pairs of which a side is not over.
    pub open: usize,
    /// Pairs that traded and have no R, for want of a stop.
    pub without_r: usize,
}

impl Summary {
    /// Of pairs in their order.
    pub fn of(twins: &[Twin]) -> Self {
        let pairs: Vec<Pair> = twins.iter().filter_map(Twin::pair).collect();
        let whole = sum(twins.iter().filter_map(|twin| twin.differences.r).map(f64::abs));
        let layers = Layer::ALL.map(|layer| {
            let of_it = || twins.iter().filter(|twin| twin.layer == layer);
            let known = || of_it().filter_map(|twin| twin.differences.r);
            let size = sum(known().map(f64::abs));
            let share = if whole > 0.0 { (size / whole).into() } else { Undefined::NoSpread.into() };
            LayerSum { layer, pairs: of_it().count(), r: sum(known()), share }
        });
        let traded = |side: &Played| side.standing == Standing::Closed;
        let none = |side: &Played| side.standing == Standing::Nothing;
        let here: Vec<&Twin> = twins.iter().filter(|t| traded(&t.live) && none(&t.shadow)).collect();
        let there: Vec<&Twin> = twins.iter().filter(|t| none(&t.live) && traded(&t.shadow)).collect();
        let is_open = |twin: &&Twin| [&twin.live, &twin.shadow].iter().any(|s| s.standing == Standing::Open);
        let lacks = |side: &Played| traded(side) && side.r.is_none();
        Self {
            figures: PairFigures::of(&pairs),
            layers: layers.into(),
            only_here: here.len(),
            only_here_r: sum(here.iter().filter_map(|twin| twin.live.r)),
            only_there: there.len(),
            only_there_r: sum(there.iter().filter_map(|twin| twin.shadow.r)),
            open: twins.iter().filter(is_open).count(),
            without_r: twins.iter().filter(|twin| lacks(&twin.live) || lacks(&twin.shadow)).count(),
        }
    }
}

/// The sum of nothing is zero, and not the `-0.0` that the standard library begins with.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

//! What chance does to so many trades, told in full: the tests for daily looks on their way, the distribution of the longest
//! losing streak, how each figure is spread over samples of a backtest.

use serde::{Deserialize, Serialize};

use super::Reference;
use super::sequential::{Look, looks};
use super::spreads::{Spread, spreads};
use super::streak::{Chance, chances};
use crate::Ledger;
use crate::figure::Undefined;
use crate::figures::TradeFigures;

/// What chance does to live trades.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chances {
    /// How many trades.
    pub trades: usize,
    /// The e-process and the SPRT, trade by trade.
    pub looks: Vec<Look>,
    /// The longest losing streak, live.
    pub longest: usize,
    /// Losses in a row now.
    pub now: usize,
    /// How often the longest losing streak of so many trades has each length.
    pub streaks: Vec<Chance>,
    /// How each figure is spread, and the live one.
    pub spreads: Vec<Spread>,
}

impl Chances {
    /// Of live trades beside a reference that was drawn for as many. Streaks are told up to `limit` at least, the way of the
    /// tests at no more than `places` places.
    pub fn of(live: &Ledger, reference: &Reference, limit: usize, places: usize) -> Result<Self, Undefined> {
        let values = live.values(reference.unit)?;
        let figures = TradeFigures::of(&values);
        let (rate, even) = (reference.figures.win_rate.get()?, reference.figures.break_even_win_rate.get()?);
        let won: Vec<bool> = values.iter().map(|x| *x > 0.0).collect();
        let longest = figures.longest_losing_streak;
        Ok(Self {
            trades: values.len(),
            looks: looks(&won, rate, even, reference.inflation, places),
            longest,
            now: figures.losing_streak_now,
            streaks: chances(values.len(), 1.0 - rate, reference.loss_after_loss, longest.max(limit)),
            spreads: spreads(reference, &values),
        })
    }
}

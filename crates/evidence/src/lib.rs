//! What the trades so far can and cannot tell: figures, bands, power, gates, and drawings of them.
//!
//! 1. Pure: text and numbers in, figures out. No file, no clock; what is drawn at random follows from a seed that is
//!    handed in, and is the same for any number of threads.
//! 2. Amounts are decimals in the ledger and become binary fractions at one place, [`ledger::number`]; statistics are
//!    binary fractions from there on and never become money again.
//! 3. A figure that has no value says why ([`Undefined`]); it is never zero, never infinite.
//! 4. No verdict without what a sample of this size can tell ([`compare::power`]).
//!
//! `docs/evidence.md` names every figure, its convention and its source.

/// Distributions of figures that a backtest gives for so many trades.
pub mod bands;
/// Live against backtest.
pub mod compare;
/// How well orders were carried out.
pub mod execution;
/// A value, or why there is none.
pub mod figure;
/// What a ledger and an equity curve come to.
pub mod figures;
/// What is needed for the next phase.
pub mod gates;
/// Trades and equity, as they are read.
pub mod ledger;
/// Figures as drawings.
pub mod plot;
/// Figures along the way.
pub mod series;
mod special;
/// One signal as it was lived, and as the backtest's engine played it.
pub mod twin;

pub use bands::{Bands, Metric, Plan, Source};
pub use compare::{Backtest, Comparison, Headline, Reference, compare as compare_with};
pub use figure::{Figure, Undefined, thousands};
pub use figures::{Conventions, EquityFigures, TradeFigures};
pub use gates::{Certificate, Criterion, Evaluation, Verdict};
pub use ledger::{Class, EquityPoint, Ledger, Side, Trade};

/// A moment, always in UTC.
pub type Time = chrono::DateTime<chrono::Utc>;

#[cfg(test)]
mod tests;

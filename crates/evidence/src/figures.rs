//! What trades and an equity curve come to. Every formula stands with its convention; where the usual packages differ,
//! docs/evidence.md says which is meant.

/// Depth and length below the highest point.
pub mod drawdown;
/// Equity curves.
pub mod equity;
/// Sums over observations.
pub mod moments;
/// How sure a Sharpe ratio is.
pub mod sharpe;
/// Trades.
pub mod trades;

pub use drawdown::Drawdown;
pub use equity::{Conventions, EquityFigures};
pub use moments::Moments;
pub use trades::{Exposure, TradeFigures};

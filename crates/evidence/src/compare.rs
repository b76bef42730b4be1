//! Live against backtest: where the live figures fall, what they are compatible with, and what so few trades can tell.

/// What chance does, told in full.
pub mod chances;
/// How deep drawdowns are by chance.
pub mod depths;
/// What headline figures say, and where they contradict each other.
pub mod headline;
/// All of it, for a number of trades.
pub mod live;
/// Live trades beside what the backtest made of the same signals.
pub mod pairs;
/// What a sample of this size can tell.
pub mod power;
/// Intervals for a share.
pub mod proportion;
/// Whether trades come as often as they should.
pub mod rate;
/// Looks every day, without more false alarms.
pub mod sequential;
/// How figures are spread over samples of a backtest.
pub mod spreads;
/// Losses in a row.
pub mod streak;

pub use chances::Chances;
pub use headline::{Contradiction, Headline};
pub use live::{Backtest, BacktestFigures, Basis, Comparison, Reference, compare};
pub use pairs::{Pair, PairFigures};
pub use power::Power;
pub use proportion::Interval;
pub use rate::{RateFigures, SignalCounts};

//! What any [`Broker`] must do, as numbered cases that play against one: each asks, looks, and says what it saw and what it
//! should have seen.
//!
//! 1. A case needs a [`Stage`]: a venue with whatever surrounds it (prices, time, faults). What a stage cannot do, it says,
//!    and the case is skipped with that reason; which cases are skipped where is written down by whoever runs them.
//! 2. Each case gets a stage of its own, so that none rests upon another.
//! 3. A case looks only through the port. What a venue says that it cannot do is not asked of it, but what it says that it
//!    can, it must.

mod bench;
mod cases;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{Broker, ExecutionId, Price, Qty, Symbol};

pub use bench::Bench;
pub use cases::all;

/// What a stage cannot do, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cannot(pub &'static str);

/// What a stage did, or cannot do.
pub type Can = Result<(), Cannot>;

/// Something that goes wrong with the next order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is lost on its way, and no answer comes.
    LostRequest,
    /// It arrives, and the answer is lost.
    LostReply,
    /// The venue says that it looks at nothing for a while.
    Throttled,
    /// At first only so much of it is executed.
    PartFill(Qty),
    /// Our credentials are not taken any more, by any call.
    BadKeys,
}

/// A venue under test, with what surrounds it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The venue, as it is connected now.
    fn broker(&self) -> Arc<dyn Broker>;

    /// An instrument that is traded in whole units, can be sold short, and costs about 100.
    fn symbol(&self) -> Symbol;

    /// A number that no other run against the same account has: names of orders are made from it.
    fn run(&self) -> u64;

    /// Bid and ask of an instrument are these from now on.
    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Can;

    /// So much time passes, and what is due happens.
    async fn pass(&mut self, time: TimeDelta) -> Can;

    /// The market opens, or closes.
    async fn market(&mut self, is_open: bool) -> Can;

    /// Something goes wrong with the next order.
    async fn trouble(&mut self, trouble: Trouble) -> Can;

    /// An execution is taken back.
    async fn bust(&mut self, execution: ExecutionId) -> Can;

    /// The connection is made anew, as by another process.
    async fn restart(&mut self) -> Can;
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It cannot be played here.
    Skipped(String),
    /// What was seen, and what was demanded.
    Failed(String),
}

impl From<Cannot> for Stop {
    fn from(why: Cannot) -> Self {
        Self::Skipped(why.0.to_owned())
    }
}

/// What came of a case.
pub type Done = Result<(), Stop>;

/// A case under way.
pub type Playing<'b> = Pin<Box<dyn Future<Output = Done> + Send + 'b>>;

/// One thing that a broker must do.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its number, which stays.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// What it demands.
    pub demands: &'static str,
    /// Plays it.
    pub play: for<'b> fn(&'b mut Bench) -> Playing<'b>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.name)
    }
}

impl Case {
    /// Plays the case on a stage of its own.
    pub async fn on(&self, stage: Box<dyn Stage>) -> Done {
        let mut bench = Bench::new(stage, self.number).await?;
        (self.play)(&mut bench).await
    }
}

//! What any [`Broker`] must do, as numbered cases that play against one: each asks, looks, and says what it saw and what it
//! should have seen.
//!
//! 1. A case needs a [`Stage`]: a venue with whatever surrounds it (prices, time, faults). What a case needs done to the
//!    surroundings is its [`Power`]s; what a stage has no power over, it says, and those cases are skipped with that reason.
//!    Which cases are skipped where is written down by whoever runs them.
//! 2. Each case gets a stage of its own, so that none rests upon another, and the stage takes away what the case left.
//! 3. A case looks only through the port. What a venue says that it cannot do is not asked of it, but what it says that it
//!    can, it must.
//! 4. Nothing is demanded at once that a broker may take a moment for: an order appears, ends and is told of within twenty
//!    seconds of the stage's time. Only what must never be seen is demanded of every look.

mod bench;
mod cases;
mod report;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{Broker, ExecutionId, Price, Qty, Symbol};

pub use bench::Bench;
pub use cases::all;
pub use report::{Came, Played, markdown, play};

/// What a case needs done to the surroundings of a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// The market is open: an order at the market is executed, and a cancel is carried out.
    Session,
    /// Prices are set.
    Prices,
    /// The market is opened and closed.
    Hours,
    /// Orders and answers are lost on their way.
    Losses,
    /// The venue puts an order off.
    Throttles,
    /// An order is executed in parts.
    Parts,
    /// Our credentials stop being good.
    Keys,
    /// Executions are taken back.
    Busts,
    /// The venue hints that there is something to read.
    Hints,
    /// The connection that hints is cut.
    Cuts,
    /// A cancel is carried out late.
    Races,
}

impl Power {
    /// What it is, in a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "an open market",
            Self::Prices => "prices",
            Self::Hours => "hours",
            Self::Losses => "losses",
            Self::Throttles => "throttling",
            Self::Parts => "part fills",
            Self::Keys => "credentials",
            Self::Busts => "busts",
            Self::Hints => "hints",
            Self::Cuts => "cut streams",
            Self::Races => "late cancels",
        }
    }
}

/// A stage that did not do what it has the power to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl Broken {
    /// Because of this.
    pub fn because(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// What a stage did.
pub type Did = Result<(), Broken>;

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
    /// The connection that hints is cut before it tells of it.
    LostStream,
    /// The next cancel is taken, and carried out only minutes later.
    LateCancel,
}

/// A venue under test, with what surrounds it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The venue, as it is connected now.
    fn broker(&self) -> Arc<dyn Broker>;

    /// An instrument that is traded in whole units and can be sold short.
    fn symbol(&self) -> Symbol;

    /// About what it costs. Where prices can be set, the cases set them near this.
    fn level(&self) -> Price;

    /// A number that no other run against the same account has: names of orders are made from it.
    fn run(&self) -> u64;

    /// Why it has no power over this; nothing when it has.
    fn lacks(&self, power: Power) -> Option<&'static str>;

    /// Bid and ask of an instrument are these from now on.
    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Did;

    /// So much time passes, and what is due happens.
    async fn pass(&mut self, time: TimeDelta) -> Did;

    /// The market opens, or closes.
    async fn market(&mut self, is_open: bool) -> Did;

    /// Something goes wrong with the next order.
    async fn trouble(&mut self, trouble: Trouble) -> Did;

    /// An execution is taken back.
    async fn bust(&mut self, execution: ExecutionId) -> Did;

    /// Waits for a hint of this broker, for as long as is fair; whether one came.
    async fn hinted(&self, broker: Arc<dyn Broker>) -> Result<bool, Broken>;

    /// The connection is made anew, as by another process.
    async fn restart(&mut self) -> Did;

    /// Takes away what a case left: live orders and what is held. Nothing to do where each stage has a venue of its own.
    async fn clear(&mut self) -> Did;
}

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It cannot be played here.
    Skipped(String),
    /// What was seen, and what was demanded.
    Failed(String),
}

impl From<Broken> for Stop {
    fn from(why: Broken) -> Self {
        Self::Failed(format!("the stage: {}", why.0))
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
    /// What it needs done to the surroundings.
    pub needs: &'static [Power],
    /// Plays it.
    pub play: for<'b> fn(&'b mut Bench) -> Playing<'b>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.name)
    }
}

impl Case {
    /// Plays the case on a stage of its own, and has the stage cleared behind it.
    ///
    /// # Errors
    /// The case is skipped there, or failed.
    pub async fn on(&self, stage: Box<dyn Stage>) -> Done {
        if let Some(why) = self.needs.iter().find_map(|power| stage.lacks(*power)) {
            return Err(Stop::Skipped(why.to_owned()));
        }
        let mut bench = Bench::new(stage, self.number).await?;
        let done = (self.play)(&mut bench).await;
        match (bench.stage.clear().await, done) {
            (Ok(()), done) => done,
            (Err(left), Err(Stop::Failed(what))) => {
                Err(Stop::Failed(format!("{what}; and what it left could not be taken away: {}", left.0)))
            }
            (Err(left), _) => Err(Stop::Failed(format!("what it left could not be taken away: {}", left.0))),
        }
    }
}

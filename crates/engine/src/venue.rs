//! The one place from which orders leave: opens a durable command, sends it once, and says what came of it.
//!
//! Whatever happens in between (no answer in time, a task that died) becomes `Unknown`, never a refusal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Code,
    Cursor, Finding, Holdings, Key, OpenOrder, Proof, Purpose, QueryFailed, SubmitOutcome, Time, VenueDay,
    VenueId, planted,
};
use chrono::{NaiveDate, TimeDelta};
use state::Durable;
use tokio::time::timeout;

use crate::command::Command;
use crate::input::Input;
use crate::watch::{Note, Watch};

/// Tells the time. The clock of the machine in a trading process, a stepped one in a demo or a test.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// One broker account, and the conditions under which something may be sent to it.
pub struct Venue {
    broker: Arc<dyn Broker>,
    clock: Clock,
    halt: PathBuf,
    patience: Duration,
    is_timekeeper: bool,
    is_absent: bool,
}

impl Venue {
    /// How long an answer is waited for before its outcome counts as unknown.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// A venue behind `broker`. While a file lies at `halt`, or cannot be looked for, no entry leaves.
    pub fn new(broker: Arc<dyn Broker>, clock: Clock, halt: PathBuf) -> Self {
        Self { broker, clock, halt, patience: Self::PATIENCE, is_timekeeper: false, is_absent: false }
    }

    /// The same with another patience.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same, where our clock goes by the venue's, as at a simulator: it is never apart from ours, and must still be readable.
    #[must_use]
    pub const fn as_timekeeper(mut self, is_timekeeper: bool) -> Self {
        self.is_timekeeper = is_timekeeper;
        self
    }

    /// The same, where it did not answer when it was asked who it is. A process that begins goes on without it, if its book knows it.
    #[must_use]
    pub const fn absent(mut self, is_absent: bool) -> Self {
        self.is_absent = is_absent;
        self
    }

    /// Whether it did not say who it is.
    pub const fn is_absent(&self) -> bool {
        self.is_absent
    }

    /// Our name of it.
    pub fn id(&self) -> VenueId {
        self.broker.id()
    }

    /// What it can do.
    pub fn capabilities(&self) -> &Capabilities {
        self.broker.capabilities()
    }

    /// Whether the halt file lies there. What cannot be looked for counts as there.
    pub fn is_halted(&self) -> bool {
        self.halt.try_exists().unwrap_or(true)
    }

    /// Carries out one command, and gives what came of it as the desk's next input.
    pub async fn send(&self, command: Durable<Command>, watch: &Watch) -> Input {
        let subject = command.get().subject();
        watch(Note::Send { subject });
        let outcome = self.carry_out(command).await;
        watch(Note::Outcome { subject });
        outcome
    }

    async fn carry_out(&self, command: Durable<Command>) -> Input {
        match command.open() {
            Command::Submit { order, mark, attempt, send_by } => {
                let intent = order.open();
                let now = (self.clock)();
                let outcome = if now > send_by {
                    SubmitOutcome::NotSent { why: format!("its time to be sent ended at {send_by}").into() }
                } else if intent.purpose == Purpose::Entry && self.is_halted() {
                    let why = format!("the halt file {} lies there; no entry leaves", self.halt.display());
                    SubmitOutcome::NotSent { why: why.into() }
                } else {
                    let answer = timeout(self.patience, self.broker.submit(&intent, mark)).await;
                    answer.unwrap_or_else(|_| {
                        if planted!(TimeoutIsRefusal) {
                            SubmitOutcome::Refused { code: Code::fixed("no_answer"), text: self.no_answer() }
                        } else {
                            SubmitOutcome::Unknown { why: self.no_answer() }
                        }
                    })
                };
                Input::Submitted { order: intent.id, attempt, outcome }
            }
            Command::Cancel { order, .. } => {
                let answer = timeout(self.patience, self.broker.cancel(order)).await;
                let outcome = answer.unwrap_or_else(|_| CancelOutcome::Unknown { why: self.no_answer() });
                Input::Cancelled { order, outcome }
            }
            Command::Close { key } => {
                let answer = timeout(self.patience, self.broker.close(key)).await;
                let outcome = answer.unwrap_or_else(|_| CancelOutcome::Unknown { why: self.no_answer() });
                Input::Closing { key, outcome }
            }
            Command::Find { order, mark, sent, .. } => {
                let answer = timeout(self.patience, self.broker.find(order, mark, sent)).await;
                if planted!(FailedReadIsEmpty) && !matches!(answer, Ok(Ok(_))) {
                    let proof = Proof::FencePassed { fence: sent.to, to: mark };
                    return Input::Found { order, finding: Some(Finding::Absent { proof }) };
                }
                Input::Found { order, finding: answer.ok().and_then(Result::ok) }
            }
        }
    }

    /// Which account this is.
    ///
    /// # Errors
    /// [`QueryFailed`], also when no answer came in time; so do the other questions.
    pub async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        self.in_time(timeout(self.patience, self.broker.identity()).await)
    }

    /// Every date of its own calendar, from a date on; nothing when it has none.
    pub async fn days(
        &self,
        class: AssetClass,
        from: NaiveDate,
        count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        self.in_time(timeout(self.patience, self.broker.days(class, from, count)).await)
    }

    /// The account as it stands.
    pub async fn account(&self) -> Result<Account, QueryFailed> {
        self.in_time(timeout(self.patience, self.broker.account()).await)
    }

    /// How far its own clock is from ours, at least, in whole milliseconds; above zero when it is ahead. What the way there and
    /// back explains of a difference is none.
    pub async fn ahead(&self) -> Result<TimeDelta, QueryFailed> {
        let before = (self.clock)();
        let told = self.in_time(timeout(self.patience, self.broker.clock()).await)?;
        if self.is_timekeeper {
            return Ok(TimeDelta::zero());
        }
        let after = (self.clock)().max(before);
        let ahead = told - told.clamp(before, after);
        Ok(TimeDelta::milliseconds(ahead.num_milliseconds()))
    }

    /// A stretch of the venue's log.
    pub async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.in_time(timeout(self.patience, self.broker.activity_since(cursor)).await)
    }

    /// The log from a place to its end, as inputs; with what stood against reading further.
    pub(crate) async fn log_since(&self, mut cursor: Option<Cursor>) -> (Vec<Input>, Option<QueryFailed>) {
        let mut inputs = Vec::new();
        loop {
            match self.activity_since(cursor).await {
                Ok(activity) => {
                    let complete = activity.complete;
                    cursor = Some(activity.cursor);
                    inputs.push(Input::Activity { venue: self.id(), activity });
                    if complete {
                        return (inputs, None);
                    }
                }
                Err(failed) => return (inputs, Some(failed)),
            }
        }
    }

    /// What is held and live there. One list that fails is no list.
    pub async fn holdings(&self) -> Result<Holdings, QueryFailed> {
        let orders = self.in_time(timeout(self.patience, self.broker.open_orders()).await);
        let positions = self.in_time(timeout(self.patience, self.broker.positions()).await);
        if planted!(FailedListIsEmpty) {
            return Ok(Holdings {
                positions: positions.unwrap_or_default(),
                orders: orders.unwrap_or_default(),
            });
        }
        Ok(Holdings { positions: positions?, orders: orders? })
    }

    /// Every order of ours that is live there.
    pub async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        self.in_time(timeout(self.patience, self.broker.open_orders()).await)
    }

    fn in_time<T>(
        &self,
        answer: Result<Result<T, QueryFailed>, tokio::time::error::Elapsed>,
    ) -> Result<T, QueryFailed> {
        answer.unwrap_or_else(|_| Err(QueryFailed { why: self.no_answer(), transient: true }))
    }

    fn no_answer(&self) -> Box<str> {
        format!("no answer from {} within {} s", self.id(), self.patience.as_secs_f32()).into()
    }
}

/// What is left of a command once it is on its way: enough to say that nobody knows what came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnItsWay {
    Submit { order: ClientOrderId, attempt: u32 },
    Cancel { order: ClientOrderId },
    Find { order: ClientOrderId },
    Close { key: Key },
}

impl OnItsWay {
    pub(crate) fn of(command: &Command) -> Self {
        match command {
            Command::Submit { order, attempt, .. } => {
                Self::Submit { order: order.get().id, attempt: *attempt }
            }
            Command::Cancel { order, .. } => Self::Cancel { order: *order },
            Command::Find { order, .. } => Self::Find { order: *order },
            Command::Close { key } => Self::Close { key: *key },
        }
    }

    /// Nobody knows what came of it.
    pub(crate) fn lost(self, why: &str) -> Input {
        match self {
            Self::Submit { order, attempt } => {
                Input::Submitted { order, attempt, outcome: SubmitOutcome::Unknown { why: why.into() } }
            }
            Self::Cancel { order } => {
                Input::Cancelled { order, outcome: CancelOutcome::Unknown { why: why.into() } }
            }
            Self::Find { order } => Input::Found { order, finding: None },
            Self::Close { key } => {
                Input::Closing { key, outcome: CancelOutcome::Unknown { why: why.into() } }
            }
        }
    }
}

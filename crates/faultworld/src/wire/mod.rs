//! The seeded world over a wire: an adapter that trades (`broker-alpaca`, `broker-oanda`) against the simulator of its
//! broker (`broker-sim`), in one process over loopback, with the faults of the wire. Everything else is as in the other
//! worlds: the desk, the runner, the journal, what is decided, what dies, and above all the checkers, which read the
//! simulator's truth. What differs from one broker to another stands in `house`.

mod act;
mod alpaca;
mod house;
mod oanda;
mod pace;
mod process;
mod scene;
mod table;
mod truth;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use broker_api::{Broker, ExecutionId, Key, Side, Time};
use broker_sim::core::{Control, OnRequest, OnStream, RequestRule, Rule, StreamRule};
use chrono::TimeDelta;
use engine::Clock;
use rust_decimal::Decimal;
use state::{MemoryStore, Store};
use tokio::net::TcpSocket;
use tokio::time::advance;

use crate::crash::Crash;
use crate::dice::Dice;
use crate::fates::Fates;
use crate::fault::Fault;
use crate::ground::Ground;
use crate::plan::BadStage;
use crate::story::Story;
use crate::venue::manner::Manner;
use crate::venue::market::Market;
use crate::world::{Options, Played};
use house::{House, Simulator};
use pace::{Pace, STEP};
use process::{Asked, Process};
use table::Table;
use truth::Mirror;

/// What is younger is surely read again: the adapter to Alpaca reads the last quarter of an hour behind the last thing it was told.
const READ_AGAIN: TimeDelta = TimeDelta::minutes(14);
/// The longest step of time while nothing happens and a stream is listened to.
const STEP_MAX: Duration = Duration::from_secs(10);

/// Plays one schedule.
///
/// # Errors
/// [`BadStage`]: a fault of this program.
pub fn play(seed: u64, manner: &Manner, options: &Options) -> Result<Played, BadStage> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(|why| BadStage(why.to_string()))?;
    runtime.block_on(async {
        let pace = Pace::default();
        let mut world = tokio::select! {
            biased;
            world = scene::world(seed, manner, options, &pace) => world?,
            () = pace.keeps_time(|| ()) => return Err(BadStage("time ended".to_owned())),
        };
        let violation = world.run().await.err();
        Ok(world.played(violation))
    })
}

/// What all processes of a schedule reach.
pub(crate) struct Inside {
    control: Control,
    market: Mutex<Market>,
    mirror: Mutex<Mirror>,
    table: Arc<Mutex<Table>>,
    asked: Mutex<Asked>,
    out_until: Mutex<Option<Time>>,
    fates: Arc<Mutex<Fates>>,
    rows: MemoryStore,
    clock: Clock,
    story: Story,
    pace: Pace,
    /// How much had moved when the truth was last read.
    read_at: AtomicU64,
    /// How late a request may arrive, and one for a stop or target.
    late_max: [TimeDelta; 2],
    house: Arc<dyn House>,
}

impl Inside {
    fn now(&self) -> Time {
        (self.clock)()
    }

    fn records(&self) -> u64 {
        self.rows.head().ok().flatten().map_or(0, |row| row.seq)
    }

    fn measure(&self) -> Dice {
        locked(&self.fates).measure()
    }

    fn is_out(&self) -> bool {
        locked(&self.out_until).is_some_and(|until| self.now() < until)
    }

    /// Its own side, as it is now.
    fn market(&self) -> MutexGuard<'_, Market> {
        self.reads();
        locked(&self.market)
    }

    /// Reads what changed in the simulator's truth.
    fn reads(&self) {
        let moved = self.pace.count();
        if self.read_at.swap(moved, Ordering::Relaxed) == moved {
            return;
        }
        let mut mirror = locked(&self.mirror);
        let told = self.control.truth_since(mirror.since());
        let (mut market, mut table) = (locked(&self.market), locked(&self.table));
        let Table { posted, names, sends, .. } = &mut *table;
        market.truth.sends.append(sends);
        let now = self.records();
        let records = |order| posted.get(&order).copied().unwrap_or(now);
        if let Err(why) = mirror.reads(&told, &mut market.truth, names, records) {
            unreachable!("the simulator's truth cannot be read: {why}");
        }
    }

    /// The simulator's clock follows ours, and what falls due there happens.
    fn stepped(&self) {
        drop(self.control.set_time(self.now()));
        self.pace.moved();
        self.reads();
    }

    /// The simulator gets the prices of the schedule.
    fn prices(&self, all: bool) {
        self.pace.moved();
        let listed: Vec<_> = locked(&self.market).listed.values().copied().collect();
        for listed in listed {
            let known = locked(&self.table).prices.insert(listed.key, listed.price);
            if all || known != Some(listed.price) {
                let symbol = listed.key.symbol;
                drop(self.control.set_quote(symbol.as_str(), listed.price, listed.price + listed.tick));
            }
        }
    }
}

/// The ground: a simulator, and the process that trades there.
pub(crate) struct Wire {
    inside: Arc<Inside>,
    simulator: Simulator,
    /// Held, and not listened on: whoever connects there is refused.
    _nowhere: TcpSocket,
    nowhere: SocketAddr,
    process: Option<Arc<Process>>,
    /// Whether processes listen to the stream.
    listens: bool,
    /// The process reads the log next, and nothing goes wrong with that.
    must_read: bool,
    /// Until when the simulator says that nobody is at home.
    maintained_until: Cell<Option<Time>>,
    /// For what happens on the wire by itself.
    dice: Dice,
    is_healed: bool,
}

fn bad(why: impl std::fmt::Display) -> BadStage {
    BadStage(why.to_string())
}

#[async_trait(?Send)]
impl Ground for Wire {
    fn broker(&mut self, crash: &Crash, clock: &Clock) -> Result<Arc<dyn Broker>, BadStage> {
        locked(&self.inside.table).crash = crash.clone();
        let process = Arc::new(Process {
            inside: Arc::clone(&self.inside),
            adapter: self.inside.house.adapter(self.simulator.address, clock)?,
            nowhere: self.inside.house.adapter(self.nowhere, clock)?,
            crash: crash.clone(),
            told: Mutex::default(),
            is_doomed: false.into(),
        });
        self.process = Some(Arc::clone(&process));
        Ok(process)
    }

    fn market(&self) -> MutexGuard<'_, Market> {
        self.inside.market()
    }

    fn meets(&self) {
        self.inside.stepped();
        self.inside.prices(false);
        self.inside.reads();
    }

    fn acts(&mut self, fault: Option<Fault>, key: Key, dice: &mut Dice, _: Time) {
        self.inside.stepped();
        let (control, symbol) = (&self.inside.control, key.symbol);
        let lot = self.inside.market().listed.get(&key).map_or(Decimal::ONE, |listed| listed.lot);
        let done = match fault {
            Some(Fault::Bust) => self.busts(dice.draw()).then_some(act::BUSTED),
            Some(Fault::ManualTrade) => {
                control.trade(symbol.as_str(), Side::Buy, lot * Decimal::TEN).ok().map(|_| act::HAND)
            }
            Some(Fault::Liquidation) => control.liquidate(symbol.as_str()).ok().map(|_| act::LIQUIDATED),
            _ => None,
        };
        self.inside.pace.moved();
        if let Some(done) = done {
            locked(&self.inside.table).count(done);
        }
        if !self.must_read {
            self.acts_on_the_wire();
        }
    }

    /// Where silence proves nothing for good, what is late is never taken for proven absent.
    fn all_arrive(&self) {
        if self.inside.house.searched().is_some() {
            self.inside.control.late_arrive();
            self.inside.pace.moved();
        }
    }

    fn goes_out(&self, until: Option<Time>) {
        let Some(until) = until else {
            *locked(&self.inside.out_until) = None;
            return;
        };
        // Nobody listens there, or somebody says that nobody is at home.
        if until.timestamp() % 2 == 0 {
            *locked(&self.inside.out_until) = Some(until);
            return;
        }
        let millis = (until - self.inside.now()).num_milliseconds();
        let act = OnRequest::Maintenance { millis };
        locked(&self.inside.table).count(act::name(&act));
        self.maintained_until.set(Some(until));
        let rule = RequestRule { method: None, path: None, nth: 1, times: 1, act };
        self.inside.control.fault(Rule::Request(rule));
    }

    async fn passes(&mut self, time: Duration) -> Duration {
        if std::mem::take(&mut self.must_read) {
            locked(&self.inside.fates).calms(true);
            return time.max(Duration::from_nanos(1));
        }
        locked(&self.inside.fates).calms(false);
        let mut left = time;
        let mut step = STEP;
        loop {
            if let Some(process) = self.process.as_ref().filter(|_| self.listens) {
                tokio::select! {
                    biased;
                    () = process.adapter.hint() => return left.max(Duration::from_nanos(1)),
                    () = self.inside.pace.idle() => {}
                }
            } else {
                step = left;
            }
            if left.is_zero() {
                return Duration::ZERO;
            }
            let by = step.min(left);
            advance(by).await;
            self.inside.stepped();
            left -= by;
            step = (step * 2).min(STEP_MAX);
        }
    }

    fn opens_in(&self, now: Time) -> TimeDelta {
        self.inside.house.opens_in(now)
    }

    async fn keeps_time(&self) {
        self.inside.pace.keeps_time(|| self.inside.stepped()).await;
    }

    async fn ended(&mut self) {
        self.process = None;
        self.inside.pace.idle().await;
        self.inside.reads();
    }

    fn heals(&mut self) {
        self.is_healed = true;
        self.maintained_until.set(None);
        *locked(&self.inside.out_until) = None;
        self.inside.control.clear_faults();
    }

    fn met(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.inside.table).met.clone()
    }
}

impl Wire {
    /// Takes an execution back that the process of now was told, and has it read the log before anything else: its adapter
    /// knows what is gone by what it told before, so a bust between two processes is not found, nor, without a word of the
    /// stream, one of what is not read again.
    fn busts(&mut self, dice: u64) -> bool {
        let now = self.inside.now();
        let is_closed = self.maintained_until.get().is_some_and(|until| now < until);
        let Some(process) = self.process.as_ref().filter(|_| !is_closed && !self.inside.is_out()) else {
            return false;
        };
        let truth = self.inside.control.truth();
        let told = locked(&process.told);
        let is_told = |execution: &&serde_json::Value| {
            let id = execution["activity_id"].as_str().and_then(|id| ExecutionId::new(id).ok());
            let at = execution["at"].as_str().and_then(|at| at.parse::<Time>().ok());
            let is_recent = at.is_some_and(|at| now - at < READ_AGAIN);
            id.is_some_and(|id| told.contains(&id)) && is_recent && execution["busted"] == false
        };
        let all: Vec<_> = truth["executions"].as_array().into_iter().flatten().filter(is_told).collect();
        let place = usize::try_from(dice).ok().and_then(|n| n.checked_rem(all.len()));
        let id = place.and_then(|place| all[place]["execution_id"].as_str());
        self.must_read = id.is_some_and(|id| self.inside.control.bust(id).is_ok());
        self.must_read
    }

    /// What happens to connections and to the stream by itself.
    fn acts_on_the_wire(&mut self) {
        if self.is_healed || !self.dice.happens(60) {
            return;
        }
        let control = &self.inside.control;
        let acts = [
            ("a frame of the stream is left out", OnStream::Drop),
            ("a frame of the stream comes twice", OnStream::Duplicate),
            ("two frames of the stream change places", OnStream::SwapWithNext),
            ("the stream falls mute", OnStream::Mute),
            ("the stream is closed", OnStream::Disconnect),
        ];
        let log = self.inside.house.searched().filter(|_| self.dice.happens(250));
        let what = match self.dice.pick(&acts) {
            _ if log.is_some() => {
                // All else answers meanwhile.
                let act = OnRequest::Status { code: 503, processed: false };
                let times = self.dice.below(20) + 4;
                control.fault(Rule::Request(RequestRule { method: None, path: log, nth: 1, times, act }));
                act::NO_LOG
            }
            Some((what, act)) if self.listens && self.process.is_some() && self.dice.happens(750) => {
                control.fault(Rule::Stream(StreamRule { event: None, nth: 1, times: 1, act: *act }));
                *what
            }
            _ => {
                control.disconnect();
                act::RESET
            }
        };
        locked(&self.inside.table).count(what);
        self.inside.story.tell(|| format!("{}  {what}", self.inside.now().format("%H:%M:%S")));
    }
}

fn locked<T: ?Sized>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

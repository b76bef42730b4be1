//! A desk, its journal and a scripted venue, driven step by step; after each step it is looked at whether what must
//! always hold does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broker_api::{
    Amount, ClientOrderId, Ending, Finding, Intent, Key, Phase, Price, Purpose, Record, ResolvePolicy,
    SignalId, Stamped, SubmitOutcome, Time,
};
use chrono::TimeDelta;
use engine::{Command, Desk, Input, Market, Setup};
use proptest::test_runner::TestCaseError;
use state::book::{Order, Position};
use state::memory::Fault;
use state::{Batch, Book, Checkpoint, Files, Journal, MemoryStore, checkpoint};
use tempfile::TempDir;

use super::Held;
use super::recorded::Session;
use super::scripted::Scripted;
use crate::world::{Stepped, account, account_ref, capabilities, of, setup, venue};

/// The state file is written and read at every so many commits, and whenever everything is settled.
const FILE_EVERY: u32 = 5;

/// See the module.
pub(super) struct Rig {
    desk: Desk,
    book: Book,
    market: Market,
    journal: Journal<MemoryStore>,
    store: MemoryStore,
    /// The fold of what the store holds, kept level with it.
    folded: Book,
    records: Vec<Stamped>,
    commits: u32,
    session: Session,
    sent: BTreeSet<(ClientOrderId, u32)>,
    setup: Setup,
    policy: ResolvePolicy,
    folder: TempDir,
    pub(super) venue: Scripted,
    pub(super) clock: Stepped,
    /// Answers that are on their way.
    pub(super) answers: Vec<Input>,
    /// The next commands die with the process that was about to send them.
    pub(super) dies_before_sending: bool,
    pub(super) equity: Amount,
    pub(super) prices: BTreeMap<&'static str, i64>,
}

/// A folder in memory where the machine has one: the state file is written often, and a disk takes its time for that.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

impl Rig {
    pub(super) fn new(policy: ResolvePolicy) -> Result<Self, TestCaseError> {
        let store = MemoryStore::new("rig");
        let journal = Journal::open(store.clone()).expect("an empty journal");
        let mut can = capabilities();
        can.resolve = policy;
        let setup = setup(can);
        let mut rig = Self {
            desk: Desk::new(setup.clone()),
            book: Book::default(),
            market: Market::new(Arc::clone(&setup.catalog)),
            journal,
            store,
            folded: Book::default(),
            records: Vec::new(),
            commits: 0,
            session: Session::default(),
            sent: BTreeSet::new(),
            setup,
            policy,
            folder: folder(),
            venue: Scripted::default(),
            clock: Stepped::new(),
            answers: Vec::new(),
            dies_before_sending: false,
            equity: of("100000"),
            // In hundredths of a percent of where each begins.
            prices: [("AAPL", 10_000), ("EUR/USD", 10_000), ("BTC/USD", 10_000)].into(),
        };
        rig.begin()?;
        Ok(rig)
    }

    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Takes inputs in as a runner does, and carries out what follows, each command as its fate says.
    pub(super) fn feed(&mut self, inputs: &[Input], fates: &[u8]) -> Held {
        let (now, seq) = (self.now(), self.book.seq());
        let mut batch = Batch::new(seq + 1);
        for input in inputs {
            self.session.step(now, input);
            self.desk
                .step(&mut self.book, &mut self.market, input, now, &mut batch)
                .map_err(|illegal| TestCaseError::fail(format!("{illegal}\nafter {input:?}")))?;
        }
        let Ok(commands) = self.journal.commit(batch) else {
            return self.restart();
        };
        self.look()?;
        let commands = commands.open();
        if self.dies_before_sending && !commands.is_empty() {
            return self.restart();
        }
        for (n, command) in commands.into_iter().enumerate() {
            let fate = fates.get(n % fates.len().max(1)).copied().unwrap_or(0);
            self.carry_out(command, fate)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, command: Command, fate: u8) -> Held {
        let now = self.now();
        let answer = match command {
            Command::Submit { order, attempt, .. } => {
                let intent = order.open();
                self.is_announced(intent.id, attempt)?;
                let outcome = self.venue.submit(&intent, fate, now);
                holds!(self.venue.doubled.is_empty(), "{} arrived twice, or beside its like", intent.id);
                Input::Submitted { order: intent.id, attempt, outcome }
            }
            Command::Cancel { order, .. } => {
                Input::Cancelled { order, outcome: self.venue.cancel(order, fate, now) }
            }
            Command::Find { order, mark, .. } => {
                Input::Found { order, finding: self.venue.find(order, mark, fate, now) }
            }
            Command::Close { key } => {
                Input::Closing { key, outcome: broker_api::CancelOutcome::NotSent { why: "not here".into() } }
            }
        };
        self.answers.push(answer);
        Ok(())
    }

    /// Every attempt is sent once; one after the first has a record of its own, and before that stands why.
    fn is_announced(&mut self, order: ClientOrderId, attempt: u32) -> Held {
        holds!(self.sent.insert((order, attempt)), "attempt {attempt} at {order} was sent twice");
        let of_order = self.records.iter().filter(|stamped| stamped.record.order() == Some(order));
        let announces = |record: &Record, attempt: u32| match record {
            Record::Intended { .. } => attempt == 1,
            Record::Resent { attempt: known, .. } => *known == attempt,
            _ => false,
        };
        let mut rest = of_order.skip_while(|stamped| !announces(&stamped.record, attempt.max(2) - 1));
        if attempt == 1 {
            holds!(rest.next().is_some(), "{order} was sent without a record");
            return Ok(());
        }
        let between: Vec<_> = rest.by_ref().take_while(|s| !announces(&s.record, attempt)).collect();
        let is_proven = between.iter().any(|stamped| match &stamped.record {
            Record::Answered { attempt: of, answer, .. } => {
                *of == attempt - 1
                    && matches!(answer, SubmitOutcome::NotSent { .. } | SubmitOutcome::Throttled { .. })
            }
            Record::AskAnswered { finding, .. } => matches!(finding, Some(Finding::Absent { .. })),
            _ => false,
        });
        let is_written = self
            .records
            .iter()
            .any(|stamped| stamped.record.order() == Some(order) && announces(&stamped.record, attempt));
        holds!(is_proven && is_written, "attempt {attempt} at {order} without proof: {between:#?}");
        Ok(())
    }

    /// What holds after every step.
    fn look(&mut self) -> Held {
        self.session.committed(&self.journal);
        let fresh = self.journal.read(self.folded.seq(), usize::MAX).expect("rows of ours");
        for stamped in &fresh {
            self.folded
                .apply(&stamped.record, stamped.at)
                .map_err(|why| TestCaseError::fail(why.to_string()))?;
        }
        if !fresh.is_empty() {
            self.records.extend(fresh);
            holds!(self.folded == self.book, "the fold of the journal is not the book");
            self.commits += 1;
            if self.commits.is_multiple_of(FILE_EVERY) {
                self.state_file()?;
            }
        }
        self.twice()
    }

    /// The book comes back from its file as it is.
    fn state_file(&self) -> Held {
        let files = Files::beside(&self.folder.path().join("paper-state.json"));
        let cut =
            Checkpoint::cut(&self.book, &self.journal, self.now(), "0").expect("level with its journal");
        checkpoint::write(&files, &cut).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let read = checkpoint::read(&files).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let book =
            read.expect("a file").book(&files.state).map_err(|why| TestCaseError::fail(why.to_string()))?;
        holds!(book == self.book, "the state file does not give the book back");
        Ok(())
    }

    /// The passing of no time, told twice, brings about nothing the second time. Tried on copies.
    fn twice(&self) -> Held {
        let (mut book, mut market) = (self.book.clone(), self.market.clone());
        let mut desk = Desk::new(self.setup.clone());
        let now = self.now();
        for time in ["once", "twice"] {
            let mut batch: Batch<Command> = Batch::new(book.seq() + 1);
            desk.step(&mut book, &mut market, &Input::Timer, now, &mut batch)
                .map_err(|illegal| TestCaseError::fail(illegal.to_string()))?;
            let (records, commands) = batch.drain_volatile();
            holds!(
                time == "once" || (records.is_empty() && commands.is_empty()),
                "the same moment twice: {records:#?} {commands:#?}"
            );
        }
        Ok(())
    }

    /// The process dies, and another one goes on where the journal ends.
    pub(super) fn restart(&mut self) -> Held {
        self.dies_before_sending = false;
        self.store.heal();
        self.answers.clear();
        self.journal = Journal::open(self.store.clone()).expect("rows of ours");
        self.book = Book::default();
        self.journal.fold(&mut self.book, |_| true).map_err(|why| TestCaseError::fail(why.to_string()))?;
        self.desk = Desk::new(self.setup.clone());
        self.market = Market::new(Arc::clone(&self.setup.catalog));
        self.begin()
    }

    fn begin(&mut self) -> Held {
        let now = self.now();
        self.session.check()?;
        self.session = Session::begin(&self.setup, &self.book, &self.journal, now);
        let mut batch = Batch::new(self.book.seq() + 1);
        if self.book.venue(venue()).is_none() {
            let bound = Record::VenueBound { of: account_ref(), equity: self.equity, cursor: of("0") };
            self.session.put(now, &bound);
            batch.put(&mut self.book, bound, now).expect("a new book");
        }
        let limits = state::encode::digest(b"limits");
        let started = Record::Started { life: self.book.life() + 1, version: "0".into(), limits };
        self.session.put(now, &started);
        batch.put(&mut self.book, started, now).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let none: Vec<Command> = self.journal.commit(batch).expect("a store that works").open();
        holds!(none.is_empty(), "a start sends nothing by itself");
        self.look()?;
        self.refresh(&[0])
    }

    /// The next commit fails; what it held is kept all the same, or not.
    pub(super) fn disk_fails(&self, is_kept: bool) {
        self.store.fail_after(0, if is_kept { Fault::Doubtful } else { Fault::Lost });
    }

    /// Reads the venue's log and account.
    pub(super) fn refresh(&mut self, fates: &[u8]) -> Held {
        let mut reading = account(self.now());
        reading.equity = self.equity;
        let log = self.log(0, usize::MAX);
        let holdings = Input::Holdings { venue: venue(), holdings: self.venue.holdings() };
        self.feed(&[log, holdings, Input::Snapshot { account: reading }, Input::Timer], fates)
    }

    /// A stretch of the venue's log.
    pub(super) fn log(&self, again: usize, most: usize) -> Input {
        let cursor = self.book.venue(venue()).map_or_else(|| of("0"), |state| state.cursor);
        let most = most.min(usize::MAX / 2);
        Input::Activity { venue: venue(), activity: self.venue.activity(cursor, again, most) }
    }

    /// Answers everything, friendly, until nothing is on its way and what rests has come to its end.
    pub(super) fn settle(&mut self) -> Held {
        self.store.heal();
        self.dies_before_sending = false;
        let mut quiet = 0;
        for _ in 0..300 {
            let seq = self.book.seq();
            while !self.answers.is_empty() {
                let answers = std::mem::take(&mut self.answers);
                self.feed(&answers, &[0])?;
            }
            self.venue.tidy(self.now());
            self.refresh(&[0])?;
            let told = self.told();
            quiet = if self.book.seq() == seq { quiet + 1 } else { 0 };
            // What waits for a person stays due; what is due beside it has happened when nothing does for so long.
            let is_due = if told.is_empty() {
                self.desk.next_due().is_some_and(|due| due <= self.now() + TimeDelta::seconds(60))
            } else {
                quiet < 10
            };
            let is_under_way = is_due
                || !self.answers.is_empty()
                || self.book.exits_wanted().any(|(key, _)| !told.contains(&key))
                || self.book.open_orders().any(|row| !told.contains(&row.intent.key) && is_under_way(row));
            if !is_under_way {
                return self.settled();
            }
            self.clock.forward(TimeDelta::seconds(7));
        }
        let open: Vec<_> = self.book.open_orders().collect();
        let exits: Vec<_> = self.book.exits_wanted().collect();
        Err(TestCaseError::fail(format!("it does not come to rest: {open:#?} {exits:#?}")))
    }

    /// The instruments with an order of which a person is told. It stays where it is and counts as live, and what
    /// must wait for it waits.
    fn told(&self) -> BTreeSet<Key> {
        let most = (self.policy.asks_max, self.policy.attempts_max);
        let is_told = |row: &&Order| {
            row.phase == Phase::Unknown
                && (row.asks >= most.0 || row.proof.is_some() && row.attempt >= most.1)
        };
        self.book.open_orders().filter(is_told).map(|row| row.intent.key).collect()
    }

    /// What holds once the venue has answered everything.
    fn settled(&self) -> Held {
        self.state_file()?;
        self.session.check()?;
        let told = self.told();
        for (key, held) in self.venue.held() {
            holds!(self.book.held(key) == held, "{key}: {} in the book, {held} there", self.book.held(key));
        }
        let is_of_ours = |intent: &Intent| !told.contains(&intent.key);
        let ours: BTreeSet<_> =
            self.book.open_orders().filter(|row| is_of_ours(&row.intent)).map(|row| row.intent.id).collect();
        let theirs: BTreeSet<_> = self
            .venue
            .live()
            .filter(|order| is_of_ours(&order.intent))
            .map(|order| order.intent.id)
            .collect();
        holds!(ours == theirs, "open in the book {ours:?}, there {theirs:?}");
        for position in self.book.positions().filter(|position| !told.contains(&position.key)) {
            self.leg(position, Purpose::Stop, position.plan.stop)?;
            self.leg(position, Purpose::Target, position.plan.target)?;
        }
        self.signals(&told)
    }

    /// A leg that is wanted rests once, over all that is held. A target that was refused is given up.
    fn leg(&self, position: &Position, purpose: Purpose, wanted: Option<Price>) -> Held {
        let is_leg = |row: &&Order| row.intent.key == position.key && row.intent.purpose == purpose;
        let rest: Vec<_> = self.book.open_orders().filter(is_leg).map(Order::remaining).collect();
        // Refused, or ended by the venue as soon as it was there.
        let refused = position.refused.iter().filter(|leg| leg.purpose == purpose);
        let is_given_up = purpose == Purpose::Target && refused.count() >= 2;
        let expected = wanted.map(|_| position.held.size());
        holds!(
            rest.as_slice() == expected.as_slice() || is_given_up && rest.is_empty(),
            "{}: {} held, {purpose:?} wanted {wanted:?}, live {rest:?}",
            position.key,
            position.held
        );
        Ok(())
    }

    /// No signal ended twice; every one whose time has passed ended once.
    fn signals(&self, told: &BTreeSet<Key>) -> Held {
        let mut endings: BTreeMap<SignalId, Vec<Ending>> = BTreeMap::new();
        for stamped in &self.records {
            match &stamped.record {
                Record::SignalTaken { signal, .. } => drop(endings.entry(signal.id).or_default()),
                Record::SignalEnded { signal, ending, .. } => {
                    endings.entry(*signal).or_default().push(*ending);
                }
                _ => {}
            }
        }
        for (signal, endings) in &endings {
            let is_told = self
                .book
                .signal(*signal)
                .is_some_and(|state| told.iter().any(|key| key.symbol == state.signal.symbol));
            let is_over = self.book.signal(*signal).is_none_or(|state| state.signal.expires_at <= self.now());
            holds!(endings.len() <= 1, "{signal} ended {endings:?}");
            holds!(!is_over || is_told || endings.len() == 1, "{signal} has no end");
        }
        Ok(())
    }
}

fn is_under_way(row: &Order) -> bool {
    row.phase != Phase::Working || matches!(row.intent.purpose, Purpose::Entry | Purpose::Exit)
}

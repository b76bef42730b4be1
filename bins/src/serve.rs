//! `serve`: the desk kept awake. One task decides; everything else is under way beside it.
//!
//! It is the same pass that `run` is, and ends where that ends. Streams only hint; what a broker tells is read all the same
//! from time to time. Once a day, when nothing is under way, it begins anew in the same process: the broker's calendar
//! and instruments are read again then, and a recording goes on in a new file.

mod asks;
mod folder;
mod lines;
mod returns;
mod sessions;
mod signals;
mod voice;

use std::time::Duration;

use broker_api::{Phase, Time};
use chrono::TimeDelta;
use engine::intake::Defaults;
use engine::{Answer, Depth, Input, UnderWay};
use tokio::time::sleep;

use crate::args::ServeArgs;
use crate::clock::{self, Stopwatch};
use crate::control::{Alive, Inbox};
use crate::ending::Ending;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::pass::Pass;
use crate::place::Place;
use crate::verbs::run;
use crate::{away, figures, notify, words};

use folder::Watched;
use lines::Lines;
use returns::Returns;
use sessions::Sessions;
pub use signals::{Batch, From};
use signals::{Priced, Pricing};
pub use voice::Voice;

/// How often it looks at what people and files want.
const TICK: Duration = Duration::from_millis(200);
/// How often it says that it is alive, and writes the state file when that is behind.
const EACH_SECOND: Duration = Duration::from_secs(1);
/// How often time passes for the desk when nothing is due.
const TIMER: TimeDelta = TimeDelta::seconds(30);
/// How long what is on its way is waited for at the end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How often the journal's files are tidied up, when nothing is under way.
const TIDIES: Duration = Duration::from_mins(1);
/// After so long it begins anew.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// How many batches of signals may wait for their prices.
const BATCHES: usize = 16;
/// How many records are told at once.
const TOLD: usize = 1_000;

/// What happened next.
enum Event {
    Answers(Vec<Answer>),
    Priced(Box<Priced>),
    Lines,
    Hint,
    Nothing,
}

/// How a life of it ended.
enum After {
    Ends(Exit),
    Again,
}

/// A process that serves.
struct Serving {
    out: Out,
    pass: Pass,
    under_way: UnderWay,
    prices: Pricing,
    inbox: Inbox,
    watched: Option<Watched>,
    defaults: Defaults,
    sessions: Sessions,
    poll: Duration,
    since: Time,
    told: u64,
    written: u64,
    /// Somebody edited the state file.
    is_edited: bool,
    files: u64,
    last: Last,
    returns: Returns,
}

/// When something was last done.
struct Last {
    tick: Stopwatch,
    second: Stopwatch,
    read: Stopwatch,
    /// Nothing before the first time.
    tidied: Option<Stopwatch>,
    timer: Time,
}

/// Serves until somebody ends it.
pub fn serve(out: Out, place: &Place, args: &ServeArgs) -> Result<Exit, Failure> {
    let ending = Ending::watch()?;
    let lines = args.reads_lines().then(Lines::read).transpose()?;
    let voice = Voice::new(out);
    let mut is_first = true;
    loop {
        match Serving::begin(out, place, args, is_first) {
            Ok(serving) => {
                is_first = false;
                if let After::Ends(exit) = serving.go(&ending, lines.as_ref(), &voice)? {
                    return Ok(exit);
                }
            }
            // Its broker, or its lock, was not to be had in the moment in which it began anew.
            Err(failure) if !is_first && failure.exit == Exit::Unavailable && !ending.is_wanted() => {
                out.warn("not_begun", &format!("{}; it is tried again", failure.what));
                clock::pause(EACH_SECOND);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Waits for a line; without end where none are read.
async fn come(lines: Option<&Lines>) {
    match lines {
        Some(lines) => lines.come().await,
        None => std::future::pending().await,
    }
}

impl Serving {
    fn begin(out: Out, place: &Place, args: &ServeArgs, is_first: bool) -> Result<Self, Failure> {
        let sessions = Sessions::begin(args.record.as_deref(), clock::now())?;
        let mut pass = Pass::recorded(place, out, sessions.recorder(out))?;
        let inbox = Inbox::open(&place.files.control).map_err(|error| {
            let folder = place.files.control.display();
            Failure::usage("no_control", format!("{folder} cannot be used"))
                .because(&error)
                .fix("give this user the right to write there; nothing was taken in")
        })?;
        let watched = args.folder().map(Watched::open).transpose()?;
        let defaults = crate::prices::defaults(pass.place());
        let (since, now) = (clock::now(), pass.now());
        // What came before is told by the verbs that list it.
        let told = pass.runner().head().seq;
        pass = pass.on_time();
        let serving = Self {
            out,
            under_way: pass.under_way(),
            prices: Pricing::default(),
            inbox,
            watched,
            defaults,
            sessions,
            poll: Duration::from_secs(args.poll.max(1)),
            since,
            told,
            written: told,
            is_edited: false,
            files: pass.price_files(),
            last: Last {
                tick: Stopwatch::start(),
                second: Stopwatch::start(),
                read: Stopwatch::start(),
                tidied: None,
                timer: now,
            },
            returns: Returns::default(),
            pass,
        };
        serving.write()?;
        serving.is_alive();
        if is_first {
            let head = crate::place::headline(serving.pass.book(), now);
            let live = crate::arming::lines(place, serving.pass.book(), now);
            out.say(&format!("{head}\n{live}Serving. Ends with a signal: kill {}", std::process::id()));
        }
        notify::ready();
        Ok(serving)
    }

    /// Serves until it is to end, or to begin anew.
    fn go(mut self, ending: &Ending, lines: Option<&Lines>, voice: &Voice) -> Result<After, Failure> {
        loop {
            self = self.meets(lines)?;
            self.tell(voice);
            if self.last.tick.elapsed() < TICK {
                continue;
            }
            self.last.tick = Stopwatch::start();
            self = self.tick(lines)?;
            if ending.is_wanted() {
                return self.ends(voice).map(After::Ends);
            }
            if self.is_time_to_begin_anew() {
                return self.begins_anew(voice);
            }
        }
    }

    /// Takes in what happens next.
    fn meets(mut self, lines: Option<&Lines>) -> Result<Self, Failure> {
        match self.next(lines) {
            Event::Answers(answers) => self.pass = self.pass.took(answers, &mut self.under_way)?,
            Event::Priced(priced) => return self.priced(*priced),
            Event::Lines => return self.takes_lines(lines),
            Event::Hint => self.pass.read(Depth::Log, &mut self.under_way),
            Event::Nothing => {}
        }
        Ok(self)
    }

    /// Waits for what happens next, and not for longer than until the next look around.
    fn next(&mut self, lines: Option<&Lines>) -> Event {
        let Self { pass, under_way, prices, last, .. } = self;
        let left = TICK.saturating_sub(last.tick.elapsed());
        let lines = lines.filter(|_| prices.waiting() < BATCHES);
        pass.wait_for(async {
            tokio::select! {
                biased;
                answers = under_way.answers() => Event::Answers(answers),
                priced = prices.next() => Event::Priced(Box::new(priced)),
                () = come(lines) => Event::Lines,
                () = pass.hint() => Event::Hint,
                () = sleep(left) => Event::Nothing,
            }
        })
    }

    /// Looks around: what people and files want, and what the time brings.
    fn tick(mut self, lines: Option<&Lines>) -> Result<Self, Failure> {
        self = self.asks()?;
        // By the broker's clock, as everything that is decided.
        let now = self.pass.now();
        if self.prices.waiting() < BATCHES
            && let Some(watched) = &mut self.watched
        {
            for batch in watched.look(self.out, now, &self.defaults) {
                self = self.take(batch)?;
            }
        }
        self = self.takes_lines(lines)?;
        let is_second = self.last.second.elapsed() >= EACH_SECOND;
        if is_second {
            self.last.second = Stopwatch::start();
            self.pass = self.pass.on_time();
            let files = self.pass.price_files();
            if files != self.files {
                self.files = files;
                match self.pass.price_files_are_whole() {
                    Ok(()) => self.pass = self.pass.prices_from_files()?,
                    Err(failure) => {
                        let cause = failure.causes.join(": ");
                        self.out.warn("prices_unread", &format!("{cause}; read again when it has changed"));
                    }
                }
            }
        }
        let now = self.pass.now();
        let is_due = self.pass.runner().desk().next_due().is_some_and(|due| due <= now);
        if is_due || now - self.last.timer >= TIMER {
            self.last.timer = now;
            self.pass = self.pass.act(&[Input::Timer], &mut self.under_way)?;
        }
        // What closes everything is read once more, as soon as that counts.
        let doubts = self.pass.runner().desk().doubts().is_some_and(|at| at <= now);
        let is_late =
            self.last.read.elapsed() >= self.poll || doubts && self.last.read.elapsed() >= EACH_SECOND;
        if is_late {
            self.last.read = Stopwatch::start();
            self.returns.look(&self.pass);
            self = self.reads()?;
        }
        if is_second {
            self.is_alive();
            if self.pass.runner().head().seq != self.written {
                self.write_again();
            }
            notify::watchdog();
        }
        let is_tidy = self.last.tidied.is_some_and(|last| last.elapsed() < TIDIES);
        if !is_tidy && self.under_way.is_empty() {
            self.last.tidied = Some(Stopwatch::start());
            self.pass.tidy();
            self.inbox.tidy(std::time::SystemTime::from(clock::now()), false);
        }
        Ok(self)
    }

    /// Takes in the lines that came, unless too much waits already.
    fn takes_lines(self, lines: Option<&Lines>) -> Result<Self, Failure> {
        let lines = lines.filter(|_| self.prices.waiting() < BATCHES);
        match lines.and_then(|lines| lines.take(self.out, self.pass.now(), &self.defaults)) {
            Some(batch) => self.take(batch),
            None => Ok(self),
        }
    }

    /// Tells what the journal took in since the last time.
    fn tell(&mut self, voice: &Voice) {
        let head = self.pass.runner().head().seq;
        while self.told < head {
            let Ok(records) = self.pass.runner().journal().read(self.told, TOLD) else { return };
            let Some(last) = records.last() else { return };
            self.told = last.seq;
            for stamped in &records {
                voice.record(stamped, &words::sentence(&stamped.record));
            }
        }
    }

    fn is_alive(&self) {
        let alive = Alive {
            pid: std::process::id(),
            at: clock::now(),
            since: self.since,
            seq: self.pass.runner().head().seq,
            in_flight: self.under_way.commands(),
            away: away::of(&self.pass),
        };
        // Who does not say that it is alive is taken for one that does not answer, which is told to people.
        let _ = self.inbox.alive(&alive);
    }

    fn write(&self) -> Result<bool, Failure> {
        self.out.step("checkpoint");
        Ok(self.pass.write_state()?.is_some_and(|written| written.edited.is_some()))
    }

    /// Writes the state file. One that cannot be written is told, and tried again: the journal is the truth.
    fn write_again(&mut self) {
        match self.write() {
            // It is noted by the next beginning.
            Ok(true) => self.is_edited = true,
            Ok(false) => self.written = self.pass.runner().head().seq,
            Err(failure) => {
                let cause = failure.causes.join(": ");
                self.out.warn("state_behind", &format!("{}: {cause}", failure.what));
            }
        }
    }

    fn is_time_to_begin_anew(&self) -> bool {
        let is_old = self.since.checked_add_signed(LIFE).is_some_and(|end| end <= clock::now());
        // Who did not answer at the beginning is met by a new one; till then nothing else is done about it.
        let is_due =
            (is_old || self.is_edited || self.sessions.is_full()) && self.pass.runner().silent().is_empty();
        (is_due || self.returns.is_there()) && self.under_way.is_empty() && self.prices.is_empty()
    }

    fn begins_anew(mut self, voice: &Voice) -> Result<After, Failure> {
        self.tell(voice);
        let exit = run::standing(&self.pass);
        self.sessions.end(self.out);
        self.pass.end(exit)?;
        Ok(After::Again)
    }

    /// Ends: waits a while for what is on its way, and says what of it is left.
    fn ends(mut self, voice: &Voice) -> Result<Exit, Failure> {
        notify::stopping();
        let began = Stopwatch::start();
        // Signals that wait for their prices were taken from who brought them, and would be lost.
        while !(self.under_way.is_empty() && self.prices.is_empty()) && began.elapsed() < ENDS_WITHIN {
            self.last.tick = Stopwatch::start();
            self = self.meets(None)?;
        }
        let late: Vec<_> = self.prices.take_waiting();
        for batch in late {
            self = self.judged(batch)?;
        }
        self.tell(voice);
        let exit = run::standing(&self.pass);
        let book = self.pass.book();
        let count = |is: fn(Phase) -> bool| book.open_orders().filter(|order| is(order.phase)).count();
        let open = count(|phase| matches!(phase, Phase::Sending | Phase::Unknown | Phase::Cancelling));
        let text = format!(
            "Ended. In flight: {}; resting: {}; held: {}. The next start asks what became of the first; the rest stays.\n",
            figures::counted(open, "order"),
            figures::counted(book.open_orders().len() - open, "order"),
            figures::counted(book.positions().len(), "position"),
        );
        self.sessions.end(self.out);
        self.pass.end(exit)?;
        self.inbox.tidy(std::time::SystemTime::from(clock::now()), true);
        voice.say(text);
        Ok(exit)
    }
}

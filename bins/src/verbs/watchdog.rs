//! `watchdog`: a process beside the one that serves. It looks each second for its sign of life, and when that has stopped for
//! too long it writes the halt file, cancels entries at the broker by itself, and tells. It reads the journal and never writes
//! it, nor the state file; it takes no lock but its own.

mod act;
mod look;
mod tell;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::json;
use state::{Lock, LockError};

use crate::args::{Common, WatchdogArgs};
use crate::clock::{self, Stopwatch};
use crate::control::{Alive, Sign};
use crate::ending::Ending;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::place::Place;
use crate::{figures, files, notify};

use act::{Done, Job};
use look::{Look, Seen, Stake};
pub use tell::try_out;
use tell::{Event, Teller};

/// How often it looks around.
const EACH_SECOND: Duration = Duration::from_secs(1);
/// How often it looks whether it is to end.
const TICK: Duration = Duration::from_millis(100);
/// How often what was done is done again while the silence goes on.
const AGAIN: Duration = Duration::from_mins(1);
/// How long something that is under way is waited for at the end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// What is done while the trader is silent.
struct Silence {
    began: Stopwatch,
    acted: Stopwatch,
    /// How far it is with closing what is held.
    closing: Closing,
    /// Whether something has changed that is to be looked at before the minute is over.
    soon: bool,
}

/// How far it is with closing what is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    NotTried,
    Tried,
    Begun,
}

/// A watchdog.
struct Watchdog<'a> {
    place: Place,
    common: Common,
    args: &'a WatchdogArgs,
    teller: Teller,
    look: Look,
    silence: Option<Silence>,
    since: broker_api::Time,
    done: (Sender<Done>, Receiver<Done>),
    is_busy: bool,
}

/// Watches until somebody ends it.
pub fn watchdog(out: Out, common: &Common, args: &WatchdogArgs) -> Result<Exit, Failure> {
    let place = Place::of(common)?;
    if let (Some(command), true) = (&args.notify, args.r#try) {
        tell::tried(out, &place, command)?;
        return Ok(Exit::Done);
    }
    let ending = Ending::watch()?;
    let _lock = lock(&place)?;
    let teller = Teller::begin(out, &place, args.notify.as_deref())?;
    let mut watchdog = Watchdog {
        look: Look::new(Duration::from_secs(args.after)),
        place,
        common: common.clone(),
        args,
        teller,
        silence: None,
        since: clock::now(),
        done: channel(),
        is_busy: false,
    };
    watchdog.begin();
    let mut second = Stopwatch::start();
    while !ending.is_wanted() {
        clock::pause(TICK);
        if second.elapsed() >= EACH_SECOND {
            second = Stopwatch::start();
            watchdog.second();
        }
    }
    Ok(watchdog.end())
}

/// One watchdog watches a book.
fn lock(place: &Place) -> Result<Lock, Failure> {
    let folder = &place.files.control;
    let unusable = |error: &dyn std::error::Error| {
        Failure::usage("no_control", format!("{} cannot be used", folder.display()))
            .because(error)
            .fix("give this user the right to write there; nothing is watched")
    };
    std::fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
    Lock::take(&folder.join("watchdog.lock"), files::PROGRAM, clock::now()).map_err(|error| match error {
        LockError::Held { .. } => {
            Failure::new(Exit::Unavailable, "watched_already", "another watchdog watches this book")
                .because(&error)
                .fix("end it first, or leave it: one is enough")
        }
        LockError::Failed { .. } => unusable(&error),
    })
}

impl Watchdog<'_> {
    fn begin(&mut self) {
        self.sign();
        notify::ready();
        let who = look::told(&self.place, clock::now());
        let text = format!(
            "Watching: {who}; acts after {} s without a sign of life. Ends with a signal: kill {}",
            self.args.after,
            std::process::id()
        );
        self.teller.tell(&[Event::new("watching", text)]);
    }

    fn sign(&self) {
        let folder = &self.place.files.control;
        let alive = Alive {
            pid: std::process::id(),
            at: clock::now(),
            since: self.since,
            seq: Sign::Trader.read(folder).map_or(0, |trader| trader.seq),
            in_flight: u64::from(self.is_busy),
            away: Vec::new(),
        };
        // Who does not say that it is alive is taken for one that does not watch, which `status` tells.
        let _ = Sign::Watchdog.write(folder, &alive);
    }

    /// What is done each second.
    fn second(&mut self) {
        self.sign();
        notify::watchdog();
        self.teller.told();
        while let Ok(done) = self.done.1.try_recv() {
            self.is_busy = false;
            if done.closes
                && let Some(silence) = &mut self.silence
            {
                (silence.closing, silence.soon) = (Closing::Begun, true);
            }
            self.teller.tell(&done.events);
        }
        let seen = self.look.at(&self.place);
        match &self.silence {
            None if self.look.is_silent(&seen) => self.falls_silent(&seen),
            None => {}
            Some(_) => self.goes_on(&seen),
        }
    }

    /// The sign of life has stopped for too long.
    fn falls_silent(&mut self, seen: &Seen) {
        let (Seen::Gone(mark) | Seen::Serves(mark)) = seen else { return };
        let is_gone = matches!(seen, Seen::Gone(_));
        // Who ended and left nothing has nothing to be stopped for.
        if is_gone && look::stake(&self.place, *mark) == Stake::Nothing {
            self.look.settled(*mark);
            return;
        }
        let (pid, silent) = (mark.pid, figures::span(clock::now() - mark.at));
        let text = if is_gone {
            format!("Process {pid} has ended without a word; its last sign of life is {silent} old")
        } else {
            format!("Process {pid} has given no sign of life for {silent}")
        };
        let data = json!({ "pid": pid, "last_sign_at": mark.at, "has_ended": is_gone });
        self.teller.tell(&[Event::with("silent", text, data)]);
        let (began, acted) = (Stopwatch::start(), Stopwatch::start());
        self.silence = Some(Silence { began, acted, closing: Closing::NotTried, soon: false });
        self.starts(Job::Secure);
    }

    /// The silence goes on, or ends.
    fn goes_on(&mut self, seen: &Seen) {
        let Some(silence) = &self.silence else { return };
        let mark = match seen {
            Seen::Serves(mark) if self.look.answers(seen) => {
                let text = format!("Process {} answers again. {}", mark.pid, self.halted());
                return self.watches_again(&Event::with("answers", text, json!({ "pid": mark.pid })));
            }
            Seen::Nobody => {
                let text = format!("Nobody trades here now. {}", self.halted());
                return self.watches_again(&Event::new("nobody", text));
            }
            // Somebody else is at it, and has not said yet that it serves.
            Seen::Works => return,
            Seen::Serves(mark) | Seen::Gone(mark) => *mark,
        };
        let is_over =
            self.args.flatten && silence.began.elapsed() >= Duration::from_secs(self.args.flatten_after);
        let is_first = is_over && silence.closing == Closing::NotTried;
        let is_due = is_first || silence.soon || silence.acted.elapsed() >= AGAIN;
        if self.is_busy || !is_due {
            return;
        }
        if matches!(seen, Seen::Gone(_)) && look::stake(&self.place, mark) == Stake::Nothing {
            self.look.settled(mark);
            let text = format!("Nothing is left to be watched over there. {}", self.halted());
            return self.watches_again(&Event::new("settled", text));
        }
        let job = match (is_over, silence.closing) {
            (false, _) => Job::Secure,
            (true, Closing::NotTried | Closing::Tried) => Job::Flatten,
            (true, Closing::Begun) => Job::GoOn,
        };
        let closing = if job == Job::Flatten { Closing::Tried } else { silence.closing };
        if let Some(silence) = &mut self.silence {
            (silence.acted, silence.soon, silence.closing) = (Stopwatch::start(), false, closing);
        }
        if job == Job::Flatten {
            let text = format!("Process {} is silent still: everything is closed now", mark.pid);
            self.teller.tell(&[Event::new("flattening", text)]);
        }
        self.starts(job);
    }

    fn halted(&self) -> &'static str {
        if self.place.files.halt.exists() {
            "The halt file lies there still: a person resumes"
        } else {
            "No halt file lies there"
        }
    }

    fn watches_again(&mut self, event: &Event) {
        self.silence = None;
        self.teller.tell(std::slice::from_ref(event));
    }

    /// Begins what takes a while, beside this.
    fn starts(&mut self, job: Job) {
        let (place, common, done) = (self.place.clone(), self.common.clone(), self.done.0.clone());
        let work = move || {
            // Nobody waits for it any more.
            let _ = done.send(act::act(job, &place, &common));
        };
        match std::thread::Builder::new().name("acts".into()).spawn(work) {
            Ok(_) => self.is_busy = true,
            Err(error) => {
                let text = format!("Nothing could be begun: {error}; it is tried again in a minute");
                self.teller.tell(&[Event::new("failed", text)]);
            }
        }
    }

    /// Ends: waits a while for what is under way.
    fn end(mut self) -> Exit {
        notify::stopping();
        let began = Stopwatch::start();
        while self.is_busy && began.elapsed() < ENDS_WITHIN {
            if let Ok(done) = self.done.1.recv_timeout(TICK) {
                self.is_busy = false;
                self.teller.tell(&done.events);
            }
        }
        Sign::Watchdog.remove(&self.place.files.control);
        let exit = if self.silence.is_some() {
            Exit::Unavailable
        } else if self.place.files.halt.exists() {
            Exit::Halted
        } else {
            Exit::Done
        };
        let left = if self.is_busy { "; what it had begun may go on" } else { "" };
        self.teller.tell(&[Event::new("ended", format!("Nobody watches any more{left}."))]);
        self.teller.end();
        exit
    }
}

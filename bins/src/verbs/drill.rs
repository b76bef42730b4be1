//! `drill`: a halt is given and taken back as a person would, and each step is measured. Nothing is placed and nothing closed; what
//! came of it is put away in a file of its own.

use std::process::{Output, Stdio};
use std::time::Duration;

use broker_api::{Level, Mode, Purpose, Time};
use serde_json::{Value, json};
use state::{Book, LockError};

use super::halt;
use crate::args::{Common, DrillArgs};
use crate::clock::{self, Stopwatch};
use crate::control::{SILENT, Trader};
use crate::drills;
use crate::failure::{Exit, Failure};
use crate::figures::{self, Table};
use crate::files;
use crate::out::{Out, document};
use crate::place::Place;
use crate::program;

/// Within this entries must be off where a process answers, and where none runs.
const LIMIT: Duration = Duration::from_secs(1);
/// The same where one hangs.
const LIMIT_HUNG: Duration = Duration::from_secs(3);
/// How often it is looked whether the halt file lies there.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Who trades while the drill is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Serves,
    Hangs,
    Nobody,
}

impl Who {
    fn of(place: &Place) -> Result<Self, Failure> {
        let Some(Trader { holder, alive }) = Trader::of(place) else { return Ok(Self::Nobody) };
        match alive {
            Some(alive) if clock::now() - alive.at >= SILENT => Ok(Self::Hangs),
            Some(_) => Ok(Self::Serves),
            None => {
                let path = place.files.lock.clone();
                Err(files::locked(&LockError::Held { path, holder: Some(holder) }))
            }
        }
    }

    const fn limit(self) -> Duration {
        match self {
            Self::Hangs => LIMIT_HUNG,
            Self::Serves | Self::Nobody => LIMIT,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Hangs => "hangs",
            Self::Nobody => "nobody",
        }
    }
}

/// A step that was taken: another process of this program, its document, and how long it took.
struct Step {
    data: Value,
    ended: Option<i32>,
    said: String,
    took: Duration,
}

/// What was measured.
struct Held {
    who: Who,
    file: Option<Duration>,
    halt: Step,
    status: Step,
    resume: Option<Step>,
    faults: Vec<String>,
}

/// Holds a drill.
pub fn drill(out: Out, common: &Common, args: &DrillArgs) -> Result<Exit, Failure> {
    let place = Place::of(common)?;
    let before = place.read(None)?;
    let who = may_be_held(&place, &before.book, args)?;
    let entries = entries(&before.book);
    out.say(&format!(
        "A drill: entries are halted for a moment, and go through again after. {} held and stay held, with their stops; \
         nothing is placed.{}",
        figures::counted(before.book.positions().len(), "position"),
        if entries > 0 { " Entry orders that rest may be cancelled, as a halt does it." } else { "" }
    ));
    let at = clock::now();
    let mut held = hold(&place, common, who, at)?;
    let after = place.read(None)?;
    let level = after.book.guard().level;
    let is_restored = level == Level::Trading && !place.files.halt.exists();
    if !is_restored {
        held.faults
            .push(format!("entries are not let through again: level {level}; give `tradewind resume`"));
    }
    let data = json!({
        "passed": held.faults.is_empty(),
        "faults": held.faults,
        "trader": who.as_str(),
        "positions": before.book.positions().len(),
        "entries": { "before": entries, "after": self::entries(&after.book) },
        "cancelled_from_here": held.halt.data["cancelled"],
        "levels": { "before": before.book.guard().level, "halted": held.status.data["level"], "after": level },
        "timings": {
            "halt_file_ms": held.file.map(millis),
            "entries_off_ms": held.entries_off().map(millis),
            "halt_ms": millis(held.halt.took),
            "status_ms": millis(held.status.took),
            "resume_ms": held.resume.as_ref().map(|step| millis(step.took)),
        },
        "limit_ms": millis(who.limit()),
    });
    let told = document("drill", &after.heading(), at, &data);
    let file = drills::keep(&place, at, &told).map_err(|error| {
        Failure::new(Exit::Unexpected, "not_written", "what came of the drill could not be put away")
            .because(&error)
            .fix("make room, or give this user the right to write beside the state file; then hold it again")
    })?;
    out.text(&format!("{}\n{}Kept as {}\n", after.headline(), held.table(), file.display()))?;
    out.document("drill", &after.heading(), at, &data)?;
    if held.faults.is_empty() {
        return Ok(Exit::Done);
    }
    out.warn("drill_failed", &held.faults.join("; "));
    Ok(if is_restored { Exit::Unexpected } else { Exit::Halted })
}

/// Whether a drill may be held here now, and beside whom.
fn may_be_held(place: &Place, book: &Book, args: &DrillArgs) -> Result<Who, Failure> {
    let is_live = !place.is_paper() && place.loaded.config.venue.mode == Mode::Live;
    if is_live || book.venues().any(|venue| venue.of.mode == Mode::Live) {
        return Err(Failure::usage("live_drill", "a drill is not held on a live account")
            .fix("hold it on a paper or practice account of the same configuration; nothing was done"));
    }
    let level = book.guard().level;
    if level != Level::Trading || place.files.halt.exists() || book.history_wanted().len() > 0 {
        let what =
            format!("level {level}: entries are off already, and a drill would let them through at its end");
        return Err(Failure::new(Exit::Halted, "not_at_trading", what)
            .fix("see `tradewind status` for why; resume first, and hold the drill then. Nothing was done"));
    }
    let at_stake = book.positions().len() > 0 || entries(book) > 0;
    if at_stake && !place.is_paper() {
        let account = halt::account(place)?;
        if args.confirm.as_deref() != Some(account.as_str()) {
            let what = format!(
                "this halts entries for a moment while {} and {} are there; nothing is closed",
                figures::counted(book.positions().len(), "position"),
                figures::counted(entries(book), "entry order")
            );
            return Err(Failure::usage("not_confirmed", what)
                .fix(format!("add --confirm {account} to say that this account is meant")));
        }
    }
    Who::of(place)
}

fn entries(book: &Book) -> usize {
    book.open_orders().filter(|order| order.intent.purpose == Purpose::Entry).count()
}

/// Halts, looks, and resumes.
fn hold(place: &Place, common: &Common, who: Who, at: Time) -> Result<Held, Failure> {
    let why = format!("drill of {}", figures::time(at));
    let mut file = None;
    let halt = step(common, &["halt", "--why", &why], |took| {
        if file.is_none() && place.files.halt.exists() {
            file = Some(took);
        }
    })?;
    let status = step(common, &["status"], |_| {})?;
    let mut held = Held { who, file, halt, status, resume: None, faults: Vec::new() };
    held.judge_halt();
    // Who halted meanwhile for another reason is not overruled.
    let is_ours = std::fs::read_to_string(&place.files.halt).is_ok_and(|text| text.contains(&why));
    let level = &held.status.data["level"];
    let reason = held.status.data["level_reason"]["text"].as_str().unwrap_or_default();
    if !is_ours || (level != Level::Trading.as_str() && !reason.contains(&why)) {
        held.faults
            .push("somebody else halted meanwhile, or the halt is not there: nothing is resumed".into());
        return Ok(held);
    }
    let resume = step(common, &["resume", "--why", &format!("{why} is over")], |_| {})?;
    if resume.ended != Some(0) {
        held.faults.push(format!("resume {}", resume.failed()));
    }
    held.resume = Some(resume);
    Ok(held)
}

/// Takes a step, and looks around while it is under way.
fn step(common: &Common, words: &[&str], mut look: impl FnMut(Duration)) -> Result<Step, Failure> {
    let failed = |error: std::io::Error| {
        let what = format!("`tradewind {}` could not be started", words[0]);
        Failure::new(Exit::Unexpected, "no_runtime", what).because(&error)
    };
    let began = Stopwatch::start();
    let mut command = program::again(common, &[words, &["--json"]].concat()).map_err(failed)?;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    // Its documents are smaller than a pipe takes.
    while child.try_wait().map_err(failed)?.is_none() {
        look(began.elapsed());
        clock::pause(LOOK_AGAIN);
    }
    let took = began.elapsed();
    look(took);
    let Output { status, stdout, stderr } = child.wait_with_output().map_err(failed)?;
    let told: Value = serde_json::from_slice(&stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&stderr).lines().next().unwrap_or_default().to_owned();
    Ok(Step { data: told["data"].clone(), ended: status.code(), said, took })
}

impl Step {
    /// How it failed.
    fn failed(&self) -> String {
        let ended = self.ended.map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
        format!("ended {ended}: {}", self.said)
    }
}

impl Held {
    /// How long it took until no entry could leave, and who trades had said so.
    fn entries_off(&self) -> Option<Duration> {
        let is_done = self.halt.ended == Some(0) && self.halt.data["halted"] == true;
        match self.who {
            // Nobody is there who could send one.
            Who::Nobody => self.file,
            Who::Serves => (is_done && self.halt.data["journaled"] == true).then_some(self.halt.took),
            Who::Hangs => is_done.then_some(self.halt.took),
        }
    }

    fn judge_halt(&mut self) {
        if self.halt.ended != Some(0) {
            self.faults.push(format!("halt {}", self.halt.failed()));
        }
        match self.entries_off() {
            None => self.faults.push("the halt was not acknowledged".into()),
            Some(took) if took > self.who.limit() => {
                let (took, limit) = (millis(took), millis(self.who.limit()));
                self.faults.push(format!("entries were off after {took} ms, and must be within {limit} ms"));
            }
            Some(_) => {}
        }
        let failed = self.halt.data["failed"].as_array().map_or(0, Vec::len);
        if failed > 0 {
            self.faults.push(format!("{} not cancelled", figures::counted(failed, "entry order")));
        }
        if self.status.ended != Some(0) {
            self.faults.push(format!("status {}", self.status.failed()));
        } else if self.status.data["entries_go_through"] != false {
            self.faults.push("status does not say that entries are off".into());
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["step", ">ms", ">limit", "came"]);
        let mut row = |step: &str, took: Option<Duration>, limit: Option<Duration>, came: &str| {
            let shown =
                |time: Option<Duration>| time.map_or_else(String::new, |time| millis(time).to_string());
            table.row(vec![step.to_owned(), shown(took), shown(limit), came.to_owned()]);
        };
        let level = |data: &Value| data["level"].as_str().unwrap_or("-").to_owned();
        let done = |is_done: bool| if is_done { "yes" } else { "NO" };
        row("halt file lies there", self.file, None, done(self.file.is_some()));
        let off = self.entries_off();
        row("entries are off", off, Some(self.who.limit()), done(off.is_some()));
        row("halt has ended", Some(self.halt.took), None, done(self.halt.ended == Some(0)));
        row("status answers", Some(self.status.took), None, &format!("level {}", level(&self.status.data)));
        if let Some(resume) = &self.resume {
            let is_done = resume.ended == Some(0);
            row("resumed", Some(resume.took), None, if is_done { "yes" } else { "NO" });
        }
        let word = if self.faults.is_empty() { "The drill passed." } else { "THE DRILL FAILED." };
        let told = [&[word.to_owned()], self.faults.as_slice()].concat().join("\n  ");
        format!("{}{told}\n", table.lines())
    }
}

/// Whole milliseconds, rounded down.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

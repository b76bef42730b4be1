//! How a person, or another verb, reaches the process that holds a state: files in `<state>.control/`.
//!
//! An asker puts `N.ask` there (and `N.signals` beside it, for signals) and waits for `N.answer`. All are written under another
//! name, synced and renamed, so nobody reads half of one. The process looks five times a second. What tightens is done before
//! its ask is removed, so a death in between does it twice, which is once; all else is done after, so it is never done twice. The process also says each second in `alive` that it is, and what it is at.

mod inbox;
mod sign;

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use broker_api::{Digest, Level, Signal, Time};
use engine::Operator;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::lock::{self, Holder};

pub use inbox::{Asked, Inbox};
pub use sign::{Sign, Watcher, process_runs};

use crate::away::Gone;
use crate::clock::{self, Stopwatch};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::files;
use crate::place::Place;

/// How often somebody who waits looks whether the answer is there.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How large an ask, an answer or a sign of life may be.
const SMALL: u64 = 1 << 20;
/// Without a sign of life for so long a process does not answer.
pub const SILENT: chrono::TimeDelta = chrono::TimeDelta::seconds(3);

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// A person's act.
    Act(Operator),
    /// Signals to take in: they lie beside the ask.
    Signals,
}

impl What {
    /// Whether it only tightens: it may be done twice, and is done however old it is.
    pub const fn tightens(&self) -> bool {
        matches!(
            self,
            Self::Act(
                Operator::Level { level: Level::Paused | Level::ReduceOnly | Level::Frozen, .. }
                    | Operator::Disarm { .. }
                    | Operator::Stop { .. }
            )
        )
    }
}

/// A question to the process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// When it was asked, by the asker's clock.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What a sign of life tells, of the process that serves and of one that watches; nothing when the text is none.
pub fn told(text: &str, now: Time) -> Option<String> {
    let alive: Alive = serde_json::from_str(text).ok()?;
    let (pid, since) = (alive.pid, alive.since);
    let holder = Holder { pid, since, born: None, program: "".into(), host: "".into() };
    let trader = Trader { holder, alive: Some(alive.clone()) };
    let watcher = Watcher::from(alive);
    Some(format!("{} {} {} {}", trader.told(now), trader.json(now), watcher.told(now), watcher.json(now)))
}

/// What the process says to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// When it was done, by the process's clock.
    pub at: Time,
    /// The last record of the journal then.
    pub seq: u64,
    /// What was wrong with it; nothing when it was done.
    pub refused: Option<Box<str>>,
    /// What came of it, by what was asked.
    pub data: Value,
}

/// A sign of life.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alive {
    /// Whose.
    pub pid: u32,
    /// When, by the clock of this machine.
    pub at: Time,
    /// Since when it serves.
    pub since: Time,
    /// The last record of the journal then.
    pub seq: u64,
    /// How many commands had no outcome yet.
    pub in_flight: u64,
    /// Brokers that did not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<Gone>,
}

/// Signals that are handed over, each with the digest of its content.
pub type Handed = Vec<(Signal, Digest)>;

/// The process that holds a state, as far as can be told from outside.
#[derive(Clone, Debug)]
pub struct Trader {
    /// Who holds the lock.
    pub holder: Holder,
    /// Its last sign of life; nothing from a process that does not serve.
    pub alive: Option<Alive>,
}

impl Trader {
    /// The process that holds this state; nothing when none does.
    pub fn of(place: &Place) -> Option<Self> {
        let holder = lock::read(&place.files.lock).filter(|holder| holder.runs() != Some(false))?;
        let alive = Sign::Trader.read(&place.files.control);
        Some(Self { alive: alive.filter(|alive| alive.pid == holder.pid), holder })
    }

    /// The same for programs.
    pub fn json(&self, now: Time) -> Value {
        let silent = self.alive.as_ref().map(|alive| (now - alive.at).num_milliseconds());
        serde_json::json!({
            "pid": self.holder.pid,
            "since": self.alive.as_ref().map_or(self.holder.since, |alive| alive.since),
            "serves": self.alive.is_some(),
            "silent_for_ms": silent,
            "in_flight": self.alive.as_ref().map(|alive| alive.in_flight),
        })
    }

    /// What it does, in words.
    pub fn told(&self, now: Time) -> String {
        let pid = self.holder.pid;
        let Some(alive) = &self.alive else {
            return format!("process {pid} works with it since {}", figures::minute(self.holder.since));
        };
        let silent = now - alive.at;
        if silent >= SILENT {
            return format!("process {pid} serves it and has NOT ANSWERED for {}", figures::span(silent));
        }
        let since = figures::minute(alive.since);
        format!("process {pid} serves it since {since}, {} in flight", alive.in_flight)
    }
}

/// Asks the process that holds a state, and waits for its answer. Without one in time the ask is withdrawn, save for one that
/// tightens: that stays until somebody does it. A process that ends meanwhile is not waited for.
///
/// # Errors
/// A folder that cannot be written to.
pub fn ask(
    place: &Place,
    what: What,
    handed: Option<&Handed>,
    within: Duration,
) -> Result<Option<Answer>, Failure> {
    let folder = &place.files.control;
    // By its number and its start: who begins anew lets go of the lock for a moment, and is not gone.
    let asked_of = Trader::of(place);
    let began = Stopwatch::start();
    let name = format!("{:020}-{}", clock::now().timestamp_micros(), std::process::id());
    let at = |ending: &str| folder.join(format!("{name}.{ending}"));
    let stays = what.tightens();
    let asked = std::fs::create_dir_all(folder).and_then(|()| {
        if let Some(handed) = handed {
            write(folder, &at("signals"), handed)?;
        }
        write(folder, &at("ask"), &Ask { at: clock::now(), what })
    });
    asked.map_err(|error| {
        Failure::new(Exit::Unexpected, "not_asked", format!("{} cannot be written to", folder.display()))
            .because(&error)
            .fix("make room, or give this user the right to write there; nothing was done")
    })?;
    loop {
        // Looked at before the answer is, which may be its last word.
        let is_gone = asked_of.as_ref().is_some_and(|trader| trader.holder.runs() == Some(false));
        if let Ok(answer) = read::<Answer>(&at("answer"), SMALL) {
            let _ = std::fs::remove_file(at("answer"));
            return Ok(Some(answer));
        }
        if is_gone || began.elapsed() >= within {
            if stays {
                return Ok(None);
            }
            if std::fs::remove_file(at("ask")).is_ok() {
                let _ = std::fs::remove_file(at("signals"));
                return Ok(None);
            }
            // The process took it in this moment, or a while ago and is not done yet.
            if is_gone || began.elapsed() >= within * 2 {
                return Err(no_word(place));
            }
        }
        clock::pause(LOOK_AGAIN);
    }
}

/// Somebody took what was asked, and does not say what came of it.
fn no_word(place: &Place) -> Failure {
    no_answer(place).fix(
        "it took what was asked, and has done it, or may still do it if it runs: see `tradewind status` before you ask again",
    )
}

/// Who holds a state, in words.
pub fn told_of(place: &Place) -> String {
    let told = |trader: Trader| trader.told(clock::now());
    Trader::of(place).map_or_else(|| "the process that held the state has ended".to_owned(), told)
}

/// Nobody answered who holds the state.
pub fn no_answer(place: &Place) -> Failure {
    let who = told_of(place);
    Failure::new(Exit::Unavailable, "no_answer", format!("no answer from who trades here: {who}"))
        .fix("wait for it, or stop it and give the command again; `tradewind halt` works without it. Nothing was done")
}

/// Writes a file whole or not at all.
pub fn write(folder: &Path, path: &Path, what: &impl Serialize) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    let mut text = serde_json::to_vec(what)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    files::sync(folder)
}

/// Reads one that is not larger than it may be.
pub fn read<T: DeserializeOwned>(path: &Path, most: u64) -> io::Result<T> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large"));
    }
    Ok(serde_json::from_reader(io::BufReader::new(file))?)
}

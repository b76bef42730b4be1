//! What a watchdog tells: a line for each event on standard output, and each message to a command that a person named.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::alerts::{self, Last};
use crate::clock::{self, Stopwatch};
use crate::ending::no_thread;
use crate::failure::{Exit, Failure, plain};
use crate::figures;
use crate::out::{Heading, Out, document};
use crate::place::Place;
use crate::serve::Voice;

/// How long the command may take over one message.
const WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether it has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How many messages wait for it.
const WAIT: usize = 100;
/// How many bytes a message has at most: fewer than a pipe takes, so that who does not read holds up nobody.
const LONGEST: usize = 16_384;

/// Something that is told.
#[derive(Clone, Debug)]
pub struct Event {
    word: &'static str,
    text: String,
    data: Value,
}

impl Event {
    /// One that says it all in words.
    pub fn new(word: &'static str, text: String) -> Self {
        Self::with(word, text, json!({}))
    }

    /// One with figures for programs.
    pub const fn with(word: &'static str, text: String, data: Value) -> Self {
        Self { word, text, data }
    }

    /// Whether the command is told too.
    fn is_message(&self) -> bool {
        !matches!(self.word, "watching" | "ended" | "notify_failed")
    }
}

/// See the module.
pub struct Teller {
    out: Out,
    heading: Heading,
    of: String,
    voice: Voice,
    command: Option<Notifier>,
}

/// The thread that runs the command.
struct Notifier {
    messages: SyncSender<String>,
    failures: Receiver<String>,
    thread: JoinHandle<()>,
}

impl Teller {
    /// Begins to tell.
    ///
    /// # Errors
    /// A command without a word, and no thread to run it in.
    pub fn begin(out: Out, place: &Place, command: Option<&str>) -> Result<Self, Failure> {
        let read = place.read(None).ok().map(|reading| reading.heading());
        let heading =
            Heading { level: None, journal: None, ..read.unwrap_or_else(|| place.unbound_heading()) };
        let account = heading.account.as_ref().map_or_else(String::new, |account| format!(", {account}"));
        let of = format!("tradewind watchdog of {}{account}", place.files.state.display());
        let folder = &place.files.control;
        if command.is_none() {
            alerts::forget(folder);
        }
        let command = command.map(|command| Notifier::begin(command, folder)).transpose()?;
        Ok(Self { out, heading, of, voice: Voice::new(out), command })
    }

    /// Tells these.
    pub fn tell(&self, events: &[Event]) {
        let now = clock::now();
        for event in events {
            let Event { word, text, data } = event;
            self.voice.say(if self.out.is_json() {
                let mut data = data.clone();
                data["event"] = json!(word);
                data["text"] = json!(text);
                format!("{}\n", document("watchdog", &self.heading, now, &data))
            } else {
                format!("{}  {word:<13} {}\n", figures::time(now), plain(text))
            });
        }
        let texts: Vec<&str> =
            events.iter().filter(|event| event.is_message()).map(|event| event.text.as_str()).collect();
        let Some(command) = self.command.as_ref().filter(|_| !texts.is_empty()) else { return };
        let mut message = format!("{}, {}\n{}\n", self.of, figures::time(now), texts.join("\n"));
        message.truncate(message.floor_char_boundary(LONGEST));
        if command.messages.try_send(message).is_err() {
            self.failed("it was not run: too many messages wait for it");
        }
    }

    fn failed(&self, why: &str) {
        self.tell(&[Event::new("notify_failed", format!("The command of --notify: {why}"))]);
    }

    /// Tells what went wrong with the command since the last time.
    pub fn told(&self) {
        while let Some(why) = self.command.as_ref().and_then(|command| command.failures.try_recv().ok()) {
            self.failed(&why);
        }
    }

    /// Ends when the command has had its last message, or has taken too long.
    pub fn end(mut self) {
        let Some(Notifier { messages, failures, thread }) = self.command.take() else { return };
        drop(messages);
        let began = Stopwatch::start();
        while !thread.is_finished() && began.elapsed() < WITHIN + Duration::from_secs(1) {
            clock::pause(LOOK_AGAIN);
        }
        for why in failures.try_iter() {
            self.failed(&why);
        }
    }
}

impl Notifier {
    fn begin(command: &str, folder: &Path) -> Result<Self, Failure> {
        let (words, folder) = (words(command)?, folder.to_owned());
        let (messages, told) = sync_channel::<String>(WAIT);
        let (failed, failures) = channel();
        let run = move || {
            for message in told {
                if let Err(why) = kept(&words, &message, &folder)
                    && failed.send(why).is_err()
                {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("notify".into()).spawn(run);
        Ok(Self { messages, failures, thread: thread.map_err(|error| no_thread(&error))? })
    }
}

/// Runs a command over one message now, to see whether it works, and keeps what came of it.
///
/// # Errors
/// What went wrong with it.
pub fn try_out(command: &str, message: &str, folder: &Path) -> Result<(), String> {
    kept(&split(command).ok_or("it names no program")?, message, folder)
}

/// The words of a command; nothing when there is none.
fn split(command: &str) -> Option<Vec<String>> {
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn words(command: &str) -> Result<Vec<String>, Failure> {
    let none = || Failure::usage("usage", "--notify names no program").fix("name one, or leave it away");
    split(command).ok_or_else(none)
}

/// Runs the command over one message, and keeps what came of it.
fn kept(words: &[String], message: &str, folder: &Path) -> Result<(), String> {
    let came = notified(words, message);
    let last = Last { at: clock::now(), went_through: came.is_ok(), why: came.as_ref().err().cloned() };
    alerts::keep(folder, &last);
    came
}

/// Sends one message, tells what came of it, and keeps that.
///
/// # Errors
/// A command without a word, and a message that did not go through.
pub fn tried(out: Out, place: &Place, command: &str) -> Result<(), Failure> {
    let now = clock::now();
    let message = format!(
        "tradewind watchdog of {}, {}\nThis is a try: nothing has happened, and messages arrive.\n",
        place.files.state.display(),
        figures::time(now)
    );
    kept(&words(command)?, &message, &place.files.control).map_err(|why| {
        Failure::new(Exit::Unexpected, "notify_failed", format!("the message did not go through: {why}"))
            .fix("correct the command of --notify, and try it again")
    })?;
    let text = "The message went through.";
    out.text(&format!("{text}\n"))?;
    out.document("watchdog", &place.unbound_heading(), now, &json!({ "event": "tried", "text": text }))
}

/// Runs the command over one message.
fn notified(words: &[String], message: &str) -> Result<(), String> {
    let Some((name, rest)) = words.split_first() else { return Ok(()) };
    let mut command = Command::new(name);
    command.args(rest).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // What tells people needs no keys of a broker.
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("APCA_")) {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|error| format!("{name} could not be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // Who reads nothing is told by its exit code, if that matters.
        let _ = input.write_all(message.as_bytes());
    }
    let began = Stopwatch::start();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{name} ended with {status}")),
            Ok(None) if began.elapsed() < WITHIN => clock::pause(LOOK_AGAIN),
            Ok(None) => {
                // It has ended in this moment, or ends by this.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} did not end within {} s, and was ended", WITHIN.as_secs()));
            }
            Err(error) => return Err(format!("what came of {name} is not known: {error}")),
        }
    }
}

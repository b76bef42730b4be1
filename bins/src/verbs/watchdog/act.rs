//! What a watchdog does about a silence, in a thread of its own: it may take a while, and the sign of life goes on.

use std::time::Duration;

use broker_api::Key;
use serde_json::{Value, json};

use super::tell::Event;
use crate::args::Common;
use crate::at_broker::{Cancelled, Guarded, Line};
use crate::clock;
use crate::failure::Failure;
use crate::figures;
use crate::place::Place;
use crate::program;
use crate::verbs::halt;

/// As the halt file and the journal name it.
const WHO: &str = "watchdog";
/// Why, in both.
const WHY: &str = "the process that trades gave no sign of life";
/// How often a broker is tried before the next minute.
const TRIES: u32 = 3;
/// How long between two tries.
const BETWEEN: Duration = Duration::from_secs(2);
/// How often it is looked whether what was cancelled is gone.
const LOOKS: u32 = 5;
/// How long between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// No entry leaves, none stays, and what guards the rest is told.
    Secure,
    /// Everything is closed, in the place of who is silent.
    Flatten,
    /// A pass goes on closing.
    GoOn,
}

/// What came of it.
pub struct Done {
    /// What is told.
    pub events: Vec<Event>,
    /// Whether closing has begun.
    pub closes: bool,
}

/// Does it.
pub fn act(job: Job, place: &Place, common: &Common) -> Done {
    match job {
        Job::Secure => Done { events: secure(place), closes: false },
        Job::Flatten => match halt::account(place) {
            Ok(account) => {
                let words = ["flatten", "--take-over", "--why", WHY, "--confirm", &account];
                let (event, is_done) = run(common, "flattened", &words);
                Done { events: vec![event], closes: is_done }
            }
            Err(failure) => Done { events: vec![failed(&failure)], closes: false },
        },
        Job::GoOn => Done { events: vec![run(common, "goes_on", &["run"]).0], closes: false },
    }
}

fn secure(place: &Place) -> Vec<Event> {
    let mut events = Vec::new();
    let file = &place.files.halt;
    if !file.exists() {
        events.push(match halt::write_file(place, WHO, WHY) {
            Ok(()) => {
                let text = format!("{} lies there: no entry leaves from now on", file.display());
                Event::with("halt_file", text, json!({ "is_written": true }))
            }
            Err(error) => {
                let text = format!(
                    "{} CANNOT BE WRITTEN ({error}): entries may leave when the process wakes; end it by hand",
                    file.display()
                );
                Event::with("halt_file", text, json!({ "is_written": false }))
            }
        });
    }
    if place.is_paper() {
        let text = "The embedded broker trades only while its process does: nothing is to be cancelled there";
        events.push(Event::with("cancelled", text.to_owned(), cancelled_json(&Cancelled::default(), 0)));
        return events;
    }
    let mut tries = 1;
    loop {
        match at_the_broker(place, &mut events) {
            Ok(()) => return events,
            Err(failure) if tries == TRIES => {
                events.push(failed(&failure));
                return events;
            }
            Err(_) => tries += 1,
        }
        clock::pause(BETWEEN);
    }
}

fn at_the_broker(place: &Place, events: &mut Vec<Event>) -> Result<(), Failure> {
    let line = Line::open(place)?;
    let done = line.cancel_entries()?;
    let mut left = done.live;
    for look in 0..LOOKS {
        if left == 0 {
            break;
        }
        if look > 0 {
            clock::pause(LOOK_AGAIN);
        }
        left = line.entries()?;
    }
    let mut text = format!(
        "{} live at {}, {} cancelled",
        figures::counted(done.live, "entry order"),
        place.brokers_shown(),
        done.done.len()
    );
    if left > 0 {
        text.push_str(&format!(", {left} not gone yet"));
    }
    for failed in &done.failed {
        text.push_str(&format!("\nnot cancelled: {failed}; cancel it at the broker by hand"));
    }
    events.push(Event::with("cancelled", text, cancelled_json(&done, left)));
    let reading = place.read(None).ok();
    let guarded = line.guarded(reading.as_ref().map(|reading| &reading.book))?;
    let mut lines: Vec<String> = guarded.iter().map(Guarded::told).collect();
    let is_held = |key: Key| guarded.iter().any(|row| row.key == key);
    let unheld: Vec<Key> = reading
        .iter()
        .flat_map(|reading| reading.book.positions().map(|position| position.key))
        .filter(|key| !is_held(*key))
        .collect();
    lines.extend(unheld.iter().map(|key| format!("{}: the broker holds none of it any more", key.symbol)));
    let text = if lines.is_empty() { "Nothing is held".to_owned() } else { lines.join("\n") };
    let rows: Vec<Value> = guarded
        .iter()
        .map(|row| {
            let (symbol, is_guarded) = (row.key.symbol, row.is_whole());
            json!({ "symbol": symbol, "held": row.held, "stops": row.stops, "is_guarded": is_guarded })
        })
        .collect();
    events.push(Event::with("protection", text, json!({ "positions": rows })));
    Ok(())
}

fn cancelled_json(done: &Cancelled, left: usize) -> Value {
    json!({ "live": done.live, "cancelled": done.done, "failed": done.failed, "left": left })
}

/// What could not be done.
fn failed(failure: &Failure) -> Event {
    let causes = [std::slice::from_ref(&failure.what), &failure.causes].concat().join(": ");
    let text = format!("{causes}; it is tried again in a minute");
    Event::with("failed", text, json!({ "code": failure.code, "number": failure.number() }))
}

/// This program once more; whether it ended with 0.
fn run(common: &Common, event: &'static str, words: &[&str]) -> (Event, bool) {
    let ran = program::again(common, words).and_then(|mut command| command.output());
    match ran {
        Ok(ran) => {
            let said =
                [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
            let ended =
                ran.status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
            let text = format!("`tradewind {}` ended {ended}\n{}", words[0], said.trim_end());
            (Event::with(event, text, json!({ "exit": ran.status.code() })), ran.status.success())
        }
        Err(error) => {
            let text = format!("`tradewind {}` could not be started: {error}", words[0]);
            (Event::with("failed", text, json!({ "code": null, "number": null })), false)
        }
    }
}

//! The operator's acts where another process holds the state: it is asked, and one that does not answer is done without.

use std::time::Duration;

use broker_api::Level;
use engine::Operator;
use serde_json::{Value, json};

use super::{one_step, operator, remove_file, tripped_again};
use crate::at_broker::{Cancelled, Line};
use crate::control::{self, Answer, Trader, What, no_answer};
use crate::failure::{Exit, Failure};
use crate::out::{Heading, Out};
use crate::place::Place;
use crate::{clock, closing, figures};

/// How long an answer is waited for.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How long a process that was ended may take to let go of the state.
const LETS_GO_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Asks the process that holds the state to stop entries. The file does it already; without an answer what could still
/// open something is cancelled at the broker from here, and what is asked stays for the process to find.
pub fn halt(out: Out, place: &Place, why: &str) -> Result<(), Failure> {
    if !is_served(place) {
        out.text("Halted: the process that holds the state sees the file before each entry.\n")?;
        let data = json!({ "halted": true, "journaled": false });
        return out.document("halt", &Heading::default(), clock::now(), &data);
    }
    let act = Operator::Level { level: Level::ReduceOnly, name: operator(), why: why.into(), until: None };
    if let Some(answer) = control::ask(place, What::Act(act), None, ANSWERS_WITHIN)? {
        let data = done(&answer)?;
        out.text(&format!(
            "Halted by the process that trades: level {}, {} positions held, {} orders open; stops stay.\n\
             Let entries through again: tradewind resume --why TEXT\n",
            word(data, "level"),
            data["positions"],
            data["open_orders"]
        ))?;
        let data = json!({ "halted": true, "journaled": true, "positions": data["positions"] });
        return out.document("halt", &Heading::default(), answer.at, &data);
    }
    let who = control::told_of(place);
    let from_here = from_here(place)?;
    out.text(&format!(
        "Halted: {who}; the file is seen before each entry, and what was asked is found by who looks next.\n{}",
        from_here.text
    ))?;
    let data = json!({ "halted": true, "journaled": false, "cancelled": from_here.cancelled, "failed": from_here.failed });
    out.document("halt", &Heading::default(), clock::now(), &data)
}

/// The halt file cannot be written: what could open something is cancelled at the broker from here, and no more can be said.
pub fn without_a_file(out: Out, place: &Place, error: &std::io::Error) -> Result<(), Failure> {
    let file = place.files.halt.display();
    let text = match from_here(place) {
        Ok(done) => done.text,
        Err(failure) => format!("{}\n", failure.what),
    };
    out.text(&text)?;
    Err(Failure::new(Exit::Unexpected, "halt_not_written", format!("{file} cannot be written"))
        .because(error)
        .fix("stop the trading process by hand: entries may still leave"))
}

/// What was cancelled from here, in words and by name.
struct FromHere {
    text: String,
    cancelled: Vec<String>,
    failed: Vec<String>,
}

/// Cancels every entry of ours that is live at the broker.
fn from_here(place: &Place) -> Result<FromHere, Failure> {
    if place.is_paper() {
        let text = "The embedded broker trades only while its process does.\n".into();
        return Ok(FromHere { text, cancelled: Vec::new(), failed: Vec::new() });
    }
    let Cancelled { live, done: cancelled, failed } = Line::open(place)?.cancel_entries()?;
    let mut text = format!(
        "From here: {} live at {}, {} cancelled.\n",
        figures::counted(live, "entry order"),
        place.brokers_shown(),
        cancelled.len()
    );
    for failed in &failed {
        text.push_str(&format!("  not cancelled: {failed}; cancel it at the broker by hand\n"));
    }
    Ok(FromHere { text, cancelled, failed })
}

/// Asks the process that holds the state to do something: what came of it.
///
/// # Errors
/// No answer, or that it was not done.
pub fn ask(place: &Place, act: Operator) -> Result<Value, Failure> {
    asked(place, act).and_then(|answer| done(&answer).cloned())
}

/// Asks the process that holds the state to let entries through again.
pub fn resume(out: Out, place: &Place, act: Operator) -> Result<(), Failure> {
    let answer = asked(place, act)?;
    let data = done(&answer)?;
    let level = word(data, "level");
    if data["one_step_more"] == json!(true) {
        return Err(one_step(serde_json::from_value(data["until"].clone()).unwrap_or_default()));
    }
    remove_file(place)?;
    if level != Level::Trading.as_str() {
        return Err(tripped_again(&level, &word(data, "why")));
    }
    out.text("Entries go through again, says the process that trades.\n")?;
    out.document("resume", &Heading::default(), answer.at, &json!({ "level": level }))
}

/// Asks the process that holds the state to stop entries of a part of trading, or to let them go on.
pub fn part(place: &Place, act: Operator) -> Result<(), Failure> {
    let allows = matches!(act, Operator::Allow { .. });
    let answer = asked(place, act).map_err(|failure| {
        let stays = "what was asked stays, and is done by who looks next; `tradewind halt` stops all entries without it";
        if allows { failure } else { failure.fix(stays) }
    })?;
    let data = done(&answer)?;
    match data["part_stopped"].as_str().filter(|_| allows) {
        Some(why) => Err(tripped_again("trading in part", why)),
        None => Ok(()),
    }
}

/// Asks the process that holds the state to close everything. Says whether it does; one that does not answer is ended when
/// that is wanted, and then nobody holds the state.
pub fn flatten(out: Out, place: &Place, act: Operator, take_over: bool) -> Result<bool, Failure> {
    match asked(place, act) {
        Ok(answer) => {
            let data = done(&answer)?;
            let reading = place.read(None)?;
            let closing = closing::all(place, &reading.book, answer.at);
            out.text(&format!(
                "Closing, by the process that trades: {} positions are held, {} orders are open; it goes on until it is flat: \
                 tradewind status\n{}",
                data["positions"],
                data["open_orders"],
                closing::lines(&closing)
            ))?;
            let flat = data["positions"] == 0 && data["open_orders"] == 0;
            let data = json!({ "flat": flat, "positions": data["positions"], "open_orders": data["open_orders"], "closing": closing::json(&closing) });
            out.document("flatten", &Heading::default(), answer.at, &data)?;
            Ok(true)
        }
        Err(_) if take_over => {
            take(out, place)?;
            Ok(false)
        }
        Err(failure) => Err(failure
            .fix("to end that process and close everything from here: the same command with --take-over. Nothing was done")),
    }
}

/// Ends the process that holds the state, which does not answer.
fn take(out: Out, place: &Place) -> Result<(), Failure> {
    let Some(Trader { holder, .. }) = Trader::of(place) else { return Ok(()) };
    // Its start is compared, so that no other process is ended that has its number by now.
    if holder.runs() != Some(true) {
        let what = format!("the state is held by {holder}, and whether that runs cannot be told from here");
        return Err(Failure::new(Exit::Unavailable, "not_taken_over", what)
            .fix("end it where it runs, and give the command again; nothing was done"));
    }
    let failed = |why: String| {
        Failure::new(
            Exit::Unavailable,
            "not_taken_over",
            format!("process {} was not ended: {why}", holder.pid),
        )
        .fix("end it by hand, and give the command again; nothing was done")
    };
    end(holder.pid).map_err(|error| failed(error.to_string()))?;
    let began = clock::Stopwatch::start();
    // What it held it lets go of with its last thread.
    while let Err(error) = state::Lock::take(&place.files.lock, "tradewind take-over", clock::now()) {
        if !matches!(error, state::LockError::Held { .. }) || began.elapsed() > LETS_GO_WITHIN {
            return Err(failed(error.to_string()));
        }
        clock::pause(LOOK_AGAIN);
    }
    out.say(&format!("Process {} did not answer, and was ended.", holder.pid));
    Ok(())
}

#[cfg(unix)]
fn end(pid: u32) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("it has no number"))?;
    Ok(kill_process(pid, Signal::KILL)?)
}

#[cfg(not(unix))]
fn end(_: u32) -> std::io::Result<()> {
    Err(std::io::Error::other("this system does not let it"))
}

fn asked(place: &Place, act: Operator) -> Result<Answer, Failure> {
    control::ask(place, What::Act(act), None, ANSWERS_WITHIN)?.ok_or_else(|| no_answer(place))
}

/// Whether what failed is that a process holds the state which can be asked.
pub fn is_asked(place: &Place, failure: &Failure) -> bool {
    failure.code == "state_locked" && is_served(place)
}

/// Whether the process that holds the state is one that answers.
fn is_served(place: &Place) -> bool {
    Trader::of(place).is_some_and(|trader| trader.alive.is_some())
}

/// What came of it.
fn done(answer: &Answer) -> Result<&Value, Failure> {
    match &answer.refused {
        None => Ok(&answer.data),
        Some(why) => Err(Failure::new(
            Exit::Halted,
            "refused",
            format!("the process that trades did not do it: {why}"),
        )
        .fix("see `tradewind status`, and give the command again once that has passed")),
    }
}

fn word(data: &Value, key: &str) -> String {
    data[key].as_str().unwrap_or_default().to_owned()
}

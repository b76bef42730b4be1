//! Signals that are handed to the process that serves.

use std::collections::BTreeSet;
use std::time::Duration;

use broker_api::{Ending, SignalId};
use engine::intake::Intake;
use serde_json::{Value, json};

use crate::args::RunArgs;
use crate::clock::{self, Stopwatch};
use crate::control::{self, Trader, What, no_answer};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::place::Place;
use crate::tonight::Tonight;
use crate::{closing, figures, summary, tell, unknown};

/// How long the process is waited for to take them in: it may have to ask for prices first.
const TAKEN_WITHIN: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The process that serves this state, when there is one.
pub fn server(place: &Place) -> Option<Trader> {
    Trader::of(place).filter(|trader| trader.alive.is_some())
}

/// Hands signals over, waits a while for what becomes of them, and tells it.
pub fn over(
    out: Out,
    place: &Place,
    args: &RunArgs,
    trader: &Trader,
    intake: Intake,
) -> Result<Exit, Failure> {
    let Intake { signals, faults } = intake;
    let asked: Vec<SignalId> = signals.iter().map(|(signal, _)| signal.id).collect();
    if args.record.is_some() {
        let what = format!("process {} serves this state, and records itself", trader.holder.pid);
        return Err(
            Failure::usage("no_recording", what).fix("give --record to `tradewind serve`; nothing was done")
        );
    }
    let mut conflicts = BTreeSet::new();
    if !signals.is_empty() {
        let answer = control::ask(place, What::Signals, Some(&signals), TAKEN_WITHIN)?;
        let answer = answer.ok_or_else(|| no_answer(place))?;
        if let Some(why) = &answer.refused {
            return Err(Failure::new(
                Exit::Unavailable,
                "not_taken",
                format!("the process that serves did not take them: {why}"),
            )
            .fix("give the command again; what was taken in is not taken in twice"));
        }
        let listed = answer.data["conflicts"].as_array().into_iter().flatten();
        conflicts.extend(listed.filter_map(|id| SignalId::new(id.as_str()?).ok()));
        super::input::tell(out, &conflicts);
    }
    let began = Stopwatch::start();
    let reading = loop {
        let reading = place.read(None)?;
        let is_over = |id: &SignalId| reading.book.signal(*id).is_none_or(|state| state.ended.is_some());
        if asked.iter().all(is_over) || began.elapsed() >= Duration::from_secs(args.settle) {
            break reading;
        }
        clock::pause(LOOK_AGAIN);
    };
    let (book, history) = (&reading.book, reading.history()?);
    let equity = summary::Account::of_book(book).equity;
    let mut text = format!("{}\n  handed over: {}\n", reading.headline(), trader.told(clock::now()));
    let mut rows: Vec<Value> = Vec::new();
    let mut turned_down = false;
    for id in &asked {
        let Some(state) = history.signals.get(id) else { continue };
        let told = tell::signal(&history, book, &place.catalog, state, equity);
        let ending = state.ended.as_ref().map(|ended| ended.ending);
        turned_down |= matches!(ending, Some(Ending::Denied | Ending::Rejected));
        text.push_str(format!("  {id}  {}  {}", told.word, told.text).trim_end());
        text.push('\n');
        rows.push(told.json);
    }
    let signals = figures::counted(asked.len(), "signal");
    text.push_str(&format!("   {signals}, {} ms\n", began.elapsed().as_millis()));
    let exit = if !faults.is_empty() || !conflicts.is_empty() {
        Exit::Usage
    } else if args.fail_on_denied && turned_down {
        Exit::Denied
    } else {
        Exit::Done
    };
    let now = reading.as_of;
    let closing = closing::all(place, book, now);
    let mut needs = summary::needs_you(book, place.files.halt.exists(), now);
    needs.extend(closing::needs(&closing));
    let next = summary::next_run(now, place, book);
    let tonight = Tonight::of_reading(place, &reading, equity);
    text.push_str(&summary::held(book));
    text.push_str(&closing::lines(&closing));
    text.push_str(&tonight.lines());
    if !needs.is_empty() {
        let needs: Vec<&str> = needs.iter().map(|need| need.text.as_str()).collect();
        text.push_str(&format!("Needs you: {}.\n", needs.join("; ")));
    }
    out.text(&text)?;
    let data = json!({
        "dry_run": false,
        "exit": exit.code(),
        "handed_to": trader.holder.pid,
        "signals": rows,
        "faults": super::input::json(&faults),
        "conflicts": conflicts,
        "account": summary::Account::of_book(book).json(book),
        "tonight": tonight.json(),
        "closing": closing::json(&closing),
        "no_known_outcome": unknown::all(book, now).map(|unknown| unknown.json()).collect::<Vec<_>>(),
        "needs_you": needs.iter().map(summary::Need::json).collect::<Vec<_>>(),
        "next_run_at": next.0,
        "next_run_why": next.1,
    });
    out.document("run", &reading.heading(), reading.as_of, &data)?;
    Ok(exit)
}

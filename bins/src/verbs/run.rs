//! `run`: the pass that cron starts.

mod handed;
/// What the signals of a pass are.
mod input;

use std::collections::BTreeSet;
use std::time::Duration;

use broker_api::{Ending, Phase, SignalId, Symbol};
use engine::Input;
use engine::intake::Intake;
use serde_json::{Value, json};
use state::files::with_ending;

use crate::args::RunArgs;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::history::History;
use crate::out::Out;
use crate::pass::Pass;
use crate::place::{Place, heading, headline};
use crate::recording::{Kept, Recording};
use crate::tonight::Tonight;
use crate::{arming, away, closing, compared, limits, stops, summary, tell, unknown};

pub use input::{conflicts, tell as tell_conflicts};

/// How many signals are taken in by one commit.
const AT_ONCE: usize = 10_000;

/// One pass.
pub fn run(out: Out, place: &Place, args: &RunArgs) -> Result<Exit, Failure> {
    if args.dry_run {
        return rehearse(out, place, args);
    }
    pass(out, place, args, false)
}

/// The same pass on a copy of everything, which is thrown away.
fn rehearse(out: Out, place: &Place, args: &RunArgs) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Unexpected, "no_copy", "the files could not be copied for the rehearsal")
            .because(&error)
            .fix("make room in the folder for temporary files; nothing was changed")
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    let name = place
        .files
        .state
        .file_name()
        .map_or_else(|| "paper-state.json".into(), std::ffi::OsStr::to_os_string);
    let copy = Place::at(&folder.path().join(name), place.loaded.clone())?.rehearsing();
    // With the lock held nobody writes between the copying of one file and the next.
    let lock = place
        .files
        .state
        .exists()
        .then(|| state::Lock::take(&place.files.lock, "tradewind rehearsal", crate::clock::now()))
        .transpose()
        .map_err(|error| {
            Failure::new(Exit::Unavailable, "state_locked", "another process works with this state")
                .because(&error)
                .fix("wait for it to end, or stop it; nothing was changed")
        })?;
    copy_files(place, &copy).map_err(failed)?;
    drop(lock);
    pass(out, &copy, args, true)
}

/// Copies all that a pass reads and writes to another place.
///
/// # Errors
/// A file that cannot be read or written.
pub fn copy_files(place: &Place, copy: &Place) -> std::io::Result<()> {
    let pairs = [
        (&place.files.state, &copy.files.state),
        (&place.files.journal, &copy.files.journal),
        (&place.files.halt, &copy.files.halt),
        (&place.venue, &copy.venue),
    ];
    for (from, to) in pairs {
        for suffix in ["", "-wal"] {
            let (from, to) = (with_ending(from, suffix), with_ending(to, suffix));
            if from.exists() {
                std::fs::copy(&from, &to)?;
            }
        }
    }
    Ok(())
}

fn pass(out: Out, place: &Place, args: &RunArgs, is_rehearsal: bool) -> Result<Exit, Failure> {
    // Signals that cannot be taken leave everything as it was, so they are read before anything is made.
    let intake = input::given(out, place, args)?;
    if !is_rehearsal && let Some(trader) = handed::server(place) {
        return handed::over(out, place, args, &trader, intake);
    }
    let recording = args.record.as_deref().map(Recording::create).transpose()?;
    let done = act(out, place, args, is_rehearsal, intake, recording.as_ref());
    if let (Err(_), Some(recording)) = (&done, &recording) {
        // What went wrong is the very thing that somebody will want to tell again.
        out.say(recording.finish(out).text().trim_end());
    }
    done
}

fn act(
    out: Out,
    place: &Place,
    args: &RunArgs,
    is_rehearsal: bool,
    Intake { signals, faults }: Intake,
    recording: Option<&Recording>,
) -> Result<Exit, Failure> {
    let began = crate::clock::Stopwatch::start();
    if place.loaded.file.is_none() {
        out.say(&place.loaded.config.told());
    }
    let mut pass =
        Pass::recorded(place, out, recording.map(|recording| recording.recorder(out)))?.confirmed()?;
    let now = pass.now();
    let before: BTreeSet<SignalId> = pass.book().signals().map(|state| state.signal.id).collect();
    let asked: Vec<SignalId> = signals.iter().map(|(signal, _)| signal.id).collect();
    let conflicts = conflicts(&signals, |id| Some(pass.book().signal(id)?.digest));
    input::tell(out, &conflicts);
    if let Err(refused) = input::in_conflict(args, &conflicts, signals.len()) {
        pass.end(Exit::Usage)?;
        return Err(refused);
    }
    let symbols: Vec<Symbol> = signals.iter().map(|(signal, _)| signal.symbol).collect();
    pass = pass.price(&symbols)?;
    let mut rest = signals.into_iter().map(|(signal, digest)| Input::Signal { signal, digest }).peekable();
    while rest.peek().is_some() {
        pass = pass.take(rest.by_ref().take(AT_ONCE).collect())?;
    }
    pass = pass.settle(Duration::from_secs(args.settle))?;
    pass = pass.refresh()?.confirmed()?;
    let exit = exit_of(&pass, args, !faults.is_empty() || !conflicts.is_empty(), &asked, &before);
    let market = summary::Account::of(&pass);
    let differ = summary::differing_days(&pass, now);
    for difference in &differ {
        out.warn("calendars_differ", difference);
    }
    let reconciled = compared::line(&pass);
    let tonight = Tonight::of(&pass, market.equity);
    let gone = away::of(&pass);
    let ended = pass.now();
    let pass = pass.end(exit)?;
    // It may have been edited while the pass went on.
    let exit = if pass.book().edit_found().is_some() { exit.min(Exit::Divergence) } else { exit };
    let kept = recording.map(|recording| recording.finish(out));
    let book = pass.book();
    let history = History::of(book);
    let (id, head) = pass.journal_head();

    let mut text = format!("{}   {}\n", headline(book, now), summary::sessions(now, place));
    if is_rehearsal {
        text.push_str(
            "REHEARSAL: all of this happened on a copy; nothing was sent and nothing was written\n",
        );
    }
    text.push_str(&reconciled);
    text.push_str(&away::lines(&gone, now));
    let mut rows: Vec<Value> = Vec::new();
    let mut table: Vec<(String, String, String)> = Vec::new();
    let mut shown = BTreeSet::new();
    for signal in &asked {
        if !shown.insert(*signal) {
            continue;
        }
        let Some(state) = history.signals.get(signal) else { continue };
        let told = tell::signal(&history, book, &pass.place().catalog, state, market.equity);
        let again = before.contains(signal);
        let mut json = told.json;
        json["repeated"] = json!(again);
        rows.push(json);
        if again && conflicts.contains(signal) {
            table.push((
                signal.to_string(),
                format!("{} before", told.word),
                format!(
                    "CONFLICT: taken in {} with another content, which stands",
                    figures::minute(state.taken_at)
                ),
            ));
        } else if again {
            table.push((
                signal.to_string(),
                format!("{} before", told.word),
                format!("taken in {}; nothing repeated", figures::minute(state.taken_at)),
            ));
        } else {
            table.push((signal.to_string(), told.word.to_owned(), told.text));
        }
    }
    // What ended in this pass without being asked for again: what an earlier pass left working.
    for state in history.signals.values().filter(|state| !shown.contains(&state.signal.id)) {
        let moved = state.ended.as_ref().is_some_and(|ended| ended.at >= now) || state.ended.is_none();
        if moved {
            let told = tell::signal(&history, book, &pass.place().catalog, state, market.equity);
            rows.push(told.json);
            table.push((state.signal.id.to_string(), told.word.to_owned(), told.text));
        }
    }
    let width = |pick: fn(&(String, String, String)) -> &String| {
        table.iter().map(|row| pick(row).chars().count()).max().unwrap_or(0)
    };
    let (ids, words) = (width(|row| &row.0), width(|row| &row.1));
    for (id, word, rest) in &table {
        text.push_str(format!("  {id:<ids$}  {word:<words$}  {rest}").trim_end());
        text.push('\n');
    }
    text.push_str(&summary::counts(book, &asked, &before, &history));
    text.push_str(&format!(
        "   journal {} ({})   {} ms\n",
        figures::count(head.seq),
        &head.hash.as_str()[..12],
        began.elapsed().as_millis()
    ));
    text.push_str(&stops::lines(book));
    text.push_str(&market.line(book));
    text.push_str(&arming::lines(place, book, now));
    text.push_str(&summary::held(book));
    let closing = closing::all(pass.place(), book, ended);
    text.push_str(&closing::lines(&closing));
    text.push_str(&tonight.lines());
    let mut needs = summary::needs_you(book, place.files.halt.exists(), now);
    needs.extend(closing::needs(&closing));
    needs.extend(differ.iter().map(|difference| summary::Need::of_calendar(difference)));
    let force = limits::Force::of(&place.loaded.config.limits, book, now);
    needs.extend(force.needs());
    let next = summary::next_run(now, pass.place(), book);
    if needs.is_empty() {
        text.push_str("Nothing needs you.");
    } else {
        text.push_str(&format!(
            "Needs you: {}.",
            needs.iter().map(|need| need.text.as_str()).collect::<Vec<_>>().join("; ")
        ));
    }
    text.push_str(&format!("   Next: {} ({})\n", figures::minute(next.0), next.1));
    if let Some(kept) = &kept {
        text.push_str(&kept.text());
    }
    out.text(&text)?;
    out.document(
        "run",
        &heading(book, &id, head.seq, head.hash.as_str()),
        now,
        &json!({
            "dry_run": is_rehearsal,
            "exit": exit.code(),
            "signals": rows,
            "faults": input::json(&faults),
            "conflicts": conflicts,
            "stopped": stops::json(book),
            "away": away::json(&gone),
            "account": market.json(book),
            "tonight": tonight.json(),
            "closing": closing::json(&closing),
            "arming": arming::json(book, now),
            "limits_pending": force.pending.iter().map(limits::json).collect::<Vec<_>>(),
            "no_known_outcome": unknown::all(book, now).map(|unknown| unknown.json()).collect::<Vec<_>>(),
            "needs_you": needs.iter().map(summary::Need::json).collect::<Vec<_>>(),
            "next_run_at": next.0,
            "next_run_why": next.1,
            "recorded": kept.as_ref().map(Kept::json),
        }),
    )?;
    Ok(exit)
}

/// What a pass ends with by how things stand, whatever signals it took.
pub fn standing(pass: &Pass) -> Exit {
    let book = pass.book();
    let silent = !pass.runner().silent().is_empty();
    if silent || book.open_orders().any(|order| matches!(order.phase, Phase::Unknown | Phase::Sending)) {
        Exit::Unavailable
    } else if book.diverged().len() > 0 || book.venues_diverged().len() > 0 || book.edit_found().is_some() {
        Exit::Divergence
    } else if book.guard().level != broker_api::Level::Trading
        || pass.place().files.halt.exists()
        || arming::is_unarmed(book, pass.now())
    {
        Exit::Halted
    } else {
        Exit::Done
    }
}

fn exit_of(
    pass: &Pass,
    args: &RunArgs,
    is_bad: bool,
    asked: &[SignalId],
    before: &BTreeSet<SignalId>,
) -> Exit {
    let book = pass.book();
    let mut exits = vec![standing(pass)];
    if is_bad {
        exits.push(Exit::Usage);
    }
    let turned_down = asked.iter().filter(|id| !before.contains(id)).any(|id| {
        let ended = book.signal(*id).and_then(|state| state.ended.as_ref());
        ended.is_some_and(|ended| matches!(ended.ending, Ending::Denied | Ending::Rejected))
    });
    if args.fail_on_denied && turned_down {
        exits.push(Exit::Denied);
    }
    exits.into_iter().min().unwrap_or(Exit::Done)
}

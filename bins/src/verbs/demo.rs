//! `demo`: the whole main job on a generated market, through the very pass that `run` takes, with a stepped clock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use broker_api::{Amount, AssetClass, Bar, Catalog, InstrumentIx, Level, SignalId, Time};
use broker_paper::matching::Moment;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use engine::calendar::Calendar;
use engine::feed::Bars;
use engine::{Clock, Input, Operator, intake};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::config::{Config, Loaded};
use crate::demo::oddities::{self, DAYS, Oddity};
use crate::demo::{market, strategy::Breakout};
use crate::failure::{Exit, Failure};
use crate::figures::{self, Table};
use crate::history::History;
use crate::out::Out;
use crate::pass::{Ended, Pass};
use crate::place::{Place, heading, headline, paper_venue};
use crate::{catalog, ledger, summary, tell};

const SEED: u64 = 33;
const PERSON_LOOKS_AFTER: TimeDelta = TimeDelta::days(5);
const FOLDER: &str = "tradewind-demo";
/// Says that a folder is ours to write over.
const MARKER: &str = "DEMO.txt";
const MARKER_TEXT: &str = "Made by `tradewind demo`: prices are generated, no figure in here is of a real market.\n\
                           The next demo writes this folder anew.\n";

/// A failure that no user can bring about: the demo's own dates.
fn first_and_last() -> Result<(NaiveDate, NaiveDate), Failure> {
    let day = |year, month, day| {
        NaiveDate::from_ymd_opt(year, month, day)
            .ok_or_else(|| Failure::new(Exit::Unexpected, "bad_date", "the demo's dates"))
    };
    Ok((day(2024, 1, 2)?, day(2025, 12, 31)?))
}

/// The market and the strategy of a demo under way.
struct Script {
    strategy: Breakout,
    calendar: Calendar,
    sessions: Vec<NaiveDate>,
    closes: BTreeMap<InstrumentIx, Bar>,
    catalog: Arc<Catalog>,
    written: Vec<Value>,
}

/// Shows the whole thing.
pub fn demo(out: Out, folder: Option<&Path>) -> Result<(), Failure> {
    let began = crate::clock::Stopwatch::start();
    let folder = folder.map_or_else(|| PathBuf::from(FOLDER), Path::to_path_buf);
    clear(&folder)?;
    let failed = |error: std::io::Error| not_written(&folder, &error);
    let bars = folder.join("bars");
    std::fs::create_dir_all(&bars).map_err(failed)?;
    std::fs::write(folder.join(MARKER), MARKER_TEXT).map_err(failed)?;

    let loaded = Loaded::paper(Config::paper(), folder.clone());
    let place = Place::at(&folder.join("paper-state.json"), loaded)?;
    let calendar = Calendar::new();
    let (from, to) = first_and_last()?;
    let has_session = |class: AssetClass, day: NaiveDate| engine::feed::day(&calendar, class, day).is_some();
    let count = market::write_bars(&bars, &place.catalog, from, to, SEED, &has_session).map_err(failed)?;
    let sessions: Vec<NaiveDate> = from
        .iter_days()
        .take_while(|day| *day <= to)
        .filter(|day| has_session(AssetClass::Equity, *day))
        .collect();
    if let Some(thin) = sessions.get(DAYS[0].0 + 1) {
        oddities::thin_out(&bars, *thin).map_err(failed)?;
    }
    out.say(&format!(
        "{} generated bars of {} symbols, {from} to {to}, in {}",
        figures::count(count),
        place.catalog.len(),
        bars.display()
    ));

    let at_venue = Catalog::new(oddities::at_venue(catalog::instruments(paper_venue())))
        .map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))?;
    let now = Arc::new(AtomicI64::new(0));
    let hand = Arc::clone(&now);
    let clock: Clock = Arc::new(move || {
        DateTime::<Utc>::from_timestamp_millis(hand.load(Ordering::Relaxed)).unwrap_or_default()
    });
    let set = |at: Time| now.store(at.timestamp_millis(), Ordering::Relaxed);
    let mut feed = open(&bars, &place)?;
    let mut waiting = feed.next().map_err(|error| bad_bars(&error))?;
    if let Some(first) = &waiting {
        set(first.at());
    }
    let mut pass = Pass::with(&place, Out::new(false, true, false), clock, Arc::new(at_venue))?;
    let mut script = Script {
        strategy: Breakout::new(Arc::clone(&place.catalog)),
        calendar,
        sessions,
        closes: BTreeMap::new(),
        catalog: Arc::clone(&place.catalog),
        written: Vec::new(),
    };
    let bar = progress(out, count * 3);
    let mut signals = Vec::new();
    while let Some(moment) = waiting {
        let at = moment.at();
        set(at);
        pass = pass.play(&moment)?;
        if let Moment::Close { ix, bar } = moment {
            signals.extend(script.close(ix, &bar));
        }
        bar.inc(1);
        waiting = feed.next().map_err(|error| bad_bars(&error))?;
        // The day's closes of one market are decided upon together, once all of them are known, and before the next
        // day of a market that never sleeps begins at the same moment.
        let is_close = |moment: &Moment| matches!(moment, Moment::Close { .. }) && moment.at() == at;
        if is_close(&moment) && !waiting.as_ref().is_some_and(is_close) {
            signals.extend(script.odd_ones(at));
            pass = pass.refresh()?;
            pass = look(pass)?;
            pass = take(&place, pass, &std::mem::take(&mut signals))?;
        }
    }
    bar.finish_and_clear();
    let (account, at) = (summary::Account::of(&pass), pass.now());
    let pass = pass.end(Exit::Done)?;
    let reading = place.read(None)?;
    let history = reading.history()?;
    ledger::write(&folder.join("trades.csv"), history.trades.values())?;
    let lines: Vec<String> = script.written.iter().map(Value::to_string).collect();
    std::fs::write(folder.join("signals.jsonl"), lines.join("\n") + "\n").map_err(failed)?;
    show(out, &folder, &pass, &history, (account, at), began.elapsed())
}

/// The demo's person: some days after the guard stopped entries they have looked, and let them through again.
fn look(pass: Pass) -> Result<Pass, Failure> {
    let guard = pass.book().guard();
    let since = guard.since.filter(|_| guard.level == Level::ReduceOnly);
    if since.is_none_or(|since| pass.now() - since < PERSON_LOOKS_AFTER) {
        return Ok(pass);
    }
    let act = Operator::Level {
        level: Level::Trading,
        name: "the demo's person".into(),
        why: "looked at it, and lets entries through again".into(),
        until: None,
    };
    pass.take(vec![Input::Operator(act)])
}

/// Feeds signals in, through the reader that a file goes through.
fn take(place: &Place, pass: Pass, signals: &[Value]) -> Result<Pass, Failure> {
    if signals.is_empty() {
        return Ok(pass);
    }
    let text: Vec<String> = signals.iter().map(Value::to_string).collect();
    let read = intake::read(&text.join("\n"), "demo", pass.now(), &crate::prices::defaults(place));
    if let Some(fault) = read.faults.first() {
        return Err(Failure::new(Exit::Unexpected, "bad_demo_signal", fault.to_string()));
    }
    let inputs = read.signals.into_iter().map(|(signal, digest)| Input::Signal { signal, digest }).collect();
    pass.take(inputs)
}

impl Script {
    /// What the strategy decides on a close.
    fn close(&mut self, ix: InstrumentIx, bar: &Bar) -> Option<Value> {
        self.closes.insert(ix, *bar);
        let class = self.catalog.get(ix)?.asset_class;
        let next_close = self.next_close(class, bar.closes)?;
        let signal = self.strategy.close(ix, bar, next_close)?;
        self.written.push(signal.clone());
        Some(signal)
    }

    /// The close of the session after the one that closes at `at`.
    fn next_close(&self, class: AssetClass, at: Time) -> Option<Time> {
        self.calendar.next_close(class, at + TimeDelta::seconds(1))
    }

    /// The signals that go wrong, on the closes of their days.
    fn odd_ones(&mut self, at: Time) -> Vec<Value> {
        let closed = |script: &Self, oddity: Oddity| {
            let ix = oddities::find(&script.catalog, oddity.symbol())?;
            script.closes.get(&ix).copied().filter(|bar| bar.closes == at)
        };
        let mut signals = Vec::new();
        for (n, oddity) in DAYS {
            let Some(bar) = closed(self, oddity) else { continue };
            if self.sessions.get(n) != Some(&bar.opens.date_naive()) {
                continue;
            }
            let Some(next_close) = self.next_close(AssetClass::Equity, at) else { continue };
            if oddity == Oddity::Repeated {
                let first = self.written.iter().find(|signal| signal["id"] == oddity.id()).cloned();
                signals.extend(first.clone());
                signals.extend(first.map(|mut other| {
                    other["quantity"] = json!("80");
                    other
                }));
            } else {
                let cents = bar.close.get() * rust_decimal::Decimal::ONE_HUNDRED;
                signals.extend(oddity.signals(cents.round().try_into().unwrap_or(0), at, next_close));
            }
        }
        self.written.extend(signals.iter().cloned());
        signals
    }
}

fn open(bars: &Path, place: &Place) -> Result<Bars, Failure> {
    Bars::open(bars, &place.catalog).map_err(|error| bad_bars(&error))
}

fn bad_bars(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "bad_demo_bars", "the generated bars cannot be read").because(error)
}

fn not_written(folder: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage("not_written", format!("{} cannot be written", folder.display()))
        .because(error)
        .fix("name another folder with --out")
}

/// Empties a folder of an earlier demo; refuses one that is anything else.
fn clear(folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| not_written(folder, &error);
    if folder.join(MARKER).exists() {
        return std::fs::remove_dir_all(folder).map_err(failed);
    }
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(error)),
    };
    if is_empty {
        Ok(())
    } else {
        Err(Failure::usage("not_ours", format!("{} holds files that no demo wrote", folder.display()))
            .fix("name another folder with --out; nothing was changed"))
    }
}

fn progress(out: Out, steps: u64) -> ProgressBar {
    if !out.is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  trading {bar:30} {percent} %  {eta} left");
    ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(
    out: Out,
    folder: &Path,
    pass: &Ended,
    history: &History,
    (account, at): (summary::Account, Time),
    took: Duration,
) -> Result<(), Failure> {
    let book = pass.book();
    let totals = book.totals();
    let mut text = format!("{}   GENERATED MARKET, no figure below is of a real one\n", headline(book, at));
    let opening = book.venues().next().map_or(Amount::ZERO, |venue| venue.opening_equity);
    let gained = account.equity.and_then(|equity| equity.minus(opening).ok());
    text.push_str(&format!(
        "equity     {} -> {}   {}   ({} % of the beginning)\n",
        figures::money(opening),
        account.equity.map_or_else(|| "not known".to_owned(), figures::money),
        gained.map_or_else(String::new, figures::change),
        gained.and_then(|gained| gained.share_of(opening)).map_or_else(String::new, figures::percent_change)
    ));
    text.push_str(&summary::so_far(book));
    let (rests, wanted) = summary::guarded(book);
    text.push_str(&format!("protected  {rests} of {wanted} wanted stops rest at the venue\n"));
    text.push_str("how what does not go smoothly is told\n");
    let mut table = Table::new(&["signal", "outcome", "what came of it"]);
    let mut odd = Vec::new();
    for (_, oddity) in DAYS.iter().filter(|(_, oddity)| *oddity != Oddity::Repeated) {
        let Some(state) = SignalId::new(oddity.id()).ok().and_then(|id| history.signals.get(&id)) else {
            continue;
        };
        let told = tell::signal(history, book, &pass.place().catalog, state, None);
        table.row(vec![state.signal.id.to_string(), told.word.to_owned(), told.text]);
        odd.push(told.json);
    }
    text.push_str(&table.lines());
    let (id, head) = pass.journal_head();
    text.push_str(&format!(
        "{} records in the journal ({})   {:.1} s\n",
        figures::count(head.seq),
        &head.hash.as_str()[..12],
        took.as_secs_f32()
    ));
    let state = folder.join("paper-state.json");
    text.push_str(&format!(
        "In {}: paper-state.json, its journal, trades.csv, signals.jsonl, bars. Look on with\n  tradewind trades --state {state}\n  tradewind explain demo/KO/partly-filled --state {state}\n  tradewind status --at 2025-03-03T21:00:00Z --state {state}\n",
        folder.display(),
        state = state.display(),
    ));
    out.text(&text)?;
    out.document(
        "demo",
        &heading(book, &id, head.seq, head.hash.as_str()),
        at,
        &json!({
            "generated": true, "seed": SEED, "folder": folder, "account": account.json(book),
            "opening_equity": opening, "totals": totals, "told": odd, "seconds": took.as_secs(),
        }),
    )
}

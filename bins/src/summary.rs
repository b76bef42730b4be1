//! The figures that stand under a pass and in `status`: account, counts, what needs a person, what comes next.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{Amount, AssetClass, Ending, GuardState, Level, Phase, SignalId, Time, Wanted};
use chrono::TimeDelta;
use engine::calendar::{Calendar, Opening, Why, plural};
use engine::runner::DAYS_AHEAD;
use serde_json::{Value, json};
use state::Book;
use state::book::Position;

use crate::config::Source;
use crate::figures;
use crate::history::History;
use crate::pass::Pass;
use crate::place::Place;
use crate::stops;
use crate::tell::ending_word;
use crate::unknown;

/// How long after the change of a market's day what waited for its end is sent.
const AFTER_ROLL: TimeDelta = TimeDelta::minutes(5);

/// What an account is worth, as a pass last saw it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// All venues together, in base currency.
    pub equity: Option<Amount>,
}

impl Account {
    /// As the pass's last reading has it.
    pub fn of(pass: &Pass) -> Self {
        let runner = pass.runner();
        let equity = runner.desk().equity(runner.book(), runner.market());
        Self { equity: equity.or(pass.book().guard().equity) }
    }

    /// As the book has it from its last record about it.
    pub fn of_book(book: &Book) -> Self {
        Self { equity: book.guard().equity }
    }

    /// Equity, and what the day brought: what was realised, and the rest of the change, which is open profit.
    pub fn line(self, book: &Book) -> String {
        let Some(equity) = self.equity else { return "equity     not known yet\n".to_owned() };
        let mut text = format!("equity     {}", figures::money(equity));
        if let Some(day) = &book.guard().day
            && let Ok(today) = equity.minus(day.equity)
        {
            let open = today.minus(day.realised).unwrap_or(Amount::ZERO);
            let share = today.share_of(day.equity).map_or_else(String::new, |share| {
                format!(" ({} % of day start)", figures::percent_change(share))
            });
            text.push_str(&format!(
                "   today {}{share} = realised {} (fees in it), open {}   day began {}",
                figures::change(today),
                figures::change(day.realised),
                figures::change(open),
                figures::minute(day.starts)
            ));
        }
        text.push('\n');
        text
    }

    /// The same for programs.
    pub fn json(self, book: &Book) -> Value {
        let day = book.guard().day.as_ref();
        let today = self.equity.zip(day).and_then(|(equity, day)| equity.minus(day.equity).ok());
        let open = today.zip(day).and_then(|(today, day)| today.minus(day.realised).ok());
        json!({
            "equity": self.equity,
            "today": today,
            "realised_today": day.map(|day| day.realised),
            "open_today": open,
            "day_began": day.map(|day| day.starts),
            "day_equity": day.map(|day| day.equity),
            "high_water": book.guard().high_water,
        })
    }
}

/// `4 signals: 2 filled, 1 denied, 1 done before`.
pub fn counts(book: &Book, asked: &[SignalId], before: &BTreeSet<SignalId>, history: &History) -> String {
    let distinct: BTreeSet<&SignalId> = asked.iter().collect();
    let repeated = distinct.iter().filter(|id| before.contains(id)).count();
    let mut ended: BTreeMap<Ending, usize> = BTreeMap::new();
    let mut open = 0_usize;
    for id in distinct.iter().filter(|id| !before.contains(id)) {
        match history.signals.get(id).and_then(|state| state.ended.as_ref()) {
            Some(end) => *ended.entry(end.ending).or_default() += 1,
            None => open += 1,
        }
    }
    let mut parts: Vec<String> = Ending::ALL
        .iter()
        .filter_map(|ending| {
            ended.get(ending).map(|n| format!("{n} {}", ending_word(*ending).to_lowercase()))
        })
        .collect();
    if open > 0 {
        parts.push(format!("{open} under way"));
    }
    if repeated > 0 {
        parts.push(format!("{repeated} taken in before"));
    }
    let unknown = book.open_orders().filter(|order| order.phase == Phase::Unknown).count();
    parts.push(format!("{unknown} unknown"));
    let named = if distinct.len() == 1 { "signal" } else { "signals" };
    format!("{} {named}: {}.", distinct.len(), parts.join(", "))
}

/// Something only a person can do.
#[derive(Clone, Debug)]
pub struct Need {
    /// What it is.
    pub text: String,
    /// The verb for it.
    pub verb: String,
}

impl Need {
    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({ "text": self.text, "verb": self.verb })
    }

    /// A day on which a venue says something else than our calendar: a person finds out who is right.
    pub fn of_calendar(difference: &str) -> Self {
        let verb = "halt --why TEXT";
        Self { text: format!("{difference} -> tradewind {verb}"), verb: verb.to_owned() }
    }
}

/// What needs a person now.
pub fn needs_you(book: &Book, halt_file: bool, now: Time) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut need = |text: String, verb: &str| {
        needs.push(Need { text: format!("{text} -> tradewind {verb}"), verb: verb.to_owned() });
    };
    let guard = book.guard();
    // Only a pause ends by itself.
    if guard.level > Level::Paused || guard.level == Level::Paused && guard.until.is_none() {
        let why = guard.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", reason.text));
        need(format!("level {}{why}{}", guard.level, not_before(guard, now)), "resume --why TEXT");
    } else if halt_file {
        need("the halt file holds entries back".to_owned(), "resume --why TEXT");
    }
    let live = crate::arming::live(book).and_then(|of| Some((of, guard.may_enter(&of, now).err()?)));
    if let Some((of, why)) = live {
        let verb = format!("arm --account {} --for 8h --why TEXT", of.account);
        need(format!("real money is not armed, and takes no entries: {why}"), &verb);
    }
    for stop in guard.stopped.iter().filter(|stop| stop.until.is_none()) {
        need(format!("entries of {} are stopped ({})", stop.scope, stop.reason.text), &stops::resume(stop));
    }
    if let Some(found) = book.edit_found() {
        need(
            format!("an edit of the state file was not taken in; it is kept as {} beside it", found.kept),
            &format!("state import {} --reason TEXT", found.kept),
        );
    }
    for (venue, wanted) in book.history_wanted() {
        need(
            format!("what happened at {venue} since {} is not in the book yet", figures::time(wanted.since)),
            "run",
        );
    }
    for position in book.positions().filter(|position| position.plan.stop.is_none()) {
        let of = |order: &state::book::Order| order.is_adopted() && order.intent.key == position.key;
        if book.closed_orders().chain(book.open_orders()).any(of) {
            need(
                format!(
                    "nobody knows the stop that {} was entered with; one that rests stays. Give it one, by an adjust \
                     signal or in the state file",
                    position.key
                ),
                "positions",
            );
        }
    }
    for unknown in unknown::all(book, now) {
        need(unknown.text(), &format!("explain {}", unknown.order.intent.id));
    }
    for (key, divergence) in book.diverged() {
        need(
            format!("book and broker disagree about {key}: {}", divergence.reason.text),
            &format!("repair trust-broker|adopt|close|ignore {} --reason TEXT", key.symbol),
        );
    }
    for (venue, divergence) in book.venues_diverged() {
        let how = format!("repair ignore {venue} --reason TEXT");
        need(format!("book and broker disagree at {venue}: {}", divergence.reason.text), &how);
    }
    needs
}

/// Before which moment nobody lets entries through again, where that lies ahead: `, not before 2026-11-23 22:00 UTC`.
pub fn not_before(guard: &GuardState, now: Time) -> String {
    let until = guard.until.filter(|until| guard.level > Level::Paused && *until > now);
    until.map_or_else(String::new, |until| format!(", entries not before {}", figures::minute(until)))
}

/// How many positions have the stop they shall have, over all that is held.
pub fn guarded(book: &Book) -> (usize, usize) {
    let shall = |position: &&Position| position.plan.stop.is_some() || position.plan.trail.is_some();
    let with_stop = || book.positions().filter(shall);
    (with_stop().filter(|position| book.has_resting_stop(position.key)).count(), with_stop().count())
}

/// What is held, and what guards it.
pub fn held(book: &Book) -> String {
    let (rests, wanted) = guarded(book);
    let positions = figures::counted(book.positions().len(), "position");
    format!("held       {positions}   {rests} of {wanted} wanted stops rest\n")
}

/// The markets and until when they are open or closed, and why: `stocks closed (Thanksgiving Day) until Fri 27 Nov
/// 14:30 UTC, currencies open until 22:00 UTC, coins open`.
pub fn sessions(now: Time, place: &Place) -> String {
    let calendar = Calendar::new();
    let told = |class: AssetClass| {
        let name = plural(class);
        let by = |at: Option<Time>| at.map_or_else(String::new, |at| format!(" until {}", until(now, at)));
        match calendar.open(class, now, None) {
            Opening::Roll { until: over } if is_live(place, class) => {
                format!("{name} open, for entries again from {} (change of their day)", until(now, over))
            }
            Opening::Open | Opening::Roll { .. } => {
                format!("{name} open{}", by(calendar.open_until(class, now)))
            }
            Opening::Closed | Opening::Disagree => {
                let why = calendar.why(class, now).filter(|why| *why != Why::Hours);
                let why = why.map_or_else(String::new, |why| format!(" ({why})"));
                format!("{name} closed{why}{}", by(calendar.next_open(class, now)))
            }
        }
    };
    AssetClass::ALL.map(told).join(", ")
}

/// Whether the prices of a class are live, and not bars.
fn is_live(place: &Place, class: AssetClass) -> bool {
    !matches!(place.loaded.source(class), Ok(Source::Bars(_)))
}

/// A moment as one looks ahead to it: the time within a day, else with its date.
pub fn until(now: Time, at: Time) -> String {
    if at - now < TimeDelta::hours(24) {
        at.format("%H:%M UTC").to_string()
    } else {
        at.format("%a %e %b %H:%M UTC").to_string()
    }
}

/// When the next pass is due, and why.
pub fn next_run(now: Time, place: &Place, book: &Book) -> (Time, String) {
    let calendar = Calendar::new();
    let class_of = |symbol| {
        let ix = place.catalog.find_symbol(symbol)?;
        Some(place.catalog.get(ix)?.asset_class)
    };
    let classes: Vec<AssetClass> = AssetClass::ALL
        .into_iter()
        .filter(|class| place.catalog.iter().any(|(_, instrument)| instrument.asset_class == *class))
        .collect();
    let next = calendar.next_run(&classes, now);
    let waits = |class: AssetClass| {
        book.open_signals().filter_map(|id| book.signal(id)).any(|state| {
            matches!(state.signal.wanted, Wanted::Enter { .. })
                && state.orders.is_empty()
                && class_of(state.signal.symbol) == Some(class)
        })
    };
    for class in classes.into_iter().filter(|class| is_live(place, *class)) {
        if let Opening::Roll { until } = calendar.open(class, now, None)
            && until + AFTER_ROLL < next.0
            && calendar.open(class, until, None).is_trading()
            && waits(class)
        {
            let text = format!(
                "5 minutes after {}: the change of the day of {} is over, then send what waits",
                until.format("%Y-%m-%d %H:%M UTC"),
                plural(class)
            );
            return (until + AFTER_ROLL, text);
        }
    }
    next
}

/// What the venues' own calendars say otherwise than ours about the days ahead, and which did not say.
pub fn differing_days(pass: &Pass, now: Time) -> Vec<String> {
    let (calendar, runner) = (Calendar::new(), pass.runner());
    let today = calendar.date(now);
    let mut all = Vec::new();
    for (venue, class, days) in runner.market().days() {
        let differ = calendar.compare(*class, today, DAYS_AHEAD, days);
        all.extend(differ.iter().map(|difference| format!("{venue}: {difference}")));
    }
    all.extend(
        runner.no_days().iter().map(|(venue, why)| format!("{venue} did not say when it is open: {why}")),
    );
    all
}

/// All trades and signals of a book so far, a line each.
pub fn so_far(book: &Book) -> String {
    let totals = book.totals();
    let ended = |ending: &Ending| {
        totals.endings.get(ending).map(|n| format!("{} {}", figures::count(*n), ending.as_str()))
    };
    let endings: Vec<String> = Ending::ALL.iter().filter_map(ended).collect();
    format!(
        "trades     {} closed: {} won, {} lost   gross {}   fees {}   longest losing run {}   still open {}\n\
         signals    {}: {}\n",
        figures::count(totals.trades),
        figures::count(totals.wins),
        figures::count(totals.losses),
        figures::change(totals.gross),
        figures::money(totals.fees),
        totals.losses_in_row_max,
        book.positions().len(),
        figures::count(totals.signals),
        endings.join(", ")
    )
}

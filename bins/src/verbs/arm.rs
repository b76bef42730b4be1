//! `arm` and `disarm`: a person lets entries go to an account of real money, for a while; and ends that.

use std::path::Path;

use broker_api::arming::{ARMED_AT_MOST, Disarmed};
use broker_api::{AccountRef, By, Code, Mode, Reason, Record, Time};
use chrono::TimeDelta;
use engine::{Input, Operator};
use serde_json::json;
use state::{Book, Started};

use crate::args::ArmArgs;
use crate::arming;
use crate::clock;
use crate::drills;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::gate;
use crate::out::{Heading, Out};
use crate::pass::Pass;
use crate::place::{Place, heading, headline};
use crate::venues;
use crate::verbs::halt::{self, operator};
use crate::verbs::limits::no_reason;
use crate::verbs::watchdog::try_out;
use crate::{edits, files};

/// A person's act.
const OPERATOR: Code = Code::fixed("operator");

/// Arms the account, or lists everything that it lacks.
pub fn arm(out: Out, place: &Place, asked: &ArmArgs) -> Result<(), Failure> {
    let seconds = length(&asked.length)?;
    for (flag, text) in [("--why", Some(&asked.why)), ("--override-gate", asked.override_gate.as_ref())] {
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(no_reason(flag));
        }
    }
    let book = if place.files.journal.exists() { place.read(None)?.book } else { Book::default() };
    let mut lacks = standing(place, &book, asked, clock::now());
    let of = match told_by_broker(place, &book) {
        Ok(of) => Some(of),
        Err(why) => {
            lacks.extend(why);
            None
        }
    };
    lacks.extend(of.as_ref().map(|of| of_account(of, &asked.account, &book)).unwrap_or_default());
    let drill = of_drill(place, asked, clock::now());
    lacks.extend(drill.as_ref().err().cloned());
    let venue = of.as_ref().map(|of| of.venue);
    let gate = asked.gate.as_deref().map(|file| gate::show(file, venue, clock::now())).transpose();
    lacks.extend(gate.as_ref().err().cloned());
    lacks.extend(of_alerts(place, asked));
    let (Some(of), Ok((file, held)), Ok(gate), true) = (of, drill, gate, lacks.is_empty()) else {
        return Err(not_armed(asked, lacks));
    };
    if let Some(shown) = &gate {
        gate::take_over(place, shown).map_err(|error| {
            let lack = format!("the evaluation of the gate cannot be kept beside the state: {error}");
            not_armed(asked, vec![lack])
        })?;
    }
    // The guard asks for it before each entry, and so does whoever looks later.
    drills::take_over(place, file, held).map_err(|error| {
        let lack = format!("the drill {} cannot be kept beside the state: {error}", file.display());
        not_armed(asked, vec![lack])
    })?;
    let drilled_before = u32::try_from((clock::now() - held).num_seconds()).ok();
    let act = |limits: u32| Operator::Arm {
        of,
        seconds,
        limits,
        drilled_before,
        override_gate: asked.override_gate.as_deref().map(|text| text.trim().into()),
        certificate: gate.as_ref().map(|shown| shown.certificate),
        name: operator(),
        why: asked.why.trim().into(),
    };
    let mut pass = match Pass::begin(place, out) {
        Err(failure) if halt::is_asked(place, &failure) => {
            let data = halt::ask(place, act(book.guard().limits_version()))?;
            let until = data["armed_until"].as_str().and_then(|text| text.parse().ok());
            let until: Time = until.ok_or_else(refused)?;
            out.text(&format!("{}\n", told(until, book.guard().limits_version())))?;
            return out.document("arm", &Heading::default(), clock::now(), &json!({ "until": until }));
        }
        begun => begun?,
    };
    // What the broker told since may be something else.
    let lacks = standing(place, pass.book(), asked, pass.now());
    if !lacks.is_empty() {
        pass.end(Exit::Halted)?;
        return Err(not_armed(asked, lacks));
    }
    let version = pass.book().guard().limits_version();
    pass = pass.take(vec![Input::Operator(act(version))])?;
    let at = pass.now();
    let armed = pass.book().guard().armed.clone().filter(|armed| armed.of == of);
    let ended = pass.end(if armed.is_some() { Exit::Done } else { Exit::Halted })?;
    let armed = armed.ok_or_else(refused)?;
    let book = ended.book();
    out.text(&format!(
        "{}\n{}{}\n",
        headline(book, at),
        arming::lines(place, book, at),
        told(armed.until, armed.limits)
    ))?;
    let (id, head) = ended.journal_head();
    let heading = heading(book, &id, head.seq, head.hash.as_str());
    out.document("arm", &heading, at, &arming::json(book, at))
}

fn told(until: Time, limits: u32) -> String {
    format!(
        "Armed until {}, with version {limits} of the limits. It ends by itself: then, at the level reduce-only or a stricter \
         one, with other limits, and with another account. To end it now: tradewind disarm --why TEXT",
        figures::minute(until)
    )
}

/// For how many seconds.
fn length(text: &str) -> Result<u32, Failure> {
    let bad = || {
        let days = ARMED_AT_MOST.num_days();
        Failure::usage("bad_arming", format!("--for {text} is no time that an account may be armed for"))
            .fix(format!("write hours or days, such as 8h or 5d, and {days}d at most; nothing was armed"))
    };
    let hours = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => hours.parse::<u32>().ok(),
        (_, Some(days)) => days.parse::<u32>().ok().and_then(|days| days.checked_mul(24)),
        _ => None,
    };
    let seconds = hours.filter(|hours| *hours > 0).and_then(|hours| hours.checked_mul(3600));
    seconds.filter(|seconds| TimeDelta::seconds(i64::from(*seconds)) <= ARMED_AT_MOST).ok_or_else(bad)
}

/// What configuration and book lack.
fn standing(place: &Place, book: &Book, asked: &ArmArgs, now: Time) -> Vec<String> {
    arming::lacks(place, book, asked.override_gate.is_some() || asked.gate.is_some(), now)
}

/// Which account the broker says it is; or why it does not, which is nothing more to say for the embedded one.
fn told_by_broker(place: &Place, book: &Book) -> Result<AccountRef, Vec<String>> {
    if place.is_paper() {
        return Err(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| vec![format!("the broker could not be asked: {error}")])?;
    let held = book.positions().map(|position| position.key).collect();
    let connected = runtime.block_on(venues::connect(place, &held));
    let first = connected.map(|connected| connected.accounts.into_iter().next().map(|first| first.of));
    let first = first.map_err(|failure| {
        let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
        vec![format!(
            "the broker does not confirm the account: {}{}",
            failure.what,
            causes.collect::<String>()
        )]
    })?;
    first.ok_or_else(|| vec!["the configuration names no broker".to_owned()])
}

fn of_account(of: &AccountRef, named: &str, book: &Book) -> Vec<String> {
    let mut lacks = Vec::new();
    if let Some(known) = arming::live(book).filter(|known| known != of) {
        lacks.push(format!("this state is of account {}, and not of {}", known.account, of.account));
    }
    if of.mode != Mode::Live {
        lacks.push(format!(
            "the broker says that account {} is a {} one, of no real money",
            of.account, of.mode
        ));
    }
    if of.account.as_str() != named {
        lacks.push(format!("--account {named} is not the account, which the broker calls {}", of.account));
    }
    lacks
}

/// A halt must have been tried lately; on a live account it is not, so the drill is one of a practice account.
fn of_drill<'a>(place: &Place, asked: &'a ArmArgs, now: Time) -> Result<(&'a Path, Time), String> {
    let days = place.loaded.config.limits.drill_age_days;
    let how = "hold one with `tradewind drill` on a paper or practice account, and name the file it keeps: --drill FILE";
    let Some(file) = &asked.drill else { return Err(format!("no drill was shown; {how}")) };
    let shown = file.display();
    match drills::read(file) {
        None => Err(format!("{shown} is no drill; {how}")),
        Some(drill) if !drill.has_passed => Err(format!("the drill {shown} failed; {how}")),
        Some(drill) if now - drill.at > TimeDelta::days(i64::from(days)) || drill.at > now => Err(format!(
            "{shown} is of {}, and must be of the last {days} days; {how}",
            figures::minute(drill.at)
        )),
        Some(drill) => Ok((file, drill.at)),
    }
}

/// Somebody must be told of trouble: it is tried.
fn of_alerts(place: &Place, asked: &ArmArgs) -> Option<String> {
    let Some(command) = &asked.notify else {
        return Some(
            "nobody is told of trouble; name the program that does, as for the watchdog: --notify COMMAND"
                .to_owned(),
        );
    };
    let message = format!(
        "tradewind arm of {}: this is a test, since account {} is about to be armed\n",
        place.files.state.display(),
        asked.account
    );
    try_out(command, &message, &place.files.control)
        .err()
        .map(|why| format!("the command of --notify: {why}"))
}

fn not_armed(asked: &ArmArgs, lacks: Vec<String>) -> Failure {
    let count = figures::counted(lacks.len(), "thing");
    let are = if lacks.len() == 1 { "is" } else { "are" };
    let what = format!("account {} is not armed: {count} {are} missing", asked.account);
    let mut failure = Failure::new(Exit::Halted, "not_armed", what)
        .fix("see to each of them, and give the command again; nothing was armed");
    failure.causes = lacks;
    failure
}

fn refused() -> Failure {
    Failure::new(Exit::Halted, "refused", "the account was not armed: something has changed meanwhile")
        .fix("see `tradewind status`, and give the command again")
}

/// Ends the arming: by the process that serves, or here. The broker is not asked.
pub fn disarm(out: Out, place: &Place, why: &str) -> Result<(), Failure> {
    if why.trim().is_empty() {
        return Err(no_reason("--why"));
    }
    let act = Operator::Disarm { name: operator(), why: why.trim().into() };
    let lock = match files::lock(place) {
        Err(failure) if halt::is_asked(place, &failure) => {
            halt::ask(place, act)?;
            out.text("Disarmed by the process that trades: no entry leaves; exits and stops go on.\n")?;
            return out.document("disarm", &Heading::default(), clock::now(), &json!({ "armed": false }));
        }
        lock => lock?,
    };
    if !place.files.journal.exists() {
        place.read(None)?;
    }
    let Started { mut book, mut journal, edited } = files::start(place)?;
    let now = clock::now();
    if let Some(edit) = &edited {
        edits::noted(out, edit, &mut book, &mut journal, now)?;
    }
    let was_armed = book.guard().armed.is_some();
    if was_armed {
        let reason = Reason::plain(OPERATOR, why.trim());
        let record = Disarmed { by: By::Operator { name: operator() }, reason };
        edits::commit(&mut book, &mut journal, vec![Record::Disarmed(record)], now)?;
        files::written(place, &book, &journal, now)?;
    }
    let told = if was_armed {
        "Disarmed: no entry leaves. Exits and stops go on; entry orders that rest are cancelled by the next pass: tradewind run"
    } else {
        "Nothing was armed."
    };
    out.text(&format!("{}\n{told}\n", headline(&book, now)))?;
    let head = journal.head();
    let heading = heading(&book, journal.id(), head.seq, head.hash.as_str());
    out.document("disarm", &heading, now, &json!({ "armed": false, "was_armed": was_armed }))?;
    drop(lock);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_armed_for_hours_or_days_and_a_month_at_most() {
        let seconds = |text| length(text).ok();
        assert_eq!(
            (seconds("8h"), seconds("5d"), seconds("30d")),
            (Some(28_800), Some(432_000), Some(2_592_000))
        );
        for none in ["", "0h", "31d", "721h", "8", "8m", "-1h", "h", "1.5d", "99999999d"] {
            assert_eq!(length(none).unwrap_err().code, "bad_arming", "{none}");
        }
    }
}

//! `doctor`: looks at everything a pass needs, changes nothing, and ends with the code that `run` would end with.

mod books;
mod broker;
mod machine;
mod prices;
mod settings;
mod watched;

use std::path::Path;

use serde_json::{Value, json};
use state::Book;

use crate::args::{Common, Doctor, NO_FILE};
use crate::config::{Config, Loaded};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::out::Out;
use crate::place::{Place, headline};
use crate::summary;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Something to look at; a pass goes on.
    Warn,
    /// Something that must be corrected.
    Fail,
    /// It could not be looked at, or there is nothing to look at.
    Skip,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    seen: String,
    /// Below the line, each on its own.
    details: Vec<String>,
    fix: Option<String>,
    /// What a pass ends with for it.
    exit: Exit,
}

/// All checks so far.
#[derive(Debug, Default)]
pub struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn put(&mut self, name: &'static str, verdict: Verdict, seen: String, fix: Option<String>, exit: Exit) {
        self.checks.push(Check { name, verdict, seen, details: Vec::new(), fix, exit });
    }

    /// As it should be.
    pub fn ok(&mut self, name: &'static str, seen: impl Into<String>) {
        self.put(name, Verdict::Ok, seen.into(), None, Exit::Done);
    }

    /// To be looked at.
    pub fn warn(&mut self, name: &'static str, seen: impl Into<String>, fix: impl Into<String>) {
        self.put(name, Verdict::Warn, seen.into(), Some(fix.into()), Exit::Done);
    }

    /// Not looked at.
    pub fn skip(&mut self, name: &'static str, why: impl Into<String>) {
        self.put(name, Verdict::Skip, why.into(), None, Exit::Done);
    }

    /// To be corrected, as a verb would say it.
    pub fn fail(&mut self, name: &'static str, failure: Failure) {
        self.put(name, Verdict::Fail, failure.what, failure.fix, failure.exit);
        if let Some(check) = self.checks.last_mut() {
            check.details = failure.causes;
        }
    }

    fn exit(&self) -> Exit {
        let failed = self.checks.iter().filter(|check| check.verdict == Verdict::Fail);
        failed.map(|check| check.exit).min().unwrap_or(Exit::Done)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for Check { name, verdict, seen, details, fix, .. } in &self.checks {
            let word = if *verdict == Verdict::Fail { "FAIL" } else { verdict.word() };
            let one_line =
                |fix: &String| if details.is_empty() { format!("   fix: {fix}") } else { String::new() };
            let after = fix.as_ref().map(one_line).unwrap_or_default();
            text.push_str(&format!("{word:<4}  {name:<12} {seen}{after}\n"));
            for detail in details {
                text.push_str(&format!("                     {detail}\n"));
            }
            if let (Some(fix), false) = (fix, details.is_empty()) {
                text.push_str(&format!("                     fix: {fix}\n"));
            }
        }
        text
    }

    fn json(&self) -> Value {
        let row = |check: &Check| {
            json!({
                "check": check.name, "verdict": check.verdict.word(), "seen": check.seen,
                "details": check.details, "fix": check.fix, "exit": check.exit.code(),
            })
        };
        self.checks.iter().map(row).collect()
    }
}

/// Looks at everything, or prints every key.
///
/// # Errors
/// Paths that the environment sets to nothing; with `--keys` a configuration that cannot be used.
pub fn doctor(out: Out, common: &Common, asked: &Doctor) -> Result<Exit, Failure> {
    let mut common = common.clone();
    let is_bare = common.config.as_deref() == Some(Path::new(NO_FILE));
    if is_bare {
        common.config = None;
    }
    if asked.keys || is_bare {
        settings::print(out, &Place::of(&common)?)?;
        return Ok(Exit::Done);
    }
    let now = crate::clock::now();
    let state = Place::state_of(&common)?;
    let mut report = Report::default();
    let (place, is_usable) = match Place::of(&common) {
        Ok(place) => {
            settings::told(&mut report, &place);
            (place, true)
        }
        Err(failure) => {
            report.fail("config", failure);
            let beside = state.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
            (Place::at(&state, Loaded::paper(Config::paper(), beside))?, false)
        }
    };
    let seen = books::look(&mut report, &place, is_usable, out);
    machine::files(&mut report, &place);
    machine::folder(&mut report, &place);
    machine::clock(&mut report, seen.last_record, now);
    watched::look(&mut report, &place, now);
    let none = Book::default();
    let (next, why) = summary::next_run(now, &place, seen.book.as_ref().unwrap_or(&none));
    let sessions = summary::sessions(now, &place);
    report.ok("sessions", format!("{sessions}; next pass {} ({why})", figures::minute(next)));
    let prices = if is_usable {
        let prices = prices::look(&mut report, &place, seen.broker.as_ref(), now);
        settings::limits(&mut report, &place, seen.book.as_ref(), now);
        settings::blackouts(&mut report, &place, now);
        prices
    } else {
        report.skip("prices", "the configuration says where they come from");
        report.skip("limits", "the configuration says what they are");
        Vec::new()
    };
    report.skip("signals", "no folder of signals is watched; they come with `tradewind run --signals FILE`");

    let exit = report.exit();
    let head = seen.book.as_ref().map_or_else(
        || format!("{}   no book yet   {}", place.unbound(), figures::time(now)),
        |book: &Book| headline(book, now),
    );
    let count = |verdict| report.count(verdict);
    out.text(&format!(
        "{head}\n{}{} ok, {}, {}, {} skipped.   A pass now would end with {}.   Every key: tradewind doctor --config\n",
        report.text(),
        count(Verdict::Ok),
        figures::counted(count(Verdict::Warn), "warning"),
        figures::counted(count(Verdict::Fail), "failure"),
        count(Verdict::Skip),
        exit.code()
    ))?;
    if out.is_verbose() && is_usable {
        out.text(&settings::limits_text(&place))?;
    }
    let heading = seen.heading.unwrap_or_else(|| place.unbound_heading());
    out.document(
        "doctor",
        &heading,
        now,
        &json!({
            "exit": exit.code(),
            "counts": {
                "ok": count(Verdict::Ok), "warn": count(Verdict::Warn),
                "fail": count(Verdict::Fail), "skip": count(Verdict::Skip),
            },
            "checks": report.json(),
            "prices": prices,
            "limits": if is_usable { settings::limits_json(&place) } else { Value::Null },
            "next_run_at": next,
        }),
    )?;
    Ok(exit)
}

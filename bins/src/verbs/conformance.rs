//! `conformance`: every case that a broker must pass, played on paper, on a simulator, or on a practice account.

mod practice;
mod told;

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;

use broker_api::conformance::{Case, Played, Stage, all, play};
use broker_sim::alpaca::Quirks;

use crate::args::{ConformanceArgs, TestedVenue};
use crate::conformance::{AlpacaStage, Answer, OandaStage, PaperStage, Simulated, SimulatedOanda};
use crate::failure::{Exit, Failure};
use crate::out::{Heading, Out};

/// What came of it.
struct Report {
    heading: Heading,
    /// `paper`, `simulated` or `practice`.
    kind: &'static str,
    venue: &'static str,
    played: Vec<Played>,
    answers: Vec<Answer>,
    files: Vec<String>,
}

/// Plays the cases, and says what came of each.
pub fn conformance(out: Out, args: &ConformanceArgs) -> Result<Exit, Failure> {
    let cases = chosen(args.cases.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
    })?;
    let heading = Heading::default();
    let (answers, files) = (Vec::new(), Vec::new());
    let report = runtime.block_on(async {
        match args.venue {
            TestedVenue::Paper if args.out.is_some() || args.throttle => {
                Err(refused("--out and --throttle are for practice accounts").fix("leave them away"))
            }
            TestedVenue::Paper if args.wire_log.is_some() => {
                Err(refused("--wire-log is for a simulator, and paper has no wire").fix("leave it away"))
            }
            TestedVenue::Paper => {
                let played = play(&cases, async || Ok(boxed(PaperStage::new()?)), |row| step(out, row)).await;
                Ok(Report { heading, kind: "paper", venue: "paper", played, answers, files })
            }
            TestedVenue::Alpaca if args.simulated => {
                begun(args.wire_log.as_deref())?;
                let quirks = Quirks { partial_percent: 0, ..Quirks::default() };
                let set = Simulated { quirks, wire_log: args.wire_log.clone(), ..Simulated::default() };
                let stage = async || Ok(boxed(AlpacaStage::start(set.clone()).await?));
                let played = play(&cases, stage, |row| step(out, row)).await;
                Ok(Report { heading, kind: "simulated", venue: "alpaca", played, answers, files })
            }
            TestedVenue::Alpaca => practice::played(out, args, &cases).await,
            TestedVenue::Oanda if args.simulated => {
                begun(args.wire_log.as_deref())?;
                let set = SimulatedOanda { wire_log: args.wire_log.clone(), ..SimulatedOanda::default() };
                let stage = async || Ok(boxed(OandaStage::start(set.clone()).await?));
                let played = play(&cases, stage, |row| step(out, row)).await;
                Ok(Report { heading, kind: "simulated", venue: "oanda", played, answers, files })
            }
            TestedVenue::Oanda => {
                Err(refused("a practice account at OANDA is not put to the test").fix("add --simulated"))
            }
        }
    })?;
    told::tell(out, &report)
}

/// The wire log, begun anew.
fn begun(file: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    File::create(file).map(drop).map_err(|error| {
        refused(format!("--wire-log: {} cannot be written", file.display()))
            .because(&error)
            .fix("name a file that can be written; nothing was played")
    })
}

fn boxed(stage: impl Stage + 'static) -> Box<dyn Stage> {
    Box::new(stage)
}

fn step(out: Out, row: &Played) {
    out.step(&format!("{} {} {}", row.case.number, row.case.name, row.came.as_str()));
}

fn refused(what: impl Into<String>) -> Failure {
    Failure::usage("bad_conformance", what)
}

/// The cases that are asked for.
fn chosen(list: Option<&str>) -> Result<Vec<Case>, Failure> {
    let Some(list) = list else { return Ok(all()) };
    let bad = |part: &str| {
        refused(format!("--cases: `{part}` is no number of a case and no range of them"))
            .fix("write --cases 1-9,20,33; docs/conformance.md lists them")
    };
    let range = |part: &str| -> Option<RangeInclusive<u16>> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    let mut chosen: Vec<Case> = Vec::new();
    for part in list.split(',') {
        let range = range(part).ok_or_else(|| bad(part))?;
        let mut cases: Vec<Case> = all().into_iter().filter(|case| range.contains(&case.number)).collect();
        if cases.is_empty() {
            return Err(bad(part));
        }
        chosen.append(&mut cases);
    }
    chosen.sort_by_key(|case| case.number);
    chosen.dedup_by_key(|case| case.number);
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_number_and_range() {
        let numbers =
            |list| chosen(Some(list)).map(|cases| cases.iter().map(|case| case.number).collect::<Vec<_>>());
        assert_eq!(numbers("33, 1-3,2").unwrap(), [1, 2, 3, 33]);
        assert_eq!(chosen(None).unwrap().len(), all().len());
        for list in ["", "x", "1-", "29", "5-4", "1,"] {
            assert_eq!(numbers(list).unwrap_err().code, "bad_conformance", "{list}");
        }
    }
}

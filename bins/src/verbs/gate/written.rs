//! What both gates share: how an evaluation is shown, certified, put away and written down.

use broker_api::arming::GatePassed;
use broker_api::{Code, Digest, Record, Time};
use evidence::gates::{Certificate, Outcome, canonical, certify, sha256};
use evidence::{Evaluation, Verdict};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::figures::Table;
use crate::gate::{Earlier, keep};
use crate::out::{Out, document};
use crate::pass::Pass;
use crate::place::{Place, Reading};
use crate::verbs::halt::{self, operator};

/// How many parts of a criterion's evidence a person is shown.
const PARTS_SHOWN: usize = 3;

/// An evaluation that is to be put away.
pub struct Kept<'a> {
    /// What its file begins with, and how the gate is asked for.
    pub name: &'static str,
    /// The gate, as the journal names it.
    pub gate: Code,
    /// That it was passed, if it was.
    pub certificate: Option<&'a Certificate>,
    /// Which evaluation it is, from 1.
    pub evaluation: usize,
}

/// The hash of what was evaluated; and the certificate, where the gate is passed.
pub fn certified(
    facts: &Value,
    evaluation: &Evaluation,
    at: Time,
) -> Result<(String, Option<Certificate>), Failure> {
    let unwritable = |error: &dyn std::error::Error| {
        Failure::new(Exit::Unexpected, "unexpected", "the evaluation cannot be written").because(error)
    };
    let hash = sha256(&canonical(facts).map_err(|error| unwritable(&error))?);
    let certificate = match evaluation.outcome {
        Outcome::Passed => Some(certify(facts, evaluation, at).map_err(|error| unwritable(&error))?),
        Outcome::NotYet | Outcome::Failed => None,
    };
    Ok((hash, certificate))
}

/// What was put away cannot be read.
pub fn unreadable(error: &std::io::Error) -> Failure {
    Failure::usage("gates_unreadable", "evaluations that were put away cannot be read")
        .because(error)
        .fix("see the folder STATE.gates beside the state file: what lies there is never changed")
}

/// Evaluations that were put away, for programs; `facts`: the hash of what is evaluated now.
pub fn before(earlier: &[Earlier], facts: &str) -> Vec<Value> {
    let told = |earlier: &Earlier| {
        json!({
            "at": earlier.at, "outcome": earlier.outcome, "certificate": earlier.certificate,
            "same_facts": earlier.facts == facts,
        })
    };
    earlier.iter().map(told).collect()
}

/// Puts the evaluation away, and writes down that the gate was passed, if it was. Where the file lies.
pub fn put_away(
    out: Out,
    place: &Place,
    reading: &Reading,
    kept: &Kept<'_>,
    mut data: Value,
    why: &str,
) -> Result<String, Failure> {
    let name = operator();
    data["recorded"] = json!({ "by": name, "why": why, "evaluation": kept.evaluation });
    let file = || {
        let document = document("gate", &reading.heading(), reading.as_of, &data);
        keep(place, kept.name, reading.as_of, &document).map_err(|error| {
            Failure::new(Exit::Unexpected, "not_written", "the evaluation cannot be put away")
                .because(&error)
                .fix("make room or allow writing beside the state file; nothing was recorded")
        })
    };
    let Some(certificate) = kept.certificate else {
        return Ok(file()?.display().to_string());
    };
    let digest = Digest::new(&certificate.sha256).map_err(|error| {
        Failure::new(Exit::Unexpected, "unexpected", format!("the certificate has no hash: {error}"))
    })?;
    let pass = match Pass::begin(place, out.unwatched()) {
        Err(failure) if halt::is_asked(place, &failure) => {
            let what = "a process serves this state, and the gate is not recorded beside it";
            return Err(Failure::new(Exit::Unavailable, "gate_served", what)
                .fix("stop it, give the command again, and start it; nothing was recorded"));
        }
        begun => begun?,
    };
    let path = file()?;
    let passed = GatePassed { gate: kept.gate, certificate: digest, name, reason: why.into() };
    pass.record(Record::GatePassed(passed))?.end(Exit::Done)?;
    Ok(path.display().to_string())
}

/// The gate, and how much of it is met.
pub fn headline(evaluation: &Evaluation, to: &str) -> String {
    let met = evaluation.met();
    let failed = evaluation.criteria.iter().filter(|c| c.verdict == Verdict::NotMet).count();
    let word = match evaluation.outcome {
        Outcome::Passed => "PASSED",
        Outcome::NotYet => "NOT YET",
        Outcome::Failed => "NOT PASSED",
    };
    let all = evaluation.criteria.len();
    let open = all - met - failed;
    format!("gate {} -> {to}   {word}: {met} of {all} met, {open} open, {failed} failed\n", evaluation.gate)
}

/// The criteria with such a verdict.
pub fn names(evaluation: &Evaluation, is_in: fn(&Verdict) -> bool) -> String {
    let criteria = evaluation.criteria.iter().filter(|c| is_in(&c.verdict));
    criteria.map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Evidence of many parts, by its first ones.
fn short(evidence: &str) -> String {
    let parts: Vec<&str> = evidence.split("; ").collect();
    match parts.len().checked_sub(PARTS_SHOWN) {
        Some(more) if more > 1 => {
            format!("{}; and {more} more, which --json has", parts[..PARTS_SHOWN].join("; "))
        }
        _ => evidence.to_owned(),
    }
}

/// One row for each criterion, with its evidence and its power below.
pub fn rows(evaluation: &Evaluation) -> String {
    let mut table = Table::new(&["criterion", "needed", "have", "verdict"]);
    for c in &evaluation.criteria {
        let cells = [&c.name, &c.needed, &c.have].map(Clone::clone);
        table.row(cells.into_iter().chain([c.verdict.word().to_owned()]).collect());
    }
    let mut text = String::new();
    let lines = table.lines();
    let mut lines = lines.lines();
    text.push_str(lines.next().unwrap_or_default());
    text.push('\n');
    for (line, c) in lines.zip(&evaluation.criteria) {
        text.push_str(&format!("{line}\n"));
        let open = match &c.verdict {
            Verdict::NotYet { what } => format!("missing: {what}"),
            Verdict::CannotTell { why } => why.clone(),
            Verdict::Met | Verdict::NotMet => String::new(),
        };
        for part in [open, short(&c.evidence), c.power.told()].iter().filter(|part| !part.is_empty()) {
            text.push_str(&format!("      {part}\n"));
        }
    }
    text
}

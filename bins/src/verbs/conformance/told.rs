//! The report, for people and for programs.

use broker_api::conformance::{Came, Played};
use serde_json::{Value, json};

use super::Report;
use crate::clock;
use crate::conformance::Answer;
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Says what came of it; a case that failed is the end of the process.
pub(super) fn tell(out: Out, report: &Report) -> Result<Exit, Failure> {
    let count = |came: Came| report.played.iter().filter(|row| row.came == came).count();
    let (passed, skipped, failed) = (count(Came::Passed), count(Came::Skipped), count(Came::Failed));
    let cases: Vec<Value> = report.played.iter().map(row_json).collect();
    let data = json!({
        "venue": report.venue, "kind": report.kind, "passed": passed, "skipped": skipped, "failed": failed,
        "cases": cases, "answers": report.answers.iter().map(Answer::json).collect::<Vec<_>>(), "files": report.files,
    });
    out.document("conformance", &report.heading, clock::now(), &data)?;
    let kind = match report.kind {
        "simulated" => "over its simulator",
        "practice" => "a practice account",
        _ => "the embedded broker",
    };
    let mut text = format!("CONFORMANCE of {}, {kind}\n\n", report.venue);
    for row in &report.played {
        text += &format!("{:>4}  {:<8}{}\n", row.case.number, row.came.as_str(), row.case.name);
        match row.came {
            Came::Passed => {}
            Came::Skipped => text += &format!("              because {}\n", row.why),
            Came::Failed => {
                text += &format!(
                    "              demands {}\n              saw     {}\n",
                    row.case.demands, row.why
                );
            }
        }
    }
    text += &format!("\n{passed} passed, {skipped} skipped, {failed} failed\n");
    if !report.answers.is_empty() {
        text += "\nWHAT NOBODY DOCUMENTS\n\n";
        for answer in &report.answers {
            text += &format!("{}\n    {}\n", answer.question, answer.answer);
        }
    }
    for file in &report.files {
        text += &format!("\nwritten: {file}");
    }
    if let Some(profile) = report.files.first() {
        text += &format!("\n\nA simulator that does the same: tradewind sim alpaca --profile {profile}\n");
    }
    out.text(&text)?;
    Ok(if failed == 0 { Exit::Done } else { Exit::Unexpected })
}

fn row_json(row: &Played) -> Value {
    let needs: Vec<&str> = row.case.needs.iter().map(|power| power.as_str()).collect();
    json!({
        "number": row.case.number, "name": row.case.name, "demands": row.case.demands, "needs": needs,
        "came": row.came.as_str(), "why": row.why,
    })
}

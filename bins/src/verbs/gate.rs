//! `gate`: what the trades so far say about going on to the next account.

mod flow;
mod written;

use broker_api::Gate;
use broker_api::arming::PAPER;
use evidence::gates::{Certificate, Outcome, paper};
use evidence::{Evaluation, Verdict};
use serde_json::{Value, json};

use crate::args::{GateArgs, GateName};
use crate::arming;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::gate::{Answers, Earlier, Flag, Gathered, backtest, earlier, gather, pairs};
use crate::history::Story;
use crate::out::Out;
use crate::place::{Place, Reading};
use crate::twin::{self, Twin};
use crate::verbs::limits::no_reason;

use written::{Kept, before, certified, headline, names, put_away, rows, unreadable};

/// Everything that came of looking.
pub struct Looked {
    /// What there was to look at.
    pub gathered: Gathered,
    /// What follows from it.
    pub evaluation: Evaluation,
    /// All that was evaluated: the facts, and what they were held against.
    facts: Value,
    facts_sha256: String,
    certificate: Option<Certificate>,
    earlier: Vec<Earlier>,
    /// What is to be known of it, a sentence each.
    pub notes: Vec<String>,
}

/// Evaluates a gate, and records what came of it where that is asked for.
pub fn gate(out: Out, place: &Place, asked: &GateArgs) -> Result<Exit, Failure> {
    let why = asked.why.as_deref().map(str::trim);
    if why.is_some_and(str::is_empty) {
        return Err(no_reason("--why"));
    }
    let reading = place.read(None)?;
    if asked.gate == GateName::BrokerPaper {
        return flow::gate(out, place, &reading, why);
    }
    let story = reading.story()?;
    let twin = twin::configured(place, &reading, &story)?;
    let looked = look(place, &reading, &story, twin.as_ref())?;
    let kept = match why.filter(|_| asked.record) {
        Some(why) => Some(record(out, place, &reading, &looked, why)?),
        None => None,
    };
    out.text(&told(&reading, &looked, kept.as_deref()))?;
    let data = looked.json(kept.as_deref());
    out.document("gate", &reading.heading(), reading.as_of, &data)?;
    Ok(if looked.evaluation.outcome == Outcome::Passed { Exit::Done } else { Exit::Halted })
}

/// Evaluates the gate, and writes nothing. `twin`: what the signals make on the bars that are configured.
///
/// # Errors
/// A backtest or answers that cannot be read.
pub fn look(place: &Place, reading: &Reading, story: &Story, twin: Option<&Twin>) -> Result<Looked, Failure> {
    let mut gathered = gather(place, reading, story)?;
    gathered.facts.pairs = pairs(place, twin, &gathered.judged)?;
    let mut answers = Answers::of(&place.loaded.config.gate.answers)?;
    if reading.is_past() {
        answers = answers.only(&gathered.flags);
    }
    gathered.facts.red_flags = answers.to(std::mem::take(&mut gathered.flags), flag_of_pairs(&gathered))?;
    let held = backtest(place, &gathered.judged)?;
    let evaluation = paper(&gathered.facts, held.reference.as_ref());
    let facts = json!({ "facts": gathered.facts, "reference": held.reference });
    let (facts_sha256, certificate) = certified(&facts, &evaluation, reading.as_of)?;
    let number = gathered.judged.len();
    let earlier = earlier(place, "paper", Some(number)).map_err(|error| unreadable(&error))?;
    let notes = gathered.notes.iter().chain(&held.notes).cloned().collect();
    Ok(Looked { gathered, evaluation, facts, facts_sha256, certificate, earlier, notes })
}

/// Some pairs may be the better ones: who shows some says why the others are not there.
fn flag_of_pairs(gathered: &Gathered) -> Option<Flag> {
    let (there, all) = (gathered.facts.pairs.len(), gathered.judged.len());
    let what = format!("{there} of {all} trades have a pair");
    (there > 0 && there < all).then(|| Flag { name: "pairs".to_owned(), what, answer: None })
}

impl Looked {
    fn json(&self, kept: Option<&str>) -> Value {
        let Gathered { mark, next, counted, .. } = &self.gathered;
        json!({
            "gate": "paper",
            "judged": { "trades": self.gathered.judged.len(), "mark": mark, "next": next, "counted": counted },
            "evaluation": self.evaluation,
            "facts": self.facts,
            "facts_sha256": self.facts_sha256,
            "certificate": self.certificate,
            "earlier": before(&self.earlier, &self.facts_sha256),
            "notes": self.notes,
            "kept": kept,
        })
    }
}

/// Puts the evaluation away, and writes down that the gate was passed, if it was. Where the file lies.
fn record(out: Out, place: &Place, reading: &Reading, looked: &Looked, why: &str) -> Result<String, Failure> {
    if arming::live(&reading.book).is_some() {
        let what = "this state is of an account of real money, where the gate paper is not passed";
        return Err(Failure::usage("gate_elsewhere", what)
            .fix("name the state of the paper account with --state; nothing was recorded"));
    }
    let Some(mark) = looked.gathered.mark else {
        let missing = looked.gathered.next - looked.gathered.counted;
        let what =
            format!("the gate is not evaluated yet: {} more", figures::counted(missing, "closed trade"));
        return Err(Failure::new(Exit::Halted, "gate_not_due", what)
            .fix("record it when they are closed; nothing was recorded"));
    };
    let is_in_journal = |earlier: &Earlier| match reading.book.guard().gates.get(&PAPER) {
        Some(Gate::Passed { certificate, .. }) => {
            earlier.certificate.as_deref() == Some(certificate.as_str())
        }
        _ => false,
    };
    let is_done = |earlier: &&Earlier| {
        is_in_journal(earlier) || earlier.certificate.is_none() && earlier.facts == looked.facts_sha256
    };
    if let Some(earlier) = looked.earlier.iter().find(is_done) {
        let what = format!(
            "the gate was recorded at {mark} trades on {}: {}",
            figures::minute(earlier.at),
            earlier.outcome
        );
        return Err(Failure::usage("gate_recorded", what).fix(format!(
            "it is recorded once at each number; the next is {} trades",
            looked.gathered.next
        )));
    }
    let kept = Kept {
        name: "paper",
        gate: PAPER,
        certificate: looked.certificate.as_ref(),
        evaluation: looked.earlier.len() + 1,
    };
    put_away(out, place, reading, &kept, looked.json(None), why)
}

/// For a person.
fn told(reading: &Reading, looked: &Looked, kept: Option<&str>) -> String {
    let (evaluation, gathered) = (&looked.evaluation, &looked.gathered);
    let mut text = format!("{}\n{}", reading.headline(), headline(evaluation, "a broker's paper account"));
    text.push_str(&match gathered.mark {
        Some(mark) => format!(
            "judged at {mark} closed trades, of {} that count; the next time at {}\n",
            gathered.counted, gathered.next
        ),
        None => format!(
            "{} so far; it is evaluated from {} on: {} more\n",
            figures::counted(gathered.counted, "closed trade"),
            gathered.next,
            gathered.next - gathered.counted
        ),
    });
    if evaluation.imported_trades > 0 {
        let counted = if gathered.facts.count_imported { "counted" } else { "not counted" };
        text.push_str(&format!(
            "{} of our own, {} of another program and {counted}\n",
            evaluation.own_trades, evaluation.imported_trades
        ));
    }
    text.push_str(&rows(evaluation));
    for note in &looked.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    if let Some(last) = looked.earlier.last() {
        text.push_str(&format!(
            "{} at this number before, the last on {} with the outcome {}{}\n",
            figures::counted(looked.earlier.len(), "evaluation"),
            figures::minute(last.at),
            last.outcome,
            if last.facts == looked.facts_sha256 { "" } else { "; what is evaluated has changed since" }
        ));
    }
    text.push_str(&outcome(looked, kept));
    text
}

/// What follows, and what to do next.
fn outcome(looked: &Looked, kept: Option<&str>) -> String {
    let names = |is_in| names(&looked.evaluation, is_in);
    let kept = kept.map_or_else(String::new, |file| format!("Kept: {file}\n"));
    match (looked.evaluation.outcome, &looked.certificate) {
        (Outcome::Passed, Some(certificate)) if kept.is_empty() => format!(
            "The gate is passed (certificate {}). To write that down: tradewind gate paper --record --why TEXT\n",
            &certificate.sha256[..12]
        ),
        (Outcome::Passed, _) => format!("{kept}The gate is passed, and the journal has it.\n"),
        (Outcome::NotYet, _) => format!(
            "{kept}The gate is not passed yet; open: {}. See to what is missing, and ask again.\n",
            names(|v| !matches!(v, Verdict::Met | Verdict::NotMet))
        ),
        (Outcome::Failed, _) => format!(
            "{kept}The gate is not passed; not met: {}. Stay on paper, find out why, and ask again at {} trades.\n",
            names(|v| *v == Verdict::NotMet),
            looked.gathered.next
        ),
    }
}

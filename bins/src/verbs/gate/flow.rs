//! `gate broker-paper`: whether a week of orders at a broker's practice account went without a failure.

use broker_api::arming::BROKER_PAPER;
use evidence::Verdict;
use evidence::gates::{Outcome, broker_paper};
use serde_json::json;

use super::written::{Kept, before, certified, headline, names, put_away, rows, unreadable};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::gate::{GATE, earlier, flow};
use crate::out::Out;
use crate::place::{Place, Reading};

/// Evaluates the gate; `why`: it is recorded, and why.
pub fn gate(out: Out, place: &Place, reading: &Reading, why: Option<&str>) -> Result<Exit, Failure> {
    let looked = flow(place, reading)?;
    let evaluation = broker_paper(&looked.facts);
    let facts = json!({ "facts": looked.facts, "of": looked.of });
    let (facts_sha256, certificate) = certified(&facts, &evaluation, reading.as_of)?;
    let earlier = earlier(place, GATE, None).map_err(|error| unreadable(&error))?;
    let mut data = json!({
        "gate": GATE,
        "judged": { "trades": looked.facts.trades, "days": looked.facts.days.len() },
        "evaluation": evaluation,
        "facts": facts,
        "facts_sha256": facts_sha256,
        "certificate": certificate,
        "earlier": before(&earlier, &facts_sha256),
        "notes": [],
        "kept": null,
    });
    let kept = match why {
        Some(why) => {
            if let Some(same) = earlier.iter().find(|earlier| earlier.facts == facts_sha256) {
                let at = figures::minute(same.at);
                let what = format!("these days were recorded on {at}: {}", same.outcome);
                return Err(Failure::usage("gate_recorded", what)
                    .fix("nothing has happened since; it can be recorded again when something has"));
            }
            let kept = Kept {
                name: GATE,
                gate: BROKER_PAPER,
                certificate: certificate.as_ref(),
                evaluation: earlier.len() + 1,
            };
            Some(put_away(out, place, reading, &kept, data.clone(), why)?)
        }
        None => None,
    };
    data["kept"] = json!(kept);
    let mut text = format!("{}\n{}", reading.headline(), headline(&evaluation, "small real money"));
    text.push_str(&rows(&evaluation));
    if let Some(last) = earlier.last() {
        text.push_str(&format!(
            "{} before, the last on {} with the outcome {}\n",
            figures::counted(earlier.len(), "evaluation"),
            figures::minute(last.at),
            last.outcome
        ));
    }
    let file = kept.as_ref().map_or_else(String::new, |file| format!("Kept: {file}\n"));
    text.push_str(&match (evaluation.outcome, &kept) {
        (Outcome::Passed, Some(kept)) => {
            format!("{file}The gate is passed, and the journal has it. To arm with it: tradewind arm ... --gate {kept}\n")
        }
        (Outcome::Passed, None) => {
            "The gate is passed. To write that down: tradewind gate broker-paper --record --why TEXT\n".to_owned()
        }
        (Outcome::NotYet, _) => format!(
            "{file}The gate is not passed yet; open: {}. See to what is missing, and ask again.\n",
            names(&evaluation, |v| !matches!(v, Verdict::Met | Verdict::NotMet))
        ),
        (Outcome::Failed, _) => format!(
            "{file}The gate is not passed; not met: {}. Find out why; a failure begins the week anew.\n",
            names(&evaluation, |v| *v == Verdict::NotMet)
        ),
    });
    out.text(&text)?;
    out.document("gate", &reading.heading(), reading.as_of, &data)?;
    Ok(if evaluation.outcome == Outcome::Passed { Exit::Done } else { Exit::Halted })
}

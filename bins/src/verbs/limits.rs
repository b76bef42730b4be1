//! `limits`: which are in force, what waits, how they changed; and a person's word for what is loosened a great deal.

use std::collections::BTreeSet;

use broker_api::{Figures, Record, Stamped};
use engine::{Input, Operator};
use risk::Until;
use serde_json::{Value, json};

use crate::args::{LimitsArgs, LimitsVerb};
use crate::failure::{Exit, Failure};
use crate::figures::{self, Table};
use crate::limits::{self, Force};
use crate::out::Out;
use crate::pass::Pass;
use crate::place::Place;
use crate::verbs::halt::{self, operator};

/// Shows them, confirms some, or tells how they came to be.
pub fn limits(out: Out, place: &Place, asked: &LimitsArgs) -> Result<(), Failure> {
    match &asked.verb {
        None => show(out, place),
        Some(LimitsVerb::Confirm { keys, reason }) => confirm(out, place, keys, reason),
        Some(LimitsVerb::History) => history(out, place),
    }
}

fn show(out: Out, place: &Place) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let wanted = &place.loaded.config.limits;
    let force = Force::of(wanted, &reading.book, reading.as_of);
    let configured = wanted.figures();
    let in_force = force.known.as_ref().map(|known| &known.figures);
    let mut table = Table::new(&["limit", ">in force", ">configured", "unit", "waits"]);
    let mut rows: Vec<Value> = Vec::new();
    for line in wanted.lines() {
        let of = |figures: &Figures| figures.get(line.key).cloned();
        let (is, wished) = (in_force.and_then(of), of(&configured));
        let row = force.pending.iter().find(|row| row.key == line.key);
        let differs = is != wished;
        let waits = match (row.map(|row| row.until), differs) {
            (Some(Until::Confirmed), _) => "for you to confirm it".to_owned(),
            (Some(Until::Time(at)), _) => format!("until {}", figures::minute(at)),
            (Some(Until::With(other)), _) => format!("with {other}"),
            (None, true) => "for the next start".to_owned(),
            (None, false) => String::new(),
        };
        table.row(vec![
            line.key.to_owned(),
            is.as_deref().unwrap_or("-").to_owned(),
            if differs { wished.as_deref().unwrap_or("-").to_owned() } else { String::new() },
            line.unit.to_owned(),
            waits,
        ]);
        rows.push(json!({
            "key": line.key, "in_force": is, "configured": wished, "unit": line.unit,
            "pending": row.map(limits::json),
        }));
    }
    let mut text = format!("{}\nlimits     {}\n{}", reading.headline(), force.version(), table.lines());
    for need in force.needs() {
        text.push_str(&format!("needs you  {}\n", need.text));
    }
    out.text(&text)?;
    let data = json!({
        "version": force.known.as_ref().map(|known| known.version),
        "since": force.known.as_ref().map(|known| known.since),
        "limits": rows,
        "pending": force.pending.iter().map(limits::json).collect::<Vec<_>>(),
        "confirmed": reading.book.guard().confirmed,
    });
    out.document("limits", &reading.heading(), reading.as_of, &data)
}

fn confirm(out: Out, place: &Place, keys: &[String], reason: &str) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(no_reason("--reason"));
    }
    let reading = place.read(None)?;
    let force = Force::of(&place.loaded.config.limits, &reading.book, reading.as_of);
    let mut figures = Figures::new();
    for key in keys {
        let key = key.strip_prefix("limits.").unwrap_or(key);
        let Some(row) = force.unconfirmed().find(|row| row.key == key) else {
            let waiting: Vec<&str> = force.unconfirmed().map(|row| row.key).collect();
            let waiting = if waiting.is_empty() { "none does".to_owned() } else { waiting.join(", ") };
            let what = format!("{key} does not wait to be confirmed; of all limits: {waiting}");
            return Err(Failure::usage("nothing_to_confirm", what)
                .fix("see `tradewind limits`; nothing was confirmed"));
        };
        figures.insert(key.into(), row.to.clone());
    }
    let act =
        Operator::ConfirmLimits { figures: figures.clone(), name: operator(), why: reason.trim().into() };
    let confirmed = match Pass::begin(place, out) {
        Err(failure) if halt::is_asked(place, &failure) => halt::ask(place, act)?["confirmed"].clone(),
        begun => {
            let pass = begun?.take(vec![Input::Operator(act)])?.end(Exit::Done)?;
            json!(pass.book().guard().confirmed)
        }
    };
    let from = confirmed["from"].as_str().unwrap_or_default();
    let is_done = figures.iter().all(|(key, figure)| confirmed["figures"][&**key] == json!(figure));
    if !is_done {
        let what = "the limits were not confirmed: what is in force has changed meanwhile";
        return Err(Failure::new(Exit::Halted, "refused", what)
            .fix("see `tradewind limits`, and give the command again"));
    }
    let named: Vec<String> = figures.iter().map(|(key, figure)| format!("{key} {figure}")).collect();
    let heading = reading.headline();
    out.text(&format!(
        "{heading}\nConfirmed: {}. In force for the first process that starts from {from} on, the next account day.\n",
        named.join(", ")
    ))?;
    out.document("limits-confirm", &reading.heading(), reading.as_of, &json!({ "confirmed": confirmed }))
}

/// A reason that says nothing.
pub fn no_reason(flag: &str) -> Failure {
    Failure::usage("usage", format!("{flag} is empty, and stands in the journal for ever"))
        .fix("say why, in your words")
}

/// What one version changed: the key, what was, what is.
type Changed<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn changes<'a>(before: Option<&'a Figures>, after: &'a Figures) -> Vec<Changed<'a>> {
    let Some(before) = before else { return Vec::new() };
    let keys = before.keys().chain(after.keys()).map(|key| &**key);
    let row = |key: &'a str| {
        let (was, is) = (before.get(key).map(|text| &**text), after.get(key).map(|text| &**text));
        (was != is).then_some((key, was, is))
    };
    keys.collect::<BTreeSet<_>>().into_iter().filter_map(row).collect()
}

fn history(out: Out, place: &Place) -> Result<(), Failure> {
    let reading = place.read(None)?;
    let mut records: Vec<Stamped> = Vec::new();
    reading.each(|stamped| {
        if matches!(stamped.record, Record::LimitsSet(_) | Record::LimitsConfirmed(_)) {
            records.push(stamped.clone());
        }
        Ok(())
    })?;
    let mut before: Option<&Figures> = None;
    let (mut text, mut rows) = (format!("{}\n", reading.headline()), Vec::<Value>::new());
    for Stamped { seq, at, record } in &records {
        match record {
            Record::LimitsSet(set) => {
                let changes = changes(before, &set.figures);
                let told: Vec<String> = changes
                    .iter()
                    .map(|(key, was, is)| format!("{key} {} -> {}", was.unwrap_or("-"), is.unwrap_or("-")))
                    .collect();
                let told = if before.is_none() { "the first".to_owned() } else { told.join(", ") };
                text.push_str(&format!("  {}  version {}  {told}\n", figures::time(*at), set.version));
                let changed =
                    changes.iter().map(|(key, was, is)| json!({ "key": key, "was": was, "is": is }));
                rows.push(json!({
                    "seq": seq, "at": at, "version": set.version, "changed": changed.collect::<Vec<_>>(),
                }));
                before = Some(&set.figures);
            }
            Record::LimitsConfirmed(confirmed) => {
                let named: Vec<String> =
                    confirmed.figures.iter().map(|(key, figure)| format!("{key} {figure}")).collect();
                text.push_str(&format!(
                    "  {}  confirmed by {}: {}, from {}: {}\n",
                    figures::time(*at),
                    confirmed.name,
                    named.join(", "),
                    figures::minute(confirmed.from),
                    confirmed.reason
                ));
                rows.push(json!({ "seq": seq, "at": at, "confirmed": confirmed }));
            }
            _ => {}
        }
    }
    if rows.is_empty() {
        text.push_str("No limits were written down yet: the next pass does.\n");
    }
    out.text(&text)?;
    out.document("limits-history", &reading.heading(), reading.as_of, &json!(rows))
}

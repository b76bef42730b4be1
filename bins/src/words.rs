//! A sentence for every record of the journal.

use broker_api::{
    Adopted, Amount, CancelOutcome, Finding, Intent, Key, Level, LimitsSet, NonTrade, Proof, Reason, Record,
    Repair, Repaired, SubmitOutcome, VenueId,
};

use crate::figures;
use crate::tell::{self, ending_word};

/// What a record says, for people.
pub fn sentence(record: &Record) -> String {
    match record {
        Record::VenueBound { of, equity, cursor } => format!(
            "the book trades the {} account {} at {} ({} {}); its log is read from {cursor} on",
            of.mode,
            of.account,
            of.venue,
            figures::money(*equity),
            of.currency
        ),
        Record::Started { life, version, limits } => {
            format!("process {life} began (version {version}, limits {})", &limits.as_str()[..12])
        }
        Record::Stopped { life, exit, equity, .. } => {
            let equity =
                equity.map_or_else(String::new, |equity| format!(", equity {}", figures::money(equity)));
            format!("process {life} ended by itself, exit {exit}{equity}")
        }
        Record::SignalTaken { signal, .. } => {
            format!("signal {} taken in: {} {}", signal.id, signal.wanted.as_str(), signal.symbol)
        }
        Record::SignalConflicted { signal, digest } => {
            format!(
                "signal {signal} came again with another content ({}); the first stands",
                &digest.as_str()[..12]
            )
        }
        Record::SignalEnded { signal, ending, reason, .. } => {
            format!("signal {signal} ended: {}{}", ending_word(*ending), because(reason.as_ref()))
        }
        Record::Intended { intent, mark, send_by, .. } => {
            format!(
                "{} decided and approved; sent from {mark} on, until {}",
                order(intent),
                figures::time(*send_by)
            )
        }
        Record::Answered { order, attempt, answer } => {
            format!("{order}, attempt {attempt}: {}", submit(answer))
        }
        Record::AskStarted { order } => format!("{order}: the broker is being asked about it"),
        Record::AskAnswered { order, finding } => format!("{order}: {}", found(finding.as_ref())),
        Record::Resent { order, attempt, send_by, .. } => {
            format!(
                "{order} is sent again (attempt {attempt}, until {}): proven absent, and reviewed again",
                figures::time(*send_by)
            )
        }
        Record::GaveUp { order, reason } => format!("{order} will not be sent: {}", reason.text),
        Record::CancelStarted { order, code } => format!("{order}: a cancel is about to be sent ({code})"),
        Record::CancelAnswered { order, answer } => format!("{order}: {}", cancel(answer)),
        Record::Closed { order, end, code } => {
            format!("{order} is over at the broker: {} ({code})", end.as_str())
        }
        Record::Filled { fill } => format!(
            "{}: {} {} {} @ {}, fee {}, execution {}",
            fill.order,
            fill.side,
            figures::qty(fill.qty),
            fill.key.symbol,
            figures::bare_price(fill.price),
            tell::fee(fill),
            fill.execution
        ),
        Record::Busted { venue, execution } => format!("{venue} took the execution {execution} back"),
        Record::Corrected { fill } => format!(
            "{} restated the execution {}: {} {} {} @ {}",
            fill.key.venue,
            fill.execution,
            fill.side,
            figures::qty(fill.qty),
            fill.key.symbol,
            figures::bare_price(fill.price)
        ),
        Record::CursorMoved { venue, cursor } => format!("the log of {venue} was read to {cursor}"),
        Record::PlanSet { key, plan, signal } => {
            let price = |price: Option<broker_api::Price>| {
                price.map_or_else(|| "as it is".to_owned(), figures::bare_price)
            };
            let trail = plan
                .trail
                .map_or_else(String::new, |by| format!(", which follows {} behind", figures::bare_price(by)));
            format!("{key}: stop {}{trail}, target {}, by {signal}", price(plan.stop), price(plan.target))
        }
        Record::ExitWanted { key, code, .. } => format!("{key} shall be closed ({code})"),
        Record::ProtectionBlocked { key, purpose, reason, bound, .. } => format!(
            "{key}: its {} could not be placed ({}); by {} it is placed, or the position is closed",
            purpose.as_str(),
            reason.text,
            figures::time(*bound)
        ),
        Record::DayStarted { starts, equity, high_water, late, .. } => format!(
            "account day from {}: equity {}{}, highest {}",
            figures::minute(*starts),
            figures::money(*equity),
            if *late { " (read late)" } else { "" },
            figures::money(*high_water)
        ),
        Record::EntriesStopped { scope, reason, until } => {
            let until = until.map_or_else(
                || "until a person resumes".to_owned(),
                |at| format!("until {}", figures::minute(at)),
            );
            format!("entries of {scope} stopped {until}: {}", reason.text)
        }
        Record::EntriesAllowed { scope, by, reason } => {
            format!("entries of {scope} go on, by {by}: {}", reason.text)
        }
        Record::LevelSet { level, by, reason, until } => {
            let words = if *level == Level::Paused { "until" } else { "at least until" };
            let until =
                until.map_or_else(String::new, |until| format!(" {words} {}", figures::minute(until)));
            format!("level {level}{until}, by {by}: {}", reason.text)
        }
        Record::LimitsSet(LimitsSet { version, figures }) => {
            format!("version {version} of the limits is in force: {} of them", figures.len())
        }
        Record::LimitsConfirmed(confirmed) => {
            let named = confirmed.figures.iter().map(|(key, figure)| format!("{key} {figure}"));
            format!(
                "{} confirmed {}, in force from the first process from {} on: {}",
                confirmed.name,
                named.collect::<Vec<_>>().join(", "),
                figures::minute(confirmed.from),
                confirmed.reason
            )
        }
        Record::Armed(armed) => format!(
            "{} armed the {} account {} at {} until {}, with version {} of the limits: {}",
            armed.name,
            armed.of.mode,
            armed.of.account,
            armed.of.venue,
            figures::minute(armed.until),
            armed.limits,
            armed.reason
        ),
        Record::Disarmed(disarmed) => format!("disarmed by {}: {}", disarmed.by, disarmed.reason.text),
        Record::GateOverridden(gate) => {
            format!(
                "{} goes through the gate {}, which was not passed: {}",
                gate.name, gate.gate, gate.reason
            )
        }
        Record::GatePassed(gate) => {
            let by = if gate.name.is_empty() {
                String::new()
            } else {
                format!(", written down by {}: {}", gate.name, gate.reason)
            };
            format!(
                "the gate {} was passed (certificate {}){by}",
                gate.gate,
                &gate.certificate.as_str()[..12]
            )
        }
        Record::Diverged { venue, key, reason, .. } => {
            let what = key.map_or_else(|| venue.to_string(), |key| key.to_string());
            format!("book and broker disagree about {what}: {}", reason.text)
        }
        Record::Repaired { venue, key, with, name, reason } => repaired(*venue, *key, with, name, reason),
        Record::Outside { fill, code } => format!(
            "{} ({code}): {} {} {} @ {}, order {}, execution {}",
            if *code == state::book::DUST { "closed by the broker, as asked" } else { "not ours" },
            fill.side,
            figures::qty(fill.qty),
            fill.key.symbol,
            figures::bare_price(fill.price),
            fill.order,
            fill.execution
        ),
        Record::NonTrade { venue, entry, .. } => non_trade(*venue, entry),
        Record::FeeSettled { key, back } => {
            format!("{key}: {} less was kept as a fee than was booked", figures::qty(*back))
        }
        Record::StopTrailed { key, stop } => {
            format!("{key}: the stop follows the price to {}", figures::bare_price(*stop))
        }
        Record::CloseStarted { key } => {
            format!("{key}: what is left is too little for an order; the broker is being asked to close it")
        }
        Record::CloseAnswered { key, answer } => format!("{key}: {}", closing(answer)),
        Record::EditFound { kept, places, .. } => {
            format!(
                "the state file was found edited; the journal says otherwise at {places} of its keys; it is kept as {kept}"
            )
        }
        Record::Edited { reason, changes, .. } => {
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            format!("an edit of the state file was taken in ({reason}): {}", changes.join("; "))
        }
        Record::Adopted(Adopted { journal, seq, written_at, reason, .. }) => format!(
            "the book goes on from a state file of {}, record {seq} of the journal {journal}, which is gone ({reason})",
            figures::time(*written_at)
        ),
        Record::HistoryWanted { venue, since } => {
            format!("what happened at {venue} since {} is to be read before any entry", figures::time(*since))
        }
        Record::OrderAdopted { intent, .. } => {
            format!("{}: the broker had it and the book did not", order(intent))
        }
        Record::HistoryRead { venue } => {
            format!("the log of {venue} was read, and our orders in it are in the book")
        }
        Record::Imported { file, reason, flow, positions, trades } => format!(
            "{} and {} taken over from the file {} ({reason}); equity changed by {}, which is no profit",
            figures::counted(positions.len(), "position"),
            figures::counted(trades.len(), "closed trade"),
            &file.as_str()[..12],
            figures::change(*flow)
        ),
    }
}

/// An order in words: `entry tw1…-e1: buy 4 AAPL, market`.
pub fn order(intent: &Intent) -> String {
    let price = intent
        .order
        .prices()
        .into_iter()
        .flatten()
        .next()
        .map_or_else(String::new, |price| format!(" {}", figures::bare_price(price)));
    format!(
        "{} {}: {} {} {}, {}{price}",
        intent.purpose.as_str(),
        intent.id,
        intent.side,
        figures::qty(intent.qty),
        intent.key.symbol,
        intent.order.name().as_str()
    )
}

fn because(reason: Option<&Reason>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({}: {})", reason.code, reason.text))
}

fn submit(answer: &SubmitOutcome) -> String {
    match answer {
        SubmitOutcome::Accepted { venue_order: Some(id) } => format!("the broker took it, as {id}"),
        SubmitOutcome::Accepted { venue_order: None } => "the broker took it".to_owned(),
        SubmitOutcome::NotSent { why } => format!("not sent: {why}"),
        SubmitOutcome::Refused { code, text } => format!("the broker refused it: {code}: {text}"),
        SubmitOutcome::Duplicate { text } => format!("the broker has an order of this name already: {text}"),
        SubmitOutcome::Throttled { until } => {
            format!("not looked at by the broker; again after {}", figures::time(*until))
        }
        SubmitOutcome::RefusedUnlisted { code, text } => {
            format!("the broker refused it in words that are not known: {code}: {text}")
        }
        SubmitOutcome::Unknown { why } => format!("UNKNOWN whether it arrived: {why}"),
        SubmitOutcome::Broken { why } => format!("the broker takes nothing: {why}"),
    }
}

fn cancel(answer: &CancelOutcome) -> String {
    match answer {
        CancelOutcome::Accepted => "the broker took the cancel".to_owned(),
        CancelOutcome::TooLate => "the cancel came too late".to_owned(),
        CancelOutcome::NotSent { why } => format!("the cancel was not sent: {why}"),
        CancelOutcome::Unknown { why } => format!("UNKNOWN whether the cancel arrived: {why}"),
    }
}

fn closing(answer: &CancelOutcome) -> String {
    match answer {
        CancelOutcome::Accepted => "the broker closes it".to_owned(),
        CancelOutcome::TooLate => "the broker does not close it".to_owned(),
        CancelOutcome::NotSent { why } => format!("the broker could not be asked: {why}"),
        CancelOutcome::Unknown { why } => format!("UNKNOWN whether the broker was asked: {why}"),
    }
}

fn found(finding: Option<&Finding>) -> String {
    match finding {
        None => "the question failed".to_owned(),
        Some(Finding::Found { order }) => match order.end {
            Some(end) => {
                format!("the broker has it: {}, {} executed", end.as_str(), figures::qty(order.filled))
            }
            None => format!("the broker has it, live, {} executed", figures::qty(order.filled)),
        },
        Some(Finding::NotYet { again_at }) => {
            format!("not there yet, which proves nothing; again after {}", figures::time(*again_at))
        }
        Some(Finding::Absent { proof }) => match proof {
            Proof::CompleteLog { from, to } => {
                format!("proven absent: the broker's whole log from {from} to {to} does not hold it")
            }
            Proof::FencePassed { fence, to } => format!(
                "proven absent: its last moment {} has passed, and the log to {to} does not hold it",
                figures::time(*fence)
            ),
            Proof::Silence { since } => {
                format!("proven absent: not known to the broker since {}", figures::time(*since))
            }
        },
    }
}

fn repaired(venue: VenueId, key: Option<Key>, with: &Repaired, name: &str, reason: &str) -> String {
    let what = key.map_or_else(|| venue.to_string(), |key| key.to_string());
    let there = format!("{venue} holds {}", with.there);
    let then = match with.repair {
        Repair::Adopt => format!("{there}, which is ours from now on"),
        Repair::Ignore => {
            let until = with
                .until
                .map_or_else(|| "for good".to_owned(), |until| format!("until {}", figures::minute(until)));
            format!("what {venue} holds beside the book is left alone {until}")
        }
        Repair::Close => format!("{there}, which is closed"),
        Repair::TrustBroker => format!("{there}, and so does the book"),
    };
    format!("{what}: {} by {name} ({reason}): {then}", with.repair.as_str())
}

fn non_trade(venue: VenueId, entry: &NonTrade) -> String {
    let of = entry.key.map_or_else(String::new, |key| format!(" of {}", key.symbol));
    let into = entry.becomes.map_or_else(String::new, |key| format!(" into {}", key.symbol));
    let units = if entry.units.is_flat() { String::new() } else { format!(", {} units", entry.units) };
    let money = entry.money;
    let paid = if money.amount == Amount::ZERO {
        String::new()
    } else {
        format!(", {} {}", figures::change(money.amount), money.currency)
    };
    format!(
        "{venue}: {}{of}{into}{units}{paid}, of {} (entry {})",
        entry.kind.as_str(),
        figures::minute(entry.at),
        entry.id
    )
}

//! What happens, in words: for the story of a schedule.

use broker_api::{Finding, Intent, Record, SubmitOutcome, Wanted};
use engine::{Input, Operator};

use crate::plan::Happening;

fn intent(of: &Intent) -> String {
    let [limit, trigger] = of.order.prices();
    let mut text = format!(
        "{} to {} {} {} {}",
        of.purpose.as_str(),
        of.side,
        of.qty,
        of.key.symbol,
        of.order.name().as_str()
    );
    for (name, price) in
        [("limit", limit), ("trigger", trigger), ("stop", of.plan.stop), ("target", of.plan.target)]
    {
        if let Some(price) = price {
            text += &format!(", {name} {price}");
        }
    }
    text
}

/// A record.
pub(super) fn record(record: &Record) -> String {
    match record {
        Record::Started { life, .. } => format!("process {life} began"),
        Record::Stopped { life, .. } => format!("process {life} ended by itself"),
        Record::SignalTaken { signal, .. } => {
            format!("signal {} taken: {}", signal.id, wanted(&signal.wanted, &signal.symbol.to_string()))
        }
        Record::SignalEnded { signal, ending, reason, .. } => {
            let why = reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.text));
            format!("signal {signal} ended {ending:?}{why}")
        }
        Record::Intended { intent: order, send_by, .. } => {
            format!("{} decided, to be sent by {}: {}", order.id, send_by.format("%H:%M:%S"), intent(order))
        }
        Record::Answered { order, attempt, answer } => {
            let what = match answer {
                SubmitOutcome::Accepted { .. } => "taken".to_owned(),
                SubmitOutcome::NotSent { why } => format!("not sent: {why}"),
                SubmitOutcome::Refused { text, .. } => format!("refused: {text}"),
                SubmitOutcome::Duplicate { .. } => "the venue has one of this name".to_owned(),
                SubmitOutcome::Throttled { until } => format!("throttled until {}", until.format("%H:%M:%S")),
                SubmitOutcome::RefusedUnlisted { text, .. } => {
                    format!("refused in words of no table: {text}")
                }
                SubmitOutcome::Unknown { why } => format!("nobody knows: {why}"),
                SubmitOutcome::Broken { why } => format!("the venue is broken: {why}"),
            };
            format!("{order} attempt {attempt}: {what}")
        }
        Record::AskStarted { order } => format!("{order} to be asked about"),
        Record::AskAnswered { order, finding } => {
            let what = match finding {
                Some(Finding::Found { order }) => {
                    format!(
                        "found, {} filled, {}",
                        order.filled,
                        order.end.map_or("live", broker_api::End::as_str)
                    )
                }
                Some(Finding::NotYet { again_at }) => {
                    format!("not known before {}", again_at.format("%H:%M:%S"))
                }
                Some(Finding::Absent { proof }) => format!("absent, by {proof:?}"),
                None => "no answer".to_owned(),
            };
            format!("{order} asked about: {what}")
        }
        Record::Resent { order, attempt, .. } => format!("{order} to be sent again, attempt {attempt}"),
        Record::GaveUp { order, reason } => format!("{order} given up: {}", reason.text),
        Record::CancelStarted { order, code } => format!("{order} to be cancelled: {code}"),
        Record::CancelAnswered { order, answer } => format!("{order} cancel answered: {answer:?}"),
        Record::Closed { order, end, code } => format!("{order} closed: {}, {code}", end.as_str()),
        Record::Filled { fill } => {
            format!(
                "{} filled: {} {} {} at {} ({})",
                fill.order, fill.side, fill.qty, fill.key.symbol, fill.price, fill.execution
            )
        }
        Record::Busted { execution, .. } => format!("execution {execution} taken back"),
        Record::CursorMoved { cursor, .. } => format!("the venue's log read to {cursor}"),
        Record::PlanSet { key, plan, .. } => {
            format!("{} stop {:?}, target {:?}", key.symbol, plan.stop, plan.target)
        }
        Record::ExitWanted { key, code, .. } => format!("{} shall be closed: {code}", key.symbol),
        Record::ProtectionBlocked { key, purpose, reason, .. } => {
            format!("{} has no {} yet: {}", key.symbol, purpose.as_str(), reason.text)
        }
        Record::DayStarted { equity, .. } => format!("a day began with {equity}"),
        Record::EntriesStopped { scope, reason, until } => {
            format!("entries of {scope} stopped until {until:?}: {}", reason.text)
        }
        Record::EntriesAllowed { scope, by, .. } => format!("entries of {scope} go on, by {by}"),
        Record::LevelSet { level, by, reason, .. } => format!("level {level} by {by}: {}", reason.text),
        Record::Diverged { key, reason, .. } => {
            format!(
                "diverged{}: {}",
                key.map_or_else(String::new, |key| format!(" in {}", key.symbol)),
                reason.text
            )
        }
        other => format!("{other:?}"),
    }
}

fn wanted(wanted: &Wanted, symbol: &str) -> String {
    match wanted {
        Wanted::Enter { side, .. } => format!("enter {symbol} {}", side.as_str()),
        Wanted::Exit => format!("exit {symbol}"),
        Wanted::Adjust { .. } => format!("move stop and target of {symbol}"),
    }
}

/// What happens beside faults.
pub(super) fn happening(happening: &Happening) -> String {
    match happening {
        Happening::Decided(decided) => {
            let signal = &decided.0;
            let what = wanted(&signal.wanted, &signal.symbol.to_string());
            format!("signal {} is decided: {what}, until {}", signal.id, signal.expires_at.format("%H:%M:%S"))
        }
        Happening::Prices(moves) => format!("prices move by {moves:?} hundredths of a percent"),
        Happening::Refresh => "the process looks at its venue".to_owned(),
        Happening::Timer => "the process looks at the clock".to_owned(),
        Happening::Resume => "a person lets it trade again".to_owned(),
        Happening::Repair(_) => "a person repairs what differs".to_owned(),
        Happening::Restart => "the process ends by itself".to_owned(),
    }
}

/// What reaches the desk; nothing for what is told elsewhere.
pub(super) fn input(input: &Input) -> Option<String> {
    Some(match input {
        Input::Snapshot { account } => format!("the account is worth {}", account.equity),
        Input::Activity { activity, .. } if !activity.events.is_empty() => {
            format!("the venue's log tells {} things up to {}", activity.events.len(), activity.cursor)
        }
        Input::Operator(Operator::Level { level, .. }) => format!("a person wants level {level}"),
        Input::Operator(Operator::Allow { scope, .. }) => format!("a person lets {scope} go on"),
        Input::Submitted { order, attempt, outcome } => {
            format!("{order} attempt {attempt}: {:?}", outcome.event())
        }
        Input::Cancelled { order, outcome } => format!("{order} cancel: {:?}", outcome.event()),
        _ => return None,
    })
}

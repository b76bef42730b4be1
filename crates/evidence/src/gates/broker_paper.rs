//! The gate from a broker's paper account to small real money: a week without a failure of order flow. Beside it stands
//! what a week can show on purpose: a restart, a lost connection, a halt and the end of a session, each lived through.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Criterion, Evaluation, Origin, Verdict, none_in, p95};
use crate::compare::Power;
use crate::compare::power::orders_for_quantile;
use crate::{Figure, Undefined};

/// One day of orders at the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowDay {
    /// The account day.
    pub date: NaiveDate,
    /// Orders sent.
    pub orders: usize,
    /// Orders of which book and broker say the same at the end of the day.
    pub reconciled: usize,
    /// What failed, each in a sentence.
    pub failures: Vec<String>,
    /// Whether trading was frozen at any time of it (L4).
    pub was_frozen: bool,
}

/// When each of these was last lived through without a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drills {
    /// The process began anew with positions or orders open.
    pub restart: Option<NaiveDate>,
    /// The connection was lost and came back.
    pub disconnect: Option<NaiveDate>,
    /// Everything was halted by a person.
    pub halt: Option<NaiveDate>,
    /// A session ended and the next began.
    pub session_boundary: Option<NaiveDate>,
}

/// What is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPaperNeeds {
    /// So many days from the first to the last without a failure between, both counted.
    pub calendar_days: i64,
    /// So many days with orders among them.
    pub trading_days: usize,
    /// 95 % of orders filled within so many milliseconds of their signal.
    pub signal_to_fill_ms: u64,
}

impl Default for BrokerPaperNeeds {
    fn default() -> Self {
        Self { calendar_days: 7, trading_days: 5, signal_to_fill_ms: 5000 }
    }
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BrokerPaperFacts {
    /// The days, in any order.
    pub days: Vec<FlowDay>,
    /// What was lived through.
    pub drills: Drills,
    /// The share of the time that held positions had their stop, from 0 to 1.
    pub stop_coverage: Option<f64>,
    /// From signal to first fill of each order, in milliseconds.
    pub signal_to_fill_ms: Vec<u64>,
    /// Trades closed there.
    pub trades: usize,
    /// What is needed.
    pub needs: BrokerPaperNeeds,
}

impl BrokerPaperFacts {
    /// The share of a time, in milliseconds, that is left of it; nothing when there was none.
    pub fn covered(without: u64, all: u64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of years are far below 2^53")]
        let share = |part: u64| part as f64 / all as f64;
        (all > 0).then(|| share(all.saturating_sub(without)))
    }
}

fn criterion(name: &str, origin: Origin, needed: String, have: String, verdict: Verdict) -> Criterion {
    let power = Power::none("", Undefined::NotGiven);
    Criterion { name: name.to_owned(), needed, have, verdict, evidence: String::new(), power, origin }
}

/// Evaluates the gate. Days are looked at from the last failure on: a failure begins the week anew.
pub fn broker_paper(facts: &BrokerPaperFacts) -> Evaluation {
    let mut days: Vec<&FlowDay> = facts.days.iter().collect();
    days.sort_by_key(|day| day.date);
    let failed = days.iter().rposition(|day| !day.failures.is_empty() || day.was_frozen);
    let clean = &days[failed.map_or(0, |at| at + 1)..];
    let criteria = vec![
        week(facts, failed.map(|at| days[at]), clean),
        reconciled(clean),
        drills(facts, clean),
        coverage(facts),
        latency(facts),
        frozen(&days, clean),
    ];
    Evaluation::new("broker-paper", criteria, facts.trades, 0, facts.trades)
}

fn week(facts: &BrokerPaperFacts, failed: Option<&FlowDay>, clean: &[&FlowDay]) -> Criterion {
    let needs = &facts.needs;
    let span = match (clean.first(), clean.last()) {
        (Some(first), Some(last)) => (last.date - first.date).num_days() + 1,
        _ => 0,
    };
    let with_orders = clean.iter().filter(|day| day.orders > 0).count();
    let (days, trading) = (needs.calendar_days - span, needs.trading_days.saturating_sub(with_orders));
    let verdict = if days <= 0 && trading == 0 {
        Verdict::Met
    } else {
        Verdict::not_yet(format!(
            "{} more days without a failure, {trading} of them with orders",
            days.max(0).max(i64::try_from(trading).unwrap_or(i64::MAX))
        ))
    };
    let needed = format!(
        "{} days, {} of them with orders, without a failure",
        needs.calendar_days, needs.trading_days
    );
    let mut c = criterion(
        "order-flow",
        Origin::Agreed,
        needed,
        format!("{span} days, {with_orders} with orders"),
        verdict,
    );
    c.evidence = match failed {
        Some(day) if day.failures.is_empty() => format!("frozen on {}", day.date),
        Some(day) => format!("failed last on {}: {}", day.date, day.failures.join("; ")),
        None => "no failure on any day".into(),
    };
    c.power = none_in(clean.iter().map(|day| day.orders).sum());
    c
}

fn reconciled(clean: &[&FlowDay]) -> Criterion {
    let (orders, same) = clean.iter().fold((0, 0), |(o, r), day| (o + day.orders, r + day.reconciled));
    let verdict = match (orders, same) {
        (0, _) => Verdict::cannot_tell("no order was sent since the last failure"),
        (orders, same) => Verdict::of(same >= orders),
    };
    let mut c = criterion(
        "reconciled",
        Origin::Stronger,
        "all orders".into(),
        format!("{same} of {orders}"),
        verdict,
    );
    c.evidence = "book and broker at the end of each day since the last failure".into();
    c.power = none_in(orders);
    c
}

fn drills(facts: &BrokerPaperFacts, clean: &[&FlowDay]) -> Criterion {
    let drills = facts.drills;
    let from = clean.first().map(|day| day.date);
    let all = [
        ("a restart", drills.restart),
        ("a lost connection", drills.disconnect),
        ("a halt", drills.halt),
        ("the end of a session", drills.session_boundary),
    ];
    let is_in = |at: Option<NaiveDate>| at.is_some_and(|at| from.is_some_and(|from| at >= from));
    let missing: Vec<&str> = all.iter().filter(|(_, at)| !is_in(*at)).map(|(name, _)| *name).collect();
    let verdict = if missing.is_empty() { Verdict::Met } else { Verdict::not_yet(missing.join(", ")) };
    let have = format!("{} of 4", all.len() - missing.len());
    let mut c = criterion("drills", Origin::Stronger, "each once in that time".into(), have, verdict);
    c.evidence = from.map_or_else(|| "no day without a failure".into(), |from| format!("since {from}"));
    c
}

fn coverage(facts: &BrokerPaperFacts) -> Criterion {
    let share = facts.stop_coverage;
    let verdict = share.map_or_else(
        || Verdict::cannot_tell("it is not known when positions had their stop"),
        |share| Verdict::of(share >= 1.0),
    );
    let have = share.map_or_else(|| "unknown".into(), |share| format!("{:.2} %", share * 100.0));
    criterion("stop-coverage", Origin::Stronger, "100 %".into(), have, verdict)
}

fn latency(facts: &BrokerPaperFacts) -> Criterion {
    let (times, limit) = (&facts.signal_to_fill_ms, facts.needs.signal_to_fill_ms);
    let (p95, enough) = (p95(times), orders_for_quantile(0.95));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
    let verdict = match p95 {
        Figure::Undefined { .. } => Verdict::cannot_tell("no time from signal to fill is known"),
        Figure::Is(ms) => Verdict::of(ms <= limit as f64),
    };
    let mut c = criterion(
        "signal-to-fill",
        Origin::Stronger,
        format!("95 % within {limit} ms"),
        format!("{p95:.0} ms"),
        verdict,
    );
    c.evidence = format!("{} orders; {enough} bound the 95 % quantile with 95 % confidence", times.len());
    c.power = none_in(times.len());
    c
}

fn frozen(days: &[&FlowDay], clean: &[&FlowDay]) -> Criterion {
    let count = days.iter().filter(|day| day.was_frozen).count();
    let verdict = if clean.is_empty() && count > 0 { Verdict::NotMet } else { Verdict::Met };
    let have = format!("{count} days in all, 0 of the last {}", clean.len());
    criterion("never-frozen", Origin::Stronger, "no day of that time".into(), have, verdict)
}

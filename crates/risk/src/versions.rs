//! How limits change: tighter at once, a little looser at once, a great deal looser not before a person has said so twice.
//!
//! 1. Each limit has the direction in which it is loosened ([`Looser`](crate::limits::Looser)). One that is loosened by more
//!    than twofold since it was last in force keeps its value until somebody confirmed the new one and the time for it has
//!    come. Everything else takes effect with the next start of a process, and so does a key that was not known before.
//! 2. Twofold is counted from one version to the next. Many small steps go far: each is within twofold, and each stands in the
//!    journal with its time. That is meant so: what this holds up is the wrong number, not the patient hand.
//! 3. Two limits that are steps of one another are held together where the one alone would pass the other.

use broker_api::{Figures, GuardState, LimitsConfirmed, Time};
use rust_decimal::Decimal;

use crate::limits::{Limits, Line, Looser};

/// By how much a limit may be loosened at once.
pub const AT_ONCE: Decimal = Decimal::TWO;

/// Limits that are steps of one another, by the name under which [`Limits::fault`] tells that they do not fit.
const STEPS: [(&str, &str); 5] = [
    ("daily_loss_flatten_percent", "daily_loss_percent"),
    ("drawdown_flatten_percent", "drawdown_percent"),
    ("latch_losses", "cooldown_losses"),
    ("stop_distance_max_percent", "stop_distance_min_percent"),
    ("open_risk_percent", "bucket_risk_percent"),
];

/// A limit that is not what is wished for yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its key.
    pub key: &'static str,
    /// What is in force.
    pub from: Box<str>,
    /// What is wished for.
    pub to: Box<str>,
    /// How many times looser that is, to two places; 0 where it cannot be said.
    pub factor: Decimal,
    /// What it waits for.
    pub until: Until,
}

/// What a limit waits for that is not what is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Somebody must confirm it.
    Confirmed,
    /// It was confirmed; its time has not come.
    Time(Time),
    /// Another limit waits, and this one would not fit it.
    With(&'static str),
}

/// How many times looser the second figure is than the first: at most 1 for what is not loosened.
fn factor(looser: Looser, from: Decimal, to: Decimal) -> Option<Decimal> {
    match looser {
        Looser::Larger => to.checked_div(from),
        Looser::Smaller => from.checked_div(to),
    }
}

/// Whether the second figure is looser than the first by more than may be at once. Multiplied, for a division rounds.
fn is_far(looser: Looser, from: Decimal, to: Decimal) -> bool {
    let (less, more) = match looser {
        Looser::Larger => (from, to),
        Looser::Smaller => (to, from),
    };
    less.checked_mul(AT_ONCE).is_none_or(|most| more > most)
}

/// One limit as it was in force and as it is wished for.
struct Change {
    line: Line,
    from: Decimal,
    to: Decimal,
}

/// What is changed of what is in force. What the figures in force lack, or hold as no number, is not there.
fn changes(old: &Figures, new: &Figures) -> Vec<Change> {
    let of = |line: Line| {
        let (from, to) = (old.get(line.key)?, new.get(line.key)?);
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        (from != to).then_some(Change { line, from, to })
    };
    Limits::paper().lines().into_iter().filter_map(of).collect()
}

/// What was confirmed of one limit: as text, and from when.
fn confirmed_of(confirmed: Option<&LimitsConfirmed>, change: &Change) -> Option<Time> {
    let confirmed = confirmed?;
    let figure: Decimal = confirmed.figures.get(change.line.key)?.parse().ok()?;
    let is_covered = match change.line.looser {
        Looser::Larger => change.to <= figure,
        Looser::Smaller => change.to >= figure,
    };
    is_covered.then_some(confirmed.from)
}

/// The limits in force for a process that starts now: `wanted`, save for what is loosened a great deal and waits. `old` are the
/// figures that were in force last; without any, all takes effect.
pub fn in_force(
    old: Option<&Figures>,
    wanted: &Limits,
    confirmed: Option<&LimitsConfirmed>,
    now: Time,
) -> (Limits, Vec<Pending>) {
    let mut limits = wanted.clone();
    let mut pending: Vec<Pending> = Vec::new();
    let Some(old) = old else { return (limits, pending) };
    let new = wanted.figures();
    for change in changes(old, &new) {
        if !is_far(change.line.looser, change.from, change.to) {
            continue;
        }
        let until = match confirmed_of(confirmed, &change) {
            Some(from) if from <= now => continue,
            Some(from) => Until::Time(from),
            None => Until::Confirmed,
        };
        hold(&mut limits, &mut pending, old, &new, &change.line, until);
    }
    // As many times as there are pairs: each time one of them fits again.
    for _ in STEPS {
        let Some((second, first)) =
            limits.fault().and_then(|key| STEPS.into_iter().find(|(of, _)| *of == key))
        else {
            break;
        };
        let is_held = |key: &str| pending.iter().any(|row| row.key == key);
        let (held, other) = if is_held(first) { (first, second) } else { (second, first) };
        if !is_held(held) {
            break;
        }
        let Some(line) = wanted.lines().into_iter().find(|line| line.key == other) else { break };
        hold(&mut limits, &mut pending, old, &new, &line, Until::With(held));
    }
    (limits, pending)
}

/// Keeps one limit as it is.
fn hold(
    limits: &mut Limits,
    pending: &mut Vec<Pending>,
    old: &Figures,
    new: &Figures,
    line: &Line,
    until: Until,
) {
    let (Some(from), Some(to)) = (old.get(line.key), new.get(line.key)) else { return };
    if !limits.put(line.key, from) {
        return;
    }
    let parsed = from.parse().ok().zip(to.parse().ok());
    let factor = parsed.and_then(|(from, to)| factor(line.looser, from, to)).unwrap_or_default();
    let factor = factor.round_dp(2).normalize();
    pending.push(Pending { key: line.key, from: from.clone(), to: to.clone(), factor, until });
}

/// The first limit that is looser than what is in force in a book by more than may be at once, and that nobody confirmed.
pub fn loosened(guard: &GuardState, limits: &Limits, now: Time) -> Option<&'static str> {
    let old = &guard.limits.as_ref()?.figures;
    let (_, pending) = in_force(Some(old), limits, guard.confirmed.as_ref(), now);
    pending.first().map(|row| row.key)
}

//! What to do about an order without an answer. How a venue settles such orders is data ([`ResolvePolicy`]); this
//! is the one table that reads it.
//!
//! | order | then |
//! |---|---|
//! | never left us, or documented as not looked at | wait until it may be sent again, then send it again |
//! | unknown, a question under way | wait for the answer |
//! | unknown, absence proven, and the venue allows it | send it again, `attempts_max` times in all |
//! | unknown, no proof yet, questions left | ask: first `first_ask` after the loss, then every `every` |
//! | unknown, not known there for `AfterSilence` long | its `find` gives the proof; until then it is asked |
//! | unknown, out of questions or attempts, or never to be re-sent | a person is told; it counts as live |

use broker_api::{Phase, Proof, Resend, ResolvePolicy, SentWindow, Time};
use chrono::TimeDelta;

/// How long a question that got no answer is waited for before it counts as failed.
const QUESTION: TimeDelta = TimeDelta::seconds(60);

/// What comes next for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this moment.
    Wait(Time),
    /// Ask the venue about it.
    Ask,
    /// Review it again and send it again.
    Resend,
    /// A person must look.
    TellPerson,
}

/// An order without an answer, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Where it stands.
    pub phase: Phase,
    /// Since when.
    pub since: Time,
    /// The time in which its last attempt can have arrived.
    pub sent: SentWindow,
    /// How often it was sent.
    pub attempt: u32,
    /// How often the venue was asked since then.
    pub asks: u32,
    /// A question is under way.
    pub asking: bool,
    /// When the last question ended.
    pub asked_at: Option<Time>,
    /// Not before this moment is it asked about, or sent, again.
    pub not_before: Option<Time>,
    /// What the venue last proved.
    pub proof: Option<Proof>,
}

/// What comes next for an order without an answer. Total: an order that is settled is simply waited for.
pub fn resolve(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    let not_before = order.not_before.unwrap_or(order.since);
    match order.phase {
        Phase::Waiting if order.attempt >= policy.attempts_max => Next::TellPerson,
        Phase::Waiting if now < not_before => Next::Wait(not_before),
        Phase::Waiting => Next::Resend,
        Phase::Unknown => unknown(policy, order, now),
        Phase::Sending | Phase::Working | Phase::Cancelling | Phase::Done(_) => Next::Wait(now + QUESTION),
    }
}

fn unknown(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    if order.asking {
        return Next::Wait(now + QUESTION);
    }
    if order.proof.is_some() {
        let allowed = match policy.resend {
            Resend::Never => false,
            Resend::AfterProof | Resend::AfterSilence(_) => true,
            Resend::ProbeSameId(within) => now <= order.sent.from + within,
        };
        return if allowed && order.attempt < policy.attempts_max { Next::Resend } else { Next::TellPerson };
    }
    if order.asks >= policy.asks_max {
        return Next::TellPerson;
    }
    let first = order.since + policy.first_ask;
    let spaced = order.asked_at.filter(|_| order.asks > 0).map_or(first, |asked| asked + policy.every);
    let due = spaced.max(order.not_before.unwrap_or(spaced));
    if now < due { Next::Wait(due) } else { Next::Ask }
}

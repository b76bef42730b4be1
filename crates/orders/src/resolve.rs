//! What to do about an order without an answer. How a venue settles such orders is data ([`broker_api::ResolvePolicy`]); this
//! is the one table that reads it. The first line that fits decides.
//!
//! | phase | and | then |
//! |---|---|---|
//! | waiting | a question is under way | wait for its answer |
//! | waiting | may have arrived `attempts_max` times, not sent `not_sent_max` times, or put off `throttled_max` times | tell a person |
//! | waiting | before the venue's own moment, or else before `every` has passed | wait for that |
//! | waiting | otherwise: it provably never left us | resend |
//! | unknown | a question is under way | wait for its answer |
//! | unknown | absence proven, and its last attempt had an answer of the kind that refuses | it was refused |
//! | unknown | absence proven, but it should carry a last moment of its own and does not | tell a person |
//! | unknown | absence proven, but `Never`, or may have arrived `attempts_max` times | tell a person |
//! | unknown | absence proven, `AfterProof` | resend |
//! | unknown | absence proven, `AfterSilence`: an answer after that long was still silence; not yet | resend; ask then |
//! | unknown | absence proven, `ProbeSameId`: first attempt and within its time; otherwise | resend; tell a person |
//! | unknown | asked `asks_max` times | tell a person |
//! | unknown | before `first_ask`, before `every` since the last answer, or before the venue's own moment | wait for that |
//! | unknown | the last question is left, or absence was said too early: before settling | wait for that |
//! | unknown | otherwise | ask |
//! | any other | it is not for this table | wait |
//!
//! Absence means something once the attempt has been over for `settle`: an attempt is over when its answer was
//! lost or its process ended, and at the latest when its time to be sent ended. What was asked before that is not
//! proof, however late its answer comes; one question is always kept for after it. An order of which a person is told stays as it is
//! and counts as live.
//!
//! Not every word of absence is proof everywhere. Silence proves something only where it is said to (`AfterSilence`), or where
//! a probe under the same name is harmless. Where orders carry a last moment of their own (`fence`), only that this moment has
//! passed and the log up to then does not hold the order does, and settling counts from it: an answer that was lost
//! early does not end what may still be on its way.

use broker_api::{Phase, Proof, Resend, ResolvePolicy, SentWindow, Time, planted};
use chrono::TimeDelta;

/// How often an order that waits for somebody else is looked at again.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(60);

/// What comes next for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this moment.
    Wait(Time),
    /// Ask the venue about it.
    Ask,
    /// Review it again and send it again.
    Resend,
    /// The venue refused it, in words that stand in no table.
    Refused,
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
    /// How often nothing left us.
    pub unsent: u32,
    /// How often the venue put it off.
    pub throttled: u32,
    /// When an attempt was last lost.
    pub lost_at: Option<Time>,
    /// Its last attempt had an answer of the kind that refuses.
    pub was_refused: bool,
    /// It is an entry that carries no last moment of its own.
    pub is_open_ended: bool,
    /// How often the venue was asked since then.
    pub asks: u32,
    /// A question is under way.
    pub asking: bool,
    /// When the last question was put: its answer is of that moment, however late it comes.
    pub question_at: Option<Time>,
    /// When the last question ended.
    pub asked_at: Option<Time>,
    /// Not before this moment is it asked about, or sent, again.
    pub not_before: Option<Time>,
    /// What the venue last proved.
    pub proof: Option<Proof>,
}

/// What comes next for an order without an answer. Total: an order that is settled is simply waited for.
pub fn resolve(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    match order.phase {
        Phase::Waiting => waiting(policy, order, now),
        Phase::Unknown => unknown(policy, order, now),
        Phase::Sending | Phase::Working | Phase::Cancelling | Phase::Done(_) => {
            Next::Wait(after(now, LOOK_AGAIN))
        }
    }
}

/// How an order that nobody wants to send any more may be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivingUp {
    /// At once.
    Now,
    /// Not before this moment: it may still arrive.
    At(Time),
    /// Once the venue says again that it does not have it.
    Asked,
}

/// Whether an order that is proven absent, or never left us, may be given up. What only silence speaks against counts as
/// live for `gone_after`, and is asked about once more then.
pub fn give_up(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> GivingUp {
    let is_silence = matches!(policy.resend, Resend::AfterSilence(_))
        && !matches!(order.proof, Some(Proof::CompleteLog { .. }));
    let Some(lost) = order.lost_at.filter(|_| is_silence && !planted!(GivenUpTooSoon)) else {
        return GivingUp::Now;
    };
    let gone = after(lost, policy.gone_after);
    if order.asking || now < gone {
        return GivingUp::At(if now < gone { gone } else { after(now, LOOK_AGAIN) });
    }
    let is_fresh = order.asks > 0 && order.proof.is_some() && order.question_at.is_some_and(|at| at >= gone);
    if is_fresh { GivingUp::Now } else { GivingUp::Asked }
}

/// How many attempts may have arrived.
const fn arrived(order: &Unsettled) -> u32 {
    order.attempt.saturating_sub(order.unsent).saturating_sub(order.throttled)
}

fn waiting(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    if order.asking {
        return Next::Wait(after(now, LOOK_AGAIN));
    }
    if arrived(order) >= policy.attempts_max
        || order.unsent >= policy.not_sent_max
        || order.throttled >= policy.throttled_max
    {
        return Next::TellPerson;
    }
    let due = order.not_before.unwrap_or_else(|| after(order.since, policy.every));
    if now < due { Next::Wait(due) } else { Next::Resend }
}

fn unknown(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    if order.asking {
        return Next::Wait(after(now, LOOK_AGAIN));
    }
    if planted!(ResentUnasked) && order.attempt < policy.attempts_max {
        return Next::Resend;
    }
    // The time of the last answer is of this attempt only when it was asked about.
    let answered = order.asked_at.filter(|_| order.asks > 0);
    let settle = if planted!(AbsentTooEarly) { TimeDelta::zero() } else { policy.settle };
    let is_over = if policy.fence.is_some() { order.sent.to } else { order.since.min(order.sent.to) };
    let settled = after(is_over, settle);
    let is_absent = is_proof(policy, order);
    // Silence is what was heard when somebody listened: time that passed without an answer is none.
    let quiet = match (policy.resend, order.proof) {
        (Resend::AfterSilence(long), Some(Proof::Silence { since })) => settled.max(after(since, long)),
        _ => settled,
    };
    if is_absent && answered.and(order.question_at).is_some_and(|at| at >= quiet) {
        return proven(policy, order, now);
    }
    if order.asks >= policy.asks_max {
        return Next::TellPerson;
    }
    let mut due = answered.map_or_else(|| after(order.since, policy.first_ask), |at| after(at, policy.every));
    due = due.max(order.not_before.unwrap_or(due));
    if is_absent || order.asks.saturating_add(1) == policy.asks_max {
        due = due.max(quiet);
    }
    if now < due { Next::Wait(due) } else { Next::Ask }
}

/// Whether what the venue last said of its absence is proof at such a venue.
fn is_proof(policy: &ResolvePolicy, order: &Unsettled) -> bool {
    match order.proof {
        None => false,
        Some(Proof::FencePassed { fence, .. }) => fence >= order.sent.to,
        Some(Proof::CompleteLog { .. }) => policy.fence.is_none(),
        Some(Proof::Silence { .. }) => {
            policy.fence.is_none()
                && matches!(policy.resend, Resend::AfterSilence(_) | Resend::ProbeSameId(_))
        }
    }
}

fn proven(policy: &ResolvePolicy, order: &Unsettled, now: Time) -> Next {
    if order.was_refused && !planted!(UnlistedRetried) {
        return Next::Refused;
    }
    // One more of it could be taken beside the first, whenever that comes.
    if policy.fence.is_some() && order.is_open_ended && !planted!(UnfencedEntry) {
        return Next::TellPerson;
    }
    if arrived(order) >= policy.attempts_max {
        return Next::TellPerson;
    }
    match policy.resend {
        Resend::AfterProof | Resend::AfterSilence(_) => Next::Resend,
        // The time counts from the first attempt, and only the last one's is known here.
        Resend::ProbeSameId(within) if order.attempt <= 1 && now <= after(order.sent.from, within) => {
            Next::Resend
        }
        Resend::Never | Resend::ProbeSameId(_) => Next::TellPerson,
    }
}

/// `time` later by `by`; the end of time when there is no such moment.
fn after(time: Time, by: TimeDelta) -> Time {
    time.checked_add_signed(by).unwrap_or(Time::MAX_UTC)
}

//! What a fault is on the wire: one of several things that come to the same for whoever sent the request.

use broker_api::{Intent, Qty};
use broker_sim::core::OnRequest;
use rust_decimal::Decimal;

use super::house::Refusals;
use crate::dice::Dice;
use crate::fault::Fault;

/// What happens to a request.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) on: OnRequest,
    /// The process dies of it.
    pub(super) kills: bool,
}

impl Act {
    const fn of(on: OnRequest) -> Self {
        Self { on, kills: false }
    }

    const fn killing(on: OnRequest) -> Self {
        Self { on, kills: true }
    }
}

/// What cannot be taken for an answer that was read.
fn lost_answer(dice: &mut Dice) -> OnRequest {
    let all = [OnRequest::LostReply, OnRequest::CutBody, OnRequest::MalformedBody];
    dice.pick(&all).cloned().unwrap_or(OnRequest::LostReply)
}

/// An answer that says nothing of what came of the request.
fn ambiguous(dice: &mut Dice) -> OnRequest {
    let processed = dice.happens(500);
    match dice.below(3) {
        0 => OnRequest::Html502 { processed },
        1 => OnRequest::Status { code: 503, processed },
        _ => OnRequest::Status { code: 504, processed },
    }
}

fn millis(dice: &mut Dice, seconds: i64) -> u64 {
    dice.between(1, seconds.max(1) * 1_000).unsigned_abs()
}

/// An answer that comes late, or later than anybody waits.
fn late(dice: &mut Dice) -> OnRequest {
    OnRequest::LateReply { millis: millis(dice, 45) }
}

/// What happens to an order; nothing for what does not happen on the wire.
pub(super) fn on_submit(
    fault: Fault,
    intent: &Intent,
    lot: Decimal,
    late_max: i64,
    refusals: Refusals,
    dice: &mut Dice,
) -> Option<Act> {
    let later = |dice: &mut Dice| OnRequest::LateRequest {
        millis: i64::try_from(millis(dice, late_max)).unwrap_or(1),
    };
    Some(match fault {
        Fault::DiesAfter => Act::killing(OnRequest::LostReply),
        Fault::DiesInFlight => Act::killing(later(dice)),
        Fault::RequestLost => Act::of(OnRequest::LostRequest),
        Fault::RequestLate => Act::of(later(dice)),
        Fault::ReplyLost => Act::of(lost_answer(dice)),
        Fault::ReplyLate => Act::of(late(dice)),
        Fault::Throttled => Act::of(OnRequest::RateLimited),
        Fault::Refused => Act::of(refusals.listed),
        Fault::RefusedUnlisted => Act::of(refusals.unlisted),
        Fault::Broken => Act::of(refusals.all),
        Fault::Ambiguous => Act::of(ambiguous(dice)),
        Fault::KilledOnArrival => Act::of(OnRequest::RejectedLater),
        Fault::PartFilled => Act::of(OnRequest::PartialFill { qty: part(intent.qty, lot)? }),
        _ => return None,
    })
}

/// Two fifths of an order, in whole lots.
fn part(qty: Qty, lot: Decimal) -> Option<Qty> {
    let part = (qty.get() * Decimal::new(4, 1) / lot).floor() * lot;
    Qty::new(part).ok().filter(|part| !part.is_zero())
}

/// What happens to a cancel.
pub(super) fn on_cancel(fault: Fault, dice: &mut Dice) -> Option<Act> {
    Some(match fault {
        Fault::DiesAfter => Act::killing(OnRequest::LostReply),
        Fault::RequestLost => {
            let not = [
                OnRequest::LostRequest,
                OnRequest::RateLimited,
                OnRequest::Html502 { processed: false },
                OnRequest::Status { code: 503, processed: false },
            ];
            Act::of(dice.pick(&not).cloned()?)
        }
        Fault::ReplyLost => {
            let done = [
                OnRequest::LostReply,
                OnRequest::Html502 { processed: true },
                OnRequest::Status { code: 504, processed: true },
            ];
            Act::of(dice.pick(&done).cloned()?)
        }
        Fault::ReplyLate => Act::of(late(dice)),
        _ => return None,
    })
}

/// What happens to a question.
pub(super) fn on_question(fault: Fault, dice: &mut Dice) -> Option<Act> {
    Some(match fault {
        Fault::DiesBefore => Act::killing(OnRequest::LostReply),
        // Nobody waits for a minute.
        Fault::ReplyLost => Act::of(OnRequest::LateReply { millis: 60_000 }),
        Fault::Unreadable => Act::of(match dice.below(5) {
            0 => OnRequest::LostRequest,
            1 => OnRequest::RateLimited,
            2 => ambiguous(dice),
            3 => late(dice),
            _ => lost_answer(dice),
        }),
        _ => return None,
    })
}

/// What it is called when it is counted.
pub(super) const fn name(act: &OnRequest) -> &'static str {
    match act {
        OnRequest::LostRequest => "the connection is reset when the request was read",
        OnRequest::LateRequest { .. } => "the connection is reset, and the request arrives later",
        OnRequest::LostReply => "done, and the connection closes without an answer",
        OnRequest::LateReply { millis: 0..=20_000 } => "the answer comes late",
        OnRequest::LateReply { .. } => "the answer comes later than it is waited for",
        OnRequest::RateLimited => "429",
        OnRequest::Status { processed: false, .. } => "503 or 504, not done",
        OnRequest::Status { .. } => "503 or 504, and done",
        OnRequest::Html502 { processed: false } => "502 as a page, not done",
        OnRequest::Html502 { .. } => "502 as a page, and done",
        OnRequest::CutBody => "the answer ends in the middle of its body",
        OnRequest::MalformedBody => "the answer is no JSON",
        OnRequest::WrongFigure { .. } => "a figure of the answer is wrong",
        OnRequest::Reject { status: 401, .. } => "401",
        OnRequest::Reject { .. } => "refused",
        OnRequest::PartialFill { .. } => "filled in parts",
        OnRequest::RejectedLater => "taken, and rejected afterwards",
        OnRequest::LateCancel { .. } => "cancelled late",
        OnRequest::Maintenance { .. } => "maintenance: 503 to all",
    }
}

/// Everything else that is counted.
pub(super) const REFUSED: &str = "the connection is refused";
/// See [`REFUSED`].
pub(super) const RESET: &str = "all connections are closed";
/// See [`REFUSED`].
pub(super) const NO_LOG: &str = "the log alone is not told for a while";
/// See [`REFUSED`].
pub(super) const HAND: &str = "somebody trades by hand";
/// See [`REFUSED`].
pub(super) const LIQUIDATED: &str = "the broker closes a position";
/// See [`REFUSED`].
pub(super) const BUSTED: &str = "an execution is taken back";
/// See [`REFUSED`].
pub(super) const OVERTAKEN: &str = "filled before the cancel arrives";

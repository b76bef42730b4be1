//! The review: every check is asked, the first that says no decides.

use broker_api::{Amount, Intent, Mark, Marks, Qty, Reason};

use crate::approved::Approved;
use crate::checks::{CHECKS, Case, Said};
use crate::limits::Limits;
use crate::view::View;

/// What came of a review.
#[derive(Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is alive at a time, and a box would be one more allocation before the send"
)]
pub enum Verdict {
    /// It may be sent.
    Approved {
        /// The order, perhaps smaller than it was asked for.
        order: Approved,
        /// The check that made it smaller.
        clipped_by: Option<u8>,
        /// What each check said.
        marks: Marks,
    },
    /// It must not be sent.
    Denied {
        /// The check that decided.
        check: u8,
        /// Why, with the figures.
        reason: Reason,
        /// What each check said.
        marks: Marks,
    },
    /// Not now: something passing stands against it. Never the answer to a new entry that a limit stops.
    Wait {
        /// The check that decided.
        check: u8,
        /// Why.
        reason: Reason,
        /// What each check said.
        marks: Marks,
    },
}

/// What all checks together said about one order.
struct Asked {
    marks: Marks,
    stop: Option<(u8, Reason)>,
    wait: Option<(u8, Reason)>,
    /// The least that a check would leave of the order.
    clip: Option<(u8, Qty, Reason)>,
}

fn ask(intent: &Intent, view: &View<'_>, limits: &Limits) -> Asked {
    let case = Case::new(intent, view, limits);
    let mut asked = Asked { marks: Marks::default(), stop: None, wait: None, clip: None };
    for check in CHECKS {
        let mark = match check.ask(&case) {
            None => Mark::NotApplicable,
            Some(Said::Passed) => Mark::Passed,
            Some(Said::Near) => Mark::Near,
            Some(Said::Clip(qty, reason)) => {
                if asked.clip.as_ref().is_none_or(|(_, least, _)| qty < *least) {
                    asked.clip = Some((check.number, qty, *reason));
                }
                Mark::Clipped
            }
            Some(Said::Wait(reason)) => {
                asked.wait.get_or_insert((check.number, *reason));
                Mark::Missing
            }
            Some(Said::Denied(reason)) => {
                asked.stop.get_or_insert((check.number, *reason));
                Mark::Denied
            }
            Some(Said::Missing(reason)) => {
                asked.stop.get_or_insert((check.number, *reason));
                Mark::Missing
            }
        };
        asked.marks.set(check.number, mark);
    }
    asked
}

/// Puts one order before all checks. Total and pure: the same arguments give the same verdict. An order that is
/// made smaller goes before all of them once more.
pub fn review(intent: Intent, view: &View<'_>, limits: &Limits) -> Verdict {
    let Asked { mut marks, stop, wait, clip } = ask(&intent, view, limits);
    if let Some((check, reason)) = stop {
        return Verdict::Denied { check, reason, marks };
    }
    if let Some((check, reason)) = wait {
        return Verdict::Wait { check, reason, marks };
    }
    let Some((check, qty, reason)) = clip else {
        return Verdict::Approved { order: Approved::mint(intent), clipped_by: None, marks };
    };
    let Some(clipped) = smaller(&intent, qty, view) else {
        marks.set(check, Mark::Denied);
        return Verdict::Denied { check, reason, marks };
    };
    let again = ask(&clipped, view, limits);
    let first = again.stop.or(again.wait).or(again.clip.map(|(check, _, reason)| (check, reason)));
    if let Some((check, reason)) = first {
        marks = again.marks;
        marks.set(check, Mark::Denied);
        return Verdict::Denied { check, reason, marks };
    }
    Verdict::Approved { order: Approved::mint(clipped), clipped_by: Some(check), marks }
}

/// The order cut down to `qty`, in whole lots; nothing when that is less than the instrument allows.
fn smaller(intent: &Intent, qty: Qty, view: &View<'_>) -> Option<Intent> {
    let instrument = view.instrument;
    let qty = qty.min(intent.qty).round_down_to(instrument.lot).ok()?;
    let value = intent.reference.times(qty).ok()?;
    if qty.is_zero() || qty < instrument.qty_min || value < instrument.notional_min {
        return None;
    }
    let risk = match intent.risk {
        Some(risk) => {
            let scaled = risk.get().checked_mul(qty.get())?.checked_div(intent.qty.get())?;
            Some(Amount::new(scaled).ok()?.round_half_even(2))
        }
        None => None,
    };
    Some(Intent { qty, risk, ..*intent })
}

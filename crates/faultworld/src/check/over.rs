//! Nothing is assumed: what the journal calls over is over at the venue, what is proven never to have come did not come, and
//! an exit that is wanted is wanted until nothing is held.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{ClientOrderId, End, Finding, Intent, Key, Proof, Record, SubmitOutcome, Time};

use rust_decimal::Decimal;

use super::holding::{Holding, Holdings};
use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Over {
    /// The positions that are to be closed, and what was held of each when that was said last.
    exits: BTreeMap<Key, Decimal>,
    held: Holdings,
    given_up: BTreeSet<ClientOrderId>,
    asked: BTreeMap<ClientOrderId, Asked>,
    looked: usize,
}

/// How an order was announced last, and when it was asked about last, by the records of it.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    announced: u64,
    send_by: Time,
    question: u64,
}

impl Over {
    /// Whether an order arrived in its time, and before the last question about it.
    fn came(&self, order: ClientOrderId, seen: &Seen<'_>) -> bool {
        let Some(Asked { announced, send_by, question }) = self.asked.get(&order).copied() else {
            return false;
        };
        seen.truth.arrivals.iter().filter(|arrival| arrival.intent.id == order).any(|arrival| {
            arrival.at <= send_by && announced <= arrival.records && arrival.records < question
        })
    }

    fn announced(&mut self, order: ClientOrderId, announced: u64, send_by: Time) {
        self.asked.insert(order, Asked { announced, send_by, question: 0 });
    }
}

impl Checker for Over {
    fn name(&self) -> &'static str {
        "over"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            match &stamped.record {
                Record::Closed { order, .. }
                    if seen.truth.live().any(|arrival| arrival.intent.id == *order) =>
                {
                    return Err(format!("record {} closes {order}, which lives", stamped.seq));
                }
                Record::Answered { order, answer: SubmitOutcome::Refused { .. }, .. }
                    if seen.truth.find(*order).is_some()
                        // An attempt before it may still have been on its way: then nobody calls the order refused.
                        && seen.book.order(*order).is_some_and(|row| row.end() == Some(End::Refused)) =>
                {
                    return Err(format!("record {} calls {order} refused, which arrived", stamped.seq));
                }
                Record::Answered { order, answer: SubmitOutcome::Refused { code, .. }, .. }
                    if seen.truth.sends.iter().any(|sent| sent.order == *order && sent.is_duplicate)
                        && !seen.truth.sends.iter().any(|sent| sent.order == *order && sent.is_refused)
                        && !matches!(code.as_str(), "expired" | "killed") =>
                {
                    return Err(format!(
                        "record {} calls {order} refused ({code}), and the venue has one of this name",
                        stamped.seq
                    ));
                }
                Record::Intended { intent, send_by, .. } => self.announced(intent.id, stamped.seq, *send_by),
                Record::Resent { order, send_by, .. } => self.announced(*order, stamped.seq, *send_by),
                Record::AskStarted { order } => self.asked.entry(*order).or_default().question = stamped.seq,
                Record::AskAnswered {
                    order,
                    finding:
                        Some(Finding::Absent { proof: Proof::FencePassed { .. } | Proof::CompleteLog { .. } }),
                } if self.came(*order, seen) => {
                    return Err(format!(
                        "record {} proves that {order} never came, which arrived",
                        stamped.seq
                    ));
                }
                Record::GaveUp { order, .. } => drop(self.given_up.insert(*order)),
                // What was taken back brings the position to life again, and nobody wants that closed yet.
                Record::Busted { .. } => self.exits.clear(),
                Record::ExitWanted { key, .. } => {
                    let held = self.held.get(*key).map_or(Decimal::ZERO, Holding::held);
                    if !held.is_zero() {
                        self.exits.insert(*key, held);
                    }
                }
                _ => {}
            }
            self.held.follow(&stamped.record);
            let is_same = |key: &Key, held: &Decimal| {
                let now = self.held.get(*key).map_or(Decimal::ZERO, Holding::held);
                !now.is_zero() && now.is_sign_negative() == held.is_sign_negative()
            };
            self.exits.retain(|key, held| is_same(key, held));
        }
        for arrival in seen.truth.arrivals.get(self.looked..).unwrap_or_default() {
            let Intent { id, key, .. } = arrival.intent;
            // Of what others never told us, absence is what it was taken for, and late arrivals are theirs.
            // An exit that names what it closes is harmless whenever it comes.
            let is_harmless = seen.truth.frees_names && arrival.intent.reduce_only;
            let is_told = matches!(key.venue.as_str(), "paper" | "oanda") && !is_harmless;
            if is_told && self.given_up.contains(&id) {
                return Err(format!("{id} was given up as never arrived, and arrived"));
            }
        }
        self.looked = seen.truth.arrivals.len();
        for key in self.exits.keys() {
            let is_held = !seen.book.held(*key).is_flat();
            let is_left_out = seen.truth.lists.is_none() && seen.truth.disturbed.contains(key);
            if is_held && seen.book.exit_wanted(*key).is_none() && !is_left_out {
                return Err(format!("{key} was to be closed, is held, and nothing wants it closed any more"));
            }
        }
        Ok(())
    }
}

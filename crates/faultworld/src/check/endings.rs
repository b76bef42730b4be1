//! Every signal ends once: none twice, and at rest each whose time has passed has its end, unless it waits for a person.

use std::collections::BTreeMap;

use broker_api::{Ending, Phase, Record, Signal, SignalId};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Endings {
    signals: BTreeMap<SignalId, (Signal, Option<Ending>)>,
}

impl Checker for Endings {
    fn name(&self) -> &'static str {
        "endings"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            match &stamped.record {
                Record::SignalTaken { signal, .. }
                    if self.signals.insert(signal.id, (*signal, None)).is_some() =>
                {
                    return Err(format!("signal {} was taken in twice", signal.id));
                }
                Record::SignalEnded { signal, ending, .. } => match self.signals.get_mut(signal) {
                    Some((_, end @ None)) => *end = Some(*ending),
                    Some((_, Some(end))) => {
                        return Err(format!("signal {signal} ended {end:?} and then {ending:?}"));
                    }
                    None => return Err(format!("signal {signal} ended and was never taken in")),
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for (id, (signal, end)) in &self.signals {
            let waits = seen
                .book
                .open_orders()
                .any(|order| order.intent.key.symbol == signal.symbol && order.phase == Phase::Unknown);
            let is_disturbed = seen.truth.lists.is_none()
                && seen.truth.disturbed.iter().any(|key| key.symbol == signal.symbol);
            let is_kept = seen.book.open_orders().any(|order| order.intent.signal == Some(*id));
            // What is too little for an order is closed when its venue does that by itself, or a person.
            let is_dust = seen.book.exits_wanted().any(|(key, exit)| {
                exit.signal == Some(*id) && seen.book.held(key).get().abs() < rust_decimal::Decimal::ONE
            });
            if end.is_none()
                && !is_dust
                && signal.expires_at < seen.now
                && !waits
                && !is_disturbed
                && !is_kept
            {
                return Err(format!("signal {id} has no end, and its time has passed"));
            }
        }
        Ok(())
    }
}

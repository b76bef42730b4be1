//! Nothing is sent twice, and nothing without a record: at most one live order for each intent, and no order at the
//! venue that was not announced, as it is, before it arrived.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, Intent, Record};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Once {
    /// Each announced intent, with the seq of its record.
    announced: BTreeMap<ClientOrderId, (u64, Intent)>,
    looked: usize,
}

impl Checker for Once {
    fn name(&self) -> &'static str {
        "once"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            if let Record::Intended { intent, .. } = &stamped.record {
                self.announced.insert(intent.id, (stamped.seq, *intent));
            }
        }
        for arrival in seen.truth.arrivals.get(self.looked..).unwrap_or_default() {
            let id = arrival.intent.id;
            let Some((seq, intent)) = self.announced.get(&id) else {
                return Err(format!("{id} arrived without a record"));
            };
            if *seq > arrival.records {
                return Err(format!(
                    "{id} arrived before its record {seq}: {} were durable",
                    arrival.records
                ));
            }
            if *intent != arrival.intent {
                return Err(format!(
                    "{id} arrived otherwise than it was written down: {intent:?}, {:?}",
                    arrival.intent
                ));
            }
            let twins: Vec<_> = seen.truth.arrivals.iter().filter(|other| other.intent.id == id).collect();
            let executed: rust_decimal::Decimal = twins.iter().map(|twin| twin.filled.get()).sum();
            let live = twins.iter().filter(|twin| twin.end.is_none()).count();
            let is_used = twins.len() > 1 && twins.iter().rev().skip(1).any(|twin| !twin.filled.is_zero());
            if live > 1 || executed > intent.qty.get() || is_used {
                return Err(format!("{id} arrived {} times: {live} live, {executed} executed", twins.len()));
            }
        }
        self.looked = seen.truth.arrivals.len();
        Ok(())
    }
}

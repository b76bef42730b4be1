//! Nothing is sent without a word: each sending has a record of its own, durable before it; nothing is sent after its venue
//! refused it; and no entry is announced once its signal has expired.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, Intent, Purpose, Record, Stamped, Time, Wanted};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sends {
    /// The seq of each record that announces a sending.
    announced: BTreeMap<ClientOrderId, Vec<u64>>,
    entries: BTreeMap<ClientOrderId, Intent>,
    expires: BTreeMap<broker_api::SignalId, Time>,
    sent: BTreeMap<ClientOrderId, usize>,
    /// How many records there were when an order was sent and refused.
    refused: BTreeMap<ClientOrderId, u64>,
    /// The seq of each answer that was heard; one that its process died with was not.
    heard: BTreeMap<ClientOrderId, Vec<u64>>,
    looked: usize,
}

impl Sends {
    fn announce(&mut self, order: ClientOrderId, stamped: &Stamped) -> Result<(), String> {
        self.announced.entry(order).or_default().push(stamped.seq);
        let signal = self.entries.get(&order).and_then(|intent| intent.signal);
        match signal.and_then(|signal| self.expires.get(&signal)) {
            Some(expires) if *expires <= stamped.at => {
                Err(format!("record {} sends {order}, whose signal expired at {expires}", stamped.seq))
            }
            _ => Ok(()),
        }
    }
}

impl Checker for Sends {
    fn name(&self) -> &'static str {
        "sends"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            match &stamped.record {
                Record::SignalTaken { signal, .. } if matches!(signal.wanted, Wanted::Enter { .. }) => {
                    self.expires.insert(signal.id, signal.expires_at);
                }
                Record::Intended { intent, .. } => {
                    if intent.purpose == Purpose::Entry {
                        self.entries.insert(intent.id, *intent);
                    }
                    self.announce(intent.id, stamped)?;
                }
                Record::Answered { order, .. } => self.heard.entry(*order).or_default().push(stamped.seq),
                Record::Resent { order, .. } => self.announce(*order, stamped)?,
                _ => {}
            }
        }
        for sending in seen.truth.sends.get(self.looked..).unwrap_or_default() {
            let order = sending.order;
            let count = self.sent.entry(order).or_default();
            *count += 1;
            let records = self.announced.get(&order).map(Vec::as_slice).unwrap_or_default();
            let durable = records.iter().filter(|seq| **seq <= sending.records).count();
            if *count > durable {
                return Err(format!("{order} was sent {count} times, and {durable} records said so before"));
            }
            if let Some(then) = self.refused.remove(&order)
                && self
                    .heard
                    .get(&order)
                    .is_some_and(|seqs| seqs.iter().any(|seq| then < *seq && *seq <= sending.records))
            {
                return Err(format!("{order} was refused, and sent again"));
            }
            if sending.is_refused {
                self.refused.insert(order, sending.records);
            }
        }
        self.looked = seen.truth.sends.len();
        Ok(())
    }
}

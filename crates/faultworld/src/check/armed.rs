//! Real money is entered only while a person has armed the account: for now, and with the limits in force.

use std::collections::BTreeSet;

use broker_api::{ClientOrderId, Mode, Purpose, Record, Stamped, Time};

use super::{Checker, Seen};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Armings {
    is_live: bool,
    limits: u32,
    /// Until when, and with which limits.
    armed: Option<(Time, u32)>,
    entries: BTreeSet<ClientOrderId>,
}

impl Armings {
    fn may_enter(&self, stamped: &Stamped) -> Result<(), String> {
        let is_armed = self.armed.is_some_and(|(until, limits)| stamped.at < until && limits == self.limits);
        if self.is_live && !is_armed {
            return Err(format!("record {} enters with real money, and nobody has armed it", stamped.seq));
        }
        Ok(())
    }
}

impl Checker for Armings {
    fn name(&self) -> &'static str {
        "armed"
    }

    fn look(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for stamped in seen.fresh {
            match &stamped.record {
                Record::VenueBound { of, .. } => self.is_live |= of.mode == Mode::Live,
                Record::LimitsSet(set) => self.limits = set.version,
                Record::Armed(armed) => self.armed = Some((armed.until, armed.limits)),
                Record::Disarmed(_) => self.armed = None,
                Record::Intended { intent, .. } if intent.purpose == Purpose::Entry => {
                    self.entries.insert(intent.id);
                    self.may_enter(stamped)?;
                }
                Record::Resent { order, .. } if self.entries.contains(order) => self.may_enter(stamped)?,
                _ => {}
            }
        }
        Ok(())
    }
}

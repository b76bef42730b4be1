//! What one process learnt of the log: whose orders are whose, and how much money there was.

use std::collections::BTreeMap;

use broker_api::ClientOrderId;
use rust_decimal::Decimal;

use crate::wire::{Id, Transaction};

/// How many names are kept. One that is forgotten is told by its id.
const NAMES_MAX: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    names: BTreeMap<Id, ClientOrderId>,
    /// After the last transaction that changed it.
    pub(super) balance: Option<Decimal>,
}

impl Memory {
    /// Remembers the name of an order. One that takes the place of another has its name, if it has none of its own.
    pub(crate) fn learn(&mut self, made: &Transaction) {
        let own = made.client().and_then(|client| ClientOrderId::new(client).ok());
        let name = own.or_else(|| made.replaces.and_then(|id| self.names.get(&id).copied()));
        let Some(name) = name else { return };
        if self.names.len() >= NAMES_MAX {
            self.names.pop_first();
        }
        self.names.insert(made.id, name);
    }

    /// The name of an order.
    pub(super) fn name(&self, order: Id) -> Option<ClientOrderId> {
        self.names.get(&order).copied()
    }

    /// Whether an order of this name was ever there.
    pub(crate) fn knows(&self, name: ClientOrderId) -> bool {
        self.names.values().any(|known| *known == name)
    }
}

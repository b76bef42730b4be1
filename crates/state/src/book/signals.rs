//! The signals that are remembered, and which of them are open: the desk asks for those at every step.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{SignalId, planted};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rows::SignalState;

/// Signals by id. In files it is that map alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signals {
    all: BTreeMap<SignalId, SignalState>,
    open: BTreeSet<SignalId>,
}

impl Signals {
    pub(super) fn get(&self, id: SignalId) -> Option<&SignalState> {
        self.all.get(&id)
    }

    /// For changes that do not end it.
    pub(super) fn get_mut(&mut self, id: SignalId) -> Option<&mut SignalState> {
        self.all.get_mut(&id)
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = &SignalState> {
        self.all.values()
    }

    pub(super) fn open(&self) -> impl ExactSizeIterator<Item = SignalId> {
        self.open.iter().copied()
    }

    /// A signal that stands under another name than its own.
    pub(super) fn misplaced(&self) -> Option<SignalId> {
        self.all.iter().find(|(id, state)| state.signal.id != **id).map(|(id, _)| *id)
    }

    pub(super) fn insert(&mut self, state: SignalState) {
        let id = state.signal.id;
        if state.ended.is_none() {
            self.open.insert(id);
        }
        self.all.insert(id, state);
    }

    /// The same signal, to end it.
    pub(super) fn ending(&mut self, id: SignalId) -> Option<&mut SignalState> {
        if !planted!(SignalStaysOpen) {
            self.open.remove(&id);
        }
        self.all.get_mut(&id)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(SignalId, &SignalState) -> bool) {
        self.all.retain(|id, state| keep(*id, state));
        self.open.retain(|id| self.all.contains_key(id));
    }
}

impl Serialize for Signals {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Signals {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<SignalId, SignalState>::deserialize(from)?;
        let open = all.iter().filter(|(_, state)| state.ended.is_none()).map(|(id, _)| *id).collect();
        Ok(Self { all, open })
    }
}

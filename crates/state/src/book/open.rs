//! The orders that are not over. The desk asks for those of one instrument many times at each step, so what they are about stands
//! by itself, close together: nobody walks over rows to find out that they are of no concern.

use std::collections::BTreeMap;

use broker_api::{ClientOrderId, Key};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rows::Order;

/// Open orders by id; there are seldom more than three for each instrument. In files it is a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    ids: Vec<ClientOrderId>,
    /// What each is about.
    keys: Vec<Key>,
    /// Boxed, as the closed ones: rows are large, move when one before them goes, and go from here to the closed ones.
    #[expect(clippy::vec_box, reason = "a row is many times as large as its box")]
    rows: Vec<Box<Order>>,
}

impl Open {
    pub(super) fn get(&self, id: ClientOrderId) -> Option<&Order> {
        self.rows.get(self.ids.binary_search(&id).ok()?).map(AsRef::as_ref)
    }

    /// For changes that leave its id and its instrument as they are.
    pub(super) fn get_mut(&mut self, id: ClientOrderId) -> Option<&mut Order> {
        self.rows.get_mut(self.ids.binary_search(&id).ok()?).map(AsMut::as_mut)
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.rows.iter().map(AsRef::as_ref)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Order> {
        self.rows.iter_mut().map(AsMut::as_mut)
    }

    /// Those of one instrument, by id.
    pub(super) fn of(&self, key: Key) -> impl Iterator<Item = &Order> {
        let those = self.keys.iter().zip(&self.rows).filter(move |(of, _)| **of == key);
        those.map(|(_, row)| row.as_ref())
    }

    /// An order that stands under another name than its own, or is over.
    pub(super) fn misplaced(&self) -> Option<ClientOrderId> {
        let mut all = self.ids.iter().zip(&self.rows);
        all.find(|(id, row)| row.intent.id != **id || row.phase.is_done()).map(|(id, _)| *id)
    }

    pub(super) fn insert(&mut self, order: Box<Order>) {
        let (id, key) = (order.intent.id, order.intent.key);
        match self.ids.binary_search(&id) {
            Ok(at) => (self.keys[at], self.rows[at]) = (key, order),
            Err(at) => {
                self.ids.insert(at, id);
                self.keys.insert(at, key);
                self.rows.insert(at, order);
            }
        }
    }

    pub(super) fn remove(&mut self, id: ClientOrderId) -> Option<Box<Order>> {
        let at = self.ids.binary_search(&id).ok()?;
        self.ids.remove(at);
        self.keys.remove(at);
        Some(self.rows.remove(at))
    }
}

impl Serialize for Open {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.ids.iter().zip(&self.rows))
    }
}

impl<'de> Deserialize<'de> for Open {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<ClientOrderId, Box<Order>>::deserialize(from)?;
        let keys = all.values().map(|row| row.intent.key).collect();
        let (ids, rows) = all.into_iter().unzip();
        Ok(Self { ids, keys, rows })
    }
}

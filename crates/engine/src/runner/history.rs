//! The histories of venues that may know of orders which are not in the book: read, and our orders in them adopted,
//! before anybody may let entries through again.

use broker_api::{QueryFailed, Record, VenueEvent, VenueId};
use state::{Batch, Store};

use super::{Frozen, Runner};
use crate::adopt;

impl<S: Store> Runner<S> {
    /// Whether a venue may know of orders that are not in the book.
    pub(super) fn wants_history(&self, id: VenueId) -> bool {
        self.book.history_wanted().any(|(venue, _)| venue == id)
    }

    /// Takes in the orders of ours in a stretch of a venue's log that the book does not know. Their executions follow
    /// with the stretch itself.
    pub(super) async fn adopt(&mut self, id: VenueId, events: &[VenueEvent]) -> Result<(), Frozen> {
        let Some(venue) = self.venues.iter().find(|venue| venue.id() == id).cloned() else { return Ok(()) };
        let open = match venue.open_orders().await {
            Ok(open) => open,
            Err(QueryFailed { why, .. }) => {
                self.silent.push((id, why));
                Vec::new()
            }
        };
        let records = adopt::orders(&self.book, id, events, &open);
        self.put_all(records)
    }

    /// Ends what was wanted of a venue whose log was read to its end, when all that is live there is live in the book.
    pub(super) async fn end_histories(mut self) -> Result<Self, Frozen> {
        let wanted: Vec<VenueId> = self.book.history_wanted().map(|(venue, _)| venue).collect();
        for id in wanted {
            let Some(venue) = self.venues.iter().find(|venue| venue.id() == id).cloned() else { continue };
            if self.silent.iter().any(|(silent, _)| *silent == id) {
                continue;
            }
            let open = match venue.open_orders().await {
                Ok(open) => open,
                Err(QueryFailed { why, .. }) => {
                    self.silent.push((id, why));
                    continue;
                }
            };
            // Those of others are not ours to know.
            let ours = open.iter().filter_map(|open| open.id.filter(broker_api::ClientOrderId::is_ours));
            let is_known =
                |order| self.book.order(order).is_some_and(|row: &state::book::Order| !row.phase.is_done());
            match ours.into_iter().find(|order| !is_known(*order)) {
                None => self.put_all(vec![Record::HistoryRead { venue: id }])?,
                Some(order) => {
                    let why = format!(
                        "the order {order} is live there, and the book does not know of what it is; entries stay off \
                         until it is over"
                    );
                    self.silent.push((id, why.into()));
                }
            }
        }
        Ok(self)
    }

    /// Puts records that no step decides, and commits them.
    fn put_all(&mut self, records: Vec<Record>) -> Result<(), Frozen> {
        if records.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new(self.book.seq() + 1);
        let now = (self.clock)();
        for record in records {
            self.put(&mut batch, record, now)?;
        }
        drop(self.commit(batch)?);
        Ok(())
    }
}

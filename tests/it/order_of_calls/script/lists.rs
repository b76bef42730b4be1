//! The lists of the broker that was made up: what its log comes to.

use broker_api::{Intent, OpenOrder, Qty, Record, SubmitOutcome, VenueEvent, VenueOrder, VenuePosition};

use super::{Call, Calls};

impl Calls {
    /// What was executed, by the log.
    pub(super) fn positions(&self) -> Vec<VenuePosition> {
        let seen = self.lock();
        let mut held: Vec<VenuePosition> = Vec::new();
        for event in &seen.log {
            let VenueEvent::Filled(fill) = event else { continue };
            let by = fill.side.signed(fill.qty);
            match held.iter_mut().find(|row| row.key == fill.key) {
                Some(row) => row.held = row.held.moved(by).expect("small figures"),
                None => held.push(VenuePosition { key: fill.key, held: by, average: fill.price }),
            }
        }
        held.retain(|row| !row.held.is_flat());
        held
    }

    /// What was taken and did not end, by the answers and the log.
    pub(super) fn open_orders(&self) -> Vec<OpenOrder> {
        let seen = self.lock();
        let is_taken = |id| {
            let taken = |record: &Record| matches!(record, Record::Answered { order, answer: SubmitOutcome::Accepted { .. }, .. } if *order == id);
            seen.records.iter().any(taken)
        };
        let is_over = |intent: &Intent| {
            let of_it = |event: &&VenueEvent| match event {
                VenueEvent::Filled(fill) => fill.order == intent.id && fill.qty == intent.qty,
                VenueEvent::Closed { order, .. } => *order == intent.id,
                _ => false,
            };
            seen.log.iter().any(|event| of_it(&event))
        };
        let sent = seen.calls.iter().filter_map(|call| match call {
            Call::Submit(intent) => Some(**intent),
            Call::Cancel(_) | Call::Find(_) => None,
        });
        let open = sent.filter(|intent| is_taken(intent.id) && !is_over(intent));
        let shown = open.map(|intent| OpenOrder {
            id: Some(intent.id),
            parent: None,
            key: intent.key,
            side: intent.side,
            qty: intent.qty,
            kind: Some(intent.order),
            order: VenueOrder { venue_order: None, end: None, filled: Qty::ZERO },
        });
        shown.collect()
    }
}

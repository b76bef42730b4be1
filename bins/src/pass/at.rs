//! Where a pass trades.

use std::path::Path;
use std::sync::Arc;

use broker_api::{Broker, Capabilities, Currency};
use broker_paper::venue::PaperVenue;
use engine::calendar::Calendar;
use engine::{Clock, Venue};
use state::Book;

use super::paper;
use crate::place::Place;
use crate::venues::Connected;

/// Where it trades.
pub(super) enum At {
    /// At the embedded broker, whose prices we bring.
    Paper(Arc<PaperVenue>),
    /// At another one, whose prices come by themselves.
    Broker(Box<Connected>),
}

impl At {
    /// The venues, those that answered first.
    pub(super) fn venues(&self, clock: &Clock, halt: &Path) -> Vec<Venue> {
        let venue = |broker: Arc<dyn Broker>| {
            Venue::new(broker, Arc::clone(clock), halt.to_path_buf()).as_timekeeper(self.is_timekeeper())
        };
        match self {
            Self::Paper(paper) => vec![venue(Arc::clone(paper) as _)],
            Self::Broker(connected) => {
                let here = connected.accounts.iter().map(|account| venue(Arc::clone(&account.broker)));
                here.chain(connected.absent.iter().map(|gone| venue(gone.desk()).absent(true))).collect()
            }
        }
    }

    /// What everything is reckoned in: what the first account is, also when its broker does not answer.
    pub(super) fn currency(&self, place: &Place, book: &Book) -> Currency {
        let paper = place.loaded.config.paper.currency;
        match self {
            Self::Paper(_) => paper,
            Self::Broker(connected) => {
                let first = place.brokers().first().map(|name| name.venue());
                let known = first.and_then(|first| book.venue(first)).map(|bound| bound.of.currency);
                known.or_else(|| Some(connected.accounts.first()?.of.currency)).unwrap_or(paper)
            }
        }
    }

    pub(super) fn capabilities(&self, place: &Place, venue: &Venue) -> Capabilities {
        match self {
            Self::Paper(_) => paper::capabilities(place, venue),
            Self::Broker(_) => venue.capabilities().clone(),
        }
    }

    /// Whether our clock goes by its own: a simulator's time may stand still, or leap.
    pub(super) fn is_timekeeper(&self) -> bool {
        matches!(self, Self::Broker(connected) if connected.is_loopback)
    }

    /// A simulator's own hours count, whatever ours are.
    pub(super) fn calendar(&self) -> Calendar {
        if self.is_timekeeper() { Calendar::behind_venues() } else { Calendar::new() }
    }
}

//! Where a pass trades.

use std::sync::Arc;

use broker_api::{Broker, Capabilities, Currency};
use broker_paper::venue::PaperVenue;
use engine::Venue;
use engine::calendar::Calendar;

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
    pub(super) fn brokers(&self) -> Vec<Arc<dyn Broker>> {
        match self {
            Self::Paper(venue) => vec![Arc::clone(venue) as _],
            Self::Broker(connected) => {
                connected.accounts.iter().map(|account| Arc::clone(&account.broker)).collect()
            }
        }
    }

    /// What everything is reckoned in: what the first account is.
    pub(super) fn currency(&self, place: &Place) -> Currency {
        let paper = place.loaded.config.paper.currency;
        match self {
            Self::Paper(_) => paper,
            Self::Broker(connected) => connected.accounts.first().map_or(paper, |first| first.of.currency),
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

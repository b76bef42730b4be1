//! What the desk wants done at a venue. A command is made with the record that announces it, and is opened only
//! after that record is durable.

use std::fmt;

use broker_api::{ClientOrderId, Cursor, Key, SentWindow, Time, VenueId};
use risk::Approved;

/// One thing to do at a venue.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "few are alive at once, and a box would be one more allocation before the send"
)]
pub enum Command {
    /// Send an order.
    Submit {
        /// The order, as the guard let it pass.
        order: Approved,
        /// A place in the venue's log that lies before it.
        mark: Cursor,
        /// Counts from 1.
        attempt: u32,
        /// After this moment it is not sent.
        send_by: Time,
    },
    /// Cancel an order.
    Cancel {
        /// Where.
        venue: VenueId,
        /// Which.
        order: ClientOrderId,
    },
    /// Ask the venue to close what is held of an instrument.
    Close {
        /// Of which.
        key: Key,
    },
    /// Ask about an order.
    Find {
        /// Where.
        venue: VenueId,
        /// Which.
        order: ClientOrderId,
        /// As it was sent with.
        mark: Cursor,
        /// The time in which it can have arrived.
        sent: SentWindow,
    },
}

impl Command {
    /// Which venue it is for.
    pub fn venue(&self) -> VenueId {
        match self {
            Self::Submit { order, .. } => order.get().key.venue,
            Self::Cancel { venue, .. } | Self::Find { venue, .. } => *venue,
            Self::Close { key } => key.venue,
        }
    }

    /// What it is about, for those who look on.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Submit { order, .. } => Subject::Order(order.get().id),
            Self::Cancel { order, .. } | Self::Find { order, .. } => Subject::Order(*order),
            Self::Close { key } => Subject::Position(*key),
        }
    }
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An order.
    Order(ClientOrderId),
    /// All that is held of an instrument.
    Position(Key),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => write!(f, "{order}"),
            Self::Position(key) => write!(f, "{key}"),
        }
    }
}

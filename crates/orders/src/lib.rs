//! From signal to order: how much, under which name, with which stop and target, and what to do about an order
//! without an answer. Pure: what is needed comes in as a [`View`], what is decided goes out as plain data.

/// Names of orders.
pub mod ids;
/// Entries and exits.
pub mod plan;
/// Stops and targets.
pub mod protection;
/// Orders without an answer.
pub mod resolve;
/// How much.
pub mod sizing;

use broker_api::{AccountId, Amount, Capabilities, Exposure, Instrument, Quote, Ratio, Time};

pub use ids::{Origin, client_order_id};
pub use plan::{entry, exit, send_by};
pub use protection::{covers, leg};
pub use resolve::{GivingUp, Next, Unsettled, give_up, resolve};
pub use sizing::{Basis, Policy, Remainder, Sizing};

/// What is known about one instrument when an order for it is made. Borrowed; nothing is kept.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Its rules.
    pub instrument: &'a Instrument,
    /// What its venue can do.
    pub capabilities: &'a Capabilities,
    /// Its last quote, if there is one.
    pub quote: Option<&'a Quote>,
    /// What entries are sized by, in base currency: what all accounts are worth, open profit in it or not as the
    /// policy says.
    pub equity: Option<Amount>,
    /// What one unit of its quote currency is worth in base currency.
    pub rate: Option<Ratio>,
    /// What is held of it and what is under way.
    pub held: &'a Exposure,
    /// The account it is traded in.
    pub account: AccountId,
    /// Whether its market is open.
    pub market_open: bool,
    /// The moment.
    pub now: Time,
}

#[cfg(test)]
mod tests;

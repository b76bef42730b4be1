//! An order as Alpaca shows it, in answers and on the stream.

use broker_api::Time;
use serde::Deserialize;

use super::Exact;

/// An order. Everything but its names, symbol and status may be missing.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are the fields of the wire")]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) client_order_id: Option<String>,
    pub(crate) created_at: Option<Time>,
    /// Written anew when an order that waited overnight is routed.
    pub(crate) submitted_at: Option<Time>,
    pub(crate) updated_at: Option<Time>,
    pub(crate) expired_at: Option<Time>,
    pub(crate) canceled_at: Option<Time>,
    pub(crate) failed_at: Option<Time>,
    pub(crate) replaced_at: Option<Time>,
    pub(crate) replaced_by: Option<String>,
    pub(crate) symbol: String,
    /// Null for an order of so much money.
    pub(crate) qty: Option<Exact>,
    pub(crate) filled_qty: Option<Exact>,
    pub(crate) order_class: Option<String>,
    /// Shared by the orders of a bracket and by what replaces them.
    pub(crate) group_id: Option<String>,
    /// `entry`, `take_profit` or `stop_loss`.
    pub(crate) group_role: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) side: Option<String>,
    pub(crate) limit_price: Option<Exact>,
    pub(crate) stop_price: Option<Exact>,
    pub(crate) trail_price: Option<Exact>,
    pub(crate) status: String,
    pub(crate) legs: Option<Vec<Self>>,
}

impl Order {
    /// When it was first here.
    pub(crate) fn began(&self) -> Option<Time> {
        match (self.created_at, self.submitted_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

//! The permission to send one order.

use broker_api::Intent;

/// An order that the guard let pass. It is made by [`review`](crate::review()) alone, works once, and does not
/// outlive the process: it cannot be copied, read from a file, or made from an [`Intent`].
///
/// What compiles, and beside it the same for an `Approved`, which does not. It is opened, not made:
///
/// ```
/// fn send(order: risk::Approved) -> broker_api::Intent {
///     order.open()
/// }
/// ```
///
/// ```compile_fail,E0423
/// fn send(intent: broker_api::Intent) -> risk::Approved {
///     risk::Approved(intent)
/// }
/// ```
///
/// An intent can be copied, a permission cannot:
///
/// ```
/// fn twice(order: broker_api::Intent) -> [broker_api::Intent; 2] {
///     [order.clone(), order]
/// }
/// ```
///
/// ```compile_fail,E0599
/// fn twice(order: risk::Approved) -> [risk::Approved; 2] {
///     [order.clone(), order]
/// }
/// ```
///
/// An intent can be read from a file, a permission cannot:
///
/// ```
/// fn from_a_file(text: &str) -> broker_api::Intent {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn from_a_file(text: &str) -> risk::Approved {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an order that was approved and not sent holds its place for nothing"]
pub struct Approved(Intent);

impl Approved {
    #[expect(clippy::large_types_passed_by_value, reason = "it is moved in, once")]
    pub(crate) const fn mint(intent: Intent) -> Self {
        Self(intent)
    }

    /// The order.
    pub const fn get(&self) -> &Intent {
        &self.0
    }

    /// The order, to send it.
    pub const fn open(self) -> Intent {
        self.0
    }
}

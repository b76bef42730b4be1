//! Everything that is tested from outside the crates, in one binary.

/// The adapter to Alpaca over its simulator.
#[cfg(test)]
mod alpaca;
/// What any broker must do.
#[cfg(test)]
mod conformance;
/// The inputs that are kept for fuzzing.
#[cfg(test)]
mod corpus;
/// A desk under a venue that does anything.
#[cfg(test)]
mod desk;
/// What guards what is held, and what is true at the venue.
#[cfg(test)]
mod guarded;
/// Passes at the hours that matter.
#[cfg(test)]
mod hours;
/// Nothing is sent before it is written down.
#[cfg(test)]
mod order_of_calls;
/// What reached a runner, written down and told again.
#[cfg(test)]
mod session;
/// The shape of the tree.
mod tidy;
/// Orders whose outcome nobody knows.
#[cfg(test)]
mod unknown;
/// The space the journal takes while it is written.
mod wal;
/// A small world to test in.
#[cfg(test)]
mod world;

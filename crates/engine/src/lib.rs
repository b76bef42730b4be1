//! The desk that decides, the runner that commits and then sends, and what they need to know of time and prices.
//!
//! Data flows one way: an [`Input`] goes into [`Desk::step`], which puts records and commands
//! into a batch; the [`Runner`] commits the batch and only then hands its commands to a
//! [`Venue`]; what comes of them is input again.

mod adopt;
/// Sessions, holidays, account days.
pub mod calendar;
/// What the desk wants done at a venue.
pub mod command;
/// What is decided, from what is known.
pub mod desk;
/// Prices from files.
pub mod feed;
/// State files of other programs.
pub mod foreign;
/// What reaches the desk.
pub mod input;
/// Signals from files.
pub mod intake;
/// What is known of prices and accounts right now.
pub mod market;
/// History through the same desk.
pub mod replay;
/// Steps, commits, sends, in this order.
pub mod runner;
/// A session written down, and told again.
pub mod session;
/// The one place from which orders leave.
pub mod venue;
/// What is going on, for whoever wants to know.
pub mod watch;

pub use command::Command;
pub use desk::{Desk, Setup, awaited, tried_again, unclear};
pub use input::{Input, Operator};
pub use market::Market;
pub use orders::{Basis, Next, Policy, Remainder, Sizing};
pub use risk::{Blackout, Limits, Stage};
pub use runner::{Answer, Depth, Frozen, Runner, StartFault, UnderWay};
pub use venue::{Clock, Venue};

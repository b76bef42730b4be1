//! What guards what is held, and what is true at the venue: a desk at a venue whose orders, executions and lists a test
//! makes one by one. The lines that cite a thread show what happened to the users of another program.

mod arming;
mod clocks;
mod days;
mod levels;
mod protection;
mod reconcile;
mod stops;
mod venue;

pub(crate) use venue::Scene;

//! Somebody who stands at the wire: decides in the program what happens to each request, and sees each answer.

use super::faults::OnRequest;
use super::wire::{Reply, Request};

/// Somebody who stands at the wire. Called by one thread at a time, while the simulator waits: it must not ask a
/// [`super::Control`] of the same simulator anything.
pub trait Bystander: Send + 'static {
    /// A request was read. What it gives happens to the request, unless a rule of a script acts on it.
    fn request(&mut self, request: &Request) -> Option<OnRequest>;

    /// What is answered to it: nothing when the connection closes without an answer.
    fn answered(&mut self, request: &Request, answer: Option<&Reply>);
}

//! A process that is cut off at one of its calls to the system: killed before or after it, with or without the power
//! going, or left with a disk that is full.
//!
//! The program runs as a user runs it, and each of its threads stops at each call (`ptrace`). What changes a file of its folder or
//! goes over its lines is an operation with a name, as `write log of the journal`; one that has no name here fails the test, so that
//! what is listed is all there is. When the power goes, what was written after the last flush of a file is gone, in part, torn or
//! there, and so are names that no flush of their folder followed.

mod call;
mod disk;
mod paper;
mod role;
mod scene;
mod tracer;

pub use disk::Power;
pub use scene::{Running, Scene, Stage, Which, after_the_end, cut_off, nothing};
pub use tracer::{Cut, END, Ended, How, Traced, When, traced};

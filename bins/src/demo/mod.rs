//! What the demo needs beside the program itself: a generated market, a strategy, and signals that go wrong.

pub mod market;
pub mod oddities;
pub mod strategy;

//! The order in which a replay tells things, and the strategy.

//! An account at Alpaca, simulated on this machine: the program that a user runs, over the wire that the broker speaks.

mod account;
mod coins;
mod desk;
mod month;
mod passes;
mod repairs;
mod truth;
mod verbs;

//! One file per group of verbs.

pub mod arm;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod demo;
pub mod doctor;
pub mod drill;
pub mod explain;
pub mod gate;
pub mod halt;
pub mod help;
pub mod import;
pub mod init;
pub mod limits;
pub mod lists;
pub mod reconcile;
pub mod repair;
pub mod replay;
pub mod report;
pub mod reproduce;
pub mod run;
#[cfg(feature = "sim")]
pub mod sim;
pub mod state;
pub mod status;
pub mod twin;
pub mod watchdog;

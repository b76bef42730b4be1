//! `tradewind-oanda`: every verb, on an account at OANDA or on the embedded paper broker.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(&[cli::OANDA])
}

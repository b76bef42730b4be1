//! `tradewind-alpaca`: every verb, on an account at Alpaca or on the embedded paper broker.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(&[cli::ALPACA])
}

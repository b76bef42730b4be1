//! `tradewind-paper`: every verb, on the embedded paper broker alone. It holds no broker's address.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(&[])
}

//! `tradewind`: every verb, every broker this build was made with.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(cli::EVERY)
}

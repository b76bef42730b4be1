//! This program once more, as a person would start it: with the same configuration and the same state.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::args::Common;

/// It with these words, not started yet; it reads nothing of our standard input.
///
/// # Errors
/// When the system does not say where it lies.
pub fn again(common: &Common, words: &[&str]) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words).stdin(Stdio::null());
    let mut given = |name: &str, file: &Option<PathBuf>| {
        if let Some(file) = file {
            command.arg(name).arg(file);
        }
    };
    given("--config", &common.config);
    given("--state", &common.state);
    for set in &common.set {
        command.args(["--set", set]);
    }
    Ok(command)
}

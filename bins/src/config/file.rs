//! The file of the configuration, and places in it.

use std::path::Path;

use super::faults::Origin;
use crate::failure::Failure;
use crate::reading;

/// No configuration is longer.
const BYTES_MAX: u64 = 1_000_000;

/// The text of a configuration, without the mark that some editors put before it.
///
/// # Errors
/// As [`reading::read_text`].
pub fn read(file: &Path) -> Result<String, Failure> {
    let text = reading::read_text(file, BYTES_MAX).map_err(|failure| {
        let advice = "name another file with --config, or write one with `tradewind init`";
        Failure { code: "config_unreadable", fix: failure.fix.or_else(|| Some(advice.to_owned())), ..failure }
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// The place of a byte of the file's text.
pub fn place(file: &Path, text: &str, byte: usize) -> Origin {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
    Origin::File { file: file.to_owned(), line, column }
}

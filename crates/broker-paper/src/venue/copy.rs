//! Copies of the venue's file, made beside whoever writes to it, and whether a file is whole.

use std::path::Path;

use super::convert;
use super::error::VenueError;
use super::log::Log;

/// Copies the venue's file to a new one, reads the copy back and checks it. Gives how many rows its log has. May be
/// done beside the process that writes.
///
/// # Errors
/// A file that cannot be read, is not whole, or is there already at `to`; then nothing whole is left at `to`.
pub fn backup(path: &Path, to: &Path) -> Result<u64, VenueError> {
    let there = to.try_exists().unwrap_or(true);
    if there {
        let why = "it is there already and is not overwritten".into();
        return Err(VenueError::Storage { path: to.to_owned(), doing: "created", why });
    }
    Log::open_read_only(path)?.copy_to(to)?;
    verify(to)
}

/// Reads a venue's file and does every step in it again: its log must be what they give. Gives how many rows the log
/// has. Changes nothing.
///
/// # Errors
/// A file that cannot be read or is not whole.
pub fn verify(path: &Path) -> Result<u64, VenueError> {
    let log = Log::open_read_only(path)?;
    let stored = log.read()?.ok_or_else(|| VenueError::NotOurs { path: path.to_owned() })?;
    let (machine, _) = convert::machine(&stored, path)?;
    Ok(machine.seq)
}

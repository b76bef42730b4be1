//! Second names for files, so that nothing that was there is lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use broker_api::Digest;

use crate::files::with_ending;

use crate::encode::digest;

/// Gives a file a second name, which it takes from whatever had it, without a moment in which neither is there.
pub(super) fn keep(file: &Path, name: &Path) -> io::Result<()> {
    let part = with_ending(name, ".part");
    match fs::remove_file(&part) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    if fs::hard_link(file, &part).is_err() {
        fs::copy(file, &part)?; // not every disk knows a second name
    }
    fs::rename(&part, name)
}

/// The name under which an edited state file is kept: the first free one, or the one that these very bytes have
/// already.
pub(super) fn edited_name(state: &Path, file: Digest) -> io::Result<PathBuf> {
    for n in 1u32.. {
        let name = with_ending(state, &format!(".edited-{n}"));
        match fs::read(&name) {
            Ok(bytes) if digest(&bytes) == file => return Ok(name),
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(name),
            Err(why) => return Err(why),
        }
    }
    Err(io::Error::other("every name for edited files is taken"))
}

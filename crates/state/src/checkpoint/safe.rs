//! Second names for files, so that nothing that was there is lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use broker_api::Digest;

use crate::encode::digest;

/// Gives a file a second name, which it takes from whatever had it, without a moment in which neither is there.
pub(super) fn keep(file: &Path, name: &Path) -> io::Result<()> {
    let part = beside(name, ".part");
    match fs::remove_file(&part) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    if fs::hard_link(file, &part).is_err() {
        fs::copy(file, &part)?; // not every disk knows a second name
    }
    fs::rename(&part, name)
}

pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The name under which an edited state file is kept: the first free one, or the one that these very bytes have
/// already.
pub(super) fn edited_name(state: &Path, file: Digest) -> io::Result<PathBuf> {
    for n in 1u32.. {
        let name = beside(state, &format!(".edited-{n}"));
        match fs::read(&name) {
            Ok(bytes) if digest(&bytes) == file => return Ok(name),
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(name),
            Err(why) => return Err(why),
        }
    }
    Err(io::Error::other("every name for edited files is taken"))
}

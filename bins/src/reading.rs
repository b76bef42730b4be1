//! Reading a text that somebody else wrote, whole or not at all: never more than a bound, never a file that is still
//! being written, never for ever. What is not a regular file is refused, for a pipe that nobody writes into would be
//! waited for without an end; links are followed. Standard input is read where a verb says so.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use crate::failure::Failure;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// A file that is not there or may not be read, is no regular file, is larger, changed while it was read, or is not
/// UTF-8 (with its line and byte). The failure's code is `unreadable`.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| unreadable(format!("{name} cannot be read")).because(&error);
    // Before it is opened: to open a pipe is to wait for who writes into it.
    let kind = std::fs::metadata(path).map_err(|error| match std::fs::read_link(path) {
        Ok(to) if error.kind() == std::io::ErrorKind::NotFound => {
            unreadable(format!("{name} cannot be read: it is a link to {}, which is not there", to.display()))
        }
        _ => failed(error),
    })?;
    if !kind.is_file() {
        return Err(not_regular(&name, &kind));
    }
    let mut file = File::open(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    if before.len() > limit {
        return Err(too_large(&name, limit));
    }
    let bytes = up_to(&mut file, limit, &name)?;
    let after = file.metadata().map_err(failed)?;
    is_still(&name, &before, &after, bytes.len())?;
    text(bytes, &name)
}

/// Reads standard input to its end, at most `limit` bytes of it.
///
/// # Errors
/// As [`read_text`].
pub fn read_standard_input(limit: u64) -> Result<String, Failure> {
    let name = "standard input";
    text(up_to(&mut std::io::stdin().lock(), limit, name)?, name)
}

fn unreadable(what: String) -> Failure {
    Failure::usage("unreadable", what)
}

fn too_large(name: &str, limit: u64) -> Failure {
    unreadable(format!("{name} has more than {limit} bytes, the most that are read"))
        .fix("split it, or name the file that was meant")
}

fn not_regular(name: &str, kind: &Metadata) -> Failure {
    if kind.is_dir() {
        return unreadable(format!("{name} is a folder")).fix("name a file in it");
    }
    unreadable(format!("{name} is no regular file but a pipe, a socket or a device"))
        .fix("write a file and name that, or pipe it in where a verb reads standard input")
}

/// The bytes of a source, unless they are too many.
fn up_to(source: &mut dyn Read, limit: u64, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(format!("{name} cannot be read")).because(&error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(too_large(name, limit));
    }
    Ok(bytes)
}

/// Refuses a file that was not the same before and after it was read, or of which not all was read.
fn is_still(name: &str, before: &Metadata, after: &Metadata, read: usize) -> Result<(), Failure> {
    let face = |of: &Metadata| (of.len(), of.modified().ok());
    if face(before) == face(after) && u64::try_from(read).ok() == Some(after.len()) {
        return Ok(());
    }
    Err(unreadable(format!("{name} changed while it was read, so what was read may be half of it"))
        .fix("write to another name in the same folder and rename it when it is complete; then run again"))
}

fn text(bytes: Vec<u8>, name: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let (bytes, at) = (error.as_bytes(), error.utf8_error().valid_up_to());
        let line = bytes[..at].split(|byte| *byte == b'\n').count();
        let byte = bytes.get(at).copied().unwrap_or(0);
        let what = format!("{name} is not UTF-8: line {line}, byte {} of the file is 0x{byte:02x}", at + 1);
        let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        unreadable(what).fix(if is_utf16 {
            "it looks like UTF-16, as some shells write it; save it as UTF-8"
        } else {
            "save it as UTF-8"
        })
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn refused(path: &Path, limit: u64) -> String {
        let failure = read_text(path, limit).unwrap_err();
        assert_eq!(failure.code, "unreadable");
        failure.to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let file = file("four \u{e9}\n".as_bytes());
        assert_eq!(read_text(file.path(), 8).unwrap(), "four \u{e9}\n");
        assert!(refused(file.path(), 7).contains("has more than 7 bytes"));
        let link = file.path().with_extension("link");
        std::os::unix::fs::symlink(file.path(), &link).unwrap();
        assert_eq!(read_text(&link, 8).unwrap(), "four \u{e9}\n", "links are followed");
        std::fs::remove_file(link).unwrap();
    }

    #[test]
    fn a_source_without_an_end_is_left_at_its_bound() {
        let failure = up_to(&mut std::io::repeat(b'x'), 1_000, "it").unwrap_err();
        assert!(failure.to_string().contains("it has more than 1000 bytes"), "{failure}");
        assert_eq!(up_to(&mut std::io::repeat(b'x').take(1_000), 1_000, "it").unwrap().len(), 1_000);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refused(folder.path(), 9).contains("is a folder"));
        assert!(refused(Path::new("/dev/zero"), 9).contains("a pipe, a socket or a device"));
        assert!(refused(&folder.path().join("none"), 9).contains("cannot be read"));
    }

    #[test]
    fn a_file_that_changes_is_seen() {
        let mut file = file(b"one\n");
        let before = file.as_file().metadata().unwrap();
        assert!(is_still("it", &before, &before, 4).is_ok());
        assert!(is_still("it", &before, &before, 3).is_err(), "cut short while it was read");
        file.write_all(b"two\n").unwrap();
        let after = file.as_file().metadata().unwrap();
        assert!(is_still("it", &before, &after, 8).is_err(), "it grew");
        file.as_file().set_modified(std::time::UNIX_EPOCH).unwrap();
        let touched = file.as_file().metadata().unwrap();
        let failure = is_still("it", &after, &touched, 8).unwrap_err().to_string();
        assert!(failure.contains("changed while it was read") && failure.contains("rename"), "{failure}");
    }

    #[test]
    fn a_byte_that_is_no_text_is_named_with_its_line() {
        let told = refused(file(b"a\nb\xffc\n").path(), 99);
        assert!(told.contains("line 2, byte 4 of the file is 0xff"), "{told}");
        let told = refused(file(b"\xff\xfe[\0]\0").path(), 99);
        assert!(told.contains("line 1, byte 1") && told.contains("UTF-16"), "{told}");
        let told = refused(file(b"caf\xc3").path(), 99);
        assert!(told.contains("byte 4 of the file is 0xc3"), "{told}");
    }
}

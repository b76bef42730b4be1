//! What a file in the folder of a book is there for.

use std::path::Path;

/// The words for a file, by its path in the folder; nothing for one that is not known.
pub fn role(path: &Path) -> Option<&'static str> {
    let text = path.to_str()?;
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    Some(match (folder, name) {
        ("", "") => "folder",
        ("", "paper-state.json.lock") => "lock",
        ("", "paper-state.json.halt") => "halt file",
        ("", "paper-state.json.control") => "control folder",
        ("", name) if name.starts_with("paper-state.journal.sqlite") => {
            sqlite(name, ["new journal", "journal", "log of the journal"])
        }
        ("", name) if name.starts_with("paper-venue.sqlite") => {
            sqlite(name, ["new venue", "venue", "log of the venue"])
        }
        ("", "paper-state.json") => "state file",
        ("", "paper-state.json.part") => "new state file",
        ("", name) if name.starts_with("paper-state.json.previous") => "state file before",
        ("", "in") => "signals",
        ("paper-state.json.control", "alive" | ".alive.part") => "sign of life",
        ("paper-state.json.control", _) => match ending? {
            "part" => "new message",
            "ask" => "ask",
            "answer" => "answer",
            "signals" => "signals handed over",
            _ => return None,
        },
        ("in", ".taking" | "done" | "refused") => "folder of signals",
        ("in", _) => "file of signals",
        ("in/.taking", _) => "file that is taken",
        ("in/done", _) => "file that was taken in",
        ("sessions", _) => "recording",
        ("", "sessions") => "recordings",
        _ => return None,
    })
}

/// A file of SQLite: one being made, the file itself, its write-ahead log. What it shares in memory is not kept by a disk.
fn sqlite(name: &str, [new, file, log]: [&'static str; 3]) -> &'static str {
    match name.rsplit_once(".sqlite").map(|(_, ending)| ending) {
        Some("") => file,
        Some("-wal") => log,
        Some("-shm") => "shared memory",
        _ => new,
    }
}

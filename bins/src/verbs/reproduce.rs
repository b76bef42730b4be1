//! `reproduce`: a recorded session through the desk once more. It reads, and writes nothing.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use engine::session::{self, Difference, End, Place, Reproduced, SessionFault};
use serde_json::{Value, json};
use state::{Encoded, Files, Journal, SqliteStore, encode};

use crate::failure::{Exit, Failure};
use crate::figures;
use crate::out::Out;
use crate::place::heading;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How much of a line of the session is shown to people.
const LINE_SHOWN: usize = 300;

/// Tells a session again and says whether its records came out as they were.
pub fn reproduce(out: Out, file: &Path, state: Option<&Path>) -> Result<Exit, Failure> {
    let opened = File::open(file).map_err(|error| {
        Failure::usage("session_unreadable", format!("{} cannot be read", file.display()))
            .because(&error)
            .fix("name a file that `tradewind run --record FILE` wrote")
    })?;
    let told = session::reproduce(BufReader::new(opened)).map_err(|fault| not_told(file, &fault))?;
    let exit = exit_of(&told);
    let journaled = match (&told.end, state) {
        (End::Differs(difference), Some(state)) => match journaled(state, &told, difference) {
            Ok(rows) => Some(rows),
            Err(why) => {
                out.warn("journal_not_shown", &format!("what the journal holds is not shown: {why}"));
                None
            }
        },
        _ => None,
    };
    out.text(&text(file, &told, journaled.as_deref()))?;
    let top = heading(&told.book, &told.journal, told.head.seq, told.head.hash.as_str());
    out.document("reproduce", &top, crate::clock::now(), &document(file, &told, exit, journaled.as_deref()))?;
    Ok(exit)
}

fn not_told(file: &Path, fault: &SessionFault) -> Failure {
    let failure =
        Failure::usage("bad_session", format!("{} cannot be told again", file.display())).because(fault);
    match fault {
        SessionFault::Newer { .. } => failure.fix("use the program that recorded it, or a newer one"),
        _ => failure.fix("name a file that `tradewind run --record FILE` wrote, as it was written"),
    }
}

fn exit_of(told: &Reproduced) -> Exit {
    match &told.end {
        End::Stopped | End::Open | End::Froze { .. } => Exit::Done,
        // Another version may decide otherwise, and then nothing is wrong with either.
        End::Differs(_) if *told.version == *VERSION => Exit::Unexpected,
        End::Differs(_) | End::Broken(_) => Exit::Usage,
    }
}

/// What the journal holds between a difference's commit and the one before.
fn journaled(state: &Path, told: &Reproduced, difference: &Difference) -> Result<Vec<Encoded>, String> {
    let files = Files::beside(state);
    let store = SqliteStore::open_read_only(&files.journal).map_err(|why| why.to_string())?;
    let journal = Journal::open(store).map_err(|why| why.to_string())?;
    if journal.id() != &*told.journal {
        return Err(format!(
            "{} is journal {}, and the session is of journal {}",
            files.journal.display(),
            journal.id(),
            told.journal
        ));
    }
    let after = difference.before.seq;
    let count = difference.recorded.seq.saturating_sub(after);
    let records =
        journal.read(after, usize::try_from(count).unwrap_or(usize::MAX)).map_err(|why| why.to_string())?;
    let mut hash = difference.before.hash;
    let mut rows = Vec::with_capacity(records.len());
    for stamped in &records {
        let row = encode(hash, stamped).map_err(|why| why.to_string())?;
        hash = row.hash;
        rows.push(row);
    }
    Ok(rows)
}

fn text(file: &Path, told: &Reproduced, journaled: Option<&[Encoded]>) -> String {
    let counts = format!(
        "{}, {}, {}",
        figures::many(told.inputs, "input"),
        figures::many(told.records(), "record"),
        figures::many(told.commits, "commit")
    );
    let (first, last) = (figures::count(told.from.seq + 1), figures::count(told.head.seq));
    let span = if told.records() == 0 { String::new() } else { format!(", seq {first}\u{2026}{last}") };
    let of = format!("journal {}{span}", short(&told.journal, 8));
    let same = "every record is byte for byte the one recorded";
    let mut text = match &told.end {
        _ if told.is_equal() => format!("reproduced  {counts}: {same} ({of})\n"),
        End::Broken(_) => format!("in part  {counts}: {same} so far ({of})\n"),
        _ => format!("DIFFERS  after {counts} that came out as they were recorded ({of})\n"),
    };
    if told.untold > 0 {
        text.push_str(&format!(
            "  {} after the last commit: the session ends before it says what became of them\n",
            figures::many(told.untold, "record")
        ));
    }
    match &told.end {
        End::Stopped => {}
        End::Open => text.push_str(
            "  it has no end: the process was killed, or the recording ended before it did\n",
        ),
        End::Froze { line, why } => text.push_str(&format!(
            "  at line {line}, its last, no lawful record followed, and the process stopped there too: {why}\n"
        )),
        End::Broken(fault) => text.push_str(&format!("  {}: {fault}\n", file.display())),
        End::Differs(difference) => text.push_str(&differs(difference, journaled)),
    }
    if *told.version != *VERSION {
        text.push_str(&format!(
            "  it was recorded by Tradewind {}, and this is {VERSION}{}\n",
            told.version,
            if told.is_equal() { "" } else { ", which may decide otherwise: try it with the other" }
        ));
    }
    text
}

fn differs(difference: &Difference, journaled: Option<&[Encoded]>) -> String {
    let Difference { commit, line, recorded, now, inputs, taken, records, froze, .. } = difference;
    let mut text = format!(
        "  commit {commit} (line {line}): the journal ended with {}, and now it would end with {}\n",
        place(*recorded),
        place(*now)
    );
    if let Some((line, why)) = froze {
        text.push_str(&format!("  after line {line} no lawful record follows now: {why}\n"));
    }
    text.push_str(&format!("  into it went {}", figures::many(*inputs, "input")));
    text.push_str(if taken.is_empty() { "\n" } else { "; the last lines, and the records each made:\n" });
    for taken in taken {
        let shown: String = taken.text.chars().take(LINE_SHOWN).collect();
        let cut = if shown.len() < taken.text.len() { "\u{2026}" } else { "" };
        text.push_str(&format!("    line {:<6} {:>3}  {shown}{cut}\n", taken.line, taken.records));
    }
    text.push_str(&format!(
        "  out of it {} now\n",
        match records.len() {
            0 => "comes no record".to_owned(),
            1 => "comes 1 record".to_owned(),
            n => format!("come {} records", figures::count(n as u64)),
        }
    ));
    let Some(journaled) = journaled else {
        text.extend(records.iter().map(|row| shown(" ", row)));
        text.push_str("  name the state file with --state to see what the journal holds beside them\n");
        return text;
    };
    text.push_str("  `-` is in the journal, `+` comes out now, what both have has no sign:\n");
    for n in 0..records.len().max(journaled.len()) {
        match (journaled.get(n), records.get(n)) {
            (Some(then), Some(now)) if is_same(then, now) => text.push_str(&shown(" ", now)),
            (then, now) => {
                text.extend(then.map(|row| shown("-", row)));
                text.extend(now.map(|row| shown("+", row)));
            }
        }
    }
    text
}

/// Whether two rows say the same, whatever stands before them.
fn is_same(one: &Encoded, other: &Encoded) -> bool {
    let said = |row: &Encoded| (row.seq, row.at.clone(), row.version, row.payload.clone());
    said(one) == said(other)
}

fn shown(sign: &str, row: &Encoded) -> String {
    format!("  {sign} {:>7}  {}  {}\n", row.seq, row.at, row.payload)
}

fn place(place: Place) -> String {
    format!("record {} ({})", figures::count(place.seq), short(place.hash.as_str(), 12))
}

fn short(text: &str, keep: usize) -> String {
    let kept: String = text.chars().take(keep).collect();
    if kept.len() < text.len() { kept + "\u{2026}" } else { kept }
}

fn document(file: &Path, told: &Reproduced, exit: Exit, journaled: Option<&[Encoded]>) -> Value {
    let (end, why) = match &told.end {
        End::Stopped => ("stopped", None),
        End::Open => ("open", None),
        End::Froze { line, why } => ("froze", Some(format!("line {line}: {why}"))),
        End::Broken(fault) => ("broken", Some(fault.to_string())),
        End::Differs(difference) => {
            ("differs", difference.froze.as_ref().map(|(line, why)| format!("line {line}: {why}")))
        }
    };
    let difference = if let End::Differs(difference) = &told.end {
        json!({
            "commit": difference.commit,
            "line": difference.line,
            "recorded": at(difference.recorded),
            "now": at(difference.now),
            "inputs": difference.inputs,
            "lines": difference.taken.iter().map(|taken| json!({ "line": taken.line, "records": taken.records, "text": taken.text })).collect::<Vec<_>>(),
            "records": rows(&difference.records),
            "in_the_journal": journaled.map(rows),
        })
    } else {
        Value::Null
    };
    json!({
        "file": file,
        "equal": told.is_equal(),
        "exit": exit.code(),
        "made_by": told.version,
        "began_at": told.at,
        "inputs": told.inputs,
        "records": told.records(),
        "commits": told.commits,
        "untold": told.untold,
        "from": at(told.from),
        "to": at(told.head),
        "end": end,
        "why": why,
        "difference": difference,
    })
}

fn at(place: Place) -> Value {
    json!({ "seq": place.seq, "hash": place.hash })
}

fn rows(rows: &[Encoded]) -> Value {
    let row = |row: &Encoded| json!({ "seq": row.seq, "at": row.at, "record": serde_json::from_str::<Value>(&row.payload).unwrap_or_default() });
    rows.iter().map(row).collect()
}

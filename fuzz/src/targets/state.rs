//! The state file: what cannot be read is not touched; what can is written with our keys as the book has them, the keys
//! of others as they were, the file before kept byte for byte, and one that was edited kept beside it too.

use broker_api::Time;
use serde_json::{Map, Value};
use state::checkpoint::{self, SCHEMA};
use state::{Book, Checkpoint, Files, MemoryStore};

use super::world::{assert_said, file, monday};

/// A state file.
pub fn state(data: &[u8]) {
    let files = Files::beside(&file("paper-state.json"));
    std::fs::write(&files.state, data).unwrap();
    let loaded = match checkpoint::read(&files) {
        Ok(loaded) => loaded.unwrap(),
        Err(why) => {
            assert_said(&why.to_string());
            not_written(&files, data, &cut(Book::default(), "fuzz", monday()));
            return;
        }
    };
    not_written(&files, data, &cut(Book::default(), "another", monday()));
    drop(loaded.differences(&Book::default(), 20));
    match state::start(&files, MemoryStore::new(&loaded.journal_id)) {
        Ok(started) => assert!(loaded.intact && started.book.seq() == 0),
        Err(why) => assert_said(&why.to_string()),
    }
    let Ok(book) = loaded.book(&files.state) else { return };
    let mut now = cut(book, &loaded.journal_id, monday());
    now.journal_hash = loaded.journal_hash;
    let written = checkpoint::write(&files, &now).unwrap();
    assert_eq!(std::fs::read(&files.previous).unwrap(), data, "the file before is not what it was");
    assert_eq!(written.edited.is_none(), loaded.intact);
    if let Some((kept, _)) = &written.edited {
        assert_eq!(std::fs::read(kept).unwrap(), data, "the edited file is not what it was");
        std::fs::remove_file(kept).unwrap();
    }
    let again = checkpoint::read(&files).unwrap().unwrap();
    assert!(again.intact && again.generation == written.generation && again.generation > 0);
    assert_eq!(again.differences(&now.book, 20), []);
    assert!(again.book(&files.state).unwrap() == now.book, "another book");
    let before: Value = serde_json::from_slice(data).unwrap();
    let after: Value = serde_json::from_slice(&std::fs::read(&files.state).unwrap()).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    kept(&before, &after, &schema, &schema, "");
}

fn cut(book: Book, journal: &str, now: Time) -> Checkpoint {
    let journal_hash = state::encode::genesis(journal);
    Checkpoint { book, journal_id: journal.into(), journal_hash, written_at: now, program: "fuzz".into() }
}

/// A write that must be refused, and that leaves the file and its folder as they were.
fn not_written(files: &Files, data: &[u8], other: &Checkpoint) {
    if let Ok(Some(loaded)) = checkpoint::read(files)
        && loaded.journal_id == other.journal_id
    {
        return;
    }
    let why = checkpoint::write(files, other).unwrap_err();
    assert_said(&why.to_string());
    assert_eq!(std::fs::read(&files.state).unwrap(), data, "{why}, and the file is another");
}

/// Every key that the schema does not name is there with what it held: of the file, of what is in a table under the same
/// name, and of what is in a list under the same number.
fn kept(before: &Value, after: &Value, schema: &Value, root: &Value, place: &str) {
    let schema = resolved(schema, root);
    let (Value::Object(was), Value::Object(is)) = (before, after) else {
        if let (Value::Array(was), Value::Array(is), Some(inner)) = (before, after, schema.get("items")) {
            for (number, value) in numbered(was) {
                if let Some((_, now)) = numbered(is).into_iter().find(|(other, _)| *other == number) {
                    kept(value, now, inner, root, &format!("{place}/{number}"));
                }
            }
        }
        return;
    };
    let ours = schema.get("properties").and_then(Value::as_object);
    let table = schema.get("additionalProperties").filter(|inner| inner.is_object());
    for (key, value) in was {
        let place = format!("{place}/{key}");
        match (ours.and_then(|ours| ours.get(key)), ours.is_some(), table) {
            (Some(inner), ..) => {
                if let Some(now) = is.get(key) {
                    kept(value, now, inner, root, &place);
                }
            }
            (None, true, _) => assert_eq!(is.get(key), Some(value), "{place} of somebody else"),
            (None, false, Some(inner)) if value.is_object() => {
                if let Some(now) = is.get(key).filter(|now| now.get("number") == value.get("number")) {
                    kept(value, now, inner, root, &place);
                }
            }
            (None, false, Some(inner)) if resolved(inner, root).get("properties").is_some() => {
                assert!(is.contains_key(key), "{place} of somebody else");
            }
            _ => {}
        }
    }
}

/// What a list holds under a number that nothing else in it has.
fn numbered(list: &[Value]) -> Vec<(u64, &Value)> {
    let number = |value: &Value| value.get("number").and_then(Value::as_u64);
    let all: Vec<(u64, &Value)> = list.iter().filter_map(|value| Some((number(value)?, value))).collect();
    let is_only = |wanted: u64| all.iter().filter(|(number, _)| *number == wanted).count() == 1;
    all.iter().copied().filter(|(number, _)| is_only(*number)).collect()
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return root.pointer(name.trim_start_matches('#')).map_or(schema, |inner| resolved(inner, root));
    }
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let has_keys = |inner: &&Value| -> bool {
        let keys: [&str; 3] = ["properties", "additionalProperties", "items"];
        inner
            .as_object()
            .is_some_and(|inner: &Map<String, Value>| keys.iter().any(|key| inner.contains_key(*key)))
    };
    choices.into_iter().flatten().map(|inner| resolved(inner, root)).find(has_keys).unwrap_or(schema)
}

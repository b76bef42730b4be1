//! Ten thousand edits by a program that knows nothing of ours: what is ours never changes without being noticed, and
//! what is not ours is never lost, at any level.

use serde_json::{Value, json};

use super::super::{loaded, merge};
use super::Desk;
use crate::encode::digest;
use crate::start::start;

const EDITS: u32 = 10_000;

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }
}

/// Every place of a file: its pointer, and whether it is an object.
fn places(value: &Value, at: &str, all: &mut Vec<(String, bool)>) {
    all.push((at.to_owned(), value.is_object()));
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                places(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(values) => {
            for (n, value) in values.iter().enumerate() {
                places(value, &format!("{at}/{n}"), all);
            }
        }
        _ => {}
    }
}

/// A value that some program might leave.
fn anything(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => json!(random.below(100)),
        2 => json!("7"),
        3 => json!("-3.50"),
        4 => json!([1, { "deep": null }]),
        5 => json!({ "note": "x", "more": { "a": [0.1, 1e-7] } }),
        6 => json!(true),
        _ => json!({}),
    }
}

/// Changes a value in place, or takes it away. Says whether anything is another than before.
fn spoil(file: &mut Value, at: &str, random: &mut Random) -> bool {
    let Some((parent, name)) = at.rsplit_once('/') else { return false };
    let name = name.replace("~1", "/").replace("~0", "~");
    let new = anything(random);
    match file.pointer_mut(parent) {
        Some(Value::Object(keys)) if random.below(4) == 0 => keys.shift_remove(&name).is_some(),
        Some(Value::Object(keys)) => keys.insert(name, new.clone()) != Some(new),
        Some(Value::Array(values)) => {
            let Some(value) = name.parse::<usize>().ok().and_then(|n| values.get_mut(n)) else {
                return false;
            };
            std::mem::replace(value, new.clone()) != new
        }
        _ => false,
    }
}

#[test]
fn ten_thousand_edits_change_nothing_of_ours_unnoticed_and_lose_nothing_of_theirs() {
    let desk = Desk::new();
    desk.write();
    let (file, ours) = (desk.file(), desk.cut().own(2).unwrap());
    let original = merge::own(&file);
    let path = &desk.files.state;
    let mut all = Vec::new();
    places(&file, "", &mut all);
    let objects: Vec<&str> = all.iter().filter(|(_, object)| *object).map(|(at, _)| &**at).collect();
    let hash = digest(b"not read here");
    let mut random = Random(20_261_125);
    let (mut theirs_only, mut noticed, mut refused) = (0, 0, 0);
    for n in 0..EDITS {
        let mut edited = file.clone();
        let own_too = random.below(2) == 0;
        if own_too {
            for _ in 0..=random.below(3) {
                spoil(&mut edited, &all[random.below(all.len())].0, &mut random);
            }
        }
        let mut added = Vec::new();
        for more in 0..=random.below(4) {
            let at = objects[random.below(objects.len())];
            let (name, value) = (format!("zz{n}-{more}"), anything(&mut random));
            // In a table, what looks like an entry of ours is one: an empty object does, in a table of tables.
            if let Some(Value::Object(keys)) = edited.pointer_mut(at).filter(|_| value != json!({})) {
                keys.insert(name.clone(), value.clone());
                added.push((format!("{at}/{name}"), value));
            }
        }
        let changed = merge::own(&edited) != original;
        let read = loaded(path, &edited, hash);
        match &read {
            Err(_) => refused += 1,
            Ok(read) => {
                assert_eq!(read.intact, !changed, "edit {n}: {added:?}");
                if !changed {
                    assert_eq!(read.book(path).unwrap(), desk.book, "edit {n}");
                }
                noticed += u32::from(changed);
            }
        }
        // What is written is our keys as the journal has them, and theirs as they left them.
        let written = merge::merged(ours.clone(), edited.clone());
        assert_eq!(merge::own(&written), ours, "edit {n}: {added:?}");
        if !changed {
            theirs_only += 1;
            for (at, value) in &added {
                assert_eq!(written.pointer(at), Some(value), "edit {n}: {at}");
            }
        }
        if n % 100 == 0 {
            on_the_disk(&desk, &edited, read.is_ok(), changed);
        }
    }
    println!("{theirs_only} of theirs only, {noticed} of ours noticed, {refused} refused");
    assert!(theirs_only > 2_000 && noticed > 2_000 && refused > 20);
}

/// The same through the files: the journal counts, the edited file is kept as it was.
fn on_the_disk(desk: &Desk, edited: &Value, readable: bool, changed: bool) {
    let bytes = edited.to_string();
    std::fs::write(&desk.files.state, &bytes).unwrap();
    let started = start(&desk.files, desk.journal.store().clone());
    if readable && let Ok(started) = &started {
        assert_eq!(started.book, desk.book);
        assert_eq!(started.edited.is_some(), changed);
        let written = super::super::write(&desk.files, &desk.cut()).unwrap();
        if let Some((kept, _)) = written.edited {
            assert_eq!(std::fs::read_to_string(kept).unwrap(), bytes);
        }
        assert!(desk.loaded().intact);
    } else {
        assert!(started.is_err(), "{bytes}");
        assert_eq!(std::fs::read_to_string(&desk.files.state).unwrap(), bytes, "left as it was");
    }
    std::fs::remove_file(&desk.files.state).unwrap();
}

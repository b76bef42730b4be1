//! The example in Python that adds its own keys to the state file: it waits for the lock, and harms nothing.

use std::fs::File;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stderr, stdout};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/python/own_keys.py");

fn python(place: &Place, words: &[&str]) -> Output {
    Command::new("python3").arg(PROGRAM).args(words).current_dir(place.path()).output().unwrap()
}

fn state(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(place.file("paper-state.json")).unwrap()).unwrap()
}

/// A place with a position and a state file; nothing where there is no Python.
#[expect(clippy::print_stdout, reason = "whoever reads the tests shall see that these did nothing")]
fn place() -> Option<Place> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return None;
    }
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    Some(place)
}

#[test]
fn own_keys_are_kept_and_the_file_stays_whole() {
    let Some(place) = place() else { return };
    let before = state(&place);
    let wrote =
        python(&place, &["paper-state.json", "my_notes", r#"{"seen": ["AAPL"], "score": 0.1, "name": "ä"}"#]);
    assert_eq!(code(&wrote), 0, "{}{}", stdout(&wrote), stderr(&wrote));
    let mut after = state(&place);
    let notes = json!({ "seen": ["AAPL"], "score": 0.1, "name": "ä" });
    assert_eq!(after["my_notes"], notes);
    after.as_object_mut().unwrap().shift_remove("my_notes");
    assert_eq!(after, before, "nothing else changed");
    let verified = place.tradewind(&["state", "verify"]);
    assert_eq!(code(&verified), 0, "{}", stderr(&verified));
    place.signals(&[enter("two", "ETH/USD", "2800")]);
    assert_eq!(code(&place.run()), 0);
    assert_eq!((&state(&place)["my_notes"], place.data(&["positions"]).len()), (&notes, 2));
    assert_eq!(code(&place.tradewind(&["state", "verify"])), 0);
}

#[test]
fn what_it_must_not_touch_it_refuses() {
    let Some(place) = place() else { return };
    let bytes = place.bytes();
    for (words, said) in [
        (["paper-state.json", "positions", "{}"], "does not begin with"),
        (["paper-state.json", "my_notes", "{"], "nothing was written"),
        (["paper-state.json", "my_notes", "NaN"], "is no JSON"),
        (["nothing.json", "my_notes", "1"], "is not there"),
        (["signals.json", "my_notes", "1"], "its schema is"),
    ] {
        let refused = python(&place, &words);
        assert_eq!(code(&refused), 2, "{words:?}: {}", stdout(&refused));
        assert!(stderr(&refused).contains(said), "{words:?}: {}", stderr(&refused));
        assert!(place.bytes() == bytes, "{words:?}: a file changed");
    }
    let newer = std::fs::read_to_string(place.file("paper-state.json")).unwrap();
    place.write("paper-state.json", &newer.replace("tradewind.state/1", "tradewind.state/2"));
    let refused = python(&place, &["paper-state.json", "my_notes", "1"]);
    assert!(code(&refused) == 2 && stderr(&refused).contains("tradewind.state/2"), "{}", stderr(&refused));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program gets the time to do wrong")]
fn it_waits_while_a_pass_works_and_says_who_holds_the_lock() {
    let Some(place) = place() else { return };
    let bytes = place.bytes();
    let lock = File::options().read(true).write(true).open(place.file("paper-state.json.lock")).unwrap();
    lock.lock().unwrap();
    let held = python(&place, &["paper-state.json", "my_notes", "1", "--wait", "0.1"]);
    assert_eq!(code(&held), 5, "{}", stderr(&held));
    assert!(stderr(&held).contains("nothing was written") && place.bytes() == bytes, "{}", stderr(&held));
    let words = [PROGRAM, "paper-state.json", "my_notes", "1", "--wait", "60"];
    let mut waiting = Command::new("python3").args(words).current_dir(place.path()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none() && place.bytes() == bytes, "it does not wait");
    lock.unlock().unwrap();
    assert!(waiting.wait().unwrap().success());
    assert_eq!(state(&place)["my_notes"], json!(1));
    assert_eq!(code(&place.tradewind(&["state", "verify"])), 0);
}

//! What goes wrong is named: file, line, key, cause, what to do; and nothing is lost or overwritten.

use serde_json::json;

use crate::place::{Place, code, enter, now, stderr, stdout};

#[test]
fn an_unknown_key_of_the_configuration_is_named_with_its_line() {
    let place = Place::new();
    let config = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    place.write("tradewind.toml", &config.replace("positions_max", "position_max"));
    let line = config.lines().position(|line| line.starts_with("positions_max")).unwrap() + 1;
    let ran = place.tradewind(&["status"]);
    assert_eq!(code(&ran), 2);
    assert!(
        stderr(&ran).contains(&format!("tradewind.toml:{line}"))
            && stderr(&ran).contains("did you mean `positions_max`?"),
        "{}",
        stderr(&ran)
    );
}

#[test]
fn half_a_file_of_signals_is_no_file_of_signals() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "2800")]);
    let text = std::fs::read_to_string(place.file("signals.json")).unwrap();
    place.write("signals.json", &text[..text.len() - 20]);
    let ran = place.run();
    assert_eq!(code(&ran), 2, "{}", stdout(&ran));
    assert!(place.data(&["signals", "--all"]).is_empty());
}

#[test]
fn a_bad_signal_is_named_and_the_good_ones_go_on_unless_told_otherwise() {
    let place = Place::new();
    let mut bad = enter("bad", "ETH/USD", "2800");
    bad["stopp"] = json!("1");
    place.signals(&[enter("good", "BTC/USD", "80000"), bad]);
    place.prices();
    let strict = place.tradewind(&["run", "--signals", "signals.json", "--strict"]);
    assert_eq!(code(&strict), 2, "{}", stderr(&strict));
    assert!(!place.file("paper-state.json").exists(), "nothing was begun");
    let ran = place.run();
    assert_eq!(code(&ran), 2, "{}", stdout(&ran));
    assert!(stderr(&ran).contains("stopp") && stderr(&ran).contains("signals.json"), "{}", stderr(&ran));
    let signals = place.data(&["signals", "--all"]);
    assert_eq!((signals.len(), &signals[0]["outcome"]), (1, &json!("filled")));
}

#[test]
fn who_holds_the_state_is_named_and_nothing_is_touched() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let before = place.bytes();
    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let ran = place.tradewind(&["run"]);
    assert_eq!(code(&ran), 5, "{}", stdout(&ran));
    assert!(stderr(&ran).contains(&std::process::id().to_string()), "{}", stderr(&ran));
    assert!(place.bytes() == before);
    assert_eq!(code(&place.tradewind(&["status"])), 0, "whoever only looks needs no lock");
    drop(lock);
    assert_eq!(code(&place.tradewind(&["run"])), 0);
}

#[test]
fn a_state_file_that_was_cut_stops_the_program() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let good = std::fs::read_to_string(place.file("paper-state.json")).unwrap();
    for (text, word) in [(good[..good.len() / 2].to_owned(), "ends in the middle"), (String::new(), "empty")]
    {
        place.write("paper-state.json", &text);
        let ran = place.run();
        assert_eq!(code(&ran), 2, "{word}: {}", stdout(&ran));
        assert!(
            stderr(&ran).contains("paper-state.json") && stderr(&ran).to_lowercase().contains(word),
            "{word}: {}",
            stderr(&ran)
        );
        assert_eq!(std::fs::read_to_string(place.file("paper-state.json")).unwrap(), text, "left as it was");
    }
    // keys of others are kept
    let mut theirs: serde_json::Value = serde_json::from_str(&good).unwrap();
    theirs["my_notes"] = json!({ "seen": true });
    place.write("paper-state.json", &theirs.to_string());
    assert_eq!(code(&place.run()), 0);
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.file("paper-state.json")).unwrap()).unwrap();
    assert_eq!(kept["my_notes"], json!({ "seen": true }));
}

#[test]
fn a_broker_whose_file_is_gone_is_another_account() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    std::fs::remove_file(place.file("paper-venue.sqlite")).unwrap();
    let ran = place.run();
    assert_eq!(code(&ran), 2, "{}", stdout(&ran));
    assert!(stderr(&ran).contains("paper-venue.sqlite"), "{}", stderr(&ran));
}

#[test]
fn a_journal_that_was_changed_is_found_out() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    assert_eq!(code(&place.tradewind(&["journal", "verify"])), 0);
    let mut bytes = std::fs::read(place.file("paper-state.journal.sqlite")).unwrap();
    let needle = b"\"stop\":\"80000\"";
    // Wherever it stands: the file may keep a copy of a row that it has moved.
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(needle)).collect();
    assert!(!places.is_empty(), "the stop stands there");
    for at in places {
        bytes[at + 8] = b'9';
    }
    std::fs::write(place.file("paper-state.journal.sqlite"), bytes).unwrap();
    let verified = place.tradewind(&["journal", "verify"]);
    assert_eq!(code(&verified), 1, "{}", stdout(&verified));
    assert!(stderr(&verified).contains("record"), "{}", stderr(&verified));
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let place = Place::new();
    let status = place.tradewind(&["status"]);
    assert_eq!(code(&status), 2);
    assert!(stderr(&status).contains("tradewind demo"), "{}", stderr(&status));
    place.signals(&[enter("2026/BTC/enter", "BTC/USD", "80000")]);
    place.run();
    let near = place.tradewind(&["explain", "2026/BTC/entr"]);
    assert!(stderr(&near).contains("did you mean 2026/BTC/enter?"), "{}", stderr(&near));
    assert_eq!(code(&place.tradewind(&["status", "--at", "yesterday"])), 2);
    assert_eq!(code(&place.tradewind(&["run", "--signals", "nothing.json"])), 2);
    assert_eq!(code(&place.tradewind(&["init"])), 2, "a configuration is not overwritten");
}

//! `drill` at the embedded broker: a halt is tried, taken back, and what came of it is put away.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// The drills that were put away, by name.
fn kept(place: &Place) -> Vec<(String, Value)> {
    let Ok(folder) = std::fs::read_dir(place.file("paper-state.json.drills")) else { return Vec::new() };
    let mut kept: Vec<_> = folder
        .map(|entry| {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
    kept
}

/// A machine that does other things too may be too slow, and nothing else may be wrong.
#[track_caller]
pub fn assert_held(told: &Value) {
    let faults = told["data"]["faults"].as_array().unwrap();
    assert_eq!(told["data"]["passed"], json!(faults.is_empty()));
    let is_slow = |fault: &Value| fault.as_str().unwrap().starts_with("entries were off after");
    assert!(faults.iter().all(is_slow), "{told:#}");
}

#[test]
fn a_drill_halts_and_resumes_and_is_kept() {
    let place = Place::new();
    place.signals(&[enter("in", "ETH/USD", "2800")]);
    assert_eq!(code(&place.run()), 0);
    let status = stdout(&place.tradewind(&["status"]));
    assert!(status.contains("watchdog   none   last drill: never"), "{status}");
    let told = place.json(&["drill"]);
    assert_fits(&schema(&place, "output"), &told, "drill");
    assert_held(&told);
    let data = &told["data"];
    assert_eq!((&data["trader"], &data["positions"]), (&json!("nobody"), &json!(1)));
    let levels = &data["levels"];
    assert_eq!((&levels["before"], &levels["after"]), (&json!("trading"), &json!("trading")));
    assert_ne!(levels["halted"], "trading");
    for timing in ["halt_file_ms", "entries_off_ms", "halt_ms", "status_ms", "resume_ms"] {
        assert!(data["timings"][timing].is_u64(), "{timing}: {told:#}");
    }
    let first = kept(&place);
    assert!(first.len() == 1 && first[0].1 == told, "{first:#?}");
    let journal = place.json(&["status"])["journal"].clone();
    assert_eq!(told["journal"], journal, "the head of the journal behind it");
    assert!(!place.file("paper-state.json.halt").exists());
    assert_eq!(place.data(&["positions"]).len(), 1, "nothing is closed");
    place.tradewind(&["drill"]);
    let second = kept(&place);
    assert!(second.len() == 2 && second[0] == first[0], "none is written over: {second:#?}");
    let status = place.json(&["status"]);
    assert_eq!(status["data"]["last_drill"]["at"], second[1].1["as_of"]);
    let doctor = stdout(&place.tradewind(&["doctor"]));
    assert!(
        doctor.contains("drill        last drill 0 s ago") || doctor.contains(" ago, halt in "),
        "{doctor}"
    );
}

#[test]
fn where_entries_are_off_already_no_drill_is_held() {
    let place = Place::new();
    let none = place.tradewind(&["drill"]);
    assert_eq!(code(&none), 2, "there is no book: {}", stderr(&none));
    place.signals(&[]);
    assert_eq!(code(&place.run()), 0);
    assert_eq!(code(&place.tradewind(&["halt", "--why", "odd"])), 0);
    let level = place.json(&["status"])["level"].clone();
    let refused = place.tradewind(&["drill"]);
    assert_eq!(code(&refused), 3, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("TW0572"), "{}", stderr(&refused));
    assert_eq!(place.json(&["status"])["level"], level, "it is as it was");
    assert_eq!(code(&place.tradewind(&["resume", "--why", "fine"])), 0);
    place.write("paper-state.json.halt", "somebody\nby hand\n");
    assert_eq!(code(&place.tradewind(&["drill"])), 3);
    assert!(place.file("paper-state.json.halt").exists() && kept(&place).is_empty());
}

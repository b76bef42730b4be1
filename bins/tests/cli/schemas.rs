//! What programs read: every verb's document and both files fit the schemas that the program itself prints.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stdout};

pub fn schema(place: &Place, of: &str) -> jsonschema::Validator {
    schema_of(|words| place.tradewind(words), of)
}

pub fn schema_of(tradewind: impl Fn(&[&str]) -> std::process::Output, of: &str) -> jsonschema::Validator {
    let text = stdout(&tradewind(&["state", "schema", of]));
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[track_caller]
pub fn assert_fits(validator: &jsonschema::Validator, document: &Value, what: &str) {
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{document:#}");
}

/// What only looks, in a place with the signal `one` and the session `session.jsonl`.
pub(super) const LOOKS: [&[&str]; 17] = [
    &["status"],
    &["positions"],
    &["orders"],
    &["orders", "--all"],
    &["fills"],
    &["trades", "--all"],
    &["signals"],
    &["explain", "one"],
    &["reconcile"],
    &["journal", "tail"],
    &["journal", "verify"],
    &["state", "verify"],
    &["state", "export", "--out", "copy"],
    &["reproduce", "session.jsonl"],
    &["limits"],
    &["limits", "history"],
    &["report"],
];

#[test]
fn every_verb_speaks_as_its_schema_says() {
    let place = Place::new();
    let output = schema(&place, "output");
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "9000")]);
    place.prices();
    let ran = place.json(&["run", "--signals", "signals.json", "--record", "session.jsonl"]);
    assert_fits(&output, &ran, "run");
    assert_eq!(ran["data"]["signals"][1]["outcome"], json!("denied"));
    let acts = [
        &["drill"][..],
        &["halt", "--class", "crypto", "--why", "odd prices"],
        &["status"],
        &["resume", "--class", "crypto", "--why", "fine again"],
        &["gate", "paper"],
        &["halt"],
        &["resume", "--why", "done"],
        &["disarm", "--why", "done"],
        &["limits", "confirm", "positions_max", "--reason", "more", "--set", "limits.positions_max=30"],
        &["flatten", "--why", "leaving", "--confirm", "paper-1"],
        &["init", "--out", "other"],
        &["demo", "--out", "look"],
    ];
    for words in LOOKS.into_iter().chain(acts) {
        let document = place.json(words);
        assert_fits(&output, &document, &words.join(" "));
        assert_ne!(document["schema"], json!("tradewind.error/1"), "{document}");
    }
    let error = place.json(&["explain", "nothing"]);
    assert_fits(&output, &error, "error");
    assert_eq!((&error["schema"], &error["data"]["exit"]), (&json!("tradewind.error/1"), &json!(2)));
    let mut wrong = ran.clone();
    wrong["data"]["exit"] = json!(9);
    assert!(!output.is_valid(&wrong), "the schema refuses something");
}

#[test]
fn the_files_fit_their_schemas() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let state: Value =
        serde_json::from_slice(&std::fs::read(place.file("paper-state.json")).unwrap()).unwrap();
    assert_fits(&schema(&place, "state"), &state, "paper-state.json");
    let signals: Value =
        serde_json::from_slice(&std::fs::read(place.file("example-signals.json")).unwrap()).unwrap();
    assert_fits(&schema(&place, "signals"), &signals, "example-signals.json");
}

#[test]
fn every_verb_has_help_with_an_example_and_every_shell_its_completions() {
    let place = Place::new();
    let help = stdout(&place.tradewind(&["--help"]));
    assert!(help.contains("Exit codes:"), "{help}");
    for verb in [
        "init",
        "demo",
        "run",
        "status",
        "positions",
        "orders",
        "fills",
        "trades",
        "signals",
        "explain",
        "reconcile",
        "repair",
        "reproduce",
        "replay",
        "doctor",
        "halt",
        "resume",
        "flatten",
        "watchdog",
        "drill",
        "limits",
        "report",
        "gate",
        "twin",
        "arm",
        "disarm",
        "completions",
    ] {
        assert!(help.contains(verb), "{verb}");
        let own = stdout(&place.tradewind(&[verb, "--help"]));
        assert!(own.contains("Examples:") && own.contains("--json"), "{verb}: {own}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.tradewind(&["completions", shell]);
        assert_eq!(code(&script), 0);
        assert!(stdout(&script).contains("flatten"), "{shell}");
    }
}

#[test]
fn both_binaries_are_the_same_program() {
    let place = Place::new();
    let other = std::process::Command::new(env!("CARGO_BIN_EXE_tradewind-paper"))
        .args(["demo", "--help"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert_eq!(code(&other), 0);
    assert!(stdout(&other).contains("generated market"), "{}", stdout(&other));
}

//! The commands and the Python of docs/signals.md, as they stand there.

use std::process::Command;

use serde_json::json;

use crate::place::{Place, code, stderr, stdout};

const PAGE: &str = include_str!("../../../../docs/signals.md");

/// The text of every block of one kind.
fn blocks(kind: &str) -> Vec<&'static str> {
    let starts = format!("```{kind}\n");
    PAGE.split(&*starts.leak()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn what_the_page_writes_and_runs_works() {
    let place = Place::new();
    let programs = blocks("python");
    assert_eq!(programs.len(), 1);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/python");
    let ran = Command::new("python3")
        .args(["-c", programs[0]])
        .env("PYTHONPATH", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(place.path())
        .output();
    match ran {
        Ok(ran) => assert!(ran.status.success(), "{}", stderr(&ran)),
        // Without Python, the commands are run over signals of another origin.
        Err(_) => place.signals(&[crate::place::enter("one", "BTC/USD", "80000")]),
    }
    let commands: Vec<&str> = blocks("sh").into_iter().flat_map(str::lines).collect();
    assert_eq!(commands.len(), 5);
    for command in commands {
        let words: Vec<&str> = command.strip_prefix("tradewind ").unwrap().split(' ').collect();
        place.prices();
        let ran = place.tradewind(&words);
        assert_eq!(code(&ran), 0, "{command}: {}{}", stdout(&ran), stderr(&ran));
    }
    assert_eq!(place.data(&["positions"])[0]["symbol"], json!("BTC/USD"));
}

#[test]
fn every_outcome_stands_on_the_page() {
    let place = Place::new();
    let schema = stdout(&place.tradewind(&["state", "schema", "output"]));
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let outcomes = schema["$defs"]["signal"]["properties"]["outcome"]["enum"].as_array().unwrap();
    assert!(outcomes.len() > 10);
    for outcome in outcomes {
        let word = format!("`{}`", outcome.as_str().unwrap());
        assert!(PAGE.contains(&word), "{word} is not on the page");
    }
}

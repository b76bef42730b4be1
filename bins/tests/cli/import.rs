//! `state import`: positions of another program become ours, guarded and closed like any; its trades count nowhere.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, stderr, stdout};
use crate::schemas::{assert_fits, schema};

const LIST: &str = include_str!("foreign/list.json");
const MAP: &str = include_str!("foreign/map.json");
const NESTED: &str = include_str!("foreign/nested.json");
const ODD: &str = include_str!("foreign/odd.json");

const IMPORT: [&str; 5] = ["state", "import", "old.json", "--reason", "moved from my script"];

fn place(file: &str) -> Place {
    let place = Place::new();
    place.write("old.json", file);
    place
}

fn import(place: &Place, more: &[&str]) -> Output {
    place.prices();
    place.tradewind(&[&IMPORT, more].concat())
}

fn run(place: &Place) -> Output {
    place.signals(&[]);
    place.run()
}

#[track_caller]
fn is(value: &Value, figure: &str) {
    let read: Decimal = value.as_str().unwrap_or_else(|| panic!("{value} is no figure")).parse().unwrap();
    assert_eq!(read, figure.parse().unwrap());
}

/// What must hold after an import, whatever came before it.
#[track_caller]
fn assert_no_loss(place: &Place, why: &str) -> Value {
    let status = place.json(&["status"]);
    assert_eq!(status["level"], json!("trading"), "{why}: {status}");
    is(&status["data"]["account"]["today"], "0");
    assert_eq!(status["data"]["account"]["day_equity"], status["data"]["account"]["equity"], "{why}");
    assert_eq!(status["data"]["losses_in_a_row"], json!(0), "{why}");
    for verb in [["journal", "verify"], ["state", "verify"]] {
        assert_eq!(code(&place.tradewind(&verb)), 0, "{why}: {verb:?}");
    }
    status
}

#[test]
fn positions_of_a_script_are_guarded_and_an_exit_closes_them() {
    let place = place(LIST);
    let told = import(&place, &[]);
    assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
    for word in [
        "long 0.125 BTC/USD at 81250.5",
        "2 of 2 wanted stops rest",
        "positions[1].opened_at",
        "entry_reason",
    ] {
        assert!(stdout(&told).contains(word), "{word}: {}", stdout(&told));
    }
    let status = assert_no_loss(&place, "imported");
    // 6210.55 and what both cost, and what they earn or lose at the bid
    is(&status["data"]["account"]["equity"], "24206.8");
    assert_eq!(code(&run(&place)), 0);
    let positions = place.data(&["positions"]);
    assert_eq!(positions.len(), 2);
    assert!(positions.iter().all(|row| row["protected"] == json!("yes")), "{positions:?}");
    is(&positions[0]["planned_loss"], "406.3125");
    assert_eq!(positions[0]["opened_at"], json!("2026-11-18T14:30:05Z"));
    assert_eq!(place.data(&["orders"]).len(), 3, "two stops and a target");
    let trades = place.data(&["trades", "--all"]);
    assert_eq!((trades.len(), &trades[0]["exit_code"]), (4, &json!("imported")));
    let state: Value =
        serde_json::from_slice(&std::fs::read(place.file("paper-state.json")).unwrap()).unwrap();
    assert_fits(&schema(&place, "state"), &state, "paper-state.json");
    assert_eq!((&state["totals"]["trades"], &state["totals"]["losses"]), (&json!(0), &json!(0)));
    let file = &state["imports"][0]["file"];
    assert_eq!(file.as_str().unwrap().len(), 64);
    assert_eq!(
        (&state["positions"]["paper:BTC/USD"]["imported"], &state["trades"][0]["imported"]),
        (file, file)
    );

    assert_eq!((&positions[0]["imported"], &trades[0]["imported"]), (file, file));
    let story = place.json(&["explain", "ETH/USD"])["data"]["records"].clone();
    assert_eq!(story[0]["record"]["record"], json!("imported"), "{story}");

    place.signals(&[exit("out", "BTC/USD")]);
    let out = place.run();
    assert_eq!(code(&out), 0, "{}{}", stdout(&out), stderr(&out));
    let left = place.data(&["positions"]);
    assert_eq!((left.len(), &left[0]["symbol"]), (1, &json!("ETH/USD")), "no short was opened");
    let closed = &place.data(&["trades"])[0];
    assert_eq!((&closed["exit_signal"], &closed["quantity"]), (&json!("out"), &json!("0.125")));
    assert_eq!(place.json(&["status"])["data"]["totals"]["trades"], json!(1), "what we closed counts");
    place.fallen_prices();
    assert_eq!(code(&place.tradewind(&["run"])), 0);
    assert!(place.data(&["positions"]).is_empty() && place.data(&["orders"]).is_empty(), "the stop was hit");
}

#[test]
fn an_open_loss_that_came_along_is_no_loss_of_the_day() {
    for has_day in [false, true] {
        let place = place(MAP);
        if has_day {
            assert_eq!(code(&run(&place)), 0);
        }
        let told = import(&place, &["--json"]);
        assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
        let told: Value = serde_json::from_str(&stdout(&told)).unwrap();
        assert_fits(&schema(&place, "output"), &told, "state import");
        is(&told["data"]["flow"], "-4986.25");
        assert_eq!(told["data"]["cash_taken"], json!(false));
        assert_no_loss(&place, "imported");
        assert_eq!(code(&run(&place)), 0);
        let status = assert_no_loss(&place, "the pass after it");
        is(&status["data"]["account"]["high_water"], "5013.75");
        let protected: Vec<_> =
            place.data(&["positions"]).iter().map(|row| row["protected"].clone()).collect();
        assert_eq!(protected, [json!("no stop"), json!("yes")]);
    }
}

#[test]
fn a_nested_file_brings_its_cash_and_its_zone() {
    let place = place(NESTED);
    let told = import(&place, &[]);
    assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
    let positions = place.data(&["positions"]);
    assert_eq!(positions[0]["quantity"], json!("0.30000000000000004"));
    assert_eq!(
        (&positions[0]["opened_at"], &positions[0]["protected"]),
        (&json!("2026-11-19T14:30:00Z"), &json!("yes"))
    );
    assert_eq!(place.data(&["trades"])[0]["closed_at"], json!("2026-11-12T21:00:00Z"));
    let status = assert_no_loss(&place, "imported");
    is(&status["data"]["account"]["equity"], "32251.675"); // 31000.75 and 0.30000000000000004 x 4169.75, to ten places
    place.signals(&[exit("out", "BTC/USD")]);
    assert_eq!(code(&place.run()), 0);
    assert!(place.data(&["positions"]).is_empty(), "all of it, down to the last digit");
}

#[test]
fn the_same_file_again_repeats_nothing() {
    let place = place(LIST);
    assert_eq!(code(&import(&place, &[])), 0);
    let before =
        (place.data(&["positions"]), place.data(&["orders", "--all"]), place.data(&["trades", "--all"]));
    let again = import(&place, &[]);
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    assert!(stdout(&again).contains("was imported before"), "{}", stdout(&again));
    let after =
        (place.data(&["positions"]), place.data(&["orders", "--all"]), place.data(&["trades", "--all"]));
    assert_eq!(after, before);
    // the same position in another file
    place.write("old.json", &LIST.replace("20 day high", "55 day high"));
    let other = import(&place, &[]);
    assert_eq!(code(&other), 2);
    assert!(stderr(&other).contains("paper:BTC/USD is held already"), "{}", stderr(&other));
    assert_eq!(place.data(&["positions"]), before.0);
    assert_no_loss(&place, "refused");
}

#[test]
fn what_cannot_be_read_takes_nothing_unless_the_rest_is_wanted() {
    let place = place(ODD);
    place.prices();
    let before = place.bytes();
    let dry = place.tradewind(&[&IMPORT[..], &["--dry-run"]].concat());
    assert_eq!(code(&dry), 2, "{}", stderr(&dry));
    let refused = place.tradewind(&IMPORT);
    assert_eq!(code(&refused), 2);
    for word in
        ["error[TW0214]", "positions[1]: it is long", "is there twice", "share or a distance", "PEPE-USD"]
    {
        assert!(stderr(&refused).contains(word), "{word}: {}", stderr(&refused));
    }
    assert!(
        stdout(&refused).contains("trades[0].ts") || stdout(&refused).contains("trades[0]"),
        "{}",
        stdout(&refused)
    );
    assert!(place.bytes() == before, "a file changed");
    let taken = import(&place, &["--partial"]);
    assert_eq!(code(&taken), 0, "{}{}", stdout(&taken), stderr(&taken));
    let positions = place.data(&["positions"]);
    assert_eq!((positions.len(), &positions[0]["quantity"]), (1, &json!("0.125")));
    assert_no_loss(&place, "in part");
}

#[test]
fn a_rehearsal_and_a_refusal_write_nothing() {
    let place = place(LIST);
    place.write("paper-state.json", LIST);
    place.prices();
    let before = place.bytes();
    let dry = place.tradewind(&[&IMPORT[..], &["--dry-run", "--json"]].concat());
    assert_eq!(code(&dry), 0, "{}", stderr(&dry));
    let dry: Value = serde_json::from_str(&stdout(&dry)).unwrap();
    assert_fits(&schema(&place, "output"), &dry, "state import --dry-run");
    assert_eq!((dry["data"]["positions"].as_array().unwrap().len(), &dry["data"]["flow"]), (2, &json!(null)));
    for (words, said) in [
        (&["state", "import", "paper-state.json", "--reason", "x"][..], "TW0216"),
        (&["state", "import", "nothing.json", "--reason", "x"], "TW0213"),
        (&["state", "import", "tradewind.toml", "--reason", "x"], "TW0213"),
    ] {
        let refused = place.tradewind(words);
        assert_eq!(code(&refused), 2, "{words:?}");
        assert!(stderr(&refused).contains(said), "{words:?}: {}", stderr(&refused));
    }
    assert_eq!(code(&place.tradewind(&["state", "import", "old.json"])), 2, "a reason is needed");
    assert!(place.bytes() == before, "a file changed");

    std::fs::remove_file(place.file("paper-state.json")).unwrap();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let own = place.tradewind(&["state", "import", "paper-state.json", "--reason", "x", "--dry-run"]);
    assert_eq!(code(&own), 2);
    assert!(stderr(&own).contains("state file of Tradewind's own"), "{}", stderr(&own));
}

#[test]
fn a_position_without_a_price_is_not_taken() {
    let place = place(&LIST.replace("ETHUSD", "DOGEUSD"));
    let refused = import(&place, &[]);
    assert_eq!(code(&refused), 2, "{}", stdout(&refused));
    assert!(stderr(&refused).contains("no price of paper:DOGE/USD"), "{}", stderr(&refused));
    assert!(place.data(&["positions"]).is_empty());
    assert_no_loss(&place, "refused");
}

#[test]
fn the_page_shows_what_the_program_says_and_names_every_word() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let page = std::fs::read_to_string(format!("{folder}/docs/import.md")).unwrap();
    let place = place(LIST);
    place.write("old-state.json", LIST);
    let words = ["state", "import", "old-state.json", "--reason", "moved from my script", "--dry-run"];
    for line in stdout(&place.tradewind(&words)).lines() {
        assert!(page.lines().any(|shown| shown == format!("    {line}")), "not on the page: {line}");
    }
    let words = std::fs::read_to_string(format!("{folder}/crates/engine/src/foreign/names.rs")).unwrap();
    let words = words.split("/// A key as names are compared").next().unwrap();
    let mut count = 0;
    for word in words.split('"').skip(1).step_by(2) {
        assert!(page.contains(&format!("`{word}`")), "not on the page: {word}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

/// Starts an import and kills it as soon as it says that a step was done; whether it was still there to be killed.
fn killed_after(place: &Place, step: &str) -> bool {
    place.prices();
    let words = [&IMPORT[..], &["--verbose"]].concat();
    let mut child = place.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let wanted = format!("step: {step}");
    let reached = lines.map_while(Result::ok).any(|line| line.starts_with(&wanted));
    child.kill().unwrap();
    reached && child.wait().unwrap().code().is_none()
}

#[test]
fn an_import_that_is_killed_anywhere_goes_on_with_the_same_command() {
    let whole = place(MAP);
    assert_eq!(code(&import(&whole, &[])), 0);
    let wanted = |place: &Place| {
        let status = assert_no_loss(place, "after all");
        let account = status["data"]["account"].clone();
        let rows: Vec<_> = place
            .data(&["positions"])
            .iter()
            .map(|row| (row["symbol"].clone(), row["quantity"].clone(), row["protected"].clone()))
            .collect();
        (
            account["equity"].clone(),
            account["high_water"].clone(),
            rows,
            place.data(&["trades", "--all"]).len(),
        )
    };
    let expected = wanted(&whole);
    let mut between = 0;
    for step in
        ["lock", "read", "commit", "transferred", "transferred", "transferred", "recorded", "checkpoint"]
    {
        let place = place(MAP);
        let was_killed = killed_after(&place, step);
        let ran = run(&place);
        if stderr(&ran).contains("TW0225") {
            assert_eq!(code(&ran), 2);
            between += 1;
        }
        let again = import(&place, &[]);
        assert_eq!(code(&again), 0, "{step} ({was_killed}): {}{}", stdout(&again), stderr(&again));
        assert_eq!(wanted(&place), expected, "{step}");
    }
    println!("{between} imports were killed between venue and journal");
    assert!(between > 0, "none was killed between venue and journal");
}

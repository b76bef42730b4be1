//! The configuration: every fault with its place, its key and what to write, all at once; and what goes before what.

mod bad;
mod blackouts;
mod buckets;
mod files;

use serde_json::{Value, json};

use crate::place::{Place, code, stderr, stdout};

/// What applies for a key, and where it was set.
fn key(document: &Value, path: &str) -> (Value, String) {
    let rows = document["data"]["keys"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == path).unwrap_or_else(|| panic!("no {path}"));
    (row["value"].clone(), row["origin"].as_str().unwrap().to_owned())
}

fn shown(place: &Place, variables: &[(&str, &str)], words: &[&str]) -> Value {
    let mut command = place.command(&[&["doctor", "--config", "--json"], words].concat());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Runs with variables and words; gives the code and what was said.
fn ran(place: &Place, variables: &[(&str, &str)], words: &[&str]) -> (i32, String) {
    let mut command = place.command(&[&["run"], words].concat());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (code(&output), stderr(&output))
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    place.write("tradewind.toml", &text.replace("positions_max = 10", "positions_max = 9"));
    let path = "limits.positions_max";
    let variable = ("TRADEWIND_LIMITS_POSITIONS_MAX", "8");
    let (value, origin) = key(&shown(&place, &[], &[]), path);
    assert_eq!(value, json!("9"));
    assert!(origin.starts_with("tradewind.toml:") && origin.ends_with(":17"), "{origin}");
    let (value, origin) = key(&shown(&place, &[variable], &[]), path);
    assert_eq!((value, origin.as_str()), (json!("8"), "environment TRADEWIND_LIMITS_POSITIONS_MAX"));
    let (value, origin) = key(&shown(&place, &[variable], &["--set", "limits.positions_max=7"]), path);
    assert_eq!((value, origin.as_str()), (json!("7"), "--set limits.positions_max=7"));
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    let (value, origin) = key(&shown(&place, &[], &[]), path);
    assert_eq!((value, origin.as_str()), (json!("10"), "default"));
    let (value, _) = key(&shown(&place, &[variable], &[]), path);
    assert_eq!(value, json!("8"), "without a file too");
}

#[test]
fn what_applies_is_what_a_pass_uses() {
    let place = Place::new();
    place.signals(&[crate::place::enter("one", "BTC/USD", "80000")]);
    place.prices();
    let variables = [("TRADEWIND_PAPER_CASH", "5000"), ("TRADEWIND_SIZING_RISK_PCT", "0.5")];
    let words = ["run", "--signals", "signals.json", "--set", "paper.cash=20000", "--json"];
    let output = place.command(&words).envs(variables).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let risk: rust_decimal::Decimal =
        document["data"]["tonight"]["every_stop"]["loss"].as_str().unwrap().parse().unwrap();
    assert!(risk > 90.into() && risk <= 100.into(), "half a percent of 20,000 is at risk, not {risk}");
}

#[test]
fn a_way_to_size_takes_the_place_of_the_one_below_it() {
    let place = Place::new();
    let document = shown(&place, &[("TRADEWIND_SIZING_RISK_PCT", "0.5")], &[]);
    assert_eq!(key(&document, "sizing.risk_pct").0, json!("\"0.5\""));
    assert_eq!(key(&document, "sizing.equal_slots.slots").0, Value::Null);
    let (exit, said) = ran(&place, &[], &["--set", "sizing.risk_pct=1", "--set", "sizing.quantity=1"]);
    assert_eq!(exit, 2);
    assert!(
        said.contains(
            "--set sizing.quantity=1: sizing.quantity is a second way to size beside sizing.risk_pct"
        ),
        "{said}"
    );
}

#[test]
fn the_two_paths_come_from_the_environment_too_and_a_flag_goes_before() {
    let place = Place::new();
    std::fs::create_dir(place.file("other")).unwrap();
    std::fs::rename(place.file("tradewind.toml"), place.file("other/mine.toml")).unwrap();
    let config = ("TRADEWIND_CONFIG", "other/mine.toml");
    let state = ("TRADEWIND_STATE", "other/book.json");
    let document = shown(&place, &[config, state], &[]);
    assert_eq!(document["data"]["file"], json!("other/mine.toml"));
    let (exit, said) = ran(&place, &[config, state], &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(place.file("other/book.json").exists() && !place.file("paper-state.json").exists());
    let (exit, said) = ran(&place, &[config], &["--config", "nothing.toml"]);
    assert!(exit == 2 && said.contains("nothing.toml cannot be read"), "{said}");
    for name in ["TRADEWIND_CONFIG", "TRADEWIND_STATE"] {
        let (exit, said) = ran(&place, &[(name, "")], &[]);
        assert!(exit == 2 && said.contains(&format!("environment {name}: is empty")), "{said}");
    }
}

#[test]
fn what_the_environment_and_the_flags_say_wrongly_is_told_with_what_was_meant() {
    let place = Place::new();
    let before = place.bytes();
    for (variable, value, told) in [
        ("TRADEWIND_LIMITS_POSITION_MAX", "5", "did you mean TRADEWIND_LIMITS_POSITIONS_MAX?"),
        ("TRADEWIND_CONFIGS", "x", "did you mean TRADEWIND_CONFIG?"),
        ("TRADEWIND_ANYTHING_ELSE", "x", "unset it"),
        ("TRADEWIND_ALIASES_X", "AAPL", "--set aliases.NAME=SYMBOL"),
        ("TRADEWIND_LIMITS_POSITIONS_MAX", "none", "limits.positions_max \"none\" is no whole number"),
        ("TRADEWIND_LIMITS_POSITIONS_MAX", "0", "0 is outside of 1 to 500"),
        ("TRADEWIND_LIMITS_DAILY_LOSS_PERCENT", "inf", "no limit can be switched off"),
        ("TRADEWIND_PAPER_CASH", "", "is not a plain decimal"),
        ("TRADEWIND_DATA_CRYPTO", "bar:x", "did you mean \"bars:x\"?"),
    ] {
        let (exit, said) = ran(&place, &[(variable, value)], &[]);
        assert_eq!(exit, 2, "{variable}={value}: {said}");
        assert!(said.contains(&format!("environment {variable}: ")) && said.contains(told), "{said}");
    }
    for (set, told) in [
        ("limits.max_positions=5", "did you mean `positions_max`?"),
        ("positions_max=5", "did you mean `limits.positions_max`?"),
        ("limits.positions_max", "sets nothing"),
        ("limits.positions_max=5.5", "is no whole number"),
        ("sizing.equity=market", "did you mean \"marked\"?"),
        ("aliases.X=NOTHING/AT", "which is not traded here"),
        ("limits.daily_loss_flatten_percent=2", "is 2, below limits.daily_loss_percent = 3 (tradewind.toml:"),
    ] {
        let (exit, said) = ran(&place, &[], &["--set", set]);
        assert_eq!(exit, 2, "{set}: {said}");
        assert!(said.contains(&format!("--set {set}: ")) && said.contains(told), "{said}");
    }
    let (exit, said) = ran(&place, &[], &["--set", "paper.cash=1", "--set", "paper.cash=2"]);
    assert!(exit == 2 && said.contains("is set twice"), "{said}");
    let useless = place.tradewind(&["init", "--out", "new", "--set", "paper.cash=1"]);
    assert!(
        code(&useless) == 2 && stderr(&useless).contains("reads no configuration"),
        "{}",
        stderr(&useless)
    );
    assert!(place.bytes() == before, "a file changed");
}

#[test]
fn variables_of_the_tests_are_left_alone_and_names_can_be_set_by_a_flag() {
    let place = Place::new();
    let variables = [("TRADEWIND_SHARED", "/nowhere"), ("TRADEWIND_KILL_SEED", "1")];
    let document = shown(&place, &variables, &["--set", "aliases.BITCOIN=X=BTC/USD"]);
    let set =
        json!({ "alias": "BITCOIN=X", "symbol": "BTC/USD", "origin": "--set aliases.BITCOIN=X=BTC/USD" });
    assert!(document["data"]["aliases"].as_array().unwrap().contains(&set), "{document:#}");
}

/// A replay trades its own symbols, so names of them are no fault; and it takes the size that somebody set.
#[test]
fn a_replay_takes_names_of_its_own_symbols() {
    let place = Place::new();
    let words = ["replay", "--bars", "b", "--symbols", "s.csv", "--strategy", "breakout", "--out", "o"];
    let output = place.tradewind(&[&words[..], &["--set", "aliases.X=OWN"]].concat());
    assert!(code(&output) == 2 && stderr(&output).contains("TW0208"), "{}", stderr(&output));
    let output = place.tradewind(&[&words[..], &["--set", "aliases.X=own"]].concat());
    assert!(stderr(&output).contains("not traded here"), "{}", stderr(&output));
}

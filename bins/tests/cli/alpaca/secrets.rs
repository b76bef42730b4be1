//! The keys of an account are told nowhere: every verb with keys from the environment and from a file, with keys that
//! the broker refuses, with a broker that repeats them in its answer, with none that can be reached, and with keys that
//! are none.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use broker_api::Side;
use chrono::TimeDelta;
use serde_json::json;

use super::desk::Desk;
use crate::place::{stderr, stdout};
use crate::secrets::{KEY, Round, SECRET, assert_searched};

/// Where the keys are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Environment,
    File,
}

/// The program at a desk with the keys that are looked for.
fn keyed(desk: &Desk, keys: Keys, url: Option<&str>, words: &[&str]) -> Command {
    let mut command = desk.command(words);
    let ours = command.get_envs().find(|(name, _)| *name == "APCA_API_BASE_URL");
    let ours = ours.unwrap().1.unwrap().to_str().unwrap().to_owned();
    let url = url.map_or(ours, str::to_owned);
    command.env("APCA_API_BASE_URL", &url).env("APCA_API_DATA_URL", &url);
    match keys {
        Keys::Environment => command.env("APCA_API_KEY_ID", KEY).env("APCA_API_SECRET_KEY", SECRET),
        Keys::File => {
            let file = desk.folder.path().join("keys.env");
            let urls = format!("APCA_API_BASE_URL={url}\nAPCA_API_DATA_URL={url}\n");
            let text = format!("{urls}APCA_API_KEY_ID='{KEY}'\nAPCA_API_SECRET_KEY='{SECRET}'\n");
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            command.env("TRADEWIND_ALPACA_CREDENTIALS", "file:keys.env");
            command.env_remove("APCA_API_KEY_ID").env_remove("APCA_API_SECRET_KEY")
        }
    };
    command
}

/// Every verb at a desk; those that did not do their work, and the files that were searched.
fn every_verb(
    desk: &Desk,
    keys: Keys,
    url: Option<&str>,
    except: &[&str],
) -> (BTreeSet<String>, BTreeSet<String>) {
    let command = |words: &[&str]| keyed(desk, keys, url, words);
    let folder = desk.folder.path();
    let except: Vec<PathBuf> = ["keys.env"].iter().chain(except).map(|name| folder.join(name)).collect();
    let round = Round::new(folder, &command, &except, false);
    let entry = |id: &str| {
        desk.control.step(TimeDelta::seconds(30)).unwrap();
        desk.enter(id, "AAPL", "219")
    };
    let differs = || {
        desk.control.trade("KO", Side::Buy, 3.into()).unwrap();
    };
    round.every_verb(&entry, &|id| desk.enter(id, "MSFT", "420"), &differs);
    round.ends()
}

#[track_caller]
fn assert_does_its_work(keys: Keys) {
    let desk = Desk::new("100000");
    let (failed, seen) = every_verb(&desk, keys, None, &[]);
    assert_searched(&seen);
    assert!(seen.contains("wire.jsonl"), "{seen:?}");
    // What another program kept goes into a paper account alone; of `demo` a folder that is not empty is enough here.
    // And it is no account of real money, a gate needs fifty trades, and a twin bars.
    let expected: BTreeSet<String> =
        ["arm", "demo", "gate", "state import", "twin"].map(str::to_owned).into();
    assert_eq!(failed, expected, "the verbs that did not do their work");
}

#[test]
fn keys_from_the_environment_are_told_by_no_verb() {
    assert_does_its_work(Keys::Environment);
}

#[test]
fn keys_from_a_file_are_told_by_no_verb() {
    assert_does_its_work(Keys::File);
}

fn refuses_of(desk: &Desk, method: &str, path: &str, status: u16, message: &str) {
    let code = if status == 401 { 40_110_000 } else { 40_310_000 };
    let refused = json!({"reject": {"status": status, "code": code, "message": message}});
    let rule = json!({"request": {"method": method, "path": path, "times": 0, "do": refused}});
    desk.control.fault_lines(&rule.to_string()).unwrap();
}

fn refuses(desk: &Desk, message: &str) {
    refuses_of(desk, "GET", "*", 401, message);
}

#[test]
fn keys_that_the_broker_refuses_are_told_by_no_verb() {
    for keys in [Keys::Environment, Keys::File] {
        let desk = Desk::new("100000");
        refuses(&desk, "request is not authorized");
        let (failed, _) = every_verb(&desk, keys, None, &[]);
        assert!(failed.contains("run"), "they were not refused: {failed:?}");
    }
}

#[test]
fn a_broker_that_cannot_be_reached_makes_no_verb_tell_the_keys() {
    let desk = Desk::new("100000");
    let (failed, _) = every_verb(&desk, Keys::Environment, Some("http://127.0.0.1:9"), &[]);
    assert!(failed.contains("run"), "it was reached: {failed:?}");
}

#[test]
fn a_broker_that_repeats_the_keys_makes_no_verb_tell_them() {
    let message = format!("key {KEY} with secret {SECRET} may not do that");
    let desk = Desk::new("100000");
    refuses(&desk, &message);
    // In its own log stands what the broker said.
    let (failed, _) = every_verb(&desk, Keys::Environment, None, &["wire.jsonl"]);
    assert!(failed.contains("run"), "they were not refused: {failed:?}");
    // Of orders alone: a refusal that is written down.
    let desk = Desk::new("100000");
    let message = format!("insufficient buying power: {message}");
    refuses_of(&desk, "POST", "/v2/orders", 403, &message);
    let command = |words: &[&str]| keyed(&desk, Keys::Environment, None, words);
    let folder = desk.folder.path();
    let round = Round::new(folder, &command, &[folder.join("wire.jsonl")], false);
    std::fs::write(folder.join("signals.json"), json!([desk.enter("one", "AAPL", "219")]).to_string())
        .unwrap();
    let ran = round.run(&["run", "--signals", "signals.json", "--settle", "1", "--record", "session.jsonl"]);
    assert!(stdout(&ran).contains("REJECTED"), "{}{}", stdout(&ran), stderr(&ran));
    let told = stdout(&round.run(&["journal", "tail", "--last", "500", "--json"]));
    assert!(told.contains("buying power: key *** with secret *** may not do that"), "{told}");
    for words in [&["explain", "one"][..], &["orders", "--all"], &["signals"], &["status"], &["doctor"]] {
        round.run(&[words, &["--json"]].concat());
    }
    assert_eq!(round.found(), BTreeSet::new());
}

#[test]
fn keys_that_are_none_are_not_repeated() {
    let desk = Desk::new("100000");
    let folder = desk.folder.path();
    let bent = |name: &'static str, value: String| {
        let desk = &desk;
        move |words: &[&str]| {
            let mut command = keyed(desk, Keys::Environment, None, words);
            command.env(name, &value);
            command
        }
    };
    let file = |text: &str| {
        std::fs::write(folder.join("bent.env"), text).unwrap();
        std::fs::set_permissions(folder.join("bent.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
        bent("TRADEWIND_ALPACA_CREDENTIALS", "file:bent.env".to_owned())
    };
    let ways = [
        ("APCA_API_SECRET_KEY", format!("{SECRET} {KEY}")),
        ("APCA_API_KEY_ID", format!("{KEY}\u{e9}")),
        ("ALPACA_API_KEY", format!("{KEY}another")),
        ("APCA_API_OAUTH_TOKEN", SECRET.to_owned()),
        ("APCA_API_BASE_URL", format!("http://{}:word@127.0.0.1:9", "PKtwKEYmark7Qk9Zend")),
        ("TRADEWIND_ALPACA_CREDENTIALS", format!("{KEY}:{SECRET}")),
    ];
    let looks = |command: &dyn Fn(&[&str]) -> Command, told: &str| {
        let round = Round::new(folder, command, &[folder.join("bent.env")], false);
        for words in [&["run"][..], &["doctor"], &["doctor", "--config"], &["status"], &["halt"]] {
            for way in ["--verbose", "--json"] {
                round.run(&[words, &[way]].concat());
            }
        }
        let found = round.found();
        assert!(found.is_empty(), "{told}: {found:#?}");
    };
    for (name, value) in ways {
        looks(&bent(name, value), name);
    }
    for text in [
        format!("{KEY}\n{SECRET}\n"),
        format!("APCA_API_KEY_ID={KEY}\nsecret {SECRET}\n"),
        format!("KEY {KEY}={SECRET}\n"),
    ] {
        looks(&file(&text), "a file");
    }
}

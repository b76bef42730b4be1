//! `doctor`: what it sees, that it changes nothing, and that it ends as `run` does.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// A place that has traded.
fn traded() -> Place {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    assert_eq!(code(&place.run()), 0);
    place
}

/// The rows of a check.
fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    let rows = document["data"]["checks"].as_array().unwrap();
    rows.iter().find(|row| row["check"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

/// Every file with its bytes, the lock too.
fn all(place: &Place) -> Vec<(String, Vec<u8>)> {
    let mut files = place.bytes();
    files.extend(
        std::fs::read(place.file("paper-state.json.lock")).ok().map(|bytes| ("lock".to_owned(), bytes)),
    );
    files
}

/// What `doctor` says; it must end with `exit`, change nothing, say the same to programs, and `run` must end so too.
#[track_caller]
fn ends_as_run(place: &Place, exit: i32) -> (Value, String) {
    let before = all(place);
    let looked = place.tradewind(&["doctor"]);
    assert_eq!(code(&looked), exit, "{}{}", stdout(&looked), stderr(&looked));
    let document = place.json(&["doctor"]);
    assert!(all(place) == before, "a file changed");
    assert_fits(&schema(place, "output"), &document, "doctor");
    assert_eq!(document["data"]["exit"], json!(exit));
    let ran = place.tradewind(&["run"]);
    assert_eq!(code(&ran), exit, "run: {}{}", stdout(&ran), stderr(&ran));
    (document, stdout(&looked))
}

#[test]
fn in_a_fresh_folder_everything_is_still_to_come() {
    let place = Place::new();
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    std::fs::remove_file(place.file("example-quotes.jsonl")).unwrap();
    let (document, text) = ends_as_run(&place, 0);
    assert!(text.starts_with("PAPER  paper paper-1   no book yet   "), "{text}");
    assert!(
        text.contains("no file: the paper defaults apply") && text.contains("A pass now would end with 0."),
        "{text}"
    );
    for name in ["journal", "state", "venue"] {
        assert_eq!(check(&document, name)["verdict"], "ok", "{name}");
        assert!(check(&document, name)["seen"].as_str().unwrap().contains("is not there yet"), "{name}");
    }
    assert_eq!(check(&document, "stock prices")["verdict"], "warn");
    assert_eq!(document["data"]["prices"][0]["none"].as_array().map(Vec::len), Some(20));
    assert_eq!(document["data"]["limits"].as_array().map(Vec::len), Some(61));
    assert_eq!(document["mode"], "paper");
}

#[test]
fn after_a_pass_all_is_there_and_fits() {
    let place = traded();
    let (document, text) = ends_as_run(&place, 0);
    assert!(text.starts_with("PAPER  paper paper-1   level TRADING   "), "{text}");
    for name in [
        "config",
        "lock",
        "journal",
        "state",
        "venue",
        "pass",
        "permissions",
        "folder",
        "disk",
        "clock",
        "zone",
        "sessions",
        "limits",
        "sizing",
    ] {
        assert_eq!(check(&document, name)["verdict"], "ok", "{name}: {document:#}");
    }
    assert!(check(&document, "state")["seen"].as_str().unwrap().contains("up to date"));
    assert_eq!(check(&document, "credentials")["verdict"], "skip");
    assert_eq!(document["data"]["prices"][2]["none"], json!(["XRP/USD", "DOGE/USD"]));
    let verbose = place.tradewind(&["doctor", "--verbose", "--set", "limits.positions_max=3"]);
    let text = stdout(&verbose);
    assert!(text.contains("positions_max 3 (--set limits.positions_max=3)"), "{text}");
    assert!(text.contains("positions_max = 3   The backtest traded ten slots."), "{text}");
}

#[test]
fn every_key_is_shown_with_its_origin_and_fits_the_schema() {
    let place = Place::new();
    let document = place.json(&["doctor", "--config"]);
    assert_fits(&schema(&place, "output"), &document, "doctor --config");
    assert_eq!(document["data"]["keys"].as_array().map(Vec::len), Some(112));
    let text = stdout(&place.tradewind(&["doctor", "--config", "tradewind.toml", "--keys"]));
    assert!(text.contains("[limits]") && text.contains("cooldown_hours = 24 h   (tradewind.toml:"), "{text}");
    assert!(text.contains("One account day, so that a person sees the next daily summary first."), "{text}");
    place.write("tradewind.toml", "[nothing]\n");
    let bad = place.tradewind(&["doctor", "--config"]);
    assert!(
        code(&bad) == 2 && stderr(&bad).contains("tradewind.toml:1:2: nothing is no table"),
        "{}",
        stderr(&bad)
    );
}

#[test]
fn a_bad_configuration_is_told_whole_and_the_rest_is_still_looked_at() {
    let place = traded();
    let text = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    place.write(
        "tradewind.toml",
        &text.replace("positions_max = 10", "positions_max = 0").replace("cash = \"10000\"", "cash = 1"),
    );
    let (document, text) = ends_as_run(&place, 2);
    let config = check(&document, "config");
    assert_eq!((&config["verdict"], config["details"].as_array().map(Vec::len)), (&json!("fail"), Some(2)));
    assert!(text.contains("FAIL  config       2 faults in the configuration"), "{text}");
    assert_eq!(check(&document, "journal")["verdict"], "ok");
    assert_eq!(check(&document, "pass")["verdict"], "skip");
    assert_eq!(document["data"]["limits"], Value::Null);
}

#[test]
fn who_holds_the_lock_is_named_and_the_book_is_read_all_the_same() {
    let place = traded();
    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let (document, text) = ends_as_run(&place, 5);
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    assert_eq!(check(&document, "lock")["exit"], json!(5));
    assert_eq!(check(&document, "journal")["verdict"], "ok");
    assert_eq!(check(&document, "pass")["verdict"], "skip");
    drop(lock);
    ends_as_run(&place, 0);
}

/// The journal is read beside the process that has it open, and nothing is held back from it.
#[test]
fn beside_a_process_that_writes_the_book_is_read_where_it_lies() {
    let place = traded();
    let lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let store = state::SqliteStore::open(&place.file("paper-state.journal.sqlite")).unwrap();
    let mut journal = state::Journal::open(store).unwrap();
    assert!(place.file("paper-state.journal.sqlite-shm").exists(), "it is open");
    let document = place.json(&["doctor"]);
    assert_eq!(document["data"]["exit"], json!(5));
    assert_eq!(check(&document, "journal")["verdict"], "ok");
    assert_eq!(check(&document, "state")["verdict"], "ok");
    journal.maintain().unwrap();
    drop((journal, lock));
    ends_as_run(&place, 0);
}

#[test]
fn a_lock_whose_process_has_ended_is_free() {
    let place = traded();
    let mut holder = serde_json::to_value(state::Holder::this("a test", now())).unwrap();
    holder["born"] = json!(1);
    place.write("paper-state.json.lock", &holder.to_string());
    let (document, _) = ends_as_run(&place, 0);
    if cfg!(target_os = "linux") {
        assert!(check(&document, "lock")["seen"].as_str().unwrap().contains("which has ended"), "{document}");
    }
}

#[test]
fn halted_is_3_by_level_and_by_file_alone() {
    let place = traded();
    assert_eq!(code(&place.tradewind(&["halt", "--why", "odd prices"])), 0);
    let (document, text) = ends_as_run(&place, 3);
    assert!(text.contains("odd prices") && text.contains("fix: tradewind resume --why TEXT"), "{text}");
    assert_eq!(
        (&document["level"], &check(&document, "pass")["verdict"]),
        (&json!("reduce-only"), &json!("fail"))
    );
    let new = Place::new();
    new.write("paper-state.json.halt", "by hand\n");
    let (_, text) = ends_as_run(&new, 3);
    assert!(text.contains("the halt file holds entries back"), "{text}");
}

/// The venue's file comes from a copy that went on: it holds an execution that this book never ordered.
#[test]
fn a_broker_that_did_more_than_the_book_knows_is_4() {
    let (place, other) = (traded(), Place::new());
    for name in ["paper-state.json", "paper-state.journal.sqlite", "paper-venue.sqlite"] {
        std::fs::copy(place.file(name), other.file(name)).unwrap();
    }
    other.signals(&[enter("two", "ETH/USD", "2800")]);
    assert_eq!(code(&other.run()), 0);
    std::fs::copy(other.file("paper-venue.sqlite"), place.file("paper-venue.sqlite")).unwrap();
    place.prices();
    let (document, text) = ends_as_run(&place, 4);
    assert!(text.contains("book and broker disagree"), "{text}");
    assert_eq!(check(&document, "pass")["exit"], json!(4));
}

#[test]
fn a_state_file_that_was_edited_or_cut_ends_as_run_does() {
    let place = traded();
    let good = std::fs::read_to_string(place.file("paper-state.json")).unwrap();
    let mut edited: Value = serde_json::from_str(&good).unwrap();
    edited["totals"]["trades"] = json!(7);
    // The edited one last: the pass keeps it aside, and goes on with entries off.
    for (text, word, exit) in
        [(good[..good.len() / 2].to_owned(), "ends in the middle", 2), (edited.to_string(), "edited", 4)]
    {
        place.write("paper-state.json", &text);
        let (document, said) = ends_as_run(&place, exit);
        assert!(said.contains(word), "{said}");
        assert_eq!(check(&document, "state")["verdict"], "fail");
        assert_eq!(check(&document, "journal")["verdict"], "ok");
        assert!(said.contains("paper-state.json") && !said.contains(".tmp"), "our files are named: {said}");
    }
}

#[test]
fn what_is_missing_or_of_another_account_is_named() {
    let place = traded();
    std::fs::rename(place.file("paper-venue.sqlite"), place.file("away")).unwrap();
    let (document, _) = ends_as_run(&place, 2);
    assert_eq!(check(&document, "venue")["verdict"], "fail");
    std::fs::rename(place.file("away"), place.file("paper-venue.sqlite")).unwrap();
    std::fs::rename(place.file("paper-state.journal.sqlite"), place.file("away")).unwrap();
    let (document, _) = ends_as_run(&place, 2);
    assert_eq!(check(&document, "state")["verdict"], "fail");
    std::fs::rename(place.file("away"), place.file("paper-state.journal.sqlite")).unwrap();
    let ran = code(&place.tradewind(&["run", "--set", "paper.account=another"]));
    let looked = place.tradewind(&["doctor", "--set", "paper.account=another"]);
    assert!(ran != 0 && code(&looked) == ran, "{ran}: {}", stdout(&looked));
    assert!(stdout(&looked).contains("FAIL  venue"), "{}", stdout(&looked));
}

/// A pass reads what is new only; `doctor` reads every hash.
#[test]
fn a_journal_that_was_changed_is_1() {
    let place = traded();
    let mut bytes = std::fs::read(place.file("paper-state.journal.sqlite")).unwrap();
    let needle = b"\"stop\":\"80000\"";
    // Wherever it stands: the file may keep a copy of a row that it has moved.
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(needle)).collect();
    assert!(!places.is_empty(), "the stop stands there");
    for at in places {
        bytes[at + 8] = b'9';
    }
    std::fs::write(place.file("paper-state.journal.sqlite"), bytes).unwrap();
    let before = all(&place);
    let looked = place.tradewind(&["doctor"]);
    assert_eq!(code(&looked), 1, "{}", stdout(&looked));
    assert!(
        stdout(&looked).contains("FAIL  journal") && stdout(&looked).contains("is not whole"),
        "{}",
        stdout(&looked)
    );
    assert!(all(&place) == before, "a file changed");
}

#[test]
fn prices_are_fresh_delayed_stale_none_or_bad() {
    let place = Place::new();
    let quote = |minutes: i64| {
        let at = now() - chrono::TimeDelta::minutes(minutes);
        place.write(
            "example-quotes.jsonl",
            &format!("{}\n", json!({ "symbol": "BTC/USD", "bid": "84170", "ask": "84210", "at": at })),
        );
    };
    for (minutes, state) in [(0, "fresh"), (10, "delayed"), (60, "stale")] {
        quote(minutes);
        let (document, _) = ends_as_run(&place, 0);
        assert_eq!(document["data"]["prices"][2]["state"], state);
        let verdict = if state == "fresh" { "ok" } else { "warn" };
        assert_eq!(check(&document, "coin prices")["verdict"], verdict);
        assert_eq!(document["data"]["prices"][0]["state"], "none");
    }
    place.write("example-quotes.jsonl", "");
    let (document, text) = ends_as_run(&place, 0);
    assert_eq!(document["data"]["prices"][2]["state"], "none");
    assert!(text.contains("holds no price of coins (data.crypto, tradewind.toml:"), "{text}");
    place.write("example-quotes.jsonl", "{\"symbol\":\"BTC/USD\",\"bid\":\"none\"}\n");
    let (document, text) = ends_as_run(&place, 2);
    assert_eq!(check(&document, "coin prices")["verdict"], "fail");
    assert!(text.contains("example-quotes.jsonl, line 1"), "{text}");
    std::fs::create_dir(place.file("bars")).unwrap();
    let days: Vec<String> = (0..5)
        .rev()
        .map(|ago| format!("{},1,1,1,1,1", (now() - chrono::TimeDelta::days(ago)).date_naive()))
        .collect();
    let days = days.join("\n");
    place.write("bars/BTCUSD.csv", &format!("date,open,high,low,close,volume\n{days}\n"));
    place.prices();
    let looked = place.json(&["doctor", "--set", "data.crypto=bars:bars"]);
    assert_eq!(looked["data"]["prices"][2]["state"], "fresh", "{looked:#}");
    assert_eq!(looked["data"]["prices"][2]["none"].as_array().map(Vec::len), Some(5));
}

#[cfg(unix)]
#[test]
fn files_that_others_may_write_or_read_are_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = traded();
    let set = |name: &str, mode: u32| {
        std::fs::set_permissions(place.file(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("paper-state.json", 0o666);
    let (document, text) = ends_as_run(&place, 0);
    assert_eq!(check(&document, "permissions")["verdict"], "warn");
    assert!(
        text.contains("paper-state.json (0666)") && text.contains("fix: chmod go-w paper-state.json"),
        "{text}"
    );
    place.write("broker.env", "KEY=secret-word\n");
    set("broker.env", 0o600);
    assert_eq!(check(&place.json(&["doctor"]), "credentials")["verdict"], "ok");
    set("broker.env", 0o640);
    let looked = place.tradewind(&["doctor"]);
    let text = stdout(&looked);
    assert_eq!(code(&looked), 2, "{text}");
    assert!(text.contains("broker.env (0640)") && text.contains("fix: chmod 600"), "{text}");
    assert!(!text.contains("secret-word"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_or_is_not_there_is_2() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let gone = ["doctor", "--state", "gone/paper-state.json"];
    let looked = place.tradewind(&gone);
    assert_eq!(code(&looked), 2, "{}", stdout(&looked));
    assert!(stdout(&looked).contains("gone is no folder that is there") && !place.file("gone").exists());
    assert_eq!(code(&place.tradewind(&["run", "--state", "gone/paper-state.json"])), 2);
    let set =
        |mode: u32| std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    if std::fs::write(place.file("probe"), "").is_ok() {
        set(0o755);
        println!("skipped: this user may write where nobody may (root)");
        return;
    }
    let (document, _) = ends_as_run(&place, 2);
    assert_eq!(check(&document, "folder")["verdict"], "fail");
    set(0o755);
}

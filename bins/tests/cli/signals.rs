//! Signals as they come in: every form, every way in, what is refused whole, what comes again, and how `adjust` moves
//! what guards a position.

/// Stop and target of what is held are moved.
mod adjust;
/// Files that are no whole files, and what is no file at all.
mod files;
/// The commands of the guide.
mod page;

use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, stderr, stdout};

/// Signals in each of the forms: a name and the text.
fn forms(signals: &[Value]) -> Vec<(&'static str, String)> {
    let mut keys: Vec<&String> =
        signals.iter().flat_map(|signal| signal.as_object().unwrap().keys()).collect();
    keys.sort();
    keys.dedup();
    let row = |signal: &Value| {
        keys.iter().map(|key| signal[key.as_str()].as_str().unwrap_or("")).collect::<Vec<_>>().join(",")
    };
    let head = keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = signals.iter().map(Value::to_string).collect();
    vec![
        ("array.json", json!(signals).to_string()),
        ("object.json", format!("{:#}", json!({ "schema": "tradewind.signals/1", "signals": signals }))),
        ("lines.jsonl", lines.join("\n") + "\n"),
        ("table.csv", format!("{head}\n{}\n", signals.iter().map(row).collect::<Vec<_>>().join("\n"))),
    ]
}

#[test]
fn every_form_from_a_file_and_from_standard_input_gives_the_same() {
    let signals =
        [enter("one", "BTC/USD", "80000"), enter("two", "eth-usd", "2800"), exit("three", "LTC/USD")];
    for (name, text) in forms(&signals) {
        for by in ["file", "link", "stdin", "byte order mark"] {
            let place = Place::new();
            place.prices();
            let mark = if by == "byte order mark" { "\u{feff}" } else { "" };
            place.write(name, &format!("{mark}{text}"));
            std::os::unix::fs::symlink(place.file(name), place.file("link")).unwrap();
            let from = match by {
                "stdin" => "-",
                "link" => "link",
                _ => name,
            };
            let mut command = place.command(&["run", "--signals", from]);
            if by == "stdin" {
                command.stdin(std::fs::File::open(place.file(name)).unwrap());
            }
            let ran = command.output().unwrap();
            assert_eq!(code(&ran), 0, "{name} by {by}: {}{}", stdout(&ran), stderr(&ran));
            let rows = place.data(&["signals", "--all"]);
            let mut told: Vec<_> = rows
                .iter()
                .map(|row| (row["id"].as_str().unwrap(), row["outcome"].as_str().unwrap()))
                .collect();
            told.sort_unstable();
            assert_eq!(told, [("one", "filled"), ("three", "denied"), ("two", "filled")], "{name} by {by}");
        }
    }
}

#[test]
fn the_good_ones_go_on_in_every_form_and_with_strict_nothing_does() {
    let mut bad = enter("bad", "ETH/USD", "2800");
    bad["side"] = json!("up");
    bad["stop"] = json!("low");
    for (name, text) in forms(&[enter("good", "BTC/USD", "80000"), bad, enter("also", "LTC/USD", "80")]) {
        let place = Place::new();
        place.signals(&[enter("before", "SOL/USD", "130")]);
        place.run();
        place.write(name, &text);
        place.prices();
        let before = place.bytes();
        let strict = place.tradewind(&["run", "--signals", name, "--strict", "--record", "session.jsonl"]);
        assert_eq!(code(&strict), 2, "{name}: {}", stdout(&strict));
        assert!(stderr(&strict).contains("1 of 3 signals are bad"), "{name}: {}", stderr(&strict));
        assert!(place.bytes() == before, "{name}: --strict leaves every file as it was, and makes none");
        let ran = place.json(&["run", "--signals", name]);
        assert_eq!(
            (&ran["data"]["exit"], ran["data"]["faults"].as_array().unwrap().len()),
            (&json!(2), 2),
            "{name}"
        );
        let fields: Vec<_> = ran["data"]["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["field"].as_str().unwrap())
            .collect();
        assert_eq!(fields, ["side", "stop"], "{name}: {}", ran["data"]["faults"]);
        let positions: Vec<_> = place.data(&["positions"]).iter().map(|row| row["symbol"].clone()).collect();
        assert_eq!(positions, [json!("BTC/USD"), json!("LTC/USD"), json!("SOL/USD")], "{name}");
    }
}

#[test]
fn without_an_id_the_same_decision_has_the_same_one() {
    let place = Place::new();
    let mut signal = enter("", "BTC-USD", "80000");
    signal["id"] = json!(null);
    let decided: chrono::DateTime<chrono::Utc> = signal["decided_at"].as_str().unwrap().parse().unwrap();
    signal["bar_close"] = json!(decided.format("%Y-%m-%dT%H:00:00Z").to_string());
    place.signals(&[signal.clone()]);
    assert_eq!(code(&place.run()), 0);
    let rows = place.data(&["signals"]);
    assert_eq!(rows[0]["id"], json!(decided.format("%Y%m%dT%H0000Z/BTC/USD/enter/test").to_string()));
    let fills = place.data(&["fills", "--all"]).len();
    // Another way to write the same symbol is the same decision.
    signal["symbol"] = json!("BTCUSD");
    place.signals(&[signal.clone(), signal]);
    let again = place.run();
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    assert!(stdout(&again).contains("1 signal: 1 taken in before"), "{}", stdout(&again));
    assert_eq!((place.data(&["signals", "--all"]).len(), place.data(&["fills", "--all"]).len()), (1, fills));
}

/// How many records of one kind the journal holds.
fn records(place: &Place, kind: &str) -> usize {
    let all = place.data(&["journal", "tail", "--last", "1000"]);
    all.iter().filter(|row| row["record"]["record"] == json!(kind)).count()
}

#[test]
fn a_conflict_is_told_everywhere_and_the_first_stands() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    place.run();
    let fills = place.data(&["fills", "--all"]).len();
    let mut other = enter("one", "BTC/USD", "70000");
    place.signals(&[other.clone()]);
    for pass in 0..2 {
        // The first time, and each time that it comes again.
        let ran = place.run();
        assert_eq!(code(&ran), 2, "pass {pass}: {}", stdout(&ran));
        assert!(stderr(&ran).contains("signal one: came before with another content"), "{}", stderr(&ran));
        assert!(stdout(&ran).contains("CONFLICT: taken in"), "{}", stdout(&ran));
        assert_eq!(records(&place, "signal_conflicted"), 1, "told once in the journal");
    }
    // A third content is told, and the journal does not grow with every further one.
    other["stop"] = json!("60000");
    place.signals(&[other]);
    let ran = place.json(&["run", "--signals", "signals.json"]);
    assert_eq!((&ran["data"]["exit"], &ran["data"]["conflicts"]), (&json!(2), &json!(["one"])));
    assert_eq!(records(&place, "signal_conflicted"), 1);
    let listed = stdout(&place.tradewind(&["signals"]));
    assert!(listed.contains("came again under the same id with another content"), "{listed}");
    let story = stdout(&place.tradewind(&["explain", "one"]));
    assert!(
        story.contains("came again with another content") && story.contains("the first stands"),
        "{story}"
    );
    assert_eq!(place.data(&["positions"])[0]["stop"], json!("80000"));
    assert_eq!(place.data(&["fills", "--all"]).len(), fills);
    // With --strict it is refused before anything is touched, and what is in order goes through again.
    let before = place.bytes();
    let strict = place.tradewind(&["run", "--signals", "signals.json", "--strict"]);
    assert_eq!(code(&strict), 2, "{}", stdout(&strict));
    assert!(stderr(&strict).contains("1 of 1 signals are bad or in conflict"), "{}", stderr(&strict));
    assert!(place.bytes() == before);
    place.signals(&[enter("new", "ETH/USD", "2800")]);
    assert_eq!(code(&place.tradewind(&["run", "--signals", "signals.json", "--strict"])), 0);
}

#[test]
fn two_contents_under_one_id_in_one_file_are_a_conflict_too() {
    for strict in [false, true] {
        let place = Place::new();
        place.signals(&[enter("one", "BTC/USD", "80000"), enter("one", "ETH/USD", "2800")]);
        place.prices();
        let words: &[&str] = if strict { &["--strict"] } else { &[] };
        let ran = place.tradewind(&[&["run", "--signals", "signals.json"], words].concat());
        assert_eq!(code(&ran), 2, "{}", stdout(&ran));
        if strict {
            assert!(!place.file("paper-state.json").exists(), "nothing was begun");
            continue;
        }
        assert!(
            stdout(&ran).contains("FILLED") && stdout(&ran).contains("came again under the same id"),
            "{}",
            stdout(&ran)
        );
        assert_eq!(place.data(&["positions"])[0]["symbol"], json!("BTC/USD"));
        assert_eq!(place.data(&["positions"]).len(), 1);
    }
}

#[test]
fn symbols_are_read_as_other_programs_write_them() {
    let place = Place::new();
    let as_written = [
        "BTC/USD", "BTC-USD", "BTCUSD", "BTC_USD", "BTC.USD", "btc-usd", "XBTUSD", "EURUSD=X", "EUR_USD",
        "EUR.USD", "EURUSD", "BRK-B", "BRK B", "brk b", "BRK.B", "BRK/B", "JPY=X",
    ];
    let signals: Vec<_> = (0..)
        .zip(as_written)
        .map(|(n, symbol)| {
            let mut signal = exit(&format!("s{n}"), symbol);
            signal["asset_class"] = json!(null);
            signal
        })
        .collect();
    place.signals(&signals);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let meant: Vec<_> = place.json(&["run", "--signals", "signals.json"])["data"]["signals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["symbol"].as_str().unwrap().to_owned())
        .collect();
    let expected = [&["BTC/USD"; 7][..], &["EUR/USD"; 4], &["BRK.B"; 5], &["USD/JPY"]].concat();
    assert_eq!(meant, expected);
    // EUR=X is dollars in euros there, which is not EUR/USD; letters of other alphabets are none of these.
    for (symbol, near) in [
        ("EUR=X", ""),
        ("EURSUD", "did you mean \"EUR/USD\"?"),
        ("AAPLL", "did you mean \"AAPL\"?"),
        ("B\u{130}TC", ""),
        ("M\u{130}SFT", ""),
    ] {
        let mut signal = exit("odd", symbol);
        signal["asset_class"] = json!(null);
        place.signals(&[signal]);
        let ran = place.run();
        assert_eq!(code(&ran), 2, "{symbol}: {}", stdout(&ran));
        assert!(
            stderr(&ran).contains("is not among the instruments") && stderr(&ran).contains(near),
            "{symbol}: {}",
            stderr(&ran)
        );
    }
    // An own name is read too; one that leads to nothing is a fault of the configuration.
    let config = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    place.write("tradewind.toml", &format!("{config}\"GOLDEN\" = \"AAPL\"\n"));
    let mut signal = exit("golden", "golden");
    signal["asset_class"] = json!(null);
    place.signals(&[signal]);
    assert_eq!(code(&place.run()), 0);
    assert_eq!(place.data(&["signals"])[0]["symbol"], json!("AAPL"));
    place.write("tradewind.toml", &format!("{config}\"GOLDEN\" = \"APL\"\n"));
    let ran = place.run();
    assert_eq!(code(&ran), 2);
    assert!(
        stderr(&ran).contains("aliases.\"GOLDEN\" leads to \"APL\"") && stderr(&ran).contains("\"AAPL\""),
        "{}",
        stderr(&ran)
    );
}

//! The verb `conformance`: its reports, a practice account that a simulator plays, and what it refuses to begin with.

use std::sync::Arc;

use broker_sim::alpaca::{Alpaca, Quirks, Running, Settings};
use serde_json::{Value, json};

use crate::place::{Place, code, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// A simulator in this process, in a thread that ends with it, with a clock that runs.
fn served(quirks: Quirks) -> Running {
    let (started, running) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let settings = Settings { rate_limit: 100_000, quirks, ..Settings::real(Arc::new(now)) };
            started.send(Alpaca::start(settings).await.unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    running.recv().unwrap()
}

fn unlucky() -> Quirks {
    Quirks { partial_percent: 0, ..Quirks::default() }
}

/// The verb against what listens at a URL, with a key.
fn practice(place: &Place, url: &str, words: &[&str]) -> std::process::Output {
    let words = [&["conformance", "--venue", "alpaca", "--symbol", "AAPL"], words].concat();
    let mut command = place.command(&words);
    for name in [
        "ALPACA_API_KEY",
        "ALPACA_SECRET_KEY",
        "APCA_API_OAUTH",
        "APCA_API_OAUTH_TOKEN",
        "ALPACA_PAPER_TRADE",
    ] {
        command.env_remove(name);
    }
    command
        .env("APCA_API_KEY_ID", "PKVERYSECRET")
        .env("APCA_API_SECRET_KEY", "EVENMORESECRET")
        .env("APCA_API_BASE_URL", url)
        .env("APCA_API_DATA_URL", url)
        .env_remove("APCA_API_STREAM_URL")
        .output()
        .unwrap()
}

#[test]
fn the_report_tells_each_case() {
    let place = Place::new();
    let output = schema(&place, "output");
    for (words, venue, skipped) in [
        (&["--venue", "paper"][..], "paper", 17),
        (&["--venue", "alpaca", "--simulated"], "alpaca", 7),
        (&["--venue", "oanda", "--simulated"], "oanda", 9),
    ] {
        let words = [&["conformance"], words].concat();
        let document = place.json(&words);
        assert_fits(&output, &document, venue);
        let data = &document["data"];
        assert_eq!((&data["failed"], &data["skipped"]), (&json!(0), &json!(skipped)), "{data:#}");
        let rows = data["cases"].as_array().unwrap();
        assert!(rows.len() > 70 && data["passed"].as_u64().unwrap() > 55, "{data:#}");
    }
    let ran = place.tradewind(&["conformance", "--venue", "paper", "--cases", "1,12-13"]);
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let text = stdout(&ran);
    assert!(
        text.starts_with("CONFORMANCE of paper, the embedded broker\n\n   1  passed  market_buy_fills\n"),
        "{text}"
    );
    assert!(text.contains("because it trades whenever there is a price\n"), "{text}");
    assert!(text.ends_with("\n1 passed, 2 skipped, 0 failed\n"), "{text}");
}

#[test]
fn what_went_over_the_wire_of_the_simulator_is_written_down() {
    let place = Place::new();
    let log = place.path().join("wire.jsonl");
    std::fs::write(&log, "of before\n").unwrap();
    let words = ["conformance", "--venue", "alpaca", "--simulated", "--cases", "1,30", "--wire-log"];
    let ran = place.tradewind(&[&words[..], &[log.to_str().unwrap()]].concat());
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str, name: &str, value: &str| {
        lines.iter().filter(|line| line["kind"] == kind && line[name] == value).count()
    };
    // Each case has a simulator of its own, and all are in one file: two orders of one name in the second.
    assert_eq!(of("request", "method", "POST"), 3, "{text}");
    let refused = lines.iter().filter(|line| line["kind"] == "answer" && line["status"] == 422).count();
    assert_eq!(refused, 1, "{text}");
    assert!(!text.contains("simulated\""), "no key is in it: {text}");
    let none = place.path().join("nowhere").join("wire.jsonl");
    let ran = place.tradewind(&[&words[..], &[none.to_str().unwrap()]].concat());
    assert_eq!(code(&ran), 2);
    assert!(stderr(&ran).contains("nothing was played"), "{}", stderr(&ran));
    let ran = place.tradewind(&["conformance", "--venue", "paper", "--wire-log", log.to_str().unwrap()]);
    assert_eq!(code(&ran), 2, "{}", stderr(&ran));
}

#[test]
fn a_practice_account_gives_a_profile_that_a_simulator_takes() {
    let place = Place::new();
    let quirks = Quirks { duplicate_status: 409, sell_short_side: true, text_frames: true, ..unlucky() };
    let running = served(quirks);
    let ran = practice(&place, &running.url(), &["--cases", "4,33,65", "--out", "answers", "--json"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let document: Value = serde_json::from_str(&stdout(&ran)).unwrap();
    assert_fits(&schema(&place, "output"), &document, "practice");
    let data = &document["data"];
    assert_eq!((&data["passed"], &data["kind"]), (&json!(3), &json!("practice")), "{data:#}");
    let truth = running.control().truth();
    let ends = [json!("canceled"), json!("filled"), json!("replaced"), json!("expired")];
    let is_over = |order: &Value| ends.contains(&order["status"]);
    assert!(truth["orders"].as_array().unwrap().len() > 8 && truth["positions"] == json!([]), "{truth:#}");
    assert!(truth["orders"].as_array().unwrap().iter().all(is_over), "{truth:#}");
    // What is written down, and what is not.
    let files: Vec<&str> =
        data["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let read = |file: &str| std::fs::read_to_string(place.file(file)).unwrap();
    let [profile, transcript] = files.as_slice() else { panic!("{files:?}") };
    let account = truth["account_id"].as_str().unwrap();
    for text in [&read(profile), &read(transcript), &stdout(&ran), &stderr(&ran)] {
        assert!(!text.contains("SECRET") && !text.contains(account) && !text.contains("PA3SIM"), "{text}");
    }
    assert!(read(transcript).lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let known = serde_json::from_str::<Value>(&read(profile)).unwrap();
    let quirk = |name: &str| known["quirks"][name].clone();
    assert_eq!(
        (quirk("duplicate_status"), quirk("sell_short_side"), quirk("text_frames"), quirk("notional_places")),
        (json!(409), json!(true), json!(true), json!(2)),
        "{known:#}"
    );
    // The same simulator again, from the file.
    let loaded = Quirks { partial_percent: 0, ..Quirks::of_profile(&read(profile)).unwrap() };
    let again = served(loaded);
    let ran = practice(&place, &again.url(), &["--cases", "65", "--json"]);
    let document: Value = serde_json::from_str(&stdout(&ran)).unwrap();
    let status = document["data"]["answers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["switch"] == "duplicate_status");
    assert_eq!(status.unwrap()["value"], json!(409));
    assert_eq!(document["data"]["files"], json!([]));
}

#[test]
fn what_it_cannot_play_on_it_does_not_begin_with() {
    let place = Place::new();
    let refused = |ran: &std::process::Output, number: &str, exit: i32, said: &str| {
        assert_eq!(code(ran), exit, "{}", stderr(ran));
        assert!(
            stderr(ran).starts_with(&format!("error[{number}]")) && stderr(ran).contains(said),
            "{}",
            stderr(ran)
        );
        assert!(!stderr(ran).contains("SECRET"), "{}", stderr(ran));
    };
    let live = practice(&place, "https://api.alpaca.markets", &[]);
    refused(&live, "TW0141", 2, "api.alpaca.markets is the LIVE host");
    assert!(stderr(&live).contains("never runs on a live one"), "{}", stderr(&live));
    refused(&practice(&place, "http://127.0.0.1:9", &[]), "TW0451", 5, "cannot be asked");
    let running = served(Quirks { live: true, ..unlucky() });
    refused(&practice(&place, &running.url(), &[]), "TW0451", 5, "is a LIVE one");
    let running = served(unlucky());
    running.control().trade("AAPL", broker_api::Side::Buy, 3.into()).unwrap();
    refused(&practice(&place, &running.url(), &[]), "TW0141", 2, "the account holds 3 AAPL");
    let paper = place.tradewind(&["conformance", "--venue", "paper", "--out", "x"]);
    refused(&paper, "TW0141", 2, "are for practice accounts");
    refused(&place.tradewind(&["conformance", "--venue", "paper", "--cases", "999"]), "TW0141", 2, "`999`");
    place.write("profile.json", "{}");
    let sim = place.tradewind(&["sim", "alpaca", "--profile", "profile.json"]);
    refused(&sim, "TW0131", 2, "profile.json cannot be used");
}

//! `gate broker-paper`: days of orders at a practice account, and real money that is armed with what they showed.

use std::sync::LazyLock;

use broker_api::Side;
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::desk::{Desk, decimal, document};
use super::serve::Server;
use crate::place::{Place, code, enter, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// What is entered on each day; none is left, and all have their stop.
const DAYS: [(u32, &str, &str); 6] = [
    (5, "AAPL", "219"),
    (6, "MSFT", "415"),
    (7, "KO", "60"),
    (8, "AAPL", ""),
    (9, "MSFT", ""),
    (12, "KO", ""),
];
const LOST: &str = r#"{"request":{"method":"POST","path":"/v2/orders","do":"lost_reply"}}"#;

/// Passes until one ends with nothing unknown; a minute goes by between two.
#[track_caller]
fn passes(desk: &Desk, signals: &[Value]) {
    for _ in 0..6 {
        let ran = desk.run(signals, &["--settle", "1"]);
        match code(&ran) {
            0 => return,
            5 => desk.seconds(60),
            _ => panic!("{}{}", stdout(&ran), stderr(&ran)),
        }
    }
    panic!("still not known: {}", stdout(&desk.tradewind(&["orders"])));
}

fn at(desk: &Desk, day: u32, hour: u32) {
    let date = NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
    desk.control.set_time(date.and_hms_opt(hour, 35, 0).unwrap().and_utc()).unwrap();
}

/// A week from Monday to Monday; `each`: what else happens on a day after its orders.
fn week(each: impl Fn(&Desk, u32)) -> Desk {
    let desk = Desk::new("100000");
    for (day, symbol, stop) in DAYS {
        at(&desk, day, 14);
        let id = format!("{day}/{symbol}");
        let signal = if stop.is_empty() { desk.exit(&id, symbol) } else { desk.enter(&id, symbol, stop) };
        passes(&desk, &[]);
        if day == 6 {
            desk.control.fault_lines(LOST).unwrap();
        }
        passes(&desk, &[signal]);
        desk.control.clear_faults();
        each(&desk, day);
        // The evening, and with it the next account day.
        at(&desk, day, 22);
        passes(&desk, &[]);
    }
    desk
}

fn halts(desk: &Desk, day: u32) {
    if day == 7 {
        for words in [["halt", "--why", "to try it"], ["resume", "--why", "tried"]] {
            let done = desk.tradewind(&words);
            assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
        }
    }
}

/// A week without a failure, recorded; and what was put away.
static CLEAN: LazyLock<(Desk, Value)> = LazyLock::new(|| {
    let desk = week(halts);
    let told = desk.tradewind(&["gate", "broker-paper"]);
    assert_eq!(code(&told), 0, "{}{}", stdout(&told), stderr(&told));
    assert!(stdout(&told).contains("PASSED: 6 of 6 met"), "{}", stdout(&told));
    let server = Server::start(&desk);
    let beside = desk.tradewind(&["gate", "broker-paper", "--record", "--why", "a week"]);
    assert_eq!(code(&beside), 5, "{}", stderr(&beside));
    assert!(stderr(&beside).contains("TW0724"), "{}", stderr(&beside));
    assert!(files(&desk).is_empty(), "nothing was recorded");
    server.ends();
    let recorded = desk.tradewind(&["gate", "broker-paper", "--record", "--why", "a week", "--json"]);
    assert_eq!(code(&recorded), 0, "{}{}", stdout(&recorded), stderr(&recorded));
    let [file] = files(&desk).try_into().unwrap();
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept["data"]["certificate"], document(&recorded)["data"]["certificate"]);
    (desk, kept)
});

fn files(desk: &Desk) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(desk.folder.path().join("paper-state.json.gates"));
    folder.map_or_else(|_| Vec::new(), |folder| folder.map(|entry| entry.unwrap().path()).collect())
}

/// What arming with a file says: its code, and everything.
fn arms(live: &Desk, kept: &Value) -> (i32, String) {
    std::fs::write(live.folder.path().join("gate.json"), kept.to_string()).unwrap();
    let mut words = live.arms();
    words.truncate(words.len() - 2);
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--gate", "gate.json"]).collect();
    let done = live.tradewind(&words);
    (code(&done), stdout(&done) + &stderr(&done))
}

#[test]
fn a_week_without_a_failure_arms_real_money_without_an_override() {
    let (desk, kept) = &*CLEAN;
    let place = Place::new();
    assert_fits(&schema(&place, "output"), kept, "gate");
    let certificate = &kept["data"]["certificate"]["sha256"];
    let gates = &desk.json(&["status"])["arming"]["gates"];
    assert_eq!(&gates["broker_paper"]["certificate"], certificate);
    let again = desk.tradewind(&["gate", "broker-paper", "--record", "--why", "once more"]);
    assert_eq!(code(&again), 2, "{}{}", stdout(&again), stderr(&again));
    assert!(stderr(&again).contains("TW0723"), "{}", stderr(&again));
    let live = Desk::of_real_money();
    let (ended, said) = arms(&live, kept);
    assert_eq!(ended, 0, "{said}");
    let status = live.json(&["status"]);
    assert!(live.state()["guard"]["armed"].is_object());
    assert_eq!(&status["arming"]["gates"]["broker_paper"]["certificate"], certificate);
    let copy: Value = serde_json::from_str(&std::fs::read_to_string(&files(&live)[0]).unwrap()).unwrap();
    assert_eq!(&copy, kept, "a copy is kept");
    let told = live.pass(0, &[live.enter("in", "AAPL", "219")], &[]);
    assert_eq!(told["signals"][0]["outcome"], "filled", "{told:#}");
    let elsewhere = live.tradewind(&["gate", "broker-paper"]);
    assert!(code(&elsewhere) == 2 && stderr(&elsewhere).contains("TW0583"), "{}", stderr(&elsewhere));
    let mut both = live.arms();
    both.extend(["--gate".to_owned(), "gate.json".to_owned()]);
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    assert_eq!(code(&live.tradewind(&both)), 2);
}

#[test]
fn the_same_certificate_shown_again_is_kept_and_written_down_once() {
    let (_, kept) = &*CLEAN;
    let live = Desk::of_real_money();
    for _ in 0..2 {
        let (ended, said) = arms(&live, kept);
        assert_eq!(ended, 0, "{said}");
        assert_eq!(files(&live).len(), 1, "one copy of one evaluation");
    }
    assert_eq!(passed(&live), 1);
}

/// How many records say that a gate was passed.
fn passed(desk: &Desk) -> usize {
    let tail = desk.json(&["journal", "tail", "--last", "200"]);
    let rows = tail.as_array().cloned().unwrap_or_else(|| panic!("{tail:#}"));
    rows.iter().filter(|row| row["record"].to_string().contains("gate_passed")).count()
}

#[test]
fn a_process_that_serves_is_armed_with_a_gate_as_it_goes_on() {
    let (_, kept) = &*CLEAN;
    let live = Desk::of_real_money();
    let server = Server::start(&live);
    server.until("it says so", || server.said().contains("NOT ARMED"));
    let broken = {
        let mut other = kept.clone();
        other["data"]["facts"]["facts"]["trades"] = json!(9);
        other
    };
    let (ended, said) = arms(&live, &broken);
    assert!(ended == 3 && said.contains("the facts are not those that were certified"), "{said}");
    assert!(live.json(&["status"])["arming"]["gates"].as_object().is_none_or(serde_json::Map::is_empty));
    let (ended, said) = arms(&live, kept);
    assert_eq!(ended, 0, "{said}");
    assert!(said.contains("Armed until"), "{said}");
    super::serve::put(&live, "in.json", &json!([live.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || live.live("AAPL").len() == 1);
    let certificate = &kept["data"]["certificate"]["sha256"];
    assert_eq!(&live.json(&["status"])["arming"]["gates"]["broker_paper"]["certificate"], certificate);
    assert_eq!((passed(&live), files(&live).len()), (1, 1));
    server.ends();
}

/// The same evaluation with other hashes, as somebody may write it who knows how.
fn sealed(mut kept: Value, at: broker_api::Time) -> Value {
    let evaluation: evidence::Evaluation =
        serde_json::from_value(kept["data"]["evaluation"].clone()).unwrap();
    let certificate = evidence::gates::certify(&kept["data"]["facts"], &evaluation, at).unwrap();
    kept["data"]["certificate"] = json!(certificate);
    kept
}

#[test]
fn a_file_that_proves_nothing_is_refused_by_its_reason() {
    let (_, kept) = &*CLEAN;
    let live = Desk::of_real_money();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut other = kept.clone();
        change(&mut other);
        other
    };
    let tampered = with(&|kept| kept["data"]["facts"]["facts"]["trades"] = json!(9));
    let failed = with(&|kept| kept["data"]["evaluation"]["outcome"] = json!("failed"));
    let paper = with(&|kept| kept["data"]["gate"] = json!("paper"));
    let other = with(&|kept| kept["data"]["facts"]["of"]["venue"] = json!("oanda"));
    let live_one = with(&|kept| kept["data"]["facts"]["of"]["mode"] = json!("live"));
    let broken = with(&|kept| {
        kept["data"]["facts"]["facts"]["days"][2]["failures"] = json!(["record 9: it failed"]);
    });
    let wide = with(&|kept| kept["data"]["facts"]["facts"]["needs"]["calendar_days"] = json!(1));
    let old = now() - chrono::TimeDelta::days(31);
    for (file, why) in [
        (tampered, "the facts are not those that were certified"),
        (failed, "the gate was not passed"),
        (paper, "it is of the gate paper, and not of broker-paper"),
        (sealed(other, now()), "it is of an account at oanda, and this one is at alpaca"),
        (sealed(live_one, now()), "it is of a LIVE account, and not of a practice account"),
        (sealed(broken, now()), "its facts do not pass the gate"),
        (sealed(wide, now()), "its facts do not pass the gate"),
        (sealed(kept.clone(), old), "must be of the last 30 days"),
        (sealed(kept.clone(), now() + chrono::TimeDelta::hours(1)), "must be of the last 30 days"),
        (json!({}), "it is no evaluation of a gate"),
    ] {
        let (ended, said) = arms(&live, &file);
        assert_eq!(ended, 3, "{why}: {said}");
        assert!(said.contains(why) && said.contains("1 thing is missing"), "{why}: {said}");
        assert!(files(&live).is_empty(), "{why}: nothing is kept");
    }
    let (_, said) = arms(&live, &json!({}));
    assert!(said.contains("gate.json"), "{said}");
}

#[test]
fn a_divergence_on_the_third_day_is_named_and_begins_the_week_anew() {
    let desk = week(|desk, day| {
        halts(desk, day);
        if day == 7 {
            // Somebody sells what is ours.
            let is_stop = |order: &&Value| order["symbol"] == "AAPL" && order["side"] == "sell";
            let stop = desk.orders().iter().find(is_stop).unwrap()["id"].as_str().unwrap().to_owned();
            desk.by_hand("DELETE", &format!("/v2/orders/{stop}"), "");
            desk.seconds(2);
            let held = desk.position("AAPL")["quantity"].as_str().unwrap().to_owned();
            desk.control.trade("AAPL", Side::Sell, decimal(&held)).unwrap();
            let ran = desk.run(&[], &[]);
            assert_eq!(code(&ran), 4, "{}{}", stdout(&ran), stderr(&ran));
            let done = desk.tradewind(&["repair", "trust-broker", "AAPL", "--reason", "sold by hand"]);
            assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
        }
    });
    let told = desk.tradewind(&["gate", "broker-paper", "--json"]);
    assert_eq!(code(&told), 3, "{}{}", stdout(&told), stderr(&told));
    let data = &document(&told)["data"];
    let days = data["facts"]["facts"]["days"].as_array().unwrap();
    let failed: Vec<&Value> =
        days.iter().filter(|day| !day["failures"].as_array().unwrap().is_empty()).collect();
    assert_eq!(failed.len(), 1, "{days:#?}");
    assert_eq!(failed[0]["date"], "2026-10-07");
    let said = failed[0]["failures"].to_string();
    for part in ["book and broker disagreed", "an execution belongs to no order of ours"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let flow = &data["evaluation"]["criteria"][0];
    assert_eq!((&flow["name"], &flow["verdict"]), (&json!("order-flow"), &json!("not-yet")), "{flow:#}");
    assert!(flow["evidence"].as_str().unwrap().contains("failed last on 2026-10-07: record "), "{flow:#}");
    let drills = data["evaluation"]["criteria"][2].to_string();
    assert!(
        drills.contains("a lost connection, a halt"),
        "what was tried before it counts no more: {drills}"
    );
    let recorded = desk.tradewind(&["gate", "broker-paper", "--record", "--why", "as it is"]);
    assert_eq!(code(&recorded), 3, "{}", stderr(&recorded));
    let [file] = files(&desk).try_into().unwrap();
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let (ended, said) = arms(&Desk::of_real_money(), &kept);
    assert!(ended == 3 && said.contains("the gate was not passed"), "{said}");
}

#[test]
fn the_embedded_broker_has_no_such_orders() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    assert_eq!(code(&place.run()), 0);
    let told = place.tradewind(&["gate", "broker-paper", "--record", "--why", "x"]);
    assert_eq!(code(&told), 2, "{}", stdout(&told));
    assert!(stderr(&told).contains("TW0820"), "{}", stderr(&told));
}

#[test]
fn an_entry_that_the_broker_refuses_is_a_failure_and_a_throttled_one_is_none() {
    let desk = Desk::new("100000");
    let wants = |fault: &str, symbol: &str, stop: &str| {
        let rule = format!(r#"{{"request":{{"method":"POST","path":"/v2/orders","do":{fault}}}}}"#);
        desk.control.fault_lines(&rule).unwrap();
        drop(desk.run(&[desk.enter(symbol, symbol, stop)], &["--settle", "1"]));
        desk.control.clear_faults();
        let data = desk.json(&["gate", "broker-paper"]);
        data["facts"]["facts"]["days"][0]["failures"].to_string()
    };
    assert_eq!(wants("\"rate_limited\"", "AAPL", "219"), "[]");
    let refused = r#"{"reject":{"status":403,"code":40310000,"message":"insufficient buying power"}}"#;
    let failures = wants(refused, "KO", "60");
    assert!(
        failures.contains("the broker refused order ") && failures.contains("buying power"),
        "{failures}"
    );
}

#[test]
fn an_order_that_never_arrives_is_a_failure_once_it_is_given_up() {
    let desk = Desk::new("100000");
    let lost = r#"{"request":{"method":"POST","path":"/v2/orders","times":0,"do":"lost_request"}}"#;
    desk.control.fault_lines(lost).unwrap();
    let failures =
        || desk.json(&["gate", "broker-paper"])["facts"]["facts"]["days"][0]["failures"].to_string();
    let until = super::desk::text(super::desk::friday() + chrono::TimeDelta::minutes(10));
    let signal = super::desk::with(desk.enter("in", "AAPL", "219"), &json!({ "expires_at": until }));
    drop(desk.run(&[signal], &["--settle", "1"]));
    assert_eq!(failures(), "[]", "what is not known has not failed yet");
    for _ in 0..8 {
        desk.seconds(180);
        drop(desk.run(&[], &["--settle", "1"]));
    }
    assert!(failures().contains("never arrived, and was given up"), "{}", failures());
    assert_eq!(desk.count("AAPL", "buy"), 0);
}

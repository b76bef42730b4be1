//! The death of a process that serves: at each of its steps, at moments of chance, with its lock stolen, and beside a copy of itself.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Desk, Server, WITHIN, is_guarded, lies, now, pause, put};
use crate::place::{code, stderr, stdout};

// Two processes on one state: freqtrade/freqtrade#5243, nautechsystems/nautilus_trader#3096.
#[test]
fn a_process_whose_lock_was_stolen_ends_when_another_one_wrote() {
    let desk = Desk::new("100000");
    let mut server = Server::start(&desk);
    std::fs::remove_file(desk.folder.path().join("paper-state.json.lock")).unwrap();
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    put(&desk, "day.json", &json!([desk.enter("late", "KO", "60")]).to_string());
    assert_eq!(server.child.wait().unwrap().code(), Some(1), "{}", server.said());
    assert!(server.said().contains("stopped where nothing more may be sent"), "{}", server.said());
    let is_kept = ["in/day.json", "in/.taking/day.json"].iter().any(|path| lies(&desk, path));
    assert!(is_kept, "what it did not take in is there for the next one");
    let server = Server::start(&desk);
    server.until("it is taken in", || lies(&desk, "in/done/day.json") && desk.live("KO").len() == 1);
    assert_eq!(server.ends(), Some(0));
    assert_eq!((desk.count("AAPL", "buy"), desk.count("KO", "buy")), (1, 1));
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
}

#[test]
fn a_copied_folder_that_trades_beside_the_first_doubles_nothing_and_says_what_it_does_not_know() {
    let desk = Desk::new("100000");
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(desk.folder.path()).unwrap().flatten() {
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    let signals = json!([desk.enter("both", "KO", "60")]).to_string();
    for (folder, ends_with) in [(desk.folder.path(), 0), (copy.path(), 4)] {
        std::fs::write(folder.join("signals.json"), &signals).unwrap();
        let words = ["run", "--signals", "signals.json", "--settle", "3"];
        let ran = desk.command(&words).current_dir(folder).output().unwrap();
        assert_eq!(code(&ran), ends_with, "{}{}", stdout(&ran), stderr(&ran));
        desk.seconds(6);
    }
    assert_eq!((desk.count("AAPL", "buy"), desk.count("KO", "buy")), (1, 1));
    let told = desk.command(&["reconcile"]).current_dir(copy.path()).output().unwrap();
    assert!(stdout(&told).contains("KO"), "{}", stdout(&told));
    let status = desk.command(&["status"]).current_dir(copy.path()).output().unwrap();
    assert!(stdout(&status).contains("belongs to no order in the book"), "{}", stdout(&status));
}

/// A number that follows from the last, without any pattern that matters.
fn next(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

#[test]
fn a_process_that_is_killed_at_moments_of_chance_has_sent_nothing_twice() {
    let kills: u64 = std::env::var("TRADEWIND_KILLS").map_or(25, |text| text.parse().unwrap());
    let desk = Desk::new("1000000");
    let mut seed = 1;
    let mut decided = 0;
    for kill in 0..kills {
        let server = Server::begin(&desk, &[]);
        seed = next(seed);
        // Of three symbols one at a time is entered, and then left.
        let symbol = ["AAPL", "KO", "MSFT"][usize::try_from(kill % 3).unwrap()];
        let is_held =
            desk.control.truth()["positions"].as_array().unwrap().iter().any(|row| row["symbol"] == symbol);
        let stop = if symbol == "KO" { "60" } else { "200" };
        let name = format!("{kill}");
        let signal = if is_held { desk.exit(&name, symbol) } else { desk.enter(&name, symbol, stop) };
        put(&desk, &format!("{kill}.json"), &json!([signal]).to_string());
        decided += 1;
        pause(Duration::from_millis(200 + (seed >> 33) % 2_500));
        drop(server);
        desk.seconds(5);
    }
    let server = Server::start(&desk);
    let left = || std::fs::read_dir(desk.folder.path().join("in/.taking")).unwrap().count();
    let done = || std::fs::read_dir(desk.folder.path().join("in/done")).unwrap().count();
    server.until("all is taken in", || {
        desk.seconds(2);
        left() == 0 && done() == decided
    });
    let ended = || {
        desk.seconds(2);
        let rows = desk.json(&["signals", "--all"]);
        rows.as_array().unwrap().iter().filter(|row| row["ended_at"].is_string()).count()
    };
    server.until("every signal has its end", || ended() == decided);
    let agreed = || desk.json(&["positions"]).as_array().unwrap().iter().all(|row| row["protected"] == "yes");
    server.until("what is held is guarded", || {
        desk.seconds(2);
        agreed()
    });
    assert_eq!(server.ends(), Some(0));
    let mut names: Vec<String> =
        desk.orders().iter().map(|order| order["client_order_id"].to_string()).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "one name is one order");
    let held = |rows: &Value, qty: &str| -> Vec<(String, String)> {
        let rows = rows.as_array().unwrap().iter();
        let mut held: Vec<_> = rows
            .map(|row| (row["symbol"].as_str().unwrap().to_owned(), row[qty].as_str().unwrap().to_owned()))
            .collect();
        held.sort();
        held
    };
    assert_eq!(held(&desk.json(&["positions"]), "quantity"), held(&desk.control.truth()["positions"], "qty"));
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
    println!("{kills} kills, {all} orders, {decided} signals with one end each");
}

/// Kills a process that serves as soon as its step of that number begins; gives that step, or nothing when there are fewer.
fn killed(desk: &Desk, nth: usize) -> Option<String> {
    use std::io::{BufRead as _, BufReader};
    let mut command = desk.command(&["serve", "--signals", "in", "--poll", "1", "--verbose"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    put(desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let steps = lines.filter_map(|line| line.strip_prefix("step: ").map(ToOwned::to_owned));
    // A checkpoint is the last thing that follows from what was put there.
    let (mut step, mut is_over) = (None, false);
    for (n, told) in steps.enumerate() {
        if n == nth {
            step = Some(told);
            break;
        }
        is_over |= told.starts_with("put away");
        if is_over && told == "checkpoint" {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    step
}

#[test]
fn a_process_that_is_killed_in_each_of_its_steps_has_sent_nothing_twice_and_lost_nothing() {
    let mut hit: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for nth in 0.. {
        let desk = Desk::new("100000");
        let Some(step) = killed(&desk, nth) else { break };
        assert!(nth < 200, "it never ends");
        let kind = step.split(' ').next().unwrap_or_default().to_owned();
        *hit.entry(kind).or_default() += 1;
        desk.seconds(5);
        let server = Server::start(&desk);
        let why = format!("killed in step {nth}, {step}");
        let began = now();
        while !(is_guarded(&desk) && lies(&desk, "in/done/day.json")) {
            assert!(began.elapsed() < WITHIN, "{why}: {}", server.said());
            pause(Duration::from_millis(50));
            desk.seconds(2);
        }
        assert_eq!(server.ends(), Some(0), "{why}");
        let orders = desk.orders();
        let of = |side: &str| orders.iter().filter(|order| order["side"] == side).count();
        assert_eq!((of("buy"), of("sell")), (1, 1), "{why}: {orders:#?}");
        let mut names: Vec<&Value> = orders.iter().map(|order| &order["client_order_id"]).collect();
        names.dedup();
        assert_eq!(names.len(), 2, "{why}");
        assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0, "{why}");
        let signals = desk.json(&["signals"]);
        assert_eq!(
            (signals.as_array().unwrap().len(), &signals[0]["outcome"]),
            (1, &json!("filled")),
            "{why}"
        );
    }
    println!("killed in {hit:?}");
    for kind in ["lock", "read", "connect", "commit", "send", "outcome", "checkpoint", "take", "put"] {
        assert!(hit.get(kind).is_some_and(|times| *times > 0), "{kind} was never hit: {hit:?}");
    }
}

#[test]
fn what_a_person_asked_of_a_process_that_dies_with_the_answer_is_done_when_it_tightens() {
    use std::io::{BufRead as _, BufReader};
    let desk = Desk::new("100000");
    desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
    let mut command = desk.command(&["serve", "--poll", "1", "--verbose"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Serving.")));
    let asks =
        desk.command(&["halt", "--why", "odd"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(lines.any(|line| line == "step: answer"));
    child.kill().unwrap();
    child.wait().unwrap();
    let asked = asks.wait_with_output().unwrap();
    assert_eq!(asked.status.code(), Some(0));
    assert_eq!(desk.json(&["status"])["level"], "reduce-only", "its record was durable before");
    // It is asked again by what lies there, and that changes nothing.
    let server = Server::start(&desk);
    server.until("the ask is done", || {
        let left = std::fs::read_dir(desk.folder.path().join("paper-state.json.control")).unwrap().flatten();
        left.into_iter().all(|entry| entry.path().extension().is_none_or(|ending| ending != "ask"))
    });
    let rows = desk.json(&["journal", "tail", "--last", "200"]);
    let set = rows.as_array().unwrap().iter().filter(|row| row["record"].to_string().contains("odd")).count();
    assert_eq!(set, 1, "{rows:#}");
    assert_eq!(server.ends(), Some(3), "halted");
}

//! A pass, a process that serves and a person's halt are cut off before and after each operation on a file or a line, killed or
//! with the power of the machine: what comes after finds out what arrived, and nothing is there twice or lost.
//!
//! Each operation is cut off at places that follow from a seed; `TRADEWIND_CUTS=all` takes all of them, and the name of an
//! operation, as `write lock`, all of it alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::desk::{Desk, document};
use super::serve::lies;
use crate::cut::{Ended, Running, Scene, Stage, Which, after_the_end, cut_off, nothing, traced};
use crate::place::{code, stderr, stdout};

impl Stage for Desk {
    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        Desk::command(self, words)
    }

    fn told(&self, words: &[&str]) -> Value {
        self.json(words)
    }
}

/// Passes until these symbols are held behind their stops, or are not held; then there must be so many orders of each.
#[track_caller]
fn comes_to_rest(desk: &Desk, why: &str, words: &[&str], held: bool, orders: &[(&str, [usize; 2])]) {
    let words = [&["run", "--settle", "0"], words].concat();
    let is_there = || {
        orders.iter().all(|(symbol, _)| {
            let position = desk.position(symbol);
            if held { position["protected"] == "yes" } else { position.is_null() }
        })
    };
    for round in 0.. {
        let ran = desk.tradewind(&words);
        assert!(matches!(code(&ran), 0 | 5), "{why}: {}{}", stdout(&ran), stderr(&ran));
        desk.seconds(5);
        if code(&ran) == 0 && is_there() {
            break;
        }
        assert!(round < 12, "{why}: {}{} {:#?}", stdout(&ran), stderr(&ran), desk.orders());
    }
    let ran = desk.tradewind(&words);
    assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    let found: Vec<_> = orders
        .iter()
        .map(|(symbol, _)| (*symbol, ["buy", "sell"].map(|side| desk.count(symbol, side))))
        .collect();
    assert_eq!(found, orders, "{why}: {:#?}", desk.orders());
    let names: BTreeSet<String> =
        desk.orders().iter().map(|order| order["client_order_id"].to_string()).collect();
    assert_eq!(names.len(), desk.orders().len(), "{why}: one name is one order");
    for verb in [["journal", "verify"], ["state", "verify"]] {
        let ran = desk.tradewind(&verb);
        assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    }
    for signal in desk.json(&["signals", "--all"]).as_array().unwrap() {
        assert_eq!(signal["outcome"], "filled", "{why}: {signal:#}");
    }
}

fn write(desk: &Desk, name: &str, signals: &[Value]) {
    std::fs::write(desk.folder.path().join(name), json!(signals).to_string()).unwrap();
}

/// What a first pass does besides.
const FIRST: [&str; 3] = ["create new journal", "link to journal", "create lock"];

/// What a halt does.
const HALT: [&str; 5] =
    ["create halt file", "write halt file", "flush halt file", "flush folder", "flush log of the journal"];

/// What every pass does that sends something.
const PASS: [&str; 10] = [
    "write lock",
    "flush folder",
    "write log of the journal",
    "flush log of the journal",
    "create new state file",
    "flush new state file",
    "rename to state file",
    "open a line",
    "write to a line",
    "read from a line",
];

#[test]
fn a_pass_that_is_cut_off_while_it_enters_has_one_order_with_its_stop_in_the_end() {
    let before = || {
        let desk = Desk::new("100000");
        write(&desk, "signals.json", &[desk.enter("in", "AAPL", "219")]);
        desk
    };
    cut_off(&Scene {
        before,
        words: &["run", "--settle", "0", "--signals", "signals.json"],
        beside: nothing,
        after: |desk, why| {
            comes_to_rest(desk, why, &["--signals", "signals.json"], true, &[("AAPL", [1, 1])]);
        },
        must: &[&FIRST, &PASS],
        which: Which::All,
    });
}

#[test]
fn a_pass_that_is_cut_off_while_it_exits_has_sold_once_in_the_end() {
    let before = || {
        let desk = Desk::new("100000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        write(&desk, "signals.json", &[desk.exit("out", "AAPL")]);
        desk
    };
    cut_off(&Scene {
        before,
        words: &["run", "--settle", "0", "--signals", "signals.json"],
        beside: nothing,
        after: |desk, why| {
            comes_to_rest(desk, why, &["--signals", "signals.json"], false, &[("AAPL", [1, 2])]);
        },
        must: &[&PASS],
        which: Which::All,
    });
}

#[test]
fn a_process_that_serves_and_is_cut_off_has_each_order_once_in_the_end_and_forgets_no_halt() {
    let before = || {
        let desk = Desk::new("100000");
        std::fs::create_dir(desk.folder.path().join("in")).unwrap();
        write(&desk, "in/day.json", &[desk.enter("in", "AAPL", "219")]);
        write(&desk, "signals.json", &[desk.enter("hand", "KO", "60")]);
        desk
    };
    // By the folder, by a pass that hands over, by a person; then it is ended.
    let beside = |desk: &Desk, running: &Running| {
        let pid = running.pid.recv().unwrap();
        let is_held = |symbol| {
            desk.seconds(1);
            desk.position(symbol)["protected"] == "yes"
        };
        if !running.until(|| lies(desk, "paper-state.json") && is_held("AAPL")) {
            return false;
        }
        desk.tradewind(&["run", "--settle", "0", "--signals", "signals.json"]);
        if !running.until(|| is_held("KO")) {
            return false;
        }
        let halted = desk.tradewind(&["halt", "--why", "odd", "--json"]);
        let is_journaled = code(&halted) == 0 && document(&halted)["data"]["journaled"] == true;
        if !running.goes_on() {
            return is_journaled;
        }
        desk.tradewind(&["resume", "--why", "fine"]);
        // It has ended meanwhile, when it was cut off.
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        while running.goes_on() {}
        false
    };
    let after = |desk: &Desk, why: &str| {
        if desk.json(&["status"])["level"] == "reduce-only" || lies(desk, "paper-state.json.halt") {
            assert_eq!(code(&desk.tradewind(&["resume", "--why", "fine"])), 0, "{why}");
        }
        // What was put into the folder waits there, is being taken, or is done.
        let kept = ["in", "in/.taking", "in/done"].map(|folder| format!("{folder}/day.json"));
        let file =
            kept.iter().find(|file| lies(desk, file)).unwrap_or_else(|| panic!("{why}: the file is gone"));
        let all = ["--signals", file, "--signals", "signals.json"];
        comes_to_rest(desk, why, &all[..2], true, &[("AAPL", [1, 1])]);
        comes_to_rest(desk, why, &all[2..], true, &[("AAPL", [1, 1]), ("KO", [1, 1])]);
    };
    cut_off(&Scene {
        before,
        words: &["serve", "--signals", "in", "--poll", "1", "--record", "sessions"],
        beside,
        after,
        must: &[&[
            "rename to file that is taken",
            "rename to file that was taken in",
            "rename to sign of life",
            "remove ask",
            "flush new message",
            "rename to answer",
            "write recording",
            "rename to state file",
            "write to a line",
            "read from a line",
        ]],
        which: Which::Once(&[
            "signals",
            "handed over",
            "taken",
            "taken in",
            "message",
            "ask",
            "answer",
            "recording",
            "recordings",
            "folder",
            "sign of life",
        ]),
    });
}

#[test]
fn a_halt_that_is_cut_off_is_there_when_its_verb_was_done_and_can_be_given_again() {
    let before = || {
        let desk = Desk::new("100000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        desk
    };
    let after = |desk: &Desk, why: &str| {
        let halted = desk.tradewind(&["halt", "--why", "odd"]);
        assert_eq!(code(&halted), 0, "{why}: {}{}", stdout(&halted), stderr(&halted));
        assert_eq!(desk.json(&["status"])["level"], "reduce-only", "{why}");
        let resumed = desk.tradewind(&["resume", "--why", "fine"]);
        assert_eq!(code(&resumed), 0, "{why}: {}{}", stdout(&resumed), stderr(&resumed));
        comes_to_rest(desk, why, &[], true, &[("AAPL", [1, 1])]);
    };
    let desk = before();
    // It cannot be asked, so the file is all there is.
    let mut holds =
        desk.command(&["serve", "--poll", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_served = || desk.json(&["status"])["trader"]["serves"] == true;
    assert!((0..600).any(|_| is_served()));
    let holds_pid = nix::unistd::Pid::from_raw(holds.id().cast_signed());
    nix::sys::signal::kill(holds_pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let end = after_the_end();
    let halted = traced(&desk.command(&["halt", "--why", "odd"]), desk.folder.path(), Some(&end), None);
    assert!(matches!(halted.ended, Ended::With(status) if status.success()), "{halted:?}");
    holds.kill().unwrap();
    holds.wait().unwrap();
    assert!(lies(&desk, "paper-state.json.halt"), "a halt that was given is gone with the power");
    cut_off(&Scene {
        before,
        words: &["halt", "--why", "odd"],
        beside: nothing,
        after,
        must: &[&HALT],
        which: Which::Once(&["halt file", "folder"]),
    });
}

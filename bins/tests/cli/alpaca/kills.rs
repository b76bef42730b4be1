//! A pass that is killed (SIGKILL) in each of the steps in which it writes or sends, while it brings a bracket, renews a stop,
//! or moves one after a split: the next passes find out what arrived, and nothing is there twice.

use serde_json::{Value, json};

use super::desk::{Desk, with};
use crate::place::{code, stderr, stdout};

/// Stocks are traded in parts.
const PARTS: [&str; 2] = ["--set", "alpaca.quantities=fractions"];

/// What a pass is killed in, and what is there in the end.
struct Scene {
    /// The desk before that pass.
    before: fn() -> Desk,
    /// How the pass is run.
    words: &'static [&'static str],
    /// Of which symbol.
    symbol: &'static str,
    /// The orders that live there in the end.
    live: &'static [&'static str],
    /// How many orders there ever were: bought, sold, and of those how many were cancelled.
    orders: [usize; 3],
}

fn numbers(desk: &Desk) -> [usize; 3] {
    let orders = desk.orders();
    let count = |is: fn(&&Value) -> bool| orders.iter().filter(is).count();
    [
        count(|order| order["side"] == "buy"),
        count(|order| order["side"] == "sell"),
        count(|order| order["status"] == "canceled"),
    ]
}

/// Passes until all is as it should be; some seconds go by between two.
fn comes_to_rest(desk: &Desk, scene: &Scene, why: &str) {
    let words = [&["run", "--settle", "0"], scene.words].concat();
    for _ in 0..12 {
        let ran = desk.tradewind(&words);
        assert!(matches!(code(&ran), 0 | 5), "{why}: {}{}", stdout(&ran), stderr(&ran));
        if code(&ran) == 0 && desk.live(scene.symbol) == scene.live {
            break;
        }
        desk.seconds(5);
    }
    let ran = desk.tradewind(&words);
    assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    assert_eq!(desk.live(scene.symbol), scene.live, "{why}");
    assert_eq!(numbers(desk), scene.orders, "{why}: {:#?}", desk.orders());
    let position = desk.position(scene.symbol);
    assert_eq!(position["protected"], "yes", "{why}: {position:#}");
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0, "{why}");
}

/// Kills a pass of a scene in each step that writes or sends.
fn killed_in_each_step(scene: &Scene, kills_min: usize) {
    let whole = (scene.before)();
    let ran = whole.tradewind(&[&["run", "--settle", "0", "--verbose"], scene.words].concat());
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let told = stderr(&ran);
    let steps: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("step: ")).collect();
    let matters =
        |step: &str| ["commit", "send", "outcome", "checkpoint"].iter().any(|of| step.starts_with(of));
    let mut kills = 0;
    for (nth, step) in steps.iter().enumerate().filter(|(_, step)| matters(step)) {
        let desk = (scene.before)();
        kills += usize::from(desk.killed(scene.words, nth));
        desk.seconds(5);
        comes_to_rest(&desk, scene, &format!("killed in step {nth}, {step}"));
    }
    assert!(kills >= kills_min, "{kills} kills came in time: {steps:?}");
}

// An order was placed and could not be written down, and what guards a position was gone after a restart:
// freqtrade/freqtrade#4653, hummingbot/hummingbot-api#243.
#[test]
fn a_pass_that_is_killed_while_it_brings_a_bracket_leaves_one_entry_with_its_two_legs() {
    let before = || {
        let desk = Desk::new("100000");
        let signal = with(desk.enter("in", "AAPL", "219"), &json!({ "target": "243" }));
        std::fs::write(desk.folder.path().join("signals.json"), json!([signal]).to_string()).unwrap();
        desk
    };
    let scene = Scene {
        before,
        words: &["--signals", "signals.json"],
        symbol: "AAPL",
        live: &["limit sell 44 243 new", "stop sell 44 219 held"],
        orders: [1, 2, 0],
    };
    killed_in_each_step(&scene, 5);
}

// Stops were gone after a restart: vnpy/vnpy#3453, Drakkar-Software/OctoBot#3190.
#[test]
fn a_pass_that_is_killed_while_it_renews_the_stop_of_a_session_leaves_one_stop() {
    let before = || {
        let desk = Desk::new("1000");
        let signal = with(desk.enter("in", "AAPL", "219"), &json!({ "quantity": "0.4" }));
        desk.pass(0, &[signal], &PARTS);
        desk.control.set_time("2026-10-05T13:35:00Z".parse().unwrap()).unwrap();
        desk
    };
    let live = &["stop sell 0.4 219 new"];
    killed_in_each_step(&Scene { before, words: &PARTS, symbol: "AAPL", live, orders: [1, 2, 0] }, 5);
}

// An order that was cancelled and replaced stood there twice: nautechsystems/nautilus_trader#4288 and #4564.
#[test]
fn a_pass_that_is_killed_while_it_moves_a_stop_after_a_split_leaves_one_stop() {
    let before = || {
        let desk = Desk::new("100000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        let split = json!({"split": {"symbol": "AAPL", "old": "1", "new": "3"}});
        desk.control.non_trade(&serde_json::from_value(split).unwrap()).unwrap();
        desk
    };
    let live = &["stop sell 132 73 new"];
    killed_in_each_step(&Scene { before, words: &[], symbol: "AAPL", live, orders: [1, 2, 1] }, 5);
}

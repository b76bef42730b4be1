//! How fast a process that serves is: an order out, an execution in, a hundred orders at once, a start. Each beside the
//! least it could cost, in turns, within one run.
//!
//! `cargo build --release -p bins && cargo bench -p tests --bench serving` prints everything but the start on a million
//! records; `... -- order`, `event`, `pass`, `start` or `million` print what they name. `docs/performance.md` says how to
//! read it. Everything is sent to simulators on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench prints what it measured by the clock, and what fails in it ends it"
)]

#[path = "serving/floor.rs"]
mod floor;
#[path = "serving/inside.rs"]
mod inside;
#[path = "serving/mirror.rs"]
mod mirror;
#[path = "serving/order.rs"]
mod order;
#[path = "serving/pass.rs"]
mod pass;
#[path = "serving/rig.rs"]
mod rig;
#[path = "serving/rounds.rs"]
mod rounds;
#[path = "serving/served.rs"]
mod served;
#[path = "serving/start.rs"]
mod start;
#[path = "serving/tap.rs"]
mod tap;
#[path = "spine/world.rs"]
#[expect(dead_code, reason = "the other bench uses all of it")]
mod world;

use rounds::Line;

/// What is measured where nothing is named.
const USUAL: [&str; 4] = ["event", "order", "pass", "start"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Cargo passes flags on; a run of the tests measures nothing.
    if !words.iter().any(|word| word == "--bench") || words.iter().any(|word| word == "--list") {
        return;
    }
    let named: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let unknown = named.iter().find(|word| !USUAL.contains(word) && **word != "million");
    assert!(unknown.is_none(), "{unknown:?} is none of event, order, pass, start, million");
    let asked = |what: &str| if named.is_empty() { USUAL.contains(&what) } else { named.contains(&what) };
    let (mut lines, mut told) = (Vec::<Line>::new(), Vec::<String>::new());
    let program = rig::program();
    if program.is_none() {
        println!("no tradewind beside this bench: build it with `cargo build --release -p bins`");
    }
    if let Some(program) = &program
        && (asked("event") || asked("order"))
    {
        let served = served::Served::measured(program);
        lines.extend(asked("event").then(|| served.events()).into_iter().flatten());
        lines.extend(asked("order").then(|| served.orders()).into_iter().flatten());
    }
    if asked("order") {
        let measured = order::Measured::all();
        lines.extend(measured.lines());
        told.extend(measured.profile());
    }
    if asked("pass") {
        lines.extend(pass::lines());
    }
    if let Some(program) = &program {
        let records: &[usize] = match (asked("start"), asked("million")) {
            (true, true) => &[0, 10_000, 1_000_000],
            (true, false) => &[0, 10_000],
            (false, true) => &[1_000_000],
            (false, false) => &[],
        };
        let (starts, memory) = start::lines(program, records);
        lines.extend(starts);
        told.extend(memory);
    }
    println!("\n{}", Line::HEADING);
    for line in &lines {
        println!("{line}");
    }
    println!();
    for sentence in &told {
        println!("{sentence}");
    }
}

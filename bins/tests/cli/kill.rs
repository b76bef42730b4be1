//! A pass is killed (SIGKILL) in each of its steps, and run again: one order per signal, one outcome per signal, a
//! journal that verifies. Which step was under way is read from what `--verbose` says as it begins.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stderr, stdout};

const KILLS: usize = 200;
/// Kills that came too late because the process had ended are made up for, so often at most.
const TRIES: usize = 2_000;

/// Delays within a step: a small generator, so that a failure can be run again with its seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn place() -> Place {
    let place = Place::new();
    place.signals(&[
        enter("btc", "BTC/USD", "80000"),
        enter("eth", "ETH/USD", "2800"),
        enter("sol", "SOL/USD", "130"),
        enter("ltc", "LTC/USD", "95"), // a stop above the price: denied
    ]);
    place
}

const RUN: [&str; 4] = ["run", "--signals", "signals.json", "--verbose"];

/// The steps of a whole pass in a place: each its name and which of that name it is.
fn steps(place: &Place) -> Vec<String> {
    let whole = place.tradewind(&RUN);
    assert_eq!(code(&whole), 0, "{}", stderr(&whole));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    stderr(&whole)
        .lines()
        .filter_map(|line| line.strip_prefix("step: "))
        .map(|line| {
            let name = line.split(' ').next().unwrap().to_owned();
            let n = seen.entry(name.clone()).or_default();
            *n += 1;
            format!("{name} {n}")
        })
        .collect()
}

/// Starts a pass and kills it `delay` after its step number `at` began; false when it had ended by then.
fn kill(place: &Place, at: usize, delay: Duration) -> bool {
    let mut child = place.command(&RUN).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).filter(|line| line.starts_with("step: ")).nth(at).is_some();
    if reached && !delay.is_zero() {
        spin(delay);
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    reached && status.code().is_none()
}

/// Waits without giving the processor away: sleeping is too coarse for what is measured here.
#[expect(clippy::disallowed_methods, reason = "it measures a delay of microseconds")]
fn spin(delay: Duration) {
    let began = std::time::Instant::now();
    while began.elapsed() < delay {
        std::hint::spin_loop();
    }
}

fn by_id(rows: &[Value]) -> BTreeMap<String, String> {
    rows.iter()
        .map(|row| (row["id"].as_str().unwrap().into(), row["outcome"].as_str().unwrap().into()))
        .collect()
}

/// What must be so after the next pass, whenever the one before was killed.
fn assert_whole(place: &Place, why: &str) {
    let again = place.run();
    assert_eq!(code(&again), 0, "{why}: {}{}", stdout(&again), stderr(&again));
    let verified = place.tradewind(&["journal", "verify"]);
    assert_eq!(code(&verified), 0, "{why}: {}", stderr(&verified));
    let signals = place.data(&["signals", "--all"]);
    let expected = [("btc", "filled"), ("eth", "filled"), ("ltc", "denied"), ("sol", "filled")];
    let expected = expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned()));
    assert_eq!(by_id(&signals), expected.into(), "{why}");
    let orders = place.data(&["orders", "--all"]);
    let entries: Vec<&Value> =
        orders.iter().filter(|order| order["intent"]["purpose"] == json!("entry")).collect();
    assert_eq!(entries.len(), 3, "{why}: one entry order per signal that was not denied");
    let fills = place.data(&["fills", "--all"]);
    assert_eq!(fills.len(), 3, "{why}: each filled once");
    for position in place.data(&["positions"]) {
        assert_eq!(position["protected"], json!("yes"), "{why}: {position}");
    }
    assert_eq!(code(&place.tradewind(&["state", "verify"])), 0, "{why}");
}

#[test]
fn a_pass_that_is_killed_anywhere_goes_on_where_it_was() {
    let seed = std::env::var("TRADEWIND_KILL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_261_125_u64);
    println!("seed {seed}: run again with TRADEWIND_KILL_SEED={seed}");
    let steps = steps(&place());
    for name in ["lock", "read", "commit", "send", "outcome", "checkpoint", "exit"] {
        assert!(steps.iter().any(|step| step.starts_with(name)), "no step is called {name}: {steps:?}");
    }
    let mut random = Random(seed);
    let mut killed: BTreeMap<&str, usize> = steps.iter().map(|step| (step.as_str(), 0)).collect();
    let mut tries = 0;
    while killed.values().sum::<usize>() < KILLS || killed.values().any(|count| *count == 0) {
        assert!(tries < TRIES, "too many kills came too late: {killed:?}");
        let at = tries % steps.len();
        tries += 1;
        // a commit takes some hundred microseconds: before it, within it, after it
        let delay = Duration::from_micros(random.below(4) * random.below(400));
        let place = place();
        if kill(&place, at, delay) {
            *killed.get_mut(steps[at].as_str()).unwrap() += 1;
        }
        assert_whole(
            &place,
            &format!("killed {delay:?} into step {} ({}), try {tries}, seed {seed}", at, steps[at]),
        );
    }
    for (step, count) in &killed {
        println!("{count:>4} kills in {step}");
    }
    println!("{} kills in {} steps, {tries} tries", killed.values().sum::<usize>(), killed.len());
    assert!(killed.values().all(|count| *count > 0));
}

/// Three positions with their stops, and prices that are below them.
fn falling() -> Place {
    let place = place();
    assert_eq!(code(&place.run()), 0);
    assert_eq!(place.data(&["positions"]).len(), 3);
    place.signals(&[]);
    place.fallen_prices();
    place
}

#[test]
fn a_pass_that_is_killed_while_stops_are_hit_books_each_of_them_once() {
    let steps = steps(&falling());
    assert!(steps.len() > 6, "{steps:?}");
    let (mut killed, mut late) = (0, 0);
    for (at, step) in steps.iter().enumerate() {
        for delay in [0, 150, 600] {
            let place = falling();
            if kill(&place, at, Duration::from_micros(delay)) {
                killed += 1;
            } else {
                late += 1;
            }
            let why = format!("killed {delay} us into {step}");
            place.fallen_prices();
            let again = place.tradewind(&["run"]);
            assert_eq!(code(&again), 0, "{why}: {}{}", stdout(&again), stderr(&again));
            assert!(place.data(&["positions"]).is_empty() && place.data(&["orders"]).is_empty(), "{why}");
            let trades = place.data(&["trades", "--all"]);
            assert_eq!(trades.len(), 3, "{why}: {trades:?}");
            assert!(trades.iter().all(|trade| trade["exit"] == json!("stop")), "{why}: {trades:?}");
            assert_eq!(place.data(&["fills", "--all"]).len(), 6, "{why}");
            assert_eq!(code(&place.tradewind(&["journal", "verify"])), 0, "{why}");
        }
    }
    println!("{killed} kills, {late} too late, over {steps:?}");
    assert!(killed > steps.len());
}

//! A process that serves an account in euros while the stream of transactions is mute: what is asked for finds what happened.

use std::fs::File;
use std::process::Child;
use std::time::{Duration, Instant};

use broker_sim::oanda::{Division, Settings};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::market::{self, PAIRS, Prices};
use super::{Desk, decimal, reference};

/// How long anything may take here.
const WITHIN: Duration = Duration::from_mins(1);
/// After so much silence the adapter takes the stream for dead and makes another one.
const QUIET: Duration = Duration::from_secs(15);
const USD_JPY: usize = 2;

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// A process that serves; it ends with the test.
struct Server<'a>(&'a Desk, Child);

impl<'a> Server<'a> {
    fn start(desk: &'a Desk) -> Self {
        let file = |name: &str| File::create(desk.folder.path().join(name)).unwrap();
        let mut command = desk.command(&["serve", "--signals", "in", "--poll", "1"]);
        let child = command.stdout(file("serve.out")).stderr(file("serve.err")).spawn().unwrap();
        let server = Self(desk, child);
        server.until("it is ready", || server.said().contains("Serving."));
        server
    }

    fn said(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.0.folder.path().join(name)).unwrap_or_default();
        read("serve.out") + &read("serve.err")
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = now();
        while !is_so() {
            assert!(began.elapsed() < WITHIN, "{what} did not come about: {}", self.said());
            pause();
        }
    }

    fn put(&self, name: &str, signals: &[Value]) {
        let folder = self.0.folder.path().join("in");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(".coming"), json!(signals).to_string()).unwrap();
        std::fs::rename(folder.join(".coming"), folder.join(name)).unwrap();
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // It has ended already, mostly.
        let _ = self.1.kill();
        let _ = self.1.wait();
    }
}

/// What the stream of transactions said so far, beats and all.
fn lines_told(desk: &Desk) -> usize {
    let told = |frame: &Value| {
        frame["kind"] == "frame" && frame["way"] == "out" && !frame.to_string().contains("PRICE")
    };
    desk.control.wire().iter().filter(|frame| told(frame)).count()
}

#[test]
fn behind_a_mute_stream_a_stop_and_a_night_are_found_by_asking_and_come_out_to_the_cent() {
    if !reference::is_there() {
        return;
    }
    let desk = Desk::at(Settings {
        account: "101-004-7654321-001".to_owned(),
        currency: "EUR".to_owned(),
        cash: decimal("80000"),
        prices: market::first(),
        pairs: market::listed(Division::Europe),
        ..Settings::stepped("2026-11-03T21:30:00Z".parse().unwrap())
    });
    let mut prices = Prices::new(3);
    prices.drift(&desk.control, 1);
    let server = Server::start(&desk);
    let enter = |pair: usize, side: &str, stop: i64, target: i64| {
        let (symbol, away) = (PAIRS[pair].0.replace('_', "/"), |by| prices.away(pair, by).to_string());
        desk.enter(&format!("in/{symbol}"), &symbol, side, &away(stop), &away(target))
    };
    server
        .put("day.json", &[enter(USD_JPY, "short", 6, -9), enter(0, "long", -9, 9), enter(6, "long", -9, 9)]);
    let rests = || desk.orders("PENDING").len();
    server.until("all stops and targets rest", || rests() == 6);
    // The next beat, and all after it, are not told.
    let mute = json!({"stream": {"event": "TRANSACTION_HEARTBEAT", "times": 0, "do": "mute"}});
    desk.control.fault_lines(&mute.to_string()).unwrap();
    desk.control.step(TimeDelta::seconds(6)).unwrap();
    let (told, began) = (lines_told(&desk), now());
    let beyond = prices.away(USD_JPY, 8);
    prices.set(&desk.control, USD_JPY, beyond);
    assert_eq!(desk.held("USD_JPY"), decimal("0"), "the stop was met");
    server.until("the stop is booked", || desk.booked("USD/JPY") == decimal("0"));
    let took = began.elapsed();
    println!("found after {took:?}");
    assert!(took < QUIET && lines_told(&desk) == told, "the stream said something");
    // 17:00 in New York is 22:00 in winter.
    desk.control.set_time("2026-11-03T22:10:00Z".parse().unwrap()).unwrap();
    prices.drift(&desk.control, 1);
    let nights = || desk.json(&["status"])["totals"]["non_trades"]["financing"]["count"] == 2;
    server.until("the night is booked, for both pairs", nights);
    server.put("out.json", &[desk.exit("out", "EUR/USD")]);
    server.until("it is out", || desk.booked("EUR/USD") == decimal("0") && rests() == 2);
    drop(server);
    let settled = desk.pass(0, &[]);
    assert_eq!(settled["exit"], json!(0), "{settled:#}");
    let figures = reference::figures(&desk, prices.notes());
    reference::book_agrees(&desk, &figures, decimal("80000"));
    assert_eq!(
        (figures["rolls"].as_array().unwrap().len(), figures["trades"].as_array().unwrap().len()),
        (1, 2)
    );
}

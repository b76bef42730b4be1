//! A process that serves: signals that are put in its folder, a person's acts while it answers and while it does not, and its
//! death at each step.

mod armed;
mod days;
mod deaths;
mod drilled;
mod watched;

use std::fs::File;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use serde_json::{Value, json};

use super::desk::{Desk, document, with};
use crate::place::{code, stderr, stdout};

/// How long anything may take here.
const WITHIN: Duration = Duration::from_mins(1);

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
pub fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A process that serves.
pub struct Server<'a> {
    desk: &'a Desk,
    pub child: Child,
}

impl<'a> Server<'a> {
    /// One that is ready.
    pub fn start(desk: &'a Desk) -> Self {
        let server = Self::begin(desk, &[]);
        server.until("it is ready", || server.said().contains("Serving."));
        server
    }

    pub fn begin(desk: &'a Desk, words: &[&str]) -> Self {
        let words = [&["serve", "--signals", "in", "--poll", "1"], words].concat();
        let file = |name: &str| File::create(desk.folder.path().join(name)).unwrap();
        let mut command = desk.command(&words);
        let child = command.stdout(file("serve.out")).stderr(file("serve.err")).spawn().unwrap();
        Self { desk, child }
    }

    pub fn said(&self) -> String {
        let read =
            |name: &str| std::fs::read_to_string(self.desk.folder.path().join(name)).unwrap_or_default();
        read("serve.out") + &read("serve.err")
    }

    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = now();
        while !is_so() {
            assert!(began.elapsed() < WITHIN, "{what} did not come about: {}", self.said());
            pause(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, which: &str) {
        let done =
            std::process::Command::new("kill").args([which, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Ends it as systemd does; with which code it ends.
    pub fn ends(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // It has ended already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Signals are moved into the folder under a name.
pub fn put(desk: &Desk, name: &str, text: &str) {
    let folder = desk.folder.path();
    std::fs::create_dir_all(folder.join("in")).unwrap();
    std::fs::write(folder.join("in/.coming"), text).unwrap();
    std::fs::rename(folder.join("in/.coming"), folder.join("in").join(name)).unwrap();
}

pub fn lies(desk: &Desk, path: &str) -> bool {
    desk.folder.path().join(path).exists()
}

fn is_guarded(desk: &Desk) -> bool {
    desk.live("AAPL") == ["stop sell 44 219 new"]
}

/// What a verb ends with, and how long it took.
fn timed(desk: &Desk, words: &[&str]) -> (Output, Duration) {
    let began = now();
    let done = desk.tradewind(words);
    (done, began.elapsed())
}

#[test]
fn a_file_that_is_moved_into_the_folder_becomes_an_order_with_its_stop() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    put(&desk, "half.json.part", "[");
    put(&desk, "bad.json", "[{\"id\": \"x\", \"sym");
    put(&desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || is_guarded(&desk));
    server.until("the files are put away", || {
        lies(&desk, "in/done/day.json") && lies(&desk, "in/refused/bad.json")
    });
    assert!(lies(&desk, "in/half.json.part") && lies(&desk, "in/refused/bad.json.why"));
    // The same file again: what is done is done.
    put(&desk, "again.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("it is put away", || lies(&desk, "in/done/again.json"));
    let status = desk.json(&["status"]);
    assert_eq!(
        (&status["trader"]["serves"], &status["trader"]["pid"]),
        (&json!(true), &json!(server.child.id()))
    );
    server.until("the state file is written", || {
        desk.state()["journal_seq"] == desk.json(&["journal", "tail", "--last", "1"])[0]["seq"]
    });
    let second = desk.tradewind(&["serve"]);
    assert_eq!(code(&second), 5, "{}", stderr(&second));
    assert!(stderr(&second).contains("TW0302"), "{}", stderr(&second));
    assert_eq!(server.ends(), Some(0));
    assert_eq!(desk.sent(), ["POST buy"], "the broker makes the legs");
    assert!(!lies(&desk, "paper-state.json.control/alive"));
    assert_eq!(code(&desk.tradewind(&["journal", "verify"])), 0);
    // A pass goes on where it ended.
    desk.pass(0, &[], &[]);
    assert!(is_guarded(&desk));
}

#[test]
fn a_pass_hands_its_signals_to_the_process_that_serves() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    let done =
        desk.run(&[desk.enter("in", "AAPL", "219"), desk.enter("no", "NOPE", "1")], &["--settle", "20"]);
    assert_eq!(code(&done), 2, "one of them is bad: {}{}", stdout(&done), stderr(&done));
    let told = &document(&done)["data"];
    assert_eq!(
        (&told["handed_to"], &told["signals"][0]["outcome"]),
        (&json!(server.child.id()), &json!("filled"))
    );
    server.until("the stop rests", || is_guarded(&desk));
    let other = desk.enter("in", "AAPL", "210");
    let done = desk.run(&[other], &[]);
    assert_eq!(code(&done), 2, "{}{}", stdout(&done), stderr(&done));
    assert!(stderr(&done).contains("signal in: came before with another content"), "{}", stderr(&done));
    assert_eq!(code(&desk.tradewind(&["run"])), 0, "nothing to hand over");
    assert_eq!(server.ends(), Some(0));
    assert_eq!(desk.sent(), ["POST buy"], "the broker makes the legs");
}

// A kill switch that waits for the loop that hangs: hummingbot/hummingbot#6421, freqtrade/freqtrade#7186.
#[test]
fn a_person_is_answered_while_the_broker_is_not() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    desk.control.stand_by(Silent);
    put(&desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the order is on its way", || desk.json(&["status"])["trader"]["in_flight"] == 1);
    let (done, took) = timed(&desk, &["halt", "--why", "odd"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    assert!(stdout(&done).contains("by the process that trades: level reduce-only"), "{}", stdout(&done));
    // The broker answers after 25 seconds.
    println!("halt was answered in {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    let (status, took) = timed(&desk, &["status"]);
    assert!(stdout(&status).contains("1 in flight") && took < Duration::from_secs(20), "{}", stdout(&status));
    let (done, _) = timed(&desk, &["resume", "--why", "fine"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
}

#[test]
fn a_process_that_hangs_is_halted_without_it_and_can_be_taken_over() {
    let desk = Desk::new("100000");
    let server = Server::start(&desk);
    put(&desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || is_guarded(&desk));
    // An entry of which a part is filled rests beside a stop that follows.
    let rule =
        json!({"request": {"method": "POST", "path": "/v2/orders", "do": {"partial_fill": {"qty": "19"}}}});
    desk.control.fault_lines(&rule.to_string()).unwrap();
    let mut part = with(desk.enter("part", "KO", "1"), &json!({ "trail": "3" }));
    part.as_object_mut().unwrap().remove("stop");
    put(&desk, "part.json", &json!([part]).to_string());
    let rests = |entries: usize| {
        let live = desk.live("KO");
        let is_entry = |order: &&String| order.starts_with("market buy");
        (live.iter().filter(is_entry).count(), live.len()) == (entries, entries + 1)
    };
    server.until("the entry rests beside its stop", || rests(1));
    server.signal("-STOP");
    let (done, took) = timed(&desk, &["halt", "--why", "it hangs"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    assert!(stdout(&done).contains("1 entry order live at Alpaca, 1 cancelled"), "{}", stdout(&done));
    println!("halt without it took {took:?}");
    desk.seconds(2);
    assert!(rests(0) && is_guarded(&desk), "the entry goes and the stops stay: {:?}", desk.live("KO"));
    let account = desk.control.truth()["account_id"].as_str().unwrap().to_owned();
    let words = ["flatten", "--why", "out", "--confirm", &account];
    let (done, _) = timed(&desk, &words);
    assert_eq!(code(&done), 5, "{}{}", stdout(&done), stderr(&done));
    let told = stderr(&done);
    assert!(told.contains("NOT ANSWERED") && told.contains("--take-over"), "{told}");
    // It wakes, and finds what was asked.
    server.signal("-CONT");
    server.until("it is reduced", || desk.json(&["status"])["level"] == "reduce-only");
    let open = || {
        desk.json(&["orders"]).as_array().unwrap().iter().filter(|order| order["purpose"] == "entry").count()
    };
    server.until("it booked what was cancelled", || open() == 0);
    server.signal("-STOP");
    let (done, _) = timed(&desk, &[&words[..], &["--take-over"]].concat());
    assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
    assert!(stderr(&done).contains("did not answer, and was ended"), "{}", stderr(&done));
    for _ in 0..5 {
        desk.seconds(5);
        desk.tradewind(&["run", "--settle", "2"]);
    }
    assert_eq!(desk.json(&["positions"]), json!([]));
    assert!(desk.live("AAPL").is_empty() && desk.live("KO").is_empty());
}

#[test]
fn what_a_process_that_serves_recorded_comes_out_again_byte_for_byte() {
    let desk = Desk::new("100000");
    let server = Server::begin(&desk, &["--record", "sessions"]);
    server.until("it is ready", || server.said().contains("Serving."));
    put(&desk, "day.json", &json!([desk.enter("in", "AAPL", "219")]).to_string());
    server.until("the stop rests", || is_guarded(&desk));
    assert_eq!(server.ends(), Some(0));
    let folder = std::fs::read_dir(desk.folder.path().join("sessions")).unwrap();
    let files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let again = desk.tradewind(&["reproduce", files[0].to_str().unwrap(), "--state", "paper-state.json"]);
    assert_eq!(code(&again), 0, "{}{}", stdout(&again), stderr(&again));
}

#[test]
fn lines_of_standard_input_are_signals() {
    use std::io::Write as _;
    let desk = Desk::new("100000");
    let mut command = desk.command(&["serve", "--signals", "-", "--poll", "1", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut line = desk.enter("in", "AAPL", "219").to_string();
    line.push('\n');
    input.write_all(b"not a signal\n").unwrap();
    input.write_all(line.as_bytes()).unwrap();
    let server = Server { desk: &desk, child };
    server.until("the stop rests", || is_guarded(&desk));
    // Its end is not the end of who serves.
    drop(input);
    pause(Duration::from_secs(1));
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn signals_that_wait_for_their_prices_are_taken_in_once_and_not_lost_at_the_end() {
    use std::io::Write as _;
    let desk = Desk::new("100000");
    desk.control.stand_by(LatePrices);
    let asked = || {
        let is_price = |line: &&Value| {
            line["kind"] == "request"
                && line["path"].as_str().is_some_and(|path| path.contains("quotes/latest"))
        };
        desk.control.wire().iter().filter(is_price).count()
    };
    let server = Server::start(&desk);
    let done = desk.run(&[desk.enter("in", "AAPL", "219")], &["--settle", "0"]);
    assert_eq!(code(&done), 0, "{}{}", stdout(&done), stderr(&done));
    assert!(
        asked() <= 3,
        "one batch asks once, however long the answer takes, and what is held after it: {}",
        asked()
    );
    server.until("the stop rests", || is_guarded(&desk));
    assert_eq!(server.ends(), Some(0));
    let words = ["serve", "--signals", "-", "--poll", "60"];
    let mut command = desk.command(&words);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut line = desk.enter("late", "KO", "60").to_string();
    line.push('\n');
    input.write_all(line.as_bytes()).unwrap();
    let server = Server { desk: &desk, child };
    let before = asked();
    server.until("the price is asked for", || asked() > before + 1);
    server.ends();
    let signals = desk.json(&["signals", "--all"]);
    assert!(signals.as_array().unwrap().iter().any(|row| row["id"] == "late"), "{signals:#}");
}

/// Prices come late.
struct LatePrices;

impl Bystander for LatePrices {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        request.path.contains("quotes/latest").then_some(OnRequest::LateReply { millis: 2_000 })
    }

    fn answered(&mut self, _: &Request, _: Option<&Reply>) {}
}

/// Takes orders and never answers.
struct Silent;

impl Bystander for Silent {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        (request.method == "POST").then_some(OnRequest::LateReply { millis: 25_000 })
    }

    fn answered(&mut self, _: &Request, _: Option<&Reply>) {}
}

//! `watchdog` as a process of its own, and at the embedded broker.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::{Place, code, enter, stderr};
use crate::schemas::{assert_fits, schema};

/// How long anything may take here.
const WITHIN: Duration = Duration::from_mins(2);

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn now() -> Instant {
    Instant::now()
}

/// A watchdog that tells events as JSON.
pub struct Watchdog {
    child: Child,
    told: PathBuf,
}

impl Watchdog {
    /// One that watches.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        let told = folder.join("watchdog.out");
        let errors = File::create(folder.join("watchdog.err")).unwrap();
        let child = command.stdout(File::create(&told).unwrap()).stderr(errors).spawn().unwrap();
        let watchdog = Self { child, told };
        watchdog.until("watching");
        watchdog
    }

    /// The documents of what it told.
    pub fn documents(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.told).unwrap();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it told of these events, in their order.
    pub fn events(&self, word: &str) -> Vec<Value> {
        let data = self.documents().into_iter().map(|document| document["data"].clone());
        data.filter(|data| data["event"] == word).collect()
    }

    /// All that it told, by its words.
    pub fn words(&self) -> Vec<String> {
        let word = |document: Value| document["data"]["event"].as_str().unwrap().to_owned();
        self.documents().into_iter().map(word).collect()
    }

    /// The first event of this word, as soon as it is told.
    #[track_caller]
    pub fn until(&self, word: &str) -> Value {
        let began = now();
        loop {
            if let Some(event) = self.events(word).into_iter().next() {
                return event;
            }
            assert!(began.elapsed() < WITHIN, "{word} was not told: {:#?}", self.documents());
            pause(Duration::from_millis(50));
        }
    }

    /// Ends it as systemd does; with which code it ends.
    pub fn ends(mut self) -> Option<i32> {
        signal(&self.child, "-TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // It has ended already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(child: &Child, which: &str) {
    assert!(Command::new("kill").args([which, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn at_the_embedded_broker_it_writes_the_halt_file_and_tells() {
    let place = Place::new();
    place.signals(&[enter("in", "ETH/USD", "2800")]);
    assert_eq!(code(&place.run()), 0);
    let mut command = place.command(&["serve"]);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = now();
    while place.json(&["status"])["data"]["trader"]["serves"] != true {
        assert!(began.elapsed() < WITHIN);
    }
    let schema = schema(&place, "output");
    let words = ["watchdog", "--after", "4", "--json"];
    let watchdog = Watchdog::start(place.command(&words), place.path());
    let second = place.tradewind(&words);
    assert_eq!(code(&second), 5, "{}", stderr(&second));
    assert!(stderr(&second).contains("TW0571"), "{}", stderr(&second));
    assert_eq!(place.json(&["status"])["data"]["watchdog"]["watches"], json!(true));
    signal(&server, "-STOP");
    let done = watchdog.until("cancelled");
    assert_eq!((&done["live"], &watchdog.until("silent")["has_ended"]), (&json!(0), &json!(false)));
    assert!(place.file("paper-state.json.halt").exists());
    signal(&server, "-CONT");
    watchdog.until("answers");
    for document in watchdog.documents() {
        assert_fits(&schema, &document, "watchdog");
    }
    assert_eq!(watchdog.ends(), Some(3), "the halt file lies there");
    assert_eq!(place.json(&["status"])["data"]["watchdog"], Value::Null);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(
        code(&place.tradewind(&["watchdog", "--after", "3"])),
        2,
        "a process may be silent for so long"
    );
    assert_eq!(code(&place.tradewind(&["watchdog", "--notify", " "])), 2);
}

#[test]
#[cfg(unix)]
fn a_try_tells_whether_messages_arrive_and_the_place_remembers_it() {
    let place = Place::new();
    assert_eq!(code(&place.tradewind(&["run"])), 0);
    let last = |key: &str| place.json(&["status"])["data"]["last_message"][key].clone();
    let doctor = || {
        let checks = place.json(&["doctor"])["data"]["checks"].clone();
        let row = checks.as_array().unwrap().iter().find(|row| row["check"] == "alerts").cloned();
        row.unwrap()["verdict"].clone()
    };
    assert_eq!((last("went_through"), doctor()), (Value::Null, json!("skip")));
    let heard = place.file("heard");
    let tell = |word: &str| {
        let words = ["watchdog", "--notify", &format!("{word} {}", heard.display()), "--try", "--json"];
        place.tradewind(&words)
    };
    let ran = tell("tee");
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    assert!(std::fs::read_to_string(&heard).unwrap().contains("nothing has happened"));
    assert_fits(&schema(&place, "output"), &serde_json::from_slice(&ran.stdout).unwrap(), "watchdog");
    assert_eq!((last("went_through"), doctor()), (json!(true), json!("ok")));
    let failed = tell("false");
    assert_eq!(code(&failed), 1, "{}", stderr(&failed));
    assert_eq!((last("went_through"), doctor()), (json!(false), json!("warn")));
    let why = last("why");
    assert!(why.as_str().unwrap().contains("false ended with"), "{why}");
    assert_eq!(code(&place.tradewind(&["watchdog", "--try"])), 2, "there is nobody to be told");
    // Who watches and tells nobody says so.
    let watchdog = Watchdog::start(place.command(&["watchdog", "--json"]), place.path());
    assert_eq!(last("went_through"), Value::Null);
    drop(watchdog);
    // What cannot be read tells of no success.
    place.write("paper-state.json.control/notified", "{");
    assert_eq!(last("went_through"), json!(false));
}

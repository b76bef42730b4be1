//! A process that serves at the embedded broker: its market is a file of quotes that somebody goes on writing.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::place::{Place, enter, stderr};

/// How often something is looked for, and how long between two looks.
const LOOKS: usize = 600;

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        pause();
    }
    panic!("{what} did not come about");
}

#[test]
fn the_embedded_broker_trades_as_quotes_are_written() {
    let place = Place::new();
    std::fs::create_dir(place.file("in")).unwrap();
    let mut command = place.command(&["serve", "--signals", "in"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let rows = |verb: &str| place.tradewind(&[verb, "--json"]);
    let count = |verb: &str| {
        let read: serde_json::Value = serde_json::from_slice(&rows(verb).stdout).unwrap_or_default();
        read["data"].as_array().map_or(0, Vec::len)
    };
    place.write("in/.coming", &json!([enter("in", "ETH/USD", "2800")]).to_string());
    std::fs::rename(place.file("in/.coming"), place.file("in/day.json")).unwrap();
    until("the entry", || count("positions") == 1);
    let handed = place.json(&["run", "--settle", "1"])["data"].clone();
    assert_eq!(handed["handed_to"], json!(child.id()));
    let carried = &handed["tonight"]["carried"][0];
    assert_eq!((&carried["symbol"], &carried["alone"]), (&json!("ETH/USD"), &json!("venue")), "{handed:#}");
    // A part of trading, by the process that serves.
    for (words, stopped) in [
        (["halt", "--class", "crypto", "--why", "odd prices"], 1),
        (["resume", "--class", "crypto", "--why", "fine again"], 0),
    ] {
        let asked = place.tradewind(&words);
        assert!(asked.status.success(), "{}", stderr(&asked));
        let stops = place.json(&["status"])["data"]["stopped"].clone();
        assert_eq!(stops.as_array().map(Vec::len), Some(stopped), "{stops}");
    }
    // Half a line, as while it is written: read again when it is whole.
    place.write("example-quotes.jsonl", "{\"symbol\": \"ETH");
    pause();
    pause();
    until("the stop is hit", || {
        place.fallen_prices();
        pause();
        count("trades") == 1
    });
    let ended = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(count("positions"), 0);
    assert!(place.tradewind(&["journal", "verify"]).status.success());
    let status = place.tradewind(&["status"]);
    assert!(status.status.success(), "{}", stderr(&status));
}

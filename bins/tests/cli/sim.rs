//! The simulated broker as a process: what it prints, that it answers, and what it refuses to begin with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::place::{Place, code, stderr};
use crate::schemas::{assert_fits, schema};

/// Ends when the test does.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Serves with these words; gives what it says first.
    fn start(words: &[&str]) -> (Self, Value) {
        Self::of("alpaca", words)
    }

    fn of(broker: &str, words: &[&str]) -> (Self, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        command.args(["sim", broker, "--json"]).args(words);
        let mut served = Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut text = String::new();
        for line in BufReader::new(served.0.stdout.take().unwrap()).lines() {
            text += &line.unwrap();
            if serde_json::from_str::<Value>(&text).is_ok() {
                break;
            }
        }
        (served, serde_json::from_str(&text).unwrap())
    }
}

fn get(document: &Value, path: &str) -> String {
    let address = document["data"]["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut wire = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\napca-api-key-id: a\r\napca-api-secret-key: b\r\n\
         authorization: Bearer c\r\n\r\n"
    );
    wire.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_where_it_is_and_answers_there() {
    let (_served, document) = Served::start(&["--prices", "XYZ=12.5", "--cash", "1500"]);
    assert_fits(&schema(&Place::new(), "output"), &document, "sim");
    let answer = get(&document, "/v2/account");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"cash\":\"1500\""), "{answer}");
}

#[test]
fn an_account_of_real_money_says_so_by_its_number() {
    for (words, live, number) in [(&["--live"][..], true, "\"AK3SIM"), (&[], false, "\"PA3SIM")] {
        let (_served, document) = Served::start(words);
        assert_fits(&schema(&Place::new(), "output"), &document, "sim");
        assert_eq!(document["data"]["live"], live);
        assert!(get(&document, "/v2/account").contains(&format!("\"account_number\":{number}")), "{words:?}");
    }
}

#[test]
fn a_simulated_oanda_says_where_it_is_and_answers_there() {
    let words = ["--prices", "EUR_USD=1.085", "--cash", "1500", "--currency", "EUR", "--hedging", "--live"];
    let (_served, document) = Served::of("oanda", &words);
    assert_fits(&schema(&Place::new(), "output"), &document, "sim");
    let account = document["data"]["account"].as_str().unwrap();
    assert_eq!((account, &document["data"]["stream"]), ("001-001-7654321-001", &document["data"]["url"]));
    let answer = get(&document, &format!("/v3/accounts/{account}/summary"));
    for part in
        ["HTTP/1.1 200 OK", "\"balance\":\"1500.0000\"", "\"currency\":\"EUR\"", "\"hedgingEnabled\":true"]
    {
        assert!(answer.contains(part), "{answer}");
    }
    let ran = Place::new().tradewind(&["sim", "oanda", "--prices", "EURUSD=1.1"]);
    assert!(code(&ran) == 2 && stderr(&ran).contains("a pair is written as EUR_USD"), "{}", stderr(&ran));
}

#[test]
fn what_a_transcript_shows_is_served() {
    let place = Place::new();
    let asset = r#"{"symbol":"F","status":"active","tradable":true,"marginable":true,"shortable":true,"fractionable":false,"borrow_status":"hard_to_borrow"}"#;
    let lines = [
        format!(r#"{{"method":"GET","path":"/v2/assets/F","query":{{}},"status":200,"answer":{asset}}}"#),
        r#"{"method":"GET","path":"/v2/stocks/quotes/latest","status":200,"answer":{"quotes":{"F":{"bp":11.49,"ap":11.5}}}}"#.to_owned(),
        r#"{"method":"GET","path":"/v2/account","status":200,"answer":{"pattern_day_trader":false}}"#.to_owned(),
    ];
    place.write("transcript.jsonl", &lines.join("\n"));
    let file = place.file("transcript.jsonl");
    let (_served, document) =
        Served::start(&["--prices", "XYZ=12.5", "--transcript", file.to_str().unwrap()]);
    let told = get(&document, "/v2/assets/F");
    assert!(told.contains("\"fractionable\":false") && told.contains("hard_to_borrow"), "{told}");
    assert!(!told.contains("easy_to_borrow\":"), "it was not there: {told}");
    let quote = get(&document, "/v2/stocks/quotes/latest?symbols=F,XYZ");
    assert!(quote.contains("\"ap\":11.5") && quote.contains("\"ap\":12.5"), "{quote}");
    assert!(get(&document, "/v2/account").contains("pattern_day_trader"));
}

#[test]
fn what_it_cannot_serve_it_does_not_begin() {
    let place = Place::new();
    place.write("profile.json", "{}");
    place.write("faults.jsonl", "{\"request\":{\"do\":\"lost\"}}\n");
    for (words, said) in [
        (["--listen", "0.0.0.0:0"], "not a loopback address"),
        (["--prices", "AAPL"], "`AAPL` is no SYMBOL=PRICE"),
        (["--prices", "AAPL=-1"], "must be above zero"),
        (["--faults", "faults.jsonl"], "line 1 of the fault script is no rule"),
        (["--profile", "profile.json"], "profile.json cannot be used"),
        (["--transcript", "profile.json"], "line 1 is neither a request nor a frame"),
        (["--bars", "nowhere"], "there is no file of AAPL"),
    ] {
        let ran = place.tradewind(&[&["sim", "alpaca"][..], &words].concat());
        assert_eq!(code(&ran), 2, "{}", stderr(&ran));
        assert!(stderr(&ran).starts_with("error[TW0131]") && stderr(&ran).contains(said), "{}", stderr(&ran));
    }
}

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

#[test]
fn it_says_where_it_is_and_answers_there() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.args(["sim", "alpaca", "--json", "--prices", "XYZ=12.5", "--cash", "1500"]);
    let mut served = Served(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut text = String::new();
    for line in BufReader::new(served.0.stdout.take().unwrap()).lines() {
        text += &line.unwrap();
        if serde_json::from_str::<Value>(&text).is_ok() {
            break;
        }
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_fits(&schema(&Place::new(), "output"), &document, "sim");
    let address = document["data"]["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut wire = TcpStream::connect(address).unwrap();
    let request = "GET /v2/account HTTP/1.1\r\nhost: x\r\nconnection: close\r\napca-api-key-id: a\r\napca-api-secret-key: b\r\n\r\n";
    wire.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"cash\":\"1500\""), "{answer}");
}

#[test]
fn what_it_cannot_serve_it_does_not_begin() {
    let place = Place::new();
    place.write("faults.jsonl", "{\"request\":{\"do\":\"lost\"}}\n");
    for (words, said) in [
        (["--listen", "0.0.0.0:0"], "not a loopback address"),
        (["--prices", "AAPL"], "`AAPL` is no SYMBOL=PRICE"),
        (["--prices", "AAPL=-1"], "must be above zero"),
        (["--faults", "faults.jsonl"], "line 1 of the fault script is no rule"),
        (["--bars", "nowhere"], "there is no file of AAPL"),
    ] {
        let ran = place.tradewind(&[&["sim", "alpaca"][..], &words].concat());
        assert_eq!(code(&ran), 2, "{}", stderr(&ran));
        assert!(stderr(&ran).starts_with("error[TW0131]") && stderr(&ran).contains(said), "{}", stderr(&ran));
    }
}

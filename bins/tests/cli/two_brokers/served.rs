//! A process that serves at both brokers, and what truly is there beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use broker_api::Time;
use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Desk, decimal};

/// How long anything may take here.
const WITHIN: Duration = Duration::from_secs(40);

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
pub fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Counts how often an account was read.
struct Reads(Arc<AtomicUsize>, &'static str);

impl Bystander for Reads {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        if request.method == "GET" && request.path.ends_with(self.1) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        None
    }

    fn answered(&mut self, _: &Request, _: Option<&Reply>) {}
}

/// What may be held, by the limits that a test serves with.
pub struct Bounds {
    pub positions: usize,
    /// In percent of what both accounts are worth.
    pub gross: Decimal,
    pub one: Decimal,
    pub risk: Decimal,
}

/// Something that is held, as its broker has it.
struct Held {
    symbol: String,
    qty: Decimal,
    average: Decimal,
    /// Where the stop lies that rests there over all of it.
    stop: Option<Decimal>,
}

/// Both brokers, and who serves at them.
pub struct Served<'a> {
    pub desk: &'a Desk,
    pub bounds: Bounds,
    child: Option<(Child, ChildStdin)>,
    reads: [Arc<AtomicUsize>; 2],
    down: [bool; 2],
    pairs: BTreeMap<String, Decimal>,
    /// How often the bounds were looked at.
    pub looks: usize,
    pub asked: BTreeMap<String, &'static str>,
}

impl<'a> Served<'a> {
    pub fn new(desk: &'a Desk, bounds: Bounds, pairs: &[(&str, &str)]) -> Self {
        let reads = [Arc::default(), Arc::default()];
        desk.stocks.stand_by(Reads(Arc::clone(&reads[0]), "/v2/account"));
        desk.pairs.stand_by(Reads(Arc::clone(&reads[1]), "/summary"));
        let pairs = pairs.iter().map(|(pair, price)| ((*pair).to_owned(), decimal(price))).collect();
        let asked = BTreeMap::new();
        Self { desk, bounds, child: None, reads, down: [false; 2], pairs, looks: 0, asked }
    }

    /// Begins to serve.
    pub fn starts(&mut self) {
        let limit = format!("limits.positions_max={}", self.bounds.positions);
        let words = ["serve", "--signals", "-", "--poll", "1", "--set", &limit];
        let file = |name: &str| File::create(self.desk.folder.path().join(name)).unwrap();
        let mut command = self.desk.command(&words);
        command.stdin(Stdio::piped()).stdout(file("serve.out")).stderr(file("serve.err"));
        let mut child = command.spawn().unwrap();
        let lines = child.stdin.take().unwrap();
        self.child = Some((child, lines));
        self.until("it is ready", |this| this.said().contains("Serving."));
        self.is_read();
    }

    pub fn said(&self) -> String {
        let read =
            |name: &str| std::fs::read_to_string(self.desk.folder.path().join(name)).unwrap_or_default();
        read("serve.out") + &read("serve.err")
    }

    /// Ends it as systemd does.
    pub fn ends(&mut self) -> Option<i32> {
        let (mut child, _lines) = self.child.take().unwrap();
        let done = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(done.unwrap().success());
        child.wait().unwrap().code()
    }

    /// Ends it as a power cut does.
    pub fn is_killed(&mut self) {
        let (mut child, _lines) = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits until something is so, with an eye on the bounds.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = now();
        while !is_so(self) {
            self.is_within_bounds();
            if began.elapsed() > WITHIN {
                let status = self.desk.tradewind(&["status"]);
                let status = String::from_utf8_lossy(&status.stdout).into_owned();
                panic!("{what} did not come about: {status}{}", self.said());
            }
            pause(30);
        }
        self.is_within_bounds();
    }

    /// Time goes by at both, and who serves has seen that.
    pub fn at(&mut self, time: &str) {
        let time: Time = time.parse().unwrap();
        self.goes_to(time);
        self.is_read();
    }

    /// The same while nobody serves, or nobody needs to have seen it.
    pub fn at_once(&mut self, time: &str) {
        self.goes_to(time.parse().unwrap());
    }

    fn goes_to(&mut self, time: Time) {
        self.desk.stocks.set_time(time).unwrap();
        self.desk.pairs.set_time(time).unwrap();
        // A price that nobody makes anew grows old there.
        for (pair, price) in &self.pairs {
            self.desk.pairs.set_price(pair, *price).unwrap();
        }
    }

    /// The price of a pair, from now on.
    pub fn price(&mut self, pair: &str, price: &str) {
        self.pairs.insert(pair.to_owned(), decimal(price));
        self.desk.pairs.set_price(pair, decimal(price)).unwrap();
    }

    /// Waits for readings of the accounts that began after now, at those that answer.
    pub fn is_read(&mut self) {
        let before: Vec<usize> = self.reads.iter().map(|reads| reads.load(Ordering::Relaxed)).collect();
        // A reading at OANDA may ask twice.
        let is_new = move |this: &Self, n: usize, most: usize| {
            this.down[n] || this.reads[n].load(Ordering::Relaxed) >= before[n] + most
        };
        self.until("it reads", |this| is_new(this, 0, 2) && is_new(this, 1, 4));
    }

    /// A broker refuses all connections from now on, or takes them again.
    pub fn is_down(&mut self, broker: usize, is_down: bool) {
        let control = if broker == 0 { &self.desk.stocks } else { &self.desk.pairs };
        if is_down {
            control.down();
        } else {
            control.up();
        }
        let urls = [&self.desk.urls.0, &self.desk.urls.1];
        let host = urls[broker].trim_start_matches("http://").to_owned();
        let begun = now();
        while std::net::TcpStream::connect(&host).is_ok() == is_down {
            assert!(begun.elapsed() < WITHIN, "{host} is not down: {is_down}");
            pause(10);
        }
        self.down[broker] = is_down;
    }

    /// Signals, each with how it shall end.
    pub fn sends(&mut self, signals: &[(Value, &'static str)]) {
        for (signal, wanted) in signals {
            let id = signal["id"].as_str().unwrap().to_owned();
            assert!(self.asked.insert(id, wanted).is_none(), "a name of its own: {signal}");
            let (_, lines) = self.child.as_mut().unwrap();
            lines.write_all(format!("{signal}\n").as_bytes()).unwrap();
        }
    }

    /// The same, and waits until each has ended so.
    #[track_caller]
    pub fn takes(&mut self, signals: &[(Value, &'static str)]) {
        self.sends(signals);
        for (signal, wanted) in signals {
            self.becomes(signal["id"].as_str().unwrap(), wanted);
        }
    }

    /// Waits until a signal has ended so: an outcome, and the code of its reason after a blank.
    #[track_caller]
    pub fn becomes(&mut self, id: &str, wanted: &str) {
        self.until(&format!("{id}: {wanted}, and not {}", self.outcome(id)), |this| {
            let is = this.outcome(id);
            let over = ["denied", "expired", "cancelled", "rejected", "never_sent"];
            assert!(
                is == wanted || !over.iter().any(|word| is.starts_with(word)),
                "{id}: {is} and not {wanted}: {:#}",
                this.signal(id)
            );
            is == wanted
        });
    }

    fn signal(&self, id: &str) -> Value {
        let rows = self.rows(&["signals", "--all"]);
        rows.into_iter().find(|row| row["id"] == id).unwrap_or(Value::Null)
    }

    /// How a signal ended, or stands.
    pub fn outcome(&self, id: &str) -> String {
        let row = self.signal(id);
        let word = row["outcome"].as_str().unwrap_or("none").to_owned();
        match row["reason"]["code"].as_str() {
            Some(code) => format!("{word} {code}"),
            None => word,
        }
    }

    /// The rows of a verb.
    pub fn rows(&self, words: &[&str]) -> Vec<Value> {
        self.data(words).as_array().cloned().unwrap_or_default()
    }

    /// What a verb tells programs.
    pub fn data(&self, words: &[&str]) -> Value {
        let told = self.desk.tradewind(&[words, &["--json"]].concat());
        let document: Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
        document["data"].clone()
    }

    /// What `status` says of brokers that do not answer: which, why, and until when others go on.
    pub fn away(&self) -> Vec<(String, String, Option<Time>)> {
        let told = self.data(&["status"]);
        let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = told["away"].as_array().cloned().unwrap_or_default();
        let row =
            |row: &Value| (word(row, "venue"), word(row, "why"), word(row, "elsewhere_until").parse().ok());
        rows.iter().map(row).collect()
    }

    /// What is held at both, as they have it.
    fn held(&self) -> Vec<Held> {
        let number = |value: &Value| value.as_str().map_or(Decimal::ZERO, decimal);
        let (stocks, pairs) = (self.desk.stocks.truth(), self.desk.pairs.truth());
        let rows = |truth: &Value, name: &str| truth[name].as_array().unwrap().clone();
        let mut held = Vec::new();
        for row in rows(&stocks, "positions") {
            let orders = rows(&stocks, "orders");
            let is_stop = |order: &&Value| {
                order["symbol"] == row["symbol"]
                    && order["type"] == "stop"
                    && ["new", "accepted", "held"].contains(&order["status"].as_str().unwrap())
                    && number(&order["qty"]) == number(&row["qty"])
            };
            held.push(Held {
                symbol: row["symbol"].as_str().unwrap().to_owned(),
                qty: number(&row["qty"]),
                average: number(&row["avg_entry_price"]),
                stop: orders.iter().find(is_stop).map(|order| number(&order["stop_price"])),
            });
        }
        for row in rows(&pairs, "positions") {
            let (long, short) = (number(&row["long"]["units"]), number(&row["short"]["units"]));
            if (long + short).is_zero() {
                continue;
            }
            let side = if long.is_zero() { "short" } else { "long" };
            let orders = rows(&pairs, "orders");
            let is_stop = |order: &&Value| {
                order["instrument"] == row["instrument"]
                    && order["type"] == "STOP"
                    && order["state"] == "PENDING"
                    && number(&order["units"]) == -(long + short)
            };
            held.push(Held {
                symbol: row["instrument"].as_str().unwrap().to_owned(),
                qty: long + short,
                average: number(&row[side]["averagePrice"]),
                stop: orders.iter().find(is_stop).map(|order| number(&order["price"])),
            });
        }
        held
    }

    /// What both accounts are worth, as they say.
    fn worth(&self) -> Decimal {
        let of = |truth: Value| decimal(truth["equity"].as_str().unwrap());
        of(self.desk.stocks.truth()) + of(self.desk.pairs.truth())
    }

    /// Holds what truly is at both brokers against the bounds, whatever the book says.
    pub fn is_within_bounds(&mut self) {
        self.looks += 1;
        let (held, worth) = (self.held(), self.worth());
        let percent = |of: Decimal| of * Decimal::ONE_HUNDRED / worth;
        let told =
            || held.iter().map(|row| format!("{} {}", row.symbol, row.qty)).collect::<Vec<_>>().join(", ");
        assert!(held.len() <= self.bounds.positions, "{}", told());
        let (mut gross, mut risk) = (Decimal::ZERO, Decimal::ZERO);
        for row in &held {
            // All else is quoted in dollars.
            let rate = if row.symbol == "USD_JPY" { Decimal::ONE / row.average } else { Decimal::ONE };
            let value = row.qty.abs() * row.average * rate;
            let lost =
                row.stop.map_or(Decimal::ZERO, |stop| (row.average - stop).abs() * row.qty.abs() * rate);
            assert!(percent(value) <= self.bounds.one, "{}: {} %", row.symbol, percent(value));
            (gross, risk) = (gross + value, risk + lost);
        }
        assert!(percent(gross) <= self.bounds.gross, "{} % in {}", percent(gross), told());
        assert!(percent(risk) <= self.bounds.risk, "{} % at risk in {}", percent(risk), told());
    }

    /// Waits until a stop rests at its broker over everything that is held there.
    pub fn is_guarded(&mut self) {
        self.until("a stop rests over all that is held", |this| {
            this.held().iter().all(|row| row.stop.is_some())
        });
    }

    /// Where the stop of something rests, as its broker has it.
    pub fn stop_of(&self, symbol: &str) -> Option<Decimal> {
        self.held().into_iter().find(|row| row.symbol == symbol)?.stop
    }

    /// The book holds what both hold.
    pub fn agrees(&self) -> bool {
        let book: BTreeSet<(String, Decimal)> = self
            .desk
            .booked()
            .into_iter()
            .map(|(symbol, _, qty)| (symbol.replace('/', "_"), qty.abs()))
            .collect();
        let there = self.held().into_iter().map(|row| (row.symbol, row.qty.abs())).collect();
        book == there
    }

    /// The requests that a broker read since so many lines of its wire: `POST /v2/orders`.
    pub fn requests(&self, broker: usize, since: usize) -> Vec<String> {
        let control = if broker == 0 { &self.desk.stocks } else { &self.desk.pairs };
        let word = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let wire = control.wire();
        let asked = wire.iter().skip(since).filter(|line| line["kind"] == "request");
        asked.map(|line| format!("{} {}", word(line, "method"), word(line, "path"))).collect()
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.child {
            // It has ended already, mostly.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

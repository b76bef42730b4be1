//! Everything that went over the wire, kept to be written down without what nobody else should read, and counted so that
//! the broker's limit is kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broker_alpaca::probe::{Exchange, Tap};
use broker_api::Time;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Clock;

/// The most bytes of one body that are kept.
const BODY_MAX: usize = 64 << 10;
/// What stands in the place of what is masked.
const MASK: &str = "masked";

/// See the module.
pub struct Tape {
    clock: Clock,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    lines: Vec<Value>,
    sent: VecDeque<Time>,
    limit: Option<u32>,
    hidden: Vec<String>,
}

impl Tape {
    /// An empty one.
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, inside: Mutex::default() })
    }

    /// What an adapter tells its requests to.
    pub fn tap(self: &Arc<Self>) -> Tap {
        let tape = Arc::clone(self);
        Tap(Arc::new(move |exchange| tape.take(exchange)))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, exchange: &Exchange) {
        let now = (self.clock)();
        let Exchange { method, path, query, body, status, answer, limit } = exchange;
        let query: serde_json::Map<String, Value> =
            query.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut inside = self.inside();
        inside.limit = limit.or(inside.limit);
        inside.sent.push_back(now);
        inside.lines.push(json!({
            "at": now, "method": method, "path": path, "query": query, "body": body.as_deref().map(body_json),
            "status": status, "answer": body_json(answer),
        }));
    }

    /// Takes a frame of the stream in.
    pub fn frame(&self, is_text: bool, body: &str) {
        let kind = if is_text { "text" } else { "binary" };
        let line = json!({ "at": (self.clock)(), "frame": kind, "body": body_json(body) });
        self.inside().lines.push(line);
    }

    /// Has a word masked wherever it stands.
    pub fn hide(&self, word: &str) {
        if !word.is_empty() {
            self.inside().hidden.push(word.to_owned());
        }
    }

    /// Whether a fifth of a minute's requests was sent in the last minute: then one waits before the next case.
    pub fn is_full(&self) -> bool {
        let now = (self.clock)();
        let mut inside = self.inside();
        while inside.sent.front().is_some_and(|at| *at + TimeDelta::minutes(1) <= now) {
            inside.sent.pop_front();
        }
        let most = usize::try_from(inside.limit.unwrap_or(200) / 5).unwrap_or(usize::MAX);
        inside.sent.len() >= most
    }

    /// All of it as JSON lines, masked.
    pub fn lines(&self) -> String {
        let lines: Vec<String> = self.inside().lines.iter().map(|line| format!("{line}\n")).collect();
        self.masked(&lines.concat())
    }

    /// A text without the words that are hidden.
    pub fn masked(&self, text: &str) -> String {
        let inside = self.inside();
        inside.hidden.iter().fold(text.to_owned(), |text, word| text.replace(word.as_str(), MASK))
    }
}

/// A body as JSON where it is, as text where not.
fn body_json(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) if text.len() <= BODY_MAX => value,
        _ => json!(text.chars().take(BODY_MAX).collect::<String>()),
    }
}

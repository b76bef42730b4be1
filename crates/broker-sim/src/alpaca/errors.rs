//! What Alpaca refuses with: status, code, message and the fields beside them, word for word.

use serde_json::{Map, Value, json};

use crate::core::Reply;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    /// Nought is none.
    pub code: u32,
    pub message: String,
    /// Fields beside code and message.
    pub extra: Map<String, Value>,
}

/// The codes that say only in which direction to look; the message tells.
const FORBIDDEN: u32 = 40_310_000;
const UNPROCESSABLE: u32 = 42_210_000;

impl Refusal {
    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), extra: Map::new() }
    }

    /// The request is not JSON, or not of the form.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, 40_010_000, message)
    }

    /// No credentials.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, 40_110_000, "request is not authorized")
    }

    /// Understood, and not allowed.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, FORBIDDEN, message)
    }

    /// Too many round trips in a day.
    pub(super) fn day_trading() -> Self {
        Self::new(403, 40_310_100, "trade denied due to pattern day trading protection")
    }

    /// Nothing of that name.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, message)
    }

    /// A field is missing or of the wrong kind.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 40_010_001, message)
    }

    /// Understood, and impossible as it is.
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, UNPROCESSABLE, message)
    }

    /// Too many requests, with or without a code.
    pub(super) fn too_many(is_bare: bool) -> Self {
        Self::new(429, if is_bare { 0 } else { 42_910_000 }, "too many requests.")
    }

    /// Nobody at home.
    pub(super) fn server(status: u16) -> Self {
        let message = match status {
            503 => "service unavailable",
            504 => "backend request timeout",
            _ => "internal server error occurred",
        };
        Self::new(status, 50_010_000, message)
    }

    /// With one more field.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// With another status.
    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        let mut body = self.extra.clone();
        if self.code > 0 {
            body.insert("code".to_owned(), json!(self.code));
        }
        body.insert("message".to_owned(), json!(self.message));
        body.into()
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        Reply::json(self.status, &self.body())
    }
}

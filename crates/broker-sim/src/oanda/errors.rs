//! What is answered when something is not done as asked.

use serde_json::{Map, Value, json};

use crate::core::{ErrorCode, Reply};

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub status: u16,
    message: String,
    code: Option<String>,
    /// What stands in its body beside the words.
    more: Box<Map<String, Value>>,
}

impl Refusal {
    pub(super) fn plain(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: None, more: Box::default() }
    }

    pub(super) fn coded(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { code: Some(code.to_owned()), ..Self::plain(status, message) }
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(401, "Insufficient authorization to perform request.")
    }

    pub(super) fn forbidden() -> Self {
        Self::plain(403, "The provided request was forbidden.")
    }

    pub(super) fn no_value(name: &str) -> Self {
        Self::plain(400, format!("Invalid value specified for '{name}'"))
    }

    /// The refusal with this status, as the client of a gateway sees it.
    pub(super) fn server(status: u16) -> Self {
        match status {
            401 => Self::unauthorized(),
            403 => Self::forbidden(),
            504 => Self::plain(504, "Timeout waiting for response."),
            503 => Self::plain(503, "Service Unavailable"),
            _ => Self::plain(status, format!("The request failed with status {status}.")),
        }
    }

    pub(super) fn rejection(status: u16, code: &ErrorCode, message: &str) -> Self {
        let code = match code {
            ErrorCode::Number(number) => number.to_string(),
            ErrorCode::Name(name) => name.clone(),
        };
        Self::coded(status, &code, message)
    }

    pub(super) fn body(&self) -> Value {
        let mut body = Value::Object((*self.more).clone());
        body["errorMessage"] = json!(self.message);
        if let Some(code) = &self.code {
            body["errorCode"] = json!(code);
        }
        body
    }

    pub(super) fn reply(&self) -> Reply {
        Reply::json(self.status, &self.body())
    }
}

/// The words of a reason: `PRICE_MISSING` is "price missing".
pub(super) fn words(reason: &str) -> String {
    reason.to_lowercase().replace('_', " ")
}

//! Requests and answers as plain values, and how figures look in them.

use broker_api::Time;
use chrono::SecondsFormat;
use rust_decimal::Decimal;
use serde_json::Value;

/// A request, read whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// The query's pairs, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a name in the query; nothing for an empty one.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether the query says yes.
    pub fn asks(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "True" | "1" | "t"))
    }

    /// A header by its name in lower case; nothing for an empty one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, v)| n == name && !v.trim().is_empty()).map(|(_, value)| value.trim())
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside those of every answer.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=UTF-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// No body.
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A page of a gateway.
    pub fn html(status: u16, title: &str) -> Self {
        let body = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n\
             </body>\r\n</html>\r\n"
        );
        let headers = vec![("content-type", "text/html".to_owned())];
        Self { status, headers, body: body.into_bytes() }
    }

    /// The same, where a figure of its object is so many times what it was. What is no such figure stays as it is.
    #[must_use]
    pub(crate) fn with_figure(mut self, name: &str, by: Decimal) -> Self {
        let Ok(mut body) = serde_json::from_slice::<Value>(&self.body) else { return self };
        let Some(figure) = body.get_mut(name) else { return self };
        let was = figure.as_str().map_or_else(|| figure.to_string(), ToOwned::to_owned);
        let Some(is) = was.parse::<Decimal>().ok().and_then(|was| was.checked_mul(by)) else { return self };
        *figure = if figure.is_string() { Value::String(decimal_text(is)) } else { number(is) };
        self.body = body.to_string().into_bytes();
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &dyn std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A figure as text: no exponent, no zeros at the end.
pub fn decimal_text(value: Decimal) -> String {
    if value.is_zero() { "0".to_owned() } else { value.normalize().to_string() }
}

/// A figure as a JSON number.
pub fn number(value: Decimal) -> Value {
    serde_json::from_str(&decimal_text(value)).unwrap_or(Value::Null)
}

/// A moment with nanoseconds, in UTC.
pub(crate) fn nanos(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

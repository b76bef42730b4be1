//! What a request wants, as it is written: fields that may be texts or numbers, moments in either form.

use broker_api::Time;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::errors::Refusal;

/// The code of what is not even looked at.
const INVALID: &str = "oanda::rest::core::InvalidParameterException";

/// A value that is none of its name.
pub(super) fn invalid(name: &str) -> Refusal {
    Refusal::coded(400, INVALID, format!("Invalid value specified for '{name}'"))
}

/// The members of a request's body; an empty body has none.
///
/// # Errors
/// It is no JSON object.
pub(super) fn body(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Refusal::plain(400, "Invalid JSON, ParseErrorCode: 1, Message: Invalid value.")),
    }
}

/// A moment in either of the forms of the wire.
pub(super) fn moment(text: &str) -> Option<Time> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = if is_digits { format!("{fraction:0<9}").parse().ok()? } else { return None };
    Time::from_timestamp(seconds.parse().ok()?, nanos)
}

/// An object of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub members: &'a Map<String, Value>,
    /// Where it stands, for the words of a refusal.
    pub at: &'a str,
}

impl<'a> Given<'a> {
    fn invalid(&self, name: &str) -> Refusal {
        invalid(&format!("{}.{name}", self.at))
    }

    /// A text, or a number as text.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.invalid(name)),
        }
    }

    /// One of a closed list of words.
    ///
    /// # Errors
    /// It is another word.
    pub(super) fn word<T>(
        &self,
        name: &str,
        named: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => named(&text).map(Some).ok_or_else(|| self.invalid(name)),
        }
    }

    /// A figure: what is written, and what it is, if it is one.
    ///
    /// # Errors
    /// It is neither text nor number.
    pub(super) fn figure(&self, name: &str) -> Result<Option<Figure>, Refusal> {
        Ok(self.text(name)?.map(|text| Figure::read(&text)))
    }

    /// # Errors
    /// It is no moment.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Time>, Refusal> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => moment(&text).map(Some).ok_or_else(|| self.invalid(name)),
        }
    }

    /// # Errors
    /// It is no object.
    pub(super) fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(self.invalid(name)),
        }
    }

    /// Extensions that a client gave.
    ///
    /// # Errors
    /// They are no object of texts.
    pub(super) fn extensions(&self, name: &str) -> Result<Option<Value>, Refusal> {
        let Some(members) = self.object(name)? else { return Ok(None) };
        let given = Given { members, at: name };
        let mut told = Map::new();
        for member in ["id", "tag", "comment"] {
            if let Some(text) = given.text(member)? {
                told.insert(member.to_owned(), json!(text));
            }
        }
        Ok(if told.is_empty() { None } else { Some(told.into()) })
    }
}

/// A figure of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub text: String,
    pub value: Option<Decimal>,
}

impl Figure {
    pub(super) fn read(text: &str) -> Self {
        let value = text.parse().ok().or_else(|| Decimal::from_scientific(text).ok());
        Self { text: text.to_owned(), value }
    }

    /// Whether it has more decimal places than that, zeros too.
    pub(super) fn is_finer_than(&self, places: u32) -> bool {
        self.value.is_some_and(|value| value.scale() > places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_two_forms() {
        let at = moment("2024-10-08T01:29:27.901550405Z");
        assert!(at.is_some());
        assert_eq!(moment("1728350967.901550405"), at);
        assert_eq!(moment("1728350967"), moment("2024-10-08T01:29:27Z"));
        for bad in ["", "soon", "12.1234567890", "1.x"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}

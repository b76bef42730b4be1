//! Spans of time as files hold them: whole milliseconds. For `#[serde(with = "broker_api::millis")]`.

use chrono::TimeDelta;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a span.
///
/// # Errors
/// One that is no whole number of milliseconds: it would not come back as it was.
pub fn serialize<S: Serializer>(span: &TimeDelta, to: S) -> Result<S::Ok, S::Error> {
    let millis = span.num_milliseconds();
    if TimeDelta::try_milliseconds(millis) != Some(*span) {
        return Err(S::Error::custom(format!("{span} is no whole number of milliseconds")));
    }
    to.serialize_i64(millis)
}

/// Reads a span.
///
/// # Errors
/// What is no whole number, or more milliseconds than a span can have.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeDelta, D::Error> {
    let millis = i64::deserialize(from)?;
    TimeDelta::try_milliseconds(millis)
        .ok_or_else(|| D::Error::custom(format!("{millis} ms are more than a span of time can have")))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Span(#[serde(with = "crate::millis")] TimeDelta);

    #[test]
    fn a_span_comes_back_as_it_was_or_is_not_written() {
        for millis in [0, 1, -1, 30_000, 86_400_000] {
            let text = serde_json::to_string(&Span(TimeDelta::milliseconds(millis))).unwrap();
            assert_eq!(text, millis.to_string());
            assert_eq!(serde_json::from_str::<Span>(&text).unwrap(), Span(TimeDelta::milliseconds(millis)));
        }
        for nanos in [1, -1, 1_500_000] {
            assert!(serde_json::to_string(&Span(TimeDelta::nanoseconds(nanos))).is_err(), "{nanos}");
        }
        assert!(serde_json::from_str::<Span>(&i64::MIN.to_string()).is_err());
        assert!(serde_json::from_str::<Span>("1.5").is_err());
    }
}

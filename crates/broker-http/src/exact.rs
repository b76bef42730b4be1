//! Numbers to the last digit, from text or from JSON numbers, without a binary fraction in between.

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

/// A number as it was written. One with more digits than a decimal holds is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact(pub Decimal);

/// A number that may be rounded to 28 digits: averages have as many as a division gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rough(pub Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = digits(from)?;
        let read = if text.contains(['e', 'E']) {
            Decimal::from_scientific(&text).ok()
        } else {
            Decimal::from_str_exact(&text).ok()
        };
        read.map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is no number of at most 28 digits")))
    }
}

impl<'de> Deserialize<'de> for Rough {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = digits(from)?;
        let read =
            if text.contains(['e', 'E']) { Decimal::from_scientific(&text).ok() } else { text.parse().ok() };
        read.map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is no number")))
    }
}

fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    let text = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map_err(D::Error::custom)?,
        Some(b'-' | b'0'..=b'9') => raw.get().to_owned(),
        _ => {
            return Err(D::Error::custom(format!("{} is no number", crate::transport::short(raw.get(), 40))));
        }
    };
    // A sign and digits, a point, an exponent: the decimal's own reader takes more than that.
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("{:?} is no number", crate::transport::short(&text, 40))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_are_the_same_to_the_last_digit() {
        let read = |json: &str| serde_json::from_str::<Exact>(json).map(|number| number.0.to_string());
        for digits in ["0.1", "431.19", "0.346981263", "-30", "1234567890123456.123456789", "187412.36"] {
            assert_eq!(read(digits).unwrap(), digits);
            assert_eq!(read(&format!("\"{digits}\"")).unwrap(), digits);
        }
        assert_eq!(read("1e-9").unwrap(), "0.000000001");
        for bad in
            ["\"\"", "\"1_000\"", "true", "null", "[1]", "\"NaN\"", "0.12345678901234567890123456789012"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        let average = serde_json::from_str::<Rough>("\"430.88333333333333333333333333333333\"").unwrap();
        assert_eq!(average.0.round_dp(20).to_string(), "430.88333333333333333333");
    }
}

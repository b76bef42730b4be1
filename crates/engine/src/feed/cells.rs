//! What a cell means: a plain decimal, or a time in one of its forms. The usual ways to write them are read straight
//! from the bytes; everything else is left to the readers that also say what is wrong.

use broker_api::Time;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

/// The most bytes of a number that is read here: as many digits fit into 64 bits in any case.
pub(super) const MOST_BYTES: usize = 18;
/// The first second that is not taken, the beginning of the year 9999: what is beyond it counts milliseconds.
const LAST_SECOND: i64 = 253_370_764_800;

/// A time as a row gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// The date of a session.
    Date(NaiveDate),
    /// When a bar begins.
    Moment(Time),
    /// When a bar closes.
    Close(Time),
}

/// A decimal such as `227.10`, with as many places as are written; nothing when it is not written as plainly as that
/// or is long, which is not yet to say that it is wrong.
pub(super) fn plain(text: &[u8]) -> Option<Decimal> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let (mut number, mut places, mut is_fraction) = (0_i64, 0_u32, false);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            number = number * 10 + i64::from(digit);
            places += u32::from(is_fraction);
        } else if *byte == b'.' && !is_fraction {
            is_fraction = true;
        } else {
            return None;
        }
    }
    let is_whole = !matches!(text, [] | [b'.', ..] | [.., b'.']);
    is_whole.then(|| Decimal::new(number, places))
}

/// Reads a time in one of its forms.
///
/// # Errors
/// What is wrong with it.
pub(super) fn stamp(text: &str) -> Result<Stamp, String> {
    if let Some(stamp) = usual(text.as_bytes())? {
        return Ok(stamp);
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(Stamp::Moment(at.with_timezone(&Utc))),
        Err(_) => {
            Err(format!("{text:?} is neither a date nor a moment with its zone nor whole seconds since 1970"))
        }
    }
}

/// Reads a time that is written in the usual way; nothing when it is not.
///
/// # Errors
/// Digits that are no seconds.
pub(super) fn usual(text: &[u8]) -> Result<Option<Stamp>, String> {
    if text.len() <= MOST_BYTES
        && let Some(seconds) = digits(text)
    {
        return close(text, seconds).map(Some);
    }
    let Some((first, rest)) = text.split_at_checked(10) else { return Ok(None) };
    let Some(date) = date(first) else { return Ok(None) };
    let moment = match rest {
        [] => return Ok(Some(Stamp::Date(date))),
        [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] => pair(*h1, *h2)
            .zip(pair(*m1, *m2))
            .zip(pair(*s1, *s2))
            .and_then(|((hour, minute), second)| date.and_hms_opt(hour, minute, second)),
        _ => None,
    };
    Ok(moment.map(|moment| Stamp::Moment(moment.and_utc())))
}

/// The moment of a close in seconds; nothing when it is too far away.
pub(super) fn close_at(seconds: i64) -> Option<Time> {
    if seconds >= LAST_SECOND { None } else { DateTime::from_timestamp(seconds, 0) }
}

/// The moment of a close in seconds. Eight digits that make a date are refused, for as seconds they would say 1970.
fn close(text: &[u8], seconds: i64) -> Result<Stamp, String> {
    if let [y1, y2, y3, y4, m1, m2, d1, d2] = *text
        && date(&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]).is_some()
    {
        return Err(format!("\"{seconds}\" looks like a date without its dashes"));
    }
    if seconds >= LAST_SECOND {
        return Err(format!("\"{seconds}\" is too far away for seconds since 1970 (milliseconds perhaps)"));
    }
    let at = DateTime::from_timestamp(seconds, 0);
    at.map(Stamp::Close).ok_or_else(|| format!("\"{seconds}\" is too far away"))
}

/// A date such as `2026-11-20`.
fn date(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, pair(m1, m2)?, pair(d1, d2)?)
}

fn pair(tens: u8, ones: u8) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The number that at least one and at most [`MOST_BYTES`] digits make.
fn digits(text: &[u8]) -> Option<i64> {
    let mut number = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    (!text.is_empty()).then_some(number)
}

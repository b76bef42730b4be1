//! Times of other programs: with a zone, or as a count since 1970. One without a zone is no time, unless the file
//! names the zone that its times are in.

use broker_api::Time;
use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::numbers::decimal;
use super::tree::Node;

/// Counts above this are of milliseconds: as seconds they would lie beyond the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// 2000-01-01 and 2100-01-01, in seconds since 1970.
const SPAN: [i64; 2] = [946_684_800, 4_102_444_800];

/// What the file says about times without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// Nothing.
    Unsaid,
    /// They are of this zone.
    Named(Tz),
}

impl Zone {
    pub(super) fn read(node: &Node) -> Option<Self> {
        let Node::Text(text) = node else { return None };
        let text = text.trim();
        if ["z", "gmt", "utc", "+00:00", "utc+0", "utc+00:00"].contains(&text.to_ascii_lowercase().as_str()) {
            return Some(Self::Named(Tz::UTC));
        }
        text.parse().ok().map(Self::Named)
    }
}

/// The moment that a value names; else why it names none.
pub(super) fn moment(node: &Node, zone: Zone) -> Result<Time, String> {
    if let Node::Number(_) = node {
        return counted(decimal(node)?);
    }
    let Node::Text(text) = node else { return Err("is no time".to_owned()) };
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return counted(decimal(node)?);
    }
    if let Some(at) = zoned(text) {
        return Ok(at);
    }
    let Some(local) = local(text) else {
        return Err(format!("{text:?} is no time; write it like 2026-11-20T21:05:00Z"));
    };
    let Zone::Named(zone) = zone else {
        let why = "has no zone, and the file names none (\"timezone\": \"UTC\" beside it would)";
        return Err(why.to_owned());
    };
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(..) | LocalResult::None => {
            Err(format!("{text:?} is not one moment in {zone}: the clocks were set then"))
        }
    }
}

fn zoned(text: &str) -> Option<Time> {
    let rfc = DateTime::parse_from_rfc3339(text).ok();
    let other = || {
        ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z"]
            .iter()
            .find_map(|format| DateTime::parse_from_str(text, format).ok())
    };
    rfc.or_else(other).map(|at| at.with_timezone(&Utc))
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let date = || {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::MIN))
    };
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).or_else(date)
}

fn counted(count: Decimal) -> Result<Time, String> {
    let milliseconds = if count > Decimal::from(MILLISECONDS_FROM) {
        Some(count)
    } else {
        count.checked_mul(Decimal::ONE_THOUSAND)
    };
    let span = SPAN.map(|seconds| Decimal::from(seconds) * Decimal::ONE_THOUSAND);
    let whole = milliseconds.filter(|ms| span[0] <= *ms && *ms < span[1]).map(|ms| ms.trunc());
    whole
        .and_then(|ms| i64::try_from(ms.mantissa()).ok())
        .and_then(DateTime::from_timestamp_millis)
        .ok_or_else(|| {
            format!("{count} is no time between 2000 and 2100 in seconds or milliseconds since 1970")
        })
}

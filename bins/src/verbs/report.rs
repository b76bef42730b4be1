//! `report`: what the trades, orders and limits of a book come to, in one of four forms. It writes nothing but the file it is
//! asked for.

use std::path::Path;

use broker_api::Time;
use chrono::{NaiveDate, TimeDelta};

use crate::args::{FormatOf, ReportArgs};
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::out::{Out, document, print};
use crate::place::Place;
use crate::report::{Report, html, markdown, text};

/// Computes the report once and writes it in the form that was asked for.
pub fn report(out: Out, place: &Place, asked: &ReportArgs) -> Result<(), Failure> {
    let until = asked.until.as_deref().map(|text| until(text, clock::now())).transpose()?;
    let reading = place.read(until.as_deref())?;
    let report = Report::of(place, &reading, asked.period)?;
    let data = report.document()?;
    let headline = reading.headline();
    let form = if out.is_json() { FormatOf::Json } else { asked.format };
    let made = match form {
        FormatOf::Text => text(&headline, &report.sections(&data)),
        FormatOf::Markdown => markdown(&headline, &report.sections(&data)),
        FormatOf::Html => html(&headline, &data, &report.sections(&data)),
        FormatOf::Json => {
            let document = document("report", &reading.heading(), reading.as_of, &data);
            format!("{document:#}\n")
        }
    };
    match &asked.out {
        Some(file) => write(out, file, &made),
        None => print(&made),
    }
}

/// The last moment of a day, in UTC, or a moment, as it is read everywhere else. A day that is not over yet goes until now.
fn until(text: &str, now: Time) -> Result<String, Failure> {
    let Ok(day) = text.parse::<NaiveDate>() else {
        if text.contains('T') {
            return Ok(text.to_owned());
        }
        return Err(Failure::usage("bad_time", format!("--until {text} is neither a day nor a moment"))
            .fix("write a day, 2026-11-22, or a moment with its zone, 2026-11-22T21:00:00Z"));
    };
    let next = day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(1);
    // The first moment of the next day is none of this one.
    let end = next - TimeDelta::microseconds(1);
    Ok(if day == now.date_naive() { now } else { end }.to_rfc3339())
}

fn write(out: Out, file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Unexpected, "not_written", format!("{} cannot be written", file.display()))
            .because(&error)
            .fix("make room, or name another file with --out; the book is untouched")
    };
    std::fs::write(file, text).map_err(failed)?;
    out.say(&format!("written: {}", file.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::until;

    #[test]
    fn a_day_ends_with_its_last_moment_and_today_now() {
        let now = "2026-11-23T14:35:02Z".parse().unwrap();
        assert_eq!(until("2026-11-22", now).unwrap(), "2026-11-22T23:59:59.999999+00:00");
        assert_eq!(until("2026-11-23", now).unwrap(), "2026-11-23T14:35:02+00:00");
        assert_eq!(until("2026-11-20T21:00:00Z", now).unwrap(), "2026-11-20T21:00:00Z");
        assert_eq!(until("last week", now).unwrap_err().code, "bad_time");
    }
}

//! Our calendar beside a venue's own: where they differ, somebody must look, before the day comes.

use std::fmt;

use broker_api::{AssetClass, Time, VenueDay, VenueHours};
use chrono::{Days, NaiveDate};

use super::{Calendar, local_date, plural};

/// A date on which a venue says something else than we do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of which market.
    pub class: AssetClass,
    /// On which date.
    pub date: NaiveDate,
    /// What each says, as one sentence.
    pub text: Box<str>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Calendar {
    /// The dates on which a venue differs from us, of `days` dates from `from` on. A date that it leaves out is one of
    /// them: it says nothing of it, and nothing is guessed.
    pub fn compare(
        &self,
        class: AssetClass,
        from: NaiveDate,
        days: u32,
        theirs: &[VenueDay],
    ) -> Vec<Difference> {
        let dates = (0..u64::from(days)).filter_map(|n| from.checked_add_days(Days::new(n)));
        dates
            .filter_map(|date| {
                let day = self.day(class, date);
                let ours = day.map(|day| VenueHours { opens: day.opens, closes: day.closes });
                let listed = theirs.iter().find(|day| day.date == date);
                if listed.is_some_and(|day| day.hours == ours) {
                    return None;
                }
                let named = listed.map_or_else(|| "not listed".to_owned(), |day| told(day.hours));
                let text = format!(
                    "{} on {date}: our calendar has {}, the venue's {named}",
                    plural(class),
                    told(ours)
                );
                Some(Difference { class, date, text: text.into() })
            })
            .collect()
    }
}

/// What a venue's own days say of a moment: open or closed; nothing when they do not reach it. The last of them
/// is not taken for a whole one, for the evening of it may belong to the next.
pub fn says(days: &[VenueDay], t: Time) -> Option<bool> {
    let (first, last) = (days.iter().map(|day| day.date).min()?, days.iter().map(|day| day.date).max()?);
    let is_held = |hours: &VenueHours| hours.opens <= t && t < hours.closes;
    if days.iter().filter_map(|day| day.hours.as_ref()).any(is_held) {
        return Some(true);
    }
    let today = local_date(t);
    (first <= today && today < last).then_some(false)
}

fn told(hours: Option<VenueHours>) -> String {
    hours.map_or_else(
        || "closed".to_owned(),
        |hours| {
            let text = |at: Time| at.format("%Y-%m-%d %H:%M").to_string();
            format!("{} to {} UTC", text(hours.opens), text(hours.closes))
        },
    )
}

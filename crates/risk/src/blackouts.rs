//! Times that a person sets, in which nothing is entered: around earnings, numbers of an economy, a listing, a roll.

use broker_api::{AssetClass, Symbol, Time};
use serde::{Deserialize, Serialize};

/// A time in which nothing is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// Its first moment.
    pub from: Time,
    /// The first moment after it.
    pub until: Time,
    /// The symbols that it is about; those of [`Blackout::classes`] beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<Symbol>,
    /// The classes that it is about. Without symbols and classes it is about everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<AssetClass>,
    /// Why, for people.
    pub why: Box<str>,
}

impl Blackout {
    /// Whether it is on.
    pub fn is_on(&self, now: Time) -> bool {
        self.from <= now && now < self.until
    }

    /// Whether it is about an instrument.
    pub fn is_about(&self, symbol: Symbol, class: AssetClass) -> bool {
        let is_about_all = self.symbols.is_empty() && self.classes.is_empty();
        is_about_all || self.symbols.contains(&symbol) || self.classes.contains(&class)
    }

    /// The one that is on for an instrument; of several the one that ends last.
    pub fn of(all: &[Self], symbol: Symbol, class: AssetClass, now: Time) -> Option<&Self> {
        let on = all.iter().filter(|row| row.is_on(now) && row.is_about(symbol, class));
        on.max_by_key(|row| row.until)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn at(minutes: i64) -> Time {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn blackout(from: i64, until: i64, symbols: &[&str], classes: &[AssetClass]) -> Blackout {
        Blackout {
            from: at(from),
            until: at(until),
            symbols: symbols.iter().map(|symbol| Symbol::new(symbol).unwrap()).collect(),
            classes: classes.to_vec(),
            why: "numbers".into(),
        }
    }

    #[test]
    fn it_begins_with_its_first_moment_and_ends_before_its_last() {
        let row = blackout(0, 10, &[], &[]);
        let millisecond = TimeDelta::milliseconds(1);
        let on = [at(0) - millisecond, at(0), at(10) - millisecond, at(10)].map(|now| row.is_on(now));
        assert_eq!(on, [false, true, true, false]);
    }

    #[test]
    fn it_is_about_what_it_names_and_without_names_about_everything() {
        let (apple, pair) = (Symbol::new("AAPL").unwrap(), Symbol::new("EUR/USD").unwrap());
        let about =
            |row: &Blackout| [row.is_about(apple, AssetClass::Equity), row.is_about(pair, AssetClass::Forex)];
        assert_eq!(about(&blackout(0, 1, &[], &[])), [true, true]);
        assert_eq!(about(&blackout(0, 1, &["AAPL"], &[])), [true, false]);
        assert_eq!(about(&blackout(0, 1, &[], &[AssetClass::Forex])), [false, true]);
        assert_eq!(about(&blackout(0, 1, &["AAPL"], &[AssetClass::Forex])), [true, true]);
    }

    #[test]
    fn of_several_the_one_that_ends_last_counts() {
        let apple = Symbol::new("AAPL").unwrap();
        let all = [blackout(0, 5, &[], &[]), blackout(1, 9, &["AAPL"], &[]), blackout(2, 3, &[], &[])];
        let until = |now| Blackout::of(&all, apple, AssetClass::Equity, at(now)).map(|row| row.until);
        assert_eq!([0, 2, 8, 9].map(until), [Some(at(5)), Some(at(9)), Some(at(9)), None]);
        assert_eq!(Blackout::of(&[], apple, AssetClass::Equity, at(0)), None);
    }
}

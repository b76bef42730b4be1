//! Accounts at several brokers in one book: what a second one brings is no profit.

use super::*;

fn joins(venue: &str, currency: &str, equity: &str) -> Record {
    let of = AccountRef {
        venue: VenueId::new(venue).unwrap(),
        account: AccountId::new("P2").unwrap(),
        mode: Mode::Paper,
        currency: Currency::new(currency).unwrap(),
    };
    Record::VenueBound { of, equity: equity.parse().unwrap(), cursor: cursor() }
}

fn day(equity: &str) -> Record {
    let equity = equity.parse().unwrap();
    let (starts, high_water) = (at(0), equity);
    Record::DayStarted { starts, equity, read: None, high_water, late: false, week: None, carried: None }
}

fn figures(book: &Book) -> (Option<String>, Option<String>, Option<String>) {
    let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
    let guard = book.guard();
    (text(guard.equity), text(guard.high_water), text(guard.day.map(|day| day.equity)))
}

#[test]
fn a_second_account_adds_what_it_is_worth_to_what_all_is_measured_from() {
    let mut book = bound();
    book.apply(&joins("second", "USD", "500"), at(1)).unwrap();
    assert_eq!(figures(&book), (Some("1500".into()), Some("1500".into()), None));
    book.apply(&day("1500"), at(2)).unwrap();
    book.apply(&joins("third", "USD", "250"), at(3)).unwrap();
    let all = Some("1750".to_owned());
    assert_eq!(figures(&book), (all.clone(), all.clone(), all));
}

#[test]
fn one_in_another_currency_joins_only_before_anything_is_measured() {
    let mut book = bound();
    book.apply(&joins("second", "EUR", "500"), at(1)).unwrap();
    assert_eq!(figures(&book), (None, None, None), "its worth is not known here");
    let mut book = bound();
    book.apply(&day("1000"), at(1)).unwrap();
    assert!(book.apply(&joins("second", "EUR", "500"), at(2)).is_err());
    assert_eq!(book.venues().count(), 1, "and nothing changed");
}

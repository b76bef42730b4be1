//! Passes: what is entered is protected, what was done is not done again, and who only looks sends nothing.

use serde_json::json;

use super::desk::{Desk, document};
use crate::place::{code, stderr, stdout};

#[test]
fn an_entry_is_filled_and_protected_and_a_second_pass_does_nothing_more() {
    let desk = Desk::new("100000");
    let signals = [desk.enter("one", "AAPL", "219")];
    let ran = desk.run(&signals, &[]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let told = document(&ran);
    assert_eq!(
        (&told["mode"], &told["data"]["signals"][0]["outcome"]),
        (&json!("practice"), &json!("filled"))
    );
    let account = desk.control.truth()["account_id"].clone();
    assert!(told["account"].as_str().unwrap().starts_with("alpaca:"), "{account}: {}", told["account"]);

    let orders = desk.orders();
    let stops: Vec<_> = orders.iter().filter(|order| order["type"] == "stop").collect();
    assert_eq!((orders.len(), stops.len()), (2, 1), "{orders:#?}");
    // The stop of whole shares is a leg that the broker makes of the entry.
    let ours = orders.iter().filter(|order| order["client_order_id"].as_str().unwrap().starts_with("tw1"));
    assert_eq!((ours.count(), &stops[0]["order_class"]), (1, &json!("oto")), "{orders:#?}");
    let position = &desk.json(&["positions"])[0];
    assert_eq!(
        (&stops[0]["stop_price"], &stops[0]["qty"]),
        (&json!("219"), &position["quantity"]),
        "{position:#}"
    );
    assert_eq!(
        (&position["protected"], &position["protection"]),
        (&json!("yes"), &json!("venue")),
        "{position:#}"
    );

    let again = desk.run(&signals, &[]);
    assert_eq!(code(&again), 0, "{}{}", stdout(&again), stderr(&again));
    assert_eq!(document(&again)["data"]["signals"][0]["repeated"], true);
    assert_eq!(desk.orders().len(), 2);
    assert_eq!(desk.requests("POST", "/v2/orders"), 1);
    assert_eq!(code(&desk.tradewind(&["doctor"])), 0, "{}", stdout(&desk.tradewind(&["doctor"])));
}

#[test]
fn a_thousand_dollars_in_ten_slots_buy_fractions() {
    let desk = Desk::new("1000");
    let signals = [desk.enter("one", "AAPL", "219"), desk.enter("two", "MSFT", "420")];
    let ran = desk.run(&signals, &["--set", "alpaca.quantities=fractions"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let positions = desk.control.truth()["positions"].as_array().unwrap().clone();
    assert_eq!(positions.len(), 2, "{positions:#?}");
    for position in &positions {
        let qty = super::desk::decimal(position["qty"].as_str().unwrap());
        assert!(qty > super::desk::decimal("0.2") && qty < super::desk::decimal("0.5"), "{position}");
    }
    let open = desk.orders().into_iter().filter(|order| order["type"] == "stop").count();
    assert_eq!(open, 2, "each fraction has its stop");
    for position in desk.json(&["positions"]).as_array().unwrap() {
        assert_eq!(position["protection"], "renewed", "{position:#}");
    }
}

#[test]
fn who_rehearses_or_looks_sends_nothing_and_ends_as_a_pass_would() {
    let desk = Desk::new("100000");
    let signals = [desk.enter("one", "AAPL", "219")];
    let rehearsed = desk.run(&signals, &["--dry-run"]);
    assert_eq!(code(&rehearsed), 0, "{}{}", stdout(&rehearsed), stderr(&rehearsed));
    let looked = desk.tradewind(&["doctor"]);
    let text = stdout(&looked);
    assert_eq!(code(&looked), 0, "{text}{}", stderr(&looked));
    assert!(
        text.contains("PRACTICE  alpaca") && text.contains("buying power 400,000.00, 100,000.00 for coins"),
        "{text}"
    );
    assert!(!text.contains("a-secret-of-this-test") && !text.contains("PKTEST"), "{text}");
    assert_eq!(desk.requests("POST", "/v2/orders"), 0);
    assert!(!desk.folder.path().join("paper-state.json").exists(), "nothing was begun");
}

#[test]
fn flatten_closes_everything_at_the_broker_under_its_own_name() {
    let desk = Desk::new("100000");
    assert_eq!(code(&desk.run(&[desk.enter("one", "AAPL", "219"), desk.enter("two", "KO", "60")], &[])), 0);
    let unconfirmed = desk.tradewind(&["flatten", "--why", "leaving", "--confirm", "paper-1"]);
    assert_eq!(code(&unconfirmed), 2, "{}", stdout(&unconfirmed));
    let account = document(&desk.tradewind(&["status", "--json"]))["account"].clone();
    let account = account.as_str().unwrap().strip_prefix("alpaca:").unwrap().to_owned();
    let flat = desk.tradewind(&["flatten", "--why", "leaving", "--confirm", &account]);
    assert_eq!(code(&flat), 0, "{}{}", stdout(&flat), stderr(&flat));
    assert!(stdout(&flat).contains("Flat: nothing is held"), "{}", stdout(&flat));
    let truth = desk.control.truth();
    assert_eq!(truth["positions"], json!([]), "{truth:#}");
    let open = desk
        .orders()
        .into_iter()
        .filter(|order| order["canceled_at"].is_null() && order["filled_at"].is_null());
    assert_eq!(open.count(), 0);
}

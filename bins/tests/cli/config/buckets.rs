//! `[buckets]`: what is wrong is told with its place, and what moves together by it is bounded together.

use crate::place::{Place, code, enter, stderr, stdout};

/// Lines of the table, with the mark where the fault is told, and what must be said.
const FAULTS: [(&str, &[&str]); 7] = [
    ("Metals = [\"BTC/USD\"]", &["is no name of a bucket", "lower-case"]),
    ("big = §\"BTC/USD\"", &["buckets.big is text, and must be a list of symbols"]),
    ("big = §[]", &["names no symbol"]),
    ("big = [\"BTC/USD\", §3]", &["holds a whole number, which is no symbol"]),
    ("big = [§\"btc usd\"]", &["holds \"btc usd\", which is no symbol"]),
    (
        "big = [\"BTC/USD\"]\nsmall = [§\"BTC/USD\"]",
        &["buckets.small names \"BTC/USD\", which big names already"],
    ),
    ("big = [§\"BTC/USDT\"]", &["names \"BTC/USDT\", which is not traded here", "did you mean \"BTC/USD\"?"]),
];

#[test]
fn a_bucket_that_cannot_be_meant_is_told_with_its_place() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    for (rows, told) in FAULTS {
        let text = format!("{good}\n[buckets]\n{rows}\n");
        let before = text.split('§').next().unwrap();
        let before =
            if before.len() == text.len() { format!("{good}\n[buckets]\n") } else { before.to_owned() };
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let at = format!("tradewind.toml:{}:{column}: ", before.matches('\n').count() + 1);
        place.write("tradewind.toml", &text.replace('§', ""));
        let ran = place.tradewind(&["run"]);
        let said = stderr(&ran);
        assert_eq!(code(&ran), 2, "{rows}: {said}");
        assert!(
            said.contains(&at) && told.iter().all(|part| said.contains(part)),
            "{rows}: {at}{told:?}\n{said}"
        );
    }
    place.write("tradewind.toml", &format!("buckets = 3\n{good}"));
    let said = stderr(&place.tradewind(&["run"]));
    assert!(said.contains("buckets is a whole number, and must be a table"), "{said}");
}

#[test]
fn what_the_configuration_puts_together_is_bounded_together() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    // By the built-in table the two coins share a bucket, and there is room for one of them.
    let tight = good.replace("bucket_risk_percent = \"4\"", "bucket_risk_percent = \"0.7\"");
    assert!(tight != good);
    let codes = |rows: &str, names: [&str; 2]| {
        place.write("tradewind.toml", &format!("{tight}\n{rows}"));
        place.signals(&[enter(names[0], "BTC/USD", "80000"), enter(names[1], "ETH/USD", "2800")]);
        assert_eq!(code(&place.run()), 0);
        names.map(|name| stdout(&place.tradewind(&["explain", name])).contains("bucket_risk"))
    };
    assert_eq!(codes("", ["a", "b"]), [false, true]);
    let other = Place::new();
    let apart = "[buckets]\nether = [\"ETH/USD\"]\n";
    other.write("tradewind.toml", &format!("{tight}\n{apart}"));
    other.signals(&[enter("a", "BTC/USD", "80000"), enter("b", "ETH/USD", "2800")]);
    assert_eq!(code(&other.run()), 0);
    let told = stdout(&other.tradewind(&["explain", "b"]));
    assert!(!told.contains("bucket_risk"), "{told}");
}

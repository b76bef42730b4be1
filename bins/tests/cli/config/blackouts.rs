//! `[[blackouts]]`: what is wrong in a row is told with its place and number, and one that is on stops entries alone.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::json;

use crate::place::{Place, code, enter, exit, now, stderr, stdout};

/// A row, with the mark where the fault is told, and what must be said.
const FAULTS: [(&str, &[&str]); 16] = [
    (
        "from = §\"2026-12-10\"\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"",
        &[
            "blackouts[1].from is \"2026-12-10\", which is no moment with an offset",
            "2026-12-10T08:00:00-05:00",
        ],
    ),
    (
        "from = §2026-12-10T13:00:00\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"",
        &["is no moment with an offset"],
    ),
    ("from = §2026-12-10\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"", &["is no moment with an offset"]),
    ("from = §5\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"", &["is a whole number, and must be a moment"]),
    ("from = 2026-12-10T13:00:00Z\nuntil = §2026-12-10T13:00:00Z\nwhy = \"x\"", &["is not after from"]),
    ("from = 2026-12-10T13:00:00Z\nuntil = §2026-12-10T13:30:00+01:00\nwhy = \"x\"", &["blackouts[1].until"]),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = §\" \"",
        &["blackouts[1].why is empty"],
    ),
    ("from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = §\"a\\nb\"", &["that nobody sees"]),
    ("from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = §3", &["must be a sentence"]),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\nsymbols = §\"AAPL\"",
        &["blackouts[1].symbols is text, and must be a list"],
    ),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\nsymbols = §[\"aapl us\"]",
        &["holds \"aapl us\", which is no symbol"],
    ),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\nsymbols = §[]",
        &["is empty, which would not say what it is about"],
    ),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\nclasses = §[\"stocks\"]",
        &["holds \"stocks\", which is no class"],
    ),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\n§symbol = [\"AAPL\"]",
        &["blackouts[1].symbol is no key", "did you mean `symbols`?"],
    ),
    ("from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z", &["blackouts[1].why is missing"]),
    (
        "from = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\nsymbols = [\"BTC/USDT\"]",
        &["names \"BTC/USDT\", which is not traded here", "did you mean \"BTC/USD\"?"],
    ),
];

#[test]
fn a_row_that_cannot_be_meant_is_told_with_its_place() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    for (row, told) in FAULTS {
        let text = format!("{good}\n[[blackouts]]\n{row}\n");
        let at = text.split_once('§').map_or_else(
            || format!("tradewind.toml:{}:", good.matches('\n').count() + 2),
            |(before, _)| {
                let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
                format!("tradewind.toml:{}:{column}: ", before.matches('\n').count() + 1)
            },
        );
        place.write("tradewind.toml", &text.replace('§', ""));
        let before = place.bytes();
        let ran = place.tradewind(&["run"]);
        let said = stderr(&ran);
        assert_eq!(code(&ran), 2, "{row}: {said}");
        assert!(
            said.contains(&at) && told.iter().all(|part| said.contains(part)),
            "{row}: {at}{told:?}\n{said}"
        );
        assert!(!said.contains("faults in the configuration"), "{row}: {said}");
        assert!(place.bytes() == before, "{row}");
    }
    // The number of the row, and no table of that name.
    let rows = "[[blackouts]]\nfrom = 2026-12-10T13:00:00Z\nuntil = 2026-12-10T14:00:00Z\nwhy = \"x\"\n\n[[blackouts]]\n";
    place.write("tradewind.toml", &format!("{good}\n{rows}"));
    let said = stderr(&place.tradewind(&["run"]));
    assert!(said.contains("3 faults") && said.contains("blackouts[2].until is missing"), "{said}");
    place.write("tradewind.toml", &format!("{good}\n[blackouts]\nwhy = \"x\"\n"));
    let said = stderr(&place.tradewind(&["run"]));
    assert!(
        said.contains("blackouts is a table, and must be a list") && said.contains("[[blackouts]]"),
        "{said}"
    );
}

#[test]
fn entries_rest_while_one_is_on_and_exits_go_through() {
    let place = Place::new();
    place.signals(&[enter("held", "ETH/USD", "2800")]);
    assert_eq!(code(&place.run()), 0);
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    let at = |minutes: i64| (now() + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let row = |from: i64, until: i64, of: &str, why: &str| {
        format!("[[blackouts]]\nfrom = {}\nuntil = \"{}\"\n{of}why = \"{why}\"\n\n", at(from), at(until))
    };
    let rows = [
        row(-60, -1, "", "over"),
        row(-5, 90, "symbols = [\"BTC/USD\"]\n", "a fork"),
        row(-5, 60, "classes = [\"equity\"]\n", "a number"),
        row(300, 400, "", "rates"),
        row(3_000, 3_100, "", "much later"),
    ];
    place.write("tradewind.toml", &format!("{good}\n{}", rows.concat()));
    place.signals(&[
        enter("btc", "BTC/USD", "80000"),
        enter("sol", "SOL/USD", "130"),
        exit("eth", "ETH/USD"),
    ]);
    let ran = place.tradewind(&["run", "--signals", "signals.json", "--record", "pass.session"]);
    assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    let told = stdout(&place.tradewind(&["explain", "btc"]));
    assert!(told.contains("blackout") && told.contains("a fork"), "{told}");
    let ends = at(90);
    assert!(told.contains(&format!("until {}", ends[..16].replace('T', " "))), "{told}, {ends}");
    let held = place.data(&["positions"]);
    let symbols: Vec<_> = held.iter().map(|row| row["symbol"].clone()).collect();
    assert_eq!(symbols, [json!("SOL/USD")], "the exit went through, and the entry that it is not about");
    // What the desk decided by is in the session.
    let again = place.tradewind(&["reproduce", "pass.session", "--state", "paper-state.json"]);
    assert_eq!(code(&again), 0, "{}{}", stdout(&again), stderr(&again));

    let near = &place.json(&["status"])["data"]["blackouts"];
    let whys: Vec<_> =
        near.as_array().unwrap().iter().map(|row| (row["why"].clone(), row["is_on"].clone())).collect();
    assert_eq!(whys.len(), 3, "{near:#}");
    for (why, is_on) in [("a fork", true), ("a number", true), ("rates", false)] {
        assert!(whys.contains(&(json!(why), json!(is_on))), "{why}: {near:#}");
    }
    let status = stdout(&place.tradewind(&["status"]));
    assert!(status.contains("BTC/USD until ") && status.contains("everything from "), "{status}");
    let doctor = stdout(&place.tradewind(&["doctor"]));
    assert!(
        doctor.contains("5 configured; nothing is entered: ") && !doctor.contains("much later"),
        "{doctor}"
    );
}

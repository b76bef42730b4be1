//! The embedded paper broker keeps a file of its own. A pass is cut off before and after each call to it, while the file is made and
//! entries are filled, and while a stop is hit, another entry is filled and a position is closed: what the broker committed is true,
//! what it did not was never received, and nothing is there twice or lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Scene, Stage, Which, cut_off, nothing};
use crate::place::{Place, code, enter, exit, stderr, stdout};

impl Stage for Place {
    fn folder(&self) -> &Path {
        self.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        Place::command(self, words)
    }

    fn told(&self, words: &[&str]) -> Value {
        self.json(words)["data"].clone()
    }
}

const PASS: [&str; 3] = ["run", "--signals", "signals.json"];

/// What the broker's file needs in each pass.
const VENUE: [&str; 2] = ["write log of the venue", "flush log of the venue"];

/// Passes until each signal has its end, which is that it was filled, and these are held behind their stops; then there were so many
/// executions, each order filled once.
#[track_caller]
fn comes_to_rest(place: &Place, why: &str, prices: fn(&Place), held: &[&str], fills: usize) {
    for round in 0.. {
        prices(place);
        let ran = place.tradewind(&PASS);
        let positions = place.data(&["positions"]);
        let is_held = positions.iter().map(|row| row["symbol"].as_str().unwrap());
        if code(&ran) == 0
            && is_held.eq(held.iter().copied())
            && positions.iter().all(|row| row["protected"] == "yes")
        {
            break;
        }
        assert!(round < 3, "{why}: {}{} {positions:#?}", stdout(&ran), stderr(&ran));
    }
    for signal in place.data(&["signals", "--all"]) {
        assert_eq!(signal["outcome"], "filled", "{why}: {signal:#}");
    }
    let executed = place.data(&["fills", "--all"]);
    let mut orders: BTreeMap<String, usize> = BTreeMap::new();
    for fill in &executed {
        *orders.entry(fill["fill"]["order"].to_string()).or_default() += 1;
    }
    assert_eq!((executed.len(), orders.len()), (fills, fills), "{why}: {executed:#?}");
    let live = place.data(&["orders"]);
    assert_eq!(live.len(), held.len(), "{why}: {live:#?}");
    assert!(live.iter().all(|order| order["intent"]["purpose"] == json!("stop")), "{why}: {live:#?}");
    for verb in [["journal", "verify"], ["state", "verify"]] {
        let ran = place.tradewind(&verb);
        assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    }
}

#[test]
fn the_paper_broker_that_is_cut_off_while_it_is_made_has_each_entry_once_in_the_end() {
    let before = || {
        let place = Place::new();
        place.signals(&[enter("eth", "ETH/USD", "2800"), enter("sol", "SOL/USD", "130")]);
        place
    };
    cut_off(&Scene {
        before,
        words: &PASS,
        beside: nothing,
        after: |place, why| comes_to_rest(place, why, Place::prices, &["ETH/USD", "SOL/USD"], 2),
        must: &[&VENUE, &["create venue", "write venue", "flush venue"]],
        which: Which::Each(&["venue"]),
    });
}

#[test]
fn the_paper_broker_that_is_cut_off_while_it_executes_forgets_nothing_and_does_nothing_twice() {
    let before = || {
        let place = Place::new();
        place.signals(&[enter("eth", "ETH/USD", "2800"), enter("ltc", "LTC/USD", "85")]);
        assert_eq!(code(&place.run()), 0);
        place.signals(&[enter("btc", "BTC/USD", "78000"), exit("out", "LTC/USD")]);
        place.fallen_prices();
        place
    };
    cut_off(&Scene {
        before,
        words: &PASS,
        beside: nothing,
        after: |place, why| comes_to_rest(place, why, Place::fallen_prices, &["BTC/USD"], 5),
        must: &[&VENUE],
        which: Which::Each(&["venue"]),
    });
}

//! `reconcile` and `repair` at the paper broker: what agrees, what another book did to the same account, and who holds the lock.

use serde_json::{Value, json};

use crate::place::{Place, code, enter, exit, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};

/// A place that holds BTC/USD with its stop.
fn holding() -> Place {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    place
}

/// The same, and a copy of its book traded its account on: it entered ETH/USD, and left it again or did not.
fn traded_by_another_book(left_again: bool) -> Place {
    let place = holding();
    let other = place.copy();
    for signal in
        [enter("other", "ETH/USD", "2800"), exit("left", "ETH/USD")].iter().take(1 + usize::from(left_again))
    {
        other.signals(std::slice::from_ref(signal));
        let ran = other.run();
        assert_eq!(code(&ran), 0, "{}{}", stdout(&ran), stderr(&ran));
    }
    for ending in ["", "-wal"] {
        let name = format!("paper-venue.sqlite{ending}");
        let _ = std::fs::remove_file(place.file(&name));
        if other.file(&name).exists() {
            std::fs::copy(other.file(&name), place.file(&name)).unwrap();
        }
    }
    place.prices();
    place
}

/// Every file with its bytes, save what SQLite puts beside a file that is only read.
fn bytes(place: &Place) -> Vec<(String, Vec<u8>)> {
    let is_own = |name: &str| !name.ends_with("-shm") && !name.ends_with("-wal");
    place.bytes().into_iter().filter(|(name, _)| is_own(name)).collect()
}

fn row(told: &Value, symbol: &str) -> Value {
    let rows = told["data"]["instruments"].as_array().unwrap_or_else(|| panic!("{told:#}"));
    rows.iter().find(|row| row["symbol"] == symbol).cloned().unwrap_or(Value::Null)
}

#[test]
fn what_agrees_is_said_so_and_nothing_is_written() {
    let place = holding();
    let before = bytes(&place);
    let looked = place.tradewind(&["reconcile"]);
    assert_eq!(code(&looked), 0, "{}{}", stdout(&looked), stderr(&looked));
    let text = stdout(&looked);
    assert!(text.contains("1 of 1 positions match, 1 stops cover 1 positions, 0 unknown"), "{text}");
    assert!(text.contains("Nothing needs you."), "{text}");
    let told = place.json(&["reconcile"]);
    assert_fits(&schema(&place, "output"), &told, "reconcile");
    assert_eq!((&told["data"]["agrees"], &row(&told, "BTC/USD")["verdict"]), (&json!(true), &json!("match")));
    assert_eq!(told["journal"], place.json(&["status"])["journal"], "it is about this book");
    assert!(bytes(&place) == before, "who looks writes nothing");
    let empty = Place::new().tradewind(&["reconcile"]);
    assert_eq!(code(&empty), 2, "{}", stdout(&empty));
}

#[test]
fn who_looks_needs_no_lock_and_who_repairs_does() {
    let place = holding();
    let before = bytes(&place);
    let _lock = state::Lock::take(&place.file("paper-state.json.lock"), "a test", now()).unwrap();
    let looked = place.tradewind(&["reconcile"]);
    assert_eq!(code(&looked), 0, "{}{}", stdout(&looked), stderr(&looked));
    let refused = place.tradewind(&["repair", "ignore", "BTC/USD", "--reason", "x"]);
    assert_eq!(code(&refused), 5, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("another process works with this state"), "{}", stderr(&refused));
    assert!(bytes(&place) == before, "nothing was written");
}

#[test]
fn what_needs_no_repair_gets_none() {
    let place = holding();
    for (words, why) in [
        (&["trust-broker", "BTC/USD", "--reason", "x"][..], "the book holds 0.01187, the broker 0.01187"),
        (&["ignore", "btc/usd", "--reason", "x"], "do not disagree about BTC/USD"),
        (&["ignore", "paper", "--reason", "x"], "do not disagree about paper as a whole"),
        (&["ignore", "BTC/USD", "--until", "tomorrow", "--reason", "x"], "--until tomorrow is no moment"),
        (&["ignore", "BTC/USD", "--until", "2020-01-01T00:00:00Z", "--reason", "x"], "lies in the past"),
        (&["adopt", "BTC/USD", "--reason", " "], "--reason is empty"),
    ] {
        let refused = place.tradewind(&[&["repair"], words].concat());
        assert_eq!(code(&refused), 2, "{words:?}: {}{}", stdout(&refused), stderr(&refused));
        assert!(stderr(&refused).contains(why), "{words:?}: {}", stderr(&refused));
    }
    let records = place.data(&["journal", "tail", "--last", "1000"]);
    assert!(records.iter().all(|row| row["record"]["record"] != "repaired"), "nothing was repaired");
    assert_eq!(code(&place.run()), 0, "and a pass goes on");
}

// Two processes with copies of one state folder trade one account: each sees orders of its own names that it never sent.
#[test]
fn what_another_book_traded_is_seen_before_it_is_booked_and_repaired_by_name() {
    let place = traded_by_another_book(true);
    let before = bytes(&place);
    let told = place.json(&["reconcile"]);
    assert_fits(&schema(&place, "output"), &told, "reconcile");
    assert_eq!(
        (&told["data"]["agrees"], &told["data"]["not_in_the_book_yet"], &told["data"]["diverged"][0]["code"]),
        (&json!(false), &json!(2), &json!("unknown_order")),
        "{told:#}"
    );
    let looked = place.tradewind(&["reconcile"]);
    assert_eq!(code(&looked), 4, "{}", stdout(&looked));
    assert!(
        stdout(&looked).contains("2 entries of the broker's log not in the book yet"),
        "{}",
        stdout(&looked)
    );
    assert!(bytes(&place) == before, "and still nothing is written");
    let ran = place.tradewind(&["run"]);
    assert_eq!(code(&ran), 4, "{}", stdout(&ran));
    assert!(stdout(&ran).contains("repair trust-broker"), "{}", stdout(&ran));
    let repaired = place.json(&["repair", "trust-broker", "ETH/USD", "--reason", "a copy of this folder"]);
    assert_fits(&schema(&place, "output"), &repaired, "repair");
    assert_eq!(
        (&repaired["data"]["exit"], &repaired["data"]["held"], &repaired["data"]["diverged"]),
        (&json!(0), &json!("0"), &json!([])),
        "{repaired:#}"
    );
    assert_eq!(code(&place.run()), 0, "entries go on");
    let story = stdout(&place.tradewind(&["explain", "ETH/USD"]));
    assert!(story.contains("trust-broker by ") && story.contains("a copy of this folder"), "{story}");
}

#[test]
fn a_live_order_with_a_name_of_ours_that_the_book_does_not_know_is_never_left_alone() {
    let place = traded_by_another_book(false);
    let told = place.json(&["reconcile"]);
    assert_eq!(told["data"]["not_ours"][0]["symbol"], "ETH/USD", "{told:#}");
    assert_eq!(row(&told, "ETH/USD")["verdict"], "unexplained", "{told:#}");
    let ignored = place.json(&["repair", "ignore", "ETH/USD", "--reason", "let it be"]);
    assert_fits(&schema(&place, "output"), &ignored, "repair");
    assert_eq!(ignored["data"]["exit"], 4, "{ignored:#}");
    assert!(ignored["data"]["still_unexplained"].to_string().contains("a name of ours"), "{ignored:#}");
    let ran = place.tradewind(&["run"]);
    assert_eq!(code(&ran), 4, "{}", stdout(&ran));
    let status = place.json(&["status"]);
    assert_eq!(status["data"]["diverged"][0]["code"], "order_unknown", "{status:#}");
    let repairs = status["data"]["diverged"][0]["repairs"].to_string();
    assert!(repairs.contains("trust-broker ETH/USD") && !repairs.contains("ignore"), "{repairs}");
}

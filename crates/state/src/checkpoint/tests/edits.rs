//! What a person may change in the file, and that nothing else gets into the book.

use broker_api::{Change, Record};
use serde_json::{Value, json};

use super::super::{NotTaken, changes};
use super::Desk;
use crate::book::Book;
use crate::testing::at;

/// Changes a file.
type Spoil = fn(&mut Value);

fn edited(desk: &Desk, change: impl FnOnce(&mut Value)) -> Result<Vec<Change>, NotTaken> {
    desk.write();
    desk.edit(change);
    changes(&desk.loaded(), &desk.book)
}

fn taken(changes: Vec<Change>) -> Record {
    Record::Edited { file: crate::encode::digest(b"file"), reason: "moved by hand".into(), changes }
}

fn change(path: &str, from: Option<&str>, to: Option<&str>) -> Change {
    Change { path: path.into(), from: from.map(Into::into), to: to.map(Into::into) }
}

#[test]
fn what_a_person_may_change_becomes_a_record_that_folds_to_it() {
    let mut desk = Desk::new();
    let all = edited(&desk, |file| {
        let position = &mut file["positions"]["paper:EUR/USD"];
        (position["held"], position["entered"]) = ("5".into(), "5".into());
        (position["cost"], position["plan"]["stop"]) = ("10".into(), "1.5".into());
        file["totals"]["fees"] = "9.5".into();
        file["guard"]["losses_in_row"] = 2.into();
        file["trades"][0]["fees"] = "7.75".into();
        file["trades"][0]["net"] = "86.25".into();
        file["mine"] = "not a record's".into();
    })
    .unwrap();
    let paths: Vec<&str> = all.iter().map(|change| &*change.path).collect();
    assert_eq!(
        paths,
        [
            "/guard/losses_in_row",
            "/positions/paper:EUR~1USD/held",
            "/positions/paper:EUR~1USD/cost",
            "/positions/paper:EUR~1USD/entered",
            "/positions/paper:EUR~1USD/plan/stop",
            "/totals/fees",
            "/trades/1/fees"
        ]
    );
    assert_eq!(all[4], change("/positions/paper:EUR~1USD/plan/stop", None, Some("\"1.5\"")));
    let seq = desk.book.seq();
    desk.more(&[taken(all)]);
    assert_eq!(desk.book.seq(), seq + 1);
    let position = desk.book.positions().next().unwrap();
    assert_eq!((position.held.to_string(), position.cost.to_string()), ("5".into(), "10".into()));
    assert_eq!(desk.book.trades().next().unwrap().net().to_string(), "86.25");
    let mut again = Book::default();
    desk.journal.fold(&mut again, |_| true).unwrap();
    assert_eq!(again, desk.book, "any journal with it folds to the same book");
}

#[test]
fn a_position_and_a_trade_can_be_removed() {
    let mut desk = Desk::new();
    let all = edited(&desk, |file| {
        file["positions"] = json!({});
        file["trades"] = json!([]);
    })
    .unwrap();
    assert_eq!(all.len(), 2);
    desk.more(&[taken(all)]);
    assert_eq!((desk.book.positions().len(), desk.book.trades().len()), (0, 0));
}

#[test]
fn another_way_to_write_the_same_is_no_edit() {
    let desk = Desk::new();
    let all = edited(&desk, |file| {
        file["positions"]["paper:EUR/USD"]["held"] = "7.000".into();
        file["guard"]["high_water"] = "1000.0".into();
    });
    assert_eq!(all, Ok(Vec::new()));
}

#[test]
fn what_is_not_a_persons_is_refused_by_name() {
    let edits: [(Spoil, &str, &str); 12] = [
        (|file| file["guard"]["level"] = "paused".into(), "/guard/level", "tradewind resume"),
        (|file| file["orders"] = json!({}), "/orders/tw1test-e2", "sent and answered"),
        (|file| file["closed_orders"] = json!({}), "/closed_orders/tw1test-e", "sent and answered"),
        (|file| file["executions"] = json!({}), "/executions/paper", "the broker told"),
        (|file| file["signals"] = json!({}), "/signals/s0", "taken in"),
        (|file| file["venues"]["paper"]["cursor"] = "7".into(), "/venues/paper/cursor", "its log was read"),
        (|file| file["journal_seq"] = 3.into(), "/journal_seq", "of the journal"),
        (|file| file["life"] = 9.into(), "/life", "what happened"),
        (
            |file| {
                let mut other = file["positions"]["paper:EUR/USD"].clone();
                other["key"] = "paper:AAPL".into();
                file["positions"]["paper:AAPL"] = other;
            },
            "/positions/paper:AAPL",
            "follows from executions",
        ),
        (|file| file["positions"]["paper:EUR/USD"]["number"] = 9.into(), "number", "follows from executions"),
        (|file| file["trades"][0]["net"] = "5".into(), "/trades/1/net is computed", "93.25"),
        (|file| file["guard"] = 5.into(), "no state file", "invalid type"),
    ];
    for (edit, place, why) in edits {
        let text = edited(&Desk::new(), edit).unwrap_err().to_string();
        assert!(text.contains(place) && text.contains(why), "{place}: {text}");
    }
}

#[test]
fn what_cannot_be_or_has_changed_since_is_refused_by_the_fold() {
    let key = "/positions/paper:EUR~1USD";
    let cases = [
        (
            vec![change(&format!("{key}/held"), Some("\"7\""), Some("\"5\""))],
            "change `entered` or `exited` too",
        ),
        (vec![change(&format!("{key}/held"), Some("\"7\""), Some("\"-7\""))], "direction says otherwise"),
        (
            vec![change(&format!("{key}/held"), Some("\"6\""), Some("\"5\""))],
            "held is \"7\" now, and was \"6\"",
        ),
        (vec![change(&format!("{key}/held"), Some("\"7\""), Some("\"much\""))], "would be no book"),
        (vec![change(&format!("{key}/cost"), Some("\"14.00\""), Some("\"-1\""))], "cannot be below zero"),
        (
            vec![change("/positions/paper:AAPL/held", Some("\"7\""), None)],
            "there is no /positions/paper:AAPL now",
        ),
        (vec![change("/totals/wins", Some("1"), Some("3"))], "are more than 1 trades"),
        (vec![change("/guard/cooled_at", Some("0"), Some("3"))], "more than /guard/losses_in_row"),
        (vec![change("/journal_seq", Some("10"), Some("11"))], "not to be edited"),
        (vec![change("/totals/wins", Some("1"), Some("what"))], "not JSON"),
    ];
    for (changes, said) in cases {
        let mut book = Desk::new().book;
        let before = book.clone();
        let refused = book.apply(&taken(changes), at(9)).unwrap_err().to_string();
        assert!(refused.contains(said), "{said}: {refused}");
        assert_eq!(book, before, "it leaves no trace");
    }
}

#[test]
fn nobody_lets_entries_through_before_a_wanted_history_is_read() {
    let mut book = Desk::new().book;
    let venue = crate::testing::key(0).venue;
    let resume = Record::LevelSet {
        level: broker_api::Level::Trading,
        by: broker_api::By::Operator { name: "ann".into() },
        reason: crate::testing::reason(1),
        until: None,
    };
    book.apply(&Record::HistoryWanted { venue, since: at(5) }, at(9)).unwrap();
    let refused = book.apply(&resume, at(9)).unwrap_err().to_string();
    assert!(refused.contains("1970-01-01T00:00:05Z"), "{refused}");
    book.apply(&Record::HistoryRead { venue }, at(9)).unwrap();
    book.apply(&resume, at(9)).unwrap();
}

#[test]
fn only_an_empty_book_becomes_the_book_of_a_file() {
    let desk = Desk::new();
    desk.write();
    let loaded = desk.loaded();
    let adopted = |book: String| {
        Record::Adopted(broker_api::Adopted {
            file: loaded.file,
            journal: loaded.journal_id.clone(),
            seq: loaded.journal_seq,
            hash: loaded.journal_hash,
            written_at: loaded.written_at,
            reason: "disk".into(),
            book: book.into(),
        })
    };
    let mut book = Book::default();
    assert!(book.apply(&adopted("{}".to_owned()), at(9)).is_err());
    let unsound = loaded.keys().replace("\"held\":\"7\"", "\"held\":\"-7\"");
    assert!(book.apply(&adopted(unsound), at(9)).unwrap_err().to_string().contains("direction"));
    assert_eq!(book, Book::default());
    assert_eq!(book.apply(&adopted(loaded.keys()), at(9)), Ok(1));
    assert_eq!(book.positions().collect::<Vec<_>>(), desk.book.positions().collect::<Vec<_>>());
    assert!(book.adopted_from().is_some_and(|from| loaded.is(from)) && book.history_wanted().len() == 1);
    assert!(book.apply(&adopted(loaded.keys()), at(9)).is_err());
}

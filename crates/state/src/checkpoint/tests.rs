//! What the state file promises: it is what the schema says, it reads back, it is never half a file, and it keeps
//! what is not ours.

mod edits;
mod keys;
mod random;

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Journal;
use crate::memory::MemoryStore;
use crate::start::start;
use crate::testing::{at, bindings, commit, fill, record, signal, started, story};

/// A journal with the story in it, its book, and the files of an empty folder.
pub(super) struct Desk {
    _folder: tempfile::TempDir,
    pub(super) files: Files,
    pub(super) journal: Journal<MemoryStore>,
    pub(super) book: Book,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::beside(&folder.path().join("paper-state.json"));
        let mut journal = Journal::open(MemoryStore::new("a")).unwrap();
        let book = commit(&mut journal, &story(), 3);
        Self { _folder: folder, files, journal, book }
    }

    fn more(&mut self, records: &[broker_api::Record]) {
        self.book = commit(&mut self.journal, records, 3);
    }

    fn cut(&self) -> Checkpoint {
        Checkpoint::cut(&self.book, &self.journal, at(77), "test 1.0").unwrap()
    }

    fn write(&self) -> Written {
        write(&self.files, &self.cut()).unwrap()
    }

    fn file(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.files.state).unwrap()).unwrap()
    }

    /// Changes the file as another program would: reads it, and writes it laid out otherwise.
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut file = self.file();
        change(&mut file);
        fs::write(&self.files.state, file.to_string()).unwrap();
    }

    fn loaded(&self) -> Loaded {
        read(&self.files).unwrap().unwrap()
    }
}

#[test]
fn the_file_says_what_it_is_and_reads_back() {
    let desk = Desk::new();
    assert_eq!(read(&desk.files).unwrap(), None);
    assert_eq!(desk.write(), Written { generation: 1, edited: None });
    let (file, loaded) = (desk.file(), desk.loaded());
    assert_eq!(file["schema"], "tradewind.state/1");
    assert_eq!(file["journal_seq"], 10);
    assert_eq!(file["journal_hash"], desk.journal.head().hash.as_str());
    assert_eq!(file["written_at"], "1970-01-01T00:01:17Z");
    assert_eq!(file["positions"]["paper:EUR/USD"]["held"], "7");
    assert_eq!(file["positions"]["paper:EUR/USD"]["average_price"], "2");
    assert_eq!(file["trades"][0]["entry_price"], "100.6");
    assert_eq!(file["trades"][0]["exit_price"], "110");
    assert_eq!(file["trades"][0]["net"], "93.25");
    assert!(loaded.intact);
    assert_eq!(loaded.book(&desk.files.state).unwrap(), desk.book);
    assert_eq!(loaded.differences(&desk.book, 9), []);
}

#[test]
fn a_book_ahead_of_its_journal_is_not_cut() {
    let mut desk = Desk::new();
    desk.book.apply(&started(2), at(9)).unwrap();
    assert_eq!(Checkpoint::cut(&desk.book, &desk.journal, at(9), "test"), None);
}

#[test]
fn the_one_before_is_kept() {
    let mut desk = Desk::new();
    desk.write();
    let first = fs::read(&desk.files.state).unwrap();
    assert!(!desk.files.previous.exists());
    desk.more(&[started(2)]);
    assert_eq!(desk.write().generation, 2);
    assert_eq!(fs::read(&desk.files.previous).unwrap(), first);
    assert_ne!(fs::read(&desk.files.state).unwrap(), first);
    let names: Vec<_> = fs::read_dir(desk.files.folder()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_file() {
    let mut desk = Desk::new();
    desk.write();
    let first = fs::read(&desk.files.state).unwrap();
    desk.more(&[started(2)]);
    let cut = desk.cut();
    drop(prepare(&desk.files, &cut).unwrap()); // the process dies here
    assert_eq!(fs::read(&desk.files.state).unwrap(), first);
    let again = start(&desk.files, desk.journal.store().clone()).unwrap();
    assert_eq!(again.book, desk.book);
    assert_eq!(desk.write().generation, 2);
    assert_eq!(desk.loaded().journal_seq, 11);
}

#[test]
fn a_write_that_cannot_begin_leaves_the_old_file() {
    let mut desk = Desk::new();
    desk.write();
    let first = fs::read(&desk.files.state).unwrap();
    desk.more(&[started(2)]);
    fs::create_dir(with_ending(&desk.files.state, ".part")).unwrap(); // no file can be made there
    let refused = write(&desk.files, &desk.cut()).unwrap_err();
    assert!(matches!(refused, CheckpointError::Io { doing: "written", .. }), "{refused}");
    assert_eq!(fs::read(&desk.files.state).unwrap(), first);
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_the_mode_stays() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let real = desk.files.folder().join("real.json");
    desk.write();
    fs::rename(&desk.files.state, &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &desk.files.state).unwrap();
    desk.write();
    assert!(fs::symlink_metadata(&desk.files.state).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(desk.loaded().generation, 2);
}

#[test]
fn what_is_not_ours_is_kept_at_every_level() {
    let mut desk = Desk::new();
    desk.write();
    desk.edit(|file| {
        file["python"] = json!({ "model": "m1", "weights": [0.1, 1e-7, 0.300_000_000_000_000_04] });
        file["guard"]["note"] = "mine".into();
        file["guard"]["extra"] = json!({ "deep": [1, { "x": null }] });
        file["positions"]["paper:EUR/USD"]["tag"] = "swing".into();
        file["positions"]["paper:EUR/USD"]["plan"]["trailing"] = "2%".into();
        file["positions"]["watchlist"] = json!(["MSFT", "TSLA"]);
        file["positions"]["ideas"] = json!({ "MSFT": "maybe" });
        file["trades"][0]["review"] = "good".into();
        file["trades"].as_array_mut().unwrap().push(json!("a remark"));
        file["signals"]["s0"]["signal"]["plan"]["why"] = "round number".into();
        file["venues"]["paper"]["of"]["nickname"] = "demo".into();
        file["totals"]["endings"]["given_up_by_hand"] = 3.into();
        file["executions"]["paper"]["x2-0"]["fill"]["fee"]["includes_tax"] = true.into();
    });
    let edited = desk.file();
    assert!(desk.loaded().intact, "what is not ours is no edit");
    assert_eq!(start(&desk.files, desk.journal.store().clone()).unwrap().book, desk.book);
    desk.more(&[started(2), signal(1)]);
    for generation in 2..5 {
        assert_eq!(desk.write(), Written { generation, edited: None });
    }
    let file = desk.file();
    for path in [
        "/python",
        "/guard/note",
        "/guard/extra",
        "/positions/paper:EUR~1USD/tag",
        "/positions/paper:EUR~1USD/plan/trailing",
        "/positions/watchlist",
        "/positions/ideas",
        "/trades/0/review",
        "/trades/1",
        "/signals/s0/signal/plan/why",
        "/venues/paper/of/nickname",
        "/totals/endings/given_up_by_hand",
        "/executions/paper/x2-0/fill/fee/includes_tax",
    ] {
        assert!(edited.pointer(path).is_some(), "{path}");
        assert_eq!(file.pointer(path), edited.pointer(path), "{path}");
    }
    assert!(desk.loaded().intact);
    assert_eq!(desk.loaded().book(&desk.files.state).unwrap(), desk.book);
}

/// Other programs keep binary fractions, each with as many digits as it takes to have it back.
#[test]
fn a_binary_fraction_of_another_program_comes_back_as_it_was() {
    let desk = Desk::new();
    desk.write();
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let figures = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        f64::from_bits(bits)
    });
    let figures: Vec<f64> = figures.filter(|figure| figure.is_finite()).take(3_000).collect();
    let texts: Vec<String> = figures.iter().map(|figure| format!("{figure:?}")).collect();
    let file = fs::read_to_string(&desk.files.state).unwrap();
    fs::write(&desk.files.state, file.replacen('{', &format!("{{\"mine\": [{}],", texts.join(",")), 1))
        .unwrap();
    desk.write();
    let file = fs::read_to_string(&desk.files.state).unwrap();
    let list = file.split_once("\"mine\": [").unwrap().1.split_once(']').unwrap().0;
    let kept: Vec<u64> = list.split(',').map(|text| text.trim().parse::<f64>().unwrap().to_bits()).collect();
    assert_eq!(kept, figures.iter().map(|figure| figure.to_bits()).collect::<Vec<_>>());
}

#[test]
fn a_remark_follows_its_position_into_the_trade_and_back() {
    let mut desk = Desk::new();
    desk.write();
    desk.edit(|file| file["positions"]["paper:EUR/USD"]["tag"] = "swing".into());
    let mut exit = fill(3, 0, 7, 300);
    exit.key = crate::testing::key(1);
    desk.more(&[crate::testing::intended(3, 0), broker_api::Record::Filled { fill: exit }]);
    desk.write();
    let file = desk.file();
    assert_eq!(file["positions"], json!({}));
    assert_eq!((&file["trades"][1]["number"], &file["trades"][1]["tag"]), (&json!(2), &json!("swing")));
    assert_eq!(file["trades"][1].get("average_price"), None, "what only positions have stays behind");
    let busted = broker_api::Record::Busted { venue: exit.key.venue, execution: exit.execution };
    desk.more(&[busted]);
    desk.write();
    let position = &desk.file()["positions"]["paper:EUR/USD"];
    assert_eq!((&position["tag"], position.get("net")), (&json!("swing"), None));
    assert_eq!(desk.file()["trades"].as_array().unwrap().len(), 1);
    // Another position in the same instrument does not inherit it.
    let mut again = exit;
    again.execution = fill(3, 1, 1, 1).execution;
    again.qty = "9".parse().unwrap();
    desk.more(&[broker_api::Record::Filled { fill: again }]);
    desk.write();
    let file = desk.file();
    assert_eq!(file["positions"]["paper:EUR/USD"]["number"], 3);
    assert_eq!(file["positions"]["paper:EUR/USD"].get("tag"), None);
    assert_eq!(file["trades"][1]["tag"], "swing");
}

#[test]
fn an_edit_of_ours_is_noticed_and_kept_aside() {
    let edits: [fn(&mut Value); 6] = [
        |file| file["guard"]["losses_in_row"] = 7.into(),
        |file| file["positions"]["paper:EUR/USD"]["held"] = "8".into(),
        |file| drop(file["positions"].as_object_mut().unwrap().remove("paper:EUR/USD")),
        |file| file["positions"]["paper:MSFT"] = json!({ "held": "5" }),
        |file| file["trades"] = json!([]),
        |file| file["trades"] = 5.into(),
    ];
    for edit in edits {
        let desk = Desk::new();
        desk.write();
        desk.edit(edit);
        assert!(!desk.loaded().intact);
        let changed = fs::read(&desk.files.state).unwrap();
        let written = desk.write();
        assert_eq!(fs::read(written.edited.unwrap().0).unwrap(), changed);
        assert!(desk.loaded().intact);
        assert_eq!(desk.loaded().book(&desk.files.state).unwrap(), desk.book);
    }
}

#[test]
fn what_cannot_be_read_is_never_overwritten() {
    let desk = Desk::new();
    desk.write();
    let whole = fs::read_to_string(&desk.files.state).unwrap();
    let cases = [
        (String::new(), "is empty"),
        (whole[..whole.len() / 2].to_owned(), "ends in the middle"),
        ("not json".to_owned(), "it is not JSON"),
        (whole.replace("tradewind.state/1", "tradewind.state/2"), "newer Tradewind"),
        (r#"{"positions": []}"#.to_owned(), "not a state file of Tradewind"),
        (whole.replace("\"journal_id\": \"a\"", "\"journal_id\": \"b\""), "belongs to journal b"),
        (whole.replace("\"journal_id\": \"a\"", "\"journal_id\": 5"), "`journal_id` is missing"),
        (whole.replace("\"generation\": 1", "\"generation\": -1"), "`generation` is missing"),
    ];
    for (text, said) in cases {
        fs::write(&desk.files.state, &text).unwrap();
        let refused = write(&desk.files, &desk.cut()).unwrap_err().to_string();
        assert!(refused.contains(said) && refused.contains("paper-state.json"), "{said}: {refused}");
        assert_eq!(fs::read_to_string(&desk.files.state).unwrap(), text);
    }
}

#[test]
fn a_writer_that_is_behind_is_refused() {
    let mut desk = Desk::new();
    let old = desk.cut();
    desk.more(&[started(2)]);
    desk.write();
    let refused = write(&desk.files, &old).unwrap_err();
    assert!(matches!(refused, CheckpointError::Ahead { found: 11, ours: 10, .. }), "{refused}");
}

#[test]
fn the_checksum_is_over_content_not_layout() {
    let desk = Desk::new();
    desk.write();
    let file = desk.file();
    let sorted: std::collections::BTreeMap<_, _> = file.as_object().unwrap().iter().collect();
    let laid_out = serde_json::to_string(&sorted).unwrap().replace("paper:", "\\u0070aper:");
    fs::write(&desk.files.state, laid_out).unwrap();
    assert!(desk.loaded().intact);
    let value = json!({ "b": [1, "x\n"], "a": { "d": null, "c": true } });
    assert_eq!(merge::canonical(&value), r#"{"a":{"c":true,"d":null},"b":[1,"x\n"]}"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn memory_journal_and_file_are_one_book(
        bound in bindings(),
        records in prop::collection::vec(record(), 0..150),
        cut in 0usize..150,
    ) {
        let mut desk = Desk::new();
        desk.journal = Journal::open(MemoryStore::new("b")).unwrap();
        let all: Vec<_> = [bound, started(1)].into_iter().chain(records).collect();
        let (early, late) = all.split_at(cut.min(all.len()));
        desk.more(early);
        desk.write();
        let (loaded, there) = (desk.loaded(), desk.book.clone());
        prop_assert!(loaded.intact);
        prop_assert_eq!(loaded.book(&desk.files.state).unwrap(), there);
        keys::follow_the_schema(&desk.file());
        desk.more(late);
        let again = start(&desk.files, desk.journal.store().clone()).unwrap();
        prop_assert_eq!(&again.book, &desk.book);
        prop_assert_eq!(again.book.check(), Ok(()));
        desk.write();
        prop_assert_eq!(desk.loaded().book(&desk.files.state).unwrap(), again.book);
    }
}

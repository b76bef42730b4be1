//! Signals that cannot be meant.

use super::{DRY, Row, bounded, bytes, check, everything, folder, link, pipe, template, text};
use crate::place::{Place, enter};

const FILE: &str = "signals.json";

/// An entry with one value written otherwise, and what is said of it. An empty value leaves the key out.
fn entry(key: &'static str, value: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| place.write(FILE, &format!("[{}]", written(&[(key, value)])));
    let says = [&["signals.json, entry 1, line 1", key], says].concat();
    Row::refused(format!("{key} is {value}"), DRY, make, &says).goes_on()
}

/// An entry as it is written, with some values otherwise.
fn written(changes: &[(&str, &str)]) -> String {
    let good = enter("new", "ETH/USD", "2800");
    let mut pairs: Vec<(String, String)> =
        good.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    for (key, value) in changes {
        pairs.retain(|(known, _)| known != key);
        if !value.is_empty() {
            pairs.push(((*key).to_owned(), (*value).to_owned()));
        }
    }
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// A whole text that is none, and what is said of it.
fn whole(name: &str, content: impl Into<String>, says: &[&str]) -> Row {
    Row::refused(name, DRY, text(FILE, content), &[&["signals.json"], says].concat()).goes_on()
}

/// One of which nothing is taken in.
fn refused(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, DRY, make, &[&[FILE, "nothing was taken in"], says].concat())
}

fn unreadable(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, DRY, make, &[&["signals.json cannot be read", "nothing was taken in"], says].concat())
}

const DIGITS: &str = "\"1234567890123456789012345678901234567890\"";

fn fields() -> Vec<Row> {
    let number = &["plain decimal", "227.10"];
    let zone = &["2026-11-20T21:05:00Z"];
    vec![
        entry("id", "5", &["not text"]),
        entry("id", "\"\"", &["empty"]),
        entry("id", "\"two words\"", &["character"]),
        entry(
            "id",
            "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"",
            &["at most"],
        ),
        entry("id", "", &["missing", "bar_close"]),
        entry("symbol", "", &["missing"]),
        entry("symbol", "7", &["not text"]),
        entry("symbol", "\"ETC/USD\"", &["not among", "did you mean"]),
        entry("symbol", "\"\"", &["not among"]),
        entry("asset_class", "true", &["not text"]),
        entry("asset_class", "\"coins\"", &["is none of", "\"crypto\""]),
        entry("asset_class", "\"equity\"", &["is crypto here"]),
        entry("action", "", &["missing", "\"enter\""]),
        entry("action", "\"entr\"", &["did you mean \"enter\"?"]),
        entry("action", "[\"enter\"]", &["not text"]),
        entry("action", "\"exit\"", &["does not go with"]).named("an exit with a side", "side"),
        entry("side", "", &["missing", "\"long\""]),
        entry("side", "\"up\"", &["is none of"]),
        entry("side", "1", &["not text"]),
        entry("stop", "\"NaN\"", number),
        entry("stop", "\"-inf\"", number),
        entry("stop", "true", &["not a number"]),
        entry("stop", "[2800]", &["not a number"]),
        entry("stop", "{\"at\":2800}", &["not a number"]),
        entry("stop", "1e5", number),
        entry("stop", "1e400", number),
        entry("stop", "\"2.8E3\"", number),
        entry("stop", "\"2,800\"", number),
        entry("stop", "\"2 800\"", number),
        entry("stop", "\"0x10\"", number),
        entry("stop", "\"\"", number),
        entry("stop", "\"٣٠٠\"", number),
        entry("stop", DIGITS, &["28 digits"]),
        entry("stop", "1234567890123456789012345678901234567890", &["28 digits"]),
        entry("stop", "\"-2800\"", &["above zero"]),
        entry("stop", "0", &["above zero"]),
        entry("stop", "\"99999999999999999999\"", &["absurdly large"]).named("an absurd stop", "stop"),
        entry("target", "false", &["not a number"]),
        entry("target", "\"-1\"", &["above zero"]),
        entry("trail", "\"two\"", number),
        entry("trail", "0", &["above zero"]),
        entry("trail", "[5]", &["not a number"]),
        entry("decision_price", "\"0\"", &["above zero"]),
        entry("decision_price", "[]", &["not a number"]),
        entry("quantity", "\"0\"", &["above zero"]),
        entry("quantity", "-3", &["above zero"]),
        entry("quantity", "null,\"notional\":\"-5\"", &[]).named("a negative notional", "notional"),
        entry("quantity", "1,\"notional\":5", &["one size"]).named("two sizes", "notional"),
        entry("risk_pct", "\"101\"", &["more than 100"]),
        entry("bar_close", "\"2026-11-20T21:00:00\"", zone).named("bar_close without a zone", "bar_close"),
        entry("bar_close", "\"2099-01-01T00:00:00Z\"", &["after the decision"]),
        entry("decided_at", "\"2026-11-20T21:05:00\"", zone),
        entry("decided_at", "\"2025-02-29T12:00:00Z\"", &["2025-02-29"]),
        entry("decided_at", "\"2026-13-01T12:00:00Z\"", zone),
        entry("decided_at", "\"2026-11-20T24:00:01Z\"", zone),
        entry("decided_at", "\"yesterday\"", zone),
        entry("decided_at", "1732129500", &["not text"]),
        entry("decided_at", "", &["missing"]),
        entry("decided_at", "\"2099-01-01T00:00:00Z\"", &["in the future", "clock"]),
        entry("expires_at", "\"2020-01-01T00:00:00Z\"", &["not after the decision"]),
        entry("expires_at", "\"soon\"", zone),
        entry("strategy", "\"my strategy\"", &["character"]),
        entry("strategy", "7", &["not text"]),
        entry("stopp", "\"1\"", &["not a known key", "did you mean \"stop\"?"]),
    ]
}

impl Row {
    /// The same under another name, where the fault is found at this key.
    fn named(mut self, name: &str, key: &str) -> Self {
        name.clone_into(&mut self.name);
        key.clone_into(&mut self.says[1]);
        self
    }
}

fn texts() -> Vec<Row> {
    let half = |text: String| text[..text.len() - 20].to_owned();
    let good = written(&[]);
    let adjust = written(&[("action", "\"adjust\""), ("side", ""), ("stop", "")]);
    vec![
        whole("signals that are no JSON", "buy ETH\n", &["neither JSON nor CSV", "buy ETH"]),
        whole("signals of another language", "{'a': 1}", &["not JSON", "nothing of it is taken"]),
        whole("an empty file of signals", "", &["is empty", "write []"]),
        whole("signals of blanks", " \n\n", &["is empty"]),
        whole("a mark of the byte order alone", "\u{feff}", &["is empty"]),
        whole("half an array", half(format!("[{good}]")), &["ends in the middle", "nothing of it is taken"]),
        whole("half an object", half(good.clone()), &["ends in the middle"]),
        whole("half a line", format!("{good}\n{}", half(good.clone())), &["ends in the middle"]),
        whole("half a table", "id,symbol\na,ETH/U", &["line break", "half written"]),
        whole("a table that is only a head, cut", "id,sym", &["line break"]),
        whole("an unknown column", "id,symbol,stopp\n", &["stopp", "did you mean \"stop\"?"]),
        whole("a column twice", "id,symbol,id\n", &["\"id\" is there twice"]),
        whole("a row of too many cells", "id,symbol\na,ETH/USD,x\n", &["line 2", "3 cells"]),
        whole("a quote that is not closed", "id,symbol\na,\"ETH/USD\nb,x\n", &["line 2", "not closed"]),
        whole("a decimal comma", "id,symbol,action,stop\na,ETH/USD,exit,2800,50\n", &["line 2", "5 cells"]),
        whole("brackets without an end", "[".repeat(100_000), &["signals.json"]),
        whole("objects in objects", "{\"a\":".repeat(100_000), &["signals.json"]),
        whole(
            "brackets in a value",
            format!("[{{\"id\":{}{}}}]", "[".repeat(100_000), "]".repeat(100_000)),
            &[],
        ),
        whole(
            "a key twice",
            format!("[{}]", good.replacen('{', "{\"stop\":\"1\",", 1)),
            &["\"stop\" is there twice"],
        ),
        whole("numbers for entries", "[1, 2]", &["entry 1", "entry 2", "not an object"]),
        whole("an entry that is null", "[null]", &["entry 1", "not an object"]),
        whole(
            "an envelope of a later form",
            "{\"schema\":\"tradewind.signals/2\",\"signals\":[]}",
            &["tradewind.signals/1"],
        ),
        whole("an envelope without its form", "{\"signals\":[]}", &["\"schema\" is missing"]),
        whole(
            "an envelope with more in it",
            "{\"schema\":\"tradewind.signals/1\",\"signals\":[],\"x\":1}",
            &["\"x\""],
        ),
        whole(
            "an envelope with no list",
            "{\"schema\":\"tradewind.signals/1\",\"signals\":{}}",
            &["not a list"],
        ),
        whole("an adjustment of nothing", format!("[{adjust}]"), &["\"adjust\" needs one"]),
        whole(
            "a number as JSON never has it",
            format!("[{}]", good.replace("\"2800\"", "NaN")),
            &["not JSON", "column"],
        ),
        refused("signals that are no text", bytes(FILE, b"[\"\xff\xfe\"]"), &["UTF-8"]),
        refused("signals in two bytes a letter", bytes(FILE, b"\xff\xfe[\0]\0"), &["UTF-8"]),
        refused("signals that are a folder", folder(FILE), &["is a folder"]),
        refused("signals from a pipe", pipe(FILE), &["no regular file but a pipe"]),
        unreadable(
            "signals that are not there",
            |place| std::fs::remove_file(place.file(FILE)).unwrap(),
            &["No such file"],
        ),
        unreadable("a link to nothing", link(FILE, "nowhere"), &["a link to nowhere"]),
        unreadable("a link to itself", link(FILE, FILE), &["symbolic links"]),
    ]
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = fields();
    rows.extend(texts());
    let wrong_side = |place: &Place| place.signals(&[enter("new", "ETH/USD", "9000")]);
    let words = &["run", "--dry-run", "--fail-on-denied", "--signals", FILE];
    rows.push(
        Row::refused("a stop on the wrong side", words, wrong_side, &["DENIED", "stop"]).ends(6).goes_on(),
    );
    rows
}

#[test]
fn bad_signals_are_named_and_not_taken() {
    check(&rows());
}

#[test]
fn what_is_right_but_unusual_is_taken() {
    let good = written(&[]);
    for (name, content) in [
        ("a mark of the byte order", format!("\u{feff}[{good}]")),
        ("line ends of the other kind", format!("[\r\n{good}\r\n]\r\n")),
        ("one object", good.clone()),
        ("many digits", format!("[{}]", good.replace("\"2800\"", "2800.0000000000000000000"))),
    ] {
        let place = template().copy();
        place.prices();
        place.write(FILE, &content);
        let ended = bounded(place.command(DRY), super::PATIENCE);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.told());
        assert!(ended.out.contains("FILLED"), "{name}: {}", ended.told());
    }
}

/// A file that somebody is still writing is half a file, wherever the reading ends.
#[test]
fn a_file_that_grows_while_it_is_read_is_not_taken() {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    let place = template().copy();
    place.write(FILE, &format!("[{}", written(&[])));
    let is_over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = std::fs::OpenOptions::new().append(true).open(place.file(FILE)).unwrap();
            for n in 0..20_000 {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("\"n{n}\"");
                write!(file, ",{}", written(&[("id", &id)])).unwrap();
            }
        });
        let ended = bounded(place.command(DRY), super::PATIENCE);
        is_over.store(true, Ordering::Relaxed);
        ended
    });
    assert_eq!(ended.code, Some(2), "{}", ended.told());
    // Either it is seen to change, or what was read of it is seen to be cut.
    let is_seen = ended.err.contains("changed while it was read") && ended.out.is_empty();
    let is_cut = ended.err.contains("ends in the middle") && ended.out.contains("0 signals");
    assert!(is_seen || is_cut, "{}", ended.told());
}

/// A million entries end in bounded time and memory, and nothing of them is taken in half.
#[test]
fn a_million_entries_do_not_take_the_machine() {
    let place = template().copy();
    place.write(FILE, &format!("[{}17]", "17,".repeat(999_999)));
    let before = everything(place.path());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -v 2000000 || exit 99; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tradewind")]);
    command.args(DRY).current_dir(place.path());
    let ended = bounded(command, 240);
    assert_ne!(ended.code, Some(99), "the shell cannot limit memory");
    assert_eq!(ended.code, Some(2), "{}", ended.told());
    assert!(ended.err.contains("signals.json"), "{}", ended.told());
    assert!(everything(place.path()) == before, "something was written");
}

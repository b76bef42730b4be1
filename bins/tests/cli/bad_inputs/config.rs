//! Configurations that cannot be meant.

use std::fs;

use super::{Row, bytes, check, folder, link, pipe, text};
use crate::place::Place;

const FILE: &str = "tradewind.toml";
const STATUS: &[&str] = &["status"];

/// A configuration with one line written otherwise, and what is said of it: always its place.
fn line(key: &'static str, now: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let before = fs::read_to_string(place.file(FILE)).unwrap();
        let is_it = |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
        let at = before.lines().position(is_it).unwrap();
        let after: Vec<&str> =
            before.lines().enumerate().map(|(n, l)| if n == at { now } else { l }).collect();
        place.write(FILE, &(after.join("\n") + "\n"));
    };
    Row::refused(format!("{now:?} for {key}"), STATUS, make, &[&["tradewind.toml"], says].concat())
}

/// One with more at its end.
fn more(name: &str, text: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let before = fs::read_to_string(place.file(FILE)).unwrap();
        place.write(FILE, &(before + text));
    };
    Row::refused(name, STATUS, make, &[&["tradewind.toml:"], says].concat())
}

fn whole(name: &str, content: impl Into<String>, says: &[&str]) -> Row {
    Row::refused(name, STATUS, text(FILE, content), &[&["tradewind.toml:"], says].concat())
}

/// One that sizes entries so.
fn sizing(name: &str, table: &'static str, says: &[&str]) -> Row {
    let make = move |place: &Place| {
        let before = fs::read_to_string(place.file(FILE)).unwrap();
        let after = before.replace("equal_slots = { slots = 10 }\n", &format!("{table}\n"));
        assert_ne!(before, after);
        place.write(FILE, &after);
    };
    Row::refused(name, STATUS, make, &[&["tradewind.toml:"], says].concat())
}

fn unreadable(name: &str, make: impl Fn(&Place) + Sync + 'static, says: &[&str]) -> Row {
    Row::refused(name, STATUS, make, &[&[FILE], says].concat())
}

pub(super) fn rows() -> Vec<Row> {
    let missing = &["status", "--config", "elsewhere.toml"];
    let limits = || "[limits]\npositions_max = 3\n";
    vec![
        line("cash", "cash = \"nan\"", &[]),
        line("cash", "cash = nan", &[]),
        line("cash", "cash = \"-1\"", &["cash", "outside of"]),
        line("cash", "cash = \"0\"", &["cash", "outside of"]),
        line("cash", "cash = \"1e5\"", &[]),
        line("cash", "cash = \"10,000\"", &[]),
        line("cash", "cash = \"1234567890123456789012345678901234567890\"", &[]),
        line("cash", "cash = [1]", &[]),
        line("cash", "cash = ", &[]),
        line("cash", "cash = \"10000", &[]),
        line("cash", "cash = 2026-02-29", &[]),
        line("account", "account = 7", &[]),
        line("account", "account = \"two words\"", &[]),
        line("account", "account = \"\"", &[]),
        line("currency", "currency = \"dollar\"", &[]),
        line("latency_milliseconds", "latency_milliseconds = -1", &[]),
        line("latency_milliseconds", "latency_milliseconds = 1.5", &[]),
        line("latency_milliseconds", "latency_milliseconds = 99999999999999999999", &[]),
        line("equity", "equity = false", &[]),
        line("positions_max", "position_max = 10", &["did you mean `positions_max`?"]),
        line("positions_max", "positions_max = \"ten\"", &[]),
        line("positions_max", "positions_max = -1", &[]),
        line("positions_max", "positions_max = 10\npositions_max = 11", &["duplicate"]),
        line("daily_loss_percent", "", &["daily_loss_percent"]),
        line("daily_loss_percent", "daily_loss_percent = \"three\"", &[]),
        line("cooldown_hours", "cooldown_hours = 99999999999", &[]),
        line("spread_bps", "spread_bps = \"-1\"", &["costs"]),
        line("spread_bps", "spread_bps = \"20000\"", &["costs", "outside of"]),
        line("fee_bps", "fee_bps = []", &[]),
        more("an unknown table", "\n[papers]\ncash = \"1\"\n", &["papers", "did you mean [paper]?"]),
        more("a table twice", "\n[paper]\ncash = \"1\"\n", &["duplicate"]),
        more("an alias that is no text", "\n\"a\" = 5\n", &[]),
        more("a table that is not closed", "\n[paper\n", &[]),
        whole("a configuration that is JSON", "{\"paper\": {}}", &[]),
        whole("an empty configuration", "", &["limits"]),
        whole("a configuration of one limit", limits(), &["missing"]),
        sizing("two ways to size", "quantity = \"1\"\nnotional = \"5\"", &["a second way"]),
        sizing("no way to size", "", &["no way"]),
        sizing("an unknown way to size", "quantitty = \"1\"", &["quantitty", "did you mean `quantity`?"]),
        sizing("a size below zero", "quantity = \"-1\"", &["outside of"]),
        whole("tables in tables", format!("a = {}", "{a=".repeat(100_000)), &[]),
        whole("brackets in a configuration", format!("a = {}", "[".repeat(100_000)), &[]),
        whole("zeros in a configuration", "\0\0", &[]),
        unreadable("a configuration that is no text", bytes(FILE, b"# \xff\n"), &["is not UTF-8"]),
        unreadable("a folder for a configuration", folder(FILE), &["is a folder"]),
        unreadable("a configuration that links to itself", link("loop.toml", "loop.toml"), &["loop.toml"])
            .with(&["status", "--config", "loop.toml"]),
        Row::refused(
            "a configuration that is not there",
            missing,
            |_| (),
            &["elsewhere.toml", "tradewind init"],
        ),
        unreadable("a configuration from a pipe", pipe(FILE), &["no regular file but a pipe"]),
        unreadable("a configuration that links to nothing", link(FILE, "nowhere"), &["nowhere"]),
        line("equity", "equity = \"example-quotes.jsonl\"", &["equity", "quotes:FILE"]),
        line("equity", "equity = \"bars:\"", &["equity", "bars:FOLDER"]),
        line("daily_loss_percent", "daily_loss_percent = \"-3\"", &["daily_loss_percent"]),
        line("daily_loss_percent", "daily_loss_percent = \"300\"", &["daily_loss_percent"]),
        line(
            "daily_loss_percent",
            "daily_loss_percent = \"7\"",
            &["daily_loss_percent", "daily_loss_flatten_percent"],
        ),
        line("participation_percent", "participation_percent = \"-5\"", &["participation_percent"]),
        line("participation_percent", "participation_percent = \"500\"", &["participation_percent"]),
        sizing("no slot at all", "equal_slots = { slots = 0 }", &["slots"]),
        more("an alias for nothing", "\n\"X\" = \"NOPE\"\n", &["aliases", "NOPE"]),
    ]
}

impl Row {
    fn with(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self.says.retain(|part| part != FILE);
        self
    }
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused_with_its_line() {
    check(&rows());
}

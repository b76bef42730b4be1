//! A table of what can be wrong in the file. `§` marks the place that must be named, and is not written.

use crate::place::{Place, code, stderr};

/// What stands in the file that `init` writes, what takes its place, and what must be said.
const FAULTS: [(&str, &str, &[&str]); 67] = [
    // how orders are worked
    (
        "entry_remainder_seconds = 0",
        "entry_remainder_seconds = §86401",
        &["orders.entry_remainder_seconds 86401 is outside of 0 to 86400"],
    ),
    ("entry_remainder_seconds = 0", "entry_remainder_seconds = §-90", &["-90 is outside of 0 to 86400"]),
    (
        "entry_remainder_seconds = 0",
        "entry_remainder_seconds = §\"90\"",
        &["is the text \"90\", and must be a whole number", "write 90, without quotes"],
    ),
    (
        "entry_remainder_seconds = 0",
        "§entry_remainder = 90",
        &["orders.entry_remainder is no key", "did you mean `entry_remainder_seconds`?"],
    ),
    (
        "watched_stops = \"\"",
        "watched_stops = §[\"BTC/USD\"]",
        &["orders.watched_stops is a list, and must be text in quotes", "BTC/USD,ETH/USD"],
    ),
    ("watched_stops = \"\"", "watched_stops = §\"BTC/USD,\"", &["write symbols such as"]),
    ("watched_stops = \"\"", "watched_stops = §\"BTC USD\"", &["write symbols such as"]),
    // keys that are none
    (
        "positions_max = 10",
        "§position_max = 10",
        &["limits.position_max is no key", "did you mean `positions_max`?"],
    ),
    ("positions_max = 10", "§max_positions = 10", &["did you mean `positions_max`?"]),
    (
        "positions_max = 10",
        "positions_max = 10\n§cash = \"5\"",
        &["limits.cash is no key", "did you mean `paper.cash`? It stands in [paper]"],
    ),
    (
        "positions_max = 10",
        "positions_max = 10\n§colour = \"red\"",
        &["limits.colour is no key", "known there: daily_loss_percent, "],
    ),
    (
        "[venue]",
        "§kind = 1\n[venue]",
        &["kind is no key", "known there: [venue], [paper], [alpaca], [oanda], [data]"],
    ),
    (
        "[paper]",
        "§positions_max = 1\n[paper]",
        &["did you mean `limits.positions_max`? It stands in [limits]"],
    ),
    ("[paper]", "[§papers]", &["papers is no table", "did you mean [paper]?"]),
    ("[paper]", "§\"paper.cash\" = \"1\"\n[paper]", &["paper.cash is no key"]),
    ("[aliases]", "[limits.§more]\nx = 1\n[aliases]", &["limits.more is no table"]),
    (
        "spread_bps = \"2\"",
        "§spread = \"2\"",
        &["costs.equity.spread is no key", "did you mean `spread_bps`?"],
    ),
    (
        "equal_slots = { slots = 10 }",
        "equal_slots = { §slot = 10 }",
        &["sizing.equal_slots.slot is no key", "did you mean `slots`?"],
    ),
    (
        "equal_slots = { slots = 10 }",
        "§risk_percent = \"1\"",
        &["sizing.risk_percent is no key", "did you mean `risk_pct`?"],
    ),
    // values of another type
    (
        "positions_max = 10",
        "positions_max = §\"10\"",
        &["limits.positions_max is the text \"10\"", "write 10, without quotes"],
    ),
    (
        "positions_max = 10",
        "positions_max = §10.5",
        &["is a number with a fraction, and must be a whole number", "1 to 500"],
    ),
    ("positions_max = 10", "positions_max = §true", &["is true, and must be a whole number"]),
    ("positions_max = 10", "positions_max = §[10]", &["is a list, and must be a whole number"]),
    ("positions_max = 10", "positions_max = §0x10", &["not written in tens"]),
    ("positions_max = 10", "positions_max = §{ a = 1 }", &["is a table, and must be a whole number"]),
    ("positions_max = 10", "positions_max = §2026-11-25", &["is a date, and must be a whole number"]),
    (
        "daily_loss_percent = \"3\"",
        "daily_loss_percent = §3",
        &["limits.daily_loss_percent is 3 without quotes", "write \"3\""],
    ),
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §2.5", &["is 2.5 without quotes", "write \"2.5\""]),
    (
        "account = \"paper-1\"",
        "account = §1",
        &["paper.account is a whole number, and must be text in quotes"],
    ),
    ("cash = \"10000\"", "cash = §false", &["paper.cash is false, and must be a decimal in quotes"]),
    (
        "positions_max = 10",
        "positions_max = 10\n§positions_max = 11",
        &["duplicate key", "keep one of the two"],
    ),
    (
        "equal_slots = { slots = 10 }",
        "equal_slots = §10",
        &["sizing.equal_slots is a whole number, and must be a table", "equal_slots = { slots = 10 }"],
    ),
    (
        "\"EURUSD\" = \"EUR/USD\"",
        "\"EURUSDX\" = §1",
        &["aliases.\"EURUSDX\" is a whole number, and must be a symbol"],
    ),
    // numbers that are none, and limits that somebody tries to switch off
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §\"three\"", &["\"three\" is not a plain decimal"]),
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §\"3%\"", &["\"3%\" is not a plain decimal"]),
    (
        "daily_loss_percent = \"3\"",
        "daily_loss_percent = §\"0\"",
        &["\"0\" is outside of \"0.1\" to \"20\"", "no limit can be switched off"],
    ),
    (
        "daily_loss_percent = \"3\"",
        "daily_loss_percent = §\"-3\"",
        &["\"-3\" is outside of", "no limit can be switched off"],
    ),
    (
        "daily_loss_percent = \"3\"",
        "daily_loss_percent = §\"none\"",
        &["\"none\" is not a plain decimal", "no limit can be switched off"],
    ),
    (
        "daily_loss_percent = \"3\"",
        "daily_loss_percent = §inf",
        &["is inf without quotes", "no limit can be switched off"],
    ),
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §nan", &["is nan without quotes"]),
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §\"1e1\"", &["\"1e1\" is not a plain decimal"]),
    ("daily_loss_percent = \"3\"", "daily_loss_percent = §\"\"", &["\"\" is not a plain decimal"]),
    (
        "drawdown_flatten_percent = \"25\"",
        "drawdown_flatten_percent = §\"100\"",
        &["\"100\" is outside of \"0.5\" to \"60\""],
    ),
    (
        "cooldown_losses = 10",
        "cooldown_losses = §0",
        &["0 is outside of 1 to 100", "no limit can be switched off"],
    ),
    ("cooldown_hours = 24", "cooldown_hours = §-1", &["-1 is outside of 1 to 720"]),
    ("contact_seconds = 30", "contact_seconds = §99999999999", &["99999999999 is outside of 1 to 600"]),
    ("positions_max = 10", "positions_max = §99999999999999999999", &["is no whole number"]),
    (
        "collar_forex_percent = \"0.5\"",
        "collar_forex_percent = §\"50\"",
        &["\"50\" is outside of \"0.01\" to \"10\""],
    ),
    (
        "stop_distance_min_percent = \"0.1\"",
        "stop_distance_min_percent = §\"0\"",
        &["outside of", "no limit can be switched off"],
    ),
    ("cash = \"10000\"", "cash = §\"-5\"", &["paper.cash \"-5\" is outside of \"0.01\" to"]),
    (
        "participation_percent = \"5\"",
        "participation_percent = §\"500\"",
        &["\"500\" is outside of \"0.01\" to \"100\""],
    ),
    (
        "spread_bps = \"1.5\"",
        "spread_bps = §\"20000\"",
        &["costs.forex.spread_bps \"20000\" is outside of \"0\" to \"1000\""],
    ),
    // words
    (
        "equity = \"marked\"",
        "equity = §\"Marked\"",
        &["sizing.equity \"Marked\" is not one of marked, closed", "did you mean \"marked\"?"],
    ),
    ("equity = \"marked\"", "equity = §\"open\"", &["write \"marked\" or \"closed\""]),
    ("currency = \"USD\"", "currency = §\"usd\"", &["paper.currency", "write capitals such as \"USD\""]),
    ("account = \"paper-1\"", "account = §\"\"", &["paper.account", "write a name such as \"paper-1\""]),
    // sources of prices
    (
        "crypto = \"quotes:example-quotes.jsonl\"",
        "crypto = §\"example-quotes.jsonl\"",
        &["data.crypto", "is no source of prices", "\"bars:FOLDER\", \"quotes:FILE\" or \"venue\""],
    ),
    (
        "crypto = \"quotes:example-quotes.jsonl\"",
        "crypto = §\"quote:x.jsonl\"",
        &["did you mean \"quotes:x.jsonl\"?"],
    ),
    ("crypto = \"quotes:example-quotes.jsonl\"", "crypto = §\"bars:\"", &["\"bars:\" names no path"]),
    // what does not fit together
    (
        "daily_loss_flatten_percent = \"6\"",
        "daily_loss_flatten_percent = §\"2\"",
        &["is 2, below limits.daily_loss_percent = 3", "tradewind.toml:"],
    ),
    (
        "latch_losses = 40",
        "latch_losses = §9",
        &["limits.latch_losses is 9, below limits.cooldown_losses = 10"],
    ),
    (
        "stop_distance_max_percent = \"30\"",
        "stop_distance_max_percent = §\"0.1\"",
        &["is 0.1, not above limits.stop_distance_min_percent = 0.1"],
    ),
    (
        "equal_slots = { slots = 10 }",
        "equal_slots = { slots = 10 }\nrisk_pct = §\"1\"",
        &["is a second way to size beside", "keep one of the two"],
    ),
    // names of symbols
    (
        "\"EURUSD\" = \"EUR/USD\"",
        "\"BITCOIN\" = §\"BTC/USDT\"",
        &["aliases.\"BITCOIN\" leads to \"BTC/USDT\", which is not traded here", "did you mean \"BTC/USD\"?"],
    ),
    ("\"EURUSD\" = \"EUR/USD\"", "\"eurusd\" = §\"GBP/USD\"", &["leads to GBP/USD, and", "leads to EUR/USD"]),
    (
        "\"FB\" = \"META\"",
        "\"FB\" = §\"AAPL\"",
        &["leads to AAPL, and \"FB\", which is built in, leads to META"],
    ),
    (
        "\"EURUSD\" = \"EUR/USD\"",
        "COIN = \"BTC/USD\"\n\"co-in\" = §\"ETH/USD\"",
        &["leads to ETH/USD, and \"COIN\"", "leads to BTC/USD"],
    ),
];

/// The text without the mark, and the line and the column where it stood.
fn unmarked(text: &str) -> (String, usize, usize) {
    let (before, after) = text.split_once('§').unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (format!("{before}{after}"), line, column)
}

#[test]
fn every_fault_is_told_with_its_line_its_column_and_what_to_write() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    let mut wrong = Vec::new();
    for (from, to, told) in FAULTS {
        assert!(good.contains(from), "{from} does not stand in what init writes");
        let (text, line, column) = unmarked(&good.replacen(from, to, 1));
        place.write("tradewind.toml", &text);
        let before = place.bytes();
        let ran = place.tradewind(&["run"]);
        let said = stderr(&ran);
        let at = format!("tradewind.toml:{line}:{column}: ");
        let is_told = said.contains(&at) && told.iter().all(|part| said.contains(part));
        let is_one = !said.contains("faults in the configuration");
        if code(&ran) != 2 || !is_told || !is_one || place.bytes() != before {
            wrong.push(format!("{to}: code {}, wanted {at}{told:?}\n{said}", code(&ran)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), FAULTS.len(), wrong.join("\n"));
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.file("tradewind.toml")).unwrap();
    let text = good
        .replace("cash = \"10000\"", "cash = 10000")
        .replace("crypto = \"quotes:example-quotes.jsonl\"", "crypto = \"nothing\"")
        .replace("cooldown_hours = 24\n", "")
        .replace("positions_max = 10", "max_positions = 10")
        .replace("drawdown_percent = \"15\"", "drawdown_percent = \"40\"")
        .replace("fee_bps = \"10\"", "fees_bps = \"10\"");
    place.write("tradewind.toml", &text);
    let before = place.bytes();
    let mut command = place.command(&["run", "--set", "limits.nothing=1"]);
    let ran = command.env("TRADEWIND_PAPER_CURRENCY", "usd").output().unwrap();
    let said = stderr(&ran);
    assert_eq!(code(&ran), 2);
    assert!(said.contains("8 faults in the configuration; nothing was done"), "{said}");
    let parts = [
        "paper.cash is 10000 without quotes",
        "data.crypto \"nothing\"",
        "limits: 1 key is missing: cooldown_hours",
        "limits.drawdown_flatten_percent is 25, below limits.drawdown_percent = 40",
        "limits.max_positions is no key",
        "costs.crypto.fees_bps is no key",
        "environment TRADEWIND_PAPER_CURRENCY: paper.currency",
        "--set limits.nothing=1: limits.nothing is no key",
    ];
    let places: Vec<Option<usize>> = parts.iter().map(|part| said.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{said}");
    assert_eq!(said.matches("cause: ").count(), parts.len(), "{said}");
    assert!(place.bytes() == before, "a file changed");
    let document = place.json(&["run"]);
    assert_eq!(document["data"]["causes"].as_array().map(Vec::len), Some(6), "{document}");
}

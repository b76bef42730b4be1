//! The same life in Sydney, Kolkata and New York, with German, Turkish and no letters: the same bytes come out. And what
//! the clock of a machine cannot change: when the next pass is due.
//!
//! What prints the time of this machine is left out: the first line of `journal tail`, `trades` and `orders`, and of their
//! documents everything but the data. So is what is new in each life by design: the journal's id with the hashes that
//! begin with it, the time and checksum of the state file, and how long the replay took. The hash of the ledger is compared.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use broker_api::{AssetClass, Time};
use engine::calendar::Calendar;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::place::{Place, code, enter, stderr, stdout};

/// Where and how somebody lives: the zone of the machine and its locale.
const LIVES: [(&str, &str); 3] =
    [("Australia/Sydney", "de_DE.UTF-8"), ("Asia/Kolkata", "tr_TR.UTF-8"), ("America/New_York", "C")];

const SYMBOLS: &str =
    "symbol,asset_class,tick,lot\nAAPL,equity,0.01,1\nEUR/USD,forex,0.00001,1\nBTC/USD,crypto,0.01,0.0001\n";

/// From the Thursday before Thanksgiving's half day over Christmas into the year after, as daily bars.
fn bars(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let calendar = Calendar::new();
    let first: chrono::NaiveDate = "2025-11-20".parse().unwrap();
    for (name, class, price, step) in [
        ("AAPL", AssetClass::Equity, 27_000_i64, 137),
        ("EURUSD", AssetClass::Forex, 116_000, 211),
        ("BTCUSD", AssetClass::Crypto, 9_100_000, 61_003),
    ] {
        let digits = if class == AssetClass::Forex { 5 } else { 2 };
        let text = |ticks: i64| {
            let scale = 10_i64.pow(digits);
            format!("{}.{:0width$}", ticks / scale, ticks % scale, width = digits as usize)
        };
        let mut file = "date,open,high,low,close\n".to_owned();
        let dates = first.iter_days().take(60).filter(|date| calendar.day(class, *date).is_some());
        let mut open = price;
        for (n, date) in dates.enumerate() {
            let close = open + step * [3, -2, 1, -4, 2, 5, -3][n % 7];
            let (high, low) = (open.max(close) + step, open.min(close) - step);
            file += &format!("{date},{},{},{},{}\n", text(open), text(high), text(low), text(close));
            open = close;
        }
        std::fs::write(folder.join(format!("{name}.csv")), file).unwrap();
    }
}

/// Decisions at closes: on a half day, at a year's end, at the end of the currencies' week.
fn signals() -> String {
    let rows = [
        ("a", "AAPL", "enter", "2025-11-21T21:00:00Z"),
        ("b", "AAPL", "exit", "2025-11-28T18:00:00Z"),
        ("c", "EUR/USD", "enter", "2025-11-28T22:00:00Z"),
        ("d", "BTC/USD", "enter", "2025-12-01T00:00:00Z"),
        ("e", "EUR/USD", "exit", "2025-12-10T22:00:00Z"),
        ("f", "AAPL", "enter", "2025-12-24T18:00:00Z"),
        ("g", "BTC/USD", "exit", "2026-01-01T00:00:00Z"),
        ("h", "AAPL", "exit", "2025-12-31T21:00:00Z"),
    ];
    let text = |(id, symbol, action, at): (&str, &str, &str, &str)| {
        let mut signal =
            json!({ "id": id, "symbol": symbol, "action": action, "decided_at": at, "bar_close": at });
        if action == "enter" {
            signal["side"] = json!("long");
            signal["stop"] = json!(match symbol {
                "AAPL" => "245.00",
                "EUR/USD" => "1.13000",
                _ => "80000.00",
            });
        }
        signal.to_string() + "\n"
    };
    let mut rows = rows;
    rows.sort_by_key(|row| row.3);
    rows.map(text).concat()
}

/// The program under another zone and locale.
fn told(life: (&str, &str), folder: &Path, words: &[&str]) -> Output {
    let (zone, locale) = life;
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind"))
        .args(words)
        .envs([("TZ", zone), ("LANG", locale), ("LC_ALL", locale), ("LANGUAGE", locale)])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{words:?} {life:?}: {}{}", stdout(&output), stderr(&output));
    output
}

/// Everything that one life prints and writes, named.
fn lived(life: (&str, &str)) -> Vec<(String, String)> {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let path = folder.path();
    bars(&path.join("bars"));
    std::fs::write(path.join("symbols.csv"), SYMBOLS).unwrap();
    std::fs::write(path.join("signals.jsonl"), signals()).unwrap();
    let words = "replay --bars bars --symbols symbols.csv --signals signals.jsonl --limits wide --journal --out out --quiet";
    told(life, path, &words.split(' ').collect::<Vec<_>>());
    let mut all = Vec::new();
    for name in ["summary.json", "trades.csv", "equity.csv", "orders.csv"] {
        all.push((name.to_owned(), std::fs::read_to_string(path.join("out").join(name)).unwrap()));
    }
    let verb = |words: &str| {
        let words: Vec<&str> = words.split(' ').chain(["--state", "out/replay.json"]).collect();
        stdout(&told(life, path, &words))
    };
    let headless = |text: String| text.split_once('\n').unwrap().1.to_owned();
    let data = |text: String| serde_json::from_str::<Value>(&text).unwrap()["data"].to_string();
    all.push(("journal tail".into(), headless(verb("journal tail --last 1000"))));
    all.push(("trades".into(), headless(verb("trades --all"))));
    all.push(("orders".into(), data(verb("orders --all --json"))));
    for at in ["2025-11-28T18:00:00Z", "2025-12-31T23:30:00Z", "2026-01-01T08:00:00+11:00"] {
        let text = verb(&format!("status --at {at}"));
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("journal ")).collect();
        all.push((format!("status --at {at}"), lines.join("\n")));
        let json: Value = serde_json::from_str(&verb(&format!("status --json --at {at}"))).unwrap();
        all.push((format!("status --json --at {at}"), json["data"].to_string()));
        all.push((format!("as_of {at}"), json["as_of"].to_string()));
    }
    verb("state export --out exported");
    let exported = |name: &str| std::fs::read_to_string(path.join("exported").join(name)).unwrap();
    let mut state: Value = serde_json::from_str(&exported("paper-state.json")).unwrap();
    for own in ["journal_id", "journal_hash", "written_at", "checksum"] {
        state.as_object_mut().unwrap().remove(own);
    }
    all.push(("exported state".into(), state.to_string()));
    all.push(("exported trades".into(), exported("trades.csv")));
    all
}

#[test]
fn one_life_in_three_zones_and_locales_gives_the_same_bytes() {
    let lives = LIVES.map(lived);
    let [first, others @ ..] = &lives;
    for (other, life) in others.iter().zip(&LIVES[1..]) {
        let names = |life: &[(String, String)]| life.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(first), names(other));
        for ((name, one), (_, two)) in first.iter().zip(other) {
            assert!(one == two, "{name} differs in {life:?}:\n{one}\n{two}");
        }
    }
    let of = |name: &str| &first.iter().find(|(known, _)| known == name).unwrap().1;
    assert!(of("exported trades").lines().count() >= 4, "{}", of("exported trades"));
    assert!(of("journal tail").contains("signal_ended"), "{}", of("journal tail"));
    assert_eq!(of("as_of 2026-01-01T08:00:00+11:00"), "\"2025-12-31T21:00:00Z\"");
}

#[test]
fn a_pass_says_when_the_next_one_is_due_and_why_whatever_the_zone() {
    for life in LIVES {
        let place = Place::new();
        place.signals(&[enter("one", "BTC/USD", "80000")]);
        place.prices();
        let words = ["run", "--signals", "signals.json", "--json"];
        let ran: Value = serde_json::from_str(&stdout(&told(life, place.path(), &words))).unwrap();
        let time = |value: &Value| value.as_str().unwrap().parse::<Time>().unwrap();
        let (now, next) = (time(&ran["as_of"]), time(&ran["data"]["next_run_at"]));
        let (due, why) = Calendar::new().next_run(&AssetClass::ALL, now);
        assert_eq!((next, ran["data"]["next_run_why"].as_str()), (due, Some(why.as_str())), "{life:?}");
        assert!(next > now && why.starts_with("5 minutes after "), "{why}");
        assert_eq!(ran["data"]["signals"][0]["outcome"], json!("filled"), "{life:?} {ran}");
        // The account day began at 17:00 New York, and not at somebody's midnight.
        let began = ran["data"]["account"]["day_began"].clone();
        assert_eq!(time(&began), Calendar::new().account_day(now), "{life:?}");
    }
}

//! `report`: the same figures in every form, whatever the book holds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::gate::{BACKTEST, TRADED, roomy, round};
use crate::place::{Place, code, now, stderr, stdout};
use crate::schemas::{assert_fits, schema};
use crate::twin::world::{Spoiled, lived};

/// A book of sixty trades.
static SIXTY: LazyLock<Place> = LazyLock::new(|| {
    let place = TRADED.0.copy();
    (17..20).for_each(|number| round(&place, number, 1.032, 0.987));
    place
});

/// The words of a report with a backtest, and more.
fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let sets = BACKTEST.iter().filter(|set| !set.contains("pairs")).flat_map(|set| ["--set", *set]);
    ["report"].into_iter().chain(sets).chain(more.iter().copied()).collect()
}

/// What stands behind a name of an attribute, read as a browser reads it.
fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap()
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&amp;", "&")
}

/// Every value on a page, by its path.
fn on_page(page: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for tag in page.split("<span").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        if tag.contains("data-field=") {
            let value = unescaped(attribute(tag, "data-value"));
            let before = found.insert(unescaped(attribute(tag, "data-field")), value.clone());
            assert!(before.is_none_or(|before| before == value), "two values of one field: {tag}");
        }
    }
    found
}

/// Every value of a document that holds no other, by its path; what says why there is none is one.
fn in_document(value: &Value, at: &str, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match value {
        Value::Object(object) if object.len() != 1 || !object.contains_key("undefined") => {
            object.iter().for_each(|(key, value)| in_document(value, &below(key), found));
        }
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(n, value)| in_document(value, &below(&n.to_string()), found));
        }
        Value::String(text) => drop(found.insert(at.to_owned(), text.clone())),
        value => drop(found.insert(at.to_owned(), value.to_string())),
    }
}

/// The page and the document of one moment hold the same; gives the document.
#[track_caller]
fn assert_same(place: &Place, more: &[&str]) -> Value {
    let until = now().to_rfc3339();
    let more: Vec<&str> = more.iter().copied().chain(["--until", &until]).collect();
    let page = place.tradewind(&words(&[&more[..], &["--format", "html"]].concat()));
    assert_eq!(code(&page), 0, "{}", stderr(&page));
    let (page, document) = (stdout(&page), place.json(&words(&more)));
    assert_fits(&schema(place, "output"), &document, "report");
    let (shown, mut told) = (on_page(&page), BTreeMap::new());
    in_document(&document["data"], "", &mut told);
    assert!(told.len() > 300, "{}", told.len());
    let differs = |(field, value): &(&String, &String)| shown.get(*field) != Some(*value);
    assert_eq!(told.iter().find(differs), None, "not on the page, or otherwise");
    let of_more = shown.keys().find(|field| {
        // A list in one cell.
        !told.contains_key(*field) && !["beyond_cap", "alarms"].iter().any(|list| field.ends_with(list))
    });
    assert_eq!(of_more, None, "on the page alone");
    for outside in ["http:", "https:", "src=", "url(", "<script", "@import", "NaN"] {
        assert!(!page.contains(outside), "{outside}");
    }
    document
}

#[test]
fn a_book_without_trades_has_a_report_that_says_so() {
    let place = Place::new();
    let none = place.tradewind(&["report"]);
    assert_eq!((code(&none), stderr(&none).contains("there is no journal")), (2, true), "{}", stderr(&none));
    place.signals(&[]);
    assert_eq!(code(&place.run()), 0);
    let told = assert_same(&place, &[]);
    assert_eq!(told["data"]["all"]["money"]["win_rate"], json!({ "undefined": "no-trades" }));
    let text = stdout(&place.tradewind(&["report"]));
    for line in ["No trade is closed yet.", "– (no closed trade)", "Nothing needs you."] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn three_trades_make_tables_and_no_drawing_of_them() {
    let place = roomy();
    round(&place, 0, 1.032, 0.987);
    let told = assert_same(&place, &[]);
    assert_eq!(told["data"]["all"]["counted"], 3);
    assert_eq!(told["data"]["all"]["against"], json!({ "undefined": "fewer than 5 trades" }));
    let text = stdout(&place.tradewind(&["report"]));
    assert!(text.contains("Fewer than ten trades: tables only"), "{text}");
}

#[test]
fn sixty_trades_are_told_alike_in_every_form_and_nothing_is_written() {
    let place = SIXTY.copy();
    // What the store makes beside a file that is only read is there after any look.
    place.tradewind(&["status"]);
    let before = place.bytes();
    let told = assert_same(&place, &[]);
    let all = &told["data"]["all"];
    assert_eq!((&all["counted"], all["against"]["rows"].as_array().map(Vec::len)), (&json!(60), Some(6)));
    let [wins, trades] = ["wins", "trades"].map(|key| all["money"][key].as_f64().unwrap());
    assert_eq!(all["money"]["win_rate"].as_f64(), Some(wins / trades));
    // By hand, from the list of trades.
    let rows = place.data(&["trades", "--all"]);
    let net: f64 = rows.iter().map(|row| row["net"].as_str().unwrap().parse::<f64>().unwrap()).sum();
    assert!((all["money"]["net"].as_f64().unwrap() - net).abs() < 1e-6, "{net}");
    let period = &told["data"]["period"];
    assert!((period["this"]["net"].as_str().unwrap().parse::<f64>().unwrap() - net).abs() < 1e-6);
    let execution = &told["data"]["execution"];
    assert_eq!(execution["decided"][0]["rates"]["sent"], 120, "sixty in and sixty out");
    let step = |name: &str| {
        let steps = execution["latencies"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == name).unwrap().clone()
    };
    assert_eq!(step("sending")["p95"], json!({ "undefined": "not-given" }), "the journal does not know t4");
    assert!(step("answering")["orders"].as_u64() == Some(120) && step("signal-to-fill")["p95"].is_number());
    // The same book and the same moment: the same bytes.
    let until = now().to_rfc3339();
    for format in ["text", "markdown", "json", "html"] {
        let made = || stdout(&place.tradewind(&words(&["--until", &until, "--format", format])));
        assert_eq!(made(), made(), "{format}");
    }
    assert!(place.bytes() == before, "looking changes nothing");
    let written = place.tradewind(&["report", "--format", "html", "--out", "page.html"]);
    assert_eq!((code(&written), stdout(&written)), (0, String::new()), "{}", stderr(&written));
    assert!(std::fs::read_to_string(place.file("page.html")).unwrap().starts_with("<!doctype html>"));
}

/// The titles of all drawings on a page.
fn drawings(page: &str) -> Vec<String> {
    let titles = page.split("<title id=\"plot").skip(1);
    titles.map(|rest| unescaped(rest.split('>').nth(1).unwrap().split('<').next().unwrap())).collect()
}

#[test]
fn every_drawing_of_the_list_is_there_with_words_for_who_does_not_see_it() {
    let page = stdout(&SIXTY.tradewind(&words(&["--format", "html"])));
    let titles = drawings(&page);
    for part in [
        "Equity ",
        "below its highest point now",
        "of equity at risk now",
        "60 trades came to",
        "in the outermost 5 % of the backtest",
        "see the backtest's edge in",
        "Evidence that the win rate fell",
        "Does it win in 42 or 38 % of trades?",
        "losses in a row at most",
        "Win rate ",
        "Profit factor ",
        "Expectancy ",
        "Average win by average loss ",
        "Deepest drawdown ",
        "Longest losing streak ",
        "of live trades came out below zero",
        "from the backtest's on average",
        "Dearest beside its model",
        "Cost beyond the model is",
        "Dearest hour: ",
        "Slowest step at 95 %",
    ] {
        assert!(titles.iter().any(|title| title.contains(part)), "{part}: {titles:#?}");
    }
    assert_eq!(page.matches("role=\"img\"").count(), titles.len());
    for described in page.split("<desc id=\"").skip(1) {
        let words = described.split('>').nth(1).unwrap().split('<').next().unwrap();
        assert!(words.len() > 20, "{words}");
    }
    // Axes say what they are, and thousands stand apart.
    assert!(page.matches("class=\"mid label\"").count() >= titles.len());
    let equity = titles.iter().find(|title| title.starts_with("Equity ")).unwrap();
    assert!(equity.contains(','), "{equity}");
}

#[test]
fn without_a_backtest_no_band_is_spoken_of() {
    let page = stdout(&SIXTY.tradewind(&["report", "--format", "html"]));
    assert!(!page.contains("band: normal") && page.contains("no backtest is given"));
    let with = stdout(&SIXTY.tradewind(&words(&["--format", "html"])));
    assert!(with.contains("band: normal, clustering counted in"));
}

#[test]
fn with_bars_trades_stand_beside_their_shadows_in_every_form() {
    let place = lived(&Spoiled { positions: Some(1), slippage: "20", ..Spoiled::default() });
    let bars = ["--set", "gate.bars=bars"];
    let told = assert_same(&place, &bars);
    let (section, twin) = (&told["data"]["twin"], place.json(&["twin", "--bars", "bars"]));
    let twin = &twin["data"];
    assert_eq!(section["summary"], twin["summary"]);
    assert_eq!(section["signals"].as_u64(), Some(twin["pairs"].as_array().unwrap().len() as u64));
    for (row, sum) in section["regret"].as_array().unwrap().iter().zip(twin["regret"].as_array().unwrap()) {
        for key in ["code", "signals", "traded", "open", "r", "pnl"] {
            assert_eq!(row[key], sum[key], "{key}");
        }
        assert!(["cost", "saved"].contains(&row["so_it"].as_str().unwrap()), "{row}");
    }
    assert!(!section["regret"].as_array().unwrap().is_empty());
    let last = section["so_far"].as_array().unwrap().last().unwrap();
    assert_eq!(last["pairs"], twin["summary"]["figures"]["pairs"]);
    let mean = |value: &Value| value.as_f64().unwrap();
    assert!((mean(&last["mean"]) - mean(&twin["summary"]["figures"]["mean"])).abs() < 1e-12);
    let parted = section["parted"].as_array().unwrap();
    assert!(
        parted.iter().any(|row| row["layer"] == "decision")
            && parted.iter().any(|row| row["layer"] == "fill")
    );
    let more = [&["report"][..], &bars].concat();
    let text = stdout(&place.tradewind(&more));
    for line in ["BESIDE THE SHADOWS OF THE TRADES", "Signals that were not followed", "decision"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let markdown = stdout(&place.tradewind(&[&more[..], &["--format", "markdown"]].concat()));
    assert!(markdown.contains("## Beside the shadows of the trades"), "{markdown}");
    let without = place.json(&["report"]);
    assert!(without["data"]["twin"]["undefined"].as_str().unwrap().contains("[gate] bars"), "{without:#}");
    // At a moment of the past, later bars are not there yet.
    let then = place.json(&[&more[..], &["--until", "2026-01-15"]].concat());
    let last = then["data"]["twin"]["last"].as_str().unwrap();
    assert!(last < "2026-01-16", "{last}");
}

#[test]
fn what_was_missed_is_priced_by_bars_and_else_said_to_be_unknown() {
    let place = lived(&Spoiled { not_lent: true, ..Spoiled::default() });
    let told = assert_same(&place, &["--set", "gate.bars=bars"]);
    let all = &told["data"]["execution"]["decided"][0];
    assert_eq!((&all["missed"], &all["opportunity"]["orders"]), (&json!(1), &json!(1)), "{all:#}");
    // A short that was not lent: approved at the bid of a close of 391, and the next bar closes at 385.
    let cost = all["opportunity"]["mean"].as_f64().unwrap();
    let expected = (390.96 - 385.0) / 390.96 * 1e4;
    assert!((cost - expected).abs() < 1e-6, "it fell without us: {cost}, and not {expected}");
    assert_eq!(all["shortfall"]["orders"].as_u64(), all["rates"]["sent"].as_u64());
    let without = assert_same(&place, &[]);
    let all = &without["data"]["execution"]["decided"][0];
    assert_eq!((&all["missed"], &all["opportunity"]["orders"]), (&json!(1), &json!(0)));
    assert_eq!(all["opportunity"]["mean"], json!({ "undefined": "not-given" }));
    let notes = without["data"]["notes"]["notes"].to_string();
    assert!(notes.contains("1 order not filled whole, without a price at the end"), "{notes}");
}

#[test]
fn a_week_is_told_beside_the_one_before_as_it_was_told_then() {
    let place = Place::new();
    assert_eq!(code(&place.tradewind(&["demo", "--out", "look"])), 0);
    let told = |until: &str, period: &str| {
        let words = ["report", "--state", "look/paper-state.json", "--period", period, "--until", until];
        place.json(&words)["data"]["period"].clone()
    };
    let last = place.data(&["trades", "--state", "look/paper-state.json", "--last", "1"]);
    let last = last[0]["closed_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let day = |days: i64| (last - chrono::TimeDelta::days(days)).date_naive().to_string();
    let (now, then) = (told(&day(1), "week"), told(&day(8), "week"));
    assert_eq!(now["before"], then["this"], "{now:#}");
    assert_eq!((&now["this"], &now["before"]), (&now["windows"][0], &now["windows"][1]));
    assert!(now["windows"].as_array().unwrap().iter().any(|week| week["trades"] != json!(0)));
    // What equity changed by has three parts.
    let month = told(&day(1), "month");
    let amount = |key: &str| month["equity"][key].as_str().unwrap().parse::<f64>().unwrap();
    let parts = amount("closed_trades") + amount("flows") + amount("rest");
    assert!(
        (amount("end") - amount("begin") - parts).abs() < 1e-6 && amount("change").abs() > 0.0,
        "{month:#}"
    );
}

#[test]
fn trades_of_another_program_are_told_apart() {
    let place = TRADED.1.copy();
    let old = (0..4).map(|n| {
        json!({
            "id": format!("old-{n}"), "symbol": "BTC/USD", "side": "long", "quantity": "0.01", "entry_price": "80000",
            "exit_price": "80100", "opened_at": "2026-01-05T15:00:00Z", "closed_at": now().to_rfc3339(), "pnl": "1",
        })
    });
    let file = json!({ "cash": "10000", "positions": [], "trades": old.collect::<Vec<_>>() });
    place.write("old.json", &file.to_string());
    let imported = place.tradewind(&["state", "import", "old.json", "--reason", "moved"]);
    assert_eq!(code(&imported), 0, "{}", stderr(&imported));
    let counts = |told: &Value| ["own", "imported", "counted"].map(|key| told["data"]["all"][key].as_u64());
    assert_eq!(counts(&assert_same(&place, &[])), [Some(48), Some(4), Some(48)]);
    let all = assert_same(&place, &["--set", "gate.count_imported=true"]);
    assert_eq!(counts(&all), [Some(48), Some(4), Some(52)]);
}

#[test]
fn what_somebody_wrote_is_no_markup() {
    let place = TRADED.1.copy();
    let halted = place.tradewind(&["halt", "--why", "<script>alert('1')</script> & \"two\" | three"]);
    assert_eq!(code(&halted), 0, "{}", stderr(&halted));
    assert_same(&place, &[]);
    let page = stdout(&place.tradewind(&["report", "--format", "html"]));
    assert!(page.contains("&lt;script&gt;alert"), "it is told all the same");
    let markdown = stdout(&place.tradewind(&["report", "--format", "markdown"]));
    assert!(markdown.contains("&lt;script&gt;") && !markdown.contains("<script"), "{markdown}");
}

#[test]
fn a_damaged_journal_ends_as_it_does_everywhere() {
    let place = TRADED.1.copy();
    let journal = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path());
    for file in journal.filter(|file| file.to_string_lossy().ends_with(".journal.sqlite")) {
        std::fs::write(file, "this is no database").unwrap();
    }
    let (status, told) = (place.tradewind(&["status"]), place.tradewind(&["report"]));
    assert_eq!((code(&told), stdout(&told)), (code(&status), String::new()), "{}", stderr(&told));
    assert_eq!(stderr(&told), stderr(&status));
    assert_ne!(code(&told), 0);
    for (words, what) in
        [(["--until", "2999-01-01"], "future"), (["--until", "soon"], "neither a day nor a moment")]
    {
        let wrong = place.tradewind(&[&["report"], &words[..]].concat());
        assert!(code(&wrong) == 2 && stderr(&wrong).contains(what), "{}", stderr(&wrong));
    }
}

//! Four weeks at the paper venue, each with something else that is spoiled.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::world::{Spoiled, bought, lived, of, slippage};
use super::{decimal, pair, parts};
use crate::place::{Place, code, stderr, stdout};
use crate::schemas::{assert_fits, schema};

fn twin(place: &Place) -> Value {
    place.json(&["twin", "--bars", "bars"])
}

/// The mean difference in R.
fn mean(twin: &Value) -> f64 {
    twin["data"]["summary"]["figures"]["mean"].as_f64().unwrap_or_else(|| panic!("{twin:#}"))
}

#[test]
fn what_nobody_spoils_is_the_same_to_the_cent() {
    let place = lived(&Spoiled::default());
    let told = twin(&place);
    assert_fits(&schema(&place, "output"), &told, "twin");
    let data = &told["data"];
    assert_eq!(decimal(&data["cash"]), Decimal::from(100_000));
    for id in ["aapl-in", "msft-in", "ko-in", "eur-in", "jpm-in"] {
        assert_eq!(parts(&told, id), "same", "{:#}", pair(&told, id));
        let (live, shadow) = (&pair(&told, id)["live"], &pair(&told, id)["shadow"]);
        for figure in ["ordered", "quantity", "opened", "entry", "closed", "exit", "exit_by", "pnl", "r"] {
            assert!(!live[figure].is_null(), "{id} {figure}: {live:#}");
            assert_eq!(live[figure], shadow[figure], "{id} {figure}");
        }
    }
    assert_eq!(pair(&told, "ko-in")["live"]["exit_by"], "stop");
    assert_eq!(
        decimal(&pair(&told, "aapl-in")["live"]["entry"]),
        bought("AAPL", 1, slippage(&Spoiled::default()))
    );
    let figures = &data["summary"]["figures"];
    assert_eq!((&figures["pairs"], mean(&told)), (&json!(5), 0.0));
    assert_eq!((&figures["sequence"]["low"], &figures["sequence"]["high"]), (&json!(0.0), &json!(0.0)));
    // What has no pair is named.
    let left = data["left_out"].as_array().unwrap();
    let left: Vec<_> =
        left.iter().map(|row| (row["id"].as_str().unwrap(), row["why"].as_str().unwrap())).collect();
    assert_eq!(left, [("nvda-in", "no_bars"), ("too-late", "after_bars")]);
    let text = stdout(&place.tradewind(&["twin", "--bars", "bars", "--out", "pairs.csv"]));
    assert!(text.contains("no bars of their symbol; the first is nvda-in"), "{text}");
    let table = std::fs::read_to_string(place.file("pairs.csv")).unwrap();
    assert_eq!(table.lines().count(), 6, "{table}");
}

#[test]
fn slippage_is_seen_in_the_fills() {
    let spoiled = Spoiled { slippage: "20", ..Spoiled::default() };
    let told = twin(&lived(&spoiled));
    for id in ["aapl-in", "msft-in", "ko-in", "jpm-in"] {
        assert_eq!(parts(&told, id), "fill entry-price", "{:#}", pair(&told, id));
        let differs = &pair(&told, id)["differences"];
        assert!(
            decimal(&differs["entry"]) < Decimal::ZERO && decimal(&differs["exit"]) < Decimal::ZERO,
            "{differs}"
        );
        assert!(differs["r"].as_f64().unwrap() < 0.0, "{differs}");
    }
    // Currencies are as they were.
    assert_eq!(parts(&told, "eur-in"), "same", "{:#}", pair(&told, "eur-in"));
    let cost = bought("AAPL", 1, slippage(&Spoiled::default())) - bought("AAPL", 1, slippage(&spoiled));
    assert_eq!(decimal(&pair(&told, "aapl-in")["differences"]["entry"]), cost);
    assert!(cost < of::<Decimal>("-0.39") && mean(&told) < -0.04, "{cost} {}", mean(&told));
    let fill =
        told["data"]["summary"]["layers"].as_array().unwrap().iter().find(|row| row["layer"] == "fill");
    assert_eq!(fill.unwrap()["pairs"], json!(4));
    assert!(fill.unwrap()["share"].as_f64() > Some(0.999), "{fill:?}");
}

#[test]
fn a_late_fill_is_one_at_another_time() {
    let told = twin(&lived(&Spoiled { late: Some(("aapl-in", 24)), ..Spoiled::default() }));
    assert_eq!(parts(&told, "aapl-in"), "fill entry-time", "{:#}", pair(&told, "aapl-in"));
    let differs = &pair(&told, "aapl-in")["differences"];
    assert_eq!((&differs["entry_seconds"], &differs["exit_seconds"]), (&json!(86_400), &json!(0)));
    let usual = slippage(&Spoiled::default());
    assert_eq!(decimal(&differs["entry"]), bought("AAPL", 1, usual) - bought("AAPL", 2, usual));
    assert_eq!(parts(&told, "msft-in"), "same");
}

#[test]
fn a_missed_fill_is_named_and_what_follows_is_of_another_size() {
    let place = lived(&Spoiled { not_lent: true, ..Spoiled::default() });
    let told = twin(&place);
    assert_eq!(parts(&told, "msft-in"), "fill missed-here", "{:#}", pair(&told, "msft-in"));
    let (live, shadow) = (&pair(&told, "msft-in")["live"], &pair(&told, "msft-in")["shadow"]);
    assert_eq!((&live["came"], &live["standing"]), (&json!("ordered"), &json!("nothing")));
    let missed = pair(&told, "msft-in")["differences"]["r"].as_f64().unwrap();
    assert!((missed + shadow["r"].as_f64().unwrap()).abs() < 1e-9 && missed < -0.5, "{missed}");
    let summary = &told["data"]["summary"];
    assert_eq!((&summary["only_there"], &summary["figures"]["pairs"]), (&json!(1), &json!(4)));
    // The shadow has what it won, and enters with more.
    assert_eq!(parts(&told, "eur-in"), "size equity", "{:#}", pair(&told, "eur-in"));
    assert!(decimal(&pair(&told, "eur-in")["differences"]["quantity"]) < Decimal::ZERO);
    assert!(told["data"]["regret"].as_array().unwrap().is_empty(), "no check stood before it");
}

#[test]
fn another_size_is_named_by_what_made_it_and_changes_no_result_in_r() {
    // Five thousand a slot where the configuration says ten.
    let told = twin(&lived(&Spoiled { slots: Some(20), ..Spoiled::default() }));
    for id in ["aapl-in", "msft-in", "ko-in", "jpm-in"] {
        assert_eq!(parts(&told, id), "size equity", "{:#}", pair(&told, id));
        let (live, shadow) = (&pair(&told, id)["live"], &pair(&told, id)["shadow"]);
        assert_eq!((&live["entry"], &live["exit"]), (&shadow["entry"], &shadow["exit"]), "{id}");
        let half = decimal(&shadow["ordered"]) / Decimal::TWO;
        assert!((decimal(&live["ordered"]) - half).abs() <= Decimal::ONE, "{id}: {live}");
        assert!(pair(&told, id)["differences"]["r"].as_f64().unwrap().abs() < 1e-9, "{id}");
    }
    let layers = told["data"]["summary"]["layers"].as_array().unwrap();
    let size = layers.iter().find(|row| row["layer"] == "size").unwrap();
    assert_eq!(size["pairs"], json!(5), "{layers:#?}");
    // The same by a check, which says so.
    let told = twin(&lived(&Spoiled { risked: Some("0.3"), ..Spoiled::default() }));
    for id in ["aapl-in", "msft-in", "ko-in", "jpm-in"] {
        assert_eq!(parts(&told, id), "size clipped", "{:#}", pair(&told, id));
        assert_eq!(pair(&told, id)["live"]["clipped"], true);
    }
}

#[test]
fn what_a_check_denied_is_a_decision_and_told_what_it_cost() {
    let place = lived(&Spoiled { positions: Some(1), ..Spoiled::default() });
    let told = twin(&place);
    let code = pair(&told, "msft-in")["live"]["code"].as_str().unwrap().to_owned();
    for id in ["msft-in", "ko-in"] {
        assert_eq!(parts(&told, id), "decision denied-here", "{:#}", pair(&told, id));
        assert_eq!(pair(&told, id)["live"]["code"], code);
    }
    let regret = told["data"]["regret"].as_array().unwrap();
    let sum = regret.iter().find(|sum| sum["code"] == code).unwrap();
    let alone = |id: &str| {
        let regrets = told["data"]["regrets"].as_array().unwrap();
        regrets.iter().find(|regret| regret["id"] == id).unwrap()["alone"].clone()
    };
    // Played alone each makes what the shadow made of it, where its size was the same.
    for id in ["msft-in", "ko-in"] {
        assert_eq!(alone(id)["pnl"], pair(&told, id)["shadow"]["pnl"], "{id}");
    }
    let (won, lost) = (decimal(&alone("msft-in")["pnl"]), decimal(&alone("ko-in")["pnl"]));
    assert!(won > Decimal::ZERO && lost < Decimal::ZERO, "{won} {lost}");
    assert!(decimal(&sum["pnl"]) >= won + lost && sum["signals"].as_u64() >= Some(2), "{sum}");
    let text = stdout(&place.tradewind(&["twin", "--bars", "bars"]));
    assert!(text.contains(&format!("denied here: {code}")) && text.contains("places, so a sum"), "{text}");
    let story = stdout(&place.tradewind(&["explain", "msft-in", "--bars", "bars"]));
    assert!(story.contains("parts from its shadow at decision") && story.contains("alone"), "{story}");
}

#[test]
fn a_signal_that_expired_here_parts_at_the_signal() {
    let place = lived(&Spoiled { late: Some(("ko-in", 45)), ..Spoiled::default() });
    let told = twin(&place);
    assert_eq!(parts(&told, "ko-in"), "signal expired-here", "{:#}", pair(&told, "ko-in"));
    let regret = &told["data"]["regret"][0];
    assert_eq!((&regret["code"], &regret["traded"]), (&json!("expired"), &json!(1)));
    assert!(decimal(&regret["pnl"]) < Decimal::ZERO, "it would have been stopped: {regret}");
}

#[test]
fn a_gate_computes_its_pairs_from_bars_and_reads_them_from_one_place() {
    let place = lived(&Spoiled { slippage: "20", ..Spoiled::default() });
    let bars = ["--set", "gate.bars=bars"];
    let gate = place.json(&[&["gate", "paper"][..], &bars].concat());
    let pairs = gate["data"]["facts"]["facts"]["pairs"].as_array().unwrap().clone();
    assert_eq!(pairs.len(), 5, "{gate:#}");
    let told = twin(&place);
    for row in &pairs {
        let twin = pair(&told, row["id"].as_str().unwrap());
        assert_eq!((&row["live"], &row["shadow"]), (&twin["live"]["r"], &twin["shadow"]["r"]));
    }
    let both = place.tradewind(&[&["gate", "paper", "--set", "gate.pairs=other.csv"][..], &bars].concat());
    assert_eq!(code(&both), 2);
    assert!(stderr(&both).contains("gate.bars is set beside gate.pairs"), "{}", stderr(&both));
    // The same bars serve the other verbs; without any, none is guessed.
    assert!(stdout(&place.tradewind(&[&["twin"][..], &bars].concat())).contains("5 traded on both sides"));
    let story = place.json(&[&["explain", "AAPL"][..], &bars].concat());
    assert_eq!(story["data"]["twin"][0]["pair"]["layer"], "fill", "{story:#}");
    let none = place.tradewind(&["twin"]);
    assert_eq!(code(&none), 2);
    assert!(stderr(&none).contains("TW0780"), "{}", stderr(&none));
    place.write("bars/KO.csv", "date,open,high,low,close\n2026-01-05,60,50,61,60\n");
    let story = place.tradewind(&[&["explain", "AAPL"][..], &bars].concat());
    assert_eq!(code(&story), 0);
    assert!(stderr(&story).contains("TW0781") && stderr(&story).contains("KO.csv"), "{}", stderr(&story));
    assert_eq!(code(&place.tradewind(&["explain", "AAPL", "--bars", "bars"])), 2);
}

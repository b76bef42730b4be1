//! Every refusal, of an entry and of a whole text.

use serde_json::json;

use super::{example, faults, one, take};

#[test]
fn what_is_wrong_with_an_entry_is_told() {
    for (changes, expected) in [
        (json!({"stoploss": "1"}), "stoploss: is not a known key; did you mean \"stop\"?"),
        (json!({"zzz": "1"}), "zzz: is not a known key"),
        (
            json!({"symbol": "APPL"}),
            "symbol: \"APPL\" is not among the instruments of this run; did you mean \"AAPL\"?",
        ),
        (json!({"symbol": null}), "symbol: is missing"),
        (json!({"symbol": 5}), "symbol: is not text"),
        (json!({"asset_class": "forex"}), "asset_class: AAPL is equity here, not forex"),
        (
            json!({"asset_class": "stock"}),
            "asset_class: \"stock\" is none of \"equity\", \"forex\", \"crypto\"",
        ),
        (
            json!({"action": "entry"}),
            "action: \"entry\" is none of \"enter\", \"exit\", \"adjust\"; did you mean \"enter\"?",
        ),
        (json!({"action": null}), "action: is missing; write \"enter\", \"exit\" or \"adjust\""),
        (json!({"side": null}), "side: is missing; an entry is \"long\" or \"short\""),
        (json!({"side": "buy"}), "side: \"buy\" is none of \"long\", \"short\""),
        (json!({"stop": "abc"}), "stop: \"abc\" is not a plain decimal"),
        (json!({"stop": "-1"}), "stop: \"-1\" must be above zero"),
        (json!({"stop": "0"}), "stop: \"0\" must be above zero"),
        (json!({"stop": true}), "stop: is not a number"),
        (json!({"stop": ["1"]}), "stop: is not a number"),
        (json!({"stop": null}), "stop: is missing; risk_pct is measured by the distance to it"),
        (json!({"decision_price": "1e3"}), "decision_price: \"1e3\" is not a plain decimal"),
        (json!({"decision_price": "NaN"}), "decision_price: \"NaN\" is not a plain decimal"),
        (json!({"risk_pct": "0"}), "risk_pct: 0 must be above zero"),
        (json!({"risk_pct": "-1"}), "risk_pct: -1 must be above zero"),
        (json!({"risk_pct": "100.1"}), "risk_pct: is more than 100 percent of equity"),
        (json!({"quantity": "1"}), "risk_pct: is given beside quantity; one size is enough"),
        (json!({"risk_pct": null, "quantity": "0"}), "quantity: 0 must be above zero"),
        (json!({"risk_pct": null, "notional": "-5"}), "notional: -5 must be above zero"),
        (
            json!({"decided_at": "2026-11-20T21:05:00"}),
            "decided_at: \"2026-11-20T21:05:00\" is not a time with its zone; write it like",
        ),
        (json!({"decided_at": "2026-11-20"}), "decided_at: \"2026-11-20\" is not a time with its zone"),
        (json!({"decided_at": 1_795_208_700}), "decided_at: is not text"),
        (
            json!({"decided_at": null, "bar_close": null}),
            "decided_at: is missing, and there is no bar_close to stand in for it",
        ),
        (
            json!({"decided_at": "2026-11-20T21:12:00Z"}),
            "decided_at: 2026-11-20T21:12:00Z is in the future; it is 2026-11-20T21:06:00Z now",
        ),
        (
            json!({"bar_close": "2026-11-20T21:05:01Z"}),
            "bar_close: 2026-11-20T21:05:01Z is after the decision at 2026-11-20T21:05:00Z",
        ),
        (
            json!({"expires_at": "2026-11-20T21:05:00Z"}),
            "expires_at: 2026-11-20T21:05:00Z is not after the decision",
        ),
        (json!({"expires_at": "tomorrow"}), "expires_at: \"tomorrow\" is not a time with its zone"),
        (
            json!({"expires_at": "2026-11-23T14:30:00Z"}),
            "expires_at: 2026-11-23T14:30:00Z is before the market opens at 2026-11-23T14:30:00Z",
        ),
        (
            json!({"id": "with space"}),
            "id: \"with space\" cannot be used: the signal id holds the character ' '",
        ),
        (json!({"id": "x".repeat(65)}), "id: \"xxx"),
        (json!({"id": ""}), "id: \"\" cannot be used: the signal id is empty"),
        (json!({"strategy": "a b"}), "strategy: \"a b\" cannot be used"),
    ] {
        let said = faults(&example(&changes));
        assert_eq!(said.len(), 1, "{changes}: {said:?}");
        let expected = format!("signals, line 1: {expected}");
        assert!(said[0].starts_with(&expected), "{}\ninstead of\n{expected}", said[0]);
    }
    // All that is wrong is told at once, and a known slack of clocks is forgiven.
    let all = json!({"side": "buy", "stop": "x", "colour": "red", "decided_at": "noon"});
    assert_eq!(faults(&example(&all)).len(), 4);
    one(&example(&json!({"decided_at": "2026-11-20T21:11:00Z"})));
    // Both would be right for some market; the desk judges and records them.
    one(&example(&json!({"stop": "300"})));
    one(&example(
        &json!({"decided_at": "2026-10-20T19:00:00Z", "bar_close": null, "expires_at": "2026-10-20T19:30:00Z"}),
    ));
}

#[test]
fn the_good_ones_go_on() {
    let (good, bad) = (example(&json!({})), example(&json!({"side": "up"})));
    let said = |text: &str| {
        let intake = take(text);
        assert_eq!(intake.signals.len(), 1, "{text}");
        intake.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.field)).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&format!("[\n{bad},\n\n{good},\n5]")),
        ["signals, entry 1, line 2: side", "signals, entry 3, line 5: entry"]
    );
    assert_eq!(
        said(&format!("{{\"schema\":\"tradewind.signals/1\",\n\"signals\":[{good},\n{bad}]}}")),
        ["signals, entry 2, line 3: side"]
    );
    assert_eq!(
        said(&format!("{good}\n{{\"id\": \n\n{bad}\n")),
        ["signals, line 2: entry", "signals, line 4: side"]
    );
    let twice = good.replacen('{', "{\"stop\":\"1\",", 1);
    let intake = take(&format!("[{twice},{good}]"));
    assert_eq!(intake.faults[0].why, "the key \"stop\" is there twice");
    let csv = "symbol,action,decided_at,id\nAAPL,exit,2026-11-20T21:05:00Z,1\n\nAAPL,exit,,2\nAAPL,exit\n\"AAPL,exit,2026-11-20T21:05:00Z,1\n";
    assert_eq!(
        said(csv),
        ["signals, line 4: decided_at", "signals, line 5: entry", "signals, line 6: entry"]
    );
}

#[test]
fn a_text_that_is_not_whole_gives_nothing() {
    let good = example(&json!({}));
    for (text, expected) in [
        (String::new(), "is empty"),
        ("  \n".to_owned(), "is empty"),
        (format!("[{good},"), "ends in the middle"),
        (format!("[{good}"), "ends in the middle"),
        (format!("[{good}] {good}"), "is not JSON"),
        (format!("{good}\n{}", &good[..40]), "ends in the middle"),
        (good[..40].to_owned(), "ends in the middle"),
        (format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":[\n{good}\n"), "ends in the middle"),
        (
            format!("{{\"schema\":\"tradewind.signals/2\",\"signals\":[{good}]}}"),
            "the \"schema\" is not \"tradewind.signals/1\"",
        ),
        (format!("{{\"schema\":5,\"signals\":[{good}]}}"), "the \"schema\" is not"),
        (format!("{{\"signals\":[{good}]}}"), "the key \"schema\" is missing"),
        ("{\"schema\":\"tradewind.signals/1\"}".to_owned(), "the key \"signals\" is missing"),
        (format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":{good}}}"), "\"signals\" is not a list"),
        (
            format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":[{good}],\"signal\":1}}"),
            "the key \"signal\" beside \"signals\" is not known; did you mean \"signals\"?",
        ),
        (
            format!("{{\"schema\":\"tradewind.signals/1\",\"signals\":[],\"signals\":[{good}]}}"),
            "the key \"signals\" is there twice",
        ),
        (
            "symbol,action,decided_at,id\nAAPL,exit,2026-11-20T21:05:00Z,1".to_owned(),
            "does not end with a line break",
        ),
        (
            "symbol,acton\n".to_owned(),
            "is neither JSON nor CSV with known columns: the column \"acton\" is not known; did you mean \"action\"?",
        ),
        ("symbol,action,symbol\n".to_owned(), "the column \"symbol\" is there twice"),
        ("hello\n".to_owned(), "is neither JSON nor CSV with known columns"),
    ] {
        let said = faults(&text);
        assert_eq!(said.len(), 1, "{text}: {said:?}");
        assert!(said[0].starts_with(&format!("signals: file: {expected}")), "{text}\n{}", said[0]);
    }
}

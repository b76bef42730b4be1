//! `replay --guard-report`: a market in which one bad day trips a breaker, and what that cost to the cent.

use serde_json::{Value, json};

use super::{Past, assert_done, given, sha256};
use crate::place::stdout;

const SYMBOLS: &str =
    "symbol,asset_class,tick,lot\nAAA,equity,0.01,1\nBBB,equity,0.01,1\nCCC,equity,0.01,1\n";

/// Two stocks fall by a tenth overnight, through their stops; a third one rises by a tenth three days later.
fn bad_day() -> Past {
    let past = Past::new();
    std::fs::remove_dir_all(past.file("bars")).unwrap();
    std::fs::create_dir(past.file("bars")).unwrap();
    let days = ["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08", "2024-03-11"];
    let bars = |prices: [u32; 6]| {
        let rows =
            days.iter().zip(prices).map(|(day, price)| format!("{day},{price},{price},{price},{price}\n"));
        "date,open,high,low,close\n".to_owned() + &rows.collect::<String>()
    };
    past.write("bars/AAA.csv", &bars([100, 100, 90, 90, 90, 90]));
    past.write("bars/BBB.csv", &bars([100, 100, 90, 90, 90, 90]));
    past.write("bars/CCC.csv", &bars([100, 100, 100, 100, 100, 110]));
    past.write("symbols.csv", SYMBOLS);
    let signal = |symbol: &str, day: &str, action: &str| {
        let mut signal = json!({
            "id": format!("{day}/{symbol}/{action}"), "symbol": symbol, "asset_class": "equity", "action": action,
            "decided_at": format!("{day}T21:30:00Z"),
        });
        if action == "enter" {
            (signal["side"], signal["stop"]) = (json!("long"), json!("92"));
        }
        signal.to_string() + "\n"
    };
    let told = [
        signal("AAA", "2024-03-04", "enter"),
        signal("BBB", "2024-03-04", "enter"),
        signal("CCC", "2024-03-07", "enter"),
        signal("CCC", "2024-03-08", "exit"),
    ];
    past.write("signals.jsonl", &told.concat());
    past
}

fn report(past: &Past, out: &str) -> Value {
    serde_json::from_str(&past.read(&format!("{out}/guard.json"))).unwrap()
}

const EXACT: [&str; 7] =
    ["--signals", "signals.jsonl", "--equity-percent", "20", "--costs", "none", "--guard-report"];

#[test]
fn a_day_that_trips_a_breaker_shows_what_it_cost_to_the_cent() {
    let past = bad_day();
    let ran = past.tradewind(&[&given("out")[..], &EXACT].concat());
    assert_done(&ran);
    let report = report(&past, "out");
    let equity = |of: &Value| of["equity_marked"].as_str().unwrap().to_owned();
    // 200 shares of each lost 10; a fifth of 96,000 in the third would have won a tenth.
    assert_eq!((equity(&report["configured"]), equity(&report["wide"])), ("96000".into(), "97920".into()));
    assert_eq!((&report["configured"]["trades"], &report["wide"]["trades"]), (&json!(2), &json!(3)));
    assert_eq!(report["configured"]["difference"]["equity_marked"], json!("-1920"));
    assert_eq!(report["configured"]["profit_factor"], json!("0"));
    assert_eq!(report["wide"]["profit_factor"], json!("0.48"));
    assert_eq!(report["configured"]["deepest_fall"], json!("0.04"));
    let parts = report["parts"].as_array().unwrap();
    let changing: Vec<&Value> = parts.iter().filter(|part| part["changes"] == json!(true)).collect();
    let [daily] = changing[..] else { panic!("{changing:#?}") };
    assert_eq!(
        (&daily["name"], &daily["check"], &daily["trips"]),
        (&json!("daily_loss"), &json!(32), &json!(1))
    );
    assert_eq!(daily["alone"]["difference"]["equity_marked"], json!("-1920"));
    assert_eq!(daily["alone"]["difference"]["trades"], json!(-1));
    assert_eq!((&daily["alone"]["trips_by_it"], &daily["alone"]["denied_by_it"]), (&json!(1), &json!(1)));
    assert_eq!(daily["left_out"]["difference"]["equity_marked"], json!("1920"));
    assert_eq!((&daily["left_out"]["trips"], &daily["left_out"]["denied"]), (&json!(0), &json!(0)));
    // The entry stood before the level that the breaker had set, and the exit had nothing to close.
    let level =
        report["without_limits"].as_array().unwrap().iter().find(|row| row["check"] == json!(2)).unwrap();
    assert_eq!((&level["name"], &level["denied"]), (&json!("level"), &json!(1)));
    assert_eq!(report["configured"]["denied_not_by_the_guard"], json!(1));
    let trip = &report["configured"]["levels"][0];
    assert_eq!((&trip["level"], &trip["code"]), (&json!("reduce-only"), &json!("daily_loss")));
    assert!(trip["at"].as_str().unwrap().starts_with("2024-03-06T"), "{trip}");

    let text = stdout(&ran);
    let line = |begin: &str| {
        text.lines()
            .find(|line| line.trim_start().starts_with(begin))
            .unwrap_or_else(|| panic!("{begin}: {text}"))
    };
    assert!(line("32 daily_loss, alone").contains("-1,920.00"), "{text}");
    assert!(line("left out").contains("+1,920.00"), "{text}");
    for named in ["24 buying_power", "23 open_risk", "33 drawdown", "- unknown_orders"] {
        assert!(line("no effect").contains(named), "{named}: {text}");
    }
    assert!(!line("no effect").contains("daily_loss"), "{text}");
    assert!(line("trip       as configured").contains("2024-03-06"), "{text}");
}

/// A fall that was resumed from is not counted again on the next day.
#[test]
fn a_person_resumes_so_many_days_after_each_trip() {
    let past = bad_day();
    for (days, resumed, trips) in [("1", 1, 1), ("2", 1, 1), ("10", 0, 1)] {
        let ran = past.tradewind(&[&given(days)[..], &EXACT, &["--resume-after", days]].concat());
        assert_done(&ran);
        let report = report(&past, days);
        let counted = (&report["configured"]["resumed"], &report["configured"]["trips"]);
        assert_eq!(counted, (&json!(resumed), &json!(trips)), "{days}");
        assert_eq!((&report["wide"]["resumed"], &report["wide"]["trips"]), (&json!(0), &json!(0)));
        assert_eq!(report["resume_after"].to_string(), days);
        assert_eq!(past.summary(days)["resume_after"].to_string(), days);
        let text = stdout(&ran);
        assert!(text.contains("a person resumes") && !text.contains("nobody resumes"), "{text}");
    }
}

#[test]
fn as_configured_is_the_replay_itself_and_the_report_is_the_same_again() {
    let past = Past::new();
    // More than an order may be worth.
    let size = ["--equity-percent", "30"];
    assert_done(&past.breakout("plain", &size));
    for out in ["one", "two"] {
        assert_done(&past.breakout(out, &[&size[..], &["--guard-report"]].concat()));
    }
    assert!(past.read("one/guard.json") == past.read("two/guard.json"));
    for name in super::FILES {
        assert!(past.read(&format!("plain/{name}")) == past.read(&format!("one/{name}")), "{name}");
    }
    let (report, summary) = (report(&past, "one"), past.summary("one"));
    let trades = sha256(past.read("plain/trades.csv").as_bytes());
    assert_eq!(report["configured"]["trades_sha256"], json!(trades));
    for key in ["trades", "equity_closed", "equity_marked"] {
        assert_eq!(report["configured"][key], summary[key], "{key}");
    }
    let denied: u64 = summary["denied"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    let count = |key: &str| report["configured"][key].as_u64().unwrap();
    assert_eq!(count("denied") + count("denied_not_by_the_guard"), denied);
    // And with all limits wide it is that of a replay with all limits wide.
    assert_done(&past.breakout("wide", &[&size[..], &["--limits", "wide"]].concat()));
    assert_eq!(report["wide"]["trades_sha256"], past.summary("wide")["trades_sha256"]);
    assert!(
        report["wide"]["trades_sha256"] != report["configured"]["trades_sha256"],
        "the guard does something"
    );
    // An earlier result with a report in it is replaced as any other.
    assert_done(&past.breakout("one", &[]));
    assert_eq!(past.names("one"), super::FILES);
}

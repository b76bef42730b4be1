//! What a pass and `status` tell of risk until somebody looks again, counted again from what is held.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::place::{Place, code, enter, now, stderr, stdout};

pub fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_pass_and_a_look_tell_the_same_loss_at_every_stop() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000"), enter("two", "ETH/USD", "2800")]);
    place.prices();
    let ran = place.json(&["run", "--signals", "signals.json"]);
    let told = &ran["data"]["tonight"];
    let quantity = |symbol: &str| {
        let held = place.data(&["positions"]);
        decimal(&held.iter().find(|row| row["symbol"] == symbol).unwrap()["quantity"])
    };
    let (bitcoin, ether) = (quantity("BTC/USD"), quantity("ETH/USD"));
    // From the bid, 84,170 and 2,990, to the stop; without bars as far again, from the entry at the ask at least.
    let loss = bitcoin * number("4170") + ether * number("190");
    assert_eq!(decimal(&told["every_stop"]["loss"]), loss, "{told:#}");
    let rows = told["carried"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["gap_is"] == "distance" && row["from_is"] == "price"), "{told:#}");
    assert!(decimal(&told["gap_of_one_atr"]["loss"]) >= loss * Decimal::TWO, "{told:#}");
    let equity = decimal(&ran["data"]["account"]["equity"]);
    let share = decimal(&told["every_stop"]["share"]);
    assert!((share * equity - loss).abs() < number("0.000001"), "{told:#}");
    assert_eq!(told["next_open"], json!([{ "class": "crypto", "at": null, "never_closes": true }]));
    // No trade is closed: a loss is what an entry may risk at most, 2 % of equity; the day trips at 3 %.
    let breakers = &told["breakers"];
    assert_eq!(breakers["loss_is"], "limits.risk_per_trade_percent");
    assert_eq!(decimal(&breakers["loss"]), equity * number("0.02"));
    let day = decimal(&ran["data"]["account"]["day_equity"]);
    assert_eq!(decimal(&breakers["daily_loss_reduce"]["amount"]), equity - day * number("0.97"));
    assert_eq!(breakers["losses_in_a_row_to_cooldown"], 10);

    let looked = place.json(&["status"]);
    assert_eq!(looked["data"]["tonight"]["every_stop"], told["every_stop"], "{looked:#}");
    let text = stdout(&place.tradewind(&["status"]));
    for said in [
        "tonight    if every stop is hit -",
        "no ATR, the gap is the distance to the stop: BTC/USD, ETH/USD",
        "nothing running (coins never close)   on a stop at the venue: BTC/USD, ETH/USD",
        "(risk_per_trade_percent) to: day 1.4, flatten 2.9; week 3.9; drawdown 7.",
        "in a row: cooldown 10, latch 40",
    ] {
        assert!(text.contains(said), "{said:?} is not said: {text}");
    }
}

#[test]
fn with_bars_at_hand_the_gap_is_the_average_true_range() {
    let place = Place::new();
    place.signals(&[enter("one", "BTC/USD", "80000")]);
    assert_eq!(code(&place.run()), 0);
    std::fs::create_dir(place.file("bars")).unwrap();
    // Each day from 84,000 up to 85,000 and down to 83,500, closing where it began: a true range of 1,500.
    let today = now().date_naive();
    let row = |back: i64| format!("{},84000,85000,83500,84000,1\n", today - TimeDelta::days(back));
    let rows = |days: i64| (1..=days).rev().map(row).collect::<String>();
    let words = ["status", "--set", "data.crypto=bars:bars"];
    let bars = |days: i64| {
        place.write("bars/BTC-USD.csv", &format!("date,open,high,low,close,volume\n{}", rows(days)));
        place.json(&words)["data"]["tonight"].clone()
    };
    let told = bars(20);
    let carried = &told["carried"][0];
    assert_eq!(
        (carried["gap_is"].as_str(), decimal(&carried["atr"])),
        (Some("atr"), number("1500")),
        "{told:#}"
    );
    let more = decimal(&carried["loss_with_gap"]) - decimal(&carried["loss"]);
    assert_eq!(more, decimal(&carried["quantity"]) * number("1500"));
    assert!(!stdout(&place.tradewind(&words)).contains("no ATR"));
    let few = bars(14);
    assert_eq!(few["carried"][0]["gap_is"], "distance", "fourteen ranges take fifteen days: {few:#}");
    // A row that cannot be read hides its prices and stops nobody who looks.
    place.write("bars/BTC-USD.csv", "date,open,high,low,close,volume\nnonsense\n");
    let told = &place.json(&words)["data"]["tonight"];
    assert_eq!((&told["carried"][0]["from_is"], &told["carried"][0]["atr"]), (&json!("entry"), &Value::Null));
    let text = stdout(&place.tradewind(&words));
    assert!(text.contains("no price at hand, so from the entry price: BTC/USD"), "{text}");
}

#[test]
fn what_has_no_stop_counts_whole_and_nothing_held_is_said() {
    let place = Place::new();
    place.signals(&[]);
    let ran = place.run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    assert!(
        stdout(&ran).contains("tonight    nothing is held and no entry is under way"),
        "{}",
        stdout(&ran)
    );
    let other = json!({
        "cash": "1000",
        "positions": [{ "symbol": "ETH/USD", "side": "long", "quantity": "0.5", "entry_price": "2900" }],
    });
    place.write("old.json", &other.to_string());
    let place = {
        let fresh = Place::new();
        fresh.write("old.json", &other.to_string());
        fresh
    };
    let taken = place.tradewind(&["state", "import", "old.json", "--reason", "moved"]);
    assert_eq!(code(&taken), 0, "{}{}", stdout(&taken), stderr(&taken));
    let told = place.json(&["status"])["data"]["tonight"].clone();
    // Half an ether at the bid of 2,990.
    assert_eq!(decimal(&told["every_stop"]["loss"]), number("1495"), "{told:#}");
    assert_eq!(
        (&told["carried"][0]["gap_is"], &told["carried"][0]["alone"]),
        (&json!("whole"), &json!("nothing"))
    );
    let text = stdout(&place.tradewind(&["status"]));
    assert!(text.contains("no stop, so its whole value counts, 1,495.00 in all: ETH/USD"), "{text}");
    assert!(text.contains("on nothing: ETH/USD"), "{text}");
}

#[test]
fn before_the_first_reading_of_the_account_nothing_is_made_up() {
    let place = Place::new();
    place.signals(&[]);
    assert_eq!(code(&place.run()), 0);
    let told = place.json(&["status", "--at", "2020-01-01T00:00:00Z"])["data"]["tonight"].clone();
    let breakers = &told["breakers"];
    assert_eq!((&told["equity"], &breakers["loss"]), (&Value::Null, &Value::Null), "{told:#}");
    assert_eq!(breakers["daily_loss_reduce"], json!({ "amount": null, "losses": null }));
    let text = stdout(&place.tradewind(&["status", "--at", "2020-01-01T00:00:00Z"]));
    assert!(text.contains("day not known, flatten not known; week not known; drawdown not known"), "{text}");
}

#[test]
fn ten_losing_trades_are_what_a_loss_is_counted_by() {
    let place = Place::new();
    // Each round of another size, or it would be taken for the one before.
    let pass = |n: usize, words: &[&str]| {
        let size = format!("sizing.notional={n}00");
        let set = ["run", "--set", &size, "--set", "limits.entries_again_max=20"];
        let ran = place.tradewind(&[&set, words].concat());
        assert!([0, 3].contains(&code(&ran)), "{}{}", stdout(&ran), stderr(&ran));
    };
    for n in 1..=4 {
        let id = |symbol: &str| format!("{symbol}-{n}");
        let entries = [("BTC/USD", "80000"), ("ETH/USD", "2800"), ("SOL/USD", "130")];
        place.signals(&entries.map(|(symbol, stop)| enter(&id(symbol), symbol, stop)));
        place.prices();
        pass(n, &["--signals", "signals.json"]);
        let breakers = place.json(&["status"])["data"]["tonight"]["breakers"].clone();
        assert_eq!(breakers["loss_is"], "limits.risk_per_trade_percent", "{n}: nine are too few");
        place.fallen_prices();
        pass(n, &[]);
    }
    let trades = place.data(&["trades", "--all"]);
    let lost: Decimal = trades.iter().map(|trade| -decimal(&trade["net"])).sum();
    assert_eq!(trades.len(), 12);
    let breakers = place.json(&["status"])["data"]["tonight"]["breakers"].clone();
    assert_eq!((&breakers["loss_is"], &breakers["losing_trades"]), (&json!("average"), &json!(12)));
    assert!((decimal(&breakers["loss"]) * Decimal::from(12) - lost).abs() < number("0.0001"), "{breakers:#}");
    // The cooldown began with the tenth; the next one begins with the twentieth.
    let left = (&breakers["losses_in_a_row_to_cooldown"], &breakers["losses_in_a_row_to_latch"]);
    assert_eq!(left, (&json!(8), &json!(28)), "{breakers:#}");
    let room = decimal(&breakers["daily_loss_reduce"]["amount"]);
    let count = (room / decimal(&breakers["loss"])).trunc_with_scale(1);
    assert_eq!(decimal(&breakers["daily_loss_reduce"]["losses"]), count, "{breakers:#}");
    assert!(stdout(&place.tradewind(&["status"])).contains("(average of 12 losing trades) to: day "));
}

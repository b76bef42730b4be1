//! What no trade makes: it happens at the simulator, and is told by the adapter as what it is.

use broker_api::{Broker as _, VenueEvent};
use broker_sim::alpaca::Quirks;
use broker_sim::core::NonTrade;
use serde_json::{Value, json};

use super::{ENTRY, Scene, buy, line, of};

fn happens(scene: &Scene, what: Value) {
    let what: NonTrade = serde_json::from_value(what).expect("something");
    scene.control.non_trade(&what).expect("it happens");
}

/// An account that holds ten of AAPL, and what happened to it, by another process.
async fn told(change: impl FnOnce(&mut Quirks), what: &[Value]) -> (Vec<String>, Vec<String>) {
    let mut scene = Scene::new(change).await;
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    let place = scene.activity(scene.began).await.cursor;
    for what in what {
        happens(&scene, what.clone());
    }
    scene.restart();
    let events = scene.activity(place).await.events;
    let of_entry = |event: &&VenueEvent| matches!(event, VenueEvent::NonTrade(_));
    (events.iter().filter(of_entry).map(line).collect(), scene.held().await)
}

#[tokio::test]
async fn money_that_comes_and_goes_is_told_by_its_kind() {
    let what = [
        json!({"dividend": {"symbol": "AAPL", "per_share": "0.26"}}),
        json!({"interest": {"amount": "-1.5"}}),
        json!({"fee": {"amount": "0.02", "kind": "REG"}}),
        json!({"cash": {"amount": "1000"}}),
        json!({"cash": {"amount": "-250.5"}}),
    ];
    let (lines, _) = told(|_| {}, &what).await;
    let expected = [
        "dividend AAPL 0 2.6 USD",
        "financing - 0 -1.5 USD",
        "late fee - 0 -0.02 USD",
        "transfer - 0 1000 USD",
        "transfer - 0 -250.5 USD",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn units_that_come_and_go_are_told_by_their_kind() {
    let what = [
        json!({"units": {"symbol": "AAPL", "qty": "5", "price": "80"}}),
        json!({"units": {"symbol": "AAPL", "qty": "-9"}}),
        json!({"stock_dividend": {"symbol": "AAPL", "qty": "2"}}),
    ];
    let (lines, held) = told(|_| {}, &what).await;
    let expected =
        ["transfer of units AAPL 5 0 USD", "transfer of units AAPL -9 0 USD", "dividend AAPL 2 0 USD"];
    assert_eq!(lines, expected);
    assert_eq!(held, ["AAPL 8 at 120"]);
}

#[tokio::test]
async fn a_split_is_the_same_however_alpaca_writes_it() {
    for split_as_pair in [false, true] {
        for activities_tell_creation in [true, false] {
            let quirks = |quirks: &mut Quirks| {
                (quirks.split_as_pair, quirks.activities_tell_creation) =
                    (split_as_pair, activities_tell_creation);
            };
            let forward = json!({"split": {"symbol": "AAPL", "old": "1", "new": "4"}});
            let (lines, held) = told(quirks, &[forward]).await;
            assert_eq!(
                (lines, held),
                (vec!["split AAPL 30 0 USD".to_owned()], vec!["AAPL 40 at 50".to_owned()])
            );
            let reverse = json!({"split": {"symbol": "AAPL", "old": "4", "new": "1"}});
            let (lines, held) = told(quirks, &[reverse]).await;
            assert_eq!(
                (lines, held),
                (vec!["split AAPL -8 400 USD".to_owned()], vec!["AAPL 2 at 800".to_owned()])
            );
        }
    }
}

#[tokio::test]
async fn a_symbol_becomes_another() {
    let rename = json!({"rename": {"symbol": "AAPL", "becomes": "MSFT"}});
    let (lines, held) = told(|_| {}, &[rename]).await;
    assert_eq!(lines, ["change of symbol AAPL into MSFT 0 0 USD"]);
    assert_eq!(held, ["MSFT 10 at 200"]);
}

#[tokio::test]
async fn a_fee_in_kind_is_told_when_its_day_is_over() {
    let mut scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "BTC/USD", "0.1")).await;
    let place = scene.activity(scene.began).await.cursor;
    scene.control.set_time(of("2026-11-21T00:00:01Z")).expect("a time");
    scene.restart();
    let lines: Vec<String> = scene.activity(place).await.events.iter().map(line).collect();
    assert!(lines.contains(&"fee in kind BTC/USD -0.00025 0 USD".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn entries_are_read_once_a_minute_and_a_week_later_no_more() {
    let scene = Scene::new(|_| {}).await;
    happens(&scene, json!({"cash": {"amount": "1000"}}));
    assert_eq!(scene.lines().await, Vec::<String>::new(), "it was read a moment ago");
    scene.pass(60);
    let read = scene.activity(scene.began).await;
    assert_eq!(read.events.len(), 1);
    scene.pass(60);
    assert_eq!(scene.activity(read.cursor).await.events, read.events, "told again under its name");
    scene.pass(8 * 86_400);
    happens(&scene, json!({"cash": {"amount": "5"}}));
    let later = scene.activity(read.cursor).await;
    assert_eq!(later.events.len(), 2);
    scene.pass(60);
    assert_eq!(
        scene.activity(later.cursor).await.events.len(),
        1,
        "the first is more than a week before the second"
    );
    let all = scene.alpaca.activity_since(None).await.expect("a log");
    assert_eq!(all.events.len(), 2, "the beginning has all, at any time");
}

//! Facts of the wire that nobody has verified: whichever way they are, the adapter tells the same.

use std::collections::BTreeSet;

use broker_api::intent::Limit;
use broker_api::{
    Broker as _, CancelOutcome, End, Finding, Intent, OrderKind, Protection, Purpose, Side, SubmitOutcome,
    TimeInForce, VenueEvent,
};
use broker_sim::alpaca::{Asset, InitialStatus, Quirks};
use chrono::TimeDelta;
use serde_json::Value;

use super::{ENTRY, Scene, buy, key, name, of};

type Change = fn(&mut Quirks);

/// One fact, as it is not usually.
const FACTS: &[(&str, Change)] = &[
    ("text_frames", |quirks| quirks.text_frames = true),
    ("route_after", |quirks| quirks.route_after = TimeDelta::milliseconds(700)),
    ("cancel_after", |quirks| quirks.cancel_after = TimeDelta::milliseconds(700)),
    ("accepted_event", |quirks| quirks.accepted_event = false),
    ("leg_events", |quirks| quirks.leg_events = true),
    ("held_can_be_replaced", |quirks| quirks.held_can_be_replaced = false),
    ("replace_ignores_fills", |quirks| quirks.replace_ignores_fills = true),
    ("notional_beyond_market", |quirks| quirks.notional_beyond_market = true),
    ("notional_places", |quirks| quirks.notional_places = 9),
    ("duplicate_status", |quirks| quirks.duplicate_status = 409),
    ("ids_come_back", |quirks| quirks.ids_come_back = true),
    ("wash_trade_status", |quirks| quirks.wash_trade_status = 422),
    ("retry_after", |quirks| quirks.retry_after = true),
    ("fill_id_is_execution_id", |quirks| quirks.fill_id_is_execution_id = true),
    ("sell_short_side", |quirks| quirks.sell_short_side = true),
    ("shuffled_activities", |quirks| quirks.shuffled_activities = true),
    ("fills_after", |quirks| quirks.fills_after = TimeDelta::milliseconds(700)),
    ("page_edge_misses", |quirks| quirks.page_edge_misses = true),
    ("activities_tell_creation", |quirks| quirks.activities_tell_creation = false),
    ("coin_sales_have_least", |quirks| quirks.coin_sales_have_least = false),
    ("immediate_rest_expires", |quirks| quirks.immediate_rest_expires = true),
    ("one_stream", |quirks| quirks.one_stream = false),
    ("legacy", |quirks| quirks.legacy = true),
    ("easy_to_borrow", |quirks| quirks.easy_to_borrow = false),
    ("quotes_age", |quirks| quirks.quotes_age = true),
    ("fraction_gtc", |quirks| quirks.fraction_gtc = true),
    ("htb_short", |quirks| quirks.htb_short = true),
    ("initial_status accepted", |quirks| quirks.initial_status = InitialStatus::Accepted),
    ("initial_status new", |quirks| quirks.initial_status = InitialStatus::New),
    ("group_ids", |quirks| quirks.group_ids = false),
    ("unknown_asset_status", |quirks| quirks.unknown_asset_status = 404),
    ("bare_429", |quirks| quirks.bare_429 = true),
    ("checks_backwards", |quirks| quirks.checks_backwards = true),
    ("fraction_extended", |quirks| quirks.fraction_extended = false),
    ("elite_only", |quirks| quirks.elite_only = true),
    ("plain_ids", |quirks| quirks.plain_ids = true),
    ("price_away_percent", |quirks| quirks.price_away_percent = 20),
    ("brief_not_found", |quirks| quirks.brief_not_found = true),
    ("bare_404", |quirks| quirks.bare_404 = true),
    ("bare_401", |quirks| quirks.bare_401 = true),
    ("event_ids", |quirks| quirks.event_ids = false),
];

/// The name of an order, by its number.
fn numbered(number: u32) -> String {
    let letters: String =
        format!("{number:020}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
    format!("tw1{letters}-e1")
}

fn at(price: &str) -> OrderKind {
    OrderKind::Limit(Limit { limit: of(price) })
}

/// A bracket whose target fills, an order that is cancelled, a short sale that is bought back: all that is told of them.
async fn story(change: Change) -> Vec<String> {
    let scene = Scene::new(change).await;
    let plan = Protection { stop: Some(of("180")), target: Some(of("220")), trail: None };
    let mut told = Vec::new();
    scene.take(&Intent { bracket: true, plan, ..buy(ENTRY, "AAPL", "10") }).await;
    scene.pass(2);
    let mut open: Vec<String> = scene
        .alpaca
        .open_orders()
        .await
        .expect("live orders")
        .iter()
        .map(|order| {
            format!(
                "live {:?} of {:?}: {} {} {:?}",
                order.id, order.parent, order.side, order.qty, order.kind
            )
        })
        .collect();
    open.sort();
    told.append(&mut open);
    scene.price("AAPL", "221");
    scene.pass(2);
    let (rests, short, cover) = (numbered(1), numbered(2), numbered(3));
    let resting = buy(&rests, "MSFT", "5");
    scene.take(&Intent { order: at("390"), tif: TimeInForce::Gtc, ..resting }).await;
    scene.pass(2);
    assert_eq!(scene.alpaca.cancel(name(&rests)).await, CancelOutcome::Accepted);
    scene.pass(2);
    scene.take(&Intent { side: Side::Sell, ..buy(&short, "MSFT", "2") }).await;
    scene.pass(2);
    told.extend(scene.held().await);
    scene.take(&Intent { purpose: Purpose::Exit, ..buy(&cover, "MSFT", "2") }).await;
    scene.pass(2);
    for id in [ENTRY, &rests, &short, &cover] {
        let Ok(Finding::Found { order }) = scene.alpaca.find(name(id), scene.began, scene.sent()).await
        else {
            panic!("{id} is not found")
        };
        told.push(format!("{id} {:?} {}", order.end, order.filled));
    }
    assert_eq!(scene.held().await, Vec::<String>::new());
    // Which of two ends of one moment is told first is nobody's concern.
    let mut lines = scene.lines().await;
    lines.sort();
    told.extend(lines);
    told
}

#[tokio::test]
async fn whichever_way_a_fact_is_the_same_is_told() {
    let usual = story(|_| {}).await;
    assert_eq!(usual.len(), 13, "{usual:#?}");
    for (fact, change) in FACTS {
        assert_ne!(
            Quirks::default(),
            {
                let mut quirks = Quirks::default();
                change(&mut quirks);
                quirks
            },
            "{fact}"
        );
        assert_eq!(story(*change).await, usual, "{fact}");
    }
}

#[tokio::test]
async fn no_execution_is_missing_between_pages() {
    for page_edge_misses in [false, true] {
        let scene = Scene::new(|quirks| quirks.page_edge_misses = page_edge_misses).await;
        let mut sent = BTreeSet::new();
        for number in 0..130 {
            let order = buy(&numbered(number), "AAPL", "1");
            scene.take(&order).await;
            sent.insert(order.id);
        }
        let (mut told, mut cursor) = (BTreeSet::new(), scene.began);
        for _ in 0..60 {
            let read = scene.activity(cursor).await;
            told.extend(read.events.iter().filter_map(|event| match event {
                VenueEvent::Filled(fill) => Some(fill.order),
                _ => None,
            }));
            cursor = read.cursor;
            if read.complete && told.len() == sent.len() {
                break;
            }
            scene.pass(1);
        }
        let missing: Vec<_> = sent.difference(&told).collect();
        assert!(missing.is_empty(), "{page_edge_misses}: {missing:?}");
        // A page of a hundred had one less, and nobody said so.
        let is_short = |line: &Value| {
            line["kind"] == "answer" && line["body"].as_array().is_some_and(|rows| rows.len() == 99)
        };
        assert_eq!(scene.control.wire().iter().any(is_short), page_edge_misses);
    }
}

#[tokio::test]
async fn a_name_that_comes_back_is_found_before_it_is_sent_again() {
    for ids_come_back in [false, true] {
        let scene = Scene::new(|quirks| quirks.ids_come_back = ids_come_back).await;
        let lost = r#"{"request":{"method":"POST","path":"/v2/orders","do":"lost_reply"}}"#;
        scene.control.fault_lines(lost).expect("a rule");
        let order = buy(ENTRY, "AAPL", "10");
        let answer = scene.alpaca.submit(&order, scene.began).await;
        assert!(matches!(answer, SubmitOutcome::Unknown { .. }), "{answer:?}");
        let found = scene.alpaca.find(order.id, scene.began, scene.sent()).await;
        assert!(
            matches!(&found, Ok(Finding::Found { order }) if order.end == Some(End::Filled)),
            "so nobody sends it again: {found:?}"
        );
        // Of a live one there is no second, either way.
        let rests = Intent { order: at("150"), tif: TimeInForce::Gtc, ..buy(&numbered(1), "AAPL", "1") };
        scene.take(&rests).await;
        let again = scene.alpaca.submit(&rests, scene.began).await;
        assert!(matches!(again, SubmitOutcome::Duplicate { .. }), "{again:?}");
        // Of one that is over there is, which is why it is looked for first.
        let again = scene.alpaca.submit(&order, scene.began).await;
        assert_eq!(matches!(again, SubmitOutcome::Accepted { .. }), ids_come_back, "{again:?}");
    }
}

#[tokio::test]
async fn what_is_hard_to_borrow_is_not_sold_short_either_way() {
    for htb_short in [false, true] {
        let scene = Scene::with(|settings| {
            settings.quirks.htb_short = htb_short;
            settings.assets = vec![Asset { hard_to_borrow: true, ..Asset::usual("AAPL") }];
        })
        .await;
        let rules = scene.alpaca.instrument(of("AAPL")).await.expect("an answer").expect("rules");
        assert!(!rules.shortable && rules.key == key("AAPL"), "{rules:?}");
        assert!(scene.alpaca.instrument(of("MSFT")).await.expect("an answer").expect("rules").shortable);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_whatever_words() {
    let changes: [Change; 3] = [
        |_| {},
        |quirks| quirks.brief_not_found = true,
        |quirks| (quirks.brief_not_found, quirks.bare_404) = (true, true),
    ];
    for change in changes {
        let scene = Scene::new(change).await;
        let found = scene.alpaca.find(name(ENTRY), scene.began, scene.sent()).await;
        assert!(matches!(found, Ok(Finding::Absent { .. })), "{found:?}");
        let answer = scene.alpaca.cancel(name(ENTRY)).await;
        assert!(matches!(answer, CancelOutcome::NotSent { .. }), "{answer:?}");
        assert_eq!(scene.alpaca.close(key("AAPL")).await, CancelOutcome::TooLate);
        assert_eq!(scene.alpaca.instrument(of("NONE")).await, Ok(None));
    }
}

#[tokio::test]
async fn a_rule_that_nobody_has_met_is_a_refusal_that_is_in_no_table() {
    let immediate = Intent { order: at("190"), tif: TimeInForce::Ioc, ..buy(ENTRY, "AAPL", "1") };
    let far = Intent { order: at("150"), ..buy(ENTRY, "AAPL", "1") };
    let rules: [(Change, Intent); 2] =
        [(|quirks| quirks.elite_only = true, immediate), (|quirks| quirks.price_away_percent = 20, far)];
    for (change, order) in rules {
        let usual = Scene::new(|_| {}).await;
        usual.take(&order).await;
        let scene = Scene::new(change).await;
        let answer = scene.alpaca.submit(&order, scene.began).await;
        // The desk asks for it before it believes that.
        assert!(matches!(answer, SubmitOutcome::RefusedUnlisted { .. }), "{answer:?}");
        let found = scene.alpaca.find(order.id, scene.began, scene.sent()).await;
        assert!(matches!(found, Ok(Finding::Absent { .. })), "{found:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_mute_from_the_beginning_is_left_for_another_and_loses_nothing() {
    let scene = Scene::new(|_| {}).await;
    scene.control.fault_lines(r#"{"stream":{"event":"listening","do":"mute"}}"#).expect("a rule");
    let soon = std::time::Duration::from_millis(500);
    let hint = async |within| tokio::time::timeout(within, scene.alpaca.hint()).await.is_ok();
    assert!(!hint(soon).await, "nothing was acknowledged");
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    assert!(!hint(soon).await, "it says nothing");
    assert_eq!(scene.lines().await, [format!("buy 10 200 of {ENTRY}")], "the log does");
    assert!(hint(std::time::Duration::from_secs(30)).await, "another one is connected");
    while hint(soon).await {}
    scene.take(&buy(&numbered(1), "AAPL", "1")).await;
    assert!(hint(std::time::Duration::from_secs(5)).await, "and that one speaks");
}

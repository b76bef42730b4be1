//! A practice account, played by the simulator: its cases, the questions that it is asked, and the profile of the answers.

use std::sync::Arc;

use broker_alpaca::{Config, Credentials};
use broker_api::conformance::{Came, all, play};
use broker_api::{Mode, Time};
use broker_sim::alpaca::{Alpaca, Asset, InitialStatus, Quirks, Running, Settings, Transcript};
use chrono::TimeDelta;
use cli::conformance::{Access, Practice, Unfit, probe, profile, throttle};
use serde_json::{Value, json};

use super::wait;

fn settings(quirks: Quirks) -> Settings {
    let begin: Time = "2026-11-20T15:00:00Z".parse().expect("a time");
    // Few enough that they can be used up, and more than the cases need.
    Settings { rate_limit: 1_000, quirks, ..Settings::stepped(begin) }
}

fn usual() -> Quirks {
    settings(Quirks::default()).quirks
}

fn access(running: &Running) -> Access {
    let credentials = Credentials::key("PKSECRETKEY".to_owned(), "SECRETSECRET".to_owned()).expect("a key");
    let config =
        Config::new("alpaca".parse().expect("a name"), Mode::Practice, credentials).expect("a config");
    let config = config.with_base_url(&running.url()).and_then(|config| config.with_data_url(&running.url()));
    let (told, stepped) = (running.control(), running.control());
    Access {
        config: config.expect("a config"),
        wrong: None,
        clock: Arc::new(move || told.now()),
        pause: Arc::new(move |time| {
            stepped.step(time).expect("a step");
            Box::pin(std::future::ready(()))
        }),
    }
}

async fn open(running: &Running) -> Result<Practice, Unfit> {
    Practice::open(access(running), "AAPL".parse().expect("a symbol")).await
}

/// Asks a simulator with these quirks everything; gives the profile, and what went over the wire.
async fn asked(quirks: Quirks) -> (Value, String) {
    let running = Alpaca::start(settings(quirks)).await.expect("a simulator");
    let account = open(&running).await.expect("an account");
    let (mut answers, last) = (probe(&account).await, throttle(&account).await);
    for answer in &mut answers {
        let new = last.iter().find(|new| new.question == answer.question);
        *answer = new.cloned().unwrap_or_else(|| answer.clone());
    }
    let truth = running.control().truth();
    assert_eq!(truth["positions"], json!([]), "something is still held");
    let profile = profile(&account, "loopback", &answers);
    let secrets = [truth["account_id"].as_str(), truth["account_number"].as_str(), Some("SECRET")];
    let lines = account.tape().lines();
    for secret in secrets {
        let secret = secret.expect("the simulator tells it");
        assert!(!lines.contains(secret) && !profile.to_string().contains(secret), "{secret} is told");
    }
    (profile, lines)
}

#[test]
fn what_needs_no_power_over_the_market_passes_and_leaves_nothing() {
    wait(async {
        let running = Alpaca::start(settings(usual())).await.expect("a simulator");
        let account = open(&running).await.expect("an account");
        let played = play(&all(), async || account.stage().await, |_| {}).await;
        let of = |came: Came| played.iter().filter(|row| row.came == came).collect::<Vec<_>>();
        assert!(of(Came::Failed).is_empty(), "{:#?}", of(Came::Failed));
        assert!(of(Came::Passed).len() > 40, "{:#?}", of(Came::Skipped));
        let truth = running.control().truth();
        let is_over = |order: &Value| {
            ["filled", "canceled", "expired", "rejected"].iter().any(|status| order["status"] == *status)
        };
        assert_eq!(truth["positions"], json!([]));
        let orders = truth["orders"].as_array().expect("orders");
        assert!(orders.iter().all(is_over), "{orders:#?}");
        let large = |order: &&Value| order["qty"].as_str().is_some_and(|qty| qty.len() > 2);
        assert!(!orders.iter().any(|order| large(&order)), "no order has more than a few units");
    });
}

#[test]
fn an_account_that_holds_the_instrument_is_not_played_on() {
    wait(async {
        let running = Alpaca::start(settings(usual())).await.expect("a simulator");
        let bought = running.control().trade("AAPL", broker_api::Side::Buy, 3.into());
        bought.expect("a trade");
        let refused = open(&running).await.err().expect("it is refused");
        assert_eq!(refused, Unfit::InTheWay("the account holds 3 AAPL".to_owned()));
        let live = Alpaca::start(settings(Quirks { live: true, ..usual() })).await.expect("a simulator");
        let Err(Unfit::Unheard(why)) = open(&live).await else { panic!("a live account is refused") };
        assert!(why.contains("is a LIVE one"), "{why}");
        assert_eq!(live.control().truth()["orders"], json!([]));
    });
}

/// What a profile cannot know stays as it is; what it knows is as it was set.
#[test]
fn a_profile_finds_the_quirks_and_a_simulator_with_it_has_them() {
    let set = Quirks {
        text_frames: true,
        route_after: TimeDelta::milliseconds(700),
        cancel_after: TimeDelta::milliseconds(1_200),
        leg_events: true,
        held_can_be_replaced: false,
        notional_beyond_market: true,
        notional_places: 9,
        duplicate_status: 409,
        ids_come_back: true,
        wash_trade_status: 422,
        retry_after: true,
        fill_id_is_execution_id: true,
        sell_short_side: true,
        immediate_rest_expires: true,
        one_stream: false,
        legacy: true,
        easy_to_borrow: false,
        fraction_gtc: true,
        initial_status: InitialStatus::Accepted,
        group_ids: false,
        unknown_asset_status: 404,
        bare_429: true,
        ..usual()
    };
    let late = Quirks { visible_after: TimeDelta::milliseconds(900), notional_places: 4, ..usual() };
    for (set, known) in [(set, 24), (late, 23)] {
        let (told, lines) = wait(asked(set.clone()));
        let found = Quirks::of_profile(&told.to_string()).expect("a profile");
        // How often orders fill in part is not asked.
        let found = Quirks { partial_percent: set.partial_percent, ..found };
        assert_eq!(found, set, "{told:#}");
        let quirks = told["quirks"].as_object().expect("quirks");
        assert!(quirks.len() >= known, "only {} are known: {told:#}", quirks.len());
        shows(&lines, &set);
        assert!(lines.lines().count() > 30 && lines.contains("\"frame\":"), "{lines}");
        let (again, _) = wait(asked(found));
        assert_eq!(again["quirks"], told["quirks"]);
    }
}

/// The transcript shows what single answers have, and a simulator that is told so serves the same asset.
fn shows(lines: &str, set: &Quirks) {
    let read = Transcript::read(lines).expect("a transcript");
    let seen = |quirks: &Quirks| {
        let Quirks { text_frames, legacy, easy_to_borrow, sell_short_side, fraction_gtc, .. } = *quirks;
        let Quirks { duplicate_status, wash_trade_status, unknown_asset_status, bare_429, .. } = *quirks;
        let Quirks { initial_status, group_ids, notional_beyond_market, .. } = *quirks;
        let flags = [text_frames, legacy, easy_to_borrow, sell_short_side, fraction_gtc, bare_429, group_ids];
        (
            flags,
            notional_beyond_market,
            duplicate_status,
            wash_trade_status,
            unknown_asset_status,
            initial_status,
        )
    };
    assert_eq!(seen(&read.quirks), seen(set));
    assert_eq!(read.assets, [Asset::usual("AAPL")]);
    assert!(read.prices.iter().any(|(symbol, price)| symbol == "AAPL" && !price.is_zero()), "{read:?}");
}

#[test]
fn what_cannot_be_taken_away_is_told() {
    let (told, _) = wait(asked(Quirks { cancels_stick: true, ..usual() }));
    assert_eq!(told["quirks"]["cancels_stick"], json!(true), "{told:#}");
    let last = told["answers"].as_array().and_then(|rows| rows.last()).expect("answers");
    let words = last["answer"].as_str().expect("words");
    assert!(words.starts_with("NO: ") && words.contains("still live: twp-"), "{last}");
}

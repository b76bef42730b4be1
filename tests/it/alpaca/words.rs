//! Orders in Alpaca's own words, for who places them himself; and what the account may do.

use broker_alpaca::{NewOrder, OrderType, StopLoss};
use broker_api::intent::{Limit, Stop, StopLimit};
use broker_api::{
    Broker as _, CancelOutcome, Intent, OpenOrder, OrderKind, Protection, Purpose, Side, SubmitOutcome,
    TimeInForce,
};

use super::{ENTRY, Scene, buy, name, of};

const EXIT: &str = "tw1aaaaaaaaaaaaaaaaaaaa-x1";

async fn place(scene: &Scene, order: &NewOrder) {
    let answer = scene.alpaca.place(order, true).await;
    assert!(matches!(answer, SubmitOutcome::Accepted { .. }), "{answer:?}");
}

/// A sale of the ten that are held.
fn sale(order: OrderKind) -> NewOrder {
    let intent = Intent {
        purpose: Purpose::Exit,
        side: Side::Sell,
        tif: TimeInForce::Gtc,
        order,
        ..buy(EXIT, "AAPL", "10")
    };
    NewOrder::from_intent(&intent).expect("an order")
}

/// A target and a stop for them, of which one ends the other.
fn pair() -> NewOrder {
    let stop = StopLoss { stop_price: of("190"), limit_price: None };
    sale(OrderKind::Limit(Limit { limit: of("220") })).or_stop(stop).expect("a pair")
}

async fn open(scene: &Scene) -> Vec<OpenOrder> {
    let mut open = scene.alpaca.open_orders().await.expect("live orders");
    open.sort_by_key(|order| order.id);
    open
}

#[tokio::test]
async fn a_pair_that_closes_has_a_stop_named_after_its_target_and_one_ends_the_other() {
    let leg = format!("{EXIT}-s");
    for (price, filled, ended) in [("221", EXIT, leg.as_str()), ("189", leg.as_str(), EXIT)] {
        let mut scene = Scene::new(|_| {}).await;
        scene.take(&buy(ENTRY, "AAPL", "10")).await;
        place(&scene, &pair()).await;
        scene.restart();
        let names: Vec<_> = open(&scene).await.iter().map(|order| (order.id, order.parent)).collect();
        assert_eq!(names, [(Some(name(EXIT)), None), (Some(name(&leg)), Some(name(EXIT)))]);
        scene.price("AAPL", price);
        let expected = [
            format!("buy 10 200 of {ENTRY}"),
            format!("sell 10 {price} of {filled}"),
            format!("{ended} canceled"),
        ];
        assert_eq!(scene.lines().await, expected);
        assert_eq!(scene.held().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_stop_of_a_pair_is_cancelled_by_its_name_and_its_target_with_it() {
    let mut scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    place(&scene, &pair()).await;
    scene.restart();
    assert_eq!(scene.alpaca.cancel(name(&format!("{EXIT}-s"))).await, CancelOutcome::Accepted);
    assert_eq!(open(&scene).await, []);
    assert_eq!(scene.held().await, ["AAPL 10 at 200"]);
}

#[tokio::test]
async fn a_pair_for_what_is_not_held_is_refused() {
    let scene = Scene::new(|_| {}).await;
    let answer = scene.alpaca.place(&pair(), true).await;
    let is_refused = matches!(answer, SubmitOutcome::Refused { .. } | SubmitOutcome::RefusedUnlisted { .. });
    assert!(is_refused, "{answer:?}");
    assert_eq!(open(&scene).await, []);
}

#[tokio::test]
async fn the_stop_of_a_bracket_may_have_a_limit() {
    let scene = Scene::new(|_| {}).await;
    let plan = Protection { stop: Some(of("190")), target: Some(of("220")), trail: None };
    let entry = Intent { tif: TimeInForce::Gtc, bracket: true, plan, ..buy(ENTRY, "AAPL", "10") };
    let entry = NewOrder::from_intent(&entry).expect("a bracket");
    let stop_loss = StopLoss { stop_price: of("190"), limit_price: Some(of("189.5")) };
    place(&scene, &NewOrder { stop_loss: Some(stop_loss), ..entry }).await;
    let kinds: Vec<_> = open(&scene).await.iter().map(|order| order.kind).collect();
    let stop = OrderKind::StopLimit(StopLimit { trigger: of("190"), limit: of("189.5") });
    assert_eq!(kinds, [Some(stop), Some(OrderKind::Limit(Limit { limit: of("220") }))]);
}

#[tokio::test]
async fn a_stop_that_trails_by_a_share_follows_the_price() {
    let scene = Scene::new(|_| {}).await;
    scene.take(&buy(ENTRY, "AAPL", "10")).await;
    let kind = OrderType::TrailingShare { trail_percent: of("5") };
    place(&scene, &NewOrder { kind, ..sale(OrderKind::Stop(Stop { trigger: of("1") })) }).await;
    // Five percent below 220 are 209.
    scene.price("AAPL", "220");
    scene.price("AAPL", "209.5");
    assert_eq!(scene.held().await, ["AAPL 10 at 200"]);
    scene.price("AAPL", "208.9");
    assert_eq!(scene.lines().await, [format!("buy 10 200 of {ENTRY}"), format!("sell 10 208.9 of {EXIT}")]);
}

#[tokio::test]
async fn a_small_account_sells_nothing_short_and_pays_coins_out_of_its_cash() {
    for (cash, shorts, power, for_coins) in
        [("1000", false, "1000", "1000"), ("10000", true, "40000", "10000")]
    {
        let scene = Scene::with(|settings| settings.cash = of(cash)).await;
        let rules = scene.alpaca.instrument(of("AAPL")).await.expect("an answer").expect("its rules");
        assert_eq!(rules.shortable, shorts);
        let account = scene.alpaca.account().await.expect("an account");
        assert_eq!(account.buying_power, of(power));
        assert_eq!(account.coin_power, Some(of(for_coins)));
        // More than is there for coins, and less than is there for stocks, is refused with Alpaca's word.
        let coins = buy(ENTRY, "BTC/USD", if shorts { "0.2" } else { "0.02" });
        let answer = scene.alpaca.submit(&coins, scene.began).await;
        assert!(
            matches!(&answer, SubmitOutcome::Refused { code, .. } if code.as_str().starts_with("insufficient")),
            "{answer:?}"
        );
    }
}

//! `adjust` at a venue that is slow, silent or half done: what guards a position is moved once, one leg at a time, and
//! never while it is being closed.

use broker_api::{Code, Ending, Price, Purpose, Qty};

use super::{Act, Held, Play, Step, friendly, step};
use crate::world::{key, of};

/// Moves the stop and the target; 0 leaves one where it is.
fn adjust(play: &mut Play, stop: u8, target: u8, fate: u8) -> Held {
    play.step(&step(0, Act::Adjust { symbol: 0, stop, target }, fate))
}

/// A position in AAPL of which the venue executed so much of the entry as the fate says, with both legs resting.
fn held(fate: u8) -> Result<Play, proptest::test_runner::TestCaseError> {
    let mut play = friendly(5);
    let enter = Act::Enter { symbol: 0, is_long: true, stop: 10, target: 10, lives: 600 };
    play.step(&Step { is_fresh: true, ..step(0, enter, fate) })?;
    play.step(&step(0, Act::Read { again: 0, most: 4 }, 0))?;
    Ok(play)
}

/// How the last signal ended.
fn ended(play: &Play) -> Option<(Ending, Option<Code>)> {
    let last = play.signals.last()?.id;
    let ended = play.rig.book().signal(last)?.ended.as_ref()?;
    Some((ended.ending, ended.reason.as_ref().map(|reason| reason.code)))
}

/// The live legs at the venue: purpose, price, and what is left of each.
fn legs(play: &Play) -> Vec<(Purpose, Price, Qty)> {
    let live = play.rig.venue.live().filter(|order| order.intent.purpose.is_protective());
    let mut legs: Vec<_> = live
        .map(|order| {
            let price = order.intent.order.prices().into_iter().flatten().next().expect("a leg has a price");
            (order.intent.purpose, price, order.intent.qty.minus_or_zero(order.filled))
        })
        .collect();
    legs.sort_by_key(|leg| leg.1);
    legs
}

fn size(play: &Play) -> Qty {
    play.rig.book().held(key("AAPL")).size()
}

#[test]
fn what_is_half_filled_is_adjusted_and_what_fills_later_is_guarded_alike() -> Held {
    let mut play = held(9)?;
    let half = size(&play);
    assert!(!half.is_zero());
    // Both, so that what the entry was planned with has no part in it any more.
    adjust(&mut play, 20, 20, 0)?;
    assert_eq!(ended(&play), Some((Ending::Adjusted, None)));
    let plan = play.rig.book().position(key("AAPL")).expect("held").plan;
    play.rig.settle()?; // the rest of the entry is executed, and both legs are made anew for all of it
    assert!(size(&play) > half);
    let of_plan = |purpose, price: Option<Price>| (purpose, price.expect("planned"), size(&play));
    assert_eq!(legs(&play), [of_plan(Purpose::Stop, plan.stop), of_plan(Purpose::Target, plan.target)]);
    assert_eq!(play.rig.book().position(key("AAPL")).expect("held").plan, plan);
    Ok(())
}

#[test]
fn the_new_leg_waits_until_the_old_one_is_certainly_gone() -> Held {
    let mut play = held(8)?;
    play.rig.settle()?;
    let before = legs(&play);
    assert_eq!(before.len(), 2);
    // The venue takes the cancel and lets the order live on for a while.
    adjust(&mut play, 5, 0, 4)?;
    assert_eq!(ended(&play), Some((Ending::Adjusted, None)));
    for _ in 0..3 {
        play.step(&step(1, Act::Timer, 4))?;
        assert_eq!(
            legs(&play),
            before,
            "the old stop guards until it is gone, and no second one lives beside it"
        );
    }
    play.rig.settle()?;
    let after = legs(&play);
    assert_eq!((after.len(), after[1]), (2, before[1]), "the target was left alone");
    assert_ne!(after[0], before[0]);
    Ok(())
}

#[test]
fn a_new_price_while_the_old_leg_is_being_cancelled_is_the_one_that_counts() -> Held {
    let mut play = held(8)?;
    play.rig.settle()?;
    adjust(&mut play, 5, 0, 4)?;
    adjust(&mut play, 7, 0, 4)?;
    assert_eq!(ended(&play), Some((Ending::Adjusted, None)));
    let wanted = play.rig.book().position(key("AAPL")).expect("held").plan.stop.expect("a stop");
    play.rig.settle()?;
    assert_eq!(legs(&play)[0].1, wanted);
    Ok(())
}

#[test]
fn the_same_again_is_recorded_and_sends_nothing() -> Held {
    let mut play = held(8)?;
    play.rig.settle()?;
    adjust(&mut play, 5, 3, 0)?;
    play.rig.settle()?;
    let (before, orders) = (legs(&play), play.rig.book().closed_orders().count());
    adjust(&mut play, 5, 3, 0)?;
    assert_eq!(ended(&play), Some((Ending::Adjusted, Some(of("unchanged")))));
    play.rig.settle()?;
    assert_eq!((legs(&play), play.rig.book().closed_orders().count()), (before, orders));
    Ok(())
}

#[test]
fn what_is_being_closed_is_not_adjusted() -> Held {
    let mut play = held(8)?;
    play.rig.settle()?;
    // The cancels of the legs get no answer, so the exit is under way for a while.
    play.step(&step(0, Act::Exit { symbol: 0 }, 7))?;
    assert!(play.rig.book().exit_wanted(key("AAPL")).is_some());
    adjust(&mut play, 5, 0, 0)?;
    assert_eq!(ended(&play), Some((Ending::Denied, Some(of("already_closing")))));
    play.rig.settle()?;
    assert!(play.rig.book().positions().len() == 0 && legs(&play).is_empty());
    Ok(())
}

#[test]
fn an_entry_that_is_not_executed_yet_has_nothing_to_adjust() -> Held {
    let mut play = held(0)?;
    assert!(play.rig.book().has_open_entry(key("AAPL")));
    adjust(&mut play, 5, 0, 0)?;
    assert_eq!(ended(&play), Some((Ending::Denied, Some(of("nothing_held")))));
    Ok(())
}

#[test]
fn new_prices_do_not_excuse_a_missing_stop_for_longer() -> Held {
    let mut play = friendly(1);
    let enter = Act::Enter { symbol: 0, is_long: true, stop: 10, target: 0, lives: 600 };
    play.step(&Step { is_fresh: true, ..step(0, enter, 8) })?;
    // The stop does not leave; each time before its bound, the strategy wants another one.
    play.step(&step(0, Act::Read { again: 0, most: 4 }, 13))?;
    for n in 0..8 {
        play.step(&step(6, Act::Timer, 13))?;
        adjust(&mut play, 11 + n, 0, 13)?;
    }
    let wanted = play.rig.book().exit_wanted(key("AAPL")).map(|exit| exit.code);
    assert_eq!(wanted, Some(of("unprotected")));
    Ok(())
}

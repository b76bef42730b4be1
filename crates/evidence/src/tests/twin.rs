//! Each layer and each cause by name, the signs of differences, and what signals that were not followed come to.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::near;
use crate::twin::regret::sums;
use crate::twin::{Came, Cause, Layer, Played, Regret, Standing, Summary, Twin};
use crate::{Side, Time};

fn at(days: i64) -> Time {
    "2026-01-05T14:30:00Z".parse::<Time>().unwrap() + TimeDelta::days(days)
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Bought 100 at 50 with 200 at risk, sold at 55 by a signal five days later.
fn traded() -> Played {
    Played {
        standing: Standing::Closed,
        ordered: Some(amount("100")),
        sized_by: Some(amount("50")),
        quantity: amount("100"),
        opened: Some(at(1)),
        entry: Some(amount("50")),
        closed: Some(at(6)),
        exit: Some(amount("55")),
        exit_by: Some("signal".into()),
        pnl: Some(amount("500")),
        r: Some(2.5),
        ..Played::nothing(Came::Ordered, at(30))
    }
}

fn denied(code: &str) -> Played {
    Played { code: Some(code.into()), ..Played::nothing(Came::Denied, at(30)) }
}

fn twin(live: Played, shadow: Played) -> Twin {
    Twin::of("one".into(), "AAPL".into(), Side::Long, at(0), [live, shadow], Decimal::ONE)
}

#[test]
fn each_layer_is_named_with_its_cause() {
    let is = |what: &str, change: &dyn Fn(&mut Played), layer, cause| {
        let mut live = traded();
        change(&mut live);
        let twin = twin(live, traded());
        assert_eq!((twin.layer, twin.cause), (layer, cause), "{what}");
    };
    let nothing = |came, code: &str| Played { code: Some(code.into()), ..Played::nothing(came, at(30)) };
    let missed = |live: &mut Played| {
        let order = Played { ordered: live.ordered, ..Played::nothing(Came::Ordered, at(30)) };
        *live = order;
    };
    is("nothing", &|_| {}, Layer::Same, None);
    is("expired", &|l| *l = nothing(Came::Expired, "expired"), Layer::Signal, Some(Cause::ExpiredHere));
    is("unseen", &|l| *l = nothing(Came::Unseen, ""), Layer::Signal, Some(Cause::UnseenHere));
    is("denied", &|l| *l = denied("open_risk"), Layer::Decision, Some(Cause::DeniedHere));
    let bigger = |qty: &'static str| move |l: &mut Played| l.ordered = Some(amount(qty));
    is("half a percent", &bigger("100.5"), Layer::Same, None);
    is("one lot", &bigger("101"), Layer::Size, Some(Cause::Rounded));
    is("equity", &bigger("120"), Layer::Size, Some(Cause::Equity));
    let elsewhere = |l: &mut Played| (l.ordered, l.sized_by) = (Some(amount("120")), Some(amount("41.7")));
    is("at another price", &elsewhere, Layer::Size, Some(Cause::SizedAt));
    let clipped = |l: &mut Played| (l.ordered, l.clipped) = (Some(amount("50")), true);
    is("clipped", &clipped, Layer::Size, Some(Cause::Clipped));
    is("missed", &missed, Layer::Fill, Some(Cause::MissedHere));
    is("late", &|l| l.opened = Some(at(2)), Layer::Fill, Some(Cause::EntryTime));
    is("slipped", &|l| l.entry = Some(amount("50.01")), Layer::Fill, Some(Cause::EntryPrice));
    is("in part", &|l| l.quantity = amount("60"), Layer::Fill, Some(Cause::Part));
    is("another end", &|l| l.exit_by = Some("stop".into()), Layer::Fill, Some(Cause::ExitBy));
    is("out late", &|l| l.closed = Some(at(7)), Layer::Fill, Some(Cause::ExitTime));
    is("out for less", &|l| l.exit = Some(amount("54")), Layer::Fill, Some(Cause::ExitPrice));
    // A second is not another time, and an end that the bars do not reach yet is not another end.
    is("a second", &|l| l.opened = Some(at(1) + TimeDelta::seconds(1)), Layer::Same, None);
    let held = |l: &mut Played| {
        (l.standing, l.closed, l.exit, l.exit_by, l.until) = (Standing::Open, None, None, None, at(6));
    };
    is("not over", &held, Layer::Same, None);
    is("held on", &|l| (held(l), l.until = at(8)).1, Layer::Fill, Some(Cause::ExitTime));
    // The other way around.
    let mirrored = |shadow: Played| twin(traded(), shadow).cause;
    assert_eq!(mirrored(denied("open_risk")), Some(Cause::DeniedThere));
    assert_eq!(mirrored(nothing(Came::Expired, "expired")), Some(Cause::ExpiredThere));
    let mut none = traded();
    missed(&mut none);
    assert_eq!(mirrored(none), Some(Cause::MissedThere));
    // What neither side followed does not part, whatever kept it back; what waits has not parted yet.
    assert_eq!(twin(denied("open_risk"), denied("positions")).layer, Layer::Same);
    assert_eq!(twin(nothing(Came::Waiting, ""), traded()).layer, Layer::Same);
    // The first layer counts.
    let mut both = traded();
    (both.ordered, both.entry) = (Some(amount("120")), Some(amount("51")));
    assert_eq!(twin(both, traded()).layer, Layer::Size);
}

#[test]
fn below_zero_is_worse_for_us() {
    let mut live = traded();
    (live.entry, live.exit) = (Some(amount("50.5")), Some(amount("54.9")));
    (live.pnl, live.r) = (Some(amount("440")), Some(2.2));
    let long = twin(live.clone(), traded()).differences;
    assert_eq!((long.entry, long.exit), (Some(amount("-0.5")), Some(amount("-0.1"))));
    assert_eq!((long.pnl, long.quantity), (Some(amount("-60")), Some(Decimal::ZERO)));
    near(long.r.unwrap(), -0.3, 1e-12);
    let sides = [live, traded()];
    let short = Twin::of("one".into(), "AAPL".into(), Side::Short, at(0), sides, Decimal::ONE).differences;
    assert_eq!((short.entry, short.exit), (Some(amount("0.5")), Some(amount("0.1"))));
    // Who did not trade made nothing; what is open is not known.
    let missed = twin(denied("open_risk"), traded()).differences;
    assert_eq!((missed.r, missed.pnl), (Some(-2.5), Some(amount("-500"))));
    let mut open = traded();
    open.standing = Standing::Open;
    assert_eq!(twin(open, traded()).differences.r, None);
}

#[test]
fn the_test_is_of_what_both_sides_traded_and_shares_are_of_all() {
    let mut slipped = traded();
    (slipped.entry, slipped.r) = (Some(amount("50.2")), Some(2.4));
    let mut bare = traded();
    bare.r = None;
    let twins = [
        twin(traded(), traded()),
        twin(slipped, traded()),
        twin(denied("open_risk"), traded()),
        twin(traded(), denied("open_risk")),
        twin(bare, traded()),
    ];
    let summary = Summary::of(&twins);
    assert_eq!(summary.figures.pairs, 2);
    near(summary.figures.mean.value().unwrap(), -0.05, 1e-12);
    assert!(summary.figures.sequence.is_some());
    assert_eq!((summary.only_here, summary.only_there, summary.without_r), (1, 1, 1));
    near(summary.only_there_r, 2.5, 1e-12);
    let of = |layer| summary.layers.iter().find(|sum| sum.layer == layer).unwrap();
    near(of(Layer::Fill).share.value().unwrap(), 0.1 / 5.1, 1e-12);
    near(of(Layer::Decision).share.value().unwrap(), 5.0 / 5.1, 1e-12);
    assert_eq!((of(Layer::Decision).pairs, of(Layer::Same).pairs), (2, 2));
    assert_eq!(Summary::of(&[]).layers[0].share.value(), None);
}

#[test]
fn a_check_costs_what_its_signals_would_have_won() {
    let regret = |code: &str, alone: Played| Regret {
        id: "one".into(),
        symbol: "AAPL".into(),
        code: code.into(),
        alone,
    };
    let mut lost = traded();
    (lost.pnl, lost.r) = (Some(amount("-200")), Some(-1.0));
    let mut open = traded();
    open.standing = Standing::Open;
    let sums = sums(&[
        regret("late", lost.clone()),
        regret("full", traded()),
        regret("full", lost),
        regret("full", open),
        regret("late", denied("stop_side")),
    ]);
    assert_eq!(sums.iter().map(|sum| sum.code.as_str()).collect::<Vec<_>>(), ["full", "late"]);
    assert_eq!((sums[0].signals, sums[0].traded, sums[0].open), (3, 2, 1));
    assert_eq!((sums[0].pnl, sums[1].pnl), (amount("300"), amount("-200")));
    near(sums[0].r, 1.5, 1e-12);
    assert_eq!((sums[1].signals, sums[1].traded), (2, 1));
}

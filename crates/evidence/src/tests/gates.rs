//! The gates, criterion by criterion, and what certifies them.

use chrono::NaiveDate;

use super::{headline, ledger_of, skewed};
use crate::bands::Plan;
use crate::compare::{Backtest, Pair, Reference};
use crate::gates::{
    BrokerPaperFacts, Drills, Evaluation, FlowDay, Origin, Outcome, PaperFacts, RedFlag, Unproven, Verdict,
    broker_paper, canonical, certify, paper, sha256,
};
use crate::ledger::Unit;
use crate::{Figure, Ledger, Trade};

fn reference(trades: usize) -> Reference {
    let plan = Plan { resamples: 4000, ..Plan::of(trades, 7) };
    Reference::new(&Backtest::Headline(headline()), Unit::R, plan, &|_| ()).expect("a reference")
}

/// Fifty trades, 21 of them won, as the backtest has them.
fn results() -> Vec<f64> {
    let ledger = skewed();
    let pick = |at: usize| {
        if at % 2 == 1 && at < 42 { ledger[(at * 29) % 1229] } else { ledger[1229 + (at * 31) % 1697] }
    };
    let mut all: Vec<f64> = (0..50).map(pick).collect();
    // Enough to earn.
    all[1] += 6.0;
    all
}

/// Facts with which the gate is passed.
fn facts() -> PaperFacts {
    let results = results();
    let pairs = results
        .iter()
        .enumerate()
        .map(|(at, r)| Pair {
            id: at.to_string(),
            live: *r,
            shadow: r + if at % 2 == 0 { 0.03 } else { -0.02 },
            is_same_size: true,
            is_same_exit: true,
        })
        .collect();
    PaperFacts {
        ledger: ledger_of(&results),
        signal_to_fill_ms: (0..60).map(|at| 1000 + at * 20).collect(),
        pairs,
        orders: 110,
        weeks: 9.0,
        ..PaperFacts::default()
    }
}

#[track_caller]
fn verdict(evaluation: &Evaluation, name: &str) -> Verdict {
    evaluation.criterion(name).unwrap_or_else(|| panic!("no criterion {name}")).verdict.clone()
}

/// Changes one thing in facts that pass, and says what becomes of that criterion and of the gate.
#[track_caller]
fn changed(name: &str, change: impl Fn(&mut PaperFacts)) -> (Verdict, Outcome) {
    let mut facts = facts();
    change(&mut facts);
    let counted = if facts.count_imported { facts.ledger.len() } else { facts.ledger.own().len() };
    let evaluation = paper(&facts, Some(&reference(counted)));
    (verdict(&evaluation, name), evaluation.outcome)
}

#[test]
fn what_is_good_passes_and_every_criterion_tells_its_power() {
    let evaluation = paper(&facts(), Some(&reference(50)));
    let told: Vec<_> =
        evaluation.criteria.iter().map(|c| (c.name.as_str(), c.verdict.word(), &c.evidence)).collect();
    assert_eq!(evaluation.outcome, Outcome::Passed, "{told:#?}");
    assert_eq!((evaluation.met(), evaluation.criteria.len()), (12, 12));
    let agreed: Vec<_> =
        evaluation.criteria.iter().filter(|c| c.origin == Origin::Agreed).map(|c| c.name.as_str()).collect();
    let expected = [
        "closed-trades",
        "expectancy",
        "losses-in-a-row",
        "win-rate",
        "profit-factor",
        "reward-to-risk",
        "signal-to-fill",
        "red-flags",
    ];
    assert_eq!(agreed, expected);
    for name in
        ["closed-trades", "expectancy", "win-rate", "profit-factor", "reward-to-risk", "execution-parity"]
    {
        let power = &evaluation.criterion(name).expect("a criterion").power;
        assert!(matches!(power.value, Figure::Is(p) if (0.0..=1.0).contains(&p)), "{name}: {power:?}");
    }
    let text = serde_json::to_string(&evaluation).expect("text");
    assert_eq!(serde_json::from_str::<Evaluation>(&text).expect("an evaluation"), evaluation);
    assert!(text.contains(r#""name":"expectancy""#) && text.contains(r#""verdict":"met""#), "{text}");
}

#[test]
fn each_criterion_can_fail_by_itself() {
    let failed = (Verdict::NotMet, Outcome::Failed);
    let results = results();
    let ledger = |f: &dyn Fn(usize, f64) -> f64| {
        ledger_of(&results.iter().enumerate().map(|(at, r)| f(at, *r)).collect::<Vec<_>>())
    };
    let lossy = |_, r: f64| if r > 0.0 { r * 0.4 } else { r };
    assert_eq!(changed("expectancy", |f| f.ledger = ledger(&lossy)), failed);
    assert_eq!(
        changed("profit-factor", |f| f.ledger = ledger(&|_, r: f64| if r > 0.0 { r * 0.1 } else { r })),
        failed
    );
    assert_eq!(
        changed("reward-to-risk", |f| f.ledger = ledger(&|_, r: f64| if r > 0.0 { r * 9.0 } else { r })),
        failed
    );
    let wins = |at: usize, r: f64| if at < 46 { r.abs() } else { -r.abs() };
    assert_eq!(changed("win-rate", |f| f.ledger = ledger(&wins)), failed);
    let in_a_row = |at: usize, r: f64| if at < 40 { -r.abs() } else { 40.0 * r.abs() };
    assert_eq!(changed("losses-in-a-row", |f| f.ledger = ledger(&in_a_row)), failed);
    assert_eq!(
        changed("gross-breakage", |f| f.ledger =
            ledger(&|at, r: f64| if at < 14 { r.abs() } else { -r.abs() })),
        failed
    );
    assert_eq!(changed("signal-to-fill", |f| f.signal_to_fill_ms = vec![6000; 60]), failed);
    let flag = RedFlag { what: "signals changed".into(), answer: None };
    assert_eq!(changed("red-flags", |f| f.red_flags = vec![flag.clone()]), failed);
    assert_eq!(changed("execution-parity", |f| f.pairs.iter_mut().for_each(|p| p.live -= 0.2)), failed);
    assert_eq!(changed("order-integrity", |f| f.duplicate_orders = 1), failed);
    let answered = RedFlag { answer: Some("a vendor revised them".into()), ..flag };
    assert_eq!(
        changed("red-flags", |f| f.red_flags = vec![answered.clone()]),
        (Verdict::Met, Outcome::Passed)
    );
}

#[test]
fn what_is_missing_is_not_yet_or_cannot_be_told() {
    let open = |name: &str, change: &dyn Fn(&mut PaperFacts), words: &str| {
        let (verdict, outcome) = changed(name, change);
        let said = match verdict {
            Verdict::NotYet { what } => what,
            Verdict::CannotTell { why } => why,
            other => panic!("{name} is {other:?}"),
        };
        assert!(said.contains(words), "{name}: {said}");
        assert_eq!(outcome, Outcome::NotYet, "{name}");
    };
    let short = |f: &mut PaperFacts| f.ledger = ledger_of(&results()[..38]);
    for name in ["closed-trades", "expectancy", "losses-in-a-row", "win-rate", "gross-breakage"] {
        open(name, &short, "12 more closed trades");
    }
    open("signal-to-fill", &|f| f.signal_to_fill_ms.truncate(40), "19 more orders");
    open("signal-to-fill", &|f| f.signal_to_fill_ms.clear(), "is known");
    open("execution-parity", &|f| f.pairs.clear(), "played again");
    open("execution-parity", &|f| f.pairs.truncate(1), "a second pair");
    open("trade-rate", &|f| f.weeks = 3.0, "which universe");
    open("trade-rate", &|f| f.weeks = 0.0, "not known");
    open("order-integrity", &|f| f.orders = 0, "no order");
    let answered = changed("trade-rate", |f| {
        f.weeks = 3.0;
        f.rate_answer = Some("the universe grew in 2024".into());
    });
    assert_eq!(answered, (Verdict::Met, Outcome::Passed));
    let alone = paper(&facts(), None);
    assert_eq!(alone.outcome, Outcome::NotYet);
    assert!(matches!(verdict(&alone, "win-rate"), Verdict::CannotTell { .. }));
    assert_eq!(verdict(&alone, "expectancy"), Verdict::Met);
    // Bands of another number of trades are not compared with.
    assert!(matches!(
        verdict(&paper(&facts(), Some(&reference(60))), "win-rate"),
        Verdict::CannotTell { .. }
    ));
}

#[test]
fn imported_trades_count_only_when_asked_and_both_are_told() {
    let some: Vec<Trade> = facts()
        .ledger
        .trades()
        .iter()
        .enumerate()
        .map(|(at, trade)| Trade { imported: at < 12, ..trade.clone() })
        .collect();
    let mut facts = PaperFacts { ledger: Ledger::new(some).expect("a ledger"), ..facts() };
    let without = paper(&facts, Some(&reference(38)));
    assert_eq!((without.own_trades, without.imported_trades, without.counted_trades), (38, 12, 38));
    assert_eq!(verdict(&without, "closed-trades"), Verdict::NotYet { what: "12 more closed trades".into() });
    assert!(without.criterion("closed-trades").expect("it").evidence.contains("12 imported and not counted"));
    facts.count_imported = true;
    let with = paper(&facts, Some(&reference(50)));
    assert_eq!((with.own_trades, with.imported_trades, with.counted_trades), (38, 12, 50));
    assert_eq!(verdict(&with, "closed-trades"), Verdict::Met);
}

fn day(of_month: u32, orders: usize) -> FlowDay {
    let date = NaiveDate::from_ymd_opt(2026, 3, of_month).expect("a date");
    FlowDay { date, orders, reconciled: orders, failures: Vec::new(), was_frozen: false }
}

fn week() -> BrokerPaperFacts {
    let at = |d| NaiveDate::from_ymd_opt(2026, 3, d);
    BrokerPaperFacts {
        days: [2, 3, 4, 5, 6, 8].into_iter().map(|d| day(d, if d == 8 { 0 } else { 4 })).collect(),
        drills: Drills { restart: at(3), disconnect: at(4), halt: at(5), session_boundary: at(3) },
        stop_coverage: Some(1.0),
        signal_to_fill_ms: vec![900; 20],
        trades: 9,
        ..BrokerPaperFacts::default()
    }
}

#[test]
fn a_week_at_a_broker_begins_anew_with_a_failure() {
    let passed = broker_paper(&week());
    assert_eq!(passed.outcome, Outcome::Passed, "{:#?}", passed.criteria);
    let mut failed = week();
    failed.days[1].failures = vec!["an order stayed unknown for 40 minutes".into()];
    let evaluation = broker_paper(&failed);
    assert!(
        matches!(verdict(&evaluation, "order-flow"), Verdict::NotYet { what } if what.starts_with("2 more days"))
    );
    assert!(evaluation.criterion("order-flow").expect("it").evidence.contains("unknown for 40 minutes"));
    assert!(matches!(verdict(&evaluation, "drills"), Verdict::NotYet { what } if what.contains("a restart")));
    let cases: [(&str, &dyn Fn(&mut BrokerPaperFacts)); 4] = [
        ("reconciled", &|f| f.days[0].reconciled = 3),
        ("stop-coverage", &|f| f.stop_coverage = Some(0.999)),
        ("signal-to-fill", &|f| f.signal_to_fill_ms = vec![5001; 3]),
        ("never-frozen", &|f| f.days[5].was_frozen = true),
    ];
    for (name, change) in cases {
        let mut facts = week();
        change(&mut facts);
        assert_eq!(verdict(&broker_paper(&facts), name), Verdict::NotMet, "{name}");
    }
    let none = broker_paper(&BrokerPaperFacts::default());
    assert_eq!((none.outcome, none.met()), (Outcome::NotYet, 1));
}

#[test]
fn a_certificate_holds_for_its_facts_alone() {
    let (facts, reference) = (facts(), reference(50));
    let evaluation = paper(&facts, Some(&reference));
    let at = "2026-11-24T14:30:00Z".parse().expect("a moment");
    let certificate = certify(&(&facts, &reference), &evaluation, at).expect("a certificate");
    assert_eq!(certificate.holds(&(&facts, &reference), &evaluation), Ok(()));
    let again: PaperFacts =
        serde_json::from_str(&serde_json::to_string(&facts).expect("text")).expect("facts");
    assert_eq!(certificate.holds(&(&again, &reference), &evaluation), Ok(()));
    let other = PaperFacts { orders: 111, ..facts.clone() };
    assert_eq!(certificate.holds(&(&other, &reference), &evaluation), Err(Unproven::OtherFacts));
    let otherwise = paper(&other, Some(&reference));
    assert_eq!(certificate.holds(&(&facts, &reference), &otherwise), Err(Unproven::OtherVerdicts));
    let mut forged = certificate.clone();
    forged.at += chrono::TimeDelta::days(1);
    assert_eq!(forged.holds(&(&facts, &reference), &evaluation), Err(Unproven::Changed));
    let failed = paper(&PaperFacts { duplicate_orders: 1, ..facts }, Some(&reference));
    assert_eq!(certify(&(), &failed, at), Err(Unproven::NotPassed));
}

#[test]
fn canonical_text_has_its_keys_in_order() {
    let value: serde_json::Value =
        serde_json::from_str(r#"{"b": [{"z": 1, "a": 0.10}], "a": {"y": null, "B": true}}"#).expect("JSON");
    assert_eq!(canonical(&value).expect("text"), r#"{"a":{"B":true,"y":null},"b":[{"a":0.1,"z":1}]}"#);
    assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

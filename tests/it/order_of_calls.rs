//! Nothing is sent before it is written down. A store and a broker that are made up share one sequence, so that a
//! call of either in the wrong place fails the test.

/// What is expected of both, call by call.
mod script;

use std::time::Duration;

use broker_api::{
    CancelOutcome, ClientOrderId, Code, Direction, End, Fill, Finding, Intent, Level, Money, Phase, Proof,
    Purpose, Record, Signal, SubmitOutcome, VenueEvent, Wanted,
};
use chrono::TimeDelta;
use engine::{Input, Operator, Runner, UnderWay};
use state::Store;

use crate::world::{Stepped, arrives, enter, key, of, plan, quote, signal};
use script::{Call, Script, accepted, never};

const ENTRY: &[&str] = &["signal_taken", "intended"];

fn long(symbol: &str, clock: &Stepped) -> Signal {
    let stop = match symbol {
        "AAPL" => "190",
        "EUR/USD" => "1.08",
        _ => "45000",
    };
    signal(&format!("enter-{symbol}"), symbol, enter(Direction::Long, plan(stop, "")), clock.now())
}

fn reduce_only() -> Input {
    let (name, why) = ("mira".into(), "to see it stop".into());
    Input::Operator(Operator::Level { level: Level::ReduceOnly, name, why, until: None })
}

/// Proof that the venue's log, up to here, does not hold an order.
fn absent() -> Finding {
    Finding::Absent { proof: Proof::CompleteLog { from: of("0"), to: of("0") } }
}

fn whole(intent: &Intent, execution: &str, price: &str, clock: &Stepped) -> VenueEvent {
    VenueEvent::Filled(Fill {
        execution: of(execution),
        order: intent.id,
        key: intent.key,
        side: intent.side,
        qty: intent.qty,
        price: of(price),
        fee: Money { amount: of("0"), currency: of("USD") },
        kept: broker_api::Qty::ZERO,
        rate: of("1"),
        at: clock.now(),
        model: None,
    })
}

fn phase<S: Store>(runner: &Runner<S>, order: ClientOrderId) -> Phase {
    runner.book().order(order).expect("an order in the book").phase
}

#[tokio::test(flavor = "current_thread")]
async fn two_signals_are_written_down_together_before_the_first_is_sent() {
    let mut script = Script::new();
    script.append(&["signal_taken", "intended", "signal_taken", "intended"]);
    script.submits(2, accepted());
    script.append(&["answered", "answered"]);
    let (runner, stage) = script.start().await;
    let signals = vec![arrives(long("AAPL", &stage.clock)), arrives(long("EUR/USD", &stage.clock))];
    let runner = runner.turn(signals).await.expect("nothing fails");
    let sent = stage.calls.submitted();
    assert_eq!(sent.iter().map(|intent| intent.key).collect::<Vec<_>>(), [key("AAPL"), key("EUR/USD")]);
    assert!(sent.iter().all(|intent| phase(&runner, intent.id) == Phase::Working));
}

#[tokio::test(flavor = "current_thread")]
async fn what_could_not_be_written_is_not_sent_and_ends_the_runner() {
    let mut script = Script::new();
    script.append_fails(&["signal_taken", "intended", "signal_taken", "intended"]);
    let (runner, stage) = script.start().await;
    let signals = vec![arrives(long("AAPL", &stage.clock)), arrives(long("EUR/USD", &stage.clock))];
    let frozen = runner.turn(signals).await.err().expect("a runner that stopped");
    assert!(frozen.why.contains("no space is left"), "{frozen}");
    assert_eq!(stage.calls.commands(), []);
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancel_that_could_not_be_written_is_not_sent() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, accepted());
    script.append(&["answered"]);
    script.append_fails(&["level_set", "cancel_started"]);
    let (runner, stage) = script.start().await;
    let runner = runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.expect("nothing fails yet");
    assert!(runner.turn(vec![reduce_only()]).await.is_err());
    assert!(matches!(stage.calls.commands()[..], [Call::Submit(_)]), "{:?}", stage.calls.commands());
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancel_is_sent_after_its_record_and_answered_by_another() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, accepted());
    script.append(&["answered"]);
    script.append(&["level_set", "cancel_started"]);
    script.cancel(CancelOutcome::Accepted);
    script.append(&["cancel_answered"]);
    let (mut runner, stage) = script.start().await;
    runner = runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.expect("nothing fails");
    runner = runner.turn(vec![reduce_only()]).await.expect("nothing fails");
    let order = stage.calls.submitted()[0].id;
    assert_eq!(stage.calls.commands()[1..], [Call::Cancel(order)]);
    assert_eq!(phase(&runner, order), Phase::Cancelling);
}

#[tokio::test(flavor = "current_thread")]
async fn who_waits_for_nobody_writes_first_and_decides_while_an_order_has_no_answer() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, never());
    script.append(ENTRY);
    script.submits(1, accepted());
    script.append(&["answered"]);
    script.append(&["answered", "ask_started"]);
    let (runner, stage) = script.start().await;
    let mut under_way = UnderWay::new(tokio::runtime::Handle::current());
    let first = [arrives(long("AAPL", &stage.clock))];
    let runner = runner.act(&first, &mut under_way).expect("nothing fails");
    assert_eq!((stage.calls.commands(), under_way.commands()), (Vec::new(), 1), "written, and not sent yet");
    tokio::task::yield_now().await;
    let second = [arrives(long("EUR/USD", &stage.clock))];
    let mut runner = runner.act(&second, &mut under_way).expect("nothing fails");
    let mut phases = Vec::new();
    while phases.last() != Some(&[Phase::Unknown, Phase::Working]) {
        let answers = under_way.answers().await;
        runner = runner.took(answers, &mut under_way).expect("nothing fails");
        let orders = stage.calls.submitted();
        phases.push([phase(&runner, orders[0].id), phase(&runner, orders[1].id)]);
    }
    assert_eq!(phases[0], [Phase::Sending, Phase::Working], "the second is answered while the first is not");
    assert_eq!(under_way.commands(), 1, "it is being asked about");
}

#[tokio::test(flavor = "current_thread")]
async fn a_question_that_could_not_be_written_is_not_asked() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, SubmitOutcome::Unknown { why: "half an answer".into() });
    script.append_fails(&["answered", "ask_started"]);
    let (runner, stage) = script.start().await;
    assert!(runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.is_err());
    assert!(matches!(stage.calls.commands()[..], [Call::Submit(_)]), "{:?}", stage.calls.commands());
}

#[tokio::test(flavor = "current_thread")]
async fn a_second_attempt_that_could_not_be_written_is_not_made() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, SubmitOutcome::Unknown { why: "half an answer".into() });
    script.append(&["answered", "ask_started"]);
    script.find(absent());
    script.append_fails(&["ask_answered", "resent"]);
    let (runner, stage) = script.start().await;
    assert!(runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.is_err());
    let commands = stage.calls.commands();
    assert!(matches!(commands[..], [Call::Submit(_), Call::Find(_)]), "{commands:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn silence_is_unknown_then_asked_about_and_sent_again_only_when_proven_absent() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, never());
    script.append(&["answered", "ask_started"]);
    script.find(absent());
    script.append(&["ask_answered", "resent"]);
    script.submits(1, accepted());
    script.append(&["answered"]);
    let (runner, stage) = script.start().await;
    let turn = runner.turn(vec![arrives(long("AAPL", &stage.clock))]);
    let in_time = tokio::time::timeout(Duration::from_secs(5), turn).await.expect("patience that ends");
    let runner = in_time.expect("nothing fails");
    let sent = stage.calls.submitted();
    assert_eq!(sent[0], sent[1], "the same order under the same id");
    let order = sent[0].id;
    assert_eq!(stage.calls.commands()[1], Call::Find(order));
    let row = runner.book().order(order).expect("an order in the book");
    assert_eq!((row.attempt, row.phase), (2, Phase::Working));
    let records = stage.calls.records();
    let lost = records.iter().any(|record| {
        matches!(record, Record::Answered { attempt: 1, answer: SubmitOutcome::Unknown { why }, .. }
            if why.contains("no answer from paper"))
    });
    let again = records.iter().any(|record| matches!(record, Record::Resent { attempt: 2, .. }));
    let answer = Record::Answered { order, attempt: 2, answer: accepted() };
    assert!(lost && again && records.last() == Some(&answer), "{records:#?}");
}

#[tokio::test(flavor = "current_thread")]
async fn silence_that_proves_nothing_is_not_sent_again() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, never());
    script.append(&["answered", "ask_started"]);
    script.find(Finding::NotYet { again_at: script.clock.now() + TimeDelta::minutes(1) });
    script.append(&["ask_answered"]);
    let (runner, stage) = script.start().await;
    let runner = runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.expect("nothing fails");
    let runner = runner.turn(vec![Input::Timer]).await.expect("nothing fails");
    let sent = stage.calls.submitted();
    assert_eq!((sent.len(), phase(&runner, sent[0].id)), (1, Phase::Unknown));
}

#[tokio::test(flavor = "current_thread")]
async fn the_halt_file_keeps_an_entry_back_at_the_last_moment_and_lets_an_exit_go() {
    let mut script = Script::new();
    script.append(ENTRY);
    script.submits(1, accepted());
    script.append(&["answered"]);
    script.append(&["filled", "cursor_moved", "intended", "signal_ended"]);
    script.submits(1, accepted());
    script.append(&["answered"]);
    // The file appears when the second entry is written down, and not yet sent.
    let halt = script.files().halt;
    script.append_while(ENTRY, move || std::fs::write(&halt, "").expect("a file"));
    script.append(&["answered"]);
    // While it lies there, no entry is even made.
    script.append(&["signal_taken", "signal_ended"]);
    script.append(&["signal_taken", "exit_wanted", "cancel_started"]);
    script.cancel(CancelOutcome::Accepted);
    script.append(&["cancel_answered"]);
    script.append(&["closed", "cursor_moved", "intended"]);
    script.submits(1, accepted());
    script.append(&["answered"]);

    let (mut runner, stage) = script.start().await;
    let clock = &stage.clock;
    runner = runner.turn(vec![arrives(long("AAPL", clock))]).await.expect("nothing fails");
    stage.calls.tell(&whole(&stage.calls.submitted()[0], "1", "200.01", clock));
    runner = runner.catch_up().await.expect("nothing fails");
    let stop = stage.calls.submitted()[1];
    runner = runner.turn(vec![arrives(long("EUR/USD", clock))]).await.expect("nothing fails");
    runner = runner.turn(vec![arrives(long("BTC/USD", clock))]).await.expect("nothing fails");
    let exit = signal("exit-AAPL", "AAPL", Wanted::Exit, clock.now());
    runner = runner.turn(vec![arrives(exit)]).await.expect("nothing fails");
    let (end, code) = (End::Cancelled, of("cancelled"));
    stage.calls.tell(&VenueEvent::Closed { order: stop.id, end, code, at: clock.now() });
    runner = runner.catch_up().await.expect("nothing fails");

    let sent: Vec<_> = stage.calls.submitted().iter().map(|i| (i.key, i.purpose)).collect();
    let aapl = key("AAPL");
    assert_eq!(sent, [(aapl, Purpose::Entry), (aapl, Purpose::Stop), (aapl, Purpose::Exit)]);
    let kept_back = runner.book().open_orders().find(|row| row.intent.key == key("EUR/USD"));
    assert_eq!(kept_back.map(|row| row.phase), Some(Phase::Waiting));
}

#[tokio::test(flavor = "current_thread")]
async fn an_order_whose_time_to_be_sent_has_passed_is_not_sent() {
    let mut script = Script::new();
    let clock = script.clock.clone();
    script.append_while(ENTRY, move || clock.forward(TimeDelta::seconds(31)));
    script.append(&["answered"]);
    let (runner, stage) = script.start().await;
    let runner = runner.turn(vec![arrives(long("AAPL", &stage.clock))]).await.expect("nothing fails");
    assert_eq!(stage.calls.commands(), []);
    let waiting: Vec<_> = runner.book().open_orders().map(|row| (row.phase, row.attempt)).collect();
    assert_eq!(waiting, [(Phase::Waiting, 1)]);
}

/// Whatever is answered, an order leaves once for each record that says so, and is written down anew before it leaves again.
#[tokio::test(flavor = "current_thread")]
async fn no_answer_makes_a_command_leave_twice() {
    let until = Stepped::new().now() + TimeDelta::hours(1);
    let (code, text): (Code, Box<str>) = (of("x"), "no".into());
    // How often it is written down within the time that is looked at.
    let answers = [
        (accepted(), 1..=1),
        (SubmitOutcome::Refused { code, text: text.clone() }, 1..=1),
        (SubmitOutcome::RefusedUnlisted { code, text: text.clone() }, 1..=1),
        // Its log says that the order is not there, so it may be sent again, under the same name.
        (SubmitOutcome::Duplicate { text: text.clone() }, 1..=9),
        (SubmitOutcome::Broken { why: text.clone() }, 1..=9),
        (SubmitOutcome::Throttled { until }, 1..=1),
        (SubmitOutcome::NotSent { why: text.clone() }, 2..=9),
        (SubmitOutcome::Unknown { why: text }, 2..=9),
        (never(), 2..=9),
    ];
    for (answer, times) in answers {
        let mut script = Script::new();
        script.always(answer.clone(), absent());
        let (mut runner, stage) = script.start().await;
        let mut inputs = vec![arrives(long("AAPL", &stage.clock))];
        for _ in 0..8 {
            runner = runner.turn(inputs).await.expect("nothing fails");
            stage.clock.forward(TimeDelta::seconds(2));
            inputs = vec![quote("AAPL", "199.99", "200.01", stage.clock.now()), Input::Timer];
        }
        // Each call took the record that announced it: none was left without one.
        let sent = stage.calls.submitted();
        let is_order = |record: &&Record| matches!(record, Record::Intended { .. } | Record::Resent { .. });
        let written = stage.calls.records().iter().filter(is_order).count();
        assert_eq!(sent.len(), written, "{answer:?}");
        assert!(times.contains(&written), "{answer:?}: written down {written} times");
        assert!(sent.iter().all(|intent| *intent == sent[0]), "{answer:?}: {sent:#?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_clock_is_read_each_minute_and_at_once_again_where_it_is_apart() {
    let mut script = Script::new();
    script.clocks(&[0, 3_000, 0, 3_000, -3_000]);
    script.append(&["level_set"]);
    let (mut runner, stage) = script.start().await;
    runner = runner.refresh().await.expect("nothing fails");
    for _ in 0..2 {
        assert_eq!(runner.book().guard().level, Level::Trading);
        stage.clock.forward(TimeDelta::seconds(60));
        runner = runner.refresh().await.expect("nothing fails");
    }
    assert_eq!(runner.book().guard().level, Level::Paused);
}

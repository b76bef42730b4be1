//! What is said of one attempt, or of one order, says nothing of another.

use super::*;

/// Its exit is executed, and that execution taken back: the position is there again, under its number, and goes again.
#[test]
fn an_exit_after_one_that_was_taken_back_has_a_name_of_its_own() {
    let mut alone = Alone::new(by_silence());
    alone.after(0);
    alone.enters("in", 600);
    alone.accepted();
    let entry = alone.submits[0].0;
    alone.fills(&entry);
    for _ in 0..2 {
        // Its stop is refused twice, so it is closed.
        alone.after(10);
        alone.answers(SubmitOutcome::Refused { code: of("told_so"), text: "no".into() });
    }
    alone.after(10);
    alone.accepted();
    let first = alone.sent(Purpose::Exit)[0].0;
    alone.fills(&first);
    alone.after(1);
    assert!(alone.book.position(key("AAPL")).is_none());
    alone.log.push(VenueEvent::Busted { execution: of("x1"), at: alone.clock.now() });
    alone.after(10);
    let exits = alone.sent(Purpose::Exit);
    assert_eq!((exits.len(), exits[1].0.qty), (2, entry.qty));
    assert_ne!(exits[0].0.id, exits[1].0.id);
}

/// Its first attempt may still arrive, for only silence spoke against it, when the second is refused.
#[test]
fn a_refusal_speaks_of_the_attempt_that_it_answers() {
    let no = || SubmitOutcome::Refused { code: of("told_so"), text: "no".into() };
    let mut alone = Alone::new(by_silence());
    alone.after(0);
    alone.enters("in", 3_600);
    alone.lost();
    let (entry, begins) = (alone.submits[0].0, alone.clock.now());
    while alone.submits.len() < 2 && alone.clock.now() < begins + TimeDelta::seconds(60) {
        alone.after(4);
        if alone.book.order(entry.id).is_some_and(|row| row.asking) {
            alone.absent(Proof::Silence { since: begins });
        }
    }
    assert_eq!(alone.submits.len(), 2, "silence may be sent again");
    alone.answers(no());
    assert_eq!(alone.phase(entry.id), Phase::Unknown);
    let mut other = Alone::new(Capabilities { resolve: policy(Resend::AfterProof), ..capabilities() });
    other.after(0);
    other.enters("in", 3_600);
    other.lost();
    other.after(12);
    other.absent(log_to("0"));
    assert_eq!(other.submits.len(), 2);
    other.answers(no());
    assert_eq!(
        other.phase(entry.id),
        Phase::Done(End::Refused),
        "a log has proven that the first is not there"
    );

    // It ends when it can no longer arrive, and what arrives before that is taken in.
    let mut late = 0;
    while alone.phase(entry.id) == Phase::Unknown && late < 60 {
        alone.after(4);
        late += 1;
        if alone.book.order(entry.id).is_some_and(|row| row.asking) {
            alone.absent(Proof::Silence { since: begins });
        }
    }
    assert_eq!((alone.phase(entry.id), alone.submits.len()), (Phase::Done(End::Refused), 2));
    assert!(alone.clock.now() >= begins + TimeDelta::seconds(100), "{}", alone.clock.now());
    assert_eq!(alone.ended("in").map(|(ending, _)| ending), Some(Ending::Rejected));
}

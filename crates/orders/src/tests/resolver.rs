//! Every line of the resolver's table, for every kind of policy.

use broker_api::{Cursor, End, Phase, Proof, SentWindow};

use super::*;

const SILENCE: Resend = Resend::AfterSilence(TimeDelta::seconds(20));
const PROBE: Resend = Resend::ProbeSameId(TimeDelta::seconds(100));
const ALL: [Resend; 4] = [Resend::Never, Resend::AfterProof, SILENCE, PROBE];

fn at(seconds: i64) -> Time {
    now() + TimeDelta::seconds(seconds)
}

/// Sent at 0 until 30 at most, in its phase since 5.
fn order(phase: Phase) -> Unsettled {
    Unsettled {
        phase,
        since: at(5),
        sent: SentWindow { from: at(0), to: at(30) },
        attempt: 1,
        unsent: 0,
        throttled: 0,
        lost_at: None,
        was_refused: false,
        is_open_ended: false,
        asks: 0,
        asking: false,
        question_at: None,
        asked_at: None,
        not_before: None,
        proof: None,
    }
}

/// As the policy of the other tests: first after 2, then every 10, 3 times, 3 attempts; absence settles in 4.
fn policy(resend: Resend) -> ResolvePolicy {
    ResolvePolicy { settle: TimeDelta::seconds(4), ..policy_of(resend) }
}

fn asked(order: Unsettled, asks: u32, seconds: i64) -> Unsettled {
    Unsettled { asks, question_at: Some(at(seconds)), asked_at: Some(at(seconds)), ..order }
}

fn log() -> Proof {
    Proof::CompleteLog { from: Cursor::new("1").unwrap(), to: Cursor::new("9").unwrap() }
}

#[test]
fn what_never_left_us_is_sent_again_spaced_and_bounded() {
    for resend in ALL {
        let next = |order: Unsettled, seconds| resolve(&policy(resend), &order, at(seconds));
        let waiting = order(Phase::Waiting);
        assert_eq!(next(waiting, 14), Next::Wait(at(15)), "{resend:?}");
        assert_eq!(next(waiting, 15), Next::Resend);
        // the venue's own moment goes before our spacing, earlier or later
        let told = |seconds| Unsettled { not_before: Some(at(seconds)), ..waiting };
        assert_eq!((next(told(7), 6), next(told(7), 7)), (Next::Wait(at(7)), Next::Resend));
        assert_eq!((next(told(60), 59), next(told(60), 60)), (Next::Wait(at(60)), Next::Resend));
        assert_eq!(next(Unsettled { attempt: 2, ..waiting }, 15), Next::Resend);
        assert_eq!(next(Unsettled { attempt: 3, ..waiting }, 15), Next::TellPerson);
        assert_eq!(next(Unsettled { attempt: 3, ..told(60) }, 6), Next::TellPerson);
    }
}

#[test]
fn questions_are_spaced_and_bounded_and_the_last_is_kept_for_after_settling() {
    for resend in ALL {
        let next = |order: Unsettled, seconds| resolve(&policy(resend), &order, at(seconds));
        let unknown = order(Phase::Unknown);
        assert_eq!((next(unknown, 6), next(unknown, 7)), (Next::Wait(at(7)), Next::Ask), "{resend:?}");
        let once = asked(unknown, 1, 8);
        assert_eq!((next(once, 17), next(once, 18)), (Next::Wait(at(18)), Next::Ask));
        let told = Unsettled { not_before: Some(at(60)), ..once };
        assert_eq!((next(told, 59), next(told, 60)), (Next::Wait(at(60)), Next::Ask));
        let before = Unsettled { not_before: Some(at(9)), ..once };
        assert_eq!(next(before, 9), Next::Wait(at(18)));
        assert!(matches!(next(Unsettled { asking: true, ..once }, 500), Next::Wait(t) if t > at(500)));
        assert_eq!(next(asked(unknown, 3, 28), 900), Next::TellPerson);
        // the time of an answer about an earlier attempt, or a cancel, spaces nothing
        assert_eq!(next(Unsettled { asked_at: Some(at(6)), ..unknown }, 7), Next::Ask);
        // settling late: two questions come at once, the third only then
        let late = ResolvePolicy { settle: TimeDelta::seconds(200), ..policy(resend) };
        assert_eq!(resolve(&late, &asked(unknown, 1, 8), at(18)), Next::Ask);
        assert_eq!(resolve(&late, &asked(unknown, 2, 18), at(204)), Next::Wait(at(205)));
        assert_eq!(resolve(&late, &asked(unknown, 2, 18), at(205)), Next::Ask);
        // lost only after its time to be sent: settling counts from the end of that
        let slow = Unsettled { since: at(90), ..asked(unknown, 2, 95) };
        assert_eq!(resolve(&late, &slow, at(229)), Next::Wait(at(230)));
        assert_eq!(resolve(&late, &slow, at(230)), Next::Ask);
        let never = ResolvePolicy { asks_max: 0, ..policy(resend) };
        assert_eq!(resolve(&never, &unknown, at(500)), Next::TellPerson);
    }
}

#[test]
fn an_answer_is_of_the_moment_its_question_was_put() {
    // settled at 9: asked before that and answered long after it, it may have arrived between the two
    let late = Unsettled {
        proof: Some(log()),
        question_at: Some(at(8)),
        asked_at: Some(at(40)),
        asks: 1,
        ..order(Phase::Unknown)
    };
    let next = |order: Unsettled| resolve(&policy(Resend::AfterProof), &order, at(50));
    assert_eq!(next(late), Next::Ask);
    assert_eq!(next(Unsettled { question_at: Some(at(9)), ..late }), Next::Resend);
    // the process that put it ended before the answer
    assert_eq!(next(Unsettled { question_at: None, ..late }), Next::Ask);
}

#[test]
fn what_is_proven_absent_goes_by_the_venue() {
    let proven = Unsettled { proof: Some(log()), ..asked(order(Phase::Unknown), 1, 9) };
    let silent = Unsettled { proof: Some(Proof::Silence { since: at(9) }), ..proven };
    let next = |resend, order: Unsettled, seconds| resolve(&policy(resend), &order, at(seconds));
    for order in [proven, silent] {
        assert_eq!((next(PROBE, order, 100), next(PROBE, order, 101)), (Next::Resend, Next::TellPerson));
        // when the first of two attempts was is not known, so its time may be over
        assert_eq!(next(PROBE, Unsettled { attempt: 2, ..order }, 50), Next::TellPerson);
        for resend in [SILENCE, PROBE] {
            let last = Unsettled { attempt: 3, ..asked(order, 1, 40) };
            assert_eq!(next(resend, last, 50), Next::TellPerson);
        }
    }
    assert_eq!(next(Resend::AfterProof, proven, 9), Next::Resend);
    assert_eq!(next(Resend::AfterProof, Unsettled { attempt: 3, ..proven }, 50), Next::TellPerson);
    // silence is no proof where a log is
    assert_eq!(next(Resend::AfterProof, silent, 9), Next::Wait(at(19)));
    assert_eq!(next(Resend::AfterProof, silent, 19), Next::Ask);
    assert_eq!(next(Resend::AfterProof, asked(silent, 3, 99), 99), Next::TellPerson);
    assert_eq!(next(Resend::Never, proven, 9), Next::TellPerson);
    assert_eq!(next(SILENCE, proven, 9), Next::Resend);
    // time that passed since the last answer is no silence: somebody must have listened until then
    assert_eq!((next(SILENCE, silent, 28), next(SILENCE, silent, 29)), (Next::Wait(at(29)), Next::Ask));
    assert_eq!(next(SILENCE, asked(silent, 1, 28), 99), Next::Ask);
    assert_eq!(next(SILENCE, asked(silent, 1, 29), 29), Next::Resend);
    assert_eq!(next(Resend::AfterProof, Unsettled { attempt: 2, ..proven }, 9), Next::Resend);
}

/// Sent until 30, settled at 34. Its answer was lost at 5, and that ends nothing.
#[test]
fn where_orders_carry_a_last_moment_only_that_moment_passed_is_proof() {
    let policy = ResolvePolicy { fence: Some(Ratio::ONE), ..policy(Resend::AfterProof) };
    let next = |order: Unsettled, seconds| resolve(&policy, &order, at(seconds));
    let to = Cursor::new("9").unwrap();
    let passed = |fence| Some(Proof::FencePassed { fence: at(fence), to });
    let order = |proof, seconds| Unsettled { proof, ..asked(order(Phase::Unknown), 2, seconds) };
    assert_eq!(next(order(passed(30), 34), 34), Next::Resend);
    // heard too early, of another moment, or of another kind
    assert_eq!(
        (next(order(passed(30), 33), 33), next(order(passed(30), 33), 43)),
        (Next::Wait(at(43)), Next::Ask)
    );
    for proof in [passed(29), Some(log()), Some(Proof::Silence { since: at(0) })] {
        assert_eq!(next(order(proof, 34), 44), Next::Ask, "{proof:?}");
        assert_eq!(next(asked(order(proof, 34), 3, 60), 60), Next::TellPerson, "{proof:?}");
    }
    // an entry that carries no such moment may come at any time, and its name is free then
    let open_ended = Unsettled { is_open_ended: true, ..order(passed(30), 34) };
    assert_eq!(next(open_ended, 900), Next::TellPerson);
    assert_eq!(next(Unsettled { was_refused: true, ..open_ended }, 900), Next::Refused);
    let never_left = Unsettled { phase: Phase::Waiting, unsent: 1, ..open_ended };
    assert_eq!(next(never_left, 900), Next::Resend);
    // elsewhere a market order is sent again
    assert_eq!(resolve(&ResolvePolicy { fence: None, ..policy }, &open_ended, at(900)), Next::Resend);
}

#[test]
fn absence_that_was_said_too_early_is_asked_about_again() {
    for resend in ALL {
        let next = |order: Unsettled, seconds| resolve(&policy(resend), &order, at(seconds));
        let early = Unsettled { proof: Some(log()), ..asked(order(Phase::Unknown), 1, 8) };
        assert_eq!((next(early, 17), next(early, 18)), (Next::Wait(at(18)), Next::Ask), "{resend:?}");
        let long = ResolvePolicy { settle: TimeDelta::seconds(50), ..policy(resend) };
        assert_eq!(resolve(&long, &early, at(54)), Next::Wait(at(55)));
        assert_eq!(resolve(&long, &early, at(55)), Next::Ask);
    }
}

#[test]
fn a_venue_that_settles_at_once_is_believed_at_once() {
    let policy = ResolvePolicy {
        first_ask: TimeDelta::zero(),
        every: TimeDelta::seconds(1),
        settle: TimeDelta::zero(),
        ..policy_of(Resend::AfterProof)
    };
    let unknown = order(Phase::Unknown);
    assert_eq!(resolve(&policy, &unknown, at(5)), Next::Ask);
    let answered = Unsettled { proof: Some(log()), ..asked(unknown, 1, 5) };
    assert_eq!(resolve(&policy, &answered, at(5)), Next::Resend);
}

/// An attempt that provably never left us, or was put off, is not one that may have arrived; each has its own bound.
#[test]
fn attempts_that_cannot_have_arrived_are_counted_by_themselves() {
    let policy = ResolvePolicy { not_sent_max: 9, throttled_max: 7, ..policy(Resend::AfterProof) };
    let next = |order: Unsettled| resolve(&policy, &order, at(900));
    let waiting =
        |attempt, unsent, throttled| Unsettled { attempt, unsent, throttled, ..order(Phase::Waiting) };
    for order in [waiting(8, 8, 0), waiting(6, 0, 6), waiting(16, 8, 6)] {
        assert_eq!(next(order), Next::Resend, "{order:?}");
    }
    for order in [waiting(9, 9, 0), waiting(7, 0, 7), waiting(11, 8, 0)] {
        assert_eq!(next(order), Next::TellPerson, "{order:?}");
    }
    assert!(matches!(next(Unsettled { asking: true, ..waiting(2, 1, 0) }), Next::Wait(_)));
    let proven = Unsettled { proof: Some(log()), ..asked(order(Phase::Unknown), 1, 9) };
    assert_eq!(next(Unsettled { attempt: 9, unsent: 7, ..proven }), Next::Resend);
    assert_eq!(next(Unsettled { attempt: 9, unsent: 6, ..proven }), Next::TellPerson);
}

/// Silence may be sent again, an answer not.
#[test]
fn an_answer_in_no_table_is_a_refusal_once_the_order_is_not_there() {
    for resend in ALL {
        let next = |order: Unsettled, seconds| resolve(&policy(resend), &order, at(seconds));
        let answered = Unsettled { was_refused: true, ..order(Phase::Unknown) };
        assert_eq!(next(answered, 7), Next::Ask, "{resend:?}");
        let absent = Unsettled { proof: Some(log()), ..asked(answered, 1, 9) };
        assert_eq!(next(absent, 9), Next::Refused);
        // and not on a guess
        assert_eq!(next(asked(answered, 1, 9), 10), Next::Wait(at(19)));
        assert_eq!(next(asked(answered, 3, 28), 900), Next::TellPerson);
    }
}

#[test]
fn what_only_silence_speaks_against_is_not_given_up_while_it_may_arrive() {
    let gone = TimeDelta::seconds(100);
    let next = |resend, order: Unsettled, seconds| {
        give_up(&ResolvePolicy { gone_after: gone, ..policy(resend) }, &order, at(seconds))
    };
    let lost = Unsettled { lost_at: Some(at(5)), ..order(Phase::Unknown) };
    let silent = Unsettled { proof: Some(Proof::Silence { since: at(9) }), ..asked(lost, 2, 60) };
    assert_eq!(next(SILENCE, silent, 104), GivingUp::At(at(105)));
    assert_eq!(next(SILENCE, silent, 105), GivingUp::Asked);
    assert!(
        matches!(next(SILENCE, Unsettled { asking: true, ..silent }, 105), GivingUp::At(t) if t > at(105))
    );
    assert_eq!(next(SILENCE, asked(silent, 3, 104), 300), GivingUp::Asked);
    assert_eq!(next(SILENCE, asked(silent, 3, 105), 105), GivingUp::Now);
    // a later attempt that never left us does not excuse the lost one
    assert_eq!(
        next(SILENCE, Unsettled { phase: Phase::Waiting, proof: None, ..silent }, 300),
        GivingUp::Asked
    );
    // what was never lost, and what a complete log speaks against
    assert_eq!(next(SILENCE, order(Phase::Waiting), 6), GivingUp::Now);
    assert_eq!(next(SILENCE, Unsettled { proof: Some(log()), ..silent }, 6), GivingUp::Now);
    assert_eq!(next(Resend::AfterProof, silent, 6), GivingUp::Now);
}

#[test]
fn what_is_settled_is_left_alone() {
    let ends = [End::Filled, End::Cancelled, End::Expired, End::Refused, End::NeverSent].map(Phase::Done);
    for phase in [Phase::Sending, Phase::Working, Phase::Cancelling].into_iter().chain(ends) {
        for resend in ALL {
            let proven = Unsettled { proof: Some(log()), ..asked(order(phase), 1, 9) };
            assert!(
                matches!(resolve(&policy(resend), &proven, at(99)), Next::Wait(t) if t > at(99)),
                "{phase:?}"
            );
        }
    }
}

proptest! {
    /// Total over all times, and never sends again what may have arrived: no proof after settling, no second order.
    #[test]
    fn nothing_is_sent_twice_on_a_guess(
        (since, sent_to, answered, told) in (0_i64..100, 0_i64..100, 0_i64..100, proptest::option::of(0_i64..200)),
        (attempt, asks) in (0_u32..6, 0_u32..6),
        (asking, proof, waiting) in (any::<bool>(), any::<bool>(), any::<bool>()),
        (settle, time, resend) in (0_i64..50, -100_i64..400, 0_usize..4),
    ) {
        let policy = ResolvePolicy { settle: TimeDelta::seconds(settle), ..policy(ALL[resend]) };
        let order = Unsettled {
            since: at(since),
            sent: SentWindow { from: at(0), to: at(sent_to) },
            attempt,
            asking,
            not_before: told.map(at),
            proof: proof.then(log),
            ..asked(order(if waiting { Phase::Waiting } else { Phase::Unknown }), asks, answered)
        };
        match resolve(&policy, &order, at(time)) {
            Next::Refused => prop_assert!(false, "nobody refused it"),
            Next::Resend => {
                prop_assert!(attempt < policy.attempts_max);
                let settled = asks > 0 && answered >= since.min(sent_to) + settle;
                prop_assert!(waiting || (proof && settled && !asking && policy.resend != Resend::Never));
            }
            Next::Ask => prop_assert!(!waiting && !asking && asks < policy.asks_max),
            Next::Wait(until) => prop_assert!(until > at(time)),
            Next::TellPerson => prop_assert!(
                attempt >= policy.attempts_max || asks >= policy.asks_max || (proof && !waiting)
            ),
        }
    }
}

#[test]
fn the_end_of_time_is_no_panic() {
    let last = Time::MAX_UTC;
    let late = Unsettled { since: last, sent: SentWindow { from: last, to: last }, ..order(Phase::Unknown) };
    for phase in [Phase::Unknown, Phase::Waiting, Phase::Working] {
        for asking in [false, true] {
            let _ = resolve(&policy(PROBE), &Unsettled { phase, asking, ..late }, last);
        }
    }
}

//! One order's life: where it can be, what can happen to it, and every legal move, on one screen.

use serde::{Deserialize, Serialize};

/// Where an order stands, as far as we can prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Journaled; on its way, or about to be.
    Sending,
    /// Provably not sent, or documented as not processed; may be sent again.
    Waiting,
    /// May or may not be live. Counts as live until the venue, or a person, says otherwise.
    Unknown,
    /// Live at the venue.
    Working,
    /// Live, with a cancel under way.
    Cancelling,
    /// Over.
    Done(End),
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Whole.
    Filled,
    /// By our cancel, or by the venue's.
    Cancelled,
    /// By its time in force.
    Expired,
    /// By the venue's refusal.
    Refused,
    /// Provably never arrived, and will not be sent.
    NeverSent,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The venue took it.
    Accepted,
    /// It provably did not leave us.
    NotSent,
    /// The venue documents that it did not look at it.
    Throttled,
    /// The venue refused it.
    Refused,
    /// No answer, or none that is understood.
    Lost,
    /// We stopped and started again; what was on its way may have arrived.
    Restarted,
    /// The venue was asked and has it, live.
    FoundLive,
    /// Proven absent or never sent, reviewed again, and on its way once more.
    Resent,
    /// Proven absent or never sent, and given up.
    GivenUp,
    /// A cancel is on its way.
    CancelStarted,
    /// The venue took the cancel; the order may still fill until it is closed.
    CancelAccepted,
    /// The cancel provably did nothing: not sent, throttled, or too late.
    CancelFailed,
    /// The cancel's outcome is not known.
    CancelLost,
    /// Some of it was executed.
    PartFilled,
    /// The rest of it was executed.
    FullyFilled,
    /// A fill was taken back, so it is not whole any more; the venue does not revive it.
    Busted,
    /// The venue closed it.
    Closed(End),
}

/// The order table: the phase after `event` in `phase`, or nothing when that cannot be.
///
/// Three lines deserve a second look. A fill is legal everywhere: it is the venue's word, and it wins over
/// anything we believed (a fill after a cancel happens). A late acceptance changes nothing that is over.
/// And nothing that is over begins again.
#[expect(clippy::match_same_arms, reason = "the table is read by what happened, not by where it leads")]
pub const fn transition(phase: Phase, event: Event) -> Option<Phase> {
    use Event as E;
    use Phase as P;
    Some(match (phase, event) {
        // fills, in any phase
        (_, E::FullyFilled) => P::Done(End::Filled),
        (P::Sending | P::Waiting | P::Unknown | P::Working, E::PartFilled) => P::Working,
        (P::Cancelling, E::PartFilled) => P::Cancelling,
        (P::Done(end), E::PartFilled) => P::Done(end),
        (P::Done(End::Filled), E::Busted) => P::Done(End::Cancelled),
        (phase, E::Busted) => phase,
        // the first answer
        (P::Sending | P::Unknown | P::Working, E::Accepted) => P::Working,
        (P::Sending, E::NotSent | E::Throttled) => P::Waiting,
        (P::Sending | P::Unknown, E::Refused) => P::Done(End::Refused),
        (P::Sending | P::Unknown, E::Lost) => P::Unknown,
        (P::Working | P::Cancelling, E::Lost) => phase, // it filled before its answer was due
        // asking, and sending again
        (P::Unknown | P::Working | P::Sending | P::Waiting, E::FoundLive) => P::Working,
        (P::Unknown | P::Waiting, E::Resent) => P::Sending,
        (P::Unknown | P::Waiting, E::GivenUp) => P::Done(End::NeverSent),
        // cancelling
        (P::Working | P::Unknown, E::CancelStarted) => P::Cancelling,
        (P::Cancelling, E::CancelAccepted | E::CancelLost | E::Accepted) => P::Cancelling,
        (P::Cancelling, E::CancelFailed | E::FoundLive) => P::Working,
        // the end
        (P::Sending | P::Waiting | P::Unknown | P::Working | P::Cancelling, E::Closed(end)) => P::Done(end),
        // a restart
        (P::Sending, E::Restarted) => P::Unknown,
        (P::Cancelling, E::Restarted) => P::Working,
        (phase, E::Restarted) => phase,
        // late words about what is over change nothing
        (
            P::Done(end),
            E::Accepted | E::Lost | E::CancelAccepted | E::CancelFailed | E::CancelLost | E::Closed(_),
        ) => P::Done(end),
        _ => return None,
    })
}

impl Phase {
    /// Whether it is over.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether it may be live at the venue.
    pub const fn may_be_live(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown | Self::Working | Self::Cancelling)
    }

    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Unknown => "unknown",
            Self::Working => "working",
            Self::Cancelling => "cancelling",
            Self::Done(end) => end.as_str(),
        }
    }
}

impl End {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refused => "rejected",
            Self::NeverSent => "never sent",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const ENDS: [End; 5] = [End::Filled, End::Cancelled, End::Expired, End::Refused, End::NeverSent];

    fn phases() -> Vec<Phase> {
        let mut all = vec![Phase::Sending, Phase::Waiting, Phase::Unknown, Phase::Working, Phase::Cancelling];
        all.extend(ENDS.map(Phase::Done));
        all
    }

    fn events() -> Vec<Event> {
        use Event::*;
        let mut all = vec![
            Accepted,
            NotSent,
            Throttled,
            Refused,
            Lost,
            Restarted,
            FoundLive,
            Resent,
            GivenUp,
            CancelStarted,
            CancelAccepted,
            CancelFailed,
            CancelLost,
            PartFilled,
            FullyFilled,
            Busted,
        ];
        all.extend(ENDS.map(Closed));
        all
    }

    /// The whole table as text, so that a change of any cell is seen in review.
    #[test]
    fn the_table_is_the_one_written_down() {
        let mut text = String::new();
        for phase in phases() {
            for event in events() {
                if let Some(next) = transition(phase, event) {
                    let _ = writeln!(text, "{phase:?} + {event:?} -> {next:?}");
                }
            }
        }
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/src/order_table.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(kept, &text).unwrap();
        }
        assert_eq!(
            text,
            std::fs::read_to_string(kept).unwrap(),
            "run with UPDATE_EXPECT=1 and review the difference"
        );
    }

    #[test]
    fn nothing_that_is_over_is_sent_again() {
        for end in ENDS {
            for event in events() {
                let next = transition(Phase::Done(end), event);
                assert!(next.is_none_or(Phase::is_done), "{end:?} + {event:?} -> {next:?}");
            }
            assert_eq!(transition(Phase::Done(end), Event::Resent), None);
        }
    }

    #[test]
    fn only_silence_and_what_never_left_is_sent_again() {
        for phase in phases() {
            let may = matches!(phase, Phase::Unknown | Phase::Waiting);
            assert_eq!(transition(phase, Event::Resent).is_some(), may, "{phase:?}");
        }
    }

    #[test]
    fn a_fill_is_legal_everywhere() {
        for phase in phases() {
            assert!(
                transition(phase, Event::PartFilled).is_some()
                    && transition(phase, Event::FullyFilled).is_some()
            );
        }
    }
}

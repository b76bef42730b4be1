//! What a record is called, and what it is about.

use super::Record;
use crate::guard::Scope;
use crate::ids::{ClientOrderId, Key, SignalId};

impl Record {
    /// Its name in the journal: the `record` tag of its JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VenueBound { .. } => "venue_bound",
            Self::Started { .. } => "started",
            Self::Stopped { .. } => "stopped",
            Self::SignalTaken { .. } => "signal_taken",
            Self::SignalConflicted { .. } => "signal_conflicted",
            Self::SignalEnded { .. } => "signal_ended",
            Self::Intended { .. } => "intended",
            Self::Answered { .. } => "answered",
            Self::AskStarted { .. } => "ask_started",
            Self::AskAnswered { .. } => "ask_answered",
            Self::Resent { .. } => "resent",
            Self::GaveUp { .. } => "gave_up",
            Self::CancelStarted { .. } => "cancel_started",
            Self::CancelAnswered { .. } => "cancel_answered",
            Self::Closed { .. } => "closed",
            Self::Filled { .. } => "filled",
            Self::Busted { .. } => "busted",
            Self::Corrected { .. } => "corrected",
            Self::CursorMoved { .. } => "cursor_moved",
            Self::PlanSet { .. } => "plan_set",
            Self::ExitWanted { .. } => "exit_wanted",
            Self::ProtectionBlocked { .. } => "protection_blocked",
            Self::DayStarted { .. } => "day_started",
            Self::EntriesStopped { .. } => "entries_stopped",
            Self::EntriesAllowed { .. } => "entries_allowed",
            Self::LevelSet { .. } => "level_set",
            Self::LimitsSet(_) => "limits_set",
            Self::LimitsConfirmed(_) => "limits_confirmed",
            Self::Armed(_) => "armed",
            Self::Disarmed(_) => "disarmed",
            Self::GateOverridden(_) => "gate_overridden",
            Self::GatePassed(_) => "gate_passed",
            Self::Diverged { .. } => "diverged",
            Self::Repaired { .. } => "repaired",
            Self::Outside { .. } => "outside",
            Self::NonTrade { .. } => "non_trade",
            Self::FeeSettled { .. } => "fee_settled",
            Self::StopTrailed { .. } => "stop_trailed",
            Self::CloseStarted { .. } => "close_started",
            Self::CloseAnswered { .. } => "close_answered",
            Self::EditFound { .. } => "edit_found",
            Self::Edited { .. } => "edited",
            Self::Adopted { .. } => "adopted",
            Self::HistoryWanted { .. } => "history_wanted",
            Self::OrderAdopted { .. } => "order_adopted",
            Self::HistoryRead { .. } => "history_read",
            Self::Imported { .. } => "imported",
        }
    }

    /// The signal it is about, when it is about one.
    pub fn signal(&self) -> Option<SignalId> {
        match self {
            Self::SignalTaken { signal, .. } => Some(signal.id),
            Self::SignalConflicted { signal, .. }
            | Self::SignalEnded { signal, .. }
            | Self::PlanSet { signal, .. } => Some(*signal),
            Self::Intended { intent, .. } | Self::OrderAdopted { intent, .. } => intent.signal,
            Self::ExitWanted { signal, .. } => *signal,
            _ => None,
        }
    }

    /// The order it is about, when it is about one.
    pub fn order(&self) -> Option<ClientOrderId> {
        match self {
            Self::Intended { intent, .. } | Self::OrderAdopted { intent, .. } => Some(intent.id),
            Self::Answered { order, .. }
            | Self::AskStarted { order }
            | Self::AskAnswered { order, .. }
            | Self::Resent { order, .. }
            | Self::GaveUp { order, .. }
            | Self::CancelStarted { order, .. }
            | Self::CancelAnswered { order, .. }
            | Self::Closed { order, .. } => Some(*order),
            Self::Filled { fill } | Self::Corrected { fill } => Some(fill.order),
            _ => None,
        }
    }

    /// The instrument it is about, when it says so itself.
    pub fn key(&self) -> Option<Key> {
        match self {
            Self::Intended { intent, .. } | Self::OrderAdopted { intent, .. } => Some(intent.key),
            Self::Filled { fill } | Self::Corrected { fill } | Self::Outside { fill, .. } => Some(fill.key),
            Self::PlanSet { key, .. }
            | Self::FeeSettled { key, .. }
            | Self::StopTrailed { key, .. }
            | Self::CloseStarted { key }
            | Self::CloseAnswered { key, .. }
            | Self::ExitWanted { key, .. }
            | Self::ProtectionBlocked { key, .. }
            | Self::EntriesStopped { scope: Scope::Instrument(key), .. }
            | Self::EntriesAllowed { scope: Scope::Instrument(key), .. } => Some(*key),
            Self::Diverged { key, .. } | Self::Repaired { key, .. } => *key,
            _ => None,
        }
    }
}

//! What an account at Alpaca can do. Data: the desk decides by it.

use broker_api::{Brackets, Capabilities, KindName, Resend, ResolvePolicy};
use chrono::TimeDelta;

/// What an account at Alpaca can do, and how an order without an answer is settled there.
pub fn capabilities() -> Capabilities {
    Capabilities {
        kinds: KindName::ALL.to_vec(),
        // A market order would be held too, and then meet the open without a limit; a trailing stop is for regular hours.
        holds_when_closed: vec![KindName::Limit, KindName::Stop, KindName::StopLimit],
        reduce_only: false,
        brackets: Brackets::WholeShares,
        closing_binds: true,
        parts_end_with_session: true,
        closes_positions: true,
        paid_when_executed: false,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve: ResolvePolicy {
            first_ask: TimeDelta::milliseconds(500),
            every: TimeDelta::seconds(2),
            asks_max: 12,
            settle: TimeDelta::seconds(10),
            send_within: TimeDelta::seconds(30),
            // Ids are refused as duplicates for ever, also after a fill or a cancel (measured in August and October 2026).
            resend: Resend::AfterSilence(TimeDelta::seconds(10)),
            attempts_max: 3,
            not_sent_max: 60,
            throttled_max: 60,
            gone_after: TimeDelta::seconds(150),
            // A name is never free again.
            fence: None,
        },
    }
}

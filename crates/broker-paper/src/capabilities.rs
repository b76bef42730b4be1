//! What the paper venue can do. A replay of history says the same of itself, without the venue and its file.

use broker_api::{Brackets, Capabilities, KindName, Resend, ResolvePolicy};
use chrono::TimeDelta;

/// What the paper venue can do: everything, and it keeps everything while the market is closed.
pub fn capabilities() -> Capabilities {
    Capabilities {
        kinds: KindName::ALL.to_vec(),
        holds_when_closed: KindName::ALL.to_vec(),
        reduce_only: true,
        brackets: Brackets::AsFilled,
        closing_binds: false,
        parts_end_with_session: false,
        closes_positions: true,
        paid_when_executed: false,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve: ResolvePolicy {
            first_ask: TimeDelta::zero(),
            every: TimeDelta::seconds(1),
            asks_max: 5,
            settle: TimeDelta::zero(),
            send_within: TimeDelta::seconds(30),
            resend: Resend::AfterProof,
            attempts_max: 5,
            not_sent_max: 300,
            throttled_max: 300,
            gone_after: TimeDelta::zero(),
            fence: None,
        },
    }
}

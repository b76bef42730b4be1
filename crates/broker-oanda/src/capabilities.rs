//! What an account at OANDA can do. Data: the desk decides by it.

use broker_api::{Brackets, Capabilities, KindName, Ratio, Resend, ResolvePolicy};
use chrono::TimeDelta;
use rust_decimal::Decimal;

/// How stops and targets are placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exits {
    /// As orders of their own that may only reduce; and, where an order asks for it, at its trade as that opens.
    #[default]
    Attached,
    /// As orders of their own alone. In the United States trades of one pair that have exits of their own must differ in size
    /// (its first-in-first-out rule); two that do not are killed.
    Separate,
}

/// How far from the price an entry may still be executed. Its moment is its own: [`ResolvePolicy::send_within`].
const COLLAR: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// What an account at OANDA can do, and how an order without an answer is settled there.
pub fn capabilities(exits: Exits) -> Capabilities {
    Capabilities {
        // A stop with a bound is cancelled beyond it, and does not wait there as a stop-limit does; a trailing stop belongs to
        // one trade, not to what is held of a pair.
        kinds: vec![KindName::Market, KindName::Limit, KindName::Stop],
        // A market order for a closed market is killed.
        holds_when_closed: vec![KindName::Limit, KindName::Stop],
        reduce_only: true,
        brackets: match exits {
            Exits::Attached => Brackets::AsFilled,
            Exits::Separate => Brackets::None,
        },
        closing_binds: false,
        parts_end_with_session: false,
        closes_positions: true,
        paid_when_executed: true,
        log_tells_closings: true,
        blackouts: Vec::new(),
        resolve: ResolvePolicy {
            first_ask: TimeDelta::seconds(1),
            every: TimeDelta::seconds(5),
            asks_max: 30,
            settle: TimeDelta::seconds(10),
            send_within: TimeDelta::seconds(20),
            // A name is free once its order is over (measured in September 2026): only the log can say that it never came.
            resend: Resend::AfterProof,
            attempts_max: 3,
            not_sent_max: 60,
            throttled_max: 60,
            gone_after: TimeDelta::zero(),
            fence: Ratio::new(COLLAR).ok(),
        },
    }
}

//! Names of orders: derived from what they are for, so that the same decision has the same name in every process,
//! before and after a crash.

use broker_api::{AccountId, ClientOrderId, Key, Purpose, SignalId, StrategyId};
use data_encoding::Specification;
use sha2::{Digest as _, Sha256};

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A strategy's decision.
    Signal {
        /// Whose.
        strategy: StrategyId,
        /// Which.
        signal: SignalId,
    },
    /// A position that is held: its stop, its target, or its end when no signal asked for it.
    Position {
        /// Where and what.
        key: Key,
        /// The position's number in the book.
        number: u64,
    },
}

/// `tw1`, 20 base32 characters (lower case, no padding) of a SHA-256, `-`, a letter for the purpose, and the
/// generation: at most 35 bits of it are decimal digits, so the name fits into 32 characters of `[a-z0-9-]`.
///
/// The hash is over account, origin and its parts, each followed by a zero byte, so that no two different lists of
/// parts are the same bytes.
pub fn client_order_id(
    account: AccountId,
    origin: Origin,
    purpose: Purpose,
    generation: u32,
) -> ClientOrderId {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    part(account.as_str());
    match origin {
        Origin::Signal { strategy, signal } => {
            part("signal");
            part(strategy.as_str());
            part(signal.as_str());
        }
        Origin::Position { key, number } => {
            part("position");
            part(key.venue.as_str());
            part(key.symbol.as_str());
            part(&number.to_string());
        }
    }
    let text: String = base32(&hash.finalize()).chars().take(20).collect();
    // 3 + 20 + 1 + 1 + at most 7 digits: a position does not see ten million generations of a leg.
    let id = format!("tw1{text}-{}{}", purpose.letter(), generation % 10_000_000);
    named(&id)
}

#[expect(clippy::expect_used, reason = "32 characters of the alphabet; a test makes the longest")]
fn named(id: &str) -> ClientOrderId {
    ClientOrderId::new(id).expect("a client order id")
}

fn base32(bytes: &[u8]) -> String {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    #[expect(clippy::expect_used, reason = "32 distinct symbols are a base32 alphabet")]
    spec.encoding().expect("an alphabet").encode(bytes)
}

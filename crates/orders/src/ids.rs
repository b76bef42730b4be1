//! Names of orders: derived from what they are for, so that the same decision has the same name in every process,
//! before and after a crash.

use broker_api::{AccountId, ClientOrderId, Key, Purpose, SignalId, StrategyId};
use data_encoding::BASE32_NOPAD;
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

/// The first generation that does not fit beside the hash in seven digits, and goes into it.
const DIGITS: u32 = 10_000_000;

/// Room for all that goes into the hash.
const PARTS_BYTES: usize = 192;

/// `tw1`, 20 base32 characters (lower case, no padding) of a SHA-256, `-`, a letter for the purpose, and the
/// generation in at most seven digits: 32 characters of `[a-z0-9-]` at most.
///
/// The hash is over account, origin and its parts, each followed by a zero byte, so that no two different lists of
/// parts are the same bytes; of a generation with more than seven digits it takes in the whole, and the last seven
/// are shown. So every generation has a name of its own.
pub fn client_order_id(
    account: AccountId,
    origin: Origin,
    purpose: Purpose,
    generation: u32,
) -> ClientOrderId {
    let mut parts = Vec::with_capacity(PARTS_BYTES);
    let mut part = |text: &str| {
        parts.extend_from_slice(text.as_bytes());
        parts.push(0);
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
    if generation >= DIGITS {
        part(&generation.to_string());
    }
    // Five bits make a character, so that these bytes make all that is shown, and whole ones.
    let mut text = [0; 24];
    BASE32_NOPAD.encode_mut(&Sha256::digest(&parts)[..15], &mut text);
    text.make_ascii_lowercase();
    let text = std::str::from_utf8(&text[..20]).unwrap_or_default();
    named(&format!("tw1{text}-{}{}", purpose.letter(), generation % DIGITS))
}

#[expect(
    clippy::expect_used,
    reason = "3 + 20 + 1 + 1 + 7 characters of its alphabet; a test makes the longest"
)]
fn named(id: &str) -> ClientOrderId {
    ClientOrderId::new(id).expect("a client order id")
}

//! What OANDA may send: whatever it is, it is taken in as the same each time, or explained in few words.

use broker_api::{Key, Symbol, Time, VenueId};
use broker_oanda::Body;

use super::bodies::{is_told, status};

/// A body or a stretch of the stream: its first byte says of which kind, the rest is it.
pub fn oanda(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    let kinds = Body::ALL.len();
    let of = match Body::ALL[usize::from(*kind) % kinds] {
        Body::Refusal(_) => Body::Refusal(status(*kind, kinds)),
        of => of,
    };
    let key = Key { venue: VenueId::new("oanda").unwrap(), symbol: Symbol::new("EUR/USD").unwrap() };
    let at: Time = "2026-11-20T15:00:00Z".parse().unwrap();
    is_told(body.len(), || of.read(key, body, at));
}

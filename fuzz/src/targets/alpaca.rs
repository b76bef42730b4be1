//! What Alpaca may send: whatever it is, it is taken in as the same each time, or explained in few words.

use broker_alpaca::probe::Body;
use broker_api::{Time, VenueId};

use super::bodies::{is_told, status};

/// A body or a message of the stream: its first byte says of which kind, the rest is it.
pub fn alpaca(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    let kinds = Body::ALL.len();
    let of = match Body::ALL[usize::from(*kind) % kinds] {
        Body::Refusal(_) => Body::Refusal(status(*kind, kinds)),
        of => of,
    };
    let venue = VenueId::new("alpaca").unwrap();
    let at: Time = "2026-11-20T15:00:00Z".parse().unwrap();
    is_told(body.len(), || of.read(venue, body, at));
}

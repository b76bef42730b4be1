//! What Alpaca may send: whatever it is, it is taken in as the same each time, or explained in few words.

use broker_alpaca::probe::Body;
use broker_api::{Time, VenueId};

/// A body or a message of the stream: its first byte says of which kind, the rest is it.
pub fn alpaca(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    let kinds = Body::ALL.len();
    let of = match Body::ALL[usize::from(*kind) % kinds] {
        Body::Refusal(_) => {
            Body::Refusal([400, 401, 403, 404, 422, 429, 500, 503][usize::from(*kind) / kinds % 8])
        }
        of => of,
    };
    let venue = VenueId::new("alpaca").unwrap();
    let at: Time = "2026-11-20T15:00:00Z".parse().unwrap();
    let read = of.read(venue, body, at);
    assert_eq!(read, of.read(venue, body, at));
    if let Err(failed) = read {
        assert!(!failed.why.is_empty() && failed.why.len() <= 1_000 + body.len(), "{}", failed.why);
        assert!(!failed.transient, "what cannot be read once cannot be read again: {}", failed.why);
    }
}

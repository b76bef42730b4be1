//! What a broker may send.

use broker_api::QueryFailed;

/// The status of a refusal, by the first byte of what is read, where there are so many kinds.
pub(super) const fn status(kind: u8, kinds: usize) -> u16 {
    [400, 401, 403, 404, 422, 429, 500, 503][kind as usize / kinds % 8]
}

/// Whatever a body of so many bytes is, it is taken in as the same each time, or explained in few words.
pub(super) fn is_told(size: usize, read: impl Fn() -> Result<String, QueryFailed>) {
    let told = read();
    assert_eq!(told, read());
    if let Err(failed) = told {
        assert!(!failed.why.is_empty() && failed.why.len() <= 1_000 + size, "{}", failed.why);
        assert!(!failed.transient, "what cannot be read once cannot be read again: {}", failed.why);
    }
}

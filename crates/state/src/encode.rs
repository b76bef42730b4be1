//! How a record becomes a row, and how rows are chained.
//!
//! The hash of a row is the SHA-256, in lower-case hex, of six lines joined by `\n`: the hash of the row before,
//! the seq, the time, the kind, the version and the payload, exactly as they stand in the row. The row before
//! the first one is the journal's id: its hash is that of `tradewind.journal/1`, `\n`, and the id. None but the
//! last line can hold a line break, so no two rows give the same text.

use std::fmt;

use broker_api::{Digest, Record, Stamped, Time, record};
use chrono::{DateTime, SecondsFormat};
use sha2::{Digest as _, Sha256};

/// One record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Counts from 1, without a gap.
    pub seq: u64,
    /// When it was decided: RFC 3339 with `Z`.
    pub at: String,
    /// The record's name.
    pub kind: String,
    /// The version of the payload.
    pub version: u32,
    /// The record as JSON.
    pub payload: String,
    /// The hash of this row and of everything before it.
    pub hash: Digest,
}

/// A row that is not a record of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its seq.
    pub seq: u64,
    /// What is wrong with it.
    pub why: Box<str>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} cannot be read: {}", self.seq, self.why)
    }
}

impl std::error::Error for Unreadable {}

/// A moment as files hold it: RFC 3339 in UTC, as many digits as it has.
pub fn time_text(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The SHA-256 of some bytes.
#[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "32 bytes in lower-case hex are a digest")]
pub fn digest(bytes: &[u8]) -> Digest {
    let hex = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    Digest::new(&hex).expect("a digest")
}

/// A SHA-256 under way, for what is too long to be held at once.
#[derive(Clone, Debug, Default)]
pub struct Hashing(Sha256);

impl Hashing {
    /// Takes in more.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was taken in.
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "32 bytes in lower-case hex are a digest"
    )]
    pub fn finish(self) -> Digest {
        Digest::new(&data_encoding::HEXLOWER.encode(&self.0.finalize())).expect("a digest")
    }
}

/// What stands before the first row of the journal of this id.
pub fn genesis(id: &str) -> Digest {
    digest(format!("tradewind.journal/1\n{id}").as_bytes())
}

/// The hash of a row that follows one with the hash `before`; the row's own hash is not looked at.
pub fn chained(before: Digest, row: &Encoded) -> Digest {
    let Encoded { seq, at, kind, version, payload, .. } = row;
    digest(format!("{before}\n{seq}\n{at}\n{kind}\n{version}\n{payload}").as_bytes())
}

/// A record as a row that follows one with the hash `before`.
///
/// # Errors
/// [`Unreadable`] when it cannot be written as JSON.
pub fn encode(before: Digest, stamped: &Stamped) -> Result<Encoded, Unreadable> {
    let payload = serde_json::to_string(&stamped.record)
        .map_err(|why| Unreadable { seq: stamped.seq, why: why.to_string().into() })?;
    let mut row = Encoded {
        seq: stamped.seq,
        at: time_text(stamped.at),
        kind: stamped.record.name().to_owned(),
        version: record::VERSION,
        payload,
        hash: before,
    };
    row.hash = chained(before, &row);
    Ok(row)
}

/// The record in a row. The hash is not looked at.
///
/// # Errors
/// [`Unreadable`] for a newer version, a kind this program does not know, and anything that is not what it says.
pub fn decode(row: &Encoded) -> Result<Stamped, Unreadable> {
    let fail = |why: String| Unreadable { seq: row.seq, why: why.into() };
    if row.version == 0 || row.version > record::VERSION {
        return Err(fail(format!(
            "it has version {}, and this program knows versions up to {}; use the program that wrote it, or a newer one",
            row.version,
            record::VERSION
        )));
    }
    let at = DateTime::parse_from_rfc3339(&row.at)
        .map_err(|why| fail(format!("its time {:?} is not one: {why}", row.at)))?
        .to_utc();
    let record: Record = serde_json::from_str(&row.payload).map_err(|why| fail(why.to_string()))?;
    if record.name() != row.kind {
        return Err(fail(format!("it is called `{}` and holds `{}`", row.kind, record.name())));
    }
    Ok(Stamped { seq: row.seq, at, record })
}

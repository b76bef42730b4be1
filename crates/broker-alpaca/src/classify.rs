//! What a refusal means: one table, each row with where it is said. The status alone never decides: Alpaca answers 403
//! for bad keys and for too little money.
//!
//! What the table does not have is [`Meaning::Unlisted`] when it is a 4xx, and otherwise without meaning: an order whose
//! answer means nothing is unknown until it is found or proven absent.

mod table;

use broker_api::{CancelOutcome, Code, SubmitOutcome, planted};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::transport::{Answer, short};

pub use table::TABLE;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `POST /v2/orders`.
    Submit,
    /// `DELETE /v2/orders/{id}`.
    Cancel,
    /// Either.
    Any,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This order is refused, for good.
    Refused(&'static str),
    /// An order of this name is there.
    Duplicate,
    /// Not looked at; later.
    Throttled,
    /// Everything would be refused: a person is needed.
    Broken,
    /// The order is over.
    TooLate,
    /// A cancel is under way already.
    UnderWay,
    /// No order of that name.
    Absent,
    /// The table does not have it.
    Unlisted,
}

/// One row: what must be seen, what it means, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// In answer to what.
    pub command: Command,
    /// The HTTP status.
    pub status: u16,
    /// Alpaca's code; `None` for an answer without one.
    pub code: Option<u32>,
    /// What the message begins with, in lower case; behind a `*`, what it holds further on.
    pub begins: &'static str,
    /// What it means.
    pub meaning: Meaning,
    /// Where that is said or was seen.
    pub source: &'static str,
}

impl Row {
    fn fits(&self, message: &str) -> bool {
        let (head, tail) = self.begins.split_once('*').unwrap_or((self.begins, ""));
        message.strip_prefix(head).is_some_and(|rest| rest.contains(tail))
    }
}

/// The most orders in the way that are named.
const OTHERS_MAX: usize = 3;

/// What an answer of 400 and more says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<u32>,
    pub(crate) message: String,
    /// The orders that stand in the way, by Alpaca's ids of them.
    pub(crate) others: Vec<String>,
}

impl Refusal {
    /// Reads a body, which gateways may write as they like.
    pub(crate) fn read(answer: &Answer) -> Self {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            code: Option<&'a RawValue>,
            message: Option<String>,
            #[serde(borrow)]
            related_orders: Option<&'a RawValue>,
            #[serde(borrow)]
            existing_order_id: Option<&'a RawValue>,
        }
        let body = serde_json::from_slice::<Body<'_>>(&answer.body).ok();
        // Of another form they say nothing, and the rest is read all the same.
        let related = body.as_ref().and_then(|body| serde_json::from_str(body.related_orders?.get()).ok());
        let existing =
            body.as_ref().and_then(|body| serde_json::from_str(body.existing_order_id?.get()).ok());
        let others = related.unwrap_or_else(|| existing.into_iter().collect::<Vec<String>>());
        let others = others.iter().take(OTHERS_MAX).map(|id| short(id, 64)).collect();
        let code = body.as_ref().and_then(|body| body.code?.get().trim_matches('"').parse().ok());
        let message = body.and_then(|body| body.message).unwrap_or_else(|| {
            // A page of a gateway: its beginning is enough.
            let text = String::from_utf8_lossy(&answer.body);
            if text.trim().is_empty() { "(no body)".to_owned() } else { text.trim().to_owned() }
        });
        Self { status: answer.status, code, message: short(&message, 200), others }
    }

    /// Whether Alpaca itself says that there is nothing of that name: a gateway's 404 says nothing. Whether the lookup by
    /// our id carries the code too is unverified, so its words count as well.
    pub(crate) fn says_absent(&self) -> bool {
        let words = ["order not found", "asset not found", "position does not exist"];
        self.code == Some(40_410_000) || words.iter().any(|begin| self.message.starts_with(begin))
    }

    /// The first row that fits.
    pub(crate) fn meaning(&self, command: Command) -> Meaning {
        let message = self.message.to_lowercase();
        let fits = |row: &&Row| {
            (row.command == command || row.command == Command::Any)
                && row.status == self.status
                && row.code == self.code
                && row.fits(&message)
        };
        TABLE.iter().find(fits).map_or(Meaning::Unlisted, |row| row.meaning)
    }
}

/// What an answer to an order that is no acceptance means.
pub(crate) fn submitted(answer: &Answer) -> SubmitOutcome {
    let refusal = Refusal::read(answer);
    let text: Box<str> = answer.told().into();
    if planted!(GatewayIsRefusal) && answer.status >= 500 {
        return SubmitOutcome::Refused { code: Code::fixed("unlisted"), text };
    }
    match refusal.meaning(Command::Submit) {
        Meaning::Refused(code) => SubmitOutcome::Refused { code: Code::fixed(code), text },
        Meaning::Duplicate => SubmitOutcome::Duplicate { text },
        Meaning::Broken => SubmitOutcome::Broken { why: text },
        Meaning::Throttled => match answer.until {
            Some(until) => SubmitOutcome::Throttled { until },
            None => SubmitOutcome::Unknown { why: text },
        },
        Meaning::Unlisted if (400..500).contains(&answer.status) => {
            let code =
                refusal.code.map_or_else(|| format!("http_{}", refusal.status), |code| code.to_string());
            match Code::new(&code) {
                Ok(code) => SubmitOutcome::RefusedUnlisted { code, text },
                Err(_) => SubmitOutcome::Unknown { why: text },
            }
        }
        Meaning::TooLate | Meaning::UnderWay | Meaning::Absent | Meaning::Unlisted => {
            SubmitOutcome::Unknown { why: text }
        }
    }
}

/// What an answer to a cancel means.
pub(crate) fn cancelled(answer: &Answer) -> CancelOutcome {
    if answer.status == 204 {
        return CancelOutcome::Accepted;
    }
    let text: Box<str> = answer.told().into();
    match Refusal::read(answer).meaning(Command::Cancel) {
        Meaning::TooLate => CancelOutcome::TooLate,
        Meaning::UnderWay => CancelOutcome::Accepted,
        Meaning::Throttled | Meaning::Absent => CancelOutcome::NotSent { why: text },
        Meaning::Refused(_) | Meaning::Duplicate | Meaning::Broken | Meaning::Unlisted => {
            CancelOutcome::Unknown { why: text }
        }
    }
}

/// What an answer to closing a position means. A refusal leaves it as it is, so it may be asked for again.
pub(crate) fn closed(answer: &Answer) -> CancelOutcome {
    if answer.is_success() {
        return CancelOutcome::Accepted;
    }
    let text: Box<str> = answer.told().into();
    let refusal = Refusal::read(answer);
    match answer.status {
        404 if refusal.says_absent() => CancelOutcome::TooLate,
        400..500 => CancelOutcome::NotSent { why: text },
        _ => CancelOutcome::Unknown { why: text },
    }
}

#[cfg(test)]
mod tests;

//! What a refusal means: one table, each row with where it is said. The status alone never decides.
//!
//! An order is refused in two ways: before it is an order (400 or 404, and mostly a transaction that says so), or as its
//! first and only moment (201, with the transaction that cancels it beside the one that made it). Both are refusals of
//! that order, told once in the answer, and again in the log, where the second one changes nothing any more.
//!
//! What the table does not have is [`Meaning::Unlisted`] when it is a 4xx, and otherwise without meaning: an order whose
//! answer means nothing is unknown until it is found or proven absent.

mod table;

use broker_api::{CancelOutcome, Code, SubmitOutcome, planted};
use broker_http::{Answer, short};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::Transaction;

pub use table::TABLE;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `POST /v3/accounts/{id}/orders`.
    Submit,
    /// `PUT /v3/accounts/{id}/orders/{spec}/cancel`.
    Cancel,
    /// `PUT /v3/accounts/{id}/positions/{instrument}/close`.
    Close,
    /// Any of them.
    Any,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This order is refused, for good, for a reason that has a word of ours.
    Refused(&'static str),
    /// The same, for OANDA's own reason.
    RefusedAsSaid,
    /// An order of this name is there.
    Duplicate,
    /// Not looked at; later.
    Throttled,
    /// Everything would be refused: a person is needed.
    Broken,
    /// The order is over, or what is held is not held any more; or never was there.
    Gone,
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
    /// OANDA's `errorCode`; `None` for any or none.
    pub code: Option<&'static str>,
    /// What the message holds, in lower case.
    pub holds: &'static str,
    /// Whether the log has a transaction that refuses it.
    pub is_logged: bool,
    /// What it means.
    pub meaning: Meaning,
    /// Where that is said or was seen.
    pub source: &'static str,
}

/// What an answer of 400 and more says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    /// Whether it names the transaction that refuses.
    pub(crate) is_logged: bool,
}

impl Refusal {
    /// Reads a body, which gateways may write as they like.
    pub(crate) fn read(answer: &Answer) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            error_message: Option<String>,
            error_code: Option<String>,
            #[serde(borrow)]
            order_reject_transaction: Option<&'a RawValue>,
        }
        let body = serde_json::from_slice::<Body<'_>>(&answer.body).ok();
        let is_logged = body.as_ref().is_some_and(|body| body.order_reject_transaction.is_some());
        let code = body.as_ref().and_then(|body| body.error_code.as_deref()).map(|code| short(code, 80));
        let message = body.and_then(|body| body.error_message).unwrap_or_else(|| {
            // A page of a gateway: its beginning is enough.
            let text = String::from_utf8_lossy(&answer.body);
            if text.trim().is_empty() { "(no body)".to_owned() } else { text.trim().to_owned() }
        });
        Self { status: answer.status, code, message: short(&message, 200), is_logged }
    }

    /// Whether OANDA itself says that there is nothing of that name: a gateway's 404 says nothing.
    pub(crate) fn says_absent(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("NO_SUCH_"))
    }

    /// The first row that fits.
    pub(crate) fn meaning(&self, command: Command) -> Meaning {
        let message = self.message.to_lowercase();
        let fits = |row: &&Row| {
            (row.command == command || row.command == Command::Any)
                && row.status == self.status
                && row.code.is_none_or(|code| self.code.as_deref() == Some(code))
                && (!row.is_logged || self.is_logged)
                && message.contains(row.holds)
        };
        TABLE.iter().find(fits).map_or(Meaning::Unlisted, |row| row.meaning)
    }
}

/// A reason in OANDA's words as a code: the lower case of it, as far as it fits.
pub(crate) fn code(reason: &str) -> Code {
    let words = reason.to_lowercase();
    let most = words.len().min(Code::MAX);
    words.get(..most).and_then(|text| Code::new(text).ok()).unwrap_or(const { Code::fixed("unlisted") })
}

/// What an answer to an order that is no acceptance means; `text` tells it to a person.
pub(crate) fn submitted(answer: &Answer, text: String) -> SubmitOutcome {
    let refusal = Refusal::read(answer);
    let text: Box<str> = text.into();
    if planted!(GatewayIsRefusal) && answer.status >= 500 {
        return SubmitOutcome::Refused { code: Code::fixed("unlisted"), text };
    }
    match refusal.meaning(Command::Submit) {
        Meaning::Refused(word) => SubmitOutcome::Refused { code: Code::fixed(word), text },
        Meaning::RefusedAsSaid => {
            SubmitOutcome::Refused { code: code(refusal.code.as_deref().unwrap_or("rejected")), text }
        }
        Meaning::Duplicate => SubmitOutcome::Duplicate { text },
        Meaning::Broken => SubmitOutcome::Broken { why: text },
        Meaning::Throttled => match answer.until {
            Some(until) => SubmitOutcome::Throttled { until },
            None => SubmitOutcome::Unknown { why: text },
        },
        Meaning::Unlisted if (400..500).contains(&answer.status) => {
            let said = refusal.code.unwrap_or_else(|| format!("http_{}", answer.status));
            SubmitOutcome::RefusedUnlisted { code: code(&said), text }
        }
        Meaning::Gone | Meaning::Unlisted => SubmitOutcome::Unknown { why: text },
    }
}

/// What came of a cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// This.
    So(CancelOutcome),
    /// No order of the name is pending: it is over, or never came.
    Gone,
}

/// What an answer to a cancel means.
pub(crate) fn cancelled(answer: &Answer, text: String) -> Cancelled {
    if answer.status == 200 {
        return Cancelled::So(CancelOutcome::Accepted);
    }
    let why: Box<str> = text.into();
    Cancelled::So(match Refusal::read(answer).meaning(Command::Cancel) {
        Meaning::Gone => return Cancelled::Gone,
        Meaning::Throttled => CancelOutcome::NotSent { why },
        Meaning::Refused(_)
        | Meaning::RefusedAsSaid
        | Meaning::Duplicate
        | Meaning::Broken
        | Meaning::Unlisted => CancelOutcome::Unknown { why },
    })
}

/// What an answer other than 200 to closing a position means. A refusal leaves it as it is, so it may be asked for again.
pub(crate) fn closed(answer: &Answer, text: String) -> CancelOutcome {
    let why: Box<str> = text.into();
    match (Refusal::read(answer).meaning(Command::Close), answer.status) {
        (Meaning::Gone, _) => CancelOutcome::TooLate,
        (_, 400..500) => CancelOutcome::NotSent { why },
        _ => CancelOutcome::Unknown { why },
    }
}

/// What it means that an order was cancelled in the moment in which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Killed {
    /// It was refused.
    Refused,
    /// An order of its name was there before: it is no word on that one.
    Duplicate,
    /// It was taken, and ended by its own time in force.
    Ended,
}

/// By the order that was made, and the reason.
pub(crate) fn killed(order: &Transaction, reason: &str) -> Killed {
    let is_market = order.kind == "MARKET_ORDER";
    match reason {
        text if is_duplicate(text) => Killed::Duplicate,
        "INSUFFICIENT_LIQUIDITY" | "TIME_IN_FORCE_EXPIRED" | "BOUNDS_VIOLATION"
            if order.is_immediate() && !is_market =>
        {
            Killed::Ended
        }
        // Somebody was quick.
        "CLIENT_REQUEST" | "CLIENT_REQUEST_REPLACED" | "LINKED_TRADE_CLOSED" => Killed::Ended,
        _ => Killed::Refused,
    }
}

/// Whether a reason says that something of this name is there already.
pub(crate) fn is_duplicate(reason: &str) -> bool {
    reason.ends_with("CLIENT_ORDER_ID_ALREADY_EXISTS") || reason == "CLIENT_TRADE_ID_ALREADY_EXISTS"
}

#[cfg(test)]
mod tests;

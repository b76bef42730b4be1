//! The table itself. Sources: "OANDA docs" are pages under developer.oanda.com/rest-live-v20, "spec" is the Swagger of 3.0.25,
//! "recorded" are answers of the practice host with their date, "GitHub" are threads and recordings in public repositories.

use super::Command::{Any, Cancel, Close, Submit};
use super::Meaning::{Broken, Duplicate, Gone, Refused, RefusedAsSaid, Throttled};
use super::{Command, Meaning, Row};

const fn row(
    command: Command,
    status: u16,
    code: &'static str,
    meaning: Meaning,
    source: &'static str,
) -> Row {
    Row { command, status, code: Some(code), holds: "", is_logged: false, meaning, source }
}

const fn said(
    command: Command,
    status: u16,
    holds: &'static str,
    meaning: Meaning,
    source: &'static str,
) -> Row {
    Row { command, status, code: None, holds, is_logged: false, meaning, source }
}

const fn logged(status: u16, meaning: Meaning, source: &'static str) -> Row {
    Row { command: Submit, status, code: None, holds: "", is_logged: true, meaning, source }
}

/// Every refusal that is known. A row with a code stands before one without, and one for a command before one for all.
pub const TABLE: &[Row] = &[
    // credentials and environment
    said(Any, 401, "", Broken, "OANDA docs, authentication; GitHub hootnot/oanda-api-v20#129, #135, #196"),
    said(Any, 403, "", Broken, "OANDA docs, troubleshooting: the request was forbidden"),
    // too many: documented as not processed
    said(Any, 429, "", Throttled, "OANDA docs, development guide: 120 requests a second"),
    // names
    row(
        Submit,
        400,
        "CLIENT_ORDER_ID_ALREADY_EXISTS",
        Duplicate,
        "OANDA docs, transaction definitions: the id of a pending order",
    ),
    row(
        Submit,
        400,
        "CLIENT_TRADE_ID_ALREADY_EXISTS",
        Duplicate,
        "OANDA docs, transaction definitions: the id of an open trade",
    ),
    row(
        Submit,
        400,
        "CLIENT_ORDER_ID_INVALID",
        Refused("bad_request"),
        "recorded 2026-09-23: 129 characters",
    ),
    // money and quantity
    row(Submit, 400, "INSUFFICIENT_MARGIN", Refused("insufficient_margin"), "spec, TransactionRejectReason"),
    row(
        Submit,
        400,
        "UNITS_INVALID",
        Refused("bad_quantity"),
        "recorded 2026-09-23; GitHub hootnot/oanda-api-v20#183",
    ),
    row(Submit, 400, "UNITS_PRECISION_EXCEEDED", Refused("bad_quantity"), "recorded 2026-09-23"),
    // The misspelling is the constant.
    row(Submit, 400, "UNITS_MIMIMUM_NOT_MET", Refused("bad_quantity"), "spec, TransactionRejectReason"),
    row(Submit, 400, "UNITS_LIMIT_EXCEEDED", Refused("bad_quantity"), "spec, TransactionRejectReason"),
    // prices and times
    row(
        Submit,
        400,
        "PRICE_PRECISION_EXCEEDED",
        Refused("bad_price"),
        "GitHub hootnot/oanda-api-v20#149; QuantConnect/Lean#579",
    ),
    row(Submit, 400, "PRICE_INVALID", Refused("bad_price"), "spec, TransactionRejectReason"),
    row(
        Submit,
        400,
        "TIME_IN_FORCE_INVALID",
        Refused("bad_time_in_force"),
        "recorded 2026-09-23: MARKET with GTC",
    ),
    // instruments
    row(
        Submit,
        400,
        "oanda::rest::core::InvalidParameterException",
        Refused("bad_request"),
        "recorded 2026-09-23: an instrument that is not known; the log has nothing of it",
    ),
    said(
        Submit,
        400,
        "invalid value specified for",
        Refused("bad_request"),
        "OANDA docs, troubleshooting; GitHub ccxt/ccxt#6716",
    ),
    said(Submit, 400, "required data", Refused("bad_request"), "OANDA docs, troubleshooting"),
    // everything that the log refuses by a transaction of its own
    logged(400, RefusedAsSaid, "spec, POST /v3/accounts/{accountID}/orders: orderRejectTransaction"),
    logged(404, RefusedAsSaid, "spec, POST /v3/accounts/{accountID}/orders: orderRejectTransaction"),
    // cancels
    row(Cancel, 404, "ORDER_DOESNT_EXIST", Gone, "recorded 2026-09-23: the second cancel, also after a fill"),
    row(Cancel, 404, "NO_SUCH_ORDER", Gone, "GitHub hootnot/oanda-api-v20#204"),
    // positions
    row(Close, 404, "CLOSEOUT_POSITION_DOESNT_EXIST", Gone, "recorded 2026-09-23: nothing is open"),
    row(
        Close,
        400,
        "CLOSEOUT_POSITION_DOESNT_EXIST",
        Gone,
        "recorded 2026-09-23: the side that is named is flat",
    ),
];

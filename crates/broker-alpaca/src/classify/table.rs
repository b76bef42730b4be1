//! The table itself. Sources: "Alpaca docs" are pages under docs.alpaca.markets, "recorded" are answers seen on the
//! paper API with their date, "GitHub" are threads and recordings in public repositories.

use super::Command::{Any, Cancel, Submit};
use super::Meaning::{Absent, Broken, Duplicate, Refused, Throttled, TooLate, UnderWay};
use super::{Command, Meaning, Row};

const fn row(
    command: Command,
    status: u16,
    code: u32,
    begins: &'static str,
    meaning: Meaning,
    source: &'static str,
) -> Row {
    Row { command, status, code: Some(code), begins, meaning, source }
}

const fn bare(status: u16, begins: &'static str, meaning: Meaning, source: &'static str) -> Row {
    Row { command: Any, status, code: None, begins, meaning, source }
}

const FORBIDDEN: u32 = 40_310_000;
const INVALID: u32 = 40_010_001;
const UNPROCESSABLE: u32 = 42_210_000;

/// Every refusal that is known. A row for one command stands before one for both.
pub const TABLE: &[Row] = &[
    // credentials
    row(Any, 401, 40_110_000, "", Broken, "Alpaca docs, authentication; GitHub alpacahq/alpaca-trade-api-go"),
    bare(401, "", Broken, "Alpaca docs, authentication"),
    bare(
        403,
        "forbidden",
        Broken,
        "GitHub alpacahq/Alpaca-API: a key without access, or of the other environment",
    ),
    // money and quantity
    row(
        Submit,
        403,
        FORBIDDEN,
        "insufficient buying power",
        Refused("insufficient_buying_power"),
        "recorded; GitHub alpacahq/Alpaca-API#111",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "insufficient day trading buying power",
        Refused("insufficient_buying_power"),
        "Alpaca docs, user protection (until June 2026)",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "insufficient qty available for order",
        Refused("insufficient_quantity"),
        "recorded; GitHub alpacahq/Alpaca-API#111, #142",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "insufficient balance for",
        Refused("insufficient_balance"),
        "Alpaca docs, crypto orders; recorded 2026-08-14",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "cost basis must be >= minimal amount of order",
        Refused("min_notional"),
        "recorded 2026-10-08",
    ),
    // other orders in the way
    row(
        Submit,
        403,
        FORBIDDEN,
        "potential wash trade detected",
        Refused("wash_trade"),
        "Alpaca docs, user protection; recorded 2026-05-25",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "potential wash trade detected",
        Refused("wash_trade"),
        "as before, seen with this status in January 2024",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "cannot open a short sell while a long buy order is open",
        Refused("opposite_order_open"),
        "recorded 2026",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "cannot open a long buy while a short sell order is open",
        Refused("opposite_order_open"),
        "recorded 2026",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "unable to open new notional orders",
        Refused("opposite_order_open"),
        "Alpaca docs, fractional trading",
    ),
    // the asset
    row(
        Submit,
        403,
        FORBIDDEN,
        "asset \"*\" is not fractionable",
        Refused("not_fractionable"),
        "recorded 2026-10-08: asset \"X\" is not fractionable",
    ),
    row(
        Submit,
        403,
        FORBIDDEN,
        "requested asset is not fractionable",
        Refused("not_fractionable"),
        "Alpaca docs, fractional trading",
    ),
    row(Submit, 404, 40_410_000, "asset not found for", Refused("unknown_instrument"), "Alpaca docs, assets"),
    // day trading, retired in June 2026
    row(
        Submit,
        403,
        40_310_100,
        "trade denied due to pattern day trading protection",
        Refused("day_trading"),
        "Alpaca docs, user protection; GitHub bennycode/trading-signals#1178",
    ),
    // the form of the order
    row(
        Submit,
        400,
        40_010_000,
        "request body format is invalid",
        Refused("bad_request"),
        "Alpaca docs, error codes",
    ),
    row(
        Submit,
        422,
        INVALID,
        "client_order_id must be unique",
        Duplicate,
        "recorded 2026-08-20 and 2026-10-08, also after fill and cancel; GitHub alpacahq/alpaca-py#260",
    ),
    row(
        Submit,
        409,
        INVALID,
        "client_order_id must be unique",
        Duplicate,
        "as before, with the status that GitHub alpacahq/cli states for it",
    ),
    row(
        Submit,
        422,
        INVALID,
        "qty is required",
        Refused("bad_quantity"),
        "GitHub alpacahq/alpaca-trade-api-js#123",
    ),
    row(
        Submit,
        422,
        INVALID,
        "qty must be integer",
        Refused("bad_quantity"),
        "GitHub alpacahq/alpaca-trade-api-js#123",
    ),
    row(
        Submit,
        422,
        INVALID,
        "bracket orders",
        Refused("bad_bracket"),
        "GitHub Petersoj/alpaca-java#44, alpaca-trade-api-js#248",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "bracket orders",
        Refused("bad_bracket"),
        "GitHub Petersoj/alpaca-java#44",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "invalid limit_price",
        Refused("bad_price"),
        "Alpaca docs, orders: sub-penny increments",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "invalid stop_price",
        Refused("bad_price"),
        "Alpaca docs, orders: sub-penny increments",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "stop price must be",
        Refused("bad_price"),
        "Alpaca docs, orders: threshold of stop prices",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "fractional orders must be simple orders",
        Refused("bad_bracket"),
        "recorded 2026-08-17; GitHub Petersoj/alpaca-java#140",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "fractional orders must be day orders",
        Refused("bad_time_in_force"),
        "recorded 2026-08-17; GitHub alpacahq/alpaca-py#252",
    ),
    row(
        Submit,
        422,
        UNPROCESSABLE,
        "invalid crypto time_in_force",
        Refused("bad_time_in_force"),
        "Alpaca docs, crypto orders",
    ),
    // cancels
    row(
        Cancel,
        422,
        UNPROCESSABLE,
        "order is already in",
        TooLate,
        "Alpaca OpenAPI, DELETE /v2/orders/{id}: the order is not cancelable",
    ),
    row(Cancel, 422, UNPROCESSABLE, "order pending cancel", UnderWay, "GitHub alpacahq/Alpaca-API#199"),
    row(Cancel, 404, 40_410_000, "order not found", Absent, "Alpaca OpenAPI, DELETE /v2/orders/{id}"),
    // too many: documented as not processed
    row(
        Any,
        429,
        42_910_000,
        "",
        Throttled,
        "Alpaca docs, rate limits; GitHub alpacahq/alpaca-trade-api-csharp#416",
    ),
    bare(429, "", Throttled, "Alpaca docs, rate limits"),
];

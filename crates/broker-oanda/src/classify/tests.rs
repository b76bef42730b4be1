//! Answers as the table has them, and those that it does not have.

use broker_api::Time;
use broker_http::Told;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::*;

fn answer(status: u16, body: &Value) -> Answer {
    let until = (status == 429).then_some(Time::UNIX_EPOCH);
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_string().into_bytes(),
        until,
        told: Told::default(),
    }
}

fn submitted_as(status: u16, body: &Value) -> SubmitOutcome {
    submitted(&answer(status, body), "as told".to_owned())
}

fn rejected(code: &str) -> Value {
    json!({"orderRejectTransaction": {"id": "4107", "type": "LIMIT_ORDER_REJECT", "rejectReason": code},
        "relatedTransactionIDs": ["4107"], "lastTransactionID": "4107", "errorMessage": "no", "errorCode": code})
}

#[test]
fn each_row_is_found_by_what_it_says() {
    for (place, row) in TABLE.iter().enumerate() {
        let refusal = Refusal {
            status: row.status,
            code: row.code.map(ToOwned::to_owned),
            message: row.holds.to_owned(),
            is_logged: row.is_logged,
        };
        let command = if row.command == Command::Any { Command::Submit } else { row.command };
        assert_eq!(refusal.meaning(command), row.meaning, "row {place}: {row:?}");
        assert!(row.source.len() > 10, "row {place} has no source");
        if let Meaning::Refused(word) = row.meaning {
            assert!(Code::new(word).is_ok(), "{word}");
        }
    }
}

#[test]
fn refusals_of_an_order_are_final() {
    let refused = |outcome: SubmitOutcome| match outcome {
        SubmitOutcome::Refused { code, .. } => code.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(submitted_as(400, &rejected("PRICE_PRECISION_EXCEEDED"))), "bad_price");
    assert_eq!(refused(submitted_as(400, &rejected("UNITS_MIMIMUM_NOT_MET"))), "bad_quantity");
    // One that the table does not name, but the log does.
    assert_eq!(refused(submitted_as(400, &rejected("ACCOUNT_LOCKED"))), "account_locked");
    let long = rejected("TAKE_PROFIT_ON_FILL_PRICE_PRECISION_EXCEEDED");
    assert_eq!(refused(submitted_as(400, &long)), "take_profit_on_fill_price_precis");
    let unknown = json!({"errorMessage": "Invalid value specified for 'order.instrument'",
        "errorCode": "oanda::rest::core::InvalidParameterException"});
    assert_eq!(refused(submitted_as(400, &unknown)), "bad_request");
}

#[test]
fn what_is_no_word_on_the_order_is_none() {
    assert!(matches!(
        submitted_as(400, &rejected("CLIENT_ORDER_ID_ALREADY_EXISTS")),
        SubmitOutcome::Duplicate { .. }
    ));
    let unauthorized = json!({"errorMessage": "Insufficient authorization to perform request."});
    assert!(matches!(submitted_as(401, &unauthorized), SubmitOutcome::Broken { .. }));
    assert!(matches!(submitted_as(403, &json!({})), SubmitOutcome::Broken { .. }));
    assert!(matches!(submitted_as(429, &json!({})), SubmitOutcome::Throttled { .. }));
    assert!(matches!(
        submitted_as(404, &json!({"errorMessage": "?"})),
        SubmitOutcome::RefusedUnlisted { .. }
    ));
    let timeout = json!({"errorMessage": "Timeout waiting for response."});
    for status in [500, 502, 503, 504] {
        assert!(matches!(submitted_as(status, &timeout), SubmitOutcome::Unknown { .. }), "{status}");
    }
    let html = Answer { body: b"<html>".to_vec(), ..answer(502, &json!({})) };
    assert!(matches!(submitted(&html, String::new()), SubmitOutcome::Unknown { .. }));
}

#[test]
fn a_cancel_of_what_is_not_pending_says_only_that() {
    let gone = json!({"orderCancelRejectTransaction": {"id": "4122"}, "errorCode": "ORDER_DOESNT_EXIST"});
    assert_eq!(cancelled(&answer(404, &gone), String::new()), Cancelled::Gone);
    assert_eq!(cancelled(&answer(200, &json!({})), String::new()), Cancelled::So(CancelOutcome::Accepted));
    let lost = cancelled(&answer(504, &json!({})), String::new());
    assert!(matches!(lost, Cancelled::So(CancelOutcome::Unknown { .. })));
    let page = cancelled(&answer(404, &json!({})), String::new());
    assert!(matches!(page, Cancelled::So(CancelOutcome::Unknown { .. })), "a gateway's 404 says nothing");
    let flat = json!({"errorCode": "CLOSEOUT_POSITION_DOESNT_EXIST"});
    assert_eq!(closed(&answer(404, &flat), String::new()), CancelOutcome::TooLate);
    assert!(matches!(closed(&answer(503, &flat), String::new()), CancelOutcome::Unknown { .. }));
}

#[test]
fn an_order_that_dies_as_it_is_made_was_refused_or_ended_by_itself() {
    let made = |kind: &str, tif: &str| {
        let made = json!({"id": "5", "time": "2026-03-10T14:05:07Z", "type": kind, "timeInForce": tif});
        serde_json::from_value::<Transaction>(made).unwrap()
    };
    let (market, limit, gtc) =
        (made("MARKET_ORDER", "FOK"), made("LIMIT_ORDER", "FOK"), made("LIMIT_ORDER", "GTC"));
    assert_eq!(killed(&market, "MARKET_HALTED"), Killed::Refused);
    assert_eq!(killed(&market, "INSUFFICIENT_LIQUIDITY"), Killed::Refused);
    assert_eq!(killed(&limit, "INSUFFICIENT_LIQUIDITY"), Killed::Ended);
    assert_eq!(killed(&limit, "INSUFFICIENT_MARGIN"), Killed::Refused);
    assert_eq!(killed(&gtc, "A_NEW_WORD"), Killed::Refused);
    assert_eq!(killed(&gtc, "CLIENT_TRADE_ID_ALREADY_EXISTS"), Killed::Duplicate);
}

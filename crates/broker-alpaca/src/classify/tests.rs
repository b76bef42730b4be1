//! Every row is exercised, and what is not in the table has no meaning.

use broker_api::Time;

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.as_bytes().to_vec(),
        request: Some("r-1".into()),
        until: Some(Time::UNIX_EPOCH),
        #[cfg(feature = "probe")]
        has_retry_after: false,
    }
}

fn sample(row: &Row) -> Answer {
    let code = row.code.map(|code| format!(r#""code":{code},"#)).unwrap_or_default();
    let message = format!("{} and more", row.begins).replace('"', "\\\"");
    answer(row.status, &format!(r#"{{{code}"message":"{message}"}}"#))
}

#[test]
fn every_row_is_reached_and_says_where_it_is_from() {
    for row in TABLE {
        assert!(row.source.len() > 5 && row.begins == row.begins.to_lowercase(), "{row:?}");
        let command = if row.command == Command::Any { Command::Submit } else { row.command };
        let sample = sample(row);
        assert_eq!(Refusal::read(&sample).meaning(command), row.meaning, "{row:?}");
        // The same words under another status mean nothing.
        let elsewhere = Answer { status: 418, ..sample };
        assert_eq!(Refusal::read(&elsewhere).meaning(command), Meaning::Unlisted, "{row:?}");
    }
}

#[test]
fn the_samples_of_the_page_are_classified() {
    let submit = |status, body: &str| submitted(&answer(status, body));
    let code = |outcome: SubmitOutcome| match outcome {
        SubmitOutcome::Refused { code, .. } => code.as_str().to_owned(),
        other => format!("{other:?}"),
    };
    let refused = [
        (
            403,
            r#"{"buying_power":"1811.07","code":40310000,"cost_basis":"5175","message":"insufficient buying power"}"#,
            "insufficient_buying_power",
        ),
        (
            403,
            r#"{"available":"0","code":40310000,"existing_qty":"40","held_for_orders":"40","message":"insufficient qty available for order (requested: 40, available: 0)","related_orders":["11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0002"],"symbol":"AMD"}"#,
            "insufficient_quantity",
        ),
        (
            403,
            r#"{"code":40310000,"existing_order_id":"11aa6f0e-2c94-4d0b-a1f7-3e5b9d7c0003","message":"potential wash trade detected. use complex orders","reject_reason":"opposite side market/stop order exists"}"#,
            "wash_trade",
        ),
        (
            422,
            r#"{"code":42210000,"message":"invalid limit_price 431.255. sub-penny increment does not fulfill minimum pricing criteria"}"#,
            "bad_price",
        ),
    ];
    for (status, body, expected) in refused {
        assert_eq!(code(submit(status, body)), expected);
    }
    let duplicate = submit(422, r#"{"code":40010001,"message":"client_order_id must be unique"}"#);
    assert!(matches!(duplicate, SubmitOutcome::Duplicate { .. }), "{duplicate:?}");
    assert!(matches!(submit(401, "{}"), SubmitOutcome::Broken { .. }));
    assert!(matches!(submit(403, r#"{"message":"forbidden."}"#), SubmitOutcome::Broken { .. }));
    assert_eq!(submit(429, "slow down"), SubmitOutcome::Throttled { until: Time::UNIX_EPOCH });
}

#[test]
fn what_is_not_listed_is_unknown() {
    for (status, body) in [
        (403, r#"{"code":40310000,"message":"a new rule"}"#),
        (403, "<html>blocked by a gateway</html>"),
        (404, r#"{"code":40410000,"message":"order not found for x"}"#),
        (422, r#"{"code":42210000,"message":"something new"}"#),
        (500, r#"{"code":50010000,"message":"internal server error"}"#),
        (502, "<html>bad gateway</html>"),
        (503, r#"{"code":40310000,"message":"insufficient buying power"}"#),
        (504, ""),
        (302, ""),
    ] {
        let outcome = submitted(&answer(status, body));
        // Most likely no order; only asking proves it.
        let is_refusal = matches!(outcome, SubmitOutcome::RefusedUnlisted { .. });
        let is_unknown = matches!(outcome, SubmitOutcome::Unknown { .. });
        assert!(
            if (400..500).contains(&status) { is_refusal } else { is_unknown },
            "{status} {body}: {outcome:?}"
        );
        if status < 500 && status != 404 {
            let cancel = cancelled(&answer(status, body));
            assert!(matches!(cancel, CancelOutcome::Unknown { .. }), "{status} {body}: {cancel:?}");
        }
    }
}

#[test]
fn a_cancel_is_asked_for_too_late_or_under_way() {
    let cancel = |status, message: &str| {
        cancelled(&answer(
            status,
            &format!(r#"{{"code":{}0000,"message":"{message}"}}"#, if status == 404 { 4041 } else { 4221 }),
        ))
    };
    assert_eq!(cancelled(&answer(204, "")), CancelOutcome::Accepted);
    assert_eq!(cancel(422, "order is already in \\\"filled\\\" state"), CancelOutcome::TooLate);
    assert_eq!(cancel(422, "order pending cancel"), CancelOutcome::Accepted);
    assert!(matches!(cancel(404, "order not found for x"), CancelOutcome::NotSent { .. }));
    assert!(matches!(cancelled(&answer(429, "")), CancelOutcome::NotSent { .. }));
    assert!(matches!(cancelled(&answer(401, "")), CancelOutcome::Unknown { .. }));
    assert!(matches!(cancelled(&answer(500, "")), CancelOutcome::Unknown { .. }));
    assert!(matches!(cancelled(&answer(200, "")), CancelOutcome::Unknown { .. }));
}

#[test]
fn a_refusal_names_the_orders_in_its_way() {
    let told = |more: &str| answer(403, &format!(r#"{{"code":40310000,"message":"no"{more}}}"#)).told();
    assert_eq!(told(""), "403 no (40310000) [request r-1]");
    assert_eq!(
        told(r#","related_orders":["a-1","b-2"]"#),
        "403 no (40310000); in its way: a-1, b-2 [request r-1]"
    );
    assert_eq!(told(r#","existing_order_id":"c-3""#), "403 no (40310000); in its way: c-3 [request r-1]");
    let many: Vec<String> = (0..9).map(|n| format!("\"{n}\"")).collect();
    assert!(told(&format!(r#","related_orders":[{}]"#, many.join(","))).contains("in its way: 0, 1, 2 ["));
    // Of another form they say nothing, and do not hide what the refusal means.
    for odd in [r#","related_orders":[]"#, r#","related_orders":{"a":1}"#, r#","existing_order_id":7"#] {
        assert_eq!(told(odd), "403 no (40310000) [request r-1]", "{odd}");
    }
    let body = r#"{"code":40310000,"message":"insufficient qty available for order","related_orders":"x"}"#;
    let outcome = submitted(&answer(403, body));
    assert!(
        matches!(&outcome, SubmitOutcome::Refused { code, .. } if code.as_str() == "insufficient_quantity")
    );
}

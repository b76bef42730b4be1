//! The market opens far below: what was lost over night is lost on the account day that it is found on.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::json;

use super::{
    Desk, at, closed_there, enters, holds, holds_three, level, levels, nothing_twice, records, says,
};

/// The next session begins at these prices, and nobody looked since Friday.
fn opens_at(desk: &Desk, prices: [(&str, &str); 3]) {
    at(desk, "2026-10-05T13:29:00Z");
    for (symbol, price) in prices {
        desk.price(symbol, price);
    }
    at(desk, "2026-10-05T13:31:00Z");
}

/// A pass during which two seconds go by while it waits for its second reading; with which code it ends.
fn read_twice(desk: &Desk) -> Option<i32> {
    let words = ["run", "--settle", "3", "--verbose", "--set", "limits.confirm_seconds=1"];
    let mut command = desk.command(&words);
    let mut pass = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(pass.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "step: confirm"), "it waits for no second reading");
    desk.seconds(2);
    lines.for_each(drop);
    pass.wait().unwrap().code()
}

#[test]
fn a_gap_beyond_the_loss_of_a_day_ends_entries_until_a_person_resumes_on_the_next_day() {
    let desk = Desk::new("100000");
    holds_three(&desk);
    opens_at(&desk, [("AAPL", "180"), ("MSFT", "340"), ("KO", "62")]);
    // The stops were hit by the gap: they fill at its prices, and not at their own.
    assert_eq!(closed_there(&desk), ["stop AAPL 44 180", "stop MSFT 23 340"]);

    let told = desk.pass(3, &[desk.enter("new", "BTC/USD", "90000")], &[]);
    assert_eq!(super::outcome(&told, "new"), "denied level");
    assert_eq!(levels(&desk), ["reduce-only daily_loss 2026-10-05T21:00:00Z"]);
    holds(&desk, &["KO 108"]);
    assert_eq!(desk.live("KO"), ["stop sell 108 44 new"], "what is left keeps its stop");
    assert_eq!(desk.sent(), ["POST buy", "POST buy", "POST buy"], "nothing was sent since Friday");
    // A person is told what there is to do, and from when on.
    let need = &told["needs_you"][0];
    let text = need["text"].as_str().unwrap();
    assert!(text.contains("4.21 %, limit 3 %") && text.contains("not before 2026-10-05 21:00 UTC"), "{text}");
    assert_eq!(need["verb"], "resume --why TEXT");
    let status = desk.json(&["status"]);
    assert_eq!(
        (&status["level"], &status["level_until"]),
        (&json!("reduce-only"), &json!("2026-10-05T21:00:00Z"))
    );
    assert_eq!(status["level_reason"]["key"], "daily_loss_percent");
    assert_eq!(status["needs_you"][0]["verb"], "resume --why TEXT");
    says(&desk, &["resume", "--why", "looked"], 3, &["TW0705", "stays until 2026-10-05 21:00:00 UTC"]);

    // The next account day has begun, and nobody has resumed.
    at(&desk, "2026-10-05T21:05:00Z");
    assert_eq!(enters(&desk, 3, desk.enter("early", "BTC/USD", "90000"), &[]), "denied level");
    // Its first reading is far from what was known, and begins it once a second one says the same.
    assert_eq!(read_twice(&desk), Some(3));
    let days = records(&desk, "day_started");
    let begun = &days.last().unwrap()["record"];
    assert_eq!(
        (&begun["starts"], &begun["late"], &begun["equity"]),
        (&json!("2026-10-05T21:00:00Z"), &json!(false), &json!("95785.65"))
    );
    says(&desk, &["resume", "--why", "looked"], 0, &["Entries go through again"]);
    assert_eq!(level(&desk), "trading");
    at(&desk, "2026-10-06T14:00:00Z");
    assert_eq!(enters(&desk, 0, desk.enter("back", "AAPL", "170"), &[]), "filled");
    nothing_twice(&desk);
}

#[test]
fn a_gap_beyond_the_loss_that_closes_everything_is_read_twice_and_then_everything_is_closed() {
    let desk = Desk::new("100000");
    holds_three(&desk);
    opens_at(&desk, [("AAPL", "160"), ("MSFT", "300"), ("KO", "45")]);
    // As long as the time stands still there is one reading, and that closes nothing.
    desk.pass(3, &[], &["--set", "limits.confirm_seconds=1"]);
    assert_eq!(levels(&desk), ["reduce-only daily_loss 2026-10-05T21:00:00Z"]);
    holds(&desk, &["KO 108"]);
    assert_eq!(desk.live("KO"), ["stop sell 108 44 new"]);

    assert_eq!(read_twice(&desk), Some(3));
    assert_eq!(
        levels(&desk),
        ["reduce-only daily_loss 2026-10-05T21:00:00Z", "flattening daily_loss 2026-10-06T13:31:02Z"]
    );
    holds(&desk, &[]);
    assert_eq!(closed_there(&desk), ["market KO 108 45", "stop AAPL 44 160", "stop MSFT 23 300"]);
    assert!(desk.live("KO").is_empty());
    let status = desk.json(&["status"]);
    assert_eq!((&status["level"], &status["closing"]), (&json!("flattening"), &json!([])));
    assert_eq!(status["level_reason"]["key"], "daily_loss_flatten_percent");

    // Two steps lead out of it, and the second takes a day.
    says(&desk, &["resume", "--why", "looked"], 3, &["TW0707", "not before 2026-10-06 13:31:02 UTC"]);
    assert_eq!(level(&desk), "reduce-only");
    says(&desk, &["resume", "--why", "looked"], 3, &["TW0705"]);
    at(&desk, "2026-10-06T13:32:00Z");
    assert_eq!(enters(&desk, 3, desk.enter("early", "AAPL", "150"), &[]), "denied level");
    says(&desk, &["resume", "--why", "looked"], 0, &["Entries go through again"]);
    assert_eq!(enters(&desk, 0, desk.enter("back", "AAPL", "150"), &[]), "filled");
    nothing_twice(&desk);
}

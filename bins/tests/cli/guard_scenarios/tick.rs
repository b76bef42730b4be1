//! One reading of the account is wrong, and the next is right.

use serde_json::json;

use super::{Desk, at, holds, holds_three, level, levels, nothing_twice, records, says};
use crate::alpaca::serve::Server;

const LEVELS: [&str; 1] = ["reduce-only daily_loss 2026-10-02T21:00:00Z"];

/// The reading of that number from now on says a tenth of what there is.
fn wrong(desk: &Desk, nth: usize) {
    let act = json!({"wrong_figure": {"name": "equity", "by": "0.1"}});
    let rule = json!({"request": {"method": "GET", "path": "/v2/account", "nth": nth, "do": act}});
    desk.control.fault_lines(&rule.to_string()).unwrap();
}

/// Entries have ended, and that is all: what is held is held behind its stops.
#[track_caller]
fn only_entries_have_ended(desk: &Desk) {
    assert_eq!(levels(desk), LEVELS);
    holds(desk, &["AAPL 44", "KO 108", "MSFT 23"]);
    assert_eq!(desk.sent(), ["POST buy", "POST buy", "POST buy"], "nothing is closed, no stop is touched");
    assert_eq!(desk.json(&["status"])["stops"], json!({ "wanted": 3, "resting": 3 }));
}

#[test]
fn one_wrong_reading_in_a_pass_ends_entries_and_closes_nothing() {
    // The first reading that the desk is given, one beside which it waits for the second, and the last of a pass.
    for nth in [3, 4, 5] {
        let desk = Desk::new("100000");
        holds_three(&desk);
        desk.seconds(60);
        wrong(&desk, nth);
        desk.pass(3, &[], &["--set", "limits.confirm_seconds=1"]);
        only_entries_have_ended(&desk);
        let set = &records(&desk, "level_set")[0]["record"];
        assert_eq!(
            (&set["reason"]["key"], &set["reason"]["would_be"], &set["by"]),
            (&json!("daily_loss_flatten_percent"), &json!("90 %"), &json!({ "by": "guard" }))
        );
        if nth > 3 {
            continue;
        }
        // It is no doubt of the next pass, however much later that is.
        desk.seconds(600);
        let told = desk.pass(3, &[], &[]);
        only_entries_have_ended(&desk);
        assert_eq!(told["account"]["equity"], "100000");
        says(
            &desk,
            &["resume", "--why", "a bad tick"],
            3,
            &["TW0705", "stays until 2026-10-02 21:00:00 UTC"],
        );
        at(&desk, "2026-10-02T21:00:30Z");
        says(&desk, &["resume", "--why", "a bad tick"], 0, &["Entries go through again"]);
        desk.pass(0, &[], &[]);
        assert_eq!(level(&desk), "trading");
        nothing_twice(&desk);
    }
}

#[test]
fn one_wrong_reading_of_who_serves_ends_entries_and_closes_nothing() {
    let desk = Desk::new("100000");
    holds_three(&desk);
    let server = Server::start(&desk);
    wrong(&desk, 2);
    server.until("entries end", || !levels(&desk).is_empty());
    // It is read once more as soon as that counts, and often after that.
    let readings = || desk.requests("GET", "/v2/account");
    let before = readings();
    server.until("it is read again", || {
        desk.seconds(2);
        readings() > before + 4
    });
    only_entries_have_ended(&desk);
    says(&desk, &["resume", "--why", "a bad tick"], 3, &["TW0342", "not before 2026-10-02 21:00:00 UTC"]);
    assert_eq!(server.ends(), Some(3));
    only_entries_have_ended(&desk);
    nothing_twice(&desk);
}

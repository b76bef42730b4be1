//! `docs/controls.md`, made of the table of checks and of the cases that hold them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;

/// Limits that bound no check: the breakers and the desk have them.
const NOT_OF_CHECKS: [&str; 10] = [
    "daily_loss_flatten_percent",
    "drawdown_flatten_percent",
    "confirm_seconds",
    "flatten_rest_hours",
    "cooldown_hours",
    "unknown_minutes",
    "daily_loss_equity_percent",
    "daily_loss_forex_percent",
    "daily_loss_crypto_percent",
    "diverged_max",
];

fn defaults() -> BTreeMap<&'static str, String> {
    Limits::paper().lines().into_iter().map(|line| (line.key, line.value)).collect()
}

#[test]
fn every_limit_bounds_a_check_or_is_known_not_to() {
    let defaults = defaults();
    let of_checks = CHECKS.iter().flat_map(|check| check.keys).copied();
    let named: std::collections::BTreeSet<&str> = of_checks.chain(NOT_OF_CHECKS).collect();
    assert_eq!(named, defaults.keys().copied().collect());
}

#[test]
fn every_number_of_the_list_has_one_row() {
    let mut numbers: Vec<u8> = CHECKS.iter().map(|check| check.number).collect();
    numbers.extend(ELSEWHERE.iter().map(|row| row.number));
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=Marks::CHECKS).collect::<Vec<_>>());
    let mut names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    names.extend(ELSEWHERE.iter().map(|row| row.name));
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

fn applies(to: &Applies) -> String {
    let mut text = match to.orders {
        Orders::All => "all orders",
        Orders::Entries => "entries",
        Orders::Priced => "entries; exits that state their price",
        Orders::Decided => "entries whose signal states a price",
    }
    .to_owned();
    if let Some(side) = to.side {
        let _ = write!(text, " to {side}");
    }
    if to.classes.len() < AssetClass::ALL.len() {
        let classes: Vec<String> = to.classes.iter().map(ToString::to_string).collect();
        let _ = write!(text, "; {} only", classes.join(", "));
    }
    if !to.modes.contains(&Mode::Paper) {
        let modes: Vec<String> = to.modes.iter().map(|mode| format!("{mode} accounts")).collect();
        let _ = write!(text, "; {} only, and where the account is not known", modes.join(", "));
    }
    let stages = to.stages.iter().map(|stage| match stage {
        Stage::Replay => "replay",
        Stage::Paper => "embedded paper",
        Stage::Broker => "broker",
    });
    let _ = write!(text, "; {}", stages.collect::<Vec<_>>().join(", "));
    text
}

/// How many cases of which table of `crates/risk/src/tests` hold a check.
fn held_by(number: u8) -> String {
    let of = |cases: &[tables::Case]| cases.iter().filter(|(of, _)| *of == number).count();
    let wrong = WRONG.iter().filter(|(of, ..)| *of == number).count();
    let counts =
        [("WRONG", wrong), ("ALLOWED", of(ALLOWED)), ("REMOVED", of(REMOVED)), ("HELD_BACK", of(HELD_BACK))];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    counts.map(|(table, count)| format!("{table} {count}")).collect::<Vec<_>>().join(", ")
}

fn document() -> String {
    let defaults = defaults();
    let mut text = include_str!("controls.txt").to_owned();
    text.push_str(
        "\n| # | check | makes sure that | looks at | limits | applies to | when an input is missing | cases | SEC 15c3-5 | RTS 6 | FIA |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|---|---|\n");
    for number in 1..=Marks::CHECKS {
        let line = if let Some(check) = CHECKS.iter().find(|check| check.number == number) {
            let keys = check.keys.iter().map(|key| format!("`{key}` {}", defaults[key]));
            let keys = if number == 1 { "all".to_owned() } else { keys.collect::<Vec<_>>().join(", ") };
            let Check { name, what, inputs, missing, control, .. } = check;
            let (applies, held_by) = (applies(&check.applies), held_by(number));
            let Control { sec, rts6, fia } = control;
            format!(
                "`{name}` | {what} | {inputs} | {keys} | {applies} | {missing} | {held_by} | {sec} | {rts6} | {fia}"
            )
        } else {
            let row = ELSEWHERE.iter().find(|row| row.number == number).unwrap();
            let Elsewhere { name, what, place, control: Control { sec, rts6, fia }, .. } = row;
            format!("`{name}` | {what} | not asked in the review: {place} | | | | | {sec} | {rts6} | {fia}")
        };
        let _ = writeln!(text, "| {number} | {line} |");
    }
    text
}

#[test]
fn the_page_of_controls_is_the_one_written_down() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/controls.md");
    let text = document();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(kept, &text).unwrap();
    }
    let is = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(is == text, "docs/controls.md is behind; run with UPDATE_EXPECT=1 and review the difference");
}

//! Fault scripts of a simulator: read whole, or the first line that is no rule is named.

use broker_sim::core::read_rules;

/// A script.
pub fn faults(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines = text.lines().count();
    match read_rules(text) {
        Ok(rules) => assert!(rules.len() <= lines),
        Err(bad) => assert!((1..=lines).contains(&bad.line) && !bad.why.is_empty(), "{bad}"),
    }
}

//! How large an entry is when another position stands in profit: by closed equity as if it were not there, by marked
//! equity with it.

use broker_api::Side;

use super::*;

/// The quantity of the second entry, made while the first position of 80 coins is worth this much more, each.
fn second(basis: Basis, more: i64) -> String {
    let flat = [10_000, 10_000, 10_000, 10_000];
    let later = [10_000 + more; 4];
    let past = Past::new(&[("BTC/USD", daily(&[flat, flat, later, later])), ("ETH/USD", daily(&[flat; 4]))]);
    let past = Past { basis, ..past };
    let came = past.told(&[
        enter("BTC/USD", at("02T00:00:00"), "10", ""),
        enter("ETH/USD", at("04T00:00:00"), "10", ""),
    ]);
    let entries: Vec<_> = came
        .records
        .iter()
        .filter_map(|stamped| match &stamped.record {
            Record::Intended { intent, .. } if intent.purpose == Purpose::Entry => Some(intent),
            _ => None,
        })
        .collect();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|intent| intent.side == Side::Buy));
    assert_eq!(entries[0].qty, of("80"), "8 percent of 100000 at 100");
    entries[1].qty.get().normalize().to_string()
}

#[test]
fn open_profit_counts_in_marked_equity_only() {
    assert_eq!([second(Basis::Closed, 5_000), second(Basis::Marked, 5_000)], ["80", "83.2"]);
    assert_eq!([second(Basis::Closed, -5_000), second(Basis::Marked, -5_000)], ["80", "76.8"]);
    assert_eq!([second(Basis::Closed, 0), second(Basis::Marked, 0)], ["80", "80"]);
}

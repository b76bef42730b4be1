//! What is not the strategy's own: what accounts hold beside the book, what came of no trade.

use broker_api::{Amount, Key, NonTradeKind};
use serde_json::{Value, json};
use state::Book;
use state::book::{NonTrades, Outside};

use crate::figures;

/// What accounts hold beside the book, and what came of no trade: a line for each, when there is something.
pub fn lines(book: &Book) -> Vec<String> {
    let mut lines = Vec::new();
    let held: Vec<String> = book
        .outsides()
        .filter(|(_, outside)| !outside.held.is_flat())
        .map(|(key, outside)| format!("{} {}", figures::held(outside.held), key.symbol))
        .collect();
    if !held.is_empty() {
        lines.push(format!("beside     {}   in the account, and none of ours\n", held.join("   ")));
    }
    let totals = book.totals();
    let sums: Vec<String> = totals
        .non_trades
        .iter()
        .map(|(kind, sum)| match sum.money {
            money if money == Amount::ZERO => format!("{} {}", figures::count(sum.count), kind.as_str()),
            money => format!("{} {}", kind.as_str(), figures::change(money)),
        })
        .collect();
    if !sums.is_empty() {
        lines.push(format!("not traded {}\n", sums.join("   ")));
    }
    if totals.outside > 0 {
        lines.push(format!(
            "outside    {} kept out of the strategy's figures\n",
            figures::many(totals.outside, "closed trade")
        ));
    }
    lines
}

/// The same for programs.
pub fn json(book: &Book) -> Value {
    let row = |(key, outside): (Key, &Outside)| json!({ "symbol": key.symbol, "held": outside.held, "code": outside.code, "until": outside.until });
    let totals = book.totals();
    let sum = |(kind, sum): (&NonTradeKind, &NonTrades)| json!({ "kind": kind, "count": sum.count, "money": sum.money });
    json!({
        "held": book.outsides().map(row).collect::<Vec<_>>(),
        "not_traded": totals.non_trades.iter().map(sum).collect::<Vec<_>>(),
        "trades_kept_out": totals.outside,
    })
}

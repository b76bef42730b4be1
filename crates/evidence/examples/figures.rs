//! The figures of a ledger and of an equity series as JSON, for tests/reference/evidence.py.
//!
//!     figures TRADES.csv [EQUITY.csv [PERIODS]]

#![allow(clippy::print_stdout, reason = "a program for another program")]

use evidence::ledger::{equity_csv, trades_csv};
use evidence::{Conventions, EquityFigures, TradeFigures};

fn told<T: std::fmt::Display>(faults: &[T]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let trades = words.first().ok_or("which file of trades?")?;
    let ledger = trades_csv(&std::fs::read_to_string(trades)?).map_err(|faults| told(&faults))?.read;
    let periods: f64 = words.get(2).map_or(Ok(252.0), |word| word.parse())?;
    let equity = match words.get(1) {
        Some(path) => {
            let points = equity_csv(&std::fs::read_to_string(path)?).map_err(|faults| told(&faults))?.read;
            let conventions = Conventions { periods_per_year: periods, ..Conventions::BUSINESS_DAYS };
            Some(EquityFigures::of(&points, conventions)?)
        }
        None => None,
    };
    let all = serde_json::json!({
        "money": TradeFigures::of(&ledger.money()),
        "r": ledger.multiples().ok().map(|r| TradeFigures::of(&r)),
        "equity": equity,
    });
    println!("{all}");
    Ok(())
}

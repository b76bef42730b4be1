//! One function per figure: money, prices, quantities, shares, times, and columns that line up.
//!
//! `.` for decimals, `,` for thousands, ASCII minus, whatever the locale; never `-0.00`.

use broker_api::{Amount, Held, Price, Qty, Ratio, Time};
use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};

/// A decimal with so many places, and thousands apart.
pub fn fixed(value: Decimal, places: u32) -> String {
    let mut value = value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    value.rescale(places);
    if value.is_zero() {
        value.set_sign_positive(true);
    }
    evidence::thousands(&value.to_string())
}

/// The same with its sign.
pub fn with_sign(value: Decimal, places: u32) -> String {
    let text = fixed(value, places);
    let is_zero = value.round_dp(places).is_zero();
    if text.starts_with('-') || is_zero { text } else { format!("+{text}") }
}

/// Money to the cent: `10,131.27`.
pub fn money(amount: Amount) -> String {
    fixed(amount.get(), 2)
}

/// Money with its sign: `+13.48`, `-20.83`, `0.00`.
pub fn change(amount: Amount) -> String {
    with_sign(amount.get(), 2)
}

/// A price at its instrument's tick: `227.14`, `1.08512`.
pub fn price(price: Price, tick: Price) -> String {
    fixed(price.get(), tick.get().normalize().scale())
}

/// A price as it is.
pub fn bare_price(price: Price) -> String {
    let value = price.get().normalize();
    fixed(value, value.scale().min(10))
}

/// A quantity without padding: `4`, `0.015`.
pub fn qty(qty: Qty) -> String {
    let value = qty.get().normalize();
    fixed(value, value.scale())
}

/// What is held, short with its minus: `4`, `-0.015`.
pub fn held(held: Held) -> String {
    let value = held.get().normalize();
    fixed(value, value.scale())
}

/// A share in percent: `2.1`.
pub fn percent(share: Ratio) -> String {
    fixed(share.get() * Decimal::ONE_HUNDRED, 2)
}

/// A share in percent, with its sign: `-0.21`.
pub fn percent_change(share: Ratio) -> String {
    with_sign(share.get() * Decimal::ONE_HUNDRED, 2)
}

/// A share in basis points, with its sign: `+1.8`.
pub fn bps(share: Ratio) -> String {
    with_sign(share.get() * Decimal::from(10_000), 1)
}

/// A multiple of the planned loss, with its sign: `-0.83`.
pub fn r(multiple: Ratio) -> String {
    with_sign(multiple.get(), 2)
}

/// A count with thousands: `9,412`.
pub fn count(n: u64) -> String {
    fixed(Decimal::from(n), 0)
}

/// So many of something: `1 position`, `2 positions`.
pub fn counted(n: usize, what: &str) -> String {
    many(n as u64, what)
}

/// The same of something that is not held in memory.
pub fn many(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A moment: `2026-11-23 14:35:02 UTC`.
pub fn time(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A moment without its seconds: `2026-11-23 14:35 UTC`.
pub fn minute(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// How long: `3 s`, `6 min`, `2.5 h`, `6.2 days`.
pub fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    let tenths = |unit: i64, name: &str| {
        let tenths = seconds * 10 / unit;
        if tenths % 10 == 0 {
            format!("{} {name}", tenths / 10)
        } else {
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => tenths(3_600, "h"),
        _ => tenths(86_400, "days"),
    }
}

/// How long, from milliseconds: `0.8 s` below ten seconds, else as [`span`] has it.
pub fn span_ms(length: u64) -> String {
    match length {
        0..10_000 => format!("{}.{} s", length / 1_000, length % 1_000 / 100),
        _ => span(TimeDelta::milliseconds(i64::try_from(length).unwrap_or(i64::MAX))),
    }
}

/// The middle of a long identifier left out: `tw1abcdef…-e1`.
pub fn tail(id: &str, keep: usize) -> String {
    let count = id.chars().count();
    if count <= keep {
        id.to_owned()
    } else {
        format!("…{}", id.chars().skip(count - keep).collect::<String>())
    }
}

/// Rows under a heading, columns lined up: text to the left, figures to the right.
#[derive(Debug)]
pub struct Table {
    heads: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns; a head that begins with `>` is of figures.
    pub fn new(heads: &[&str]) -> Self {
        let heads = heads
            .iter()
            .map(|head| head.strip_prefix('>').map_or((String::from(*head), false), |h| (h.to_owned(), true)))
            .collect();
        Self { heads, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, indented by two.
    pub fn lines(&self) -> String {
        let width = |n: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count());
            cells.chain(self.heads.get(n).map(|(head, _)| head.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let heads: Vec<String> = self.heads.iter().map(|(head, _)| head.clone()).collect();
        let mut out = String::new();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let mut line = String::from(" ");
            for (n, cell) in row.iter().enumerate() {
                let room = widths.get(n).copied().unwrap_or(0).saturating_sub(cell.chars().count());
                let right = self.heads.get(n).is_some_and(|(_, right)| *right);
                line.push(' ');
                if right {
                    line.push_str(&" ".repeat(room));
                }
                line.push_str(cell);
                if !right {
                    line.push_str(&" ".repeat(room));
                }
                line.push(' ');
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_same_everywhere() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(money(amount("10131.265")), "10,131.26");
        assert_eq!(money(amount("-1234567.8")), "-1,234,567.80");
        assert_eq!(change(amount("-0.004")), "0.00");
        assert_eq!(change(amount("13.48")), "+13.48");
        assert_eq!(price("1.1".parse().unwrap(), "0.00001".parse().unwrap()), "1.10000");
        assert_eq!(qty("0.0150".parse().unwrap()), "0.015");
        assert_eq!(percent("0.02123".parse().unwrap()), "2.12");
        assert_eq!(bps("0.00018".parse().unwrap()), "+1.8");
        assert_eq!(count(9412), "9,412");
    }

    #[test]
    fn spans_choose_their_unit() {
        assert_eq!(span(TimeDelta::seconds(3)), "3 s");
        assert_eq!(span(TimeDelta::seconds(390)), "6 min");
        assert_eq!(span(TimeDelta::minutes(150)), "2.5 h");
        assert_eq!(span(TimeDelta::hours(149)), "6.2 days");
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["symbol", ">qty"]);
        table.row(vec!["AAPL".into(), "4".into()]);
        table.row(vec!["EUR/USD".into(), "1,000".into()]);
        assert_eq!(table.lines(), "  symbol     qty\n  AAPL         4\n  EUR/USD  1,000\n");
    }
}

//! By which names a column is known. Names are compared without case, spaces and signs: `Exit Price`, `exit_price`
//! and `exitPrice` are one.

use serde::{Deserialize, Serialize};

/// A column of a ledger of trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Names the trade; `row-N` without it.
    Id,
    /// Who decided.
    Strategy,
    /// What was traded.
    Symbol,
    /// Its kind.
    Class,
    /// Long or short.
    Side,
    /// When it was opened.
    Opened,
    /// When it was closed.
    Closed,
    /// How much.
    Quantity,
    /// Price of entry.
    Entry,
    /// Price of exit.
    Exit,
    /// Profit or loss after fees, in base currency.
    Pnl,
    /// What was risked, in base currency.
    Risk,
    /// Profit or loss as a multiple of the risk.
    R,
    /// Value at entry, in base currency.
    Notional,
    /// The stop at entry.
    Stop,
    /// The target at entry.
    Target,
    /// Whether another program traded it.
    Imported,
    /// When an account was worth so much (equity series).
    At,
    /// What the account was worth (equity series).
    Equity,
    /// What was paid in since the row before, or out when negative (equity series).
    Flow,
}

/// One row of the table of columns.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The column.
    pub column: Column,
    /// Whether a ledger must have it.
    pub is_needed: bool,
    /// Its name, and then the others by which it is known.
    pub names: &'static [&'static str],
}

const fn needed(column: Column, names: &'static [&'static str]) -> Known {
    Known { column, is_needed: true, names }
}

const fn optional(column: Column, names: &'static [&'static str]) -> Known {
    Known { column, is_needed: false, names }
}

/// The columns of a ledger of trades, with every name they are known by.
pub const COLUMNS: &[Known] = &[
    optional(Column::Id, &["id", "trade_id", "trade", "number", "no", "ticket"]),
    optional(Column::Strategy, &["strategy", "system", "model"]),
    needed(Column::Symbol, &["symbol", "instrument", "ticker", "market", "asset", "pair"]),
    optional(Column::Class, &["class", "asset_class", "kind", "sector"]),
    needed(Column::Side, &["side", "direction", "type", "position", "long_short"]),
    needed(
        Column::Opened,
        &["opened", "opened_at", "entry_time", "entry_date", "open_time", "open_date", "date_in"],
    ),
    needed(
        Column::Closed,
        &["closed", "closed_at", "exit_time", "exit_date", "close_time", "close_date", "date_out"],
    ),
    needed(Column::Quantity, &["quantity", "qty", "size", "shares", "units", "amount", "volume"]),
    needed(Column::Entry, &["entry", "entry_price", "open_price", "price_in", "avg_entry_price"]),
    needed(Column::Exit, &["exit", "exit_price", "close_price", "price_out", "avg_exit_price"]),
    needed(
        Column::Pnl,
        &[
            "pnl",
            "net_pnl",
            "profit",
            "net_profit",
            "net",
            "net_pl",
            "profit_loss",
            "pl",
            "realized_pnl",
            "realised_pnl",
        ],
    ),
    optional(Column::Risk, &["risk", "risk_amount", "initial_risk", "risked", "planned_loss"]),
    optional(Column::R, &["r", "r_multiple", "r_mult", "multiple"]),
    optional(Column::Notional, &["notional", "value", "entry_value", "position_value", "cost_basis"]),
    optional(Column::Stop, &["stop", "stop_loss", "sl", "stop_price", "initial_stop"]),
    optional(Column::Target, &["target", "take_profit", "tp", "target_price"]),
    optional(Column::Imported, &["imported", "is_imported", "foreign"]),
];

/// A name without case, spaces and signs.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The column that is known by this name.
pub(crate) fn column(known: &[Known], name: &str) -> Option<Column> {
    let name = plain(name);
    known.iter().find(|row| row.names.iter().any(|other| plain(other) == name)).map(|row| row.column)
}

/// The columns that a head line names. A bare `entry` or `exit` beside a column that says it is a price is none: it says how or
/// why, as in the ledgers of a replay.
pub(crate) fn of_head(known: &[Known], head: &[&str]) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = head.iter().map(|name| column(known, name)).collect();
    for (price, bare) in [(Column::Entry, "entry"), (Column::Exit, "exit")] {
        let is_it = |(found, name): (&Option<Column>, &&str)| *found == Some(price) && plain(name) != bare;
        if columns.iter().zip(head).any(is_it) {
            let bare = columns.iter_mut().zip(head).filter(|(_, name)| plain(name) == bare);
            bare.for_each(|(column, _)| *column = None);
        }
    }
    columns
}

/// The first name of a column.
pub(crate) fn name(column: Column) -> &'static str {
    let all = COLUMNS.iter().chain(super::equity::EQUITY_COLUMNS);
    all.into_iter().find(|row| row.column == column).and_then(|row| row.names.first()).copied().unwrap_or("")
}

pub(crate) const fn equity_row(column: Column, is_needed: bool, names: &'static [&'static str]) -> Known {
    Known { column, is_needed, names }
}

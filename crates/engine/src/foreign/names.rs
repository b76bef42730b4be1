//! The words that other programs use, most telling first. All are compared in lower case, with `-` and blanks as `_`.

/// Open positions.
pub(super) const POSITIONS: &[&str] =
    &["positions", "open_positions", "holdings", "open_trades", "active_positions", "active_trades"];
/// Closed trades.
pub(super) const CLOSED: &[&str] =
    &["closed_trades", "trade_history", "closed_positions", "trade_log", "history", "closed"];
/// Trades of which some may be open: those without an exit are.
pub(super) const TRADES: &[&str] = &["trades", "all_trades"];

/// Of what.
pub(super) const SYMBOL: &[&str] = &["symbol", "ticker", "pair", "instrument", "asset", "market"];
/// Which way.
pub(super) const SIDE: &[&str] = &["side", "direction", "position_side", "position_type"];
/// Which way, unless it says something else.
pub(super) const SIDE_WEAK: &[&str] = &["type"];
/// Which way, as a truth value.
pub(super) const IS_SHORT: &[&str] = &["is_short", "short"];
/// The same, the other way.
pub(super) const IS_LONG: &[&str] = &["is_long", "long"];
/// How much.
pub(super) const QUANTITY: &[&str] =
    &["quantity", "qty", "size", "units", "shares", "amount", "volume", "contracts", "position_size"];
/// At what price it was opened.
pub(super) const ENTRY: &[&str] = &[
    "entry",
    "entry_price",
    "avg_price",
    "average_price",
    "avg_entry_price",
    "average_entry_price",
    "avg_cost",
    "average_cost",
    "open_price",
    "open_rate",
    "buy_price",
    "cost_basis_per_unit",
    "cost_per_unit",
    "unit_cost",
];
/// At what price it was opened, unless another key says so.
pub(super) const ENTRY_WEAK: &[&str] = &["price"];
/// What it came to, of one unit or of all.
pub(super) const COST: &[&str] = &["cost_basis", "cost"];
/// Where the loss is taken.
pub(super) const STOP: &[&str] =
    &["stop", "stop_loss", "stoploss", "sl", "stop_price", "stop_loss_price", "stop_loss_abs"];
/// Where the profit is taken.
pub(super) const TARGET: &[&str] =
    &["target", "take_profit", "takeprofit", "tp", "target_price", "take_profit_price"];
/// When it was opened.
pub(super) const OPENED: &[&str] = &[
    "opened_at",
    "entry_time",
    "entry_date",
    "open_time",
    "open_date",
    "opened",
    "entered_at",
    "open_timestamp",
    "date",
    "timestamp",
    "time",
];
/// At what price it was closed.
pub(super) const EXIT: &[&str] =
    &["exit", "exit_price", "close_price", "close_rate", "closed_price", "sell_price"];
/// When it was closed.
pub(super) const CLOSED_AT: &[&str] =
    &["closed_at", "exit_time", "exit_date", "close_time", "close_date", "exited_at", "close_timestamp"];
/// Profit after fees.
pub(super) const NET: &[&str] = &["net", "net_pnl", "net_profit", "profit_abs"];
/// Profit, after fees or before.
pub(super) const PNL: &[&str] =
    &["pnl", "realized_pnl", "realised_pnl", "profit", "profit_loss", "pl", "realized_profit"];
/// Fees.
pub(super) const FEES: &[&str] = &["fees", "fee", "commission", "commissions", "total_fees"];
/// The strategy behind it.
pub(super) const STRATEGY: &[&str] = &["strategy", "strategy_id", "strategy_name"];
/// Whether it is still open.
pub(super) const IS_OPEN: &[&str] = &["is_open"];

/// Cash, without what positions cost.
pub(super) const CASH: &[&str] = &["cash", "cash_balance", "available_cash", "free_cash"];
/// Cash, with the positions at their cost.
pub(super) const BALANCE: &[&str] = &["balance", "account_balance"];
/// Figures that follow from others here.
pub(super) const TOLD: &[&str] = &[
    "equity",
    "total_equity",
    "account_equity",
    "portfolio_value",
    "total_value",
    "net_liquidation",
    "peak",
    "peak_equity",
    "peak_balance",
    "high_water_mark",
    "high_water",
    "initial_capital",
    "initial_balance",
    "initial_cash",
    "starting_balance",
    "starting_cash",
];
/// In which zone times without one are.
pub(super) const ZONE: &[&str] = &["timezone", "time_zone", "tz", "zone"];

/// A key as names are compared.
pub(super) fn plain(key: &str) -> String {
    key.trim().chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Whether a key is one of the names. `stopLoss` is `stop_loss`.
pub(super) fn is(key: &str, names: &[&str]) -> bool {
    let plain = plain(key);
    if names.contains(&plain.as_str()) {
        return true;
    }
    let mut snake = String::new();
    for c in key.trim().chars() {
        if c.is_ascii_uppercase() && snake.chars().last().is_some_and(|last| last.is_ascii_lowercase()) {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    names.contains(&snake.as_str())
}

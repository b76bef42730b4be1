//! What happens in the account that no order of the client makes.

use broker_api::Side;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::log::members;
use super::money::{PLACES, money, text};
use super::venue::Venue;
use crate::core::NonTrade;

impl Venue {
    /// Lets something happen; gives the ids of its transactions.
    ///
    /// # Errors
    /// It cannot happen in this account.
    pub(super) fn happens(&mut self, what: &NonTrade) -> Result<Vec<String>, String> {
        let id = match what {
            NonTrade::Cash { amount } => self.transfers(amount.get(), "CLIENT_FUNDING")?,
            NonTrade::Fee { amount, .. } => self.transfers(-amount.get(), "ADJUSTMENT")?,
            NonTrade::Interest { amount } => self.writes_financing(amount.get().round_dp(PLACES), &[]),
            NonTrade::Dividend { symbol, per_share } => self.adjusts(symbol, per_share.get())?,
            NonTrade::StockDividend { symbol, .. }
            | NonTrade::Split { symbol, .. }
            | NonTrade::Rename { symbol, .. }
            | NonTrade::Units { symbol, .. } => {
                return Err(format!("{symbol} is a pair of currencies: there is no such thing"));
            }
        };
        self.settle();
        Ok(vec![id.to_string()])
    }

    fn transfers(&mut self, amount: Decimal, reason: &str) -> Result<u64, String> {
        let amount = amount.round_dp(PLACES);
        self.batch();
        if amount.is_sign_negative() && -amount > self.figures().available() {
            let told = json!({
                "amount": money(amount), "fundingReason": reason, "rejectReason": "INSUFFICIENT_FUNDS",
            });
            self.write("TRANSFER_FUNDS_REJECT", members(told));
            return Err(format!("{} is not free", money(-amount)));
        }
        self.book.balance += amount;
        let told = json!({
            "amount": money(amount), "fundingReason": reason, "accountBalance": money(self.book.balance),
        });
        Ok(self.write("TRANSFER_FUNDS", members(told)))
    }

    /// What is held earns so much a unit, and what is held short pays it.
    fn adjusts(&mut self, symbol: &str, per_unit: Decimal) -> Result<u64, String> {
        let pair = self.find_pair(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        let factors = self.quote_factors(pair);
        let open: Vec<usize> =
            self.book.open_trades().filter(|(_, trade)| trade.pair == pair).map(|(place, _)| place).collect();
        if open.is_empty() {
            return Err(format!("nothing of {symbol} is held"));
        }
        let (mut sum, mut quote_sum, mut trades) = (Decimal::ZERO, Decimal::ZERO, Vec::<Value>::new());
        for place in open {
            let trade = &mut self.book.trades[place];
            let quote = trade.current * per_unit;
            let home = factors.of(quote).round_dp(PLACES);
            trade.dividend += home;
            sum += home;
            quote_sum += quote;
            trades.push(json!({
                "tradeID": trade.id.to_string(), "dividendAdjustment": money(home),
                "quoteDividendAdjustment": text(quote),
            }));
            let is_long = trade.is_long();
            self.book.earned(pair, is_long).dividend += home;
        }
        self.book.balance += sum;
        self.book.dividend += sum;
        self.batch();
        let told = json!({
            "instrument": self.pairs[pair].name(), "dividendAdjustment": money(sum),
            "quoteDividendAdjustment": text(quote_sum), "accountBalance": money(self.book.balance),
            "openTradeDividendAdjustments": trades,
        });
        Ok(self.write("DIVIDEND_ADJUSTMENT", members(told)))
    }

    /// A person trades beside the client; gives the order's id.
    ///
    /// # Errors
    /// The order was killed.
    pub(super) fn trades_by_hand(
        &mut self,
        symbol: &str,
        side: Side,
        qty: Decimal,
    ) -> Result<String, String> {
        let pair = self.find_pair(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        if qty <= Decimal::ZERO || qty.scale() > self.pairs[pair].pair.units_precision {
            return Err(format!("{qty} are no units of {symbol}"));
        }
        self.batch();
        let units = if side == Side::Buy { qty } else { -qty };
        let mut order = self.market_order(pair, units, None);
        order.is_foreign = true;
        let place = self.take(order, "CLIENT_ORDER", Map::new());
        self.begin(place);
        self.settle();
        let order = &self.book.orders[place];
        match order.cancelling {
            Some(id) => Err(format!("it was killed: {}", self.told(id)["reason"])),
            None => Ok(order.id.to_string()),
        }
    }

    /// The broker cancels the orders of a pair and closes out what is held; gives the id of the last order that does it.
    ///
    /// # Errors
    /// Nothing is held, or it cannot be traded now.
    pub(super) fn liquidates(&mut self, symbol: &str) -> Result<String, String> {
        let pair = self.find_pair(symbol).ok_or_else(|| format!("{symbol} is not listed"))?;
        let open: Vec<u64> = self
            .book
            .open_trades()
            .filter(|(_, trade)| trade.pair == pair)
            .map(|(_, trade)| trade.id)
            .collect();
        if open.is_empty() {
            return Err(format!("nothing of {symbol} is held"));
        }
        let ids: Vec<u64> = open.into_iter().filter_map(|trade| self.close_out(trade)).collect();
        self.settle();
        ids.last().map(u64::to_string).ok_or_else(|| format!("{symbol} cannot be traded now"))
    }
}

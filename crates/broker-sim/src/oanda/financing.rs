//! Financing: what trades that are open at 17:00 New York earn or pay for the night.

use chrono::Datelike as _;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::fills::factors_json;
use super::log::members;
use super::money::{PLACES, money, text};
use super::venue::Venue;
use crate::core::date_of;

/// Places of financing in the base currency.
const BASE_PLACES: u32 = 14;

impl Venue {
    /// Charges the night that begins now; nothing on days that are charged on others.
    pub(super) fn charges_financing(&mut self) -> Option<u64> {
        let day = date_of(self.at).weekday().num_days_from_monday() as usize;
        let mut total = Decimal::ZERO;
        let mut told: Vec<Value> = Vec::new();
        for pair in self.open_pairs() {
            let days = self.pairs[pair].pair.financing_days.get(day).copied().unwrap_or_default();
            if days == 0 {
                continue;
            }
            let (sum, json) = self.finances(pair, Decimal::from(days));
            total += sum;
            told.push(json);
        }
        if told.is_empty() {
            return None;
        }
        Some(self.writes_financing(total, &told))
    }

    pub(super) fn writes_financing(&mut self, total: Decimal, positions: &[Value]) -> u64 {
        self.book.balance += total;
        self.book.financing += total;
        self.batch();
        self.write(
            "DAILY_FINANCING",
            members(json!({
                "financing": money(total), "accountBalance": money(self.book.balance),
                "accountFinancingMode": "DAILY", "positionFinancings": positions,
            })),
        )
    }

    fn finances(&mut self, pair: usize, days: Decimal) -> (Decimal, Value) {
        let (rates, base) = (self.pairs[pair].pair.clone(), self.base_factors(pair));
        let quote = self.quote_factors(pair);
        let year = Decimal::from(365);
        let (mut sum, mut base_sum, mut trades) = (Decimal::ZERO, Decimal::ZERO, Vec::new());
        let open: Vec<usize> =
            self.book.open_trades().filter(|(_, trade)| trade.pair == pair).map(|(place, _)| place).collect();
        for place in open {
            let trade = &mut self.book.trades[place];
            let rate = if trade.is_long() { rates.long_rate } else { rates.short_rate };
            let in_base = (trade.current.abs() * rate * days / year).round_dp(BASE_PLACES);
            let home = base.of(in_base).round_dp(PLACES);
            trade.financing += home;
            sum += home;
            base_sum += in_base;
            trades.push(json!({
                "tradeID": trade.id.to_string(), "financing": money(home), "baseFinancing": text(in_base),
                "financingRate": text(rate),
            }));
            let is_long = trade.is_long();
            self.book.earned(pair, is_long).financing += home;
        }
        let json = json!({
            "instrument": rates.name, "financing": money(sum), "baseFinancing": text(base_sum),
            "accountFinancingMode": "DAILY_INSTRUMENT", "homeConversionFactors": factors_json(quote, base),
            "openTradeFinancings": trades,
        });
        (sum, json)
    }
}

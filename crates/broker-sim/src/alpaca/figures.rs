//! What the account comes to, and what its orders keep of it.

use rust_decimal::Decimal;

use super::order::{Order, Status};
use super::venue::Venue;

/// What the account comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub cash: Decimal,
    pub equity: Decimal,
    pub long: Decimal,
    pub short: Decimal,
    pub multiplier: Decimal,
    pub buying_power: Decimal,
    pub regt: Decimal,
    pub non_marginable: Decimal,
}

/// What closing orders keep of a position.
#[derive(Clone, Debug, Default)]
pub(super) struct OnHold {
    pub qty: Decimal,
    pub orders: Vec<String>,
}

impl Venue {
    /// What closing orders keep of a position, apart from one of them.
    pub(super) fn on_hold(&self, asset: usize, apart: Option<usize>) -> OnHold {
        let mut hold = OnHold::default();
        for (place, order) in self.orders.iter().enumerate() {
            let counts = order.asset == asset && order.is_closing() && !order.status.is_over();
            // A leg that waits shares what its partner keeps.
            if counts && order.status != Status::Held && Some(place) != apart {
                let reckoned = self.assets[asset].last();
                let by_value =
                    || order.notional.zip(reckoned).and_then(|(value, price)| value.checked_div(price));
                hold.qty += order.rest().or_else(by_value).unwrap_or_default();
                hold.orders.push(order.id.clone());
            }
        }
        hold
    }

    pub(super) fn is_shorting_enabled(&self) -> bool {
        !self.configuration.no_shorting && self.figures().multiplier > Decimal::ONE
    }

    /// The account's figures at the last prices.
    pub(super) fn figures(&self) -> Figures {
        let balance = self.engine.account(self.at).map(|account| account.balance.get()).unwrap_or_default();
        let mut figures = Figures { cash: balance, ..Figures::default() };
        let mut bound = Decimal::ZERO;
        for position in self.engine.positions() {
            let Some(listed) =
                self.assets.iter().find(|listed| listed.symbol() == position.key.symbol.as_str())
            else {
                continue;
            };
            let (held, average) = (position.held.get(), position.average.get());
            figures.cash -= held * average;
            let value = held * listed.last().unwrap_or(average);
            *if held > Decimal::ZERO { &mut figures.long } else { &mut figures.short } += value;
            if listed.asset.marginable {
                bound += value.abs();
            } else {
                bound += value.abs() * Decimal::from(4);
            }
        }
        figures.cash = figures.cash.round_dp(2);
        figures.equity = (figures.cash + figures.long + figures.short).round_dp(2);
        let is_margin = figures.equity >= Decimal::from(2000);
        let most = self.configuration.max_margin_multiplier;
        figures.multiplier = if is_margin { most } else { Decimal::ONE };
        let opening =
            |order: &&Order| !order.status.is_over() && order.status != Status::Held && !order.is_closing();
        let reserved: Decimal = self.orders.iter().filter(opening).map(Order::reserved).sum();
        let power = |multiplier: Decimal| {
            let free = if multiplier > Decimal::ONE {
                figures.equity * multiplier - bound * multiplier / Decimal::from(4)
            } else {
                figures.cash + figures.short
            };
            (free - reserved).max(Decimal::ZERO).round_dp(2)
        };
        figures.buying_power = power(figures.multiplier);
        figures.regt = power(figures.multiplier.min(Decimal::TWO));
        let own = (figures.cash - reserved).max(Decimal::ZERO).round_dp(2);
        figures.non_marginable = own.min(figures.buying_power);
        figures
    }
}

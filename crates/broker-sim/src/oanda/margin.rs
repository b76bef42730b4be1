//! Margin: what is bound, what is free, and what happens when too little is.

use rust_decimal::Decimal;
use serde_json::{Map, json};

use super::book::Trade;
use super::effect::Effect;
use super::money::PLACES;
use super::order::Closes;
use super::settings::Division;
use super::venue::Venue;

/// The account's figures that follow prices.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub unrealized: Decimal,
    pub nav: Decimal,
    pub margin: Decimal,
    pub value: Decimal,
    /// The same at prices halfway between bid and ask.
    pub mid_unrealized: Decimal,
    pub mid_nav: Decimal,
}

impl Figures {
    pub(super) fn available(&self) -> Decimal {
        (self.nav - self.margin).max(Decimal::ZERO)
    }

    /// So much of the margin that is bound, as a share of what is there; it closes out at 1.
    pub(super) fn closeout_share(&self, part: Decimal) -> Decimal {
        if self.margin.is_zero() {
            return Decimal::ZERO;
        }
        // Nothing is there: all is too much.
        (self.margin * part).checked_div(self.mid_nav.max(Decimal::ZERO)).unwrap_or(Decimal::from(99))
    }
}

impl Venue {
    /// Margin asked per unit of value of a pair.
    fn margin_rate(&self, pair: usize) -> Decimal {
        self.pairs[pair].pair.margin_rate.max(self.book.margin_rate.unwrap_or_default())
    }

    /// What so many units are worth, in the account's currency.
    fn value_of(&self, pair: usize, units: Decimal) -> Decimal {
        let listed = &self.pairs[pair];
        let base = listed.pair.currencies().0;
        if base == self.settings.currency {
            return units.abs();
        }
        // By the pair's own price and its quote currency, or by the base currency's.
        let own = listed.prices.map(|prices| prices.mid() * self.quote_factors(pair).mid);
        let rate = own.filter(|rate| !rate.is_zero()).unwrap_or_else(|| self.base_factors(pair).mid);
        units.abs() * rate
    }

    /// What so many units bind.
    pub(super) fn margin_of(&self, pair: usize, units: Decimal) -> Decimal {
        (self.value_of(pair, units) * self.margin_rate(pair)).round_dp(PLACES)
    }

    /// What a position binds: its greater side.
    pub(super) fn margin_of_position(&self, pair: usize, long: Decimal, short: Decimal) -> Decimal {
        self.margin_of(pair, long.abs().max(short.abs()))
    }

    fn margin_used(&self) -> Decimal {
        let of = |pair: usize| {
            self.margin_of_position(pair, self.book.held(pair, true), self.book.held(pair, false))
        };
        self.open_pairs().into_iter().map(of).sum()
    }

    /// What would be bound after a fill.
    pub(super) fn margin_after(&self, pair: usize, effect: &Effect) -> Decimal {
        let (mut long, mut short) = (self.book.held(pair, true), self.book.held(pair, false).abs());
        let before = self.margin_of_position(pair, long, short);
        for (place, units) in &effect.closes {
            if self.book.trades[*place].is_long() { long -= units } else { short -= units }
        }
        if effect.opens.is_sign_positive() {
            long += effect.opens;
        } else {
            short -= effect.opens;
        }
        self.margin_used() - before + self.margin_of_position(pair, long, short)
    }

    /// What the account is worth if all were closed now.
    pub(super) fn nav(&self) -> Decimal {
        self.figures().nav
    }

    pub(super) fn figures(&self) -> Figures {
        let mut figures = Figures { margin: self.margin_used(), ..Figures::default() };
        for (_, trade) in self.book.open_trades() {
            let mid = self.pairs[trade.pair].prices.map_or(trade.price, |prices| prices.mid());
            figures.unrealized += self.unrealized(trade);
            figures.mid_unrealized += self.quote_factors(trade.pair).of(trade.profit(mid));
            figures.value += self.value_of(trade.pair, trade.current);
        }
        figures.nav = self.book.balance + figures.unrealized;
        figures.mid_nav = self.book.balance + figures.mid_unrealized;
        figures
    }

    /// Which part of the margin must be there: half of it, or all.
    pub(super) fn closeout_part(&self) -> Decimal {
        if self.settings.division == Division::Japan { Decimal::ONE } else { Decimal::new(5, 1) }
    }

    /// Whether the account would be closed out with another margin rate.
    pub(super) fn would_close_out(&self, rate: Decimal) -> bool {
        let figures = self.figures();
        let of = |pair: &usize| {
            let held = self.book.held(*pair, true).max(self.book.held(*pair, false).abs());
            self.value_of(*pair, held) * self.pairs[*pair].pair.margin_rate.max(rate)
        };
        let margin = self.open_pairs().iter().map(of).sum();
        Figures { margin, ..figures }.closeout_share(self.closeout_part()) >= Decimal::ONE
    }

    /// Looks after the margin: tells when it is short, and closes all that can be traded when too little is there.
    pub(super) fn watch_margin(&mut self) {
        let figures = self.figures();
        if self.settings.division != Division::Japan {
            let is_short = figures.closeout_share(Decimal::ONE) >= Decimal::ONE;
            match (is_short, self.book.margin_call.is_some()) {
                (true, false) => {
                    self.batch();
                    self.book.margin_call = Some(self.at);
                    self.write("MARGIN_CALL_ENTER", Map::new());
                }
                (false, true) => {
                    self.batch();
                    self.book.margin_call = None;
                    self.write("MARGIN_CALL_EXIT", Map::new());
                }
                _ => {}
            }
        }
        if figures.closeout_share(self.closeout_part()) < Decimal::ONE {
            return;
        }
        let open: Vec<u64> = self.book.open_trades().map(|(_, trade)| trade.id).collect();
        for trade in open {
            self.close_out(trade);
        }
    }

    /// Closes a trade because there is too little margin; gives the id of the order that does it.
    pub(super) fn close_out(&mut self, trade: u64) -> Option<u64> {
        let place = self.book.trade(trade)?;
        let Trade { pair, current, .. } = self.book.trades[place];
        if current.is_zero() || !self.is_open_for(pair) {
            return None;
        }
        self.batch();
        let mut order = self.market_order(pair, -current, Some(Closes::Margin(trade)));
        order.is_foreign = true;
        order.echo.insert("marginCloseout".to_owned(), json!({ "reason": "MARGIN_CHECK_VIOLATION" }));
        let place = self.take(order, "MARGIN_CLOSEOUT", Map::new());
        self.enter(place);
        Some(self.book.orders[place].id)
    }
}

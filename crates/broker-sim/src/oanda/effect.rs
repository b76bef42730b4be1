//! What a fill would do to the trades of its pair, and whether it may.

use rust_decimal::Decimal;

use super::book::Trade;
use super::order::{Closes, Kind, Order, PositionFill};
use super::settings::Division;
use super::venue::Venue;

/// What a fill does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// Places of trades, and how many units of each are closed.
    pub closes: Vec<(usize, Decimal)>,
    /// What is opened; negative is short.
    pub opens: Decimal,
}

impl Effect {
    fn closed(&self) -> Decimal {
        self.closes.iter().map(|(_, units)| *units).sum()
    }

    /// What is traded, in all.
    pub(super) fn units(&self, is_sale: bool) -> Decimal {
        let closed = self.closed();
        self.opens + if is_sale { -closed } else { closed }
    }
}

type Why = &'static str;

impl Venue {
    /// What so many units of an order do at a price.
    ///
    /// # Errors
    /// The reason for which the order is cancelled instead.
    pub(super) fn effect(&self, order: &Order, units: Decimal, price: Decimal) -> Result<Effect, Why> {
        let effect = self.closes(order, units)?;
        Self::bounds(order, price)?;
        self.first_in_first_out(order, &effect)?;
        if effect.opens.is_zero() {
            return Ok(effect);
        }
        let id = order.trade_client.as_ref().and_then(|client| client["id"].as_str());
        if id.is_some() && self.book.open_trades().any(|(_, trade)| trade.client_id() == id) {
            return Err("CLIENT_TRADE_ID_ALREADY_EXISTS");
        }
        let most = self.pairs[order.pair].pair.maximum_position_size;
        let held = self.book.held(order.pair, effect.opens.is_sign_positive());
        if !most.is_zero() && (held + effect.opens).abs() > most {
            return Err("POSITION_SIZE_EXCEEDED");
        }
        if self.margin_after(order.pair, &effect) > self.nav() {
            return Err("INSUFFICIENT_MARGIN");
        }
        self.on_fill_prices(order, &effect, price)?;
        Ok(effect)
    }

    /// Which trades are closed by it, and what is left to open one.
    fn closes(&self, order: &Order, units: Decimal) -> Result<Effect, Why> {
        let size = units.abs();
        let one = |id: u64, most: Decimal| {
            let place = self.book.trade(id).filter(|place| self.book.trades[*place].is_open());
            let place = place.ok_or("LINKED_TRADE_CLOSED")?;
            let units = self.book.trades[place].current.abs().min(most);
            Ok(Effect { closes: vec![(place, units)], opens: Decimal::ZERO })
        };
        match (order.trade, order.closes) {
            (Some(trade), _) => return one(trade, Decimal::MAX),
            (_, Some(Closes::Trade(trade) | Closes::Margin(trade))) => return one(trade, size),
            _ => {}
        }
        let is_sale = units.is_sign_negative();
        let against =
            |trade: &Trade| trade.pair == order.pair && trade.is_open() && trade.is_long() == is_sale;
        let reduces = match order.closes {
            Some(Closes::Side { .. }) => PositionFill::ReduceOnly,
            _ => order.position_fill,
        };
        let mut left = size;
        let mut closes = Vec::new();
        if reduces == PositionFill::OpenOnly {
            if !self.settings.hedging && self.book.trades.iter().any(against) {
                return Err("FIFO_VIOLATION");
            }
        } else {
            // The oldest first.
            for (place, trade) in self.book.trades.iter().enumerate().filter(|(_, trade)| against(trade)) {
                let units = trade.current.abs().min(left);
                if units.is_zero() {
                    break;
                }
                closes.push((place, units));
                left -= units;
            }
        }
        if reduces == PositionFill::ReduceOnly {
            if closes.is_empty() {
                return Err("POSITION_CLOSEOUT_FAILED");
            }
            left = Decimal::ZERO;
        }
        Ok(Effect { closes, opens: if is_sale { -left } else { left } })
    }

    fn bounds(order: &Order, price: Decimal) -> Result<(), Why> {
        let is_sale = order.units.is_sign_negative();
        let is_beyond = order.bound.is_some_and(|bound| if is_sale { price < bound } else { price > bound });
        if is_beyond { Err("BOUNDS_VIOLATION") } else { Ok(()) }
    }

    /// Whether a trade has orders of its own.
    pub(super) fn has_dependents(&self, trade: u64) -> bool {
        self.book.pending().any(|(_, order)| order.trade == Some(trade))
    }

    /// The rules of the United States: trades close in the order they were opened, and those with orders of their own
    /// differ in size from all others of the pair.
    fn first_in_first_out(&self, order: &Order, effect: &Effect) -> Result<(), Why> {
        if self.settings.division != Division::Us {
            return Ok(());
        }
        let others = || self.book.open_trades().filter(|(_, trade)| trade.pair == order.pair);
        let clashes = |place: Option<usize>, size: Decimal, has_dependents: bool| {
            others().any(|(other, trade)| {
                Some(other) != place
                    && trade.current.abs() == size
                    && effect.closes.iter().all(|(closed, units)| *closed != other || *units != size)
                    && (has_dependents || self.has_dependents(trade.id))
            })
        };
        if let Some(Closes::Trade(id)) = order.closes
            && let Some(place) = self.book.trade(id)
        {
            let size = self.book.trades[place].current.abs();
            // Another one of the same size that is older would have to go first.
            if others().any(|(other, trade)| other < place && trade.current.abs() == size) {
                return Err("FIFO_VIOLATION");
            }
        }
        for (place, units) in &effect.closes {
            let trade = &self.book.trades[*place];
            let left = trade.current.abs() - units;
            if !left.is_zero() && clashes(Some(*place), left, self.has_dependents(trade.id)) {
                return Err("FIFO_VIOLATION_SAFEGUARD_PARTIAL_CLOSE_VIOLATION");
            }
        }
        if !effect.opens.is_zero() && clashes(None, effect.opens.abs(), !order.on_fill.is_empty()) {
            return Err("FIFO_VIOLATION_SAFEGUARD_VIOLATION");
        }
        Ok(())
    }

    /// Whether an order on a trade would break the rule of sizes.
    pub(super) fn breaks_safeguard(&self, trade: usize) -> bool {
        let size = self.book.trades[trade].current.abs();
        let pair = self.book.trades[trade].pair;
        self.settings.division == Division::Us
            && self
                .book
                .open_trades()
                .any(|(other, held)| other != trade && held.pair == pair && held.current.abs() == size)
    }

    /// Whether what the fill makes would not be filled at once with a loss.
    fn on_fill_prices(&self, order: &Order, effect: &Effect, price: Decimal) -> Result<(), Why> {
        let is_long = effect.opens.is_sign_positive();
        let Some(prices) = self.pairs[order.pair].prices else { return Ok(()) };
        let closing = if is_long { prices.bid } else { prices.ask };
        for made in &order.on_fill {
            if made.gtd.is_some_and(|gtd| gtd <= self.at) {
                return Err(match made.kind {
                    Kind::TakeProfit => "TAKE_PROFIT_ON_FILL_GTD_TIMESTAMP_IN_PAST",
                    Kind::StopLoss => "STOP_LOSS_ON_FILL_GTD_TIMESTAMP_IN_PAST",
                    _ => "TRAILING_STOP_LOSS_ON_FILL_GTD_TIMESTAMP_IN_PAST",
                });
            }
            match (made.kind, made.price) {
                (Kind::TakeProfit, Some(target)) if (target < price) == is_long && target != price => {
                    let is_seen = self.quirks().losing_take_profit;
                    return Err(if is_seen { "LOSING_TAKE_PROFIT" } else { "TAKE_PROFIT_ON_FILL_LOSS" });
                }
                (Kind::StopLoss, Some(stop)) if if is_long { stop >= closing } else { stop <= closing } => {
                    return Err("STOP_LOSS_ON_FILL_LOSS");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

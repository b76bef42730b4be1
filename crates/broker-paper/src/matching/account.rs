//! The account's figures, and what orders bind of them.

use broker_api::{
    Account, AccountRef, Amount, Instrument, InstrumentIx, Mode, Overflow, Price, Qty, Side, Time,
};

use super::worth::margin;
use super::{Matching, Row};

impl Matching {
    /// The account without its figures.
    pub(super) fn blank(&self, now: Time) -> Account {
        let settings = &self.settings;
        let (venue, account, currency) = (settings.venue, settings.account, settings.currency);
        Account {
            of: AccountRef { venue, account, mode: Mode::Paper, currency },
            equity: Amount::ZERO,
            balance: Amount::ZERO,
            margin_used: Amount::ZERO,
            buying_power: Amount::ZERO,
            coin_power: None,
            previous_close: None,
            blocked: false,
            at: now,
        }
    }

    /// What the working orders of all instruments would bind if they filled.
    pub(super) fn under_way(&self) -> Result<Amount, Overflow> {
        let mut sum = Amount::ZERO;
        for ((_, instrument), row) in self.catalog.iter().zip(&self.rows) {
            for side in [Side::Buy, Side::Sell] {
                let mut cover = cover(row, side);
                for order in row.orders.iter().filter(|order| order.side == side && !order.reduces) {
                    let opens = order.rest().minus_or_zero(cover);
                    cover = cover.minus_or_zero(order.rest());
                    sum = sum.plus(self.binds(instrument, opens, order.price)?)?;
                }
            }
        }
        Ok(sum)
    }

    /// How much of `qty` more on a side would open a position, once all that works there is filled.
    pub(super) fn opening(&self, ix: InstrumentIx, side: Side, qty: Qty) -> Qty {
        let row = &self.rows[ix.index()];
        let ahead = row.orders.iter().filter(|order| order.side == side && !order.reduces);
        let cover = ahead.fold(cover(row, side), |cover, order| cover.minus_or_zero(order.rest()));
        qty.minus_or_zero(cover)
    }

    /// Margin and fee of opening so much.
    pub(super) fn binds(&self, instrument: &Instrument, qty: Qty, price: Price) -> Result<Amount, Overflow> {
        if qty.is_zero() {
            return Ok(Amount::ZERO);
        }
        let rate = self.rate(instrument.quote).ok_or(Overflow)?;
        let fee = self.fee(instrument, price.times(qty)?.times(rate)?)?;
        margin(instrument, qty, price, rate)?.plus(fee)
    }
}

/// What is held that an order of `side` would reduce.
fn cover(row: &Row, side: Side) -> Qty {
    let held = row.position.held;
    if Side::reducing(held) == Some(side) { held.size() } else { Qty::ZERO }
}

//! What happens to an account beside the orders that meet prices: what a broker takes back, and what it keeps in kind.
//!
//! A simulated broker needs these; the paper broker and a replay do not.

use broker_api::{Amount, ClientOrderId, End, Held, InstrumentIx, Overflow, Price, Qty, Side, Time};
use rust_decimal::Decimal;

use super::codes::Word;
use super::fill::is_left_behind;
use super::ledger::{PLACES, Position};
use super::{Known, Matching};

impl Matching {
    /// Lets the next turn of a live order fill `qty` at most, once; the rest goes on as before.
    pub fn fill_at_most(&mut self, id: ClientOrderId, qty: Qty) {
        let Some(Known::Live(ix)) = self.known.get(&id).copied() else { return };
        if let Some(order) = self.rows[ix.index()].orders.iter_mut().find(|order| order.id == id) {
            order.at_most = Some(qty);
        }
    }

    /// Books `qty` bought or sold at `price` without an order and without a fee: the reverse of an execution that is
    /// taken back. Orders that are left with nothing to reduce end.
    ///
    /// # Errors
    /// [`Overflow`], also when nothing tells what the instrument's currency is worth; then nothing changed.
    pub fn book(
        &mut self,
        ix: InstrumentIx,
        side: Side,
        qty: Qty,
        price: Price,
        at: Time,
    ) -> Result<(), Overflow> {
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let rate = self.rate(instrument.quote).ok_or(Overflow)?;
        let (position, profit) = self.rows[ix.index()].position.after(side, qty, price)?;
        let profit = profit.times(rate)?.round_half_even(PLACES);
        self.balance = self.balance.plus(profit)?.round_half_even(Decimal::MAX_SCALE);
        self.hold(ix, position, at);
        Ok(())
    }

    /// Takes `qty` of what is held away for nothing, at most all of it: a fee in kind. What it cost is lost.
    ///
    /// # Errors
    /// [`Overflow`], also when nothing tells what the instrument's currency is worth; then nothing changed.
    pub fn keep_back(&mut self, ix: InstrumentIx, qty: Qty, at: Time) -> Result<(), Overflow> {
        let instrument = self.catalog.get(ix).ok_or(Overflow)?;
        let rate = self.rate(instrument.quote).ok_or(Overflow)?;
        let before = self.rows[ix.index()].position;
        let position = before.without(qty)?;
        let lost = before.cost.minus(position.cost)?.times(rate)?.round_half_even(PLACES);
        self.balance = self.balance.minus(lost)?.round_half_even(Decimal::MAX_SCALE);
        self.hold(ix, position, at);
        Ok(())
    }

    /// Holds so much from now on, for what it came to before: a split, or a dividend in units.
    ///
    /// # Errors
    /// [`Overflow`] when nothing is held, or it would not be held the same way; then nothing changed.
    pub fn restate(&mut self, ix: InstrumentIx, held: Held, at: Time) -> Result<(), Overflow> {
        let before = self.rows.get(ix.index()).ok_or(Overflow)?.position;
        let is_same_way = !held.is_flat() && held.is_long() == before.held.is_long();
        if before.held.is_flat() || !is_same_way {
            return Err(Overflow);
        }
        self.hold(ix, Position { held, ..before }, at);
        Ok(())
    }

    /// Takes money out of the account, or brings it in when it is negative: a fee in cash.
    ///
    /// # Errors
    /// [`Overflow`]; then nothing changed.
    pub fn charge(&mut self, amount: Amount) -> Result<(), Overflow> {
        self.balance = self.balance.minus(amount)?.round_half_even(Decimal::MAX_SCALE);
        self.book.get_mut().balanced();
        Ok(())
    }

    fn hold(&mut self, ix: InstrumentIx, position: Position, at: Time) {
        let row = &mut self.rows[ix.index()];
        row.position = position;
        self.book.get_mut().moved(ix, position.held);
        self.book.get_mut().balanced();
        let reducing = Side::reducing(position.held);
        let behind: Vec<u64> =
            row.orders.iter().filter(|order| is_left_behind(order, reducing)).map(|order| order.n).collect();
        for n in behind {
            self.close(ix, n, End::Cancelled, Word::NothingToReduce, at);
        }
    }
}

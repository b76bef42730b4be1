//! What rows of fills say: as fills, and whether they are all of an order. Pure.

use broker_api::{
    Amount, ClientOrderId, Currency, ExecutionId, Fill, Key, Price, Qty, QueryFailed, Ratio, Side, Time,
    VenueId,
};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::convert::{self, unreadable};
use crate::wire::{FillRow, Order};

/// An execution as it was told, and Alpaca's name of its order.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) fill: Fill,
    pub(super) order_id: String,
}

/// What Alpaca takes of what is received in a trade of coins, from an account of the lowest tier: of coins that are bought,
/// of money for those that are sold. A fill does not tell its fee; the rows that do come at the end of the day. It is the
/// takers' rate, the highest one, so that there never is less than the book has.
const COIN_FEE: Decimal = Decimal::from_parts(25, 0, 0, false, 4);
/// Decimal places of an amount of coins.
const COIN_PLACES: u32 = 9;

/// How much of its order was filled with a row.
pub(super) fn cum(row: &FillRow) -> Decimal {
    row.cum_qty.map_or(Decimal::ZERO, |number| number.0)
}

pub(super) fn sum<'a>(rows: impl IntoIterator<Item = &'a FillRow>) -> Decimal {
    rows.into_iter().map(|row| row.qty.0).sum()
}

/// Whether the rows hold all that was filled of an order, as far back as they reach: the last one has the whole filled
/// quantity, each begins where the one before ended, and the first one at nought, unless the order is older than the
/// window: then what is missing was told before.
pub(super) fn is_whole(order: &Order, rows: &[FillRow], from: Option<Time>) -> bool {
    let filled = order.filled_qty.map_or(Decimal::ZERO, |number| number.0);
    let mut own: Vec<&FillRow> = rows.iter().filter(|row| row.order_id == order.id).collect();
    own.sort_by_key(|row| cum(row));
    own.dedup_by(|a, b| a.id == b.id);
    if own.iter().any(|row| row.cum_qty.is_none()) {
        return sum(own) >= filled;
    }
    let is_joined = own.windows(2).all(|pair| cum(pair[1]) - pair[1].qty.0 == cum(pair[0]));
    let is_older = from.is_some_and(|from| order.began().is_none_or(|began| began < from));
    let begins_at_nought = own.first().is_none_or(|first| cum(first) == first.qty.0);
    own.last().map_or(filled.is_zero(), |last| cum(last) >= filled)
        && is_joined
        && (begins_at_nought || is_older)
}

pub(super) fn fill(
    venue: VenueId,
    order: &Order,
    name: ClientOrderId,
    row: &FillRow,
) -> Result<Fill, QueryFailed> {
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("the fill {}", row.id), why);
    let key = Key { venue, symbol: convert::symbol(&order.symbol)? };
    let side = convert::side(Some(&row.side)).ok_or_else(|| bad(&format!("the side {:?}", row.side)))?;
    let qty = Qty::new(row.qty.0.normalize()).map_err(|why| bad(&why))?;
    let price = Price::new(row.price.0.normalize()).map_err(|why| bad(&why))?;
    let quote = key.symbol.as_str().split_once('/').map_or("USD", |(_, quote)| quote);
    let (fee, kept) = match side {
        _ if !order.symbol.contains('/') => (Amount::ZERO, Qty::ZERO),
        Side::Buy => {
            let kept =
                (qty.get() * COIN_FEE).round_dp_with_strategy(COIN_PLACES, RoundingStrategy::AwayFromZero);
            (Amount::ZERO, Qty::new(kept.normalize()).map_err(|why| bad(&why))?)
        }
        Side::Sell => {
            let value = price.times(qty).map_err(|why| bad(&why))?;
            let fee = value.times(Ratio::new(COIN_FEE).map_err(|why| bad(&why))?).map_err(|why| bad(&why))?;
            (fee.round_half_even(COIN_PLACES), Qty::ZERO)
        }
    };
    Ok(Fill {
        execution: ExecutionId::new(&row.id).map_err(|why| bad(&why))?,
        order: name,
        key,
        side,
        qty,
        price,
        fee: fee.of(Currency::new(quote).map_err(|why| bad(&why))?),
        kept,
        // Accounts are in dollars, and so are stocks and the coins that are quoted in dollars.
        rate: Ratio::ONE,
        at: row.transaction_time,
        model: None,
    })
}

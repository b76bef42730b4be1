//! What became of day trading: a rule that is over since June 2026, and that nobody has verified to be over on paper.

use std::collections::BTreeSet;

use broker_api::Side;
use rust_decimal::Decimal;

use super::errors::Refusal;
use super::request::Wanted;
use super::venue::Venue;
use crate::core::date_of;

/// The rule of before June 2026, where it is wanted: who has less than 25,000 dollars makes three round trips in a day.
pub(super) fn day_trading(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    if !venue.quirks().pdt_refusal || venue.figures().equity >= Decimal::from(25_000) {
        return Ok(());
    }
    let today = venue.today();
    let of_today = |closing: bool| {
        let fills = venue.executions.iter().filter(move |execution| date_of(execution.at) == today);
        fills
            .map(|execution| &venue.orders[execution.order])
            .filter(move |order| order.is_closing() == closing)
    };
    let is_opened = |asset: usize| of_today(false).any(|order| order.asset == asset);
    let closed: BTreeSet<&str> =
        of_today(true).filter(|order| is_opened(order.asset)).map(|order| order.id.as_str()).collect();
    let closes = match wanted.side {
        Side::Buy => venue.held(asset) < Decimal::ZERO,
        Side::Sell => venue.held(asset) > Decimal::ZERO,
    };
    if closes && is_opened(asset) && closed.len() >= 3 {
        return Err(Refusal::day_trading());
    }
    Ok(())
}

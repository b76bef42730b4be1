//! Whether an order is taken: one check after the other, in the order of the table, the first refusal is the answer.

use broker_api::Side;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::json;

use super::day_trades::day_trading;
use super::errors::Refusal;
use super::order::{Class, Kind, Status, Tif};
use super::request::Wanted;
use super::unverified::unverified;
use super::venue::Venue;
use crate::core::decimal_text;

type Check = fn(&Venue, &Wanted, usize) -> Result<(), Refusal>;

/// The checks behind the form of the request and its asset. Which comes first on the wire is not documented.
const CHECKS: &[Check] = &[
    client_id_is_new,
    unverified,
    increments,
    class_and_time,
    legs,
    stop_side,
    opposite_side,
    quantity,
    least_value,
    buying_power,
    day_trading,
];

impl Venue {
    /// Whether an order is taken; gives its asset.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn examine(&self, wanted: &Wanted) -> Result<usize, Refusal> {
        let flags = &self.configuration;
        if flags.suspend_trade {
            return Err(Refusal::forbidden("new orders are rejected by user request"));
        }
        let Some(asset) = self.find_asset(&wanted.symbol) else {
            return Err(match self.quirks().unknown_asset_status {
                404 => Refusal::not_found(format!("asset not found for {}", wanted.symbol)),
                _ => Refusal::unprocessable(format!("asset \"{}\" not found", wanted.symbol)),
            });
        };
        let listed = &self.assets[asset].asset;
        if !listed.active {
            return Err(Refusal::unprocessable(format!("asset {} is not active", listed.symbol)));
        }
        if !listed.tradable {
            return Err(Refusal::unprocessable(format!("asset {} is not tradable", listed.symbol)));
        }
        let mut checks = CHECKS.to_vec();
        if self.quirks().checks_backwards {
            checks.reverse();
        }
        checks.iter().try_for_each(|check| check(self, wanted, asset)).map(|()| asset)
    }

    /// What a unit of an order is reckoned at.
    pub(super) fn reckoned(&self, wanted: &Wanted, asset: usize) -> Decimal {
        let prices = self.assets[asset].prices;
        let ask = prices.map(|prices| prices.ask.get());
        let bid = prices.map(|prices| prices.bid.get());
        match wanted.side {
            Side::Buy => wanted.limit.or(wanted.stop).or(ask).unwrap_or_default(),
            Side::Sell if self.held(asset) > Decimal::ZERO => {
                wanted.limit.or(wanted.stop).or(bid).unwrap_or_default()
            }
            Side::Sell => {
                let short = ask.unwrap_or_default() * Decimal::new(103, 2);
                wanted.limit.map_or(short, |limit| limit.max(short))
            }
        }
    }
}

pub(super) fn is_fractional(wanted: &Wanted) -> bool {
    wanted.notional.is_some() || wanted.qty.is_some_and(|qty| !qty.fract().is_zero())
}

fn client_id_is_new(venue: &Venue, wanted: &Wanted, _: usize) -> Result<(), Refusal> {
    let Some(known) = wanted.client_id.as_ref().and_then(|id| venue.by_client.get(id)) else { return Ok(()) };
    if venue.quirks().ids_come_back && venue.orders[*known].status.is_over() {
        return Ok(());
    }
    Err(Refusal::invalid("client_order_id must be unique").status(venue.quirks().duplicate_status))
}

fn increments(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let listed = &venue.assets[asset];
    let leg = wanted.stop_loss;
    let prices = [
        ("limit_price", wanted.limit),
        ("stop_price", wanted.stop),
        ("take_profit.limit_price", wanted.take_profit),
        ("stop_loss.stop_price", leg.map(|(stop, _)| stop)),
        ("stop_loss.limit_price", leg.and_then(|(_, limit)| limit)),
    ];
    for (name, price) in prices {
        if let Some(price) = price {
            venue.check_increment(asset, name, price)?;
        }
    }
    if let Some(notional) = wanted.notional
        && notional.normalize().scale() > venue.quirks().notional_places
    {
        let places = venue.quirks().notional_places;
        return Err(Refusal::unprocessable(format!(
            "notional value must be limited to {places} decimal places"
        )));
    }
    if wanted.qty.is_some_and(|qty| qty.normalize().scale() > 9) && !listed.is_crypto() {
        return Err(Refusal::unprocessable("qty must be limited to 9 decimal places"));
    }
    if is_fractional(wanted) && !listed.is_crypto() && !listed.asset.fractionable {
        return Err(Refusal::forbidden(format!("asset \"{}\" is not fractionable", listed.symbol())));
    }
    Ok(())
}

impl Venue {
    /// Whether a price is a whole number of its asset's steps.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check_increment(&self, asset: usize, name: &str, price: Decimal) -> Result<(), Refusal> {
        let listed = &self.assets[asset];
        let fits = if listed.is_crypto() {
            price.checked_rem(listed.asset.price_increment).is_some_and(|rest| rest.is_zero())
        } else {
            price.normalize().scale() <= if price >= Decimal::ONE { 2 } else { 4 }
        };
        if fits {
            return Ok(());
        }
        let price = decimal_text(price);
        Err(Refusal::unprocessable(format!(
            "invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )))
    }
}

fn class_and_time(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let no = |text: &str| Err(Refusal::unprocessable(text));
    let Wanted { kind, tif, class, .. } = *wanted;
    if venue.assets[asset].is_crypto() {
        if !matches!(tif, Tif::Gtc | Tif::Ioc) {
            return no("invalid crypto time_in_force");
        }
        if !matches!(kind, Kind::Market | Kind::Limit | Kind::StopLimit) || class != Class::Simple {
            return no("invalid order type for crypto order");
        }
        return Ok(());
    }
    if is_fractional(wanted) {
        if class != Class::Simple {
            return no("fractional orders must be simple orders");
        }
        if tif != Tif::Day && !(venue.quirks().fraction_gtc && tif == Tif::Gtc) {
            return no("fractional orders must be DAY orders");
        }
        if kind == Kind::TrailingStop {
            return no("fractional orders must be market, limit, stop or stop limit orders");
        }
    }
    if wanted.notional.is_some() && kind != Kind::Market && !venue.quirks().notional_beyond_market {
        return no("notional orders must be market orders");
    }
    if class != Class::Simple && !matches!(tif, Tif::Day | Tif::Gtc) {
        return Err(Refusal::unprocessable(format!("{} orders must be DAY or GTC", class.as_str())));
    }
    if !matches!(kind, Kind::Market | Kind::Limit) && !matches!(tif, Tif::Day | Tif::Gtc) {
        let kind = kind.as_str().replace('_', " ");
        return Err(Refusal::unprocessable(format!("{kind} orders must be DAY or GTC orders")));
    }
    if wanted.extended
        && (kind != Kind::Limit || !matches!(tif, Tif::Day | Tif::Gtc) || class != Class::Simple)
    {
        return no("extended hours order must be DAY or GTC limit orders");
    }
    Ok(())
}

fn legs(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    if wanted.class == Class::Simple {
        return Ok(());
    }
    let held = venue.held(asset);
    let closes = match wanted.side {
        Side::Buy => held < Decimal::ZERO,
        Side::Sell => held > Decimal::ZERO,
    };
    match wanted.class {
        Class::Bracket if closes => {
            return Err(Refusal::unprocessable("bracket orders must be entry orders"));
        }
        Class::Oco if !closes => return Err(Refusal::unprocessable("oco orders must be exit orders")),
        _ => {}
    }
    // Seen from a purchase; a sale is its mirror image.
    let is_up = (wanted.side == Side::Buy) != (wanted.class == Class::Oco);
    let beyond = |price: Decimal, base: Decimal, up: bool| {
        if up { price >= base + Decimal::new(1, 2) } else { price <= base - Decimal::new(1, 2) }
    };
    let word = |up: bool| if up { ">=" } else { "<=" };
    let sign = |up: bool| if up { "+" } else { "-" };
    if let (Some(profit), Some((stop, _))) = (wanted.take_profit, wanted.stop_loss)
        && (profit <= stop) == is_up
    {
        let than = if is_up { ">" } else { "<" };
        let text = format!("take_profit.limit_price must be {than} stop_loss.stop_price");
        return Err(Refusal::unprocessable(text));
    }
    let market = venue.assets[asset].last();
    let base = if wanted.class == Class::Oco { wanted.take_profit } else { wanted.limit.or(market) };
    let Some(base) = base else { return Ok(()) };
    let told = |refusal: Refusal| refusal.with("base_price", decimal_text(base));
    if let Some((stop, _)) = wanted.stop_loss
        && !beyond(stop, base, !is_up)
    {
        let (word, sign) = (word(!is_up), sign(!is_up));
        let text = format!("stop_loss.stop_price must be {word} base_price {sign} 0.01");
        return Err(told(Refusal::unprocessable(text)));
    }
    if let Some(profit) = wanted.take_profit.filter(|_| wanted.class != Class::Oco)
        && !beyond(profit, base, is_up)
    {
        let (word, sign) = (word(is_up), sign(is_up));
        let text = format!("take_profit.limit_price must be {word} base_price {sign} 0.01");
        return Err(told(Refusal::unprocessable(text)));
    }
    Ok(())
}

fn stop_side(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let (Some(stop), Some(prices)) = (wanted.stop, venue.assets[asset].prices) else { return Ok(()) };
    if !venue.is_open_for(asset) {
        return Ok(());
    }
    let (market, is_passed, word) = match wanted.side {
        Side::Buy => (prices.ask.get(), stop <= prices.ask.get(), "greater"),
        Side::Sell => (prices.bid.get(), stop >= prices.bid.get(), "less"),
    };
    if !is_passed {
        return Ok(());
    }
    Err(Refusal::unprocessable(format!("stop price must be {word} than current price"))
        .with("stop_price", decimal_text(stop))
        .with("market_price", decimal_text(market)))
}

fn opposite_side(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let opposite = venue.orders.iter().filter(|order| {
        order.asset == asset
            && order.side != wanted.side
            && !order.status.is_over()
            && order.status != Status::Held
    });
    let is_flat = venue.held(asset).is_zero();
    let is_crypto = venue.assets[asset].is_crypto();
    for order in opposite {
        // Groups know their own other side; trailing stops are exempt on both sides.
        let is_exempt = (wanted.class != Class::Simple || order.class != Class::Simple) && !is_crypto;
        if is_exempt || wanted.kind == Kind::TrailingStop || order.kind == Kind::TrailingStop {
            continue;
        }
        if is_flat && !is_crypto && wanted.side == Side::Sell {
            return Err(Refusal::forbidden("cannot open a short sell while a long buy order is open"));
        }
        if is_flat && !is_crypto && order.intent == "sell_to_open" {
            return Err(Refusal::forbidden("cannot open a long buy while a short sell order is open"));
        }
        let trades_at_once = |kind: Kind| matches!(kind, Kind::Market | Kind::Stop);
        let (buy, sell) = match wanted.side {
            Side::Buy => (wanted.limit, order.limit),
            Side::Sell => (order.limit, wanted.limit),
        };
        let is_market = trades_at_once(wanted.kind) || trades_at_once(order.kind);
        if is_market || buy.zip(sell).is_some_and(|(buy, sell)| buy >= sell) {
            let what = if is_market { "market/stop" } else { "limit" };
            let words = "potential wash trade detected. use complex orders";
            let refusal = match venue.quirks().wash_trade_status {
                // Seen in January 2024, with the code of its status.
                422 => Refusal::unprocessable(words),
                status => Refusal::forbidden(words).status(status),
            };
            return Err(refusal
                .with("existing_order_id", order.id.clone())
                .with("reject_reason", format!("opposite side {what} order exists")));
        }
    }
    Ok(())
}

fn quantity(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let held = venue.held(asset);
    let listed = &venue.assets[asset];
    let is_crypto = listed.is_crypto();
    let reckoned = venue.reckoned(wanted, asset);
    let qty = match (wanted.qty, wanted.notional) {
        (Some(qty), _) => qty,
        (None, notional) => {
            let qty = notional.and_then(|notional| notional.checked_div(reckoned)).unwrap_or_default();
            qty.round_dp_with_strategy(9, RoundingStrategy::ToZero)
        }
    };
    let closes = match wanted.side {
        Side::Buy => held < Decimal::ZERO,
        Side::Sell => held > Decimal::ZERO,
    };
    if closes {
        let on_hold = venue.on_hold(asset, None);
        let available = held.abs() - on_hold.qty;
        if qty <= available {
            return Ok(());
        }
        let (asked, has) = (decimal_text(qty), decimal_text(available.max(Decimal::ZERO)));
        if is_crypto {
            let coin = listed.symbol().split('/').next().unwrap_or_default();
            return Err(Refusal::forbidden(format!(
                "insufficient balance for {coin} (requested: {asked}, available: {has})"
            )));
        }
        return Err(Refusal::forbidden(format!(
            "insufficient qty available for order (requested: {asked}, available: {has})"
        ))
        .with("available", has)
        .with("existing_qty", decimal_text(held.abs()))
        .with("held_for_orders", decimal_text(on_hold.qty))
        .with("related_orders", json!(on_hold.orders))
        .with("symbol", listed.symbol()));
    }
    if wanted.side == Side::Buy {
        return Ok(());
    }
    if is_crypto {
        let coin = listed.symbol().split('/').next().unwrap_or_default();
        let asked = decimal_text(qty);
        return Err(Refusal::forbidden(format!(
            "insufficient balance for {coin} (requested: {asked}, available: 0)"
        )));
    }
    if is_fractional(wanted) {
        return Err(Refusal::unprocessable("fractional orders cannot be sold short"));
    }
    if !venue.is_shorting_enabled() {
        return Err(Refusal::forbidden("account is not allowed to short"));
    }
    if !listed.asset.shortable {
        return Err(Refusal::unprocessable(format!("asset \"{}\" cannot be sold short", listed.symbol())));
    }
    if listed.asset.hard_to_borrow && !venue.quirks().htb_short {
        return Err(Refusal::unprocessable(format!("asset \"{}\" is hard to borrow", listed.symbol())));
    }
    Ok(())
}

fn value(venue: &Venue, wanted: &Wanted, asset: usize) -> Decimal {
    wanted.notional.unwrap_or_else(|| wanted.qty.unwrap_or_default() * venue.reckoned(wanted, asset))
}

fn least_value(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let is_crypto = venue.assets[asset].is_crypto();
    let least = if is_crypto { Decimal::TEN } else { Decimal::ONE };
    // Shares were sold for less than a dollar; of coins it is only said that orders have a least value.
    let is_free = wanted.side == Side::Sell && !(is_crypto && venue.quirks().coin_sales_have_least);
    if is_free || wanted.closes_position || value(venue, wanted, asset) >= least {
        return Ok(());
    }
    let least = decimal_text(least);
    Err(Refusal::forbidden(format!("cost basis must be >= minimal amount of order {least}")))
}

fn buying_power(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let held = venue.held(asset);
    let closes = match wanted.side {
        Side::Buy => held < Decimal::ZERO,
        Side::Sell => held > Decimal::ZERO,
    };
    if closes {
        return Ok(());
    }
    let figures = venue.figures();
    let is_marginable = venue.assets[asset].asset.marginable && !venue.assets[asset].is_crypto();
    let power = if is_marginable { figures.buying_power } else { figures.non_marginable };
    let cost = value(venue, wanted, asset);
    if cost <= power {
        return Ok(());
    }
    Err(Refusal::forbidden("insufficient buying power")
        .with("buying_power", decimal_text(power))
        .with("cost_basis", decimal_text(cost)))
}

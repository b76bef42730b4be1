//! Between OANDA's words and ours. Pure.

use broker_api::intent::{Limit, Stop, TrailingStop};
use broker_api::{
    Account, AccountId, AccountRef, Amount, AssetClass, ClientOrderId, Currency, Held, Instrument, Key, Mode,
    OpenOrder, OrderKind, Price, Qty, QueryFailed, Ratio, Side, Symbol, Time, VenueId, VenueOrder,
    VenueOrderId, VenuePosition,
};
use broker_http::{Exact, query_failed};
use rust_decimal::Decimal;

use crate::config::{LIVE_HOST, PRACTICE_HOST, mode_of};
use crate::wire::{self, Id};

/// What an answer holds that has no place in our words.
pub(crate) fn unreadable(what: &str, why: &dyn std::fmt::Display) -> QueryFailed {
    query_failed(format!("{what} from OANDA cannot be taken in: {why}"), false)
}

/// What the name of an order begins with that has none of ours; its id follows.
const BY_ID: char = 'o';

/// Our name of an order: what its client called it, or, where that cannot be a name of ours, its id.
pub(crate) fn name(client: Option<&str>, id: Id) -> Result<ClientOrderId, QueryFailed> {
    let called = client.and_then(|client| ClientOrderId::new(client).ok());
    let own = || ClientOrderId::new(&format!("{BY_ID}{}", id.0));
    called.map_or_else(own, Ok).map_err(|why| unreadable("an order's id", &why))
}

/// How an order of this name is asked for in a path.
pub(crate) fn spec(name: ClientOrderId) -> String {
    let id = name.as_str().strip_prefix(BY_ID).filter(|id| id.parse::<u64>().is_ok());
    id.map_or_else(|| format!("@{name}"), ToOwned::to_owned)
}

/// `EUR_USD` as `EUR/USD`.
pub(crate) fn symbol(instrument: &str) -> Result<Symbol, QueryFailed> {
    Symbol::new(&instrument.replacen('_', "/", 1))
        .map_err(|why| unreadable(&format!("the instrument {instrument:?}"), &why))
}

/// And the other way.
pub(crate) fn instrument_name(symbol: Symbol) -> String {
    symbol.as_str().replace('/', "_")
}

/// The one account that a token sees. Those that MetaTrader runs are none that can be traded here.
pub(crate) fn only_account(seen: &wire::Accounts) -> Result<String, QueryFailed> {
    let ours: Vec<&str> =
        seen.accounts.iter().filter(|row| !is_mt4(row)).map(|row| row.id.as_str()).collect();
    match ours.as_slice() {
        [one] if crate::config::is_account(one) => Ok((*one).to_owned()),
        [one] => Err(unreadable("the account", &format!("{one:?} is no id of a v20 account"))),
        [] => Err(query_failed("the token sees no v20 account that is not MetaTrader's".to_owned(), false)),
        many => {
            let why = format!("the token sees {}; name one in OANDA_ACCOUNT_ID", many.join(", "));
            Err(query_failed(why, false))
        }
    }
}

/// Whether MetaTrader runs an account: names on its orders belong to the bridge.
pub(crate) fn is_mt4(row: &wire::AccountRow) -> bool {
    row.mt4.is_some() || row.tags.iter().any(|tag| tag == "MT4")
}

fn amount(what: &str, number: Option<Exact>) -> Result<Amount, QueryFailed> {
    let number = number.ok_or_else(|| unreadable("the account", &format!("it does not say its {what}")))?;
    Amount::new(number.0).map_err(|why| unreadable("the account", &why))
}

/// A currency by its code.
pub(crate) fn currency(code: &str) -> Result<Currency, QueryFailed> {
    Currency::new(code).map_err(|why| unreadable("a currency", &why))
}

/// Which account it is, as host and id say together.
pub(crate) fn identity(
    venue: VenueId,
    wanted: Mode,
    host: &str,
    row: &wire::Account,
) -> Result<AccountRef, QueryFailed> {
    let by_host = match host {
        PRACTICE_HOST => Some(Mode::Practice),
        LIVE_HOST => Some(Mode::Live),
        _ => None,
    };
    let mode = broker_http::mode(host, by_host, mode_of(&row.id), wanted, "token")?;
    Ok(AccountRef {
        venue,
        account: AccountId::new(&row.id).map_err(|why| unreadable("the account's id", &why))?,
        mode,
        currency: currency(&row.currency)?,
    })
}

/// A reading of the account. What it does not say is not nought.
pub(crate) fn account(of: AccountRef, row: &wire::Account, at: Time) -> Result<Account, QueryFailed> {
    Ok(Account {
        of,
        equity: amount("net asset value", row.nav)?,
        balance: amount("balance", row.balance)?,
        margin_used: amount("margin used", row.margin_used)?,
        buying_power: amount("margin available", row.margin_available)?,
        coin_power: None,
        previous_close: None,
        // OANDA says it with every order that it refuses for that, and not here.
        blocked: false,
        at,
    })
}

/// The rules of an instrument; nothing for what is no pair of currencies. `least_margin` is the account's own.
pub(crate) fn instrument(
    venue: VenueId,
    row: &wire::Instrument,
    least_margin: Option<Decimal>,
) -> Result<Option<Instrument>, QueryFailed> {
    if row.kind.as_deref() != Some("CURRENCY") {
        return Ok(None);
    }
    let symbol = symbol(&row.name)?;
    let why = |why: &dyn std::fmt::Display| unreadable(&format!("the rules of {symbol}"), why);
    let missing = |what| why(&format!("it does not say its {what}"));
    let Some((_, quote)) = symbol.as_str().split_once('/') else { return Err(why(&"it is no pair")) };
    let places = |places: Option<u32>, what| {
        let places = places.filter(|places| *places <= 12).ok_or_else(|| missing(what))?;
        Ok(Decimal::new(1, places))
    };
    let lot = places(row.trade_units_precision, "precision of units")?;
    let margin = row.margin_rate.ok_or_else(|| missing("margin"))?.0;
    let most = row.maximum_order_units.ok_or_else(|| missing("largest order"))?.0;
    Ok(Some(Instrument {
        key: Key { venue, symbol },
        asset_class: AssetClass::Forex,
        quote: currency(quote)?,
        tick: Price::new(places(row.display_precision, "precision of prices")?).map_err(|bad| why(&bad))?,
        lot: Qty::new(lot).map_err(|bad| why(&bad))?,
        qty_min: Qty::new(row.minimum_trade_size.map_or(lot, |least| least.0)).map_err(|bad| why(&bad))?,
        qty_max: Qty::new(most).map_err(|bad| why(&bad))?,
        notional_min: Amount::ZERO,
        // The higher of the two binds.
        margin: Ratio::new(margin.max(least_margin.unwrap_or(margin)).normalize())
            .map_err(|bad| why(&bad))?,
        shortable: true,
    }))
}

/// What is held of a pair: long less short. An account that hedges may hold both, and its fills come to the same.
pub(crate) fn position(venue: VenueId, row: &wire::Position) -> Result<Option<VenuePosition>, QueryFailed> {
    let symbol = symbol(&row.instrument)?;
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("what is held of {symbol}"), why);
    let (long, short) = (row.long.units.0, row.short.units.0);
    if long.is_sign_negative() && !long.is_zero() || short > Decimal::ZERO {
        return Err(bad(&"a side with the other's sign"));
    }
    let held = (long + short).normalize();
    if held.is_zero() {
        return Ok(None);
    }
    let larger = if held.is_sign_negative() { &row.short } else { &row.long };
    let average = larger.average_price.and_then(|number| Price::new(number.0).ok());
    Ok(Some(VenuePosition {
        key: Key { venue, symbol },
        held: Held::new(held).map_err(|why| bad(&why))?,
        average: average.ok_or_else(|| bad(&"it has no price"))?,
    }))
}

fn price(number: Option<Exact>) -> Option<Price> {
    number.and_then(|number| Price::new(number.0).ok())
}

/// How a pending order meets the market; nothing for a kind that is not ours.
pub(crate) fn kind(order: &wire::Order) -> Option<OrderKind> {
    Some(match order.kind.as_str() {
        "MARKET" => OrderKind::MARKET,
        "LIMIT" | "TAKE_PROFIT" => OrderKind::Limit(Limit { limit: price(order.price)? }),
        // One with a bound is no kind of ours: it does not wait beyond it.
        "STOP" if order.price_bound.is_none() => OrderKind::Stop(Stop { trigger: price(order.price)? }),
        "STOP_LOSS" | "GUARANTEED_STOP_LOSS" => OrderKind::Stop(Stop { trigger: price(order.price)? }),
        "TRAILING_STOP_LOSS" => OrderKind::TrailingStop(TrailingStop { distance: price(order.distance)? }),
        _ => return None,
    })
}

/// A pending order. One that belongs to a trade tells neither instrument nor units: the trade does.
pub(crate) fn open_order(
    venue: VenueId,
    order: &wire::Order,
    trades: &[wire::Trade],
) -> Result<OpenOrder, QueryFailed> {
    let bad = |why: &dyn std::fmt::Display| unreadable(&format!("the order {}", order.id.0), why);
    let trade = order.trade.and_then(|id| trades.iter().find(|trade| trade.id == id));
    let client =
        |extensions: &Option<wire::Extensions>| extensions.as_ref().and_then(|given| given.id.clone());
    let id = name(client(&order.client_extensions).as_deref(), order.id)?;
    let (instrument, units) = match (&order.instrument, order.units, trade) {
        (Some(instrument), Some(units), _) => (instrument, units.0),
        (_, _, Some(trade)) => (&trade.instrument, -trade.current_units.0),
        _ => return Err(bad(&"it tells no instrument, and its trade is not open")),
    };
    let parent = trade.and_then(|trade| client(&trade.client_extensions));
    let of_leg = id.leg_of().map(|(entry, _)| entry).filter(|_| id.is_ours());
    Ok(OpenOrder {
        id: Some(id),
        parent: of_leg.or_else(|| parent.and_then(|parent| ClientOrderId::new(&parent).ok())),
        key: Key { venue, symbol: symbol(instrument)? },
        side: side(units),
        qty: Qty::new(units.abs().normalize()).map_err(|why| bad(&why))?,
        kind: kind(order),
        order: VenueOrder {
            venue_order: VenueOrderId::new(&order.id.0.to_string()).ok(),
            end: None,
            filled: Qty::ZERO,
        },
    })
}

/// Which way units of this sign go.
pub(crate) fn side(units: Decimal) -> Side {
    if units.is_sign_negative() { Side::Sell } else { Side::Buy }
}

#[cfg(test)]
mod tests;

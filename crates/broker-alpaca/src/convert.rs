//! Between Alpaca's words and ours. Pure.

use broker_api::intent::{Limit, Stop, StopLimit, TrailingStop};
use broker_api::{
    Account, AccountId, AccountRef, Amount, AssetClass, ClientOrderId, Currency, End, Held, Instrument, Key,
    Mode, OpenOrder, OrderKind, Price, Purpose, Qty, QueryFailed, Ratio, Side, Symbol, Time, VenueDay,
    VenueHours, VenueId, VenueOrder, VenueOrderId, VenuePosition,
};
use chrono::{NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::America::New_York;
use rust_decimal::Decimal;

use crate::config::{LIVE_HOST, PAPER_HOST};
use crate::transport::query_failed;
use crate::wire::{self, Exact, coin_stop_limit};

/// What an answer holds that has no place in our words.
pub(crate) fn unreadable(what: &str, why: &dyn std::fmt::Display) -> QueryFailed {
    query_failed(format!("{what} from Alpaca cannot be taken in: {why}"), false)
}

/// Our name of an order, and of those of others: a UUID without its dashes, or, for what cannot be a name of ours, the
/// order's own id without them.
pub(crate) fn name(order: &wire::Order) -> Result<ClientOrderId, QueryFailed> {
    let given = order.client_order_id.as_deref().unwrap_or_default();
    let plain = |text: &str| text.replace('-', "");
    let ours = if is_uuid(given) { ClientOrderId::new(&plain(given)) } else { ClientOrderId::new(given) };
    ours.or_else(|_| ClientOrderId::new(&plain(&order.id))).map_err(|why| unreadable("an order's id", &why))
}

/// Which leg of a bracket an order is.
pub(crate) fn leg_purpose(order: &wire::Order) -> Option<Purpose> {
    // The kind tells on a wire from before the roles were told.
    match (order.group_role.as_deref(), order.kind.as_deref()) {
        (Some("stop_loss"), _) | (None, Some("stop" | "stop_limit")) => Some(Purpose::Stop),
        (Some("take_profit"), _) | (None, Some("limit")) => Some(Purpose::Target),
        _ => None,
    }
}

/// The name of a leg that Alpaca made of an entry of ours.
pub(crate) fn leg_name(entry: ClientOrderId, order: &wire::Order) -> Option<ClientOrderId> {
    entry.leg(leg_purpose(order)?)
}

/// The entry behind the name of such a leg, and which leg it is.
pub(crate) fn leg_of(name: ClientOrderId) -> Option<(ClientOrderId, Purpose)> {
    name.leg_of().filter(|(entry, _)| entry.is_ours() && name.is_ours())
}

/// The UUID behind a name without dashes; nothing for any other name.
pub(crate) fn with_dashes(name: ClientOrderId) -> Option<String> {
    let text = name.as_str();
    let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"))
}

fn is_uuid(text: &str) -> bool {
    let has_dash = |n: usize| matches!(n, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(n, b)| {
            if has_dash(n) { b == b'-' } else { b.is_ascii_digit() || matches!(b, b'a'..=b'f') }
        })
}

/// How an order ended. `done_for_day` may go on tomorrow, and a word that is not known is of a live order.
pub(crate) fn end(status: &str) -> Option<End> {
    match status {
        "filled" => Some(End::Filled),
        // One that a person replaced is over; the order in its place has a name of its own.
        "canceled" | "replaced" => Some(End::Cancelled),
        "expired" => Some(End::Expired),
        "rejected" => Some(End::Refused),
        _ => None,
    }
}

/// When it ended.
pub(crate) fn ended_at(order: &wire::Order) -> Option<Time> {
    let at = match order.status.as_str() {
        "canceled" => order.canceled_at,
        "expired" => order.expired_at,
        "rejected" => order.failed_at,
        "replaced" => order.replaced_at,
        _ => None,
    };
    at.or(order.updated_at).or_else(|| order.began())
}

pub(crate) fn side(word: Option<&str>) -> Option<Side> {
    match word {
        Some("buy") => Some(Side::Buy),
        // Fill rows have been seen to tell short sales apart.
        Some("sell" | "sell_short") => Some(Side::Sell),
        _ => None,
    }
}

fn price(number: Option<Exact>) -> Option<Price> {
    number.and_then(|number| Price::new(number.0).ok())
}

/// How an order meets the market; nothing for a kind that is not ours.
pub(crate) fn kind(order: &wire::Order) -> Option<OrderKind> {
    let (limit, trigger) = (price(order.limit_price), price(order.stop_price));
    Some(match order.kind.as_deref()? {
        "market" => OrderKind::MARKET,
        "limit" => OrderKind::Limit(Limit { limit: limit? }),
        "stop" => OrderKind::Stop(Stop { trigger: trigger? }),
        "stop_limit" => {
            let (limit, trigger) = (limit?, trigger?);
            let is_coin_stop = order.symbol.contains('/')
                && side(order.side.as_deref()).and_then(|side| coin_stop_limit(trigger, side)) == Some(limit);
            if is_coin_stop {
                OrderKind::Stop(Stop { trigger })
            } else {
                OrderKind::StopLimit(StopLimit { trigger, limit })
            }
        }
        "trailing_stop" => OrderKind::TrailingStop(TrailingStop { distance: price(order.trail_price)? }),
        _ => return None,
    })
}

fn qty(number: Exact) -> Result<Qty, QueryFailed> {
    Qty::new(number.0.normalize()).map_err(|why| unreadable("a quantity", &why))
}

/// How much of an order was executed.
pub(crate) fn filled(order: &wire::Order) -> Result<Qty, QueryFailed> {
    order.filled_qty.map_or(Ok(Qty::ZERO), qty)
}

pub(crate) fn venue_order(order: &wire::Order) -> Result<VenueOrder, QueryFailed> {
    Ok(VenueOrder {
        venue_order: VenueOrderId::new(&order.id).ok(),
        end: end(&order.status),
        filled: filled(order)?,
    })
}

/// A live order, with the entry that it belongs to.
pub(crate) fn open_order(
    venue: VenueId,
    order: &wire::Order,
    parent: Option<ClientOrderId>,
) -> Result<OpenOrder, QueryFailed> {
    let order_at_venue = venue_order(order)?;
    let leg = parent.filter(ClientOrderId::is_ours).and_then(|entry| leg_name(entry, order));
    Ok(OpenOrder {
        id: Some(leg.map_or_else(|| name(order), Ok)?),
        parent,
        key: Key { venue, symbol: symbol(&order.symbol)? },
        side: side(order.side.as_deref())
            .ok_or_else(|| unreadable("the side of an order", &order.side.as_deref().unwrap_or("nothing")))?,
        // An order for money has no quantity: what it filled is all that is known.
        qty: order.qty.map_or(Ok(order_at_venue.filled), qty)?,
        kind: kind(order),
        order: order_at_venue,
    })
}

pub(crate) fn symbol(text: &str) -> Result<Symbol, QueryFailed> {
    Symbol::new(text).map_err(|why| unreadable(&format!("the instrument {text:?}"), &why))
}

/// A position; `symbol` is its canonical one.
pub(crate) fn position(
    venue: VenueId,
    symbol: Symbol,
    row: &wire::Position,
) -> Result<VenuePosition, QueryFailed> {
    let held = row.qty.0.normalize();
    let is_short = match row.side.as_deref() {
        Some("short") => true,
        Some("long") => false,
        other => return Err(unreadable("the side of a position", &other.unwrap_or("nothing"))),
    };
    // Shorts come with a minus. A side that disagrees with the sign is neither.
    if is_short != held.is_sign_negative() && !held.is_zero() {
        let why =
            format!("{symbol} is {} with a quantity of {held}", if is_short { "short" } else { "long" });
        return Err(unreadable("a position", &why));
    }
    // What was transferred in may have no price of its own.
    let prices = [row.avg_entry_price, row.current_price, row.lastday_price];
    let average = prices.into_iter().flatten().find_map(|number| Price::new(number.0).ok());
    Ok(VenuePosition {
        key: Key { venue, symbol },
        held: Held::new(held).map_err(|why| unreadable("a position", &why))?,
        average: average.ok_or_else(|| unreadable("a position", &format!("{symbol} has no price")))?,
    })
}

fn amount(what: &str, number: Option<Exact>) -> Result<Amount, QueryFailed> {
    let number = number.ok_or_else(|| unreadable("the account", &format!("it does not say its {what}")))?;
    Amount::new(number.0).map_err(|why| unreadable("the account", &why))
}

/// Which account it is, as host and number say together. Numbers of practice accounts begin with `PA`.
pub(crate) fn identity(
    venue: VenueId,
    wanted: Mode,
    host: &str,
    row: &wire::Account,
) -> Result<AccountRef, QueryFailed> {
    let by_host = match host {
        PAPER_HOST => Some(Mode::Practice),
        LIVE_HOST => Some(Mode::Live),
        _ => None,
    };
    let number = row.account_number.as_deref().filter(|number| !number.is_empty());
    let by_number = number.map(|number| if number.starts_with("PA") { Mode::Practice } else { Mode::Live });
    let mode = broker_http::mode(host, by_host, by_number, wanted, "keys")?;
    let currency = row.currency.as_deref().unwrap_or("USD");
    Ok(AccountRef {
        venue,
        account: AccountId::new(&row.id).map_err(|why| unreadable("the account's id", &why))?,
        mode,
        currency: Currency::new(currency).map_err(|why| unreadable("the account's currency", &why))?,
    })
}

/// A reading of the account. What it does not say is not nought, and a flag that is missing blocks.
pub(crate) fn account(of: AccountRef, row: &wire::Account, at: Time) -> Result<Account, QueryFailed> {
    let is_free = |flag: Option<bool>| flag == Some(false);
    Ok(Account {
        of,
        equity: amount("equity", row.equity)?,
        balance: amount("cash", row.cash)?,
        margin_used: row.initial_margin.map_or(Ok(Amount::ZERO), |margin| amount("margin", Some(margin)))?,
        buying_power: amount("buying power", row.buying_power)?,
        coin_power: row
            .non_marginable_buying_power
            .map(|power| amount("buying power for coins", Some(power)))
            .transpose()?,
        previous_close: row.last_equity.and_then(|number| Amount::new(number.0).ok()),
        blocked: row.status != "ACTIVE"
            || !is_free(row.trading_blocked)
            || !is_free(row.account_blocked)
            || !is_free(row.trade_suspended_by_user),
        at,
    })
}

/// What the account may do, as it says itself. What it does not say is left to Alpaca's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct May {
    /// Sell short.
    pub(crate) shorts: bool,
    /// Trade coins.
    pub(crate) coins: bool,
}

pub(crate) fn may(row: &wire::Account) -> May {
    May {
        shorts: row.shorting_enabled != Some(false),
        coins: row.crypto_status.as_deref().is_none_or(|status| status == "ACTIVE"),
    }
}

/// The most units of an order: Alpaca states no number, and refuses by value.
const QTY_MAX: i64 = 1_000_000_000;

/// The rules of an asset; nothing when it cannot be traded, or not in this account.
pub(crate) fn instrument(
    venue: VenueId,
    asset: &wire::Asset,
    has_fractions: bool,
    may: May,
) -> Result<Option<Instrument>, QueryFailed> {
    let is_coin = match asset.class.as_deref() {
        Some("us_equity") => false,
        Some("crypto") => true,
        _ => return Ok(None),
    };
    if asset.status.as_deref() != Some("active") || !asset.tradable || (is_coin && !may.coins) {
        return Ok(None);
    }
    let symbol = symbol(&asset.symbol)?;
    let why = |why: &dyn std::fmt::Display| unreadable(&format!("the rules of {symbol}"), why);
    let missing = |what| why(&format!("it does not say its {what}"));
    let nine_places = Decimal::new(1, 9);
    let is_fractional = asset.fractionable && has_fractions;
    let (lot, least) = match is_coin {
        true => {
            let lot = asset.min_trade_increment.ok_or_else(|| missing("step of quantity"))?.0;
            (lot, asset.min_order_size.map_or(lot, |least| least.0))
        }
        false if is_fractional => (nine_places, nine_places),
        false => (Decimal::ONE, Decimal::ONE),
    };
    // Stocks below one dollar have ticks of 0.0001; a cent is a whole number of them, so it is right for all.
    let tick = if is_coin {
        asset.price_increment.ok_or_else(|| missing("step of price"))?.0
    } else {
        Decimal::new(1, 2)
    };
    let quote = match symbol.as_str().split_once('/') {
        Some((_, quote)) => quote.to_owned(),
        None if is_coin => return Err(why(&"a pair without a slash")),
        None => "USD".to_owned(),
    };
    let percent = asset.margin_requirement_long.map_or(Decimal::ONE_HUNDRED, |number| number.0);
    let margin = if asset.marginable && !is_coin {
        (percent / Decimal::ONE_HUNDRED).normalize()
    } else {
        Decimal::ONE
    };
    let is_easy = match asset.borrow_status.as_deref() {
        Some(word) => word == "easy_to_borrow",
        None => asset.easy_to_borrow.unwrap_or(false),
    };
    Ok(Some(Instrument {
        key: Key { venue, symbol },
        asset_class: if is_coin { AssetClass::Crypto } else { AssetClass::Equity },
        quote: Currency::new(&quote).map_err(|bad| why(&bad))?,
        tick: Price::new(tick).map_err(|bad| why(&bad))?,
        lot: Qty::new(lot).map_err(|bad| why(&bad))?,
        qty_min: Qty::new(least).map_err(|bad| why(&bad))?,
        qty_max: Qty::new(Decimal::from(QTY_MAX)).map_err(|bad| why(&bad))?,
        // 403 "cost basis must be >= minimal amount of order 1", for coins 10.
        notional_min: Amount::new(if is_coin { Decimal::TEN } else { Decimal::ONE })
            .map_err(|bad| why(&bad))?,
        margin: Ratio::new(margin).map_err(|bad| why(&bad))?,
        shortable: !is_coin && asset.shortable && is_easy && may.shorts,
    }))
}

/// When a session of New York begins and ends.
pub(crate) fn hours(row: &wire::CalendarRow) -> Result<VenueHours, QueryFailed> {
    let moment = |text: &str| {
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
        New_York.from_local_datetime(&row.date.and_time(time)).single().map(|at| at.with_timezone(&Utc))
    };
    match (moment(&row.open), moment(&row.close)) {
        (Some(opens), Some(closes)) if opens < closes => Ok(VenueHours { opens, closes }),
        _ => Err(unreadable("the calendar", &format!("{} from {} to {}", row.date, row.open, row.close))),
    }
}

/// Every date from one on; those that the calendar leaves out stay closed.
pub(crate) fn days(
    rows: &[wire::CalendarRow],
    from: NaiveDate,
    count: u32,
) -> Result<Vec<VenueDay>, QueryFailed> {
    let day = |date: NaiveDate| {
        let row = rows.iter().find(|row| row.date == date);
        Ok(VenueDay { date, hours: row.map(hours).transpose()? })
    };
    from.iter_days().take(usize::try_from(count).unwrap_or(usize::MAX)).map(day).collect()
}

#[cfg(test)]
mod tests;

//! What an order must be to be taken. The first reason against it is the one that is said.

use broker_api::Time;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::book::Book;
use super::errors::Refusal;
use super::instruments::Pair;
use super::order::{DEPENDENTS, Kind, OnFill, Order, PositionFill, Tif, Trigger};
use super::request::{Figure, Given, invalid};
use super::venue::Venue;
use crate::core::nanos;

/// Letters of a client's name, tag or comment.
const LONGEST: usize = 128;
/// Pending orders of an account.
const MOST_PENDING: usize = 1_000;

/// Why an order is not taken.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Nothing is written of it.
    Unread(Refusal),
    /// A transaction tells why.
    Because(String),
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Unread(refusal)
    }
}

pub(super) fn because<T>(reason: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::Because(reason.into()))
}

type Checked<T> = Result<T, Wrong>;

fn tif_named(kind: Kind, tif: Tif) -> bool {
    match kind {
        Kind::Market => tif.is_immediate(),
        Kind::Limit | Kind::Stop => true,
        _ => !tif.is_immediate(),
    }
}

fn trigger_named(name: &str) -> Option<Trigger> {
    Some(match name {
        "DEFAULT" => Trigger::Own,
        "INVERSE" => Trigger::Other,
        "BID" => Trigger::Bid,
        "ASK" => Trigger::Ask,
        "MID" => Trigger::Mid,
        _ => return None,
    })
}

/// A client's words that are too long, by the beginning of the code.
fn too_long(client: Option<&Value>, code: &str) -> Checked<()> {
    for (member, word) in [("id", "ID"), ("tag", "TAG"), ("comment", "COMMENT")] {
        let text = client.and_then(|client| client[member].as_str()).unwrap_or_default();
        if text.chars().count() > LONGEST {
            return because(format!("{code}_{word}_INVALID"));
        }
    }
    Ok(())
}

/// A price or a distance of an order.
fn level(figure: Option<Figure>, pair: &Pair, code: &str) -> Checked<Option<Decimal>> {
    let Some(figure) = figure else { return Ok(None) };
    let Some(value) = figure.value.filter(|value| *value > Decimal::ZERO) else {
        return because(format!("{code}_INVALID"));
    };
    if figure.is_finer_than(pair.display_precision) {
        return because(format!("{code}_PRECISION_EXCEEDED"));
    }
    Ok(Some(value))
}

/// When an order's time is over, where it has one.
fn gtd(given: Given<'_>, tif: Tif, code: &str, past: Option<Time>) -> Checked<Option<Time>> {
    let at = given.moment("gtdTime")?;
    match (tif, at) {
        (Tif::Gtd, None) => because(format!("{code}GTD_TIMESTAMP_MISSING")),
        (Tif::Gtd, Some(at)) if past.is_some_and(|now| at <= now) => {
            because(format!("{code}GTD_TIMESTAMP_IN_PAST"))
        }
        (Tif::Gtd, at) => Ok(at),
        _ => Ok(None),
    }
}

/// How an order is told in its transaction, with what it is when nothing is said.
pub(super) fn echo(kind: Kind, given: Given<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut told = Map::new();
    for name in ["instrument", "units", "tradeID", "clientTradeID", "price", "distance", "priceBound"] {
        if let Some(text) = given.text(name)? {
            told.insert(name.to_owned(), json!(text));
        }
    }
    let usual = if kind == Kind::Market { "FOK" } else { "GTC" };
    told.insert(
        "timeInForce".to_owned(),
        json!(given.text("timeInForce")?.unwrap_or_else(|| usual.to_owned())),
    );
    if let Some(at) = given.moment("gtdTime")? {
        told.insert("gtdTime".to_owned(), json!(nanos(at)));
    }
    if kind != Kind::Market {
        let trigger = given.text("triggerCondition")?.unwrap_or_else(|| "DEFAULT".to_owned());
        told.insert("triggerCondition".to_owned(), json!(trigger));
    }
    if !kind.is_dependent() {
        if kind != Kind::Market {
            told.insert("partialFill".to_owned(), json!("DEFAULT"));
        }
        let fill = given.text("positionFill")?.unwrap_or_else(|| "DEFAULT".to_owned());
        told.insert("positionFill".to_owned(), json!(fill));
        for made in DEPENDENTS {
            if let Some(members) = given.object(made.on_fill())? {
                let mut members = members.clone();
                members.entry("timeInForce").or_insert_with(|| json!("GTC"));
                told.insert(made.on_fill().to_owned(), members.into());
            }
        }
    }
    Ok(told)
}

impl Venue {
    /// The order that a request asks for.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(super) fn examine(&self, kind: Kind, given: Given<'_>) -> Checked<Order> {
        let tif = given.word("timeInForce", Tif::named)?;
        let trigger = given.word("triggerCondition", trigger_named)?.unwrap_or(Trigger::Own);
        let fill = given.word("positionFill", |name| self.position_fill(name))?;
        let echo = echo(kind, given)?;
        let client = given.extensions("clientExtensions")?;
        let trade_client = given.extensions("tradeClientExtensions")?;
        let mut order =
            if kind.is_dependent() { self.on_trade(kind, given)? } else { self.on_pair(kind, given)? };
        let pair = &self.pairs[order.pair].pair;
        order.tif = tif.unwrap_or(if kind == Kind::Market { Tif::Fok } else { Tif::Gtc });
        if !tif_named(kind, order.tif) {
            return because("TIME_IN_FORCE_INVALID");
        }
        let past = Some(self.at).filter(|_| self.quirks().past_gtd_refused);
        order.gtd = gtd(given, order.tif, "TIME_IN_FORCE_", past)?;
        order.price = level(given.figure("price")?, pair, "PRICE")?;
        order.bound = level(given.figure("priceBound")?, pair, "PRICE_BOUND")?;
        order.distance = level(given.figure("distance")?, pair, "PRICE_DISTANCE")?;
        match kind {
            Kind::Market => order.price = None,
            Kind::Limit | Kind::Stop | Kind::MarketIfTouched | Kind::TakeProfit if order.price.is_none() => {
                return because("PRICE_MISSING");
            }
            Kind::StopLoss => match (order.price, order.distance) {
                (Some(_), Some(_)) => return because("STOP_LOSS_ORDER_PRICE_AND_DISTANCE_BOTH_SPECIFIED"),
                (None, None) => return because("STOP_LOSS_ORDER_PRICE_AND_DISTANCE_BOTH_MISSING"),
                _ => {}
            },
            Kind::TrailingStopLoss => trailing(order.distance, pair, "PRICE_DISTANCE")?,
            _ => {}
        }
        too_long(client.as_ref(), "CLIENT_ORDER")?;
        too_long(trade_client.as_ref(), "CLIENT_TRADE")?;
        (order.client, order.trade_client, order.trigger, order.echo) = (client, trade_client, trigger, echo);
        order.position_fill = fill.unwrap_or_else(|| self.usual_fill());
        if !kind.is_dependent() {
            order.on_fill = self.on_fill(given, pair)?;
        }
        self.client_ids(&order)?;
        if self.book.pending().count() >= MOST_PENDING {
            return because("PENDING_ORDERS_ALLOWED_EXCEEDED");
        }
        self.prepares(&mut order);
        Ok(order)
    }

    pub(super) const fn usual_fill(&self) -> PositionFill {
        if self.settings.hedging { PositionFill::OpenOnly } else { PositionFill::ReduceFirst }
    }

    fn position_fill(&self, name: &str) -> Option<PositionFill> {
        Some(match name {
            "DEFAULT" => self.usual_fill(),
            "OPEN_ONLY" => PositionFill::OpenOnly,
            "REDUCE_FIRST" => PositionFill::ReduceFirst,
            "REDUCE_ONLY" => PositionFill::ReduceOnly,
            _ => return None,
        })
    }

    fn on_pair(&self, kind: Kind, given: Given<'_>) -> Checked<Order> {
        let Some(name) = given.text("instrument")? else { return because("INSTRUMENT_MISSING") };
        let Some(place) = self.pairs.iter().position(|listed| listed.name() == name) else {
            return Err(invalid("order.instrument").into());
        };
        let pair = &self.pairs[place].pair;
        if !pair.tradeable {
            return because("INSTRUMENT_NOT_TRADEABLE");
        }
        let Some(figure) = given.figure("units")? else { return because("UNITS_MISSING") };
        let Some(units) = figure.value.filter(|units| !units.is_zero()) else {
            return because("UNITS_INVALID");
        };
        if figure.is_finer_than(pair.units_precision) {
            return because("UNITS_PRECISION_EXCEEDED");
        }
        if units.abs() < pair.minimum_trade_size {
            // The letters are OANDA's.
            return because("UNITS_MIMIMUM_NOT_MET");
        }
        if units.abs() > pair.maximum_order_units {
            return because("UNITS_LIMIT_EXCEEDED");
        }
        Ok(Order::new(kind, place, units, Tif::Gtc))
    }

    fn on_trade(&self, kind: Kind, given: Given<'_>) -> Checked<Order> {
        let by_client = given.text("clientTradeID")?;
        let Some(id) = given.text("tradeID")?.or_else(|| by_client.map(|client| format!("@{client}"))) else {
            return because("TRADE_ID_UNSPECIFIED");
        };
        let place = self.book.find_trade(&id).filter(|place| self.book.trades[*place].is_open());
        let Some(place) = place else { return because("TRADE_DOESNT_EXIST") };
        let trade = &self.book.trades[place];
        let mut order = Order::new(kind, trade.pair, Decimal::ZERO, Tif::Gtc);
        order.trade = Some(trade.id);
        Ok(order)
    }

    /// Whether a trade can have one more order of a kind.
    pub(super) fn room_on_trade(&self, order: &Order) -> Checked<()> {
        let Some(trade) = order.trade else { return Ok(()) };
        let kind = order.kind.as_str();
        if self.book.dependent(trade, order.kind).is_some() {
            return because(format!("{kind}_ORDER_ALREADY_EXISTS"));
        }
        if self.book.trade(trade).is_some_and(|place| self.breaks_safeguard(place)) {
            return because(format!("{kind}_ORDER_WOULD_VIOLATE_FIFO_VIOLATION_SAFEGUARD"));
        }
        Ok(())
    }

    fn on_fill(&self, given: Given<'_>, pair: &Pair) -> Checked<Vec<OnFill>> {
        let mut all = Vec::new();
        for kind in DEPENDENTS {
            let Some(members) = given.object(kind.on_fill())? else { continue };
            let given = Given { members, at: kind.on_fill() };
            let code = kind.on_fill_code();
            let tif = given.word("timeInForce", Tif::named)?.unwrap_or(Tif::Gtc);
            if tif.is_immediate() {
                return because(format!("{code}_TIME_IN_FORCE_INVALID"));
            }
            let past = Some(self.at).filter(|_| self.quirks().past_gtd_refused);
            let made = OnFill {
                kind,
                price: level(given.figure("price")?, pair, &format!("{code}_PRICE"))?,
                distance: level(given.figure("distance")?, pair, &distance_code(kind))?,
                tif,
                gtd: gtd(given, tif, &format!("{code}_"), past)?,
                trigger: given.word("triggerCondition", trigger_named)?.unwrap_or(Trigger::Own),
                client: given.extensions("clientExtensions")?,
                echo: echo(kind, given)?,
            };
            too_long(made.client.as_ref(), &format!("{code}_CLIENT_ORDER"))?;
            match (kind, made.price, made.distance) {
                (Kind::TakeProfit, None, _) => return because(format!("{code}_PRICE_MISSING")),
                (Kind::StopLoss, Some(_), Some(_)) => {
                    return because(format!("{code}_PRICE_AND_DISTANCE_BOTH_SPECIFIED"));
                }
                (Kind::StopLoss, None, None) => {
                    return because(format!("{code}_PRICE_AND_DISTANCE_BOTH_MISSING"));
                }
                (Kind::TrailingStopLoss, _, distance) => trailing(distance, pair, &distance_code(kind))?,
                _ => {}
            }
            all.push(made);
        }
        Ok(all)
    }

    /// Names that a client gives must be new among what is pending and what is open.
    fn client_ids(&self, order: &Order) -> Checked<()> {
        let made = order.on_fill.iter().map(|made| (made.kind, made.client.as_ref()));
        let named: Vec<(Kind, &str)> =
            made.filter_map(|(kind, client)| Some((kind, client?["id"].as_str()?))).collect();
        let twice =
            |(place, (_, id)): (usize, &(Kind, &str))| named[..place].iter().any(|(_, other)| other == id);
        if named.iter().enumerate().any(twice) || named.iter().any(|(_, id)| order.client_id() == Some(id)) {
            return because("ORDERS_ON_FILL_DUPLICATE_CLIENT_ORDER_IDS");
        }
        let is_used = |book: &Book, id: &str| book.pending().any(|(_, order)| order.client_id() == Some(id));
        if self.quirks().pending_ids_unique && order.client_id().is_some_and(|id| is_used(&self.book, id)) {
            return because("CLIENT_ORDER_ID_ALREADY_EXISTS");
        }
        let id = order.trade_client.as_ref().and_then(|client| client["id"].as_str());
        if id.is_some() && self.book.open_trades().any(|(_, trade)| trade.client_id() == id) {
            return because("CLIENT_TRADE_ID_ALREADY_EXISTS");
        }
        Ok(())
    }

    /// What follows from an order and the market of now.
    pub(super) fn prepares(&self, order: &mut Order) {
        let prices = self.pairs[order.pair].prices;
        let trade = order.trade.and_then(|id| self.book.trade(id)).map(|place| &self.book.trades[place]);
        if let Some(trade) = trade {
            let is_long = trade.is_long();
            if order.kind == Kind::StopLoss
                && let Some(distance) = order.distance
            {
                order.price = Some(if is_long { trade.price - distance } else { trade.price + distance });
                let price = self.pairs[order.pair].pair.price_text(order.price.unwrap_or_default());
                order.echo.insert("price".to_owned(), json!(price));
            }
            if order.kind == Kind::TrailingStopLoss {
                order.best = prices.map(|prices| if is_long { prices.bid } else { prices.ask });
            }
        }
        if let (Kind::MarketIfTouched, Some(price), Some(prices)) = (order.kind, order.price, prices) {
            let is_sale = order.units.is_sign_negative();
            order.is_limit_like = if is_sale { price >= prices.bid } else { price <= prices.ask };
        }
    }
}

fn distance_code(kind: Kind) -> String {
    let code = kind.on_fill_code();
    if kind == Kind::StopLoss { format!("{code}_DISTANCE") } else { format!("{code}_PRICE_DISTANCE") }
}

fn trailing(distance: Option<Decimal>, pair: &Pair, code: &str) -> Checked<()> {
    match distance {
        None => because(format!("{code}_MISSING")),
        Some(distance) if distance < pair.minimum_trailing => because(format!("{code}_MINIMUM_NOT_MET")),
        Some(distance) if distance > pair.maximum_trailing => because(format!("{code}_MAXIMUM_EXCEEDED")),
        Some(_) => Ok(()),
    }
}

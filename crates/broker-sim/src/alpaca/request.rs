//! What a client asks for when it sends an order: read from the body, checked for its form alone.

use broker_api::Side;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::errors::Refusal;
use super::order::{Class, Kind, Tif};

/// An order as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub symbol: String,
    pub qty: Option<Decimal>,
    pub notional: Option<Decimal>,
    pub side: Side,
    pub kind: Kind,
    pub tif: Tif,
    pub class: Class,
    pub limit: Option<Decimal>,
    pub stop: Option<Decimal>,
    pub trail_price: Option<Decimal>,
    pub trail_percent: Option<Decimal>,
    pub extended: bool,
    pub client_id: Option<String>,
    pub take_profit: Option<Decimal>,
    /// Its stop, and maybe its limit.
    pub stop_loss: Option<(Decimal, Option<Decimal>)>,
    /// It closes a position by the broker's own call, however little that is.
    pub closes_position: bool,
}

/// The fields of a body.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON object.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Refusal::malformed("request body format is invalid")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A figure, as text or as a JSON number.
    ///
    /// # Errors
    /// It is neither, or not above zero.
    pub(super) fn figure(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(Refusal::invalid(format!("{name} must be a number"))),
        };
        match Decimal::from_str_exact(&text) {
            Ok(value) if value > Decimal::ZERO => Ok(Some(value)),
            Ok(_) => Err(Refusal::invalid(format!("{name} must be > 0"))),
            Err(_) => Err(Refusal::invalid(format!("{name} must be a number"))),
        }
    }

    pub(super) fn inner(&self, name: &str) -> Option<Self> {
        match self.0.get(name) {
            Some(Value::Object(fields)) => Some(Self(fields.clone())),
            _ => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl Wanted {
    /// Reads an order.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let fields = Fields::read(body)?;
        let missing = |name: &str| Refusal::invalid(format!("{name} is required"));
        let wrong = |name: &str, value: &str| Refusal::invalid(format!("invalid {name}: {value}"));
        let word = |name: &str| fields.text(name).ok_or_else(|| missing(name));
        let side = match word("side")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => return Err(wrong("side", other)),
        };
        let kind = word("type")?;
        let tif = word("time_in_force")?;
        let class = match fields.text("order_class").unwrap_or_default() {
            "simple" => "",
            other => other,
        };
        let take_profit =
            fields.inner("take_profit").map(|leg| leg.figure("limit_price")).transpose()?.flatten();
        let stop_loss = match fields.inner("stop_loss") {
            Some(leg) => {
                leg.figure("stop_price")?.map(|stop| Ok((stop, leg.figure("limit_price")?))).transpose()?
            }
            None => None,
        };
        let wanted = Self {
            symbol: word("symbol")?.to_owned(),
            qty: fields.figure("qty")?,
            notional: fields.figure("notional")?,
            side,
            kind: Kind::named(kind).ok_or_else(|| wrong("type", kind))?,
            tif: Tif::named(tif).ok_or_else(|| wrong("time_in_force", tif))?,
            class: Class::named(class).ok_or_else(|| wrong("order_class", class))?,
            limit: fields.figure("limit_price")?,
            stop: fields.figure("stop_price")?,
            trail_price: fields.figure("trail_price")?,
            trail_percent: fields.figure("trail_percent")?,
            extended: fields.flag("extended_hours"),
            client_id: fields.text("client_order_id").map(str::to_owned),
            take_profit,
            stop_loss,
            closes_position: false,
        };
        wanted.check()?;
        Ok(wanted)
    }

    /// Whether the fields fit together.
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |text: &str| Err(Refusal::invalid(text));
        match (self.qty, self.notional) {
            (None, None) => return invalid("qty or notional is required"),
            (Some(_), Some(_)) => return Err(Refusal::malformed("only one of qty or notional is accepted")),
            _ => {}
        }
        if self.client_id.as_ref().is_some_and(|id| id.chars().count() > 128) {
            return invalid("client_order_id must be no more than 128 characters");
        }
        let is_oco = self.class == Class::Oco;
        let limit_belongs = matches!(self.kind, Kind::Limit | Kind::StopLimit);
        let stop_belongs = matches!(self.kind, Kind::Stop | Kind::StopLimit);
        let trails = usize::from(self.trail_price.is_some()) + usize::from(self.trail_percent.is_some());
        if limit_belongs && self.limit.is_none() && !is_oco {
            return invalid(&format!("{} orders require limit price", self.kind.as_str().replace('_', " ")));
        }
        if !limit_belongs && self.limit.is_some() {
            return invalid(&format!("{} orders require no limit price", self.kind.as_str()));
        }
        if stop_belongs && self.stop.is_none() {
            return invalid(&format!("{} orders require stop price", self.kind.as_str().replace('_', " ")));
        }
        if !stop_belongs && self.stop.is_some() {
            return invalid(&format!("{} orders require no stop price", self.kind.as_str()));
        }
        if (self.kind == Kind::TrailingStop && trails != 1) || (self.kind != Kind::TrailingStop && trails > 0)
        {
            return invalid("trailing stop orders must specify one of trail_price or trail_percent");
        }
        self.check_class()
    }

    fn check_class(&self) -> Result<(), Refusal> {
        let class = self.class.as_str();
        let invalid = |text: String| Err(Refusal::invalid(text));
        let legs = usize::from(self.take_profit.is_some()) + usize::from(self.stop_loss.is_some());
        match self.class {
            Class::Simple if legs > 0 => {
                return invalid("simple orders take no take_profit and no stop_loss".into());
            }
            Class::Simple => return Ok(()),
            Class::Bracket | Class::Oco => {
                if self.take_profit.is_none() {
                    return invalid(format!("{class} orders require take_profit.limit_price"));
                }
                if self.stop_loss.is_none() {
                    return invalid(format!("{class} orders require stop_loss.stop_price"));
                }
            }
            Class::Oto if legs != 1 => {
                return invalid("oto orders require one of take_profit or stop_loss".into());
            }
            Class::Oto => {}
        }
        let is_entry = matches!(self.kind, Kind::Market | Kind::Limit);
        match self.class {
            Class::Bracket if !is_entry => invalid("bracket orders must be market or limit orders".into()),
            Class::Oto if !is_entry => invalid("oto orders must be market or limit orders".into()),
            Class::Oco if self.kind != Kind::Limit => invalid("oco orders must be limit orders".into()),
            _ => Ok(()),
        }
    }
}

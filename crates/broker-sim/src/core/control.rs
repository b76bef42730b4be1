//! The control: what a test does to a simulator beside the broker's wire. In the process by [`Control`], over HTTP below `/_sim/`.

use broker_api::{Price, Qty, Side, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bystander::Bystander;
use super::faults::{Rule, read_rules};
use super::hours::Market;
use super::non_trade::NonTrade;
use super::server::Host;
use super::wire::{Reply, Request};

/// Where it is on the wire.
pub(super) const PATH: &str = "/_sim/";

/// Why a simulator does not do what it is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ControlError(pub String);

/// A handle on a running simulator. Clones are the same handle.
#[derive(Clone, Debug)]
pub struct Control {
    host: Host,
}

impl Control {
    pub(super) const fn new(host: Host) -> Self {
        Self { host }
    }

    /// Now, by the simulation's clock.
    pub fn now(&self) -> Time {
        self.host.lock().face.now()
    }

    /// Moves a stepped clock forward, playing all that falls due in its order; gives the new time.
    ///
    /// # Errors
    /// The clock runs by itself, or would go back.
    pub fn step(&self, by: TimeDelta) -> Result<Time, ControlError> {
        let mut inner = self.host.lock();
        let to = inner.face.now().checked_add_signed(by);
        let to = to.ok_or_else(|| ControlError("there is no such time".to_owned()))?;
        inner.play_to(to).map_err(ControlError)?;
        Ok(to)
    }

    /// Moves a stepped clock to a moment.
    ///
    /// # Errors
    /// As [`Control::step`].
    pub fn set_time(&self, to: Time) -> Result<Time, ControlError> {
        self.host.lock().play_to(to).map_err(ControlError)?;
        Ok(to)
    }

    /// Sets bid, ask and last price to one.
    ///
    /// # Errors
    /// An unknown symbol, or a price that is none.
    pub fn set_price(&self, symbol: &str, price: Decimal) -> Result<(), ControlError> {
        self.set_quote(symbol, price, price)
    }

    /// Sets bid and ask; the last price is halfway between them.
    ///
    /// # Errors
    /// As [`Control::set_price`].
    pub fn set_quote(&self, symbol: &str, bid: Decimal, ask: Decimal) -> Result<(), ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.quote(symbol, bid, ask).map_err(ControlError)
    }

    /// Opens or closes the market, or gives it back to its calendar.
    pub fn set_market(&self, market: Market) {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.set_market(market);
    }

    /// Halts one instrument while the market is open, or lets it go on.
    ///
    /// # Errors
    /// An unknown symbol, or a broker that does not do so.
    pub fn halt(&self, symbol: &str, is_halted: bool) -> Result<(), ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.halt(symbol, is_halted).map_err(ControlError)
    }

    /// Adds a fault.
    pub fn fault(&self, rule: Rule) {
        self.host.add(rule);
    }

    /// Adds the faults of a script.
    ///
    /// # Errors
    /// A line that is no rule; then none is added.
    pub fn fault_lines(&self, text: &str) -> Result<(), ControlError> {
        let rules = read_rules(text).map_err(|error| ControlError(error.to_string()))?;
        for rule in rules {
            self.host.add(rule);
        }
        Ok(())
    }

    /// Drops all faults, and ends a maintenance.
    pub fn clear_faults(&self) {
        self.host.clear();
    }

    /// Lets every request that is on its way arrive now, in the order in which they would.
    pub fn late_arrive(&self) {
        self.host.lock().late_arrive();
    }

    /// Closes all connections and sockets.
    pub fn disconnect(&self) {
        self.host.close_all();
    }

    /// Goes down: all connections and sockets are closed, and each new one is refused. Time, prices and orders go on. Connections
    /// that were taken a moment before may still be answered.
    pub fn down(&self) {
        self.host.set_down(true);
    }

    /// Comes up again at the same address.
    pub fn up(&self) {
        self.host.set_down(false);
    }

    /// Closes all connections, and comes back with or without what was known.
    pub fn restart(&self, memory: bool) {
        self.host.close_all();
        self.host.lock().face.restart(memory);
    }

    /// Takes an execution back.
    ///
    /// # Errors
    /// It is not known, or was taken back before.
    pub fn bust(&self, execution: &str) -> Result<(), ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.bust(execution).map_err(ControlError)
    }

    /// A trade that a person makes beside the client; gives its order's id.
    ///
    /// # Errors
    /// The broker's refusal.
    pub fn trade(&self, symbol: &str, side: Side, qty: Decimal) -> Result<String, ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.trade(symbol, side, qty).map_err(ControlError)
    }

    /// The broker cancels the orders of a symbol and closes the position; gives the id of the order that does it.
    ///
    /// # Errors
    /// Nothing is held.
    pub fn liquidate(&self, symbol: &str) -> Result<String, ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.liquidate(symbol).map_err(ControlError)
    }

    /// Something happens in the account that no trade makes; gives the ids of its activities.
    ///
    /// # Errors
    /// It cannot happen in this account.
    pub fn non_trade(&self, what: &NonTrade) -> Result<Vec<String>, ControlError> {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.non_trade(what).map_err(ControlError)
    }

    /// Lets somebody stand at the wire, in the place of whoever stood there.
    pub fn stand_by(&self, bystander: impl Bystander) {
        self.host.lock().bystander = Some(Box::new(bystander));
    }

    /// All that is so, whatever the wire says.
    pub fn truth(&self) -> Value {
        self.truth_of(None)
    }

    /// The same of the orders that changed after a moment: `changed` of what was told before.
    pub fn truth_since(&self, moment: Time) -> Value {
        self.truth_of(Some(moment))
    }

    fn truth_of(&self, since: Option<Time>) -> Value {
        let mut inner = self.host.lock();
        inner.face.catch_up();
        inner.face.truth(since)
    }

    /// The wire log in memory, the oldest first.
    pub fn wire(&self) -> Vec<Value> {
        self.host.lock().log.entries()
    }
}

/// What the body of a control message may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    symbol: String,
    price: Option<Price>,
    bid: Option<Price>,
    ask: Option<Price>,
    millis: Option<i64>,
    to: Option<Time>,
    market: String,
    memory: bool,
    halted: bool,
    execution: String,
    side: Option<Side>,
    qty: Option<Qty>,
}

/// The answer to a control message.
pub(super) fn answer(control: &Control, request: &Request) -> Reply {
    match told(control, request) {
        Ok(body) => Reply::json(200, &body),
        Err(ControlError(why)) => Reply::json(400, &json!({ "error": why })),
    }
}

fn told(control: &Control, request: &Request) -> Result<Value, ControlError> {
    let verb = request.path.strip_prefix(PATH).unwrap_or_default();
    let text = String::from_utf8_lossy(&request.body);
    if request.method == "GET" {
        return match verb {
            "truth" => Ok(control.truth()),
            "wire" => Ok(control.wire().into()),
            "time" => Ok(json!({ "now": control.now() })),
            other => Err(no_such(other)),
        };
    }
    if verb == "faults" {
        return if request.method == "DELETE" {
            control.clear_faults();
            Ok(json!({}))
        } else {
            control.fault_lines(&text).map(|()| json!({}))
        };
    }
    if verb == "non_trade" {
        return control.non_trade(&read(&text)?).map(|ids| json!({ "activities": ids }));
    }
    let asked: Asked = if text.trim().is_empty() { Asked::default() } else { read(&text)? };
    let needs = |what: &str| ControlError(format!("`{what}` is missing"));
    match verb {
        "price" => {
            let bid = asked.bid.or(asked.price).ok_or_else(|| needs("price"))?;
            let ask = asked.ask.or(asked.price).unwrap_or(bid);
            control.set_quote(&asked.symbol, bid.get(), ask.get())?;
            Ok(json!({}))
        }
        "step" => {
            control.step(TimeDelta::milliseconds(asked.millis.unwrap_or(0))).map(|now| json!({ "now": now }))
        }
        "time" => control.set_time(asked.to.ok_or_else(|| needs("to"))?).map(|now| json!({ "now": now })),
        "market" => {
            let market =
                Market::named(&asked.market).ok_or_else(|| needs("market: open, closed or calendar"))?;
            control.set_market(market);
            Ok(json!({}))
        }
        "halt" => control.halt(&asked.symbol, asked.halted).map(|()| json!({})),
        "restart" => {
            control.restart(asked.memory);
            Ok(json!({}))
        }
        "disconnect" => {
            control.disconnect();
            Ok(json!({}))
        }
        "bust" => control.bust(&asked.execution).map(|()| json!({})),
        "trade" => {
            let (side, qty) =
                (asked.side.ok_or_else(|| needs("side"))?, asked.qty.ok_or_else(|| needs("qty"))?);
            control.trade(&asked.symbol, side, qty.get()).map(|order| json!({ "order": order }))
        }
        "liquidate" => control.liquidate(&asked.symbol).map(|order| json!({ "order": order })),
        other => Err(no_such(other)),
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ControlError> {
    serde_json::from_str(text).map_err(|error| ControlError(format!("the body is not understood: {error}")))
}

fn no_such(verb: &str) -> ControlError {
    ControlError(format!("there is no {PATH}{verb}; docs/simulators.md lists what there is"))
}

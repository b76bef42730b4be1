//! What every simulated broker is made of: time, prices, faults, the wire and its log, and the server of it all.
//!
//! Nothing here knows a broker. A broker is a [`Face`]: it answers requests and speaks on sockets, one at a time and
//! without waiting; the server does all that waits.

mod bars;
mod bystander;
mod chance;
mod clock;
mod control;
mod faults;
mod hours;
mod http;
mod inner;
mod listening;
mod non_trade;
mod server;
mod sockets;
mod wire;
mod wire_log;

pub use bars::BadBars;
pub(crate) use bars::read_bars;
pub use bystander::Bystander;
pub use chance::Chance;
pub use clock::Clock;
pub use control::{Control, ControlError};
pub(crate) use faults::Counted;
pub use faults::{
    BadRule, ErrorCode, Occasion, OnRequest, OnStream, RequestRule, Rule, StreamRule, TimeAct, TimeRule,
    When, read_rules,
};
pub use hours::{Change, Hours, Market, Session};
pub(crate) use hours::{date_of, new_york};
pub use non_trade::NonTrade;
pub use server::{Host, Running, StartError};
pub use sockets::{Frame, Outgoing};
pub(crate) use wire::nanos;
pub use wire::{Reply, Request, decimal_text, number};
pub use wire_log::WireLog;

use broker_api::{Qty, Side, Time};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::Value;

/// One broker's wire: what it answers, and what it says on its streams. Called by one thread at a time.
pub trait Face: Send + 'static {
    /// Now, by the simulation's clock.
    fn now(&self) -> Time;

    /// Plays everything that falls due up to now.
    fn catch_up(&mut self);

    /// Moves a stepped clock to a moment, playing what falls due on the way; a running clock does not move.
    ///
    /// # Errors
    /// What is wrong with that.
    fn move_to(&mut self, to: Time) -> Result<(), String>;

    /// The answer to a request.
    fn answer(&mut self, request: &Request) -> Reply;

    /// Whether a request's answer is a stream of lines, which [`Face::connect`] opens as it opens a socket.
    fn is_stream(&self, request: &Request) -> bool {
        let _ = request;
        false
    }

    /// Takes a new socket in, by the number it has from now on.
    ///
    /// # Errors
    /// The answer that refuses it.
    fn connect(&mut self, socket: u64, request: &Request, to: Outgoing) -> Result<(), Reply>;

    /// What was heard on a socket.
    fn heard(&mut self, socket: u64, text: &str);

    /// A socket that is no more.
    fn gone(&mut self, socket: u64);

    /// What a fault does to the answer of the request that comes next.
    fn prepare(&mut self, prepared: Prepared);

    /// What this broker answers when too much is asked, and when nobody is at home.
    fn refusal(&self, why: Unavailable) -> Reply;

    /// A refusal with this code and these words, in the form of this broker.
    fn rejection(&self, status: u16, code: &ErrorCode, message: &str) -> Reply;

    /// Takes faults of its streams and of the clock; they add to those that are there.
    fn script(&mut self, rule: Rule);

    /// Drops all such faults.
    fn clear_script(&mut self);

    /// Sets what can be bought and sold.
    ///
    /// # Errors
    /// An unknown symbol or a price that is none.
    fn quote(&mut self, symbol: &str, bid: Decimal, ask: Decimal) -> Result<(), String>;

    /// Opens or closes the market, or gives it back to its calendar.
    fn set_market(&mut self, market: Market);

    /// Halts one instrument while the market is open, or lets it go on.
    ///
    /// # Errors
    /// An unknown symbol, or a broker that does not do so.
    fn halt(&mut self, symbol: &str, is_halted: bool) -> Result<(), String>;

    /// The broker comes back, with or without what it knew. Its sockets are closed already.
    fn restart(&mut self, memory: bool);

    /// Takes an execution back.
    ///
    /// # Errors
    /// It is not known, or was taken back before.
    fn bust(&mut self, execution: &str) -> Result<(), String>;

    /// A trade that a person makes beside the client; gives its order's id.
    ///
    /// # Errors
    /// The broker's refusal.
    fn trade(&mut self, symbol: &str, side: Side, qty: Decimal) -> Result<String, String>;

    /// The broker closes a position; gives the id of the order that does it.
    ///
    /// # Errors
    /// Nothing is held.
    fn liquidate(&mut self, symbol: &str) -> Result<String, String>;

    /// Something happens in the account that no trade makes; gives the ids of its activities.
    ///
    /// # Errors
    /// It cannot happen in this account.
    fn non_trade(&mut self, what: &NonTrade) -> Result<Vec<String>, String>;

    /// All that is so, whatever the wire says. With a moment: only the orders that changed after it, and what belongs to
    /// them; what is said of the account and its positions is always there.
    fn truth(&self, since: Option<Time>) -> Value;
}

/// What a fault does to a request that is processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The order it makes first fills so much.
    PartialFill(Qty),
    /// The order it makes is taken, and rejected afterwards.
    RejectedLater,
    /// The cancel that it asks for is carried out so much later.
    LateCancel(TimeDelta),
}

/// Why a request is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// Too many requests.
    TooMany,
    /// Nobody is at home: with this status.
    Status(u16),
}

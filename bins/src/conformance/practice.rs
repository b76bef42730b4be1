//! A practice account as a stage: the broker's own market, over which nobody has any power.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use broker_alpaca::probe::Raw;
use broker_alpaca::{Alpaca, Config};
use broker_api::conformance::{Broken, Did, Power, Stage, Trouble};
use broker_api::{
    AccountRef, Broker, CancelOutcome, ClientOrderId, ExecutionId, Key, Price, Quotes as _, Symbol,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Clock;
use super::tape::Tape;

/// Lets time pass: a real wait, or a step of a simulation.
pub type Pause = Arc<dyn Fn(TimeDelta) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How often, and how long apart, one looks whether the account is clear.
const LOOKS: u32 = 60;
const MOMENT: TimeDelta = TimeDelta::milliseconds(500);
/// How long a hint is waited for: a connection that was closed just now may be in the way of the next.
const HINT_WITHIN: TimeDelta = TimeDelta::seconds(30);

/// What a practice account is asked with.
#[derive(Clone)]
pub struct Access {
    /// How it is reached.
    pub config: Config,
    /// The same with credentials that are wrong; nothing where any credentials are taken.
    pub wrong: Option<Config>,
    /// Tells the time.
    pub clock: Clock,
    /// Lets it pass.
    pub pause: Pause,
}

/// Why an account is not played on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It could not be asked.
    Unheard(String),
    /// It answered, and something is in the way.
    InTheWay(String),
}

/// An account that is ready to be played on.
#[derive(Clone)]
pub struct Practice {
    access: Access,
    tape: Arc<Tape>,
    alpaca: Alpaca,
    of: AccountRef,
    symbol: Symbol,
    level: Price,
    is_open: bool,
}

fn unheard(why: impl std::fmt::Display) -> Unfit {
    Unfit::Unheard(why.to_string())
}

impl Practice {
    /// Looks whether it is a practice account with nothing of the instrument in it. Nothing is sent but questions.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub async fn open(mut access: Access, symbol: Symbol) -> Result<Self, Unfit> {
        let tape = Tape::new(Arc::clone(&access.clock));
        access.config = access.config.with_tap(tape.tap());
        access.wrong = access.wrong.map(|wrong| wrong.with_tap(tape.tap()));
        let alpaca = Alpaca::new(access.config.clone(), Arc::clone(&access.clock)).map_err(unheard)?;
        let raw = alpaca.ask_raw("GET", "/v2/account", &[], None).await.map_err(unheard)?;
        let row: Value = serde_json::from_str(&raw.body).unwrap_or(Value::Null);
        for field in ["id", "account_number"] {
            tape.hide(row[field].as_str().unwrap_or_default());
        }
        let of = alpaca.identity().await.map_err(unheard)?;
        let in_the_way = |why: String| Err(Unfit::InTheWay(why));
        if alpaca.instrument(symbol).await.map_err(unheard)?.is_none() {
            return in_the_way(format!("{symbol} is not traded there"));
        }
        let key = Key { venue: alpaca.id(), symbol };
        if let Some(held) = alpaca.positions().await.map_err(unheard)?.iter().find(|held| held.key == key) {
            return in_the_way(format!("the account holds {} {symbol}", held.held));
        }
        if alpaca.open_orders().await.map_err(unheard)?.iter().any(|order| order.key == key) {
            return in_the_way(format!("the account has live orders in {symbol}"));
        }
        let Some(quote) = alpaca.quote(key).await.map_err(unheard)? else {
            return in_the_way(format!("there is no price of {symbol}"));
        };
        let level = ((quote.bid.get() + quote.ask.get()) / Decimal::TWO).round_dp(2);
        let level = Price::new(level).map_err(unheard)?;
        let clock = alpaca.ask_raw("GET", "/v2/clock", &[], None).await.map_err(unheard)?;
        let clock: Value = serde_json::from_str(&clock.body).map_err(unheard)?;
        let is_open = clock["is_open"] == true;
        Ok(Self { access, tape, alpaca, of, symbol, level, is_open })
    }

    /// Which account it is.
    pub const fn of(&self) -> AccountRef {
        self.of
    }

    /// What is traded.
    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }

    /// About what it costs.
    pub const fn level(&self) -> Price {
        self.level
    }

    /// Whether the market was open when one came.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// The adapter, for questions beside the cases.
    pub const fn alpaca(&self) -> &Alpaca {
        &self.alpaca
    }

    /// What went over the wire.
    pub const fn tape(&self) -> &Arc<Tape> {
        &self.tape
    }

    /// The time.
    pub fn now(&self) -> broker_api::Time {
        (self.access.clock)()
    }

    /// Lets time pass.
    pub async fn pause(&self, time: TimeDelta) {
        (self.access.pause)(time).await;
    }

    /// A stage for one case, once the rate limit has room for it.
    ///
    /// # Errors
    /// The adapter cannot be made.
    pub async fn stage(&self) -> Result<Box<dyn Stage>, Broken> {
        while self.tape.is_full() {
            self.pause(TimeDelta::seconds(1)).await;
        }
        let alpaca = self.connected(&self.access.config)?;
        let run = u64::try_from(self.now().timestamp_millis()).map_err(Broken::because)?;
        Ok(Box::new(PracticeStage { account: self.clone(), alpaca, run }))
    }

    fn connected(&self, config: &Config) -> Result<Alpaca, Broken> {
        Alpaca::new(config.clone(), Arc::clone(&self.access.clock)).map_err(Broken::because)
    }

    /// Cancels every order in the instrument, and closes what is held of it: there was neither when one came.
    ///
    /// # Errors
    /// What is left, which a person must see to.
    pub async fn clear(&self) -> Did {
        // What is held is closed whatever became of the orders.
        let (orders, held) = (self.cancel_all().await, self.close_all().await);
        match (orders, held) {
            (Err(orders), Err(held)) => Err(Broken(format!("{}; {}", orders.0, held.0))),
            (orders, held) => orders.and(held),
        }
    }

    async fn cancel_all(&self) -> Did {
        let key = self.key();
        let mut left = Vec::new();
        for _ in 0..LOOKS {
            left = self.alpaca.open_orders().await.map_err(Broken::because)?;
            left.retain(|order| order.key == key);
            let mut are_asked = true;
            for id in left.iter().filter_map(|order| order.id) {
                are_asked &= self.alpaca.cancel(id).await == CancelOutcome::Accepted;
            }
            // While its market is closed a cancel may wait for the morning.
            if left.is_empty() || (are_asked && !self.is_open) {
                return Ok(());
            }
            self.pause(MOMENT).await;
        }
        let names: Vec<&str> =
            left.iter().filter_map(|order| order.id.as_ref()).map(ClientOrderId::as_str).collect();
        Err(Broken(format!(
            "{} order(s) in {} are still live: {}",
            left.len(),
            self.symbol,
            names.join(", ")
        )))
    }

    async fn close_all(&self) -> Did {
        let key = self.key();
        let mut is_asked = false;
        for _ in 0..LOOKS {
            let held = self.alpaca.positions().await.map_err(Broken::because)?;
            if held.iter().all(|position| position.key != key) {
                return Ok(());
            }
            if !is_asked {
                is_asked = self.close().await.is_ok_and(|raw| raw.status == 200);
            }
            self.pause(MOMENT).await;
        }
        Err(Broken(format!("{} is still held", self.symbol)))
    }

    fn key(&self) -> Key {
        Key { venue: self.alpaca.id(), symbol: self.symbol }
    }

    async fn close(&self) -> Result<Raw, String> {
        self.alpaca.ask_raw("DELETE", &format!("/v2/positions/{}", self.symbol), &[], None).await
    }
}

struct PracticeStage {
    account: Practice,
    alpaca: Alpaca,
    run: u64,
}

#[async_trait]
impl Stage for PracticeStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.alpaca.clone())
    }

    fn symbol(&self) -> Symbol {
        self.account.symbol
    }

    fn level(&self) -> Price {
        self.account.level
    }

    fn run(&self) -> u64 {
        self.run
    }

    fn lacks(&self, power: Power) -> Option<&'static str> {
        match power {
            Power::Hints => None,
            Power::Session => (!self.account.is_open).then_some("its market is closed now"),
            Power::Keys => self.account.access.wrong.is_none().then_some("a simulator takes any credentials"),
            Power::Prices => Some("nobody sets its prices"),
            Power::Hours => Some("nobody opens or closes its market"),
            Power::Losses | Power::Throttles | Power::Cuts | Power::Races => {
                Some("nothing is made to fail on the way to it")
            }
            Power::Parts => Some("nobody says how much of an order is executed"),
            Power::Busts => Some("nobody takes its executions back"),
        }
    }

    async fn quote(&mut self, _: Symbol, _: Price, _: Price) -> Did {
        Err(Broken::because("nobody sets its prices"))
    }

    async fn pass(&mut self, time: TimeDelta) -> Did {
        self.account.pause(time).await;
        Ok(())
    }

    async fn market(&mut self, _: bool) -> Did {
        Err(Broken::because("nobody opens or closes its market"))
    }

    async fn trouble(&mut self, trouble: Trouble) -> Did {
        match (trouble, &self.account.access.wrong) {
            (Trouble::BadKeys, Some(wrong)) => {
                self.alpaca = self.account.connected(wrong)?;
                Ok(())
            }
            _ => Err(Broken::because("nothing is made to fail on the way to it")),
        }
    }

    async fn bust(&mut self, _: ExecutionId) -> Did {
        Err(Broken::because("nobody takes its executions back"))
    }

    async fn hinted(&self, broker: Arc<dyn Broker>) -> Result<bool, Broken> {
        let within = HINT_WITHIN.to_std().map_err(Broken::because)?;
        Ok(tokio::time::timeout(within, broker.hint()).await.is_ok())
    }

    async fn restart(&mut self) -> Did {
        self.alpaca = self.account.connected(&self.account.access.config)?;
        Ok(())
    }

    async fn clear(&mut self) -> Did {
        self.account.clear().await
    }
}

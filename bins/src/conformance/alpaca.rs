//! Alpaca as a stage: the adapter over the simulator of this machine, whose time stands until it is stepped.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_alpaca::{Alpaca, Config, Credentials};
use broker_api::conformance::{Broken, Did, Power, Stage, Trouble};
use broker_api::{Broker, ExecutionId, Mode, Price, Symbol};
use broker_sim::alpaca::{Alpaca as Simulator, Control, Quirks, Running, Settings};
use broker_sim::core::Market;
use chrono::TimeDelta;

use super::of;

/// How long a hint is waited for: the adapter connects again after about a second.
const HINT_WITHIN: Duration = Duration::from_secs(5);

/// What a simulator is, and how the adapter is set before it.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    /// The facts of the wire.
    pub quirks: Quirks,
    /// A file that everything on the wire is written to, behind what it holds.
    pub wire_log: Option<PathBuf>,
    /// Whether stocks are traded in parts of a share.
    pub fractions: bool,
}

/// See the module.
#[derive(Debug)]
pub struct AlpacaStage {
    running: Running,
    alpaca: Alpaca,
    symbol: Symbol,
    level: Price,
    /// Whether an order reaches the market at once.
    is_prompt: bool,
    fractions: bool,
}

impl AlpacaStage {
    /// A simulator of its own. It runs in the runtime of the caller.
    ///
    /// # Errors
    /// A simulator that does not start.
    pub async fn start(set: Simulated) -> Result<Self, Broken> {
        let Simulated { quirks, wire_log, fractions } = set;
        let level: Price = of("100")?;
        let mut settings = Settings::stepped(of("2026-11-20T15:00:00Z")?);
        settings.prices = vec![("AAPL".to_owned(), level.get())];
        let is_prompt = quirks.route_after.is_zero();
        (settings.quirks, settings.wire_log) = (quirks, wire_log);
        let running = Simulator::start(settings).await.map_err(Broken::because)?;
        let alpaca = connect(&running, fractions)?;
        Ok(Self { running, alpaca, symbol: of("AAPL")?, level, is_prompt, fractions })
    }

    fn control(&self) -> Control {
        self.running.control()
    }
}

fn connect(running: &Running, fractions: bool) -> Result<Alpaca, Broken> {
    let credentials =
        Credentials::key("simulated".to_owned(), "simulated".to_owned()).map_err(Broken::because)?;
    let config = Config::new(of("alpaca")?, Mode::Practice, credentials).map_err(Broken::because)?;
    let config = config.with_base_url(&running.url()).map_err(Broken::because)?;
    let config = config.with_data_url(&running.url()).map_err(Broken::because)?.with_fractions(fractions);
    let control = running.control();
    Alpaca::new(config, Arc::new(move || control.now())).map_err(Broken::because)
}

/// The line of a fault script for a trouble.
fn rule(trouble: Trouble) -> String {
    let of_orders =
        |act: String| format!(r#"{{"request":{{"method":"POST","path":"/v2/orders","do":{act}}}}}"#);
    match trouble {
        Trouble::LostRequest => of_orders(r#""lost_request""#.to_owned()),
        Trouble::LostReply => of_orders(r#""lost_reply""#.to_owned()),
        Trouble::Throttled => of_orders(r#""rate_limited""#.to_owned()),
        Trouble::PartFill(qty) => of_orders(format!(r#"{{"partial_fill":{{"qty":"{qty}"}}}}"#)),
        Trouble::BadKeys => r#"{"request":{"times":0,"do":{"reject":{"status":401,"code":40110000,"message":"request is not authorized"}}}}"#.to_owned(),
        Trouble::LostStream => r#"{"stream":{"do":"disconnect"}}"#.to_owned(),
        Trouble::LateCancel => {
            r#"{"request":{"method":"DELETE","path":"/v2/orders/*","do":{"late_cancel":{"millis":300000}}}}"#.to_owned()
        }
    }
}

#[async_trait]
impl Stage for AlpacaStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.alpaca.clone())
    }

    fn symbol(&self) -> Symbol {
        self.symbol
    }

    fn level(&self) -> Price {
        self.level
    }

    fn run(&self) -> u64 {
        1
    }

    fn lacks(&self, power: Power) -> Option<&'static str> {
        let why = "the rest of an order is executed before its first part is seen";
        (power == Power::Parts && !self.is_prompt).then_some(why)
    }

    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Did {
        self.control().set_quote(symbol.as_str(), bid.get(), ask.get()).map_err(Broken::because)
    }

    async fn pass(&mut self, time: TimeDelta) -> Did {
        self.control().step(time).map(drop).map_err(Broken::because)
    }

    async fn market(&mut self, is_open: bool) -> Did {
        self.control().set_market(if is_open { Market::Open } else { Market::Closed });
        Ok(())
    }

    async fn trouble(&mut self, trouble: Trouble) -> Did {
        self.control().fault_lines(&rule(trouble)).map_err(Broken::because)
    }

    async fn bust(&mut self, execution: ExecutionId) -> Did {
        let truth = self.control().truth();
        // The log names an execution by its row among the activities.
        let is_it = |row: &&serde_json::Value| row["activity_id"].as_str() == Some(execution.as_str());
        let row = truth["executions"].as_array().and_then(|rows| rows.iter().find(is_it));
        let id = row.and_then(|row| row["execution_id"].as_str());
        let id = id.ok_or_else(|| Broken(format!("there is no execution {execution}")))?;
        self.control().bust(id).map_err(Broken::because)
    }

    async fn hinted(&self, broker: Arc<dyn Broker>) -> Result<bool, Broken> {
        Ok(tokio::time::timeout(HINT_WITHIN, broker.hint()).await.is_ok())
    }

    async fn restart(&mut self) -> Did {
        self.alpaca = connect(&self.running, self.fractions)?;
        Ok(())
    }

    async fn clear(&mut self) -> Did {
        Ok(())
    }
}

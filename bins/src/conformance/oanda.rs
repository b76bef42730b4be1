//! OANDA as a stage: the adapter over the simulator of this machine, whose time stands until it is stepped.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_api::conformance::{Broken, Did, Power, Stage, Trouble};
use broker_api::{Broker, ExecutionId, Mode, Price, Symbol};
use broker_oanda::{Config, Credentials, Oanda};
use broker_sim::core::Market;
use broker_sim::oanda::{Control, Oanda as Simulator, Quirks, Running, Settings};
use chrono::TimeDelta;

use super::of;

/// How long a hint is waited for: the adapter connects again after about a second.
const HINT_WITHIN: Duration = Duration::from_secs(5);
/// The account, which is not one of the United States: there trades have no exits of their own here.
const ACCOUNT: &str = "101-004-7654321-001";

/// What a simulator is.
#[derive(Clone, Debug, Default)]
pub struct SimulatedOanda {
    /// The facts of the wire.
    pub quirks: Quirks,
    /// A file that everything on the wire is written to, behind what it holds.
    pub wire_log: Option<PathBuf>,
    /// Whether the account may hold both sides of a pair.
    pub hedging: bool,
}

/// See the module.
#[derive(Debug)]
pub struct OandaStage {
    running: Running,
    oanda: Oanda,
    symbol: Symbol,
    level: Price,
}

impl OandaStage {
    /// A simulator of its own. It runs in the runtime of the caller.
    ///
    /// # Errors
    /// A simulator that does not start.
    pub async fn start(set: SimulatedOanda) -> Result<Self, Broken> {
        let level: Price = of("100")?;
        let mut settings = Settings::stepped(of("2026-11-20T15:00:00Z")?);
        settings.prices = vec![("USD_JPY".to_owned(), level.get()), ("EUR_USD".to_owned(), of("1.08500")?)];
        ACCOUNT.clone_into(&mut settings.account);
        (settings.quirks, settings.wire_log, settings.hedging) = (set.quirks, set.wire_log, set.hedging);
        let running = Simulator::start(settings).await.map_err(Broken::because)?;
        let oanda = connect(&running)?;
        Ok(Self { running, oanda, symbol: of("USD/JPY")?, level })
    }

    fn control(&self) -> Control {
        self.running.control()
    }
}

fn connect(running: &Running) -> Result<Oanda, Broken> {
    let credentials = Credentials::token("simulated".to_owned()).map_err(Broken::because)?;
    let config = Config::new(of("oanda")?, Mode::Practice, credentials).map_err(Broken::because)?;
    let config = config.with_account(ACCOUNT).map_err(Broken::because)?;
    let config = config.with_base_url(&running.url()).map_err(Broken::because)?;
    // Its time stands, and so would what counts the requests of a second.
    let config = config.with_requests_per_second(NonZeroU32::MIN.saturating_add(60_000));
    let control = running.control();
    Oanda::new(config, Arc::new(move || control.now())).map_err(Broken::because)
}

/// The line of a fault script for a trouble.
fn rule(trouble: Trouble) -> String {
    let of_orders = |act: &str| {
        format!(r#"{{"request":{{"method":"POST","path":"/v3/accounts/{ACCOUNT}/orders","do":{act}}}}}"#)
    };
    match trouble {
        Trouble::LostRequest => of_orders(r#""lost_request""#),
        Trouble::LostReply => of_orders(r#""lost_reply""#),
        Trouble::Throttled => of_orders(r#""rate_limited""#),
        Trouble::PartFill(qty) => of_orders(&format!(r#"{{"partial_fill":{{"qty":"{qty}"}}}}"#)),
        Trouble::BadKeys => r#"{"request":{"times":0,"do":{"status":{"code":401}}}}"#.to_owned(),
        Trouble::LostStream => r#"{"stream":{"do":"disconnect"}}"#.to_owned(),
        Trouble::LateCancel => {
            let path = format!("/v3/accounts/{ACCOUNT}/orders/*");
            format!(
                r#"{{"request":{{"method":"PUT","path":"{path}","do":{{"late_cancel":{{"millis":300000}}}}}}}}"#
            )
        }
    }
}

#[async_trait]
impl Stage for OandaStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.oanda.clone())
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
        match power {
            Power::Busts => Some("it takes no execution back"),
            Power::Races => Some("it cancels before it answers"),
            _ => None,
        }
    }

    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Did {
        let pair = symbol.as_str().replace('/', "_");
        self.control().set_quote(&pair, bid.get(), ask.get()).map_err(Broken::because)
    }

    async fn pass(&mut self, time: TimeDelta) -> Did {
        self.control().step(time).map(drop).map_err(Broken::because)
    }

    // The session ends at 17:00 in New York, which is 22:00 at this time of the year.
    async fn market(&mut self, is_open: bool) -> Did {
        if is_open {
            self.control().set_market(Market::Open);
            return Ok(());
        }
        let now = self.control().now();
        let roll = now.date_naive().and_hms_opt(22, 0, 0).map(|at| at.and_utc());
        if let Some(roll) = roll.filter(|roll| *roll > now) {
            self.control().set_time(roll).map_err(Broken::because)?;
        }
        self.control().set_market(Market::Closed);
        Ok(())
    }

    async fn trouble(&mut self, trouble: Trouble) -> Did {
        self.control().fault_lines(&rule(trouble)).map_err(Broken::because)
    }

    async fn bust(&mut self, execution: ExecutionId) -> Did {
        self.control().bust(execution.as_str()).map_err(Broken::because)
    }

    async fn hinted(&self, broker: Arc<dyn Broker>) -> Result<bool, Broken> {
        Ok(tokio::time::timeout(HINT_WITHIN, broker.hint()).await.is_ok())
    }

    async fn restart(&mut self) -> Did {
        self.oanda = connect(&self.running)?;
        Ok(())
    }

    async fn clear(&mut self) -> Did {
        Ok(())
    }
}

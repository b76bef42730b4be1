//! A stage whose venue lies: what surrounds it does as it is told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use broker_api::conformance::{Broken, Did, Power, Stage, Trouble};
use broker_api::{Broker, ExecutionId, KindName, Price, Symbol};
use chrono::TimeDelta;

use super::liar::{Liar, Memory};
use super::lies::Lie;

/// A stage whose venue lies.
pub(super) struct Lying {
    stage: Box<dyn Stage>,
    lie: Lie,
    memory: Arc<Mutex<Memory>>,
}

impl Lying {
    pub(super) fn new(stage: Box<dyn Stage>, lie: Lie) -> Self {
        Self { stage, lie, memory: Arc::default() }
    }
}

#[async_trait]
impl Stage for Lying {
    fn broker(&self) -> Arc<dyn Broker> {
        let inner = self.stage.broker();
        let mut capabilities = inner.capabilities().clone();
        if self.lie == Lie::SaysLess {
            capabilities.kinds.retain(|kind| *kind != KindName::Stop);
        }
        if self.lie == Lie::SaysItBinds {
            capabilities.closing_binds = true;
        }
        Arc::new(Liar { inner, lie: self.lie, memory: Arc::clone(&self.memory), capabilities })
    }

    fn symbol(&self) -> Symbol {
        self.stage.symbol()
    }

    fn level(&self) -> Price {
        self.stage.level()
    }

    fn run(&self) -> u64 {
        self.stage.run()
    }

    fn lacks(&self, power: Power) -> Option<&'static str> {
        self.stage.lacks(power)
    }

    async fn quote(&mut self, symbol: Symbol, bid: Price, ask: Price) -> Did {
        self.stage.quote(symbol, bid, ask).await
    }

    async fn pass(&mut self, time: TimeDelta) -> Did {
        self.stage.pass(time).await
    }

    async fn market(&mut self, is_open: bool) -> Did {
        self.stage.market(is_open).await
    }

    async fn trouble(&mut self, trouble: Trouble) -> Did {
        self.memory.lock().expect("nobody panics with it").has_lost_stream |= trouble == Trouble::LostStream;
        self.stage.trouble(trouble).await
    }

    async fn bust(&mut self, execution: ExecutionId) -> Did {
        self.stage.bust(execution).await
    }

    async fn hinted(&self, broker: Arc<dyn Broker>) -> Result<bool, Broken> {
        self.stage.hinted(broker).await
    }

    async fn clear(&mut self) -> Did {
        self.stage.clear().await
    }

    async fn restart(&mut self) -> Did {
        self.memory.lock().expect("nobody panics with it").restarted = true;
        self.stage.restart().await
    }
}

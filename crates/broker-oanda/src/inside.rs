//! What all clones of an adapter share, and what it learnt of its account.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use broker_api::{Capabilities, Currency, Instrument, Mode, QueryFailed, Symbol, Time, VenueId};
use broker_http::{Clock, StartError, tls};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use tokio::sync::OnceCell;

use crate::capabilities::{Exits, capabilities};
use crate::config::{Config, is_us};
use crate::convert::{self, unreadable};
use crate::log::Memory;
use crate::stream;
use crate::transport::{Transport, headers};
use crate::wire::{self, Id};

/// How long a list of instruments is good.
const LISTED_FOR: TimeDelta = TimeDelta::minutes(1);

/// See the module.
pub(crate) struct Inside {
    pub(crate) venue: VenueId,
    pub(crate) mode: Mode,
    pub(crate) host: String,
    exits: Exits,
    capabilities: OnceLock<Capabilities>,
    pub(crate) transport: Transport,
    pub(crate) stream: stream::Handle,
    pub(crate) memory: tokio::sync::Mutex<Memory>,
    facts: OnceCell<Facts>,
    /// The last transaction that any answer told of.
    newest: AtomicU64,
    /// The instruments as they were listed last.
    listed: tokio::sync::Mutex<Option<Listed>>,
    /// The rules of those that were asked about: orders are held against them.
    pub(crate) rules: Mutex<BTreeMap<Symbol, Instrument>>,
}

/// When instruments were listed, and which.
type Listed = (Time, Arc<[wire::Instrument]>);

/// What of an account does not change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) currency: Currency,
    /// The margin that it asks at least, where somebody set it.
    pub(crate) least_margin: Option<Decimal>,
}

impl Inside {
    /// An account, not spoken to yet.
    pub(crate) fn new(config: Config, clock: Clock) -> Result<Self, StartError> {
        let tls = tls(config.needs_tls())?;
        let transport = Transport::new(&config, tls.clone(), Arc::clone(&clock))?;
        let stream = stream::Handle::new(&config.stream, tls, headers(&config)?, clock)?;
        Ok(Self {
            venue: config.venue,
            mode: config.mode,
            host: config.rest.host,
            exits: config.exits,
            capabilities: OnceLock::new(),
            transport,
            stream,
            memory: tokio::sync::Mutex::default(),
            facts: OnceCell::new(),
            newest: AtomicU64::new(0),
            listed: tokio::sync::Mutex::default(),
            rules: Mutex::default(),
        })
    }

    /// What the account can do. Where its id is not known yet, what every account can.
    pub(crate) fn capabilities(&self) -> &Capabilities {
        self.capabilities.get_or_init(|| {
            let exits = match self.transport.known() {
                Some(account) if !is_us(account) => self.exits,
                _ => Exits::Separate,
            };
            capabilities(exits)
        })
    }

    pub(crate) fn newest(&self) -> Option<Id> {
        Some(Id(self.newest.load(Ordering::Acquire))).filter(|id| id.0 > 0)
    }

    /// An answer told of this transaction.
    pub(crate) fn saw(&self, id: Id) {
        self.newest.fetch_max(id.0, Ordering::AcqRel);
    }

    /// The account, and its last transaction.
    pub(crate) async fn summary(&self) -> Result<(wire::Account, Id), QueryFailed> {
        let request = self.transport.of_account("/summary").await?;
        let body: wire::AccountBody = self.transport.read(request).await?;
        let last = body.last.ok_or_else(|| unreadable("the account", &"it tells no last transaction"))?;
        self.saw(last);
        Ok((body.account, last))
    }

    pub(crate) async fn facts(&self) -> Result<Facts, QueryFailed> {
        let facts = self.facts.get_or_try_init(|| async {
            let (row, _) = self.summary().await?;
            let currency = convert::currency(&row.currency)?;
            Ok(Facts { currency, least_margin: row.margin_rate.map(|rate| rate.0) })
        });
        facts.await.copied()
    }

    /// All instruments of the account. Those who ask at once, or soon after, share one answer.
    pub(crate) async fn listed(&self) -> Result<Arc<[wire::Instrument]>, QueryFailed> {
        let mut listed = self.listed.lock().await;
        let now = self.transport.now();
        let is_fresh = |at: Time| at <= now && now < at + LISTED_FOR;
        if let Some((_, rows)) = listed.as_ref().filter(|(at, _)| is_fresh(*at)) {
            return Ok(Arc::clone(rows));
        }
        let request = self.transport.of_account("/instruments").await?;
        let body: wire::Instruments = self.transport.read(request).await?;
        let rows: Arc<[wire::Instrument]> = body.instruments.into();
        *listed = Some((now, Arc::clone(&rows)));
        Ok(rows)
    }
}

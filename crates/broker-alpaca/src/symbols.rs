//! Canonical symbols: orders say `BTC/USD`, positions and most activities `BTCUSD`.

use std::sync::Arc;

use broker_api::{QueryFailed, Symbol, Time};
use chrono::TimeDelta;

use crate::broker::Alpaca;
use crate::convert;
use crate::transport::{Request, lock};
use crate::wire;

/// A pair without its slash is at least so long.
const PAIR_MIN: usize = 6;
/// How long a list of pairs is good.
const LISTED_FOR: TimeDelta = TimeDelta::minutes(1);

impl Alpaca {
    /// A pair of coins by its symbol.
    pub(crate) async fn coin(&self, symbol: Symbol) -> Result<Option<wire::Asset>, QueryFailed> {
        let listed = self.coins().await?;
        Ok(listed.iter().find(|asset| asset.symbol == symbol.as_str()).cloned())
    }

    /// The list of pairs of coins, which is short. Those who ask at once, or soon after, share one answer.
    async fn coins(&self) -> Result<Arc<[wire::Asset]>, QueryFailed> {
        let mut listed = self.0.coins.lock().await;
        let now = self.0.transport.now();
        let is_fresh = |at: Time| at <= now && now < at + LISTED_FOR;
        if let Some((_, assets)) = listed.as_ref().filter(|(at, _)| is_fresh(*at)) {
            return Ok(Arc::clone(assets));
        }
        let request = Request::get("/v2/assets").with("status", "active").with("asset_class", "crypto");
        let assets: Arc<[wire::Asset]> = self.0.transport.read::<Vec<wire::Asset>>(request).await?.into();
        let mut known = lock(&self.0.known);
        for asset in assets.iter() {
            known.coins.insert(asset.symbol.replace('/', ""), convert::symbol(&asset.symbol)?);
        }
        drop(known);
        *listed = Some((now, Arc::clone(&assets)));
        Ok(assets)
    }

    fn known_pair(&self, plain: &str) -> Option<Symbol> {
        lock(&self.0.known).coins.get(plain).copied()
    }

    /// The pair of a name without its slash; the list is asked for when the name is not known.
    async fn pair(&self, plain: &str) -> Result<Option<Symbol>, QueryFailed> {
        if let Some(symbol) = self.known_pair(plain) {
            return Ok(Some(symbol));
        }
        self.coins().await?;
        Ok(self.known_pair(plain))
    }

    /// The canonical symbol of a position.
    pub(crate) async fn canonical(&self, row: &wire::Position) -> Result<Symbol, QueryFailed> {
        if row.asset_class.as_deref() != Some("crypto") || row.symbol.contains('/') {
            return convert::symbol(&row.symbol);
        }
        self.pair(&row.symbol).await?.ok_or_else(|| {
            convert::unreadable("a position", &format!("{:?} is no pair of its list", row.symbol))
        })
    }

    /// The canonical symbol of an activity, which does not say of what class its asset is. `is_coin`: it is of a kind that
    /// there is only of coins, which may be named without what they are quoted in.
    pub(crate) async fn canonical_of_activity(
        &self,
        text: &str,
        is_coin: bool,
    ) -> Result<Symbol, QueryFailed> {
        let may_be_pair =
            is_coin || text.len() >= PAIR_MIN && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if text.contains('/') || !may_be_pair {
            return convert::symbol(text);
        }
        let pair = match self.pair(text).await? {
            None if is_coin => self.known_pair(&format!("{text}USD")),
            pair => pair,
        };
        pair.map_or_else(|| convert::symbol(text), Ok)
    }
}

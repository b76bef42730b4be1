//! Where a schedule is played: a venue with its market, what happens there by itself, and how time passes there.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use broker_api::{Broker, Key, Time};
use chrono::TimeDelta;
use engine::Clock;

use crate::crash::Crash;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::plan::BadStage;
use crate::venue::FaultyVenue;
use crate::venue::market::Market;

/// Where a schedule is played.
#[async_trait(?Send)]
pub trait Ground {
    /// The venue, as a process reaches it that dies by `crash` and has this clock.
    ///
    /// # Errors
    /// [`BadStage`]: a fault of this program.
    fn broker(&mut self, crash: &Crash, clock: &Clock) -> Result<Arc<dyn Broker>, BadStage>;

    /// The venue's own side: what is so, and what its prices are.
    fn market(&self) -> MutexGuard<'_, Market>;

    /// Everything meets the prices and the time of now.
    fn meets(&self);

    /// What somebody else does with an instrument, if anything.
    fn acts(&mut self, fault: Option<Fault>, key: Key, dice: &mut Dice, now: Time);

    /// Nothing of it is reached until then.
    fn goes_out(&self, until: Option<Time>);

    /// What is on its way, although nobody waits for it, arrives.
    fn all_arrive(&self);

    /// Time passes between two turns. Gives what is left of it when the venue wants to be read before it is over.
    async fn passes(&mut self, time: Duration) -> Duration;

    /// How long until its markets are open; zero while they are.
    fn opens_in(&self, now: Time) -> TimeDelta;

    /// Lets time pass while a process waits. Never ends.
    async fn keeps_time(&self);

    /// The process is no more.
    async fn ended(&mut self);

    /// Nothing more goes wrong from now on.
    fn heals(&mut self);

    /// What went wrong on the wire, and how often.
    fn met(&self) -> BTreeMap<&'static str, u64>;
}

#[async_trait(?Send)]
impl Ground for FaultyVenue {
    fn broker(&mut self, crash: &Crash, _: &Clock) -> Result<Arc<dyn Broker>, BadStage> {
        Ok(Arc::new(self.for_process(crash.clone())))
    }

    fn market(&self) -> MutexGuard<'_, Market> {
        Self::market(self)
    }

    fn meets(&self) {
        let now = self.now();
        self.market().meet_all(now);
    }

    fn acts(&mut self, fault: Option<Fault>, key: Key, dice: &mut Dice, now: Time) {
        match fault {
            Some(Fault::Bust) => drop(self.market().bust(dice.draw(), now)),
            Some(Fault::ManualTrade | Fault::Liquidation) => {
                self.market().disturb(key, fault == Some(Fault::Liquidation), now);
            }
            Some(Fault::Dividend) => self.market().pays(key, dice, now),
            Some(Fault::LateFee) => self.market().charges(dice, now),
            Some(Fault::Deposit) => self.market().transfers(dice, now),
            Some(Fault::Split) => {
                // Only what has whole units is split.
                let stock =
                    self.market().listed.keys().find(|key| !key.symbol.as_str().contains('/')).copied();
                if let Some(key) = stock {
                    self.market().splits(key, dice, now);
                }
            }
            Some(Fault::UnitsMoved) => self.market().brings_units(key, dice, now),
            Some(Fault::Unlogged) => self.market().forgets(key, dice),
            _ => {}
        }
    }

    fn goes_out(&self, until: Option<Time>) {
        Self::goes_out(self, until);
    }

    fn all_arrive(&self) {
        Self::all_arrive(self);
    }

    async fn passes(&mut self, time: Duration) -> Duration {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        Duration::ZERO
    }

    /// They always are.
    fn opens_in(&self, _: Time) -> TimeDelta {
        TimeDelta::zero()
    }

    /// The runtime does, whenever nothing else is to be done.
    async fn keeps_time(&self) {
        pending::<()>().await;
    }

    async fn ended(&mut self) {}

    fn heals(&mut self) {
        Self::goes_out(self, None);
    }

    fn met(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }
}

//! What happens in a schedule: the market, the venue and the clock by themselves, and what is asked of the process.

use std::sync::atomic::Ordering;

use broker_api::{InstrumentIx, Level, Price, Quote};
use chrono::TimeDelta;
use engine::{Input, Operator};
use rust_decimal::Decimal;

use super::process::Turn;
use super::words;
use super::{Violation, World};
use crate::fault::Fault;
use crate::place::Place;
use crate::plan::Happening;

impl World {
    /// The venue, the market and the clock do what they do by themselves.
    pub(super) fn world_acts(&mut self) {
        let now = (self.venue_clock)();
        let (fault, mut dice) = {
            let mut fates = self.fates();
            (fates.ask(Place::World), fates.measure())
        };
        if let Some(fault) = fault {
            self.tell(|| format!("{}  {}: {}", now.format("%H:%M:%S"), Place::World, fault.as_str()));
        }
        let keys: Vec<_> = self.ground.market().listed.keys().copied().collect();
        let Some(key) = dice.pick(&keys).copied() else { return };
        match fault {
            Some(Fault::Outage) => {
                self.ground.goes_out(Some(now + TimeDelta::seconds(dice.between(5, 180))));
                return;
            }
            Some(Fault::ClockJump) => self.clock_jumps(dice.between(-40, 40)),
            Some(Fault::PriceGap) => {
                let by = Decimal::new(10_000 + dice.between(-600, 600), 4);
                if let Some(listed) = self.ground.market().listed.get_mut(&key) {
                    listed.price = ((listed.price * by) / listed.tick).floor() * listed.tick;
                }
            }
            _ => self.ground.acts(fault, key, &mut dice, now),
        }
        self.ground.meets();
    }

    /// The machine's clock is off by so much from now on. No request is on its way for longer than that clock says: what
    /// is proven by time that passed is assumed to be so (see what is promised).
    pub(super) fn clock_jumps(&self, skew: i64) {
        if self.skew.swap(skew, Ordering::Relaxed) < skew {
            self.ground.all_arrive();
        }
    }

    pub(super) async fn happens(&mut self) -> Result<(), Violation> {
        let now = (self.clock)();
        let listed: Vec<_> = self.ground.market().listed.values().copied().collect();
        let Some(happening) = self.script.next(now, &listed) else { return Ok(()) };
        self.tell(|| format!("{}  {}", now.format("%H:%M:%S"), words::happening(&happening)));
        match happening {
            Happening::Decided(decided) => {
                let (signal, digest) = *decided;
                let mut inputs = self.quotes();
                self.turn(Turn::Refresh).await?;
                inputs.extend(self.arms().map(Input::Operator));
                inputs.push(Input::Signal { signal, digest });
                self.turn(Turn::Take(inputs)).await
            }
            Happening::Prices(moves) => {
                self.prices_move(moves);
                let quotes = self.quotes();
                self.turn(Turn::Take(quotes)).await
            }
            Happening::Refresh => self.turn(Turn::Refresh).await,
            Happening::Timer => self.turn(Turn::Take(vec![Input::Timer])).await,
            Happening::Resume => {
                let act = Operator::Level {
                    level: Level::Trading,
                    name: "mira".into(),
                    why: "looked at".into(),
                    until: None,
                };
                let parts = self.folded.guard().stopped.iter().map(|stop| Operator::Allow {
                    scope: stop.scope,
                    name: "mira".into(),
                    why: "looked at".into(),
                });
                let acts = parts.chain([act]).map(Input::Operator).collect();
                self.turn(Turn::Take(acts)).await
            }
            Happening::Repair(dice) => self.repairs(dice).await,
            Happening::Restart => {
                self.ends().await?;
                self.look()
            }
        }
    }

    /// Whether a person arms the account of real money now, for some hours at most; mostly when it is not armed.
    fn arms(&mut self) -> Option<Operator> {
        let of = self.folded.venue(self.venue)?.of;
        let (limits, is_armed) = (self.folded.guard().limits_version(), self.folded.guard().armed.is_some());
        let dice = self.arms.as_mut()?;
        if !dice.happens(if is_armed { 50 } else { 600 }) {
            return None;
        }
        Some(Operator::Arm {
            of,
            seconds: u32::try_from(dice.between(60, 4 * 3_600)).ok()?,
            limits,
            drilled_before: None,
            certificate: None,
            override_gate: Some("looked at".into()),
            name: "mira".into(),
            why: "looked at".into(),
        })
    }

    fn prices_move(&mut self, moves: [i64; 3]) {
        for (listed, by) in self.ground.market().listed.values_mut().zip(moves) {
            let price = listed.price * Decimal::new(10_000 + by, 4);
            listed.price = (price / listed.tick).floor().max(Decimal::ONE) * listed.tick;
        }
        self.ground.meets();
    }

    /// A fresh price of everything.
    pub(super) fn quotes(&self) -> Vec<Input> {
        let at = (self.clock)();
        let market = self.ground.market();
        let quote = |(ix, instrument): (InstrumentIx, &broker_api::Instrument)| {
            let listed = market.listed.get(&instrument.key)?;
            let (bid, ask) = (Price::new(listed.price).ok()?, Price::new(listed.price + listed.tick).ok()?);
            Some(Input::Quote { ix, quote: Quote { bid, ask, at } })
        };
        self.catalog.iter().filter_map(quote).collect()
    }
}

//! A person who repairs what book and venue disagree about.

use broker_api::{Held, Key, Level, Price, Protection, Repair, Side};
use chrono::TimeDelta;
use engine::{Input, Operator};
use rust_decimal::Decimal;

use super::process::Turn;
use super::{Violation, World};
use crate::dice::Dice;

impl World {
    /// A person repairs what differs, and lets what stood still move again, as far as reductions.
    pub(super) async fn repairs(&mut self, dice: u64) -> Result<(), Violation> {
        self.repairs_each(dice).await?;
        if self.folded.guard().level != Level::Frozen {
            return Ok(());
        }
        let (level, name, why) = (Level::ReduceOnly, "mira".into(), "repaired".into());
        let act = Operator::Level { level, name, why, until: None };
        self.turn(Turn::Take(vec![Input::Operator(act)])).await
    }

    /// A person looks at what differs, and repairs each of it in one of the four ways.
    async fn repairs_each(&mut self, dice: u64) -> Result<(), Violation> {
        if self.folded.diverged().len() + self.folded.venues_diverged().len() == 0
            && self.cancelled_out().is_empty()
        {
            return Ok(());
        }
        // Nobody decides upon what was seen a minute ago.
        self.turn(Turn::Refresh).await?;
        let mut dice = Dice::new(dice);
        let keys: Vec<Key> = self.folded.diverged().map(|(key, _)| key).collect();
        let mut inputs: Vec<Input> = Vec::new();
        for (venue, _) in self.folded.venues_diverged() {
            inputs.push(repair(venue, None, Repair::Ignore, Protection::default(), None));
        }
        for key in self.cancelled_out() {
            self.repairs.push((key, Repair::TrustBroker));
            inputs.push(repair(key.venue, Some(key), Repair::TrustBroker, Protection::default(), None));
        }
        for key in keys {
            let Some(how) = dice.pick(&Repair::ALL).copied() else { continue };
            let plan = if how == Repair::Adopt { self.plan(key, &mut dice) } else { Protection::default() };
            let until = (self.clock)() + TimeDelta::hours(1);
            let until = (how == Repair::Ignore && dice.happens(200)).then_some(until);
            self.repairs.push((key, how));
            inputs.push(repair(key.venue, Some(key), how, plan, until));
        }
        self.turn(Turn::Take(inputs)).await
    }

    /// Where others hold the other way, so that what is ours cannot be closed: an account holds the sum of both.
    fn cancelled_out(&self) -> Vec<Key> {
        let is_against = |key: &Key, held: Held| {
            Side::reducing(held)
                .is_some_and(|side| Side::reducing(self.folded.held(*key)) == Some(side.opposite()))
        };
        let outsides = self.folded.outsides().filter(|(key, outside)| is_against(key, outside.held));
        outsides.map(|(key, _)| key).collect()
    }

    /// A stop and a target some percent from the price, on the sides of what is held there.
    fn plan(&self, key: Key, dice: &mut Dice) -> Protection {
        let market = self.ground.market();
        let price = market.listed.get(&key).map_or(Decimal::ONE, |listed| listed.price);
        let sign = if market.truth.held(key).get().is_sign_negative() { -1 } else { 1 };
        let mut away = |first: i64, last: i64| {
            let away = Decimal::new(10_000 + sign * dice.between(first, last), 4);
            Price::new((price * away).round_dp(2)).ok()
        };
        Protection { stop: away(-300, -100), target: away(100, 300), trail: None }
    }
}

fn repair(
    venue: broker_api::VenueId,
    key: Option<Key>,
    how: Repair,
    plan: Protection,
    until: Option<broker_api::Time>,
) -> Input {
    let (name, why) = ("mira".into(), "looked at".into());
    Input::Operator(Operator::Repair { venue, key, repair: how, plan, until, name, why })
}

//! A moment from its beginning to its end: which order acts next, and when none is left.
//!
//! 1. Orders whose date has passed end first.
//! 2. Then orders act, each at most once in a moment: stops before all else, limits last, the older first.
//! 3. Then trailing stops follow what they have seen, and at a close the day's orders end.

use broker_api::{End, InstrumentIx, Overflow, Qty, Ratio, Time, TimeInForce, VenueEvent};
use serde::{Deserialize, Serialize};

use super::codes::Word;
use super::orders::{Hit, Order, Phase};
use super::prices::{Mark, Sides, Spread};
use super::{Matching, Moment};

/// How far a moment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Dates,
    Orders,
    Days,
}

/// The moment that is being played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Playing {
    pub ix: InstrumentIx,
    pub phase: Phase,
    pub at: Time,
    pub sides: Sides,
    /// Orders from this number on came too late for it.
    pub fence: u64,
    pub stage: Stage,
}

/// What may still be filled of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    /// Which bar.
    pub opens: Time,
    pub left: Qty,
}

/// A share of a volume. One that does not fit is no limit.
fn share(volume: Qty, participation: Ratio) -> Option<Qty> {
    Qty::new(volume.get().checked_mul(participation.get())?).ok()
}

/// One order's turn: what it meets, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub ix: InstrumentIx,
    pub n: u64,
    pub at: Time,
    /// Nothing for an order that is decided now and does not fill.
    pub hit: Option<Hit>,
}

impl Matching {
    /// Begins a moment. What was left of the one before is dropped, save events that already happened.
    ///
    /// A quote whose bid is above its ask, and a price that its spread leaves no bid, are passed over.
    pub fn begin(&mut self, moment: &Moment) {
        self.moments += 1;
        self.playing = None;
        let ix = moment.ix();
        let Some(instrument) = self.catalog.get(ix) else { return };
        let class = instrument.asset_class;
        let row = &mut self.rows[ix.index()];
        let (phase, bar) = match moment {
            Moment::Open { bar, .. } => (Phase::Open, Some(bar)),
            Moment::Range { bar, .. } => (Phase::Range, Some(bar)),
            Moment::Close { bar, .. } => (Phase::Close, Some(bar)),
            Moment::Quote { quote, .. } if quote.is_crossed() => return,
            Moment::Quote { .. } => (Phase::Quote, None),
        };
        row.standing = if bar.is_none() { Some(moment.at()) } else { None };
        let known = row.budget.filter(|known| bar.is_some_and(|bar| bar.opens == known.opens));
        row.budget = match (bar, known) {
            (Some(_), Some(known)) if phase != Phase::Open => Some(known),
            (Some(bar), _) => bar
                .volume
                .zip(self.settings.participation)
                .and_then(|(volume, part)| share(volume, part))
                .map(|left| Budget { opens: bar.opens, left }),
            (None, _) => None,
        };
        let sides = match moment {
            Moment::Range { .. } if row.orders.is_empty() => return,
            Moment::Range { bar, .. } => {
                Sides::of_range(bar, Spread::of(bar, class, &self.settings.costs)).ok()
            }
            _ => {
                let quote = moment.quote(class, &self.settings.costs);
                let mark = quote.and_then(|quote| Mark::of(&quote).ok());
                row.mark = mark.or(row.mark);
                mark.map(|mark| Sides::of_mark(&mark))
            }
        };
        if row.orders.is_empty() {
            return;
        }
        let (at, fence) = (moment.at(), self.orders + 1);
        self.playing = sides.map(|sides| Playing { ix, phase, at, sides, fence, stage: Stage::Dates });
    }

    /// The next event of the moment, or of an order that met a standing quote; nothing when all is done.
    ///
    /// # Errors
    /// [`Overflow`]; go back to what was saved.
    pub fn next_event(&mut self) -> Result<Option<VenueEvent>, Overflow> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Some(event));
            }
            if let Some(playing) = self.playing {
                self.go_on(playing)?;
            } else if let Some((ix, n)) = self.fresh.first().copied() {
                self.meet_standing(ix, n)?;
                self.fresh.retain(|(_, fresh)| *fresh != n);
            } else {
                return Ok(None);
            }
        }
    }

    fn go_on(&mut self, playing: Playing) -> Result<(), Overflow> {
        let Playing { ix, phase, at, .. } = playing;
        let stage = match playing.stage {
            Stage::Dates => {
                self.expire(playing, |order| matches!(order.tif, TimeInForce::Gtd(_)));
                Some(Stage::Orders)
            }
            Stage::Orders => {
                if let Some(turn) = self.next_turn(&playing) {
                    return self.act(turn);
                }
                for order in &mut self.rows[ix.index()].orders {
                    if order.takes_part(playing.fence, at) {
                        order.follow(playing.sides.of(order.side))?;
                    }
                }
                Some(Stage::Days)
            }
            Stage::Days => {
                if phase == Phase::Close {
                    self.expire(playing, |order| order.tif == TimeInForce::Day);
                }
                None
            }
        };
        self.playing = stage.map(|stage| Playing { stage, ..playing });
        Ok(())
    }

    fn expire(&mut self, playing: Playing, which: impl Fn(&Order) -> bool) {
        let Playing { ix, phase, at, .. } = playing;
        let orders = self.rows[ix.index()].orders.iter();
        let gone = orders.filter(|order| which(order) && order.has_expired(phase, at)).map(|order| order.n);
        for n in gone.collect::<Vec<_>>() {
            self.close(ix, n, End::Expired, Word::Expired, at);
        }
    }

    fn next_turn(&self, playing: &Playing) -> Option<Turn> {
        let Playing { ix, phase, at, fence, .. } = *playing;
        let acts = |order: &Order| {
            if order.acted == self.moments || !order.takes_part(fence, at) {
                return None;
            }
            let hit = order.touch(phase, &playing.sides);
            let decided = order.is_immediate() && phase != Phase::Range;
            (hit.is_some() || decided).then_some((order.rank(), Turn { ix, n: order.n, at, hit }))
        };
        let turns = self.rows[ix.index()].orders.iter().filter_map(acts);
        turns.min_by_key(|(rank, turn)| (*rank, turn.n)).map(|(_, turn)| turn)
    }

    /// An order that came while a quote stood.
    fn meet_standing(&mut self, ix: InstrumentIx, n: u64) -> Result<(), Overflow> {
        let row = &self.rows[ix.index()];
        let (Some(quoted), Some(mark), Some(place)) = (row.standing, row.mark, row.place(n)) else {
            return Ok(());
        };
        let order = &row.orders[place];
        let hit = order.touch(Phase::Quote, &Sides::of_mark(&mark));
        if hit.is_none() && !order.is_immediate() {
            return Ok(());
        }
        self.act(Turn { ix, n, at: quoted.max(order.accepted), hit })
    }
}

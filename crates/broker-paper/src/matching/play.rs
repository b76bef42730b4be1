//! A moment from its beginning to its end: which order acts next, and when none is left.
//!
//! 1. Orders whose date has passed end first.
//! 2. Then orders act, each at most once in a moment: stops before all else, limits last, the older first.
//! 3. Then trailing stops follow what they have seen, and at a close the day's orders end.

use broker_api::{Bar, End, InstrumentIx, OrderKind, Overflow, Qty, Ratio, Time, TimeInForce, VenueEvent};
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

impl Budget {
    /// The share of a bar's volume; one that does not fit is no limit.
    fn of(bar: &Bar, participation: Option<Ratio>) -> Option<Self> {
        let (volume, part) = bar.volume.zip(participation)?;
        Some(Self { opens: bar.opens, left: Qty::new(volume.get().checked_mul(part.get())?).ok()? })
    }
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
        let (Some(row), Some(configured)) = (self.rows.get_mut(ix.index()), self.spreads.get(ix.index()))
        else {
            return;
        };
        let (phase, bar, mid) = match moment {
            Moment::Open { bar, .. } => (Phase::Open, bar, bar.open),
            Moment::Close { bar, .. } => (Phase::Close, bar, bar.close),
            Moment::Range { bar, .. } => (Phase::Range, bar, bar.open),
            Moment::Quote { quote, .. } => {
                if quote.is_crossed() {
                    return;
                }
                (row.standing, row.budget) = (Some(quote.at), None);
                let mark = Mark { bid: quote.bid, ask: quote.ask };
                return self.enter(ix, Phase::Quote, quote.at, &mark);
            }
        };
        row.standing = None;
        let kept = row.budget.filter(|known| phase != Phase::Open && known.opens == bar.opens);
        row.budget = kept.or_else(|| Budget::of(bar, self.settings.participation));
        let spread = || Spread::own(bar).unwrap_or(*configured);
        if phase != Phase::Range {
            // Where the spread leaves no bid, the last prices stay what they were.
            if let Ok(mark) = spread().around(mid) {
                self.enter(ix, phase, moment.at(), &mark);
            }
        } else if !row.orders.is_empty()
            && let Ok(sides) = Sides::of_range(bar, &spread())
        {
            self.meet(ix, phase, moment.at(), sides);
        }
    }

    /// Plays the open, the range and the close of a bar in one go, when nothing comes of them but the last prices: no order of
    /// the instrument is touched, ends or follows. Says whether it is so; otherwise nothing is done.
    pub fn pass(&mut self, ix: InstrumentIx, bar: &Bar) -> bool {
        let (Some(row), Some(configured)) = (self.rows.get_mut(ix.index()), self.spreads.get(ix.index()))
        else {
            return false;
        };
        if self.playing.is_some() || !self.pending.is_empty() || !self.fresh.is_empty() {
            return false;
        }
        let spread = Spread::own(bar).unwrap_or(*configured);
        let Ok(mark) = spread.around(bar.close) else { return false };
        if !row.orders.is_empty() {
            let Some(sides) = Sides::of_range(bar, &spread).ok().filter(|sides| sides.hold(&mark)) else {
                return false;
            };
            if !row.orders.iter().all(|order| order.rests_through(&sides)) {
                return false;
            }
        }
        self.moments += 3;
        (row.standing, row.mark) = (None, Some(mark));
        row.budget = Budget::of(bar, self.settings.participation);
        self.book.get_mut().priced(ix);
        true
    }

    /// Takes new last prices, and lets the orders of the instrument meet them, if there are any.
    fn enter(&mut self, ix: InstrumentIx, phase: Phase, at: Time, mark: &Mark) {
        let row = &mut self.rows[ix.index()];
        row.mark = Some(*mark);
        self.book.get_mut().priced(ix);
        if !row.orders.is_empty() {
            self.meet(ix, phase, at, Sides::of_mark(mark));
        }
    }

    fn meet(&mut self, ix: InstrumentIx, phase: Phase, at: Time, sides: Sides) {
        let fence = self.orders + 1;
        self.playing = Some(Playing { ix, phase, at, sides, fence, stage: Stage::Dates });
    }

    /// The next event of the moment, or of an order that met a standing quote; nothing when all is done.
    ///
    /// # Errors
    /// [`Overflow`]; go back to what was saved.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<VenueEvent>, Overflow> {
        // Most moments bring about nothing, which is seen here without making room for an event.
        if self.playing.is_none() && self.pending.is_empty() && self.fresh.is_empty() {
            return Ok(None);
        }
        self.next()
    }

    #[inline(never)]
    fn next(&mut self) -> Result<Option<VenueEvent>, Overflow> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Some(event));
            }
            if let Some(playing) = &self.playing {
                let stage = playing.stage;
                self.go_on(stage)?;
            } else if let Some((ix, n)) = self.fresh.first().copied() {
                self.meet_standing(ix, n)?;
                self.fresh.retain(|(_, fresh)| *fresh != n);
            } else {
                return Ok(None);
            }
        }
    }

    /// Goes on with the moment that is being played. Its prices are read where they stand: they are many bytes, and
    /// most moments leave all orders alone.
    fn go_on(&mut self, stage: Stage) -> Result<(), Overflow> {
        let next = match stage {
            Stage::Dates => {
                self.expire(|order| matches!(order.tif, TimeInForce::Gtd(_)));
                Some(Stage::Orders)
            }
            Stage::Orders => {
                if let Some(turn) = self.next_turn() {
                    return self.act(turn);
                }
                self.follow()?;
                Some(Stage::Days)
            }
            Stage::Days => {
                if self.playing.as_ref().is_some_and(|playing| playing.phase == Phase::Close) {
                    self.expire(|order| order.tif == TimeInForce::Day);
                }
                None
            }
        };
        match (next, &mut self.playing) {
            (Some(stage), Some(playing)) => playing.stage = stage,
            _ => self.playing = None,
        }
        Ok(())
    }

    fn expire(&mut self, which: impl Fn(&Order) -> bool) {
        let Some(Playing { ix, phase, at, .. }) = self.playing else { return };
        let expired = |order: &&Order| which(order) && order.has_expired(phase, at);
        while let Some(n) = self.rows[ix.index()].orders.iter().find(expired).map(|order| order.n) {
            self.close(ix, n, End::Expired, Word::Expired, at);
        }
    }

    fn next_turn(&self) -> Option<Turn> {
        let Playing { ix, phase, at, ref sides, fence, .. } = *self.playing.as_ref()?;
        let mut first = None;
        for order in &self.rows[ix.index()].orders {
            if order.acted == self.moments || !order.takes_part(fence, at) {
                continue;
            }
            let hit = order.touch(phase, sides);
            let decided = order.is_immediate() && phase != Phase::Range;
            if hit.is_some() || decided {
                // They stand by age, so among equals the one that is first stays first.
                let rank = order.rank();
                if first.as_ref().is_none_or(|(before, _)| rank < *before) {
                    first = Some((rank, Turn { ix, n: order.n, at, hit }));
                }
            }
        }
        first.map(|(_, turn)| turn)
    }

    /// Lets trailing stops follow what the moment showed them.
    fn follow(&mut self) -> Result<(), Overflow> {
        let Some(Playing { ix, at, sides, fence, .. }) = &self.playing else { return Ok(()) };
        for order in &mut self.rows[ix.index()].orders {
            if matches!(order.kind, OrderKind::TrailingStop(_)) && order.takes_part(*fence, *at) {
                order.follow(sides.of(order.side))?;
            }
        }
        Ok(())
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

//! The engine together with all that brings it back: where it stood between two moments, and every step since.
//!
//! 1. The engine is deterministic: the same steps from the same base give the same state and the same rows.
//! 2. The base is taken only between moments. In the middle of one, the engine's progress is the steps since.
//! 3. Nothing here writes. What a step gave is handed out; whether it counts is decided by the file.

use std::sync::Arc;

use broker_api::{Catalog, ClientOrderId, Intent, Overflow, Time};

use super::error::VenueError;
use super::text::{AcceptedText, RefusedText, Row, TransferredText};
use crate::matching::{Matching, Moment, Saved, Settings, TooLate, TransferIn};

/// One step of the engine.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    /// An order came.
    Accept { at: Time, intent: Box<Intent> },
    /// A cancel that was not too late came.
    Cancel { at: Time, order: ClientOrderId },
    /// Positions and cash came from outside.
    Transfer { at: Time, transfer: Box<TransferIn> },
    /// A moment began.
    Begin(Moment),
    /// The moment's next event was taken, or its end was seen.
    Next,
}

/// What the engine follows.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub catalog: Arc<Catalog>,
    pub settings: Settings,
}

impl Rules {
    pub(super) fn same(&self, other: &Self) -> bool {
        self.settings == other.settings
            && self.catalog.len() == other.catalog.len()
            && self.catalog.iter().map(|(_, i)| i).eq(other.catalog.iter().map(|(_, i)| i))
    }

    /// A moment of these rules' catalog as one of another's, where its instrument may have another place.
    pub(super) fn moved(&self, moment: &Moment, to: &Self) -> Option<Moment> {
        let ix = to.catalog.find(self.catalog.get(moment.ix())?.key)?;
        Some(match *moment {
            Moment::Open { bar, .. } => Moment::Open { ix, bar },
            Moment::Range { bar, .. } => Moment::Range { ix, bar },
            Moment::Close { bar, .. } => Moment::Close { ix, bar },
            Moment::Quote { quote, .. } => Moment::Quote { ix, quote },
        })
    }
}

/// How far time and prices have come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub clock: Option<Time>,
    /// The time of the last moment that began.
    pub last: Option<Time>,
    /// The moments of that time that were played to their end.
    pub played: Vec<Moment>,
    /// The moment that is being played.
    pub current: Option<Moment>,
}

impl Place {
    pub(super) fn set(&mut self, at: Time) {
        self.clock = self.clock.max(Some(at));
    }

    fn begin(&mut self, moment: Moment) {
        let at = moment.at();
        if self.last != Some(at) {
            self.played.clear();
        }
        self.last = Some(at);
        self.current = Some(moment);
        self.set(at);
    }

    fn end(&mut self) {
        self.played.extend(self.current.take());
    }

    /// Whether a moment is one of those that were played; earlier ones are not known any more.
    pub(super) fn has_played(&self, moment: &Moment) -> bool {
        self.last == Some(moment.at()) && self.played.iter().any(|other| is_same(other, moment))
    }
}

/// Whether two moments are the same one. A bar that is read again may have been corrected since: what was played
/// is what counts. Quotes of one time may be several.
pub(super) fn is_same(a: &Moment, b: &Moment) -> bool {
    match (a, b) {
        (Moment::Quote { .. }, _) | (_, Moment::Quote { .. }) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a.ix() == b.ix() && a.at() == b.at(),
    }
}

/// The engine between two moments.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub saved: Saved,
    pub seq: u64,
    pub place: Place,
}

/// See above.
pub(super) struct Machine {
    pub engine: Matching,
    rules: Rules,
    base: Base,
    ops: Vec<Op>,
    pub place: Place,
    /// The last row that was given.
    pub seq: u64,
}

impl Machine {
    /// A new account.
    pub(super) fn new(rules: Rules) -> Self {
        let engine = Matching::new(Arc::clone(&rules.catalog), rules.settings.clone());
        let base = Base { saved: engine.save(), seq: 0, place: Place::default() };
        Self { engine, rules, base, ops: Vec::new(), place: Place::default(), seq: 0 }
    }

    /// The account as it stood.
    pub(super) fn restore(rules: Rules, base: Base) -> Result<Self, crate::matching::BadSaved> {
        let engine =
            Matching::restore(Arc::clone(&rules.catalog), rules.settings.clone(), base.saved.clone())?;
        let (place, seq) = (base.place.clone(), base.seq);
        Ok(Self { engine, rules, base, ops: Vec::new(), place, seq })
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    /// The steps since the base.
    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// How it was `ops` steps after the base.
    pub(super) fn rebuilt(&self, ops: usize) -> Result<Self, VenueError> {
        // What the engine saved it takes back.
        let mut before =
            Self::restore(self.rules.clone(), self.base.clone()).map_err(|_| VenueError::Stopped)?;
        for op in self.ops.iter().take(ops) {
            before.step(op.clone())?;
        }
        before.place.clock = self.place.clock;
        Ok(before)
    }

    /// Takes the present as the new base; only between two moments.
    pub(super) fn rebase(&mut self) {
        if self.place.current.is_none() {
            self.base = Base { saved: self.engine.save(), seq: self.seq, place: self.place.clone() };
            self.ops.clear();
        }
    }

    /// Goes on by other rules; only between two moments.
    pub(super) fn change_rules(&mut self, rules: Rules) -> Result<(), crate::matching::BadSaved> {
        let mut place = self.place.clone();
        place.played = place.played.iter().filter_map(|moment| self.rules.moved(moment, &rules)).collect();
        *self = Self::restore(rules, Base { saved: self.engine.save(), seq: self.seq, place })?;
        Ok(())
    }

    /// One step; gives the rows of the log that it makes.
    ///
    /// # Errors
    /// A figure that does not fit. The engine is then in the middle of something: go back.
    pub(super) fn step(&mut self, op: Op) -> Result<Vec<Row>, Overflow> {
        let mut rows = Vec::new();
        match &op {
            Op::Accept { at, intent } => {
                let at = *at;
                self.place.set(at);
                match self.engine.accept(intent, at) {
                    Ok(()) => {
                        let venue_order = self.engine.order(intent.id).and_then(|order| order.venue_order);
                        rows.push(Row::Accepted(Box::new(AcceptedText {
                            at,
                            venue_order,
                            intent: **intent,
                        })));
                        self.drain(&mut rows)?;
                    }
                    Err(no) => rows.push(Row::Refused(Box::new(RefusedText {
                        at,
                        code: no.code,
                        text: no.text,
                        intent: **intent,
                    }))),
                }
            }
            Op::Cancel { at, order } => {
                self.place.set(*at);
                if let Ok(event) = self.engine.cancel(*order, *at) {
                    rows.push(Row::Event(Box::new(event)));
                    self.drain(&mut rows)?;
                }
            }
            Op::Transfer { at, transfer } => {
                self.place.set(*at);
                // One that is refused is not made a step.
                if let Ok(done) = self.engine.transfer(transfer) {
                    let (at, transfer) = (*at, (**transfer).clone());
                    rows.push(Row::Transferred(Box::new(TransferredText { at, transfer, done })));
                }
            }
            Op::Begin(moment) => {
                self.engine.begin(moment);
                self.place.begin(*moment);
            }
            Op::Next => match self.engine.next_event()? {
                Some(event) => rows.push(Row::Event(Box::new(event))),
                None => self.place.end(),
            },
        }
        self.ops.push(op);
        self.seq += rows.len() as u64;
        Ok(rows)
    }

    /// Why a cancel would come too late, if it would.
    pub(super) fn is_too_late(&self, order: ClientOrderId) -> Option<TooLate> {
        match self.engine.order(order) {
            None => Some(TooLate::Unknown),
            Some(found) => found.end.map(|_| TooLate::Over),
        }
    }

    /// What an order or a cancel brings about at the standing prices. During a moment it is left to the moment.
    fn drain(&mut self, rows: &mut Vec<Row>) -> Result<(), Overflow> {
        if self.place.current.is_none() {
            while let Some(event) = self.engine.next_event()? {
                rows.push(Row::Event(Box::new(event)));
            }
        }
        Ok(())
    }
}

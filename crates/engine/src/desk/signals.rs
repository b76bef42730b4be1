//! A signal's life in the desk: taken in once, acted upon, and ended in exactly one way.
//!
//! How a signal that made orders ends is derived from how they ended; nothing is remembered beside the book.
//! An exit that was taken in is carried out even when its time passes meanwhile: to hold on to what the strategy
//! wants gone is not the safe side.

use broker_api::{
    Code, Digest, Direction, End, Ending, Key, Marks, Phase, Price, Protection, Purpose, Reason, Record,
    Scope, Signal, SignalId, Symbol, Wanted, planted,
};
use risk::Verdict;
use state::Illegal;
use state::book::{Order, SignalState};

use super::opening::Stands;
use super::{AGAIN, Step};
use crate::calendar::Opening;

const UNKNOWN_SYMBOL: Code = Code::fixed("unknown_symbol");
const EXPIRED: Code = Code::fixed("expired");
const POSITION_OPEN: Code = Code::fixed("position_open");
const NOTHING_HELD: Code = Code::fixed("nothing_held");
const ALREADY_CLOSING: Code = Code::fixed("already_closing");
const CLOSED_BY_LEG: Code = Code::fixed("closed_by_leg");
const STOP_SIDE: Code = Code::fixed("stop_side");
const UNCHANGED: Code = Code::fixed("unchanged");
const NO_PRICE: Code = Code::fixed("no_price");
const NO_CONTACT: Code = Code::fixed("no_contact");
const NO_EQUITY: Code = Code::fixed("no_equity");
const SIGNAL: Code = Code::fixed("signal");
/// As the check says it.
const REPEATED: Code = Code::fixed("repeated_execution");

/// How a signal ends.
struct Outcome {
    ending: Ending,
    reason: Option<Reason>,
    marks: Option<Marks>,
}

impl Outcome {
    const fn plain(ending: Ending) -> Self {
        Self { ending, reason: None, marks: None }
    }

    fn because(ending: Ending, code: Code, text: impl Into<Box<str>>) -> Self {
        Self { ending, reason: Some(Reason::plain(code, text)), marks: None }
    }
}

impl Step<'_> {
    /// Takes a signal in, once by its id, and acts upon it.
    pub(super) fn signal(&mut self, signal: &Signal, digest: Digest) -> Result<(), Illegal> {
        if let Some(known) = self.book.signal(signal.id) {
            // Told once: other contents that come again and again must not make the journal grow.
            if known.digest == digest || known.conflict.is_some() {
                return Ok(());
            }
            return self.put(Record::SignalConflicted { signal: signal.id, digest });
        }
        self.put(Record::SignalTaken { signal: *signal, digest })?;
        self.act(signal)
    }

    /// Ends what has ended, and tries again what waits.
    pub(super) fn end_signals(&mut self) -> Result<(), Illegal> {
        let open: Vec<SignalId> = self.book.open_signals().collect();
        for id in open {
            let Some(state) = self.book.signal(id) else { continue };
            let signal = state.signal;
            let outcome = match signal.wanted {
                Wanted::Enter { .. } if self.made(state, Purpose::Entry).next().is_some() => {
                    self.entered(state)
                }
                Wanted::Exit if self.is_exiting(signal.id) => None,
                // It was wanted in the step that took it in, or it would have ended there.
                Wanted::Exit => Some(self.exited(state)),
                // It waited for its market. A process that began since has not seen a price yet, and reads it next.
                Wanted::Enter { .. } if signal.expires_at > self.now && !self.is_priced(signal.symbol) => {
                    self.due_at(signal.expires_at);
                    continue;
                }
                Wanted::Enter { .. } | Wanted::Adjust { .. } => {
                    self.act(&signal)?;
                    continue;
                }
            };
            if let Some(outcome) = outcome {
                self.end(signal.id, outcome)?;
            }
        }
        Ok(())
    }

    fn act(&mut self, signal: &Signal) -> Result<(), Illegal> {
        if signal.expires_at <= self.now {
            let text = format!("it expired at {}, before it could be acted upon", signal.expires_at);
            return self.end(signal.id, Outcome::because(Ending::Expired, EXPIRED, text));
        }
        let Some(key) =
            self.setup.catalog.find_symbol(signal.symbol).and_then(|ix| self.setup.catalog.get(ix))
        else {
            let text = format!("{} is not among the instruments of this run", signal.symbol);
            return self.end(signal.id, Outcome::because(Ending::Denied, UNKNOWN_SYMBOL, text));
        };
        let key = key.key;
        let outcome = match signal.wanted {
            Wanted::Enter { .. } => self.enter(key, signal)?,
            Wanted::Exit => self.want_exit(key, signal)?,
            Wanted::Adjust { plan } => Some(self.adjust(key, signal, plan)?),
        };
        match outcome {
            Some(outcome) => {
                let repeats = outcome.reason.as_ref().filter(|reason| reason.code == REPEATED).cloned();
                self.end(signal.id, outcome)?;
                match repeats {
                    Some(reason) => self.stop(Scope::Strategy(signal.strategy), reason, None),
                    None => Ok(()),
                }
            }
            None => Ok(()),
        }
    }

    fn enter(&mut self, key: Key, signal: &Signal) -> Result<Option<Outcome>, Illegal> {
        if let Some(position) = self.book.position(key) {
            let text = format!(
                "{} of {} are held already; a position is not added to",
                position.held.size(),
                key.symbol
            );
            return Ok(Some(Outcome::because(Ending::Denied, POSITION_OPEN, text)));
        }
        let policy = &self.setup.policy;
        let intent = match self.with_order_view(key, |view| orders::entry(signal, view, policy)) {
            Some(Ok(intent)) => intent,
            Some(Err(reason)) => {
                if reason.code == NO_PRICE && self.is_silent(key.venue) {
                    return Ok(self.unheard(key, signal));
                }
                // Where no size can be made of what is not known, why it is not known says more.
                let away = self.away_but(key.venue).and_then(|away| away.stops(self.now));
                let reason = away.filter(|_| reason.code == NO_EQUITY).unwrap_or(reason);
                return Ok(Some(Outcome { ending: Ending::Denied, reason: Some(reason), marks: None }));
            }
            None => {
                let text = format!("{} is not connected in this run", key.venue);
                return Ok(Some(Outcome::because(Ending::Denied, UNKNOWN_SYMBOL, text)));
            }
        };
        match self.stands(&intent) {
            Stands::Goes => {}
            Stands::Waits => {
                self.due_at(signal.expires_at);
                return Ok(None);
            }
            Stands::Denied(reason) => {
                return Ok(Some(Outcome { ending: Ending::Denied, reason: Some(reason), marks: None }));
            }
        }
        match self.review(&intent, None) {
            Some(Verdict::Approved { order, marks, .. }) => {
                self.send(order, marks)?;
                Ok(None)
            }
            Some(Verdict::Denied { reason, marks, .. }) => {
                Ok(Some(Outcome { ending: Ending::Denied, reason: Some(reason), marks: Some(marks) }))
            }
            Some(Verdict::Wait { .. }) | None => {
                self.due_at((self.now + AGAIN).min(signal.expires_at));
                Ok(None)
            }
        }
    }

    /// An entry at a venue that does not answer, and whose price nobody has: it waits where its market is closed, and is denied
    /// as soon as it could be sent.
    fn unheard(&mut self, key: Key, signal: &Signal) -> Option<Outcome> {
        if self.opening(key) == Opening::Closed {
            self.due_at(signal.expires_at);
            return None;
        }
        let text = format!("{} has not answered; look at the connection", key.venue);
        Some(Outcome::because(Ending::Denied, NO_CONTACT, text))
    }

    fn want_exit(&mut self, key: Key, signal: &Signal) -> Result<Option<Outcome>, Illegal> {
        if let Some(exit) = self.book.exit_wanted(key) {
            let text = format!("{} is being closed already ({})", key.symbol, exit.code);
            return Ok(Some(Outcome::because(Ending::Denied, ALREADY_CLOSING, text)));
        }
        if self.book.position(key).is_none() && !self.book.has_open_entry(key) {
            let text = format!("nothing is held of {}", key.symbol);
            return Ok(Some(Outcome::because(Ending::Denied, NOTHING_HELD, text)));
        }
        self.put(Record::ExitWanted { key, signal: Some(signal.id), code: SIGNAL })?;
        Ok(None)
    }

    /// Moves the stop, the target, or both of what is held. The legs follow from the plan: the old one is cancelled,
    /// and the new one is sent when that is certain, so that never two of them live.
    fn adjust(&mut self, key: Key, signal: &Signal, plan: Protection) -> Result<Outcome, Illegal> {
        let Some(position) = self.book.position(key) else {
            let text = format!("nothing is held of {}", key.symbol);
            return Ok(Outcome::because(Ending::Denied, NOTHING_HELD, text));
        };
        if let Some(exit) = self.book.exit_wanted(key) {
            let text = format!(
                "{} is being closed ({}), and what is closed has no stop to move",
                key.symbol, exit.code
            );
            return Ok(Outcome::because(Ending::Denied, ALREADY_CLOSING, text));
        }
        let is_there = |wanted: Option<Price>, planned| wanted.is_none() || wanted == planned;
        if is_there(plan.stop, position.plan.stop)
            && is_there(plan.target, position.plan.target)
            && is_there(plan.trail, position.plan.trail)
        {
            let text = "stop and target are so already";
            return Ok(Outcome::because(Ending::Adjusted, UNCHANGED, text));
        }
        let direction = position.direction;
        let Some(quote) = self.market.quote_of(key) else {
            let text = format!("no price of {} to hold the new stop and target against", key.symbol);
            return Ok(Outcome::because(Ending::Denied, NO_PRICE, text));
        };
        let (below, above) = match direction {
            Direction::Long => (plan.stop, plan.target),
            Direction::Short => (plan.target, plan.stop),
        };
        if below.is_some_and(|price| price >= quote.bid) || above.is_some_and(|price| price <= quote.ask) {
            let text = format!(
                "for a {} position the {} belongs below the bid {} and the {} above the ask {}",
                direction.as_str(),
                if direction == Direction::Long { "stop" } else { "target" },
                quote.bid,
                if direction == Direction::Long { "target" } else { "stop" },
                quote.ask
            );
            return Ok(Outcome::because(Ending::Denied, STOP_SIDE, text));
        }
        self.put(Record::PlanSet { key, plan, signal: signal.id })?;
        Ok(Outcome::plain(Ending::Adjusted))
    }

    /// Whether there is any price of a symbol. One that is not traded here is for [`Step::act`] to tell.
    fn is_priced(&self, symbol: Symbol) -> bool {
        let ix = self.setup.catalog.find_symbol(symbol);
        ix.is_none_or(|ix| self.market.quote(ix).is_some())
    }

    /// The orders of one purpose that were made for a signal.
    fn made<'b>(&'b self, state: &'b SignalState, purpose: Purpose) -> impl Iterator<Item = &'b Order> {
        state
            .orders
            .iter()
            .filter_map(|id| self.book.order(*id))
            .filter(move |row| row.intent.purpose == purpose)
    }

    fn is_exiting(&self, id: SignalId) -> bool {
        self.book.exits_wanted().any(|(_, exit)| exit.signal == Some(id))
    }

    /// How an entry signal ended, once none of its orders can fill any more.
    fn entered(&self, state: &SignalState) -> Option<Outcome> {
        let last = self.made(state, Purpose::Entry).last()?;
        let Phase::Done(end) = last.phase else { return None };
        if planted!(SignalNeverEnds) && end == End::NeverSent {
            return None;
        }
        let reason = last.reason.clone();
        let ending = match end {
            End::Filled => Ending::Filled,
            _ if !last.filled.is_zero() => Ending::PartFilled,
            End::Cancelled => Ending::Cancelled,
            End::Expired => Ending::Expired,
            End::Refused => Ending::Rejected,
            End::NeverSent => Ending::NeverSent,
        };
        let reason = reason.filter(|_| ending != Ending::Filled);
        Some(Outcome { ending, reason, marks: None })
    }

    /// How an exit signal ended, once nothing is left to close.
    fn exited(&self, state: &SignalState) -> Outcome {
        if self.made(state, Purpose::Exit).any(|row| !row.filled.is_zero()) {
            return Outcome::plain(Ending::Filled);
        }
        let text =
            "the position was closed by its stop or target, or never opened, before the exit could be sent";
        Outcome::because(Ending::Cancelled, CLOSED_BY_LEG, text)
    }

    fn end(&mut self, signal: SignalId, outcome: Outcome) -> Result<(), Illegal> {
        let Outcome { ending, reason, marks } = outcome;
        self.put(Record::SignalEnded { signal, ending, reason, marks })
    }
}

//! The venue as a [`Broker`]. Every call is done when it returns: nothing is under way behind it.

use async_trait::async_trait;
use broker_api::{
    Account, AccountRef, Activity, AssetClass, Broker, CancelOutcome, Capabilities, ClientOrderId, Cursor,
    Finding, Instrument, Intent, Key, OpenOrder, OrderKind, Proof, Protection, Purpose, QueryFailed,
    SentWindow, Side, SubmitOutcome, Symbol, Time, TimeInForce, VenueDay, VenueEvent, VenueId, VenuePosition,
};
use chrono::NaiveDate;

use super::PaperVenue;
use super::error::VenueError;
use super::machine::Op;
use super::state::State;
use super::text::Row;
use crate::matching::TooLate;

/// The most events that one answer holds.
const PAGE: u32 = 500;
const NO_TIME: &str = "the paper venue has no time yet; set it, or play a price";

fn failed(why: &VenueError) -> QueryFailed {
    QueryFailed { why: why.to_string().into(), transient: why.is_transient() }
}

fn no_time() -> QueryFailed {
    QueryFailed { why: NO_TIME.into(), transient: true }
}

/// The row that a cursor stands for. One from beyond the log's end is of another file.
fn row(cursor: Cursor, head: u64) -> Result<u64, QueryFailed> {
    let text = cursor.as_str();
    let wrong = |why: String| QueryFailed { why: why.into(), transient: false };
    let row: u64 = text
        .parse()
        .ok()
        .filter(|row: &u64| row.to_string() == text)
        .ok_or_else(|| wrong(format!("{text:?} is no place in the paper venue's log")))?;
    if row > head {
        return Err(wrong(format!(
            "the place {row} lies beyond the end of the paper venue's log, which has {head} rows; it is the log \
             of another account, or an old copy"
        )));
    }
    Ok(row)
}

fn cursor(row: u64) -> Result<Cursor, QueryFailed> {
    Cursor::new(&row.to_string()).map_err(|why| QueryFailed { why: why.to_string().into(), transient: false })
}

impl State {
    fn submit(&mut self, intent: &Intent, at: Time) -> Result<SubmitOutcome, VenueError> {
        if self.machine.engine.order(intent.id).is_some() {
            // Not a row: the log tells of this id already.
            let text = format!("the order {} is in the log already", intent.id);
            return Ok(SubmitOutcome::Duplicate { text: text.into() });
        }
        let rows = self.step(Op::Accept { at, intent: Box::new(*intent) })?;
        Ok(match rows.into_iter().next() {
            Some(Row::Accepted(row)) => SubmitOutcome::Accepted { venue_order: row.venue_order },
            Some(Row::Refused(row)) => SubmitOutcome::Refused { code: row.code, text: row.text },
            Some(Row::Event(_) | Row::Transferred(_)) | None => {
                SubmitOutcome::Unknown { why: "no answer to the order".into() }
            }
        })
    }

    fn cancel(&mut self, order: ClientOrderId, at: Time) -> Result<CancelOutcome, VenueError> {
        match self.machine.is_too_late(order) {
            Some(TooLate::Over) => return Ok(CancelOutcome::TooLate),
            Some(TooLate::Unknown) => {
                let why = format!("the paper venue never took an order {order}");
                return Ok(CancelOutcome::NotSent { why: why.into() });
            }
            None => {}
        }
        let rows = self.step(Op::Cancel { at, order })?;
        Ok(if rows.is_empty() { CancelOutcome::TooLate } else { CancelOutcome::Accepted })
    }

    /// Closes all that is held of an instrument, in an order of a name that is none of ours.
    fn close(&mut self, key: Key, at: Time) -> Result<CancelOutcome, VenueError> {
        let held = self.machine.engine.positions().into_iter().find(|position| position.key == key);
        let Some((position, side)) = held.and_then(|row| Some((row, Side::reducing(row.held)?))) else {
            return Ok(CancelOutcome::TooLate);
        };
        let Ok(id) = ClientOrderId::new(&format!("close-{}", self.machine.seq + 1)) else {
            return Ok(CancelOutcome::NotSent { why: "the log is too long for a name".into() });
        };
        let intent = Intent {
            id,
            key,
            signal: None,
            purpose: Purpose::Exit,
            side,
            qty: position.held.size(),
            order: OrderKind::MARKET,
            tif: TimeInForce::Gtc,
            reduce_only: true,
            bracket: false,
            plan: Protection::default(),
            reference: position.average,
            risk: None,
        };
        Ok(match self.submit(&intent, at)? {
            SubmitOutcome::Accepted { .. } => CancelOutcome::Accepted,
            SubmitOutcome::Refused { text, .. } => CancelOutcome::NotSent { why: text },
            _ => CancelOutcome::Unknown { why: "no answer to the order".into() },
        })
    }

    fn activity(&self, since: Option<Cursor>) -> Result<Activity, QueryFailed> {
        let head = self.machine.seq;
        let since = since.map_or(Ok(0), |cursor| row(cursor, head))?;
        let mut found = self.log.rows("event", since, PAGE + 1).map_err(|why| failed(&why))?;
        let complete = found.len() <= PAGE as usize;
        found.truncate(PAGE as usize);
        let end = if complete { head } else { found.last().map_or(head, |(seq, _)| *seq) };
        let events = found
            .iter()
            .map(|(_, event)| serde_json::from_str(event))
            .collect::<serde_json::Result<Vec<VenueEvent>>>()
            .map_err(|why| failed(&VenueError::unreadable(self.log.path(), "log", why)))?;
        Ok(Activity { events, cursor: cursor(end)?, complete })
    }
}

#[async_trait]
impl Broker for PaperVenue {
    fn id(&self) -> VenueId {
        self.of.venue
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn instrument(&self, symbol: Symbol) -> Result<Option<Instrument>, QueryFailed> {
        Ok(self.catalog.instrument(Key { venue: self.of.venue, symbol }).cloned())
    }

    async fn clock(&self) -> Result<Time, QueryFailed> {
        let state = self.settled().map_err(|why| failed(&why))?;
        state.machine.place.clock.ok_or_else(no_time)
    }

    // It trades whatever has a price.
    async fn days(
        &self,
        _class: AssetClass,
        _from: NaiveDate,
        _count: u32,
    ) -> Result<Option<Vec<VenueDay>>, QueryFailed> {
        Ok(None)
    }

    async fn identity(&self) -> Result<AccountRef, QueryFailed> {
        Ok(self.of)
    }

    async fn submit(&self, intent: &Intent, _mark: Cursor) -> SubmitOutcome {
        let done = self.settled().and_then(|mut state| match state.machine.place.clock {
            None => Ok(SubmitOutcome::NotSent { why: NO_TIME.into() }),
            Some(at) => state.submit(intent, at),
        });
        done.unwrap_or_else(|why| SubmitOutcome::Unknown { why: why.to_string().into() })
    }

    async fn cancel(&self, order: ClientOrderId) -> CancelOutcome {
        let done = self.settled().and_then(|mut state| match state.machine.place.clock {
            None => Ok(CancelOutcome::NotSent { why: NO_TIME.into() }),
            Some(at) => state.cancel(order, at),
        });
        done.unwrap_or_else(|why| CancelOutcome::Unknown { why: why.to_string().into() })
    }

    async fn close(&self, key: Key) -> CancelOutcome {
        let done = self.settled().and_then(|mut state| match state.machine.place.clock {
            None => Ok(CancelOutcome::NotSent { why: NO_TIME.into() }),
            Some(at) => state.close(key, at),
        });
        done.unwrap_or_else(|why| CancelOutcome::Unknown { why: why.to_string().into() })
    }

    // The log is complete, and no command is under way: what it does not hold now never arrived.
    async fn find(
        &self,
        order: ClientOrderId,
        mark: Cursor,
        _sent: SentWindow,
    ) -> Result<Finding, QueryFailed> {
        let state = self.settled().map_err(|why| failed(&why))?;
        if let Some(order) = state.machine.engine.order(order) {
            return Ok(Finding::Found { order });
        }
        let head = state.machine.seq;
        row(mark, head)?;
        Ok(Finding::Absent { proof: Proof::CompleteLog { from: mark, to: cursor(head)? } })
    }

    async fn open_orders(&self) -> Result<Vec<OpenOrder>, QueryFailed> {
        let state = self.settled().map_err(|why| failed(&why))?;
        Ok(state.machine.engine.open_orders())
    }

    async fn positions(&self) -> Result<Vec<VenuePosition>, QueryFailed> {
        let state = self.settled().map_err(|why| failed(&why))?;
        Ok(state.machine.engine.positions())
    }

    async fn account(&self) -> Result<Account, QueryFailed> {
        let state = self.settled().map_err(|why| failed(&why))?;
        let now = state.machine.place.clock.ok_or_else(no_time)?;
        state.machine.engine.account(now).map_err(|why| failed(&why.into()))
    }

    async fn activity_since(&self, cursor: Option<Cursor>) -> Result<Activity, QueryFailed> {
        self.settled().map_err(|why| failed(&why))?.activity(cursor)
    }

    async fn hint(&self) {
        std::future::pending::<()>().await;
    }
}

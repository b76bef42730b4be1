//! The matching engine as the desk sees a venue: answers at once, and a log that is read by its place.
//!
//! It says what the paper venue says, word for word, so that both make the same records. The rows of the log are
//! counted and not kept: what is in it was told.

use broker_api::{
    Account, Activity, Bar, CancelOutcome, Cursor, Finding, InstrumentIx, Overflow, Proof, Quote,
    SubmitOutcome, Time, VenueEvent, VenueId,
};
use broker_paper::matching::{Matching, Moment, TooLate};

use crate::command::Command;
use crate::input::Input;

/// See the module.
#[derive(Debug)]
pub(super) struct Exchange {
    engine: Matching,
    /// How many rows the log has.
    rows: u64,
    /// Rows that were not told yet.
    unread: Vec<VenueEvent>,
    /// A moment is being played: what comes of an order is left to it.
    is_playing: bool,
}

impl Exchange {
    pub(super) const fn new(engine: Matching) -> Self {
        Self { engine, rows: 0, unread: Vec::new(), is_playing: false }
    }

    pub(super) const fn engine(&self) -> &Matching {
        &self.engine
    }

    pub(super) fn venue(&self) -> VenueId {
        self.engine.settings().venue
    }

    /// Where the log ends.
    #[expect(clippy::expect_used, reason = "at most twenty digits, and a test makes the longest")]
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(&self.rows.to_string()).expect("a place in a log")
    }

    pub(super) fn account(&self, now: Time) -> Result<Account, Overflow> {
        self.engine.account(now)
    }

    pub(super) fn read_again(&self, account: &mut Account, now: Time) -> Result<bool, Overflow> {
        self.engine.read_again(account, now)
    }

    /// Plays a whole bar of which nothing comes but what the desk gets to see at its close. Otherwise nothing is done.
    pub(super) fn pass(&mut self, ix: InstrumentIx, bar: &Bar) -> Option<Quote> {
        let (instrument, costs) = (self.engine.catalog().get(ix)?, &self.engine.settings().costs);
        let quote = Moment::seen(bar, bar.close, bar.closes, instrument, costs)?;
        self.engine.pass(ix, bar).then_some(quote)
    }

    pub(super) fn begin(&mut self, moment: &Moment) {
        self.engine.begin(moment);
        self.is_playing = true;
    }

    /// What the desk gets to see of a moment's prices; nothing of a range.
    pub(super) fn seen(&self, moment: &Moment) -> Option<Quote> {
        if matches!(moment, Moment::Range { .. }) {
            return None;
        }
        moment.quote_in_ticks(self.engine.catalog().get(moment.ix())?, &self.engine.settings().costs)
    }

    /// The moment's next event, as the log tells it; nothing when the moment is over.
    pub(super) fn next(&mut self) -> Result<Option<Input>, Overflow> {
        let Some(event) = self.engine.next_event()? else {
            self.is_playing = false;
            return Ok(None);
        };
        self.log(&event);
        Ok(Some(self.read_log()))
    }

    /// What the log tells since it was last read.
    pub(super) fn read_log(&mut self) -> Input {
        let events = std::mem::take(&mut self.unread);
        let activity = Activity { events, cursor: self.cursor(), complete: true };
        Input::Activity { venue: self.venue(), activity }
    }

    /// Carries out one command; gives its answer.
    pub(super) fn carry_out(&mut self, command: Command, now: Time) -> Result<Input, Overflow> {
        match command {
            Command::Submit { order, attempt, send_by, .. } => {
                let intent = order.open();
                let outcome = if now > send_by {
                    SubmitOutcome::NotSent { why: format!("its time to be sent ended at {send_by}").into() }
                } else {
                    self.accept(&intent, now)?
                };
                Ok(Input::Submitted { order: intent.id, attempt, outcome })
            }
            Command::Cancel { order, .. } => {
                let outcome = match self.engine.cancel(order, now) {
                    Ok(event) => {
                        self.log(&event);
                        self.settle()?;
                        CancelOutcome::Accepted
                    }
                    Err(TooLate::Over) => CancelOutcome::TooLate,
                    Err(TooLate::Unknown) => {
                        let why = format!("the paper venue never took an order {order}");
                        CancelOutcome::NotSent { why: why.into() }
                    }
                };
                Ok(Input::Cancelled { order, outcome })
            }
            // What is little is closed by an order here, so nobody asks for it.
            Command::Close { key } => {
                let why = "history closes nothing by itself".into();
                Ok(Input::Closing { key, outcome: CancelOutcome::NotSent { why } })
            }
            Command::Find { order, mark, .. } => {
                let finding = self.engine.order(order).map_or_else(
                    || Finding::Absent { proof: Proof::CompleteLog { from: mark, to: self.cursor() } },
                    |order| Finding::Found { order },
                );
                Ok(Input::Found { order, finding: Some(finding) })
            }
        }
    }

    fn accept(&mut self, intent: &broker_api::Intent, now: Time) -> Result<SubmitOutcome, Overflow> {
        if self.engine.knows(intent.id) {
            let text = format!("the order {} is in the log already", intent.id);
            return Ok(SubmitOutcome::Duplicate { text: text.into() });
        }
        self.rows += 1;
        match self.engine.accept(intent, now) {
            Ok(()) => {
                let venue_order = self.engine.order(intent.id).and_then(|order| order.venue_order);
                self.settle()?;
                Ok(SubmitOutcome::Accepted { venue_order })
            }
            Err(no) => Ok(SubmitOutcome::Refused { code: no.code, text: no.text }),
        }
    }

    fn log(&mut self, event: &VenueEvent) {
        self.rows += 1;
        self.unread.push(*event);
    }

    /// What an order or a cancel brings about at standing prices; during a moment it is left to the moment.
    fn settle(&mut self) -> Result<(), Overflow> {
        if !self.is_playing {
            while let Some(event) = self.engine.next_event()? {
                self.log(&event);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use broker_api::Cursor;

    #[test]
    fn every_place_is_a_cursor() {
        assert!(Cursor::new(&u64::MAX.to_string()).is_ok());
    }
}

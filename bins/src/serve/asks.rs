//! What people and other verbs ask of the process.

use broker_api::Level;
use engine::{Input, Operator};
use serde_json::{Value, json};

use super::{Batch, From, Serving};
use crate::clock;
use crate::control::{Answer, Asked, What};
use crate::failure::Failure;

/// What came of an ask.
pub enum Done {
    /// It was done.
    Data(Value),
    /// It was not.
    Refused(String),
}

impl Serving {
    /// Does what is asked.
    ///
    /// # Errors
    /// A journal that fails. A folder that fails is told: who asked hears nothing, and knows what to do then.
    pub(super) fn asks(mut self) -> Result<Self, Failure> {
        let found = match self.inbox.look(clock::now(), self.pass.runner().head().seq) {
            Ok(found) => found,
            Err(error) => {
                self.out.warn("control_unread", &format!("what is asked cannot be read: {error}"));
                return Ok(self);
            }
        };
        for mut asked in found {
            match asked.what.clone() {
                What::Act(act) => {
                    let (serving, done) = self.acts(act)?;
                    self = serving;
                    self.answers(&asked, done);
                }
                What::Signals => {
                    let signals = std::mem::take(&mut asked.handed);
                    let intake = engine::intake::Intake { signals, ..Default::default() };
                    self = self.take(Batch { intake, from: From::Asked(asked) })?;
                }
            }
        }
        Ok(self)
    }

    fn acts(mut self, act: Operator) -> Result<(Self, Done), Failure> {
        let level = self.pass.book().guard().level;
        let unread = self.pass.book().history_wanted().next().map(|(venue, _)| venue);
        let loosens = matches!(act, Operator::Level { level: Level::Trading, .. });
        let now = self.pass.now();
        let book = self.pass.book();
        if loosens && let Err(refused) = risk::loosened(book.guard(), engine::unclear(book), now) {
            return Ok((self, Done::Refused(format!("level {level} stays: {refused}"))));
        }
        if matches!(act, Operator::Flatten { .. }) && level == Level::Frozen {
            let text =
                "the level is frozen, and nothing is closed by itself: repair, resume, and flatten again";
            return Ok((self, Done::Refused(text.to_owned())));
        }
        let is_needed = match (&act, unread) {
            (Operator::Level { level: Level::Trading, .. }, Some(venue)) => {
                let text = format!("what happened at {venue} is not in the book yet; entries stay off");
                return Ok((self, Done::Refused(text)));
            }
            (Operator::Level { level: Level::Trading, .. }, None) => level != Level::Trading,
            (Operator::Level { level: wanted, .. }, _) => level < *wanted,
            (Operator::Flatten { .. }, _) => level < Level::Flattening,
            (Operator::Disarm { .. }, _) => book.guard().armed.is_some(),
            (
                Operator::Repair { .. }
                | Operator::Arm { .. }
                | Operator::ConfirmLimits { .. }
                | Operator::Stop { .. }
                | Operator::Allow { .. },
                _,
            ) => true,
        };
        let scope = match act {
            Operator::Stop { scope, .. } | Operator::Allow { scope, .. } => Some(scope),
            _ => None,
        };
        if is_needed {
            self.pass = self.pass.act(&[Input::Operator(act)], &mut self.under_way)?;
        }
        let book = self.pass.book();
        let guard = book.guard();
        let is_step = loosens && level > Level::ReduceOnly && guard.level == Level::ReduceOnly;
        let data = json!({
            "level": guard.level,
            "until": guard.until,
            "one_step_more": is_step,
            "why": guard.reason.as_ref().map(|reason| &reason.text),
            "armed_until": guard.armed.as_ref().map(|armed| armed.until),
            "confirmed": guard.confirmed,
            "part_stopped": scope.and_then(|scope| guard.stopped_at(scope)).map(|stop| &stop.reason.text),
            "positions": book.positions().len(),
            "open_orders": book.open_orders().len(),
        });
        Ok((self, Done::Data(data)))
    }

    /// Says what came of an ask.
    pub(super) fn answers(&self, asked: &Asked, done: Done) {
        let (refused, data) = match done {
            Done::Data(data) => (None, data),
            Done::Refused(why) => (Some(why.into()), Value::Null),
        };
        self.out.step("answer");
        let answer = Answer { at: clock::now(), seq: self.pass.runner().head().seq, refused, data };
        if let Err(error) = self.inbox.answer(asked, &answer) {
            self.out.warn("control_unread", &format!("what came of an ask cannot be written: {error}"));
        }
    }
}

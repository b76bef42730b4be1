//! Parts of trading whose entries are stopped: machines only tighten, and what has a time ends then.

use broker_api::{Allowed, By, Reason, Scope, Stopped, Time, planted};

use super::Book;
use super::fold::{No, no};

impl Book {
    /// Entries of a part of trading are stopped. What is stopped already can only be stopped for longer.
    pub(super) fn stopped(
        &mut self,
        scope: Scope,
        reason: &Reason,
        until: Option<Time>,
        at: Time,
    ) -> Result<(), No> {
        let known = self.guard.stopped.iter_mut().find(|known| known.scope == scope);
        let Some(known) = known else {
            self.guard.stopped.push(Stopped { scope, since: at, until, reason: reason.clone() });
            return Ok(());
        };
        let is_longer = known.until.is_some_and(|end| until.is_none_or(|until| until > end));
        if !is_longer {
            return no(format!("entries of {scope} are stopped already, and not for less"));
        }
        (known.until, known.reason) = (until, reason.clone());
        Ok(())
    }

    /// Entries of a part of trading go on: by a person, or by their own time.
    pub(super) fn allowed(&mut self, scope: Scope, by: &By, at: Time) -> Result<(), No> {
        let Some(known) = self.guard.stopped.iter().position(|known| known.scope == scope) else {
            return no(format!("entries of {scope} are not stopped"));
        };
        let is_over = self.guard.stopped[known].until.is_some_and(|until| until <= at);
        if *by == By::Guard && !is_over && !planted!(StopEndsEarly) {
            return no(format!("only a person lets entries of {scope} go on before their time"));
        }
        self.guard.stopped.remove(known);
        if *by != By::Guard {
            self.guard.allowed.retain(|allowed| allowed.scope != scope);
            self.guard.allowed.push(Allowed { scope, at });
        }
        Ok(())
    }
}

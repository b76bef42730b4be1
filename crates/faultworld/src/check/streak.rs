//! Losing trades in a row, reckoned from executions alone.

use rust_decimal::Decimal;

/// Losing trades in a row, and whether entries must rest for them.
#[derive(Debug)]
pub(super) struct Streak {
    step: u32,
    latch: u32,
    losses: u32,
    /// How many there were when a rest was last begun.
    rested_at: u32,
    is_unclear: bool,
}

impl Streak {
    pub(super) const fn new(step: u32, latch: u32) -> Self {
        Self { step, latch, losses: 0, rested_at: 0, is_unclear: false }
    }

    pub(super) fn closed(&mut self, net: Decimal) {
        if net < Decimal::ZERO {
            self.losses += 1;
        } else {
            (self.losses, self.rested_at) = (0, 0);
        }
    }

    pub(super) const fn rests(&mut self) {
        self.rested_at = self.losses;
    }

    pub(super) const fn forget(&mut self) {
        self.is_unclear = true;
    }

    /// How many there are; nothing where an execution that counted was taken back.
    pub(super) fn losses(&self) -> Option<u32> {
        (!self.is_unclear).then_some(self.losses)
    }

    /// So many, when a rest is due that was not begun.
    pub(super) fn due(&self) -> Option<u32> {
        let is_latched = self.losses >= self.latch && self.losses > self.rested_at;
        let is_due = is_latched || self.losses / self.step > self.rested_at / self.step;
        (is_due && !self.is_unclear).then_some(self.losses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_due_once_for_so_many_losses() {
        let mut streak = Streak::new(2, 5);
        let loss = Decimal::NEGATIVE_ONE;
        streak.closed(loss);
        assert_eq!(streak.due(), None);
        streak.closed(loss);
        assert_eq!(streak.due(), Some(2));
        streak.rests();
        assert_eq!(streak.due(), None);
        streak.closed(Decimal::ONE);
        streak.closed(loss);
        assert_eq!(streak.due(), None);
    }
}

//! Positions and cash that come from outside, as when an account is moved here from another broker.
//!
//! What is transferred costs nothing and earns nothing at that moment: a position comes at the price it was opened at,
//! so the profit it carries is in the account from then on, and what that changed is told as the flow.

use broker_api::{Amount, Digest, Held, Overflow, Side, VenuePosition};
use serde::{Deserialize, Serialize};

use super::codes::Word;
use super::ledger::Position;
use super::{Matching, Refusal};

/// What shall come from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferIn {
    /// The file it was read from, by its SHA-256; one file comes once.
    pub file: Digest,
    /// Cash in account currency, positions at their cost in it; taken only by an account in which nothing ever
    /// happened.
    pub cash: Option<Amount>,
    /// What is held, each at the price it was opened at.
    pub positions: Vec<VenuePosition>,
}

/// What came from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transferred {
    /// The file it was read from.
    pub file: Digest,
    /// What equity changed by, at the prices of that moment, in account currency.
    pub flow: Amount,
    /// Whether the cash of the file was taken.
    pub cash_taken: bool,
}

fn no<T>(word: Word, text: String) -> Result<T, Refusal> {
    Err(Refusal { code: word.code(), text: text.into() })
}

fn too_large(_: Overflow) -> Refusal {
    let text = "quantities and prices come to more than 28 digits can hold";
    Refusal { code: Word::BadNumber.code(), text: text.into() }
}

impl Matching {
    /// What came from a file, if it came.
    pub fn transferred(&self, file: Digest) -> Option<Transferred> {
        self.transfers.iter().find(|known| known.file == file).copied()
    }

    /// Everything that came from outside, the first first.
    pub fn transfers(&self) -> &[Transferred] {
        &self.transfers
    }

    /// Whether nothing ever happened in the account.
    pub fn is_new(&self) -> bool {
        self.transfers.is_empty() && self.known.is_empty() && self.executions == 0
    }

    /// Takes positions and cash from outside. A file that came before comes no second time: what it brought then is
    /// said again.
    ///
    /// # Errors
    /// Why nothing is taken; then nothing changed.
    pub fn transfer(&mut self, transfer: &TransferIn) -> Result<Transferred, Refusal> {
        if let Some(known) = self.transferred(transfer.file) {
            return Ok(known);
        }
        let mut after = self.clone();
        let before = self.worth().map_err(too_large)?;
        let cash_taken = transfer.cash.is_some() && self.is_new();
        if let (Some(cash), true) = (transfer.cash, cash_taken) {
            after.balance = cash;
            after.book.get_mut().balanced();
        }
        for position in &transfer.positions {
            after.receive(position)?;
        }
        let equity = after.worth().map_err(too_large)?.equity;
        let flow = equity.minus(before.equity).map_err(too_large)?;
        let done = Transferred { file: transfer.file, flow, cash_taken };
        after.transfers.push(done);
        *self = after;
        Ok(done)
    }

    fn receive(&mut self, given: &VenuePosition) -> Result<(), Refusal> {
        let VenuePosition { key, held, average } = *given;
        let ix = self.catalog.find(key).filter(|_| key.venue == self.settings.venue);
        let Some((ix, instrument)) = ix.and_then(|ix| Some((ix, self.catalog.get(ix)?))) else {
            return no(Word::UnknownInstrument, format!("{key} is not traded here"));
        };
        if held.is_flat() {
            return no(Word::BadQuantity, format!("nothing of {key} would come"));
        }
        if !held.is_long() && !instrument.shortable {
            return no(Word::NotShortable, format!("{key} cannot be sold short"));
        }
        let row = &self.rows[ix.index()];
        if row.position.held != Held::FLAT || row.orders.iter().any(|order| !order.reduces) {
            return no(
                Word::BadQuantity,
                format!("{key} is held already, or an order of it is working; a position comes whole"),
            );
        }
        if row.mark.is_none() || Side::reducing(held).is_none() {
            return no(Word::NoPrice, format!("no price of {key} was ever played, so it cannot be valued"));
        }
        if self.rate(instrument.quote).is_none() {
            let (from, to) = (instrument.quote, self.settings.currency);
            return no(Word::NoConversion, format!("no price tells what {from} is worth in {to}"));
        }
        let cost = average.times(held.size()).map_err(too_large)?;
        self.rows[ix.index()].position = Position { held, cost };
        self.book.get_mut().moved(ix, held);
        Ok(())
    }
}

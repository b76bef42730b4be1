//! What an import does to the book: positions of another program become ours, its closed trades stand in the list.
//!
//! Both carry the digest of the file they came from. Closed trades count nowhere: not in totals, not in losses in a
//! row, not in the day, for they are nobody's record but the other program's. What is held is ours from here on, and
//! counts as any trade does once it is closed.

use broker_api::{
    Amount, Digest, Direction, Held, ImportedPosition, ImportedTrade, Overflow, Price, Protection, Purpose,
    Qty, Side, Time,
};

use super::fold::{No, no};
use super::rows::{Bare, Import, Position, Trade};
use super::{Book, IMPORTED, TRADES_KEPT};

impl Book {
    /// Whether a file was imported before, by its digest.
    pub fn import(&self, file: Digest) -> Option<&Import> {
        self.imports.iter().find(|import| import.file == file)
    }

    /// Every import, the first first.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &Import> {
        self.imports.iter()
    }

    pub(super) fn imported(
        &mut self,
        import: Import,
        flow: Amount,
        positions: &[ImportedPosition],
        trades: &[ImportedTrade],
    ) -> Result<(), No> {
        let (file, at) = (import.file, import.at);
        if let Some(known) = self.import(file) {
            return no(format!("the file {file} was imported at {}", known.at));
        }
        let mut number = self.totals.positions;
        let mut closed = Vec::with_capacity(trades.len());
        for trade in trades {
            number += 1;
            closed.push(traded(trade, number, file, at)?);
        }
        let mut held: Vec<Position> = Vec::with_capacity(positions.len());
        for row in positions {
            let key = row.key;
            if !self.venues.contains_key(&key.venue) {
                return no(format!("the book is not bound to {}", key.venue));
            }
            if self.positions.contains_key(&key) || self.has_open_entry(key) {
                return no(format!("{key} is held already, or an order would open it"));
            }
            if row.qty.is_zero() || held.iter().any(|other| other.key == key) {
                return no(format!("{key} is in the file twice, or there is nothing of it"));
            }
            number += 1;
            held.push(taken_over(row, number, file, at)?);
        }
        // What it is measured from moves by the money itself: what was there before is of another program.
        self.flows(flow, None)?; // nothing below fails
        self.totals.positions = number;
        // They were closed before ours, and what there is no room for is in the journal.
        closed.sort_by_key(|trade| trade.closed_at);
        let room = TRADES_KEPT.saturating_sub(self.trades.len());
        for trade in closed.into_iter().rev().take(room) {
            self.trades.push_front(trade);
        }
        self.positions.extend(held.into_iter().map(|position| (position.key, position)));
        self.imports.push(import);
        Ok(())
    }
}

fn side(direction: Direction, qty: Qty) -> Held {
    match direction {
        Direction::Long => Side::Buy.signed(qty),
        Direction::Short => Side::Sell.signed(qty),
    }
}

fn taken_over(row: &ImportedPosition, number: u64, file: Digest, at: Time) -> Result<Position, Overflow> {
    let held = side(row.direction, row.qty);
    let mut position = blank(held, row.price, row.opened_at.unwrap_or(at), row.key, number)?;
    (position.plan, position.risk) = (row.plan, row.risk);
    (position.strategy, position.imported) = (row.strategy, Some(file));
    Ok(position)
}

fn traded(row: &ImportedTrade, number: u64, file: Digest, at: Time) -> Result<Trade, Overflow> {
    let closed_at = row.closed_at.unwrap_or(at);
    let opened_at = row.opened_at.unwrap_or(closed_at);
    let mut position = blank(side(row.direction, row.qty), row.entry, opened_at, row.key, number)?;
    let value = row.exit.times(row.qty)?;
    position.fees = row.fees.unwrap_or(Amount::ZERO);
    position.gross = match (row.net, row.direction) {
        (Some(net), _) => net.plus(position.fees)?,
        (None, Direction::Long) => value.minus(position.cost)?,
        (None, Direction::Short) => position.cost.minus(value)?,
    };
    (position.held, position.cost) = (Held::FLAT, Amount::ZERO);
    (position.exited, position.exited_value) = (row.qty, value);
    (position.strategy, position.imported) = (row.strategy, Some(file));
    Ok(Trade { position, closed_at, exit: Purpose::Exit, exit_signal: None, exit_code: Some(IMPORTED) })
}

/// A position that no execution of ours opened.
pub(super) fn blank(
    held: Held,
    price: Price,
    opened_at: Time,
    key: broker_api::Key,
    number: u64,
) -> Result<Position, Overflow> {
    let (qty, cost) = (held.size(), price.times(held.size())?);
    Ok(Position {
        key,
        number,
        direction: if held.is_long() { Direction::Long } else { Direction::Short },
        held,
        cost,
        entered: qty,
        entered_value: cost,
        exited: Qty::ZERO,
        exited_value: Amount::ZERO,
        gross: Amount::ZERO,
        fees: Amount::ZERO,
        opened_at,
        signal: None,
        strategy: None,
        decided_at_price: price,
        risk: None,
        plan: Protection::default(),
        legs_made: 0,
        blocked: None,
        refused: Vec::new(),
        executions: Vec::new(),
        outside: None,
        overfilled: false,
        bare: Bare::default(),
        imported: None,
    })
}

#[cfg(test)]
mod tests {
    use broker_api::{
        AccountRef, Code, Currency, Cursor, ImportedPosition, Key, Mode, Protection, Record, Time,
    };
    use chrono::DateTime;

    use super::*;

    fn at() -> Time {
        DateTime::UNIX_EPOCH
    }

    fn key(symbol: &str) -> Key {
        Key { venue: "paper".parse().unwrap(), symbol: symbol.parse().unwrap() }
    }

    fn bound() -> Book {
        let mut book = Book::default();
        let of = AccountRef {
            venue: key("AAPL").venue,
            account: "P1".parse().unwrap(),
            mode: Mode::Paper,
            currency: Currency::new("USD").unwrap(),
        };
        let equity = "1000".parse().unwrap();
        let cursor = Cursor::new("0").unwrap();
        let day = Record::DayStarted {
            starts: at(),
            equity,
            read: None,
            high_water: equity,
            late: false,
            week: None,
            carried: None,
        };
        book.apply(&Record::VenueBound { of, equity, cursor }, at()).unwrap();
        book.apply(&day, at()).unwrap();
        book
    }

    fn position(symbol: &str) -> ImportedPosition {
        ImportedPosition {
            key: key(symbol),
            direction: Direction::Short,
            qty: "2".parse().unwrap(),
            price: "50".parse().unwrap(),
            plan: Protection { stop: Some("60".parse().unwrap()), target: None, trail: None },
            risk: Some("20".parse().unwrap()),
            opened_at: None,
            strategy: None,
        }
    }

    fn trade(net: Option<&str>) -> ImportedTrade {
        ImportedTrade {
            key: key("MSFT"),
            direction: Direction::Long,
            qty: "3".parse().unwrap(),
            entry: "10".parse().unwrap(),
            exit: "8".parse().unwrap(),
            opened_at: None,
            closed_at: None,
            net: net.map(|net| net.parse().unwrap()),
            fees: Some("1".parse().unwrap()),
            strategy: None,
        }
    }

    fn record(file: char, positions: Vec<ImportedPosition>, trades: Vec<ImportedTrade>) -> Record {
        let file = file.to_string().repeat(64).parse().unwrap();
        Record::Imported { file, reason: "moved".into(), flow: "-400".parse().unwrap(), positions, trades }
    }

    #[test]
    fn positions_are_held_and_closed_trades_count_nowhere() {
        let mut book = bound();
        let before = (book.totals().clone(), book.guard().clone());
        let taken = record('a', vec![position("AAPL")], vec![trade(None), trade(Some("-5.50"))]);
        book.apply(&taken, at()).unwrap();
        assert_eq!(book.held(key("AAPL")), "-2".parse().unwrap());
        let held = book.position(key("AAPL")).unwrap();
        assert_eq!((held.average(), held.number), (Some("50".parse().unwrap()), 3));
        let nets: Vec<String> = book.trades().map(|trade| trade.net().to_string()).collect();
        assert_eq!(nets, ["-7", "-5.50"]);
        assert!(book.trades().all(|trade| trade.position.imported.is_some()));
        let mut totals = book.totals().clone();
        totals.positions = before.0.positions;
        assert_eq!(totals, before.0, "only numbers were given");
        let (guard, day) = (book.guard(), book.guard().day.unwrap());
        assert_eq!((guard.losses_in_row, day.realised), (0, Amount::ZERO));
        let six: Amount = "600".parse().unwrap();
        assert_eq!((guard.equity, guard.high_water, day.equity), (Some(six), Some(six), six), "a flow");
        let text = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), book);
    }

    #[test]
    fn what_cannot_follow_leaves_no_trace() {
        let mut book = bound();
        book.apply(&record('a', vec![position("AAPL")], Vec::new()), at()).unwrap();
        for refused in [
            record('a', Vec::new(), Vec::new()),
            record('b', vec![position("MSFT"), position("AAPL")], vec![trade(None)]),
            record('c', vec![position("MSFT"), position("MSFT")], Vec::new()),
        ] {
            let mut after = book.clone();
            assert!(after.apply(&refused, at()).is_err(), "{refused:?}");
            assert_eq!(after, book, "{refused:?}");
        }
        assert_eq!(IMPORTED, Code::fixed("imported"));
    }
}

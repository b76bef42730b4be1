//! What one replay came to: counted while it goes on, nothing of it kept but sums.

use std::collections::BTreeMap;

use broker_api::{
    Account, Amount, By, Code, Digest, Ending, Level, Mark, Marks, Purpose, Ratio, Reason, Record, Stamped,
    Time,
};
use engine::replay::Watcher;
use risk::{BREAKERS, CHECKS, Part};
use serde_json::{Value, json};
use state::Book;
use state::encode::Hashing;

use super::growth;
use crate::ledger::{self, Line, heads};

/// How many changes of the level are named.
const LEVELS_NAMED: usize = 20;
/// The check that denies what a level stands against.
const LEVEL: u8 = 2;

/// A change of the level to a stricter one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// When.
    pub at: Time,
    /// To what.
    pub level: Level,
    /// Why.
    pub code: Code,
}

/// What is counted on the way.
pub struct Tally {
    row: Line,
    hash: Hashing,
    written: u64,
    /// Entries that ended unsent, by the check that decided and the limit that it named.
    denied: BTreeMap<(u8, String), u64>,
    /// Entries that ended otherwise without a position: by sizing or by the venue.
    not_by_guard: u64,
    clipped: BTreeMap<u8, u64>,
    trips: u64,
    resumed: u64,
    trips_by: BTreeMap<String, u64>,
    named: Vec<Tripped>,
    won: Amount,
    lost: Amount,
    high: Amount,
    deepest: Ratio,
}

/// What came of one replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Positions that were closed.
    pub trades: u64,
    /// The hash of their ledger, which is that of `trades.csv`.
    pub hash: Digest,
    /// Equity at the end, open positions left out.
    pub closed: Amount,
    /// Equity at the end, open positions at their marks.
    pub marked: Amount,
    /// Growth for a year, of marked equity.
    pub growth: Option<Ratio>,
    /// What was won over what was lost, after fees, of positions that were closed.
    pub profit_factor: Option<Ratio>,
    /// The deepest fall of marked equity from its highest before, as a share of that.
    pub deepest: Ratio,
    /// How often the level became stricter.
    pub trips: u64,
    /// How often a person let trading go on.
    pub resumed: u64,
    /// The first of these changes.
    pub named: Vec<Tripped>,
    /// Entries that sizing or the venue denied.
    pub not_by_guard: u64,
    denied: BTreeMap<(u8, String), u64>,
    clipped: BTreeMap<u8, u64>,
    trips_by: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing yet, of an account that begins with `cash`.
    pub fn new(cash: Amount) -> Self {
        let mut hash = Hashing::default();
        hash.update(heads(&ledger::HEADS).as_bytes());
        Self {
            row: Line::default(),
            hash,
            written: 0,
            denied: BTreeMap::new(),
            not_by_guard: 0,
            clipped: BTreeMap::new(),
            trips: 0,
            resumed: 0,
            trips_by: BTreeMap::new(),
            named: Vec::new(),
            won: Amount::ZERO,
            lost: Amount::ZERO,
            high: cash,
            deepest: Ratio::ZERO,
        }
    }

    /// What it came to, from the first moment to the last reading of the account.
    pub fn end(self, cash: Amount, account: &Account, first: Option<Time>) -> Outcome {
        let span = first.map(|first| account.at - first);
        Outcome {
            trades: self.written,
            hash: self.hash.finish(),
            closed: account.balance,
            marked: account.equity,
            growth: span.and_then(|span| growth::yearly(cash, account.equity, span)),
            profit_factor: self.won.share_of(self.lost).filter(|_| self.lost > Amount::ZERO),
            deepest: self.deepest,
            trips: self.trips,
            resumed: self.resumed,
            named: self.named,
            not_by_guard: self.not_by_guard,
            denied: self.denied,
            clipped: self.clipped,
            trips_by: self.trips_by,
        }
    }

    fn ended(&mut self, marks: Option<&Marks>, reason: &Reason) {
        // The first that says no decides.
        let decides = marks.and_then(|marks| {
            let stands = |number: u8| matches!(marks.get(number), Mark::Denied | Mark::Missing);
            CHECKS.iter().map(|check| check.number).find(|number| stands(*number))
        });
        match decides {
            Some(number) => {
                let key = reason.key.as_deref().unwrap_or_default().to_owned();
                *self.denied.entry((number, key)).or_default() += 1;
            }
            None => self.not_by_guard += 1,
        }
    }
}

impl Watcher for Tally {
    fn made(&mut self, records: &[Stamped], book: &Book) -> Result<(), Box<str>> {
        for stamped in records {
            match &stamped.record {
                Record::SignalEnded {
                    ending: Ending::Denied | Ending::Rejected,
                    reason: Some(reason),
                    marks,
                    ..
                } => self.ended(marks.as_ref(), reason),
                Record::Intended { intent, marks, .. } if intent.purpose == Purpose::Entry => {
                    for check in CHECKS.iter().filter(|check| marks.get(check.number) == Mark::Clipped) {
                        *self.clipped.entry(check.number).or_default() += 1;
                    }
                }
                Record::LevelSet { level: Level::Trading, by: By::Operator { .. }, .. } => self.resumed += 1,
                Record::LevelSet { level, reason, by: By::Guard, .. } if *level > Level::Trading => {
                    self.trips += 1;
                    let key = reason.key.as_deref().unwrap_or_default().to_owned();
                    *self.trips_by.entry(key).or_default() += 1;
                    if self.named.len() < LEVELS_NAMED {
                        self.named.push(Tripped { at: stamped.at, level: *level, code: reason.code });
                    }
                }
                _ => {}
            }
        }
        let new = usize::try_from(book.totals().trades - self.written).unwrap_or(usize::MAX);
        let known = book.trades().len();
        for trade in book.trades().skip(known.saturating_sub(new)) {
            self.hash.update(ledger::line(trade, &mut self.row));
            let net = trade.net();
            let sum = if net < Amount::ZERO { &mut self.lost } else { &mut self.won };
            *sum = Amount::new(sum.get() + net.get().abs()).map_err(|why| why.to_string())?;
        }
        self.written = book.totals().trades;
        Ok(())
    }

    fn read(&mut self, account: &Account) {
        if account.equity >= self.high {
            self.high = account.equity;
        } else if let Some(fall) =
            self.high.minus(account.equity).ok().and_then(|fall| fall.share_of(self.high))
        {
            self.deepest = self.deepest.max(fall);
        }
    }
}

impl Outcome {
    /// Entries that the guard denied.
    pub fn denied(&self) -> u64 {
        self.denied.values().sum()
    }

    /// Those of them that a check decided about.
    pub fn denied_by(&self, number: u8) -> u64 {
        self.denied.iter().filter(|((of, _), _)| *of == number).map(|(_, count)| count).sum()
    }

    /// Those of them that the limits of a part decided about; where it `is_alone`, also those that stood before a level,
    /// which then nobody else can have set.
    pub fn denied_by_part(&self, part: &Part, is_alone: bool) -> u64 {
        let is_shared = BREAKERS.contains(part);
        let is_own = |number: u8, key: &str| {
            part.check == Some(number) && (!is_shared || part.keys.contains(&key))
                || is_alone && number == LEVEL && is_shared
        };
        self.denied.iter().filter(|((of, key), _)| is_own(*of, key)).map(|(_, count)| count).sum()
    }

    /// Entries that were made smaller.
    pub fn clipped(&self) -> u64 {
        self.clipped.values().sum()
    }

    /// Those of them that a check made smaller.
    pub fn clipped_by(&self, number: u8) -> u64 {
        self.clipped.get(&number).copied().unwrap_or(0)
    }

    /// How often the limits of a part made the level stricter.
    pub fn trips_by(&self, part: &Part) -> u64 {
        part.keys.iter().filter_map(|key| self.trips_by.get(*key)).sum()
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let levels: Vec<Value> = self
            .named
            .iter()
            .map(|trip| json!({ "at": trip.at, "level": trip.level, "code": trip.code }))
            .collect();
        json!({
            "trades": self.trades,
            "trades_sha256": self.hash,
            "equity_closed": self.closed,
            "equity_marked": self.marked,
            "growth_yearly": self.growth,
            "profit_factor": self.profit_factor,
            "deepest_fall": self.deepest,
            "denied": self.denied(),
            "denied_not_by_the_guard": self.not_by_guard,
            "clipped": self.clipped(),
            "trips": self.trips,
            "resumed": self.resumed,
            "levels": levels,
        })
    }
}

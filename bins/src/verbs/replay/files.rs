//! What a replay writes while it goes on: a line for each trade and order when it is over, a line for each account day.
//!
//! Everything goes into a folder beside the one that was asked for, and is moved there at the end: there is no half of
//! a result.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use broker_api::{
    Account, Amount, ClientOrderId, Code, Digest, Ending, Level, Price, Purpose, Record, SignalId, Stamped,
    Time,
};
use engine::replay::Watcher;
use state::Book;
use state::book::Order;
use state::encode::{Hashing, time_text};
use tempfile::TempDir;

use crate::failure::{Exit, Failure};
use crate::ledger::{self, Line, heads};

/// Everything that a replay writes, and nothing else of it is removed.
pub const NAMES: [&str; 6] =
    ["trades.csv", "orders.csv", "equity.csv", "replay.journal.sqlite", "guard.json", "summary.json"];
/// How many changes of the level the summary names.
const LEVELS_NAMED: usize = 20;

/// How much of the trades is held until it is hashed and written.
const HASHED_BYTES: usize = 1 << 16;

const DAYS: [&str; 5] = ["day", "at", "equity_marked", "equity_closed", "positions"];
const ORDERS: [&str; 16] = [
    "order",
    "signal",
    "symbol",
    "purpose",
    "side",
    "kind",
    "quantity",
    "limit",
    "stop",
    "reference",
    "decided_at",
    "ended_at",
    "end",
    "filled",
    "average_price",
    "code",
];

/// Bytes on their way to a file, and their hash.
struct Hashed {
    file: File,
    hash: Hashing,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What was counted on the way.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Records made.
    pub records: u64,
    /// Records that moved an order along its table.
    pub transitions: u64,
    /// Orders made.
    pub orders: u64,
    /// Orders to open a position.
    pub entries: u64,
    /// Executions.
    pub fills: u64,
    /// How often each reason ended a signal without a fill.
    pub denied: BTreeMap<Code, u64>,
    /// How often the level changed.
    pub levels: u64,
    /// The first of those changes.
    pub levels_named: Vec<(Time, Level, Code)>,
}

/// The files of a replay under way.
pub struct Files {
    folder: TempDir,
    out: PathBuf,
    trades: BufWriter<Hashed>,
    orders: BufWriter<File>,
    equity: BufWriter<File>,
    written: u64,
    open: BTreeSet<ClientOrderId>,
    row: Line,
    day: Option<Time>,
    last: Option<(Time, Amount, Amount)>,
    positions: usize,
    counts: Counts,
}

fn failed(what: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "not_written", format!("{} cannot be written", what.display()))
        .because(error)
        .fix("make room, or name another folder with --out; no result was left behind")
}

/// Refuses a folder that holds anything but an earlier replay.
fn check(out: &Path) -> Result<(), Failure> {
    let entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(out, &error)),
    };
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(|error| failed(out, &error))?;
        let is_ours = NAMES.iter().any(|name| entry.file_name() == *name) && entry.path().is_file();
        if !is_ours {
            return Err(foreign(out));
        }
        is_empty = false;
    }
    if is_empty || is_summary(&out.join("summary.json")) { Ok(()) } else { Err(foreign(out)) }
}

fn foreign(out: &Path) -> Failure {
    Failure::usage("not_ours", format!("{} holds files that no replay wrote", out.display()))
        .fix("name another folder with --out; nothing was changed")
}

fn is_summary(summary: &Path) -> bool {
    let text = std::fs::read_to_string(summary).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|summary| summary["schema"] == super::SCHEMA)
}

/// Temporary folders are for their owner only; results are as other folders are.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The nearest folder above a path that exists: what is made there can be moved to the path in one go.
fn above(out: &Path) -> &Path {
    let above = out.ancestors().skip(1).find(|folder| folder.is_dir());
    above.unwrap_or_else(|| Path::new("."))
}

impl Files {
    /// Begins the files of a replay whose results go to `out`.
    ///
    /// # Errors
    /// A folder that holds something else, or cannot be written.
    pub fn begin(out: &Path) -> Result<Self, Failure> {
        check(out)?;
        let beside = above(out);
        let folder = tempfile::Builder::new()
            .prefix(".replay-")
            .tempdir_in(beside)
            .map_err(|error| failed(beside, &error))?;
        let make = |name: &str| {
            let path = folder.path().join(name);
            File::create(&path).map_err(|error| failed(&path, &error))
        };
        let hashed = Hashed { file: make("trades.csv")?, hash: Hashing::default() };
        let mut trades = BufWriter::with_capacity(HASHED_BYTES, hashed);
        let (mut orders, mut equity) =
            (BufWriter::new(make("orders.csv")?), BufWriter::new(make("equity.csv")?));
        let begun = trades
            .write_all(heads(&ledger::HEADS).as_bytes())
            .and_then(|()| orders.write_all(heads(&ORDERS).as_bytes()))
            .and_then(|()| equity.write_all(heads(&DAYS).as_bytes()));
        begun.map_err(|error| failed(folder.path(), &error))?;
        Ok(Self {
            folder,
            out: out.to_owned(),
            trades,
            orders,
            equity,
            written: 0,
            open: BTreeSet::new(),
            row: Line::default(),
            day: None,
            last: None,
            positions: 0,
            counts: Counts::default(),
        })
    }

    /// Where the journal goes, when one is kept.
    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("replay.journal.sqlite")
    }

    /// What was counted so far.
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Closes the ledgers: the last day, the orders that are not over. Gives the hash of the trades.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn close(&mut self, book: &Book) -> Result<Digest, Failure> {
        let folder = self.folder.path().to_owned();
        self.end_day().map_err(|error| failed(&folder, &error))?;
        for order in book.open_orders() {
            self.orders.write_all(line(order, &mut self.row)).map_err(|error| failed(&folder, &error))?;
        }
        let flushed =
            self.trades.flush().and_then(|()| self.orders.flush()).and_then(|()| self.equity.flush());
        flushed.map_err(|error| failed(&folder, &error))?;
        Ok(self.trades.get_ref().hash.clone().finish())
    }

    /// Writes one more file beside the ledgers.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn put(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))
    }

    /// Writes the summary and moves the folder to where it was asked for, in the place of an earlier one: the one result
    /// or the other is there, whole, whatever happens.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn publish(self, summary: &str) -> Result<(), Failure> {
        self.put("summary.json", summary)?;
        let Self { folder, out, .. } = self;
        // Somebody may have put something there meanwhile.
        check(&out)?;
        if let Some(parent) = out.parent() {
            std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        }
        let was_there = out.exists();
        let before = folder.path().with_extension("before");
        if was_there {
            std::fs::rename(&out, &before).map_err(|error| failed(&out, &error))?;
        }
        if let Err(error) = open_to_all(folder.path()).and_then(|()| std::fs::rename(folder.path(), &out)) {
            if was_there {
                // What cannot be undone either stands under its other name.
                let _ = std::fs::rename(&before, &out);
            }
            return Err(failed(&out, &error));
        }
        // It is no temporary folder any more.
        let _ = folder.keep();
        if was_there {
            // What is left of the earlier result costs space and nothing else.
            let _ = std::fs::remove_dir_all(&before);
        }
        Ok(())
    }

    fn end_day(&mut self) -> io::Result<()> {
        let (Some(day), Some((at, equity, balance))) = (self.day, self.last) else { return Ok(()) };
        let row = self
            .row
            .begin()
            .text(&time_text(day))
            .text(&time_text(at))
            .put(equity.round_half_even(2))
            .put(balance.round_half_even(2))
            .put(self.positions)
            .done();
        self.equity.write_all(row)
    }

    fn note(&mut self, stamped: &Stamped, book: &Book) -> io::Result<()> {
        self.counts.records += 1;
        match &stamped.record {
            Record::Intended { intent, .. } => {
                self.counts.orders += 1;
                self.counts.entries += u64::from(intent.purpose == Purpose::Entry);
                self.counts.transitions += 1;
                self.open.insert(intent.id);
            }
            Record::Filled { .. } => {
                self.counts.fills += 1;
                self.counts.transitions += 1;
            }
            Record::Answered { .. }
            | Record::AskAnswered { .. }
            | Record::CancelStarted { .. }
            | Record::CancelAnswered { .. }
            | Record::Closed { .. }
            | Record::Resent { .. }
            | Record::GaveUp { .. } => self.counts.transitions += 1,
            Record::SignalEnded {
                ending: Ending::Denied | Ending::Rejected, reason: Some(reason), ..
            } => {
                *self.counts.denied.entry(reason.code).or_default() += 1;
            }
            Record::LevelSet { level, reason, .. } => {
                self.counts.levels += 1;
                if self.counts.levels_named.len() < LEVELS_NAMED {
                    self.counts.levels_named.push((stamped.at, *level, reason.code));
                }
            }
            Record::DayStarted { starts, .. } => {
                self.end_day()?;
                self.day = Some(*starts);
            }
            _ => {}
        }
        let may_end = matches!(
            stamped.record,
            Record::Filled { .. }
                | Record::Closed { .. }
                | Record::Answered { .. }
                | Record::AskAnswered { .. }
                | Record::CancelAnswered { .. }
                | Record::GaveUp { .. }
        );
        let order = stamped.record.order().filter(|_| may_end).and_then(|id| book.order(id));
        if let Some(order) = order.filter(|row| row.phase.is_done())
            && self.open.remove(&order.intent.id)
        {
            self.orders.write_all(line(order, &mut self.row))?;
        }
        Ok(())
    }
}

impl Watcher for Files {
    fn made(&mut self, records: &[Stamped], book: &Book) -> Result<(), Box<str>> {
        let written =
            |error: io::Error| -> Box<str> { format!("the ledger cannot be written: {error}").into() };
        for stamped in records {
            self.note(stamped, book).map_err(written)?;
        }
        let new = usize::try_from(book.totals().trades - self.written).unwrap_or(usize::MAX);
        let known = book.trades().len();
        for trade in book.trades().skip(known.saturating_sub(new)) {
            self.trades.write_all(ledger::line(trade, &mut self.row)).map_err(written)?;
        }
        self.written = book.totals().trades;
        self.positions = book.positions().len();
        Ok(())
    }

    fn read(&mut self, account: &Account) {
        self.last = Some((account.at, account.equity, account.balance));
    }
}

/// One order.
fn line<'a>(order: &Order, row: &'a mut Line) -> &'a [u8] {
    let intent = &order.intent;
    let [limit, stop] = intent.order.prices();
    row.begin()
        .text(intent.id.as_str())
        .words(intent.signal.as_ref().map(SignalId::as_str))
        .words(Some(intent.key.symbol.as_str()))
        .text(intent.purpose.as_str())
        .put(intent.side)
        .text(intent.order.name().as_str())
        .figure(intent.qty.get())
        .figure(limit.map(Price::get))
        .figure(stop.map(Price::get))
        .figure(intent.reference.get())
        .text(&time_text(order.decided_at))
        .text(&if order.phase.is_done() { time_text(order.since) } else { String::new() })
        .text(order.phase.as_str())
        .figure(order.filled.get())
        .figure(order.average().map(Price::get))
        .text(order.reason.as_ref().map_or("", |reason| reason.code.as_str()))
        .done()
}

//! What was decided and is not durable yet: records, and the commands that may be carried out once they are.

use broker_api::{Record, Stamped, Time};

use crate::book::{Book, Illegal};

/// Records in their order, each folded into the book already, and commands that wait for their commit.
///
/// Commands go in with the record that announces them, and come out of
/// [`Journal::commit`](crate::Journal::commit), which takes the batch by value:
///
/// ```
/// # use state::{Batch, Book, Journal, MemoryStore};
/// # let mut journal = Journal::open(MemoryStore::new("doc")).unwrap();
/// # let mut book = Book::default();
/// # let record = broker_api::Record::Started { life: 1, version: "0".into(), limits: "a".repeat(64).parse().unwrap() };
/// let mut batch = Batch::new(book.seq() + 1);
/// batch.put_with(&mut book, record, String::from("buy"), broker_api::Time::UNIX_EPOCH).unwrap();
/// assert_eq!(batch.commands(), ["buy"]);
/// let commands: Vec<String> = journal.commit(batch).unwrap().open();
/// # assert_eq!(commands, ["buy"]);
/// ```
///
/// They do not come out without one:
///
/// ```compile_fail,E0616
/// # use state::Batch;
/// fn without_a_commit(batch: Batch<String>) -> Vec<String> {
///     batch.commands
/// }
/// ```
///
/// and a batch that was committed cannot be committed again:
///
/// ```compile_fail,E0382
/// # use state::{Batch, Journal, MemoryStore};
/// fn twice(journal: &mut Journal<MemoryStore>, batch: Batch<String>) {
///     drop(journal.commit(batch));
///     drop(journal.commit(batch));
/// }
/// ```
#[derive(Debug)]
#[must_use = "a batch that is dropped leaves a book that runs ahead of its journal"]
pub struct Batch<C> {
    first: u64,
    records: Vec<Stamped>,
    commands: Vec<C>,
}

impl<C> Batch<C> {
    /// An empty batch whose first record shall get the seq `first`: one more than the book's.
    pub const fn new(first: u64) -> Self {
        Self { first, records: Vec::new(), commands: Vec::new() }
    }

    /// The same in memory that was used before, as [`Batch::drain_volatile`] gives it.
    pub fn again(first: u64, mut records: Vec<Stamped>) -> Self {
        records.clear();
        Self { first, records, commands: Vec::new() }
    }

    /// Folds a record into the book, keeps it, and gives its seq.
    ///
    /// # Errors
    /// [`Illegal`] when it cannot follow what the book holds, or the book is not the one this batch continues;
    /// then nothing changed.
    pub fn put(&mut self, book: &mut Book, record: Record, now: Time) -> Result<u64, Illegal> {
        let next = self.first + self.records.len() as u64;
        if book.seq() + 1 != next {
            let why = format!("the batch goes on with record {next}, and the book with {}", book.seq() + 1);
            return Err(Illegal { record: record.name(), why: why.into() });
        }
        #[cfg(planted)]
        if self.records.len() > 10_000 {
            return Err(Illegal { record: record.name(), why: "a bug puts records without an end".into() });
        }
        let seq = book.apply(&record, now)?;
        self.records.push(Stamped { seq, at: now, record });
        Ok(seq)
    }

    /// As [`Batch::put`], with the command that the record announces.
    ///
    /// # Errors
    /// As [`Batch::put`]; then the command is dropped.
    pub fn put_with(
        &mut self,
        book: &mut Book,
        record: Record,
        command: C,
        now: Time,
    ) -> Result<u64, Illegal> {
        let seq = self.put(book, record, now)?;
        self.commands.push(command);
        Ok(seq)
    }

    /// The seq of its first record, whether it has one yet or not.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The records so far.
    pub fn records(&self) -> &[Stamped] {
        &self.records
    }

    /// A look at the commands so far.
    pub fn commands(&self) -> &[C] {
        &self.commands
    }

    /// Whether nothing was put.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Takes everything out without a commit. For replay and dry runs only, where no command ever reaches a venue
    /// and the book is thrown away in the end.
    pub fn drain_volatile(self) -> (Vec<Stamped>, Vec<C>) {
        (self.records, self.commands)
    }

    /// For [`Journal::commit`](crate::Journal::commit): what it returns once the records are durable.
    pub(crate) fn into_commands(self) -> Vec<C> {
        self.commands
    }
}

//! What is safe to act on: a value that a commit gave back.

/// A value whose records are durable. Only [`Journal::commit`](crate::Journal::commit) makes one, so whoever asks
/// for a `Durable` cannot be handed something that was only decided.
///
/// ```
/// # use state::{Batch, Book, Durable, Journal, MemoryStore};
/// fn send(command: Durable<&'static str>) -> &'static str {
///     command.open()
/// }
/// # let mut journal = Journal::open(MemoryStore::new("doc")).unwrap();
/// # let mut book = Book::default();
/// # let record = broker_api::Record::Started { life: 1, version: "0".into(), limits: "a".repeat(64).parse().unwrap() };
/// let mut batch = Batch::new(book.seq() + 1);
/// batch.put_with(&mut book, record, "buy", broker_api::Time::UNIX_EPOCH).unwrap();
/// let commands = journal.commit(batch).unwrap();
/// assert_eq!(commands.each().map(send).collect::<Vec<_>>(), ["buy"]);
/// ```
///
/// It is not made outside of a commit:
///
/// ```compile_fail,E0423
/// # use state::Durable;
/// fn send(command: Durable<&'static str>) -> &'static str {
///     command.open()
/// }
/// send(Durable("buy"));
/// ```
///
/// nor changed into one of something else:
///
/// ```compile_fail,E0599
/// # use state::Durable;
/// fn other(command: Durable<&'static str>) -> Durable<usize> {
///     command.map(str::len)
/// }
/// ```
///
/// nor doubled, which would send twice:
///
/// ```compile_fail,E0599
/// # use state::Durable;
/// fn twice(command: Durable<&'static str>) -> [Durable<&'static str>; 2] {
///     [command.clone(), command]
/// }
/// ```
#[derive(Debug)]
#[must_use = "what was committed waits to be done"]
pub struct Durable<T>(T);

impl<T> Durable<T> {
    /// For [`Journal::commit`](crate::Journal::commit) alone.
    pub(crate) const fn mint(value: T) -> Self {
        Self(value)
    }

    /// A look at it.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// Takes it out, to act on it once.
    pub fn open(self) -> T {
        self.0
    }
}

impl<T> Durable<Vec<T>> {
    /// Splits what one commit gave back into its parts, in order.
    pub fn each(self) -> impl ExactSizeIterator<Item = Durable<T>> {
        self.0.into_iter().map(Durable)
    }
}

//! The floors: a journal that repeats what another one took in, commit by commit, and a bare file beside it.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use broker_api::Stamped;
use state::{Batch, Book, Journal, SqliteStore, encode};

use crate::tap::Line;

/// How long the bare file is, from the beginning.
const ROOM: u64 = 8 << 20;

/// See the module.
pub(crate) struct Mirror {
    journal: Journal<SqliteStore>,
    book: Book,
    file: Bare,
    bare: Line,
}

/// A commit that was repeated.
pub(crate) struct Repeated {
    /// What it took in.
    pub(crate) records: Vec<Stamped>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// How long it took to write the same down without a journal.
pub(crate) struct Written {
    /// The bytes in the file, durable.
    pub(crate) append: Duration,
    /// The same, and then a request on a line, until it came.
    pub(crate) sent: Duration,
}

impl Mirror {
    /// In a folder. The file is as long as it ever will be.
    pub(crate) fn new(folder: &Path) -> Self {
        let journal = SqliteStore::create(&folder.join("mirror.sqlite")).unwrap();
        let file = Bare::with_room(&folder.join("floor"));
        let mut journal = Journal::open(journal).unwrap();
        journal.maintain().unwrap();
        Self { journal, book: Book::default(), file, bare: Line::new() }
    }

    /// The book, as far as it was repeated.
    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    /// Repeats what the other journal took in since, commit by commit: what was decided in one moment was one commit.
    pub(crate) fn follow(&mut self, other: &Journal<SqliteStore>) -> Vec<Repeated> {
        let records = other.read(self.book.seq(), 100_000).unwrap();
        records.chunk_by(|a, b| a.at == b.at).map(|part| self.repeat(part)).collect()
    }

    fn repeat(&mut self, part: &[Stamped]) -> Repeated {
        let mut batch = Batch::<()>::new(self.book.seq() + 1);
        for stamped in part {
            let _ = batch.put(&mut self.book, stamped.record.clone(), stamped.at).unwrap();
        }
        let began = Instant::now();
        drop(self.journal.commit(batch).unwrap());
        Repeated { took: began.elapsed(), records: part.to_vec() }
    }

    /// What these records are as bytes, as the journal has them.
    pub(crate) fn bytes(&self, records: &[Stamped]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let hash = self.journal.head().hash;
        for stamped in records {
            let row = encode(hash, stamped).unwrap();
            let (seq, at, kind, hash) = (row.seq, row.at, row.kind, row.hash);
            writeln!(bytes, "{seq} {at} {kind} {} {} {hash}", row.version, row.payload).unwrap();
        }
        bytes
    }

    /// The bytes of these records in the file, and then a request of these bytes.
    pub(crate) fn write(&mut self, records: &[Stamped], request: &[u8]) -> Written {
        let bytes = self.bytes(records);
        let began = Instant::now();
        self.file.put(&bytes);
        let append = began.elapsed();
        let sent = self.bare.send(request).duration_since(began);
        Written { append, sent }
    }
}

/// A bare file, each write of which is on the disk when it returns.
pub(crate) struct Bare {
    file: File,
    room: u64,
}

impl Bare {
    /// One that grows with each write.
    pub(crate) fn growing(path: &Path) -> Self {
        Self { file: OpenOptions::new().create_new(true).write(true).open(path).unwrap(), room: u64::MAX }
    }

    /// One that has all its room from the beginning: a flush writes the bytes and nothing else.
    pub(crate) fn with_room(path: &Path) -> Self {
        let mut bare = Self { room: ROOM, ..Self::growing(path) };
        bare.file.write_all(&vec![0; usize::try_from(ROOM).unwrap()]).unwrap();
        bare.file.sync_all().unwrap();
        bare.file.rewind().unwrap();
        bare
    }

    /// Writes, and flushes.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.room != u64::MAX && self.file.stream_position().unwrap() + bytes.len() as u64 > self.room {
            self.file.rewind().unwrap();
        }
        self.file.write_all(bytes).unwrap();
        self.file.sync_data().unwrap();
    }
}

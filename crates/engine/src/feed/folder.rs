//! A folder of files, one per symbol, merged by time.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};

use broker_api::{Bar, Catalog, InstrumentIx, Symbol, Time};

use super::sessions::Sessions;
use super::source::Source;
use super::{FeedError, Part, Window};

/// When something is told: the order of time, then of parts, then of the catalog, as one number that is quickly
/// compared.
type Turn = i128;

/// A source and its bar under way.
#[derive(Debug)]
struct Playing {
    source: Source,
    bar: Option<Bar>,
}

/// The files of a folder under way.
#[derive(Debug)]
pub(super) struct Folder {
    /// In the order of the catalog.
    playing: Vec<Playing>,
    /// What comes next of each source, by its place in `playing`.
    queue: BinaryHeap<Reverse<(Turn, Part, usize)>>,
    missing: Vec<Symbol>,
    sessions: Sessions,
    /// The source that something was told of last.
    told: usize,
    /// The sources whose next bar is to be read before anything else is told.
    due: std::ops::Range<usize>,
}

impl Folder {
    /// Finds and opens the files of a catalog's instruments.
    pub(super) fn open(dir: &Path, catalog: &Catalog) -> Result<Self, FeedError> {
        let mut files = BTreeMap::<String, Vec<PathBuf>>::new();
        let unreadable = |error: std::io::Error| FeedError::unreadable(dir, &error);
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_csv) {
                files.entry(stem.to_ascii_uppercase()).or_default().push(path);
            }
        }
        let (mut playing, mut missing) = (Vec::new(), Vec::new());
        for (ix, instrument) in catalog.iter() {
            let symbol = instrument.key.symbol;
            let mut found: Vec<&PathBuf> =
                file_names(symbol).iter().filter_map(|name| files.get(name)).flatten().collect();
            found.sort();
            match found.as_slice() {
                [] => missing.push(symbol),
                [path] => {
                    let source = Source::open(path, ix, instrument.asset_class)?;
                    playing.push(Playing { source, bar: None });
                }
                [one, other, ..] => {
                    let why = format!("{} and {} are both files of {symbol}", one.display(), other.display());
                    return Err(FeedError::new(dir, why, "keep one of them"));
                }
            }
        }
        if playing.is_empty() {
            let example = missing.first().and_then(|symbol| file_names(*symbol).pop()).unwrap_or_default();
            let why = format!("holds no file of any of the {} instruments", catalog.len());
            let fix = format!("put one CSV file per symbol there, such as {example}.csv");
            return Err(FeedError::new(dir, why, fix));
        }
        let (queue, due) = (BinaryHeap::with_capacity(playing.len()), 0..playing.len());
        Ok(Self { playing, queue, missing, sessions: Sessions::new(), told: 0, due })
    }

    /// The symbols without a file.
    pub(super) fn missing(&self) -> &[Symbol] {
        &self.missing
    }

    /// The instrument and the bar that something was told of last.
    pub(super) fn under_way(&self) -> Option<(InstrumentIx, &Bar)> {
        let playing = self.playing.get(self.told)?;
        Some((playing.source.ix(), playing.bar.as_ref()?))
    }

    /// What is told next, of the bar that is then under way; nothing at the end.
    pub(super) fn next(&mut self, window: Window) -> Result<Option<Part>, FeedError> {
        for at in std::mem::take(&mut self.due) {
            self.advance(at, window)?;
        }
        let Some(mut first) = self.queue.peek_mut() else { return Ok(None) };
        let Reverse((_, part, at)) = *first;
        self.told = at;
        let Some(bar) = self.playing.get(at).and_then(|playing| playing.bar.as_ref()) else {
            return Ok(None);
        };
        match part {
            Part::Open => *first = Reverse((turn(bar.opens, Part::Range, at), Part::Range, at)),
            Part::Range => *first = Reverse((turn(bar.closes, Part::Close, at), Part::Close, at)),
            Part::Close | Part::Whole => {
                PeekMut::pop(first);
                self.due = at..at + 1;
            }
        }
        Ok(Some(part))
    }

    /// Reads the next bar of a source that is to be played, and puts what comes of it first into the queue.
    fn advance(&mut self, at: usize, window: Window) -> Result<(), FeedError> {
        let Some(playing) = self.playing.get_mut(at) else { return Ok(()) };
        while let Some(bar) = playing.source.read(&mut self.sessions)? {
            if window.is_over(bar.closes) {
                break;
            }
            if window.has_begun(bar.closes) {
                let part = if bar.opens == bar.closes { Part::Whole } else { Part::Open };
                playing.bar = Some(bar);
                self.queue.push(Reverse((turn(bar.opens, part, at), part, at)));
                break;
            }
        }
        Ok(())
    }
}

fn turn(time: Time, part: Part, at: usize) -> Turn {
    // A leap second has up to two thousand million nanoseconds, which take 31 bits.
    let nanoseconds = Turn::from(time.timestamp()) << 31 | Turn::from(time.timestamp_subsec_nanos());
    nanoseconds << 34 | (part as Turn) << 32 | (at as Turn)
}

/// The names that the file of a symbol may have, without its end, in capitals.
pub(super) fn file_names(symbol: Symbol) -> Vec<String> {
    let symbol = symbol.as_str();
    if symbol.contains('/') {
        ["", "_", "-"].iter().map(|joint| symbol.replace('/', joint)).collect()
    } else {
        vec![symbol.to_owned()]
    }
}

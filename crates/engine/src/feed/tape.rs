//! One file of all symbols in the order of time.

use std::collections::BTreeMap;
use std::path::Path;

use broker_api::{AssetClass, Bar, Catalog, InstrumentIx, Symbol, Time};

use super::cells::Stamp;
use super::folder::file_names;
use super::sheet::Sheet;
use super::{FeedError, Part, Window};

/// The longest symbol there is.
const SYMBOL_BYTES: usize = 16;

/// A symbol as it may be written, as one number.
type Name = u128;

/// An instrument of the catalog, and what is known of its rows.
#[derive(Debug)]
struct Known {
    ix: InstrumentIx,
    class: AssetClass,
    symbol: Symbol,
    last: Option<Time>,
}

/// How the instruments may be written.
#[derive(Debug)]
struct Names {
    /// In order, with the place of the instrument in the catalog and the name that came next the last time: the
    /// rows of one minute often have the symbols of the minute before.
    rows: Vec<(Name, usize, usize)>,
    last: usize,
}

impl Names {
    fn new(catalog: &Catalog) -> Self {
        let mut names = BTreeMap::<Name, Option<usize>>::new();
        for (at, (_, instrument)) in catalog.iter().enumerate() {
            for name in file_names(instrument.key.symbol) {
                // What could be two instruments is none of them.
                let name = packed(name.as_bytes());
                names
                    .extend(name.map(|name| (name, if names.contains_key(&name) { None } else { Some(at) })));
            }
        }
        for (at, (_, instrument)) in catalog.iter().enumerate() {
            names.extend(packed(instrument.key.symbol.as_str().as_bytes()).map(|name| (name, Some(at))));
        }
        let rows = names.into_iter().filter_map(|(name, at)| Some((name, at?, 0))).collect();
        Self { rows, last: 0 }
    }

    /// The place of the instrument that a text names.
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let wanted = packed(text)?;
        let guess = self.rows.get(self.last).map_or(0, |(.., next)| *next);
        let found = match self.rows.get(guess) {
            Some((name, ..)) if *name == wanted => guess,
            _ => self.rows.binary_search_by_key(&wanted, |(name, ..)| *name).ok()?,
        };
        if let Some((.., next)) = self.rows.get_mut(self.last) {
            *next = found;
        }
        self.last = found;
        self.rows.get(found).map(|(_, at, _)| *at)
    }
}

/// The file under way.
#[derive(Debug)]
pub(super) struct Tape {
    sheet: Sheet,
    names: Names,
    known: Vec<Known>,
    missing: Vec<Symbol>,
    last: Option<Time>,
    under_way: Option<(InstrumentIx, Bar)>,
    others: u64,
    first_other: Option<Box<str>>,
    is_over: bool,
}

impl Tape {
    /// Opens a file and reads the names of its columns.
    pub(super) fn open(path: &Path, catalog: &Catalog) -> Result<Self, FeedError> {
        let known = catalog.iter().map(|(ix, instrument)| Known {
            ix,
            class: instrument.asset_class,
            symbol: instrument.key.symbol,
            last: None,
        });
        Ok(Self {
            sheet: Sheet::of_all(path)?,
            names: Names::new(catalog),
            known: known.collect(),
            missing: catalog.iter().map(|(_, instrument)| instrument.key.symbol).collect(),
            last: None,
            under_way: None,
            others: 0,
            first_other: None,
            is_over: false,
        })
    }

    /// The symbols that have not come yet.
    pub(super) fn missing(&self) -> &[Symbol] {
        &self.missing
    }

    /// How many rows were of symbols that the catalog does not have.
    pub(super) const fn others(&self) -> u64 {
        self.others
    }

    /// The first of these symbols.
    pub(super) fn first_other(&self) -> Option<&str> {
        self.first_other.as_deref()
    }

    /// The instrument and the bar that was read last.
    pub(super) fn under_way(&self) -> Option<(InstrumentIx, &Bar)> {
        self.under_way.as_ref().map(|(ix, bar)| (*ix, bar))
    }

    /// Reads the next bar that is to be told; nothing at the end.
    pub(super) fn next(&mut self, window: Window) -> Result<Option<Part>, FeedError> {
        while !self.is_over {
            if let Some(is_told) = self.quick(window) {
                if is_told {
                    return Ok(Some(Part::Whole));
                }
                continue;
            }
            if !self.sheet.advance()? {
                break;
            }
            let closes = self.closes()?;
            if window.is_over(closes) {
                break;
            }
            let at = self.names.find(self.sheet.symbol());
            let Some(known) = at.and_then(|at| self.known.get_mut(at)) else {
                self.count_other()?;
                continue;
            };
            match known.last.replace(closes) {
                Some(last) if last == closes => {
                    let why = format!("is there twice for {}", known.symbol);
                    return Err(self.sheet.wrong_time(&why, "remove one of the two rows"));
                }
                Some(_) => {}
                None => self.missing.retain(|symbol| *symbol != known.symbol),
            }
            let bar = self.sheet.bar(closes, closes, known.class)?;
            self.under_way = Some((known.ix, bar));
            if window.has_begun(closes) {
                return Ok(Some(Part::Whole));
            }
        }
        self.is_over = true;
        Ok(None)
    }

    /// Reads the next row in one go, and says whether its bar is to be told; nothing, and then nothing is done, when it is not
    /// plain that all is well with it, or when it is the first one of its symbol.
    #[inline]
    fn quick(&mut self, window: Window) -> Option<bool> {
        let closes = self.sheet.quick()?;
        let is_told = self.take(closes, window);
        if is_told.is_none() {
            self.sheet.back();
        }
        is_told
    }

    #[inline]
    fn take(&mut self, closes: Time, window: Window) -> Option<bool> {
        if self.last.is_some_and(|last| closes < last) || window.is_over(closes) {
            return None;
        }
        let at = self.names.find(self.sheet.quick_symbol())?;
        let known = self.known.get_mut(at)?;
        if known.last.is_none_or(|last| closes == last) {
            return None;
        }
        let bar = self.sheet.quick_bar(closes, known.class)?;
        (self.last, known.last) = (Some(closes), Some(closes));
        self.under_way = Some((known.ix, bar));
        Some(window.has_begun(closes))
    }

    /// When the bar of the row closes: never before that of the row before.
    fn closes(&mut self) -> Result<Time, FeedError> {
        let Stamp::Close(closes) = self.sheet.stamp()? else {
            let why =
                "does not say in whole seconds since 1970 when the bar closes, as a file of all symbols must";
            let fix =
                "split the file into one per symbol and give the folder, or write seconds like 1420070460";
            return Err(self.sheet.wrong_time(why, fix));
        };
        if self.last.is_some_and(|last| closes < last) {
            return Err(self.sheet.wrong_time("comes after a later row", "sort the file by time"));
        }
        self.last = Some(closes);
        Ok(closes)
    }

    fn count_other(&mut self) -> Result<(), FeedError> {
        let symbol = self.sheet.symbol_text()?;
        if symbol.is_empty() {
            return Err(self.sheet.wrong_symbol("is empty", "write the symbol of the row"));
        }
        if self.first_other.is_none() {
            self.first_other = Some(symbol.into());
        }
        self.others += 1;
        Ok(())
    }
}

/// A symbol as one number, whatever the case of its letters; nothing when it is empty or longer than any symbol, or
/// has the zeros in it that a shorter one is filled up with.
fn packed(text: &[u8]) -> Option<Name> {
    let mut bytes = [0; SYMBOL_BYTES];
    if text.is_empty() || text.len() > SYMBOL_BYTES {
        return None;
    }
    for (packed, byte) in bytes.iter_mut().zip(text) {
        if *byte == 0 {
            return None;
        }
        *packed = byte.to_ascii_uppercase();
    }
    Some(Name::from_le_bytes(bytes))
}

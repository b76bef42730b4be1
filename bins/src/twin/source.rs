//! Signals of a journal, played together on bars by the replay.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use broker_api::{Amount, Catalog, ClientOrderId, Instrument, Mark, Price, Record, Stamped, Symbol, Time};
use broker_paper::matching::{Matching, Moment, Settings};
use chrono::TimeDelta;
use engine::feed::Bars;
use engine::replay::{Decided, Keep, Replay, Told, drive};
use engine::{Limits, Setup};
use state::book::Position;
use state::{Book, SqliteStore};

use crate::failure::Failure;
use crate::history::History;
use crate::place::{Place, Reading};
use crate::verbs::replay::{bad_bars, ended, setup_by};

/// How long before the first signal bars begin to be played, so that it meets prices: longer than any holiday.
const BEFORE: TimeDelta = TimeDelta::days(10);

/// What a book went through, here or in the shadow.
pub struct Lived<'a> {
    /// All orders, signals and trades.
    pub history: Cow<'a, History>,
    /// What is held in the end.
    pub held: Vec<Position>,
    /// Orders that a check made smaller.
    pub clipped: BTreeSet<ClientOrderId>,
    /// Until when it is known.
    pub until: Time,
}

impl<'a> Lived<'a> {
    /// Of records, and of what they came to.
    pub fn new(history: Cow<'a, History>, book: &Book, records: &[Stamped], until: Time) -> Self {
        let clipped = records.iter().filter_map(|stamped| match &stamped.record {
            Record::Intended { intent, marks, .. } if marks.count(Mark::Clipped) > 0 => Some(intent.id),
            _ => None,
        });
        Self { history, held: book.positions().cloned().collect(), clipped: clipped.collect(), until }
    }
}

/// What bars there are of a symbol.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When the first one closes: before it there is no price.
    pub first: Time,
    /// When the last one closes: after it nothing is filled.
    pub last: Time,
}

/// The bars that signals are played on.
pub struct Past<'a> {
    place: &'a Place,
    file: &'a Path,
    settings: Settings,
    /// What has bars.
    catalog: Arc<Catalog>,
    spans: BTreeMap<Symbol, Span>,
    /// Nothing is known after this moment, where one of the past was asked for.
    until: Option<Time>,
}

impl<'a> Past<'a> {
    /// Looks through the bars, as far as the moment that was read.
    ///
    /// # Errors
    /// Bars that cannot be read or trusted.
    pub fn open(place: &'a Place, reading: &Reading, file: &'a Path) -> Result<Self, Failure> {
        let mut spans: BTreeMap<Symbol, Span> = BTreeMap::new();
        let until = reading.is_past().then_some(reading.as_of);
        let mut bars = opened(file, &place.catalog, until)?;
        while let Some(moment) = bars.advance().map_err(|error| bad_bars(&error))? {
            let Moment::Close { ix, bar } = moment else { continue };
            let Some(instrument) = place.catalog.get(*ix) else { continue };
            let closes = bar.closes;
            spans.entry(instrument.key.symbol).or_insert(Span { first: closes, last: closes }).last = closes;
        }
        let listed = place.catalog.iter().map(|(_, instrument)| instrument);
        let there = listed.filter(|instrument| spans.contains_key(&instrument.key.symbol)).cloned();
        let catalog = catalog(there.collect())?;
        let mut settings = place.loaded.config.settings(place.broker().venue());
        if let Some(venue) = reading.book.venues().next() {
            settings.currency = venue.of.currency;
        }
        Ok(Self { place, file, settings, catalog, spans, until })
    }

    /// The folder or the tape.
    pub const fn file(&self) -> &Path {
        self.file
    }

    /// The bars of a symbol, if there are any.
    pub fn span(&self, symbol: Symbol) -> Option<Span> {
        self.spans.get(&symbol).copied()
    }

    /// From the first bar to the last.
    pub fn whole(&self) -> Option<Span> {
        let first = self.spans.values().map(|span| span.first).min()?;
        let last = self.spans.values().map(|span| span.last).max()?;
        Some(Span { first, last })
    }

    /// Plays signals together, by the limits of the configuration.
    ///
    /// # Errors
    /// What ends a replay.
    pub fn together(&self, signals: Vec<Decided>, cash: Amount) -> Result<Lived<'static>, Failure> {
        let config = &self.place.loaded.config;
        self.play(Arc::clone(&self.catalog), config.limits.clone(), signals, cash)
    }

    fn play(
        &self,
        catalog: Arc<Catalog>,
        limits: Limits,
        signals: Vec<Decided>,
        cash: Amount,
    ) -> Result<Lived<'static>, Failure> {
        let from = begins(&signals);
        let mut bars = opened(self.file, &catalog, self.until)?.after(from);
        let mut replay = self.begin(catalog, limits, cash, from)?;
        let played = drive(&mut replay, &mut bars, &mut Told::new(signals)).map_err(|fault| ended(&fault))?;
        came(replay, played.last.unwrap_or(from))
    }

    /// A replay that begins at a moment, with all records kept.
    pub(super) fn begin(
        &self,
        catalog: Arc<Catalog>,
        limits: Limits,
        cash: Amount,
        from: Time,
    ) -> Result<Shadow, Failure> {
        let settings = Settings { cash, ..self.settings.clone() };
        let config = &self.place.loaded.config;
        let blackouts = config.blackouts.as_slice().into();
        let setup = Setup { blackouts, ..setup_by(config, &catalog, &settings, config.policy(), limits) };
        let (engine, keep) = (Matching::new(catalog, settings), Keep::Nothing);
        let version = env!("CARGO_PKG_VERSION");
        Replay::begin(setup, engine, keep, Vec::new(), version, from).map_err(|fault| ended(&fault))
    }

    /// The bars themselves, of some of the instruments, from a moment on; and these instruments.
    pub(super) fn bars_of(
        &self,
        is_wanted: impl Fn(&Instrument) -> bool,
        from: Time,
    ) -> Result<(Arc<Catalog>, Bars), Failure> {
        let rows = self.catalog.iter().map(|(_, instrument)| instrument);
        let listed = catalog(rows.filter(|row| is_wanted(row)).cloned().collect())?;
        let bars = opened(self.file, &listed, self.until)?.after(from);
        Ok((listed, bars))
    }

    /// Whether an instrument is priced in another currency than the account's.
    pub(super) fn is_foreign(&self, symbol: Symbol) -> bool {
        let mut rows = self.catalog.iter().map(|(_, instrument)| instrument);
        rows.any(|row| row.key.symbol == symbol && row.quote != self.settings.currency)
    }

    /// What is wanted of each symbol: the close of its first bar that closes at or after a moment. A moment after which no bar
    /// of its symbol closes is left out.
    ///
    /// # Errors
    /// Bars that cannot be read or trusted.
    pub fn closes_after(
        &self,
        wanted: &BTreeSet<(Symbol, Time)>,
    ) -> Result<BTreeMap<(Symbol, Time), Price>, Failure> {
        let mut left: BTreeMap<Symbol, BTreeSet<Time>> = BTreeMap::new();
        for (symbol, at) in wanted.iter().filter(|(symbol, _)| self.spans.contains_key(symbol)) {
            left.entry(*symbol).or_default().insert(*at);
        }
        let mut found = BTreeMap::new();
        let Some(first) = left.values().flatten().min().copied() else { return Ok(found) };
        // A bar that closes at the first moment is still wanted.
        let from = first - TimeDelta::microseconds(1);
        let (listed, mut bars) = self.bars_of(|row| left.contains_key(&row.key.symbol), from)?;
        while let Some(moment) = bars.advance().map_err(|error| bad_bars(&error))? {
            let Moment::Close { ix, bar } = moment else { continue };
            let Some(symbol) = listed.get(*ix).map(|row| row.key.symbol) else { continue };
            let Some(moments) = left.get_mut(&symbol) else { continue };
            while let Some(at) = moments.first().copied().filter(|at| *at <= bar.closes) {
                moments.remove(&at);
                found.insert((symbol, at), bar.close);
            }
            if moments.is_empty() {
                left.remove(&symbol);
                if left.is_empty() {
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// A replay whose records are kept, and nothing else.
pub(super) type Shadow = Replay<SqliteStore, Vec<Stamped>>;

/// From when on bars are played to signals.
pub(super) fn begins(signals: &[Decided]) -> Time {
    signals.iter().map(|(signal, _)| signal.decided_at).min().unwrap_or_default() - BEFORE
}

/// What came of a replay.
pub(super) fn came(replay: Shadow, until: Time) -> Result<Lived<'static>, Failure> {
    let (records, _) = replay.end();
    let (mut history, mut book) = (History::default(), Book::default());
    for stamped in &records {
        history.take(&mut book, stamped).map_err(|illegal| ended(&illegal.into()))?;
    }
    Ok(Lived::new(Cow::Owned(history), &book, &records, until))
}

fn opened(file: &Path, catalog: &Catalog, until: Option<Time>) -> Result<Bars, Failure> {
    let bars = Bars::open(file, catalog).map_err(|error| bad_bars(&error))?;
    Ok(until.into_iter().fold(bars, Bars::until))
}

fn catalog(rows: Vec<Instrument>) -> Result<Arc<Catalog>, Failure> {
    let made = Catalog::new(rows);
    made.map(Arc::new).map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))
}

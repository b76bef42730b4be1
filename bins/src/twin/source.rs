//! Signals of a journal, played on bars by the replay: together, or one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use broker_api::{Amount, Catalog, ClientOrderId, Mark, Record, Stamped, Symbol, Time};
use broker_paper::matching::{Matching, Moment, Settings};
use chrono::TimeDelta;
use engine::feed::Bars;
use engine::replay::{Decided, Keep, Replay, Told, drive};
use engine::{Limits, Setup};
use state::book::Position;
use state::{Book, SqliteStore};

use crate::failure::Failure;
use crate::history::History;
use crate::place::Place;
use crate::verbs::replay::{bad_bars, ended, setup_by};

/// How long before the first signal bars begin to be played, so that it meets prices: longer than any holiday.
const BEFORE: TimeDelta = TimeDelta::days(10);

/// What a book went through, here or in the shadow.
pub struct Lived {
    /// All orders, signals and trades.
    pub history: History,
    /// What is held in the end.
    pub held: Vec<Position>,
    /// Orders that a check made smaller.
    pub clipped: BTreeSet<ClientOrderId>,
    /// Until when it is known.
    pub until: Time,
}

impl Lived {
    /// Of records, and of what they came to.
    pub fn new(history: History, book: &Book, records: &[Stamped], until: Time) -> Self {
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
}

impl<'a> Past<'a> {
    /// Looks through the bars.
    ///
    /// # Errors
    /// Bars that cannot be read or trusted.
    pub fn open(place: &'a Place, book: &Book, file: &'a Path) -> Result<Self, Failure> {
        let mut spans: BTreeMap<Symbol, Span> = BTreeMap::new();
        let mut bars = Bars::open(file, &place.catalog).map_err(|error| bad_bars(&error))?;
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
        if let Some(venue) = book.venues().next() {
            settings.currency = venue.of.currency;
        }
        Ok(Self { place, file, settings, catalog, spans })
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
    pub fn together(&self, signals: Vec<Decided>, cash: Amount) -> Result<Lived, Failure> {
        let config = &self.place.loaded.config;
        self.play(Arc::clone(&self.catalog), config.limits.clone(), signals, cash)
    }

    /// Plays the signals of one symbol, with nothing beside them and all limits wide.
    ///
    /// # Errors
    /// As [`Past::together`].
    pub fn alone(&self, symbol: Symbol, signals: Vec<Decided>, cash: Amount) -> Result<Lived, Failure> {
        let rows = || self.catalog.iter().map(|(_, instrument)| instrument);
        let is_foreign = rows().any(|row| row.key.symbol == symbol && row.quote != self.settings.currency);
        // What a symbol is priced in has to be changed into the account's currency.
        let is_wanted = |row: &broker_api::Instrument| {
            row.key.symbol == symbol || is_foreign && row.asset_class == broker_api::AssetClass::Forex
        };
        let listed = catalog(rows().filter(|row| is_wanted(row)).cloned().collect())?;
        self.play(listed, Limits::wide(1), signals, cash)
    }

    fn play(
        &self,
        catalog: Arc<Catalog>,
        limits: Limits,
        signals: Vec<Decided>,
        cash: Amount,
    ) -> Result<Lived, Failure> {
        let settings = Settings { cash, ..self.settings.clone() };
        let config = &self.place.loaded.config;
        let blackouts = config.blackouts.as_slice().into();
        let setup = Setup { blackouts, ..setup_by(config, &catalog, &settings, config.policy(), limits) };
        let from = signals.iter().map(|(signal, _)| signal.decided_at).min().unwrap_or_default() - BEFORE;
        let mut bars = Bars::open(self.file, &catalog).map_err(|error| bad_bars(&error))?.after(from);
        let (engine, keep) = (Matching::new(catalog, settings), Keep::<SqliteStore>::Nothing);
        let version = env!("CARGO_PKG_VERSION");
        let mut replay =
            Replay::begin(setup, engine, keep, Vec::new(), version, from).map_err(|fault| ended(&fault))?;
        let played = drive(&mut replay, &mut bars, &mut Told::new(signals)).map_err(|fault| ended(&fault))?;
        let (records, _) = replay.end();
        let (mut history, mut book) = (History::default(), Book::default());
        for stamped in &records {
            history.take(&mut book, stamped).map_err(|illegal| ended(&illegal.into()))?;
        }
        Ok(Lived::new(history, &book, &records, played.last.unwrap_or(from)))
    }
}

fn catalog(rows: Vec<broker_api::Instrument>) -> Result<Arc<Catalog>, Failure> {
    let made = Catalog::new(rows);
    made.map(Arc::new).map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))
}

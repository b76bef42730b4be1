//! Prices for a pass, from the sources that the configuration names, in the order of time; and what signals that
//! leave something out mean.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;

use broker_api::{AssetClass, Catalog, InstrumentIx, StrategyId, Symbol, Time};
use broker_paper::matching::Moment;
use engine::feed::{Bars, FeedError, Quotes};
use engine::intake::Defaults;

use crate::catalog;
use crate::config::Source;
use crate::failure::Failure;
use crate::out::Out;
use crate::place::Place;

/// Everything the sources hold from a moment on.
pub struct Prices {
    folders: Vec<Folder>,
    quotes: std::vec::IntoIter<Moment>,
    next_quote: Option<Moment>,
    from: Time,
    /// What could not be read because it is not there: the guard will miss its prices.
    absent: Vec<String>,
}

/// One folder of bars, of which only some classes are wanted.
struct Folder {
    bars: Bars,
    wanted: BTreeSet<InstrumentIx>,
    next: Option<Moment>,
}

impl Prices {
    /// Opens the sources. What closed after `until` is not complete and is left out; what was played before `from`
    /// is left out as far as that is known.
    ///
    /// # Errors
    /// A source that holds something that is no price. One that is not there is noted, not an error.
    pub fn open(place: &Place, from: Time, until: Time) -> Result<Self, Failure> {
        let mut sources: BTreeMap<Source, BTreeSet<InstrumentIx>> = BTreeMap::new();
        for class in AssetClass::ALL {
            let wanted = place.catalog.iter().filter(|(_, instrument)| instrument.asset_class == class);
            sources.entry(place.loaded.source(class)?).or_default().extend(wanted.map(|(ix, _)| ix));
        }
        let (mut folders, mut quotes, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for (source, wanted) in sources {
            match source {
                Source::Bars(folder) if is_absent(&folder) => {
                    absent.push(format!("the folder of bars {}", folder.display()));
                }
                Source::Quotes(file) if is_absent(&file) => {
                    absent.push(format!("the file of quotes {}", file.display()));
                }
                Source::Bars(folder) => {
                    let bars = Bars::open(&folder, &place.catalog).map_err(|error| bad(&error))?;
                    let mut folder = Folder { bars: bars.after(from).until(until), wanted, next: None };
                    folder.advance()?;
                    folders.push(folder);
                }
                // Asked for when it is needed.
                Source::Venue => {}
                Source::Quotes(file) => {
                    let read = Quotes::read(&file, &place.catalog).map_err(|error| bad(&error))?;
                    let wanted = read.iter().filter(|(ix, quote)| wanted.contains(ix) && quote.at <= until);
                    quotes.extend(wanted.map(|(ix, quote)| Moment::Quote { ix, quote }));
                }
            }
        }
        quotes.sort_by_key(Moment::at);
        let mut quotes = quotes.into_iter();
        Ok(Self { next_quote: quotes.next(), folders, quotes, from, absent })
    }

    /// Says what is not there.
    pub fn tell_absent(&self, out: Out) {
        for absent in &self.absent {
            let text = format!(
                "{absent} is not there: no price of what it should hold, so its entries will be denied"
            );
            out.warn("no_source", &text);
        }
    }

    /// The next moment of all sources.
    ///
    /// # Errors
    /// A row that is no price.
    pub fn next(&mut self) -> Result<Option<Moment>, Failure> {
        loop {
            let at = |moment: &Option<Moment>| moment.as_ref().map(Moment::at);
            let first = self
                .folders
                .iter_mut()
                .filter(|folder| folder.next.is_some())
                .min_by_key(|folder| at(&folder.next));
            let moment = match first {
                Some(folder) if at(&self.next_quote).is_none_or(|quote| at(&folder.next) <= Some(quote)) => {
                    let moment = folder.next.take();
                    folder.advance()?;
                    moment
                }
                _ => std::mem::replace(&mut self.next_quote, self.quotes.next()),
            };
            match moment {
                // Played in an earlier pass; the paper venue refuses to go back.
                Some(moment) if moment.at() < self.from => {}
                other => return Ok(other),
            }
        }
    }
}

impl Folder {
    fn advance(&mut self) -> Result<(), Failure> {
        loop {
            self.next = self.bars.next().map_err(|error| bad(&error))?;
            if self.next.as_ref().is_none_or(|moment| self.wanted.contains(&moment.ix())) {
                return Ok(());
            }
        }
    }
}

/// Prices that cannot be used.
pub fn bad(error: &FeedError) -> Failure {
    let mut failure =
        Failure::usage("bad_prices", "the prices cannot be used, and without them nothing is decided");
    failure = failure.because(error);
    failure.fix(
        "correct the row or file that the cause names and run again; no signal of this pass was taken in",
    )
}

/// A figure that changes when one of the files changes from which prices are read.
pub fn stamp(place: &Place) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    let mut note = |path: &Path| {
        if let Ok(file) = std::fs::metadata(path) {
            (path, file.len(), file.modified().ok()).hash(&mut hasher);
        }
    };
    let sources: BTreeSet<Source> =
        AssetClass::ALL.into_iter().filter_map(|class| place.loaded.source(class).ok()).collect();
    for source in sources {
        match source {
            Source::Quotes(file) => note(&file),
            Source::Bars(folder) => {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
                files.sort_unstable();
                for file in &files {
                    note(file);
                }
            }
            Source::Venue => {}
        }
    }
    hasher.finish()
}

/// What signals mean that do not say it themselves.
pub fn defaults(place: &Place) -> Defaults {
    defaults_of(&place.catalog, &place.loaded.config)
}

/// The same for another catalog.
pub fn defaults_of(traded: &std::sync::Arc<Catalog>, config: &crate::config::Config) -> Defaults {
    let mut defaults = Defaults::new(unnamed(), std::sync::Arc::clone(traded));
    let built_in = catalog::ALIASES.iter().map(|(alias, symbol)| ((*alias).to_owned(), (*symbol).to_owned()));
    let own = config.aliases.iter().map(|(alias, symbol)| (alias.clone(), symbol.clone()));
    defaults.aliases =
        built_in.chain(own).filter_map(|(alias, symbol)| Some((alias, known(traded, &symbol)?))).collect();
    defaults
}

fn known(catalog: &Catalog, symbol: &str) -> Option<Symbol> {
    Symbol::new(symbol).ok().filter(|symbol| catalog.find_symbol(*symbol).is_some())
}

/// The strategy of signals that do not name theirs.
#[expect(clippy::expect_used, reason = "a literal, and a test makes it")]
fn unnamed() -> StrategyId {
    StrategyId::new("unnamed").expect("a strategy")
}

/// Whether nothing has this name. A link that leads nowhere is there, and cannot be read.
fn is_absent(path: &Path) -> bool {
    matches!(std::fs::symlink_metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literals_are_what_they_should_be() {
        assert_eq!(unnamed().as_str(), "unnamed");
        assert_eq!(crate::place::paper_venue().as_str(), "paper");
        assert_eq!(crate::config::Paper::default().account.as_str(), "paper-1");
    }
}

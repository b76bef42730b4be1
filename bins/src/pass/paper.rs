//! A pass at the embedded paper broker: it makes its fills from the prices that the pass plays to it, moment by moment.

use std::sync::Arc;

use broker_api::{AssetClass, Capabilities, Catalog, KindName};
use broker_paper::matching::Moment;
use broker_paper::venue::{PaperVenue, VenueError};
use engine::calendar::Calendar;
use engine::{Clock, Input, Runner, Venue};
use state::Book;

use super::{At, LOOKS_BACK, Pass};
use crate::config::Source;
use crate::failure::{Exit, Failure};
use crate::place::{Place, paper_venue};
use crate::prices::Prices;

/// Opens the paper broker of a place.
pub(super) fn open(
    place: &Place,
    book: &Book,
    at_venue: Arc<Catalog>,
    clock: &Clock,
) -> Result<Arc<PaperVenue>, Failure> {
    venue_is_there(place, book)?;
    let settings = place.loaded.config.settings(paper_venue());
    let venue = PaperVenue::open(&place.venue, at_venue, settings).map_err(|error| at_the_venue(&error))?;
    unfinished(book, &venue)?;
    venue.set_time(clock());
    Ok(Arc::new(venue))
}

/// What it can do by the prices that there are.
pub(super) fn capabilities(place: &Place, venue: &Venue) -> Capabilities {
    let is_bars = |class: &AssetClass| matches!(place.loaded.source(*class), Ok(Source::Bars(_)));
    let mut capabilities = venue.capabilities().clone();
    if !AssetClass::ALL.iter().all(is_bars) {
        // A quote stands when its market has closed, and is no price to trade at then: such orders wait with us.
        capabilities.holds_when_closed.retain(|kind| *kind != KindName::Market);
    }
    capabilities
}

impl Pass {
    /// The paper broker, for what only it can do.
    ///
    /// # Errors
    /// When another one is traded.
    pub fn paper(&self) -> Result<&PaperVenue, Failure> {
        match &self.at {
            At::Paper(venue) => Ok(venue),
            At::Broker(_) => Err(paper_only(&self.place)),
        }
    }

    /// Plays everything the price sources hold since the last time, moment by moment.
    pub(super) fn catch_up(mut self) -> Result<Self, Failure> {
        // A process that was killed in the middle of a moment left events of it untaken, and its prices may not come
        // again: a file of quotes holds only the last ones.
        self = self.drain()?;
        let now = self.now();
        let from = self.paper()?.last_played().unwrap_or(now - LOOKS_BACK);
        let mut prices = Prices::open(&self.place, from, now)?;
        prices.tell_absent(self.out);
        while let Some(moment) = prices.next()? {
            self = self.play(&moment)?;
        }
        self.paper()?.set_time(now);
        self.refresh()
    }

    /// Plays one moment of one instrument: the venue meets it first, then the desk sees the price and, event by
    /// event, what it brought about, before time moves on.
    ///
    /// # Errors
    /// A venue or a journal that fails.
    pub fn play(mut self, moment: &Moment) -> Result<Self, Failure> {
        let Some(instrument) = self.place.catalog.get(moment.ix()) else { return Ok(self) };
        let (class, quote) = (instrument.asset_class, moment.quote_in_ticks(instrument, &self.costs));
        // A quote from outside the session is something to know, and nothing that orders could meet.
        let is_tradable = !matches!(moment, Moment::Quote { .. })
            || Calendar::new().open(class, moment.at(), None).is_trading();
        if is_tradable {
            self.paper()?.play(moment).map_err(|error| at_the_venue(&error))?;
        }
        if let Some(quote) = quote {
            self = self.take(vec![Input::Quote { ix: moment.ix(), quote }])?;
        }
        if is_tradable { self.drain() } else { Ok(self) }
    }

    /// Takes the events of the moment under way, one by one, and lets the desk act upon each.
    fn drain(mut self) -> Result<Self, Failure> {
        while self.paper()?.next_event().map_err(|error| at_the_venue(&error))? {
            self = self.step(Runner::catch_up)?;
        }
        Ok(self)
    }
}

/// What was asked for goes at the embedded paper broker alone.
pub fn paper_only(place: &Place) -> Failure {
    let what = format!("{} is traded here, and takes no positions from a file", place.brokers_shown());
    Failure::usage("paper_only", what)
        .fix("import into a place of its own with venue.broker = \"paper\"; nothing was done")
}

/// A book that has traded needs the venue's file.
///
/// # Errors
/// When it is not there.
pub fn venue_is_there(place: &Place, book: &Book) -> Result<(), Failure> {
    let known = book.venue(paper_venue()).is_some_and(|venue| venue.cursor.as_str() != "0");
    // An empty file would be made into a new account.
    if known && !std::fs::metadata(&place.venue).is_ok_and(|file| file.len() > 0) {
        return Err(Failure::usage(
            "venue_missing",
            format!("{} is not there or is empty, and the book has traded at it", place.venue.display()),
        )
        .fix("put the file back from where the state was copied; without it this would be another account"));
    }
    Ok(())
}

/// Stops where the venue took an import that the journal does not hold: what it changed would count as profit or loss.
fn unfinished(book: &Book, venue: &PaperVenue) -> Result<(), Failure> {
    let Some(bound) = book.venue(paper_venue()) else { return Ok(()) };
    let since = venue.transfers_since(bound.cursor).map_err(|error| at_the_venue(&error))?;
    match since.iter().find(|done| book.import(done.file).is_none()) {
        None => Ok(()),
        Some(done) => Err(Failure::usage(
            "import_unfinished",
            format!(
                "an import was interrupted: the paper account holds it, the journal does not (file {})",
                &done.file.as_str()[..12]
            ),
        )
        .fix("run the same `tradewind state import` again; it goes on where it was")),
    }
}

/// A venue that cannot go on.
pub fn at_the_venue(error: &VenueError) -> Failure {
    Failure::new(Exit::Unavailable, "venue_failed", "the paper venue cannot go on")
        .because(error)
        .fix("correct what the cause names and run again; what was on its way is then found out")
}

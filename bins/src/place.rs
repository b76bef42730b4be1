//! Where a book lives, and reading it without writing: for every verb that only shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_api::{AccountId, AssetClass, Catalog, Instrument, Mode, Stamped, Time, VenueId};
use chrono::Utc;
use state::{Book, Files, Head, Journal, SqliteStore};

use crate::args::Common;
use crate::catalog;
use crate::config::{BrokerName, Loaded, layers, path_of};
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::history::{History, Story};
use crate::out::Heading;

/// The state file when none is named.
const STATE: &str = "paper-state.json";
/// How many records are read at once.
const PAGE: usize = 10_000;

/// Whose accounts a configuration trades.
fn routed(loaded: &Loaded) -> Vec<BrokerName> {
    let (broker, route) = (loaded.config.venue.broker, loaded.config.route);
    let mut all = vec![broker];
    for class in AssetClass::ALL {
        let to = route.of(class, broker);
        if to.trades(class) && !all.contains(&to) {
            all.push(to);
        }
    }
    // One whose classes are all traded elsewhere is not asked for anything.
    let is_traded = |name: &BrokerName| {
        AssetClass::ALL.into_iter().any(|class| name.trades(class) && route.of(class, broker) == *name)
    };
    all.retain(is_traded);
    all
}

/// The name of the paper venue in every book.
pub fn paper_venue() -> VenueId {
    BrokerName::Paper.venue()
}

/// One book's files, and the configuration that goes with them.
#[derive(Clone, Debug)]
pub struct Place {
    /// The state file and what lies beside it.
    pub files: Files,
    /// The paper broker's own log.
    pub venue: PathBuf,
    /// The configuration.
    pub loaded: Loaded,
    /// What can be traded.
    pub catalog: Arc<Catalog>,
    /// Whether it is a copy on which a pass only shows what it would do.
    pub is_rehearsal: bool,
}

/// A book as it was read.
pub struct Reading {
    /// The book.
    pub book: Book,
    /// What can be traded.
    pub catalog: Arc<Catalog>,
    /// When it was read, or the moment that was asked for.
    pub as_of: Time,
    journal: Journal<SqliteStore>,
    until: Option<Time>,
}

impl Place {
    /// The place that the command line names.
    ///
    /// # Errors
    /// A configuration that cannot be used.
    pub fn of(common: &Common) -> Result<Self, Failure> {
        let state = Self::state_of(common)?;
        let traded = Catalog::new(catalog::instruments(paper_venue())).ok();
        let loaded = Loaded::load(common, &state, traded.as_ref())?;
        Self::at(&state, loaded)
    }

    /// The state file that the command line or the environment names, or the usual one.
    ///
    /// # Errors
    /// A variable that is set to nothing.
    pub fn state_of(common: &Common) -> Result<PathBuf, Failure> {
        match &common.state {
            Some(state) => Ok(state.clone()),
            None => Ok(path_of(layers::STATE)?.unwrap_or_else(|| PathBuf::from(STATE))),
        }
    }

    /// The place around a state file.
    ///
    /// # Errors
    /// Instruments that are listed twice.
    pub fn at(state: &Path, loaded: Loaded) -> Result<Self, Failure> {
        let files = Files::beside(state);
        let stem = state.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = format!("{}-venue.sqlite", stem.strip_suffix("-state").unwrap_or(&stem));
        let venue = state.with_file_name(name);
        let traded = routed(&loaded).into_iter().flat_map(|broker| {
            let route = loaded.config.route;
            let is_here =
                move |row: &Instrument| route.of(row.asset_class, loaded.config.venue.broker) == broker;
            let rows = match broker {
                BrokerName::Paper => catalog::instruments(paper_venue()),
                BrokerName::Alpaca | BrokerName::Oanda => catalog::at_broker(broker, &loaded.config.aliases),
            };
            rows.into_iter().filter(is_here)
        });
        let traded = traded.collect();
        let catalog =
            Catalog::new(traded).map_err(|twice| Failure::usage("bad_catalog", twice.to_string()))?;
        Ok(Self { files, venue, loaded, catalog: Arc::new(catalog), is_rehearsal: false })
    }

    /// The same, of which nothing reaches a broker.
    #[must_use]
    pub fn rehearsing(mut self) -> Self {
        self.is_rehearsal = true;
        self
    }

    /// Whose account is traded.
    pub const fn broker(&self) -> BrokerName {
        self.loaded.config.venue.broker
    }

    /// All whose accounts are traded, that of `[venue]` first where it trades anything.
    pub fn brokers(&self) -> Vec<BrokerName> {
        routed(&self.loaded)
    }

    /// Whose account trades a class.
    pub fn broker_of(&self, class: AssetClass) -> BrokerName {
        self.loaded.config.route.of(class, self.broker())
    }

    /// All of them as people write them.
    pub fn brokers_shown(&self) -> String {
        let shown: Vec<&str> = self.brokers().into_iter().map(BrokerName::shown).collect();
        shown.join(" and ")
    }

    /// Their names in the book.
    fn venues_shown(&self) -> String {
        let venues: Vec<&str> = self.brokers().into_iter().map(BrokerName::as_str).collect();
        venues.join("+")
    }

    /// Whether the embedded paper broker is traded.
    pub fn is_paper(&self) -> bool {
        self.broker() == BrokerName::Paper
    }

    /// The account that is traded, as far as the configuration names it: a broker names its accounts itself.
    pub fn account(&self) -> Option<AccountId> {
        self.is_paper().then_some(self.loaded.config.paper.account)
    }

    /// Which kind of account the configuration means.
    pub fn mode(&self) -> Mode {
        if self.is_paper() { Mode::Paper } else { self.loaded.config.venue.mode }
    }

    /// What stands first in an output for people as long as no book tells it: mode, venue, account.
    pub fn unbound(&self) -> String {
        let account = self.account().map(|account| format!(" {}", figures::tail(account.as_str(), 12)));
        format!("{}  {}{}", self.mode(), self.venues_shown(), account.unwrap_or_default())
    }

    /// The same for programs.
    pub fn unbound_heading(&self) -> Heading {
        Heading {
            mode: Some(self.mode().to_string().to_lowercase()),
            account: self.account().map(|account| format!("{}:{account}", self.venues_shown())),
            ..Heading::default()
        }
    }

    /// Reads the book as the journal has it, at a moment of the past if one is given.
    ///
    /// # Errors
    /// No journal there, one that cannot be read or followed, or a time that is none.
    pub fn read(&self, at: Option<&str>) -> Result<Reading, Failure> {
        let until = at.map(|text| parse_time("--at", text)).transpose()?;
        if let Some((text, _)) = at.zip(until).filter(|(_, until)| *until > crate::clock::now()) {
            return Err(Failure::usage("future_time", format!("--at {text} lies in the future"))
                .fix("leave --at away for where things stand now"));
        }
        crate::files::settled(self)?;
        if !self.files.journal.exists() {
            let what = format!("there is no journal at {}", self.files.journal.display());
            return Err(Failure::usage("no_book", what).fix(
                "run `tradewind demo` to see one, or `tradewind run --signals FILE` to begin one; --state names another",
            ));
        }
        let store =
            SqliteStore::open_read_only(&self.files.journal).map_err(|error| unreadable(self, &error))?;
        let journal = Journal::open(store).map_err(|error| unreadable(self, &error))?;
        let mut book = Book::default();
        each(&journal, until, |stamped| {
            book.apply(&stamped.record, stamped.at).map(|_| ()).map_err(|illegal| broken(&illegal))
        })?;
        Ok(Reading {
            book,
            catalog: Arc::clone(&self.catalog),
            as_of: until.unwrap_or_else(crate::clock::now),
            journal,
            until,
        })
    }
}

/// A moment that was given behind a flag.
///
/// # Errors
/// It is none, or has no zone.
pub fn parse_time(flag: &str, text: &str) -> Result<Time, Failure> {
    chrono::DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).map_err(|error| {
        Failure::usage("bad_time", format!("{flag} {text} is no moment"))
            .because(&error)
            .fix("write it with its zone: 2026-11-20T21:00:00Z")
    })
}

fn unreadable(place: &Place, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        Exit::Usage,
        "journal_unreadable",
        format!("{} cannot be read", place.files.journal.display()),
    )
    .because(error)
    .fix("nothing was changed; restore the file from a backup, or name another state with --state")
}

/// A journal whose records do not follow.
pub fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "journal_broken", "the journal cannot be followed")
        .because(error)
        .fix("`tradewind journal verify` names the first record that does not fit")
}

/// Hands every record to `take`, page by page, up to a moment.
fn each(
    journal: &Journal<SqliteStore>,
    until: Option<Time>,
    mut take: impl FnMut(&Stamped) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = journal.read(after, PAGE).map_err(|error| broken(&error))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for stamped in &page {
            if until.is_some_and(|until| stamped.at > until) {
                return Ok(());
            }
            take(stamped)?;
        }
    }
}

impl Reading {
    /// Hands every record to `take`, up to the moment that was read.
    ///
    /// # Errors
    /// A journal that cannot be read; what `take` refuses.
    pub fn each(&self, take: impl FnMut(&Stamped) -> Result<(), Failure>) -> Result<(), Failure> {
        each(&self.journal, self.until, take)
    }

    /// Everything that ever was, up to the moment that was read.
    ///
    /// # Errors
    /// A journal that cannot be read or followed.
    pub fn history(&self) -> Result<History, Failure> {
        let mut history = History::default();
        let mut book = Book::default();
        each(&self.journal, self.until, |stamped| {
            history.take(&mut book, stamped).map_err(|illegal| broken(&illegal))
        })?;
        Ok(history)
    }

    /// The same, with all records it was gathered from: one reading for both.
    ///
    /// # Errors
    /// As [`Reading::history`].
    pub fn story(&self) -> Result<Story, Failure> {
        let (mut story, mut book) = (Story::default(), Book::default());
        each(&self.journal, self.until, |stamped| {
            story.history.take(&mut book, stamped).map_err(|illegal| broken(&illegal))?;
            story.records.push(stamped.clone());
            Ok(())
        })?;
        Ok(story)
    }

    /// Whether a moment of the past was asked for.
    pub const fn is_past(&self) -> bool {
        self.until.is_some()
    }

    /// The journal.
    pub const fn journal(&self) -> &Journal<SqliteStore> {
        &self.journal
    }

    /// What stands above every output.
    pub fn heading(&self) -> Heading {
        let head = self.head();
        heading(&self.book, self.journal.id(), head.seq, head.hash.as_str())
    }

    /// The last record of what was read, which is not the journal's when a moment of the past was asked for.
    pub fn head(&self) -> Head {
        let head = self.journal.head();
        let (seq, at) = (self.book.seq(), None);
        match self.journal.hash_at(seq) {
            Ok(Some(hash)) if seq != head.seq => Head { seq, hash, at },
            _ => head,
        }
    }

    /// The first line of every output for people.
    pub fn headline(&self) -> String {
        headline(&self.book, self.as_of)
    }
}

/// What stands above every output.
pub fn heading(book: &Book, id: &str, seq: u64, hash: &str) -> Heading {
    let first = book.venues().next();
    Heading {
        mode: first.map(|venue| venue.of.mode.to_string().to_lowercase()),
        account: first.map(|venue| format!("{}:{}", venue.of.venue, venue.of.account)),
        level: Some(book.guard().level.to_string()),
        journal: Some((id.to_owned(), seq, hash.to_owned())),
    }
}

/// The first line of every output for people: mode, account, level, time.
pub fn headline(book: &Book, as_of: Time) -> String {
    let account = book.venues().next().map_or_else(
        || "no account yet".to_owned(),
        |venue| {
            format!("{}  {} {}", venue.of.mode, venue.of.venue, figures::tail(venue.of.account.as_str(), 12))
        },
    );
    format!("{account}   level {}   {}", book.guard().level.to_string().to_uppercase(), figures::time(as_of))
}

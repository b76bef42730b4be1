//! The account at the simulated broker: its state and its time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use broker_api::{AccountId, Amount, Bar, Catalog, ClientOrderId, Currency, Time};
use broker_paper::matching::{Costs, Matching, Settings as Engine};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::json;

use super::book::Book;
use super::errors::Refusal;
use super::hours::{Change, Hours, day_of};
use super::instruments::{self, ENGINE, Listed, Prices};
use super::log::{Batch, Entry, members};
use super::money::money;
use super::settings::{Quirks, Settings};
use super::stream::Streams;
use super::time::{CLOSE, OPEN, RANGE};
use crate::core::{Chance, Clock, Prepared, TimeAct, read_bars};

/// What falls due at a moment.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// An order's time is over.
    Expire(u64),
    /// A cancel comes late.
    Cancel(u64),
    /// A fault of a script.
    Act(TimeAct),
}

/// Part of a bar, as it is played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming {
    pub at: Time,
    pub part: u8,
    pub pair: usize,
    /// With its open and its close in the hours of the market.
    pub bar: Bar,
    /// As it was read.
    pub told: Bar,
}

/// The account and everything about it.
pub(super) struct Venue {
    pub settings: Settings,
    pub clock: Clock,
    pub hours: Hours,
    pub chance: Chance,
    /// Everything up to here has been played.
    pub at: Time,
    /// Every change of the session up to here has been made.
    pub changed: (Time, Change),
    pub pairs: Vec<Listed>,
    pub engine: Matching,
    pub by_engine: BTreeMap<ClientOrderId, u64>,
    pub log: Vec<Entry>,
    pub batch: Batch,
    pub book: Book,
    /// What the views showed from when on, the oldest first; empty where they do not lag.
    pub views: VecDeque<(Time, Book)>,
    pub refused: Vec<serde_json::Value>,
    /// Orders that came of a fill, and have yet to meet the market.
    pub waiting: Vec<u64>,
    pub agenda: BTreeMap<(Time, u64), Due>,
    pub due: u64,
    pub coming: VecDeque<Coming>,
    pub at_close: Vec<TimeAct>,
    pub prepared: Option<Prepared>,
    pub streams: Streams,
    pub requests: u64,
    /// Requests of the second that began then.
    pub second: (Time, u32),
    pub user: u64,
    pub created: Time,
}

impl Venue {
    /// An account at its beginning.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub(super) fn new(mut settings: Settings) -> Result<Self, String> {
        let chance = Chance::new(settings.seed);
        let clock = settings.clock.clone();
        let at = clock.now();
        if settings.live {
            settings.account = settings.account.replacen("101-", "001-", 1);
        }
        Currency::new(&settings.currency).map_err(|why| format!("the account's currency {why}"))?;
        let user = settings.account.split('-').nth(2).and_then(|user| user.parse().ok());
        let user =
            user.ok_or_else(|| format!("{} is no account; write 101-001-1234567-001", settings.account))?;
        let (catalog, mut pairs) = instruments::list(&settings, at)?;
        let coming = read_coming(&settings, &mut pairs, at)?;
        let mut venue = Self {
            hours: Hours { market: settings.market },
            streams: Streams::default(),
            changed: (at, Change::Opens),
            second: (at, 0),
            created: at,
            coming: coming.into(),
            due: 0,
            by_engine: BTreeMap::new(),
            log: Vec::new(),
            batch: Batch::default(),
            book: Book::default(),
            views: VecDeque::new(),
            refused: Vec::new(),
            waiting: Vec::new(),
            agenda: BTreeMap::new(),
            at_close: Vec::new(),
            prepared: None,
            requests: 0,
            engine: engine(&catalog)?,
            settings,
            clock,
            chance,
            at,
            pairs,
            user,
        };
        venue.open_account();
        for pair in 0..venue.pairs.len() {
            if let Some(prices) = venue.pairs[pair].prices {
                venue.play_quote(pair, prices.bid, prices.ask);
                // It is as old as the bar that it is of.
                venue.pairs[pair].prices = Some(prices);
            }
        }
        venue.keep_view();
        Ok(venue)
    }

    /// The first transactions of an account.
    fn open_account(&mut self) {
        let parts: Vec<u64> = self.settings.account.split('-').filter_map(|part| part.parse().ok()).collect();
        let part = |place: usize| parts.get(place).copied().unwrap_or_default();
        let cash = self.settings.cash;
        self.batch();
        self.write(
            "CREATE",
            members(json!({
                "divisionID": part(1), "siteID": part(0), "accountUserID": part(2), "accountNumber": part(3),
                "homeCurrency": self.settings.currency,
            })),
        );
        self.write("CLIENT_CONFIGURE", members(json!({ "alias": "Primary" })));
        self.book.alias = Some("Primary".to_owned());
        self.batch();
        self.book.balance = cash;
        self.write(
            "TRANSFER_FUNDS",
            members(json!({
                "amount": money(cash), "fundingReason": "CLIENT_FUNDING", "accountBalance": money(cash),
            })),
        );
    }

    pub(super) const fn quirks(&self) -> &Quirks {
        &self.settings.quirks
    }

    pub(super) fn find_pair(&self, name: &str) -> Option<usize> {
        self.pairs.iter().position(|listed| listed.pair.name == name || listed.key.symbol.as_str() == name)
    }

    /// Whether a pair can be traded now.
    pub(super) fn is_open_for(&self, pair: usize) -> bool {
        let listed = &self.pairs[pair];
        !listed.is_halted && listed.prices.is_some() && self.hours.is_open(self.at)
    }

    /// Counts a request of this second; refuses one too many.
    ///
    /// # Errors
    /// Too many.
    pub(super) fn count_request(&mut self) -> Result<(), Refusal> {
        if self.at - self.second.0 >= TimeDelta::seconds(1) {
            self.second = (self.at, 0);
        }
        self.second.1 += 1;
        if self.second.1 > self.settings.rate_limit {
            return Err(self.too_many());
        }
        Ok(())
    }

    pub(super) fn too_many(&self) -> Refusal {
        let words = "The rate limit of requests was exceeded.";
        if self.quirks().coded_429 {
            Refusal::coded(429, "RATE_LIMIT_EXCEEDED", words)
        } else {
            Refusal::plain(429, words)
        }
    }

    /// Keeps what the views show from now on, where they lag behind.
    pub(super) fn keep_view(&mut self) {
        let lag = self.settings.views_after;
        if lag <= TimeDelta::zero() || self.views.back().is_some_and(|(_, book)| book.last == self.book.last)
        {
            return;
        }
        self.views.push_back((self.at, self.book.clone()));
        while self.views.get(1).is_some_and(|(from, _)| *from + lag <= self.at) {
            self.views.pop_front();
        }
    }

    /// What the views show now.
    pub(super) fn view(&self) -> &Book {
        let lag = self.settings.views_after;
        if lag <= TimeDelta::zero() {
            return &self.book;
        }
        let seen = self.views.iter().rev().find(|(from, _)| *from + lag <= self.at);
        seen.or_else(|| self.views.front()).map_or(&self.book, |(_, book)| book)
    }
}

/// The parts of bars that are to come; what is over becomes history.
fn read_coming(settings: &Settings, pairs: &mut [Listed], at: Time) -> Result<Vec<Coming>, String> {
    let mut coming: Vec<Coming> = Vec::new();
    let hours = Hours { market: settings.market };
    let Some(folder) = &settings.bars else { return Ok(coming) };
    let named = |listed: &&mut Listed| {
        settings.prices.iter().any(|(name, _)| name.replace('/', "_") == listed.name())
    };
    let has_prices = !settings.prices.is_empty();
    let mut all = Vec::new();
    for listed in pairs.iter_mut().filter(|listed| !has_prices || named(listed)) {
        all.push(listed.key.symbol.as_str().to_owned());
    }
    let bars = read_bars(folder, &all, &|_, date| day_of(date)).map_err(|error| error.to_string())?;
    for (place, listed) in pairs.iter_mut().enumerate() {
        let bars = bars.get(listed.key.symbol.as_str()).cloned().unwrap_or_default();
        let (over, to_come) = bars.into_iter().partition(|bar| bar.closes <= at);
        listed.history = over;
        if let Some(bar) = listed.history.last() {
            let close = bar.close.get();
            listed.prices = Some(Prices { bid: close, ask: close, at: bar.closes });
        }
        for told in Vec::into_iter(to_come) {
            let (opens, closes) = hours.within(told.opens, told.closes);
            let bar = Bar { opens, closes, ..told };
            for (when, part) in [(opens, OPEN), (opens, RANGE), (closes, CLOSE)] {
                coming.push(Coming { at: when, part, pair: place, bar, told });
            }
        }
    }
    coming.retain(|coming| coming.at > at);
    coming.sort_by_key(|coming| (coming.at, coming.part, coming.pair));
    Ok(coming)
}

/// An engine that never lacks money: what an account may do is the account's affair.
fn engine(catalog: &Arc<Catalog>) -> Result<Matching, String> {
    let said = |why: &dyn std::fmt::Display| why.to_string();
    let engine = Engine {
        currency: Currency::new(ENGINE).map_err(|why| said(&why))?,
        cash: Amount::new(Decimal::from(1_000_000_000_000_u64)).map_err(|why| said(&why))?,
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: AccountId::new("simulated").map_err(|why| said(&why))?,
        venue: instruments::venue()?,
    };
    Ok(Matching::new(Arc::clone(catalog), engine))
}

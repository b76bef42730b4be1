//! Risk tonight: what is lost if stops are hit while nobody looks, what stands without this program, and how far the
//! breakers are from that. The arithmetic is `risk::tonight`.

mod prices;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    Amount, AssetClass, Catalog, Currency, Direction, Key, Price, Protection, Qty, Ratio, Side, Symbol, Time,
    Wanted,
};
use engine::calendar::Calendar;
use engine::{Limits, Market, Sizing};
use risk::tonight::{Carried, Loss, Room, average_loss, room};
use state::Book;
use state::book::{Order, Position};

use crate::config::Config;
use crate::limits::Force;
use crate::pass::Pass;
use crate::place::{Place, Reading};
use crate::verbs::lists;

/// What stands between now and the morning.
#[derive(Clone, Debug)]
pub struct Tonight {
    /// What shares are of.
    equity: Option<Amount>,
    /// What is held, and the entries under way.
    rows: Vec<Row>,
    /// Entries that wait for their session and have no size yet.
    unsized_entries: Vec<Symbol>,
    /// When the markets of what is held or under way open next after they close; nothing for one that never closes.
    opens: Vec<(AssetClass, Option<Time>)>,
    /// When it was looked at.
    now: Time,
    /// One loss, and what it is.
    unit: (Option<Amount>, Unit),
    room: Room,
}

/// One thing held or under way.
#[derive(Clone, Debug)]
struct Row {
    key: Key,
    /// Whether it is an entry that is not filled yet.
    is_under_way: bool,
    direction: Direction,
    qty: Qty,
    /// What the loss is counted from; nothing when not even the entry price is known.
    from: Option<Price>,
    /// Whether that is a price of now.
    is_priced: bool,
    stop: Option<Price>,
    atr: Option<Price>,
    loss: Option<Loss>,
    alone: Alone,
}

/// What guards something while this program does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// A stop at the venue.
    Venue,
    /// This program: why.
    Program(&'static str),
    /// Nothing does.
    Nothing,
    /// There is nothing to guard: an entry that is not at the venue, or brings its stop.
    Calm,
}

/// What one loss is taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// The mean of so many losing trades.
    Trades(usize),
    /// What an entry risks by `sizing.risk_pct`.
    Sizing,
    /// The most that an entry may risk by `limits.risk_per_trade_percent`.
    Limit,
}

/// What it is made of.
struct Seen<'a> {
    book: &'a Book,
    catalog: &'a Catalog,
    market: &'a Market,
    ranges: BTreeMap<Key, Price>,
    base: Currency,
}

impl Tonight {
    /// As a pass sees it.
    pub fn of(pass: &Pass, equity: Option<Amount>) -> Self {
        let (place, now) = (pass.place(), pass.now());
        Self::new(place, pass.book(), &place.catalog, pass.runner().market(), equity, now)
    }

    /// As the journal has it, with the prices that files have.
    pub fn of_reading(place: &Place, reading: &Reading, equity: Option<Amount>) -> Self {
        let (book, catalog, now) = (&reading.book, &reading.catalog, reading.as_of);
        let market = prices::market(place, catalog, &keys(book), base(place, book), now);
        Self::new(place, book, catalog, &market, equity, now)
    }

    fn new(
        place: &Place,
        book: &Book,
        catalog: &Catalog,
        market: &Market,
        equity: Option<Amount>,
        now: Time,
    ) -> Self {
        let mut config = place.loaded.config.clone();
        config.limits = Force::of(&config.limits, book, now).limits;
        let config = &config;
        let ranges = prices::ranges(place, catalog, &keys(book), now);
        let seen = Seen { book, catalog, market, ranges, base: base(place, book) };
        let mut rows: Vec<Row> = book.positions().map(|position| seen.position(position)).collect();
        rows.extend(
            entries(book).filter(|order| !order.remaining().is_zero()).map(|order| seen.entry(order)),
        );
        let opens = seen.opens(&rows, now);
        let waits = |id| {
            let state = book.signal(id)?;
            let is_entry = matches!(state.signal.wanted, Wanted::Enter { .. }) && state.orders.is_empty();
            is_entry.then_some(state.signal.symbol)
        };
        Self {
            equity,
            rows,
            unsized_entries: book.open_signals().filter_map(waits).collect(),
            opens,
            now,
            unit: unit(book, config, equity),
            room: room(book.guard(), equity, &config.limits),
        }
    }
}

impl Seen<'_> {
    fn position(&self, position: &Position) -> Row {
        let (key, direction) = (position.key, position.direction);
        let side = direction.entry_side().opposite();
        let price = self.market.quote_of(key).map(|quote| quote.against(side));
        let entry = position.average().or(price);
        let trails = position.plan.trail.is_some();
        let alone = match lists::protection(self.book, position) {
            _ if position.plan.stop.is_none() && !trails => Alone::Nothing,
            Some("venue") if trails => Alone::Program("its stop rests, and follows only while this runs"),
            Some("venue") => Alone::Venue,
            Some("renewed") => Alone::Program("its stop is sent again each session"),
            Some(_) => Alone::Program("its stop is watched"),
            None => Alone::Program("its stop does not rest over all of it"),
        };
        let row = Row {
            key,
            is_under_way: false,
            direction,
            qty: position.held.size(),
            from: price.or(entry),
            is_priced: price.is_some(),
            stop: None,
            atr: None,
            loss: None,
            alone,
        };
        self.lost(row, entry, position.plan)
    }

    /// An entry as if what is left of it filled where it was decided, or at its own price.
    fn entry(&self, order: &Order) -> Row {
        let intent = &order.intent;
        let direction = if intent.side == Side::Buy { Direction::Long } else { Direction::Short };
        let from = intent.order.prices().into_iter().flatten().next().unwrap_or(intent.reference);
        let brings_stop = intent.bracket || !order.may_be_live();
        let row = Row {
            key: intent.key,
            is_under_way: true,
            direction,
            qty: order.remaining(),
            from: Some(from),
            is_priced: true,
            stop: None,
            atr: None,
            loss: None,
            alone: if brings_stop { Alone::Calm } else { Alone::Program("it may fill without its stop") },
        };
        self.lost(row, Some(from), intent.plan)
    }

    fn lost(&self, mut row: Row, entry: Option<Price>, plan: Protection) -> Row {
        let (Some(from), Some(entry)) = (row.from, entry) else { return row };
        let behind = |by: Price| {
            let by = Amount::new(by.get()).ok()?;
            from.moved(if row.direction == Direction::Long { by.negated() } else { by }).ok()
        };
        row.stop = plan.stop.or_else(|| behind(plan.trail?));
        row.atr = self.ranges.get(&row.key).copied();
        let rate = self.quote_currency(row.key).and_then(|quote| self.market.rate(quote, self.base));
        let carried = Carried {
            direction: row.direction,
            qty: row.qty,
            from,
            entry,
            stop: row.stop,
            atr: row.atr,
            rate,
        };
        row.loss = carried.loss();
        row
    }

    /// What an instrument's price is in, as far as that is known.
    fn quote_currency(&self, key: Key) -> Option<Currency> {
        let listed = self.catalog.instrument(key).map(|instrument| instrument.quote);
        listed.or_else(|| Currency::new(key.symbol.as_str().split_once('/')?.1).ok())
    }

    fn opens(&self, rows: &[Row], now: Time) -> Vec<(AssetClass, Option<Time>)> {
        let calendar = Calendar::new();
        let is_there = |class: &AssetClass| {
            let of = |row: &Row| self.catalog.instrument(row.key).map(|instrument| instrument.asset_class);
            rows.iter().any(|row| of(row) == Some(*class))
        };
        let next = |class| match (calendar.session(class, now), calendar.open_until(class, now)) {
            (Some(_), None) => (class, None),
            (_, close) => (class, calendar.next_open(class, close.unwrap_or(now))),
        };
        AssetClass::ALL.into_iter().filter(is_there).map(next).collect()
    }
}

/// The entries that are not over.
fn entries(book: &Book) -> impl Iterator<Item = &Order> {
    book.open_orders().filter(|order| !order.intent.purpose.is_reducing())
}

/// What is held or under way.
fn keys(book: &Book) -> BTreeSet<Key> {
    let held = book.positions().map(|position| position.key);
    held.chain(entries(book).map(|order| order.intent.key)).collect()
}

/// The currency that everything is counted in.
fn base(place: &Place, book: &Book) -> Currency {
    book.venues().next().map_or(place.loaded.config.paper.currency, |venue| venue.of.currency)
}

/// What one loss is: the mean of those that there were, or else what an entry is to risk.
fn unit(book: &Book, config: &Config, equity: Option<Amount>) -> (Option<Amount>, Unit) {
    let own = book.trades().filter(|trade| trade.position.outside.is_none());
    if let Some((mean, count)) = average_loss(own.map(state::book::Trade::net)) {
        return (Some(mean), Unit::Trades(count));
    }
    let (percent, unit) = planned(config.sizing.sizing, &config.limits);
    let hundredth =
        |whole: Amount| Amount::new(whole.get().checked_div(rust_decimal::Decimal::ONE_HUNDRED)?).ok();
    let loss = equity.and_then(|equity| hundredth(equity.times(percent).ok()?));
    (loss, unit)
}

/// The percent of equity that an entry is to lose at its stop.
fn planned(sizing: Sizing, limits: &Limits) -> (Ratio, Unit) {
    match sizing {
        Sizing::RiskPct(percent) => (percent, Unit::Sizing),
        Sizing::Quantity(_) | Sizing::Notional(_) | Sizing::EquityPct(_) | Sizing::EqualSlots { .. } => {
            (limits.risk_per_trade_percent, Unit::Limit)
        }
    }
}

//! What the sources say of prices, for who only looks: what cannot be read is not known, and stops nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use broker_api::{AssetClass, Bar, Catalog, Currency, Instrument, InstrumentIx, Key, Price, Quote, Time};
use broker_paper::matching::Moment;
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::feed::{Bars, Quotes};
use engine::{Input, Market};
use risk::tonight::{ATR_DAYS, average_true_range};

use crate::config::Source;
use crate::place::{Place, paper_venue};

/// How far back bars are read: enough days for the first average to have lost its weight.
const RANGE_DAYS: TimeDelta = TimeDelta::days(150);
/// How old the last price or bar may be.
const AGE_MAX: TimeDelta = TimeDelta::days(10);

/// The newest prices of the files, of what is asked for and of the pairs that its worth in `base` follows from. What is
/// wrong with the source of one class takes no price from another.
pub(super) fn market(
    place: &Place,
    catalog: &Arc<Catalog>,
    keys: &BTreeSet<Key>,
    base: Currency,
    now: Time,
) -> Market {
    let mut market = Market::new(Arc::clone(catalog));
    let quoted: BTreeSet<Currency> =
        keys.iter().filter_map(|key| catalog.instrument(*key)).map(|row| row.quote).collect();
    let turns = |row: &Instrument| {
        let pair = row.base().map(|first| [first, row.quote]);
        pair.is_some_and(|pair| pair.contains(&base) && pair.iter().any(|one| quoted.contains(one)))
    };
    for class in AssetClass::ALL {
        let is_wanted =
            |row: &&Instrument| row.asset_class == class && (keys.contains(&row.key) || turns(row));
        let wanted: Vec<Instrument> = catalog.iter().map(|(_, row)| row).filter(is_wanted).cloned().collect();
        let Some(wanted) = Catalog::new(wanted).ok().filter(|wanted| !wanted.is_empty()) else { continue };
        for (key, quote) in newest(place, class, &wanted, now) {
            if let Some(ix) = catalog.find(key) {
                market.observe(&Input::Quote { ix, quote }, now);
            }
        }
    }
    market
}

/// The newest prices that the source of a class has of some instruments, as far as it can be read.
fn newest(place: &Place, class: AssetClass, wanted: &Catalog, now: Time) -> BTreeMap<Key, Quote> {
    let mut newest = BTreeMap::new();
    let costs = place.loaded.config.settings(paper_venue()).costs;
    let mut take = |moment: &Moment| {
        if let Some(row) = wanted.get(moment.ix())
            && let Some(quote) = moment.quote_in_ticks(row, &costs)
        {
            newest.insert(row.key, quote);
        }
    };
    match place.loaded.source(class) {
        Ok(Source::Bars(folder)) => {
            let Ok(bars) = Bars::open(&folder, wanted) else { return newest };
            let mut bars = bars.after(now - AGE_MAX).until(now);
            while let Ok(Some(moment)) = bars.next() {
                take(&moment);
            }
        }
        Ok(Source::Quotes(file)) => {
            let Ok(quotes) = Quotes::read(&file, wanted) else { return newest };
            let is_young = |quote: &Quote| quote.at > now - AGE_MAX && quote.at <= now;
            for (ix, quote) in quotes.iter().filter(|(_, quote)| is_young(quote)) {
                take(&Moment::Quote { ix, quote });
            }
        }
        Ok(Source::Venue) | Err(_) => {}
    }
    newest
}

/// The average true range of the last days of what is asked for, where a folder has its bars.
pub(super) fn ranges(
    place: &Place,
    catalog: &Catalog,
    keys: &BTreeSet<Key>,
    now: Time,
) -> BTreeMap<Key, Price> {
    let mut ranges = BTreeMap::new();
    for class in AssetClass::ALL {
        let Ok(Source::Bars(folder)) = place.loaded.source(class) else { continue };
        let is_wanted = |row: &&Instrument| row.asset_class == class && keys.contains(&row.key);
        let wanted: Vec<Instrument> = catalog.iter().map(|(_, row)| row).filter(is_wanted).cloned().collect();
        let Some(catalog) = Catalog::new(wanted).ok().filter(|wanted| !wanted.is_empty()) else { continue };
        for (ix, days) in days(&folder, &catalog, now).unwrap_or_default() {
            let is_young = days.last().is_some_and(|bar| bar.closes > now - AGE_MAX);
            if let Some(row) = catalog.get(ix).filter(|_| is_young)
                && let Some(range) = average_true_range(&days, ATR_DAYS)
            {
                ranges.insert(row.key, range);
            }
        }
    }
    ranges
}

/// The bars of a folder as days that are over; nothing when one of them cannot be trusted.
fn days(folder: &Path, catalog: &Catalog, now: Time) -> Option<BTreeMap<InstrumentIx, Vec<Bar>>> {
    let calendar = Calendar::new();
    let mut bars = Bars::open(folder, catalog).ok()?.after(now - RANGE_DAYS).until(now);
    let mut all: BTreeMap<InstrumentIx, Vec<Bar>> = BTreeMap::new();
    while let Some(moment) = bars.next().ok()? {
        let Moment::Close { ix, bar } = moment else { continue };
        let class = catalog.get(ix)?.asset_class;
        // A bar closes at the end of its session or within it.
        let session = calendar.session(class, bar.closes - TimeDelta::seconds(1));
        let (opens, closes) = session.map_or((bar.opens, bar.closes), |day| (day.opens, day.closes));
        if closes > now {
            continue;
        }
        let days = all.entry(ix).or_default();
        match days.last_mut().filter(|day| day.opens == opens) {
            Some(day) => {
                (day.high, day.low, day.close) = (day.high.max(bar.high), day.low.min(bar.low), bar.close);
            }
            None => days.push(Bar { opens, closes, ..bar }),
        }
    }
    Some(all)
}

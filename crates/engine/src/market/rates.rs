//! What one currency is worth in another, by the last quotes: over the pair of the two, or over two pairs that share a third.
//! An account in euros that holds USD/JPY knows so what a yen is worth.

use broker_api::{AssetClass, Catalog, Currency, InstrumentIx, Rate, Ratio};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Market;

/// Significant digits of a rate that was divided or multiplied.
const DIGITS: u32 = 16;

/// The pairs that a rate follows from: one, or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way(InstrumentIx, Option<InstrumentIx>);

impl Way {
    /// Each of them.
    pub fn pairs(self) -> impl Iterator<Item = InstrumentIx> {
        std::iter::once(self.0).chain(self.1)
    }
}

/// The pairs of `from`: each with the currency on its other side, and whether `from` is what it is priced in. In their order.
fn pairs_of(catalog: &Catalog, from: Currency) -> impl Iterator<Item = (InstrumentIx, Currency, bool)> {
    catalog.iter().filter(|(_, instrument)| instrument.asset_class != AssetClass::Equity).filter_map(
        move |(ix, instrument)| {
            let base = instrument.base()?;
            if base == from {
                Some((ix, instrument.quote, false))
            } else {
                (instrument.quote == from).then_some((ix, base, true))
            }
        },
    )
}

/// The first pair of the two that is good for it.
fn between<T>(
    catalog: &Catalog,
    from: Currency,
    to: Currency,
    good: impl Fn(InstrumentIx, bool) -> Option<T>,
) -> Option<(InstrumentIx, T)> {
    pairs_of(catalog, from)
        .filter(|(_, other, _)| *other == to)
        .find_map(|(ix, _, inverse)| Some((ix, good(ix, inverse)?)))
}

/// The first way over a third currency, in the order of the first pair and then of the second.
fn over<T>(
    catalog: &Catalog,
    from: Currency,
    to: Currency,
    good: impl Fn(InstrumentIx, bool) -> Option<T>,
) -> Option<(Way, T, T)> {
    pairs_of(catalog, from).filter(|(_, third, _)| *third != to && *third != from).find_map(
        |(first, third, inverse)| {
            let one = good(first, inverse)?;
            let (second, other) = between(catalog, third, to, &good)?;
            Some((Way(first, Some(second)), one, other))
        },
    )
}

fn rounded(value: Decimal) -> Option<Ratio> {
    let value = value.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven)?;
    // So small that it has no digits left is no rate.
    if value.is_zero() { None } else { Ratio::new(value).ok() }
}

/// The pairs whose prices are to be asked for, so that it is known what one unit of `from` is worth in `to`; none for the same
/// currency, or where no way leads there.
pub fn leads(catalog: &Catalog, from: Currency, to: Currency) -> Option<Way> {
    if from == to {
        return None;
    }
    let any = |_, _| Some(());
    let direct = between(catalog, from, to, any).map(|(ix, ())| Way(ix, None));
    direct.or_else(|| over(catalog, from, to, any).map(|(way, (), ())| way))
}

impl Market {
    /// The pairs whose prices say what one unit of `from` is worth in `to`; nothing for the same currency, or without one.
    pub fn way(&self, from: Currency, to: Currency) -> Option<Way> {
        if from == to {
            return None;
        }
        let priced = |ix, _| self.quote(ix).map(drop);
        let direct = between(&self.catalog, from, to, priced).map(|(ix, ())| Way(ix, None));
        direct.or_else(|| over(&self.catalog, from, to, priced).map(|(way, (), ())| way))
    }

    /// What one unit of `from` is worth in `to`: the mid of the first pair of the two that has a quote, or one by it; without
    /// such a pair two of them, over the first third currency that leads there. What was divided or multiplied is rounded half
    /// to even at 16 significant digits. Without a way, what a process before this one left of it, where its venue does not
    /// answer; otherwise nothing.
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Ratio> {
        if from == to {
            return Some(Ratio::ONE);
        }
        let step = |ix: InstrumentIx, inverse: bool| {
            let mid = self.quote(ix)?.mid().ok()?.get();
            if inverse { Decimal::ONE.checked_div(mid).map(|rate| (rate, true)) } else { Some((mid, false)) }
        };
        let told = match between(&self.catalog, from, to, step) {
            Some((_, (rate, true))) => rounded(rate),
            Some((_, (mid, false))) => Ratio::new(mid).ok(),
            None => over(&self.catalog, from, to, step).and_then(|(_, (one, _), (other, _))| {
                let product = rounded(one.checked_mul(other)?)?;
                Ratio::new(product.get().normalize()).ok()
            }),
        };
        let is_it = |known: &&Rate| (known.from, known.to) == (from, to);
        told.or_else(|| self.rates.iter().find(is_it).map(|known| known.rate))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use broker_api::{Amount, Instrument, Key, Price, Qty, Quote, Symbol, VenueId};

    use super::*;
    use crate::Input;

    fn currency(code: &str) -> Currency {
        Currency::new(code).unwrap()
    }

    fn pair(name: &str) -> Instrument {
        let of = |text: &str| text.parse::<Decimal>().unwrap();
        let lot = Qty::new(of("1")).unwrap();
        Instrument {
            key: Key { venue: VenueId::new("v").unwrap(), symbol: Symbol::new(name).unwrap() },
            asset_class: AssetClass::Forex,
            quote: currency(name.split_once('/').unwrap().1),
            tick: Price::new(of("0.00001")).unwrap(),
            lot,
            qty_min: lot,
            qty_max: Qty::new(of("1000000")).unwrap(),
            notional_min: Amount::ZERO,
            margin: Ratio::new(of("0.03")).unwrap(),
            shortable: true,
        }
    }

    fn market(pairs: &[(&str, &str)]) -> Market {
        let catalog = Catalog::new(pairs.iter().map(|(name, _)| pair(name)).collect()).unwrap();
        let mut market = Market::new(Arc::new(catalog));
        for (n, (_, price)) in pairs.iter().enumerate() {
            let Ok(price) = price.parse().map_err(drop).and_then(|price| Price::new(price).map_err(drop))
            else {
                continue;
            };
            let ix = market.catalog.iter().nth(n).unwrap().0;
            let quote = Quote { bid: price, ask: price, at: broker_api::Time::UNIX_EPOCH };
            market.observe(&Input::Quote { ix, quote }, quote.at);
        }
        market
    }

    fn rate(market: &Market, from: &str, to: &str) -> Option<String> {
        market.rate(currency(from), currency(to)).map(|rate| rate.get().normalize().to_string())
    }

    #[test]
    fn a_yen_is_worth_something_in_euros_without_a_pair_of_the_two() {
        let market =
            market(&[("EUR/USD", "1.25"), ("GBP/USD", "1.5"), ("USD/JPY", "160"), ("EUR/GBP", "0.8")]);
        assert_eq!(rate(&market, "JPY", "EUR").unwrap(), "0.005");
        assert_eq!(rate(&market, "EUR", "JPY").unwrap(), "200");
        // A pair of the two goes before.
        assert_eq!(rate(&market, "GBP", "EUR").unwrap(), "1.25");
        assert_eq!(rate(&market, "USD", "EUR").unwrap(), "0.8");
        assert_eq!(rate(&market, "GBP", "USD").unwrap(), "1.5");
        let names = |way: Option<Way>| -> Vec<String> {
            let name = |ix| market.catalog.get(ix).unwrap().key.symbol.to_string();
            way.into_iter().flat_map(Way::pairs).map(name).collect()
        };
        assert_eq!(names(market.way(currency("JPY"), currency("EUR"))), ["USD/JPY", "EUR/USD"]);
        assert_eq!(names(leads(&market.catalog, currency("GBP"), currency("EUR"))), ["EUR/GBP"]);
        assert_eq!(names(leads(&market.catalog, currency("EUR"), currency("EUR"))), Vec::<String>::new());
    }

    #[test]
    fn a_way_without_its_prices_is_none() {
        let market = market(&[("EUR/USD", ""), ("USD/JPY", "160"), ("EUR/CHF", "0.9"), ("CHF/JPY", "175")]);
        // Over francs, since nobody said what a euro is worth in dollars.
        assert_eq!(rate(&market, "JPY", "EUR").unwrap(), "0.006349206349206349");
        assert_eq!(rate(&market, "USD", "EUR"), None);
        assert_eq!(rate(&market, "CAD", "EUR"), None);
        // Who asks for prices begins with the first way there is.
        let first = leads(&market.catalog, currency("JPY"), currency("EUR")).unwrap();
        assert_eq!(first.pairs().map(|ix| market.quote(ix).is_some()).collect::<Vec<_>>(), [true, false]);
    }
}

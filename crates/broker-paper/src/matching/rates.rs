//! From one currency to the account's: which instruments' prices say so. The ways are found once.

use std::collections::BTreeMap;

use broker_api::{AssetClass, Catalog, Currency, InstrumentIx, Price, Ratio};
use rust_decimal::{Decimal, RoundingStrategy};

/// Digits that a rate which was divided or multiplied keeps.
const DIGITS: u32 = 16;

/// One price that leads from a currency to another.
#[derive(Clone, Copy, Debug)]
struct Step {
    ix: InstrumentIx,
    /// The price is of the other one, in this one.
    inverse: bool,
}

/// The ways to the account's currency.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    to: Currency,
    /// The best first: the direct pair, the inverse pair, over one other currency.
    ways: BTreeMap<Currency, Vec<Vec<Step>>>,
}

impl Rates {
    pub(super) fn new(catalog: &Catalog, to: Currency) -> Self {
        let mut steps: BTreeMap<Currency, Vec<(Step, Currency)>> = BTreeMap::new();
        for inverse in [false, true] {
            for (ix, instrument) in catalog.iter().filter(|(_, i)| i.asset_class != AssetClass::Equity) {
                let Some(base) = instrument.base() else { continue };
                let (from, onto) = if inverse { (instrument.quote, base) } else { (base, instrument.quote) };
                steps.entry(from).or_default().push((Step { ix, inverse }, onto));
            }
        }
        let ways = |from: Currency, steps_of: &[(Step, Currency)]| {
            let direct = steps_of.iter().filter(|(_, onto)| *onto == to).map(|(step, _)| vec![*step]);
            let over =
                steps_of.iter().filter(|(_, over)| *over != to && *over != from).flat_map(|(first, over)| {
                    let seconds = steps.get(over).map(Vec::as_slice).unwrap_or_default();
                    seconds.iter().filter(|(_, onto)| *onto == to).map(|(second, _)| vec![*first, *second])
                });
            direct.chain(over).collect::<Vec<_>>()
        };
        let ways = steps.iter().map(|(from, steps_of)| (*from, ways(*from, steps_of))).collect();
        Self { to, ways }
    }

    /// What one unit of `from` is worth; nothing when no way has all its prices.
    pub(super) fn of(&self, from: Currency, price: impl Fn(InstrumentIx) -> Option<Price>) -> Option<Ratio> {
        if from == self.to {
            return Some(Ratio::ONE);
        }
        self.way_of(from, price).map(|(_, rate)| rate)
    }

    /// The same for another currency than the account's, with the number of the way it is found on.
    pub(super) fn way_of(
        &self,
        from: Currency,
        price: impl Fn(InstrumentIx) -> Option<Price>,
    ) -> Option<(usize, Ratio)> {
        (0..).zip(self.ways.get(&from)?).find_map(|(number, way)| Some((number, worth(way, &price)?)))
    }

    /// The instruments that the ways from a currency lead over, each with the number of its way; the best way first.
    pub(super) fn steps_of(&self, from: Currency) -> impl Iterator<Item = (usize, InstrumentIx)> {
        let ways = (0..).zip(self.ways.get(&from).into_iter().flatten());
        ways.flat_map(|(number, way)| way.iter().map(move |step| (number, step.ix)))
    }
}

fn worth(way: &[Step], price: impl Fn(InstrumentIx) -> Option<Price>) -> Option<Ratio> {
    let mut value = Decimal::ONE;
    for step in way {
        let price = price(step.ix)?.get();
        value = if step.inverse { value.checked_div(price)? } else { value.checked_mul(price)? };
    }
    let value = value.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven)?.normalize();
    // So small that it has no digits left is no rate.
    if value.is_zero() { None } else { Ratio::new(value).ok() }
}

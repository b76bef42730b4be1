//! A generated market: daily bars for trying the program, made up from a seed and from nothing real.
//!
//! Every price comes from whole numbers only, so that a seed gives the same bytes on every machine. Returns are
//! bell-shaped, trends last some weeks, instruments of a class move together in part, stocks open away from where
//! they closed, and a cross rate is what its two pairs make it.

use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use broker_api::{AssetClass, Catalog, Instrument, Price};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

/// Where an instrument starts (millionths of its quote currency), how far it moves in a day (one standard
/// deviation, in millionths of its price) and how many units trade in a day.
type Profile = (&'static str, i128, i64, i64);

const PROFILES: &[Profile] = &[
    ("EUR/USD", 1_090_000, 4_500, 0),
    ("GBP/USD", 1_270_000, 5_000, 0),
    ("USD/JPY", 148_000_000, 5_500, 0),
    ("USD/CHF", 880_000, 4_800, 0),
    ("AUD/USD", 660_000, 5_800, 0),
    ("USD/CAD", 1_350_000, 4_000, 0),
    ("AAPL", 190_000_000, 14_500, 55_000_000),
    ("MSFT", 375_000_000, 13_500, 24_000_000),
    ("NVDA", 125_000_000, 27_000, 210_000_000),
    ("AMZN", 155_000_000, 18_000, 42_000_000),
    ("GOOGL", 140_000_000, 16_500, 28_000_000),
    ("META", 355_000_000, 20_000, 16_000_000),
    ("TSLA", 245_000_000, 30_000, 95_000_000),
    ("BRK.B", 360_000_000, 9_000, 3_600_000),
    ("JPM", 170_000_000, 12_500, 9_500_000),
    ("V", 260_000_000, 10_500, 6_300_000),
    ("MA", 425_000_000, 11_000, 2_700_000),
    ("UNH", 525_000_000, 14_000, 3_500_000),
    ("XOM", 102_000_000, 14_000, 17_000_000),
    ("JNJ", 157_000_000, 9_500, 7_200_000),
    ("PG", 147_000_000, 9_000, 6_600_000),
    ("HD", 345_000_000, 12_500, 3_400_000),
    ("KO", 59_000_000, 8_500, 13_500_000),
    ("PEP", 170_000_000, 9_500, 5_700_000),
    ("COST", 660_000_000, 12_000, 2_000_000),
    ("WMT", 53_000_000, 10_000, 18_000_000),
    ("BTC/USD", 60_000_000_000, 26_000, 18_000),
    ("ETH/USD", 3_100_000_000, 33_000, 190_000),
    ("SOL/USD", 145_000_000, 42_000, 2_600_000),
    ("LTC/USD", 82_000_000, 36_000, 1_100_000),
    ("XRP/USD", 550_000, 38_000, 260_000_000),
    ("DOGE/USD", 150_000, 45_000, 1_400_000_000),
];

/// What an instrument without a line of its own is like.
const fn stranger(class: AssetClass) -> Profile {
    match class {
        AssetClass::Equity => ("", 100_000_000, 15_000, 5_000_000),
        AssetClass::Forex => ("", 1_000_000, 5_000, 0),
        AssetClass::Crypto => ("", 100_000_000, 35_000, 1_000_000),
    }
}

/// A pair whose price is the first of two others divided by the second.
const CROSSES: &[(&str, &str, &str)] = &[("EUR/GBP", "EUR/USD", "GBP/USD")];

/// How the instruments of a class behave; shares are in thousandths.
struct Manner {
    /// The share of a move that the whole class makes together, and the share of its own (their squares make one).
    shared: i64,
    own: i64,
    /// The share of a day's move that happens between two sessions, and after a day or more without one.
    overnight: i64,
    after_break: i64,
    /// The share of a day's move that each of its steps makes.
    step: i64,
    /// The lasting tendency, in thousandths of a day's move.
    lean: i64,
    /// How many sessions the way back to where it began would take: it keeps prices believable for years.
    pull: i128,
}

const fn manner(class: AssetClass) -> Manner {
    match class {
        AssetClass::Equity => {
            Manner { shared: 450, own: 893, overnight: 500, after_break: 600, step: 306, lean: 20, pull: 400 }
        }
        AssetClass::Forex => {
            Manner { shared: 800, own: 600, overnight: 20, after_break: 200, step: 350, lean: 0, pull: 300 }
        }
        AssetClass::Crypto => {
            Manner { shared: 700, own: 714, overnight: 0, after_break: 0, step: 353, lean: 10, pull: 200 }
        }
    }
}

const MILLION: i128 = 1_000_000;
/// Prices are counted in these parts of the quote currency.
const NANO: i128 = 1_000_000_000;
/// The steps of a session; nine prices make its bar.
const STEPS: usize = 8;
/// Every so many sessions a stock reports, and opens further away than usual.
const REPORT_EVERY: u64 = 63;

/// The prices of one session, from its open to its close.
type Path9 = [i128; STEPS + 1];

/// Writes one file of daily bars per instrument of `catalog` into `dir`, from `from` to `to` with both days, for
/// the days on which `is_session` says that the class trades, and says how many bars that were. A file is named
/// after its symbol, with `-` for `/`; currencies have no volume. The same arguments give the same bytes.
///
/// # Errors
/// The folder or a file cannot be written (the path is in the text), or a tick is too fine for any price.
pub fn write_bars(
    dir: &Path,
    catalog: &Catalog,
    from: NaiveDate,
    to: NaiveDate,
    seed: u64,
    is_session: &dyn Fn(AssetClass, NaiveDate) -> bool,
) -> Result<u64> {
    let named =
        |path: &Path, e: &Error| Error::new(e.kind(), format!("cannot write {}: {e}", path.display()));
    std::fs::create_dir_all(dir).map_err(|e| named(dir, &e))?;
    let mut bars = 0;
    for class in [AssetClass::Forex, AssetClass::Equity, AssetClass::Crypto] {
        let days: Vec<_> =
            from.iter_days().take_while(|day| *day <= to).filter(|day| is_session(class, *day)).collect();
        let world = World { class, seed, together: moves(seed, &class.to_string(), days.len()), days };
        for (_, instrument) in catalog.iter().filter(|(_, i)| i.asset_class == class) {
            let path = dir.join(format!("{}.csv", instrument.key.symbol.as_str().replace('/', "-")));
            let text = world.csv(instrument)?;
            std::fs::write(&path, text).map_err(|e| named(&path, &e))?;
            bars += world.days.len() as u64;
        }
    }
    Ok(bars)
}

/// What the instruments of one class share.
struct World {
    class: AssetClass,
    seed: u64,
    days: Vec<NaiveDate>,
    together: Vec<Move>,
}

impl World {
    /// The file of one instrument.
    fn csv(&self, instrument: &Instrument) -> Result<String> {
        let symbol = instrument.key.symbol.as_str();
        let prices = match CROSSES.iter().find(|(cross, ..)| *cross == symbol) {
            Some((_, above, below)) => self
                .prices(above)
                .iter()
                .zip(self.prices(below))
                .map(|(above, below)| std::array::from_fn(|i| above[i] * NANO / below[i]))
                .collect(),
            None => self.prices(symbol),
        };
        let counted = self.class != AssetClass::Forex;
        let (_, _, sigma, usual) = self.profile(symbol);
        let mut dice = Dice::new(self.seed, symbol, "volume");
        let mut text = String::from(if counted {
            "date,open,high,low,close,volume\n"
        } else {
            "date,open,high,low,close\n"
        });
        for (day, path) in self.days.iter().zip(&prices) {
            let (open, close) = (path[0], path[STEPS]);
            let high = path.iter().copied().max().unwrap_or(open);
            let low = path.iter().copied().min().unwrap_or(open);
            let _ = write!(text, "{day}");
            for price in [open, high, low, close] {
                let _ = write!(text, ",{}", on_tick(price, instrument.tick)?);
            }
            if counted {
                // A day that moves further trades more.
                let range = (high - low) * MILLION / open / i128::from(sigma / 1000);
                let share = 450 + i128::from(dice.below(300)) + (range / 4).min(2_000);
                let _ = write!(text, ",{}", (i128::from(usual) * share / 1000).max(1));
            }
            text.push('\n');
        }
        Ok(text)
    }

    fn profile(&self, symbol: &str) -> Profile {
        PROFILES.iter().find(|(known, ..)| *known == symbol).copied().unwrap_or(stranger(self.class))
    }

    /// The prices of every session, in billionths of the quote currency.
    fn prices(&self, symbol: &str) -> Vec<Path9> {
        let (_, start, sigma, _) = self.profile(symbol);
        let start = start * 1000;
        let manner = manner(self.class);
        // What all currency pairs share is the dollar: a pair that starts with it moves the other way.
        let shared = if symbol.starts_with("USD/") { -manner.shared } else { manner.shared };
        let reports = Dice::new(self.seed, symbol, "reports").below(REPORT_EVERY);
        let mut price = start;
        let mut before: Option<NaiveDate> = None;
        let mut rows = Vec::with_capacity(self.days.len());
        for (number, (day, (all, one))) in (0u64..)
            .zip(self.days.iter().zip(self.together.iter().zip(moves(self.seed, symbol, self.days.len()))))
        {
            let mix = |all: i64, one: i64| (shared * all + manner.own * one) / 1000;
            let rested = before.is_some_and(|last| day.num_days_from_ce() - last.num_days_from_ce() > 1);
            let mut gap = if rested { manner.after_break } else { manner.overnight };
            if self.class == AssetClass::Equity && number % REPORT_EVERY == reports {
                gap *= 3;
            }
            let back = (start - price) * MILLION / price.max(start) / manner.pull;
            let trend = i128::from(mix(all.trend, one.trend) + manner.lean * 1000) * i128::from(sigma)
                / MILLION
                + back;
            let grown = |price: i128, share: i64, unit: i64, by: i128| {
                let ppm = i128::from(unit) * i128::from(share) * i128::from(sigma) / 1000 / MILLION + by;
                // No single step takes more than half of a price, so it stays above zero.
                price + price * ppm.clamp(-MILLION / 2, MILLION) / MILLION
            };
            if before.is_some() {
                price = grown(price, gap, mix(all.gap, one.gap), 0);
            }
            let mut path = [price; STEPS + 1];
            for (i, place) in path.iter_mut().enumerate().skip(1) {
                price = grown(price, manner.step, mix(all.steps[i - 1], one.steps[i - 1]), trend / 8);
                *place = price;
            }
            rows.push(path);
            before = Some(*day);
        }
        rows
    }
}

/// A price in billionths as text, on the nearest whole tick, at least one.
fn on_tick(price: i128, tick: Price) -> Result<Decimal> {
    let tick = tick.get();
    let bad = || Error::new(ErrorKind::InvalidData, format!("the tick {tick} is too fine to make prices of"));
    let scaled =
        10i128.checked_pow(tick.scale()).and_then(|power| power.checked_mul(price)).ok_or_else(bad)?;
    let step = tick.mantissa() * NANO;
    let ticks = ((scaled + step / 2) / step).max(1);
    Decimal::try_from_i128_with_scale(ticks * tick.mantissa(), tick.scale()).map_err(|_| bad())
}

/// One session's move, in millionths of a usual day's.
struct Move {
    trend: i64,
    gap: i64,
    steps: [i64; STEPS],
}

/// The moves of `days` sessions: spells of three to nine weeks that rise, fall or go nowhere, calm or lively.
fn moves(seed: u64, name: &str, days: usize) -> Vec<Move> {
    let mut dice = Dice::new(seed, name, "moves");
    let (mut left, mut trend, mut pace) = (0, 0, 1000);
    (0..days)
        .map(|_| {
            if left == 0 {
                left = 15 + dice.below(30);
                pace = 700 + dice.signed(600);
                let slope = 80_000 + dice.signed(200_000);
                trend = match dice.below(10) {
                    0..=2 => slope,
                    3..=5 => -slope,
                    _ => 0,
                };
            }
            left -= 1;
            Move {
                trend,
                gap: dice.bell() * pace / 1000,
                steps: std::array::from_fn(|_| dice.bell() * pace / 1000),
            }
        })
        .collect()
}

/// Reproducible chance: the splitmix64 sequence.
struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed, name and purpose.
    fn new(seed: u64, name: &str, purpose: &str) -> Self {
        let mut dice = Self(seed);
        for byte in name.bytes().chain([0]).chain(purpose.bytes()) {
            dice.0 = dice.next() ^ u64::from(byte);
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `bound`, which is at most 2^32.
    fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    /// The same, for reckoning with signs.
    fn signed(&mut self, bound: u64) -> i64 {
        self.below(bound).cast_signed()
    }

    /// A bell-shaped number around zero with a standard deviation of one million: twelve even ones, summed.
    fn bell(&mut self) -> i64 {
        (0..12).map(|_| self.signed(1_000_000)).sum::<i64>() - 5_999_994
    }
}

#[cfg(test)]
mod tests;

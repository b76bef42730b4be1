//! The bars on which a backtest is compared with others, made from fixed seeds: W1 is 33 symbols with ten years of
//! daily bars, W2 is one symbol with bars of a minute. Only whole numbers and the four basic operations on doubles are
//! used, in a fixed order, so the same bytes come out on every machine; a test holds them to the published hashes.

/// Seconds of an hour.
const HOUR: u64 = 3_600;
/// Seconds of a day.
const DAY: u64 = 24 * HOUR;
/// 2015-01-01T00:00:00Z, a Thursday, in seconds since the epoch.
const START: u64 = 1_420_070_400;
/// How many days W1 spans: to 2024-12-30.
const DAYS: u64 = 3_652;
/// How many days after the start coins begin to trade: in 2018.
const COINS_AFTER: u64 = 1_096;
/// Of the weekdays, the first of so many is a holiday of every stock.
const HOLIDAY_EVERY: usize = 29;
/// What the first symbol of W1 is seeded with; each further one with the next number.
const SEED_W1: u64 = 1_000;
/// What the symbol of W2 is seeded with.
const SEED_W2: u64 = 4_242;
/// The symbol of W2.
const MINUTES: &str = "MIN0";
/// What each coin of W1 starts at.
const COINS: [f64; 6] = [9_000.0, 600.0, 80.0, 40.0, 25.0, 12.0];

const BARS_HEADER: &str = "symbol,ts,open,high,low,close,volume\n";
const SYMBOLS_HEADER: &str = "symbol,asset_class,tick,lot,quote,margin,shortable\n";

/// The generator splitmix64.
struct Draws(u64);

impl Draws {
    /// The next number, at least 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "a double holds 53 bits, and no more are kept")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// A number cut down to a whole one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the fraction is to be cut off, and no number here is negative or beyond four billion"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

/// A random walk in regimes of up, down and sideways.
struct Walk {
    seed: u64,
    first: f64,
    /// How far a bar goes, as a share of the price.
    sigma: f64,
    /// How far the regime pulls each bar, as a share of the price.
    drift: f64,
    /// How many bars a regime lasts on average.
    regime: f64,
    /// How many ticks a price of one has.
    scale: u32,
    volume: f64,
}

/// A bar: prices in ticks, then the volume.
struct Bar {
    open: u32,
    high: u32,
    low: u32,
    close: u32,
    volume: u32,
}

impl Walk {
    /// So many bars. The order of the draws and of the operations is part of the workload.
    fn bars(&self, count: usize) -> Vec<Bar> {
        let &Self { seed, first, sigma, drift, regime, scale, volume } = self;
        let scale = f64::from(scale);
        let ticks = |price: f64| whole(price * scale + 0.5);
        let mut draws = Draws(seed);
        let (lowest, highest) = (first * 0.2, first * 5.0);
        let (mut last, mut left, mut pull) = (first, 0, 0.0);
        let mut bars = Vec::with_capacity(count);
        for _ in 0..count {
            if left == 0 {
                left = 1 + whole(draws.unit() * 2.0 * regime);
                pull = match whole(draws.unit() * 4.0) {
                    0 => drift,
                    1 => -drift,
                    _ => 0.0,
                };
                if last < lowest {
                    pull = drift;
                } else if last > highest {
                    pull = -drift;
                }
            }
            left -= 1;
            let step = (draws.unit() + draws.unit() + draws.unit() - 1.5) * 2.0;
            let gap = (draws.unit() - 0.5) * 0.3 * sigma;
            let open = last * (1.0 + gap);
            let close = open * (1.0 + pull + sigma * step);
            let high = open.max(close) * (1.0 + draws.unit() * 0.6 * sigma);
            let low = open.min(close) * (1.0 - draws.unit() * 0.6 * sigma);
            let (open, high, low, close) = (ticks(open), ticks(high), ticks(low), ticks(close));
            bars.push(Bar {
                open,
                high: high.max(open).max(close),
                low: low.min(open).min(close).max(1),
                close,
                volume: 1 + whole(volume * (0.5 + draws.unit())),
            });
            last = f64::from(close) / scale;
        }
        bars
    }
}

/// The three kinds of symbol in W1; the order is that of their seeds.
#[derive(Clone, Copy)]
enum Kind {
    Forex,
    Stock,
    Coin,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Forex, Self::Stock, Self::Coin];

    fn count(self) -> u32 {
        match self {
            Self::Forex => 7,
            Self::Stock => 20,
            Self::Coin => 6,
        }
    }

    fn symbol(self, nth: u32) -> String {
        let prefix = match self {
            Self::Forex => "FX",
            Self::Stock => "ST",
            Self::Coin => "CR",
        };
        format!("{prefix}{nth:02}")
    }

    /// What stands in a row of symbols behind the symbol.
    fn terms(self) -> &'static str {
        match self {
            Self::Forex => "forex,0.00001,1,USD,0.05,false",
            Self::Stock => "equity,0.01,1,USD,1,false",
            Self::Coin => "crypto,0.01,0.0001,USD,1,false",
        }
    }

    /// How many digits its prices have behind the point.
    fn digits(self) -> u32 {
        match self {
            Self::Forex => 5,
            Self::Stock | Self::Coin => 2,
        }
    }

    fn walk(self, nth: u32, seed: u64) -> Walk {
        let scale = 10_u32.pow(self.digits());
        let place = f64::from(nth);
        match self {
            Self::Forex => Walk {
                seed,
                first: 0.7 + 0.15 * place,
                sigma: 0.006,
                drift: 0.0008,
                regime: 60.0,
                scale,
                volume: 1_000_000_000.0,
            },
            Self::Stock => Walk {
                seed,
                first: 30.0 + 17.0 * place,
                sigma: 0.018,
                drift: 0.0025,
                regime: 60.0,
                scale,
                volume: 100_000_000.0,
            },
            Self::Coin => Walk {
                seed,
                first: COINS[nth as usize],
                sigma: 0.035,
                drift: 0.005,
                regime: 50.0,
                scale,
                volume: 100_000_000.0,
            },
        }
    }

    /// When each of its bars closes.
    fn closes(self) -> Vec<u64> {
        let days = (0..DAYS).map(|day| START + day * DAY);
        let weekdays = days.clone().filter(|midnight| (midnight / DAY + 3) % 7 < 5);
        match self {
            Self::Forex => weekdays.map(|midnight| midnight + 22 * HOUR).collect(),
            Self::Stock => weekdays
                .enumerate()
                .filter(|(at, _)| at % HOLIDAY_EVERY != 0)
                .map(|(_, midnight)| midnight + 21 * HOUR)
                .collect(),
            Self::Coin => {
                days.filter(|day| *day >= START + COINS_AFTER * DAY).map(|midnight| midnight + DAY).collect()
            }
        }
    }
}

/// A bar as a row: `at` is when it closes, in seconds since the epoch.
fn row(symbol: &str, at: u64, bar: &Bar, digits: u32) -> String {
    let scale = 10_u32.pow(digits);
    let width = digits as usize;
    let price = |ticks: u32| format!("{}.{:0width$}", ticks / scale, ticks % scale);
    let (open, high, low, close) = (price(bar.open), price(bar.high), price(bar.low), price(bar.close));
    format!("{symbol},{at},{open},{high},{low},{close},{}\n", bar.volume)
}

/// The bars of W1 as CSV, by time and then symbol: 83,952 of them.
pub(crate) fn w1() -> String {
    let mut rows = Vec::new();
    let mut seed = SEED_W1;
    for kind in Kind::ALL {
        let closes = kind.closes();
        for nth in 0..kind.count() {
            let symbol = kind.symbol(nth);
            let bars = kind.walk(nth, seed).bars(closes.len());
            seed += 1;
            for (&at, bar) in closes.iter().zip(&bars) {
                rows.push((at, symbol.clone(), row(&symbol, at, bar, kind.digits())));
            }
        }
    }
    rows.sort_unstable();
    let mut text = BARS_HEADER.to_owned();
    text.extend(rows.into_iter().map(|(_, _, row)| row));
    text
}

/// The first so many bars of W2 as CSV: W2 itself has 1,000,000, W2s the first 100,000 of them.
pub(crate) fn w2(bars: usize) -> String {
    let walk = Walk {
        seed: SEED_W2,
        first: 100.0,
        sigma: 0.0006,
        drift: 0.000_04,
        regime: 150.0,
        scale: 100,
        volume: 10_000_000.0,
    };
    let closes = (1..).map(|minute| START + 60 * minute);
    let mut text = BARS_HEADER.to_owned();
    text.extend(closes.zip(&walk.bars(bars)).map(|(at, bar)| row(MINUTES, at, bar, 2)));
    text
}

/// The symbols of W1 as CSV, in their order, with the terms they trade on.
pub(crate) fn symbols_w1() -> String {
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        rows.extend((0..kind.count()).map(|nth| format!("{},{}\n", kind.symbol(nth), kind.terms())));
    }
    rows.sort_unstable();
    format!("{SYMBOLS_HEADER}{}", rows.concat())
}

/// The symbol of W2 as CSV, with the terms it trades on.
pub(crate) fn symbols_w2() -> String {
    format!("{SYMBOLS_HEADER}{MINUTES},{}\n", Kind::Stock.terms())
}

#[test]
fn the_workloads_are_the_published_ones() {
    for (name, text, hash) in [
        ("W1", w1(), "4f09a01f2acde31a7a2e538333d24da1aa6f056bb7e9124eab0c69f06e7b0caa"),
        ("W2s", w2(100_000), "12569745484c9e3f4438beba4a7e1797ecea47466e11de688ca68067efac116f"),
    ] {
        assert_eq!(state::encode::digest(text.as_bytes()).to_string(), hash, "{name}");
    }
}

#[test]
fn every_symbol_of_a_workload_has_one_row_of_terms() {
    for (bars, symbols) in [(w1(), symbols_w1()), (w2(10), symbols_w2())] {
        let first = |row: &str| row.split(',').next().map(str::to_owned);
        let mut traded: Vec<_> = bars.lines().skip(1).map(first).collect();
        traded.sort_unstable();
        traded.dedup();
        assert_eq!(symbols.lines().skip(1).map(first).collect::<Vec<_>>(), traded);
    }
}

//! What happens in a schedule beside faults: what is decided, where prices go, how time passes. All of it follows from
//! the seed.

use broker_api::{
    AccountId, AccountRef, AssetClass, BadId, BadNumber, Catalog, Currency, Digest, Direction, Instrument,
    Key, Mode, Price, Protection, Ratio, Signal, SignalId, SizeWanted, StrategyId, Symbol, Time, VenueId,
    Wanted,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use state::encode::digest;

use crate::dice::Dice;
use crate::venue::market::Listed;

/// What can be traded: symbol, class, price, tick, lot, whether it can be sold short.
const LISTED: [(&str, AssetClass, &str, &str, &str, bool); 3] = [
    ("AAPL", AssetClass::Equity, "200", "0.01", "1", true),
    ("EUR/USD", AssetClass::Forex, "1.1", "0.00001", "1", true),
    ("BTC/USD", AssetClass::Crypto, "50000", "0.01", "0.00001", false),
];

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The strategy decides.
    Decided(Box<(Signal, Digest)>),
    /// Prices move, each by so many hundredths of a percent.
    Prices([i64; 3]),
    /// The process looks at its venue.
    Refresh,
    /// The process looks at the clock.
    Timer,
    /// A person lets it trade again.
    Resume,
    /// A person repairs what book and venue disagree about, as the dice say.
    Repair(u64),
    /// The process ends by itself, and another begins.
    Restart,
}

/// A text as the thing it stands for. All texts here are ours, and a test reads each of them.
fn of<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A world's fixed parts.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The account.
    pub account: AccountRef,
    /// What our side knows of the instruments.
    pub instruments: Vec<Instrument>,
    /// What the venue knows of them.
    pub listed: Vec<Listed>,
    /// When it begins: a Tuesday, half an hour after the stock market opened.
    pub begins: Time,
}

/// Why a stage could not be set: a fault of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadStage(pub String);

impl From<BadId> for BadStage {
    fn from(why: BadId) -> Self {
        Self(why.to_string())
    }
}

impl From<BadNumber> for BadStage {
    fn from(why: BadNumber) -> Self {
        Self(why.to_string())
    }
}

impl Stage {
    /// The stage of a venue of this name.
    ///
    /// # Errors
    /// [`BadStage`].
    pub fn at(venue: &str) -> Result<Self, BadStage> {
        let number = |text: &str| of::<Decimal>(text).ok_or_else(|| BadStage(text.to_owned()));
        let venue = VenueId::new(venue)?;
        let currency = Currency::new("USD")?;
        let (mut instruments, mut listed) = (Vec::new(), Vec::new());
        for (symbol, asset_class, price, tick, lot, shortable) in LISTED {
            let key = Key { venue, symbol: Symbol::new(symbol)? };
            instruments.push(Instrument {
                key,
                asset_class,
                quote: currency,
                tick: Price::new(number(tick)?)?,
                lot: broker_api::Qty::new(number(lot)?)?,
                qty_min: broker_api::Qty::new(number(lot)?)?,
                qty_max: broker_api::Qty::new(Decimal::from(1_000_000))?,
                notional_min: broker_api::Amount::ZERO,
                margin: if asset_class == AssetClass::Forex {
                    Ratio::new(Decimal::new(333, 4))?
                } else {
                    Ratio::ONE
                },
                shortable,
            });
            listed.push(Listed { key, price: number(price)?, tick: number(tick)?, lot: number(lot)? });
        }
        let begins = of::<chrono::DateTime<chrono::Utc>>("2026-03-03T15:00:00Z")
            .ok_or_else(|| BadStage("the first moment".to_owned()))?;
        let account = AccountRef { venue, account: AccountId::new("world-1")?, mode: Mode::Paper, currency };
        Ok(Self { account, instruments, listed, begins })
    }

    /// The same, where parts of a share are traded.
    ///
    /// # Errors
    /// [`BadStage`].
    pub fn in_parts(mut self) -> Result<Self, BadStage> {
        let lot = Decimal::new(1, 2);
        for (instrument, listed) in self.instruments.iter_mut().zip(&mut self.listed) {
            if instrument.asset_class == AssetClass::Equity {
                listed.lot = lot;
                (instrument.lot, instrument.qty_min) =
                    (broker_api::Qty::new(lot)?, broker_api::Qty::new(lot)?);
            }
        }
        Ok(self)
    }

    /// The same, with real money.
    #[must_use]
    pub const fn with_real_money(mut self) -> Self {
        self.account.mode = Mode::Live;
        self
    }

    /// What our side knows of the instruments.
    ///
    /// # Errors
    /// [`BadStage`].
    pub fn catalog(&self) -> Result<Catalog, BadStage> {
        Catalog::new(self.instruments.clone()).map_err(|twice| BadStage(twice.to_string()))
    }
}

/// Draws what happens, one thing after the other.
#[derive(Debug)]
pub struct Script {
    dice: Dice,
    signals: Vec<(Signal, Digest)>,
    is_quiet: bool,
}

impl Script {
    /// The script of a seed.
    pub const fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 1);
        let is_quiet = dice.happens(300);
        Self { dice, signals: Vec::new(), is_quiet }
    }

    /// How many signals were decided.
    pub const fn signals(&self) -> usize {
        self.signals.len()
    }

    /// How long until the next thing happens.
    pub fn pause(&mut self) -> TimeDelta {
        let seconds = match self.dice.below(20) {
            0..=7 => 0,
            8..=15 => self.dice.between(1, 8),
            16..=18 => self.dice.between(8, 90),
            // Now and then it is the next day.
            _ if self.dice.happens(60) => self.dice.between(79_000, 90_000),
            _ => self.dice.between(90, 1_500),
        };
        TimeDelta::seconds(seconds)
    }

    /// What happens next, at prices as they are.
    pub fn next(&mut self, now: Time, listed: &[Listed]) -> Option<Happening> {
        Some(match self.dice.below(100) {
            0..=17 => return self.entry(now, listed),
            18..=26 => {
                let symbol = self.dice.pick(listed)?.key.symbol;
                self.decided(symbol, Wanted::Exit, TimeDelta::minutes(10), now)?
            }
            27..=30 => {
                let listed = *self.dice.pick(listed)?;
                let plan = self.plan(&listed, self.signals.len().is_multiple_of(2));
                self.decided(listed.key.symbol, Wanted::Adjust { plan }, TimeDelta::minutes(10), now)?
            }
            31..=33 => {
                let (signal, digest) = *self.dice.pick(&self.signals)?;
                Happening::Decided(Box::new((signal, digest)))
            }
            34..=60 => {
                let far = if self.is_quiet { 15 } else { 90 };
                Happening::Prices([0; 3].map(|_| self.dice.between(-far, far)))
            }
            61..=62 => Happening::Repair(self.dice.draw()),
            63..=83 => Happening::Refresh,
            84..=92 => Happening::Timer,
            93..=95 => Happening::Resume,
            _ => Happening::Restart,
        })
    }

    fn entry(&mut self, now: Time, listed: &[Listed]) -> Option<Happening> {
        let listed = *self.dice.pick(listed)?;
        let is_long = self.dice.happens(700);
        let side = if is_long { Direction::Long } else { Direction::Short };
        let plan = self.plan(&listed, is_long);
        let lives = TimeDelta::seconds(self.dice.between(5, 1_800));
        self.decided(
            listed.key.symbol,
            Wanted::Enter { side, size: SizeWanted::Configured, plan },
            lives,
            now,
        )
    }

    /// A stop and a target a few tenths of a percent to a few percent away; some have none.
    fn plan(&mut self, listed: &Listed, is_long: bool) -> Protection {
        let sign = if is_long { 1 } else { -1 };
        let mut price = |first: i64, last: i64| {
            let away = Decimal::new(10_000 + sign * self.dice.between(first, last), 4);
            Price::new((listed.price * away).round_dp(5)).ok()
        };
        let (stop, target) = (price(-300, -20), price(20, 300));
        Protection { stop, target: target.filter(|_| self.dice.happens(750)), trail: None }
    }

    fn decided(&mut self, symbol: Symbol, wanted: Wanted, lives: TimeDelta, now: Time) -> Option<Happening> {
        let id = SignalId::new(&format!("s{}", self.signals.len())).ok()?;
        let signal = Signal {
            id,
            strategy: StrategyId::new("world").ok()?,
            symbol,
            decision_price: None,
            bar_close: None,
            decided_at: now,
            expires_at: now + lives,
            wanted,
        };
        let digest = digest(id.as_str().as_bytes());
        self.signals.push((signal, digest));
        Some(Happening::Decided(Box::new((signal, digest))))
    }
}

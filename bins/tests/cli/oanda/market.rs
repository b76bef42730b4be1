//! Prices of the seven pairs that follow from a seed, and a note of each, for whoever reckons again what they did to an account.

use std::fmt::Write as _;

use broker_api::Time;
use broker_sim::oanda::{Control, Division, Pair};
use chrono::{SecondsFormat, TimeDelta};
use rust_decimal::Decimal;
use serde_json::json;

use super::decimal;

/// A pair: around which price, how many places it has, what a year costs long and short, in percent.
pub const PAIRS: [(&str, &str, u32, &str, &str); 7] = [
    ("EUR_USD", "1.08500", 5, "-0.0231", "0.0018"),
    ("GBP_USD", "1.26400", 5, "-0.0108", "-0.0072"),
    ("USD_JPY", "156.250", 3, "0.0315", "-0.0562"),
    ("USD_CHF", "0.88140", 5, "0.0267", "-0.0479"),
    ("AUD_USD", "0.65120", 5, "-0.0093", "-0.0081"),
    ("USD_CAD", "1.38250", 5, "0.0042", "-0.0217"),
    ("EUR_GBP", "0.85840", 5, "-0.0214", "0.0035"),
];

/// What is dealt in one business day later is charged for the weekend a day later.
const ON_THURSDAY: [u32; 7] = [1, 1, 1, 3, 1, 0, 0];

/// The pairs as the simulator lists them.
pub fn listed(division: Division) -> Vec<Pair> {
    let pair = |(name, _, _, long, short): &(&str, &str, u32, &str, &str)| {
        let usual = Pair::usual(name, division);
        let financing_days = if *name == "USD_CAD" { ON_THURSDAY } else { usual.financing_days };
        Pair { long_rate: decimal(long), short_rate: decimal(short), financing_days, ..usual }
    };
    PAIRS.iter().map(pair).collect()
}

/// Their first prices.
pub fn first() -> Vec<(String, Decimal)> {
    PAIRS.iter().map(|(name, price, ..)| ((*name).to_owned(), decimal(price))).collect()
}

/// A number below `below` that follows from the seed and from what it is for.
pub fn chance(seed: u64, what: u64, below: u64) -> u64 {
    let mut x =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(what.wrapping_mul(0xBF58_476D_1CE4_E5B9));
    x = (x ^ (x >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 29)) % below
}

/// Where the pairs stand.
pub struct Prices {
    seed: u64,
    moves: u64,
    middles: Vec<Decimal>,
    notes: String,
}

impl Prices {
    pub fn new(seed: u64) -> Self {
        let middles = PAIRS.iter().map(|(_, price, ..)| decimal(price)).collect();
        Self { seed, moves: 0, middles, notes: String::new() }
    }

    /// A price so many thousandths away from there.
    pub fn away(&self, pair: usize, thousandths: i64) -> Decimal {
        let away = self.middles[pair] * Decimal::new(thousandths, 3);
        (self.middles[pair] + away).round_dp(PAIRS[pair].2)
    }

    /// Each pair moves by a few thousandths at most, one after the other within two seconds, so that there is one answer to
    /// what the others were worth then.
    pub fn drift(&mut self, control: &Control, thousandths: u64) {
        for (pair, (_, home, ..)) in PAIRS.iter().enumerate() {
            self.moves += 1;
            let most = thousandths * 100;
            let by = chance(self.seed, self.moves, 2 * most + 1);
            let by = Decimal::from(by) - Decimal::from(most);
            let middle = self.middles[pair] + self.middles[pair] * by / decimal("100000");
            // It comes back to where it began.
            let middle = middle + (decimal(home) - middle) / Decimal::from(40);
            self.set(control, pair, middle);
        }
    }

    /// A pair stands somewhere else now.
    pub fn set(&mut self, control: &Control, pair: usize, middle: Decimal) {
        let (name, _, places, ..) = PAIRS[pair];
        self.moves += 1;
        let half = Decimal::new(4 + i64::try_from(chance(self.seed, self.moves, 12)).unwrap(), places);
        self.middles[pair] = middle;
        let (bid, ask) = ((middle - half).round_dp(places), (middle + half).round_dp(places));
        let at = control.step(TimeDelta::milliseconds(250)).unwrap();
        control.set_quote(name, bid, ask).unwrap();
        self.note(at, name, bid, ask);
    }

    fn note(&mut self, at: Time, name: &str, bid: Decimal, ask: Decimal) {
        let row = json!({ "at": at.to_rfc3339_opts(SecondsFormat::Nanos, true), "instrument": name, "bid": bid.to_string(), "ask": ask.to_string() });
        writeln!(self.notes, "{row}").unwrap();
    }

    /// Every price that there was, one a line.
    pub fn notes(&self) -> &str {
        &self.notes
    }
}

//! Five signals of the demo that do not go smoothly, so that a reader sees how each is told. They come in the first
//! three weeks, before the strategy has seen enough days to decide anything.

use std::path::Path;

use broker_api::{Catalog, Instrument, Symbol, Time};
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// So few shares are traded that day that only some are filled.
    Partial,
    /// The venue does not lend this stock any more, and our list does not know yet.
    Rejected,
    /// It reaches us after its time.
    Expired,
    /// The same signal comes again, and once more with another content.
    Repeated,
    /// Its stop lies on the wrong side of the price.
    Denied,
}

/// On which session, counted from the first, each of them comes. What comes on a day is decided on its close.
pub const DAYS: [(usize, Oddity); 5] = [
    (2, Oddity::Partial),
    (3, Oddity::Rejected),
    (5, Oddity::Expired),
    (6, Oddity::Repeated),
    (7, Oddity::Denied),
];

/// The symbol of the thin day.
pub const THIN: &str = "KO";
/// The volume of the thin day; a twentieth of it may be filled.
const THIN_VOLUME: &str = "60";
/// The symbol that the venue does not lend.
const NOT_LENT: &str = "WMT";

impl Oddity {
    /// The id of its signal.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Partial | Self::Repeated => "demo/KO/partly-filled",
            Self::Rejected => "demo/WMT/rejected",
            Self::Expired => "demo/JNJ/expired",
            Self::Denied => "demo/PG/denied",
        }
    }

    /// The symbol whose closing price its signal needs.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Partial | Self::Repeated => THIN,
            Self::Rejected => NOT_LENT,
            Self::Expired => "JNJ",
            Self::Denied => "PG",
        }
    }

    /// Its signals, as a strategy would write them. `price` is the symbol's last close, in cents.
    pub fn signals(self, price_cents: i64, close: Time, next_close: Time) -> Vec<Value> {
        let price = |percent: i64| {
            let cents = price_cents * percent / 100;
            format!("{}.{:02}", cents / 100, cents % 100)
        };
        let mut signal = json!({
            "id": self.id(), "symbol": self.symbol(), "asset_class": "equity", "action": "enter", "side": "long",
            "decision_price": price(100), "stop": price(92), "target": price(116),
            "bar_close": close, "decided_at": close, "expires_at": next_close, "strategy": "by-hand",
        });
        match self {
            Self::Partial => signal["quantity"] = json!("8"),
            Self::Rejected => {
                signal["side"] = json!("short");
                (signal["stop"], signal["target"]) = (json!(price(108)), json!(price(84)));
            }
            Self::Expired => {
                let decided = close - TimeDelta::hours(26);
                (signal["bar_close"], signal["decided_at"]) = (json!(decided), json!(decided));
                signal["expires_at"] = json!(close - TimeDelta::hours(2));
            }
            Self::Repeated => return Vec::new(), // taken from what was written before
            Self::Denied => signal["stop"] = json!(price(104)),
        }
        vec![signal]
    }
}

/// The instruments as the venue has them.
pub fn at_venue(instruments: Vec<Instrument>) -> Vec<Instrument> {
    instruments
        .into_iter()
        .map(|mut instrument| {
            instrument.shortable &= instrument.key.symbol.as_str() != NOT_LENT;
            instrument
        })
        .collect()
}

/// Makes one day of the thin symbol thin, in its file of bars.
///
/// # Errors
/// A file that cannot be read or written.
pub fn thin_out(bars: &Path, day: NaiveDate) -> std::io::Result<()> {
    let file = bars.join(format!("{THIN}.csv"));
    let text = std::fs::read_to_string(&file)?;
    let day = day.to_string();
    let thinned: Vec<String> = text
        .lines()
        .map(|line| match line.rsplit_once(',') {
            Some((rest, _)) if rest.starts_with(&day) => format!("{rest},{THIN_VOLUME}"),
            _ => line.to_owned(),
        })
        .collect();
    std::fs::write(file, thinned.join("\n") + "\n")
}

/// The instrument a symbol stands for.
pub fn find(catalog: &Catalog, symbol: &str) -> Option<broker_api::InstrumentIx> {
    catalog.find_symbol(Symbol::new(symbol).ok()?)
}

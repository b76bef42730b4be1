//! The 33 instruments that the paper defaults trade, and what other programs call them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use broker_api::{Amount, AssetClass, Code, Currency, Instrument, Key, Price, Qty, Ratio, Symbol, VenueId};

use crate::config::BrokerName;

/// One instrument a line. The account is like a cash account: stocks and coins are fully paid, and only
/// currencies are bought on margin (one thirtieth, the usual rate for the major pairs). Coins cannot be sold
/// short. The least value is in the currency of the price; 0 is none.
const TABLE: &str = "
symbol    class   tick     lot      least   most       value  margin  short
EUR/USD   forex   0.00001  1        1       100000000  0      0.0333  yes
GBP/USD   forex   0.00001  1        1       100000000  0      0.0333  yes
USD/JPY   forex   0.001    1        1       100000000  0      0.0333  yes
USD/CHF   forex   0.00001  1        1       100000000  0      0.0333  yes
AUD/USD   forex   0.00001  1        1       100000000  0      0.0333  yes
USD/CAD   forex   0.00001  1        1       100000000  0      0.0333  yes
EUR/GBP   forex   0.00001  1        1       100000000  0      0.0333  yes
AAPL      equity  0.01     1        1       1000000    1      1       yes
MSFT      equity  0.01     1        1       1000000    1      1       yes
NVDA      equity  0.01     1        1       1000000    1      1       yes
AMZN      equity  0.01     1        1       1000000    1      1       yes
GOOGL     equity  0.01     1        1       1000000    1      1       yes
META      equity  0.01     1        1       1000000    1      1       yes
TSLA      equity  0.01     1        1       1000000    1      1       yes
BRK.B     equity  0.01     1        1       1000000    1      1       yes
JPM       equity  0.01     1        1       1000000    1      1       yes
V         equity  0.01     1        1       1000000    1      1       yes
MA        equity  0.01     1        1       1000000    1      1       yes
UNH       equity  0.01     1        1       1000000    1      1       yes
XOM       equity  0.01     1        1       1000000    1      1       yes
JNJ       equity  0.01     1        1       1000000    1      1       yes
PG        equity  0.01     1        1       1000000    1      1       yes
HD        equity  0.01     1        1       1000000    1      1       yes
KO        equity  0.01     1        1       1000000    1      1       yes
PEP       equity  0.01     1        1       1000000    1      1       yes
COST      equity  0.01     1        1       1000000    1      1       yes
WMT       equity  0.01     1        1       1000000    1      1       yes
BTC/USD   crypto  0.01     0.00001  0.0001  100        10     1       no
ETH/USD   crypto  0.01     0.0001   0.001   2000       10     1       no
SOL/USD   crypto  0.01     0.001    0.01    50000      10     1       no
LTC/USD   crypto  0.01     0.001    0.01    50000      10     1       no
XRP/USD   crypto  0.0001   0.1      1       5000000    10     1       no
DOGE/USD  crypto  0.00001  1        10      20000000   10     1       no
";

/// What other programs call an instrument, and its symbol here.
pub const ALIASES: &[(&str, &str)] = &[
    ("EURUSD", "EUR/USD"),
    ("EURUSD=X", "EUR/USD"),
    ("EUR_USD", "EUR/USD"),
    ("EUR-USD", "EUR/USD"),
    ("EUR.USD", "EUR/USD"),
    ("GBPUSD", "GBP/USD"),
    ("GBPUSD=X", "GBP/USD"),
    ("GBP_USD", "GBP/USD"),
    ("GBP-USD", "GBP/USD"),
    ("GBP.USD", "GBP/USD"),
    ("USDJPY", "USD/JPY"),
    ("USDJPY=X", "USD/JPY"),
    ("JPY=X", "USD/JPY"),
    ("USD_JPY", "USD/JPY"),
    ("USD-JPY", "USD/JPY"),
    ("USD.JPY", "USD/JPY"),
    ("USDCHF", "USD/CHF"),
    ("USDCHF=X", "USD/CHF"),
    ("CHF=X", "USD/CHF"),
    ("USD_CHF", "USD/CHF"),
    ("USD-CHF", "USD/CHF"),
    ("USD.CHF", "USD/CHF"),
    ("AUDUSD", "AUD/USD"),
    ("AUDUSD=X", "AUD/USD"),
    ("AUD_USD", "AUD/USD"),
    ("AUD-USD", "AUD/USD"),
    ("AUD.USD", "AUD/USD"),
    ("USDCAD", "USD/CAD"),
    ("USDCAD=X", "USD/CAD"),
    ("CAD=X", "USD/CAD"),
    ("USD_CAD", "USD/CAD"),
    ("USD-CAD", "USD/CAD"),
    ("USD.CAD", "USD/CAD"),
    ("EURGBP", "EUR/GBP"),
    ("EURGBP=X", "EUR/GBP"),
    ("EUR_GBP", "EUR/GBP"),
    ("EUR-GBP", "EUR/GBP"),
    ("EUR.GBP", "EUR/GBP"),
    ("FB", "META"),
    ("BRK-B", "BRK.B"),
    ("BRK/B", "BRK.B"),
    ("BRK B", "BRK.B"),
    ("BRKB", "BRK.B"),
    ("BTCUSD", "BTC/USD"),
    ("BTC-USD", "BTC/USD"),
    ("BTC_USD", "BTC/USD"),
    ("BTC.USD", "BTC/USD"),
    ("XBTUSD", "BTC/USD"),
    ("ETHUSD", "ETH/USD"),
    ("ETH-USD", "ETH/USD"),
    ("ETH_USD", "ETH/USD"),
    ("ETH.USD", "ETH/USD"),
    ("SOLUSD", "SOL/USD"),
    ("SOL-USD", "SOL/USD"),
    ("SOL_USD", "SOL/USD"),
    ("SOL.USD", "SOL/USD"),
    ("LTCUSD", "LTC/USD"),
    ("LTC-USD", "LTC/USD"),
    ("LTC_USD", "LTC/USD"),
    ("LTC.USD", "LTC/USD"),
    ("XRPUSD", "XRP/USD"),
    ("XRP-USD", "XRP/USD"),
    ("XRP_USD", "XRP/USD"),
    ("XRP.USD", "XRP/USD"),
    ("DOGEUSD", "DOGE/USD"),
    ("DOGE-USD", "DOGE/USD"),
    ("DOGE_USD", "DOGE/USD"),
    ("DOGE.USD", "DOGE/USD"),
];

/// Instruments that fall together, a bucket a line: what is risked in one bucket has a limit of its own.
const BUCKETS: &[(&str, &[&str])] = &[
    ("dollar", &["EUR/USD", "GBP/USD", "USD/JPY", "USD/CHF", "AUD/USD", "USD/CAD"]),
    ("technology", &["AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA"]),
    ("finance", &["BRK.B", "JPM", "V", "MA"]),
    ("health", &["UNH", "JNJ"]),
    ("staples", &["PG", "KO", "PEP", "COST", "WMT"]),
    ("coins", &["BTC/USD", "ETH/USD", "SOL/USD", "LTC/USD", "XRP/USD", "DOGE/USD"]),
];

/// The bucket of each symbol that is in one.
pub fn buckets() -> BTreeMap<Symbol, Code> {
    let rows = BUCKETS.iter().flat_map(|(bucket, symbols)| {
        symbols.iter().filter_map(|symbol| Some((Symbol::new(symbol).ok()?, Code::fixed(bucket))))
    });
    rows.collect()
}

/// The 33 instruments at `venue`: currency pairs first, then stocks, then coins.
pub fn instruments(venue: VenueId) -> Vec<Instrument> {
    // The first two lines are empty and the heading; a test holds every other one to be readable.
    TABLE.lines().skip(2).filter_map(|line| read(venue, line)).collect()
}

/// Currencies that brokers trade pairs of, beside those of the table.
const CURRENCIES: &[&str] = &[
    "AUD", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "JPY", "MXN", "NOK", "NZD", "PLN",
    "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
];

/// The class that a symbol outside the table is of, by its form: a pair of two currencies, another pair, or no pair.
fn class_of(symbol: Symbol) -> AssetClass {
    match symbol.as_str().split_once('/') {
        None => AssetClass::Equity,
        Some((base, quote)) if CURRENCIES.contains(&base) && CURRENCIES.contains(&quote) => AssetClass::Forex,
        Some(_) => AssetClass::Crypto,
    }
}

/// What is asked for at a broker: what it trades of the table, and what the configuration's own names lead to. By which rules
/// they trade the broker says when a pass begins.
pub fn at_broker(broker: BrokerName, aliases: &BTreeMap<String, String>) -> Vec<Instrument> {
    let venue = broker.venue();
    let table = instruments(venue);
    let known: BTreeSet<Symbol> = table.iter().map(|row| row.key.symbol).collect();
    let model = |class| table.iter().find(|row| row.asset_class == class);
    let named: BTreeSet<Symbol> = aliases.values().filter_map(|symbol| Symbol::new(symbol).ok()).collect();
    let more: Vec<Instrument> = named
        .difference(&known)
        .filter_map(|symbol| {
            let quote = symbol.as_str().split_once('/').map_or("USD", |(_, quote)| quote);
            let (key, quote) = (Key { venue, symbol: *symbol }, Currency::new(quote).ok()?);
            Some(Instrument { key, quote, ..model(class_of(*symbol))?.clone() })
        })
        .collect();
    table.into_iter().chain(more).filter(|row| broker.trades(row.asset_class)).collect()
}

/// The instrument that a line of the table describes.
fn read(venue: VenueId, line: &str) -> Option<Instrument> {
    let mut cells = line.split_whitespace();
    let symbol = Symbol::new(cells.next()?).ok()?;
    let asset_class = match cells.next()? {
        "forex" => AssetClass::Forex,
        "equity" => AssetClass::Equity,
        "crypto" => AssetClass::Crypto,
        _ => return None,
    };
    Some(Instrument {
        key: Key { venue, symbol },
        asset_class,
        quote: Currency::new(symbol.as_str().split_once('/').map_or("USD", |(_, quote)| quote)).ok()?,
        tick: number::<Price>(cells.next())?,
        lot: number::<Qty>(cells.next())?,
        qty_min: number::<Qty>(cells.next())?,
        qty_max: number::<Qty>(cells.next())?,
        notional_min: number::<Amount>(cells.next())?,
        margin: number::<Ratio>(cells.next())?,
        shortable: cells.next()? == "yes",
    })
}

fn number<T: FromStr>(cell: Option<&str>) -> Option<T> {
    cell?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use broker_api::Catalog;

    use super::*;

    fn catalog() -> Catalog {
        Catalog::new(instruments(VenueId::new("paper").unwrap())).unwrap()
    }

    #[test]
    fn all_thirty_three_are_there_once() {
        let catalog = catalog();
        let of = |class| catalog.iter().filter(|(_, i)| i.asset_class == class).count();
        assert_eq!(catalog.len(), 33);
        assert_eq!(
            [of(AssetClass::Forex), of(AssetClass::Equity), of(AssetClass::Crypto)],
            [7, 20, 6],
            "pairs, stocks, coins"
        );
        assert_eq!(TABLE.trim().lines().count(), 34, "every line of the table is readable");
    }

    #[test]
    fn a_broker_is_asked_for_what_it_trades_and_for_what_was_named_beside_it() {
        let named =
            [("SPX", "SPY"), ("EURUSD=X", "EUR/USD"), ("BTC-USD", "BTC/USD"), ("LINK-USD", "LINK/USD")];
        let aliases = named.map(|(alias, symbol)| (alias.to_owned(), symbol.to_owned())).into();
        let at = |broker| Catalog::new(at_broker(broker, &aliases)).unwrap();
        let pairs = at(BrokerName::Oanda);
        assert!(pairs.len() == 7 && pairs.iter().all(|(_, row)| row.asset_class == AssetClass::Forex));
        let catalog = at(BrokerName::Alpaca);
        let of = |class| catalog.iter().filter(|(_, row)| row.asset_class == class).count();
        assert_eq!([of(AssetClass::Forex), of(AssetClass::Equity), of(AssetClass::Crypto)], [0, 21, 7]);
        let row = |symbol| catalog.find_symbol(Symbol::new(symbol).unwrap()).and_then(|ix| catalog.get(ix));
        assert_eq!(row("SPY").unwrap().quote.as_str(), "USD");
        assert!(row("LINK/USD").unwrap().key.venue.as_str() == "alpaca" && row("EUR/USD").is_none());
    }

    #[test]
    fn each_line_says_what_belongs_together() {
        for (_, i) in catalog().iter() {
            let symbol = i.key.symbol;
            assert!(
                i.qty_min.is_multiple_of(i.lot) && i.qty_max.is_multiple_of(i.lot),
                "{symbol}: whole lots"
            );
            assert!(i.qty_min < i.qty_max, "{symbol}: least and most");
            assert_eq!(
                i.base().is_some(),
                i.asset_class != AssetClass::Equity,
                "{symbol}: a pair has a base"
            );
            assert!(i.margin > Ratio::ZERO && i.margin <= Ratio::ONE, "{symbol}: margin");
        }
        let yen = catalog().find_symbol(Symbol::new("USD/JPY").unwrap()).unwrap();
        assert_eq!(catalog().get(yen).unwrap().quote.as_str(), "JPY");
    }

    #[test]
    fn every_alias_names_one_instrument() {
        let catalog = catalog();
        let mut seen = BTreeSet::new();
        for (alias, symbol) in ALIASES {
            assert!(seen.insert(alias), "{alias} is listed twice");
            assert!(catalog.find_symbol(Symbol::new(symbol).unwrap()).is_some(), "{alias} leads to {symbol}");
            let own = Symbol::new(alias).ok().and_then(|name| catalog.find_symbol(name));
            assert!(own.is_none(), "{alias} is a symbol itself");
        }
        for (_, pair) in catalog.iter().filter(|(_, i)| i.base().is_some()) {
            let symbol = pair.key.symbol.as_str();
            for joint in ["", "-", "_", "."] {
                let alias = symbol.replace('/', joint);
                assert!(ALIASES.contains(&(alias.as_str(), symbol)), "{alias} is missing");
            }
        }
    }
}

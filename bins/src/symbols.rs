//! The file of symbols: what a replay trades, and by which rules.

use std::path::Path;
use std::str::FromStr;

use broker_api::{
    Amount, AssetClass, Catalog, Currency, Instrument, Key, Price, Qty, Ratio, Symbol, VenueId,
};
use rust_decimal::Decimal;

use crate::failure::Failure;
use crate::reading;

const NEEDED: [&str; 4] = ["symbol", "asset_class", "tick", "lot"];
const OPTIONAL: [&str; 6] = ["quote", "margin", "shortable", "qty_min", "qty_max", "notional_min"];
/// No file of symbols is longer.
const BYTES_MAX: u64 = 16 << 20;
/// The most of one order where the file does not say.
const QTY_MAX: i64 = 1_000_000_000;

/// What a file of symbols holds.
pub struct Symbols {
    /// The instruments, in the order of the file.
    pub catalog: Catalog,
    /// Columns that are not used.
    pub unused: Vec<String>,
}

/// One row under way, with what a fault is told by.
struct Row<'a> {
    file: &'a Path,
    line: u64,
    heads: &'a csv::StringRecord,
    cells: &'a csv::StringRecord,
}

/// Reads a file of symbols for a venue whose account is in `currency`.
///
/// # Errors
/// A file, a column, a row or a cell that cannot be used, with its place.
pub fn read(file: &Path, venue: VenueId, currency: Currency) -> Result<Symbols, Failure> {
    let advice = "name a CSV file with symbol, asset_class, tick and lot in its first line";
    let unreadable = |error: &csv::Error| {
        Failure::usage("bad_symbols", format!("{} cannot be read", file.display())).because(error).fix(advice)
    };
    let text = reading::read_text(file, BYTES_MAX).map_err(|failure| {
        let fix = failure.fix.or_else(|| Some(advice.to_owned()));
        Failure { code: "bad_symbols", fix, ..failure }
    })?;
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|error| unreadable(&error))?.clone();
    if let Some(absent) = NEEDED.iter().find(|needed| !heads.iter().any(|head| head == **needed)) {
        let what = format!("{}, line 1: the column `{absent}` is missing", file.display());
        return Err(Failure::usage("bad_symbols", what).fix(
            "the first line must name symbol, asset_class, tick and lot; quote, margin, shortable, qty_min, qty_max and \
             notional_min may follow",
        ));
    }
    let is_known = |head: &&str| NEEDED.contains(head) || OPTIONAL.contains(head);
    let unused = heads.iter().filter(|head| !is_known(head)).map(str::to_owned).collect();
    let mut instruments = Vec::new();
    let mut cells = csv::StringRecord::new();
    while reader.read_record(&mut cells).map_err(|error| unreadable(&error))? {
        let line = cells.position().map_or(0, csv::Position::line);
        instruments.push(Row { file, line, heads: &heads, cells: &cells }.instrument(venue, currency)?);
    }
    if instruments.is_empty() {
        return Err(Failure::usage("bad_symbols", format!("{} names no symbol", file.display()))
            .fix("write one row for each symbol"));
    }
    let catalog = Catalog::new(instruments).map_err(|twice| {
        Failure::usage("bad_symbols", format!("{}: {twice}", file.display())).fix("keep one of the two rows")
    })?;
    Ok(Symbols { catalog, unused })
}

impl Row<'_> {
    fn instrument(&self, venue: VenueId, currency: Currency) -> Result<Instrument, Failure> {
        let symbol: Symbol = self.needed("symbol")?;
        let asset_class = self.asset_class()?;
        let (tick, lot): (Price, Qty) = (self.needed("tick")?, self.needed("lot")?);
        if lot.is_zero() {
            return Err(self.fault("lot", "is zero", "write the smallest step of a quantity, such as 1"));
        }
        let behind = symbol.as_str().split_once('/').map(|(_, quote)| quote);
        let quote = match self.given("quote")? {
            Some(quote) => quote,
            None => behind.and_then(|quote| Currency::new(quote).ok()).unwrap_or(currency),
        };
        let instrument = Instrument {
            key: Key { venue, symbol },
            asset_class,
            quote,
            tick,
            lot,
            qty_min: self.given("qty_min")?.unwrap_or(lot),
            qty_max: match self.given("qty_max")? {
                Some(most) => most,
                None => Qty::new(Decimal::from(QTY_MAX)).unwrap_or(lot),
            },
            notional_min: self.given("notional_min")?.unwrap_or(Amount::ZERO),
            margin: self.given("margin")?.unwrap_or_else(|| usual_margin(asset_class)),
            shortable: self.shortable(asset_class)?,
        };
        if instrument.margin.get() < Decimal::ZERO {
            return Err(self.fault(
                "margin",
                "is negative",
                "write the share of its value that a position binds",
            ));
        }
        if instrument.notional_min.get() < Decimal::ZERO {
            return Err(self.fault(
                "notional_min",
                "is negative",
                "write the least value of an order, or leave it empty",
            ));
        }
        Ok(instrument)
    }

    fn cell(&self, column: &str) -> &str {
        let place = self.heads.iter().position(|head| head == column);
        place.and_then(|place| self.cells.get(place)).unwrap_or("")
    }

    fn fault(&self, column: &str, why: &str, fix: &str) -> Failure {
        let name = self.cell("symbol");
        let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
        let what = format!("{}, line {}, {column}{of}: {why}", self.file.display(), self.line);
        Failure::usage("bad_symbols", what).fix(format!("{fix}; nothing was written"))
    }

    fn given<T: FromStr>(&self, column: &str) -> Result<Option<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.cell(column);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|why| self.fault(column, &format!("\"{text}\" {why}"), "correct the cell"))
    }

    fn needed<T: FromStr>(&self, column: &str) -> Result<T, Failure>
    where
        T::Err: std::fmt::Display,
    {
        self.given(column)?.ok_or_else(|| self.fault(column, "is empty", "every symbol needs one; write it"))
    }

    fn asset_class(&self) -> Result<AssetClass, Failure> {
        let text = self.cell("asset_class");
        AssetClass::ALL.into_iter().find(|class| class.to_string() == text).ok_or_else(|| {
            self.fault("asset_class", &format!("\"{text}\" is none"), "write equity, forex or crypto")
        })
    }

    fn shortable(&self, class: AssetClass) -> Result<bool, Failure> {
        match self.cell("shortable") {
            "" => Ok(class == AssetClass::Forex),
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            other => {
                Err(self.fault("shortable", &format!("\"{other}\" is neither yes nor no"), "write yes or no"))
            }
        }
    }
}

/// What a position binds of its value where the file does not say.
fn usual_margin(class: AssetClass) -> Ratio {
    let share = match class {
        AssetClass::Equity | AssetClass::Crypto => Decimal::ONE,
        AssetClass::Forex => Decimal::new(333, 4),
    };
    Ratio::new(share).unwrap_or(Ratio::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Symbols, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("symbols.csv");
        std::fs::write(&file, text).unwrap();
        super::read(&file, crate::place::paper_venue(), Currency::new("USD").unwrap())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_a_row_leaves_open_is_the_usual() {
        let read = read(
            "symbol,asset_class,file,tick,lot,margin\r\nEUR/GBP,forex,x.csv,0.00001,1,\r\nAAPL,equity,,0.01,1,0.5\r\n",
        );
        let Symbols { catalog, unused } = read.unwrap();
        assert_eq!(unused, ["file"]);
        let rows: Vec<_> = catalog.iter().map(|(_, row)| row.clone()).collect();
        assert_eq!(
            (rows[0].quote.as_str(), rows[0].margin.to_string(), rows[0].shortable),
            ("GBP", "0.0333".into(), true)
        );
        assert_eq!(
            (rows[1].quote.as_str(), rows[1].margin.to_string(), rows[1].shortable),
            ("USD", "0.5".into(), false)
        );
        assert_eq!(rows[1].qty_min, rows[1].lot);
    }

    #[test]
    fn a_fault_names_its_line_and_column() {
        let head = "symbol,asset_class,tick,lot\n";
        for (text, told) in [
            ("symbol,asset_class,lot\nA,equity,1\n".to_owned(), "line 1: the column `tick` is missing"),
            (format!("{head}AAPL,equity,0.01,1\nMSFT,equity,,1\n"), "line 3, tick of MSFT: is empty"),
            (format!("{head}MSFT,equity,0.01,\n"), "line 2, lot of MSFT: is empty"),
            (format!("{head}MSFT,equity,0.01,0\n"), "line 2, lot of MSFT: is zero"),
            (format!("{head}MSFT,equity,-0.01,1\n"), "line 2, tick of MSFT: \"-0.01\" must be above zero"),
            (format!("{head}MSFT,stock,0.01,1\n"), "asset_class of MSFT: \"stock\" is none"),
            (format!("{head}msft,equity,0.01,1\n"), "line 2, symbol of msft: \"msft\""),
            (format!("{head}A,equity,0.01,1\nA,equity,0.01,1\n"), "is listed twice"),
            (format!("{head}A,equity,0.01\n"), "cannot be read"),
            (head.to_owned(), "names no symbol"),
        ] {
            let why = read(&text).err().expect("it is refused");
            assert!(why.contains(told), "{why}");
        }
    }
}

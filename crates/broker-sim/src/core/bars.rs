//! Bars of a folder: one CSV file for each symbol, daily or finer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use broker_api::{Bar, Price, Qty, Time};
use chrono::{NaiveDate, TimeDelta};

/// When a day's bar of a symbol opens and closes; nothing when there is no trading on that date.
pub(crate) type DayOf<'a> = &'a dyn Fn(&str, NaiveDate) -> Option<(Time, Time)>;

/// A folder or file of bars that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct BadBars {
    /// Which file.
    path: PathBuf,
    /// What is wrong, and in which line.
    why: String,
}

/// Reads the bars of every symbol from `folder`; a pair's file is `BTCUSD.csv`, `BTC_USD.csv` or `BTC-USD.csv`.
///
/// A file has a head line with `open`, `high`, `low`, `close`, a column `date`, `time` or `timestamp`, and maybe
/// `volume`. A date is a day's bar, whose hours the broker says. A moment is when a bar opens; it closes where the next
/// opens.
///
/// # Errors
/// A file that is missing or not such a file, by its line.
pub(crate) fn read_bars(
    folder: &Path,
    symbols: &[String],
    day: DayOf<'_>,
) -> Result<BTreeMap<String, Vec<Bar>>, BadBars> {
    let mut all = BTreeMap::new();
    for symbol in symbols {
        let names = [symbol.replace('/', ""), symbol.replace('/', "_"), symbol.replace('/', "-")];
        let paths = names.map(|name| folder.join(format!("{name}.csv")));
        let Some(path) = paths.iter().find(|path| path.is_file()) else {
            let [path, ..] = paths;
            return Err(BadBars {
                path,
                why: format!("there is no file of {symbol}; add it, or do not list {symbol}"),
            });
        };
        let bars =
            read(path, &|date| day(symbol, date)).map_err(|why| BadBars { path: path.clone(), why })?;
        all.insert(symbol.clone(), bars);
    }
    Ok(all)
}

fn read(path: &Path, day: &dyn Fn(NaiveDate) -> Option<(Time, Time)>) -> Result<Vec<Bar>, String> {
    let mut file = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let head: Vec<String> = file
        .headers()
        .map_err(|error| error.to_string())?
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    let place = |names: &[&str]| head.iter().position(|name| names.contains(&name.as_str()));
    let needed = |names: &[&str]| {
        place(names).ok_or_else(|| format!("line 1 has no column `{}`", names.join("` or `")))
    };
    let at = needed(&["date", "time", "timestamp", "datetime"])?;
    let prices = [needed(&["open"])?, needed(&["high"])?, needed(&["low"])?, needed(&["close"])?];
    let volume = place(&["volume"]);
    let mut bars: Vec<Bar> = Vec::new();
    for (line, row) in (2..).zip(file.records()) {
        let row = row.map_err(|error| error.to_string())?;
        let field = |place: usize| row.get(place).unwrap_or_default().trim();
        let price = |place: usize| {
            field(place).parse::<Price>().map_err(|why| format!("line {line}, `{}`: {why}", head[place]))
        };
        let Some((opens, closes)) = span(field(at), day) else {
            return Err(format!("line {line}: `{}` is neither a trading day nor a moment", field(at)));
        };
        let [open, high, low, close] =
            [price(prices[0])?, price(prices[1])?, price(prices[2])?, price(prices[3])?];
        let volume = volume.and_then(|place| field(place).parse::<Qty>().ok());
        let bar = Bar { opens, closes, open, high, low, close, volume, spread: None };
        if let Some(before) = bars.last_mut() {
            if before.opens >= opens {
                return Err(format!("line {line} does not lie after the line before it"));
            }
            before.closes = before.closes.min(opens);
        }
        if !bar.is_sane() {
            return Err(format!("line {line}: the low is not the lowest price, or the high not the highest"));
        }
        bars.push(bar);
    }
    Ok(bars)
}

fn span(text: &str, day: &dyn Fn(NaiveDate) -> Option<(Time, Time)>) -> Option<(Time, Time)> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return day(date);
    }
    let opens: Time = match text.parse() {
        Ok(at) => at,
        Err(_) => Time::from_timestamp(text.parse().ok()?, 0)?,
    };
    Some((opens, opens + TimeDelta::hours(1)))
}

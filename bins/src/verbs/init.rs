//! `init`: a commented configuration, example signals with prices to try them on, and the cron lines.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::catalog;
use crate::config::{Config, CostRow, NAME};
use crate::failure::Failure;
use crate::out::{Heading, Out};

/// Example prices: symbol, bid, ask.
const PRICES: [(&str, &str, &str); 4] = [
    ("AAPL", "227.10", "227.14"),
    ("NVDA", "178.18", "178.22"),
    ("EUR/USD", "1.08510", "1.08526"),
    ("BTC/USD", "84170.00", "84210.00"),
];

/// Writes what a new user begins with. Files that are there are not touched.
pub fn init(out: Out, folder: Option<&Path>) -> Result<(), Failure> {
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let now = crate::clock::now();
    let time = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut quotes = String::new();
    for (symbol, bid, ask) in PRICES {
        let _ = writeln!(quotes, "{}", json!({ "symbol": symbol, "bid": bid, "ask": ask, "at": time(now) }));
    }
    let signal = |symbol: &str, class: &str, side: &str, price: &str, stop: &str, target: &str| {
        json!({
            "id": format!("{}/{}/enter", now.date_naive(), symbol.replace('/', "-")),
            "symbol": symbol, "asset_class": class, "action": "enter", "side": side,
            "decision_price": price, "stop": stop, "target": target,
            "decided_at": time(now), "expires_at": time(now + TimeDelta::days(4)), "strategy": "example",
        })
    };
    let signals = json!({
        "schema": "tradewind.signals/1",
        "signals": [
            signal("AAPL", "equity", "long", "227.10", "219.00", "243.30"),
            signal("EUR/USD", "forex", "short", "1.08520", "1.09600", "1.06500"),
        ],
    });
    let files = [
        (NAME, config()),
        ("example-signals.json", format!("{signals:#}\n")),
        ("example-quotes.jsonl", quotes),
    ];
    for (name, _) in &files {
        let file = folder.join(name);
        if file.exists() {
            return Err(Failure::usage(
                "exists",
                format!("{} is there already; nothing was written", file.display()),
            )
            .fix("name another folder with --out, or move the file away"));
        }
    }
    std::fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))?;
    for (name, text) in &files {
        let file = folder.join(name);
        std::fs::write(&file, text).map_err(|error| not_written(&file, &error))?;
    }
    let cron = cron(folder);
    let text = format!(
        "Written to {}: {NAME}, example-signals.json, example-quotes.jsonl (invented prices, of this moment)\n\
         Try it:  cd {} && tradewind run --signals example-signals.json\n\
         For cron (times are of New York; leave TZ away and cron keeps the machine's):\n{cron}",
        folder.display(),
        folder.display()
    );
    out.text(&text)?;
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    out.document(
        "init",
        &Heading::default(),
        now,
        &json!({ "folder": folder, "files": names, "cron": cron.lines().collect::<Vec<_>>() }),
    )
}

fn not_written(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage("not_written", format!("{} cannot be written", file.display()))
        .because(error)
        .fix("name another folder with --out")
}

/// After the close: decide and act. Five minutes after the open: settle and protect.
fn cron(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let folder = folder.display();
    format!(
        "  CRON_TZ=America/New_York\n\
         \x20 10 16 * * 1-5  cd {folder} && my-strategy > signals.json && tradewind run --signals signals.json\n\
         \x20 35 9  * * 1-5  cd {folder} && tradewind run\n"
    )
}

/// The configuration with the values that apply without one, each explained.
fn config() -> String {
    let config = Config::paper();
    let mut text = format!(
        "# What Tradewind trades by. Every value below is the paper default; keys that are not known are refused.\n\n\
         [paper]\n\
         # The embedded paper account. Its name is asked for by `flatten --confirm`.\n\
         account = \"{}\"\n\
         currency = \"{}\"\n\
         # What it begins with; read by the first pass only.\n\
         cash = \"{}\"\n\
         # The share of a bar's volume that one order may take, in percent: more is filled in part.\n\
         participation_percent = \"{}\"\n\
         # How long after its acceptance an order begins to take part.\n\
         latency_milliseconds = {}\n\n\
         [data]\n\
         # Where prices come from: \"bars:FOLDER\" (one CSV per symbol, appended by your updater) or\n\
         # \"quotes:FILE\" (JSON lines: symbol, bid, ask, at). Replace the example with yours.\n\
         equity = \"quotes:example-quotes.jsonl\"\n\
         forex = \"quotes:example-quotes.jsonl\"\n\
         crypto = \"quotes:example-quotes.jsonl\"\n\n\
         # How large an entry is when its signal does not say: equal_slots, equity_pct, risk_pct, notional or quantity.\n\
         # equity = \"marked\" takes shares of equity with open profit in it, \"closed\" without.\n",
        config.paper.account,
        config.paper.currency,
        config.paper.cash,
        config.paper.participation_percent,
        config.paper.latency_milliseconds
    );
    text.push_str(&config.sizing_table());
    text.push_str(
        "\n# What the guard allows. A file names every limit; none of them can be switched off.\n[limits]\n",
    );
    let values = toml::Value::try_from(&config.limits).ok();
    for line in config.limits.lines() {
        let value = values
            .as_ref()
            .and_then(|table| table.get(line.key))
            .map_or_else(String::new, ToString::to_string);
        let _ = writeln!(text, "# {}\n{} = {value}", line.basis, line.key);
    }
    text.push_str("\n# What trading costs on paper, in basis points (hundredths of a percent).\n");
    let rows =
        [("equity", config.costs.equity), ("forex", config.costs.forex), ("crypto", config.costs.crypto)];
    for (class, CostRow { spread_bps, fee_bps, slippage_bps }) in rows {
        let _ = writeln!(
            text,
            "[costs.{class}]\nspread_bps = \"{spread_bps}\"\nfee_bps = \"{fee_bps}\"\nslippage_bps = \"{slippage_bps}\""
        );
    }
    text.push_str(
        "\n# Other names of symbols, in signals: how Yahoo, OANDA, Alpaca and Interactive Brokers write them. Add your own;\n\
         # these apply without a file too. Small letters are read like capitals.\n[aliases]\n",
    );
    for (alias, symbol) in catalog::ALIASES {
        let _ = writeln!(text, "\"{alias}\" = \"{symbol}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_writes_is_what_applies_without_it() {
        let read: Config = toml::from_str(&config()).unwrap();
        let mut expected = Config::paper();
        let quotes = "quotes:example-quotes.jsonl";
        expected.data.equity = quotes.to_owned();
        expected.data.forex = quotes.to_owned();
        expected.data.crypto = quotes.to_owned();
        expected.aliases = catalog::ALIASES
            .iter()
            .map(|(alias, symbol)| ((*alias).to_owned(), (*symbol).to_owned()))
            .collect();
        assert_eq!(toml::to_string(&read).unwrap(), toml::to_string(&expected).unwrap());
    }
}

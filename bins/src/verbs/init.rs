//! `init`: a commented configuration, example signals with prices to try them on, and the cron lines.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::catalog;
use crate::config::{BrokerName, NAME, keys};
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
pub fn init(out: Out, broker: BrokerName, folder: Option<&Path>) -> Result<(), Failure> {
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
            match broker {
                BrokerName::Paper | BrokerName::Alpaca => {
                    signal("AAPL", "equity", "long", "227.10", "219.00", "243.30")
                }
                BrokerName::Oanda => signal("USD/JPY", "forex", "long", "156.250", "154.000", "160.000"),
            },
            match broker {
                BrokerName::Paper | BrokerName::Oanda => {
                    signal("EUR/USD", "forex", "short", "1.08520", "1.09600", "1.06500")
                }
                BrokerName::Alpaca => signal("BTC/USD", "crypto", "long", "84200", "79000", "94000"),
            },
        ],
    });
    let mut files = vec![(NAME, config(broker)), ("example-signals.json", format!("{signals:#}\n"))];
    if broker == BrokerName::Paper {
        files.push(("example-quotes.jsonl", quotes));
    }
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
    let cron = cron(broker, folder);
    let shown = folder.display();
    let try_it = match broker {
        BrokerName::Paper => format!(
            "Written to {shown}: {NAME}, example-signals.json, example-quotes.jsonl (invented prices, of this moment)\n\
             Try it:  cd {shown} && tradewind run --signals example-signals.json\n"
        ),
        BrokerName::Alpaca | BrokerName::Oanda => format!(
            "Written to {shown}: {NAME}, example-signals.json (its prices are invented)\n\
             Set {} of a practice account, and see that all is there:\n\
             \x20 cd {shown} && {} doctor\n",
            match broker {
                BrokerName::Oanda => "OANDA_ACCESS_TOKEN to a token",
                _ => "APCA_API_KEY_ID and APCA_API_SECRET_KEY to the keys",
            },
            program(broker),
        ),
    };
    out.text(&format!(
        "{try_it}For cron (times are of New York; leave TZ away and cron keeps the machine's):\n{cron}"
    ))?;
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

/// The program that trades there.
const fn program(broker: BrokerName) -> &'static str {
    match broker {
        BrokerName::Paper => "tradewind",
        BrokerName::Alpaca => "tradewind-alpaca",
        BrokerName::Oanda => "tradewind-oanda",
    }
}

/// After the close: decide and act. Five minutes after the open: settle and protect.
fn cron(broker: BrokerName, folder: &Path) -> String {
    let program = program(broker);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let folder = folder.display();
    format!(
        "  CRON_TZ=America/New_York\n\
         \x20 10 16 * * 1-5  cd {folder} && my-strategy > signals.json && {program} run --signals signals.json\n\
         \x20 35 9  * * 1-5  cd {folder} && {program} run\n"
    )
}

/// The configuration with the values that apply without one, each explained.
fn config(broker: BrokerName) -> String {
    let mut text = String::from(
        "# What Tradewind trades by. Every value below is the paper default; keys that are not known are refused.\n\
         # The environment goes before this file (TRADEWIND_LIMITS_POSITIONS_MAX=5), and the command line before both\n\
         # (--set limits.positions_max=5). `tradewind doctor --config` shows what applies, and where it was set.\n",
    );
    // The table of another broker says nothing here.
    let is_of =
        |key: &keys::Key| !["alpaca", "oanda"].contains(&key.table()) || key.table() == broker.as_str();
    let mut table = "";
    for key in keys::all().iter().filter(|key| !keys::WAYS.contains(&key.path.as_str()) && is_of(key)) {
        if key.table() != table {
            table = key.table();
            text.push_str(match table {
                "limits" => {
                    "\n# What the guard allows. A file names every limit; none of them can be switched off.\n"
                }
                "costs.equity" => {
                    "\n# What trading costs on paper, in basis points (hundredths of a percent).\n"
                }
                "orders" => "\n# What becomes of orders.\n",
                "backtest" => "\n# What `tradewind gate` holds live trades against; nothing else reads it.\n",
                _ => "\n",
            });
            let _ = writeln!(text, "[{table}]");
        }
        let value = match (table, broker) {
            ("data", BrokerName::Paper) => Some("\"quotes:example-quotes.jsonl\""),
            ("data", BrokerName::Alpaca | BrokerName::Oanda) => Some("\"venue\""),
            ("venue", BrokerName::Alpaca) if key.name() == "broker" => Some("\"alpaca\""),
            ("venue", BrokerName::Oanda) if key.name() == "broker" => Some("\"oanda\""),
            _ => key.default.as_deref(),
        };
        let _ = writeln!(text, "# {}\n{} = {}", key.basis, key.name(), value.unwrap_or_default());
        if key.path == "sizing.equity" {
            text.push_str("# How large an entry is when its signal does not say: exactly one of these.\n");
            for way in keys::all().iter().filter(|key| keys::WAYS.contains(&key.path.as_str())) {
                let line = match way.default.as_deref() {
                    Some(slots) => format!("equal_slots = {{ slots = {slots} }}"),
                    None => format!("# {} = \"...\"", way.name()),
                };
                let _ = writeln!(text, "# {}\n{line}", way.basis);
            }
        }
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
    use crate::config::Config;

    #[test]
    fn what_init_writes_is_what_applies_without_it() {
        let read: Config = toml::from_str(&config(BrokerName::Paper)).unwrap();
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
        let alpaca: Config = toml::from_str(&config(BrokerName::Alpaca)).unwrap();
        expected.venue.broker = BrokerName::Alpaca;
        for source in [&mut expected.data.equity, &mut expected.data.forex, &mut expected.data.crypto] {
            "venue".clone_into(source);
        }
        assert_eq!(toml::to_string(&alpaca).unwrap(), toml::to_string(&expected).unwrap());
        let oanda: Config = toml::from_str(&config(BrokerName::Oanda)).unwrap();
        expected.venue.broker = BrokerName::Oanda;
        assert_eq!(toml::to_string(&oanda).unwrap(), toml::to_string(&expected).unwrap());
    }
}

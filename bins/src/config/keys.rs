//! Every key that can be set, as one list: reading a configuration, `init`, `doctor` and docs/config.md come from it.

use std::sync::LazyLock;

use engine::Limits;

use super::values::Kind;
use super::{Config, CostRow};

/// One key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its path, such as `limits.positions_max`.
    pub path: String,
    /// What may stand there.
    pub kind: Kind,
    /// What its figure counts; empty where it is none.
    pub unit: String,
    /// What applies when nobody sets it, as it is written in the file; nothing for the other ways to size.
    pub default: Option<String>,
    /// What it is, or why it is so large, in one sentence.
    pub basis: String,
}

impl Key {
    /// Its last part.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// The table it stands in.
    pub fn table(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        variable(&self.path)
    }
}

/// The environment variable of a path.
pub fn variable(path: &str) -> String {
    format!("TRADEWIND_{}", path.to_ascii_uppercase().replace('.', "_"))
}

/// The ways to size an entry: exactly one applies.
pub const WAYS: [&str; 5] = [
    "sizing.quantity",
    "sizing.notional",
    "sizing.risk_pct",
    "sizing.equity_pct",
    "sizing.equal_slots.slots",
];

/// Where a class may be traded.
const ROUTE: Kind = Kind::Choice(&["venue", "alpaca", "oanda"]);

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(list);

/// Every key, in the order in which `init` writes them.
pub fn all() -> &'static [Key] {
    &KEYS
}

/// The key of a path.
pub fn find(path: &str) -> Option<&'static Key> {
    all().iter().find(|key| key.path == path)
}

fn list() -> Vec<Key> {
    let config = Config::paper();
    let quoted = |text: &dyn std::fmt::Display| Some(format!("\"{text}\""));
    let key = |path: &str, kind, unit: &str, default, basis: &str| Key {
        path: path.to_owned(),
        kind,
        unit: unit.to_owned(),
        default,
        basis: basis.to_owned(),
    };
    let amount = |least, most| Kind::Decimal { least, most };
    let paper = &config.paper;
    let mut keys = vec![
        key(
            "venue.broker",
            Kind::Choice(&["paper", "alpaca", "oanda"]),
            "",
            quoted(&config.venue.broker.as_str()),
            "Whose account is traded: the embedded paper broker, or a broker that this program was built with.",
        ),
        key(
            "venue.mode",
            Kind::Choice(&["practice", "live"]),
            "",
            quoted(&"practice"),
            "Which kind of account it is at a broker; on a live one entries go through only while a person has armed it.",
        ),
        key(
            "paper.account",
            Kind::Account,
            "",
            quoted(&paper.account),
            "The name of the embedded paper account, which `flatten --confirm` asks for.",
        ),
        key(
            "paper.currency",
            Kind::Currency,
            "",
            quoted(&paper.currency),
            "The currency of the account's figures.",
        ),
        key(
            "paper.cash",
            amount("0.01", "1000000000000"),
            "currency",
            quoted(&paper.cash),
            "What the account begins with; read by the first pass only.",
        ),
        key(
            "paper.participation_percent",
            amount("0.01", "100"),
            "% of volume",
            quoted(&paper.participation_percent),
            "The share of a bar's volume that one order may take; more is filled in part.",
        ),
        key(
            "paper.latency_milliseconds",
            Kind::Count { least: 0, most: 600_000 },
            "ms",
            Some(paper.latency_milliseconds.to_string()),
            "How long after its acceptance an order begins to take part.",
        ),
        key(
            "alpaca.credentials",
            Kind::Keys,
            "",
            quoted(&config.alpaca.credentials),
            "Where the keys of the account are: under Alpaca's own names in the environment, or in a file that its owner alone may read.",
        ),
        key(
            "alpaca.quantities",
            Kind::Choice(&["whole", "fractions"]),
            "",
            quoted(&"whole"),
            "Whether stocks are traded in whole shares, or in fractions, whose stops end with each session and are sent again.",
        ),
        key(
            "alpaca.feed",
            Kind::Choice(&["iex", "sip", "delayed_sip"]),
            "",
            quoted(&"iex"),
            "Whose quotes of stocks are read: one exchange, which every account may, or all of them, which must be subscribed to.",
        ),
        key(
            "oanda.credentials",
            Kind::Keys,
            "",
            quoted(&config.oanda.credentials),
            "Where the token of the account is: under the usual names in the environment, or in a file that its owner alone may read.",
        ),
    ];
    for (class, source, of) in [
        ("equity", &config.data.equity, "stocks and funds"),
        ("forex", &config.data.forex, "currency pairs"),
        ("crypto", &config.data.crypto, "coins"),
    ] {
        let basis = format!(
            "Where prices of {of} come from: bars:FOLDER (one CSV per symbol) or quotes:FILE (JSON lines), relative to the configuration, or venue (the broker's own quotes)."
        );
        keys.push(key(&format!("data.{class}"), Kind::Source, "", quoted(source), &basis));
    }
    keys.extend([
        key(
            "route.equity",
            ROUTE,
            "",
            quoted(&"venue"),
            "Where stocks and funds are traded: at venue.broker, or at another broker.",
        ),
        key("route.forex", ROUTE, "", quoted(&"venue"), "The same of currency pairs."),
        key("route.crypto", ROUTE, "", quoted(&"venue"), "The same of coins."),
        key(
            "sizing.equity",
            Kind::Choice(&["marked", "closed"]),
            "",
            quoted(&"marked"),
            "Which equity shares are of: with open profit in it (marked) or without (closed).",
        ),
        key(
            "sizing.quantity",
            amount("0.00000001", "1000000000"),
            "units",
            None,
            "Size by a number of units.",
        ),
        key("sizing.notional", amount("0.01", "1000000000"), "currency", None, "Size by a value."),
        key(
            "sizing.risk_pct",
            amount("0.001", "20"),
            "% of equity",
            None,
            "Size so that the stop, if hit, loses this share of equity.",
        ),
        key("sizing.equity_pct", amount("0.01", "300"), "% of equity", None, "Size by a share of equity."),
        key(
            "sizing.equal_slots.slots",
            Kind::Count { least: 1, most: 500 },
            "slots",
            Some("10".to_owned()),
            "Size by equity divided into so many equal slots.",
        ),
    ]);
    keys.extend([
        key(
            "orders.entry_remainder_seconds",
            Kind::Count { least: 0, most: 86_400 },
            "s",
            Some(config.orders.entry_remainder_seconds.to_string()),
            "How long the rest of an entry that was filled in part is kept before it is cancelled; 0 keeps it as long as the order lives.",
        ),
        key(
            "orders.watched_stops",
            Kind::Symbols,
            "",
            quoted(&config.orders.watched_stops),
            "Symbols that may be held although the broker takes no stops, so that a process must watch them: with commas between them.",
        ),
    ]);
    keys.extend(limits(&config.limits));
    for (class, row) in
        [("equity", config.costs.equity), ("forex", config.costs.forex), ("crypto", config.costs.crypto)]
    {
        let CostRow { spread_bps, fee_bps, slippage_bps } = row;
        for (name, value, basis) in [
            ("spread_bps", spread_bps, "Ask minus bid, of the price between them."),
            ("fee_bps", fee_bps, "The fee, of the value traded."),
            ("slippage_bps", slippage_bps, "How much worse than the price there an order at market fills."),
        ] {
            keys.push(key(
                &format!("costs.{class}.{name}"),
                amount("0", "1000"),
                "bps",
                quoted(&value),
                basis,
            ));
        }
    }
    keys.extend(super::gate::keys());
    keys
}

/// A limit's key, all of which comes from the guard.
fn limits(limits: &Limits) -> Vec<Key> {
    let known = |line: risk::limits::Line| {
        let figure = line.value.split_once(' ').map_or(line.value.as_str(), |(figure, _)| figure);
        let (least, most) = (line.least, line.most);
        let (kind, default) = if line.counts {
            (Kind::Count { least: least.parse().ok()?, most: most.parse().ok()? }, figure.to_owned())
        } else {
            (Kind::Decimal { least, most }, format!("\"{figure}\""))
        };
        let of_what = || line.key.split('_').find(|word| COUNTED.contains(word)).unwrap_or_default();
        let unit = match line.unit {
            "%" => "% of equity",
            "" => of_what(),
            unit => unit,
        };
        Some(Key {
            path: format!("limits.{}", line.key),
            unit: unit.to_owned(),
            default: Some(default),
            kind,
            basis: line.basis.to_owned(),
        })
    };
    limits.lines().into_iter().filter_map(known).collect()
}

/// What limits without a unit count, as it stands in their names.
const COUNTED: [&str; 7] = ["losses", "positions", "trades", "entries", "exits", "refusals", "orders"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;

    /// The table of docs/config.md.
    fn table() -> String {
        let mut text =
            String::from("| key | default | unit | may be | what, and why |\n|---|---|---|---|---|\n");
        for key in all() {
            let default =
                key.default.as_deref().map_or_else(|| "-".to_owned(), |default| format!("`{default}`"));
            let _ = writeln!(
                text,
                "| `{}` | {default} | {} | {} | {} |",
                key.path,
                key.unit,
                key.kind.range(),
                key.basis
            );
        }
        text
    }

    /// Every leaf of what serde writes is in the list, and the other way round.
    #[test]
    fn the_list_is_what_can_be_read() {
        fn leaves(table: &toml::Table, before: &str, into: &mut BTreeSet<String>) {
            for (name, value) in table {
                let path = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                match value.as_table() {
                    Some(inner) => leaves(inner, &path, into),
                    None => drop(into.insert(path)),
                }
            }
        }
        let mut written = BTreeSet::new();
        leaves(&toml::Table::try_from(Config::paper()).unwrap(), "", &mut written);
        written.extend(WAYS.map(str::to_owned));
        let listed: BTreeSet<String> = all().iter().map(|key| key.path.clone()).collect();
        assert_eq!(listed, written);
        assert_eq!(listed.len(), all().len(), "no key twice");
        let variables: BTreeSet<String> = all().iter().map(Key::variable).collect();
        assert_eq!(variables.len(), all().len(), "no two keys share a variable");
    }

    #[test]
    fn every_key_explains_itself_and_its_default_is_allowed() {
        for key in all() {
            assert!(key.basis.ends_with('.') && key.basis.len() > 15, "{key:?}");
            if let Some(default) = &key.default {
                let value: toml::Value =
                    toml::from_str::<toml::Table>(&format!("v = {default}")).unwrap()["v"].clone();
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                assert!(key.kind.read_text(&text).is_ok(), "{key:?}");
            }
            let is_figure = matches!(key.kind, Kind::Count { .. } | Kind::Decimal { .. });
            assert_eq!(is_figure, !key.unit.is_empty(), "{key:?}: a figure has a unit");
        }
    }

    #[test]
    fn the_page_has_the_table_of_this_list() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
        let page = std::fs::read_to_string(&file).unwrap();
        let (before, rest) = page.split_once("| key | default |").expect("the page has a table of keys");
        let end = rest.find("\n\n").map_or(rest.len(), |at| at + 1);
        let expected = format!("{before}{}{}", table(), &rest[end..]);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, expected).unwrap();
        } else {
            assert!(
                page == expected,
                "docs/config.md is not of this list: UPDATE_EXPECT=1 cargo test -p bins config"
            );
        }
    }
}

//! `[sizing]`: one way to size entries, and the equity it takes shares of.

use broker_api::{Amount, Qty, Ratio};
use engine::{Basis, Policy, Sizing};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The table as it is written: exactly one of the ways.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    equity: Basis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<Qty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notional: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risk_pct: Option<Ratio>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equity_pct: Option<Ratio>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    equal_slots: Option<Slots>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    slots: u32,
}

pub(super) fn serialize<S: Serializer>(policy: &Policy, to: S) -> Result<S::Ok, S::Error> {
    let (mut quantity, mut notional, mut risk_pct, mut equity_pct, mut equal_slots) =
        (None, None, None, None, None);
    match policy.sizing {
        Sizing::Quantity(qty) => quantity = Some(qty),
        Sizing::Notional(value) => notional = Some(value),
        Sizing::RiskPct(percent) => risk_pct = Some(percent),
        Sizing::EquityPct(percent) => equity_pct = Some(percent),
        Sizing::EqualSlots { slots } => equal_slots = Some(Slots { slots }),
    }
    Table { equity: policy.equity, quantity, notional, risk_pct, equity_pct, equal_slots }.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Policy, D::Error> {
    let table = Table::deserialize(from)?;
    let ways = [
        table.quantity.map(Sizing::Quantity),
        table.notional.map(Sizing::Notional),
        table.risk_pct.map(Sizing::RiskPct),
        table.equity_pct.map(Sizing::EquityPct),
        table.equal_slots.map(|Slots { slots }| Sizing::EqualSlots { slots }),
    ];
    let mut given = ways.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(sizing), None) => Ok(Policy { sizing, equity: table.equity, ..Policy::paper() }),
        (one, _) => {
            let told =
                if one.is_none() { "names no way to size entries" } else { "names two ways to size entries" };
            Err(D::Error::custom(format!(
                "[sizing] {told}; give one of equal_slots, equity_pct, risk_pct, notional, quantity"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn read(sizing: &str) -> Result<Config, String> {
        let limits = toml::to_string(&engine::Limits::paper()).unwrap();
        toml::from_str(&format!("[sizing]\n{sizing}\n[limits]\n{limits}")).map_err(|error| error.to_string())
    }

    #[test]
    fn each_way_is_read_as_it_is_written() {
        for way in [
            "quantity = \"3\"",
            "notional = \"500\"",
            "risk_pct = \"0.5\"",
            "equity_pct = \"8\"",
            "equal_slots = { slots = 7 }",
        ] {
            let config = read(&format!("equity = \"closed\"\n{way}")).unwrap();
            assert_eq!(config.sizing.equity, engine::Basis::Closed);
            let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
            assert_eq!(again.sizing, config.sizing, "{way}");
        }
    }

    #[test]
    fn no_way_and_two_ways_are_refused() {
        assert!(read("").unwrap_err().contains("names no way"));
        assert!(read("risk_pct = \"1\"\nequity_pct = \"8\"").unwrap_err().contains("names two ways"));
        assert!(read("risk_percent = \"1\"").unwrap_err().contains("unknown field `risk_percent`"));
    }
}

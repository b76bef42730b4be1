//! A part of trading, as `halt` and `resume` take it.

use broker_api::{AssetClass, Scope, StrategyId};
use clap::Args;

use crate::failure::Failure;
use crate::place::Place;

/// A part of trading; all of it when nothing is named.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct Part {
    /// Only entries of this class: equity, forex or crypto
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub class: Option<AssetClass>,
    /// Only entries of this strategy
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<StrategyId>,
    /// Only entries of this symbol
    #[arg(long, value_name = "SYMBOL")]
    pub symbol: Option<String>,
}

fn class(text: &str) -> Result<AssetClass, String> {
    let named = AssetClass::ALL.into_iter().find(|class| class.to_string() == text);
    named.ok_or_else(|| "one of equity, forex, crypto".to_owned())
}

impl Part {
    /// What was named; nothing for all of it.
    ///
    /// # Errors
    /// A symbol that is not traded here.
    pub fn scope(&self, place: &Place) -> Result<Option<Scope>, Failure> {
        if let Some(symbol) = &self.symbol {
            let found = symbol.parse().ok().and_then(|symbol| place.catalog.find_symbol(symbol));
            let Some(instrument) = found.and_then(|ix| place.catalog.get(ix)) else {
                let what = format!("{symbol} is not among the instruments of this configuration");
                return Err(Failure::usage("unknown_part", what)
                    .fix("name it as the configuration does, such as AAPL or BTC/USD; nothing was changed"));
            };
            return Ok(Some(Scope::Instrument(instrument.key)));
        }
        Ok(self.class.map(Scope::Class).or_else(|| self.strategy.map(Scope::Strategy)))
    }
}

/// The options that name a part of trading.
pub fn option(scope: &Scope) -> String {
    match scope {
        Scope::Class(class) => format!("--class {class}"),
        Scope::Strategy(id) => format!("--strategy {id}"),
        Scope::Instrument(key) => format!("--symbol {}", key.symbol),
    }
}

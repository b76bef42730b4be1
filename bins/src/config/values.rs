//! What may stand at a key, and what is said about anything else.

use broker_api::{AccountId, Amount, Currency, Symbol};
use rust_decimal::Decimal;
use toml::de::DeValue;

use super::faults::nearest;
use super::venue::Keys;

/// What may stand at a key. Safety values are closed: none of these ranges holds a value that switches something off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of an account.
    Account,
    /// The code of a currency.
    Currency,
    /// A whole number.
    Count {
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
    /// A decimal, written as text.
    Decimal {
        /// At least.
        least: &'static str,
        /// At most.
        most: &'static str,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A source of prices.
    Source,
    /// Where keys are.
    Keys,
    /// Symbols, with commas between them.
    Symbols,
    /// A file, or nothing.
    File,
    /// A sentence, or nothing.
    Words,
    /// Yes or no.
    Flag,
}

/// Why a value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub hint: String,
}

fn refused(why: String, hint: impl Into<String>) -> Refused {
    Refused { why, hint: hint.into() }
}

impl Kind {
    /// What may stand there, in words: `1 to 500`.
    pub fn range(self) -> String {
        match self {
            Self::Account => "a name of at most 40 characters".to_owned(),
            Self::Currency => "a code such as USD".to_owned(),
            Self::Count { least, most } => format!("{least} to {most}"),
            Self::Decimal { least, most } => format!("\"{least}\" to \"{most}\""),
            Self::Choice(words) => words.join(" or "),
            Self::Source => "bars:FOLDER, quotes:FILE or venue".to_owned(),
            Self::Keys => "environment or file:FILE".to_owned(),
            Self::Symbols => "symbols with commas between them, or nothing".to_owned(),
            Self::File => "a file, or nothing".to_owned(),
            Self::Words => "a sentence, or nothing".to_owned(),
            Self::Flag => "true or false".to_owned(),
        }
    }

    /// Takes a value of the file.
    pub fn read_toml(self, value: &DeValue<'_>) -> Result<toml::Value, Refused> {
        match (self, value) {
            (Self::Count { .. }, DeValue::Integer(number)) if number.radix() == 10 => {
                self.read_text(&number.to_string())
            }
            (Self::Count { .. }, DeValue::String(text)) => {
                let hint = match self.read_text(text) {
                    Ok(number) => format!("write {number}, without quotes"),
                    Err(_) => format!("write a whole number, {}", self.range()),
                };
                Err(refused(format!("is the text \"{text}\", and must be a whole number"), hint))
            }
            (Self::Decimal { .. }, DeValue::Integer(_) | DeValue::Float(_)) => {
                let text = match value {
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Float(number) => number.as_str().to_owned(),
                    _ => String::new(),
                };
                let hint = match self.read_text(&text) {
                    Ok(_) => format!("write \"{text}\": in quotes it stays exact"),
                    Err(refused) => refused.hint,
                };
                Err(refused(format!("is {text} without quotes, and must be a decimal in quotes"), hint))
            }
            (
                Self::Account
                | Self::Currency
                | Self::Choice(_)
                | Self::Source
                | Self::Keys
                | Self::Symbols
                | Self::File
                | Self::Words
                | Self::Decimal { .. },
                DeValue::String(text),
            ) => self.read_text(text),
            (Self::Flag, DeValue::Boolean(flag)) => Ok(toml::Value::Boolean(*flag)),
            (_, other) => Err(refused(
                format!("is {}, and must be {}", named(other), self.named()),
                format!("write {}", self.example()),
            )),
        }
    }

    /// Takes a value as text, from the environment or the command line.
    pub fn read_text(self, text: &str) -> Result<toml::Value, Refused> {
        let plain = || Ok(toml::Value::String(text.to_owned()));
        match self {
            Self::Account => match AccountId::new(text) {
                Ok(_) => plain(),
                Err(why) => Err(refused(why.to_string(), "write a name such as \"paper-1\"")),
            },
            Self::Currency => match Currency::new(text) {
                Ok(_) => plain(),
                Err(why) => Err(refused(why.to_string(), "write capitals such as \"USD\"")),
            },
            Self::Count { least, most } => {
                let hint = format!("write a whole number, {least} to {most}");
                let Ok(number) = text.parse::<i64>() else {
                    return Err(refused(format!("\"{text}\" is no whole number"), hint));
                };
                if (i64::from(least)..=i64::from(most)).contains(&number) {
                    Ok(toml::Value::Integer(number))
                } else {
                    Err(refused(format!("{number} is outside of {least} to {most}"), hint))
                }
            }
            Self::Decimal { least, most } => {
                let hint = format!("write a decimal in quotes, \"{least}\" to \"{most}\"");
                let number: Amount =
                    text.parse().map_err(|why| refused(format!("\"{text}\" {why}"), hint.clone()))?;
                let bound = |text: &str| text.parse::<Amount>().map_or(Decimal::ZERO, Amount::get);
                if (bound(least)..=bound(most)).contains(&number.get()) {
                    plain()
                } else {
                    Err(refused(format!("\"{text}\" is outside of \"{least}\" to \"{most}\""), hint))
                }
            }
            Self::Choice(words) if words.contains(&text) => plain(),
            Self::Choice(words) => {
                let hint = nearest(text, words.iter().copied()).map_or_else(
                    || format!("write {}", self.example()),
                    |word| format!("did you mean \"{word}\"?"),
                );
                Err(refused(format!("\"{text}\" is not one of {}", words.join(", ")), hint))
            }
            Self::Symbols => {
                let names = text.split(',').filter(|_| !text.is_empty());
                match names.map(|name| Symbol::new(name.trim())).find_map(Result::err) {
                    None => plain(),
                    Some(why) => Err(refused(why.to_string(), "write symbols such as \"BTC/USD,ETH/USD\"")),
                }
            }
            Self::File | Self::Words => plain(),
            Self::Flag => text
                .parse()
                .map(toml::Value::Boolean)
                .map_err(|_| refused(format!("\"{text}\" is neither true nor false"), "write true or false")),
            Self::Keys if Keys::read(text).is_some() => plain(),
            // What stands there may be a secret, and is not told again.
            Self::Keys => Err(refused(
                "does not say where the keys are".to_owned(),
                "write \"environment\" or \"file:FILE\"; keys themselves have no place in a configuration",
            )),
            Self::Source if text == "venue" => plain(),
            Self::Source => match text.split_once(':') {
                Some(("bars" | "quotes", path)) if !path.trim().is_empty() => plain(),
                Some(("bars" | "quotes", _)) => Err(refused(
                    format!("\"{text}\" names no path"),
                    "write \"bars:FOLDER\", \"quotes:FILE\" or \"venue\"",
                )),
                Some((word, path)) if nearest(word, ["bars", "quotes"]).is_some() => {
                    let near = nearest(word, ["bars", "quotes"]).unwrap_or_default();
                    Err(refused(
                        format!("\"{text}\" is no source of prices"),
                        format!("did you mean \"{near}:{path}\"?"),
                    ))
                }
                _ => Err(refused(
                    format!("\"{text}\" is no source of prices"),
                    "write \"bars:FOLDER\", \"quotes:FILE\" or \"venue\"",
                )),
            },
        }
    }

    const fn named(self) -> &'static str {
        match self {
            Self::Count { .. } => "a whole number",
            Self::Decimal { .. } => "a decimal in quotes",
            Self::Account
            | Self::Currency
            | Self::Choice(_)
            | Self::Source
            | Self::Keys
            | Self::Symbols
            | Self::File
            | Self::Words => "text in quotes",
            Self::Flag => "true or false",
        }
    }

    fn example(self) -> String {
        match self {
            Self::Account => "\"paper-1\"".to_owned(),
            Self::Currency => "\"USD\"".to_owned(),
            Self::Count { .. } | Self::Decimal { .. } => format!("{}, {}", self.named(), self.range()),
            Self::Choice(words) => format!("\"{}\"", words.join("\" or \"")),
            Self::Source => "\"bars:FOLDER\", \"quotes:FILE\" or \"venue\"".to_owned(),
            Self::Keys => "\"environment\" or \"file:FILE\"".to_owned(),
            Self::Symbols => "\"BTC/USD\" or \"BTC/USD,ETH/USD\"".to_owned(),
            Self::File => "\"FILE\"".to_owned(),
            Self::Words => "a sentence in quotes".to_owned(),
            Self::Flag => "true or false".to_owned(),
        }
    }
}

/// What a value is, in words.
pub fn named(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(number) if number.radix() != 10 => "a whole number that is not written in tens",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

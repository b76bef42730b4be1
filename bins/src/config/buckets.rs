//! `[buckets]`: which instruments move together. It goes before the built-in table for the symbols that it names.

use std::collections::BTreeMap;

use broker_api::{Catalog, Code, Symbol};
use toml::Spanned;
use toml::de::DeValue;

use super::faults::{Origin, nearest};
use super::layers::{Given, Layers};
use super::values::named;

const LIST: &str = "write a list of symbols, as metals = [\"GLD\", \"SLV\"]";

impl Layers {
    /// Takes the table in: a bucket a line, and no symbol in two of them.
    pub(super) fn buckets(&mut self, value: &Spanned<DeValue<'_>>, at: &dyn Fn(usize) -> Origin) {
        let DeValue::Table(rows) = value.get_ref() else {
            let why = format!("is {}, and must be a table", named(value.get_ref()));
            let hint = "write [buckets] on a line of its own, and name = [\"GLD\", \"SLV\"] below";
            return self.fault(at(value.span().start), "buckets", why, hint);
        };
        for (name, list) in rows {
            let key = format!("buckets.{}", name.get_ref());
            if Code::new(name.get_ref()).is_err() {
                let why = "is no name of a bucket".to_owned();
                let hint = "name it in at most 32 lower-case letters, digits and `_`";
                self.fault(at(name.span().start), key, why, hint);
                continue;
            }
            let here = at(list.span().start);
            let DeValue::Array(symbols) = list.get_ref() else {
                let why = format!("is {}, and must be a list of symbols", named(list.get_ref()));
                self.fault(here, key, why, LIST);
                continue;
            };
            if symbols.is_empty() {
                let why = "names no symbol".to_owned();
                self.fault(here, &*key, why, "name one at least, or take the line away");
            }
            for symbol in symbols {
                self.bucketed(name.get_ref(), &key, symbol, at(symbol.span().start));
            }
        }
    }

    fn bucketed(&mut self, bucket: &str, key: &str, symbol: &Spanned<DeValue<'_>>, at: Origin) {
        let text = match symbol.get_ref() {
            DeValue::String(text) if Symbol::new(text).is_ok() => text.to_string(),
            DeValue::String(text) => {
                return self.fault(at, key, format!("holds \"{text}\", which is no symbol"), LIST);
            }
            other => {
                return self.fault(at, key, format!("holds {}, which is no symbol", named(other)), LIST);
            }
        };
        if let Some(before) = self.buckets.get(&text) {
            let other = before.value.as_str().unwrap_or_default();
            let why = format!("names \"{text}\", which {other} names already");
            return self.fault(at, key, why, "keep it in one of them");
        }
        self.buckets.insert(text, Given { value: bucket.into(), at });
    }

    /// Every symbol that is named is traded, where that is known before.
    pub(super) fn buckets_of(&mut self, traded: &Catalog) {
        let known: Vec<&str> = traded.iter().map(|(_, row)| row.key.symbol.as_str()).collect();
        let unknown: Vec<(String, Given)> = self
            .buckets
            .iter()
            .filter(|(symbol, _)| !known.contains(&symbol.as_str()))
            .map(|(symbol, given)| (symbol.clone(), given.clone()))
            .collect();
        for (symbol, Given { value, at }) in unknown {
            let hint = match nearest(&symbol, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write the symbol of an instrument that is traded, such as \"BTC/USD\"".to_owned(),
            };
            let why = format!("names \"{symbol}\", which is not traded here");
            self.fault(at, format!("buckets.{}", value.as_str().unwrap_or_default()), why, hint);
        }
    }
}

/// The bucket of each symbol that is in one: where the configuration says so, and else by the built-in table.
pub fn all(configured: &BTreeMap<Symbol, Code>) -> BTreeMap<Symbol, Code> {
    let mut buckets = crate::catalog::buckets();
    buckets.extend(configured);
    buckets
}

//! What a symbol means, however a strategy or a source of prices writes it.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{Catalog, InstrumentIx, Symbol};

/// What other programs put between the two halves of a pair, or before the class of a share.
const JOINTS: [char; 4] = ['/', '_', '-', '.'];

/// What a text means where a symbol is expected.
pub(crate) enum Meaning {
    /// One instrument.
    One(InstrumentIx),
    /// One of these, and nothing says which.
    Several(BTreeSet<Symbol>),
    /// Nothing that is known.
    Unknown,
}

/// The instrument that a text names: by its own symbol, or in one of the usual ways to write it. Nothing when it is
/// none, or could be two.
pub(crate) fn find(text: &str, catalog: &Catalog) -> Option<InstrumentIx> {
    let own = Symbol::new(text).ok().and_then(|symbol| catalog.find_symbol(symbol));
    own.or_else(|| match written(text, catalog) {
        Meaning::One(ix) => Some(ix),
        Meaning::Several(_) | Meaning::Unknown => None,
    })
}

/// The same, with a table of other names that goes before the usual ways. Only letters of ASCII are the same in both
/// sizes: what other alphabets call a small or a capital letter depends on the language.
pub(crate) fn resolve(text: &str, catalog: &Catalog, aliases: &BTreeMap<String, Symbol>) -> Meaning {
    let own = Symbol::new(text).ok().and_then(|symbol| catalog.find_symbol(symbol));
    let named = || aliases.get(text).and_then(|symbol| catalog.find_symbol(*symbol));
    if let Some(ix) = own.or_else(named) {
        return Meaning::One(ix);
    }
    let alike = aliases.iter().filter(|(alias, _)| alias.eq_ignore_ascii_case(text));
    match meaning(&alike.filter_map(|(_, symbol)| catalog.find_symbol(*symbol)).collect(), catalog) {
        Meaning::Unknown => written(text, catalog),
        found => found,
    }
}

/// What a text means as one of the usual ways to write a symbol.
fn written(text: &str, catalog: &Catalog) -> Meaning {
    let text = text.to_ascii_uppercase();
    let same = catalog.iter().filter(|(_, instrument)| is_same(&text, instrument.key.symbol.as_str()));
    meaning(&same.map(|(ix, _)| ix).collect(), catalog)
}

fn meaning(found: &BTreeSet<InstrumentIx>, catalog: &Catalog) -> Meaning {
    let mut rest = found.iter();
    match (rest.next(), rest.next()) {
        (None, _) => Meaning::Unknown,
        (Some(ix), None) => Meaning::One(*ix),
        (Some(_), Some(_)) => {
            let symbols = found.iter().filter_map(|ix| catalog.get(*ix));
            Meaning::Several(symbols.map(|instrument| instrument.key.symbol).collect())
        }
    }
}

/// Whether a text in capitals is a way to write a symbol.
fn is_same(text: &str, symbol: &str) -> bool {
    match symbol.split_once('/') {
        Some((base, quote)) => {
            let text = text.strip_suffix("=X").unwrap_or(text);
            text.strip_prefix(base).is_some_and(|rest| rest.strip_prefix(JOINTS).unwrap_or(rest) == quote)
        }
        None => {
            text.len() == symbol.len()
                && text
                    .chars()
                    .zip(symbol.chars())
                    .all(|(a, b)| a == b || JOINTS.contains(&a) && JOINTS.contains(&b))
        }
    }
}

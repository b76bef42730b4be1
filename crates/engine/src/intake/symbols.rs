//! What a symbol means, however a strategy or a source of prices writes it.

use std::collections::BTreeMap;

use broker_api::{Catalog, InstrumentIx, Symbol};

/// What other programs put between the two halves of a pair, or before the class of a share.
const JOINTS: [char; 4] = ['/', '_', '-', '.'];

/// The instrument that a text names: by its own symbol, or in one of the usual ways to write it. Nothing when it is
/// none, or could be two.
pub(crate) fn find(text: &str, catalog: &Catalog) -> Option<InstrumentIx> {
    if let Some(ix) = Symbol::new(text).ok().and_then(|symbol| catalog.find_symbol(symbol)) {
        return Some(ix);
    }
    let text = text.to_ascii_uppercase();
    let mut found = catalog.iter().filter(|(_, instrument)| is_same(&text, instrument.key.symbol.as_str()));
    match (found.next(), found.next()) {
        (Some((ix, _)), None) => Some(ix),
        _ => None,
    }
}

/// The same, with a table of other names that goes before the usual ways.
pub(super) fn resolve(
    text: &str,
    catalog: &Catalog,
    aliases: &BTreeMap<String, Symbol>,
) -> Option<InstrumentIx> {
    let own = Symbol::new(text).ok().and_then(|symbol| catalog.find_symbol(symbol));
    own.or_else(|| aliases.get(text).and_then(|symbol| catalog.find_symbol(*symbol)))
        .or_else(|| find(text, catalog))
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

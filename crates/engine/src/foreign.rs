//! State files of other programs: what a script kept of its positions, its closed trades and its cash.
//!
//! 1. A file is any JSON. Lists and maps under the usual names are looked for at the top and a few objects deep; see
//!    `names` for the words. docs/import.md lists them for people.
//! 2. Numbers are read digit by digit, never through a binary fraction. Symbols mean what they mean in signals.
//! 3. Nothing is guessed. A time without a zone is no time unless the file names its zone; a cost that may be of one
//!    unit or of all is no price; two names of one thing with two values make the entry unreadable.
//! 4. Nothing is dropped without a word: every key of the file is understood, kept as unknown, or could not be read,
//!    and stands in one of these lists of the `Report`.

mod closed;
mod entry;
mod held;
mod money;
mod names;
mod numbers;
#[cfg(test)]
mod tests;
mod times;
mod tree;

use broker_api::{Amount, Currency, Digest, ImportedPosition, ImportedTrade, Key};

use crate::intake::{Defaults, Fault};
use tree::{Node, Tree};

/// What the schema of a state file of Tradewind's own begins with.
const OWN: &str = "tradewind.state/";
/// How deep in objects positions, trades and cash are looked for.
const DEPTH_MAX: usize = 4;
/// How much of an unknown value is shown, in characters.
const SHOWN: usize = 60;

/// What a state file of another program holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The SHA-256 of its text.
    pub file: Digest,
    /// What is held, in the order of the file; the loss to the stop still in quote currency.
    pub positions: Vec<ImportedPosition>,
    /// What was closed, in the order of the file.
    pub trades: Vec<ImportedTrade>,
    /// Cash in account currency, with the positions at their cost in it.
    pub cash: Option<Amount>,
    /// What was made of each part of it.
    pub report: Report,
    /// How many of the unreadable parts are positions or cash: without them the rest is not the account.
    pub held_back: usize,
}

/// What was made of each part of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Where, and what it means.
    pub understood: Vec<Line>,
    /// Where, and the value, shortened: it changes nothing and is left where it is.
    pub unknown: Vec<Line>,
    /// Where, and why not.
    pub unreadable: Vec<Line>,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where in the file: `positions[0].stop`.
    pub path: String,
    /// What is said about it.
    pub text: String,
}

/// Whether a text is a state file of Tradewind's own, which is not read here.
pub fn is_own(text: &str) -> bool {
    let Ok(Node::Object(pairs)) = tree::parse(text) else { return false };
    pairs
        .iter()
        .any(|(key, value)| key == "schema" && matches!(value, Node::Text(schema) if schema.starts_with(OWN)))
}

/// Reads a state file. `name` is what faults call it; `currency` is the account's.
///
/// # Errors
/// A text that is not whole, or is Tradewind's own: nothing of it is read.
pub fn read(text: &str, name: &str, defaults: &Defaults, currency: Currency) -> Result<Foreign, Fault> {
    let fault = |why: String| Fault { place: name.to_owned(), field: "file".to_owned(), why };
    let root = tree::parse(text).map_err(fault)?;
    if is_own(text) {
        return Err(fault(format!("is a state file of Tradewind's own (its schema is {OWN}..)")));
    }
    if !matches!(root, Node::Object(_) | Node::List(_)) {
        return Err(fault("holds neither an object nor a list".to_owned()));
    }
    let mut tree = Tree::default();
    tree.look(&root);
    let mut reader = Reader {
        defaults,
        currency,
        zone: times::Zone::Unsaid,
        places: Vec::new(),
        foreign: Foreign {
            file: state::encode::digest(text.as_bytes()),
            positions: Vec::new(),
            trades: Vec::new(),
            cash: None,
            report: Report::default(),
            held_back: 0,
        },
    };
    reader.zone(&tree);
    reader.positions(&tree);
    reader.trades(&tree);
    reader.cash(&tree);
    for (path, node) in &tree.others {
        reader.unknown(path, node);
    }
    Ok(reader.foreign)
}

/// A file under way.
struct Reader<'a> {
    defaults: &'a Defaults,
    currency: Currency,
    zone: times::Zone,
    /// Where each position stands.
    places: Vec<(String, Key)>,
    foreign: Foreign,
}

impl Reader<'_> {
    fn understood(&mut self, path: &str, text: impl Into<String>) {
        self.foreign.report.understood.push(Line { path: path.to_owned(), text: text.into() });
    }

    fn unreadable(&mut self, path: &str, why: impl Into<String>) {
        self.foreign.report.unreadable.push(Line { path: path.to_owned(), text: why.into() });
    }

    /// The same of a position or of cash.
    fn held_back(&mut self, path: &str, why: impl Into<String>) {
        self.foreign.held_back += 1;
        self.unreadable(path, why);
    }

    fn unknown(&mut self, path: &str, node: &Node) {
        let text = tree::shortened(node, SHOWN);
        self.foreign.report.unknown.push(Line { path: path.to_owned(), text });
    }

    fn zone(&mut self, tree: &Tree<'_>) {
        for (path, node) in &tree.zones {
            let read = times::Zone::read(node);
            match read {
                Some(zone) if self.zone == times::Zone::Unsaid || self.zone == zone => {
                    self.zone = zone;
                    self.understood(
                        path,
                        format!("times without a zone are of {}", tree::shortened(node, SHOWN)),
                    );
                }
                Some(_) => self.unreadable(path, "the file names two zones; times without one stay unknown"),
                None => self.unreadable(path, "is no zone; write UTC or a name like America/New_York"),
            }
        }
        if !self.foreign.report.unreadable.is_empty() {
            self.zone = times::Zone::Unsaid;
        }
    }
}

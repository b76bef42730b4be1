//! A JSON text as a tree that keeps every digit and every key, and where in it the known parts are.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::{DEPTH_MAX, names};
use crate::intake::exact::{Pairs, text};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// The digits of a number, as they stand there.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, repeated keys too.
    Object(Vec<(String, Node)>),
}

/// Where the known parts of a file are.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) positions: Vec<(String, &'a Node)>,
    pub(super) closed: Vec<(String, &'a Node)>,
    pub(super) trades: Vec<(String, &'a Node)>,
    pub(super) cash: Vec<(String, &'a Node)>,
    pub(super) balances: Vec<(String, &'a Node)>,
    pub(super) told: Vec<(String, &'a Node)>,
    pub(super) zones: Vec<(String, &'a Node)>,
    /// Everything else.
    pub(super) others: Vec<(String, &'a Node)>,
}

/// The tree of a text.
pub(super) fn parse(whole: &str) -> Result<Node, String> {
    let whole = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    if whole.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let raw: &RawValue = serde_json::from_str(whole).map_err(|error| {
        let line = whole.lines().nth(error.line().saturating_sub(1)).unwrap_or("");
        let hint = if error.is_eof() {
            "; it ends in the middle, as a half-written file does"
        } else if ["NaN", "Infinity"].iter().any(|word| line.contains(word)) {
            "; NaN and Infinity are no numbers: write null"
        } else {
            ""
        };
        format!("is not JSON ({error}){hint}; nothing of it is read")
    })?;
    node(raw)
}

fn node(raw: &RawValue) -> Result<Node, String> {
    let bad = |error: serde_json::Error| format!("is not JSON ({error}); nothing of it is read");
    Ok(match raw.get().as_bytes().first() {
        Some(b'{') => {
            let pairs: Pairs<'_> = serde_json::from_str(raw.get()).map_err(bad)?;
            let pairs = pairs.0.into_iter().map(|(key, raw)| Ok((key, node(raw)?)));
            Node::Object(pairs.collect::<Result<_, String>>()?)
        }
        Some(b'[') => {
            let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(bad)?;
            Node::List(rows.into_iter().map(node).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Node::Text(text(raw).unwrap_or_default()),
        Some(b't') => Node::Truth(true),
        Some(b'f') => Node::Truth(false),
        Some(b'n') | None => Node::Null,
        Some(_) => Node::Number(raw.get().to_owned()),
    })
}

/// A value in one line, at most so many characters of it.
pub(super) fn shortened(node: &Node, most: usize) -> String {
    let mut text = String::new();
    write(node, &mut text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}

fn write(node: &Node, to: &mut String) {
    // Text takes everything.
    let _ = match node {
        Node::Null => write!(to, "null"),
        Node::Truth(truth) => write!(to, "{truth}"),
        Node::Number(digits) => write!(to, "{digits}"),
        Node::Text(text) => write!(to, "{text:?}"),
        Node::List(rows) => write!(to, "a list of {}", rows.len()),
        Node::Object(pairs) => {
            let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
            write!(to, "an object: {}", keys.join(", "))
        }
    };
}

/// The place of a key in an object.
pub(super) fn under(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The place of a row in a list.
pub(super) fn row(path: &str, n: usize) -> String {
    format!("{path}[{n}]")
}

impl<'a> Tree<'a> {
    /// Finds the known parts. A list at the top is one of trades.
    pub(super) fn look(&mut self, root: &'a Node) {
        match root {
            Node::Object(_) => self.object("", root, 0),
            Node::List(_) => self.trades.push((String::new(), root)),
            _ => {}
        }
    }

    fn object(&mut self, path: &str, node: &'a Node, depth: usize) {
        let Node::Object(pairs) = node else { return };
        for (key, value) in pairs {
            let place = under(path, key);
            if (names::is(key, names::POSITIONS) || names::is(key, names::TRADES))
                && self.halves(&place, value)
            {
                continue;
            }
            let holds = matches!(value, Node::Object(_) | Node::List(_));
            let list = if holds && names::is(key, names::POSITIONS) {
                &mut self.positions
            } else if holds && names::is(key, names::CLOSED) && has_entries(value) {
                &mut self.closed
            } else if holds && names::is(key, names::TRADES) {
                &mut self.trades
            } else if !holds && names::is(key, names::CASH) {
                &mut self.cash
            } else if !holds && names::is(key, names::BALANCE) {
                &mut self.balances
            } else if !holds && names::is(key, names::TOLD) {
                &mut self.told
            } else if !holds && names::is(key, names::ZONE) {
                &mut self.zones
            } else if let (Node::Object(inner), true) = (value, depth < DEPTH_MAX)
                && !inner.is_empty()
            {
                self.object(&place, value, depth + 1);
                continue;
            } else {
                &mut self.others
            };
            list.push((place, value));
        }
    }
}

impl<'a> Tree<'a> {
    /// Takes an object that holds what is open and what is closed, each under that word; false for any other.
    fn halves(&mut self, path: &str, node: &'a Node) -> bool {
        let Node::Object(pairs) = node else { return false };
        let is_half = |(key, value): &(String, Node)| {
            ["open", "closed"].contains(&names::plain(key).as_str())
                && matches!(value, Node::List(_) | Node::Object(_))
        };
        if pairs.is_empty() || !pairs.iter().all(is_half) {
            return false;
        }
        for (key, value) in pairs {
            let half = if names::plain(key) == "open" { &mut self.positions } else { &mut self.closed };
            half.push((under(path, key), value));
        }
        true
    }
}

/// Whether a list or map under a common word holds entries with a symbol: `history` may be one of prices.
fn has_entries(node: &Node) -> bool {
    let is_entry = |node: &Node| matches!(node, Node::Object(pairs) if pairs.iter().any(|(key, _)| names::is(key, names::SYMBOL)));
    match node {
        Node::List(rows) => rows.is_empty() || rows.iter().any(is_entry),
        Node::Object(pairs) => pairs.iter().any(|(_, value)| match value {
            Node::List(rows) => rows.iter().any(is_entry),
            other => is_entry(other),
        }),
        _ => false,
    }
}

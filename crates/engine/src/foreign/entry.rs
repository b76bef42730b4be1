//! One entry of a list or map: its keys by what they mean, with everything that contradicts itself.

use broker_api::{Direction, Instrument, Price, Protection, Qty, StrategyId, Time};
use rust_decimal::Decimal;

use super::numbers::decimal;
use super::times::{self, Zone};
use super::tree::{Node, shortened, under};
use super::{SHOWN, names};
use crate::intake::Defaults;
use crate::intake::symbols::{self, Meaning};

/// A stop or target at this many times the entry, or at this part of it, is a share or a distance, not a price.
const FAR: i64 = 10;

/// An entry under way: what is not yet read of it, what is wrong with it, and what is said beside it.
pub(super) struct Entry<'a> {
    pub(super) path: String,
    keys: Vec<(&'a str, &'a Node, bool)>,
    pub(super) faults: Vec<String>,
    /// Keys that are known and could not be used, each with the reason; they do not hold the entry back.
    pub(super) notes: Vec<(String, String)>,
    zone: Zone,
}

impl<'a> Entry<'a> {
    /// The entry at `path`; `None` when it is no object.
    pub(super) fn of(path: String, node: &'a Node, zone: Zone) -> Option<Self> {
        let Node::Object(pairs) = node else { return None };
        let mut entry = Self { path, keys: Vec::new(), faults: Vec::new(), notes: Vec::new(), zone };
        for (key, node) in pairs {
            if entry.keys.iter().any(|(other, ..)| other == key) {
                entry.faults.push(format!("the key {key:?} is there twice"));
            }
            entry.keys.push((key, node, false));
        }
        Some(entry)
    }

    /// Whether a key of these names is there with a value.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.keys.iter().any(|(key, node, _)| names::is(key, words) && !is_nothing(node))
    }

    /// The keys that were not read, with their places.
    pub(super) fn rest(&self) -> impl Iterator<Item = (String, &'a Node)> {
        self.keys.iter().filter(|(.., used)| !used).map(|(key, node, _)| (under(&self.path, key), *node))
    }

    /// Takes all keys of these names that have a value.
    fn take(&mut self, words: &[&str]) -> Vec<(&'a str, &'a Node)> {
        let mut taken = Vec::new();
        for (key, node, used) in &mut self.keys {
            if !*used && names::is(key, words) {
                *used = true;
                if !is_nothing(node) {
                    taken.push((*key, *node));
                }
            }
        }
        taken
    }

    /// One value of all keys of these names: they must say the same.
    fn one<T: PartialEq>(&mut self, words: &[&str], read: impl Fn(&Node) -> Result<T, String>) -> Option<T> {
        let mut found: Option<(&str, T)> = None;
        for (key, node) in self.take(words) {
            match read(node) {
                Err(why) => self.faults.push(format!("{key}: {why}")),
                Ok(value) => match &found {
                    Some((other, known)) if *known != value => {
                        self.faults.push(format!("{other} and {key} name one thing and do not say the same"));
                    }
                    Some(_) => {}
                    None => found = Some((key, value)),
                },
            }
        }
        found.map(|(_, value)| value)
    }

    pub(super) fn number(&mut self, words: &[&str]) -> Option<Decimal> {
        self.one(words, decimal)
    }

    fn price(&mut self, words: &[&str]) -> Option<Price> {
        self.one(words, |node| {
            let number = decimal(node)?;
            Price::new(number).map_err(|why| format!("{number} {why}"))
        })
    }

    /// The instrument: by its own key, or by the name it has in a map.
    pub(super) fn instrument<'d>(
        &mut self,
        name: Option<&str>,
        defaults: &'d Defaults,
    ) -> Option<&'d Instrument> {
        let find = |text: &str| match symbols::resolve(text.trim(), &defaults.catalog, &defaults.aliases) {
            Meaning::One(ix) => defaults.catalog.get(ix),
            Meaning::Several(_) | Meaning::Unknown => None,
        };
        let own = self.one(names::SYMBOL, |node| match node {
            Node::Text(text) => Ok(text.clone()),
            _ => Err("is no text".to_owned()),
        });
        let named = name.and_then(find);
        let Some(own) = own else {
            if named.is_none() && self.faults.is_empty() {
                self.faults.push(match name {
                    Some(name) => {
                        format!("{name:?} is no symbol of this account, and no key says the symbol")
                    }
                    None => "no key says the symbol (symbol, ticker, pair, ..)".to_owned(),
                });
            }
            return named;
        };
        match (find(&own), named) {
            (Some(found), Some(named)) if found.key != named.key => {
                self.faults.push(format!("it stands under {}, and its symbol is {own:?}", named.key.symbol));
                None
            }
            (Some(found), _) => Some(found),
            (None, _) => {
                self.faults.push(format!(
                    "{own:?} is no symbol of this account; name it under [aliases] if it is another name of one"
                ));
                None
            }
        }
    }

    /// Which way and how much.
    pub(super) fn size(&mut self) -> Option<(Direction, Qty)> {
        let given = self.number(names::QUANTITY);
        let mut side = self.one(names::SIDE, direction);
        if side.is_none() && !self.faults.iter().any(|fault| fault.contains("side")) {
            side = self.weak_side();
        }
        for (words, yes) in [(names::IS_SHORT, Direction::Short), (names::IS_LONG, Direction::Long)] {
            let said = self.one(words, truth).map(|said| if said { yes } else { other(yes) });
            match (side, said) {
                (Some(side), Some(said)) if side != said => {
                    self.faults
                        .push(format!("{} and another key name the side and do not say the same", words[0]));
                }
                (None, said) => side = said,
                _ => {}
            }
        }
        let Some(given) = given else {
            if self.faults.is_empty() {
                self.faults.push("no key says how much (quantity, qty, size, ..)".to_owned());
            }
            return None;
        };
        if given.is_sign_negative() && side == Some(Direction::Long) {
            self.faults.push(format!("it is long, and its quantity is {given}"));
            return None;
        }
        let signed = if given.is_sign_negative() { Direction::Short } else { Direction::Long };
        match Qty::new(given.abs()) {
            Ok(qty) => Some((side.unwrap_or(signed), qty)),
            Err(why) => {
                self.faults.push(format!("the quantity {given} {why}"));
                None
            }
        }
    }

    /// A `type` that is a side; any other type says something else and stays unknown.
    fn weak_side(&mut self) -> Option<Direction> {
        let at = self.keys.iter().position(|(key, node, used)| {
            !*used && names::is(key, names::SIDE_WEAK) && direction(node).is_ok()
        })?;
        self.keys[at].2 = true;
        direction(self.keys[at].1).ok()
    }

    /// The price it was opened at.
    pub(super) fn entry(&mut self, qty: Qty) -> Option<Price> {
        let weak = !self.has(names::ENTRY);
        let price = self.price(if weak { names::ENTRY_WEAK } else { names::ENTRY });
        let cost = self.number(names::COST);
        let Some(price) = price else {
            if cost.is_some() {
                self.faults.push(
                    "cost_basis alone may be of one unit or of all of it; write the price of one as entry_price"
                        .to_owned(),
                );
            } else {
                self.missing("entry price (entry, entry_price, avg_price, ..)");
            }
            return None;
        };
        let total = price.times(qty).ok();
        let fits = |cost: Decimal| {
            cost == price.get()
                || total.is_some_and(|total| {
                    (cost.abs() - total.get()).abs() <= total.get() / Decimal::ONE_THOUSAND
                })
        };
        if let Some(cost) = cost.filter(|cost| !fits(*cost)) {
            self.faults.push(format!("the cost {cost} is neither the price {price} nor that of {qty} units"));
        }
        Some(price)
    }

    /// Stop and target, on their sides of the entry.
    pub(super) fn plan(&mut self, direction: Direction, entry: Price) -> Protection {
        let stop = self.planned(names::STOP, "stop", direction == Direction::Long, direction, entry);
        let target = self.planned(names::TARGET, "target", direction == Direction::Short, direction, entry);
        Protection { stop, target, trail: None }
    }

    fn planned(
        &mut self,
        words: &[&str],
        what: &str,
        below: bool,
        direction: Direction,
        entry: Price,
    ) -> Option<Price> {
        let number = self.number(words)?;
        if number.is_zero() {
            return None; // how scripts write that there is none
        }
        let Ok(price) = Price::new(number) else {
            self.faults.push(format!(
                "the {what} {number} is no price; if it is a distance or a share, write the price"
            ));
            return None;
        };
        let ten = Decimal::from(FAR);
        let far = price.get().checked_mul(ten).is_none_or(|p| p <= entry.get())
            || entry.get().checked_mul(ten).is_none_or(|e| price.get() >= e);
        if far {
            self.faults.push(format!(
                "the {what} {price} is so far from the entry {entry} that it looks like a share or a distance; write the price"
            ));
            return None;
        }
        let is_right = if below { price < entry } else { price > entry };
        if !is_right {
            let of = direction.as_str();
            let hint = if what == "stop" {
                "; if it was moved into profit, leave it away here and move it with a signal (adjust)"
            } else {
                ""
            };
            self.faults.push(format!(
                "a {what} at {price} is on the wrong side of the entry {entry} of a {of} position{hint}"
            ));
            return None;
        }
        Some(price)
    }

    /// A moment; what is none is noted, and the entry goes on without it.
    pub(super) fn moment(&mut self, words: &[&str]) -> Option<Time> {
        let mut found: Option<(&str, Time)> = None;
        for word in words {
            for (key, node) in self.take(&[word]) {
                match (times::moment(node, self.zone), found) {
                    (Err(why), _) => {
                        let text = format!("{}: {why}", shortened(node, SHOWN));
                        self.notes.push((under(&self.path, key), text));
                    }
                    (Ok(at), Some((_, known))) if at != known => {
                        let text = format!("{}: another key says it better", shortened(node, SHOWN));
                        self.notes.push((under(&self.path, key), text));
                    }
                    (Ok(at), _) => found = Some((key, at)),
                }
            }
        }
        found.map(|(_, at)| at)
    }

    /// The strategy, when its name can be one here.
    pub(super) fn strategy(&mut self) -> Option<StrategyId> {
        let (key, node) = self.take(names::STRATEGY).into_iter().next()?;
        let Node::Text(text) = node else {
            self.notes.push((under(&self.path, key), shortened(node, SHOWN)));
            return None;
        };
        match StrategyId::new(text) {
            Ok(strategy) => Some(strategy),
            Err(why) => {
                self.notes.push((under(&self.path, key), format!("{text:?}: {why}")));
                None
            }
        }
    }

    /// The price it was closed at.
    pub(super) fn exit(&mut self) -> Option<Price> {
        let price = self.price(names::EXIT);
        if price.is_none() {
            self.missing("exit price (exit, exit_price, close_price, ..)");
        }
        price
    }

    /// A truth value that says whether it is still open.
    pub(super) fn is_open(&mut self) -> Option<bool> {
        self.one(names::IS_OPEN, truth)
    }

    fn missing(&mut self, what: &str) {
        if self.faults.is_empty() {
            self.faults.push(format!("no key says the {what}"));
        }
    }
}

fn is_nothing(node: &Node) -> bool {
    matches!(node, Node::Null) || matches!(node, Node::Text(text) if text.trim().is_empty())
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::Long => Direction::Short,
        Direction::Short => Direction::Long,
    }
}

fn truth(node: &Node) -> Result<bool, String> {
    match node {
        Node::Truth(truth) => Ok(*truth),
        Node::Number(digits) if digits == "1" || digits == "0" => Ok(digits == "1"),
        _ => Err("is neither true nor false".to_owned()),
    }
}

fn direction(node: &Node) -> Result<Direction, String> {
    let text = match node {
        Node::Text(text) => text.trim().to_ascii_lowercase(),
        Node::Number(digits) => digits.clone(),
        _ => return Err("is no side".to_owned()),
    };
    // An enumeration of Python's that was written as text.
    let word = text.rsplit('.').next().unwrap_or(&text);
    match if text.contains("side") || text.contains("direction") { word } else { &text } {
        "long" | "buy" | "bought" | "b" | "l" | "1" | "+1" | "1.0" => Ok(Direction::Long),
        "short" | "sell" | "sold" | "s" | "-1" | "-1.0" => Ok(Direction::Short),
        other => Err(format!("{other:?} is no side; write long or short")),
    }
}

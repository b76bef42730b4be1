//! Lists and maps of positions.

use broker_api::{Direction, ImportedPosition};

use super::entry::Entry;
use super::tree::{Node, Tree, row};
use super::{Reader, names};

impl Reader<'_> {
    pub(super) fn positions(&mut self, tree: &Tree<'_>) {
        for (path, node) in &tree.positions {
            self.entries(path, node, Self::position);
        }
        self.once_each();
    }

    /// Hands every entry of a list or map to `take`, each with its place and its name in the map.
    pub(super) fn entries(
        &mut self,
        path: &str,
        node: &Node,
        take: fn(&mut Self, &str, Option<&str>, &Node),
    ) {
        match node {
            Node::List(rows) => {
                if rows.is_empty() {
                    self.understood(path, "an empty list");
                }
                for (n, entry) in rows.iter().enumerate() {
                    take(self, &row(path, n), None, entry);
                }
            }
            Node::Object(pairs) if pairs.iter().any(|(key, _)| names::is(key, names::SYMBOL)) => {
                take(self, path, None, node);
            }
            Node::Object(pairs) => {
                if pairs.is_empty() {
                    self.understood(path, "an empty map");
                }
                for (key, entry) in pairs {
                    let place = format!("{path}[{key:?}]");
                    match entry {
                        Node::List(rows) if rows.len() != 1 => {
                            if rows.is_empty() {
                                self.understood(&place, "nothing is held");
                            } else {
                                let why = "is a list of several; write one entry with their average price";
                                self.held_back(&place, why);
                            }
                        }
                        Node::List(rows) => {
                            for entry in rows {
                                take(self, &row(&place, 0), Some(key), entry);
                            }
                        }
                        entry => take(self, &place, Some(key), entry),
                    }
                }
            }
            other => self.unknown(path, other),
        }
    }

    /// One position.
    pub(super) fn position(&mut self, path: &str, name: Option<&str>, node: &Node) {
        let Some(mut entry) = Entry::of(path.to_owned(), node, self.zone) else {
            self.held_back(path, "is no object: a position needs at least a quantity and an entry price");
            return;
        };
        let read = self.read_position(&mut entry, name);
        if read.is_none() && !entry.faults.is_empty() {
            self.held_back(&entry.path, entry.faults.join("; "));
        } else {
            self.beside(&entry);
        }
        if let Some(position) = read {
            let text = sentence(&position);
            self.understood(&entry.path, text);
            self.places.push((entry.path, position.key));
            self.foreign.positions.push(position);
        }
    }

    fn read_position(&mut self, entry: &mut Entry<'_>, name: Option<&str>) -> Option<ImportedPosition> {
        let instrument = entry.instrument(name, self.defaults);
        let size = entry.size();
        if let (Some((_, qty)), true) = (size, entry.faults.is_empty())
            && qty.is_zero()
        {
            let text =
                format!("nothing is held of {}", instrument.map_or("it", |known| known.key.symbol.as_str()));
            self.understood(&entry.path, text);
            return None;
        }
        let (direction, qty) = size?;
        let price = entry.entry(qty)?;
        let plan = entry.plan(direction, price);
        let opened_at = entry.moment(names::OPENED);
        let strategy = entry.strategy();
        let _ = entry.is_open();
        let instrument = instrument?;
        if direction == Direction::Short && !instrument.shortable {
            entry.faults.push(format!("{} cannot be held short here", instrument.key.symbol));
        }
        if qty > instrument.qty_max {
            entry.faults.push(format!("{qty} is more than the greatest quantity, {}", instrument.qty_max));
        }
        let risk = plan.stop.and_then(|stop| {
            let of_one = if stop < price { stop.to(price) } else { price.to(stop) };
            of_one.ok()?.times(broker_api::Ratio::new(qty.get()).ok()?).ok()
        });
        let key = instrument.key;
        let position = ImportedPosition { key, direction, qty, price, plan, risk, opened_at, strategy };
        entry.faults.is_empty().then_some(position)
    }

    /// What an entry that was read holds beside what is known.
    pub(super) fn beside(&mut self, entry: &Entry<'_>) {
        for (path, text) in &entry.notes {
            self.foreign.report.unknown.push(super::Line { path: path.clone(), text: text.clone() });
        }
        for (path, node) in entry.rest() {
            self.unknown(&path, node);
        }
    }

    /// Of one instrument there is one position; of two, neither is taken.
    pub(super) fn once_each(&mut self) {
        let places = std::mem::take(&mut self.places);
        let twice = |key| places.iter().filter(|(_, other)| *other == key).count() > 1;
        for (path, key) in places.iter().filter(|(_, key)| twice(*key)) {
            self.foreign.report.understood.retain(|line| line.path != *path);
            let why = format!("{} is there twice; write one position with the average price", key.symbol);
            self.held_back(path, why);
        }
        self.foreign.positions.retain(|position| !twice(position.key));
        self.places = places;
    }
}

fn sentence(position: &ImportedPosition) -> String {
    let ImportedPosition { key, direction, qty, price, plan, opened_at, .. } = position;
    let mut text = format!("{} {qty} {} at {price}", direction.as_str(), key.symbol);
    match plan.stop {
        Some(stop) => text.push_str(&format!(", stop {stop}")),
        None => text.push_str(", no stop"),
    }
    if let Some(target) = plan.target {
        text.push_str(&format!(", target {target}"));
    }
    match opened_at {
        Some(at) => text.push_str(&format!(", since {}", state::encode::time_text(*at))),
        None => text.push_str(", opening time unknown"),
    }
    if let Some(strategy) = position.strategy {
        text.push_str(&format!(", of {strategy}"));
    }
    text
}

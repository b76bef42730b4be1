//! Lists and maps of closed trades, and of trades of which some may be open.

use broker_api::{Amount, ImportedTrade};

use super::entry::Entry;
use super::tree::{Node, Tree};
use super::{Reader, names};

impl Reader<'_> {
    pub(super) fn trades(&mut self, tree: &Tree<'_>) {
        for (path, node) in &tree.trades {
            let has_positions = !tree.positions.is_empty();
            self.entries(path, node, if has_positions { Self::trade } else { Self::either });
        }
        for (path, node) in &tree.closed {
            self.entries(path, node, Self::trade);
        }
        if tree.positions.is_empty() {
            self.once_each();
        }
    }

    /// A trade that may be open: one without an exit is.
    fn either(&mut self, path: &str, name: Option<&str>, node: &Node) {
        if is_open(path, node, self) {
            self.position(path, name, node);
        } else {
            self.trade(path, name, node);
        }
    }

    /// One closed trade; beside a list of positions one without an exit is said to be no trade.
    fn trade(&mut self, path: &str, name: Option<&str>, node: &Node) {
        if matches!(node, Node::Object(_)) && is_open(path, node, self) {
            self.unreadable(path, "has no exit, and the file lists its positions elsewhere");
            return;
        }
        let Some(mut entry) = Entry::of(path.to_owned(), node, self.zone) else {
            self.unreadable(path, "is no object: a trade has at least its prices");
            return;
        };
        let read = self.read_trade(&mut entry, name);
        if read.is_none() {
            self.unreadable(&entry.path, entry.faults.join("; "));
        } else {
            self.beside(&entry);
        }
        if let Some(trade) = read {
            let closed = trade.closed_at.map_or_else(
                || ", closing time unknown".to_owned(),
                |at| format!(", closed {}", state::encode::time_text(at)),
            );
            let net = trade.net.map_or_else(String::new, |net| format!(", net {net}"));
            let text = format!(
                "closed: {} {} {} from {} to {}{net}{closed}",
                trade.direction.as_str(),
                trade.qty,
                trade.key.symbol,
                trade.entry,
                trade.exit
            );
            self.understood(&entry.path, text);
            self.foreign.trades.push(trade);
        }
    }

    fn read_trade(&mut self, entry: &mut Entry<'_>, name: Option<&str>) -> Option<ImportedTrade> {
        let instrument = entry.instrument(name, self.defaults);
        let (direction, qty) = entry.size()?;
        if qty.is_zero() {
            entry.faults.push("its quantity is zero".to_owned());
        }
        let price = entry.entry(qty)?;
        let exit = entry.exit()?;
        let closed_at = entry.moment(names::CLOSED_AT);
        let opened_at = entry.moment(names::OPENED);
        if let (Some(opened), Some(closed)) = (opened_at, closed_at)
            && closed < opened
        {
            entry.faults.push(format!("it was closed at {closed}, before it was opened at {opened}"));
        }
        let fees = entry.number(names::FEES).and_then(|fees| Amount::new(fees.abs()).ok());
        let net = entry.number(names::NET).and_then(|net| Amount::new(net).ok());
        let pnl = entry.number(names::PNL).and_then(|pnl| Amount::new(pnl).ok());
        let strategy = entry.strategy();
        let _ = entry.is_open();
        let instrument = instrument?;
        let value = exit.times(qty).ok().zip(price.times(qty).ok());
        let gross = value.and_then(|(out, into)| match direction {
            broker_api::Direction::Long => out.minus(into).ok(),
            broker_api::Direction::Short => into.minus(out).ok(),
        });
        // A profit before fees is told by being exactly what the prices give.
        let from_pnl = match (pnl, fees) {
            (Some(pnl), Some(fees)) if Some(pnl) == gross => pnl.minus(fees).ok(),
            (pnl, _) => pnl,
        };
        let net = net.or(from_pnl);
        if net.is_none() && instrument.quote != self.currency {
            entry.faults.push(format!(
                "no key says its profit, and its prices are in {}, not in {}",
                instrument.quote, self.currency
            ));
        }
        let key = instrument.key;
        let trade = ImportedTrade {
            key,
            direction,
            qty,
            entry: price,
            exit,
            opened_at,
            closed_at,
            net,
            fees,
            strategy,
        };
        entry.faults.is_empty().then_some(trade)
    }
}

/// Whether an entry has no exit, or says itself that it is open.
fn is_open(path: &str, node: &Node, reader: &Reader<'_>) -> bool {
    let Some(mut entry) = Entry::of(path.to_owned(), node, reader.zone) else { return false };
    let exits = entry.has(names::EXIT) || entry.has(names::CLOSED_AT);
    entry.is_open().unwrap_or(!exits)
}

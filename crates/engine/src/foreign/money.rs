//! Cash, and figures that are only told: equity follows from cash and prices, and no figure of another program
//! becomes ours.

use broker_api::{Amount, AssetClass, Direction};

use super::numbers::decimal;
use super::tree::{Node, Tree, shortened};
use super::{Reader, SHOWN};

impl Reader<'_> {
    /// What the account begins with, when it is new: cash with the positions at their cost in it.
    pub(super) fn cash(&mut self, tree: &Tree<'_>) {
        let free = self.figure(&tree.cash);
        let whole = self.figure(&tree.balances);
        let sum = match (&free, self.tied()) {
            (Some((_, free)), Some(tied)) => free.plus(tied).ok(),
            _ => None,
        };
        let (place, cash) = match (free, whole, sum) {
            (None, None, _) => (String::new(), None),
            (Some((place, _)), None, None) => {
                let why = "what the positions cost is in other currencies, so the cash with them is not known; write balance";
                self.held_back(&place, why);
                (place, None)
            }
            (Some((place, free)), None, Some(sum)) => {
                self.understood(&place, format!("cash {free}; with the positions at their cost {sum}"));
                (place, Some(sum))
            }
            (None, Some((place, whole)), _) => {
                self.understood(&place, format!("cash with the positions at their cost {whole}"));
                (place, Some(whole))
            }
            (Some((free_at, free)), Some((place, whole)), sum) => {
                if free == whole || sum == Some(whole) {
                    self.understood(&place, format!("cash with the positions at their cost {whole}"));
                    self.understood(&free_at, format!("cash {free}, which fits the balance"));
                    (place, Some(whole))
                } else {
                    let why = format!("cash {free} does not fit the balance {whole} with these positions");
                    self.held_back(&free_at, why);
                    self.understood(&place, format!("balance {whole}, not taken: the cash does not fit it"));
                    (place, None)
                }
            }
        };
        if cash.is_some_and(|cash| cash <= Amount::ZERO) {
            self.held_back(&place, "an account cannot begin with nothing or less");
        } else {
            self.foreign.cash = cash;
        }
        for (path, node) in &tree.told {
            let told = shortened(node, SHOWN);
            self.understood(
                path,
                format!("{told}: told, and not taken over; it follows from cash and prices here"),
            );
        }
    }

    /// One figure of all its places, which must say the same, and the first place.
    fn figure(&mut self, found: &[(String, &Node)]) -> Option<(String, Amount)> {
        let mut figure: Option<(String, Amount)> = None;
        for (path, node) in found {
            if matches!(node, Node::Null) {
                self.unknown(path, node);
                continue;
            }
            match decimal(node).map(|figure| Amount::new(figure.normalize())) {
                Ok(Ok(read)) => match &figure {
                    Some((_, known)) if read == *known => self.understood(path, "says the same"),
                    Some((place, known)) => {
                        let why = format!("says {read}, and {place} says {known}");
                        self.held_back(path, why);
                    }
                    None => figure = Some((path.clone(), read)),
                },
                Ok(Err(why)) => self.held_back(path, why.to_string()),
                Err(why) => self.held_back(path, why),
            }
        }
        figure
    }

    /// What the positions took out of cash, short ones brought in: stocks and coins are paid, currencies are held on
    /// margin. Nothing when one of them is quoted in another currency than the account's.
    fn tied(&self) -> Option<Amount> {
        let mut sum = Amount::ZERO;
        for position in &self.foreign.positions {
            let instrument = self.defaults.catalog.instrument(position.key)?;
            if instrument.asset_class == AssetClass::Forex {
                continue;
            }
            if instrument.quote != self.currency {
                return None;
            }
            let cost = position.price.times(position.qty).ok()?;
            sum = match position.direction {
                Direction::Long => sum.plus(cost).ok()?,
                Direction::Short => sum.minus(cost).ok()?,
            };
        }
        Amount::new(sum.get().normalize()).ok()
    }
}

//! Risk tonight in words: two lines under a pass, a block in `status`, and one object for programs.

use broker_api::{Amount, AssetClass, Ratio, Symbol};
use engine::calendar::{Calendar, plural};
use risk::tonight::{Beyond, Loss, losses_in};
use serde_json::{Value, json};

use super::{Alone, Row, Tonight, Unit};
use crate::figures;
use crate::summary::until;

/// How many symbols a line of a pass names.
const NAMED: usize = 3;

/// A sum, and of whom nothing is known that belongs in it.
struct Sum<'a> {
    known: Amount,
    unknown: Vec<&'a str>,
}

impl Tonight {
    /// As a pass tells it.
    pub fn lines(&self) -> String {
        let mut text = String::from("tonight    ");
        if self.rows.is_empty() {
            text.push_str("nothing is held and no entry is under way");
        } else {
            text.push_str(&format!(
                "if every stop is hit {}   a gap of one ATR beyond {}",
                self.loss(at_stop),
                self.loss(gapped)
            ));
        }
        for (what, symbols) in self.notes() {
            text.push_str(&format!("   {what}: {}", named(&symbols, NAMED)));
        }
        text.push_str("\n           ");
        if !self.rows.is_empty() {
            text.push_str(&self.until());
            let at_venue = self.alone(Alone::Venue).len();
            text.push_str(&format!(": {} at the venue", figures::counted(at_venue, "stop")));
            let ours: Vec<&str> = self.dependent().map(|(symbol, _)| symbol).collect();
            if !ours.is_empty() {
                text.push_str(&format!(", this program needed for {}", named(&ours, NAMED)));
            }
            text.push_str("   ");
        }
        text.push_str(&self.room());
        text.push('\n');
        text
    }

    /// As `status` tells it.
    pub fn block(&self) -> String {
        let mut lines = Vec::new();
        if self.rows.is_empty() {
            lines.push("nothing is held and no entry is under way".to_owned());
        } else {
            lines.push(format!("if every stop is hit {}", self.loss(at_stop)));
            lines.push(format!("with a gap of one ATR beyond each stop {}", self.loss(gapped)));
        }
        let all = |symbols: &[&str]| named(symbols, usize::MAX);
        lines.extend(self.notes().into_iter().map(|(what, symbols)| format!("{what}: {}", all(&symbols))));
        if !self.rows.is_empty() {
            let mut guards = Vec::new();
            for (what, symbols) in [
                ("on a stop at the venue", self.alone(Alone::Venue)),
                ("on nothing", self.alone(Alone::Nothing)),
            ] {
                if !symbols.is_empty() {
                    guards.push(format!("{what}: {}", all(&symbols)));
                }
            }
            let ours: Vec<String> =
                self.dependent().map(|(symbol, why)| format!("{symbol} ({why})")).collect();
            if !ours.is_empty() {
                guards.push(format!("on this program: {}", ours.join(", ")));
            }
            if guards.is_empty() {
                guards.push("nothing is held".to_owned());
            }
            lines.push(format!("{}   {}", self.until(), guards.join("   ")));
        }
        lines.push(self.room());
        let told = |(n, line): (usize, &String)| {
            format!("{}{line}\n", if n == 0 { "tonight    " } else { "           " })
        };
        lines.iter().enumerate().map(told).collect()
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let sum = |pick: fn(&Loss) -> Option<Amount>| {
            let Sum { known, unknown } = self.sum(pick);
            let loss = unknown.is_empty().then_some(known);
            json!({
                "loss": loss,
                "share": loss.and_then(|loss| self.share(loss)),
                "loss_of_known": known,
                "not_known": unknown,
            })
        };
        let (unit, of) = self.unit;
        let left = |room: Option<Amount>| json!({ "amount": room, "losses": self.count(room) });
        json!({
            "equity": self.equity,
            "every_stop": sum(at_stop),
            "gap_of_one_atr": sum(gapped),
            "carried": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "not_sized_yet": self.unsized_entries,
            "next_open": self.opens.iter()
                .map(|(class, at)| json!({ "class": class, "at": at, "never_closes": self.never_closes(*class) }))
                .collect::<Vec<_>>(),
            "breakers": {
                "loss": unit,
                "loss_is": match of {
                    Unit::Trades(_) => "average",
                    Unit::Sizing => "sizing.risk_pct",
                    Unit::Limit => "limits.risk_per_trade_percent",
                },
                "losing_trades": if let Unit::Trades(count) = of { Some(count) } else { None },
                "daily_loss_reduce": left(self.room.daily_reduce),
                "daily_loss_flatten": left(self.room.daily_flatten),
                "weekly_loss_reduce": left(self.room.weekly_reduce),
                "drawdown_reduce": left(self.room.drawdown_reduce),
                "drawdown_flatten": left(self.room.drawdown_flatten),
                "losses_in_a_row_to_cooldown": self.room.cooldown,
                "losses_in_a_row_to_latch": self.room.latch,
            },
        })
    }

    fn sum(&self, pick: fn(&Loss) -> Option<Amount>) -> Sum<'_> {
        let mut sum = Sum { known: Amount::ZERO, unknown: Vec::new() };
        for row in &self.rows {
            let loss = row.loss.as_ref().and_then(pick);
            match loss.and_then(|loss| sum.known.plus(loss).ok()) {
                Some(more) => sum.known = more,
                None => sum.unknown.push(row.symbol()),
            }
        }
        sum
    }

    fn share(&self, loss: Amount) -> Option<Ratio> {
        loss.share_of(self.equity?)
    }

    fn loss(&self, pick: fn(&Loss) -> Option<Amount>) -> String {
        let Sum { known, unknown } = self.sum(pick);
        let told = figures::change(known.negated());
        if !unknown.is_empty() {
            return format!("not known for {}, the rest {told}", named(&unknown, NAMED));
        }
        match self.share(known) {
            Some(share) => format!("{told} ({} % of equity)", figures::percent(share)),
            None => format!("{told} (equity not known)"),
        }
    }

    /// What the figures rest on that is not as it should be, and of whom that is so.
    fn notes(&self) -> Vec<(String, Vec<&str>)> {
        let of = |is_it: &dyn Fn(&Row) -> bool| -> Vec<&str> {
            self.rows.iter().filter(|row| is_it(row)).map(Row::symbol).collect()
        };
        let beyond = |row: &Row, how| row.loss.is_some_and(|loss| loss.beyond == how);
        let whole = self.rows.iter().filter(|row| beyond(row, Beyond::Whole));
        let value = whole.filter_map(|row| Some(row.loss?.at_stop));
        let value = value.fold(Amount::ZERO, |sum, loss| sum.plus(loss).unwrap_or(sum));
        let notes = [
            (
                format!("no stop, so its whole value counts, {} in all", figures::money(value)),
                of(&|row| beyond(row, Beyond::Whole)),
            ),
            (
                "no ATR, the gap is the distance to the stop".to_owned(),
                of(&|row| beyond(row, Beyond::Distance)),
            ),
            ("no price at hand, so from the entry price".to_owned(), of(&|row| !row.is_priced)),
            ("entries counted as if filled".to_owned(), of(&|row| row.is_under_way)),
            (
                "entries without a size yet, not counted".to_owned(),
                self.unsized_entries.iter().map(Symbol::as_str).collect(),
            ),
        ];
        notes.into_iter().filter(|(_, symbols)| !symbols.is_empty()).collect()
    }

    fn alone(&self, how: Alone) -> Vec<&str> {
        self.rows.iter().filter(|row| row.alone == how).map(Row::symbol).collect()
    }

    /// What depends on this program, and why.
    fn dependent(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.rows.iter().filter_map(|row| match row.alone {
            Alone::Program(why) => Some((row.symbol(), why)),
            Alone::Venue | Alone::Nothing | Alone::Calm => None,
        })
    }

    /// Until when it is to be alone.
    fn until(&self) -> String {
        let (mut opens, mut never) = (Vec::new(), String::new());
        for (class, at) in &self.opens {
            let class_name = plural(*class);
            match at {
                Some(at) => opens.push(format!("{} ({class_name})", until(self.now, *at))),
                None if self.never_closes(*class) => never = format!(" ({class_name} never close)"),
                None => opens.push(format!("an open that is not known ({class_name})")),
            }
        }
        if opens.is_empty() && never.is_empty() {
            opens.push("an open that is not known".to_owned());
        }
        let opens = if opens.is_empty() { String::new() } else { format!(" until {}", opens.join(", ")) };
        format!("nothing running{opens}{never}")
    }

    fn never_closes(&self, class: AssetClass) -> bool {
        let calendar = Calendar::new();
        calendar.session(class, self.now).is_some() && calendar.open_until(class, self.now).is_none()
    }

    fn count(&self, room: Option<Amount>) -> Option<Ratio> {
        losses_in(room?, self.unit.0?)
    }

    /// How many losses are left to each breaker.
    fn room(&self) -> String {
        let (unit, of) = self.unit;
        let of = match of {
            Unit::Trades(count) => format!("average of {count} losing trades"),
            Unit::Sizing => "sizing.risk_pct".to_owned(),
            Unit::Limit => "risk_per_trade_percent".to_owned(),
        };
        let left = |room: Option<Amount>| match (room, self.count(room)) {
            (Some(room), _) if room <= Amount::ZERO => "reached".to_owned(),
            (_, Some(count)) => count.to_string(),
            _ => "not known".to_owned(),
        };
        let in_a_row = |left: u32| if left == 0 { "reached".to_owned() } else { left.to_string() };
        format!(
            "losses of {} ({of}) to: day {}, flatten {}; week {}; drawdown {}, flatten {}; in a row: cooldown {}, latch {}",
            unit.map_or_else(|| "not known size".to_owned(), figures::money),
            left(self.room.daily_reduce),
            left(self.room.daily_flatten),
            left(self.room.weekly_reduce),
            left(self.room.drawdown_reduce),
            left(self.room.drawdown_flatten),
            in_a_row(self.room.cooldown),
            in_a_row(self.room.latch)
        )
    }
}

impl Row {
    fn symbol(&self) -> &str {
        self.key.symbol.as_str()
    }

    fn json(&self) -> Value {
        let (alone, why) = match self.alone {
            Alone::Venue => (Some("venue"), None),
            Alone::Program(why) => (Some("program"), Some(why)),
            Alone::Nothing => (Some("nothing"), None),
            Alone::Calm => (None, None),
        };
        json!({
            "symbol": self.key.symbol,
            "side": self.direction,
            "quantity": self.qty,
            "under_way": self.is_under_way,
            "from": self.from,
            "from_is": if self.is_under_way || !self.is_priced { "entry" } else { "price" },
            "stop": self.stop,
            "atr": self.atr,
            "loss": self.loss.map(|loss| loss.at_stop),
            "loss_with_gap": self.loss.and_then(|loss| loss.gapped),
            "gap_is": self.loss.map(|loss| loss.beyond.as_str()),
            "alone": alone,
            "why": why,
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "picked as what may not be known is")]
fn at_stop(loss: &Loss) -> Option<Amount> {
    Some(loss.at_stop)
}

fn gapped(loss: &Loss) -> Option<Amount> {
    loss.gapped
}

/// The first of these symbols, and how many more.
fn named(symbols: &[&str], most: usize) -> String {
    let shown: Vec<&str> = symbols.iter().take(most).copied().collect();
    match symbols.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

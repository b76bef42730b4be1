//! From the named cells of an entry to a checked, complete signal.

use std::fmt::Display;
use std::str::FromStr;

use broker_api::{
    Amount, AssetClass, Digest, Direction, Instrument, Price, Protection, Qty, Ratio, Signal, SignalId,
    SizeWanted, StrategyId, Time, Wanted,
};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;

use super::canonical::{digest, utc};
use super::formats::{Cell, Cells};
use super::symbols::Meaning;
use super::{Defaults, SHOWN_MAX, did_you_mean, shown, symbols};
use crate::calendar::Calendar;

/// All keys that an entry can have.
pub(super) const KEYS: [&str; 16] = [
    "id",
    "symbol",
    "asset_class",
    "action",
    "side",
    "decision_price",
    "stop",
    "target",
    "trail",
    "bar_close",
    "decided_at",
    "expires_at",
    "quantity",
    "notional",
    "risk_pct",
    "strategy",
];

/// How far the clock that a strategy decides by may be ahead of ours.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(5);

/// Pairs of a key and what is wrong with it.
pub(super) type Faults = Vec<(String, String)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Enter,
    Exit,
    Adjust,
}

/// The signal that the cells of an entry make, with its digest; else everything that is wrong with them.
pub(super) fn read(cells: Cells, now: Time, defaults: &Defaults) -> Result<(Signal, Digest), Faults> {
    let mut form = Form { cells, faults: Faults::new() };
    let signal = form.signal(now, defaults);
    for (key, _) in std::mem::take(&mut form.cells) {
        let hint = did_you_mean(&key, KEYS.into_iter());
        let key: String = if key.is_empty() {
            "\"\"".to_owned()
        } else {
            key.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect()
        };
        form.fault(&key, format!("is not a known key{hint}"));
    }
    match signal {
        Some(signal) if form.faults.is_empty() => Ok(signal),
        _ => Err(form.faults),
    }
}

/// Whether a market trades at a decision, as far as anybody can know it who reads it again later.
fn is_trading(class: AssetClass, decided: Time) -> bool {
    Calendar::new().open(class, decided, None).is_trading()
}

/// An entry under way: what is not yet read of it, and what is wrong with it so far.
struct Form {
    cells: Cells,
    faults: Faults,
}

impl Form {
    fn fault(&mut self, key: &str, why: impl Into<String>) {
        self.faults.push((key.to_owned(), why.into()));
    }

    fn take(&mut self, key: &str) -> Option<Cell> {
        let at = self.cells.iter().position(|(name, _)| name == key)?;
        Some(self.cells.remove(at).1)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Cell::Text(text) => Some(text),
            Cell::Number(_) | Cell::Other => {
                self.fault(key, "is not text");
                None
            }
        }
    }

    /// A text that is read by its type's own rule.
    fn word<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|error| self.fault(key, format!("{} cannot be used: {error}", shown(&text))))
            .ok()
    }

    fn number<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let text = match self.take(key)? {
            Cell::Text(text) | Cell::Number(text) => text,
            Cell::Other => {
                self.fault(key, "is not a number");
                return None;
            }
        };
        text.parse().map_err(|error| self.fault(key, format!("{} {error}", shown(&text)))).ok()
    }

    /// A number above zero.
    fn positive<T: FromStr<Err: Display> + Copy>(&mut self, key: &str, value: fn(T) -> Decimal) -> Option<T> {
        let number = self.number(key)?;
        if value(number) <= Decimal::ZERO {
            self.fault(key, format!("{} must be above zero", value(number)));
            return None;
        }
        Some(number)
    }

    fn time(&mut self, key: &str) -> Option<Time> {
        let text = self.text(key)?;
        let Ok(at) = DateTime::parse_from_rfc3339(&text) else {
            let why = "is not a time with its zone; write it like 2026-11-20T21:05:00Z";
            self.fault(key, format!("{} {why}", shown(&text)));
            return None;
        };
        Some(at.with_timezone(&Utc))
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let names = choices.iter().map(|(name, _)| *name);
            let all = names.clone().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let hint = did_you_mean(&text, names);
            self.fault(key, format!("{} is none of {all}{hint}", shown(&text)));
        }
        found
    }

    /// Says that a key is missing, unless something else is wrong with it already.
    fn missing(&mut self, key: &str, why: &str) {
        if !self.faults.iter().any(|(name, _)| name == key) {
            self.fault(key, why);
        }
    }

    fn signal(&mut self, now: Time, defaults: &Defaults) -> Option<(Signal, Digest)> {
        let instrument = self.instrument(defaults);
        let has_strategy = self.has("strategy");
        let strategy =
            self.word::<StrategyId>("strategy").or_else(|| (!has_strategy).then_some(defaults.strategy));
        let has_id = self.has("id");
        let id = self.word::<SignalId>("id");
        let decision_price = self.number::<Price>("decision_price");
        let actions = [("enter", Action::Enter), ("exit", Action::Exit), ("adjust", Action::Adjust)];
        let action = self.choice("action", &actions);
        if action.is_none() {
            self.missing("action", "is missing; write \"enter\", \"exit\" or \"adjust\"");
        }
        let wanted = self.wanted(action);
        let (bar_close, decided_at) = self.decided(now);
        let expires_given = self.expires(decided_at);
        let (instrument, strategy, action, wanted) = (instrument?, strategy?, action?, wanted?);
        let (class, decided_at) = (instrument.asset_class, decided_at?);
        let expires_at = match expires_given {
            Ok(Some(at)) => at,
            Ok(None) => self.default_expiry(action, class, decided_at, defaults)?,
            Err(()) => return None,
        };
        self.reaches_a_session(action, class, decided_at, expires_at);
        let symbol = instrument.key.symbol;
        let id = if has_id {
            id?
        } else {
            self.derived_id(bar_close, symbol.as_str(), wanted.as_str(), strategy)?
        };
        let signal =
            Signal { id, strategy, symbol, decision_price, bar_close, decided_at, expires_at, wanted };
        let digest = digest(&signal, expires_given == Ok(Some(expires_at)));
        Some((signal, digest))
    }

    fn instrument<'d>(&mut self, defaults: &'d Defaults) -> Option<&'d Instrument> {
        let catalog = &defaults.catalog;
        let classes = AssetClass::ALL.map(|class| (class.to_string(), class));
        let class =
            self.choice("asset_class", &classes.each_ref().map(|(name, class)| (name.as_str(), *class)));
        let Some(text) = self.text("symbol") else {
            self.missing("symbol", "is missing");
            return None;
        };
        let instrument = match symbols::resolve(&text, catalog, &defaults.aliases) {
            Meaning::One(ix) => catalog.get(ix)?,
            Meaning::Several(symbols) => {
                let all = symbols.iter().map(|symbol| format!("{:?}", symbol.as_str())).collect::<Vec<_>>();
                let why =
                    format!("{} could be {}; write the one that is meant", shown(&text), all.join(" or "));
                self.fault("symbol", why);
                return None;
            }
            Meaning::Unknown => {
                let known = catalog.iter().map(|(_, instrument)| instrument.key.symbol.as_str());
                let hint = did_you_mean(&text.to_ascii_uppercase(), known);
                self.fault(
                    "symbol",
                    format!("{} is not among the instruments of this run{hint}", shown(&text)),
                );
                return None;
            }
        };
        if let Some(class) = class.filter(|class| *class != instrument.asset_class) {
            let why = format!("{} is {} here, not {class}", instrument.key.symbol, instrument.asset_class);
            self.fault("asset_class", why);
        }
        Some(instrument)
    }

    /// What to do. The keys that go with an action are read even when it is not known, so that all faults show.
    fn wanted(&mut self, action: Option<Action>) -> Option<Wanted> {
        let given: Vec<&str> = ["side", "stop", "target", "trail", "quantity", "notional", "risk_pct"]
            .into_iter()
            .filter(|key| self.has(key))
            .collect();
        let side = self.choice("side", &[("long", Direction::Long), ("short", Direction::Short)]);
        let plan = Protection {
            stop: self.number("stop"),
            target: self.number("target"),
            trail: self.number("trail"),
        };
        let size = self.size();
        let is_plan = |key: &&str| matches!(*key, "stop" | "target" | "trail");
        match action? {
            Action::Enter => {
                if side.is_none() {
                    self.missing("side", "is missing; an entry is \"long\" or \"short\"");
                }
                if matches!(size, Some(SizeWanted::RiskPct(_))) && plan.stop.is_none() {
                    self.missing("stop", "is missing; risk_pct is measured by the distance to it");
                }
                Some(Wanted::Enter { side: side?, size: size?, plan })
            }
            Action::Exit => {
                for key in given {
                    self.fault(key, "does not go with \"exit\", which closes whatever is held; leave it out");
                }
                Some(Wanted::Exit)
            }
            Action::Adjust => {
                if !given.iter().any(is_plan) {
                    self.fault(
                        "stop",
                        "is missing, and so are target and trail; \"adjust\" needs one of them",
                    );
                }
                for key in given.iter().filter(|key| !is_plan(key)) {
                    self.fault(key, "does not go with \"adjust\", which moves stop and target of what is held; leave it out");
                }
                Some(Wanted::Adjust { plan })
            }
        }
    }

    fn has(&self, key: &str) -> bool {
        self.cells.iter().any(|(name, _)| name == key)
    }

    /// The size that is given, or the configured one when none is; nothing when it is not clear.
    fn size(&mut self) -> Option<SizeWanted> {
        let given: Vec<&str> =
            ["quantity", "notional", "risk_pct"].into_iter().filter(|key| self.has(key)).collect();
        let quantity = self.positive("quantity", Qty::get).map(SizeWanted::Quantity);
        let notional = self.positive("notional", Amount::get).map(SizeWanted::Notional);
        let risk = self.positive("risk_pct", Ratio::get);
        if risk.is_some_and(|risk| risk.get() > Decimal::ONE_HUNDRED) {
            self.fault("risk_pct", "is more than 100 percent of equity");
        }
        match given.as_slice() {
            [] => Some(SizeWanted::Configured),
            [_] => quantity.or(notional).or(risk.map(SizeWanted::RiskPct)),
            [_, second, ..] => {
                let why = format!("is given beside {}; one size is enough", given[0]);
                self.fault(second, why);
                None
            }
        }
    }

    /// The end of the last bar, and the moment of the decision, which is that end when it is not given.
    fn decided(&mut self, now: Time) -> (Option<Time>, Option<Time>) {
        let is_given = self.has("decided_at");
        let bar_close = self.time("bar_close");
        let decided_at = self.time("decided_at").or(bar_close.filter(|_| !is_given));
        let Some(at) = decided_at else {
            self.missing("decided_at", "is missing, and there is no bar_close to stand in for it");
            return (bar_close, None);
        };
        if at - now > CLOCK_SLACK {
            let key = if is_given { "decided_at" } else { "bar_close" };
            self.fault(
                key,
                format!("{} is in the future; it is {} now. Check clock and zone", utc(at), utc(now)),
            );
        }
        if let Some(close) = bar_close.filter(|close| *close > at) {
            self.fault("bar_close", format!("{} is after the decision at {}", utc(close), utc(at)));
        }
        (bar_close, Some(at))
    }

    /// The expiry that is given, if one is; an error when it cannot be used.
    fn expires(&mut self, decided_at: Option<Time>) -> Result<Option<Time>, ()> {
        if !self.has("expires_at") {
            return Ok(None);
        }
        let at = self.time("expires_at").ok_or(())?;
        if let Some(decided) = decided_at.filter(|decided| at <= *decided) {
            self.fault("expires_at", format!("{} is not after the decision at {}", utc(at), utc(decided)));
            return Err(());
        }
        Ok(Some(at))
    }

    fn default_expiry(
        &mut self,
        action: Action,
        class: AssetClass,
        decided: Time,
        defaults: &Defaults,
    ) -> Option<Time> {
        let calendar = Calendar::new();
        let first =
            if is_trading(class, decided) { Some(decided) } else { calendar.next_open(class, decided) };
        let lasts = if action == Action::Enter { defaults.expiry.enter } else { defaults.expiry.other };
        let expires = first.and_then(|first| first.checked_add_signed(lasts));
        if expires.is_none() {
            let why =
                format!("is missing, and no {class} session after {} is known to count from", utc(decided));
            self.fault("expires_at", why);
        }
        expires
    }

    /// Refuses an entry that expires before its market opens, judged at the decision and so the same at every
    /// reading. An exit is taken all the same: to hold on to what the strategy wants gone is not the safe side.
    fn reaches_a_session(&mut self, action: Action, class: AssetClass, decided: Time, expires: Time) {
        let calendar = Calendar::new();
        if action != Action::Enter || is_trading(class, decided) {
            return;
        }
        if let Some(opens) = calendar.next_open(class, decided).filter(|opens| expires <= *opens) {
            let why =
                format!("{} is before the market opens at {}; give it more time", utc(expires), utc(opens));
            self.fault("expires_at", why);
        }
    }

    fn derived_id(
        &mut self,
        bar: Option<Time>,
        symbol: &str,
        action: &str,
        strategy: StrategyId,
    ) -> Option<SignalId> {
        let Some(bar) = bar.filter(|bar| bar.nanosecond() == 0) else {
            self.missing("id", "is missing, and cannot be derived without a bar_close in whole seconds");
            return None;
        };
        let text = format!("{}/{symbol}/{action}/{strategy}", bar.format("%Y%m%dT%H%M%SZ"));
        SignalId::new(&text).map_err(|error| self.fault("id", error.to_string())).ok()
    }
}

//! Every signal of a journal twice: as it was lived, and as the replay plays it on bars. What is compared and where a pair
//! parts is decided in `evidence::twin`; docs/twin.md states the rules.

mod alone;
mod pairs;
mod source;
mod table;
mod told;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use broker_api::{Amount, Ending, NonTradeKind, Record, Signal, SignalId, Stamped, Time};
use engine::replay::Decided;
use evidence::twin::regret::sums;
use evidence::twin::{Came, Regret, RegretSum, Summary, Twin as Pair};
use serde::Serialize;
use state::book::{SignalState, Trade};

use crate::failure::Failure;
use crate::history::{History, Story};
use crate::place::{Place, Reading};
use alone::Alone;
use source::Lived;

pub use source::Past;
pub use table::write;
pub use told::{BOUND, LEFT_OUT, SHOWN, pair, so_it, text, why, worst_first};

/// A signal that has no pair, and why.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The signal.
    pub id: String,
    /// What it is about.
    pub symbol: String,
    /// `enter`, `exit` or `adjust`.
    pub action: &'static str,
    /// `no_bars`, `before_bars`, `after_bars`, or `changed` by something else than our orders.
    pub why: &'static str,
}

/// What a book's signals come to beside their shadows.
#[derive(Clone, Debug, Serialize)]
pub struct Twin {
    /// The bars they were played on.
    pub bars: PathBuf,
    /// When the first bar closes.
    pub first: Option<Time>,
    /// When the last one closes.
    pub last: Option<Time>,
    /// What the shadow began with, in base currency.
    pub cash: Amount,
    /// One for each entry signal, in the order in which they were taken in.
    pub pairs: Vec<Pair>,
    /// What they come to.
    pub summary: Summary,
    /// What each reason for not following a signal saved or cost.
    pub regret: Vec<RegretSum>,
    /// Each of these signals, played alone.
    pub regrets: Vec<Regret>,
    /// Signals without a pair.
    pub left_out: Vec<LeftOut>,
    /// Closed trades that were taken over from another program, and are in no pair.
    pub imported: usize,
    /// Closed trades that no signal opened, and are in no pair.
    pub without_signal: usize,
    /// How often money came or went after the shadow began: it has none of that.
    pub flows: usize,
}

/// The bars that were asked for, or else those of the configuration.
pub fn bars(place: &Place, asked: Option<&PathBuf>) -> Option<PathBuf> {
    let configured = &place.loaded.config.gate.bars;
    let of_config = || (!configured.is_empty()).then(|| place.loaded.base.join(configured));
    asked.cloned().or_else(of_config)
}

/// What the signals of a book come to on the bars that are configured; nothing where none are.
///
/// # Errors
/// As [`compute`].
pub fn configured(place: &Place, reading: &Reading, story: &Story) -> Result<Option<Twin>, Failure> {
    bars(place, None).map(|bars| compute(place, reading, story, &bars)).transpose()
}

/// Plays every signal of a book on bars, and pairs it with what came of it.
///
/// # Errors
/// Bars that cannot be trusted, a figure that is too large.
pub fn compute(place: &Place, reading: &Reading, story: &Story, bars: &Path) -> Result<Twin, Failure> {
    compute_on(place, reading, story, &Past::open(place, reading, bars)?)
}

/// The same on bars that were looked through.
///
/// # Errors
/// As [`compute`].
pub fn compute_on(place: &Place, reading: &Reading, story: &Story, past: &Past<'_>) -> Result<Twin, Failure> {
    let Story { history, records } = story;
    let worth = Worth::of(reading, history, records);
    let live = Lived::new(Cow::Borrowed(history), &reading.book, records, reading.as_of);
    let signals = in_order(history, records);
    let (mut left_out, mut kept): (Vec<LeftOut>, Vec<&SignalState>) = Default::default();
    for state in signals {
        match left(past, &live, &state.signal) {
            Some(why) => left_out.push(LeftOut {
                id: state.signal.id.to_string(),
                symbol: state.signal.symbol.to_string(),
                action: state.signal.wanted.as_str(),
                why,
            }),
            None => kept.push(state),
        }
    }
    let since = kept.iter().map(|state| state.signal.decided_at).min().unwrap_or(reading.as_of);
    let cash = worth.at(since);
    let policy = place.loaded.config.policy();
    let decided = |state: &&SignalState| (state.signal, state.digest);
    let played: Vec<Decided> = kept.iter().map(decided).collect();
    let shadow = if played.is_empty() { None } else { Some(past.together(played, cash)?) };
    let (mut pairs, mut kept_back, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for state in &kept {
        let signal = &state.signal;
        let (Some(side), Some(span)) = (pairs::side(signal), past.span(signal.symbol)) else { continue };
        let Some(shadow) = &shadow else { continue };
        let here = pairs::played(&live, signal.id, &policy, live.until);
        let there = pairs::played(shadow, signal.id, &policy, span.last);
        if matches!(here.came, Came::Denied | Came::Expired) {
            asked.push(alone(&kept, signal, worth.at(signal.decided_at)));
            let code = here.code.clone().unwrap_or_else(|| Ending::Denied.as_str().to_owned());
            kept_back.push((signal, code, span.last));
        }
        let lot = place.catalog.find_symbol(signal.symbol).and_then(|ix| place.catalog.get(ix));
        let lot = lot.map(|instrument| instrument.lot.get()).unwrap_or_default();
        let (id, symbol) = (signal.id.to_string(), signal.symbol.to_string());
        pairs.push(Pair::of(id, symbol, side, signal.decided_at, [here, there], lot));
    }
    let alone = past.each_alone(asked)?;
    let regret = |((signal, code, last), alone): ((&Signal, String, Time), &Lived<'_>)| Regret {
        id: signal.id.to_string(),
        symbol: signal.symbol.to_string(),
        code,
        alone: pairs::played(alone, signal.id, &policy, last),
    };
    let regrets: Vec<Regret> = kept_back.into_iter().zip(&alone).map(regret).collect();
    let own = |is_so: fn(&Trade) -> bool| live.history.trades.values().filter(|trade| is_so(trade)).count();
    Ok(Twin {
        bars: past.file().to_owned(),
        first: past.whole().map(|span| span.first),
        last: past.whole().map(|span| span.last),
        cash,
        summary: Summary::of(&pairs),
        regret: sums(&regrets),
        pairs,
        regrets,
        left_out,
        imported: own(|trade| trade.position.imported.is_some()),
        without_signal: own(|trade| trade.position.imported.is_none() && trade.position.signal.is_none()),
        flows: worth.flows.iter().filter(|(at, _)| *at > since).count(),
    })
}

/// All signals, in the order in which they were taken in.
fn in_order<'a>(history: &'a History, records: &[Stamped]) -> Vec<&'a SignalState> {
    let places: BTreeMap<SignalId, u64> = records
        .iter()
        .filter_map(|stamped| match &stamped.record {
            Record::SignalTaken { signal, .. } => Some((signal.id, stamped.seq)),
            _ => None,
        })
        .collect();
    let mut signals: Vec<&SignalState> = history.signals.values().collect();
    signals.sort_by_key(|state| (places.get(&state.signal.id).copied(), state.taken_at));
    signals
}

/// Why a signal is not played; nothing when it is.
fn left(past: &Past<'_>, live: &Lived<'_>, signal: &Signal) -> Option<&'static str> {
    let Some(span) = past.span(signal.symbol) else { return Some("no_bars") };
    let is_changed =
        |trade: &Trade| trade.position.signal == Some(signal.id) && trade.position.outside.is_some();
    if signal.decided_at < span.first {
        Some("before_bars")
    } else if signal.decided_at >= span.last {
        Some("after_bars")
    } else {
        live.history.trades.values().any(is_changed).then_some("changed")
    }
}

/// A signal that was not followed, with what was said of its symbol afterwards.
fn alone(kept: &[&SignalState], signal: &Signal, cash: Amount) -> Alone {
    let follows = |later: &Signal| {
        later.symbol == signal.symbol && later.decided_at >= signal.decided_at && pairs::side(later).is_none()
    };
    let is_played = |state: &&&SignalState| state.signal.id == signal.id || follows(&state.signal);
    let decided = kept.iter().filter(is_played).map(|state| (state.signal, state.digest));
    Alone { symbol: signal.symbol, signals: decided.collect(), cash }
}

/// What the account was worth, as far as trades were closed.
struct Worth {
    opening: Amount,
    flows: Vec<(Time, Amount)>,
    nets: Vec<(Time, Amount)>,
}

impl Worth {
    fn of(reading: &Reading, history: &History, records: &[Stamped]) -> Self {
        let flows = records.iter().filter_map(|stamped| match &stamped.record {
            Record::Imported { flow, .. } => Some((stamped.at, *flow)),
            Record::NonTrade { entry, .. } if entry.kind == NonTradeKind::Transfer => {
                Some((stamped.at, entry.money.amount))
            }
            _ => None,
        });
        let own = history.trades.values().filter(|trade| trade.position.imported.is_none());
        Self {
            opening: reading.book.venues().next().map_or(Amount::ZERO, |venue| venue.opening_equity),
            flows: flows.collect(),
            nets: own.map(|trade| (trade.closed_at, trade.net())).collect(),
        }
    }

    /// Closed equity at a moment.
    fn at(&self, at: Time) -> Amount {
        let before = self.flows.iter().chain(&self.nets).filter(|(when, _)| *when <= at);
        before.fold(self.opening, |sum, (_, amount)| sum.plus(*amount).unwrap_or(sum))
    }
}

//! Bars and decisions in the order of time.

use broker_api::{Symbol, Time};
use broker_paper::matching::Moment;
use state::Store;

use super::source::AtClose;
use super::{Replay, ReplayFault, SignalSource, Watcher};
use crate::feed::Bars;

/// How far a replay came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Bars that closed.
    pub bars: u64,
    /// The first moment.
    pub first: Option<Time>,
    /// The last one.
    pub last: Option<Time>,
    /// The symbols of which no bar closed.
    pub silent: Vec<Symbol>,
}

/// Plays all bars, and takes each decision at its place: one at a close after the account was read at that close,
/// one with a moment of its own after all closes up to that moment and before any later prices.
///
/// # Errors
/// [`ReplayFault`].
pub fn drive<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    bars: &mut Bars,
    source: &mut dyn SignalSource,
) -> Result<Played, ReplayFault> {
    let catalog = std::sync::Arc::clone(&replay.desk().setup().catalog);
    let (mut played, mut decisions) = (Played::default(), Vec::new());
    let mut has_closed = vec![false; catalog.len()];
    let told = bars.bars();
    while let Some(moment) = bars.advance()? {
        let at = moment.at();
        while let Some(due) = source.next_at().filter(|due| is_before(*due, moment)) {
            let now = played.last.map_or(due, |last| last.max(due));
            apart(replay, source, &mut decisions, now)?;
        }
        let moment = if replay.pass(moment)? {
            let Some(close) = bars.skip_to_close() else { continue };
            close
        } else {
            replay.play(moment)?;
            moment
        };
        played.first.get_or_insert(at);
        played.last = Some(at);
        let Moment::Close { ix, bar } = moment else { continue };
        replay.read_account(at)?;
        let Some(instrument) = catalog.get(*ix) else { continue };
        if let Some(has_closed) = has_closed.get_mut(ix.index()) {
            *has_closed = true;
        }
        source.at_close(&AtClose::new(*ix, instrument, bar, replay.book()), &mut decisions);
        if !decisions.is_empty() {
            replay.decide(&decisions, at)?;
            decisions.clear();
        }
    }
    while let Some(due) = source.next_at()
        && let Some(last) = played.last.filter(|last| due <= *last)
    {
        apart(replay, source, &mut decisions, last)?;
    }
    played.bars = bars.bars() - told;
    let silent = catalog.iter().zip(&has_closed).filter(|(_, has_closed)| !**has_closed);
    played.silent = silent.map(|((_, instrument), _)| instrument.key.symbol).collect();
    Ok(played)
}

/// Whether a decision comes before a moment: of one time closes go first, and bars that are told whole at their close.
fn is_before(due: Time, moment: &Moment) -> bool {
    let is_close = match moment {
        Moment::Close { .. } => true,
        Moment::Open { bar, .. } | Moment::Range { bar, .. } => bar.opens == bar.closes,
        Moment::Quote { .. } => false,
    };
    if is_close { due < moment.at() } else { due <= moment.at() }
}

fn apart<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    source: &mut dyn SignalSource,
    decisions: &mut Vec<super::Decided>,
    now: Time,
) -> Result<(), ReplayFault> {
    source.at(now, decisions);
    replay.read_account(now)?;
    replay.decide(decisions, now)?;
    decisions.clear();
    Ok(())
}

//! Bars and decisions in the order of time.

use broker_api::{Bar, InstrumentIx, Symbol, Time};
use broker_paper::matching::Moment;
use state::Store;

use super::source::AtClose;
use super::{Decided, Replay, ReplayFault, SignalSource, Watcher};
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
        before(replay, source, &mut decisions, moment, played.last)?;
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
        if let Some(has_closed) = has_closed.get_mut(ix.index()) {
            *has_closed = true;
        }
        at_close(replay, source, &mut decisions, *ix, bar)?;
    }
    in_the_end(replay, source, &mut decisions, played.last)?;
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

/// Takes the decisions that come before a moment.
fn before<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    source: &mut dyn SignalSource,
    decisions: &mut Vec<Decided>,
    moment: &Moment,
    last: Option<Time>,
) -> Result<(), ReplayFault> {
    while let Some(due) = source.next_at().filter(|due| is_before(*due, moment)) {
        let now = last.map_or(due, |last| last.max(due));
        apart(replay, source, decisions, now)?;
    }
    Ok(())
}

/// Reads the account at a close, and takes what is decided there.
fn at_close<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    source: &mut dyn SignalSource,
    decisions: &mut Vec<Decided>,
    ix: InstrumentIx,
    bar: &Bar,
) -> Result<(), ReplayFault> {
    replay.read_account(bar.closes)?;
    let setup = replay.desk().setup();
    let Some(instrument) = setup.catalog.get(ix) else { return Ok(()) };
    source.at_close(&AtClose::new(ix, instrument, bar, replay.book()), decisions);
    if !decisions.is_empty() {
        replay.decide(decisions, bar.closes)?;
        decisions.clear();
    }
    Ok(())
}

/// Takes the decisions that were due by the last moment.
fn in_the_end<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    source: &mut dyn SignalSource,
    decisions: &mut Vec<Decided>,
    last: Option<Time>,
) -> Result<(), ReplayFault> {
    while let Some(due) = source.next_at()
        && let Some(last) = last.filter(|last| due <= *last)
    {
        apart(replay, source, decisions, last)?;
    }
    Ok(())
}

/// A replay and its decisions, played moment by moment beside others on one stream of bars: what [`drive`] does for one that
/// has the stream for itself. A moment of another instrument is simply not handed to it.
#[derive(Debug)]
pub struct Lane<S, W, D> {
    replay: Replay<S, W>,
    source: D,
    decisions: Vec<Decided>,
    last: Option<Time>,
}

impl<S: Store, W: Watcher, D: SignalSource> Lane<S, W, D> {
    /// Of a replay that has begun, and of what is decided in it.
    pub const fn new(replay: Replay<S, W>, source: D) -> Self {
        Self { replay, source, decisions: Vec::new(), last: None }
    }

    /// Plays one moment, after the decisions that come before it.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn play(&mut self, moment: &Moment) -> Result<(), ReplayFault> {
        let Self { replay, source, decisions, last } = self;
        before(replay, source, decisions, moment, *last)?;
        replay.play(moment)?;
        *last = Some(moment.at());
        let Moment::Close { ix, bar } = moment else { return Ok(()) };
        at_close(replay, source, decisions, *ix, bar)
    }

    /// Whether nothing can come of it any more: every decision was taken and is over, and nothing is held nor on its way.
    pub fn is_over(&self) -> bool {
        let book = self.replay.book();
        self.source.next_at().is_none()
            && book.positions().len() == 0
            && book.open_orders().len() == 0
            && book.signals().all(|state| state.ended.is_some())
    }

    /// Ends it, after the decisions that were due by the last moment: the replay, and that moment.
    ///
    /// # Errors
    /// [`ReplayFault`].
    pub fn end(mut self) -> Result<(Replay<S, W>, Option<Time>), ReplayFault> {
        in_the_end(&mut self.replay, &mut self.source, &mut self.decisions, self.last)?;
        Ok((self.replay, self.last))
    }
}

fn apart<S: Store, W: Watcher>(
    replay: &mut Replay<S, W>,
    source: &mut dyn SignalSource,
    decisions: &mut Vec<Decided>,
    now: Time,
) -> Result<(), ReplayFault> {
    source.at(now, decisions);
    replay.read_account(now)?;
    replay.decide(decisions, now)?;
    decisions.clear();
    Ok(())
}

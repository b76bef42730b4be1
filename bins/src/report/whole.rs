//! All trades so far: figures in money and in R, against the backtest, and what so many trades can tell.

use evidence::figures::{Exposure, TradeFigures};
use evidence::ledger::Unit;
use evidence::plot::of_trades::running as drawn;
use evidence::series::{Sum, running};
use evidence::{Figure, Undefined};
use serde::Serialize;

use super::against::{Against, References, power_plot};
use super::blocks::Form;
use super::chances::Chances;
use super::{Block, Known, Look, Section, Seen};
use crate::failure::Failure;

/// At how many places a long series is told.
const PLACES: usize = 200;

/// All trades so far.
#[derive(Debug, Serialize)]
pub struct Whole {
    /// Trades of our own.
    own: usize,
    /// Trades of another program.
    imported: usize,
    imported_count: bool,
    /// Trades that something else than our orders changed; they are in no figure.
    changed: usize,
    /// Trades of the figures below.
    counted: usize,
    /// In base currency.
    money: TradeFigures,
    /// In multiples of what was risked.
    r: Known<TradeFigures>,
    /// How much of time and places was used.
    exposure: Exposure,
    against: Known<Against>,
    /// What chance does.
    chances: Known<Chances>,
    /// The unit of the running sum.
    pub(super) unit: Unit,
    running: Vec<Sum>,
    /// Of the backtest, in that unit.
    #[serde(skip)]
    pub(super) win_rate: Figure,
    #[serde(skip)]
    pub(super) expectancy: Figure,
    #[serde(skip)]
    power: Option<Block>,
}

impl Whole {
    pub(super) fn of(seen: &Seen<'_>, references: &mut References) -> Result<Self, Failure> {
        let ledger = &seen.counted;
        let r = match ledger.multiples() {
            Ok(values) => Known::Is(TradeFigures::of(&values)),
            Err(why) => Known::not(why.words()),
        };
        let against = Against::of(seen, ledger, references)?;
        let reference = references.of(seen, ledger)?;
        let unit = match (reference, &r) {
            (Some(reference), _) => reference.unit,
            (None, Known::Is(_)) => Unit::R,
            (None, Known::Not { .. }) => Unit::Currency,
        };
        let values = ledger.values(unit).unwrap_or_default();
        let slots = seen.place.loaded.config.limits.positions_max;
        let of = |pick: fn(&evidence::Reference) -> Figure| {
            reference.map_or(Figure::none(Undefined::NotGiven), pick)
        };
        Ok(Self {
            own: seen.every.len() - seen.every.imported(),
            imported: seen.every.imported(),
            imported_count: seen.place.loaded.config.gate.count_imported,
            changed: seen.changed,
            counted: ledger.len(),
            money: TradeFigures::of(&ledger.money()),
            r,
            exposure: Exposure::of(ledger, usize::try_from(slots).unwrap_or_default(), &[]),
            chances: Chances::of(seen, reference, &against),
            against,
            unit,
            running: running(&values, reference, PLACES),
            win_rate: of(|reference| reference.figures.win_rate),
            expectancy: of(|reference| reference.figures.expectancy),
            power: reference.and_then(|reference| power_plot(reference, ledger.len())),
        })
    }
}

/// The figures of trades that are told first: name, path, form in money and in R, and what it is.
const FIGURES: [(&str, &str, Form, Form); 18] = [
    ("trades", "trades", Form::Count, Form::Count),
    ("won", "wins", Form::Count, Form::Count),
    ("lost", "losses", Form::Count, Form::Count),
    ("win rate, of all", "win_rate", Form::Percent(1), Form::Percent(1)),
    ("breaks even at", "break_even_win_rate", Form::Percent(1), Form::Percent(1)),
    ("mean", "expectancy", Form::Change(2), Form::Change(3)),
    ("standard deviation", "standard_deviation", Form::Number(2), Form::Number(3)),
    ("mean win", "mean_win", Form::Number(2), Form::Number(3)),
    ("mean loss", "mean_loss", Form::Number(2), Form::Number(3)),
    ("reward to risk", "payoff", Form::Number(2), Form::Number(2)),
    ("profit factor", "profit_factor", Form::Number(2), Form::Number(2)),
    ("sum", "net", Form::Change(2), Form::Change(2)),
    ("best", "best", Form::Change(2), Form::Change(2)),
    ("worst", "worst", Form::Change(2), Form::Change(2)),
    ("deepest fall of the sum", "max_drawdown", Form::Number(2), Form::Number(2)),
    ("longest losing streak", "longest_losing_streak", Form::Count, Form::Count),
    ("losses in a row now", "losing_streak_now", Form::Count, Form::Count),
    ("SQN", "sqn", Form::Number(2), Form::Number(2)),
];

impl Section for Whole {
    const KEY: &'static str = "all";
    const TITLE: &'static str = "All trades so far";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let counts = if self.imported_count { "counted" } else { "not counted" };
        let mut blocks = vec![
            Block::Facts(vec![
                look.fact("trades of our own", "own", Form::Count),
                look.fact_of("of another program", "imported", Form::Count, counts),
                look.fact_of("changed by no order of ours", "changed", Form::Count, "not counted"),
            ]),
            Block::Head("Figures".to_owned()),
            Block::Table(self.figures(look)),
            Block::Facts(vec![
                look.fact_of(
                    "trades a week",
                    "exposure.trades_per_week",
                    Form::Number(1),
                    "from first entry to last exit",
                ),
                look.fact_of("held", "exposure.mean_days_held", Form::Number(1), "days on average"),
                look.fact_of(
                    "places in use",
                    "exposure.slot_utilisation",
                    Form::Percent(1),
                    "of those that the limits allow",
                ),
                look.fact_of("time in the market", "exposure.time_in_market", Form::Percent(1), ""),
                look.fact_of(
                    "lost more than was risked",
                    "exposure.worse_than_risked",
                    Form::Number(0),
                    "trades",
                ),
            ]),
        ];
        blocks.push(Block::Head("Against the backtest".to_owned()));
        if let Known::Is(against) = &self.against {
            blocks.extend(against.blocks(&look.below(AGAINST)));
        } else {
            blocks.push(Block::Facts(vec![look.fact("against the backtest", "against", Form::Words)]));
        }
        let band = if self.win_rate.value().is_some() { "; band: normal, clustering counted in" } else { "" };
        let note = format!("n = {}{band}", crate::figures::count(self.counted as u64));
        let sum = drawn(&self.running, self.unit.word());
        blocks.extend(sum.map(|plot| Block::Plot(Box::new(plot), note)));
        blocks.extend(self.against.get().and_then(Against::plot));
        blocks.extend(self.power.clone());
        if (1..evidence::plot::of_trades::ENOUGH).contains(&self.counted) {
            blocks.push(Block::Note("Fewer than ten trades: tables only, no drawing of them.".to_owned()));
        }
        if let Known::Is(chances) = &self.chances {
            blocks.extend(chances.blocks(&look.below(CHANCES)));
        }
        blocks.push(Block::Folded(
            format!("The running sum, {}", self.unit.word()),
            look.grid(
                "running",
                &[
                    ("trades", "trades", Form::Count),
                    ("sum", "sum", Form::Change(2)),
                    ("5 %", "low", Form::Change(2)),
                    ("backtest", "middle", Form::Change(2)),
                    ("95 %", "high", Form::Change(2)),
                ],
            ),
        ));
        blocks
    }
}

const AGAINST: &str = "all.against";
const CHANCES: &str = "all.chances";

impl Whole {
    /// A row for each figure, in money and in R.
    fn figures(&self, look: &Look<'_>) -> super::blocks::Grid {
        let has_r = self.r.get().is_some();
        let row = |(name, path, money, r): &(&str, &str, Form, Form)| {
            let in_r = if has_r { format!("r.{path}") } else { "r".to_owned() };
            vec![
                super::blocks::Cell::label(name),
                look.cell(&format!("money.{path}"), *money),
                look.cell(&in_r, *r),
            ]
        };
        let heads = ["figure", "in money", "in R"].map(str::to_owned).to_vec();
        super::blocks::Grid { heads, rows: FIGURES.iter().map(row).collect() }
    }
}

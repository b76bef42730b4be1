//! What chance does to all trades so far, drawn and in tables: tests for daily looks on their way, losing streaks, and how each
//! figure is spread over samples of the backtest.

use evidence::Figure;
use evidence::compare::{Chances as Told, Reference};
use evidence::plot::{Plot, of_chance};
use serde::Serialize;

use super::against::Against;
use super::blocks::Form;
use super::{Block, Known, Look, Seen};

/// At how many places a long series is told.
const PLACES: usize = 150;

/// What chance does.
#[derive(Debug, Serialize)]
pub struct Chances {
    #[serde(flatten)]
    told: Told,
    /// At so many losses in a row the guard stops entries until a person resumes.
    latch: u32,
    #[serde(skip)]
    plots: Vec<Block>,
}

impl Chances {
    /// Of all trades that count, beside the reference that was drawn for as many.
    pub(super) fn of(
        seen: &Seen<'_>,
        reference: Option<&Reference>,
        against: &Known<Against>,
    ) -> Known<Self> {
        let (reference, against) = match (reference, against) {
            (Some(reference), Known::Is(against)) => (reference, against),
            (_, Known::Not { undefined }) => return Known::not(undefined.clone()),
            (None, Known::Is(_)) => return Known::not("no backtest is given"),
        };
        let latch = seen.place.loaded.config.limits.latch_losses;
        let limit = usize::try_from(latch).unwrap_or(usize::MAX);
        let told = match Told::of(&seen.counted, reference, limit, PLACES) {
            Ok(told) => told,
            Err(why) => return Known::not(why.words()),
        };
        let n = format!("n = {}", crate::figures::count(told.trades as u64));
        let inflation = Figure::from(reference.inflation).grouped(2);
        let each = format!("{n}; evidence divided by {inflation}, the inflation of variance");
        let drawn = format!("{n}; {}", reference.bands().method);
        let block = |plot: Option<Plot>, how: &str| Some(Block::Plot(Box::new(plot?), how.to_owned()));
        let test = against.sequential.get();
        let plots = [
            block(test.and_then(|test| of_chance::e_process(&told.looks, test.e_value)), &each),
            block(test.and_then(|test| of_chance::sprt(&told.looks, &test.sprt)), &each),
            block(of_chance::streaks(&told, limit), &format!("{n}; exact")),
        ];
        let spread_out =
            told.spreads.iter().map(|spread| block(of_chance::spread(spread, told.trades), &drawn));
        let plots = plots.into_iter().chain(spread_out).flatten().collect();
        Known::Is(Self { told, latch, plots })
    }

    /// What people read of it. `look` is this part of the document.
    pub(super) fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = self.plots.clone();
        blocks.push(Block::Folded(
            "Tests for daily looks, trade by trade".to_owned(),
            look.grid(
                "looks",
                &[
                    ("trades", "trades", Form::Count),
                    ("log evidence", "ln_e", Form::Change(3)),
                    ("SPRT", "sprt", Form::Change(3)),
                ],
            ),
        ));
        blocks.push(Block::Folded(
            "The longest losing streak by chance".to_owned(),
            look.grid(
                "streaks",
                &[
                    ("losses in a row", "length", Form::Count),
                    ("independent", "independent", Form::Percent(2)),
                    ("losses follow losses", "clustered", Form::Percent(2)),
                ],
            ),
        ));
        for (at, spread) in self.told.spreads.iter().enumerate() {
            blocks.push(Block::Folded(
                format!("The {} in samples of the backtest", spread.metric.words()),
                look.grid(
                    &format!("spreads.{at}.parts"),
                    &[
                        ("from", "from", Form::Number(3)),
                        ("to", "to", Form::Number(3)),
                        ("independent", "independent", Form::Percent(1)),
                        ("clustered", "clustered", Form::Percent(1)),
                    ],
                ),
            ));
        }
        blocks
    }
}

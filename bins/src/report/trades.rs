//! How trades came out: by class, by size, as they went, and the last ones.

use broker_api::{Amount, Price, Qty, Ratio, Time};
use evidence::figures::TradeFigures;
use evidence::ledger::{Unit, number};
use evidence::plot::of_chance;
use evidence::plot::of_trades::{self, ENOUGH};
use evidence::series::{Beside, Rolling, Sizes, beside, rolling, sizes};
use evidence::{Class, Figure, Ledger};
use rust_decimal::Decimal;
use serde::Serialize;

use super::against::References;
use super::blocks::Form;
use super::whole::Whole;
use super::{Block, Known, Look, Section, Seen};
use crate::failure::Failure;

/// How many trades are listed.
const LISTED: usize = 20;
/// Over how many trades a rolling figure goes.
const WINDOW: usize = 20;
/// At how many places a long series is told.
const PLACES: usize = 150;

/// A closed trade.
#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    symbol: String,
    side: &'static str,
    quantity: Qty,
    entry: Known<Price>,
    exit: Known<Price>,
    opened_at: Time,
    closed_at: Time,
    exit_by: String,
    net: Amount,
    r: Known<Ratio>,
    /// Why it is in no figure; empty for one that is.
    not_counted: &'static str,
}

/// Trades of one class.
#[derive(Debug, Serialize)]
struct OfClass {
    class: Class,
    figures: TradeFigures,
    /// Mean of the trades in R.
    expectancy_r: Figure,
}

/// How trades came out.
#[derive(Debug, Serialize)]
pub struct Trades {
    by_class: Vec<OfClass>,
    /// By what they came to in R.
    sizes: Known<Sizes>,
    /// The same beside the backtest, in the unit of all trades so far.
    beside: Known<Beside>,
    window: usize,
    rolling: Vec<Rolling>,
    /// The last of all, the latest first.
    last: Vec<Row>,
    listed: usize,
    all: usize,
    #[serde(skip)]
    plots: Vec<Block>,
}

impl Trades {
    pub(super) fn of(seen: &Seen<'_>, all: &Whole, references: &mut References) -> Result<Self, Failure> {
        let ledger = &seen.counted;
        let values = ledger.values(all.unit).unwrap_or_default();
        let rolling = rolling(&values, WINDOW, PLACES);
        let tenths = |n: i64| number(Decimal::new(n, 1));
        // From three losses of what was risked to six wins of it, by halves.
        let [low, high, width] = [tenths(-30), tenths(60), tenths(5)];
        let sizes = match ledger.multiples() {
            Ok(values) if values.is_empty() => Known::not("no closed trade"),
            Ok(values) => Known::Is(sizes(&values, low, high, width)),
            Err(why) => Known::not(why.words()),
        };
        let beside = match references.of(seen, ledger)? {
            Some(reference) if reference.unit != Unit::Currency => {
                Known::of(beside(&values, reference.values(), low, high, width), "no closed trade")
            }
            Some(_) => Known::not("in money, sizes of trades are beside none of another account"),
            None => Known::not("no backtest is given"),
        };
        let unit = all.unit.word();
        let with = beside.get();
        let how = format!("n = {}", crate::figures::count(ledger.len() as u64));
        let both = with.map_or_else(String::new, |with| {
            format!("{how}; backtest: {} trades", crate::figures::count(with.backtest_trades as u64))
        });
        let drawn = [
            (sizes.get().filter(|_| with.is_none()).and_then(|sizes| of_trades::sizes(sizes, "R")), &how),
            (with.and_then(|with| of_chance::beside(with, unit)), &both),
            (with.and_then(|with| of_chance::quantiles(with, unit)), &both),
            (of_trades::rolling_win_rate(&rolling, WINDOW, all.win_rate), &how),
            (of_trades::rolling_expectancy(&rolling, WINDOW, all.expectancy, unit), &how),
        ];
        let plots: Vec<Block> = drawn
            .into_iter()
            .filter_map(|(plot, how)| Some(Block::Plot(Box::new(plot?), how.clone())))
            .collect();
        let rows = seen.history.trades.values().rev().take(LISTED);
        let rows: Vec<Row> = rows.map(|trade| Row::of(seen, trade)).collect();
        Ok(Self {
            by_class: Class::ALL.into_iter().filter_map(|class| OfClass::of(ledger, class)).collect(),
            sizes,
            beside,
            window: WINDOW,
            rolling,
            listed: rows.len(),
            last: rows,
            all: seen.history.trades.len(),
            plots,
        })
    }
}

impl Row {
    fn of(seen: &Seen<'_>, trade: &state::book::Trade) -> Self {
        let position = &trade.position;
        let counts_imported = seen.place.loaded.config.gate.count_imported;
        Self {
            number: position.number,
            symbol: position.key.symbol.to_string(),
            side: position.direction.as_str(),
            quantity: position.entered,
            entry: Known::of(trade.entry(), "nothing was entered"),
            exit: Known::of(trade.exit_price(), "nothing was taken out"),
            opened_at: position.opened_at,
            closed_at: trade.closed_at,
            exit_by: trade.exit_code.map_or_else(|| trade.exit.as_str().to_owned(), |code| code.to_string()),
            net: trade.net(),
            r: Known::of(trade.r(), "nothing says what was risked"),
            not_counted: match (position.outside, position.imported) {
                (Some(_), _) => "changed by no order of ours",
                (None, Some(_)) if !counts_imported => "of another program",
                _ => "",
            },
        }
    }
}

impl OfClass {
    fn of(ledger: &Ledger, class: Class) -> Option<Self> {
        let trades = ledger.trades().iter().filter(|trade| trade.class == Some(class)).cloned();
        let part = Ledger::new(trades.collect()).ok().filter(|part| !part.is_empty())?;
        let r = part.multiples().map(|values| TradeFigures::of(&values).expectancy);
        Some(Self {
            class,
            figures: TradeFigures::of(&part.money()),
            expectancy_r: r.unwrap_or_else(Figure::none),
        })
    }
}

impl Section for Trades {
    const KEY: &'static str = "trades";
    const TITLE: &'static str = "Trades";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        if self.all == 0 {
            return vec![Block::Note("No trade is closed yet.".to_owned())];
        }
        let mut blocks = vec![Block::Table(look.grid(
            "by_class",
            &[
                ("class", "class", Form::Words),
                ("trades", "figures.trades", Form::Count),
                ("won", "figures.wins", Form::Count),
                ("win rate", "figures.win_rate", Form::Percent(1)),
                ("sum", "figures.net", Form::Change(2)),
                ("mean", "figures.expectancy", Form::Change(2)),
                ("mean R", "expectancy_r", Form::Change(3)),
                ("profit factor", "figures.profit_factor", Form::Number(2)),
                ("worst", "figures.worst", Form::Change(2)),
            ],
        ))];
        blocks.extend(self.plots.iter().cloned());
        if self.all < ENOUGH {
            blocks.push(Block::Note("Fewer than ten trades: no drawing of their sizes.".to_owned()));
        }
        if self.sizes.get().is_some() {
            blocks.push(Block::Folded(
                "Trades by size, in R".to_owned(),
                look.grid(
                    "sizes.bins",
                    &[
                        ("from", "from", Form::Change(1)),
                        ("to", "to", Form::Change(1)),
                        ("trades", "trades", Form::Count),
                    ],
                ),
            ));
        }
        if self.beside.get().is_some() {
            blocks.push(Block::Folded(
                "Trades by size beside the backtest".to_owned(),
                look.grid(
                    "beside.shares",
                    &[
                        ("from", "from", Form::Change(1)),
                        ("to", "to", Form::Change(1)),
                        ("live", "live", Form::Percent(1)),
                        ("backtest", "backtest", Form::Percent(1)),
                    ],
                ),
            ));
            blocks.push(Block::Folded(
                "The same by quantiles".to_owned(),
                look.grid(
                    "beside.quantiles",
                    &[
                        ("of trades below", "share", Form::Percent(0)),
                        ("live", "live", Form::Change(2)),
                        ("backtest", "backtest", Form::Change(2)),
                    ],
                ),
            ));
        }
        blocks.push(Block::Folded(
            format!("The last {} trades at a time", self.window),
            look.grid(
                "rolling",
                &[
                    ("up to trade", "trades", Form::Count),
                    ("win rate", "win_rate", Form::Percent(1)),
                    ("mean", "expectancy", Form::Change(3)),
                ],
            ),
        ));
        blocks.push(Block::Head(format!("The last {} of {}", self.listed, self.all)));
        blocks.push(Block::Table(look.grid(
            "last",
            &[
                ("no", "number", Form::Count),
                ("symbol", "symbol", Form::Words),
                ("side", "side", Form::Words),
                ("quantity", "quantity", Form::Words),
                ("entry", "entry", Form::Words),
                ("exit", "exit", Form::Words),
                ("closed, UTC", "closed_at", Form::Minute),
                ("by", "exit_by", Form::Words),
                ("net", "net", Form::Change(2)),
                ("R", "r", Form::Change(2)),
                ("not counted", "not_counted", Form::Words),
            ],
        )));
        blocks
    }
}

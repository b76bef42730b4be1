//! Execution quality in words: what orders cost against the price that was decided, how long each step took, how many were
//! filled and refused, how long positions lay without a stop, and costs against the model.

use evidence::plot::of_orders::{chain, costs, drift, hours, slippage};

use super::blocks::Form;
use super::{Block, Look, Section};
use crate::quality::Quality;

/// The costs of an order, by their path.
const COSTS: [(&str, &str); 5] = [
    ("decision slippage", "decision"),
    ("delay", "delay"),
    ("arrival slippage", "arrival"),
    ("implementation shortfall", "shortfall"),
    ("of it, what was not filled", "opportunity"),
];

impl Section for Quality {
    const KEY: &'static str = "execution";
    const TITLE: &'static str = "Execution quality";

    fn blocks(&self, look: &Look<'_>) -> Vec<Block> {
        let mut blocks = vec![
            Block::Note("In basis points of the price; above zero is a cost.".to_owned()),
            Block::Head("Orders that a signal decided".to_owned()),
        ];
        for (name, path) in COSTS {
            blocks.push(Block::Head(name.to_owned()));
            blocks.push(classes(look, "decided", &columns(path)));
        }
        blocks.push(Block::Head("What became of them".to_owned()));
        blocks.push(classes(
            look,
            "decided",
            &[
                ("class", "class", Form::Words),
                ("sent", "rates.sent", Form::Count),
                ("filled quantity", "rates.fill_rate", Form::Percent(1)),
                ("filled whole", "rates.filled_whole", Form::Percent(1)),
                ("in part", "rates.filled_partly", Form::Percent(1)),
                ("refused", "rates.refused", Form::Percent(1)),
                ("not whole", "missed", Form::Count),
                ("denied by us", "rates.denied", Form::Count),
            ],
        ));
        blocks.push(Block::Head("Stops that were filled, against their price".to_owned()));
        blocks.push(classes(look, "stops", &columns("decision")));
        blocks.extend(plot(slippage(&self.decided), "decided orders, entries and exits"));
        blocks.push(Block::Head("Costs against the model".to_owned()));
        blocks.push(Block::Table(look.grid(
            "costs",
            &[
                ("class", "model.class", Form::Words),
                ("orders", "orders", Form::Count),
                ("mean", "mean", Form::Cost(1)),
                ("model", "model.expected", Form::Number(1)),
                ("bound of the mean", "bound", Form::Number(1)),
                ("upper 90 %", "upper_90", Form::Number(1)),
                ("by the model", "budget", Form::Number(2)),
                ("surely above", "surely_above", Form::Cost(1)),
                ("verdict", "within_bounds.verdict", Form::Words),
                ("hard cap", "model.hard_cap", Form::Number(0)),
                ("beyond it", "beyond_cap", Form::Words),
            ],
        )));
        blocks.extend(plot(
            costs(&self.costs),
            "within bounds: upper 90 % at most 1.25 times the model, from 20 orders on",
        ));
        blocks.extend(plot(
            drift(&self.drift),
            &format!("n = {}; cost less model, the latest weighs 0.1", self.drift.orders),
        ));
        blocks.extend(plot(
            hours(&self.drift, &self.hours),
            &format!("n = {}; against the decision price", self.drift.orders),
        ));
        blocks.push(Block::Facts(vec![
            look.fact_of("cost beyond the model", "drift.mean", Form::Cost(1), "basis points, mean of all"),
            look.fact_of("of late", "drift.rolling", Form::Cost(1), "rolling mean"),
            look.fact_of("its limit", "drift.limit", Form::Number(1), "3 standard deviations of that mean"),
            look.fact_of("above the limit", "drift.above", Form::Count, "times, after an order"),
        ]));
        blocks.push(Block::Folded(
            "Costs by the hour of the day".to_owned(),
            look.grid(
                "hours",
                &[
                    ("hour, UTC", "hour", Form::Count),
                    ("orders", "orders", Form::Count),
                    ("median", "median", Form::Cost(1)),
                    ("worst", "worst", Form::Cost(1)),
                ],
            ),
        ));
        blocks.push(Block::Folded(
            format!("The last {} of {} filled orders", self.drift.rows.len(), self.drift.orders),
            look.grid(
                "drift.rows",
                &[
                    ("no", "number", Form::Count),
                    ("symbol", "symbol", Form::Words),
                    ("class", "class", Form::Words),
                    ("filled, UTC", "at", Form::Minute),
                    ("cost", "cost", Form::Cost(1)),
                    ("model", "model", Form::Number(1)),
                    ("rolling mean", "rolling", Form::Cost(1)),
                ],
            ),
        ));
        blocks.push(Block::Head("Time along the way".to_owned()));
        blocks.push(Block::Table(look.grid(
            "latencies",
            &[
                ("step", "step", Form::Words),
                ("orders", "orders", Form::Count),
                ("50 %", "p50", Form::Span),
                ("90 %", "p90", Form::Span),
                ("95 %", "p95", Form::Span),
                ("99 %", "p99", Form::Span),
                ("longest", "longest", Form::Span),
                ("backwards", "backwards", Form::Count),
            ],
        )));
        blocks.extend(plot(chain(&self.latencies), "what took no time is drawn at a millisecond"));
        blocks.push(Block::Folded(
            "What the journal knows of the way of an order".to_owned(),
            look.grid(
                "known",
                &[
                    ("place", "place", Form::Words),
                    ("what", "what", Form::Words),
                    ("orders", "orders", Form::Count),
                ],
            ),
        ));
        blocks.push(Block::Head("Time without a stop".to_owned()));
        blocks.push(Block::Facts(vec![
            look.fact_of("positions", "unprotected.positions", Form::Count, "that were to have a stop"),
            look.fact_of("ever without it", "unprotected.bare", Form::Count, "positions"),
            look.fact("in all", "unprotected.total_ms", Form::Span),
            look.fact("longest", "unprotected.longest_ms", Form::Span),
            look.fact("of", "unprotected.longest_symbol", Form::Words),
        ]));
        blocks.push(Block::Facts(vec![
            look.fact_of("orders not over yet", "open", Form::Count, "in nothing above"),
            look.fact_of("never sent", "never_sent", Form::Count, "likewise"),
            look.fact_of("of no known class", "unclassed", Form::Count, "likewise"),
        ]));
        blocks
    }
}

/// The distribution of a cost, by its path.
fn columns(cost: &str) -> [(&'static str, String, Form); 7] {
    let of = |path: &str| format!("{cost}.{path}");
    [
        ("class", "class".to_owned(), Form::Words),
        ("orders", of("orders"), Form::Count),
        ("mean", of("mean"), Form::Cost(1)),
        ("deviation", of("sd"), Form::Number(1)),
        ("median", of("median"), Form::Cost(1)),
        ("95 %", of("p95"), Form::Cost(1)),
        ("worst", of("worst"), Form::Cost(1)),
    ]
}

/// A row for all classes and for each: what is of no class is of all.
fn classes<P: AsRef<str>>(look: &Look<'_>, list: &str, columns: &[(&str, P, Form)]) -> Block {
    let mut grid = look.grid(list, columns);
    for cell in grid.rows.iter_mut().filter_map(|row| row.first_mut()).filter(|cell| cell.why.is_some()) {
        "all".clone_into(&mut cell.shown);
        cell.why = None;
    }
    Block::Table(grid)
}

fn plot(plot: Option<evidence::plot::Plot>, how: &str) -> Option<Block> {
    Some(Block::Plot(Box::new(plot?), how.to_owned()))
}

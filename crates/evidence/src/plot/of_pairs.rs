//! Trades beside their shadows, drawn.

use super::of_trades::ENOUGH;
use super::{Axis, Mark, Plot, Scale, Style};
use crate::compare::pairs::SoFar;
use crate::figure::{count, grouped_signed};

/// The mean difference of pairs as it went, what is still possible at any look, and how much pairs may lose on average, in R.
pub fn pairs(steps: &[SoFar], parity: f64) -> Option<Plot> {
    let bound = -parity;
    let last = steps.last().filter(|last| last.pairs >= ENOUGH)?;
    let low = last.low.value()?;
    let says = if low > bound { "parity is shown" } else { "not shown yet" };
    // While pairs are few anything is possible, and would press all else flat.
    let told = |step: &&SoFar| step.pairs >= ENOUGH / 2;
    let area = steps
        .iter()
        .filter(told)
        .filter_map(|step| Some((count(step.pairs), step.low.value()?, step.high.value()?)));
    Some(Plot {
        title: format!(
            "{} pairs differ by {} R on average, {} at worst: {says}",
            last.pairs,
            grouped_signed(last.mean, 3),
            grouped_signed(low, 3)
        ),
        says: format!(
            "The mean difference in R of {} trades and their shadows, with the 95 % confidence sequence that holds however \
             often one looks. It is to lie above {bound:+.2} R. Below zero is worse for us.",
            last.pairs
        ),
        x: Axis::new("pairs", Scale::Linear),
        y: Axis::new("mean difference, R", Scale::Linear),
        marks: vec![
            Mark::Area(Style::Band, area.collect()),
            Mark::Level(Style::Limit, bound, format!("bound {bound:+.2} R")),
            Mark::Line(
                Style::Live,
                steps.iter().filter(told).map(|step| (count(step.pairs), step.mean)).collect(),
            ),
        ],
        legend: vec![(Style::Live, "mean"), (Style::Band, "95 %, any look"), (Style::Limit, "bound")],
    })
}

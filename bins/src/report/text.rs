//! The report as text for a terminal.

use super::blocks::{Cell, Fact, Grid, NONE};
use super::{Block, Part};
use crate::failure::plain;
use crate::figures::Table;

/// How wide the names of values are.
const NAME: usize = 30;

/// All sections, one after the other.
pub fn text(headline: &str, parts: &[Part]) -> String {
    let mut out = format!("{headline}\n");
    for part in parts {
        out.push_str(&format!("\n{}\n", part.title.to_uppercase()));
        for block in &part.blocks {
            match block {
                Block::Head(words) => out.push_str(&format!("\n {}\n", plain(words))),
                Block::Note(words) => out.push_str(&format!("  {}\n", plain(words))),
                Block::Facts(facts) => facts.iter().for_each(|fact| out.push_str(&line(fact))),
                Block::Table(grid) => out.push_str(&table(grid)),
                // A terminal has no place for long series, nor for drawings: JSON and the page have them.
                Block::Folded(..) => {}
                Block::Plot(plot, _) => out.push_str(&format!("  {}\n", plain(&plot.title))),
            }
        }
    }
    out
}

fn line(fact: &Fact) -> String {
    let why = fact.cell.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
    let note = if fact.note.is_empty() { String::new() } else { format!("   {}", fact.note) };
    format!("  {:<NAME$} {}{}{}\n", fact.name, plain(&fact.cell.shown), plain(&why), note)
}

fn table(grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return "  none\n".to_owned();
    }
    let is_figure = |at: usize| grid.rows.iter().all(|row| row.get(at).is_some_and(|cell| cell.is_figure));
    let heads: Vec<String> = grid
        .heads
        .iter()
        .enumerate()
        .map(|(at, head)| if is_figure(at) { format!(">{head}") } else { head.clone() })
        .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    for row in &grid.rows {
        table.row(row.iter().map(|cell| plain(&cell.shown).replace('\n', " ")).collect());
    }
    let whys = whys(grid);
    table.lines() + &whys.map_or_else(String::new, |whys| format!("  {NONE} {}\n", plain(&whys)))
}

/// Why cells of a table have no value, each reason once.
pub fn whys(grid: &Grid) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    for why in grid.rows.iter().flatten().filter_map(|Cell { why, .. }| why.as_deref()) {
        if !found.contains(&why) {
            found.push(why);
        }
    }
    (!found.is_empty()).then(|| found.join("; "))
}

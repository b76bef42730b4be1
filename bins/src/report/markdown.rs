//! The report as Markdown: headings, lists and tables. Nothing that somebody else wrote becomes markup.

use super::blocks::{Fact, Grid, NONE};
use super::text::whys;
use super::{Block, Part};

/// All sections, one after the other.
pub fn markdown(headline: &str, parts: &[Part]) -> String {
    let mut out = format!("# Report\n\n{}\n", safe(headline));
    for part in parts {
        out.push_str(&format!("\n## {}\n", part.title));
        for block in &part.blocks {
            match block {
                Block::Head(words) => out.push_str(&format!("\n### {}\n", safe(words))),
                Block::Note(words) => out.push_str(&format!("\n{}\n", safe(words))),
                Block::Facts(facts) => {
                    out.push('\n');
                    for fact in facts {
                        out.push_str(&item(fact));
                    }
                }
                Block::Table(grid) => out.push_str(&table(grid)),
                Block::Folded(..) => {}
                Block::Plot(plot, how) => {
                    out.push_str(&format!("\n*{}* ({})\n", safe(&plot.title), safe(how)));
                }
            }
        }
    }
    out
}

fn item(fact: &Fact) -> String {
    let why = fact.cell.why.as_ref().map_or_else(String::new, |why| format!(" ({})", safe(why)));
    let note = if fact.note.is_empty() { String::new() } else { format!(", {}", safe(&fact.note)) };
    format!("- {}: **{}**{why}{note}\n", safe(&fact.name), safe(&fact.cell.shown))
}

fn table(grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return "\nnone\n".to_owned();
    }
    let row =
        |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let is_figure = |at: usize| grid.rows.iter().all(|row| row.get(at).is_some_and(|cell| cell.is_figure));
    let rule = |at: usize| (if is_figure(at) { "---:" } else { "---" }).to_owned();
    let mut out = String::from("\n");
    out.push_str(&row(&mut grid.heads.iter().map(|head| safe(head))));
    out.push_str(&row(&mut (0..grid.heads.len()).map(rule)));
    for cells in &grid.rows {
        out.push_str(&row(&mut cells.iter().map(|cell| safe(&cell.shown))));
    }
    if let Some(whys) = whys(grid) {
        out.push_str(&format!("\n{NONE} {}\n", safe(&whys)));
    }
    out
}

/// Words with nothing in them that Markdown, or HTML in it, would read.
fn safe(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in words.trim().chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => out.extend(['\\', letter]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn words_of_others_are_no_markup() {
        assert_eq!(safe("a|b <script> [x](y) *z*\n# no"), "a\\|b &lt;script&gt; \\[x\\](y) \\*z\\* \\# no");
    }
}

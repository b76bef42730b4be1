//! The report as one page: styles and drawings inside, no script, and not one request to anywhere. Every value of the document is
//! on it, with its path (`data-field`) and as the document has it (`data-value`).

use std::collections::BTreeSet;

use evidence::plot::escaped;
use serde_json::Value;

use super::blocks::{Cell, Fact, Grid, NONE, Sense, leaves};
use super::text::whys;
use super::{Block, Part};

/// Its styles.
const STYLES: &str = include_str!("page.css");

/// From so many letters on, a cell is a sentence.
const LONG: usize = 30;

/// What stands before the title.
const HEAD: &str = "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
    <link rel=\"icon\" href=\"data:,\">\n";

/// The page.
pub fn html(headline: &str, document: &Value, parts: &[Part]) -> String {
    let title = escaped(headline);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n{HEAD}<title>Report {title}</title>\n<style>\n{STYLES}</style>\n</head>\n\
         <body>\n<header><h1>Report</h1><p>{title}</p></header>\n<nav aria-label=\"sections\">"
    );
    for part in parts {
        out.push_str(&format!("<a href=\"#{}\">{}</a>", part.key, escaped(part.title)));
    }
    out.push_str("<a href=\"#every\">All else</a></nav>\n<main>\n");
    let mut page = Page { out, plots: 0, shown: BTreeSet::new() };
    for part in parts {
        page.section(part);
    }
    page.every(document);
    page.out.push_str("</main>\n</body>\n</html>\n");
    page.out
}

struct Page {
    out: String,
    plots: usize,
    /// The paths of what is on it.
    shown: BTreeSet<String>,
}

impl Page {
    fn section(&mut self, part: &Part) {
        let (key, title) = (part.key, escaped(part.title));
        self.out.push_str(&format!(
            "<section id=\"{key}\" aria-labelledby=\"{key}-h\">\n<h2 id=\"{key}-h\">{title}</h2>\n"
        ));
        let mut name = part.title;
        let mut is_in_plots = false;
        for block in &part.blocks {
            let is_plot = matches!(block, Block::Plot(..));
            if is_plot != is_in_plots {
                self.out.push_str(if is_plot { "<div class=\"plots\">\n" } else { "</div>\n" });
                is_in_plots = is_plot;
            }
            match block {
                Block::Head(words) => {
                    name = words;
                    self.out.push_str(&format!("<h3>{}</h3>\n", escaped(words)));
                }
                Block::Note(words) => self.out.push_str(&format!("<p>{}</p>\n", escaped(words))),
                Block::Facts(facts) => self.facts(facts),
                Block::Table(grid) => self.table(name, grid),
                Block::Folded(words, grid) => {
                    self.out.push_str(&format!("<details><summary>{}</summary>\n", escaped(words)));
                    self.table(words, grid);
                    self.out.push_str("</details>\n");
                }
                Block::Plot(plot, how) => {
                    self.plots += 1;
                    let svg = plot.svg(&format!("plot{}", self.plots));
                    self.out.push_str(&format!(
                        "<figure><figcaption>{}<small>{}</small></figcaption>{svg}</figure>\n",
                        escaped(&plot.title),
                        escaped(how)
                    ));
                }
            }
        }
        self.out.push_str(if is_in_plots { "</div>\n</section>\n" } else { "</section>\n" });
    }

    fn facts(&mut self, facts: &[Fact]) {
        self.out.push_str("<dl>\n");
        for fact in facts {
            let value = self.value(&fact.cell);
            let why = fact.cell.why.as_ref().map_or_else(String::new, |why| format!(" ({})", escaped(why)));
            let note = if fact.note.is_empty() { String::new() } else { format!(" {}", escaped(&fact.note)) };
            self.out.push_str(&format!(
                "<div><dt>{}</dt><dd>{value}<small>{why}{note}</small></dd></div>\n",
                escaped(&fact.name)
            ));
        }
        self.out.push_str("</dl>\n");
    }

    fn table(&mut self, name: &str, grid: &Grid) {
        if grid.rows.is_empty() {
            self.out.push_str("<p class=\"none\">none</p>\n");
            return;
        }
        // A box that scrolls by itself is reached by the keyboard.
        self.out.push_str(&format!(
            "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table>\n<thead><tr>",
            escaped(name)
        ));
        for (at, head) in grid.heads.iter().enumerate() {
            let is_figure = grid.rows.iter().all(|row| row.get(at).is_some_and(|cell| cell.is_figure));
            let class = if is_figure { " class=\"n\"" } else { "" };
            self.out.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escaped(head)));
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
        for row in &grid.rows {
            self.out.push_str("<tr>");
            for cell in row {
                let value = self.value(cell);
                let class = match cell.shown.chars().count() {
                    _ if cell.is_figure => " class=\"n\"",
                    // Words wrap; a date or a symbol never does.
                    LONG.. => " class=\"w\"",
                    _ => "",
                };
                self.out.push_str(&format!("<td{class}>{value}</td>"));
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></div>\n");
        if let Some(whys) = whys(grid) {
            self.out.push_str(&format!("<p class=\"none\">{NONE} {}</p>\n", escaped(&whys)));
        }
    }

    /// A value with its path and as the document has it.
    fn value(&mut self, cell: &Cell) -> String {
        let shown = escaped(&cell.shown);
        if cell.field.is_empty() {
            return shown;
        }
        self.shown.insert(cell.field.clone());
        let class = match (cell.sense, cell.shown.chars().next()) {
            (Sense::Gain, Some('+')) | (Sense::Cost, Some('-')) => " class=\"up\"",
            (Sense::Gain, Some('-')) | (Sense::Cost, Some('+')) => " class=\"down\"",
            _ => "",
        };
        let (field, raw) = (escaped(&cell.field), escaped(&cell.raw));
        format!("<span{class} data-field=\"{field}\" data-value=\"{raw}\">{shown}</span>")
    }

    /// What no section shows.
    fn every(&mut self, document: &Value) {
        let mut all = Vec::new();
        leaves(document, "", &mut all);
        all.retain(|(field, _)| !self.shown.contains(field));
        let rows = all.into_iter().map(|(field, raw)| {
            let value = Cell {
                shown: raw.clone(),
                field: field.clone(),
                raw,
                why: None,
                is_figure: false,
                sense: Sense::Neither,
            };
            vec![Cell::label(&field), value]
        });
        let grid = Grid { heads: ["field", "value"].map(str::to_owned).to_vec(), rows: rows.collect() };
        self.out.push_str(
            "<section id=\"every\" aria-labelledby=\"every-h\">\n<h2 id=\"every-h\">All else</h2>\n\
             <p>Everything that --json has and no section above shows, as it stands there.</p>\n<details><summary>Show</summary>\n",
        );
        self.table("All else", &grid);
        self.out.push_str("</details>\n</section>\n");
    }
}

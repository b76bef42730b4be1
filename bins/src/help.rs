//! A page for every code: what it means, how it comes about, what to do. The pages are files beside this one, compiled
//! in, so that they are there without a network; `docs/errors.md` is made of them.
//!
//! A page begins with one line: `## TW0102 bad_config: what it is (exit 2)`. In the brackets stands the exit code
//! of a failure, `warning`, or for a reason what it does, such as `denied by the check price`. To add a page, write it
//! into the file of its theme under the next free number and run `UPDATE_EXPECT=1 cargo test -p bins help`.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::{Value, json};

/// The pages by theme. Each file begins with its theme and the range of its numbers.
const FILES: [&str; 9] = [
    include_str!("help/pages/config.md"),
    include_str!("help/pages/input.md"),
    include_str!("help/pages/state.md"),
    include_str!("help/pages/venue.md"),
    include_str!("help/pages/guard.md"),
    include_str!("help/pages/orders.md"),
    include_str!("help/pages/levels.md"),
    include_str!("help/pages/divergence.md"),
    include_str!("help/pages/system.md"),
];

/// What a code is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A verb that could not do what it was asked to.
    Failure,
    /// Something to know; what was asked for goes on.
    Warning,
    /// Why a signal, an order or a level is as it is.
    Reason,
}

impl Kind {
    /// As documents say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Reason => "reason",
        }
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `TW0102`: once given, it never means anything else.
    pub number: &'static str,
    /// The word that programs branch on; the same word can be a failure and a reason.
    pub code: &'static str,
    /// What it is said of.
    pub kind: Kind,
    /// What it is, in one line.
    pub title: &'static str,
    /// What stands in the brackets: exit code, effect.
    pub effect: &'static str,
    /// The rest.
    pub text: &'static str,
}

/// The pages of one theme.
#[derive(Clone, Debug)]
pub struct Theme {
    /// What they are about.
    pub title: &'static str,
    /// What their numbers begin with: `TW01`.
    pub range: &'static str,
    /// In the order of their numbers.
    pub pages: Vec<Page>,
}

/// All pages.
pub fn themes() -> Vec<Theme> {
    FILES.iter().filter_map(|file| theme(file)).collect()
}

fn theme(file: &'static str) -> Option<Theme> {
    let mut sections = file.split("\n## ");
    let head = sections.next()?.trim().strip_prefix("# ")?;
    let (title, range) = head.strip_suffix("xx)")?.rsplit_once(" (")?;
    Some(Theme { title, range, pages: sections.filter_map(page).collect() })
}

fn page(section: &'static str) -> Option<Page> {
    let (head, text) = section.split_once('\n')?;
    let (number, head) = head.split_once(' ')?;
    let (code, head) = head.split_once(": ")?;
    let (title, effect) = head.strip_suffix(')')?.rsplit_once(" (")?;
    let kind = if effect == "warning" {
        Kind::Warning
    } else if effect.starts_with("exit ") {
        Kind::Failure
    } else {
        Kind::Reason
    };
    Some(Page { number, code, kind, title, effect, text: text.trim() })
}

/// The number of a code.
pub fn number(kind: Kind, code: &str) -> Option<&'static str> {
    pages().into_iter().find(|page| page.kind == kind && page.code == code).map(|page| page.number)
}

/// All pages, without their themes.
pub fn pages() -> Vec<Page> {
    themes().into_iter().flat_map(|theme| theme.pages).collect()
}

impl Page {
    /// The codes a process can end with that says this; none for what does not end it.
    pub fn exits(&self) -> Vec<u8> {
        let words =
            self.effect.strip_prefix("exit ").unwrap_or_default().split(|c: char| !c.is_ascii_digit());
        words.filter_map(|word| word.parse().ok()).collect()
    }

    /// The guard's checks that say this.
    pub fn checks(&self) -> Vec<&'static str> {
        let behind = self.effect.split_once("check").and_then(|(_, rest)| rest.split_once(' '));
        let named = behind.map_or("", |(_, names)| names);
        named.split([',', ' ']).filter(|word| !word.is_empty() && *word != "and").collect()
    }

    /// For people.
    pub fn shown(&self) -> String {
        format!("{}  {}  ({})\n{}\n\n{}\n", self.number, self.code, self.effect, self.title, self.text)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "number": self.number,
            "code": self.code,
            "kind": self.kind.as_str(),
            "title": self.title,
            "effect": self.effect,
            "exits": self.exits(),
            "checks": self.checks(),
            "text": self.text,
        })
    }
}

/// The pages that somebody means: by number (`TW0102`, `tw0102`, `error[TW0102]`), by word (`no_price`, `no-price`), or
/// by the name of a check of the guard.
pub fn find(asked: &str) -> Vec<Page> {
    let asked = plain(asked);
    let mut found = pages();
    found.retain(|page| {
        page.number.eq_ignore_ascii_case(&asked)
            || page.code == asked
            || page.checks().contains(&asked.as_str())
    });
    found
}

/// What is most like it among all that can be asked for.
pub fn nearest(asked: &str) -> Option<&'static str> {
    let asked = plain(asked);
    let upper = asked.to_ascii_uppercase();
    let pages = pages();
    let words = pages.iter().flat_map(|page| [page.checks(), vec![page.code]].concat());
    let numbers = pages.iter().map(|page| page.number);
    let far = |name: &str| strsim::osa_distance(name, if name.starts_with("TW") { &upper } else { &asked });
    let near = words.chain(numbers).map(|name| (far(name), name));
    near.filter(|(distance, name)| *distance * 3 <= name.len()).min().map(|(_, name)| name)
}

fn plain(asked: &str) -> String {
    let inside = asked.split_once('[').map_or(asked, |(_, behind)| behind.trim_end_matches([']', ':']));
    inside.trim().to_ascii_lowercase().replace('-', "_")
}

/// All codes, a line each, by theme.
pub fn listed() -> String {
    let mut text = "A verb: tradewind help VERB   A code, with what to do: tradewind help CODE\n".to_owned();
    for theme in themes() {
        // Text takes everything.
        let _ = writeln!(text, "\n{}xx  {}", theme.range, theme.title);
        let width = theme.pages.iter().map(|page| page.code.len()).max().unwrap_or(0);
        for Page { number, code, title, .. } in &theme.pages {
            let _ = writeln!(text, "  {number}  {code:<width$}  {title}");
        }
    }
    text
}

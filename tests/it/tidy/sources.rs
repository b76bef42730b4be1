//! What may stand in a source file, and where. The compiler holds most of the design; this holds the rest.

use std::collections::BTreeSet;

use super::File;
use super::tokens::{Token, is_at, shipped, test_modules, tokens};

/// A file of source text, and whether it is compiled for tests only.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) is_test: bool,
    text: String,
}

/// Sorts the files into what is shipped and what is a test. A test is what lies in a folder for tests or benches, and
/// every module that is declared under `#[cfg(test)]`, with all below it.
pub(super) fn read(files: &[File]) -> Vec<Source> {
    let mut modules = BTreeSet::new();
    for file in files {
        let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let below = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
        modules.extend(test_modules(&tokens(&file.text)).iter().map(|module| format!("{below}/{module}")));
    }
    let is_declared = |path: &str| {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        stem.match_indices('/')
            .map(|(at, _)| at)
            .chain([stem.len()])
            .any(|end| modules.contains(&stem[..end]))
    };
    files
        .iter()
        .map(|file| Source {
            path: file.path.clone(),
            is_test: is_in_tests(&file.path) || is_declared(&file.path),
            text: file.text.clone(),
        })
        .collect()
}

/// Whether cargo builds this file for tests, benches or examples only.
fn is_in_tests(path: &str) -> bool {
    let package =
        path.strip_prefix("crates/").and_then(|p| p.split_once('/')).map_or(path, |(_, inside)| inside);
    let package = package.strip_prefix("bins/").unwrap_or(package);
    ["tests/", "benches/", "examples/"].iter().any(|folder| package.starts_with(folder))
}

/// A thing that stands in few places. Tests may have it anywhere.
struct Rule {
    /// The thing, and where it belongs.
    what: &'static str,
    /// Ways to write it.
    ways: &'static [&'static [&'static str]],
    /// What the path begins with where it may stand.
    places: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        what: "a `Store` is made in state and faultworld",
        ways: &[&["Store", "for"]],
        places: &["crates/state/", "crates/faultworld/"],
    },
    Rule {
        what: "`drain_volatile` leaves the journal out, which only replay may",
        ways: &[&["drain_volatile"]],
        places: &["crates/state/", "crates/engine/src/replay"],
    },
    Rule {
        what: "`Broker::submit` is called by the engine's venue",
        ways: &[&[".", "submit", "("], &["Broker", "::", "submit"]],
        // The second is the paper venue's own inside, behind the port.
        places: &[
            "crates/engine/src/venue.rs",
            "crates/broker-paper/src/venue/broker.rs",
            "crates/broker-api/src/conformance",
            // The paper broker behind a wire that can fail.
            "bins/src/conformance/paper.rs",
            // The world before an adapter's wire hands on what it is given.
            "crates/faultworld/src/wire/process.rs",
        ],
    },
    Rule {
        what: "the clock is read in the binaries; elsewhere time is an argument",
        ways: &[
            &["Utc", "::", "now"],
            &["Local", "::", "now"],
            &["SystemTime", "::", "now"],
            &["Instant", "::", "now"],
        ],
        places: &["bins/", "crates/faultworld/"],
    },
    Rule {
        what: "what a person reads is written by `Out`",
        ways: &[
            &["println", "!"],
            &["print", "!"],
            &["eprintln", "!"],
            &["eprint", "!"],
            &["io", "::", "stdout"],
            &["io", "::", "stderr"],
        ],
        places: &["bins/src/out.rs", "crates/faultworld/src/bin/"],
    },
    Rule {
        what: "a decimal becomes a binary fraction at one place, and none becomes a decimal",
        ways: &[
            &["to_f64"],
            &["to_f32"],
            &["from_f64"],
            &["from_f64_retain"],
            &["from_f32"],
            &["from_f32_retain"],
        ],
        places: &["crates/evidence/src/ledger.rs"],
    },
];

impl Rule {
    fn lines(&self, source: &Source) -> Vec<usize> {
        let all = tokens(&source.text);
        let kept = shipped(&all);
        let stands = |at: &usize| self.ways.iter().any(|way| is_at(&kept, *at, way));
        (0..kept.len()).filter(stands).map(|at| kept[at].line).collect()
    }

    fn allows(&self, source: &Source) -> bool {
        source.is_test || self.places.iter().any(|place| source.path.starts_with(place))
    }
}

/// Everything that stands where it does not belong.
pub(super) fn out_of_place(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for rule in RULES.iter().filter(|rule| !rule.allows(source)) {
            faults.extend(
                rule.lines(source).iter().map(|line| format!("{}:{line}: {}", source.path, rule.what)),
            );
        }
    }
    faults
}

/// Every rule whose thing is nowhere any more (it was renamed, and the rule looks at nothing), and every exception that
/// nothing uses.
pub(super) fn lost_subjects(sources: &[Source]) -> Vec<String> {
    let is_lost =
        |rule: &&Rule| !sources.iter().any(|s| !s.is_test && rule.allows(s) && !rule.lines(s).is_empty());
    let unused = |(path, word): &&(&str, &str)| {
        !sources.iter().any(|s| s.path == *path && tokens(&s.text).iter().any(|t| t.text == *word))
    };
    let lost =
        RULES.iter().filter(is_lost).map(|rule| format!("found nowhere, so not checked: {}", rule.what));
    let stale = LIKENESS
        .iter()
        .filter(unused)
        .map(|(path, word)| format!("{path}: no {word} to make an exception for"));
    lost.chain(stale).collect()
}

/// A file longer than this is two files.
const LINES_MAX: usize = 400;

/// Whether the file says first what lives in it, and is short enough to be read.
pub(super) fn wrong_form(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let first = file.text.lines().next().and_then(|line| line.strip_prefix("//! "));
    if first.is_none_or(|said| said.trim().is_empty()) {
        faults.push(format!("{}:1: the first line says what lives here: `//! ...`", file.path));
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{}: {lines} lines, at most {LINES_MAX}", file.path));
    }
    faults
}

/// Notes that something is left for later. In halves, because this file is read too.
const LATER: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Tests that are switched off, and what was left for later. No file may have any, tests neither.
pub(super) fn left_undone(file: &File) -> Vec<String> {
    let mut faults: Vec<(usize, &str)> = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        if words.any(|word| LATER.contains(&word)) {
            faults.push((line, "do it, or write down where it is planned"));
        }
        if text.trim_start().starts_with("//") && text.contains(concat!("``", "`ignore")) {
            faults.push((line, "an example that is switched off"));
        }
    }
    let all = tokens(&file.text);
    for (at, token) in all.iter().enumerate() {
        if is_at(&all, at, &["#", "[", "ignore"])
            || (token.text == "cfg_attr" && attribute(&all[at..]).any(|t| t == "ignore"))
        {
            faults.push((token.line, "a test that is switched off"));
        }
        if is_at(&all, at, &["todo", "!"]) || is_at(&all, at, &["unimplemented", "!"]) {
            faults.push((token.line, "a stub"));
        }
    }
    faults.sort_unstable();
    faults.iter().map(|(line, what)| format!("{}:{line}: {what}", file.path)).collect()
}

/// The words up to the end of the attribute.
fn attribute<'a>(tokens: &'a [Token<'_>]) -> impl Iterator<Item = &'a str> {
    tokens.iter().map(|t| t.text).take_while(|text| *text != "]")
}

/// What is computed of money and never becomes money again.
const STATISTICS: &str = "crates/evidence/";

/// Whether figures in this file are exact: all that is shipped, but statistics.
pub(super) fn is_exact(source: &Source) -> bool {
    let is_shipped = !source.is_test && ["crates/", "bins/"].iter().any(|top| source.path.starts_with(top));
    is_shipped && !source.path.starts_with(STATISTICS)
}

/// How alike two names must be for a "did you mean": the only fractions that may be binary, each where it stands.
const LIKENESS: &[(&str, &str)] = &[("crates/engine/src/intake.rs", "0.75")];

/// Every binary fraction in what is shipped of this file: as a type, as a number, or by a conversion. Spans of time
/// in seconds, for a person's eye, are none of them.
pub(super) fn binary_fractions(source: &Source) -> Vec<String> {
    let all = tokens(&source.text);
    let kept = shipped(&all);
    let found = kept
        .iter()
        .filter(|token| is_binary_fraction(token.text) && !LIKENESS.contains(&(&source.path, token.text)));
    found
        .map(|t| format!("{}:{}: `{}`; money and quantities are decimals", source.path, t.line, t.text))
        .collect()
}

fn is_binary_fraction(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        let is_a_span = matches!(word, "as_secs_f32" | "as_secs_f64");
        return !is_a_span
            && ["f32", "f64"].iter().any(|kind| {
                word.strip_suffix(kind).is_some_and(|name| name.is_empty() || name.ends_with('_'))
            });
    }
    if ["0x", "0b", "0o"].iter().any(|base| word.starts_with(base)) {
        return false;
    }
    let behind = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    // `1e` is how `1e-5` begins here.
    let is_power =
        behind.strip_prefix(['e', 'E']).is_some_and(|power| power.chars().all(|c| c.is_ascii_digit()));
    behind.starts_with('.') || is_power || behind.starts_with("f32") || behind.starts_with("f64")
}

#[cfg(test)]
mod tests;

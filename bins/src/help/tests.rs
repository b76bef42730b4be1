//! The pages and the sources agree: every code that is said has a page, every page is about a code that is said, and
//! numbers stay what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

/// Numbers that were given, once and for all.
const GIVEN: &str = include_str!("numbers.txt");

/// A code as a source file says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    kind: Kind,
    code: String,
    /// The exit code, where it stands beside the code.
    exit: Option<u8>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "tests" | "target" | "benches") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs")
            && !matches!(name.as_str(), "tests.rs" | "testing.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.push((path, shipped));
        }
    }
}

/// The words in quotes that stand right behind a call; before them may stand one argument that is a path.
fn called<'t>(text: &'t str, call: &str) -> Vec<(&'t str, &'t str)> {
    let whole = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut found = Vec::new();
    for (at, _) in text.match_indices(call).filter(|(at, _)| call.starts_with('.') || whole(*at)) {
        let rest = text[at + call.len()..].trim_start();
        let (first, rest) = match rest.split_once(',') {
            Some((first, rest)) if first.chars().all(|c| c.is_alphanumeric() || c == ':' || c == '_') => {
                (first, rest.trim_start())
            }
            _ => ("", rest),
        };
        if let Some(word) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
            found.push((first, word));
        }
    }
    found
}

/// The words that failures of `reading::read_text` get instead of theirs: `Failure { code: "word", ..failure }`. They
/// end with 2, as it does.
fn renamed(text: &str) -> impl Iterator<Item = &str> {
    let bodies = text.split("Failure {").skip(1).filter_map(|rest| rest.split('}').next());
    bodies.filter_map(|body| body.split_once("code: \"")?.1.split('"').next())
}

fn exit(name: &str) -> Option<u8> {
    let codes = [("Unexpected", 1), ("Usage", 2), ("Halted", 3), ("Divergence", 4), ("Unavailable", 5)];
    codes.into_iter().find(|(word, _)| name.ends_with(word)).map(|(_, code)| code)
}

/// Every code that a shipped source says, read from its text.
fn said_in(path: &str, text: &str) -> BTreeSet<Said> {
    let put = |kind, code: &str, exit| Said { kind, code: code.to_owned(), exit };
    let mut said = BTreeSet::new();
    if path.contains("bins/src") {
        for call in ["Failure::usage(", "Self::usage("] {
            said.extend(called(text, call).iter().map(|(_, code)| put(Kind::Failure, code, Some(2))));
        }
        for call in ["Failure::new(", "Self::new("] {
            said.extend(called(text, call).iter().map(|(name, code)| put(Kind::Failure, code, exit(name))));
        }
        said.extend(renamed(text).map(|code| put(Kind::Failure, code, Some(2))));
        said.extend(called(text, ".warn(").iter().map(|(_, code)| put(Kind::Warning, code, None)));
    }
    said.extend(called(text, "Code::fixed(").iter().map(|(_, code)| put(Kind::Reason, code, None)));
    if path.contains("crates/risk/src/checks") {
        for call in ["no(", "over(", "beyond(", "full(", "bound("] {
            let first = called(text, call).into_iter().filter(|(before, _)| before.is_empty());
            said.extend(first.map(|(_, code)| put(Kind::Reason, code, None)));
        }
    }
    if path.ends_with("classify/table.rs") {
        said.extend(called(text, "Refused(").iter().map(|(_, code)| put(Kind::Reason, code, None)));
    }
    if path.ends_with("matching/codes.rs") {
        let words = text.lines().filter_map(|line| line.strip_suffix("\",")?.split_once(" = \""));
        said.extend(words.map(|(_, code)| put(Kind::Reason, code, None)));
    }
    said
}

fn said() -> BTreeSet<Said> {
    let mut files = Vec::new();
    sources(&root().join("bins/src"), &mut files);
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let member = entry.unwrap().path();
        // The venues of the seeded world give reasons that no broker gives.
        if !member.ends_with("faultworld") {
            sources(&member.join("src"), &mut files);
        }
    }
    let path = |path: &Path| path.to_string_lossy().replace('\\', "/");
    files.iter().flat_map(|(file, text)| said_in(&path(file), text)).collect()
}

/// What does not agree between pages and sources.
fn faults(pages: &[Page], said: &BTreeSet<Said>) -> Vec<String> {
    let mut faults = Vec::new();
    for Said { kind, code, exit } in said {
        match pages.iter().find(|page| page.kind == *kind && page.code == code) {
            None => faults.push(format!("{code} ({}) has no page", kind.as_str())),
            Some(page) if exit.is_some_and(|exit| !page.exits().contains(&exit)) => {
                faults.push(format!("{code} ends with {exit:?} too, and {} does not say so", page.number));
            }
            Some(_) => {}
        }
    }
    for page in pages {
        let says = |said: &&Said| said.kind == page.kind && said.code == page.code;
        if !said.iter().any(|said| says(&said)) {
            faults.push(format!("{} {}: nothing says it", page.number, page.code));
        }
        let exits: BTreeSet<u8> = said.iter().filter(says).filter_map(|said| said.exit).collect();
        let is_told_elsewhere = said.iter().filter(says).any(|said| said.exit.is_none());
        if !is_told_elsewhere && page.kind == Kind::Failure {
            let extra = page.exits().into_iter().find(|exit| !exits.contains(exit));
            faults.extend(extra.map(|exit| format!("{}: nothing ends with {exit} so", page.number)));
        }
    }
    faults
}

/// What does not agree between pages and the numbers that were given.
fn renumbered(pages: &[Page], given: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut numbers: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in given.lines() {
        let mut words = line.split(' ');
        let (number, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if numbers.insert(number, (code, words.next().unwrap_or_default())).is_some() {
            faults.push(format!("{number} was given twice"));
        }
    }
    let mut seen = BTreeSet::new();
    for page in pages {
        if !seen.insert(page.number) {
            faults.push(format!("two pages have the number {}", page.number));
        }
        match numbers.get(page.number) {
            Some((code, "")) if *code == page.code => {}
            Some((code, _)) => faults.push(format!("{} is {code}, not {}", page.number, page.code)),
            None => faults.push(format!("{} {} is not in numbers.txt", page.number, page.code)),
        }
    }
    for (number, (code, fate)) in numbers {
        if !seen.contains(number) && fate != "retired" {
            faults.push(format!("{number} {code} has no page; write `retired` behind it"));
        }
    }
    faults
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let said = said();
    let count = |kind| said.iter().filter(|said| said.kind == kind).count();
    assert!(count(Kind::Failure) > 40 && count(Kind::Reason) > 80 && count(Kind::Warning) >= 5, "{said:#?}");
    assert_none(&faults(&pages(), &said));
}

#[test]
fn a_number_never_changes_its_meaning() {
    let pages = pages();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let known: BTreeSet<&str> = GIVEN.lines().filter_map(|line| line.split(' ').next()).collect();
        let new = pages.iter().filter(|page| !known.contains(page.number));
        let new = new.map(|page| format!("{} {}", page.number, page.code));
        let mut lines: Vec<String> = GIVEN.lines().map(str::to_owned).chain(new).collect();
        lines.sort();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/help/numbers.txt");
        std::fs::write(file, lines.join("\n") + "\n").unwrap();
        return;
    }
    assert_none(&renumbered(&pages, GIVEN));
}

#[test]
fn planted_faults_are_found() {
    let text = "Failure::usage(\"bad_config\", x) Failure::new(\n Exit::Halted,\n \"exists\", y) out.warn(\"made_up\", z)";
    let found = faults(&pages(), &said_in("bins/src/x.rs", text));
    assert!(found.contains(&"made_up (warning) has no page".to_owned()), "{found:#?}");
    assert!(found.iter().any(|fault| fault.starts_with("exists ends with Some(3) too")), "{found:#?}");
    assert!(found.contains(&"TW0534 max_positions: nothing says it".to_owned()), "{found:#?}");
    let renamed =
        said_in("bins/src/x.rs", "Failure { code: \"word\", fix, ..failure } Failure { exit, code }");
    assert_eq!(renamed, [Said { kind: Kind::Failure, code: "word".to_owned(), exit: Some(2) }].into());
    let checks =
        said_in("crates/risk/src/checks/x.rs", "know(\"not_one\") no(\n \"one\", t) over(\"two\", \"key\")");
    let codes: Vec<&str> = checks.iter().map(|said| said.code.as_str()).collect();
    assert_eq!(codes, ["one", "two"]);
    let moved: Vec<String> = renumbered(&pages(), "TW0101 other\nTW0102 bad_config\nTW0999 gone");
    for told in ["TW0101 is other, not usage", "is not in numbers.txt", "TW0999 gone has no page"] {
        assert!(moved.iter().any(|fault| fault.contains(told)), "{told}: {moved:#?}");
    }
    let twice = [pages(), pages()].concat();
    assert!(renumbered(&twice, GIVEN).iter().any(|fault| fault.starts_with("two pages have the number")));
}

#[test]
fn every_page_is_read_is_short_and_names_what_there_is() {
    let limits: Vec<&str> = engine::Limits::paper().lines().iter().map(|line| line.key).collect();
    let mut checks = BTreeSet::new();
    for (theme, file) in themes().iter().zip(FILES) {
        let heads = file.lines().filter(|line| line.starts_with("## ")).count();
        assert_eq!(heads, theme.pages.len(), "{}: a head that is none", theme.title);
        assert!(theme.pages.is_sorted_by_key(|page| page.number), "{}: in order", theme.title);
        for page in &theme.pages {
            let Page { number, text, title, .. } = page;
            assert!(number.starts_with(theme.range) && number.len() == 6, "{number}");
            assert!(!title.is_empty() && !text.is_empty() && text.lines().count() <= 25, "{number}");
            assert!(text.lines().all(|line| line.chars().count() <= 121), "{number}: a line too long");
            assert_eq!(page.kind == Kind::Failure, !page.exits().is_empty(), "{number}");
            checks.extend(page.checks());
            for key in text.split("`[limits] ").skip(1).filter_map(|rest| rest.split('`').next()) {
                assert!(limits.contains(&key), "{number}: no limit {key}");
            }
            for other in text.split("TW").skip(1).filter_map(|rest| rest.get(..4)) {
                assert!(pages().iter().any(|page| page.number[2..] == *other), "{number}: no page TW{other}");
            }
        }
    }
    assert_eq!(themes().len(), FILES.len());
    let known: BTreeSet<&str> = risk::CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(checks, known, "the checks that pages name, and those that are");
}

#[test]
fn pages_are_found_by_number_word_and_check() {
    let numbers = |asked: &str| find(asked).iter().map(|page| page.number).collect::<Vec<_>>();
    for asked in ["TW0518", "tw0518", "error[TW0518]", "no_price", "no-price"] {
        assert_eq!(numbers(asked), ["TW0518"], "{asked}");
    }
    assert_eq!(numbers("number_too_large"), ["TW0209", "TW0547"]);
    assert_eq!(numbers("connectivity"), ["TW0509"]);
    assert!(numbers("").is_empty() && numbers("TW").is_empty());
    assert_eq!(
        (nearest("no_pric"), nearest("TW0592"), nearest("xxxxxxxx")),
        (Some("no_price"), Some("TW0502"), None)
    );
}

/// `docs/errors.md`, made of the pages.
fn document() -> String {
    let mut text = "# Error codes\n\nEvery failure and warning carries a number, `error[TW0102]`, and a page that the program \
                    has with it: `tradewind help TW0102`.\nReasons of denials and rejections, which `signals` and `explain` \
                    show as words, have pages too: `tradewind help no_price`.\nA number never changes its meaning. This page \
                    is made of those pages; `UPDATE_EXPECT=1 cargo test -p bins help` writes it anew.\n"
        .to_owned();
    for theme in themes() {
        text.push_str(&format!("\n## {} ({}xx)\n", theme.title, theme.range));
        for Page { number, code, title, effect, text: body, .. } in &theme.pages {
            text.push_str(&format!("\n### {number} `{code}`: {title}\n\n*{effect}*\n\n{body}\n"));
        }
    }
    text
}

#[test]
fn the_page_of_all_pages_is_up_to_date() {
    let file = root().join("docs/errors.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, document()).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == document(), "run with UPDATE_EXPECT=1 and review the difference");
}

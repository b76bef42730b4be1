//! The shape of the tree, held by tests: who depends on whom, what every file begins with, which calls stand in
//! one place only, and that no page links to nothing. Each check is a function from what was read to a list of
//! faults; beside it stands a test in which a planted fault is found. What the code does is tested elsewhere.

/// Members and what they depend on.
mod edges;
/// Manifests, as text.
mod manifests;
/// Pages and their links.
mod pages;
/// Planted bugs and the build that has them.
mod planted;
/// What may stand in a source file, and where.
mod sources;
/// Source text without comments, strings and tests.
mod tokens;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A file as it was read: its path from the root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

#[cfg(test)]
impl File {
    fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of the tree whose name ends so, by path. Build output and what tools leave behind is left out.
fn files(extension: &str) -> Result<Vec<File>, Box<dyn Error>> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| format!("a name that is no text: {}", name.display()))?;
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && !is_output(&path) {
                folders.push(path);
            } else if kind.is_file() && Path::new(&name).extension().is_some_and(|e| e == extension) {
                let text = fs::read_to_string(root.join(&path)).map_err(|why| format!("{path}: {why}"))?;
                found.push(File { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Folders at the root that `.gitignore` names, and the history itself.
fn is_output(path: &str) -> bool {
    matches!(path, ".git" | "target" | "tradewind-demo" | "fuzz/target" | "fuzz/corpus" | "fuzz/artifacts")
        || path.starts_with("target-")
        || path.starts_with("mutants.out")
}

/// Fails with every fault on a line of its own.
#[track_caller]
fn assert_clean(faults: &[String]) {
    assert!(faults.is_empty(), "{} fault(s):\n  {}", faults.len(), faults.join("\n  "));
}

/// Fails unless there is one fault for each of these, in this order, that holds its words.
#[cfg(test)]
#[track_caller]
fn assert_faults(faults: &[String], expected: &[&str]) {
    let same = faults.len() == expected.len() && faults.iter().zip(expected).all(|(f, e)| f.contains(e));
    assert!(same, "expected {expected:#?}, found {faults:#?}");
}

#[test]
fn only_output_is_left_out_of_the_walk() {
    for path in ["target", "target-loom", "tradewind-demo", ".git", "mutants.out.old", "fuzz/corpus"] {
        assert!(is_output(path), "{path}");
    }
    for path in ["tests", ".ci", "demo", "crates/engine/target", "docs", "targets", "fuzz", "fuzz/src"] {
        assert!(!is_output(path), "{path}");
    }
}

#[test]
fn crates_depend_only_along_the_edges_of_the_design() -> Result<(), Box<dyn Error>> {
    let members = edges::members(&root())?;
    assert!(members.len() >= 8, "only {} members were looked at", members.len());
    assert!(members.iter().map(|m| m.needs.len()).sum::<usize>() > 40, "too few dependencies were looked at");
    assert_clean(&edges::wrong_edges(&members));
    assert_clean(&edges::wrong_foreign(&members));
    Ok(())
}

#[test]
fn chrono_is_the_only_time_crate() -> Result<(), Box<dyn Error>> {
    let manifests = files("toml")?;
    let root = manifests.iter().find(|f| f.path == "Cargo.toml").ok_or("no Cargo.toml at the root")?;
    let mut names = manifests::workspace_dependencies(&root.text);
    assert!(names.len() > 20, "only {} shared dependencies were looked at", names.len());
    names.extend(edges::members(&self::root())?.into_iter().flat_map(|m| m.needs).map(|need| need.name));
    assert!(names.iter().any(|name| name == "chrono"), "chrono itself was not seen");
    assert_clean(&edges::time_crates(&names));
    Ok(())
}

#[test]
fn the_paper_program_is_built_without_a_network() -> Result<(), Box<dyn Error>> {
    let names = edges::of_the_paper_program(&root())?;
    assert!(names.iter().any(|name| name == "broker-paper") && names.len() > 40, "{names:?}");
    assert_clean(&edges::network(&names));
    Ok(())
}

#[test]
fn every_member_takes_lints_versions_and_dependencies_from_the_root() -> Result<(), Box<dyn Error>> {
    // The fuzz targets stand outside of the workspace, for they are built in another way.
    let is_member = |f: &File| f.path.ends_with("/Cargo.toml") && f.path != "fuzz/Cargo.toml";
    let manifests: Vec<File> = files("toml")?.into_iter().filter(is_member).collect();
    assert_eq!(
        manifests.len(),
        edges::members(&root())?.len(),
        "a manifest that is no member's, or a lost one"
    );
    assert!(manifests.len() >= 8, "only {} manifests were looked at", manifests.len());
    assert_clean(&manifests.iter().flat_map(manifests::not_inherited).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn every_source_file_says_what_it_is_and_stays_short() -> Result<(), Box<dyn Error>> {
    let sources = files("rs")?;
    assert!(sources.len() > 50, "only {} files were looked at", sources.len());
    assert_clean(&sources.iter().flat_map(sources::wrong_form).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn what_belongs_in_one_place_stands_in_one_place() -> Result<(), Box<dyn Error>> {
    let sources = sources::read(&files("rs")?);
    assert!(sources.iter().filter(|s| !s.is_test).count() > 40, "too few files were looked at");
    assert!(
        sources.iter().any(|s| s.is_test && s.path.starts_with("crates/")),
        "no test module was recognised"
    );
    assert_clean(&sources::out_of_place(&sources));
    assert_clean(&sources::lost_subjects(&sources));
    Ok(())
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_for_later() -> Result<(), Box<dyn Error>> {
    let files = files("rs")?;
    assert!(files.len() > 50, "only {} files were looked at", files.len());
    assert_clean(&files.iter().flat_map(sources::left_undone).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn no_binary_fraction_comes_near_money() -> Result<(), Box<dyn Error>> {
    let sources = sources::read(&files("rs")?);
    let exact: Vec<_> = sources.iter().filter(|source| sources::is_exact(source)).collect();
    assert!(exact.len() > 40, "only {} files were looked at", exact.len());
    assert_clean(&exact.into_iter().flat_map(sources::binary_fractions).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn every_link_of_a_page_leads_to_a_file() -> Result<(), Box<dyn Error>> {
    let pages = files("md")?;
    assert!(pages.len() >= 2, "only {} pages were looked at", pages.len());
    assert!(pages.iter().map(|p| pages::links(&p.text).len()).sum::<usize>() >= 5, "too few links were seen");
    let root = root();
    assert_clean(
        &pages
            .iter()
            .flat_map(|page| pages::broken(page, |path| root.join(path).exists()))
            .collect::<Vec<_>>(),
    );
    Ok(())
}

#[test]
fn planted_bugs_are_in_no_build_but_their_own() -> Result<(), Box<dyn Error>> {
    let sources = files("rs")?;
    assert_clean(&planted::let_in(&sources, &files("toml")?));
    assert_clean(&planted::unused(&sources));
    Ok(())
}

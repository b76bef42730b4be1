//! Every case of the conformance suite, on every venue that there is: what is skipped where stands in `skips.txt`, and each
//! case is seen to fail at a venue that lies in just its point.

mod liar;
mod lies;
mod paper;

use std::collections::BTreeMap;

use broker_api::conformance::{Case, Done, Stage, Stop, all};

const SKIPS: &str = include_str!("skips.txt");

fn play(case: &Case, stage: Box<dyn Stage>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(case.on(stage))
}

/// The rows of a venue: the numbers of its cases, with the reasons why they are skipped.
fn skips(venue: &str) -> BTreeMap<u16, String> {
    let row = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (number, why) = rest.split_once(' ')?;
        (name == venue).then(|| (number.parse().expect("a number"), why.to_owned()))
    };
    SKIPS.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// Plays all cases at a venue; they must pass, but for those that its table skips for that very reason.
fn conforms(venue: &str, stage: impl Fn() -> Box<dyn Stage>) {
    let (mut skipped, mut failed) = (BTreeMap::new(), Vec::new());
    for case in all() {
        match play(&case, stage()) {
            Ok(()) => {}
            Err(Stop::Skipped(why)) => drop(skipped.insert(case.number, why)),
            Err(Stop::Failed(what)) => failed.push(format!("{case:?}: {}\n    {what}", case.demands)),
        }
    }
    assert!(
        failed.is_empty(),
        "{venue} fails {} of {} cases:\n{}",
        failed.len(),
        all().len(),
        failed.join("\n")
    );
    assert_eq!(skipped, skips(venue), "what is skipped at {venue} is not what skips.txt says");
}

#[test]
fn the_paper_venue_conforms() {
    conforms("paper", || Box::new(paper::PaperStage::new()));
}

#[test]
fn numbers_and_names_are_given_once() {
    let cases = all();
    assert!(cases.is_sorted_by(|one, two| one.number < two.number), "{cases:?}");
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() >= 60, "{}", cases.len());
}

/// A case that passes at a venue fails once the venue lies in its point.
#[test]
fn each_case_finds_its_liar() {
    let mut missed = Vec::new();
    for case in all() {
        let lie = lies::of(case.number).unwrap_or_else(|| panic!("{case:?} has no liar"));
        if skips("paper").contains_key(&case.number) {
            continue; // seen at the venue that can play it
        }
        match play(&case, Box::new(liar::Lying::new(Box::new(paper::PaperStage::new()), lie))) {
            Err(Stop::Failed(_)) => {}
            other => missed.push(format!("{case:?} does not find {lie:?}: {other:?}")),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

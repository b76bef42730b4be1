//! The inputs that are kept for fuzzing, through the same functions, without a fuzzer: as they are, cut anywhere, and
//! with one byte changed. `fuzz/run` looks for new ones.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/targets/mod.rs"]
#[expect(unreachable_pub, reason = "they belong to a library of their own")]
mod targets;

/// The most inputs of a target, and the most bytes of one: they are read by people.
const INPUTS: usize = 20;
const BYTES: usize = 4_096;
/// Every so manieth byte is cut at and changed; all of them would take minutes.
const STEP: usize = 23;

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Runs a target, and says on which input it failed.
fn run(target: fn(&[u8]), data: &[u8], what: &str) {
    let failed = std::panic::catch_unwind(|| target(data)).is_err();
    assert!(!failed, "{what}: {}", String::from_utf8_lossy(data));
}

#[test]
fn every_parser_keeps_what_it_must_on_every_input_that_is_kept() {
    for (name, target) in targets::ALL {
        let inputs = inputs(name);
        assert!((3..=INPUTS).contains(&inputs.len()), "{name} has {} inputs", inputs.len());
        for (file, data) in inputs {
            let what = format!("{name}, {}", file.display());
            assert!(data.len() <= BYTES, "{what} has {} bytes", data.len());
            run(target, &data, &what);
        }
    }
}

#[test]
fn every_parser_keeps_it_on_what_is_cut_or_changed() {
    for (name, target) in targets::ALL {
        for (file, data) in inputs(name) {
            for at in (0..data.len()).step_by(STEP) {
                run(target, &data[..at], &format!("{name}, {} cut at {at}", file.display()));
                let mut changed = data.clone();
                changed[at] = if changed[at].is_ascii_digit() { b'9' } else { b'~' };
                run(target, &changed, &format!("{name}, {} changed at {at}", file.display()));
            }
        }
    }
}

#[test]
fn every_target_is_in_the_list_of_the_script_and_has_a_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let script = fs::read_to_string(root.join("run")).unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for (name, _) in targets::ALL {
        assert!(
            script.contains(&format!("targets=({name}")) || script.contains(&format!(" {name}")),
            "{name}"
        );
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let program = fs::read_to_string(root.join(format!("bin/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("targets::{name}(data)")), "{name}");
        assert!(root.join(format!("dictionaries/{name}.dict")).is_file(), "{name}");
    }
}
